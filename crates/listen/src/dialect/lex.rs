//! From another tool's text to tokens; leaves are ours already.

use std::ops::Range;

use super::value::{Carried, Value, quoted};
use super::{Dialect, Lost};
use crate::{QueryError, parse};

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Near {
        within: String,
        ordered: bool,
    },
    /// Text of ours.
    Leaf(String),
    /// Stood where a leaf could, and is gone.
    Gone,
}

pub(super) struct Lexer<'t> {
    dialect: Dialect,
    text: &'t str,
    at: usize,
    pub tokens: Vec<(Token, Range<usize>)>,
    pub lost: Vec<Lost>,
    /// For every open parenthesis, the field whose values stand within.
    groups: Vec<Option<&'t str>>,
}

const QUOTES: [char; 6] = ['"', '“', '”', '„', '«', '»'];

impl<'t> Lexer<'t> {
    pub(super) fn new(dialect: Dialect, text: &'t str) -> Self {
        Self { dialect, text, at: 0, tokens: Vec::new(), lost: Vec::new(), groups: Vec::new() }
    }

    pub(super) fn run(&mut self) -> Result<(), QueryError> {
        while let Some(c) = self.text[self.at..].chars().next() {
            let end = self.at + c.len_utf8();
            let rest = &self.text[self.at..];
            match c {
                _ if c.is_whitespace() => self.at = end,
                _ if rest.starts_with("<<<") => self.comment()?,
                '(' => {
                    self.groups.push(self.groups.last().copied().flatten());
                    self.push(Token::Open, end);
                }
                ')' => {
                    self.groups.pop();
                    self.push(Token::Close, end);
                }
                '-' | '−' if self.negates(end) => self.push(Token::Not, end),
                _ if QUOTES.contains(&c) => self.quotation()?,
                '{' if self.dialect == Dialect::Brandwatch => self.braces()?,
                _ => self.chunk()?,
            }
        }
        Ok(())
    }

    fn push(&mut self, token: Token, end: usize) {
        self.tokens.push((token, self.at..end));
        self.at = end;
    }

    fn lose(&mut self, span: Range<usize>, reason: impl Into<String>) {
        let text = self.text[span.clone()].to_owned();
        self.lost.push(Lost { span, text, reason: reason.into() });
    }

    /// A leaf, if our language takes it; the reason why not otherwise.
    fn leaf(&mut self, ours: String, end: usize) {
        let span = self.at..end;
        // `NOT is:verified` stands for a value that turns the property.
        let checked = ours.strip_prefix("NOT ").unwrap_or(&ours);
        match parse(checked) {
            Ok(_) => self.push(Token::Leaf(ours), end),
            Err(error) => {
                self.lose(span, format!("{}: {}", error.message, error.hint));
                self.push(Token::Gone, end);
            }
        }
    }

    fn carry(&mut self, carried: Carried, end: usize) {
        match carried {
            Carried::Same(ours) => self.leaf(ours, end),
            Carried::Nearly(ours, reason) => {
                self.lose(self.at..end, reason);
                self.leaf(ours, end);
            }
            Carried::Lost(reason) => {
                self.lose(self.at..end, reason);
                self.push(Token::Gone, end);
            }
        }
    }

    fn negates(&self, end: usize) -> bool {
        let before = self.text[..self.at].chars().next_back();
        before.is_none_or(|c| c.is_whitespace() || c == '(')
            && self.text[end..].chars().next().is_some_and(|c| !c.is_whitespace())
    }

    /// `<<< a remark >>>`
    fn comment(&mut self) -> Result<(), QueryError> {
        let Some(length) = self.text[self.at..].find(">>>") else {
            let message = "this remark is never closed";
            return Err(QueryError::new(self.at..self.text.len(), message, "add `>>>` at its end"));
        };
        let end = self.at + length + 3;
        self.lose(self.at..end, "a query holds no remarks; say why when you save it");
        self.at = end;
        Ok(())
    }

    /// The end of what stands in quotes, without and with the mark.
    fn closing(&self, open: usize) -> Result<(usize, usize), QueryError> {
        let from = open + self.text[open..].chars().next().map_or(1, char::len_utf8);
        let Some(length) = self.text[from..].find(QUOTES) else {
            let message = "this quotation is never closed";
            return Err(QueryError::new(open..self.text.len(), message, "add a `\"` at its end"));
        };
        let close = from + length;
        Ok((close, close + self.text[close..].chars().next().map_or(1, char::len_utf8)))
    }

