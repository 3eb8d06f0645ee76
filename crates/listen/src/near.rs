//! Posts that say nearly the same: reposts, quotes with a word added, and texts that are copied from hand to hand.
//!
//! Two posts are near when their sets of *shingles* (every three neighbouring words) overlap: their Jaccard similarity
//! `|A ∩ B| / |A ∪ B|` is at least [`NEAR`]. A [`Print`] is a MinHash of a post's shingles: of each of [`VALUES`] hash
//! functions the smallest value over all shingles. The share of functions on which two prints agree estimates their
//! Jaccard similarity (A. Z. Broder, "On the resemblance and containment of documents", SEQUENCES 1997). Of each value
//! only one byte is kept (P. Li and A. C. König, "b-Bit Minwise Hashing", WWW 2010, with b = 8): two values that differ
//! agree in that byte once in 256 times, which [`alike`] takes off again.
//!
//! To find near prints without comparing all of them, the first values are joined to [`BANDS`] keys of two values each
//! (banding: J. Leskovec, A. Rajaraman, J. Ullman, "Mining of Massive Datasets", 2nd ed. 2014, section 3.4). Two posts of
//! similarity s share a key with probability `1 − (1 − s²)^BANDS`: 0.83 at [`NEAR`], 0.98 at 0.8. `examples/near.rs`
//! measures both steps on real posts against the exact similarity: of the 2,127 near pairs among 20,191 posts written
//! in crises, 97.7 % share a key and 94.5 % are found, and 97.2 % of the pairs found are near (the others nearly so:
//! 0.3 % are more than 0.1 below). A fifth or sixth key found less than 1 % more; a boundary of 0.5 joined texts that
//! only share a template and found fewer of its pairs.
//!
//! What counts as a word is said in [`dandelion_post::words`]: case and accents do not count, nor punctuation. Addresses
//! and handles are left out, and so is the `RT` before the first of them, so that a repost has the print of what it
//! repeats and a wave that calls on different people is one wave. Characters of scripts without spaces are words each. A
//! post of fewer than [`FEWEST`] words has no print: thousands write "thank you so much" and copy nobody.
//!
//! ```
//! use dandelion_listen::near::{NEAR, Print, alike};
//! let first = Print::of("Acme kettles melt at the base, stop using them now! https://example.org/1").unwrap();
//! let copied = Print::of("RT @jonas: Acme KETTLES melt at the base - stop using them now https://example.org/2").unwrap();
//! assert_eq!(first, copied);
//! let other = Print::of("My new kettle from Acme boils water in under two minutes").unwrap();
//! assert!(alike(&first.bytes(), &other.bytes()) < NEAR);
//! assert!(Print::of("Thank you so much").is_none());
//! ```

use dandelion_post::words::{Kind, Words};

/// Posts of at least this Jaccard similarity say nearly the same. See the module for how it was chosen.
pub const NEAR: f64 = 0.6;

/// Hash functions of a print, and bytes of it.
pub const VALUES: usize = 64;

/// Keys a print is found by.
pub const BANDS: usize = 4;

/// Words a post must have, links and handles not counted, to have a print.
pub const FEWEST: usize = 5;

/// Words of a shingle.
const SHINGLE: usize = 3;

/// Words looked at; what a long article repeats, it repeats early.
const MOST: usize = 2_000;

/// What a post says, small enough to be kept beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Print {
    /// The smallest value of each function over all shingles.
    values: [u32; VALUES],
}

impl Print {
    /// The print of a text, or none if it has too few words.
    pub fn of(text: &str) -> Option<Self> {
        let shingles = shingles(text);
        if shingles.is_empty() {
            return None;
        }
        let mut values = [u32::MAX; VALUES];
        for shingle in shingles {
            // The numbers that SplitMix64 gives when it is seeded with the shingle: a random function each.
            for (value, step) in values.iter_mut().zip((0..).map(|n: u64| n.wrapping_mul(GOLDEN))) {
                *value = (*value).min((mixed(shingle.wrapping_add(step)) >> 32) as u32);
            }
        }
        Some(Self { values })
    }

    /// What is kept of it: a byte of each value.
    pub fn bytes(&self) -> [u8; VALUES] {
        self.values.map(|value| value as u8)
    }

    /// The keys to find it by. Prints that share none are not near, or are missed.
    pub fn bands(&self) -> [i64; BANDS] {
        let mut keys = [0; BANDS];
        for (band, key) in keys.iter_mut().enumerate() {
            let (one, two) = (u64::from(self.values[2 * band]), u64::from(self.values[2 * band + 1]));
            *key = mixed((one << 32 | two) ^ (band as u64).wrapping_mul(0xd6e8_feb8_6659_fd93)).cast_signed();
        }
        keys
    }
}

/// The estimated Jaccard similarity of two posts by what was kept of their prints; 0 where one of them is damaged.
/// Its standard deviation is at most 0.063.
pub fn alike(one: &[u8], other: &[u8]) -> f64 {
    if one.len() != VALUES || other.len() != VALUES {
        return 0.0;
    }
    let agree = one.iter().zip(other).filter(|(a, b)| a == b).count() as f64 / VALUES as f64;
    let by_chance = 1.0 / 256.0;
    ((agree - by_chance) / (1.0 - by_chance)).max(0.0)
}

/// The exact Jaccard similarity of two texts, or none if one of them has too few words.
pub fn jaccard(one: &str, other: &str) -> Option<f64> {
    let (one, other) = (shingles(one), shingles(other));
    if one.is_empty() || other.is_empty() {
        return None;
    }
    let both = one.iter().filter(|shingle| other.binary_search(shingle).is_ok()).count();
    Some(both as f64 / (one.len() + other.len() - both) as f64)
}

