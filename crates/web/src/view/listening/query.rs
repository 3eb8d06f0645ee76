//! Queries: the list, and one with its versions, its proofs and what it heard.

use askama::Template;

use crate::view::listening::lab::Piece;
use crate::view::search::Found;
use crate::view::{Empty, Sentence, Shell, Time, prints_html};

/// All queries.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "listening/queries.html")]
pub struct Queries {
    /// The frame.
    pub shell: Shell,
    /// One each.
    pub rows: Vec<QueryRow>,
    /// Whether the person may write one.
    pub may_add: bool,
    /// Said if there is none.
    pub empty: Empty,
}

/// A query in the list.
#[derive(Clone, Debug, Default)]
pub struct QueryRow {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The unit it belongs to.
    pub unit: String,
    /// Its text.
    pub text: String,
    /// What it heard: “212 posts of 140 people in 7 days”.
    pub heard: Sentence,
    /// What is wrong with it: proofs that fail.
    pub trouble: String,
}

/// One query: what it heard, with which versions and test cases. It is changed in the lab.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "listening/query.html")]
pub struct QueryPage {
    /// The frame.
    pub shell: Shell,
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The unit it belongs to.
    pub unit: String,
    /// Its text in colours.
    pub pieces: Vec<Piece>,
    /// The version that listens.
    pub version: i64,
    /// Its test cases.
    pub proofs: Vec<Proof>,
    /// The newest first.
    pub versions: Vec<Version>,
    /// What it heard, in words.
    pub heard: Sentence,
    /// What it heard last.
    pub recent: Vec<Found>,
    /// Whether the person may change it.
    pub may_edit: bool,
}

/// Where a query's text goes wrong.
#[derive(Clone, Debug, Default)]
pub struct Wrong {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// The text before the place.
    pub before: String,
    /// The place.
    pub at: String,
    /// The text after it.
    pub after: String,
}

/// What a query would have matched among what is stored. A partial: `#tried`.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "listening/tried.html")]
pub struct Tried {
    /// “It would have heard 212 of the last 10,000 posts.”
    pub words: Sentence,
    /// Some of them.
    pub samples: Vec<Found>,
}
prints_html!(Tried);

/// A text a query must or must not match.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    /// The text.
    pub text: String,
    /// Whether it must match.
    pub matches: bool,
    /// Whether it does as it must.
    pub holds: bool,
}

/// An earlier or the present text of a query.
#[derive(Clone, Debug, Default)]
pub struct Version {
    /// From 1.
    pub number: i64,
    /// The text.
    pub text: String,
    /// Who wrote it.
    pub by: String,
    /// When.
    pub time: Time,
    /// Why.
    pub why: String,
}
