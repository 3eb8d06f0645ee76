//! The query lab: a wording with its colours, and what it would have heard.

use askama::Template;

use crate::view::{Choice, Sentence, Shell, Text, Time, grouped, prints_html, search::Found, text::Segment};

/// The page.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "listening/lab.html")]
pub struct LabPage {
    /// The frame.
    pub shell: Shell,
    /// The query's number, if it is stored.
    pub id: Option<i64>,
    /// Its name.
    pub name: String,
    /// The unit it belongs to, in words.
    pub unit: String,
    /// Units a new one can belong to.
    pub units: Vec<Choice>,
    /// The version a change is made from.
    pub version: i64,
    /// Whether the person may save it.
    pub may_edit: bool,
    /// What was wrong with what was sent, other than the wording.
    pub wrong: Option<String>,
    /// What changes at each keystroke.
    pub parts: LabParts,
    /// The newest first.
    pub versions: Vec<LabVersion>,
}

/// What changes at each keystroke, printed alone for the script: `#lab-read`, `#lab-says`, `#lab-save`, `#lab-tests`,
/// `#lab-heard`, `#lab-more`.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "listening/lab_parts.html")]
pub struct LabParts {
    /// Number of the query, for addresses.
    pub id: Option<i64>,
    /// Whether the person may save it.
    pub may_edit: bool,
    /// Why it is changed, as typed so far.
    pub why: String,
    /// Why it shall be saved although test cases fail, as typed so far.
    pub despite: String,
    /// Words to make a test case of, as typed so far.
    pub sample: String,
    /// The wording.
    pub text: String,
    /// Its pieces with their colours, in order, without gaps.
    pub pieces: Vec<Piece>,
    /// What is wrong with it, and what may be.
    pub says: Vec<Says>,
    /// What was just done to it, and the wording before: `recipe` is left out.
    pub done: Option<(String, String)>,
    /// The test cases, saved or about to be.
    pub tests: Vec<Test>,
    /// The test cases in the form's words.
    pub cases: String,
    /// The version it is compared with; none for the saved one.
    pub against: Option<i64>,
    /// What it would have heard; none where it cannot be read.
    pub heard: Option<Heard>,
}

impl LabParts {
    /// How many test cases fail.
    pub fn red(&self) -> usize {
        self.tests.iter().filter(|test| test.holds == Some(false)).count()
    }

    /// “5 hold”, “1 of 5 fails”.
    pub fn tests_say(&self) -> String {
        match (self.red(), self.tests.len()) {
            (_, 0) => String::new(),
            _ if self.tests.iter().any(|test| test.holds.is_none()) => "not run".to_owned(),
            (0, 1) => "it holds".to_owned(),
            (0, n) => format!("all {n} hold"),
            (1, n) => format!("1 of {n} fails"),
            (red, n) => format!("{red} of {n} fail"),
        }
    }

    /// The pieces for the script: `[[length in UTF-16 units, class], …]`.
    pub fn lengths(&self) -> String {
        let pieces: Vec<(usize, &str)> =
            self.pieces.iter().map(|piece| (piece.text.encode_utf16().count(), piece.class)).collect();
        serde_json::to_string(&pieces).unwrap_or_default()
    }

    /// How a saved test case or a post of one stands in the tests: whether it must match, if it is one.
    fn test_of(&self, post: i64) -> Option<bool> {
        self.tests.iter().find(|test| test.post == Some(post)).map(|test| test.matches)
    }
}

/// A piece of a wording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// The letters.
    pub text: String,
    /// Its class in the style sheet; empty for plain.
    pub class: &'static str,
}

/// Something to be said of a wording.
#[derive(Clone, Debug, Default)]
pub struct Says {
    /// Whether it keeps the query from being read; otherwise it is legal, but probably not meant.
    pub error: bool,
    /// What, with pieces of the query marked.
    pub message: Text,
    /// What to do, with pieces of the query marked.
    pub hint: Text,
    /// Where in the wording, in UTF-16 units.
    pub at: usize,
}

impl Says {
    /// Words in which pieces of the query stand between backticks.
    pub fn quoting(words: &str) -> Text {
        let piece = |(index, text): (usize, &str)| Segment { text: text.to_owned(), mark: index % 2 == 1 };
        Text { segments: words.split('`').enumerate().map(piece).filter(|piece| !piece.text.is_empty()).collect() }
    }
}

/// A test case.
#[derive(Clone, Debug, Default)]
pub struct Test {
    /// The words of its post.
    pub text: Text,
    /// The stored post it is just being made of.
    pub post: Option<i64>,
    /// Whether it must match.
    pub matches: bool,
    /// Whether it does as it must; unknown while the wording cannot be read.
    pub holds: Option<bool>,
    /// Whether it is saved.
    pub saved: bool,
}

/// What a wording would have heard.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Whether the sample is still being read, so that the script asks again.
    pub wait: bool,
    /// “In the last 30 days it would have heard 1,240 posts of 830 people.”
    pub sum: Sentence,
    /// Whether that is exact or estimated, in words.
    pub basis: String,
    /// By day.
    pub curve: Option<Curve>,
    /// Some of it, the newest first.
    pub hits: Vec<LabPost>,
    /// Some of what it just misses.
    pub near: Vec<LabPost>,
    /// What it hears that the other version did not, in words, and some of it.
    pub gained: (String, Vec<LabPost>),
    /// What only the other version heard.
    pub lost: (String, Vec<LabPost>),
    /// What it is compared with, in words; empty where with nothing.
    pub against: String,
    /// The difference of the two wordings, word by word.
    pub words_changed: Vec<Changed>,
    /// Frequent words among the hits: word, share in percent.
    pub words: Vec<(String, u32)>,
    /// What it costs.
    pub cost: String,
}

