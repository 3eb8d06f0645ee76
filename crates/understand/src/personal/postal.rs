//! Postal addresses: a street with the number of a house, and boxes.
//!
//! A number alone says nothing, so each short number is looked around: a word for a street, or one that ends in such a
//! word, must stand on the right side of it for its language, with names between. `12 Baker Street`, `rue de la Paix 4`,
//! `Hauptstraße 5a`, `ul. Długa 7`, `P.O. Box 149`; or names and a number after “my address is”. What follows is taken along where it ends in or begins with a postcode.

use super::{Kind, Span};

/// Words for a street after its name, with the number before: English.
const AFTER: &str = "street st road rd avenue ave lane ln drive dr boulevard blvd way court ct place pl square sq terrace close \
    crescent highway hwy parkway pkwy gardens grove alley";
/// Words before its name, with the number before or after.
const BEFORE: &str = "rue avenue boulevard chemin allée impasse quai calle avenida plaza paseo carrer viale piazza corso vicolo rua \
    travessa praça ul ulica ulice trg strada bulevardul вулиця улица ул";
/// Ends of a word that is a street, with the number after; also words of their own after a name (`Villacher Strasse 89`).
const ENDS: [&str; 24] = [
    "straße", "strasse", "str", "gasse", "weg", "platz", "allee", "ring", "damm", "ufer", "straat", "laan", "gracht",
    "plein", "utca", "útja", "vej", "gade", "gata", "gatan", "vägen", "veien", "katu", "tie",
];
/// Ends that are ordinary words as well, so that a name must stand before them in the same word.
const ONLY_ENDS: [&str; 5] = ["weg", "ring", "tie", "str", "laan"];
/// Words of a box, with the number after.
const BOXES: &str = "box postfach postbus postboks apartado casella";
/// Words that may stand between names without a capital.
const JOINS: &str = "de la le les du des del della dei da do dos das el los las of the and";
/// Words of a part of a house, with its number after.
const PARTS: &str = "apt apartment suite unit flat floor wohnung etage";
/// Words after which somebody says where they live.
const CUES: &str = "address adresse anschrift dirección indirizzo endereço adres adresa lives live living wohne wohnt habite vive vivo abito \
    stanujem mieszkam";
/// Words between such a word and the address.
const CUE_REACH: usize = 3;
/// Names between the word for a street and its number.
const MOST_NAMES: usize = 5;
/// Words after a street in which its postcode may stand.
const MOST_AFTER: usize = 6;

pub(super) fn addresses(text: &str, spans: &mut Vec<Span>) {
    let mut at = 0;
    while let Some(word) = after(text, at) {
        at = word.to;
        if !is_house(word.of(text)) {
            continue;
        }
        if let Some((from, to)) = boxed(text, word)
            .or_else(|| numbered_first(text, word))
            .or_else(|| numbered_last(text, word))
            .or_else(|| told(text, word))
        {
            let to = town(text, to);
            spans.push(Span { kind: Kind::Address, from, to });
            at = to.max(at);
        }
    }
}

/// A word or number, and where it stands.
#[derive(Clone, Copy)]
struct Word {
    from: usize,
    to: usize,
}

impl Word {
    fn of<'t>(&self, text: &'t str) -> &'t str {
        &text[self.from..self.to]
    }
}

/// The first word at or after a place.
fn after(text: &str, at: usize) -> Option<Word> {
    let rest = &text[at..];
    let from = at + rest.find(char::is_alphanumeric)?;
    let to = text[from..].find(|c: char| !is_inside(c)).map_or(text.len(), |len| from + len);
    Some(Word { from, to })
}

/// The last word that ends at or before a place.
fn before(text: &str, at: usize) -> Option<Word> {
    let (last, c) = text[..at].char_indices().rev().find(|(_, c)| c.is_alphanumeric())?;
    let to = last + c.len_utf8();
    let from = text[..last].char_indices().rev().find(|(_, c)| !is_inside(*c)).map_or(0, |(at, c)| at + c.len_utf8());
    Some(Word { from, to })
}

fn is_inside(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\'' | '’' | '-')
}

/// The next word of the same line and sentence part.
fn next(text: &str, word: Word) -> Option<Word> {
    after(text, word.to).filter(|next| joined(&text[word.to..next.from]))
}

fn previous(text: &str, word: Word) -> Option<Word> {
    before(text, word.from).filter(|previous| joined(&text[previous.to..word.from]))
}

fn joined(gap: &str) -> bool {
    matches!(gap, " " | ", " | "," | ". " | "." | "., ")
}

/// `5`, `120`, `14a`; no year is told from a house, so the words around it decide.
fn is_house(word: &str) -> bool {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    (1..=5).contains(&digits)
        && matches!(word.len() - digits, 0 | 1)
        && word[digits..].bytes().all(|b| b.is_ascii_lowercase())
}

fn listed(list: &str, word: &str) -> bool {
    let lower = word.to_lowercase();
    list.split_ascii_whitespace().any(|it| it == lower)
}

/// A name, as streets have them: with a capital and not shouted, since shouted words are all alike.
fn is_name(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase) && (word.chars().count() == 1 || letters.any(char::is_lowercase))
}

