//! What a number counts, where no other page lists it: handoffs, replies, posts.

use askama::Template;

use super::{Empty, Sentence, Shell, Time, search::Found};

/// The page.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "records.html")]
pub struct Records {
    /// The frame; its title is the heading.
    pub shell: Shell,
    /// How many there are, of what.
    pub words: String,
    /// Posts.
    pub found: Vec<Found>,
    /// Anything else.
    pub lines: Vec<Line>,
    /// The address of the next page.
    pub more: Option<String>,
    /// Said if there is none.
    pub empty: Empty,
}

/// One record.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// When.
    pub time: Time,
    /// What, with a link to its case.
    pub says: Sentence,
    /// Its state in a word.
    pub state: String,
    /// Words that belong to it: a reason, a reply's text.
    pub quote: String,
}
