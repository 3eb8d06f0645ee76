//! `name:value` and `name:( … )`.

use std::ops::Range;

use super::lexer::{Lexed, Lexer, QUOTES};
use super::nearest::nearest;
use super::number::{moment, number};
use super::words::{FIXED, exact, inner, quoted, shown, typed};
use crate::QueryError;
use crate::query::{Has, Is, Leaf, NameField, NamePattern, NumberField};
use crate::reading::{Piece, PieceKind};
use crate::words::fold;

/// Everything that may stand before a colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Name(NameField),
    Number(NumberField),
    Title,
    Since,
    Until,
    Has,
    Is,
    Query,
}

#[expect(non_upper_case_globals, reason = "reads as the variant it stands for")]
impl Field {
    pub(super) const Link: Self = Self::Name(NameField::Link);
}

const OTHERS: [Field; 6] = [Field::Title, Field::Since, Field::Until, Field::Has, Field::Is, Field::Query];

/// Names that other tools give to fields of ours, and what to write.
const ELSEWHERE: &[(&str, &str)] = &[
    ("author", "from:"),
    ("by", "from:"),
    ("user", "from:"),
    ("account", "from:"),
    ("handle", "from:"),
    ("hashtag", "a `#` before the word"),
    ("hashtags", "a `#` before the word"),
    ("tag", "a `#` before the word"),
    ("language", "lang:"),
    ("location", "country:"),
    ("domain", "site:"),
    ("host", "site:"),
    ("url", "link:"),
    ("links", "link:"),
    ("subject", "title:"),
    ("headline", "title:"),
    ("before", "until:"),
    ("after", "since:"),
    ("date", "since: and until:"),
    ("filter", "has: or is:"),
    ("min_faves", "likes:>="),
    ("min_likes", "likes:>="),
    ("min_retweets", "shares:>="),
    ("min_replies", "replies:>="),
    ("retweets", "shares:"),
    ("reposts", "shares:"),
    ("favorites", "likes:"),
    ("comments", "replies:"),
    ("reply", "is:reply, or replies:"),
    ("thread", "in:"),
    ("conversation_id", "in:"),
    ("emotion", "sentiment:"),
    ("mood", "sentiment:"),
    ("text", "the words alone"),
    ("content", "the words alone"),
    ("raw", "braces, `{ACME}`, for exactly these letters"),
    ("mention", "mentions:"),
];

/// Values that are known, and what stands for them elsewhere.
const SENTIMENTS: [&str; 4] = ["negative", "neutral", "positive", "mixed"];

