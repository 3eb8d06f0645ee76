//! The word lists, as they lie in `words/`: sections `[signal]` or `[signal weight]`, entries divided by commas.

use dandelion_post::words::{Kind, Words};

/// What an entry of a list is a sign of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Signal {
    Negative,
    Positive,
    Negation,
    Stronger,
    Weaker,
    But,
    Sarcasm,
    Opener,
    Complaint,
    Rhetorical,
    Question,
    Praise,
    Idea,
    Purchase,
    Cancel,
    Safety,
    Legal,
    Breach,
    Press,
    Spam,
    Harm,
    Deadline,
    Again,
    Stranded,
    Fixed,
    FixedWithThanks,
    NotFixed,
    Thanks,
    Hedge,
    /// Means nothing, and hides shorter entries within it.
    Ignore,
    /// Only speaks for its language.
    Function,
}

const SIGNALS: &[(&str, Signal)] = &[
    ("negative", Signal::Negative),
    ("positive", Signal::Positive),
    ("negation", Signal::Negation),
    ("stronger", Signal::Stronger),
    ("weaker", Signal::Weaker),
    ("but", Signal::But),
    ("sarcasm", Signal::Sarcasm),
    ("opener", Signal::Opener),
    ("complaint", Signal::Complaint),
    ("rhetorical", Signal::Rhetorical),
    ("question", Signal::Question),
    ("praise", Signal::Praise),
    ("idea", Signal::Idea),
    ("purchase", Signal::Purchase),
    ("cancel", Signal::Cancel),
    ("safety", Signal::Safety),
    ("legal", Signal::Legal),
    ("breach", Signal::Breach),
    ("press", Signal::Press),
    ("spam", Signal::Spam),
    ("harm", Signal::Harm),
    ("deadline", Signal::Deadline),
    ("again", Signal::Again),
    ("stranded", Signal::Stranded),
    ("fixed", Signal::Fixed),
    ("fixed with thanks", Signal::FixedWithThanks),
    ("not fixed", Signal::NotFixed),
    ("thanks", Signal::Thanks),
    ("hedge", Signal::Hedge),
    ("ignore", Signal::Ignore),
    ("function", Signal::Function),
];

/// A language by its place in [`CODES`].
pub(crate) type Language = u8;

/// The languages words can speak for. `any` is none of them and belongs to all.
pub(crate) const CODES: [&str; 19] =
    ["any", "en", "de", "hr", "fr", "es", "it", "zh", "pt", "nl", "pl", "tr", "ru", "uk", "sv", "da", "cs", "hu", "ro"];
/// The place of `any`.
pub(crate) const ANY: Language = 0;

const FILES: [(&str, &str); 9] = [
    ("any", include_str!("../words/any.txt")),
    ("en", include_str!("../words/en.txt")),
    ("de", include_str!("../words/de.txt")),
    ("hr", include_str!("../words/hr.txt")),
    ("fr", include_str!("../words/fr.txt")),
    ("es", include_str!("../words/es.txt")),
    ("it", include_str!("../words/it.txt")),
    ("zh", include_str!("../words/zh.txt")),
    ("pt", include_str!("../words/pt.txt")),
];
const LANGUAGES: &str = include_str!("../words/languages.txt");

/// One entry of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listed {
    pub language: Language,
    pub signal: Signal,
    pub weight: u8,
    pub text: &'static str,
}

/// Every entry of every list. The files are part of the program; a test reads them all.
pub(crate) fn all() -> Vec<Listed> {
    let mut found = Vec::new();
    for (code, file) in FILES {
        let language = language(code);
        for (section, text) in entries(file) {
            let (name, weight) = section.strip_suffix(" 2").map_or((section, 1), |name| (name, 2));
            if let Some((_, signal)) = SIGNALS.iter().find(|(it, _)| *it == name) {
                found.push(Listed { language, signal: *signal, weight, text });
            }
        }
    }
    for (code, text) in entries(LANGUAGES) {
        found.push(Listed { language: language(code), signal: Signal::Function, weight: 1, text });
    }
    found
}

fn language(code: &str) -> Language {
    CODES.iter().position(|it| *it == code).unwrap_or_default() as Language
}

fn entries(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut section = "";
    file.lines().filter(|line| !line.starts_with('#')).flat_map(move |line| {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
            return Vec::new();
        }
        line.split(',').map(str::trim).filter(|text| !text.is_empty()).map(|text| (section, text)).collect()
    })
}

/// An entry as the dictionary takes it: folded words, and whether the last is only a beginning.
pub(crate) fn folded(text: &str) -> (Vec<(Kind, String)>, bool) {
    let (body, prefix) = text.trim().strip_suffix('*').map_or((text, false), |body| (body, true));
    let words = Words::of(body);
    let cut = if words.is_empty() { Words::with_signs(body) } else { words };
    (cut.iter().map(|(token, word)| (token.kind, word.to_owned())).collect(), prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_and_entry_can_be_read() {
        for (code, file) in FILES {
            assert_eq!(CODES[usize::from(language(code))], code);
            for (section, text) in entries(file) {
                let name = section.strip_suffix(" 2").unwrap_or(section);
                assert!(SIGNALS.iter().any(|(it, _)| *it == name), "{code}: [{section}]");
                let (words, prefix) = folded(text);
                assert!(!words.is_empty() && (!prefix || words.len() == 1), "{code}: {text}");
            }
        }
        for (code, text) in entries(LANGUAGES) {
            assert!(CODES.contains(&code) && !folded(text).0.is_empty(), "{code}: {text}");
        }
        assert!(all().len() > 5000);
    }
}
