//! Cutting a text into tokens at speed: plain words by bit sets, everything else word by word in [`super::careful`].

use super::Kind;
use super::hash::{PADDING, hash};
use super::masks::{Bits, classify, mark_hard};

/// One token, small enough to be written a few million times a second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    /// Of the folded word; see [`super::hash`].
    pub hash: u64,
    /// Where the folded word begins in [`Scan::folded`].
    pub at: u32,
    /// Bytes of the folded word.
    pub length: u32,
    /// First position.
    pub from: u32,
    /// Bytes of the text it was cut from.
    pub start: u32,
    pub end: u32,
    pub kind: Kind,
    /// Positions beyond the first.
    pub wide: u8,
    /// Whether nothing stands between it and the token before.
    pub adjacent: bool,
}

impl Entry {
    /// An entry that stands for no token: only its bytes count.
    pub(crate) fn of_value(hash: u64, length: u32) -> Self {
        let (at, from, start, end, wide) = (0, 0, 0, 0, 0);
        Self { hash, at, length, from, start, end, kind: Kind::Word, wide, adjacent: false }
    }

    /// Last position.
    pub(crate) fn to(&self) -> u32 {
        self.from + u32::from(self.wide)
    }
}

/// The tokens of one or more texts, in buffers that are used again.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// Folded bytes: first those of the text, byte for byte, then words that only the careful path could fold.
    pub folded: Vec<u8>,
    pub entries: Vec<Entry>,
    /// Numbers of the entries that are no plain words.
    pub signed: Vec<u32>,
    /// Addresses: bytes of the text.
    pub links: Vec<(u32, u32)>,
    pub(super) used: usize,
    pub(super) position: u32,
    blocks: Vec<Bits>,
    /// Entries behind a sign, not looked at yet.
    pending: Vec<u32>,
    /// Room for one folded word.
    pub(super) word: Vec<u8>,
}

/// Positions between two texts of one post: more than any nearness spans.
const GAP: u32 = 1 << 20;

impl Scan {
    /// The folded word of an entry.
    #[inline]
    pub(crate) fn word(&self, entry: &Entry) -> &[u8] {
        &self.folded[entry.at as usize..(entry.at + entry.length) as usize]
    }

