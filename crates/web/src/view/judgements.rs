//! Judgements: how judging goes, who judges, what heads learn from.

mod asked;
mod model;

use askama::Template;

use super::desk::{Chip, PostAct, Tone};
use super::{Choice, Empty, Sentence, Shell, prints_html};

pub use asked::{Ask, AskedPage, AskedPost};
pub use model::{ModelPage, Moved, Side, StandingRow};

/// How judging goes.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "judgements/overview.html")]
pub struct JudgementsPage {
    /// The frame.
    pub shell: Shell,
    /// What was refused, if anything.
    pub wrong: Option<String>,
    /// What there is to say, in sentences.
    pub says: Vec<Sentence>,
    /// Units and questions to answer twenty posts of.
    pub asks: Option<Form>,
    /// A head to train; none where the person leads no unit.
    pub train: Option<Form>,
    /// Who judges.
    pub judges: Vec<JudgeRow>,
    /// How far probabilities hold: a title, and the picture.
    pub reliability: Vec<(String, Reliability)>,
    /// What people said of each judgement.
    pub by_question: Vec<SaidRow>,
    /// What people said in each unit.
    pub by_unit: Vec<SaidRow>,
    /// What drifts; nothing where there are too few posts to tell.
    pub drift: Vec<DriftRow>,
    /// Figures of what is part of the program.
    pub program: Vec<ProgramRow>,
    /// Which version that is.
    pub version: Sentence,
    /// Questions of units' own.
    pub sets: Vec<SetForm>,
    /// A further one.
    pub new_set: Option<SetForm>,
    /// Runs over what is stored.
    pub runs: Vec<RunRow>,
    /// Units whose stored posts can be judged anew.
    pub anew: Vec<Choice>,
}

/// A unit and a question to choose.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// Units.
    pub units: Vec<Choice>,
    /// Questions.
    pub questions: Vec<Choice>,
}

/// One version that judges, or did.
#[derive(Clone, Debug, Default)]
pub struct JudgeRow {
    /// What it is called and where it leads.
    pub name: Sentence,
    /// The unit.
    pub unit: String,
    /// Where it stands.
    pub state: Chip,
    /// Examples, figures, agreement.
    pub says: Sentence,
    /// How far training has come, in percent.
    pub percent: Option<i64>,
}

/// What people said of something.
#[derive(Clone, Debug, Default)]
pub struct SaidRow {
    /// Of what.
    pub name: String,
    /// Mistakes that people stumbled upon.
    pub mistakes: String,
    /// Answers to the hub's questions.
    pub asked: String,
    /// “82 % (74 to 88)”, of those asked about.
    pub share: String,
    /// Answers to what nobody had judged.
    pub first: String,
}

/// A head of the program.
#[derive(Clone, Debug, Default)]
pub struct ProgramRow {
    /// The question.
    pub question: String,
    /// Its answers.
    pub labels: String,
    /// Accuracy, macro-F1, ECE, unsure band.
    pub figures: [String; 4],
}

/// A question of a unit's own.
#[derive(Clone, Debug, Default)]
pub struct SetForm {
    /// Its number; none for a new one.
    pub id: Option<i64>,
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// Its answers, a line each.
    pub labels: String,
    /// How many.
    pub count: String,
    /// Units to choose from, for a new one.
    pub units: Vec<Choice>,
    /// Whether this person may change it.
    pub may: bool,
}

/// A run over what is stored.
#[derive(Clone, Debug, Default)]
pub struct RunRow {
    /// Its number.
    pub id: i64,
    /// The unit.
    pub unit: String,
    /// Where it stands.
    pub state: Chip,
    /// What it did.
    pub says: Sentence,
    /// How far it has come.
    pub percent: Option<i64>,
    /// What this person may do.
    pub acts: Vec<PostAct>,
}

/// One step of a reliability diagram, in percent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Step {
    /// Stated on average.
    pub stated: f64,
    /// Right, with the ends of the interval.
    pub right: (f64, f64, f64),
    /// Right ones, and all.
    pub counts: (i64, i64),
}

