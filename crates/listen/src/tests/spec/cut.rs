//! The rules of the crate's documentation, one function a rule.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;

use super::address::address;
use super::class::{Class, JOINER, KEYCAP, is_apostrophe, is_flag_letter, is_flag_tag, is_hyphen, is_tone};
use super::fold::fold;
use super::glyphs::Row;
use super::{Cut, Kind, Words};

/// Runs of more parts than this are no whole, only parts.
const MAX_PARTS: usize = 8;
/// Parts of at least so many letters are words on their own.
const OWN: usize = 3;
/// What stands after the apostrophe of a contraction: `don` is no word of `don't`.
const CONTRACTED: [&str; 7] = ["t", "s", "d", "m", "ll", "re", "ve"];

pub(super) fn cut(text: &str) -> Words {
    let row = Row::of(text);
    let mut cutter = Cutter { row: &row, at: 0, words: Words::default() };
    while cutter.at < row.glyphs.len() {
        cutter.step();
    }
    cutter.words
}

struct Cutter<'r> {
    row: &'r Row,
    at: usize,
    words: Words,
}

/// What joins a part to the one before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    Hyphen,
    Apostrophe,
    Ampersand,
}

/// One part of a run: its glyphs, and what joins it to the one before.
struct Part {
    glyphs: Range<usize>,
    join: Option<Join>,
}