    /// Forgets everything but the buffers.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.signed.clear();
        self.links.clear();
        (self.used, self.position) = (0, 0);
    }

    /// Cuts one more text; its positions lie far behind those of the text before. Bytes beyond 1 GiB are not read.
    pub(crate) fn add(&mut self, text: &str) {
        const MOST: usize = 1 << 30;
        let text = if text.len() <= MOST { text } else { &text[..text.floor_char_boundary(MOST)] };
        if self.position > 0 {
            self.position += GAP;
        }
        let base = self.used;
        self.read(text.as_bytes());
        let mut at = 0;
        while let Some(hard) = self.next_hard(at) {
            let (from, to) = (self.chunk_start(at, hard), self.chunk_end(hard, text.len()));
            self.plain(base, at, from);
            if !self.quick(base, text.as_bytes(), (from, to)) {
                self.careful(text, from, to);
            }
            at = to;
        }
        self.plain(base, at, text.len());
    }

    /// Folds ASCII, byte for byte, and makes the bit sets.
    fn read(&mut self, text: &[u8]) {
        let base = self.used;
        self.used += text.len().next_multiple_of(64);
        self.grow();
        self.blocks.clear();
        let (whole, rest) = text.as_chunks::<64>();
        let (folded, _) = self.folded[base..].as_chunks_mut::<64>();
        for (block, folded) in whole.iter().zip(folded.iter_mut()) {
            self.blocks.push(classify(block));
            lower(block, folded);
        }
        if let Some(folded) = folded.get_mut(whole.len()).filter(|_| !rest.is_empty()) {
            let mut block = [0; 64];
            block[..rest.len()].copy_from_slice(rest);
            self.blocks.push(classify(&block));
            lower(&block, folded);
        }
        mark_hard(&mut self.blocks);
    }

    /// Takes a part without spaces by the rules of [`super::cut`].
    fn careful(&mut self, text: &str, from: usize, to: usize) {
        let words = super::cut::cut(&text[from..to]);
        let first = self.position;
        for token in words.iter() {
            let entry = Entry {
                hash: 0,
                at: 0,
                length: 0,
                from: first + token.from,
                start: (from + token.span.start) as u32,
                end: (from + token.span.end) as u32,
                kind: token.kind,
                wide: (token.to - token.from) as u8,
                adjacent: token.adjacent,
            };
            self.push_folded(token.word.as_bytes(), entry);
        }
        self.position += words.positions();
    }

    /// Adds a word whose folded bytes are those read from the text.
    pub(super) fn push_read(&mut self, base: usize, (start, end): (usize, usize), (from, wide): (u32, u8)) {
        let entry = read(&self.folded, base as u32, start as u32, end as u32, from);
        self.entries.push(Entry { wide, ..entry });
    }

    /// Adds a token whose folded bytes are not in the text.
    pub(super) fn push_written(&mut self, word: &[u8], span: (usize, usize), (from, wide): (u32, u8), kind: Kind) {
        let (start, end) = (span.0 as u32, span.1 as u32);
        self.push_folded(word, Entry { hash: 0, at: 0, length: 0, from, start, end, kind, wide, adjacent: false });
    }

    /// Adds an entry whose folded word is not among the bytes of the text.
    fn push_folded(&mut self, word: &[u8], mut entry: Entry) {
        let at = self.used;
        self.used += word.len();
        self.grow();
        self.folded[at..self.used].copy_from_slice(word);
        (entry.at, entry.length) = (at as u32, word.len() as u32);
        entry.hash = hash(&self.folded, at, word.len());
        match entry.kind {
            Kind::Word | Kind::Emoji => {}
            Kind::Address => self.links.push((entry.start, entry.end)),
            Kind::Tag | Kind::Handle | Kind::Ticker | Kind::Dense => self.signed.push(self.entries.len() as u32),
        }
        self.entries.push(entry);
    }

    /// Room for what is used, and for loading beyond its end.
    pub(super) fn grow(&mut self) {
        let needed = self.used + PADDING;
        if self.folded.len() < needed {
            self.folded.resize(needed.next_multiple_of(4096), 0);
        }
    }

    fn next_hard(&self, at: usize) -> Option<usize> {
        let mut hard = self.blocks.get(at / 64)?.hard & (u64::MAX << (at % 64));
        let mut block = at / 64;
        while hard == 0 {
            block += 1;
            hard = self.blocks.get(block)?.hard;
        }
        Some(block * 64 + hard.trailing_zeros() as usize)
    }

    /// Where the run without spaces around `hard` begins, at `least` or later.
    fn chunk_start(&self, least: usize, hard: usize) -> usize {
        let mut block = hard / 64;
        let mut spaces = self.blocks[block].space & !(u64::MAX << (hard % 64));
        while spaces == 0 {
            if block <= least / 64 {
                return least;
            }
            block -= 1;
            spaces = self.blocks[block].space;
        }
        (block * 64 + 64 - spaces.leading_zeros() as usize).max(least)
    }

    fn chunk_end(&self, hard: usize, length: usize) -> usize {
        let mut block = hard / 64;
        let mut spaces = self.blocks[block].space & (u64::MAX << (hard % 64));
        while spaces == 0 {
            block += 1;
            match self.blocks.get(block) {
                Some(bits) => spaces = bits.space,
                None => return length,
            }
        }
        block * 64 + spaces.trailing_zeros() as usize
    }

    /// Takes the words of a part in which nothing is hard; both ends lie beside spaces or at the ends of the text.
    fn plain(&mut self, base: usize, from: usize, to: usize) {
        if from >= to {
            return;
        }
        let (first, last) = (from / 64, (to - 1) / 64);
        let (mut open, mut carry) = (0, 0);
        let Self { entries, folded, blocks, pending, position, .. } = self;
        let (folded, mut place) = (&folded[..], *position);
        for (nth, bits) in blocks[first..=last].iter().enumerate() {
            let block = first + nth;
            let mut word = bits.word;
            if block == first {
                word &= u64::MAX << (from % 64);
            }
            if block == last {
                word &= u64::MAX >> (63 - (to - 1) % 64);
            }
            // A word begins where none was before, and ends before where none is any more.
            let (mut starts, mut ends) = (word & !(word << 1 | carry), !word & (word << 1 | carry));
            let origin = (block * 64) as u32;
            let mut signed = bits.signed & starts;
            while signed != 0 {
                let sign = signed & signed.wrapping_neg();
                pending.push(entries.len() as u32 + carry as u32 + (starts & (sign - 1)).count_ones());
                signed ^= sign;
            }
            if carry == 1 && ends != 0 {
                let end = origin + ends.trailing_zeros();
                ends &= ends - 1;
                entries.push(read(folded, base as u32, open, end, place));
                place += 1;
                carry = 0;
            }
            entries.reserve(32);
            while ends != 0 {
                let (start, end) = (origin + starts.trailing_zeros(), origin + ends.trailing_zeros());
                ends &= ends - 1;
                starts &= starts.wrapping_sub(1);
                entries.push(read(folded, base as u32, start, end, place));
                place += 1;
            }
            if carry == 0 {
                open = origin + starts.trailing_zeros();
            }
            carry = word >> 63;
        }
        if carry == 1 {
            entries.push(read(folded, base as u32, open, to as u32, place));
            place += 1;
        }
        *position = place;
        while let Some(at) = self.pending.pop() {
            self.sign(at);
        }
    }

    /// Makes a tag or handle of a word behind a sign.
    fn sign(&mut self, at: u32) {
        let entry = &mut self.entries[at as usize];
        entry.kind = match self.folded[entry.at as usize - 1] {
            b'#' => Kind::Tag,
            b'@' => Kind::Handle,
            _ => return,
        };
        entry.start -= 1;
        self.signed.push(at);
    }
}

/// A word whose folded bytes are those read from the text.
#[inline]
fn read(folded: &[u8], base: u32, start: u32, end: u32, from: u32) -> Entry {
    let (at, length) = (base + start, end - start);
    let hash = hash(folded, at as usize, length as usize);
    Entry { hash, at, length, from, start, end, kind: Kind::Word, wide: 0, adjacent: false }
}

fn lower(block: &[u8; 64], folded: &mut [u8; 64]) {
    for (byte, folded) in block.iter().zip(folded) {
        *folded = byte | u8::from(byte.wrapping_sub(b'A') < 26) << 5;
    }
}
