//! Which network a place belongs to, from whatever a person typed: an address, a handle, a tag, a mail address.

use serde_json::{Map, Value};
use url::Url;

use crate::networks::{About, NETWORKS};

/// A place that was recognised.
#[derive(Debug, Clone, PartialEq)]
pub struct Guess {
    /// How sure it is: 3 for a spelling that only this network has, 2 for an address that is known to be its, 1 for
    /// one that may be.
    pub sure: u8,
    /// Where it lives.
    pub url: String,
    /// What to set, as if a person had chosen it.
    pub settings: Map<String, Value>,
    /// What it is, in words: `posts with #kettle on fosstodon.org`.
    pub what: String,
}

impl Guess {
    /// A place, with one setting for each pair.
    pub fn new(sure: u8, url: impl Into<String>, settings: &[(&str, &str)], what: impl Into<String>) -> Self {
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        Self { sure, url: url.into(), settings, what: what.into() }
    }
}

/// What was typed as an address, with or without its scheme.
pub(crate) fn address(typed: &str) -> Option<Url> {
    Url::parse(typed).or_else(|_| Url::parse(&format!("https://{typed}"))).ok()
}

/// Every network that may be meant, the surest first; of equals, the one that stands first in the table.
pub fn guess(typed: &str) -> Vec<(&'static About, Guess)> {
    let typed = typed.trim();
    if typed.is_empty() || typed.len() > 2048 || typed.chars().any(char::is_control) {
        return Vec::new();
    }
    let mut found: Vec<(&'static About, Guess)> =
        NETWORKS.iter().filter_map(|about| Some((about, about.connector.guess(typed)?))).collect();
    found.sort_by_key(|(_, guess)| std::cmp::Reverse(guess.sure));
    found
}
