//! Words with wildcards and words at a small distance.
//!
//! Beginnings (`kettle*`) are found nearly like words, see [`super::beginnings`]. Every other
//! pattern is tried on every distinct word once, and what came of it is remembered for a while.

use super::beginnings::{Beginning, Beginnings, Four, Two};
use super::terms::TermId;
use crate::query::Sort;
use crate::words::Kind;
use crate::words::scan::{Entry, Scan};

/// The pattern as the text of a term.
pub(super) fn wild_key(sort: Sort, text: &str) -> Vec<u8> {
    key(sort, 0, text)
}

/// The same of a word and how far another may be from it.
pub(super) fn fuzzy_key(sort: Sort, text: &str, distance: u8) -> Vec<u8> {
    key(sort, distance, text)
}

fn key(sort: Sort, distance: u8, text: &str) -> Vec<u8> {
    let mut key = vec![sort as u8, distance];
    key.extend_from_slice(text.as_bytes());
    key
}

/// All patterns of a set of queries.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    /// Beginnings of four bytes or more.
    long: Beginnings<Four>,
    /// Shorter ones.
    short: Beginnings<Two>,
    others: Vec<Other>,
}

#[derive(Debug)]
struct Other {
    term: TermId,
    sort: u8,
    shape: Shape,
}

#[derive(Debug)]
enum Shape {
    Wild(Box<[char]>),
    Fuzzy { word: Box<[char]>, distance: usize, letters: u64 },
}

impl Patterns {
    /// From the keys of all terms that are patterns.
    pub(super) fn new<'k>(keys: impl Iterator<Item = (TermId, &'k [u8])>) -> Self {
        let mut patterns = Self::default();
        for (term, key) in keys {
            let [sort, distance, text @ ..] = key else { continue };
            patterns.add(term, *sort, *distance, text);
        }
        patterns.long.finish();
        patterns.short.finish();
        patterns
    }

    fn add(&mut self, term: TermId, sort: u8, distance: u8, text: &[u8]) {
        let stem = text.strip_suffix(b"*").filter(|stem| !stem.iter().any(|byte| matches!(byte, b'*' | b'?')));
        if let Some(stem) = stem.filter(|stem| distance == 0 && stem.len() >= 2) {
            return self.add_beginning(term, sort, stem);
        }
        let chars: Box<[char]> = String::from_utf8_lossy(text).chars().collect();
        let shape = match distance {
            0 => Shape::Wild(chars),
            _ => Shape::Fuzzy { letters: letters(&chars), word: chars, distance: usize::from(distance) },
        };
        self.others.push(Other { term, sort, shape });
    }

    fn add_beginning(&mut self, term: TermId, sort: u8, stem: &[u8]) {
        let mut padded = [0; 8];
        let inline = stem.len().min(8);
        padded[..inline].copy_from_slice(&stem[..inline]);
        let first = u64::from_le_bytes(padded);
        let beginning = Beginning { first, length: stem.len(), rest: stem[inline..].into(), term, sort };
        if stem.len() >= 4 { self.long.list.push(beginning) } else { self.short.list.push(beginning) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.long.list.is_empty() && self.short.list.is_empty() && self.others.is_empty()
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        let of = |shape: &Shape| match shape {
            Shape::Wild(chars) | Shape::Fuzzy { word: chars, .. } => chars.len() * 4,
        };
        let others: usize = self.others.iter().map(|it| size_of::<Other>() + of(&it.shape)).sum();
        self.long.bytes() + self.short.bytes() + others
    }

    /// Tells every pattern that some word fits, with the number of the entry.
    pub(super) fn look(&self, scan: &Scan, memory: &mut Memory, mut found: impl FnMut(TermId, usize)) {
        self.long.look(scan, &mut found);
        self.short.look(scan, &mut found);
        if !self.others.is_empty() {
            for (at, entry) in scan.entries.iter().enumerate() {
                if has_word(entry.kind) {
                    self.look_at_word(scan, entry, memory, |term| found(term, at));
                }
            }
        }
    }

    fn look_at_word(&self, scan: &Scan, entry: &Entry, memory: &mut Memory, mut found: impl FnMut(TermId)) {
        let word = scan.word(entry);
        let mut tell = |terms: &[(TermId, u8)]| {
            terms.iter().filter(|(_, sort)| fits(*sort, entry.kind)).for_each(|(term, _)| found(*term));
        };
        if word.len() > Memory::LONGEST {
            return tell(&self.try_all(word));
        }
        let place = memory.place(entry.hash);
        if place.as_ref().is_none_or(|known| &*known.word != word) {
            *place = Some(Known { word: word.into(), terms: self.try_all(word).into() });
        }
        tell(place.as_ref().map_or(&[], |known| &known.terms));
    }

    fn try_all(&self, word: &[u8]) -> Vec<(TermId, u8)> {
        let chars: Vec<char> = String::from_utf8_lossy(word).chars().collect();
        let seen = letters(&chars);
        let fits = |it: &&Other| match &it.shape {
            Shape::Wild(pattern) => wild(pattern, &chars),
            Shape::Fuzzy { word, distance, letters } => {
                word.len().abs_diff(chars.len()) <= *distance
                    && (letters ^ seen).count_ones() as usize <= 2 * distance
                    && is_within(word, &chars, *distance)
            }
        };
        self.others.iter().filter(fits).map(|it| (it.term, it.sort)).collect()
    }
}

