//! What each byte of a text is, as bit sets over 64 bytes, so that plain words are found without looking at bytes.

use wide::u8x16;

/// Sets of the bytes of one block; bit `n` is byte `n`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Bits {
    /// ASCII letters, digits and `_`.
    pub word: u64,
    /// ASCII white space.
    pub space: u64,
    /// Where something stands that only the careful path understands: bytes beyond ASCII, punctuation that may join
    /// words, entities, addresses. Set by [`mark_hard`].
    pub hard: u64,
    /// `#`, `@` and `+`.
    sign: u64,
    /// Where a word begins directly after one of these. Set by [`mark_hard`].
    pub signed: u64,
    /// `.`, `$` and `&`.
    before: u64,
    /// `'` and `-`.
    between: u64,
    /// `:`.
    colon: u64,
}

/// Reads one block; `hard` is only what lies beyond ASCII as yet.
pub(super) fn classify(block: &[u8; 64]) -> Bits {
    let mut bits = Bits::default();
    let (quarters, _) = block.as_chunks::<16>();
    for (quarter, bytes) in quarters.iter().enumerate() {
        let at = quarter * 16;
        let text = u8x16::from(*bytes);
        let set = |set: u8x16| u64::from(set.to_bitmask()) << at;
        let is = |byte: u8| text.simd_eq(u8x16::splat(byte));
        // Letters of both cases lie side by side once this bit is set; nothing else comes between `a` and `z` by it.
        let letter = within(text | u8x16::splat(0x20), b'a', 26);
        bits.word |= set(letter | within(text, b'0', 10) | is(b'_'));
        bits.space |= set(is(b' ') | within(text, 9, 5));
        bits.hard |= set(text);
        bits.sign |= set(is(b'#') | is(b'@') | is(b'+'));
        bits.before |= set(is(b'.') | is(b'$') | is(b'&'));
        bits.between |= set(is(b'\'') | is(b'-'));
        bits.colon |= set(is(b':'));
    }
    bits
}

/// Whether a byte is one of the `count` from `first` on.
#[inline]
fn within(text: u8x16, first: u8, count: u8) -> u8x16 {
    let from = text - u8x16::splat(first);
    from.min(u8x16::splat(count - 1)).simd_eq(from)
}

/// Marks what needs the careful path, in blocks that lie one behind the other.
pub(super) fn mark_hard(blocks: &mut [Bits]) {
    let (mut word_before, mut sign_before) = (0, 0);
    for at in 0..blocks.len() {
        let next = blocks.get(at + 1).copied().unwrap_or_default();
        let bits = &mut blocks[at];
        let after_word = bits.word << 1 | word_before;
        let follows = |of: fn(&Bits) -> u64| of(bits) >> 1 | of(&next) << 63;
        let before_word = follows(|bits| bits.word);
        let before_sign = follows(|bits| bits.sign);
        let before_space = follows(|bits| bits.space);
        bits.signed = bits.word & (bits.sign << 1 | sign_before);
        (word_before, sign_before) = (bits.word >> 63, bits.sign >> 63);
        bits.hard |= bits.between & after_word & before_word
            | bits.before & (before_word | before_sign)
            | bits.sign & after_word
            | bits.colon & after_word & !before_word & !before_space;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Bits, classify};

    /// The same, byte by byte.
    fn plainly(block: &[u8; 64]) -> Bits {
        let mut bits = Bits::default();
        for (at, byte) in block.iter().enumerate() {
            let bit = 1_u64 << at;
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => bits.word |= bit,
                b' ' | 9..=13 => bits.space |= bit,
                128.. => bits.hard |= bit,
                b'#' | b'@' | b'+' => bits.sign |= bit,
                b'.' | b'$' | b'&' => bits.before |= bit,
                b'\'' | b'-' => bits.between |= bit,
                b':' => bits.colon |= bit,
                _ => {}
            }
        }
        bits
    }

    #[test]
    fn every_byte_is_what_it_is() {
        for first in (0..=255).step_by(64) {
            let block = std::array::from_fn(|at| first + at as u8);
            assert_eq!(classify(&block), plainly(&block));
        }
    }

    proptest! {
        #[test]
        fn so_it_is_in_any_company(block in proptest::array::uniform32(any::<[u8; 2]>())) {
            let block = std::array::from_fn(|at| block[at / 2][at % 2]);
            prop_assert_eq!(classify(&block), plainly(&block));
        }
    }
}
