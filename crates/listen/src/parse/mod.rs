//! From text to tree, by recursive descent: or → and → not → one.

mod lexer;

use std::ops::Range;

use crate::QueryError;
use crate::query::{Node, Query};
use lexer::{Piece, pieces};

/// Longest query taken, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// Deepest nesting taken: parentheses and NOTs within one another.
pub const MAX_DEPTH: usize = 100;

/// Reads a query, or says where it is wrong and what to do.
pub fn parse(text: &str) -> Result<Query, QueryError> {
    if text.len() > MAX_BYTES {
        let message = format!("the query is {} bytes long; at most {MAX_BYTES} are taken", text.len());
        return Err(QueryError::new(0..text.len(), message, "divide it into several queries"));
    }
    let pieces = pieces(text)?;
    if pieces.is_empty() {
        return Err(QueryError::new(0..text.len(), "the query is empty", "write at least one word to look for"));
    }
    let mut parser = Parser { text, pieces, at: 0, depth: 0 };
    let root = parser.or()?;
    if let Some((_, span)) = parser.peek() {
        let message = "this `)` closes nothing";
        return Err(QueryError::new(span, message, "remove it, or add the `(` it belongs to"));
    }
    if root.holds(&mut |_| false) {
        let message = "the query only says what to leave out, so it would find nearly everything";
        return Err(QueryError::new(0..text.len(), message, "add a word, tag or handle that must be there"));
    }
    Ok(Query { root })
}

struct Parser<'t> {
    text: &'t str,
    pieces: Vec<(Piece, Range<usize>)>,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<(Piece, Range<usize>)> {
        self.pieces.get(self.at).cloned()
    }

    fn sees(&self, piece: &Piece) -> bool {
        self.pieces.get(self.at).is_some_and(|(here, _)| here == piece)
    }

    fn or(&mut self) -> Result<Node, QueryError> {
        let mut members = vec![self.and()?];
        while self.sees(&Piece::Or) {
            self.at += 1;
            members.push(self.and()?);
        }
        Ok(Node::or(members))
    }

    fn and(&mut self) -> Result<Node, QueryError> {
        let mut members = vec![self.not()?];
        loop {
            match self.pieces.get(self.at) {
                Some((Piece::And, _)) => self.at += 1,
                Some((Piece::Open | Piece::Not | Piece::Leaf(_), _)) => {}
                _ => return Ok(Node::and(members)),
            }
            members.push(self.not()?);
        }
    }

    fn not(&mut self) -> Result<Node, QueryError> {
        if !self.sees(&Piece::Not) {
            return self.one();
        }
        self.deeper(|parser| Ok(Node::Not(Box::new(parser.not()?))))
    }

    fn one(&mut self) -> Result<Node, QueryError> {
        let Some((piece, span)) = self.peek() else { return Err(self.nothing_here(self.text.len()..self.text.len())) };
        match piece {
            Piece::Leaf(leaf) => {
                self.at += 1;
                Ok(Node::Leaf(leaf))
            }
            Piece::Open => {
                let inner = self.deeper(Self::or)?;
                if !self.sees(&Piece::Close) {
                    return Err(QueryError::new(span, "this `(` is never closed", "add a `)` where the group ends"));
                }
                self.at += 1;
                Ok(inner)
            }
            _ => Err(self.nothing_here(span)),
        }
    }

    /// Steps over the opening piece and reads what it opens, one level down.
    fn deeper(&mut self, read: impl FnOnce(&mut Self) -> Result<Node, QueryError>) -> Result<Node, QueryError> {
        if self.depth == MAX_DEPTH {
            let span = self.pieces[self.at].1.clone();
            let message = format!("the query is nested more than {MAX_DEPTH} deep");
            return Err(QueryError::new(span, message, "remove parentheses that are not needed, or divide the query"));
        }
        self.depth += 1;
        self.at += 1;
        let inner = read(self);
        self.depth -= 1;
        inner
    }

    /// Something should stand here, and does not: says which operator or parenthesis misses it.
    fn nothing_here(&self, here: Range<usize>) -> QueryError {
        let before = self.at.checked_sub(1).map(|at| (&self.pieces[at].0, self.pieces[at].1.clone()));
        match before {
            Some((Piece::And | Piece::Or | Piece::Not, span)) => {
                let name = &self.text[span.clone()];
                let message = format!("`{name}` needs something on its right");
                QueryError::new(
                    span,
                    message,
                    format!("add a word after it, or quote it to search for the word: \"{name}\""),
                )
            }
            Some((Piece::Open, span)) if self.sees(&Piece::Close) => QueryError::new(
                span.start..here.end,
                "there is nothing between these parentheses",
                "add a word or remove them",
            ),
            Some((Piece::Open, span)) if here.is_empty() => {
                QueryError::new(span, "this `(` is never closed", "add what belongs in it and a `)`")
            }
            _ if self.sees(&Piece::Close) => {
                QueryError::new(here, "this `)` closes nothing", "remove it, or add the `(` it belongs to")
            }
            _ => {
                let name = self.text.get(here.clone()).unwrap_or_default();
                let message = format!("`{name}` needs something on its left");
                QueryError::new(
                    here,
                    message,
                    format!("add a word before it, or quote it to search for the word: \"{name}\""),
                )
            }
        }
    }
}
