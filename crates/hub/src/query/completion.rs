//! What can stand where somebody is typing: fields, their values, handles, tags, other queries' names.

use dandelion_post::words::fold;

use super::sample::Vocabulary;
use crate::engine::Engine;

/// Most suggestions given.
const MOST: usize = 8;
/// How much of what was typed is looked at, in letters.
const TAIL: usize = 200;

/// Suggestions for the end of what was typed so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Completions {
    /// How many UTF-16 units before the cursor a suggestion takes the place of.
    pub back: usize,
    /// The best first.
    pub options: Vec<Completion>,
}

/// One suggestion.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Completion {
    /// What is put in.
    pub insert: String,
    /// What it is, in words.
    pub hint: String,
}

/// The fields, each with what it means.
pub const FIELDS: &[(&str, &str)] = &[
    ("from:", "who wrote it"),
    ("to:", "whom it addresses first"),
    ("mentions:", "whom it names"),
    ("lang:", "language, such as de or pt-BR"),
    ("country:", "country, two letters"),
    ("network:", "where it was said"),
    ("source:", "what brought it"),
    ("site:", "host of its address, or below it"),
    ("link:", "an address in it that begins so"),
    ("title:", "words of its title"),
    ("in:", "thread"),
    ("type:", "post, reply, repost …"),
    ("followers:", "of its author: >1000, 100..5000"),
    ("following:", "accounts its author follows"),
    ("posts:", "posts of its author"),
    ("likes:", "likes it had when it came"),
    ("shares:", "reposts it had when it came"),
    ("replies:", "replies it had when it came"),
    ("views:", "times it was shown"),
    ("age:", "of the account: <30d, >1y"),
    ("since:", "written at or after a date"),
    ("until:", "written before a date"),
    ("has:", "link, media, question, emoji, coordinates"),
    ("is:", "reply, repost, verified, ours"),
    ("query:", "whatever another query hears"),
    ("sentiment:", "judged: negative, neutral, positive, mixed"),
    ("intent:", "judged: complaint, question, praise …"),
    ("urgency:", "judged: 0 to 3"),
    ("topic:", "judged: one of ours"),
    ("unit:", "judged: whom it was brought to"),
];
const OPERATORS: &[(&str, &str)] = &[
    ("AND", "both"),
    ("OR", "either"),
    ("NOT", "not what follows"),
    ("NEAR/3", "at most 3 words between"),
    ("ONEAR/3", "at most 3 words between, in this order"),
];
const FIXED: &[(&str, &[&str])] = &[
    ("has", &["link", "media", "question", "emoji", "coordinates"]),
    ("is", &["reply", "repost", "verified", "ours"]),
    ("type", &["post", "reply", "repost"]),
    ("sentiment", &["negative", "neutral", "positive", "mixed"]),
    ("intent", &["complaint", "question", "praise", "idea", "purchase", "cancel", "risk", "spam", "other"]),
    ("urgency", &["0", "1", "2", "3", ">=2"]),
];

/// Completes the end of `before`, the text up to the cursor.
pub fn complete(engine: &Engine, vocabulary: Option<&Vocabulary>, before: &str) -> Completions {
    let from = before.char_indices().rev().nth(TAIL - 1).map_or(0, |(at, _)| at);
    let tail = &before[from..];
    let word = last_word(tail);
    let found = match word.split_once(':') {
        Some((field, value)) if field.chars().all(|letter| letter.is_ascii_alphabetic()) && !field.is_empty() => {
            let options = values(engine, vocabulary, &field.to_ascii_lowercase());
            return fitting(value, options.into_iter(), field == "query" || value.starts_with('"'));
        }
        _ => word,
    };
    match (found.chars().next(), vocabulary) {
        (Some('@'), Some(known)) => named("@", &found[1..], &known.handles),
        (Some('#'), Some(known)) => named("#", &found[1..], &known.tags),
        _ => words(found),
    }
}

