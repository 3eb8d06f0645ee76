//! How good a head is on labelled texts: figures, each with the interval that chance alone would leave it in.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::learn::Dice;
use crate::learn::metrics::{Confusion, ece};

/// Times the texts are drawn again for the intervals (bootstrap, Efron 1979).
const DRAWS: usize = 500;

/// What was said of one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The right label.
    pub right: String,
    /// The label that was said.
    pub said: String,
    /// How likely the head held it.
    pub chance: f32,
}

/// Figures of a head on labelled texts. The keys are stable.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// How many texts.
    pub n: usize,
    /// Share that is right.
    pub accuracy: f64,
    /// F1, averaged over the labels.
    pub macro_f1: f64,
    /// Recall, averaged over the labels.
    pub macro_recall: f64,
    /// Expected calibration error of the answers, ten steps.
    pub ece: f64,
    /// 95 % intervals of accuracy, macro-F1 and macro-recall.
    pub intervals: BTreeMap<&'static str, [f64; 2]>,
    /// Each label's figures.
    pub labels: BTreeMap<String, LabelFigures>,
    /// How often each label was said (inner) where each was right (outer).
    pub confusion: BTreeMap<String, BTreeMap<String, u32>>,
}

/// Figures of one label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelFigures {
    /// How often it is right.
    pub n: u32,
    /// Share of the places where it is said at which it is right.
    pub precision: f64,
    /// Share of the places where it is right at which it is said.
    pub recall: f64,
    /// The harmonic mean of both.
    pub f1: f64,
}

/// Counts cases. `seed` decides the draws of the intervals.
pub fn figures(cases: &[Case], seed: u64) -> Figures {
    let mut names: Vec<&str> = cases.iter().flat_map(|case| [case.right.as_str(), case.said.as_str()]).collect();
    names.sort_unstable();
    names.dedup();
    let place = |name: &str| names.binary_search(&name).unwrap_or_default() as u16;
    let pairs: Vec<(u16, u16)> = cases.iter().map(|case| (place(&case.right), place(&case.said))).collect();
    let counts = Confusion::of(names.len(), pairs.iter().copied());
    let label = |at: usize| LabelFigures {
        n: counts.right(at),
        precision: counts.precision(at),
        recall: counts.recall(at),
        f1: counts.f1(at),
    };
    let row = |right: usize| {
        let said = (0..names.len()).filter(|said| counts.count(right, *said) > 0);
        said.map(|said| (names[said].to_owned(), counts.count(right, said))).collect()
    };
    Figures {
        n: cases.len(),
        accuracy: counts.accuracy(),
        macro_f1: counts.macro_f1(),
        macro_recall: counts.macro_recall(),
        ece: ece(cases.iter().map(|case| (case.chance, case.right == case.said))),
        intervals: intervals(&pairs, names.len(), seed),
        labels: names.iter().enumerate().map(|(at, name)| ((*name).to_owned(), label(at))).collect(),
        confusion: names.iter().enumerate().map(|(at, name)| ((*name).to_owned(), row(at))).collect(),
    }
}

fn intervals(pairs: &[(u16, u16)], labels: usize, seed: u64) -> BTreeMap<&'static str, [f64; 2]> {
    let mut dice = Dice::new(seed);
    let mut drawn: [Vec<f64>; 3] = Default::default();
    for _ in 0..if pairs.is_empty() { 0 } else { DRAWS } {
        let counts = Confusion::of(labels, (0..pairs.len()).map(|_| pairs[dice.below(pairs.len())]));
        drawn[0].push(counts.accuracy());
        drawn[1].push(counts.macro_f1());
        drawn[2].push(counts.macro_recall());
    }
    let names = ["accuracy", "macro_f1", "macro_recall"];
    let ends = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values.get((values.len() as f64 * share) as usize).copied().unwrap_or(0.0);
        [at(0.025), at(0.975)]
    };
    names.into_iter().zip(drawn.iter_mut().map(ends)).collect()
}
