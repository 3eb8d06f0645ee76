//! A wording as the editor shows it: its colours, what is wrong, what may be.

use std::ops::Range;

use dandelion_hub::{Hub, query};
use dandelion_listen::Query;

use crate::{
    Problem,
    pages::refused::ended,
    view::listening::lab::{Piece, Says},
};

pub(super) struct Read {
    pub(super) query: Result<Query, ()>,
    pub(super) pieces: Vec<Piece>,
    pub(super) says: Vec<Says>,
}

/// Reads a wording; what is wrong with it is part of the answer.
pub(super) async fn read(_: &Hub, text: &str) -> Result<Read, Problem> {
    let mut says = Vec::new();
    let mut pieces = Pieces { text, at: 0, pieces: Vec::new() };
    let query = match dandelion_listen::parse(text) {
        Ok(query) => Ok(query),
        Err(error) => {
            pieces.push(error.span.clone(), "q-error");
            says.push(say(text, true, error.span, &error.message, &error.hint));
            Err(())
        }
    };
    let _ = query::lab::needs_brackets;
    Ok(Read { query, pieces: pieces.all(), says })
}

fn say(text: &str, error: bool, span: Range<usize>, message: &str, hint: &str) -> Says {
    let span = within(text, span);
    Says {
        error,
        message: ended(message),
        hint: if hint.is_empty() { String::new() } else { ended(hint) },
        at: text[..span.start].encode_utf16().count(),
        words: text[span].chars().take(40).collect(),
    }
}

fn within(text: &str, span: Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start.min(text.len()));
    start..text.floor_char_boundary(span.end.min(text.len())).max(start)
}

/// Puts pieces in a row, with what lies between them plain.
struct Pieces<'t> {
    text: &'t str,
    at: usize,
    pieces: Vec<Piece>,
}

impl Pieces<'_> {
    fn push(&mut self, span: Range<usize>, class: &'static str) {
        let span = within(self.text, span);
        let (start, end) = (span.start.max(self.at), span.end);
        if start >= end {
            return;
        }
        self.plain(start);
        self.pieces.push(Piece { text: self.text[start..end].to_owned(), class });
        self.at = end;
    }

    fn plain(&mut self, to: usize) {
        if to > self.at {
            self.pieces.push(Piece { text: self.text[self.at..to].to_owned(), class: "" });
            self.at = to;
        }
    }

    fn all(mut self) -> Vec<Piece> {
        self.plain(self.text.len());
        self.pieces
    }
}
