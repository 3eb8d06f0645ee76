//! A head: one question with its labels, a table of small weights, and what makes its scores probabilities.

mod file;
mod table;

pub use file::{BadModel, HeldOut, Manifest};
pub(crate) use file::{hash_of, hex};
pub(crate) use table::Table;

use crate::features::{Extractor, Feature, GROUPS, MEANING, product};

/// A trained head, ready to answer.
#[derive(Debug, Clone)]
pub struct Head {
    /// What is written about it, in the file's head.
    pub manifest: Manifest,
    pub(crate) table: Table,
    /// Weights of what a text means, one output after another.
    pub(crate) views: Vec<f32>,
}

/// What a head says of one text. Buffers are used again.
#[derive(Debug, Default, Clone)]
pub struct Answer {
    /// The probability of each label, in the manifest's order; they add up to 1 unless several labels may hold.
    pub chances: Vec<f32>,
    /// The label that is said: the likeliest once each label's offset is added.
    pub best: usize,
    sums: Vec<i32>,
}

impl Head {
    /// The scores of all labels for a text, its meaning included, in the place of probabilities.
    pub fn score_text(&self, text: &str, extractor: &mut Extractor, answer: &mut Answer) {
        self.score(extractor.read(text), answer);
        if self.views.is_empty() {
            return;
        }
        let mut view = Vec::with_capacity(MEANING);
        extractor.view(self.manifest.meaning, &mut view);
        if self.outputs() == 1 {
            self.add_meaning(&view, &mut answer.chances[1..]);
            answer.chances[0] = -answer.chances[1];
        } else {
            self.add_meaning(&view, &mut answer.chances);
        }
    }

    /// Adds what a text's meaning says to the score of each output.
    pub(crate) fn add_meaning(&self, view: &[f32], scores: &mut [f32]) {
        for (score, weights) in scores.iter_mut().zip(self.views.chunks(MEANING)) {
            *score += product(view, weights);
        }
    }

    /// Answers to a text, its meaning included.
    pub fn answer_text(&self, text: &str, extractor: &mut Extractor, answer: &mut Answer) {
        self.score_text(text, extractor, answer);
        self.manifest.calibration.apply(&mut answer.chances);
        answer.best = self.manifest.calibration.best(&answer.chances);
    }

    /// What each direction of meaning adds to `label` beyond what it adds to the other labels.
    pub(crate) fn meaning_beyond(&self, label: usize) -> [f32; MEANING] {
        let (outputs, counts) = (self.outputs(), self.manifest.meaning);
        let mut beyond = [0.0; MEANING];
        for (output, weights) in self.views.chunks(MEANING).enumerate() {
            let share = match (outputs, output == label) {
                (1, _) => counts * if label == 1 { 1.0 } else { -1.0 },
                (_, true) => counts,
                (_, false) => -counts / (outputs - 1) as f32,
            };
            beyond.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight * share);
        }
        beyond
    }

    /// The scores of all labels by the features alone, in the place of probabilities.
    pub fn score(&self, features: &[Feature], answer: &mut Answer) {
        let outputs = self.outputs();
        let manifest = &self.manifest;
        answer.chances.clear();
        answer.chances.extend_from_slice(&manifest.constants);
        let mut at = 0;
        for group in 0..GROUPS {
            answer.sums.clear();
            answer.sums.resize(outputs, 0);
            let mut squares = 0u32;
            while let Some(feature) = features.get(at).filter(|it| usize::from(it.group) == group) {
                if let Some(row) = self.table.row(feature.hash) {
                    let part = u32::from(row[0]);
                    squares += part * part;
                    for (sum, weight) in answer.sums.iter_mut().zip(&row[1..]) {
                        *sum += i32::from(*weight as i8);
                    }
                }
                at += 1;
            }
            if squares > 0 {
                let share = manifest.groups[group] / (squares as f32).sqrt();
                for ((chance, sum), scale) in answer.chances.iter_mut().zip(&answer.sums).zip(&manifest.scales) {
                    *chance += *sum as f32 * scale * share;
                }
            }
        }
        if outputs == 1 {
            let score = answer.chances[0];
            answer.chances[0] = -score;
            answer.chances.push(score);
        }
    }

    /// What weights add to `label` beyond what they add to the other labels on average, in score.
    pub(crate) fn beyond(&self, label: usize, weights: impl Fn(usize) -> f32) -> f32 {
        let outputs = self.outputs();
        let weight = |output: usize| weights(output) * self.manifest.scales[output];
        if outputs == 1 {
            return if label == 1 { weight(0) } else { -weight(0) };
        }
        let all: f32 = (0..outputs).map(weight).sum();
        weight(label) - (all - weight(label)) / (outputs - 1) as f32
    }

    /// The labels, in the order of [`Answer::chances`].
    pub fn labels(&self) -> &[String] {
        &self.manifest.labels
    }

    /// How many weights a row holds.
    pub(crate) fn outputs(&self) -> usize {
        self.manifest.constants.len()
    }
}
