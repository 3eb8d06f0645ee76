//! The posts whose correction would teach most, each answered by one key.

use askama::Template;

use crate::view::{Choice, Empty, Sentence, Shell, search::Found};

/// The page.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "judgements/asked.html")]
pub struct AskedPage {
    /// The frame.
    pub shell: Shell,
    /// Units to choose.
    pub units: Vec<Choice>,
    /// Questions to choose.
    pub questions: Vec<Choice>,
    /// The unit's key.
    pub unit: String,
    /// The question's key.
    pub question: String,
    /// As people read it.
    pub name: String,
    /// How many are asked about, how many have been answered.
    pub says: Sentence,
    /// The posts.
    pub posts: Vec<AskedPost>,
    /// The answer just given: words, case, correction.
    pub last: Option<(String, i64, i64)>,
    /// Said if there is none.
    pub empty: Empty,
}

/// One of them.
#[derive(Clone, Debug, Default)]
pub struct AskedPost {
    /// The post.
    pub id: i64,
    /// Its case.
    pub case: i64,
    /// What it says.
    pub post: Found,
    /// What counts now, with how sure that is.
    pub said: String,
    /// The answers.
    pub answers: Vec<Ask>,
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// Its key; empty beyond nine.
    pub key: String,
    /// Whether it is what counts now.
    pub present: bool,
}
