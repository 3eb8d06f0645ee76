//! A text cut into tokens that keep what folding loses: elongation, capitals, emoji, emoticons, runs of marks.

use std::ops::Range;

/// Characters of a text that are read; the rest says nothing new and would only cost time.
pub const MOST_CHARS: usize = 8_000;
/// Characters of one word that are read.
const MOST_LETTERS: usize = 64;

/// Dense characters that count as one run.
const MOST_DENSE: usize = 69;

/// What sort of token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Letters and what stands within a word (`don't`, `e-mail`).
    Word,
    /// `#name`.
    Tag,
    /// `@name`; who is named does not matter, so all are the same token.
    Handle,
    /// An address; all are the same token.
    Address,
    /// Digits; their values do not matter, only how many there are.
    Number,
    /// One emoji.
    Emoji,
    /// A run of marks (`!!`, `...`, `:-)`).
    Marks,
    /// One character of a script that puts no space between words.
    Dense,
}

/// One token: its normal form in the buffer, and where it stands in the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub sort: Sort,
    /// Characters of the normal form, in [`Tokens::chars`].
    pub start: u32,
    pub end: u32,
    /// Bytes of the text.
    pub from: u32,
    pub to: u32,
    /// Written in capitals, two letters or more.
    pub shouted: bool,
    /// A letter stood three times or more in a row.
    pub stretched: bool,
}

/// The tokens of one text; the buffers are used again for the next.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    pub chars: Vec<char>,
    pub list: Vec<Token>,
}

impl Tokens {
    /// Cuts a text. Nothing is allocated once the buffers are as large as the longest text so far.
    pub(crate) fn cut(&mut self, text: &str) {
        self.chars.clear();
        self.list.clear();
        let mut scan = Scan { text, at: 0, left: MOST_CHARS };
        while let Some(c) = scan.peek() {
            if c.is_whitespace() || is_invisible(c) {
                scan.next();
            } else if c == '@' && scan.second().is_some_and(is_name) {
                self.fixed(&mut scan, Sort::Handle, |scan| {
                    scan.next();
                    scan.skip(is_name);
                });
            } else if starts_address(scan.rest()) {
                self.fixed(&mut scan, Sort::Address, |scan| scan.skip(|c| !c.is_whitespace()));
            } else if c == '#' && scan.second().is_some_and(is_name) {
                self.word(&mut scan, Sort::Tag);
            } else if c.is_numeric() {
                self.number(&mut scan);
            } else if is_dense(c) {
                self.one(&mut scan, Sort::Dense);
            } else if c.is_alphabetic() {
                self.word(&mut scan, Sort::Word);
            } else if is_emoji(c) {
                self.one(&mut scan, Sort::Emoji);
            } else {
                self.marks(&mut scan);
            }
        }
    }

    /// The normal form of a token.
    pub(crate) fn form(&self, token: &Token) -> &[char] {
        &self.chars[token.start as usize..token.end as usize]
    }

    /// The tokens from `at` on that count as one: a run of dense characters, or any other token alone. `None` at the end.
    pub(crate) fn run(&self, at: usize) -> Option<Range<usize>> {
        let dense = |token: &Token| token.sort == Sort::Dense;
        let more = match self.list.get(at) {
            Some(first) if dense(first) => {
                self.list[at + 1..].iter().take(MOST_DENSE - 1).take_while(|it| dense(it)).count()
            }
            found => found.map(|_| 0)?,
        };
        Some(at..at + 1 + more)
    }

    /// The normal forms of neighbouring tokens, one after another.
    pub(crate) fn forms(&self, run: &Range<usize>) -> &[char] {
        &self.chars[self.list[run.start].start as usize..self.list[run.end - 1].end as usize]
    }

    fn push(&mut self, sort: Sort, start: usize, from: usize, to: usize) {
        let (start, end) = (start as u32, self.chars.len() as u32);
        let (from, to) = (from as u32, to as u32);
        self.list.push(Token { sort, start, end, from, to, shouted: false, stretched: false });
    }

    fn fixed(&mut self, scan: &mut Scan, sort: Sort, skip: impl Fn(&mut Scan)) {
        let from = scan.at;
        let start = self.chars.len();
        skip(scan);
        self.chars.push(if sort == Sort::Handle { '\u{1}' } else { '\u{2}' });
        self.push(sort, start, from, scan.at);
    }

    fn one(&mut self, scan: &mut Scan, sort: Sort) {
        let from = scan.at;
        let start = self.chars.len();
        if let Some(c) = scan.next() {
            self.chars.push(c);
            self.push(sort, start, from, scan.at);
        }
    }

    fn number(&mut self, scan: &mut Scan) {
        let from = scan.at;
        let start = self.chars.len();
        while let Some(c) = scan.peek() {
            let joins = matches!(c, '.' | ',' | ':' | '/') && scan.second().is_some_and(char::is_numeric);
            if !c.is_numeric() && !joins {
                break;
            }
            scan.next();
            if self.chars.len() - start < 6 {
                self.chars.push(if c.is_numeric() { '0' } else { c });
            }
        }
        self.push(Sort::Number, start, from, scan.at);
    }