/// A reliability diagram: stated probability against the share of right answers (Murphy & Winkler 1977).
#[derive(Clone, Debug, Default, Template)]
#[template(path = "judgements/reliability.html")]
pub struct Reliability {
    /// From the lowest probability up.
    pub steps: Vec<Step>,
    /// Where the answers come from.
    pub words: String,
}
prints_html!(Reliability);

impl Reliability {
    const SIDE: f64 = 240.0;

    /// The place of a percentage from the left.
    pub fn x(&self, percent: &f64) -> String {
        format!("{:.1}", percent / 100.0 * Self::SIDE)
    }

    /// The place of a percentage from the top.
    pub fn y(&self, percent: &f64) -> String {
        format!("{:.1}", Self::SIDE - percent / 100.0 * Self::SIDE)
    }

    /// A dot grows with the answers behind it, by area.
    pub fn radius(&self, n: &i64) -> String {
        let most = self.steps.iter().map(|step| step.counts.1).max().unwrap_or(1).max(1) as f64;
        format!("{:.1}", 3.0 + 7.0 * (*n as f64 / most).sqrt())
    }

    /// What the picture shows, in words.
    pub fn said(&self) -> String {
        let step = |step: &Step| format!("stated {:.0} %, right {:.0} %", step.stated, step.right.0);
        self.steps.iter().map(step).collect::<Vec<_>>().join("; ")
    }
}

/// One feature, week by week.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "judgements/drift.html")]
pub struct DriftRow {
    /// What it is.
    pub name: String,
    /// `comes in` or `said`.
    pub sort: &'static str,
    /// The index of each week, the oldest first; none of too few posts.
    pub weeks: Vec<(String, Option<f64>)>,
    /// The newest index in words: `0.04, little`.
    pub newest: String,
    /// How that looks.
    pub tone: Tone,
    /// Values of the newest week: what, its share, the share before, in percent.
    pub values: Vec<(String, String, String)>,
}
prints_html!(DriftRow);

impl DriftRow {
    /// The line through the weeks that have an index; an index of ½ or more is at the top.
    pub fn line(&self) -> String {
        let point = |(at, week): (usize, &(String, Option<f64>))| {
            let x = at as f64 * 180.0 / (self.weeks.len().max(2) - 1) as f64;
            Some(format!("{x:.1},{:.1}", 36.0 - week.1?.min(0.5) * 72.0))
        };
        self.weeks.iter().enumerate().filter_map(point).collect::<Vec<_>>().join(" ")
    }

    /// What the line shows, in words.
    pub fn said(&self) -> String {
        let known = self.weeks.iter().filter_map(|(label, index)| Some(format!("{label} {:.2}", (*index)?)));
        known.collect::<Vec<_>>().join(", ")
    }
}

/// A run over what is stored, on a page of its own.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "judgements/reanalysis.html")]
pub struct ReanalysisPage {
    /// The frame.
    pub shell: Shell,
    /// The run.
    pub run: RunRow,
    /// How it came about.
    pub history: Vec<Sentence>,
}

/// What judging a unit's posts anew would change.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "judgements/rehearsal.html")]
pub struct RehearsalPage {
    /// The frame.
    pub shell: Shell,
    /// The unit's key.
    pub key: String,
    /// Its name.
    pub unit: String,
    /// What it comes to.
    pub says: Vec<Sentence>,
    /// Judgements whose answers change, with the posts on which they do.
    pub questions: Vec<(String, String)>,
    /// Some of the differences.
    pub apart: Vec<Apart>,
}

/// One answer that would change.
#[derive(Clone, Debug, Default)]
pub struct Apart {
    /// The post.
    pub post: i64,
    /// How it begins.
    pub text: String,
    /// What is asked.
    pub question: String,
    /// What is said of it now.
    pub before: String,
    /// What would be said.
    pub after: String,
}

/// Said where nothing was judged.
pub fn nothing() -> Empty {
    let why = "Once posts are heard, each is judged, and what people correct or confirm is counted here.";
    Empty::new("Nothing was judged yet", why)
}
