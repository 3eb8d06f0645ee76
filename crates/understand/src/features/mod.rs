//! One pass over a text gives every feature that every head looks at.
//!
//! A feature is a 32-bit hash with the bytes it comes from. There are three groups; a head weighs each group by itself:
//! words (1–3-grams, words within a negation's reach, words by how they are written), characters (3–5-grams within
//! tokens), and shape (counts in steps, a valence lexicon, emoji, marks, length). The hashing is that of Weinberger et al. 2009 without the
//! sign trick; negation reaches to the next mark that ends a clause (Pang et al. 2002).

mod tokens;
mod valence;

pub use tokens::MOST_CHARS;
pub(crate) use tokens::{Sort, Token, Tokens};

/// The name of this set of features; a head only works with the set that it was trained on.
pub const FEATURES: &str = "features-1";

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
    /// First byte of the text that it comes from.
    pub from: u32,
    /// The byte after the last; equal to `from` for what belongs to no place.
    pub to: u32,
}

/// Reads texts; keeps its buffers from one to the next, so that the steady state allocates nothing.
#[derive(Debug, Default)]
pub struct Extractor {
    pub(crate) tokens: Tokens,
    features: Vec<Feature>,
    hashes: Vec<u32>,
}

impl Extractor {
    /// An extractor with empty buffers.
    pub fn new() -> Self {
        Self::default()
    }

    /// The features of a text; of its first [`MOST_CHARS`] characters, if it is longer. Words come first, then
    /// characters, then shape.
    pub fn read(&mut self, text: &str) -> &[Feature] {
        self.tokens.cut(text);
        self.features.clear();
        self.words();
        self.characters();
        self.shape(text);
        &self.features
    }

    /// The features of the text that was read last.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    fn push(&mut self, hash: u32, group: u8, from: u32, to: u32) {
        self.features.push(Feature { hash, group, from, to });
    }

    /// Words alone, in twos and threes, and again with a sign of the negation before them.
    fn words(&mut self) {
        self.hashes.clear();
        for token in &self.tokens.list {
            self.hashes.push(hash_of(self.tokens.form(token), token.sort));
        }
        let mut negated = 0u32;
        for at in 0..self.tokens.list.len() {
            let token = self.tokens.list[at];
            let (one, from, to) = (self.hashes[at], token.from, token.to);
            self.push(mix(one, 1), 0, from, to);
            if token.shouted {
                self.push(mix(one, 2), 0, from, to);
            }
            if at > 0 {
                let before = self.tokens.list[at - 1].from;
                self.push(mix(self.hashes[at - 1], one ^ 0x5bd1_e995), 0, before, to);
            }
            if at > 1 {
                let before = self.tokens.list[at - 2].from;
                let skip = mix(self.hashes[at - 2], one ^ 0x2545_f491);
                self.push(skip, 0, before, to);
                self.push(mix(skip, self.hashes[at - 1]), 0, before, to);
            }
            let form = self.tokens.form(&token);
            if token.sort == Sort::Marks && ends_clause(form) {
                negated = 0;
            } else if negated > 0 && matches!(token.sort, Sort::Word | Sort::Tag | Sort::Dense) {
                negated -= 1;
                self.push(mix(one, 3), 0, from, to);
            }
            if token.sort == Sort::Word && is_negation(self.tokens.form(&token)) {
                negated = 4;
            }
        }
    }

    /// N-grams of characters of each token with its borders. Runs of dense characters count as one token.
    fn characters(&mut self) {
        let list = &self.tokens.list;
        let mut at = 0;
        let mut window = [0u32; MAX_WINDOW];
        while at < list.len() {
            let first = list[at];
            let mut last = at;
            if first.sort == Sort::Dense {
                while last + 1 < list.len() && list[last + 1].sort == Sort::Dense && last - at < MAX_WINDOW - 4 {
                    last += 1;
                }
            }
            let form = &self.tokens.chars[first.start as usize..list[last].end as usize];
            if matches!(first.sort, Sort::Word | Sort::Tag | Sort::Dense | Sort::Number) {
                let used = fill(&mut window, form);
                let (low, high) = if first.sort == Sort::Dense { (1, 3) } else { (SHORTEST, LONGEST) };
                for start in 0..used {
                    let mut hash = 0x811c_9dc5u32;
                    for (length, c) in window[start..used].iter().take(high).enumerate() {
                        hash = mix(hash, *c);
                        if length + 1 >= low {
                            self.features.push(Feature {
                                hash: mix(hash, 11),
                                group: 1,
                                from: first.from,
                                to: list[last].to,
                            });
                        }
                    }
                }
            }
            at = last + 1;
        }
    }

    fn shape(&mut self, text: &str) {
        let mut counts = [0u32; COUNTS];
        let mut valence = valence::Sum::default();
        let mut negated = 0u32;
        for token in &self.tokens.list {
            count(&mut counts, token, self.tokens.form(token));
            let form = self.tokens.form(token);
            valence.take(form, token, negated > 0);
            negated = if token.sort == Sort::Word && is_negation(form) { 4 } else { negated.saturating_sub(1) };
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
        if let Some(last) = self.tokens.list.last().copied() {
            let one = self.hashes[self.tokens.list.len() - 1];
            self.push(mix(one, 5), 2, last.from, last.to);
            let first = self.tokens.list[0];
            self.push(mix(self.hashes[0], 6), 2, first.from, first.to);
        }
    }
}

const MAX_WINDOW: usize = 72;
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
fn is_negation(form: &[char]) -> bool {
    const WORDS: &[&str] = &[
        "not", "no", "never", "without", "cannot", "cant", "dont", "wont", "isnt", "doesnt", "didnt", "nothing",
        "none", "neither", "nor", "ain't", "aint", "nicht", "kein", "keine", "keinen", "nie", "ohne", "pas", "jamais",
        "sans", "rien", "nunca", "sin", "nada", "não", "nao", "nem", "sem", "non", "mai", "senza", "nahi", "nahin",
        "ne", "bez", "لا", "لم", "لن", "ما", "ليس",
    ];
    if form.len() > 3 && form[form.len() - 3..] == ['n', '\'', 't'] {
        return true;
    }
    form.len() <= 7 && WORDS.iter().any(|word| word.chars().eq(form.iter().copied()))
}
