//! Words, phrases and exact words of a query.

use std::ops::Range;

use super::lexer::{Lexed, Lexer, MAX_WITHIN, QUOTES};
use crate::query::{Leaf, Pattern, Phrase, Shape, Sort};
use crate::reading::{PieceKind, Term};
use crate::words::{Kind, Token, Words};
use crate::{QueryError, Warning};

/// Letters that stand for `*` and `?` while a word is cut. They have neither case nor accents, and hardly a text.
const STAND_INS: [char; 8] = ['ʘ', 'ǂ', 'ǁ', 'ǃ', 'ǀ', 'ʬ', 'ʭ', 'ƻ'];
/// Fixed characters that a word with wildcards needs.
pub(super) const FIXED: usize = 2;
/// Most characters of a word with wildcards or a distance.
const LONGEST: usize = 64;
/// Most words of a phrase.
const MAX_WORDS: usize = 100;

/// Reads the words at `span`, not in quotes.
pub(super) fn typed(lexer: &mut Lexer<'_>, span: Range<usize>, leaf: fn(Phrase) -> Leaf) {
    let text = &lexer.text[span.clone()];
    let read = patterns(text, span.start, false);
    match read {
        Err(error) => lexer.fail(span, error),
        Ok(words) => {
            if lexer.shown {
                warn_of_signs(lexer, text, &span);
                if words.len() == 1 {
                    note_term(lexer, &words[0], &span);
                }
            }
            let kind = if words.len() == 1 { piece_kind(&words[0]) } else { PieceKind::Phrase };
            let quoted = words.len() > 1;
            lexer.mark(Lexed::Leaf(leaf(Phrase { words, gap: 0, quoted })), span, kind);
        }
    }
}

/// Reads a quotation, with its `~n`.
pub(super) fn quoted(lexer: &mut Lexer<'_>, leaf: fn(Phrase) -> Leaf) {
    let start = lexer.at;
    let inner = match inner(lexer.text, start) {
        Ok(inner) => inner,
        Err(error) => return lexer.fail(start..lexer.text.len(), error),
    };
    let closed = inner.end + lexer.text[inner.end..].chars().next().map_or(0, char::len_utf8);
    let (gap, end) = match gap(lexer, closed) {
        Ok(found) => found,
        Err(error) => return lexer.fail(start..lexer.chunk_end(closed), error),
    };
    match phrase(&lexer.text[inner.clone()], inner.start, start..closed) {
        Err(error) => lexer.fail(start..end, error),
        Ok(words) => {
            let single = words.len() == 1;
            if single && lexer.shown {
                warn_of_one(lexer, &inner, start..end, gap);
            }
            let phrase = Phrase { words, gap: if single { 0 } else { gap }, quoted: true };
            lexer.mark(Lexed::Leaf(leaf(phrase)), start..end, PieceKind::Phrase);
        }
    }
}

/// Reads `{Exact Words}`.
pub(super) fn exact(lexer: &mut Lexer<'_>, leaf: fn(Phrase) -> Leaf) {
    let start = lexer.at;
    let Some(length) = lexer.text[start..].find('}') else {
        let error = QueryError::new(start..lexer.text.len(), "this `{` is never closed", "add a `}` at its end");
        return lexer.fail(start..lexer.text.len(), error);
    };
    let span = start..start + length + 1;
    match exact_words(&lexer.text[start + 1..start + length], &span) {
        Err(error) => lexer.fail(span, error),
        Ok(words) => {
            let phrase = Phrase { words, gap: 0, quoted: false };
            lexer.mark(Lexed::Leaf(leaf(phrase)), span, PieceKind::Exact);
        }
    }
}

fn exact_words(inner: &str, span: &Range<usize>) -> Result<Vec<Pattern>, QueryError> {
    if inner.contains(['*', '?']) {
        let message = "`*` and `?` have no meaning between `{` and `}`";
        return Err(QueryError::new(
            span.clone(),
            message,
            "write the exact letters, or use the wildcard without `{ }`",
        ));
    }
    let words = Words::of(inner);
    let mut found = Vec::new();
    for token in outermost(&words) {
        let sort = match token.kind {
            Kind::Address => return Err(address(inner, span)),
            Kind::Tag => Sort::Tag,
            Kind::Handle => Sort::Handle,
            Kind::Ticker => Sort::Ticker,
            Kind::Word | Kind::Dense | Kind::Emoji => Sort::Bare,
        };
        found.push(Pattern { sort, shape: Shape::Exact(token.exact.to_owned()) });
    }
    check_words(&found, span)?;
    if found.is_empty() {
        let message = "there is no word between these braces";
        return Err(QueryError::new(span.clone(), message, "write the exact letters, as in `{ACME}`"));
    }
    Ok(found)
}

