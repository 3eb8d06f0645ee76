//! A wording as the editor shows it: its colours, what is wrong, what may be.

use std::ops::Range;

use dandelion_hub::{Hub, query::lab};
use dandelion_listen::{PieceKind, Query, Term, Warning};

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

/// Reads a wording; what is wrong with it is part of the answer. `name` is the query's own. While somebody is `typing`,
/// the word at the end may not be whole yet, and nothing is said of how often it occurs.
pub(super) async fn read(hub: &Hub, name: Option<&str>, text: &str, typing: bool) -> Result<Read, Problem> {
    let mut reading = dandelion_listen::read(text);
    let mut unseen = Vec::new();
    let whole = |term: &&Term| !typing || term.span.end < text.len();
    for term in reading.terms.iter().filter(whole).take(UNSEEN) {
        if !lab::seen(hub, &term.word).await? {
            unseen.push(term.word.clone());
        }
    }
    reading.warn_of_unseen("in the last 90 days", |word| !unseen.iter().any(|one| one == word));
    let mut says = Vec::new();
    let mut wrong = None;
    let query = match reading.query {
        Ok(query) => match hub.engine().await?.standing(name, query) {
            Ok(query) => Ok(query),
            Err(error) => {
                let (message, hint) = divided(&error.to_string());
                says.push(say(text, true, reference(text), &message, &hint));
                Err(())
            }
        },
        Err(error) => {
            says.push(say(text, true, error.span.clone(), &error.message, &error.hint));
            wrong = Some(error.span);
            Err(())
        }
    };
    let warnings = reading.warnings.iter().take(WARNINGS);
    says.extend(warnings.map(|one| say(text, false, one.span.clone(), &one.message, &one.hint)));
    Ok(Read { query, pieces: coloured(text, &reading.pieces, &reading.warnings, wrong.as_ref()), says })
}

/// A wording in colours, for where it is only shown.
pub(in crate::pages) fn colours(text: &str) -> Vec<Piece> {
    let reading = dandelion_listen::read(text);
    coloured(text, &reading.pieces, &[], reading.query.err().map(|error| error.span).as_ref())
}

fn coloured(
    text: &str,
    pieces: &[dandelion_listen::Piece],
    warnings: &[Warning],
    wrong: Option<&Range<usize>>,
) -> Vec<Piece> {
    let mut row = Pieces { text, at: 0, row: Vec::new() };
    for piece in pieces {
        let inside = |span: &Range<usize>| span.start < piece.span.end && piece.span.start < span.end;
        let odd = warnings.iter().any(|one| inside(&one.span) && one.span.len() <= piece.span.len());
        row.push(piece.span.clone(), class(piece.kind, wrong.is_some_and(inside), odd));
    }
    row.all()
}

/// Most words that are looked up in the index at a keystroke.
const UNSEEN: usize = 8;
/// Most warnings shown.
const WARNINGS: usize = 4;

/// A message and what to do, where they stand in one sentence.
fn divided(words: &str) -> (String, String) {
    let (message, hint) = words.split_once("; ").unwrap_or((words, ""));
    (message.to_owned(), hint.to_owned())
}

/// Where a text first refers to another query.
fn reference(text: &str) -> Range<usize> {
    let start = text.find("query:").unwrap_or(0);
    let end = text[start..].find([' ', ')']).map_or(text.len(), |at| start + at);
    start..end
}

fn class(kind: PieceKind, wrong: bool, odd: bool) -> &'static str {
    match kind {
        _ if wrong => "q-error",
        PieceKind::Error => "q-error",
        PieceKind::Operator => "q-operator",
        PieceKind::Paren => "q-paren",
        PieceKind::Field => "q-field",
        PieceKind::Value => "q-value",
        PieceKind::Phrase if odd => "q-phrase q-maybe",
        PieceKind::Phrase => "q-phrase",
        PieceKind::Tag => "q-tag",
        PieceKind::Handle => "q-handle",
        PieceKind::Emoji => "q-emoji",
        PieceKind::Exact => "q-exact",
        PieceKind::Word if odd => "q-maybe",
        PieceKind::Word => "",
    }
}

fn say(text: &str, error: bool, span: Range<usize>, message: &str, hint: &str) -> Says {
    let span = within(text, span);
    Says {
        error,
        message: Says::quoting(&ended(message)),
        hint: Says::quoting(&if hint.is_empty() { String::new() } else { ended(hint) }),
        at: text[..span.start].encode_utf16().count(),
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
    row: Vec<Piece>,
}

impl Pieces<'_> {
    fn push(&mut self, span: Range<usize>, class: &'static str) {
        let span = within(self.text, span);
        let (start, end) = (span.start.max(self.at), span.end);
        if start >= end {
            return;
        }
        self.plain(start);
        self.row.push(Piece { text: self.text[start..end].to_owned(), class });
        self.at = end;
    }

    fn plain(&mut self, to: usize) {
        if to > self.at {
            self.row.push(Piece { text: self.text[self.at..to].to_owned(), class: "" });
            self.at = to;
        }
    }

    fn all(mut self) -> Vec<Piece> {
        self.plain(self.text.len());
        self.row
    }
}
