//! What one reader remembers of words. The pieces of a word say the same wherever the word stands, and a few thousand words
//! make up most of what people write: their sums are kept. A word may lie in either of two places of its hash, and takes that of
//! the word that was asked for longer ago, so that a rare word does not drive out a common one.

use super::grams::Grams;
use super::together::{MOST, Together};
use crate::features::{MOST_PIECES, Sort, pieces};
use crate::head::Head;

/// Pairs of words that are remembered.
const PAIRS: usize = 1 << 13;
/// Characters of a word that can be.
const LONGEST: usize = 16;

const _: () = assert!(MOST_PIECES <= MOST, "the sums of a word fit in 16 bits");

/// Sums of the pieces of words.
#[derive(Debug, Default)]
pub(super) struct Known {
    stamp: u64,
    width: usize,
    squares: usize,
    languages: usize,
    forms: Vec<[char; LONGEST]>,
    /// Which of each pair was asked for last.
    last: Vec<u8>,
    of: Vec<u16>,
    weights: Vec<i16>,
    of_parts: Vec<u32>,
    costs: Vec<u16>,
    hashes: Vec<u32>,
}

/// What a word's pieces add up to.
pub(super) struct Word<'k> {
    pub weights: &'k [i16],
    pub squares: &'k [u32],
    /// What its letters cost in each language, in sixteenths, and how many there are; of words alone.
    pub costs: &'k [u16],
    pub letters: u32,
}

impl Known {
    /// Forgets everything that another panel said.
    pub(super) fn fit(&mut self, stamp: u64, together: &Together, languages: usize) {
        if self.stamp == stamp && !self.forms.is_empty() {
            return;
        }
        let (width, squares) = (together.width, together.squares);
        // One place more, for what is too long to be remembered.
        let places = 2 * PAIRS + 1;
        *self = Self {
            stamp,
            width,
            squares,
            languages,
            forms: vec![['\0'; LONGEST]; places],
            last: vec![0; PAIRS],
            of: vec![0; places],
            weights: vec![0; places * width],
            of_parts: vec![0; places * squares],
            costs: vec![0; places * languages],
            hashes: Vec::with_capacity(MOST_PIECES),
        };
    }

    /// The sums of a run of characters, remembered or summed up now.
    pub(super) fn word(
        &mut self,
        form: &[char],
        sort: Sort,
        hash: u32,
        (heads, together, grams): (&[Head], &Together, &Grams),
    ) -> Word<'_> {
        let mut key = ['\0'; LONGEST];
        let short = form.len() <= LONGEST && sort != Sort::Dense;
        if short {
            key[..form.len()].copy_from_slice(form);
        }
        let place = if short { self.place(&key, hash) } else { 2 * PAIRS };
        if !short || self.forms[place] != key {
            self.forms[place] = key;
            self.hashes.clear();
            pieces(form, sort, |piece| self.hashes.push(piece));
            let (weights, squares) = (self.width * place, self.squares * place);
            let weights = &mut self.weights[weights..][..self.width];
            together.sum(heads, 1, &self.hashes, weights, &mut self.of_parts[squares..][..self.squares]);
            let costs = &mut self.costs[self.languages * place..][..self.languages];
            self.of[place] = if sort == Sort::Dense { 0 } else { grams.word(form, costs) };
        }
        Word {
            weights: &self.weights[self.width * place..][..self.width],
            squares: &self.of_parts[self.squares * place..][..self.squares],
            costs: &self.costs[self.languages * place..][..self.languages],
            letters: u32::from(self.of[place]),
        }
    }

    /// Where a word lies, or where it comes to lie.
    fn place(&mut self, key: &[char; LONGEST], hash: u32) -> usize {
        let pair = hash as usize >> (32 - PAIRS.trailing_zeros());
        let last = &mut self.last[pair];
        if self.forms[2 * pair + usize::from(*last)] != *key {
            *last = 1 - *last;
        }
        2 * pair + usize::from(*last)
    }
}
