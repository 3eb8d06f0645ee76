//! The words of all queries, numbered, and where they are seen in one post.

use dandelion_post::words::{Kind, Token, Unfold, Words};
use rustc_hash::FxHashMap;

/// A numbered thing to look for: a whole word, the beginning of one, or a part of a dense run.
pub(crate) type Atom = u32;

/// All atoms of all queries.
#[derive(Debug, Default)]
pub(crate) struct Atoms {
    words: FxHashMap<Box<str>, Atom>,
    prefixes: FxHashMap<Box<str>, Atom>,
    prefix_lengths: Vec<usize>,
    dense: FxHashMap<char, Vec<(Box<str>, Atom)>>,
    costs: Vec<u32>,
}

/// One place where an atom stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sighting {
    pub atom: Atom,
    /// Number of the token; title and text leave a gap between them.
    pub position: u32,
    pub tag: bool,
    pub handle: bool,
    /// Bytes of the text; `None` in a title.
    pub span: Option<(u32, u32)>,
}

impl Atoms {
    /// Number of atoms so far.
    pub(crate) fn len(&self) -> usize {
        self.costs.len()
    }

    /// How common we expect the atom to be; only the order matters.
    pub(crate) fn cost(&self, atom: Atom) -> u32 {
        self.costs[atom as usize]
    }

    pub(crate) fn word(&mut self, word: &str) -> Atom {
        if let Some(atom) = self.words.get(word) {
            return *atom;
        }
        let atom = self.number(length_cost(word));
        self.words.insert(word.into(), atom);
        atom
    }

    pub(crate) fn prefix(&mut self, start: &str) -> Atom {
        if let Some(atom) = self.prefixes.get(start) {
            return *atom;
        }
        let atom = self.number(length_cost(start) * 4);
        self.prefixes.insert(start.into(), atom);
        if let Err(at) = self.prefix_lengths.binary_search(&start.len()) {
            self.prefix_lengths.insert(at, start.len());
        }
        atom
    }

    pub(crate) fn dense(&mut self, part: &str) -> Atom {
        let Some(first) = part.chars().next() else { return self.word(part) };
        if let Some((_, atom)) = self.dense.get(&first).into_iter().flatten().find(|(it, _)| **it == *part) {
            return *atom;
        }
        let atom = self.number(if part.chars().count() == 1 { 200 } else { 20 });
        self.dense.entry(first).or_default().push((part.into(), atom));
        atom
    }

    /// Finds every atom in the words of `text`; positions start at `first`.
    pub(crate) fn look(&self, text: &str, first: u32, title: bool, seen: &mut Vec<Sighting>) -> u32 {
        let words = Words::of(text);
        for (index, (token, word)) in words.iter().enumerate() {
            let span = token.span();
            let sighting = |atom| Sighting {
                atom,
                position: first + index as u32,
                tag: token.kind == Kind::Tag,
                handle: token.kind == Kind::Handle,
                span: (!title).then_some((span.start as u32, span.end as u32)),
            };
            if let Some(atom) = self.words.get(word) {
                seen.push(sighting(*atom));
            }
            self.look_for_prefixes(word, |atom| seen.push(sighting(atom)));
            if !self.dense.is_empty() && !word.is_ascii() {
                let start = name_start(text, token);
                let mut walk = Unfold::new(&text[start..span.end]);
                self.look_for_parts(word, |atom, part| {
                    let from = start + walk.place(part.start);
                    let to = start + walk.clone().place(part.end);
                    let span = (!title).then_some((from as u32, to as u32));
                    seen.push(Sighting { span, ..sighting(atom) });
                });
            }
        }
        first + words.len() as u32
    }

    fn look_for_prefixes(&self, word: &str, mut found: impl FnMut(Atom)) {
        for length in self.prefix_lengths.iter().take_while(|length| **length <= word.len()) {
            if let Some(atom) = word.get(..*length).and_then(|start| self.prefixes.get(start)) {
                found(*atom);
            }
        }
    }

    fn look_for_parts(&self, word: &str, mut found: impl FnMut(Atom, std::ops::Range<usize>)) {
        for (at, c) in word.char_indices() {
            for (part, atom) in self.dense.get(&c).into_iter().flatten() {
                if word[at..].starts_with(&**part) {
                    found(*atom, at..at + part.len());
                }
            }
        }
    }

    fn number(&mut self, cost: u32) -> Atom {
        self.costs.push(cost);
        self.costs.len() as u32 - 1
    }
}

/// Short words are common words.
fn length_cost(word: &str) -> u32 {
    match word.chars().count() {
        0..=2 => 200,
        3 => 80,
        4 => 40,
        5..=6 => 20,
        _ => 10,
    }
}

/// Where a token's word begins: after the sign of a tag or handle.
fn name_start(text: &str, token: &Token) -> usize {
    let span = token.span();
    let signed = matches!(token.kind, Kind::Tag | Kind::Handle);
    span.start + text[span].chars().next().filter(|_| signed).map_or(0, char::len_utf8)
}
