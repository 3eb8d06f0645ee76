//! Queries compiled into one structure that is never changed: terms by hash, postings by term, programs by posting.

use std::sync::atomic::{AtomicU32, Ordering};

use super::code::Head;
use super::look::{Found, Look};
use super::patterns::{Memory, Patterns};
use super::terms::{Domain, TermId};
use crate::query::Leaf;
use crate::words::Kind;
use crate::words::hash::{hash, load, mask};
use crate::words::scan::{Entry, Scan};

/// A posting with this bit is a query that its term decides alone; without, the place of a branch in the code.
pub(super) const DIRECT: u32 = 1 << 31;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Segment {
    pub(super) slots: Vec<Slot>,
    pub(super) slot_shift: u32,
    /// By term: its bytes, or for more than eight its hash and [`LONG`]. Common terms come first, so that what is often
    /// looked at lies together.
    pub(super) firsts: Vec<u64>,
    /// By term: the rest of it.
    pub(super) terms: Vec<Term>,
    /// Terms of more than eight bytes, each padded to a multiple of eight.
    pub(super) long: Vec<u64>,
    /// By term: where its postings begin; one more, to end the last one's.
    pub(super) begins: Vec<u32>,
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

/// Where a hash leads: the number of a term, a few bits of its hash and its domain, and whether another term that belongs
/// here lies further on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot(u32);

impl Slot {
    pub(super) const EMPTY: Self = Self(Self::TERM);
    /// More terms than this are not told apart.
    pub(super) const TERM: u32 = (1 << 24) - 1;
    const ON: u32 = 1 << 31;

    pub(super) fn new(term: TermId, hash: u64, domain: Domain) -> Self {
        Self(term | Self::tag(hash, domain))
    }

    /// Five bits of hash and two of domain.
    #[inline]
    fn tag(hash: u64, domain: Domain) -> u32 {
        (hash as u32 & 31) << 26 | domain.tag() << 24
    }

    #[inline]
    fn is_tagged(self, hash: u64, domain: Domain) -> bool {
        (self.0 ^ Self::tag(hash, domain)) & !(Self::ON | Self::TERM) == 0 && self.term() != Self::TERM
    }

    /// Whether to look closer.
    #[inline]
    fn may_lead_to(self, hash: u64, domain: Domain) -> bool {
        let differs = (self.0 ^ Self::tag(hash, domain)) & !(Self::ON | Self::TERM);
        // One comparison for both: nothing differs, or the highest bit says to go on.
        (differs.wrapping_sub(1) | self.0) & Self::ON != 0
    }

    pub(super) fn goes_on(self) -> bool {
        self.0 & Self::ON != 0
    }

    pub(super) fn set_on(&mut self) {
        self.0 |= Self::ON;
    }

    #[inline]
    pub(super) fn term(self) -> TermId {
        self.0 & Self::TERM
    }
}

/// What the last byte of a long term's entry in `firsts` is: no byte of a text, so that no short word is equal.
pub(super) const LONG: u64 = 0xff << 56;

#[derive(Debug, Clone, Copy)]
pub(super) struct Term {
    pub length: u32,
    pub rest: u32,
    pub domain: Domain,
}

/// What a thread needs beside a segment; kept from post to post.
#[derive(Debug, Default)]
pub(super) struct State {
    pub seen: Vec<u64>,
    pub found: Vec<Found>,
    /// The terms found, each once.
    pub fresh: Vec<TermId>,
    pub pending: Vec<Pending>,
    /// Queries that match.
    pub marks: Marks,
    pub memory: Memory,
}

impl Segment {
    /// Finds every term of the post.
    pub(super) fn resolve(&self, scan: &Scan, state: &mut State) {
        let words = self.terms.len().div_ceil(64);
        if state.seen.len() < words {
            state.seen.resize(words, 0);
        }
        for (block, entries) in scan.entries.chunks(64).enumerate() {
            // First all slots, without asking what they hold, so that the machine waits for all of them at once.
            let (mut picked, mut count) = ([0_u8; 64], 0);
            for (at, entry) in entries.iter().enumerate() {
                let slot = self.slots[(entry.hash >> self.slot_shift) as usize];
                picked[count & 63] = at as u8;
                count += usize::from(slot.may_lead_to(entry.hash, Domain::WORD));
            }
            for at in picked.iter().take(count) {
                let entry = &entries[usize::from(*at) & 63];
                let slot = self.slots[(entry.hash >> self.slot_shift) as usize];
                let number = (block * 64) as u32 + u32::from(*at);
                self.find(scan, entry, number, Domain::WORD, slot, state);
            }
        }
        for at in &scan.signed {
            self.find_signed(scan, *at, state);
        }
        if !self.patterns.is_empty() {
            let State { seen, found, fresh, memory, .. } = state;
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
        let slot = self.slots[(entry.hash >> self.slot_shift) as usize];
        if slot.may_lead_to(entry.hash, domain) {
            self.find(scan, &entry, at, domain, slot, state);
        }
    }

    #[inline]
    fn find(&self, scan: &Scan, entry: &Entry, at: u32, domain: Domain, slot: Slot, state: &mut State) {
        if let Some(term) = self.term_of(&scan.folded, entry, domain, slot) {
            note(&mut state.seen, &mut state.fresh, term);
            state.found.push(Found { term, entry: at });
        }
    }

    /// The term that has these bytes; `slot` is where its hash leads first. The hash only says where to look.
    #[inline]
    fn term_of(&self, folded: &[u8], entry: &Entry, domain: Domain, mut slot: Slot) -> Option<TermId> {
        let mut at = (entry.hash >> self.slot_shift) as usize;
        loop {
            if slot.is_tagged(entry.hash, domain) && self.is_term(slot.term(), folded, entry, domain) {
                return Some(slot.term());
            }
            if !slot.goes_on() {
                return None;
            }
            at = (at + 1) & (self.slots.len() - 1);
            slot = self.slots[at];
        }
    }

    #[inline]
    fn is_term(&self, number: TermId, folded: &[u8], entry: &Entry, domain: Domain) -> bool {
        let (at, length) = (entry.at as usize, entry.length as usize);
        let first = if length <= 8 { load(folded, at) & mask(length) } else { entry.hash | LONG };
        self.firsts[number as usize] == first
            && (domain.is_tagged() || self.terms[number as usize].domain == domain)
            && (length <= 8 || self.is_long_term(number, folded, at, length))
    }

    fn is_long_term(&self, number: TermId, folded: &[u8], at: usize, length: usize) -> bool {
        let term = &self.terms[number as usize];
        term.length as usize == length && {
            let known = self.long[term.rest as usize..].iter();
            (0..length).step_by(8).zip(known).all(|(done, it)| load(folded, at + done) & mask(length - done) == *it)
        }
    }

    /// Notes the terms of a value that is no word: a handle, a network, a language.
    pub(super) fn note_value(&self, domain: Domain, value: &[u8], state: &mut State) {
        let hash = crate::words::hash::hash_of(value) ^ domain.salt();
        let slot = self.slots[(hash >> self.slot_shift) as usize];
        if !slot.may_lead_to(hash, domain) {
            return;
        }
        let mut padded = value.to_vec();
        padded.resize(value.len() + crate::words::hash::PADDING, 0);
        let entry = Entry::of_value(hash, value.len() as u32);
        if let Some(term) = self.term_of(&padded, &entry, domain, slot) {
            note(&mut state.seen, &mut state.fresh, term);
        }
    }

    /// Gathers the branches that wait at the terms found, and tells the queries that a term decides alone. Reading the
    /// heads of all branches before any is judged lets the machine wait for all of them at once.
    #[inline]
    pub(super) fn gather(&self, state: &mut State, mut tell: impl FnMut(&mut Marks, u32, TermId)) {
        let State { fresh, pending, marks, .. } = state;
        marks.fit(self.numbers.len());
        for term in fresh.iter() {
            let (from, to) = (self.begins[*term as usize], self.begins[*term as usize + 1]);
            // Branches come first, then queries without one.
            let mut postings = self.postings[from as usize..to as usize].iter();
            let direct = loop {
                match postings.next() {
                    Some(posting) if posting & DIRECT == 0 => {
                        pending.push(Pending { branch: *posting, ..Pending::default() });
                    }
                    other => break other,
                }
            };
            for posting in direct.into_iter().chain(postings) {
                tell(marks, posting & !DIRECT, *term);
            }
        }
        for it in pending.iter_mut() {
            it.query = self.code[it.branch as usize];
            it.words = self.code[it.branch as usize + Head::UNDECIDED];
        }
    }

    /// Tells every query of which a gathered branch holds, or one that is judged on every post.
    pub(super) fn judge(&self, look: &Look, pending: &[Pending], mut tell: impl FnMut(u32, u32)) {
        for it in pending {
            let from = it.branch as usize + Head::WORDS;
            if look.all_hold(self.code.get(from..from + it.words as usize).unwrap_or_default()) {
                tell(it.query, it.branch);
            }
        }
        for branch in &self.always {
            if let Some((head, clauses)) = Head::read(&self.code, *branch as usize)
                && look.all_hold(clauses)
            {
                tell(head.query, *branch);
            }
        }
    }

    /// Counts what stood in a sampled post, so that the next compaction knows how common the terms are, and makes ready
    /// for the next post.
    pub(super) fn count(&self, state: &mut State, sampled: bool) {
        if sampled {
            self.sampled.fetch_add(1, Ordering::Relaxed);
            for term in &state.fresh {
                self.counts[*term as usize].fetch_add(1, Ordering::Relaxed);
            }
        }
        state.clear();
    }

    /// Tells every posting of a query that a term decides alone.
    pub(super) fn each_direct(&self, mut tell: impl FnMut(TermId, u32)) {
        for (term, pair) in (0..).zip(self.begins.windows(2)) {
            for posting in &self.postings[pair[0] as usize..pair[1] as usize] {
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
        let first = &self.firsts[number as usize..=number as usize];
        let words = if term.length > 8 { &self.long[term.rest as usize..] } else { first };
        words.iter().flat_map(|word| word.to_le_bytes()).take(term.length as usize).collect()
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        let exacts: usize = self.exacts.iter().map(|letters| letters.len() + size_of::<Box<str>>()).sum();
        self.slots.capacity() * size_of::<Slot>()
            + self.terms.capacity() * size_of::<Term>()
            + (self.firsts.capacity() + self.long.capacity()) * 8
            + (self.begins.capacity()
                + self.postings.capacity()
                + self.code.capacity()
                + self.always.capacity()
                + self.counts.capacity())
                * 4
            + self.numbers.capacity() * 8
            + self.tests.capacity() * size_of::<Leaf>()
            + exacts
            + self.patterns.bytes()
    }
}

/// A branch to be judged: what its head says.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pending {
    pub branch: u32,
    pub query: u32,
    /// Words of the clauses that are not decided yet.
    pub words: u32,
}

/// A set of queries by their places, read in order: a bit each, and a bit for each word of those that has any.
#[derive(Debug, Default)]
pub(super) struct Marks {
    bits: Vec<u64>,
    words: Vec<u64>,
}

impl Marks {
    fn fit(&mut self, queries: usize) {
        let words = queries.div_ceil(64);
        if self.bits.len() < words {
            self.bits.resize(words, 0);
            self.words.resize(words.div_ceil(64), 0);
        }
    }

    #[inline]
    pub(super) fn set(&mut self, query: u32) {
        let word = query as usize / 64;
        self.bits[word] |= 1 << (query % 64);
        self.words[word / 64] |= 1 << (word % 64);
    }

    /// Tells all, in order, and forgets them.
    pub(super) fn drain(&mut self, mut tell: impl FnMut(u32)) {
        for (at, words) in self.words.iter_mut().enumerate() {
            while *words != 0 {
                let word = at * 64 + words.trailing_zeros() as usize;
                *words &= *words - 1;
                let mut bits = std::mem::take(&mut self.bits[word]);
                while bits != 0 {
                    tell((word * 64) as u32 + bits.trailing_zeros());
                    bits &= bits - 1;
                }
            }
        }
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
    fn clear(&mut self) {
        for term in &self.fresh {
            self.seen[*term as usize / 64] = 0;
        }
        self.fresh.clear();
        self.found.clear();
        self.pending.clear();
    }
}
