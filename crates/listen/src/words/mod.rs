//! How a text is cut into words, so that a query and a post mean the same by "word".

mod address;
mod class;
mod cut;
mod entity;
mod fold;
mod glyphs;
pub(crate) mod hash;
mod masks;
pub(crate) mod scan;

use std::ops::Range;

pub(crate) use class::{is_dense, is_emoji, is_tone};
pub use fold::fold;

/// What sort of token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A word of a script with spaces, or a whole of several (`wi-fi`, `at&t`).
    Word,
    /// One character of a script without spaces, with its marks.
    Dense,
    /// `#tag`.
    Tag,
    /// `@handle`.
    Handle,
    /// `$TICKER`.
    Ticker,
    /// One emoji.
    Emoji,
    /// An address: a link, no word.
    Address,
}

/// One token; a whole (`wi-fi`) comes before its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token<'w> {
    /// What sort it is.
    pub kind: Kind,
    /// First position; a plain word has `from == to`.
    pub from: u32,
    /// Last position, counted.
    pub to: u32,
    /// Folded: without sign for tags, handles, tickers; emoji without selectors and tones; empty for an address.
    pub word: &'w str,
    /// As written, entities resolved, NFC, without sign and possessive; emoji with tones; an address as it is.
    pub exact: &'w str,
    /// Bytes of the original text, with the sign.
    pub span: Range<usize>,
    /// Whether it stands directly after the dense token before it.
    pub adjacent: bool,
}

#[derive(Debug, Clone)]
struct Cut {
    kind: Kind,
    from: u32,
    to: u32,
    word: String,
    exact: String,
    span: Range<usize>,
    adjacent: bool,
}

/// The tokens of one text.
#[derive(Debug, Clone, Default)]
pub struct Words {
    tokens: Vec<Cut>,
    positions: u32,
}

impl Words {
    /// Cuts a text.
    pub fn of(text: &str) -> Self {
        cut::cut(text)
    }

    /// All tokens, in order of their first position; a whole before its parts.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Token<'_>> {
        self.tokens.iter().map(|it| Token {
            kind: it.kind,
            from: it.from,
            to: it.to,
            word: &it.word,
            exact: &it.exact,
            span: it.span.clone(),
            adjacent: it.adjacent,
        })
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Number of positions: words, parts of words counted one by one, characters of dense scripts, emoji, addresses.
    pub fn positions(&self) -> u32 {
        self.positions
    }

    /// The addresses in the text, as written.
    pub fn links(&self) -> impl Iterator<Item = &str> {
        self.tokens.iter().filter(|it| it.kind == Kind::Address).map(|it| it.exact.as_str())
    }
}