/// The bytes between a quotation mark at `start` and the next one.
pub(super) fn inner(text: &str, start: usize) -> Result<Range<usize>, QueryError> {
    let from = start + text[start..].chars().next().map_or(0, char::len_utf8);
    match text[from..].find(QUOTES) {
        Some(length) => Ok(from..from + length),
        None => Err(QueryError::new(start..text.len(), "this quotation is never closed", "add a `\"` at its end")),
    }
}

/// The `~n` behind a quotation, and where it ends.
fn gap(lexer: &Lexer<'_>, closed: usize) -> Result<(u32, usize), QueryError> {
    if !lexer.text[closed..].starts_with('~') {
        return Ok((0, closed));
    }
    let end = lexer.chunk_end(closed);
    let number = &lexer.text[closed + 1..end];
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    match number.parse() {
        Ok(gap) if digits && gap <= MAX_WITHIN => Ok((gap, end)),
        _ => {
            let message = format!("`~` behind a phrase needs a number from 0 to {MAX_WITHIN}");
            let hint = "write how many other words may stand between, as in \"acme kettle\"~2";
            Err(QueryError::new(closed..end, message, hint))
        }
    }
}

fn phrase(inner: &str, at: usize, span: Range<usize>) -> Result<Vec<Pattern>, QueryError> {
    let mut words = Vec::new();
    let mut from = 0;
    for piece in inner.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        if word.contains(char::is_alphanumeric) || !Words::of(&word.replace(['*', '?'], "ʘ")).is_empty() {
            words.extend(patterns(word, at + from, true)?);
        }
        from += piece.len();
    }
    if words.is_empty() {
        return Err(wordless(span, inner));
    }
    check_words(&words, &span)?;
    Ok(words)
}

/// The patterns of one typed word. Several where punctuation divides it; in quotes a hyphen does as well.
pub(super) fn patterns(text: &str, at: usize, in_quotes: bool) -> Result<Vec<Pattern>, QueryError> {
    let span = at..at + text.len();
    // Most words are plain, and plain words are what they are.
    let (sort, name) = match text.as_bytes() {
        [b'#', first, ..] if first.is_ascii() => (Sort::Tag, &text[1..]),
        [b'@', first, ..] if first.is_ascii() => (Sort::Handle, &text[1..]),
        _ => (Sort::Bare, text),
    };
    if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Ok(vec![Pattern { sort, shape: Shape::Word(name.to_ascii_lowercase()) }]);
    }
    if let Some((body, distance)) = fuzzy(text) {
        return fuzzy_word(body, distance, in_quotes, &span).map(|word| vec![word]);
    }
    let wild = text.contains(['*', '?']);
    if wild {
        return wild_words(text, in_quotes, &span);
    }
    let found = cut_through(text, in_quotes, &span)?;
    check_words(&found, &span)?;
    Ok(found)
}

fn check_words(words: &[Pattern], span: &Range<usize>) -> Result<(), QueryError> {
    if words.len() <= MAX_WORDS {
        return Ok(());
    }
    let message = format!("a phrase of {} words; at most {MAX_WORDS} are taken", words.len());
    Err(QueryError::new(span.clone(), message, "its first dozen words will find the same"))
}

/// Cuts a typed word; where it is several, hyphens divide as well, as they do in the quotes it is printed in.
fn cut_through(text: &str, divide: bool, span: &Range<usize>) -> Result<Vec<Pattern>, QueryError> {
    let found = cut(text, divide, span)?;
    if found.len() > 1 && !divide { cut(text, true, span) } else { Ok(found) }
}

/// Cuts a typed word by the rules of posts.
fn cut(text: &str, divide: bool, span: &Range<usize>) -> Result<Vec<Pattern>, QueryError> {
    let words = Words::of(text);
    if divide && let Some(divided) = divided(text, &words) {
        return cut(&divided, false, span);
    }
    let mut found: Vec<Pattern> = Vec::new();
    for token in outermost(&words) {
        if token.kind == Kind::Address {
            return Err(address(text, span));
        }
        match (found.last_mut(), token.adjacent) {
            (Some(Pattern { shape: Shape::Dense(run), .. }), true) => run.push(token.word.to_owned()),
            _ => found.push(pattern(&token)),
        }
    }
    if found.is_empty() { Err(wordless(span.clone(), text)) } else { Ok(found) }
}

