//! Which language: by script, by function words and letters for Latin and Cyrillic.

use crate::dictionary::Dictionary;
use crate::lists::{CODES, Language};
use crate::reading::{MAX_REASONS, Reading};
use crate::{Judgement, Reason};

/// Words and letters looked at; more would not change the answer.
const MOST_WORDS: usize = 400;
const MOST_LETTERS: usize = 2000;
/// Evidence that is too thin: less than one word that only one language has.
const LEAST: f64 = 0.9;
/// How much more evidence the first needs than the second.
const LEAD: f64 = 1.15;

/// Letters that only few languages write.
const LETTERS: &[(&str, &[&str])] = &[
    ("ßẞ", &["de"]),
    ("äÄöÖüÜ", &["de"]),
    ("åÅ", &["sv", "da"]),
    ("øØæÆ", &["da"]),
    ("ñÑ¿¡", &["es"]),
    ("áíóú", &["es", "pt", "cs", "hu"]),
    ("ãõÃÕ", &["pt"]),
    ("çÇ", &["fr", "pt", "tr"]),
    ("œàêùûîÀÊ", &["fr"]),
    ("è", &["fr", "it"]),
    ("é", &["fr", "es", "hu"]),
    ("òì", &["it"]),
    ("łŁąęĄĘżŻśŚźŹńŃ", &["pl"]),
    ("ćĆ", &["hr", "pl"]),
    ("čČšŠžŽ", &["hr", "cs"]),
    ("đĐ", &["hr"]),
    ("řŘěĚů", &["cs"]),
    ("şŞğĞıİ", &["tr"]),
    ("őŐűŰ", &["hu"]),
    ("țȚșȘăĂ", &["ro"]),
    ("ыэъёЫЭЪЁ", &["ru"]),
    ("іїєґІЇЄҐ", &["uk"]),
];

/// Scripts that one language (of ours) writes.
const SCRIPTS: &[(Script, &str, &str)] = &[
    (Script::Kana, "ja", "kana"),
    (Script::Hangul, "ko", "Hangul"),
    (Script::Arabic, "ar", "Arabic letters"),
    (Script::Thai, "th", "Thai letters"),
    (Script::Greek, "el", "Greek letters"),
    (Script::Hebrew, "he", "Hebrew letters"),
    (Script::Devanagari, "hi", "Devanagari letters"),
    (Script::Han, "zh", "Han characters"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Cyrillic,
    Kana,
    Hangul,
    Arabic,
    Thai,
    Greek,
    Hebrew,
    Devanagari,
    Han,
}

/// The language of a post, and its place among the languages with lists, if it has one.
pub(crate) fn language(
    reading: &Reading,
    dictionary: &Dictionary,
    stated: Option<&str>,
) -> (Judgement, Option<Language>) {
    let letters = Letters::of(reading);
    let judgement = letters
        .by_script()
        .or_else(|| by_words(reading, dictionary, &letters))
        .or_else(|| by_statement(stated))
        .unwrap_or_else(nothing);
    let place = CODES.iter().position(|code| *code == judgement.value).map(|at| at as Language);
    (judgement, place)
}

struct Letters {
    counts: [u32; 10],
    evidence: [f64; CODES.len()],
    rare: Vec<(char, &'static [&'static str])>,
}

impl Letters {
    fn of(reading: &Reading) -> Self {
        let mut letters = Self { counts: [0; 10], evidence: [0.0; CODES.len()], rare: Vec::new() };
        let mut left = MOST_LETTERS;
        for word in reading.words.iter().filter(|word| !word.named).take(MOST_WORDS) {
            for c in reading.source(word.from, word.to).chars() {
                if left == 0 {
                    return letters;
                }
                left -= 1;
                letters.take(c);
            }
        }
        letters
    }

    fn take(&mut self, c: char) {
        if let Some(script) = script(c) {
            self.counts[script as usize] += 1;
        }
        if !c.is_ascii()
            && self.rare.len() < 32
            && let Some((_, codes)) = LETTERS.iter().find(|(letters, _)| letters.contains(c))
        {
            self.rare.push((c, codes));
            for code in *codes {
                self.evidence[place(code)] += 0.6 / codes.len() as f64;
            }
        }
    }

