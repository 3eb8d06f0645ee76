//! Back-fills: queries that run over what is stored.

use askama::Template;

use crate::view::{Empty, Sentence, Shell, desk::Chip};

/// All of them, those under way first.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "listening/backfills.html")]
pub struct Backfills {
    /// The frame.
    pub shell: Shell,
    /// One each.
    pub rows: Vec<BackfillRow>,
    /// Said if there is none.
    pub empty: Empty,
}

/// A back-fill in the list.
#[derive(Clone, Debug, Default)]
pub struct BackfillRow {
    /// Its number.
    pub id: i64,
    /// The query it runs.
    pub name: String,
    /// The unit of the query.
    pub unit: String,
    /// Where it stands.
    pub state: Chip,
    /// What it does or did.
    pub says: Sentence,
    /// How far it has come, in percent, while it runs.
    pub percent: Option<i64>,
}

/// One of them.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "listening/backfill.html")]
pub struct BackfillPage {
    /// The frame.
    pub shell: Shell,
    /// Its number.
    pub id: i64,
    /// The query: number, name.
    pub query: (i64, String),
    /// Where it stands.
    pub state: Chip,
    /// What it does, what it found, what would come of it.
    pub says: Vec<Sentence>,
    /// How far it has come, in percent, while it runs.
    pub percent: Option<i64>,
    /// What can be made of what it found: value, label, what happens then.
    pub choices: Vec<(String, String, String)>,
    /// What else can be done: the end of its address, label.
    pub acts: Vec<(String, String)>,
    /// Who began it, who decided.
    pub history: Vec<Sentence>,
}
