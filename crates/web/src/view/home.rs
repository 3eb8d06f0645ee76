//! Home: what waits, what came of it, what to do first, in sentences whose numbers open their records.

use askama::Template;

use super::{Sentence, Shell, prints_html};

/// The page.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "home.html")]
pub struct Home {
    /// The frame.
    pub shell: Shell,
    /// “Good morning, Ana. Four people wait for Repairs; the longest since yesterday, 16:10.”
    pub greeting: String,
    /// What happened today.
    pub today: Vec<Sentence>,
    /// What came of it: the period as a heading, and sentences.
    pub came: (String, Vec<Sentence>),
    /// From heard to confirmed.
    pub funnel: Option<Funnel>,
    /// The one thing to do first.
    pub first: Option<First>,
    /// Colleagues who call one to a case, until one has looked.
    pub called: Vec<Sentence>,
    /// Who waits for whom.
    pub waits: Vec<Sentence>,
    /// Sources that do not read, each with the reason.
    pub trouble: Vec<Sentence>,
}

/// What to do first.
#[derive(Clone, Debug, Default)]
pub struct First {
    /// Why this one.
    pub text: Sentence,
    /// The label of the button.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

/// How much of something became something, as bars with a table behind.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "part/funnel.html")]
pub struct Funnel {
    /// The sentence above.
    pub title: String,
    /// What else is to be said.
    pub note: String,
    /// The steps, largest first.
    pub steps: Vec<Step>,
}
prints_html!(Funnel);

/// A step of a [`Funnel`].
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// What was counted.
    pub label: String,
    /// How many.
    pub count: i64,
    /// Where the records are.
    pub href: String,
}

impl Funnel {
    const BAR: i64 = 400;

    /// The length of a step's bar in the picture's units; something is never nothing.
    pub fn length(&self, count: &i64) -> i64 {
        let most = self.steps.iter().map(|step| step.count).max().unwrap_or(0).max(1);
        let exact = count.saturating_mul(Self::BAR) / most;
        if *count > 0 { exact.max(2) } else { 0 }
    }
}
