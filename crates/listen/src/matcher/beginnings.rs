//! Words by how they begin (`kettle*`): a bit set over first bytes, then the few beginnings that share them.

use std::marker::PhantomData;

use super::patterns::fits;
use super::terms::TermId;
use crate::words::hash::{load, mask};
use crate::words::scan::Scan;

/// Beginnings that have at least as many bytes as `S` looks at.
#[derive(Debug)]
pub(super) struct Beginnings<S> {
    /// Ordered by bucket, in the end.
    pub list: Vec<Beginning>,
    /// Whether any has these first bytes; see [`Start::bit`].
    filter: Vec<u64>,
    /// By bucket: where its beginnings begin; one more, to end the last one's.
    begins: Vec<u32>,
    /// How far a bit is shifted to give its bucket.
    shift: u32,
    start: PhantomData<S>,
}

/// One beginning.
#[derive(Debug)]
pub(super) struct Beginning {
    /// Its first eight bytes.
    pub first: u64,
    pub length: usize,
    /// What is behind them.
    pub rest: Box<[u8]>,
    pub term: TermId,
    pub sort: u8,
}

/// Which first bytes of a word decide where to look.
pub(super) trait Start {
    /// How many values [`Start::bit`] has, as a power of two.
    const BITS: u32;
    /// Where a word with these first eight bytes stands in the bit set.
    fn bit(first: u64) -> usize;
}

/// By four bytes.
#[derive(Debug)]
pub(super) struct Four;
/// By two bytes.
#[derive(Debug)]
pub(super) struct Two;

impl Start for Four {
    const BITS: u32 = 15;

    #[inline]
    fn bit(first: u64) -> usize {
        ((first as u32).wrapping_mul(0x9e37_79b1) >> (32 - Self::BITS)) as usize
    }
}

impl Start for Two {
    const BITS: u32 = 16;

    #[inline]
    fn bit(first: u64) -> usize {
        usize::from(first as u16)
    }
}

impl<S> Default for Beginnings<S> {
    fn default() -> Self {
        let (list, filter, begins, shift, start) = (Vec::new(), Vec::new(), Vec::new(), 0, PhantomData);
        Self { list, filter, begins, shift, start }
    }
}

impl<S: Start> Beginnings<S> {
    /// Makes it ready to be asked; nothing is added afterwards.
    pub(super) fn finish(&mut self) {
        if self.list.is_empty() {
            return;
        }
        // About as many buckets as beginnings.
        self.shift = S::BITS.saturating_sub(self.list.len().next_power_of_two().trailing_zeros());
        let shift = self.shift;
        let bucket = |it: &Beginning| S::bit(it.first) >> shift;
        self.list.sort_by_key(|it| (bucket(it), it.length));
        self.filter = vec![0; (1 << S::BITS) / 64];
        for bit in self.list.iter().map(|it| S::bit(it.first)) {
            self.filter[bit / 64] |= 1 << (bit % 64);
        }
        let starts = (0..=1 << (S::BITS - shift)).map(|at| self.list.partition_point(|it| bucket(it) < at) as u32);
        self.begins = starts.collect();
    }

    /// Tells every beginning that some word has, with the number of the entry.
    #[inline]
    pub(super) fn look(&self, scan: &Scan, found: &mut impl FnMut(TermId, usize)) {
        if self.list.is_empty() {
            return;
        }
        for (block, entries) in scan.entries.chunks(64).enumerate() {
            let (mut picked, mut count) = ([0_u8; 64], 0);
            for (at, entry) in entries.iter().enumerate() {
                let bit = S::bit(load(&scan.folded, entry.at as usize));
                picked[count & 63] = at as u8;
                count += (self.filter.get(bit / 64).copied().unwrap_or(0) >> (bit % 64) & 1) as usize;
            }
            for at in picked.iter().take(count) {
                self.look_at(scan, block * 64 + usize::from(*at), found);
            }
        }
    }

    fn look_at(&self, scan: &Scan, at: usize, found: &mut impl FnMut(TermId, usize)) {
        let entry = &scan.entries[at];
        let (first, word) = (load(&scan.folded, entry.at as usize), scan.word(entry));
        let bucket = S::bit(first) >> self.shift;
        let list = &self.list[self.begins[bucket] as usize..self.begins[bucket + 1] as usize];
        for it in list {
            let begins = word.len() >= it.length
                && (first & mask(it.length)) == it.first
                && (it.rest.is_empty() || word[8..].starts_with(&it.rest));
            if begins && fits(it.sort, entry.kind) {
                found(it.term, at);
            }
        }
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        let rest: usize = self.list.iter().map(|it| it.rest.len()).sum();
        self.list.capacity() * size_of::<Beginning>() + rest + self.filter.capacity() * 8 + self.begins.capacity() * 4
    }
}
