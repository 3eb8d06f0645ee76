//! One version of a unit's head: what it learned from, what it is worth, what would change.

use askama::Template;

use super::Reliability;
use crate::view::{
    Sentence, Shell,
    desk::{Chip, PostAct},
    search::Found,
};

/// The page.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "judgements/model.html")]
pub struct ModelPage {
    /// The frame.
    pub shell: Shell,
    /// Its number.
    pub id: i64,
    /// “Reason of Repairs, version 2”.
    pub name: String,
    /// Where it stands.
    pub state: Chip,
    /// What there is to say, in sentences.
    pub says: Vec<Sentence>,
    /// How far training has come, in percent.
    pub percent: Option<i64>,
    /// What this person may do, the likely one first.
    pub acts: Vec<PostAct>,
    /// Figures before and after.
    pub standing: Vec<StandingRow>,
    /// How its probabilities hold.
    pub reliability: Option<Reliability>,
    /// Posts that would be judged otherwise.
    pub moved: Vec<Moved>,
    /// Said above them.
    pub moved_says: String,
    /// F1 of each label: label, examples, before, after.
    pub labels: Vec<(String, String, String, String)>,
    /// What its file says.
    pub facts: Vec<(&'static str, String)>,
    /// How it came about.
    pub history: Vec<Sentence>,
}

/// What something is worth on the examples.
#[derive(Clone, Debug, Default)]
pub struct StandingRow {
    /// `Before` or `After`.
    pub name: &'static str,
    /// Right, of how many.
    pub right: String,
    /// “81 % (74 to 87)”.
    pub accuracy: String,
    /// “78 % (70 to 85)”.
    pub macro_f1: String,
    /// ECE; empty where there is none.
    pub ece: String,
}

/// A post that would be judged otherwise.
#[derive(Clone, Debug, Default)]
pub struct Moved {
    /// The post.
    pub post: Found,
    /// What counts now, and what would.
    pub sides: Side,
}

/// What counts and what would.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// What counts now.
    pub before: String,
    /// What would.
    pub after: String,
    /// “83 of 100 sure”.
    pub sure: String,
}
