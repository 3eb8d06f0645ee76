//! From text to tree, by recursive descent: or → and → not → near → one.

mod field;
mod lexer;
mod near;
mod nearest;
mod number;
mod warn;
mod words;

use std::ops::Range;

use crate::cost::{MAX_COST, cost};
use crate::query::{Near, Node, Query};
use crate::reading::Reading;
use crate::{QueryError, Warning};
pub(crate) use field::address;
use lexer::{Lexed, Lexing, lex};
pub(crate) use nearest::{distance, nearest};

/// Longest query taken, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// Deepest nesting taken: parentheses, NOTs and chained NEARs within one another.
pub const MAX_DEPTH: usize = 100;

/// Reads a query, or says where it is wrong and what to do.
pub fn parse(text: &str) -> Result<Query, QueryError> {
    check_length(text)?;
    let mut lexing = lex(text, false);
    tree(text, &mut lexing.lexed).map(|(query, _)| query)
}

/// Reads a query for somebody who is still typing it: never fails.
pub fn read(text: &str) -> Reading {
    if let Err(error) = check_length(text) {
        return Reading { query: Err(error), warnings: Vec::new(), pieces: Vec::new(), terms: Vec::new() };
    }
    let Lexing { mut lexed, pieces, mut warnings, terms } = lex(text, true);
    warn::of_words(text, &lexed, &mut warnings);
    let query = tree(text, &mut lexed).map(|(query, more)| {
        warnings.extend(more);
        warn::of_moments(text, &query, &mut warnings);
        query
    });
    warnings.sort_by_key(|warning| warning.span.start);
    Reading { query, warnings, pieces, terms }
}

fn check_length(text: &str) -> Result<(), QueryError> {
    if text.len() <= MAX_BYTES {
        return Ok(());
    }
    let message = format!("the query is {} bytes long; at most {MAX_BYTES} are taken", text.len());
    Err(QueryError::new(0..text.len(), message, "divide it into several queries"))
}

/// Leaves are taken out of `lexed`.
fn tree(text: &str, lexed: &mut [(Lexed, Range<usize>)]) -> Result<(Query, Vec<Warning>), QueryError> {
    if lexed.is_empty() {
        return Err(QueryError::new(0..text.len(), "the query is empty", "write at least one word to look for"));
    }
    let mut parser = Parser { text, lexed, at: 0, depth: 0, warnings: Vec::new(), spread: 0 };
    let root = parser.or()?;
    match parser.here() {
        Some((Lexed::Error(error), _)) => return Err(error.clone()),
        Some((_, span)) => {
            let message = "this `)` closes nothing";
            return Err(QueryError::new(span.clone(), message, "remove it, or add the `(` it belongs to"));
        }
        None => {}
    }
    if root.holds_of_nothing() {
        let message = "the query only says what to leave out, so it would find nearly everything";
        return Err(QueryError::new(0..text.len(), message, "add a word, tag, handle or field that must be there"));
    }
    let (query, warnings) = (Query { root }, parser.warnings);
    let cost = cost(&query.root);
    if cost > MAX_COST {
        let message = format!("the query costs {cost}; at most {MAX_COST} are taken");
        let hint = "a word costs 1, one that begins with a wildcard or has `~` 50: \
                    use fewer of these, or divide the query into several";
        return Err(QueryError::new(0..text.len(), message, hint));
    }
    Ok((query, warnings))
}

struct Parser<'t> {
    text: &'t str,
    lexed: &'t mut [(Lexed, Range<usize>)],
    at: usize,
    depth: usize,
    warnings: Vec<Warning>,
    /// Leaves that distributing nearness has made so far.
    spread: u64,
}

