//! How common terms are: as seen in sampled posts, or guessed.

use std::sync::atomic::{AtomicU32, Ordering};

use super::segment::Segment;
use super::terms::{Domain, TermId};
use crate::query::NameField;

/// What the stream taught.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// By term: posts of a thousand that have it; `None` where nobody looked.
    pub costs: Vec<Option<f32>>,
    /// How many posts taught it.
    pub sampled: u32,
}

/// Fewer posts teach nothing.
const LEAST: u32 = 100;

impl Known {
    /// Posts of a thousand that have the term, if it was looked for in enough of them.
    pub(super) fn cost(&self, term: TermId) -> Option<f32> {
        self.costs.get(term as usize).copied().flatten()
    }

    /// Takes over what a segment's posts taught of one of its terms, which is called `term` here. What is known stays.
    pub(super) fn learn(&mut self, segment: &Segment, old: TermId, term: TermId) {
        let sampled = segment.sampled.load(Ordering::Relaxed);
        let count = segment.counts.get(old as usize).map_or(0, |count| count.load(Ordering::Relaxed));
        if self.costs.len() <= term as usize {
            self.costs.resize(term as usize + 1, None);
        }
        let place = &mut self.costs[term as usize];
        if place.is_none() && sampled >= LEAST {
            *place = Some((count as f32 + 0.5) * 1000.0 / (sampled as f32 + 1.0));
        }
    }

    /// Gives a new segment what is known, so that the next one need not learn it again. It weighs as much as this many
    /// posts at most; later ones count as much.
    pub(super) fn carry(&self, costs: &[f32], order: &[TermId], segment: &mut Segment) {
        const WEIGHT: u32 = 2_000;
        let weight = self.sampled.min(WEIGHT);
        let count = |old: &TermId| AtomicU32::new((costs[*old as usize] * weight as f32 / 1000.0) as u32);
        segment.counts = order.iter().map(count).collect();
        segment.sampled = AtomicU32::new(weight);
    }
}

/// A guess for a term nobody has counted: short words are common, names are rare. Posts of a thousand.
pub(super) fn guess(domain: Domain, text: &[u8]) -> f32 {
    match domain {
        Domain::WORD => guess_word(&String::from_utf8_lossy(text)),
        Domain::TAG | Domain::HANDLE | Domain::TICKER => 0.5,
        Domain::PAIR => 3.0,
        Domain::PATTERN => {
            let stem: String = String::from_utf8_lossy(text.get(2..).unwrap_or_default()).replace(['*', '?'], "");
            4.0 * guess_word(&stem)
        }
        _ => domain.field().map_or(300.0, guess_field),
    }
}

fn guess_word(word: &str) -> f32 {
    let Some(first) = word.chars().next() else { return 500.0 };
    if crate::words::is_dense(first) {
        return 60.0;
    }
    match word.chars().count() {
        0..=2 => 60.0,
        3 => 25.0,
        4 => 10.0,
        5 => 5.0,
        6 => 3.0,
        7 => 2.0,
        _ => 1.0,
    }
}

fn guess_field(field: NameField) -> f32 {
    match field {
        NameField::From | NameField::In | NameField::Site => 1.0,
        NameField::To | NameField::Mentions => 5.0,
        NameField::Topic | NameField::Intent | NameField::Unit => 60.0,
        _ => 300.0,
    }
}
