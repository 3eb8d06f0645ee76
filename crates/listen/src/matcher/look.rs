//! One post as the queries of one segment see it.

use std::cell::OnceCell;

use dandelion_post::Post;

use super::code::{self, Op};
use super::segment::Segment;
use super::terms::TermId;
use super::tree::Unit;
use crate::facts::Facts;
use crate::known::Known;
use crate::words::scan::Scan;

/// A term that stands at an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    pub term: TermId,
    pub entry: u32,
}

/// What is known of the post while its candidates are judged.
pub(super) struct Look<'a> {
    pub segment: &'a Segment,
    pub scan: &'a Scan,
    /// Number of entries that belong to the title.
    pub titles: u32,
    /// Bit set over terms.
    pub seen: &'a [u64],
    pub found: &'a [Found],
    pub post: &'a Post,
    pub facts: &'a Facts<'a>,
    places: OnceCell<Places>,
    known: OnceCell<Known<'a>>,
}

/// The found terms in order, made only when a phrase or nearness asks.
struct Places {
    terms: Vec<Found>,
    entries: Vec<u32>,
}

impl<'a> Look<'a> {
    pub(super) fn new(
        segment: &'a Segment,
        (scan, titles): (&'a Scan, u32),
        (seen, found): (&'a [u64], &'a [Found]),
        (post, facts): (&'a Post, &'a Facts<'a>),
    ) -> Self {
        let (places, known) = (OnceCell::new(), OnceCell::new());
        Self { segment, scan, titles, seen, found, post, facts, places, known }
    }

    /// Whether the term stands anywhere.
    #[inline]
    pub(super) fn has(&self, term: TermId) -> bool {
        self.seen.get(term as usize / 64).is_some_and(|bits| bits >> (term % 64) & 1 == 1)
    }

    /// Whether all of some clauses are true of the post.
    #[inline]
    pub(super) fn all_hold(&self, mut clauses: &[u32]) -> bool {
        // The first clause is mostly a group of words, and mostly false.
        while let [word, rest @ ..] = clauses {
            let (body, after) = rest.split_at(code::length(*word).min(rest.len()));
            if !self.holds(Op::of(*word), body) {
                return false;
            }
            clauses = after;
        }
        true
    }

    /// Whether a node is true of the post.
    pub(super) fn holds(&self, op: Op, body: &[u32]) -> bool {
        let holds = |(op, body)| self.holds(op, body);
        match op {
            // Without leaving early: the terms are few, and where to stop cannot be guessed.
            Op::Any | Op::Hint if body.len() <= 16 => body.iter().fold(false, |any, term| any | self.has(*term)),
            Op::Any | Op::Hint => body.iter().any(|term| self.has(*term)),
            Op::All => body.iter().all(|term| self.has(*term)),
            Op::And => code::nodes(body).all(holds),
            Op::Or => code::nodes(body).any(holds),
            Op::Not => !code::nodes(body).any(holds),
            Op::Phrase | Op::Near => self.stands_simply(op, body).unwrap_or_else(|| self.stands(op, body)),
            Op::Test => body.first().is_some_and(|test| self.passes(*test)),
        }
    }

    /// The entries of a term, in order.
    pub(super) fn entries_of(&self, term: TermId) -> &[u32] {
        let places = self.places.get_or_init(|| {
            let mut terms = self.found.to_vec();
            terms.sort_unstable();
            let entries = terms.iter().map(|it| it.entry).collect();
            Places { terms, entries }
        });
        let from = places.terms.partition_point(|it| it.term < term);
        let count = places.terms[from..].partition_point(|it| it.term == term);
        &places.entries[from..from + count]
    }

    pub(super) fn is_title(&self, entry: u32) -> bool {
        entry < self.titles
    }

    /// Whether the entry is written with exactly the letters the unit names, if it names any.
    pub(super) fn is_exact(&self, entry: u32, unit: Unit) -> bool {
        let Some(letters) = unit.exact.map(|number| self.segment.exact(number)) else { return true };
        let Known { title, text, .. } = self.known();
        let token = if self.is_title(entry) {
            title.iter().nth(entry as usize)
        } else {
            text.iter().nth((entry - self.titles) as usize)
        };
        token.is_some_and(|token| token.exact == letters)
    }

    /// The post with its words as the careful rules cut them, made only when something asks for more than terms.
    fn known(&self) -> &Known<'a> {
        self.known.get_or_init(|| Known::of(self.post, self.facts))
    }

    fn passes(&self, test: u32) -> bool {
        self.segment.test(test).is_some_and(|leaf| self.known().holds(leaf))
    }
}
