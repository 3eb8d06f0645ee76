//! From scores to probabilities: one slope for all outputs and a constant for each (vector scaling with a shared
//! slope, after Guo et al. 2017), fitted on scores of held-out parts; then an offset a label that serves the aim.

use serde::{Deserialize, Serialize};

use super::{Aim, metrics, rprop::Rprop};

/// Accuracy below which answers are called unsure.
const COIN: f64 = 0.55;

/// What makes scores probabilities, and probabilities an answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Scores are multiplied by this.
    pub slope: f32,
    /// And each label's constant is added.
    pub constants: Vec<f32>,
    /// What is added to each label's log-probability before the answer is chosen.
    pub offsets: Vec<f32>,
    /// Answers of a lower probability are unsure.
    pub unsure_below: f32,
}

impl Calibration {
    pub(crate) fn fits(&self, labels: usize) -> bool {
        self.constants.len() == labels && self.offsets.len() == labels
    }

    /// Makes scores probabilities, in place.
    pub fn apply(&self, scores: &mut [f32]) {
        for (score, constant) in scores.iter_mut().zip(&self.constants) {
            *score = *score * self.slope + constant;
        }
        softmax(scores);
    }

    /// The label that is said.
    pub fn best(&self, chances: &[f32]) -> usize {
        let value = |at: usize| chances[at].max(1e-12).ln() + self.offsets[at];
        (1..chances.len()).fold(0, |best, at| if value(at) > value(best) { at } else { best })
    }

    /// Fits to scores of held-out parts, `labels` columns a row.
    pub fn fit(scores: &[f32], labels: usize, truth: &[u16], aim: Aim) -> Self {
        let mut own = Self { slope: 1.0, constants: vec![0.0; labels], offsets: vec![0.0; labels], unsure_below: 0.0 };
        if truth.is_empty() {
            return own;
        }
        own.descend(scores, truth);
        let mut chances = scores.to_vec();
        for row in chances.chunks_mut(labels) {
            own.apply(row);
        }
        if aim != Aim::Accuracy {
            own.choose_offsets(&chances, truth, aim);
        }
        own.find_band(&chances, truth);
        own
    }

    /// Gradient descent on the log-loss.
    fn descend(&mut self, scores: &[f32], truth: &[u16]) {
        let labels = self.constants.len();
        let mut rprop = Rprop::new(labels + 1, 0.1, 1e-6..=1.0);
        let mut row = vec![0.0f32; labels];
        for _ in 0..150 {
            let mut gradient = vec![0.0f64; labels + 1];
            for (scores, truth) in scores.chunks(labels).zip(truth) {
                row.copy_from_slice(scores);
                self.apply(&mut row);
                row[usize::from(*truth)] -= 1.0;
                for at in 0..labels {
                    gradient[at] += f64::from(row[at]);
                    gradient[labels] += f64::from(row[at] * scores[at]);
                }
            }
            for (at, slope) in gradient.into_iter().enumerate() {
                let step = rprop.step(at, slope);
                if at == labels {
                    self.slope = (self.slope - step).max(1e-3);
                } else {
                    self.constants[at] -= step;
                }
            }
        }
    }

    /// Offsets that raise the aim on the held-out parts, one label after another in small steps.
    fn choose_offsets(&mut self, chances: &[f32], truth: &[u16], aim: Aim) {
        let labels = self.constants.len();
        let mut best = self.score(chances, truth, aim);
        for step in [2.4f32, 0.8, 0.4, 0.2, 0.1] {
            for at in 0..labels {
                for direction in [step, -step] {
                    loop {
                        self.offsets[at] += direction;
                        let found = self.score(chances, truth, aim);
                        // A gain this small is chance, and offsets that follow chance do not carry over.
                        if found <= best + 2e-4 {
                            self.offsets[at] -= direction;
                            break;
                        }
                        best = found;
                    }
                }
            }
        }
    }

    fn score(&self, chances: &[f32], truth: &[u16], aim: Aim) -> f64 {
        let labels = self.constants.len();
        let said = chances.chunks(labels).map(|row| self.best(row) as u16);
        let counts = metrics::Confusion::of(labels, truth.iter().copied().zip(said));
        match aim {
            Aim::Accuracy => counts.accuracy(),
            Aim::MacroF1 => counts.macro_f1(),
            Aim::MacroRecall => counts.macro_recall(),
        }
    }

    /// The highest probability below which answers are hardly better than a coin.
    fn find_band(&mut self, chances: &[f32], truth: &[u16]) {
        let labels = self.constants.len();
        let mut answers: Vec<(f32, bool)> = chances
            .chunks(labels)
            .zip(truth)
            .map(|(row, truth)| {
                let best = self.best(row);
                (row[best], best == usize::from(*truth))
            })
            .collect();
        answers.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut right, mut band) = (0usize, 0.0);
        for (seen, (chance, is_right)) in (1usize..).zip(&answers) {
            right += usize::from(*is_right);
            if seen >= 20 && (right as f64) < COIN * seen as f64 {
                band = *chance;
            }
        }
        self.unsure_below = band;
    }
}

pub(crate) fn softmax(row: &mut [f32]) {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for value in row.iter_mut() {
        *value = (*value - most).exp();
        sum += *value;
    }
    for value in row {
        *value /= sum;
    }
}
