//! The words of the demo: one text file a language under `sample/words`, cut into sections.

use std::collections::HashMap;

/// A language of the sample organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lang {
    /// English
    En,
    /// German
    De,
    /// Croatian
    Hr,
    /// French
    Fr,
    /// Spanish
    Es,
    /// Chinese
    Zh,
}

impl Lang {
    /// All, with the share of posts each has.
    pub const ALL: [(Self, f64); 6] =
        [(Self::En, 0.36), (Self::De, 0.25), (Self::Hr, 0.13), (Self::Fr, 0.10), (Self::Es, 0.09), (Self::Zh, 0.07)];

    /// Its BCP 47 code.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Hr => "hr",
            Self::Fr => "fr",
            Self::Es => "es",
            Self::Zh => "zh",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::En => include_str!("../../sample/words/en.txt"),
            Self::De => include_str!("../../sample/words/de.txt"),
            Self::Hr => include_str!("../../sample/words/hr.txt"),
            Self::Fr => include_str!("../../sample/words/fr.txt"),
            Self::Es => include_str!("../../sample/words/es.txt"),
            Self::Zh => include_str!("../../sample/words/zh.txt"),
        }
    }
}

/// Sections of lines, by language; what belongs to no language (signs, tags) is found under every one.
#[derive(Debug)]
pub struct Words {
    sections: HashMap<Lang, HashMap<&'static str, Vec<&'static str>>>,
    common: HashMap<&'static str, Vec<&'static str>>,
}

impl Words {
    /// Reads the embedded files.
    pub fn new() -> Self {
        let sections = Lang::ALL.iter().map(|(lang, _)| (*lang, sections(lang.text()))).collect();
        Self { sections, common: sections_of_none() }
    }

    /// The lines of a section; empty where there is none.
    pub fn lines(&self, lang: Lang, section: &str) -> &[&'static str] {
        let own = self.sections.get(&lang).and_then(|all| all.get(section));
        own.or_else(|| self.common.get(section)).map_or(&[], Vec::as_slice)
    }
}

fn sections_of_none() -> HashMap<&'static str, Vec<&'static str>> {
    sections(include_str!("../../sample/words/any.txt"))
}

/// `[name]` begins a section, `;` a remark; every other line that is not empty is one entry.
fn sections(text: &'static str) -> HashMap<&'static str, Vec<&'static str>> {
    let mut all: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut name = "";
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with(';')) {
        match line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(section) => name = section,
            None => all.entry(name).or_default().push(line),
        }
    }
    all
}