impl Field {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Name(field) => field.word(),
            Self::Number(field) => field.word(),
            Self::Title => "title",
            Self::Since => "since",
            Self::Until => "until",
            Self::Has => "has",
            Self::Is => "is",
            Self::Query => "query",
        }
    }

    fn all() -> impl Iterator<Item = Self> {
        let names = NameField::ALL.iter().map(|field| Self::Name(*field));
        names.chain(NumberField::ALL.iter().map(|field| Self::Number(*field))).chain(OTHERS)
    }

    /// By its name, in any case.
    pub(super) fn of(name: &str) -> Option<Self> {
        Self::all().find(|field| field.word().eq_ignore_ascii_case(name))
    }

    fn example(self) -> &'static str {
        match self {
            Self::Name(NameField::From) => "from:acme",
            Self::Name(NameField::To) => "to:acme_care",
            Self::Name(NameField::Mentions) => "mentions:acme",
            Self::Name(NameField::Lang) => "lang:de",
            Self::Name(NameField::Country) => "country:SE",
            Self::Name(NameField::Network) => "network:mastodon",
            Self::Name(NameField::Source) => "source:\"Our blog\"",
            Self::Name(NameField::Site) => "site:example.com",
            Self::Name(NameField::Link) => "link:\"example.com/shop\"",
            Self::Name(NameField::In) => "in:1234",
            Self::Name(NameField::Type) => "type:reply",
            Self::Name(NameField::Sentiment) => "sentiment:negative",
            Self::Name(NameField::Intent) => "intent:complaint",
            Self::Name(NameField::Topic) => "topic:delivery",
            Self::Name(NameField::Unit) => "unit:repairs",
            Self::Number(NumberField::Age) => "age:<30d",
            Self::Number(NumberField::Urgency) => "urgency:>=2",
            Self::Number(NumberField::Likes) => "likes:>=10",
            Self::Number(_) => "followers:>1000",
            Self::Title => "title:kettle",
            Self::Since => "since:2026-01-31",
            Self::Until => "until:2026-02-28",
            Self::Has => "has:link",
            Self::Is => "is:reply",
            Self::Query => "query:\"Our products\"",
        }
    }

    /// Reads one value, which begins at the lexer's place; `from` is where the error marks should begin.
    pub(super) fn value(self, lexer: &mut Lexer<'_>, from: usize) {
        let next = lexer.peek();
        let opens = next.is_some_and(|c| QUOTES.contains(&c));
        if self == Self::Title {
            return match next {
                Some('{') => exact(lexer, Leaf::Title),
                _ if opens => quoted(lexer, Leaf::Title),
                _ if lexer.chunk_end(lexer.at) > lexer.at => {
                    let span = lexer.at..lexer.chunk_end(lexer.at);
                    typed(lexer, span, Leaf::Title);
                }
                _ => self.missing(lexer, from, lexer.at),
            };
        }
        let (value, end) = if opens {
            match inner(lexer.text, lexer.at) {
                Err(error) => return lexer.fail(lexer.at..lexer.text.len(), error),
                Ok(inner) => {
                    let close = lexer.text[inner.end..].chars().next().map_or(0, char::len_utf8);
                    (inner.clone(), inner.end + close)
                }
            }
        } else {
            let end = lexer.chunk_end(lexer.at);
            (lexer.at..end, end)
        };
        let text = lexer.text[value.clone()].trim();
        if text.is_empty() {
            return self.missing(lexer, from, end);
        }
        let span = lexer.at..end;
        match self.leaf(text, &span) {
            Ok(leaf) => lexer.mark(Lexed::Leaf(leaf), span, PieceKind::Value),
            Err(error) => lexer.fail(span, error),
        }
    }

    /// `end` is where the empty value ends, so that what follows it is read.
    fn missing(self, lexer: &mut Lexer<'_>, from: usize, end: usize) {
        let stray = end == lexer.at && lexer.peek().is_some_and(|c| c == '{' || c == '}');
        let end = if stray { end + 1 } else { end };
        let message = format!("`{}:` needs a value directly behind the colon", self.word());
        let error =
            QueryError::new(from..end, message, format!("write it without a space, as in `{}`", self.example()));
        if end > lexer.at {
            return lexer.fail(lexer.at..end, error);
        }
        lexer.out.lexed.push((Lexed::Error(error), from..end));
    }

    fn leaf(self, text: &str, span: &Range<usize>) -> Result<Leaf, QueryError> {
        Ok(match self {
            Self::Name(field) => Leaf::Name { field, value: name(field, text, span)? },
            Self::Number(field) => number(field, text, span)?,
            Self::Since => Leaf::Since(moment(text, span)?),
            Self::Until => Leaf::Until(moment(text, span)?),
            Self::Has => Leaf::Has(one_of(Has::ALL, Has::word, "has", text, span)?),
            Self::Is => Leaf::Is(one_of(Is::ALL, Is::word, "is", text, span)?),
            Self::Query => Leaf::Query(text.to_owned()),
            Self::Title => unreachable!("titles hold words"),
        })
    }
}

