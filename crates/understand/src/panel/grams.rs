//! The language table: what each short run of letters costs in each language, in sixteenths of a nat of the letter's
//! conditional probability after those before it (the n-gram models of lingua-rs, Apache-2.0, cut to the frequent).

use std::borrow::Cow;

/// Longest run of letters.
pub(crate) const LONGEST: usize = 5;
/// Bytes of one step of the map: 64 bits, and how many runs lie before them.
const STEP: usize = 12;
/// Upper bits of the hash that choose a place.
const BITS: u32 = 23;
/// What a letter costs that a language does not know, and what each step to a shorter run adds, in sixteenths.
const UNKNOWN: u16 = 9 * 16;
const SHORTER: u16 = 16;
/// Languages that a table can tell.
pub(super) const MOST_LANGUAGES: usize = 64;
/// Letters looked at; more would not change the answer.
pub(super) const MOST_LETTERS: u32 = 240;

/// The table, read from the file's bytes as they are: a map of bits, the place after each run's entries (3 bytes),
/// entries of two bytes (language, cost).
#[derive(Debug, Clone, Default)]
pub struct Grams {
    pub(crate) bytes: Cow<'static, [u8]>,
    runs: usize,
}

impl Grams {
    pub(crate) fn read(bytes: Cow<'static, [u8]>) -> Option<Self> {
        let map = (1usize << BITS) / 64 * STEP;
        let last = bytes.get(map - STEP..map)?;
        let word = u64::from_le_bytes(*last.first_chunk()?);
        let runs = (u32::from_le_bytes(*last.last_chunk()?) + word.count_ones()) as usize;
        let own = Self { bytes, runs };
        let entries = own.end(runs.checked_sub(1)?)?;
        (own.bytes.len() == map + runs * 3 + entries * 2).then_some(own)
    }

    fn end(&self, run: usize) -> Option<usize> {
        let at = (1usize << BITS) / 64 * STEP + run * 3;
        let three = self.bytes.get(at..at + 3)?;
        Some(usize::from(three[0]) | usize::from(three[1]) << 8 | usize::from(three[2]) << 16)
    }

    fn entries(&self, hash: u32) -> &[u8] {
        self.find(hash).unwrap_or_default()
    }

    fn find(&self, hash: u32) -> Option<&[u8]> {
        let place = (hash >> (32 - BITS)) as usize;
        let step = self.bytes.get(place / 64 * STEP..)?.first_chunk::<STEP>()?;
        let word = u64::from_le_bytes(*step.first_chunk()?);
        let bit = 1u64 << (place % 64);
        if word & bit == 0 {
            return None;
        }
        let run = u32::from_le_bytes(*step.last_chunk()?) as usize + (word & (bit - 1)).count_ones() as usize;
        let from = if run == 0 { 0 } else { self.end(run - 1)? };
        let start = (1usize << BITS) / 64 * STEP + self.runs * 3;
        self.bytes.get(start + from * 2..start + self.end(run)? * 2)
    }

    /// What a word costs in each language, in sixteenths of a nat, in the place of what lay in `costs`; and how many
    /// letters it has.
    pub(super) fn word(&self, form: &[char], costs: &mut [u16]) -> u16 {
        costs.fill(0);
        let mut letters = 0;
        for end in (1..=form.len()).filter(|end| form[end - 1].is_alphabetic()) {
            self.letter(&form[end.saturating_sub(LONGEST)..end], costs);
            letters += 1;
        }
        letters
    }

    /// Adds what the last letter of a run costs: by the longest run that each language knows.
    pub(super) fn letter(&self, run: &[char], costs: &mut [u16]) {
        let mut own = [UNKNOWN + SHORTER * run.len() as u16; MOST_LANGUAGES];
        for shorter in (0..run.len()).rev() {
            let hash = hash_of(&run[shorter..]);
            for entry in self.entries(hash).as_chunks::<2>().0 {
                if let Some(cost) = own.get_mut(usize::from(entry[0])) {
                    *cost = u16::from(entry[1]) + SHORTER * shorter as u16;
                }
            }
        }
        for (sum, cost) in costs.iter_mut().zip(own) {
            *sum += cost;
        }
    }
}

/// Builds the table from runs with each language's cost in nats. At most 64 languages.
pub fn build(runs: &[(String, Vec<(u8, f32)>)]) -> Grams {
    let mut placed: Vec<(u32, &[(u8, f32)])> = runs
        .iter()
        .map(|(run, costs)| (hash_of(&run.chars().collect::<Vec<_>>()) >> (32 - BITS), costs.as_slice()))
        .collect();
    placed.sort_by_key(|(place, _)| *place);
    // Of runs that fall on one place, the one that most languages know stays.
    placed.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same && later.1.len() > kept.1.len() {
            kept.1 = later.1;
        }
        same
    });
    let (mut map, mut ends, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    let mut next = 0;
    for step in 0..(1usize << BITS) / 64 {
        let before = next as u32;
        let mut word = 0u64;
        while next < placed.len() && placed[next].0 as usize / 64 == step {
            word |= 1 << (placed[next].0 % 64);
            for (language, cost) in placed[next].1 {
                entries.extend_from_slice(&[*language, (cost * 16.0).round().clamp(0.0, 255.0) as u8]);
            }
            ends.extend_from_slice(&((entries.len() / 2) as u32).to_le_bytes()[..3]);
            next += 1;
        }
        map.extend_from_slice(&word.to_le_bytes());
        map.extend_from_slice(&before.to_le_bytes());
    }
    let runs = placed.len();
    map.extend_from_slice(&ends);
    map.extend_from_slice(&entries);
    Grams { bytes: Cow::Owned(map), runs }
}

fn hash_of(run: &[char]) -> u32 {
    run.iter().fold(0x9e37_79b9, |hash, c| crate::features::mix(hash, u32::from(*c)))
}