fn has_word(kind: Kind) -> bool {
    matches!(kind, Kind::Word | Kind::Tag | Kind::Handle | Kind::Ticker)
}

/// Whether a pattern of this sort may fit a word of this kind.
pub(super) fn fits(sort: u8, kind: Kind) -> bool {
    match kind {
        Kind::Word => sort == Sort::Bare as u8,
        Kind::Tag => sort == Sort::Bare as u8 || sort == Sort::Tag as u8,
        Kind::Handle => sort == Sort::Bare as u8 || sort == Sort::Handle as u8,
        Kind::Ticker => sort == Sort::Bare as u8 || sort == Sort::Ticker as u8,
        Kind::Dense | Kind::Emoji | Kind::Address => false,
    }
}

/// What the words met lately fit. Each word has one place, so that memory is bounded and no choice of words is slow.
#[derive(Debug, Default)]
pub(super) struct Memory {
    places: Vec<Option<Known>>,
}

#[derive(Debug)]
struct Known {
    word: Box<[u8]>,
    terms: Box<[(TermId, u8)]>,
}

impl Memory {
    /// Longer words are not remembered, in bytes.
    const LONGEST: usize = 64;
    const BITS: u32 = 13;

    fn place(&mut self, hash: u64) -> &mut Option<Known> {
        if self.places.is_empty() {
            self.places.resize_with(1 << Self::BITS, || None);
        }
        &mut self.places[(hash >> (64 - Self::BITS)) as usize]
    }

    pub(super) fn forget(&mut self) {
        self.places.clear();
    }
}

/// `*` is any run of characters, also none; `?` is one.
fn wild(pattern: &[char], word: &[char]) -> bool {
    let (mut at, mut read, mut star) = (0, 0, None);
    while read < word.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(c) if *c == '?' || *c == word[read] => {
                at += 1;
                read += 1;
            }
            _ => match star {
                Some((from, taken)) => {
                    star = Some((from, taken + 1));
                    (at, read) = (from + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}

/// One bit a letter, modulo 64: each edit changes at most two.
fn letters(chars: &[char]) -> u64 {
    chars.iter().fold(0, |set, c| set | 1 << (*c as u32 & 63))
}

/// Whether the Damerau–Levenshtein distance (with transpositions of letters that other edits may stand between; Lowrance
/// and Wagner 1975) is at most `most`.
fn is_within(a: &[char], b: &[char], most: usize) -> bool {
    let (rows, columns) = (a.len() + 2, b.len() + 2);
    let far = a.len() + b.len();
    let mut table = vec![far; rows * columns];
    for i in 0..=a.len() {
        table[(i + 1) * columns + 1] = i;
    }
    for j in 0..=b.len() {
        table[columns + j + 1] = j;
    }
    for i in 1..=a.len() {
        let mut column = 0;
        for j in 1..=b.len() {
            let row = a[..i - 1].iter().rposition(|c| *c == b[j - 1]).map_or(0, |at| at + 1);
            let swap = table[row * columns + column] + (i - row - 1) + 1 + (j - column - 1);
            let same = a[i - 1] == b[j - 1];
            if same {
                column = j;
            }
            let change = table[i * columns + j] + usize::from(!same);
            let take = table[(i + 1) * columns + j].min(table[i * columns + j + 1]) + 1;
            table[(i + 1) * columns + j + 1] = change.min(take).min(swap);
        }
    }
    table[rows * columns - 1] <= most
}
