//! Training heads: the same examples, recipe and version give the same bytes.

mod calibrate;
mod dice;
mod hasty;
pub mod metrics;
mod prepare;
pub(crate) mod rprop;
mod solve;
mod stack;
mod train;

pub use calibrate::Calibration;
pub(crate) use calibrate::softmax;
pub(crate) use dice::Dice;
pub use stack::Stack;
pub use train::{Trained, train};

/// One labelled text.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The text.
    pub text: String,
    /// Its label, by its place in the list of labels.
    pub label: u16,
    /// What a mistake here costs beside others: 1, or less where the label comes from another sort of text.
    pub weight: f32,
    /// Whether it is held out in turn to calibrate and to report; examples of other sorts of text only help training.
    pub counts: bool,
}

/// What the answer is chosen for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aim {
    /// The likeliest label.
    Accuracy,
    /// Labels count the same however rare they are.
    #[default]
    MacroF1,
    /// As many as possible of each label are found.
    MacroRecall,
}

/// How a head is trained. The default suits an organisation's own labels.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Recipe {
    /// Upper bits of the hash that choose a row.
    pub bits: u32,
    /// What words, characters and shape count.
    pub groups: [f32; 3],
    /// What a mistake costs (C).
    pub cost: f32,
    /// How far rare labels' mistakes cost more: 0 not at all, 1 in full (n / labels / n of the label).
    pub balance: f32,
    /// Power of the inverse document frequency that features are weighed by.
    pub idf: f32,
    /// How far each feature counts by how unevenly it falls on a label and the rest (0 not at all, 1 by its log ratio alone).
    pub naive_bayes: f32,
    /// What a misspelled copy of every third example counts beside the others; 0 adds none.
    pub hasty: f32,
    /// What the meaning of words counts beside the groups; 0 leaves it out.
    #[serde(default)]
    pub meaning: f32,
    /// Features of fewer examples are left out.
    pub least: u32,
    /// Most passes over the examples.
    pub passes: usize,
    /// Parts that are held out in turn.
    pub folds: usize,
    /// What the answer is chosen for.
    pub aim: Aim,
    /// Seed of the order in which examples are looked at.
    pub seed: u64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            bits: 20,
            groups: [1.0, 1.0, 0.3],
            cost: 0.5,
            balance: 0.3,
            idf: 1.0,
            naive_bayes: 0.0,
            hasty: 0.0,
            meaning: 0.0,
            least: 2,
            passes: 30,
            folds: 4,
            aim: Aim::MacroF1,
            seed: 1,
        }
    }
}
