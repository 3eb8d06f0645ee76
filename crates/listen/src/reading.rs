//! Reading a query for somebody who is still typing it.

use std::ops::Range;

use crate::{Query, QueryError, Warning};

/// Everything that can be said of a query's text, right or wrong.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The query, or the first thing that is wrong.
    pub query: Result<Query, QueryError>,
    /// What is legal but probably not meant.
    pub warnings: Vec<Warning>,
    /// The text in coloured pieces: in order, without overlap; spaces are in none.
    pub pieces: Vec<Piece>,
    /// The plain words looked for, for whoever knows how often they occur ([`Reading::warn_of_unseen`]).
    pub terms: Vec<Term>,
}

/// One piece of a query's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its bytes.
    pub span: Range<usize>,
    /// What it is.
    pub kind: PieceKind,
}

/// What a piece of a query is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PieceKind {
    /// A word, also with wildcards or `~1`.
    Word,
    /// Words in quotes, or divided by punctuation.
    Phrase,
    /// `AND`, `OR`, `NOT`, `-`, `NEAR/n`, `ONEAR/n`.
    Operator,
    /// `(` or `)`.
    Paren,
    /// A field's name with its colon.
    Field,
    /// A field's value.
    Value,
    /// `#tag` or `$TICKER`.
    Tag,
    /// `@handle`.
    Handle,
    /// An emoji.
    Emoji,
    /// `{Exact}`.
    Exact,
    /// What cannot be read.
    Error,
}

/// A plain word of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Where it stands.
    pub span: Range<usize>,
    /// Folded, as [`crate::words`] has it.
    pub word: String,
}

impl Reading {
    /// Adds a warning for every word that `seen` does not know.
    ///
    /// ```
    /// let mut reading = dandelion_listen::read("kettle kettel");
    /// reading.warn_of_unseen("in 90 days", |word| word == "kettle");
    /// assert_eq!(reading.warnings[0].message, "`kettel` never occurred in 90 days");
    /// ```
    pub fn warn_of_unseen(&mut self, when: &str, mut seen: impl FnMut(&str) -> bool) {
        for term in &self.terms {
            if !seen(&term.word) {
                let message = format!("`{}` never occurred {when}", term.word);
                self.warnings.push(Warning::new(
                    term.span.clone(),
                    message,
                    "check its spelling; it may be right and new",
                ));
            }
        }
    }
}
