//! The commonest parts that are no plain words, taken without making rows of characters: web addresses, words with
//! apostrophes, hyphens or full stops inside, typographic quotes and dashes around words.
//!
//! Whatever is not sure to be one of these is left to [`super::cut`], whose rules these are.

use super::address::ENDINGS;
use super::cut::{CONTRACTED, MAX_PARTS, OWN};
use super::scan::Scan;
use super::Kind;

/// What a byte may be here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    Word,
    Gap,
    Apostrophe,
    Hyphen,
    Dot,
    /// Begins a typographic mark, perhaps.
    Mark,
    /// Only the careful path knows.
    Unsure,
}

const CLASSES: [Is; 256] = {
    let mut classes = [Is::Gap; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => Is::Word,
            b'\'' => Is::Apostrophe,
            b'-' => Is::Hyphen,
            b'.' => Is::Dot,
            0xe2 => Is::Mark,
            b'#' | b'@' | b'$' | b'&' | b'+' | b':' | 128.. => Is::Unsure,
            _ => Is::Gap,
        };
        byte += 1;
    }
    classes
};

/// A part of a run: its bytes in the text.
type Part = (usize, usize);

impl Scan {
    /// Takes the part of the text between two spaces if it is one of the common ones; otherwise nothing has happened.
    pub(super) fn quick(&mut self, base: usize, text: &[u8], (from, to): Part) -> bool {
        let chunk = &text[from..to];
        if chunk.starts_with(b"http") {
            return self.address(chunk, from);
        }
        if !is_simple(chunk) {
            return chunk == b"&amp;";
        }
        let before = (self.entries.len(), self.used, self.position);
        let mut at = from;
        while at < to {
            if class(text, at) != Is::Word {
                at += 1;
                continue;
            }
            let Some(end) = self.run(base, text, (at, to)) else {
                (self.used, self.position) = (before.1, before.2);
                self.entries.truncate(before.0);
                return false;
            };
            at = end;
        }
        true
    }

    /// `https://…` and nothing else, but for punctuation behind it.
    fn address(&mut self, chunk: &[u8], from: usize) -> bool {
        let Some(scheme) = [&b"http://"[..], b"https://"].into_iter().find(|it| chunk.starts_with(it)) else {
            return false;
        };
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'?' | b'=' | b'%' | b'_');
        let length = chunk[scheme.len()..].iter().take_while(|byte| plain(byte)).count() + scheme.len();
        let mut end = length;
        while end > scheme.len() && matches!(chunk[end - 1], b'.' | b'?') {
            end -= 1;
        }
        let alone = chunk[length..].iter().all(|byte| *byte == b'"');
        if !alone || end == scheme.len() || chunk[end - 1] == b'_' {
            return false;
        }
        let position = self.position;
        self.position += 1;
        self.push_written(&[], (from, from + end), (position, 0), Kind::Address);
        true
    }

    /// One run of parts; where it ends. `None` where it is not simple after all.
    fn run(&mut self, base: usize, text: &[u8], (from, to): Part) -> Option<usize> {
        let mut parts: [Part; MAX_PARTS] = [(0, 0); MAX_PARTS];
        parts[0] = (from, letters(text, from, to));
        let (mut count, mut kind) = (1, Is::Word);
        loop {
            let end = parts[count - 1].1;
            let Some((join, next)) = join(text, end, to) else { break };
            if join == Is::Apostrophe && is_possessive(text, next, to) {
                let after = next + 1;
                self.emit(base, text, &parts[..count], kind);
                return Some(after);
            }
            if count == MAX_PARTS || (kind != Is::Word && kind != join) {
                return None;
            }
            kind = join;
            parts[count] = (next, letters(text, next, to));
            count += 1;
        }
        let end = parts[count - 1].1;
        self.emit(base, text, &parts[..count], kind);
        Some(end)
    }

    fn emit(&mut self, base: usize, text: &[u8], parts: &[Part], kind: Is) {
        let first = self.position;
        let whole = (parts[0].0, parts[parts.len() - 1].1);
        if parts.len() == 1 {
            self.position += 1;
            return self.push_read(base, whole, (first, 0));
        }
        let own = |nth: usize| {
            let length = |part: Part| part.1 - part.0;
            let next = parts.get(nth + 1).map(|part| &text[part.0..part.1]);
            let contracted = next.is_some_and(|next| CONTRACTED.iter().any(|it| next.eq_ignore_ascii_case(it.as_bytes())));
            kind == Is::Hyphen || (length(parts[nth]) >= OWN && !contracted)
        };
        let count = (0..parts.len()).filter(|nth| own(*nth)).count().max(1) as u32;
        self.position += count;
        let places = (first, (count - 1) as u8);
        if text[whole.0..whole.1].is_ascii() {
            self.push_read(base, whole, places);
        } else {
            self.push_joined(text, parts, places);
        }
        let mut position = first;
        for nth in (0..parts.len()).filter(|nth| own(*nth)) {
            self.push_read(base, parts[nth], (position, 0));
            position += 1;
        }
    }

    /// A whole with typographic apostrophes.
    fn push_joined(&mut self, text: &[u8], parts: &[Part], places: (u32, u8)) {
        let mut word = Vec::with_capacity(32);
        for (nth, part) in parts.iter().enumerate() {
            if nth > 0 {
                word.push(b'\'');
            }
            word.extend(text[part.0..part.1].iter().map(u8::to_ascii_lowercase));
        }
        self.push_written(&word, (parts[0].0, parts[parts.len() - 1].1), places, Kind::Word);
    }
}

