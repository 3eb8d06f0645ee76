//! From text to pieces: never fails, a piece may be an error.

use std::ops::Range;

use super::field::{Field, fielded};
use super::words::{exact, quoted, typed};
use crate::query::Leaf;
use crate::reading::{Piece, PieceKind, Term};
use crate::{QueryError, Warning};

/// One piece of a query that means something.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Lexed {
    Open,
    Close,
    And,
    Or,
    /// `NOT`, or a `-` directly before something.
    Not,
    Near {
        within: u32,
        ordered: bool,
    },
    Leaf(Leaf),
    /// A leaf that is in the tree by now.
    Taken,
    Error(QueryError),
}

/// What reading a text left.
#[derive(Debug, Default)]
pub(super) struct Lexing {
    pub lexed: Vec<(Lexed, Range<usize>)>,
    pub pieces: Vec<Piece>,
    pub warnings: Vec<Warning>,
    pub terms: Vec<Term>,
}

/// Characters that open and close quotations; all do both.
pub(super) const QUOTES: [char; 6] = ['"', '“', '”', '„', '«', '»'];
const MINUS: [char; 3] = ['-', '−', '–'];
/// Most words that may stand between the sides of a nearness.
pub(super) const MAX_WITHIN: u32 = 100;

pub(super) struct Lexer<'t> {
    pub text: &'t str,
    pub at: usize,
    pub out: Lexing,
    /// For every open parenthesis, the field whose values stand within.
    groups: Vec<Option<Field>>,
    /// Whether somebody looks at it: pieces, terms and warnings are wanted.
    pub shown: bool,
}

/// Cuts a query into its pieces with their spans.
pub(super) fn lex(text: &str, shown: bool) -> Lexing {
    let mut lexer = Lexer { text, at: 0, out: Lexing::default(), groups: Vec::new(), shown };
    let mut before = 0;
    while lexer.step() {
        debug_assert!(lexer.at > before, "{text:?} stays at {before}");
        // Anybody types here: a step that stayed where it was would never end.
        lexer.at = if lexer.at > before { lexer.at } else { text.ceil_char_boundary(before + 1) };
        before = lexer.at;
    }
    lexer.out
}

