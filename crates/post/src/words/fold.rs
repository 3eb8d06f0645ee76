use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// What a character does to the run it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Letter, digit or `_`.
    Letter,
    /// Letter of a script that puts no space between words.
    Dense,
    /// Combining or invisible: belongs to whatever run it stands in.
    Mark,
    /// `#` or `@`.
    Sigil,
    /// Emoji or the end of a clause.
    Sign,
    /// Everything else divides.
    Gap,
}

/// The folded form of a text: lower case, without accents, compatibility forms made plain. Marks and spaces stay.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            folded.push(c.to_ascii_lowercase());
        } else {
            push_folded(&mut folded, c);
        }
    }
    folded
}

/// Walks along a text and its folded form together: folding may change lengths.
#[derive(Debug, Clone)]
pub struct Unfold<'t> {
    text: &'t str,
    at: usize,
    folded: usize,
    buffer: String,
}

impl<'t> Unfold<'t> {
    /// Begins at the start of `text`.
    pub fn new(text: &'t str) -> Self {
        Self { text, at: 0, folded: 0, buffer: String::new() }
    }

    /// The byte of the text where byte `folded` of its folded form stands, always between two characters. Goes only
    /// forward: a place before an earlier answer gives that answer.
    pub fn place(&mut self, folded: usize) -> usize {
        while self.folded < folded {
            let Some(c) = self.text[self.at..].chars().next() else { break };
            self.at += c.len_utf8();
            self.buffer.clear();
            push_folded(&mut self.buffer, c);
            self.folded += if c.is_ascii() { 1 } else { self.buffer.len() };
        }
        self.at
    }
}

pub(super) fn class(c: char) -> Class {
    if c.is_ascii() {
        return match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => Class::Letter,
            '#' | '@' => Class::Sigil,
            '.' | ',' | ';' | ':' | '!' | '?' | '\n' => Class::Sign,
            _ => Class::Gap,
        };
    }
    match c {
        '＃' | '＠' => Class::Sigil,
        _ if is_invisible(c) => Class::Mark,
        '…' | '。' | '、' | '，' | '！' | '？' | '；' | '：' | '¿' | '¡' | '؟' | '،' | '؛' => Class::Sign,
        '\u{2600}'..='\u{27bf}' | '\u{1f300}'..='\u{1faff}' | '\u{2b50}' | '\u{2b55}' | '\u{203c}' | '\u{2049}' => {
            Class::Sign
        }
        _ if is_dense(c) => Class::Dense,
        _ if c.is_alphanumeric() => Class::Letter,
        _ if is_combining_mark(c) => Class::Mark,
        _ => Class::Gap,
    }
}

/// Appends the folded form of a character that is not ASCII; nothing for accents and invisible characters.
pub(super) fn push_folded(folded: &mut String, c: char) {
    if is_accent(c) || is_invisible(c) {
        return;
    }
    match c {
        'ё' | 'Ё' => folded.push('е'),
        // Cyrillic й, ї and ў are letters of their own; Hangul and kana lose meaning when taken apart.
        '\u{0400}'..='\u{052f}' | '\u{3040}'..='\u{30ff}' | '\u{ac00}'..='\u{d7a3}' => folded.extend(c.to_lowercase()),
        _ => decompose_compatible(c, |part| part.to_lowercase().for_each(|lower| push_plain(folded, lower))),
    }
}

/// Letters that have no accent to take off, yet are typed as others where the keyboard lacks them.
fn push_plain(folded: &mut String, lower: char) {
    match lower {
        'ß' => folded.push_str("ss"),
        'æ' => folded.push_str("ae"),
        'œ' => folded.push_str("oe"),
        'ø' => folded.push('o'),
        'đ' | 'ð' => folded.push('d'),
        'ł' => folded.push('l'),
        'ı' => folded.push('i'),
        'þ' => folded.push_str("th"),
        _ if is_accent(lower) => {}
        _ => folded.push(lower),
    }
}

/// Accents of Latin, Greek and Cyrillic, vowel points of Arabic and Hebrew. The vowel signs of Indic and
/// South-East Asian scripts are no accents: without them the word is another one.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036f}' | '\u{0483}'..='\u{0489}' | '\u{0591}'..='\u{05bd}' | '\u{05bf}'
        | '\u{05c1}'..='\u{05c2}' | '\u{05c4}'..='\u{05c5}' | '\u{0610}'..='\u{061a}' | '\u{064b}'..='\u{0652}'
        | '\u{0670}' | '\u{0640}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}')
}

fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{e0000}'..='\u{e0fff}')
}

fn is_dense(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}')
        && c != '\u{30fb}'
        && c != '\u{0e3f}'
}
