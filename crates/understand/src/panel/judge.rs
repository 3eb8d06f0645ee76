use serde::{Deserialize, Serialize};

use crate::head::HeldOut;
use crate::learn::metrics::{Confusion, ece};
use crate::learn::{Aim, Calibration, Stack};

/// How many numbers the rules add.
pub const RULES: usize = 17;
/// Parts that are held out in turn.
const PARTS: usize = 4;
/// How hard large weights are held down; the one that serves the held-out parts best is taken.
const PENALTIES: [f64; 4] = [2.0, 10.0, 80.0, 600.0];

/// What the rules say of a text, in numbers: blame, praise, sarcasm, complaint words, questions, praise words, then signs of
/// purchase, leaving, danger, law, data, press, harm, deadlines, repetition, being stranded, ideas.
pub type Witness = [f32; RULES];

/// What answers one question from the scores of all heads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judge {
    /// The question, which is also the name of its own head.
    pub question: String,
    /// The answers.
    pub labels: Vec<String>,
    /// How each score weighs.
    pub stack: Stack,
    /// What makes it a probability, and where it is unsure.
    pub calibration: Calibration,
    /// Figures from held-out parts of the examples.
    pub held_out: HeldOut,
    /// How many examples it was fitted on.
    pub examples: usize,
}

impl Judge {
    /// Fits to rows of scores, `inputs` a row. What it is worth, and how
    /// hard weights are held down, is found by holding out four parts in turn.
    pub fn fit(question: &str, labels: &[String], rows: &[f32], inputs: usize, truth: &[u16], aim: Aim) -> Self {
        let tried = PENALTIES.map(|penalty| (penalty, held_out_scores(rows, inputs, truth, labels.len(), penalty)));
        let loss = |scores: &[f32]| -> f32 {
            scores.chunks(labels.len()).zip(truth).map(|(row, truth)| -row[usize::from(*truth)]).sum()
        };
        let best = tried.into_iter().min_by(|a, b| loss(&a.1).total_cmp(&loss(&b.1)));
        let (penalty, scores) = best.unwrap_or_default();
        let count = labels.len();
        let calibration = Calibration::fit(&scores, count, truth, aim);
        let stack = Stack::fit(rows, inputs, truth, count, penalty);
        let question = question.to_owned();
        let held_out = figures(&calibration, scores, truth);
        Self { question, labels: labels.to_vec(), stack, calibration, held_out, examples: truth.len() }
    }

    /// The answer to a row of scores, by its place; the probabilities are left in `chances`.
    pub fn answer(&self, row: &[f32], chances: &mut Vec<f32>) -> usize {
        chances.clear();
        chances.resize(self.labels.len(), 0.0);
        self.stack.apply(row, chances);
        for chance in chances.iter_mut() {
            *chance = chance.max(1e-9).ln();
        }
        self.calibration.apply(chances);
        self.calibration.best(chances)
    }
}

/// Log-probabilities of each example by a stack that was fitted on the other parts.
fn held_out_scores(rows: &[f32], inputs: usize, truth: &[u16], count: usize, penalty: f64) -> Vec<f32> {
    let mut scores = vec![0.0f32; truth.len() * count];
    for part in 0..PARTS {
        let (mut seen, mut right) = (Vec::new(), Vec::new());
        for at in (0..truth.len()).filter(|at| at % PARTS != part) {
            seen.extend_from_slice(&rows[at * inputs..][..inputs]);
            right.push(truth[at]);
        }
        let stack = Stack::fit(&seen, inputs, &right, count, penalty);
        for at in (part..truth.len()).step_by(PARTS) {
            stack.apply(&rows[at * inputs..][..inputs], &mut scores[at * count..][..count]);
        }
    }
    for chance in &mut scores {
        *chance = chance.max(1e-9).ln();
    }
    scores
}

fn figures(calibration: &Calibration, mut scores: Vec<f32>, truth: &[u16]) -> HeldOut {
    let labels = calibration.offsets.len();
    for row in scores.chunks_mut(labels) {
        calibration.apply(row);
    }
    let said: Vec<usize> = scores.chunks(labels).map(|row| calibration.best(row)).collect();
    let counts = Confusion::of(labels, truth.iter().copied().zip(said.iter().map(|at| *at as u16)));
    let answers = scores.chunks(labels).zip(&said).zip(truth);
    let answers = answers.map(|((row, said), truth)| (row[*said], *said == usize::from(*truth)));
    HeldOut::new(&counts, ece(answers))
}