/// The text with the hyphens of its words as spaces; `None` where there are none.
fn divided(text: &str, words: &Words) -> Option<String> {
    let mut divided = text.to_owned();
    let hyphenated = outermost(words).filter(|token| token.kind == Kind::Word && token.word.contains('-'));
    // From the end, so that the places of those before stay what they are.
    for token in hyphenated.collect::<Vec<_>>().into_iter().rev() {
        let spaced = text[token.span.clone()].replace(['-', '\u{2010}', '\u{2011}', '\u{ff0d}'], " ");
        divided.replace_range(token.span, &spaced);
    }
    (divided != text).then_some(divided)
}

/// The tokens that lie within no other.
fn outermost(words: &Words) -> impl Iterator<Item = Token<'_>> {
    let mut until = None;
    words.iter().filter(move |token| {
        let within = until.is_some_and(|until| token.from <= until);
        if !within {
            until = Some(token.to);
        }
        !within
    })
}

fn pattern(token: &Token<'_>) -> Pattern {
    let word = || Shape::Word(token.word.to_owned());
    let (sort, shape) = match token.kind {
        Kind::Tag => (Sort::Tag, word()),
        Kind::Handle => (Sort::Handle, word()),
        Kind::Ticker => (Sort::Ticker, word()),
        Kind::Dense => (Sort::Bare, Shape::Dense(vec![token.word.to_owned()])),
        Kind::Emoji => {
            let toned = token.exact != token.word;
            let text = if toned { token.exact } else { token.word };
            (Sort::Bare, Shape::Emoji { text: text.to_owned(), toned })
        }
        Kind::Word | Kind::Address => (Sort::Bare, word()),
    };
    Pattern { sort, shape }
}

/// `kettle~1`: the word and what is said of its distance.
fn fuzzy(text: &str) -> Option<(&str, &str)> {
    let (body, distance) = text.rsplit_once('~')?;
    let number = distance.len() < 10 && distance.bytes().all(|byte| byte.is_ascii_digit());
    (number && body.chars().any(char::is_alphanumeric)).then_some((body, distance))
}

fn fuzzy_word(body: &str, distance: &str, divide: bool, span: &Range<usize>) -> Result<Pattern, QueryError> {
    let most = match distance {
        "1" => 1,
        "2" => 2,
        _ => {
            let message = format!("`{}~{distance}` asks for a distance that is not offered", shown(body));
            let hint = format!("write `{0}~1` or `{0}~2`: one or two letters may differ", shown(body));
            return Err(QueryError::new(span.clone(), message, hint));
        }
    };
    if body.contains(['*', '?']) {
        let message = "a word cannot have wildcards and `~` at once";
        return Err(QueryError::new(span.clone(), message, "keep one of them"));
    }
    let mut words = cut(body, divide, span)?;
    let (Some(Pattern { sort: Sort::Bare, shape: Shape::Word(word) }), true) = (words.pop(), words.is_empty()) else {
        let message = format!("`~{distance}` works on a single word of letters, and `{}` is none", shown(body));
        return Err(QueryError::new(span.clone(), message, "remove the `~` and its number"));
    };
    check_length(&word, span)?;
    let least = FIXED + usize::from(most);
    if word.chars().count() < least {
        let message = format!("`{body}~{distance}` would find nearly every short word");
        let hint = format!("for `~{distance}` a word needs at least {least} letters");
        return Err(QueryError::new(span.clone(), message, hint));
    }
    Ok(Pattern { sort: Sort::Bare, shape: Shape::Fuzzy(word, most) })
}

/// A word with `*` or `?`: cut with letters standing for them.
fn wild_words(text: &str, divide: bool, span: &Range<usize>) -> Result<Vec<Pattern>, QueryError> {
    let is_dense = |text: &str| Words::of(text).iter().any(|token| token.kind == Kind::Dense);
    let bare = text.trim_matches('*');
    if is_dense(bare) {
        if bare.contains(['*', '?']) {
            let message = "`*` and `?` have no place in scripts without spaces";
            let hint = "their words are found as parts of any run; for two parts write `a NEAR/3 b`";
            return Err(QueryError::new(span.clone(), message, hint));
        }
        return cut_through(bare, divide, span);
    }
    let mut free = STAND_INS.into_iter().filter(|c| !text.contains(*c));
    let (Some(any), Some(one)) = (free.next(), free.next()) else {
        let message = "a word of these letters cannot have wildcards";
        return Err(QueryError::new(span.clone(), message, "write it without `*` and `?`"));
    };
    let stood: String = text
        .chars()
        .map(|c| {
            if c == '*' {
                any
            } else if c == '?' {
                one
            } else {
                c
            }
        })
        .collect();
    let mut found = cut_through(&stood, divide, span)?;
    check_words(&found, span)?;
    for word in &mut found {
        let Shape::Word(folded) = &word.shape else { continue };
        if folded.contains([any, one]) {
            word.shape = Shape::Wild(glob(folded, any, one, text, span)?);
        }
    }
    Ok(found)
}