/// A run of words of two wordings: in both, only in the other, only in this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// In both.
    Same(String),
    /// Only in the other.
    Gone(String),
    /// Only in this one.
    Came(String),
}

/// A post of the lab, which one click makes a test case of.
#[derive(Clone, Debug, Default)]
pub struct LabPost {
    /// Its number.
    pub id: i64,
    /// What is shown.
    pub found: Found,
    /// The part of the query that keeps it out.
    pub part: Option<String>,
}

/// Posts by day, as a curve with a table behind.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "part/curve.html")]
pub struct Curve {
    /// What it shows, for those who do not see it.
    pub title: String,
    /// What the second, dashed line is; empty for none.
    pub against: String,
    /// The days, oldest first.
    pub days: Vec<CurveDay>,
}
prints_html!(Curve, LabParts);

/// One day of a [`Curve`].
#[derive(Clone, Debug, Default)]
pub struct CurveDay {
    /// `3 March`
    pub label: String,
    /// How many.
    pub heard: i64,
    /// How many of the second line.
    pub against: i64,
    /// How many posts there were.
    pub stored: i64,
}

impl Curve {
    const WIDTH: f64 = 1000.0;
    const HEIGHT: f64 = 100.0;

    /// A round number that no day exceeds.
    pub fn most(&self) -> i64 {
        let most = self.days.iter().map(|day| day.heard.max(if self.against.is_empty() { 0 } else { day.against }));
        round_up(most.max().unwrap_or(0))
    }

    fn x(&self, day: usize) -> f64 {
        Self::WIDTH * day as f64 / (self.days.len().max(2) - 1) as f64
    }

    fn line(&self, of: impl Fn(&CurveDay) -> i64) -> String {
        let most = self.most() as f64;
        let points = self.days.iter().enumerate().map(|(index, day)| {
            let y = Self::HEIGHT - (Self::HEIGHT - 4.0) * of(day) as f64 / most;
            format!("{:.1},{y:.1}", self.x(index))
        });
        points.collect::<Vec<_>>().join(" ")
    }

    /// The points of the line.
    pub fn heard_line(&self) -> String {
        self.line(|day| day.heard)
    }

    /// The points of the second line.
    pub fn against_line(&self) -> String {
        self.line(|day| day.against)
    }

    /// The field of each day that says its numbers on hovering: left edge, width, words.
    pub fn fields(&self) -> Vec<(String, String, String)> {
        let width = Self::WIDTH / (self.days.len().max(2) - 1) as f64;
        let words = |day: &CurveDay| match self.against.as_str() {
            "" => format!("{}: {}", day.label, grouped(day.heard)),
            against => format!("{}: {}; {against}: {}", day.label, grouped(day.heard), grouped(day.against)),
        };
        let field = |(index, day)| (format!("{:.1}", self.x(index) - width / 2.0), format!("{width:.1}"), words(day));
        self.days.iter().enumerate().map(field).collect()
    }

    /// Labels below: the first day, the middle and the last.
    pub fn below(&self) -> Vec<&str> {
        below(&self.days, |day| &day.label)
    }
}

/// Labels below a picture of days: of the first, the middle one and the last.
pub(super) fn below<D>(days: &[D], label: impl Fn(&D) -> &str) -> Vec<&str> {
    let n = days.len();
    if n < 3 {
        return Vec::new();
    }
    [0, n / 2, n - 1].into_iter().map(|day| label(&days[day])).collect()
}

/// 1, 2, 4, 5, 10, 20, 40, 50 …
pub(super) fn round_up(n: i64) -> i64 {
    let mut unit = 1;
    loop {
        for steps in [1, 2, 4, 5] {
            if n <= steps * unit {
                return steps * unit;
            }
        }
        unit *= 10;
    }
}

/// An earlier or the present wording.
#[derive(Clone, Debug, Default)]
pub struct LabVersion {
    /// From 1.
    pub number: i64,
    /// The wording.
    pub text: String,
    /// Who wrote it.
    pub by: String,
    /// When.
    pub time: Time,
    /// Why.
    pub why: String,
    /// Whether it is the one that listens.
    pub present: bool,
    /// Whether it is the one compared with.
    pub compared: bool,
}

#[cfg(test)]
mod tests {
    use super::{Curve, CurveDay, round_up};

    #[test]
    fn a_curve_reaches_from_edge_to_edge_and_never_beyond_its_top() {
        assert_eq!([0, 1, 3, 6, 21, 4001].map(round_up), [1, 1, 4, 10, 40, 5000]);
        let day = |heard| CurveDay { heard, ..CurveDay::default() };
        let curve = Curve { days: vec![day(0), day(4), day(2)], ..Curve::default() };
        assert_eq!(curve.heard_line(), "0.0,100.0 500.0,4.0 1000.0,52.0");
        assert_eq!(Curve::default().heard_line(), "");
    }
}
