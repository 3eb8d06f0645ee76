//! Training the names model. Reading files is the caller's (`examples/make_names.rs`).

use rustc_hash::FxHashMap;

use super::tokens::{Shape, Token, cut};
use super::{BITS, FEATURES, LIST_BYTES, LISTS, MAGIC, Names, OF_PERSONS, SMALL, list_place};
use crate::learn::Dice;

/// How far right an answer must be, in weights, to change nothing.
const MARGIN: f32 = 1.0;
/// Passes over the examples.
const PASSES: usize = 12;
/// A word is one that people write small when it was seen so, so often.
const LEAST_SMALL: u32 = 3;
/// One weight in so many is cut to what a byte holds, so that the others keep their differences.
const CUT: usize = 1000;
/// Of ten texts, how many are read without lists, and of ten answers, how many of the model's own lead to the next.
const UNLISTED: usize = 7;
const OWN: usize = 2;

/// A text with the names in it.
#[derive(Debug, Clone)]
pub struct Example {
    /// The text.
    pub text: String,
    /// Bytes of each name.
    pub names: Vec<(usize, usize)>,
    /// Whether every name is marked; otherwise words of the lists may or may not be names, and teach nothing.
    pub complete: bool,
}

/// Trains a model; `lists` are first names, last names, places. The same examples in the same order give the same bytes.
pub fn train(lists: [&[String]; SMALL], examples: &[Example], seed: u64) -> Names {
    let mut names = Names { bytes: empty(lists, examples) };
    let mut dice = Dice::new(seed);
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut weights = Weights { now: vec![0.0; 1 << BITS], past: vec![0.0; 1 << BITS], step: 1.0 };
    let mut tokens = Vec::new();
    for _ in 0..PASSES {
        dice.shuffle(&mut order);
        for at in &order {
            cut(&examples[*at].text, &mut tokens);
            weights.learn(&names, &examples[*at], &tokens, &mut dice);
        }
    }
    let averaged: Vec<f32> =
        weights.now.iter().zip(&weights.past).map(|(now, past)| now - past / weights.step).collect();
    let mut sizes: Vec<f32> = averaged.iter().map(|weight| weight.abs()).filter(|size| *size > 0.0).collect();
    sizes.sort_by(f32::total_cmp);
    let most = sizes.get(sizes.len() - sizes.len() / CUT).copied().unwrap_or(1.0);
    names.bytes.truncate(MAGIC.len() + LISTS * LIST_BYTES);
    names.bytes.extend(averaged.iter().map(|weight| (weight / most * 127.0).round().clamp(-127.0, 127.0) as i8 as u8));
    names
}

/// A file whose lists are filled and whose weights are not.
fn empty(lists: [&[String]; SMALL], examples: &[Example]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.resize(MAGIC.len() + LISTS * LIST_BYTES + (1 << BITS), 0);
    let mut tokens = Vec::new();
    for (list, names) in lists.into_iter().enumerate() {
        for name in names {
            cut(name, &mut tokens);
            for token in tokens.iter().filter(|it| it.may_be() && it.to - it.from > 2) {
                let (byte, bit) = list_place(list, token);
                bytes[byte] |= 1 << bit;
            }
        }
    }
    let mut times: FxHashMap<u32, u32> = FxHashMap::default();
    for example in examples {
        cut(&example.text, &mut tokens);
        for token in tokens.iter().filter(|it| it.shape == Shape::Small) {
            let seen = times.entry(token.word).or_default();
            *seen += 1;
            if *seen == LEAST_SMALL {
                let (byte, bit) = list_place(SMALL, token);
                bytes[byte] |= 1 << bit;
            }
        }
    }
    bytes
}

/// Weights as they are, and what makes their average over all steps.
struct Weights {
    now: Vec<f32>,
    past: Vec<f32>,
    step: f32,
}

impl Weights {
    fn learn(&mut self, names: &Names, example: &Example, tokens: &[Token], dice: &mut Dice) {
        let listed = dice.below(10) >= UNLISTED;
        let mut before = false;
        for (at, token) in tokens.iter().enumerate() {
            let (from, to) = (token.from as usize, token.to as usize);
            let right = example.names.iter().any(|(first, past)| *first <= from && to <= *past);
            if !token.may_be() {
                before = right;
                continue;
            }
            if !example.complete && names.lists(token) & OF_PERSONS != 0 {
                before = false;
                continue;
            }
            let mut hashes = [0; FEATURES];
            names.features(tokens, at, before, listed, &mut hashes);
            let places = hashes.map(|hash| (hash >> (32 - BITS)) as usize);
            let sum: f32 = places.iter().map(|place| self.now[*place]).sum();
            let sign = if right { 1.0 } else { -1.0 };
            if sum * sign <= MARGIN {
                for place in places {
                    self.now[place] += sign;
                    self.past[place] += sign * self.step;
                }
            }
            self.step += 1.0;
            before = if dice.below(10) < OWN { sum > 0.0 } else { right };
        }
    }
}
