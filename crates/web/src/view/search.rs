//! Search: posts and cases, filters in the address, words found marked.

use askama::Template;

use super::desk::{Chip, why::Why};
use super::{Choice, Empty, Sentence, Shell, Text, Time, prints_html};

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
    /// Other conditions the form sends along.
    pub hidden: Vec<(String, String)>,
    /// What these are, in words, and the address without them.
    pub only: Option<(Sentence, String)>,
}

/// One post that was heard.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "heard.html")]
pub struct Heard {
    /// The frame.
    pub shell: Shell,
    /// The post, whole.
    pub post: Found,
    /// How it came here.
    pub lines: Vec<Sentence>,
    /// Why it was judged as it was.
    pub why: Option<Why>,
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
    /// The address of its page, where it is in no case.
    pub page: Option<String>,
    /// Its address outside, http or https.
    pub url: Option<String>,
    /// Marks: `ours`, `deleted`, `safety`.
    pub chips: Vec<Chip>,
    /// How many others say nearly the same.
    pub alike: Sentence,
    /// Whether it is about us.
    pub mark: Option<MarkForm>,
}

/// What people said of a post, and what this person may say of it.
#[derive(Clone, Debug, Default)]
pub struct MarkForm {
    /// The post.
    pub post: i64,
    /// The token of the form.
    pub csrf: String,
    /// The page to come back to.
    pub back: String,
    /// What of the page changes with it.
    pub partial: &'static str,
    /// Whether it counts as not about us.
    pub off: bool,
    /// What was said, by whom; empty: nothing.
    pub says: String,
    /// What can be said: value, label, key.
    pub acts: Vec<(String, String, String)>,
}
prints_html!(Found);

impl Found {
    /// Whether people say that it is not about us.
    pub fn off(&self) -> bool {
        self.mark.as_ref().is_some_and(|mark| mark.off)
    }
}
