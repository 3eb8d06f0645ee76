//! The specification, to be read and not to be fast: the rules of words as the crate's documentation has them, and a query
//! held against a post by explicit sets of places. What the crate does must come out the same.

mod address;
mod class;
mod cut;
mod entity;
mod fold;
mod glyphs;
mod naive;

use std::ops::Range;

pub use naive::matches;

use crate::words::{Kind, Token};

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
}
