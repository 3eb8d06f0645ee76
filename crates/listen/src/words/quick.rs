//! The commonest parts that are no plain words, taken without making rows of characters: web addresses, words with
//! apostrophes, hyphens or full stops inside, accented and Cyrillic letters, typographic marks, tags and handles beside
//! them, single emoji, Han and kana.
//!
//! Whatever is not sure to be one of these is left to [`super::cut`], whose rules these are.

use super::Kind;
use super::address::ENDINGS;
use super::cut::{CONTRACTED, MAX_PARTS, OWN};
use super::letter::{self, Is, look};
use super::scan::Scan;

/// Bytes of the text, from and to.
type Part = (usize, usize);

/// A part of the text between two spaces.
struct Chunk<'t> {
    /// All of the text, up to the end of the chunk.
    text: &'t [u8],
    /// Where its folded bytes begin.
    base: usize,
    from: usize,
}

impl Scan {
    /// Takes the part of the text between two spaces if it is one of the common ones; otherwise nothing has happened.
    pub(super) fn quick(&mut self, base: usize, text: &[u8], (from, to): Part) -> bool {
        let chunk = Chunk { text: &text[..to], base, from };
        if text[from] == b'h' && text[from..to].starts_with(b"http") {
            return self.address(&text[from..to], from);
        }
        let before = (self.entries.len(), self.signed.len(), self.used, self.position);
        if self.pieces(&chunk).is_some() || &text[from..to] == b"&amp;" {
            return true;
        }
        self.entries.truncate(before.0);
        self.signed.truncate(before.1);
        (self.used, self.position) = (before.2, before.3);
        false
    }

