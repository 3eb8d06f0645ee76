//! The table of networks.

/// What a network is, for people and for the pages that list it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// Its name, as in [`dandelion_post::Network`].
    pub name: &'static str,
    /// Its name as shown.
    pub label: &'static str,
    /// What is read from it.
    pub reads: &'static str,
    /// What can be written to it, if anything.
    pub writes: Option<&'static str>,
    /// The limits that hold.
    pub limits: &'static str,
    /// How it is used, in a sentence or two.
    pub docs: &'static str,
}

/// Every network there is. To add one: a folder with its `ABOUT`, and one line here.
pub const NETWORKS: &[About] = &[crate::file::ABOUT, crate::feed::ABOUT, crate::webhook::ABOUT, crate::demo::ABOUT];

/// The network of a name.
pub fn find(name: &str) -> Option<&'static About> {
    NETWORKS.iter().find(|about| about.name == name)
}

#[cfg(test)]
mod tests {
    use super::{NETWORKS, find};

    #[test]
    fn every_network_has_a_fitting_name_of_its_own() {
        for about in NETWORKS {
            assert_eq!(dandelion_post::Network::new(about.name).unwrap().as_str(), about.name);
            assert_eq!(find(about.name), Some(about), "the name {} is taken twice", about.name);
            assert!(!about.reads.is_empty() && !about.limits.is_empty() && !about.docs.is_empty());
        }
    }
}
