//! Queries compiled into one structure that is never changed: terms by hash, postings by term, programs by posting.

use std::sync::atomic::{AtomicU32, Ordering};

use super::code::{self, Head};
use super::look::{Found, Look};
use super::patterns::{Memory, Patterns};
use super::terms::{Domain, TermId};
use crate::query::Leaf;
use crate::words::Kind;
use crate::words::hash::{hash, load, mask};
use crate::words::scan::{Entry, Scan};

/// A posting with this bit is a query that its term decides alone; without, the place of a branch in the code.
pub(super) const DIRECT: u32 = 1 << 31;
/// A slot without a term.
pub(super) const EMPTY: TermId = TermId::MAX;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Segment {
    /// A bit for every hash that may be a term's.
    pub(super) filter: Vec<u64>,
    pub(super) filter_shift: u32,
    pub(super) slots: Vec<Slot>,
    pub(super) slot_shift: u32,
    /// One more than there are, to end the last one's postings.
    pub(super) terms: Vec<Term>,
    /// What terms have beyond eight bytes.
    pub(super) rest: Vec<u8>,
    pub(super) postings: Vec<u32>,
    pub(super) code: Vec<u32>,
    /// Branches that no term stands for: judged on every post.
    pub(super) always: Vec<u32>,
    /// Queries by their place, ordered.
    pub(super) numbers: Vec<i64>,
    pub(super) tests: Vec<Leaf>,
    pub(super) exacts: Vec<Box<str>>,
    pub(super) patterns: Patterns,
    /// Which fields have terms; bit by field.
    pub(super) fields: u32,
    /// In how many sampled posts each term stood.
    pub(super) counts: Vec<AtomicU32>,
    pub(super) sampled: AtomicU32,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub tag: u32,
    pub term: TermId,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Term {
    pub first: u64,
    pub length: u32,
    pub rest: u32,
    pub postings: u32,
    pub domain: Domain,
}

/// What a thread needs beside a segment; kept from post to post.
#[derive(Debug, Default)]
pub(super) struct State {
    pub seen: Vec<u64>,
    pub found: Vec<Found>,
    /// The terms found, each once.
    pub fresh: Vec<TermId>,
    pub memory: Memory,
}

impl Segment {
    /// Finds every term of the post.
    pub(super) fn resolve(&self, scan: &Scan, state: &mut State) {
        state.seen.resize(self.terms.len().div_ceil(64), 0);
        for (block, entries) in scan.entries.chunks(64).enumerate() {
            let (mut picked, mut count) = ([0_u8; 64], 0);
            for (at, entry) in entries.iter().enumerate() {
                picked[count & 63] = at as u8;
                count += usize::from(self.may_have(entry.hash));
            }
            for at in picked.iter().take(count) {
                let entry = &entries[usize::from(*at)];
                self.find(scan, entry, (block * 64) as u32 + u32::from(*at), Domain::WORD, state);
            }
        }
        for at in &scan.signed {
            self.find_signed(scan, *at, state);
        }
        if !self.patterns.is_empty() {
            let State { seen, found, fresh, memory } = state;
            self.patterns.look(scan, memory, |term, entry| {
                note(seen, fresh, term);
                found.push(Found { term, entry: entry as u32 });
            });
        }
    }

    fn find_signed(&self, scan: &Scan, at: u32, state: &mut State) {
        let entry = scan.entries[at as usize];
        let domain = match entry.kind {
            Kind::Tag => Domain::TAG,
            Kind::Handle => Domain::HANDLE,
            Kind::Ticker => Domain::TICKER,
            Kind::Dense if entry.adjacent && at > 0 => Domain::PAIR,
            _ => return,
        };
        let mut entry = entry;
        if domain == Domain::PAIR {
            let before = scan.entries[at as usize - 1];
            entry.at = before.at;
            entry.length += before.length;
            entry.hash = hash(&scan.folded, entry.at as usize, entry.length as usize);
        }
        entry.hash ^= domain.salt();
        if self.may_have(entry.hash) {
            self.find(scan, &entry, at, domain, state);
        }
    }

    #[inline]
    fn may_have(&self, hash: u64) -> bool {
        let bit = hash >> self.filter_shift;
        self.filter.get((bit / 64) as usize).is_some_and(|bits| bits >> (bit % 64) & 1 == 1)
    }

    #[inline]
    fn find(&self, scan: &Scan, entry: &Entry, at: u32, domain: Domain, state: &mut State) {
        if let Some(term) = self.term_of(&scan.folded, entry, domain) {
            note(&mut state.seen, &mut state.fresh, term);
            state.found.push(Found { term, entry: at });
        }
    }

    /// The term that has these bytes. The hash only says where to look.
    #[inline]
    fn term_of(&self, folded: &[u8], entry: &Entry, domain: Domain) -> Option<TermId> {
        let mut at = (entry.hash >> self.slot_shift) as usize;
        loop {
            let slot = self.slots.get(at)?;
            if slot.tag == entry.hash as u32 && slot.term != EMPTY && self.is_term(slot.term, folded, entry, domain) {
                return Some(slot.term);
            }
            if slot.term == EMPTY {
                return None;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    #[inline]
    fn is_term(&self, term: TermId, folded: &[u8], entry: &Entry, domain: Domain) -> bool {
        let (term, length) = (&self.terms[term as usize], entry.length as usize);
        let first = load(folded, entry.at as usize) & mask(length);
        term.first == first
            && term.length == entry.length
            && term.domain == domain
            && (length <= 8 || {
                let rest = term.rest as usize;
                let at = entry.at as usize;
                self.rest[rest..rest + length - 8] == folded[at + 8..at + length]
            })
    }

    /// Notes the terms of a value that is no word: a handle, a network, a language.
    pub(super) fn note_value(&self, domain: Domain, value: &[u8], state: &mut State) {
        let hash = crate::words::hash::hash_of(value) ^ domain.salt();
        if !self.may_have(hash) {
            return;
        }
        let mut padded = value.to_vec();
        padded.resize(value.len() + crate::words::hash::PADDING, 0);
        let entry = Entry::of_value(hash, value.len() as u32);
        if let Some(term) = self.term_of(&padded, &entry, domain) {
            note(&mut state.seen, &mut state.fresh, term);
        }
    }

    /// Tells every query that matches, by its place; one that matches for several reasons several times.
    pub(super) fn each_hit(&self, look: &Look, fresh: &[TermId], mut tell: impl FnMut(u32, Reason)) {
        for term in fresh {
            let (from, to) = (self.terms[*term as usize].postings, self.terms[*term as usize + 1].postings);
            for posting in &self.postings[from as usize..to as usize] {
                if posting & DIRECT != 0 {
                    tell(posting & !DIRECT, Reason::Term(*term));
                } else {
                    self.judge(look, *posting, false, &mut tell);
                }
            }
        }
        for branch in &self.always {
            self.judge(look, *branch, true, &mut tell);
        }
    }

    #[inline]
    fn judge(&self, look: &Look, branch: u32, from_start: bool, tell: &mut impl FnMut(u32, Reason)) {
        let Some((head, clauses)) = Head::read(&self.code, branch as usize) else { return };
        let decided = if from_start { 0 } else { head.decided as usize };
        if code::nodes(clauses.get(decided..).unwrap_or_default()).all(|(op, body)| look.holds(op, body)) {
            tell(head.query, Reason::Branch(branch));
        }
    }

    /// Counts what stood in one post, so that the next compaction knows how common the terms are.
    pub(super) fn count(&self, fresh: &[TermId]) {
        self.sampled.fetch_add(1, Ordering::Relaxed);
        for term in fresh {
            self.counts[*term as usize].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Tells every posting of a query that a term decides alone.
    pub(super) fn each_direct(&self, mut tell: impl FnMut(TermId, u32)) {
        for (term, pair) in (0..).zip(self.terms.windows(2)) {
            for posting in &self.postings[pair[0].postings as usize..pair[1].postings as usize] {
                if posting & DIRECT != 0 {
                    tell(term, posting & !DIRECT);
                }
            }
        }
    }

    /// Tells every branch with its clauses.
    pub(super) fn each_branch(&self, mut tell: impl FnMut(Head, &[u32])) {
        let mut at = 0;
        while let Some((head, clauses)) = Head::read(&self.code, at) {
            tell(head, clauses);
            at += Head::WORDS + head.length as usize;
        }
    }

    pub(super) fn test(&self, number: u32) -> Option<&Leaf> {
        self.tests.get(number as usize)
    }

    pub(super) fn exact(&self, number: u32) -> &str {
        self.exacts.get(number as usize).map_or("", |letters| letters)
    }

    pub(super) fn domain(&self, term: TermId) -> Domain {
        self.terms[term as usize].domain
    }

    /// The text of a term.
    pub(super) fn text(&self, number: TermId) -> Vec<u8> {
        let term = self.terms[number as usize];
        let length = term.length as usize;
        let mut text = term.first.to_le_bytes()[..length.min(8)].to_vec();
        let rest = term.rest as usize;
        text.extend_from_slice(&self.rest[rest..rest + length.saturating_sub(8)]);
        text
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        let exacts: usize = self.exacts.iter().map(|letters| letters.len() + size_of::<Box<str>>()).sum();
        self.filter.capacity() * 8
            + self.slots.capacity() * size_of::<Slot>()
            + self.terms.capacity() * size_of::<Term>()
            + self.rest.capacity()
            + (self.postings.capacity() + self.code.capacity() + self.always.capacity() + self.counts.capacity()) * 4
            + self.numbers.capacity() * 8
            + self.tests.capacity() * size_of::<Leaf>()
            + exacts
            + self.patterns.bytes()
    }
}

/// Why a query matches.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reason {
    /// This term alone.
    Term(TermId),
    /// The branch at this place of the code.
    Branch(u32),
}

#[inline]
fn note(seen: &mut [u64], fresh: &mut Vec<TermId>, term: TermId) {
    let (word, bit) = (&mut seen[term as usize / 64], 1 << (term % 64));
    if *word & bit == 0 {
        *word |= bit;
        fresh.push(term);
    }
}

impl State {
    /// Makes ready for the next post.
    pub(super) fn clear(&mut self) {
        for term in &self.fresh {
            self.seen[*term as usize / 64] = 0;
        }
        self.fresh.clear();
        self.found.clear();
    }
}