/// Puts the wildcards back and sees to it that enough is fixed.
fn glob(folded: &str, any: char, one: char, text: &str, span: &Range<usize>) -> Result<String, QueryError> {
    let mut glob = String::with_capacity(folded.len());
    for c in folded.chars() {
        match c {
            _ if c == any && glob.ends_with('*') => {}
            _ if c == any => glob.push('*'),
            _ if c == one => glob.push('?'),
            _ => glob.push(c),
        }
    }
    check_length(&glob, span)?;
    if glob.chars().filter(|c| c.is_alphanumeric()).count() < FIXED {
        let message = format!("`{}` would find nearly everything", shown(text));
        let hint = format!("a word with `*` or `?` needs at least {FIXED} other letters or digits");
        return Err(QueryError::new(span.clone(), message, hint));
    }
    Ok(glob)
}

/// What is held against every word must be short.
fn check_length(word: &str, span: &Range<usize>) -> Result<(), QueryError> {
    if word.chars().count() <= LONGEST {
        return Ok(());
    }
    let message = format!("a word with `*`, `?` or `~` may have at most {LONGEST} characters");
    Err(QueryError::new(span.clone(), message, "write its beginning and a `*`"))
}

fn address(text: &str, span: &Range<usize>) -> QueryError {
    let shown = shown(text.trim_matches('"'));
    let message = format!("`{shown}` is an address, and addresses in posts are links, not words");
    let hint = format!("write `link:\"{shown}\"` for posts that link there, or `site:` for posts from there");
    QueryError::new(span.clone(), message, hint)
}

pub(super) fn wordless(span: Range<usize>, text: &str) -> QueryError {
    if text.trim().is_empty() {
        let message = "there is nothing between these quotation marks";
        return QueryError::new(span, message, "write the words that stand side by side, or remove them");
    }
    let hint = match text.trim() {
        "|" | "||" => "write `OR` for either of two words",
        "&" | "&&" | "+" => "words side by side must all be there; write nothing or `AND`",
        "!" => "write `NOT` or a `-` directly before what is to be left out",
        _ => "a query looks for words, tags, handles and emoji; remove this or add a word",
    };
    QueryError::new(span, format!("`{}` holds no letter or digit", shown(text)), hint)
}

pub(super) fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

fn piece_kind(word: &Pattern) -> PieceKind {
    match (word.sort, &word.shape) {
        (Sort::Tag | Sort::Ticker, _) => PieceKind::Tag,
        (Sort::Handle, _) => PieceKind::Handle,
        (_, Shape::Emoji { .. }) => PieceKind::Emoji,
        _ => PieceKind::Word,
    }
}

fn note_term(lexer: &mut Lexer<'_>, word: &Pattern, span: &Range<usize>) {
    if let (Sort::Bare, Shape::Word(folded)) = (word.sort, &word.shape) {
        lexer.out.terms.push(Term { span: span.clone(), word: folded.clone() });
    }
}

/// Signs that are operators elsewhere.
fn warn_of_signs(lexer: &mut Lexer<'_>, text: &str, span: &Range<usize>) {
    let warning = if let Some(sign) =
        text.chars().next().filter(|c| matches!(c, '+' | '~' | '^' | '=' | '!' | '|' | '<' | '>'))
    {
        let message = format!("`{sign}` before a word has no meaning here and is not looked for");
        let hint = if sign == '!' { "write `NOT` or `-` to leave a word out" } else { "remove it" };
        Warning::new(span.start..span.start + 1, message, hint)
    } else if text.ends_with('?') {
        let message = "`?` stands for exactly one more letter here, not for a question";
        Warning::new(span.end - 1..span.end, message, "remove it; `has:question` finds questions")
    } else {
        return;
    };
    lexer.out.warnings.push(warning);
}

fn warn_of_one(lexer: &mut Lexer<'_>, inner: &Range<usize>, span: Range<usize>, gap: u32) {
    let text = lexer.text[inner.clone()].trim();
    let operator = ["and", "or", "not", "near", "onear"].contains(&text.to_lowercase().as_str());
    if gap > 0 {
        let message = format!("`~{gap}` has no meaning behind a phrase of one word");
        lexer.out.warnings.push(Warning::new(span, message, "add the other words, or remove it"));
    } else if !operator {
        let message = "a phrase of one word finds the same as the word";
        lexer.out.warnings.push(Warning::new(
            span,
            message,
            "remove the quotes, or write `{…}` for exactly these letters",
        ));
    }
}