    fn quotation(&mut self) -> Result<(), QueryError> {
        let (close, after) = self.closing(self.at)?;
        let from = self.at + self.text[self.at..].chars().next().map_or(1, char::len_utf8);
        let inner = self.text[from..close].trim();
        if let Some(field) = self.groups.last().copied().flatten() {
            let carried = self.dialect.field(field, &Value { text: inner, quoted: true });
            self.carry(carried, after);
            return Ok(());
        }
        let number: String = self.text[after..]
            .strip_prefix('~')
            .into_iter()
            .flat_map(str::chars)
            .take_while(char::is_ascii_digit)
            .collect();
        if number.is_empty() {
            self.leaf(format!("\"{inner}\""), after);
            return Ok(());
        }
        let end = after + 1 + number.len();
        let words: Vec<&str> = inner.split_whitespace().collect();
        if words.len() > 2 {
            self.lose(self.at..end, "carried over as nearness of one word to the next, in any order");
        }
        let within: u32 = number.parse().unwrap_or(u32::MAX).min(100);
        let near = words.join(&format!(" NEAR/{within} "));
        self.leaf(if words.len() > 1 { near } else { format!("\"{inner}\"") }, end);
        Ok(())
    }

    /// `{ACME}`
    fn braces(&mut self) -> Result<(), QueryError> {
        let Some(length) = self.text[self.at..].find('}') else {
            let message = "this `{` is never closed";
            return Err(QueryError::new(self.at..self.text.len(), message, "add a `}` at its end"));
        };
        let end = self.at + length + 1;
        self.leaf(self.text[self.at..end].to_owned(), end);
        Ok(())
    }

    fn chunk(&mut self) -> Result<(), QueryError> {
        let stops = |c: char| c.is_whitespace() || matches!(c, '(' | ')') || QUOTES.contains(&c);
        let end = self.text[self.at..].find(stops).map_or(self.text.len(), |length| self.at + length);
        let text = &self.text[self.at..end];
        if let Some(token) = operator(text) {
            self.push(token, end);
            return Ok(());
        }
        if let Some(field) = self.groups.last().copied().flatten() {
            let carried = self.dialect.field(field, &Value { text, quoted: false });
            self.carry(carried, end);
            return Ok(());
        }
        let name = text.split_once(':').map(|(name, _)| name);
        let named = |name: &&str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        if let Some(name) = name.filter(named).filter(|name| !text[name.len()..].starts_with("://")) {
            return self.field(name);
        }
        self.word(text, end);
        Ok(())
    }

    fn word(&mut self, text: &str, end: usize) {
        let talkwalker = self.dialect == Dialect::Talkwalker;
        if talkwalker && let Some(exact) = text.strip_prefix("++") {
            return self.leaf(format!("{{{exact}}}"), end);
        }
        let plain = text.strip_prefix('+').filter(|_| talkwalker).unwrap_or(text);
        if self.dialect == Dialect::X && plain == "?" {
            return self.leaf("has:question".into(), end);
        }
        // Other tools do not know our distances and braces.
        let ours = if plain.contains(['~', '{', '}']) {
            format!("\"{}\"", plain.replace(['~', '{', '}'], " "))
        } else {
            plain.to_owned()
        };
        self.leaf(ours, end);
    }

    /// `name:value`, `name:"value"`, `name:[1 TO 5]`, `name:( … )`.
    fn field(&mut self, name: &'t str) -> Result<(), QueryError> {
        let from = self.at + name.len() + 1;
        let rest = &self.text[from..];
        let (value, end) = match rest.chars().next() {
            Some('(') => {
                self.groups.push(Some(name));
                self.push(Token::Open, from + 1);
                return Ok(());
            }
            Some(c) if QUOTES.contains(&c) => {
                let (close, after) = self.closing(from)?;
                (Value { text: self.text[from + c.len_utf8()..close].trim(), quoted: true }, after)
            }
            Some('[') => {
                let end = rest.find(']').map_or(self.text.len(), |length| from + length + 1);
                (Value { text: &self.text[from..end], quoted: false }, end)
            }
            _ => {
                let stops = |c: char| c.is_whitespace() || matches!(c, '(' | ')') || QUOTES.contains(&c);
                let end = rest.find(stops).map_or(self.text.len(), |length| from + length);
                (Value { text: &self.text[from..end], quoted: false }, end)
            }
        };
        if value.text.is_empty() {
            let message = format!("`{name}:` has no value");
            return Err(QueryError::new(
                self.at..end,
                message,
                format!("write it directly behind the colon: {}", quoted("value")),
            ));
        }
        let carried = self.dialect.field(name, &value);
        self.carry(carried, end);
        Ok(())
    }
}

fn operator(text: &str) -> Option<Token> {
    Some(match text {
        "AND" | "&&" => Token::And,
        "OR" | "||" | "|" => Token::Or,
        "NOT" => Token::Not,
        _ => {
            let ordered = text.starts_with("ONEAR/");
            let rest = text.strip_prefix("NEAR/").or_else(|| text.strip_prefix("ONEAR/"))?;
            // Brandwatch marks the order with an `f` behind the number.
            let (number, forward) = rest.strip_suffix(['f', 'F']).map_or((rest, false), |number| (number, true));
            let within: u32 = number.parse().ok()?;
            Token::Near { within: within.min(100).to_string(), ordered: ordered || forward }
        }
    })
}
