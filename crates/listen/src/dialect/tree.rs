//! The tree of another tool's query: what is gone is taken out of it with care.

use std::fmt::{self, Display, Formatter};
use std::ops::Range;

use super::Lost;
use super::lex::Token;
use crate::{MAX_DEPTH, QueryError};

/// A tree of our texts.
#[derive(Debug)]
pub(super) enum Tree {
    And(Vec<Tree>),
    Or(Vec<Tree>),
    Not(Box<Tree>),
    Near(Box<Tree>, String, Box<Tree>),
    Leaf(String),
}

/// Reads the tokens: NEAR binds tightest, then NOT, then AND, then OR. `None` where all of it is gone.
pub(super) fn read(
    text: &str,
    tokens: Vec<(Token, Range<usize>)>,
    lost: &mut Vec<Lost>,
) -> Result<Option<Tree>, QueryError> {
    if tokens.is_empty() {
        return Err(QueryError::new(0..text.len(), "the query is empty", "write at least one word to look for"));
    }
    let mut reader = Reader { text, tokens, at: 0, depth: 0, lost };
    let tree = reader.or()?;
    match reader.tokens.get(reader.at) {
        None => Ok(tree),
        Some((_, span)) => {
            Err(QueryError::new(span.clone(), "this `)` closes nothing", "remove it, or add the `(` it belongs to"))
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    tokens: Vec<(Token, Range<usize>)>,
    at: usize,
    depth: usize,
    lost: &'t mut Vec<Lost>,
}

impl Reader<'_> {
    fn here(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn or(&mut self) -> Result<Option<Tree>, QueryError> {
        let from = self.at;
        let mut members = vec![self.and()?];
        while self.here() == Some(&Token::Or) {
            self.at += 1;
            members.push(self.and()?);
        }
        let (several, before) = (members.len() > 1, members.len());
        let mut kept: Vec<Tree> = members.into_iter().flatten().collect();
        if several && kept.len() < before && !kept.is_empty() {
            let span = self.tokens[from].1.start..self.tokens[self.at - 1].1.end;
            let reason = "without one of its alternatives this group finds less than it did";
            self.lost.push(Lost { text: self.text[span.clone()].to_owned(), span, reason: reason.into() });
        }
        Ok(match kept.len() {
            0 => None,
            1 => kept.pop(),
            _ => Some(Tree::Or(kept)),
        })
    }

    fn and(&mut self) -> Result<Option<Tree>, QueryError> {
        let mut members = vec![self.not()?];
        loop {
            match self.here() {
                Some(Token::And) => self.at += 1,
                Some(Token::Open | Token::Not | Token::Leaf(_) | Token::Gone) => {}
                _ => break,
            }
            members.push(self.not()?);
        }
        let mut kept: Vec<Tree> = members.into_iter().flatten().collect();
        Ok(match kept.len() {
            0 => None,
            1 => kept.pop(),
            _ => Some(Tree::And(kept)),
        })
    }

    fn not(&mut self) -> Result<Option<Tree>, QueryError> {
        if self.here() != Some(&Token::Not) {
            return self.near();
        }
        let inner = self.deeper(Self::not)?;
        Ok(inner.map(|inner| Tree::Not(Box::new(inner))))
    }

    fn near(&mut self) -> Result<Option<Tree>, QueryError> {
        let mut left = self.one()?;
        let mut chained = 0;
        while let Some(Token::Near { within, ordered }) = self.here() {
            let operator = format!("{}/{within}", if *ordered { "ONEAR" } else { "NEAR" });
            chained += 1;
            if chained + self.depth > MAX_DEPTH {
                return Err(self.too_deep());
            }
            self.at += 1;
            let right = self.one()?;
            left = match (left, right) {
                (Some(left), Some(right)) => Some(Tree::Near(Box::new(left), operator, Box::new(right))),
                (one, other) => one.or(other),
            };
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Option<Tree>, QueryError> {
        let end = self.text.len();
        let (token, span) = self.tokens.get(self.at).cloned().unwrap_or((Token::Close, end..end));
        match token {
            Token::Leaf(leaf) => {
                self.at += 1;
                // A leaf may be a nearness or an exclusion of its own.
                Ok(Some(match leaf.strip_prefix("NOT ") {
                    Some(inner) => Tree::Not(Box::new(Tree::Leaf(inner.to_owned()))),
                    None => Tree::Leaf(leaf),
                }))
            }
            Token::Gone => {
                self.at += 1;
                Ok(None)
            }
            Token::Open => {
                let inner = self.deeper(Self::or)?;
                if self.here() != Some(&Token::Close) {
                    return Err(QueryError::new(span, "this `(` is never closed", "add a `)` where the group ends"));
                }
                self.at += 1;
                Ok(inner)
            }
            _ => {
                let before = self.at.checked_sub(1).map_or(span, |at| self.tokens[at].1.clone());
                let name = &self.text[before.clone()];
                let message = format!("`{name}` needs something on its right");
                Err(QueryError::new(before, message, "add what is missing, or take the operator out"))
            }
        }
    }

    fn deeper(&mut self, read: fn(&mut Self) -> Result<Option<Tree>, QueryError>) -> Result<Option<Tree>, QueryError> {
        if self.depth == MAX_DEPTH {
            return Err(self.too_deep());
        }
        self.depth += 1;
        self.at += 1;
        let inner = read(self);
        self.depth -= 1;
        inner
    }

    fn too_deep(&self) -> QueryError {
        let message = format!("the query is nested more than {MAX_DEPTH} deep");
        QueryError::new(
            self.tokens[self.at].1.clone(),
            message,
            "remove parentheses that are not needed, or divide the query",
        )
    }
}

impl Display for Tree {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.print(f, 0)
    }
}

impl Tree {
    fn print(&self, f: &mut Formatter<'_>, around: u8) -> fmt::Result {
        let own = match self {
            Self::Or(_) => 0,
            Self::And(_) => 1,
            Self::Not(_) => 2,
            Self::Near(..) => 3,
            Self::Leaf(text) => {
                if text.contains(" NEAR/") && !text.starts_with('"') {
                    3
                } else {
                    4
                }
            }
        };
        let bare = own >= around;
        f.write_str(if bare { "" } else { "(" })?;
        match self {
            Self::Or(members) => joined(f, members, " OR ", own)?,
            Self::And(members) => joined(f, members, " AND ", own)?,
            Self::Not(inner) => {
                f.write_str("NOT ")?;
                inner.print(f, own)?;
            }
            Self::Near(left, operator, right) => {
                left.print(f, 3)?;
                write!(f, " {operator} ")?;
                right.print(f, 4)?;
            }
            Self::Leaf(text) => f.write_str(text)?,
        }
        f.write_str(if bare { "" } else { ")" })
    }
}

fn joined(f: &mut Formatter<'_>, members: &[Tree], between: &str, own: u8) -> fmt::Result {
    for (index, member) in members.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { between })?;
        member.print(f, own)?;
    }
    Ok(())
}
