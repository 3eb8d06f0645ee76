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
/// A row: the rest of its hash, its directions, the longer the more the word counts.
const WIDTH: usize = 1 + MEANING;
/// Words whose steps fit in 16 bits together.
const MOST: usize = 250;

/// Steps of the heaviest weight where words are named; their products with a word's steps fit in 32 bits together.
const FINE: f32 = 4096.0;
/// Of four words, three are longer.
const LEAST_LENGTH: f32 = 250.0;

/// The table that is part of the program.
static WORDS: Table =
    Table { bits: BITS, width: WIDTH, bytes: Cow::Borrowed(include_bytes!("../../models/meaning-2.bin")) };

/// The words of a text that the table knows: their places among the tokens and their steps, and how long their sum is.
#[derive(Debug, Default)]
pub(super) struct Meant {
    words: Vec<(u32, &'static [u8; MEANING])>,
    length: f32,
}

impl Extractor {
    /// Adds what the text that was read last means to `view`: [`MEANING`] numbers that count `counts` together, zeros where no
    /// word is known; nothing where `counts` is 0.
    pub(crate) fn view(&mut self, counts: f32, view: &mut Vec<f32>) {
        if counts > 0.0 {
            view.extend(self.meaning().map(|it| it * counts));
        }
    }

    /// What the text that was read last means.
    pub(crate) fn meaning(&mut self) -> [f32; MEANING] {
        self.meant.words.clear();
        for (at, token) in self.tokens.list.iter().enumerate() {
            let hash = match token.sort {
                Sort::Word => self.hashes[at],
                Sort::Tag => hash_of(self.tokens.form(token), Sort::Word),
                _ => continue,
            };
            self.meant.words.extend(find(hash).map(|steps| (at as u32, steps)));
        }
        let sums = self.meant.sums();
        self.meant.length = length(&sums);
        sums.map(|sum| sum as f32 / self.meant.length)
    }

    /// What each token adds to a score through a text's meaning ([`Extractor::meaning`] was asked for before), by the weights of
    /// its directions, to a few thousandths of the heaviest.
    pub(crate) fn weigh_meaning(&self, weights: &[f32; MEANING], mut each: impl FnMut(usize, f32)) {
        let most = weights.iter().fold(1e-9f32, |most, weight| most.max(weight.abs()));
        let fine = weights.map(|weight| (weight / most * FINE) as i16);
        let share = most / FINE / self.meant.length;
        for (at, steps) in &self.meant.words {
            let products =
                steps.iter().zip(&fine).map(|(step, weight)| i32::from(step.cast_signed()) * i32::from(*weight));
            each(*at as usize, products.sum::<i32>() as f32 * share);
        }
    }
}

impl Meant {
    /// What the words add up to.
    fn sums(&self) -> [i32; MEANING] {
        let mut sums = [0i32; MEANING];
        for words in self.words.chunks(MOST) {
            let mut some = [0i16; MEANING];
            for (_, steps) in words {
                for (sum, step) in some.iter_mut().zip(*steps) {
                    *sum += i16::from(step.cast_signed());
                }
            }
            for (sum, some) in sums.iter_mut().zip(some) {
                *sum += i32::from(some);
            }
        }
        sums
    }
}

/// The length of sums; at least that of a word that means little, so that common words alone are not made to say much.
fn length(sums: &[i32; MEANING]) -> f32 {
    let places = sums.map(|sum| sum as f32);
    product(&places, &places).sqrt().max(LEAST_LENGTH)
}

fn find(hash: u32) -> Option<&'static [u8; MEANING]> {
    let (rest, steps) = WORDS.row(hash)?.split_first()?;
    if *rest == hash as u8 { steps.first_chunk() } else { None }
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

/// Builds the table's bytes from words, each with its steps in the 128 directions. Of words that fall on one place, the first
/// stays.
///
/// # Errors
/// Names the first word that has another number of steps.
pub fn build_meaning(words: &[(String, Vec<i8>)]) -> Result<Vec<u8>, String> {
    let mut placed = Vec::new();
    for (word, steps) in words {
        if steps.len() != MEANING {
            return Err(format!("“{word}” has {} steps instead of {MEANING}", steps.len()));
        }
        let hash = hash_of(&word.chars().collect::<Vec<_>>(), Sort::Word);
        placed.push((hash >> (32 - BITS), hash as u8, steps));
    }
    placed.sort_by_key(|it| it.0);
    placed.dedup_by_key(|it| it.0);
    let places: Vec<u32> = placed.iter().map(|it| it.0).collect();
    let mut rows = Vec::with_capacity(placed.len() * WIDTH);
    for (_, rest, steps) in placed {
        rows.push(rest);
        rows.extend(steps.iter().map(|step| step.cast_unsigned()));
    }
    Ok(Table::new(BITS, WIDTH, &places, &rows).bytes.into_owned())
}
