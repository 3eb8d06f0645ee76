//! One pass over a text gives every feature that every head looks at.
//!
//! A feature is a 32-bit hash with the bytes it comes from. There are three groups; a head weighs each group by itself:
//! words (1–3-grams, words within a negation's reach, words by how they are written), characters (3–5-grams within
//! tokens), and shape (counts in steps, a valence lexicon, emoji, marks, length). The hashing is that of Weinberger et al. 2009 without the
//! sign trick; negation reaches to the next mark that ends a clause (Pang et al. 2002).

mod meaning;
mod tokens;
mod valence;

use std::ops::Range;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

pub use meaning::{MEANING, build_meaning};
pub(crate) use meaning::{inputs, product};
pub use tokens::MOST_CHARS;
pub(crate) use tokens::{Sort, Token, Tokens};

/// The name of this set of features; a head only works with the set that it was trained on.
pub const FEATURES: &str = "features-1";
/// The same, and what words mean.
pub const WITH_MEANING: &str = "features-1+meaning-2";

/// Words, characters, shape.
pub const GROUPS: usize = 3;

/// Longest n-gram of characters, and shortest.
const LONGEST: usize = 5;
const SHORTEST: usize = 3;

/// A feature: its hash, its group, and the tokens it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feature {
    /// Where a head's table keeps its weights, by the upper bits.
    pub hash: u32,
    /// 0 words, 1 characters, 2 shape.
    pub group: u8,
    /// First of the tokens that it comes from, in the text's order.
    pub first: u32,
    /// The token after the last; equal to `first` for what belongs to no place.
    pub past: u32,
}

/// Reads texts; keeps its buffers from one to the next, so that the steady state allocates nothing.
#[derive(Debug, Default)]
pub struct Extractor {
    pub(crate) tokens: Tokens,
    features: Vec<Feature>,
    pub(crate) hashes: Vec<u32>,
    negations: Vec<bool>,
    meant: meaning::Meant,
}

impl Extractor {
    /// An extractor with empty buffers.
    pub fn new() -> Self {
        Self::default()
    }

    /// The features of a text; of its first [`MOST_CHARS`] characters, if it is longer. Words come first, then
    /// characters, then shape.
    pub fn read(&mut self, text: &str) -> &[Feature] {
        self.cut(text);
        self.words();
        self.characters();
        self.shape(text);
        &self.features
    }

    /// The same without the characters' features, which a reader of many heads sums up word by word ([`pieces`]).
    pub(crate) fn read_words(&mut self, text: &str) {
        self.cut(text);
        self.words();
        self.shape(text);
    }

    /// The features of the text that was read last.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The bytes of the text that a feature comes from; an empty range for what belongs to no place.
    pub fn bytes(&self, feature: &Feature) -> Range<usize> {
        let tokens = &self.tokens.list[feature.first as usize..feature.past as usize];
        match (tokens.first(), tokens.last()) {
            (Some(first), Some(last)) => first.from as usize..last.to as usize,
            _ => 0..0,
        }
    }

    fn cut(&mut self, text: &str) {
        self.tokens.cut(text);
        self.features.clear();
        self.hashes.clear();
        self.negations.clear();
        for token in &self.tokens.list {
            let form = self.tokens.form(token);
            let hash = hash_of(form, token.sort);
            self.hashes.push(hash);
            self.negations.push(token.sort == Sort::Word && is_negation(form, hash));
        }
    }

    fn push(&mut self, hash: u32, group: u8, first: usize, past: usize) {
        self.features.push(Feature { hash, group, first: first as u32, past: past as u32 });
    }

    /// Words alone, in twos and threes, and again with a sign of the negation before them.
    fn words(&mut self) {
        let mut negated = 0u32;
        for at in 0..self.tokens.list.len() {
            let token = self.tokens.list[at];
            let (one, past) = (self.hashes[at], at + 1);
            self.push(mix(one, 1), 0, at, past);
            if token.shouted {
                self.push(mix(one, 2), 0, at, past);
            }
            if at > 0 {
                self.push(mix(self.hashes[at - 1], one ^ 0x5bd1_e995), 0, at - 1, past);
            }
            if at > 1 {
                let skip = mix(self.hashes[at - 2], one ^ 0x2545_f491);
                self.push(skip, 0, at - 2, past);
                self.push(mix(skip, self.hashes[at - 1]), 0, at - 2, past);
            }
            if token.sort == Sort::Marks && ends_clause(self.tokens.form(&token)) {
                negated = 0;
            } else if negated > 0 && matches!(token.sort, Sort::Word | Sort::Tag | Sort::Dense) {
                negated -= 1;
                self.push(mix(one, 3), 0, at, past);
            }
            if self.negations[at] {
                negated = 4;
            }
        }
    }

    /// N-grams of characters of each token with its borders. Runs of dense characters count as one token.
    fn characters(&mut self) {
        let mut at = 0;
        while let Some(run) = self.tokens.run(at) {
            let (first, past) = (run.start as u32, run.end as u32);
            let features = &mut self.features;
            pieces(self.tokens.forms(&run), self.tokens.list[run.start].sort, |hash| {
                features.push(Feature { hash, group: 1, first, past });
            });
            at = run.end;
        }
    }

