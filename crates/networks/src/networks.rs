//! The table of networks.

use crate::contract::Connector;

/// What a network is and can do: one line of the table, for pages, programs and the documentation alike.
#[derive(Clone, Copy)]
pub struct About {
    /// Its name, as in [`dandelion_post::Network`].
    pub name: &'static str,
    /// Its name as shown.
    pub label: &'static str,
    /// How and what is read from it.
    pub reads: Reads,
    /// What can be written to it.
    pub writes: Writes,
    /// How a reply is published once and not twice.
    pub once: Once,
    /// How long words may be.
    pub length: Option<Length>,
    /// What a person enters to connect it.
    pub fields: &'static [Field],
    /// The limits that hold.
    pub limits: &'static str,
    /// How it is used, in a sentence or two.
    pub docs: &'static str,
    /// What shows that it works.
    pub proven: Proven,
    /// Its behaviour.
    pub connector: &'static dyn Connector,
}

/// How a network is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reads {
    /// What is read, in words.
    pub what: &'static str,
    /// We ask.
    pub poll: bool,
    /// It tells us at once that something is new.
    pub stream: bool,
    /// It sends us what is new.
    pub push: bool,
}

/// What can be written to a network; everything false where it is only read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what its name says: whether we can do that there")]
pub struct Writes {
    pub reply: bool,
    pub post: bool,
    pub edit: bool,
    pub delete: bool,
    pub private: bool,
    pub react: bool,
}

impl Writes {
    /// Only read.
    pub const NOTHING: Self =
        Self { reply: false, post: false, edit: false, delete: false, private: false, react: false };

    /// What can be done, in words.
    pub fn words(&self) -> Vec<&'static str> {
        [
            (self.reply, "reply"),
            (self.post, "post"),
            (self.edit, "edit"),
            (self.delete, "delete"),
            (self.private, "answer privately"),
            (self.react, "react"),
        ]
        .into_iter()
        .filter_map(|(can, word)| can.then_some(word))
        .collect()
    }
}

/// How a reply is published once and not twice, when an acknowledgement is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Once {
    /// It remembers our idempotency key for some time; afterwards our own account can be read back, or not.
    Key {
        /// For how many minutes it is known to.
        minutes: u64,
        /// Whether reading back settles it afterwards.
        then_read_back: bool,
    },
    /// The server is asked what it is: one that is known to remember our idempotency key is given the same one for some
    /// time; at any other, and afterwards, our own account is read back before any second attempt.
    KeyWhereKnown {
        /// For how many minutes it is known to.
        minutes: u64,
    },
    /// As the handle's settings say, because whoever receives it decides.
    Agreed,
    /// Our own account is read back before any second attempt.
    ReadBack,
    /// Nothing of the kind: after a lost acknowledgement a person decides.
    Nothing,
}

/// How long words may be.
#[derive(Clone, Copy)]
pub struct Length {
    /// At most so many, where the place itself does not say otherwise.
    pub most: usize,
    /// What is counted.
    pub counted: Counted,
}

/// What is counted of a text.
#[derive(Clone, Copy)]
pub struct Counted {
    /// In words.
    pub what: &'static str,
    /// The count.
    pub count: fn(&str) -> usize,
}

impl Length {
    /// So many characters, however many bytes each takes.
    pub const fn characters(most: usize) -> Self {
        Self { most, counted: Counted { what: "characters", count: characters } }
    }
}

fn characters(text: &str) -> usize {
    text.chars().count()
}

/// One thing a person enters to connect a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name in settings and credentials.
    pub name: &'static str,
    /// Its name as shown.
    pub label: &'static str,
    /// Whether it is a secret: sealed, and never shown again.
    pub secret: bool,
    /// Whether it has to be there.
    pub needed: bool,
    /// Where it comes from, in a sentence.
    pub help: &'static str,
}

/// What shows that a network works. Nothing is called supported that a test does not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proven {
    /// A test starts a real server that nobody on this project wrote; its name.
    Live(&'static str),
    /// Tests replay what the network is documented or recorded to send; whose.
    Replay(&'static str),
    /// A file says which part of what is pushed is which part of a post; tests read what. Nobody approved an app of ours
    /// there, so nothing was ever received from it.
    Mapping(&'static str),
    /// Tests read the formats themselves, in every shape found; nothing on the other side has a will of its own.
    Format(&'static str),
    /// The other side is ours, and tests run both.
    Ours,
}

impl Proven {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::Live(peer) => format!("proven live, against {peer}"),
            Self::Replay(whose) => format!("proven by replay of {whose}"),
            Self::Mapping(what) => format!("by mapping, tested on {what}"),
            Self::Format(what) => format!("proven on {what}"),
            Self::Ours => "proven live; the other side is ours".to_owned(),
        }
    }
}

/// Every network there is. To add one: a folder with its `ABOUT`, and one line here.
pub static NETWORKS: &[About] = &[
    crate::feed::ABOUT,
    crate::mastodon::ABOUT,
    crate::email::ABOUT,
    crate::matrix::ABOUT,
    crate::bluesky::ABOUT,
    crate::activitypub::ABOUT,
    crate::discourse::ABOUT,
    crate::hackernews::ABOUT,
    crate::telegram::ABOUT,
    crate::slack::ABOUT,
    crate::reddit::ABOUT,
    crate::stackexchange::ABOUT,
    crate::youtube::ABOUT,
    crate::googleplay::ABOUT,
    crate::googlebusiness::ABOUT,
    crate::x::ABOUT,
    crate::whatsapp::ABOUT,
    crate::mapped::FACEBOOK,
    crate::mapped::INSTAGRAM,
    crate::mapped::LINKEDIN,
    crate::mapped::TRUSTPILOT,
    crate::mapped::APPSTORE,
    crate::github::ABOUT,
    crate::webhook::ABOUT,
    crate::file::ABOUT,
    crate::demo::ABOUT,
];

/// The network of a name.
pub fn find(name: &str) -> Option<&'static About> {
    NETWORKS.iter().find(|about| about.name == name)
}

impl About {
    /// Whether its sources are places of a network, and not one of the kinds a source can be by itself.
    pub fn has_places(&self) -> bool {
        !matches!(self.name, "feed" | "webhook" | "file")
    }

    /// The field that holds what proves who we are, where there is one.
    pub fn secret(&self) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.secret)
    }
}

impl std::fmt::Debug for About {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("About").field("name", &self.name).finish_non_exhaustive()
    }
}

impl PartialEq for About {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
impl Eq for About {}

#[cfg(test)]
mod tests {
    use super::{NETWORKS, Once, find};

    #[test]
    fn every_network_has_a_fitting_name_of_its_own() {
        for about in NETWORKS {
            assert_eq!(dandelion_post::Network::new(about.name).unwrap().as_str(), about.name);
            assert!(std::ptr::eq(find(about.name).unwrap(), about), "the name {} is taken twice", about.name);
            assert!(!about.reads.what.is_empty() && !about.limits.is_empty() && !about.docs.is_empty());
            let names: std::collections::BTreeSet<_> = about.fields.iter().map(|field| field.name).collect();
            assert_eq!(names.len(), about.fields.len(), "{} asks for something twice", about.name);
            let writes = !about.writes.words().is_empty();
            assert!(writes || about.once == Once::Nothing, "{} promises once for what it cannot write", about.name);
        }
    }
}
