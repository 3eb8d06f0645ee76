//! Results: the ledger of outcomes. Grades are shown side by side and never added together.

use askama::Template;

use super::{Choice, Empty, Sentence, Shell, Time, grouped};

/// The page.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "results.html")]
pub struct Results {
    /// The frame.
    pub shell: Shell,
    /// What came of it, in sentences.
    pub says: Vec<Sentence>,
    /// One for each kind and grade.
    pub sums: Vec<Sum>,
    /// Units to choose from.
    pub units: Vec<Choice>,
    /// Kinds to choose from.
    pub kinds: Vec<Choice>,
    /// From which day, `2026-11-01`, or empty.
    pub from: String,
    /// To which day, or empty.
    pub to: String,
    /// What was wrong with what was asked for.
    pub wrong: Option<String>,
    /// The lines of the ledger.
    pub rows: Vec<OutcomeRow>,
    /// The address of the next page.
    pub more: Option<String>,
    /// Said if there are none.
    pub empty: Empty,
}

/// How many outcomes of one kind and grade.
#[derive(Clone, Debug, Default)]
pub struct Sum {
    /// What is claimed: `Resolution confirmed by the customer`.
    pub kind: String,
    /// How strong the evidence is: a letter.
    pub grade: String,
    /// What that grade means.
    pub means: String,
    /// How many.
    pub count: i64,
    /// Where the lines are.
    pub href: String,
}

impl Sum {
    /// The count as read.
    pub fn n(&self) -> String {
        grouped(self.count)
    }
}

/// A line of the ledger.
#[derive(Clone, Debug, Default)]
pub struct OutcomeRow {
    /// When.
    pub time: Time,
    /// What is claimed.
    pub kind: String,
    /// How strong the evidence is.
    pub grade: String,
    /// The unit it belongs to.
    pub unit: String,
    /// The case: number and title.
    pub case: (i64, String),
    /// The evidence: words that lead to it.
    pub evidence: Sentence,
    /// Why it no longer counts.
    pub void: Option<String>,
}
