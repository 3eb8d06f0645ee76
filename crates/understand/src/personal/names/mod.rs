//! Names of persons, by a small sequence model: each word with a capital is or is not part of a name, as its letters,
//! its neighbours, lists of names and the answer before it say; weights of hashed features by the averaged perceptron
//! (Freund & Schapire 1999, Collins 2002). Names without capitals are found only where a text holds no capitals at all.

mod learn;
mod tokens;

use std::sync::LazyLock;

pub use learn::{Example, train};
use tokens::{BORDER, Shape, Token};

use super::{Kind, Span};
use crate::features::mix;

/// The model that is part of the program.
static SHIPPED: LazyLock<Option<Names>> =
    LazyLock::new(|| Names::from_bytes(include_bytes!("../../../models/names-2.bin").to_vec()));

const MAGIC: &[u8; 8] = b"DANDNAME";
/// Upper bits of a hash that choose a weight, and that choose a bit of a list.
const BITS: u32 = 18;
const LIST_BITS: u32 = 19;
/// Lists: first names, last names, places, and words that people write small.
const LISTS: usize = 4;
const SMALL: usize = 3;
/// Bits of the lists of first and last names.
const OF_PERSONS: u32 = 3;
const LIST_BYTES: usize = 1 << (LIST_BITS - 3);
/// What the weights of a word must be more than, to open a name and to go on with one; higher finds fewer names and takes fewer
/// other words for one.
const LEAST: i32 = 20;
const LEAST_ON: i32 = -20;
/// Features of one word.
const FEATURES: usize = 27;
/// Words with a capital that stand side by side, looked at before and after a word.
const RUN: usize = 4;

/// A model that finds names: the magic, the lists as maps of bits, then a weight of one byte a hash.
#[derive(Debug, Clone)]
pub struct Names {
    bytes: Vec<u8>,
}

/// Adds the names of a text.
pub(super) fn find(text: &str, spans: &mut Vec<Span>) {
    if let Some(names) = &*SHIPPED {
        names.find(text, spans);
    }
}