/// Whether nothing stands in it but letters, digits, plain punctuation and typographic marks, and no address may.
fn is_simple(chunk: &[u8]) -> bool {
    let (mut at, mut dots, mut slashes) = (0, false, false);
    while at < chunk.len() {
        match class(chunk, at) {
            Is::Unsure => return false,
            Is::Mark => {
                let mark = chunk[at..].get(1..3);
                if !mark.is_some_and(|it| it[0] == 0x80 && matches!(it[1], 0x93 | 0x94 | 0x98 | 0x99 | 0x9c | 0x9d | 0xa2 | 0xa6)) {
                    return false;
                }
                at += 2;
            }
            Is::Dot => {
                if !is_full_stop(chunk, at) {
                    return false;
                }
                dots |= chunk.get(at + 1).is_some_and(u8::is_ascii_alphanumeric);
            }
            Is::Gap => slashes |= chunk[at] == b'/',
            Is::Word | Is::Apostrophe | Is::Hyphen => {}
        }
        at += 1;
    }
    !(dots && slashes)
}

/// Whether the dot neither opens a word (`.NET`) nor may belong to an address (`acme.com`, `www.acme.eu`).
fn is_full_stop(chunk: &[u8], at: usize) -> bool {
    let Some(next) = chunk.get(at + 1).filter(|next| next.is_ascii_alphanumeric()) else { return true };
    let before = at.checked_sub(1).map(|at| chunk[at]);
    if before == Some(b'.') || !next.is_ascii_alphabetic() {
        return true;
    }
    let label = chunk[at + 1..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
    let www = at >= 3 && chunk[at - 3..at].eq_ignore_ascii_case(b"www");
    let ending = ENDINGS.iter().any(|it| it.as_bytes() == &chunk[at + 1..at + 1 + label]);
    before.is_some_and(|it| it.is_ascii_alphanumeric()) && !www && !ending
}

fn class(text: &[u8], at: usize) -> Is {
    CLASSES[usize::from(text[at])]
}

/// Where the letters end that begin at `at`.
fn letters(text: &[u8], at: usize, to: usize) -> usize {
    at + text[at..to].iter().take_while(|byte| CLASSES[usize::from(**byte)] == Is::Word).count()
}

/// What joins the part that ends at `at` to the next, and where that begins.
fn join(text: &[u8], at: usize, to: usize) -> Option<(Is, usize)> {
    let typographic = text[at..to].starts_with("’".as_bytes());
    let next = at + if typographic { "’".len() } else { 1 };
    let (before, after) = (text[at - 1], *text[..to].get(next)?);
    let both = |fits: fn(&u8) -> bool| fits(&before) && fits(&after);
    match class(text, at) {
        Is::Hyphen if both(u8::is_ascii_alphanumeric) => Some((Is::Hyphen, next)),
        Is::Apostrophe | Is::Mark if typographic || text[at] == b'\'' => {
            let joins = both(u8::is_ascii_alphabetic) || is_possessive(text, next, to);
            joins.then_some((Is::Apostrophe, next))
        }
        _ => None,
    }
}

/// A lone `s` after an apostrophe, where the word ends.
fn is_possessive(text: &[u8], at: usize, to: usize) -> bool {
    if !matches!(text[at], b's' | b'S') || letters(text, at, to) != at + 1 {
        return false;
    }
    let rest = &text[at + 1..to];
    let after = rest.strip_prefix(b"'").or_else(|| rest.strip_prefix("’".as_bytes()));
    !after.and_then(<[u8]>::first).is_some_and(|byte| CLASSES[usize::from(*byte)] == Is::Word)
}
