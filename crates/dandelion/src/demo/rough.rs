//! The mess of real posts: typing errors, missing accents and full stops, small letters, too many marks.

use super::dice::Dice;
use super::words::Lang;

/// The text as someone in a hurry types it; most stays as it is. Names, tags and addresses are left alone.
pub fn roughened(dice: &mut Dice, lang: Lang, text: &str) -> String {
    let mut text = text.to_owned();
    if lang != Lang::Zh && dice.chance(0.14) {
        text = mistyped(dice, &text);
    }
    if dice.chance(bare_letters(lang)) {
        text = text.chars().map(|c| bare(lang, c)).collect::<String>();
    }
    if lang != Lang::Zh && dice.chance(0.08) {
        text = words_changed(&text, str::to_lowercase);
    }
    if dice.chance(0.04) {
        text = text.replace('!', "!!!").replace('?', "???");
    }
    if dice.chance(0.16) {
        text.truncate(text.trim_end_matches(['.', '。', '!']).len());
    }
    text
}

/// The first letter small, as a sentence goes on after a comma. German nouns and the English `I` keep theirs.
pub fn lowered(lang: Lang, sentence: &str) -> String {
    const GERMAN: [&str; 16] = [
        "Mein", "Der", "Die", "Das", "Bei", "Unser", "Unter", "Aus", "Eben", "Heute", "Beim", "Meine", "Wo", "Wie",
        "Darf", "Ich",
    ];
    let first = sentence.split_whitespace().next().unwrap_or_default();
    let keeps = match lang {
        Lang::En => first == "I" || first.starts_with("I'"),
        Lang::De => !GERMAN.contains(&first),
        Lang::Zh => true,
        _ => false,
    };
    let mut letters = sentence.chars();
    match letters.next() {
        Some(letter) if !keeps => letter.to_lowercase().chain(letters).collect(),
        _ => sentence.to_owned(),
    }
}

/// How often people of a language leave its accents out.
fn bare_letters(lang: Lang) -> f64 {
    match lang {
        Lang::Hr => 0.28,
        Lang::Fr | Lang::Es => 0.09,
        _ => 0.0,
    }
}

fn bare(lang: Lang, c: char) -> char {
    match (lang, c) {
        (Lang::Hr, 'č' | 'ć') | (Lang::Fr, 'ç') => 'c',
        (Lang::Hr, 'Č' | 'Ć') => 'C',
        (Lang::Hr, 'š') => 's',
        (Lang::Hr, 'ž') => 'z',
        (Lang::Hr, 'đ') => 'd',
        (Lang::Fr | Lang::Es, 'é' | 'è' | 'ê') => 'e',
        (Lang::Fr | Lang::Es, 'á' | 'à' | 'â') => 'a',
        (Lang::Fr | Lang::Es, 'í' | 'î') => 'i',
        (Lang::Fr | Lang::Es, 'ó' | 'ô') => 'o',
        (Lang::Fr | Lang::Es, 'ú' | 'û' | 'ù') => 'u',
        (_, other) => other,
    }
}

/// Two letters of one word change places, or one is doubled.
fn mistyped(dice: &mut Dice, text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let long = |word: &&str| word.len() > 4 && word.bytes().all(|b| b.is_ascii_lowercase());
    let places: Vec<usize> = (0..words.len()).filter(|at| long(&words[*at])).collect();
    if places.is_empty() {
        return text.to_owned();
    }
    let place = *dice.pick(&places);
    let mut letters: Vec<char> = words[place].chars().collect();
    let at = dice.between(1..letters.len() as i64 - 1) as usize;
    if dice.chance(0.7) {
        letters.swap(at, at + 1);
    } else {
        letters.insert(at, letters[at]);
    }
    let wrong: String = letters.into_iter().collect();
    let mut words: Vec<&str> = words;
    words[place] = &wrong;
    words.join(" ")
}

/// Every word changed, except handles, tags, addresses and whatever holds a digit.
fn words_changed(text: &str, change: impl Fn(&str) -> String) -> String {
    let kept =
        |word: &str| word.starts_with(['@', '#']) || word.contains("://") || word.bytes().any(|b| b.is_ascii_digit());
    let changed = text.split(' ').map(|word| if kept(word) { word.to_owned() } else { change(word) });
    changed.collect::<Vec<_>>().join(" ")
}
