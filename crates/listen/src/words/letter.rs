//! What one character of a text does, for those characters of which the quick path is sure, and how letters fold.

use std::sync::LazyLock;

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use super::class::{is_dense, is_emoji, is_flag_letter, is_tone};

/// What a character is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Is {
    /// ASCII letter, digit or `_`.
    Word,
    /// Accented Latin or Cyrillic letter.
    Letter,
    /// Han or kana.
    Dense,
    /// An emoji that nothing can join to another without being unsure itself.
    Emoji,
    Apostrophe,
    Hyphen,
    Dot,
    Colon,
    /// `#` or `@`.
    Sign,
    /// Divides.
    Gap,
    /// Only the careful path knows.
    Unsure,
}

const ASCII: [Is; 128] = {
    let mut classes = [Is::Gap; 128];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => Is::Word,
            b'\'' => Is::Apostrophe,
            b'-' => Is::Hyphen,
            b'.' => Is::Dot,
            b':' => Is::Colon,
            b'#' | b'@' => Is::Sign,
            b'$' | b'&' | b'+' => Is::Unsure,
            _ => Is::Gap,
        };
        byte += 1;
    }
    classes
};

/// What the character at `at` is, and how many bytes long.
#[inline]
pub(super) fn look(text: &[u8], at: usize) -> (Is, usize) {
    match ASCII.get(usize::from(text[at])) {
        Some(is) => (*is, 1),
        None => look_beyond(text, at),
    }
}

fn look_beyond(text: &[u8], at: usize) -> (Is, usize) {
    let (c, length) = decode(text, at);
    let is = match c {
        '’' => Is::Apostrophe,
        '\u{c0}'..='\u{17f}' | '\u{400}'..='\u{45f}' if LETTERS.of(c).is_some() => Is::Letter,
        '\u{80}'..='\u{a0}'
        | '¡'
        | '¢'
        | '£'
        | '¥'
        | '«'
        | '»'
        | '¿'
        | '°'
        | '÷'
        | '×'
        | '‘'
        | '“'
        | '”'
        | '„'
        | '…'
        | '–'
        | '—'
        | '•'
        | '€'
        | '\u{3000}'..='\u{3003}'
        | '\u{3008}'..='\u{3011}'
        | '・' => Is::Gap,
        '\u{3041}'..='\u{3096}'
        | '\u{30a1}'..='\u{30fa}'
        | 'ー'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
            if is_dense(c) =>
        {
            Is::Dense
        }
        _ if is_emoji(c) && !is_tone(c) && !is_flag_letter(c) => Is::Emoji,
        _ => Is::Unsure,
    };
    (is, length)
}

/// The character at `at`, where one begins.
fn decode(text: &[u8], at: usize) -> (char, usize) {
    let byte = |nth: usize| u32::from(*text.get(at + nth).unwrap_or(&0));
    let low = |nth: usize| byte(nth) & 0x3f;
    let (code, length) = match text[at] {
        0xc0..=0xdf => ((byte(0) & 0x1f) << 6 | low(1), 2),
        0xe0..=0xef => ((byte(0) & 0xf) << 12 | low(1) << 6 | low(2), 3),
        _ => ((byte(0) & 7) << 18 | low(1) << 12 | low(2) << 6 | low(3), 4),
    };
    (char::from_u32(code).unwrap_or_default(), length)
}

/// Number of letters once folded.
pub(super) fn count(part: &[u8]) -> usize {
    if part.is_ascii() {
        return part.len();
    }
    let mut folded = Vec::new();
    fold(part, &mut folded);
    folded.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// Appends the folded form of a part that consists of words, letters, dense characters, and apostrophes between.
pub(super) fn fold(part: &[u8], folded: &mut Vec<u8>) {
    let mut at = 0;
    while at < part.len() {
        if part[at].is_ascii() {
            folded.push(part[at].to_ascii_lowercase());
            at += 1;
            continue;
        }
        let (c, length) = decode(part, at);
        match LETTERS.of(c) {
            Some(letter) => folded.extend_from_slice(letter),
            None if c == '’' => folded.push(b'\''),
            None => folded.extend_from_slice(&part[at..at + length]),
        }
        at += length;
    }
}

/// The folded forms of the letters the quick path knows, made once with [`super::fold`].
struct Letters([(u8, [u8; 7]); LATIN + CYRILLIC]);

const LATIN: usize = 0x180 - 0xc0;
const CYRILLIC: usize = 0x460 - 0x400;

static LETTERS: LazyLock<Letters> = LazyLock::new(|| {
    let mut letters = [(0, [0; 7]); LATIN + CYRILLIC];
    for c in ('\u{c0}'..'\u{180}').chain('\u{400}'..'\u{460}') {
        let folded = super::fold(c.encode_utf8(&mut [0; 4]));
        if let Some(place) = place(c).filter(|_| is_simple(c) && (1..=7).contains(&folded.len())) {
            letters[place].0 = folded.len() as u8;
            letters[place].1[..folded.len()].copy_from_slice(folded.as_bytes());
        }
    }
    Letters(letters)
});

/// Whether it is one letter, with marks at most: not `ŉ`, which is an apostrophe and a letter.
fn is_simple(c: char) -> bool {
    let mut parts = Vec::new();
    decompose_compatible(c, |part| parts.push(part));
    c.is_alphabetic() && parts[1..].iter().all(|part| is_combining_mark(*part))
}

fn place(c: char) -> Option<usize> {
    match c as u32 {
        code @ 0xc0..0x180 => Some(code as usize - 0xc0),
        code @ 0x400..0x460 => Some(LATIN + code as usize - 0x400),
        _ => None,
    }
}

impl Letters {
    #[inline]
    fn of(&self, c: char) -> Option<&[u8]> {
        let (length, letter) = &self.0[place(c)?];
        (*length > 0).then(|| &letter[..usize::from(*length)])
    }
}
