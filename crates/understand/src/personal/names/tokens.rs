//! A text cut for the names model: words, digits and single marks, each with what its letters tell.

use crate::features::mix;

/// How a token is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Shape {
    /// `Ada`.
    Capital,
    /// `A`.
    Initial,
    /// `ADA`.
    Shouted,
    /// `McAda`.
    Mixed,
    /// `ada`.
    Small,
    /// `ada`, in a text without any capital.
    Low,
    Digits,
    Mark,
    /// Before the first token, and after the last.
    Border,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub from: u32,
    pub to: u32,
    pub shape: Shape,
    /// A hash of its small letters, and of its first three, last two, three and four.
    pub word: u32,
    pub pieces: [u32; 4],
    /// Of the word as it is written: whether lists of names hold it.
    pub written: u32,
    /// Whether the token ends a sentence or opens another part.
    pub ends: bool,
    /// Whether a name goes on over it to a capital: `de`, `van`.
    pub joins: bool,
}

pub(super) const BORDER: Token =
    Token { from: 0, to: 0, shape: Shape::Border, word: 1, pieces: [1; 4], written: 1, ends: true, joins: false };

impl Token {
    /// Whether a name may lie here: only words with a capital are asked about, and all words where nobody wrote any.
    pub(super) fn may_be(&self) -> bool {
        matches!(self.shape, Shape::Capital | Shape::Initial | Shape::Shouted | Shape::Mixed | Shape::Low)
    }
}

/// Cuts a text.
pub(super) fn cut(text: &str, tokens: &mut Vec<Token>) {
    tokens.clear();
    let low = !text.chars().any(char::is_uppercase);
    let mut chars = text.char_indices().peekable();
    while let Some((from, first)) = chars.next() {
        if first.is_whitespace() {
            continue;
        }
        let mut to = from + first.len_utf8();
        if first.is_alphabetic() {
            while let Some((at, c)) = chars.peek().copied() {
                let inner = matches!(c, '\'' | '’' | '-') && !ends_here(&text[at + c.len_utf8()..]);
                if !c.is_alphabetic() && !inner {
                    break;
                }
                to = at + c.len_utf8();
                chars.next();
            }
        } else if first.is_numeric() {
            while let Some((at, c)) = chars.next_if(|(_, c)| c.is_numeric()) {
                to = at + c.len_utf8();
            }
        }
        tokens.push(token(text, from, to, first, low));
    }
}

/// Whether a word ends before a mark within it: nothing follows, or the `s` of a possessive.
fn ends_here(rest: &str) -> bool {
    let mut chars = rest.chars();
    let (next, second) = (chars.next(), chars.next());
    let letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    !letter(next) || (next == Some('s') && !letter(second))
}

fn token(text: &str, from: usize, to: usize, first: char, low: bool) -> Token {
    const SHORT: usize = 4;
    let form = &text[from..to];
    let (mut word, mut written, mut head) = (7u32, 9u32, 11u32);
    let mut last = [0u32; SHORT];
    let (mut letters, mut capitals) = (0usize, 0usize);
    // Of other words only the word itself is asked for, as a neighbour.
    let low = low && first.is_lowercase();
    let asked = low || first.is_uppercase();
    for c in form.chars() {
        let small = if c.is_ascii() { c.to_ascii_lowercase() } else { c.to_lowercase().next().unwrap_or(c) };
        word = mix(word, u32::from(small));
        letters += 1;
        if asked {
            // Lists hold names as they are usually written.
            let listed = if low && letters == 1 { c.to_uppercase().next().unwrap_or(c) } else { c };
            written = mix(written, u32::from(listed));
            if letters <= 3 {
                head = mix(head, u32::from(small));
            }
            last.rotate_left(1);
            last[SHORT - 1] = u32::from(small);
            capitals += usize::from(c.is_uppercase());
        }
    }
    let tail = |count: usize| last[SHORT - count..].iter().fold(count as u32, |hash, c| mix(hash, *c));
    let shape = match () {
        () if first.is_numeric() => Shape::Digits,
        () if !first.is_alphabetic() => Shape::Mark,
        () if low => Shape::Low,
        () if !first.is_uppercase() => Shape::Small,
        () if letters == 1 => Shape::Initial,
        () if capitals == letters => Shape::Shouted,
        () if capitals == 1 => Shape::Capital,
        () => Shape::Mixed,
    };
    Token {
        from: from as u32,
        to: to as u32,
        shape,
        word,
        pieces: if asked { [head, tail(2), tail(3), tail(4)] } else { BORDER.pieces },
        written,
        ends: matches!(form, "." | "!" | "?" | ":"),
        joins: matches!(form, "de" | "van" | "von" | "der" | "di" | "bin" | "al" | "la" | "le" | "del" | "dos" | "du"),
    }
}
