//! How text is cut into words and folded, so that listening and understanding agree on what a word is.
//!
//! * A **word** is a run of letters, digits and `_`, folded: case and accents do not count (`Über` is `uber`,
//!   `STRASSE` is `straße`), compatibility forms are plain (`Ａ` is `a`).
//! * A possessive `'s` does not count: `Acme's` is `acme`. Other apostrophes divide: `don't` is `don`, `t`.
//! * Scripts that put no space between words (Han, kana, Thai, Lao, Khmer, Burmese) make **dense** runs, to be searched
//!   for parts; a run ends where another kind of script begins (`iPhone手机` is `iphone` and `手机`).
//! * `#tag` and `@handle` are one token each, when no letter or digit stands directly before the sign.
//! * Invisible characters (soft hyphen, zero width, direction marks, variation selectors) do not count at all.
//! * Words inside an address (`https://…`) are marked, see [`Token::address`].
//!
//! ```
//! use dandelion_post::words::Words;
//! let words = Words::of("Acme's #Küche läuft!");
//! let folded: Vec<&str> = words.iter().map(|(_, word)| word).collect();
//! assert_eq!(folded, ["acme", "kuche", "lauft"]);
//! ```

mod fold;

use std::ops::Range;

use fold::{Class, class, push_folded};
pub use fold::{Unfold, fold};

/// What sort of token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A word of a script with spaces.
    Word,
    /// A run of a script without spaces.
    Dense,
    /// `#tag`; its word is the name without the sign.
    Tag,
    /// `@handle`; its word is the name without the sign.
    Handle,
    /// One emoji or a mark that ends a clause, only from [`Words::with_signs`].
    Sign,
}

/// One token of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What sort it is.
    pub kind: Kind,
    /// Whether it lies within an address.
    pub address: bool,
    word: (u32, u32),
    span: (u32, u32),
}

impl Token {
    /// The bytes of the text it stands at; for a tag or handle, with its sign.
    pub fn span(&self) -> Range<usize> {
        self.span.0 as usize..self.span.1 as usize
    }
}

/// The tokens of one text, with their folded words in one buffer.
#[derive(Debug, Default, Clone)]
pub struct Words {
    folded: String,
    tokens: Vec<Token>,
}

impl Words {
    /// Cuts a text into words, dense runs, tags and handles.
    ///
    /// Texts beyond 4 GiB are not cut past that point; posts are far shorter.
    pub fn of(text: &str) -> Self {
        Self::cut(text, false)
    }

    /// The same, and emoji and the marks `.,;:!?…` with their kin and line ends as [`Kind::Sign`].
    pub fn with_signs(text: &str) -> Self {
        Self::cut(text, true)
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The token at `index`.
    pub fn token(&self, index: usize) -> Token {
        self.tokens[index]
    }

    /// The folded word of the token at `index`.
    pub fn word(&self, index: usize) -> &str {
        let (from, to) = self.tokens[index].word;
        &self.folded[from as usize..to as usize]
    }

    /// All tokens with their folded words, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Token, &str)> {
        self.tokens.iter().map(|token| (token, &self.folded[token.word.0 as usize..token.word.1 as usize]))
    }

    fn cut(text: &str, signs: bool) -> Self {
        let text = if u32::try_from(text.len()).is_ok() { text } else { "" };
        let words =
            Self { folded: String::with_capacity(text.len() + 16), tokens: Vec::with_capacity(text.len() / 5 + 1) };
        let mut cutter = Cutter { text, at: 0, words, signs, address_until: 0 };
        while cutter.step() {}
        cutter.words
    }
}

struct Cutter<'t> {
    text: &'t str,
    at: usize,
    words: Words,
    signs: bool,
    address_until: usize,
}

impl Cutter<'_> {
    fn peek(&self) -> Option<(char, Class)> {
        let byte = *self.text.as_bytes().get(self.at)?;
        let c = if byte < 128 { char::from(byte) } else { self.text[self.at..].chars().next()? };
        Some((c, class(c)))
    }

    fn step(&mut self) -> bool {
        let Some((c, kind)) = self.peek() else { return false };
        match kind {
            Class::Letter => self.run(Kind::Word, self.at),
            Class::Dense => self.run(Kind::Dense, self.at),
            Class::Sigil => self.sigil(c),
            Class::Sign if self.signs => self.sign(c),
            _ => self.at += c.len_utf8(),
        }
        true
    }

    /// Takes one run of `kind`; the sign of a tag or handle, if any, lies at `start`, before the cursor.
    fn run(&mut self, kind: Kind, start: usize) {
        let from = self.words.folded.len();
        let first = self.at;
        while let Some((c, class)) = self.peek() {
            let goes_on = match class {
                Class::Letter => kind != Kind::Dense,
                Class::Dense => kind != Kind::Word,
                Class::Mark => true,
                _ => false,
            };
            if !goes_on {
                break;
            }
            if c.is_ascii() {
                self.words.folded.push(c.to_ascii_lowercase());
            } else {
                push_folded(&mut self.words.folded, c);
            }
            self.at += c.len_utf8();
        }
        if self.words.folded.len() > from && !self.is_possessive(from, first) {
            self.push(kind, from, start);
        } else {
            self.words.folded.truncate(from);
        }
        if kind == Kind::Word && self.at >= self.address_until {
            self.notice_address(from);
        }
    }

    /// `s` directly after an apostrophe that directly follows a word.
    fn is_possessive(&self, from: usize, first: usize) -> bool {
        if &self.words.folded[from..] != "s" || self.at != first + 1 {
            return false;
        }
        let before = &self.text[..first];
        let Some(stem) = before.strip_suffix(['\'', '’', 'ʼ']) else { return false };
        self.words.tokens.last().is_some_and(|last| last.span.1 as usize == stem.len())
    }

    /// After `http` or `https` with `://`, or `www` with a dot, all up to the next space is an address.
    fn notice_address(&mut self, from: usize) {
        let rest = &self.text[self.at..];
        let opens = match &self.words.folded[from..] {
            "http" | "https" => rest.starts_with("://"),
            "www" => rest.starts_with('.'),
            _ => false,
        };
        if opens {
            let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
            self.address_until = self.at + length;
            if let Some(last) = self.words.tokens.last_mut() {
                last.address = true;
            }
        }
    }

    fn sigil(&mut self, c: char) {
        let start = self.at;
        let glued =
            self.words.tokens.last().is_some_and(|last| last.span.1 as usize == start && last.kind != Kind::Sign);
        self.at += c.len_utf8();
        let names = matches!(self.peek(), Some((_, Class::Letter | Class::Dense)));
        if names && !glued && start >= self.address_until {
            let kind = if matches!(c, '#' | '＃') { Kind::Tag } else { Kind::Handle };
            self.run(kind, start);
        }
    }

    fn sign(&mut self, c: char) {
        let (start, from) = (self.at, self.words.folded.len());
        self.at += c.len_utf8();
        if start >= self.address_until {
            self.words.folded.push(c);
            self.push(Kind::Sign, from, start);
        }
    }

    fn push(&mut self, kind: Kind, from: usize, start: usize) {
        let word = (from as u32, self.words.folded.len() as u32);
        let address = start < self.address_until;
        self.words.tokens.push(Token { kind, address, word, span: (start as u32, self.at as u32) });
    }
}

#[cfg(test)]
mod tests;
