//! Whom an account of ours on the fediverse follows.

use askama::Template;

use crate::view::desk::Tone;
use crate::view::{Sentence, prints_html};

/// Accounts it follows, and adding one.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "listening/follows.html")]
pub struct Follows {
    /// The source's number.
    pub source: i64,
    /// The token of the session, for its forms.
    pub csrf: String,
    /// One each, by name.
    pub rows: Vec<FollowRow>,
    /// Whether the person may add one and take one off.
    pub may: bool,
    /// As typed before.
    pub typed: String,
    /// Why that could not be followed.
    pub wrong: Option<String>,
}
prints_html!(Follows);

/// One account.
#[derive(Clone, Debug, Default)]
pub struct FollowRow {
    /// Its number.
    pub id: i64,
    /// `@name@host`
    pub name: String,
    /// Its page.
    pub url: String,
    /// Its state in a word or two.
    pub state: String,
    /// How the state looks.
    pub tone: Tone,
    /// Since when, or what happens next.
    pub says: Sentence,
    /// Whether it can be asked once more.
    pub again: bool,
}