/// Reads a chunk that begins with `name:`; false if it does not.
pub(super) fn fielded(lexer: &mut Lexer<'_>, span: Range<usize>) -> bool {
    let text = &lexer.text[span.clone()];
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return false;
    }
    let Some((name, rest)) = text.split_once(':') else { return short_of_a_colon(lexer, text, &span) };
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_name || rest.starts_with("//") {
        return false;
    }
    let Some(field) = Field::of(name) else {
        let error = unknown(name, text, rest, span.start..span.start + name.len() + 1);
        lexer.fail(span, error);
        return true;
    };
    let after = span.start + name.len() + 1;
    if lexer.shown {
        lexer.out.pieces.push(Piece { span: span.start..after, kind: PieceKind::Field });
    }
    lexer.at = after;
    if lexer.peek() == Some('(') {
        lexer.enter(field);
        lexer.mark(Lexed::Open, after..after + 1, PieceKind::Paren);
    } else {
        field.value(lexer, span.start);
    }
    true
}

/// `followers>1000`
fn short_of_a_colon(lexer: &mut Lexer<'_>, text: &str, span: &Range<usize>) -> bool {
    let Some(at) = text.find(['>', '<', '=']) else { return false };
    let Some(Field::Number(field)) = Field::of(&text[..at]) else { return false };
    let message = format!("`{}` needs a colon before the number", field.word());
    let hint = format!("write `{}:{}`", field.word(), text[at..].trim_start_matches('='));
    lexer.fail(span.clone(), QueryError::new(span.clone(), message, hint));
    true
}

fn unknown(name: &str, text: &str, rest: &str, span: Range<usize>) -> QueryError {
    let message = format!("there is no field `{}:`", shown(name));
    let lower = name.to_ascii_lowercase();
    let quote = format!("to search for these words write \"{}\" in quotes", shown(text).trim_end_matches(':'));
    if lower == "near" || lower == "onear" {
        return QueryError::new(
            span,
            message,
            format!("write `{}/5` between two words for nearness", name.to_uppercase()),
        );
    }
    let elsewhere = ELSEWHERE.iter().find(|(other, _)| *other == lower).map(|(_, ours)| *ours);
    let hint = match (elsewhere, nearest(&lower, Field::all().map(Field::word))) {
        (Some(ours), _) if ours.ends_with([':', '=']) => format!("write `{ours}{}`; {quote}", shown(rest)),
        (Some(ours), _) => format!("use {ours}; {quote}"),
        (None, Some(near)) => format!("did you mean `{near}:{}`? Otherwise {quote}", shown(rest)),
        (None, None) => quote,
    };
    QueryError::new(span, message, hint)
}

fn one_of<T: Copy>(
    all: &[T],
    word: fn(T) -> &'static str,
    field: &str,
    text: &str,
    span: &Range<usize>,
) -> Result<T, QueryError> {
    let lower = text.to_lowercase();
    // `has:links`, `has:images`
    let plain = match lower.as_str() {
        "image" | "images" | "video" | "videos" | "photo" | "photos" | "picture" | "pictures" => "media",
        "retweet" | "share" => "repost",
        "geo" | "location" => "coordinates",
        "emojis" | "links" | "questions" => &lower[..lower.len() - 1],
        other => other,
    };
    let words = || all.iter().map(|it| word(*it));
    all.iter().copied().find(|it| word(*it) == plain).ok_or_else(|| {
        let known: Vec<String> = words().map(|word| format!("`{field}:{word}`")).collect();
        let message = format!("`{field}:` does not know `{}`", shown(text));
        let hint = match nearest(&lower, words()) {
            Some(near) => format!("did you mean `{field}:{near}`? There are {}", known.join(", ")),
            None => format!("there are {}", known.join(", ")),
        };
        QueryError::new(span.clone(), message, hint)
    })
}