/// What stands between the last space, bracket or sign of exclusion and the cursor; a value in open quotes is one.
fn last_word(tail: &str) -> &str {
    if tail.matches('"').count() % 2 == 1 {
        let quote = tail.rfind('"').unwrap_or(0);
        let field = tail[..quote].rfind([' ', '\n', '\t', '(']).map_or(0, |at| at + 1);
        return if tail[field..quote].ends_with(':') { tail[field..].trim_start_matches('-') } else { "" };
    }
    let start = tail.rfind([' ', '\n', '\t', '(', ')', '"']).map_or(0, |at| at + 1);
    tail[start..].trim_start_matches('-')
}

/// Fields and operators that begin so, from the second letter.
fn words(typed: &str) -> Completions {
    if typed.chars().count() < 2 {
        return Completions::default();
    }
    let upper = OPERATORS.iter().filter(|(name, _)| name.starts_with(typed) && *name != typed);
    let lower = typed.to_lowercase();
    let fields = FIELDS.iter().filter(|(name, _)| name.starts_with(&lower));
    let options = fields.chain(upper).take(MOST);
    let options = options.map(|(name, hint)| Completion { insert: (*name).to_owned(), hint: (*hint).to_owned() });
    Completions { back: utf16(typed), options: options.collect() }
}

fn named(sign: &str, typed: &str, names: &[(String, u32)]) -> Completions {
    let folded = fold(typed);
    let fits = names.iter().filter(|(name, _)| name.starts_with(&folded) && *name != folded).take(MOST);
    let options = fits.map(|(name, count)| Completion { insert: format!("{sign}{name}"), hint: frequency(*count) });
    Completions { back: utf16(typed) + 1, options: options.collect() }
}

fn frequency(count: u32) -> String {
    match count {
        u32::MAX => "ours".to_owned(),
        1 => "1 post".to_owned(),
        n => format!("{n} posts"),
    }
}

/// What a field can hold, with a word on each.
fn values(engine: &Engine, vocabulary: Option<&Vocabulary>, field: &str) -> Vec<(String, String)> {
    if let Some((_, fixed)) = FIXED.iter().find(|(name, _)| *name == field) {
        return fixed.iter().map(|value| ((*value).to_owned(), String::new())).collect();
    }
    let counted = |names: fn(&Vocabulary) -> &Vec<(String, u32)>| -> Vec<(String, String)> {
        let names = vocabulary.map(names).into_iter().flatten();
        names.map(|(name, count)| (name.clone(), frequency(*count))).collect()
    };
    match field {
        "topic" => engine
            .org
            .topics
            .iter()
            .filter(|topic| !topic.archived)
            .map(|it| (it.key.clone(), it.name.clone()))
            .collect(),
        "unit" => engine.org.live_units().map(|unit| (unit.key.clone(), unit.name.clone())).collect(),
        "query" => {
            let mut names: Vec<_> = engine
                .queries
                .values()
                .map(|(unit, name)| (name.clone(), engine.org.unit_name(*unit).to_owned()))
                .collect();
            names.sort();
            names
        }
        "from" | "to" | "mentions" => counted(|known| &known.handles),
        "lang" => counted(|known| &known.languages),
        "network" => counted(|known| &known.networks),
        "source" => counted(|known| &known.sources),
        _ => Vec::new(),
    }
}

/// Values that begin with what was typed, then those in which a word begins so.
fn fitting(typed: &str, options: impl Iterator<Item = (String, String)>, quoted: bool) -> Completions {
    let bare = fold(typed.trim_start_matches('"').trim_start_matches('@'));
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for (value, hint) in options {
        let folded = fold(&value);
        let all = format!("{folded} {}", fold(&hint));
        let inside = || all.split_whitespace().any(|word| word.starts_with(&bare));
        if folded == bare && !quoted {
            continue;
        }
        if folded.starts_with(&bare) {
            first.push((value, hint));
        } else if !bare.is_empty() && inside() {
            second.push((value, hint));
        }
    }
    first.extend(second);
    let options = first.into_iter().take(MOST);
    let options = options.map(|(value, hint)| Completion { insert: written(&value), hint });
    Completions { back: utf16(typed), options: options.collect() }
}

/// A value as it stands in a query: in quotes where it is more than one plain word.
fn written(value: &str) -> String {
    let plain = value.chars().all(|letter| letter.is_alphanumeric() || "_-.@<>=".contains(letter));
    if plain { value.to_owned() } else { format!("\"{}\"", value.replace('"', "")) }
}

fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}