/// The hashed shingles of a text, in order and without repetition; none if it has too few words.
pub fn shingles(text: &str) -> Vec<u64> {
    let words = hashed_words(text);
    if words.len() < FEWEST {
        return Vec::new();
    }
    let join = |window: &[u64]| window.iter().fold(0, |all: u64, word| mixed(all.rotate_left(21) ^ word));
    let mut shingles: Vec<u64> = words.windows(SHINGLE).map(join).collect();
    shingles.sort_unstable();
    shingles.dedup();
    shingles
}

fn hashed_words(text: &str) -> Vec<u64> {
    let cut = Words::of(text);
    let mut words = Vec::with_capacity(cut.len());
    let repost = cut.len() > 1 && cut.word(0) == "rt" && cut.token(1).kind == Kind::Handle;
    for (token, word) in cut.iter().skip(usize::from(repost)).take(MOST) {
        match token.kind {
            _ if token.address => {}
            Kind::Handle | Kind::Sign => {}
            Kind::Dense => words.extend(word.chars().map(|character| mixed(u64::from(u32::from(character))))),
            Kind::Word | Kind::Tag => words.push(hash(word)),
        }
    }
    words
}

/// FNV-1a over the bytes (G. Fowler, L. C. Noll, K.-P. Vo), then mixed: stored keys must never change with a library.
fn hash(word: &str) -> u64 {
    let each = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    mixed(word.bytes().fold(0xcbf2_9ce4_8422_2325, each))
}

/// What SplitMix64 steps by: the golden ratio in 64 bits.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// One step of SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA
/// 2014).
fn mixed(mut value: u64) -> u64 {
    value = value.wrapping_add(GOLDEN);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BASE: &str =
        "The Acme kettle I bought on Monday melts at the base so please stop using yours until they answer";

    fn estimate(one: &str, other: &str) -> f64 {
        alike(&Print::of(one).unwrap().bytes(), &Print::of(other).unwrap().bytes())
    }

    #[test]
    fn what_does_not_count_does_not_count() {
        for copy in [
            "RT @jonas: The Acme kettle I bought on Monday melts at the base so please stop using yours until they answer",
            "the ACME kettle I bought on Monday melts at the base, so please: stop using yours until they answer!!! https://example.org/x",
            "@one @two The Acme kettle I bought on Monday melts at the base so please stop using yours until they answer",
            "The #Acme kettle I bought on Mónday melts at the base so please stop using yours until they answer",
        ] {
            assert_eq!(Print::of(BASE), Print::of(copy), "{copy}");
            assert_eq!(jaccard(BASE, copy), Some(1.0), "{copy}");
        }
    }

    #[test]
    fn a_quote_with_words_of_its_own_is_near_and_another_matter_is_not() {
        let quoted = format!("Same here! “{BASE}”");
        let other = "The Acme kettle my sister gave me boils quickly and looks good on the stove in her kitchen";
        assert!(jaccard(BASE, &quoted).unwrap() >= NEAR && estimate(BASE, &quoted) >= NEAR);
        assert!(jaccard(BASE, other).unwrap() < 0.2 && estimate(BASE, other) < NEAR);
        let bands = |text: &str| Print::of(text).unwrap().bands();
        assert!(bands(BASE).iter().zip(bands(&quoted)).any(|(one, other)| *one == other));
    }

    #[test]
    fn scripts_without_spaces_count_by_character() {
        let one = "这个水壶的底部融化了请大家不要再使用它";
        let two = "转发：这个水壶的底部融化了请大家不要再使用它！";
        assert!(jaccard(one, two).unwrap() >= NEAR && estimate(one, two) >= NEAR);
    }

    #[test]
    fn few_words_have_no_print_and_damage_is_no_likeness() {
        for text in ["", "thank you so much", "@a @b @c @d @e @f", "https://example.org/a/b/c/d/e/f/g", "水壶"] {
            assert!(Print::of(text).is_none(), "{text}");
            assert_eq!(jaccard(text, BASE), None);
        }
        assert_eq!(alike(&[1; VALUES], &[1; 3]).to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn prints_stay_what_they_are() {
        // Stored beside posts: if this changes, stored prints must be made anew.
        let print = Print::of(BASE).unwrap();
        let sum = print.bands().iter().fold(0_u64, |all, key| all.rotate_left(7) ^ key.cast_unsigned());
        assert_eq!((print.bytes()[..4].to_vec(), sum), (PRINT.0.to_vec(), PRINT.1));
    }

    const PRINT: ([u8; 4], u64) = ([57, 35, 127, 244], 12_071_620_646_995_091_943);

    proptest! {
        #[test]
        fn any_text_has_a_print_or_none(text in "\\PC{0,200}") {
            prop_assert_eq!(Print::of(&text).is_none(), shingles(&text).is_empty());
        }

        #[test]
        fn the_estimate_is_about_right(keep in 5_usize..40, swap in 0_usize..20) {
            let words: Vec<String> = (0..keep + swap).map(|n| format!("word{n}")).collect();
            let other: Vec<String> = (0..keep + swap).map(|n| if n < keep { format!("word{n}") } else { format!("other{n}") }).collect();
            let (one, other) = (words.join(" "), other.join(" "));
            let exact = jaccard(&one, &other).unwrap();
            // Five standard deviations.
            prop_assert!((estimate(&one, &other) - exact).abs() < 0.32);
        }
    }
}
