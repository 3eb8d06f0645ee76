//! All lists and the lexicon in one map from words to what they mean.

use std::collections::hash_map::Entry;

use dandelion_post::words::Kind;
use rustc_hash::FxHashMap;

use crate::Lexicon;
use crate::lists::{self, Language, Signal};

/// What a word or phrase means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    Listed { language: Language, signal: Signal, weight: u8 },
    Product(u32),
    Topic(u32),
}

/// A folded word's number.
pub(crate) type WordId = u32;
/// The number of every word the dictionary does not know.
pub(crate) const UNKNOWN: WordId = u32::MAX;

/// Texts with what each means.
type Parts = Vec<(Box<str>, Vec<Meaning>)>;

/// The compiled lists.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    words: FxHashMap<Box<str>, WordId>,
    known: Vec<Known>,
    /// Beginnings of words, by their first three bytes (fewer where they are shorter).
    beginnings: FxHashMap<[u8; 3], Parts>,
    dense: FxHashMap<char, Parts>,
}

/// What is known of a word.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The languages it speaks for, a bit for each.
    pub languages: u32,
    /// What it means alone.
    pub alone: Vec<Meaning>,
    /// The phrases it begins: the words that must follow, and what they mean together.
    pub phrases: Vec<(Vec<WordId>, Vec<Meaning>)>,
}

impl Dictionary {
    /// Compiles the lists and a lexicon.
    pub(crate) fn new(lexicon: &Lexicon) -> Self {
        let mut dictionary = Self::default();
        for entry in lists::all() {
            let (language, signal, weight) = (entry.language, entry.signal, entry.weight);
            dictionary.add(entry.text, Meaning::Listed { language, signal, weight });
        }
        for (index, product) in (0..).zip(&lexicon.products) {
            for name in std::iter::once(&product.name).chain(&product.aliases) {
                dictionary.add(name, Meaning::Product(index));
            }
        }
        for (index, topic) in (0..).zip(&lexicon.topics) {
            for word in &topic.words {
                dictionary.add(word, Meaning::Topic(index));
            }
        }
        dictionary
    }

    /// The number of a folded word.
    pub(crate) fn word(&self, word: &str) -> WordId {
        self.words.get(word).copied().unwrap_or(UNKNOWN)
    }

    /// What is known of a word by its number.
    pub(crate) fn known(&self, id: WordId) -> Option<&Known> {
        self.known.get(id as usize)
    }

    /// Calls with every meaning of a beginning of `word`.
    pub(crate) fn beginnings(&self, word: &str, mut found: impl FnMut(Meaning)) {
        let bytes = word.as_bytes();
        for length in 1..=bytes.len().min(3) {
            if length < 3 && self.has_no_short(bytes, length) {
                continue;
            }
            for (start, meanings) in self.beginnings.get(&key(&bytes[..length])).into_iter().flatten() {
                if word.starts_with(&**start) {
                    for meaning in meanings {
                        found(*meaning);
                    }
                }
            }
        }
    }

    /// Calls with every entry that stands in a dense run, and its bytes there.
    pub(crate) fn parts(&self, run: &str, mut found: impl FnMut(Meaning, std::ops::Range<usize>)) {
        for (at, c) in run.char_indices() {
            for (part, meanings) in self.dense.get(&c).into_iter().flatten() {
                if run[at..].starts_with(&**part) {
                    for meaning in meanings {
                        found(*meaning, at..at + part.len());
                    }
                }
            }
        }
    }

    /// Beginnings shorter than three bytes come only from lexicons, rarely.
    fn has_no_short(&self, bytes: &[u8], length: usize) -> bool {
        !self.beginnings.contains_key(&key(&bytes[..length]))
    }

    fn add(&mut self, text: &str, meaning: Meaning) {
        let (words, prefix) = lists::folded(text);
        let Some(((kind, first), rest)) = words.split_first() else { return };
        if rest.is_empty() && *kind == Kind::Dense {
            let Some(c) = first.chars().next() else { return };
            return put(self.dense.entry(c).or_default(), first, meaning);
        }
        if rest.is_empty() && prefix {
            return put(self.beginnings.entry(key(first.as_bytes())).or_default(), first, meaning);
        }
        let id = self.intern(first);
        let following: Vec<WordId> = rest.iter().map(|(_, word)| self.intern(word)).collect();
        let known = &mut self.known[id as usize];
        if following.is_empty() {
            note_language(known, meaning);
            known.alone.push(meaning);
            return;
        }
        match known.phrases.iter_mut().find(|(it, _)| *it == following) {
            Some((_, meanings)) => meanings.push(meaning),
            None => known.phrases.push((following, vec![meaning])),
        }
    }

    fn intern(&mut self, word: &str) -> WordId {
        match self.words.entry(word.into()) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(free) => {
                self.known.push(Known::default());
                *free.insert(self.known.len() as u32 - 1)
            }
        }
    }
}

fn note_language(known: &mut Known, meaning: Meaning) {
    if let Meaning::Listed { language, .. } = meaning
        && language != lists::ANY
    {
        known.languages |= 1 << language;
    }
}

fn put(list: &mut Parts, text: &str, meaning: Meaning) {
    match list.iter_mut().find(|(it, _)| **it == *text) {
        Some((_, meanings)) => meanings.push(meaning),
        None => list.push((text.into(), vec![meaning])),
    }
}

fn key(bytes: &[u8]) -> [u8; 3] {
    let mut key = [0; 3];
    for (to, from) in key.iter_mut().zip(bytes) {
        *to = *from;
    }
    key
}
