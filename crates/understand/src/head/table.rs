//! Rows of small weights by the upper bits of a feature's hash: a map of bits says which rows there are, and counts
//! along it where they lie. Everything is read from the file's bytes as they are.

use std::borrow::Cow;

/// Bytes of one step of the map: 64 bits, and how many rows lie before them.
const STEP: usize = 12;

/// The table of a head.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub bits: u32,
    /// Bytes of a row: one for the part of the feature in the length of its group, one a weight.
    pub width: usize,
    pub bytes: Cow<'static, [u8]>,
}

impl Table {
    /// Builds a table from places (ascending) and their rows.
    pub(crate) fn new(bits: u32, width: usize, places: &[u32], rows: &[u8]) -> Self {
        let steps = (1usize << bits) / 64;
        let mut bytes = Vec::with_capacity(steps * STEP + rows.len());
        let mut next = 0;
        for step in 0..steps {
            let before = next as u32;
            let mut word = 0u64;
            while next < places.len() && places[next] as usize / 64 == step {
                word |= 1 << (places[next] % 64);
                next += 1;
            }
            bytes.extend_from_slice(&word.to_le_bytes());
            bytes.extend_from_slice(&before.to_le_bytes());
        }
        bytes.extend_from_slice(rows);
        Self { bits, width, bytes: Cow::Owned(bytes) }
    }

    /// The row of a feature, if training knew it.
    #[inline]
    pub(crate) fn row(&self, hash: u32) -> Option<&[u8]> {
        let place = (hash >> (32 - self.bits)) as usize;
        let step = self.bytes.get(place / 64 * STEP..)?.first_chunk::<STEP>()?;
        let word = u64::from_le_bytes(*step.first_chunk()?);
        let bit = 1u64 << (place % 64);
        if word & bit == 0 {
            return None;
        }
        let before = u32::from_le_bytes(*step.last_chunk()?);
        let row = before as usize + (word & (bit - 1)).count_ones() as usize;
        let start = self.map_bytes() + row * self.width;
        self.bytes.get(start..start + self.width)
    }

    /// Which of `count` places from `first` on have a row, a bit for each; both multiples of 32, within one step.
    pub(crate) fn places(&self, first: usize, count: usize) -> u64 {
        let step = self.bytes.get(first / 64 * STEP..).and_then(<[u8]>::first_chunk::<8>);
        step.map_or(0, |step| u64::from_le_bytes(*step) >> (first % 64) & (u64::MAX >> (64 - count)))
    }

    /// Bytes of the map before the rows.
    pub(crate) fn map_bytes(&self) -> usize {
        (1usize << self.bits) / 64 * STEP
    }
}