impl Names {
    /// Reads a file; `None` where it is none.
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let whole = MAGIC.len() + LISTS * LIST_BYTES + (1 << BITS);
        (bytes.starts_with(MAGIC) && bytes.len() == whole).then_some(Self { bytes })
    }

    /// The file's bytes.
    pub fn to_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds the names of a text, in order.
    pub fn find(&self, text: &str, spans: &mut Vec<Span>) {
        let mut tokens = Vec::with_capacity(text.len() / 4 + 4);
        tokens::cut(text, &mut tokens);
        let (mut named, mut open): (bool, Option<Span>) = (false, None);
        for at in 0..tokens.len() {
            named = self.is_named(text, &tokens, at, named);
            let token = &tokens[at];
            let (from, to) = (token.from as usize, token.to as usize);
            match &mut open {
                Some(span) if named && text[span.to..from].chars().all(|c| c == ' ') => span.to = to,
                _ => {
                    spans.extend(open.take().filter(|span| is_whole(text, span)));
                    open = named.then_some(Span { kind: Kind::Name, from, to });
                }
            }
        }
        spans.extend(open.filter(|span| is_whole(text, span)));
    }

    fn is_named(&self, text: &str, tokens: &[Token], at: usize, before: bool) -> bool {
        let token = &tokens[at];
        let written = |token: &Token| &text[token.from as usize..token.to as usize];
        if token.may_be() {
            // A word before a colon says what follows ("Handy: 0664 …").
            if !before && tokens.get(at + 1).is_some_and(|next| written(next) == ":") {
                return false;
            }
            // Without a capital, only a word of the lists opens a name, and none that says what number follows ("ssn 853…").
            if !before && token.shape == Shape::Low {
                let numbered = tokens.get(at + 1).is_some_and(|next| next.shape == Shape::Digits);
                if numbered || self.lists(token) & OF_PERSONS == 0 {
                    return false;
                }
            }
            let mut hashes = [0; FEATURES];
            self.features(tokens, at, before, true, &mut hashes);
            return hashes.iter().map(|hash| self.weight(*hash)).sum::<i32>() > if before { LEAST_ON } else { LEAST };
        }
        // The dot of an initial, and `de` or `van`, lie within a name where a capital follows.
        let goes_on = before && tokens.get(at + 1).is_some_and(Token::may_be);
        let dot = written(token) == "." && at > 0 && tokens[at - 1].shape == Shape::Initial;
        goes_on && (dot || token.joins)
    }

    fn weight(&self, hash: u32) -> i32 {
        let at = MAGIC.len() + LISTS * LIST_BYTES + (hash >> (32 - BITS)) as usize;
        i32::from(self.bytes[at] as i8)
    }

    /// Which lists hold a word, a bit for each.
    fn lists(&self, token: &Token) -> u32 {
        (0..LISTS).fold(0, |all, list| {
            let (byte, bit) = list_place(list, token);
            all | u32::from(self.bytes[byte] >> bit & 1) << list
        })
    }

    /// The features of a word by its neighbours; without lists where training leaves them out.
    fn features(&self, tokens: &[Token], at: usize, before: bool, listed: bool, hashes: &mut [u32; FEATURES]) {
        let near = |back: usize, on: usize| {
            let place = (at + on).checked_sub(back);
            place.and_then(|place| tokens.get(place)).unwrap_or(&BORDER)
        };
        let (own, one, two, next, second) = (near(0, 0), near(1, 0), near(2, 0), near(0, 1), near(0, 2));
        let shape = |token: &Token| token.shape as u32;
        let lists = |token: &Token| if listed && token.may_be() { self.lists(token) } else { 16 };
        let (before, opens) = (u32::from(before), u32::from(one.ends));
        let (of_own, of_one, of_next) = (lists(own), lists(one), lists(next));
        let (first, last) = run(tokens, at);
        let around = |place: Option<usize>| place.and_then(|place| tokens.get(place)).unwrap_or(&BORDER);
        let (leads, follows) = (around(first.checked_sub(1)), around(Some(last + 1)));
        let (beyond, heads) = (around(Some(last + 2)), around(first.checked_sub(2)));
        let ends = around(Some(last));
        let place = ((at - first) as u32) << 3 | (last - at) as u32;
        let digits = |token: &Token| u32::from(token.shape == Shape::Digits);
        let numbers = digits(heads) << 3 | digits(leads) << 2 | digits(follows) << 1 | digits(beyond);
        *hashes = [
            before,
            shape(own),
            own.word,
            one.word,
            next.word,
            mix(two.word, one.word),
            mix(next.word, second.word),
            shape(own) << 8 | shape(one) << 4 | shape(next),
            own.pieces[0],
            own.pieces[1],
            own.pieces[2],
            own.pieces[3],
            two.word,
            second.word,
            before << 8 | shape(own) << 4 | shape(next),
            mix(one.word, before),
            opens << 4 | shape(own),
            of_own,
            of_own << 5 | of_next,
            of_own << 6 | of_one << 1 | before,
            of_own << 1 | opens,
            of_own << 8 | shape(next) << 4 | shape(one),
            place,
            mix(leads.word, place),
            mix(follows.word, place),
            mix(ends.word, place),
            numbers << 4 | shape(own),
        ];
        for (which, hash) in hashes.iter_mut().enumerate() {
            *hash = mix(0x6e61_6d00 + which as u32, *hash);
        }
    }
}

/// The first and last of the words with capitals that stand beside a word.
fn run(tokens: &[Token], at: usize) -> (usize, usize) {
    let before = tokens[..at].iter().rev().take(RUN).take_while(|it| it.may_be()).count();
    let after = tokens[at + 1..].iter().take(RUN).take_while(|it| it.may_be()).count();
    (at - before, at + after)
}

/// The byte and bit of a word in a list; small words count however they are written.
fn list_place(list: usize, token: &Token) -> (usize, usize) {
    let hash = if list == SMALL { token.word } else { token.written };
    let place = (hash >> (32 - LIST_BITS)) as usize;
    (MAGIC.len() + list * LIST_BYTES + place / 8, place % 8)
}

/// A letter alone is no name.
fn is_whole(text: &str, span: &Span) -> bool {
    text[span.from..span.to].chars().filter(|c| c.is_alphabetic()).count() > 1
}