    /// `https://…` and nothing else.
    fn address(&mut self, chunk: &[u8], from: usize) -> bool {
        let Some(scheme) = [&b"http://"[..], b"https://"].into_iter().find(|it| chunk.starts_with(it)) else {
            return false;
        };
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/.-?=%_".contains(byte);
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

    /// All pieces of a chunk; `None` where one of them is not sure.
    fn pieces(&mut self, chunk: &Chunk) -> Option<()> {
        let (mut at, mut dots, mut slashes) = (chunk.from, false, false);
        let mut before = Is::Gap;
        while at < chunk.text.len() {
            let (is, length) = look(chunk.text, at);
            let end = match is {
                Is::Word | Is::Letter => self.run(chunk, at)?,
                Is::Sign if !matches!(before, Is::Word | Is::Letter) => self.named(chunk, at)?,
                Is::Emoji => self.one(chunk, (at, at + length), Kind::Emoji, false),
                Is::Dense => self.one(chunk, (at, at + length), Kind::Dense, before == Is::Dense),
                Is::Dot => {
                    dots |= is_full_stop(chunk, at)?;
                    at + 1
                }
                Is::Gap | Is::Apostrophe | Is::Hyphen => {
                    slashes |= chunk.text[at] == b'/';
                    at + length
                }
                Is::Colon if !chunk.text[at + 1..].starts_with(b"//") => at + 1,
                Is::Sign | Is::Colon | Is::Unsure => return None,
            };
            // A tag ends in a letter, that of its possessive included: a sign directly behind it begins no other.
            before = if is == Is::Sign { Is::Word } else { is };
            at = end;
        }
        (!(dots && slashes)).then_some(())
    }

    /// One emoji or one character of a dense script; where it ends.
    fn one(&mut self, chunk: &Chunk, part: Part, kind: Kind, adjacent: bool) -> usize {
        if kind == Kind::Dense {
            self.signed.push(self.entries.len() as u32);
        }
        let position = self.position;
        self.position += 1;
        self.push_read(chunk.base, part, (position, 0));
        if let Some(entry) = self.entries.last_mut() {
            (entry.kind, entry.adjacent) = (kind, adjacent);
        }
        part.1
    }

    /// A tag or handle; where it ends, its possessive included.
    fn named(&mut self, chunk: &Chunk, at: usize) -> Option<usize> {
        let tag = chunk.text[at] == b'#';
        let mut end = at + 1;
        while end < chunk.text.len() {
            match look(chunk.text, end) {
                (Is::Word | Is::Letter, length) => end += length,
                (Is::Dense, length) if tag => end += length,
                _ => break,
            }
        }
        if end == at + 1 {
            // A sign before nothing that could be a name, but perhaps before what is not sure.
            return (end == chunk.text.len() || look(chunk.text, end).0 == Is::Gap).then_some(end);
        }
        // A handle may go on behind its marks; a key cap or a mark may follow; the rules for those are long.
        if end < chunk.text.len() && !matches!(look(chunk.text, end).0, Is::Gap | Is::Apostrophe | Is::Emoji) {
            return None;
        }
        let position = self.position;
        self.position += 1;
        self.signed.push(self.entries.len() as u32);
        self.push_part(chunk, (at + 1, end), (position, 0));
        if let Some(entry) = self.entries.last_mut() {
            entry.kind = if tag { Kind::Tag } else { Kind::Handle };
            entry.start -= 1;
        }
        Some(apostrophe(chunk.text, end).and_then(|next| possessive(chunk.text, next)).unwrap_or(end))
    }

    /// One run of parts; where it ends. `None` where it is not simple after all.
    fn run(&mut self, chunk: &Chunk, from: usize) -> Option<usize> {
        let text = chunk.text;
        let mut parts: [Part; MAX_PARTS] = [(0, 0); MAX_PARTS];
        parts[0] = (from, letters(text, from));
        let (mut count, mut kind, mut next) = (1, Is::Word, None);
        while let Some((join, start)) = join(text, parts[count - 1].1) {
            if join == Is::Apostrophe {
                next = possessive(text, start);
                if next.is_some() {
                    break;
                }
            }
            if count == MAX_PARTS || (kind != Is::Word && kind != join) {
                return None;
            }
            kind = join;
            parts[count] = (start, letters(text, start));
            count += 1;
        }
        let end = parts[count - 1].1;
        // `C++`, `C#`, `bob@acme.com`, and what may be a mark.
        if end < text.len() && matches!(look(text, end).0, Is::Sign | Is::Unsure)
            || text[from..end].starts_with(b"http")
        {
            return None;
        }
        self.emit(chunk, &parts[..count], kind);
        Some(next.unwrap_or(end))
    }

    fn emit(&mut self, chunk: &Chunk, parts: &[Part], kind: Is) {
        let first = self.position;
        let whole = (parts[0].0, parts[parts.len() - 1].1);
        if parts.len() == 1 {
            self.position += 1;
            return self.push_part(chunk, whole, (first, 0));
        }
        let own = |nth: usize| {
            let part = &chunk.text[parts[nth].0..parts[nth].1];
            let next = parts.get(nth + 1).map(|part| &chunk.text[part.0..part.1]);
            let contracted = next.is_some_and(is_contracted);
            kind == Is::Hyphen || (letter::count(part) >= OWN && !contracted)
        };
        let owned = (0..parts.len()).filter(|nth| own(*nth)).fold(0_u32, |set, nth| set | 1 << nth);
        let count = owned.count_ones().max(1);
        self.position += count;
        self.push_part(chunk, whole, (first, (count - 1) as u8));
        for (position, nth) in (first..).zip((0..parts.len()).filter(|nth| owned >> nth & 1 == 1)) {
            self.push_part(chunk, parts[nth], (position, 0));
        }
    }

    /// A word; one beyond ASCII is folded here.
    fn push_part(&mut self, chunk: &Chunk, part: Part, places: (u32, u8)) {
        let text = &chunk.text[part.0..part.1];
        if text.is_ascii() {
            return self.push_read(chunk.base, part, places);
        }
        let mut word = std::mem::take(&mut self.word);
        word.clear();
        letter::fold(text, &mut word);
        self.push_written(&word, part, places, Kind::Word);
        self.word = word;
    }
}

/// Whether the dot stands before a letter or digit; `None` where it may open a word (`.NET`) or belong to an address
/// (`acme.com`, `www.acme.eu`).
fn is_full_stop(chunk: &Chunk, at: usize) -> Option<bool> {
    let text = chunk.text;
    let Some(next) = text.get(at + 1) else { return Some(false) };
    if !next.is_ascii() {
        return (look(text, at + 1).0 == Is::Gap).then_some(false);
    }
    if !next.is_ascii_alphanumeric() {
        return Some(false);
    }
    let before = text[chunk.from..at].last();
    let www = text[chunk.from..at].to_ascii_lowercase().ends_with(b"www");
    if before == Some(&b'.') || !(next.is_ascii_alphabetic() || www) {
        return Some(true);
    }
    let label = text[at + 1..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
    let label = &text[at + 1..at + 1 + label];
    let ending = ENDINGS.iter().any(|it| it.as_bytes() == label);
    (before.is_some_and(u8::is_ascii_alphanumeric) && !www && !ending).then_some(true)
}

/// Where the letters end that begin at `at`.
fn letters(text: &[u8], mut at: usize) -> usize {
    while at < text.len() {
        match look(text, at) {
            (Is::Word | Is::Letter, length) => at += length,
            _ => break,
        }
    }
    at
}

/// Where it goes on behind an apostrophe at `at`.
fn apostrophe(text: &[u8], at: usize) -> Option<usize> {
    let length = match text.get(at)? {
        b'\'' => 1,
        0xe2 if look(text, at).0 == Is::Apostrophe => 3,
        _ => return None,
    };
    (at + length < text.len()).then_some(at + length)
}

/// What joins the part that ends at `at` to the next, and where that begins.
fn join(text: &[u8], at: usize) -> Option<(Is, usize)> {
    let is_letter = |is: Is, byte: u8| is == Is::Letter || byte.is_ascii_alphabetic();
    let last = text[at - 1];
    let before = if last.is_ascii() { Is::Word } else { Is::Letter };
    if text.get(at) == Some(&b'-') {
        let after = text.get(at + 1)?;
        let joins = last != b'_' && *after != b'_' && matches!(look(text, at + 1).0, Is::Word | Is::Letter);
        return joins.then_some((Is::Hyphen, at + 1));
    }
    let next = apostrophe(text, at)?;
    let after = look(text, next).0;
    let letters = is_letter(before, last) && is_letter(after, text[next]);
    (letters || possessive(text, next).is_some()).then_some((Is::Apostrophe, next))
}

/// Where a lone `s` after an apostrophe ends that ends its word, in any case and with any accent.
fn possessive(text: &[u8], at: usize) -> Option<usize> {
    let end = letters(text, at);
    let lone = match &text[at..end] {
        [one] => one.eq_ignore_ascii_case(&b's'),
        part => is_accented(part) && folded(part) == b"s",
    };
    let goes_on = || apostrophe(text, end).map(|next| look(text, next).0);
    (lone && !matches!(goes_on(), Some(Is::Word | Is::Letter))).then_some(end)
}

/// Whether this is what stands after the apostrophe of a contraction, in any case and with any accent.
fn is_contracted(part: &[u8]) -> bool {
    let is = |part: &[u8]| CONTRACTED.iter().any(|it| part.eq_ignore_ascii_case(it.as_bytes()));
    if is_accented(part) { is(&folded(part)) } else { is(part) }
}

/// Whether it is one or two letters, not all of them plain.
fn is_accented(part: &[u8]) -> bool {
    part.len() <= 6 && !part.is_ascii()
}

fn folded(part: &[u8]) -> Vec<u8> {
    let mut folded = Vec::with_capacity(8);
    letter::fold(part, &mut folded);
    folded
}
