//! The shipped heads together, and the judges that weigh what they say.
//!
//! Every head reads the same features of a post. A *judge* answers one question: it weighs the scores of its own head,
//! of all other heads, and of the rules (stacked generalisation, Wolpert 1992), and knows how likely it is right. The
//! judge was fitted on scores of parts of the examples that its own head had not seen.

mod file;
mod grams;
mod judge;
mod known;
mod make;
mod read;
mod together;

use std::borrow::Cow;
use std::sync::LazyLock;

pub use file::PanelManifest;
pub use grams::{Grams, build as build_grams};
pub use judge::{Judge, RULES, Witness};
pub use make::{Material, make};
pub(crate) use make::{evidence, mix, own_judge};
pub use read::Reader;

use crate::head::{BadModel, Head};
use together::Together;

/// The panel that is part of the program.
pub(crate) static SHIPPED: LazyLock<Panel> = LazyLock::new(|| {
    let bytes: &'static [u8] = include_bytes!("../../models/panel-4.bin");
    // The file is part of the program; a test reads it whole and compares every hash.
    Panel::trusted(Cow::Borrowed(bytes)).unwrap_or_default()
});

/// The head that tells languages apart; the last of a panel.
pub(crate) const LANGUAGE: &str = "language";

/// Several heads and judges, read from one file.
#[derive(Debug, Clone, Default)]
pub struct Panel {
    /// What the file says of itself.
    pub manifest: PanelManifest,
    pub(crate) heads: Vec<Head>,
    pub(crate) grams: Grams,
    together: Together,
    /// Tells this panel from others, for what readers remember.
    stamp: u64,
}

impl Panel {
    /// The panel that is part of the program.
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// What a judge says after [`Panel::read`]: the likeliest label by its place; the probabilities lie in
    /// `reader.chances`.
    pub(crate) fn judge(&self, judge: &Judge, rules: &Witness, reader: &mut Reader) -> usize {
        reader.row.clear();
        let own = self.range(&judge.question);
        reader.row.extend_from_slice(&reader.scores[own.clone()]);
        reader.row.extend_from_slice(&reader.scores[..own.start]);
        reader.row.extend_from_slice(&reader.scores[own.end.max(own.start)..self.witnesses()]);
        reader.row.extend_from_slice(rules);
        judge.answer(&reader.row, &mut reader.chances)
    }

    /// Where a head's scores lie among all scores; nowhere for a question without a head of its own.
    pub(crate) fn range(&self, question: &str) -> std::ops::Range<usize> {
        let mut start = 0;
        for head in &self.heads {
            let end = start + head.labels().len();
            if head.manifest.head == question {
                return start..end;
            }
            start = end;
        }
        0..0
    }

    /// How many scores bear witness: all but those of the language head, which is the last.
    pub(crate) fn witnesses(&self) -> usize {
        let heads = self.heads.iter().filter(|head| head.manifest.head != LANGUAGE);
        heads.map(|head| head.labels().len()).sum()
    }

    /// The judge of a question.
    pub fn judge_of(&self, question: &str) -> Option<&Judge> {
        self.manifest.judges.iter().find(|judge| judge.question == question)
    }

    /// A head by its name.
    pub fn head(&self, name: &str) -> Option<&Head> {
        self.heads.iter().find(|head| head.manifest.head == name)
    }

    /// Reads a panel's file; every hash must hold.
    pub fn from_bytes(bytes: Cow<'static, [u8]>) -> Result<Self, BadModel> {
        file::read(bytes, true)
    }

    pub(crate) fn trusted(bytes: Cow<'static, [u8]>) -> Result<Self, BadModel> {
        file::read(bytes, false)
    }
}
