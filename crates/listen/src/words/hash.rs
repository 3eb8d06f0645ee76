//! Eight bytes at a time: loading, masking and hashing of folded words.
//!
//! The hash is the folded 64 × 64 → 128 bit multiplication of wyhash (Wang Yi, 2019, public domain), over zero-padded
//! words of eight bytes. It only decides where to look: whoever finds a word by it compares the bytes.

const KEYS: [u64; 3] = [0x9e37_79b9_7f4a_7c15, 0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db];

/// Bytes that must lie behind the last word of a buffer, so that it can be loaded in steps of eight.
pub(crate) const PADDING: usize = 16;

/// Eight bytes from `at` on; bytes beyond the buffer read as zero, but see [`PADDING`]: fewer than eight give nothing.
#[inline]
pub(crate) fn load(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |chunk| u64::from_le_bytes(*chunk))
}

/// Ones over the first `length` of eight bytes.
#[inline]
pub(crate) fn mask(length: usize) -> u64 {
    const MASKS: [u64; 9] =
        [0, 0xff, 0xffff, 0xff_ffff, 0xffff_ffff, 0xff_ffff_ffff, 0xffff_ffff_ffff, 0xff_ffff_ffff_ffff, u64::MAX];
    MASKS[length.min(8)]
}

/// The hash of `length` bytes from `at` on; at least [`PADDING`] bytes must follow them.
#[inline]
pub(crate) fn hash(bytes: &[u8], at: usize, length: usize) -> u64 {
    const MASKS: [(u64, u64); 17] = {
        let mut masks = [(u64::MAX, u64::MAX); 17];
        let mut length = 0;
        while length < 16 {
            let all = if length == 0 { 0 } else { u128::MAX >> (128 - 8 * length) };
            masks[length] = (all as u64, (all >> 64) as u64);
            length += 1;
        }
        masks
    };
    let sixteen = bytes.get(at..).and_then(<[u8]>::first_chunk::<16>).map_or(0, |chunk| u128::from_le_bytes(*chunk));
    let masks = MASKS[length.min(16)];
    let hash = mix((sixteen as u64 & masks.0) ^ KEYS[0], ((sixteen >> 64) as u64 & masks.1) ^ KEYS[1]);
    if length > 16 { hash_long(bytes, at, length, hash) } else { hash }
}

#[cold]
fn hash_long(bytes: &[u8], at: usize, length: usize, mut hash: u64) -> u64 {
    for done in (16..length).step_by(8) {
        hash = mix(hash ^ KEYS[2], (load(bytes, at + done) & mask(length - done)) ^ KEYS[1]);
    }
    hash
}

#[inline]
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// The hash of a text that lies alone, without padding.
pub(crate) fn hash_of(text: &[u8]) -> u64 {
    let mut padded = [0; 64 + PADDING];
    if let Some(place) = padded.get_mut(..text.len()).filter(|_| text.len() <= 64) {
        place.copy_from_slice(text);
        return hash(&padded, 0, text.len());
    }
    let mut padded = text.to_vec();
    padded.resize(text.len() + PADDING, 0);
    hash(&padded, 0, text.len())
}
