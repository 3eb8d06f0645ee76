//! Reading lists that show the newest first, page by page: down from the top until something known stands there, then
//! from the top again. Each page is stored with its cursor, so that a crash on the way down loses nothing.

use serde::{Deserialize, Serialize};

use super::Wait;

/// Entries remembered: more than any page holds.
const KNOWN: usize = 600;
/// Pages gone down at most: where nothing known is left in the list, it is not read to its beginning of time.
const DEEPEST: u32 = 30;

/// Where reading goes on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Newest {
    /// What was read before this way down, the newest first: id and mark.
    known: Vec<(String, String)>,
    /// What was read on this way down.
    fresh: Vec<(String, String)>,
    /// The page that comes next on the way down.
    #[serde(skip_serializing_if = "Option::is_none")]
    further: Option<String>,
    /// How many pages were read on this way down.
    depth: u32,
    /// Whether anything was ever read.
    begun: bool,
}

impl Newest {
    /// The page to ask for; none for the first.
    pub fn further(&self) -> Option<&str> {
        self.further.as_deref()
    }

    /// Takes a page in: its entries, each with a mark that is another when it was changed, and the name of the next
    /// page. Says of each entry whether it is new or changed, and when to ask again.
    pub fn take(&mut self, entries: &[(String, String)], next: Option<String>) -> (Vec<bool>, Wait) {
        let mut news = Vec::with_capacity(entries.len());
        let mut reached = false;
        for entry in entries {
            reached |= self.known.iter().any(|(id, _)| *id == entry.0);
            let seen = self.known.contains(entry) || self.fresh.contains(entry);
            if !seen {
                self.fresh.push(entry.clone());
            }
            news.push(!seen);
        }
        self.depth += 1;
        let deep_enough = reached || !self.begun || self.depth >= DEEPEST || entries.is_empty();
        self.further = next.filter(|_| !deep_enough);
        self.begun = true;
        if self.further.is_some() {
            return (news, Wait::More);
        }
        let mut known = std::mem::take(&mut self.fresh);
        let old = std::mem::take(&mut self.known);
        known.extend(old.into_iter().filter(|(id, _)| !known.iter().any(|(new, _)| new == id)).collect::<Vec<_>>());
        known.truncate(KNOWN);
        self.known = known;
        self.depth = 0;
        (news, Wait::Usual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(numbers: &[u32], mark: &str) -> Vec<(String, String)> {
        numbers.iter().map(|number| (number.to_string(), mark.to_owned())).collect()
    }

    fn next(name: &str) -> Option<String> {
        Some(name.to_owned()).filter(|name| !name.is_empty())
    }

    #[test]
    fn it_goes_down_until_something_known() {
        let mut newest = Newest::default();
        assert_eq!(
            newest.take(&page(&[3, 2, 1], "a"), next("p2")),
            (vec![true; 3], Wait::Usual),
            "first the newest page"
        );
        assert_eq!(newest.take(&page(&[3, 2, 1], "a"), next("p2")), (vec![false; 3], Wait::Usual));
        assert_eq!(newest.take(&page(&[9, 8, 7], "a"), next("p2")), (vec![true; 3], Wait::More));
        assert_eq!(newest.further(), Some("p2"));
        // Something new pushes the list down meanwhile: what comes again is known.
        assert_eq!(newest.take(&page(&[7, 6, 5], "a"), next("p3")), (vec![false, true, true], Wait::More));
        let back: Newest = serde_json::from_value(serde_json::to_value(&newest).unwrap()).unwrap();
        assert_eq!(back, newest, "it survives a crash on the way");
        assert_eq!(newest.take(&page(&[4, 3, 2], "a"), next("p4")), (vec![true, false, false], Wait::Usual));
        assert_eq!(newest.further(), None);
        assert_eq!(newest.take(&page(&[10, 9, 8], "a"), None), (vec![true, false, false], Wait::Usual));
        assert_eq!(newest.take(&page(&[10, 9], "b"), None), (vec![true, true], Wait::Usual), "changed");
    }

    #[test]
    fn a_list_that_lost_everything_known_is_not_read_for_ever() {
        let mut newest = Newest::default();
        newest.take(&page(&[1], "a"), None);
        let mut pages = 0;
        for number in 100.. {
            pages += 1;
            if newest.take(&page(&[number], "a"), next("on")).1 == Wait::Usual {
                break;
            }
        }
        assert_eq!(pages, DEEPEST);
        assert_eq!(newest.take(&[], next("on")), (Vec::new(), Wait::Usual));
    }
}
