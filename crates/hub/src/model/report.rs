//! What a training says of itself: figures before and after on examples that were held out, and what would change.

use std::collections::BTreeMap;

use dandelion_understand::evaluate::{Case, figures};
use serde::{Deserialize, Serialize};

use crate::query::precision::{Interval, wilson};

/// Steps of the picture of calibration.
const BINS: usize = 10;

/// How answers stand on examples that were held out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Examples.
    pub n: i64,
    /// Answered right.
    pub right: i64,
    /// The share of right ones with Wilson's interval of 95 %.
    pub accuracy: [f64; 3],
    /// F1 averaged over the labels, with its interval by bootstrap (Efron 1979).
    pub macro_f1: [f64; 3],
    /// Expected calibration error, ten steps; none where answers had no probability.
    pub ece: Option<f64>,
    /// F1 of each label, and of how many examples.
    pub labels: BTreeMap<String, (f64, u32)>,
}

/// One step of the picture of calibration: how often answers of about this probability were right.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// The mean of the stated probabilities.
    pub stated: f64,
    /// Answers.
    pub n: i64,
    /// Of those, right.
    pub right: i64,
}

impl Bin {
    /// The share of right ones with Wilson's interval.
    pub fn interval(&self) -> Option<Interval> {
        wilson(self.right, self.n)
    }
}

/// One example while it was held out. Where it is a post, its number; never its words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The post; none for a line of a file.
    pub post: Option<i64>,
    /// What a person says.
    pub right: String,
    /// What counted before; none where nobody answered.
    pub before: Option<String>,
    /// What the new head says of it without having seen it …
    pub after: String,
    /// … and how likely it holds that.
    pub chance: f32,
}

/// A post that would be judged otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The post.
    pub post: i64,
    /// What counts now.
    pub before: Option<String>,
    /// What would count.
    pub after: String,
    /// How likely the new head holds it.
    pub score: f64,
}

/// The whole of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// How many examples each label has.
    pub labels: BTreeMap<String, i64>,
    /// Examples where the person only said that it is right as it is.
    pub confirmed: i64,
    /// Examples that were left out: they name several answers, or one that is not asked any more.
    pub left_out: i64,
    /// Parts that were held out in turn.
    pub folds: i64,
    /// What counts now, on the examples; none where nobody answered.
    pub before: Option<Standing>,
    /// The new head on the same, each example judged by a head that had not seen it.
    pub after: Option<Standing>,
    /// Examples that only the new head has right, and only what counts now.
    pub gained: i64,
    /// See `gained`.
    pub lost: i64,
    /// How the new head's probabilities hold.
    pub bins: Vec<Bin>,
    /// Every example, for the next version's comparison and for the list of what changes.
    pub held: Vec<Held>,
    /// Newest posts of the unit that were looked at …
    pub looked: i64,
    /// … how many of them would be judged otherwise …
    pub changing: i64,
    /// … and some of those.
    pub changes: Vec<Change>,
    /// How long training took.
    pub seconds: f64,
}

impl Report {
    /// Counts what was held out.
    pub(super) fn count(&mut self, held: Vec<Held>) {
        let after: Vec<Case> = held.iter().map(|it| case(&it.right, &it.after, it.chance)).collect();
        let before: Vec<Case> = held.iter().filter_map(|it| Some(case(&it.right, it.before.as_ref()?, 0.0))).collect();
        self.after = (!after.is_empty()).then(|| standing(&after, true));
        self.before = (!before.is_empty()).then(|| standing(&before, false));
        let right = |it: &Held| (it.before.as_ref() == Some(&it.right), it.after == it.right);
        self.gained = held.iter().filter(|it| it.before.is_some() && right(it) == (false, true)).count() as i64;
        self.lost = held.iter().filter(|it| right(it) == (true, false)).count() as i64;
        self.bins = bins(held.iter().map(|it| (f64::from(it.chance), it.after == it.right)));
        self.held = held;
    }

    /// Whether the figures can tell the two apart at all: the chance that so lopsided a split of the examples on which
    /// they differ is luck (the sign test, exact; McNemar 1947).
    pub fn luck(&self) -> f64 {
        let (more, fewer) = (self.gained.max(self.lost), self.gained.min(self.lost));
        let all = more + fewer;
        let (mut term, mut sum) = (0.5_f64.powi(i32::try_from(all).unwrap_or(i32::MAX)), 0.0);
        for k in 0..=fewer {
            sum += term;
            term *= (all - k) as f64 / (k + 1) as f64;
        }
        if all == 0 || more == fewer { 1.0 } else { (2.0 * sum).min(1.0) }
    }
}

fn case(right: &str, said: &str, chance: f32) -> Case {
    Case { right: right.to_owned(), said: said.to_owned(), chance }
}

fn standing(cases: &[Case], chances: bool) -> Standing {
    let figures = figures(cases, 1);
    let n = cases.len() as i64;
    let right = cases.iter().filter(|case| case.right == case.said).count() as i64;
    let accuracy = wilson(right, n).map_or([0.0; 3], |it| [it.share, it.low, it.high]);
    let [low, high] = figures.intervals.get("macro_f1").copied().unwrap_or_default();
    Standing {
        n,
        right,
        accuracy,
        macro_f1: [figures.macro_f1, low, high],
        ece: chances.then_some(figures.ece),
        labels: figures.labels.into_iter().filter(|it| it.1.n > 0).map(|(name, it)| (name, (it.f1, it.n))).collect(),
    }
}

/// Steps of equal width that hold any answer.
pub(crate) fn bins(answers: impl Iterator<Item = (f64, bool)>) -> Vec<Bin> {
    let mut sums = [(0.0, 0_i64, 0_i64); BINS];
    for (chance, right) in answers {
        let sum = &mut sums[((chance * BINS as f64) as usize).min(BINS - 1)];
        *sum = (sum.0 + chance, sum.1 + 1, sum.2 + i64::from(right));
    }
    let filled = sums.into_iter().filter(|sum| sum.1 > 0);
    filled.map(|(sum, n, right)| Bin { stated: sum / n as f64, n, right }).collect()
}
