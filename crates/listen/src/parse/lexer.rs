use std::ops::Range;

use dandelion_post::words::{Kind, Words, fold};

use crate::QueryError;
use crate::query::Leaf;

/// One piece of a query.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    Open,
    Close,
    And,
    Or,
    /// `NOT` or a `-` directly before something.
    Not,
    Leaf(Leaf),
}

const OPERATORS: [&str; 3] = ["AND", "OR", "NOT"];
const QUOTES: [char; 4] = ['"', '“', '”', '„'];

/// Cuts a query into its pieces with their spans.
pub(super) fn pieces(text: &str) -> Result<Vec<(Piece, Range<usize>)>, QueryError> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let end = at + c.len_utf8();
        let next = text[end..].chars().next();
        if c.is_whitespace() {
            at = end;
        } else if c == '(' || c == ')' {
            found.push((if c == '(' { Piece::Open } else { Piece::Close }, at..end));
            at = end;
        } else if matches!(c, '-' | '−') && next.is_some_and(|n| !n.is_whitespace() && n != ')') {
            found.push((Piece::Not, at..end));
            at = end;
        } else if QUOTES.contains(&c) {
            let (leaf, after) = quoted(text, at, end)?;
            found.push((Piece::Leaf(leaf), at..after));
            at = after;
        } else {
            let stops = |c: char| c.is_whitespace() || matches!(c, '(' | ')') || QUOTES.contains(&c);
            let after = text[at..].find(stops).map_or(text.len(), |length| at + length);
            found.push((chunk(&text[at..after], at..after)?, at..after));
            at = after;
        }
    }
    Ok(found)
}

fn quoted(text: &str, open: usize, from: usize) -> Result<(Leaf, usize), QueryError> {
    let Some(length) = text[from..].find(QUOTES) else {
        return Err(QueryError::new(open..text.len(), "this quotation is never closed", "add a `\"` at its end"));
    };
    let (inner, close) = (&text[from..from + length], from + length);
    let after = close + text[close..].chars().next().map_or(1, char::len_utf8);
    if Words::of(inner).is_empty() {
        return Err(wordless(open..after, &text[open..after]));
    }
    Ok((Leaf::Phrase(inner.to_owned()), after))
}

/// What stands between spaces: an operator, a word, a prefix, a tag, a handle, or a word of several parts.
fn chunk(text: &str, span: Range<usize>) -> Result<Piece, QueryError> {
    match text {
        "AND" => return Ok(Piece::And),
        "OR" => return Ok(Piece::Or),
        "NOT" => return Ok(Piece::Not),
        _ => {}
    }
    let (body, prefix) = text.strip_suffix('*').map_or((text, false), |body| (body, true));
    if let Some(star) = body.find('*') {
        let at = span.start + star;
        let hint = format!("write the beginning of the word and one star, such as `{}*`", start_of(body));
        return Err(QueryError::new(at..at + 1, "`*` may stand only once, at the end of a word", hint));
    }
    let words = Words::of(body);
    if words.is_empty() {
        return Err(wordless(span, text));
    }
    if prefix {
        check_prefix(body, &words, &span)?;
    }
    let core = &body[words.token(0).span()];
    if words.len() > 1 || OPERATORS.contains(&core) {
        return Ok(Piece::Leaf(Leaf::Phrase(body.to_owned())));
    }
    let name = || core.chars().skip(1).collect();
    Ok(Piece::Leaf(match words.token(0).kind {
        Kind::Tag => Leaf::Tag { name: name(), prefix },
        Kind::Handle => Leaf::Handle { name: name(), prefix },
        _ if prefix => Leaf::Prefix(core.to_owned()),
        _ => Leaf::Word(core.to_owned()),
    }))
}

fn check_prefix(body: &str, words: &Words, span: &Range<usize>) -> Result<(), QueryError> {
    if words.len() > 1 || words.token(0).span().end != body.len() {
        let message = format!("in `{body}*` the star does not directly end a single word");
        return Err(QueryError::new(span.clone(), message, "put the star on one word, or quote the words without it"));
    }
    let short = words.word(0).chars().count() < 2 && words.token(0).kind != Kind::Dense;
    if short {
        let message = format!("`{body}*` would find nearly everything");
        return Err(QueryError::new(span.clone(), message, "give at least two characters before the star"));
    }
    Ok(())
}

fn start_of(body: &str) -> String {
    let start: String = body.chars().take_while(|c| *c != '*').collect();
    if fold(&start).chars().count() < 2 { "repair".to_owned() } else { start }
}

fn wordless(span: Range<usize>, text: &str) -> QueryError {
    let shown: String = text.chars().take(40).collect();
    let hint = "a query looks for words: runs of letters, digits and `_`; remove this or add a word";
    QueryError::new(span, format!("`{shown}` holds no letter or digit"), hint)
}
