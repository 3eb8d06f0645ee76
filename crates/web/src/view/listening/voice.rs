//! Share of voice: people beside posts, for groups of queries and for topics.

use askama::Template;

use crate::view::{Choice, Empty, Sentence, Shell, grouped, prints_html};

/// The page.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "listening/voice.html")]
pub struct VoicePage {
    /// The frame.
    pub shell: Shell,
    /// Spans to choose from: `7`, `30`, `90` days.
    pub spans: Vec<Choice>,
    /// From which day, `2026-11-01`.
    pub since: String,
    /// To which day.
    pub until: String,
    /// What is wrong with what was asked or sent.
    pub wrong: Option<String>,
    /// What the numbers say.
    pub says: Vec<Sentence>,
    /// The groups.
    pub groups: Option<Bars>,
    /// Said if there is none.
    pub empty: Empty,
    /// The topics.
    pub topics: Option<Bars>,
    /// How it was counted, in what, and what is missing.
    pub notes: Vec<Sentence>,
    /// Groups the person may change, each in its form.
    pub forms: Vec<GroupForm>,
    /// A new one, if the person may make it.
    pub new: Option<GroupForm>,
}

/// People and posts of several things, as bars with a table behind.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "listening/bars.html")]
pub struct Bars {
    /// What the picture shows.
    pub title: String,
    /// What a row is: `Group`, `Topic`.
    pub what: &'static str,
    /// One each.
    pub rows: Vec<VoiceRow>,
    /// All that the shares are of: people, posts.
    pub of: (i64, i64),
}
prints_html!(Bars);

/// One of them.
#[derive(Clone, Debug, Default)]
pub struct VoiceRow {
    /// Its name.
    pub name: String,
    /// What it is: `competitor`.
    pub kind: String,
    /// Different people.
    pub people: i64,
    /// Posts.
    pub posts: i64,
    /// Where the posts are.
    pub href: String,
}

impl Bars {
    const BAR: i64 = 400;

    /// The length of a bar in the picture's units, people and posts on one scale; something is never nothing.
    pub fn length(&self, count: &i64) -> i64 {
        let most = self.rows.iter().map(|row| row.people.max(row.posts)).max().unwrap_or(0).max(1);
        if *count > 0 { (count * Self::BAR / most).max(2) } else { 0 }
    }

    /// A part of all of them: `12 %`.
    pub fn share(&self, part: &i64, all: &i64) -> String {
        if *all == 0 { "–".to_owned() } else { format!("{:.0} %", *part as f64 / *all as f64 * 100.0) }
    }

    /// A number as read.
    pub fn n(&self, count: &i64) -> String {
        grouped(*count)
    }
}

/// A group of queries to write.
#[derive(Clone, Debug, Default)]
pub struct GroupForm {
    /// Its number, if it is stored.
    pub id: Option<i64>,
    /// The version a change is made from.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// What it can stand for.
    pub kinds: Vec<Choice>,
    /// Units it can belong to; one if it is stored.
    pub units: Vec<Choice>,
    /// Every query.
    pub queries: Vec<Choice>,
    /// Whether it is shown open: it was refused.
    pub open: bool,
}