/// Checks and folds the value of a field that holds a name.
fn name(field: NameField, text: &str, span: &Range<usize>) -> Result<NamePattern, QueryError> {
    let wrong = |message: String, hint: &str| Err(QueryError::new(span.clone(), message, hint));
    let takes_stars = matches!(field, NameField::From | NameField::To | NameField::Mentions);
    let word = field.word();
    let folded = match field {
        NameField::Site => host(text),
        NameField::Link => address(text),
        NameField::In => text.to_owned(),
        NameField::From | NameField::To | NameField::Mentions => bare_handle(fold(text).trim()),
        NameField::Lang => fold(text).trim().replace('_', "-"),
        // What folding leaves out may have stood before a space.
        _ => fold(text).trim().to_owned(),
    };
    let wild = folded.contains('*');
    if folded.is_empty() {
        return wrong(format!("`{word}:` needs a name"), Field::Name(field).example());
    }
    if wild && !takes_stars && !matches!(field, NameField::In | NameField::Link) {
        return wrong(format!("`{word}:` takes no `*`"), "write the whole value; `OR` joins several");
    }
    if wild && takes_stars && folded.chars().filter(|c| c.is_alphanumeric()).count() < FIXED {
        return wrong(
            format!("`{word}:{}` would find nearly everybody", shown(text)),
            "a name with `*` needs at least 2 other letters or digits",
        );
    }
    match field {
        NameField::Lang if !is_language(&folded) => {
            return wrong(
                format!("`{}` is no language tag", shown(text)),
                "write it as in `lang:de`, `lang:en` or `lang:pt-BR`",
            );
        }
        NameField::Country if folded.len() != 2 || !folded.bytes().all(|b| b.is_ascii_lowercase()) => {
            return wrong(format!("`{}` is no country code", shown(text)), "write its two letters, as in `country:SE`");
        }
        NameField::Site if !is_host(&folded) => {
            return wrong(
                format!("`{}` is no host name", shown(text)),
                "write it as in `site:example.com`; for a path use `link:\"example.com/path\"`",
            );
        }
        NameField::Sentiment if !SENTIMENTS.contains(&folded.as_str()) => {
            let near = nearest(&folded, SENTIMENTS.into_iter());
            let hint = near.map_or("there".to_owned(), |near| format!("did you mean `sentiment:{near}`? There"));
            return wrong(
                format!("`sentiment:` does not know `{}`", shown(text)),
                &format!("{hint} are negative, neutral, positive and mixed"),
            );
        }
        _ => {}
    }
    Ok(NamePattern { text: folded, wild: wild && takes_stars })
}

/// Without the `@` before it.
fn bare_handle(text: &str) -> String {
    text.trim_start_matches(|c: char| c == '@' || c.is_whitespace()).to_owned()
}

/// Lower case, without scheme, stars and dots around it.
fn host(text: &str) -> String {
    let lower = text.to_lowercase();
    stripped(&lower, |bare| {
        let bare = without_scheme(bare);
        let bare = bare.strip_prefix("*.").unwrap_or(bare).trim_end_matches('/');
        bare.strip_prefix("www.").filter(|rest| rest.contains('.')).unwrap_or(bare).trim_matches('.')
    })
}

fn is_host(host: &str) -> bool {
    host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_')) && !host.contains("..")
}

/// Without scheme, `www.` and a star at its end, lower case.
pub(crate) fn address(text: &str) -> String {
    let lower = text.to_lowercase();
    stripped(&lower, |bare| {
        let bare = without_scheme(bare);
        bare.strip_prefix("www.").unwrap_or(bare).trim_end_matches('*')
    })
}

/// Strips until nothing is left to strip, so that what was read once reads the same again.
fn stripped(text: &str, strip: impl Fn(&str) -> &str) -> String {
    let mut bare = text.trim();
    loop {
        let next = strip(bare).trim();
        if next.len() == bare.len() {
            return bare.to_owned();
        }
        bare = next;
    }
}

/// A scheme has neither dots nor slashes: `web.archive.org/https://acme.example` begins with none.
fn without_scheme(text: &str) -> &str {
    let is_scheme = |it: &str| it.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'-');
    text.split_once("://").filter(|(scheme, _)| is_scheme(scheme)).map_or(text, |(_, rest)| rest)
}

/// `de`, `pt-br`, `zh-hant`.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=3).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_lowercase())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}
