//! The fourth column: who it is, what the machine thinks and why, why it is with this unit, what came of it.

use askama::Template;

use super::Judgement;
use crate::view::{Sentence, prints_html};

/// Person and reasons. A partial: `#side`.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "desk/side.html")]
pub struct Side {
    /// Who it is.
    pub person: Person,
    /// What the machine thinks.
    pub judgements: Vec<Judgement>,
    /// Which post the judgements are about, if not the only one.
    pub judged: String,
    /// Products, topics, queries: name and what.
    pub found: Vec<(String, Sentence)>,
    /// The version that judged.
    pub version: String,
    /// Why it is with this unit: the rule in words.
    pub routed: Vec<Sentence>,
    /// Influence, term by term.
    pub influence: Sum,
    /// What came of it.
    pub outcomes: Vec<Sentence>,
}
prints_html!(Side);

/// The person behind the case.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// The name.
    pub name: String,
    /// Their letters; empty where nobody is named.
    pub initials: String,
    /// Where their picture is asked for here; their letters stand beneath it.
    pub avatar: Option<String>,
    /// Accounts, since when, earlier cases: each a line.
    pub lines: Vec<Sentence>,
    /// Earlier cases: number, title, what came of it.
    pub earlier: Vec<(i64, String, String)>,
}

/// A visible sum of named rules. Unknown is not zero.
#[derive(Clone, Debug, Default)]
pub struct Sum {
    /// The terms: words, and points if known.
    pub terms: Vec<(String, Option<i64>)>,
    /// The sum of what is known.
    pub total: i64,
    /// What it does and does not do.
    pub words: String,
}

impl Sum {
    /// Points as read: `+3`, `−1`, `unknown`.
    pub fn points(points: Option<i64>) -> String {
        match points {
            None => "unknown".to_owned(),
            Some(n) if n < 0 => format!("−{}", n.unsigned_abs()),
            Some(n) => format!("+{n}"),
        }
    }
}