impl Cutter<'_> {
    fn step(&mut self) {
        let (row, at) = (self.row, self.at);
        if let Some(length) = address(row, at) {
            let exact = row.as_written(at..at + length).nfc().collect();
            let position = self.take_position();
            self.push(Kind::Address, (position, position), at..at + length, String::new(), exact);
            self.at += length;
            return;
        }
        let c = row.c(at).unwrap_or_default();
        let dot = c == '.' && self.opens_with_dot();
        match row.class(at) {
            _ if self.keycap() => {}
            Some(Class::Letter) => self.run(at),
            Some(Class::Dense) => self.dense(),
            Some(Class::Emoji) => self.emoji(),
            _ if matches!(c, '#' | '@' | '$') && self.sign(c) => {}
            _ if dot => self.run(at),
            _ => self.at += 1,
        }
    }

    fn take_position(&mut self) -> u32 {
        self.words.positions += 1;
        self.words.positions - 1
    }

    fn push(&mut self, kind: Kind, (from, to): (u32, u32), glyphs: Range<usize>, word: String, exact: String) {
        let span = self.row.span(glyphs);
        self.words.tokens.push(Cut { kind, from, to, word, exact, span, adjacent: false });
    }

    fn push_word(&mut self, positions: (u32, u32), glyphs: Range<usize>) {
        let (word, exact) = (self.folded(glyphs.clone()), self.exact(glyphs.clone()));
        self.push(Kind::Word, positions, glyphs, word, exact);
    }

    fn folded(&self, glyphs: Range<usize>) -> String {
        fold(&self.row.plain(glyphs))
    }

    fn exact(&self, glyphs: Range<usize>) -> String {
        let plain = |c: char| match c {
            _ if is_apostrophe(c) => '\'',
            _ if is_hyphen(c) => '-',
            _ => c,
        };
        self.row.as_written(glyphs).map(plain).nfc().collect()
    }

    fn is(&self, at: usize, classes: &[Class]) -> bool {
        self.row.class(at).is_some_and(|class| classes.contains(&class))
    }

    /// A `.` directly before a letter, after nothing, a space or an opening mark.
    fn opens_with_dot(&self) -> bool {
        let opened = match self.at.checked_sub(1).and_then(|at| self.row.c(at)) {
            None => true,
            Some(c) => c.is_whitespace() || matches!(c, '(' | '[' | '{' | '"' | '\'' | '“' | '‘' | '«' | '„'),
        };
        opened && self.is(self.at + 1, &[Class::Letter]) && self.row.c(self.at + 1).is_some_and(char::is_alphabetic)
    }

    /// Where glyphs of these classes, from `at` on, end.
    fn upto(&self, at: usize, classes: &[Class]) -> usize {
        let rest = self.row.glyphs.get(at..).unwrap_or_default();
        at + rest.iter().take_while(|glyph| classes.contains(&glyph.class)).count()
    }

    /// Letters and marks from `at` on.
    fn letters(&self, at: usize) -> usize {
        self.upto(at, &[Class::Letter, Class::Mark])
    }

    /// The longest run of parts joined by punctuation that belongs to a word, and its whole and parts as tokens.
    fn run(&mut self, start: usize) {
        let dotted = self.row.c(start) == Some('.');
        let first = start + usize::from(dotted);
        let mut parts = vec![Part { glyphs: first..self.letters(first), join: None }];
        let mut end = parts[0].glyphs.end;
        let mut possessive = false;
        while let Some(join) = self.join(end) {
            let part = end + 1..self.letters(end + 1);
            if join == Join::Apostrophe && self.is_possessive(&part) {
                possessive = true;
                break;
            }
            end = part.end;
            parts.push(Part { glyphs: part, join: Some(join) });
        }
        let suffix = if possessive { 0 } else { self.suffix(end) };
        self.at = if possessive { self.letters(end + 1) } else { end + suffix };
        if let Some(last) = parts.last().map(|part| part.glyphs.clone()) {
            let stem = last.end == end && suffix > 0;
            self.emit(&parts, start..end + suffix, dotted, stem);
        }
    }

    /// Whether what stands at `at` joins the words on both sides.
    fn join(&self, at: usize) -> Option<Join> {
        let c = self.row.c(at)?;
        let before = self.row.glyphs[..at].iter().rev().find(|glyph| glyph.class != Class::Mark)?.c;
        let after = self.row.c(at + 1).filter(|_| self.is(at + 1, &[Class::Letter]))?;
        let letters = before.is_alphabetic() && after.is_alphabetic();
        match c {
            _ if is_hyphen(c) && before != '_' && after != '_' => Some(Join::Hyphen),
            '&' if letters => Some(Join::Ampersand),
            _ if is_apostrophe(c) && letters => Some(Join::Apostrophe),
            // `80's`, `Acme2's`: only the possessive.
            _ if is_apostrophe(c) && self.is_possessive(&(at + 1..self.letters(at + 1))) => Some(Join::Apostrophe),
            _ => None,
        }
    }

    /// A lone `s` after an apostrophe, in any case and with any accent, where the word ends.
    fn is_possessive(&self, part: &Range<usize>) -> bool {
        let lone = self.row.glyphs.get(part.clone()).is_some_and(|part| match part {
            [one] if one.c.is_ascii() => one.c.eq_ignore_ascii_case(&'s'),
            // Longer ones would be marks over marks, and are some other word.
            [] | [_, _, _, _, ..] => false,
            _ => fold(&part.iter().map(|glyph| glyph.c).collect::<String>()) == "s",
        });
        let goes_on = self.row.c(part.end).is_some_and(is_apostrophe) && self.is(part.end + 1, &[Class::Letter]);
        lone && !goes_on
    }

    /// Signs at the end that belong to the word: `C++`, `C#`.
    fn suffix(&self, at: usize) -> usize {
        let plus = self.row.glyphs[at..].iter().take_while(|glyph| glyph.c == '+').count();
        let signs = if plus == 0 && self.row.c(at) == Some('#') { 1 } else { plus };
        let ends = !self.is(at + signs, &[Class::Letter, Class::Mark, Class::Dense]);
        if ends && self.row.c(at + signs) != Some('#') { signs } else { 0 }
    }

    /// The tokens of a run: the whole, its hyphenated parts each with a place of its own, and the words within those.
    fn emit(&mut self, parts: &[Part], whole: Range<usize>, dotted: bool, suffixed: bool) {
        if parts.len() > MAX_PARTS {
            for part in parts {
                let position = self.take_position();
                self.push_word((position, position), part.glyphs.clone());
            }
            return;
        }
        let starts: Vec<usize> =
            (0..parts.len()).filter(|at| parts[*at].join.is_none_or(|join| join == Join::Hyphen)).collect();
        let mark = self.words.tokens.len();
        let first = self.words.positions;
        for (nth, from) in starts.iter().enumerate() {
            let to = starts.get(nth + 1).copied().unwrap_or(parts.len());
            let (opens, closes) = (dotted && nth == 0, suffixed && to == parts.len());
            let begin = if opens { whole.start } else { parts[*from].glyphs.start };
            let end = if closes { whole.end } else { parts[to - 1].glyphs.end };
            self.segment(&parts[*from..to], begin..end, opens || closes);
        }
        if starts.len() > 1 {
            let last = self.words.positions - 1;
            self.push_word((first, last), whole);
            self.words.tokens[mark..].rotate_right(1);
        }
    }

    /// One hyphenated part, or a whole run without hyphens.
    fn segment(&mut self, parts: &[Part], whole: Range<usize>, signed: bool) {
        let first = self.words.positions;
        if parts.len() == 1 && !signed {
            let position = self.take_position();
            return self.push_word((position, position), whole);
        }
        let own: Vec<Range<usize>> = (0..parts.len()).filter_map(|at| self.own(parts, at)).collect();
        let last = first + (own.len().max(1) as u32) - 1;
        self.words.positions = last + 1;
        self.push_word((first, last), whole);
        for (position, glyphs) in (first..).zip(own) {
            self.push_word((position, position), glyphs);
        }
    }

    /// Whether a part is a word on its own.
    fn own(&self, parts: &[Part], at: usize) -> Option<Range<usize>> {
        let glyphs = parts[at].glyphs.clone();
        let word = self.folded(glyphs.clone());
        let next = parts.get(at + 1).filter(|next| next.join == Some(Join::Apostrophe));
        let contracted = next.is_some_and(|next| CONTRACTED.contains(&self.folded(next.glyphs.clone()).as_str()));
        let number = parts.len() == 1 && !word.chars().any(char::is_alphabetic);
        (number || (word.chars().count() >= OWN && !contracted)).then_some(glyphs)
    }

    /// One character of a dense script with its marks.
    fn dense(&mut self) {
        let start = self.at;
        let adjacent = start > 0
            && self.row.class_before(start) == Some(Class::Dense)
            && self.words.tokens.last().is_some_and(|last| last.kind == Kind::Dense);
        self.at += 1;
        while self.is(self.at, &[Class::Mark]) {
            self.at += 1;
        }
        let (word, exact) = (self.folded(start..self.at), self.exact(start..self.at));
        let position = self.take_position();
        self.push(Kind::Dense, (position, position), start..self.at, word, exact);
        if let Some(last) = self.words.tokens.last_mut() {
            last.adjacent = adjacent;
        }
    }

    /// `1️⃣`: a digit or sign in a key.
    fn keycap(&mut self) -> bool {
        let is_key = self.row.c(self.at).is_some_and(|c| c.is_ascii_digit() || matches!(c, '#' | '*'));
        if !is_key || self.row.c(self.at + 1) != Some(KEYCAP) {
            return false;
        }
        self.push_emoji(self.at..self.at + 2);
        true
    }

    fn push_emoji(&mut self, glyphs: Range<usize>) {
        self.at = glyphs.end;
        let exact = self.row.plain(glyphs.clone());
        let bare = |(at, c): (usize, char)| (at == 0 || !is_tone(c)).then_some(c);
        let word = exact.chars().enumerate().filter_map(bare).collect::<String>();
        let position = self.take_position();
        self.push(Kind::Emoji, (position, position), glyphs, word, exact);
    }

    /// One emoji as people see it: flags whole, tones and joined people with it.
    fn emoji(&mut self) {
        let start = self.at;
        let flag = |at: usize| self.row.c(at).is_some_and(is_flag_letter);
        if flag(start) {
            return self.push_emoji(start..start + 1 + usize::from(flag(start + 1)));
        }
        let mut end = self.emoji_part(start);
        while self.row.c(end) == Some(JOINER) && self.is(end + 1, &[Class::Emoji]) && !flag(end + 1) {
            end = self.emoji_part(end + 1);
        }
        self.push_emoji(start..end);
        // A joiner or flag letter that joins nothing is invisible again.
        while self.row.c(self.at).is_some_and(|c| c == JOINER || is_flag_tag(c)) {
            self.at += 1;
        }
    }

    /// The end of an emoji with its tone and flag letters.
    fn emoji_part(&self, start: usize) -> usize {
        let mut end = start + 1;
        if self.row.c(end).is_some_and(is_tone) {
            end += 1;
        }
        while self.row.c(end).is_some_and(is_flag_tag) {
            end += 1;
        }
        end
    }

    /// `#tag`, `@handle`, `$TICKER`; false where no name follows or a word stands directly before.
    fn sign(&mut self, sign: char) -> bool {
        let start = self.at;
        let named = self.is(start + 1, &[Class::Letter, Class::Dense]);
        if !named || self.glued(start) {
            return false;
        }
        match sign {
            '#' => {
                let end = self.upto(start + 1, &[Class::Letter, Class::Dense, Class::Mark]);
                self.push_named(Kind::Tag, start..end);
            }
            '@' => self.handle(start),
            _ => {
                if !self.is(start + 1, &[Class::Letter]) || !self.row.c(start + 1).is_some_and(char::is_alphabetic) {
                    return false;
                }
                self.push_named(Kind::Ticker, start..self.letters(start + 1));
            }
        }
        self.skip_possessive();
        true
    }

    /// Whether a word with spaces around it stands directly before; scripts without spaces put none before a tag either.
    fn glued(&self, at: usize) -> bool {
        let directly = at.checked_sub(1).is_some_and(|at| self.is(at, &[Class::Letter, Class::Mark]));
        directly && self.row.class_before(at) == Some(Class::Letter)
    }

    fn push_named(&mut self, kind: Kind, glyphs: Range<usize>) {
        let name = glyphs.start + 1..glyphs.end;
        let (word, exact) = (self.folded(name.clone()), self.exact(name));
        self.at = glyphs.end;
        let position = self.take_position();
        self.push(kind, (position, position), glyphs, word, exact);
    }

    /// A handle with inner `.` and `-`, and the host of a fediverse handle; that one is found by its local part too.
    fn handle(&mut self, start: usize) {
        let dense = self.is(start + 1, &[Class::Dense]);
        let classes: &[Class] =
            if dense { &[Class::Letter, Class::Dense, Class::Mark] } else { &[Class::Letter, Class::Mark] };
        let name = |from: usize, inner: &[char]| {
            let mut end = from;
            loop {
                while self.is(end, classes) {
                    end += 1;
                }
                let joins = end > from && self.row.c(end).is_some_and(|c| inner.contains(&c));
                if !joins || !self.is(end + 1, &[Class::Letter]) {
                    return end;
                }
                end += 1;
            }
        };
        let local = name(start + 1, &['.', '-']);
        let host = local + 1..name(local + 1, &['.', '-']);
        let hosted = self.row.c(local) == Some('@')
            && self.is(host.start, &[Class::Letter])
            && host.clone().any(|at| self.row.c(at) == Some('.'));
        if !hosted {
            return self.push_named(Kind::Handle, start..local);
        }
        self.push_named(Kind::Handle, start..host.end);
        let position = self.words.positions - 1;
        let (word, exact) = (self.folded(start + 1..local), self.exact(start + 1..local));
        self.push(Kind::Handle, (position, position), start..local, word, exact);
    }

    fn skip_possessive(&mut self) {
        let part = self.at + 1..self.letters(self.at + 1);
        if self.row.c(self.at).is_some_and(is_apostrophe) && self.is_possessive(&part) {
            self.at = part.end;
        }
    }
}
