//! How precise a query is, and what would make it more so.

use askama::Template;

use crate::view::{Sentence, Shell, prints_html, search::Found};

/// The page.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "listening/precision.html")]
pub struct PrecisionPage {
    /// The frame.
    pub shell: Shell,
    /// The query: number, name.
    pub query: (i64, String),
    /// “91 % of what it hears is about us; between 86 % and 95 %.”
    pub says: Vec<Sentence>,
    /// Week by week, if anybody judged anything.
    pub trend: Option<Trend>,
    /// Words to exclude.
    pub advice: Vec<Advice>,
    /// Said if there is none.
    pub no_advice: String,
    /// Mentions to mark, drawn at random.
    pub sample: Vec<Found>,
    /// Mentions that are marked as not about us, the newest.
    pub wrong: Vec<Found>,
}

/// A word to exclude.
#[derive(Clone, Debug, Default)]
pub struct Advice {
    /// The word.
    pub word: String,
    /// “14 of 20 wrong ones avoided, 1 of 192 right ones lost, 30 nobody has judged would go too.”
    pub says: String,
    /// What the precision would be.
    pub then: String,
    /// Opens the query's text with the exclusion; none where the person may not change it.
    pub href: Option<String>,
}

/// The precision of the last weeks, as a picture with a table behind.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "listening/trend.html")]
pub struct Trend {
    /// The oldest first.
    pub weeks: Vec<Week>,
}
prints_html!(Trend);

/// One week.
#[derive(Clone, Debug, Default)]
pub struct Week {
    /// Its Monday: `2 Mar`.
    pub label: String,
    /// Right and judged.
    pub counts: (i64, i64),
    /// Share, low and high in percent; none where nobody judged anything.
    pub percent: Option<(f64, f64, f64)>,
}

impl Trend {
    const WIDTH: f64 = 600.0;
    const HEIGHT: f64 = 120.0;

    /// The middle of a week's column in the picture's units.
    pub fn x(&self, at: &usize) -> String {
        format!("{:.1}", (*at as f64 + 0.5) * Self::WIDTH / self.weeks.len().max(1) as f64)
    }

    /// The height of a share.
    pub fn y(&self, percent: &f64) -> String {
        format!("{:.1}", Self::HEIGHT - percent / 100.0 * Self::HEIGHT)
    }

    /// The line through the weeks that have a share.
    pub fn line(&self) -> String {
        let point = |(at, week): (usize, &Week)| Some(format!("{},{}", self.x(&at), self.y(&week.percent?.0)));
        self.weeks.iter().enumerate().filter_map(point).collect::<Vec<_>>().join(" ")
    }

    /// What the picture shows, in words.
    pub fn words(&self) -> String {
        let judged = self.weeks.iter().filter_map(|week| Some((week, week.percent?)));
        let all: Vec<String> = judged
            .map(|(week, (share, low, high))| format!("{} {share:.0} % ({low:.0} to {high:.0})", week.label))
            .collect();
        format!("Precision by week with its interval: {}", all.join(", "))
    }
}