    fn word(&mut self, scan: &mut Scan, sort: Sort) {
        let from = scan.at;
        let start = self.chars.len();
        let (mut upper, mut lower, mut run, mut stretched) = (0u32, 0u32, 0u32, false);
        if sort == Sort::Tag {
            scan.next();
        }
        while let Some(c) = scan.peek() {
            let inner = matches!(c, '\'' | '’' | '-') && scan.second().is_some_and(char::is_alphabetic);
            let in_tag = sort == Sort::Tag && (c.is_numeric() || c == '_');
            if !(is_letter(c) && !is_dense(c) || inner || in_tag) {
                break;
            }
            scan.next();
            upper += u32::from(c.is_uppercase());
            lower += u32::from(c.is_lowercase());
            if self.chars.len() - start >= MOST_LETTERS {
                continue;
            }
            for c in normal(c) {
                run = if self.chars[start..].last() == Some(&c) { run + 1 } else { 1 };
                stretched |= run > 2;
                if run <= 2 {
                    self.chars.push(c);
                }
            }
        }
        if self.chars.len() == start {
            self.chars.push('#');
        }
        self.push(sort, start, from, scan.at);
        if let Some(token) = self.list.last_mut() {
            token.shouted = upper >= 2 && lower == 0;
            token.stretched = stretched;
        }
    }

    /// Marks that stand together: emoticons stay whole, runs are cut to three.
    fn marks(&mut self, scan: &mut Scan) {
        let from = scan.at;
        let start = self.chars.len();
        if let Some(length) = emoticon(scan.rest()) {
            for _ in 0..length {
                self.chars.extend(scan.next());
            }
            return self.push(Sort::Marks, start, from, scan.at);
        }
        if let Some((decoded, length)) = entity(scan.rest()) {
            for _ in 0..length {
                scan.next();
            }
            self.chars.push(decoded);
            return self.push(Sort::Marks, start, from, scan.at);
        }
        let Some(first) = scan.next() else { return };
        self.chars.push(first);
        let bound = matches!(first, '!' | '?' | '.' | '…' | '！' | '？');
        while bound && let Some(c) = scan.peek().filter(|c| matches!(c, '!' | '?' | '.' | '…' | '！' | '？')) {
            scan.next();
            if self.chars.len() - start < 3 {
                self.chars.push(c);
            }
        }
        self.push(Sort::Marks, start, from, scan.at);
    }
}

/// A place in the text, with what may still be read.
struct Scan<'t> {
    text: &'t str,
    at: usize,
    left: usize,
}

impl<'t> Scan<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        if self.left == 0 { None } else { self.rest().chars().next() }
    }

    fn second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.left -= 1;
        self.at += c.len_utf8();
        Some(c)
    }

    fn skip(&mut self, may: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&may) {
            self.next();
        }
    }
}

/// Lower case; typographic apostrophes plain.
fn normal(c: char) -> impl Iterator<Item = char> {
    let c = if c == '’' { '\'' } else { c };
    c.to_lowercase()
}

/// Letters, and the marks that belong to them (accents typed apart, vowel signs of Indic scripts).
fn is_letter(c: char) -> bool {
    c.is_alphabetic() || is_mark(c)
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{487}' | '\u{591}'..='\u{5bd}' | '\u{64b}'..='\u{65f}'
        | '\u{900}'..='\u{903}' | '\u{93c}' | '\u{93e}'..='\u{94f}' | '\u{980}'..='\u{983}' | '\u{9bc}'..='\u{9cd}'
        | '\u{a01}'..='\u{a03}' | '\u{a3c}'..='\u{a4d}' | '\u{a81}'..='\u{a83}' | '\u{abc}'..='\u{acd}'
        | '\u{b82}' | '\u{bbe}'..='\u{bcd}' | '\u{c00}'..='\u{c04}' | '\u{c3e}'..='\u{c4d}')
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || is_mark(c)
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{0}'..='\u{8}')
        || is_mark(c)
}

fn is_dense(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}')
}

pub(crate) fn is_emoji(c: char) -> bool {
    matches!(c, '\u{203c}' | '\u{2049}' | '\u{2190}'..='\u{21ff}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}'
        | '\u{1f000}'..='\u{1faff}')
}

fn starts_address(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    let starts = |what: &str| bytes.len() >= what.len() && bytes[..what.len()].eq_ignore_ascii_case(what.as_bytes());
    matches!(bytes.first(), Some(b'h' | b'H' | b'w' | b'W'))
        && (starts("http://")
            || starts("https://")
            || starts("www.")
            || rest == "http"
            || starts("http ")
            || starts("http…"))
}

/// Characters of the emoticon that a text begins with (`:)`, `;-(`, `<3`, `:'(`, `XD` is a word).
fn emoticon(rest: &str) -> Option<usize> {
    let mut chars = rest.chars();
    let eyes = chars.next()?;
    let mouth = |c: char| {
        matches!(
            c,
            ')' | '(' | 'D' | 'P' | 'p' | '/' | '\\' | '|' | ']' | '[' | '*' | 'O' | 'o' | '3' | '}' | '{' | '$' | '@'
        )
    };
    match eyes {
        ':' | ';' | '=' | '8' => {
            let next = chars.next()?;
            if matches!(next, '-' | '\'' | '’' | '^') {
                return chars.next().filter(|c| mouth(*c)).map(|_| 3);
            }
            let lone = chars.next().is_none_or(|c| !c.is_alphanumeric());
            (mouth(next) && (lone || !next.is_alphabetic())).then_some(2)
        }
        '<' => (chars.next()? == '3').then_some(2),
        '(' => matches!(chars.next()?, ':' | ';' | '=').then_some(2),
        '-' => rest.starts_with("-_-").then_some(3),
        '^' => rest.starts_with("^_^").then_some(3),
        _ => None,
    }
}

/// The character an HTML entity stands for, which feeds often leave in.
fn entity(rest: &str) -> Option<(char, usize)> {
    [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&#39;", '\'')]
        .into_iter()
        .find(|(name, _)| rest.starts_with(name))
        .map(|(name, c)| (c, name.len()))
}
