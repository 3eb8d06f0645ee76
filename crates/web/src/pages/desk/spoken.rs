//! Small things as people say them: networks, promises, judgements, names.

use dandelion_hub::case::{AuthorCard, Named};
use dandelion_understand::personal::Kind;

/// A network's name: `Demo network`, `Mastodon`.
pub(crate) fn network(name: &str) -> String {
    if let Some(about) = dandelion_networks::networks::find(name) {
        return about.label.to_owned();
    }
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A kind of personal data.
pub(super) fn personal(kind: Kind) -> &'static str {
    match kind {
        Kind::Email => "a mail address",
        Kind::Phone => "a telephone number",
        Kind::Card => "a card number",
        Kind::Iban => "a bank account",
        Kind::National => "a national number",
        Kind::Ip => "an address of a machine",
        Kind::Address => "a postal address",
        Kind::Order => "an order number",
        Kind::Name => "a name",
    }
}

/// What a promise is of, as beside a clock: `reply`.
pub(super) fn promise(kind: &str) -> &'static str {
    match kind {
        "acceptance" => "acceptance",
        "resolution" => "resolution",
        _ => "reply",
    }
}

/// What an account is called: its shown name, otherwise its handle.
pub(crate) fn author(card: Option<&AuthorCard>) -> String {
    let known = card.and_then(|card| card.name.clone().filter(|name| !name.trim().is_empty()));
    known.or_else(|| card.and_then(|card| card.handle.clone())).unwrap_or_else(|| "Somebody".to_owned())
}

/// Where an account's picture is asked for here. Its mark changes with the picture.
pub(crate) fn avatar(card: Option<&AuthorCard>) -> Option<String> {
    let card = card?;
    card.avatar.as_ref().map(|mark| format!("/avatars/{}?is={mark}", card.id))
}

/// A handle with its sign.
pub(crate) fn handle(name: &str) -> String {
    if name.is_empty() || name.starts_with('@') || name.contains(['/', ' ']) {
        name.to_owned()
    } else {
        format!("@{name}")
    }
}

/// Who did something; the program, where nobody did.
pub(super) fn by(named: Option<&Named>) -> &str {
    named.map_or("Dandelion", |named| named.name.as_str())
}

/// `first`, `2nd`, `3rd`, `11th`.
pub(super) fn nth(n: i64) -> String {
    match (n % 100, n % 10) {
        (11..=13, _) => format!("{n}th"),
        (_, 1) => format!("{n}st"),
        (_, 2) => format!("{n}nd"),
        (_, 3) => format!("{n}rd"),
        _ => format!("{n}th"),
    }
}

/// A kind of closing, as a person reads it.
pub(super) fn closing(kind: &str) -> &'static str {
    match kind {
        "fixed" => "fixed",
        "answered" => "answered",
        "no-answer-needed" => "no answer needed",
        "not-ours" => "not ours",
        "spam" => "spam",
        "duplicate" => "duplicate",
        _ => "closed",
    }
}

/// A language by its code, in English.
pub(super) fn language(code: &str) -> String {
    const NAMES: &[(&str, &str)] = &[
        ("ar", "Arabic"),
        ("cs", "Czech"),
        ("da", "Danish"),
        ("de", "German"),
        ("el", "Greek"),
        ("en", "English"),
        ("es", "Spanish"),
        ("fi", "Finnish"),
        ("fr", "French"),
        ("he", "Hebrew"),
        ("hi", "Hindi"),
        ("hr", "Croatian"),
        ("hu", "Hungarian"),
        ("id", "Indonesian"),
        ("it", "Italian"),
        ("ja", "Japanese"),
        ("ko", "Korean"),
        ("nl", "Dutch"),
        ("no", "Norwegian"),
        ("pl", "Polish"),
        ("pt", "Portuguese"),
        ("ro", "Romanian"),
        ("ru", "Russian"),
        ("sv", "Swedish"),
        ("th", "Thai"),
        ("tr", "Turkish"),
        ("uk", "Ukrainian"),
        ("vi", "Vietnamese"),
        ("zh", "Chinese"),
    ];
    let base = code.split('-').next().unwrap_or(code);
    match NAMES.iter().find(|(known, _)| *known == base) {
        Some((_, name)) if base == code => (*name).to_owned(),
        Some((_, name)) => format!("{name} ({code})"),
        None => code.to_owned(),
    }
}

/// Urgency, 0 to 3.
pub(super) fn urgency(level: i64) -> &'static str {
    match level {
        3 => "3 of 3: now",
        2 => "2 of 3: today",
        1 => "1 of 3: soon",
        _ => "0 of 3: whenever",
    }
}