    fn shape(&mut self, text: &str) {
        let mut counts = [0u32; COUNTS];
        let mut valence = valence::Sum::default();
        let mut negated = 0u32;
        for (at, token) in self.tokens.list.iter().enumerate() {
            let form = self.tokens.form(token);
            count(&mut counts, token, form);
            let word = if token.sort == Sort::Tag { hash_of(form, Sort::Word) } else { self.hashes[at] };
            valence.take(word, token, negated > 0);
            negated = if self.negations[at] { 4 } else { negated.saturating_sub(1) };
        }
        counts[0] = self.tokens.list.len() as u32;
        counts[10] = u32::from(text.len() > 140);
        for (which, n) in counts.into_iter().enumerate() {
            let step = 32 - n.leading_zeros();
            self.push(mix(0xc0_0000 + which as u32, step), 2, 0, 0);
        }
        for (which, step) in valence.steps().into_iter().enumerate() {
            self.push(mix(0xc1_0000 + which as u32, step), 2, 0, 0);
        }
        if let [first, .., last] | [first @ last] = *self.hashes.as_slice() {
            let past = self.hashes.len();
            self.push(mix(last, 5), 2, past - 1, past);
            self.push(mix(first, 6), 2, 0, 1);
        }
    }
}

/// Characters of a run whose pieces are features, with its borders.
const MAX_WINDOW: usize = 72;
/// Pieces of one run at most.
pub(crate) const MOST_PIECES: usize = MAX_WINDOW * (LONGEST - SHORTEST + 1);
const COUNTS: usize = 12;

fn count(counts: &mut [u32; COUNTS], token: &Token, form: &[char]) {
    match token.sort {
        Sort::Word => counts[1] += 1,
        Sort::Tag => counts[2] += 1,
        Sort::Handle => counts[3] += 1,
        Sort::Address => counts[4] += 1,
        Sort::Number => counts[5] += 1,
        Sort::Emoji => counts[6] += 1,
        Sort::Marks if form.contains(&'!') => counts[7] += 1,
        Sort::Marks if form.contains(&'?') => counts[8] += 1,
        Sort::Marks if form.len() > 1 => counts[9] += 1,
        Sort::Marks | Sort::Dense => {}
    }
    counts[10] += u32::from(token.stretched);
    counts[11] += u32::from(token.shouted);
}

/// Calls with the hash of every n-gram of a run's characters with its borders; none for marks, emoji and names.
pub(crate) fn pieces(form: &[char], sort: Sort, mut each: impl FnMut(u32)) {
    let (low, high) = match sort {
        Sort::Word | Sort::Tag | Sort::Number => (SHORTEST, LONGEST),
        Sort::Dense => (1, 3),
        Sort::Handle | Sort::Address | Sort::Emoji | Sort::Marks => return,
    };
    let mut window = [0u32; MAX_WINDOW];
    let used = fill(&mut window, form);
    for start in 0..used {
        let mut hash = 0x811c_9dc5u32;
        for (length, c) in window[start..used].iter().take(high).enumerate() {
            hash = mix(hash, *c);
            if length + 1 >= low {
                each(mix(hash, 11));
            }
        }
    }
}

/// The token's characters with a border on both sides.
fn fill(window: &mut [u32; MAX_WINDOW], form: &[char]) -> usize {
    let taken = form.len().min(MAX_WINDOW - 2);
    window[0] = 32;
    for (place, c) in window[1..].iter_mut().zip(&form[..taken]) {
        *place = u32::from(*c);
    }
    window[taken + 1] = 32;
    taken + 2
}

/// Mixes a value into a hash (the finaliser of MurmurHash3, one round).
pub(crate) fn mix(hash: u32, value: u32) -> u32 {
    let mut h = (hash ^ value.wrapping_mul(0xcc9e_2d51)).wrapping_mul(0x85eb_ca6b);
    h ^= h >> 13;
    h = h.wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

fn hash_of(form: &[char], sort: Sort) -> u32 {
    let seed = if sort == Sort::Tag { 0x9747_b28c } else { 0x811c_9dc5 };
    form.iter().fold(seed, |hash, c| mix(hash, u32::from(*c)))
}

fn ends_clause(form: &[char]) -> bool {
    form.iter().any(|c| matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '…' | '。' | '，'))
}

/// Negations of the languages with sentiment data; `n't` ends English ones.
const NEGATIONS: &[&str] = &[
    "not", "no", "never", "without", "cannot", "cant", "dont", "wont", "isnt", "doesnt", "didnt", "nothing", "none",
    "neither", "nor", "ain't", "aint", "nicht", "kein", "keine", "keinen", "nie", "ohne", "pas", "jamais", "sans",
    "rien", "nunca", "sin", "nada", "não", "nao", "nem", "sem", "non", "mai", "senza", "nahi", "nahin", "ne", "bez",
    "لا", "لم", "لن", "ما", "ليس",
];

static NEGATION_HASHES: LazyLock<FxHashMap<u32, &str>> = LazyLock::new(|| {
    let hash = |word: &str| hash_of(&word.chars().collect::<Vec<_>>(), Sort::Word);
    NEGATIONS.iter().map(|word| (hash(word), *word)).collect()
});

fn is_negation(form: &[char], hash: u32) -> bool {
    form.ends_with(&['n', '\'', 't']) && form.len() > 3
        || NEGATION_HASHES.get(&hash).is_some_and(|word| word.chars().eq(form.iter().copied()))
}