impl Lexer<'_> {
    fn step(&mut self) -> bool {
        let start = self.at;
        let Some(c) = self.peek() else { return false };
        let end = start + c.len_utf8();
        match c {
            _ if c.is_whitespace() => self.at = end,
            '(' => {
                self.groups.push(self.field());
                self.mark(Lexed::Open, start..end, PieceKind::Paren);
            }
            ')' => {
                self.groups.pop();
                self.mark(Lexed::Close, start..end, PieceKind::Paren);
            }
            _ if MINUS.contains(&c) => self.minus(start..end),
            _ => match self.field() {
                Some(field) => self.value(field),
                None if QUOTES.contains(&c) => quoted(self, Leaf::Text),
                None if c == '{' => exact(self, Leaf::Text),
                None => self.chunk(),
            },
        }
        true
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    /// The field whose group we are in.
    fn field(&self) -> Option<Field> {
        self.groups.last().copied().flatten()
    }

    /// Up to the next space, parenthesis, quotation mark or brace.
    pub(super) fn chunk_end(&self, from: usize) -> usize {
        // Most are plain ASCII; bytes are faster to look at than characters.
        let plain =
            self.text.as_bytes()[from..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_');
        let from = from + plain.count();
        if matches!(self.text.as_bytes().get(from), None | Some(b' ' | b'(' | b')')) {
            return from;
        }
        let stops = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '{' | '}') || QUOTES.contains(&c);
        self.text[from..].find(stops).map_or(self.text.len(), |length| from + length)
    }

    /// Notes what was read and goes on behind it.
    pub(super) fn mark(&mut self, lexed: Lexed, span: Range<usize>, kind: PieceKind) {
        self.at = span.end;
        if self.shown {
            self.out.pieces.push(Piece { span: span.clone(), kind });
        }
        self.out.lexed.push((lexed, span));
    }

    pub(super) fn fail(&mut self, span: Range<usize>, error: QueryError) {
        self.mark(Lexed::Error(error), span, PieceKind::Error);
    }

    fn minus(&mut self, span: Range<usize>) {
        let before = self.text[..span.start].chars().next_back();
        let after = self.text[span.end..].chars().next();
        if after.is_none_or(|c| c.is_whitespace() || c == ')') {
            let message = "`-` stands alone";
            let hint = "write it directly before what is to be left out, as in `-recipe`, or remove it";
            return self.fail(span.clone(), QueryError::new(span, message, hint));
        }
        if before.is_none_or(|c| c.is_whitespace() || c == '(' || MINUS.contains(&c)) {
            return self.mark(Lexed::Not, span, PieceKind::Operator);
        }
        let message = "it is unclear whether this `-` leaves something out";
        let hint = "put a space before it to leave out what follows, or remove it";
        self.fail(span.clone(), QueryError::new(span, message, hint));
    }

    /// What stands between spaces: an operator, a field, or words.
    fn chunk(&mut self) {
        let span = self.at..self.chunk_end(self.at);
        if span.is_empty() {
            return self.stray();
        }
        let text = &self.text[span.clone()];
        if self.operator(text, &span) || fielded(self, span.clone()) {
            return;
        }
        typed(self, span, Leaf::Text);
    }

    /// A `}` that closes nothing is the only thing that neither starts a chunk nor anything else.
    fn stray(&mut self) {
        let span = self.at..self.at + 1;
        let hint = "remove it, or add the `{` it belongs to";
        self.fail(span.clone(), QueryError::new(span, "this `}` closes nothing", hint));
    }

    /// One value inside `field:( … )`.
    fn value(&mut self, field: Field) {
        let span = self.at..self.chunk_end(self.at);
        let text = &self.text[span.clone()];
        if self.operator(text, &span) {
            return;
        }
        if text.split_once(':').is_some_and(|(name, _)| Field::of(name).is_some()) && field != Field::Link {
            let message = format!("a field cannot stand inside the group of `{}:`", field.word());
            let hint = "close the group with `)` before the next field";
            return self.fail(span.clone(), QueryError::new(span, message, hint));
        }
        field.value(self, span.start);
    }

    fn operator(&mut self, text: &str, span: &Range<usize>) -> bool {
        if !text.starts_with(['A', 'O', 'N']) {
            return false;
        }
        let lexed = match text {
            "AND" => Lexed::And,
            "OR" => Lexed::Or,
            "NOT" => Lexed::Not,
            _ => return self.near(text, span),
        };
        self.mark(lexed, span.clone(), PieceKind::Operator);
        true
    }

    fn near(&mut self, text: &str, span: &Range<usize>) -> bool {
        let ordered = text.starts_with("ONEAR");
        let Some(rest) = text.strip_prefix(if ordered { "ONEAR" } else { "NEAR" }) else { return false };
        if rest.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '-' || c == '*' || c == '\'') {
            return false; // NEARBY, NEAR-FIELD: a word
        }
        let name = if ordered { "ONEAR" } else { "NEAR" };
        let number: String = rest.chars().filter(char::is_ascii_digit).take(9).collect();
        let shown = number.parse::<u32>().map_or(5, |n| n.clamp(0, MAX_WITHIN));
        let within = rest.strip_prefix('/').filter(|digits| *digits == number).and_then(|digits| digits.parse().ok());
        match within {
            Some(within) if within <= MAX_WITHIN => {
                self.mark(Lexed::Near { within, ordered }, span.clone(), PieceKind::Operator);
            }
            Some(_) => {
                let message = format!("at most {MAX_WITHIN} words may stand between the sides of `{name}`");
                self.fail(
                    span.clone(),
                    QueryError::new(span.clone(), message, format!("write `{name}/{MAX_WITHIN}`, or AND")),
                );
            }
            None => {
                let message =
                    format!("`{name}` needs to know how many words may stand between, as in `{name}/{shown}`");
                let hint = format!("write `{name}/{shown}`, or \"near\" in quotes to search for the word");
                self.fail(span.clone(), QueryError::new(span.clone(), message, hint));
            }
        }
        true
    }

    pub(super) fn enter(&mut self, field: Field) {
        self.groups.push(Some(field));
    }
}