/// `12 Baker Street`, `12, rue de la Paix`.
fn numbered_first(text: &str, house: Word) -> Option<(usize, usize)> {
    let first = next(text, house)?;
    if listed(BEFORE, first.of(text)) {
        return names(text, first).map(|to| (house.from, to));
    }
    let mut word = first;
    for _ in 0..MOST_NAMES {
        if !is_name(word.of(text)) && !is_ordinal(word.of(text)) {
            return None;
        }
        word = next(text, word)?;
        if listed(AFTER, word.of(text)) && (is_name(word.of(text)) || word.of(text).len() > 3) {
            return Some((house.from, word.to));
        }
    }
    None
}

/// `Hauptstraße 5`, `Villacher Strasse 89`, `rue de la Paix 4`, `ul. Długa 7`.
fn numbered_last(text: &str, house: Word) -> Option<(usize, usize)> {
    let mut word = previous(text, house)?;
    let street = word.of(text).to_lowercase();
    if let Some(end) = ENDS.iter().filter(|end| street.ends_with(**end)).max_by_key(|end| end.len())
        && word.of(text).starts_with(char::is_uppercase)
    {
        if street.len() >= end.len() + 3 {
            return Some((word.from, house.to));
        }
        let name = previous(text, word).filter(|name| is_name(name.of(text)));
        return name.filter(|_| street == *end && !ONLY_ENDS.contains(end)).map(|name| (name.from, house.to));
    }
    let mut names = 0;
    for _ in 0..=MOST_NAMES {
        if names > 0 && listed(BEFORE, word.of(text)) {
            return Some((word.from, house.to));
        }
        if is_name(word.of(text)) {
            names += 1;
        } else if !listed(JOINS, word.of(text)) {
            return None;
        }
        word = previous(text, word)?;
    }
    None
}

/// `my address is 450 Præstevænget 15`: names and a number after words that say so.
fn told(text: &str, house: Word) -> Option<(usize, usize)> {
    let mut word = previous(text, house).filter(|word| is_name(word.of(text)))?;
    let mut from = word;
    for _ in 0..MOST_NAMES {
        let Some(found) = previous(text, word) else { break };
        if !(is_name(found.of(text)) || is_house(found.of(text)) || listed(JOINS, found.of(text))) {
            break;
        }
        // A sentence may begin with such a word: what says it stands before the names.
        if listed(CUES, found.of(text)) {
            break;
        }
        if !listed(JOINS, found.of(text)) {
            from = found;
        }
        word = found;
    }
    let mut at = from.from;
    for _ in 0..CUE_REACH {
        let cue = before(text, at).filter(|cue| !text[cue.to..at].contains(['\n', '.', '!', '?']))?;
        if listed(CUES, cue.of(text)) {
            return Some((from.from, house.to));
        }
        at = cue.from;
    }
    None
}

/// `P.O. Box 149`, `Postfach 12 34`.
fn boxed(text: &str, number: Word) -> Option<(usize, usize)> {
    let word = previous(text, number)?;
    if !listed(BOXES, word.of(text)) {
        return None;
    }
    if !word.of(text).eq_ignore_ascii_case("box") {
        return Some((word.from, number.to));
    }
    // A box is many things; whose it is says which.
    let (one, two) = (previous(text, word)?, previous(text, word).and_then(|one| previous(text, one)));
    let post = |word: Option<Word>, of: &str| word.is_some_and(|it| it.of(text).eq_ignore_ascii_case(of));
    match one.of(text) {
        "PO" | "po" | "Po" => Some((one.from, number.to)),
        "O" | "o" if post(two, "p") => two.map(|two| (two.from, number.to)),
        military if military.bytes().all(|b| b.is_ascii_digit()) && (post(two, "psc") || post(two, "unit")) => {
            two.map(|two| (two.from, number.to))
        }
        _ => None,
    }
}

fn is_ordinal(word: &str) -> bool {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0 && matches!(&word[digits..], "st" | "nd" | "rd" | "th")
}

/// Where the names after a word for a street end; `None` where there are none. A number after them belongs to them.
fn names(text: &str, street: Word) -> Option<usize> {
    let (mut word, mut end) = (street, None);
    for _ in 0..MOST_NAMES {
        let Some(found) = next(text, word) else { break };
        if is_name(found.of(text)) {
            end = Some(found.to);
        } else if !listed(JOINS, found.of(text)) {
            break;
        }
        word = found;
    }
    end
}

/// Where an address ends that has its street: with a part of the house, a postcode and a town, if they follow.
fn town(text: &str, street: usize) -> usize {
    let (mut end, mut at, mut coded) = (street, street, false);
    let mut part = false;
    for _ in 0..MOST_AFTER {
        let Some(word) = after(text, at).filter(|word| lies_beside(&text[at..word.from])) else { break };
        let of = word.of(text);
        let digits = of.bytes().all(|b| b.is_ascii_digit());
        if part && digits {
            end = word.to;
        } else if digits && (4..=6).contains(&of.len()) {
            (end, coded) = (word.to, true);
        } else if coded && is_name(of) {
            return word.to;
        } else if !(listed(PARTS, of) || is_name(of) || of.len() == 2 && of.bytes().all(|b| b.is_ascii_uppercase())) {
            break;
        }
        part = listed(PARTS, of);
        at = word.to;
    }
    end
}

fn lies_beside(gap: &str) -> bool {
    matches!(gap, " " | ", " | "," | ". " | "\n" | ",\n" | "., " | " - ")
}