    fn by_script(&self) -> Option<Judgement> {
        let all: u32 = self.counts.iter().sum();
        let of = |script: Script| self.counts[script as usize];
        let (latin, other) = (of(Script::Latin) + of(Script::Cyrillic), all - of(Script::Latin) - of(Script::Cyrillic));
        // A Han character or Hangul syllable says as much as several Latin letters.
        if other == 0 || other * 3 < latin {
            return None;
        }
        // A little kana among Han makes Japanese.
        let kana = of(Script::Kana) > 0 && of(Script::Kana) * 8 >= of(Script::Han);
        let (script, code, name) = SCRIPTS
            .iter()
            .filter(|(script, _, _)| of(*script) > 0 && (*script != Script::Kana || kana))
            .max_by_key(|(script, _, _)| if *script == Script::Kana { u32::MAX } else { of(*script) })?;
        let share = f64::from(other) / f64::from(all);
        Some(judge(code, share.min(0.99), vec![reason("script", &format!("{} {name}", of(*script)))]))
    }
}

fn by_words(reading: &Reading, dictionary: &Dictionary, letters: &Letters) -> Option<Judgement> {
    let cyrillic = letters.counts[Script::Cyrillic as usize] > letters.counts[Script::Latin as usize];
    let mut evidence = letters.evidence;
    let mut seen = Vec::new();
    for word in reading.words.iter().filter(|word| !word.named).take(MOST_WORDS) {
        let Some(known) = dictionary.known(word.id).filter(|known| known.languages != 0) else { continue };
        let weight = 1.0 / f64::from(known.languages.count_ones());
        for (place, total) in evidence.iter_mut().enumerate() {
            *total += if known.languages & (1 << place) == 0 { 0.0 } else { weight };
        }
        seen.push((weight, known.languages, word));
    }
    let mut order: Vec<usize> = (1..CODES.len()).collect();
    order.sort_by(|a, b| evidence[*b].total_cmp(&evidence[*a]));
    let (best, second) = (order[0], order[1]);
    if evidence[best] < LEAST || evidence[best] < evidence[second] * LEAD {
        return cyrillic.then(|| judge("ru", 0.3, vec![reason("script", "Cyrillic letters, no word known")]));
    }
    seen.retain(|(_, languages, _)| languages & (1 << best) != 0);
    seen.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut reasons: Vec<Reason> =
        seen.iter().take(4).map(|(_, _, word)| reading.quote("function words", word.from, word.to)).collect();
    let rare: String =
        letters.rare.iter().filter(|(_, codes)| codes.contains(&CODES[best])).map(|(c, _)| *c).take(6).collect();
    if !rare.is_empty() && reasons.len() < MAX_REASONS {
        reasons.push(reason("letters", &rare));
    }
    let score = evidence[best] / (evidence[best] + evidence[second] + 0.5);
    Some(judge(CODES[best], score, reasons))
}

/// What the network says is often wrong, so it counts only where nothing else speaks.
fn by_statement(stated: Option<&str>) -> Option<Judgement> {
    let code: String = stated?.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
    let known = CODES[1..].contains(&&*code) || SCRIPTS.iter().any(|(_, it, _)| *it == code);
    known.then(|| judge(&code, 0.3, vec![reason("stated", &format!("the network says `{code}`"))]))
}

fn nothing() -> Judgement {
    judge("unknown", 0.0, vec![reason("too little", "no words that tell one language from others")])
}

fn judge(code: &str, score: f64, reasons: Vec<Reason>) -> Judgement {
    Judgement { value: code.to_owned(), score: crate::rules::round(score), unsure: false, reasons }
}

fn reason(rule: &str, words: &str) -> Reason {
    Reason { rule: rule.to_owned(), words: words.to_owned(), span: None }
}

fn place(code: &str) -> usize {
    CODES.iter().position(|it| *it == code).unwrap_or_default()
}

fn script(c: char) -> Option<Script> {
    Some(match c {
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Script::Latin,
        '\u{370}'..='\u{3ff}' => Script::Greek,
        '\u{400}'..='\u{52f}' => Script::Cyrillic,
        '\u{590}'..='\u{5ff}' => Script::Hebrew,
        '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' => Script::Arabic,
        '\u{900}'..='\u{97f}' => Script::Devanagari,
        '\u{e00}'..='\u{e7f}' => Script::Thai,
        '\u{3041}'..='\u{30ff}' | '\u{ff66}'..='\u{ff9f}' => Script::Kana,
        '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7a3}' => Script::Hangul,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' => {
            Script::Han
        }
        _ => return None,
    })
}
