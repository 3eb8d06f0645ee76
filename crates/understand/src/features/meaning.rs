//! What English words mean, as numbers: places in 128 directions that a small sentence encoder found (`docs/models/meaning.md`).
//! A text's meaning is the sum of its words', of length 1; words the table does not know say nothing.

use std::borrow::Cow;

use super::{Extractor, Sort, hash_of};
use crate::head::Table;

/// Directions of a word's meaning.
pub const MEANING: usize = 128;

/// Upper bits of a word's hash that choose its place; the lowest eight are kept in the row, so that a word which only falls on
/// another's place is not taken for it.
const BITS: u32 = 22;
/// A row: how much the word counts, the rest of its hash, its directions.
const WIDTH: usize = 2 + MEANING;

/// The table that is part of the program.
static WORDS: Table =
    Table { bits: BITS, width: WIDTH, bytes: Cow::Borrowed(include_bytes!("../../models/meaning-1.bin")) };

impl Extractor {
    /// Adds what the text that was read last means to `view`: [`MEANING`] numbers that count `counts` together, zeros where no
    /// word is known; nothing where `counts` is 0.
    pub(crate) fn view(&self, counts: f32, view: &mut Vec<f32>) {
        if counts > 0.0 {
            view.extend(self.meaning().map(|it| it * counts));
        }
    }

    /// What the text that was read last means.
    pub(crate) fn meaning(&self) -> [f32; MEANING] {
        let sums = self.sums();
        let length = length(&sums);
        sums.map(|sum| sum as f32 / length)
    }

    /// What its words add up to.
    fn sums(&self) -> [i32; MEANING] {
        let mut sums = [0i32; MEANING];
        for (counted, steps) in (0..self.tokens.list.len()).filter_map(|at| self.meant(at)) {
            let counted = i16::from(counted);
            for (sum, step) in sums.iter_mut().zip(steps) {
                *sum += i32::from(counted * i16::from(step.cast_signed()));
            }
        }
        sums
    }

    /// How much a token counts, and its steps in each direction.
    fn meant(&self, at: usize) -> Option<(u8, &'static [u8; MEANING])> {
        let token = &self.tokens.list[at];
        let hash = match token.sort {
            Sort::Word => self.hashes[at],
            Sort::Tag => hash_of(self.tokens.form(token), Sort::Word),
            _ => return None,
        };
        find(hash)
    }

    /// What each token adds to a score through a text's meaning, by the weights of its directions.
    pub(crate) fn weigh_meaning(&self, weights: &[f32; MEANING], mut each: impl FnMut(usize, f32)) {
        let length = length(&self.sums());
        for at in 0..self.tokens.list.len() {
            if let Some((counted, steps)) = self.meant(at) {
                let places = steps.map(|step| f32::from(step.cast_signed()));
                each(at, product(&places, weights) * f32::from(counted) / length);
            }
        }
    }
}

/// The length of sums; at least 1, so that nothing stays nothing.
fn length(sums: &[i32; MEANING]) -> f32 {
    let places = sums.map(|sum| sum as f32);
    product(&places, &places).sqrt().max(1.0)
}

fn find(hash: u32) -> Option<(u8, &'static [u8; MEANING])> {
    let row = WORDS.row(hash)?;
    if row[1] == hash as u8 { Some((row[0], row[2..].first_chunk()?)) } else { None }
}

/// How many numbers a view holds.
pub(crate) fn inputs(counts: f32) -> usize {
    if counts > 0.0 { MEANING } else { 0 }
}

/// The sum of products, in eight lanes.
pub(crate) fn product(one: &[f32], other: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    let ((one, ones), (other, others)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    for (one, other) in one.iter().zip(other) {
        for lane in 0..8 {
            sums[lane] += one[lane] * other[lane];
        }
    }
    sums.iter().sum::<f32>() + ones.iter().zip(others).map(|(one, other)| one * other).sum::<f32>()
}

/// Builds the table's bytes from words, each with how much it counts and its steps in the 128 directions. Of words that fall on
/// one place, the first stays.
///
/// # Errors
/// Names the first word that has another number of steps.
pub fn build_meaning(words: &[(String, u8, Vec<i8>)]) -> Result<Vec<u8>, String> {
    let mut placed = Vec::new();
    for (word, counted, steps) in words {
        if steps.len() != MEANING {
            return Err(format!("“{word}” has {} steps instead of {MEANING}", steps.len()));
        }
        let hash = hash_of(&word.chars().collect::<Vec<_>>(), Sort::Word);
        placed.push((hash >> (32 - BITS), hash as u8, *counted, steps));
    }
    placed.sort_by_key(|it| it.0);
    placed.dedup_by_key(|it| it.0);
    let places: Vec<u32> = placed.iter().map(|it| it.0).collect();
    let mut rows = Vec::with_capacity(placed.len() * WIDTH);
    for (_, rest, counted, steps) in placed {
        rows.extend_from_slice(&[counted, rest]);
        rows.extend(steps.iter().map(|step| step.cast_unsigned()));
    }
    Ok(Table::new(BITS, WIDTH, &places, &rows).bytes.into_owned())
}
