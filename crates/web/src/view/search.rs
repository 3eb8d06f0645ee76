//! Search: posts and cases, filters in the address, words found marked.

use askama::Template;

use super::desk::Chip;
use super::{Choice, Empty, Shell, Text, Time, prints_html};

/// The page.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "search.html")]
pub struct Search {
    /// The frame.
    pub shell: Shell,
    /// The words.
    pub q: String,
    /// The filters: name in the address, label, choices.
    pub filters: Vec<(String, String, Vec<Choice>)>,
    /// From which day, `2026-11-01`, or empty.
    pub since: String,
    /// To which day, or empty.
    pub until: String,
    /// How many were found, in which order.
    pub words: String,
    /// The query could not be read: what, where, what to do.
    pub wrong: Option<String>,
    /// What was found.
    pub found: Vec<Found>,
    /// The address of the next page.
    pub more: Option<String>,
    /// Said if nothing was found.
    pub empty: Empty,
}

/// A post, or a case by its last post.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "part/found.html")]
pub struct Found {
    /// The author, and where.
    pub who: String,
    /// Handle and network.
    pub place: String,
    /// When.
    pub time: Time,
    /// What was said, shortened, words marked.
    pub text: Text,
    /// The case it is in: number and title.
    pub case: Option<(i64, String)>,
    /// Its address outside, http or https.
    pub url: Option<String>,
    /// Marks: `ours`, `deleted`, `safety`.
    pub chips: Vec<Chip>,
}
prints_html!(Found);