impl Parser<'_> {
    fn here(&self) -> Option<&(Lexed, Range<usize>)> {
        self.lexed.get(self.at)
    }

    fn sees(&self, lexed: &Lexed) -> bool {
        self.here().is_some_and(|(here, _)| here == lexed)
    }

    fn or(&mut self) -> Result<Node, QueryError> {
        let mut mixed = None;
        let first = self.and(&mut mixed)?;
        if !self.sees(&Lexed::Or) {
            return Ok(first);
        }
        let mut members = vec![first];
        while self.sees(&Lexed::Or) {
            self.at += 1;
            members.push(self.and(&mut mixed)?);
        }
        if let Some(span) = mixed.filter(|_| members.len() > 1) {
            let message = "AND binds tighter than OR: these words belong together";
            let hint = format!(
                "put parentheses around what belongs together, as in `({})`",
                words::shown(&self.text[span.clone()])
            );
            self.warnings.push(Warning::new(span, message, hint));
        }
        Ok(Node::or(members))
    }

    /// `several` is set to the place of the first conjunction of several members.
    fn and(&mut self, several: &mut Option<Range<usize>>) -> Result<Node, QueryError> {
        let start = self.here().map_or(self.text.len(), |(_, span)| span.start);
        let first = self.not()?;
        if matches!(self.here(), None | Some((Lexed::Or | Lexed::Close, _))) {
            return Ok(first);
        }
        let mut members = vec![first];
        loop {
            match self.here() {
                Some((Lexed::And, _)) => self.at += 1,
                Some((Lexed::Open | Lexed::Not | Lexed::Leaf(_), _)) => {}
                Some((Lexed::Error(error), _)) => return Err(error.clone()),
                _ => break,
            }
            members.push(self.not()?);
        }
        if members.len() > 1 && several.is_none() {
            *several = Some(start..self.lexed[self.at - 1].1.end);
        }
        Ok(Node::and(members))
    }

    fn not(&mut self) -> Result<Node, QueryError> {
        if !self.sees(&Lexed::Not) {
            return self.near();
        }
        self.deeper(|parser| Ok(Node::Not(Box::new(parser.not()?))))
    }

    fn near(&mut self) -> Result<Node, QueryError> {
        let from = self.at;
        let mut left = self.one()?;
        let mut chained = 0;
        while let Some((Lexed::Near { within, ordered }, operator)) = self.here().cloned() {
            chained += 1;
            if self.depth + chained > MAX_DEPTH {
                return Err(too_deep(operator));
            }
            let left_span = self.lexed[from].1.start..self.lexed[self.at - 1].1.end;
            self.at += 1;
            let right_from = self.at;
            let right = self.near_right()?;
            let right_span = self.lexed[right_from].1.start..self.lexed[self.at - 1].1.end;
            near::check(&left, &left_span)?;
            near::check(&right, &right_span)?;
            near::check_titles(&left, &right, &operator)?;
            left = near::spread(left, right, (within, ordered), &operator, &mut self.spread)?;
        }
        Ok(left)
    }

    /// The right side; an exclusion there is read, to be refused in words.
    fn near_right(&mut self) -> Result<Node, QueryError> {
        if self.sees(&Lexed::Not) {
            return self.deeper(|parser| Ok(Node::Not(Box::new(parser.near_right()?))));
        }
        self.one()
    }

    fn one(&mut self) -> Result<Node, QueryError> {
        let end = self.text.len();
        let Some((lexed, span)) = self.lexed.get_mut(self.at) else { return Err(self.nothing_here(end..end)) };
        let span = span.clone();
        match lexed {
            Lexed::Leaf(_) => {
                let taken = std::mem::replace(lexed, Lexed::Taken);
                self.at += 1;
                if let Lexed::Leaf(leaf) = taken { Ok(Node::Leaf(leaf)) } else { Err(self.nothing_here(span)) }
            }
            Lexed::Open => {
                let inner = self.deeper(Self::or)?;
                match self.here() {
                    Some((Lexed::Close, _)) => {
                        self.at += 1;
                        Ok(inner)
                    }
                    Some((Lexed::Error(error), _)) => Err(error.clone()),
                    _ => Err(QueryError::new(span, "this `(` is never closed", "add a `)` where the group ends")),
                }
            }
            Lexed::Error(error) => Err(error.clone()),
            _ => Err(self.nothing_here(span)),
        }
    }

    /// Steps over the opening piece and reads what it opens, one level down.
    fn deeper(&mut self, read: impl FnOnce(&mut Self) -> Result<Node, QueryError>) -> Result<Node, QueryError> {
        if self.depth == MAX_DEPTH {
            return Err(too_deep(self.lexed[self.at].1.clone()));
        }
        self.depth += 1;
        self.at += 1;
        let inner = read(self);
        self.depth -= 1;
        inner
    }

    /// Something should stand here, and does not: says which operator or parenthesis misses it.
    fn nothing_here(&self, here: Range<usize>) -> QueryError {
        let before = self.at.checked_sub(1).map(|at| (&self.lexed[at].0, self.lexed[at].1.clone()));
        match before {
            Some((Lexed::And | Lexed::Or | Lexed::Not | Lexed::Near { .. }, span)) => {
                let name = &self.text[span.clone()];
                let message = format!("`{name}` needs something on its right");
                QueryError::new(
                    span,
                    message,
                    format!("add a word after it, or quote it to search for the word: \"{name}\""),
                )
            }
            Some((Lexed::Open, span)) if self.sees(&Lexed::Close) => {
                let hint = "add a word or remove them";
                QueryError::new(span.start..here.end, "there is nothing between these parentheses", hint)
            }
            Some((Lexed::Open, span)) if here.is_empty() => {
                QueryError::new(span, "this `(` is never closed", "add what belongs in it and a `)`")
            }
            _ if self.sees(&Lexed::Close) => {
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

fn too_deep(span: Range<usize>) -> QueryError {
    let message = format!("the query is nested more than {MAX_DEPTH} deep");
    QueryError::new(span, message, "remove parentheses that are not needed, or divide the query")
}

impl Near {
    pub(crate) fn node(left: Node, right: Node, within: u32, ordered: bool) -> Node {
        Node::Near(Box::new(Self { left, right, within, ordered }))
    }
}
