//! National numbers of persons, each with its country's check.

use super::checks::{is_date, luhn, mod_11_10, number, weighed};
use super::{Kind, Span, follows_word, inside};

/// The countries whose numbers are known.
pub const COUNTRIES: [&str; 12] = ["BE", "BR", "DE", "ES", "FI", "FR", "GB", "HR", "IT", "PL", "SE", "US"];

/// Words that say that a number is a national one; those without them need a stronger form or check.
const CUES: [&str; 16] = [
    "oib",
    "steuer",
    "idnr",
    "id-nr",
    "tax id",
    "tin",
    "cpf",
    "pesel",
    "ssn",
    "social security",
    "personnummer",
    "national",
    "rijksregister",
    "niss",
    "sécurité sociale",
    "securite sociale",
];

/// Numbers made of letters and digits: Spain (DNI, NIE), Italy (codice fiscale), United Kingdom (NINO), Finland (hetu).
pub(super) fn lettered(text: &str, spans: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphanumeric() || follows_word(text, at) {
            at += 1;
            continue;
        }
        let end = bytes[at..]
            .iter()
            .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+')))
            .map_or(bytes.len(), |length| at + length);
        if !inside(text, end) {
            let upper = bytes[at..end].to_ascii_uppercase();
            if spain(&upper) || italy(&upper) || finland(&upper) {
                spans.push(Span { kind: Kind::National, from: at, to: end });
            }
        }
        at = end.max(at + 1);
    }
    kingdom(text, spans);
}

/// Numbers made of digits only, as written with their separators taken out; `written` keeps them.
pub(super) fn is_numeric(digits: &[u8], written: &str, before: &str) -> bool {
    let cued = has_cue(before);
    match digits.len() {
        9 => america(digits, written, cued),
        10 => written.as_bytes().get(6).is_some_and(|b| matches!(b, b'-' | b'+')) && sweden(digits),
        11 => {
            (written.len() == 11 && poland(digits))
                || (is_spaced(written, &[3, 7, 11], ".-") && brazil(digits))
                || (written.contains('.') && belgium(digits))
                || (cued && (mod_11_10(digits) || brazil(digits) || belgium(digits)))
        }
        12 => written.as_bytes().get(8) == Some(&b'-') && sweden(&digits[2..]),
        15 => france(digits),
        _ => false,
    }
}

pub(super) fn has_cue(before: &str) -> bool {
    let lower = before.to_lowercase();
    CUES.iter().any(|cue| {
        let mut places = lower.match_indices(cue);
        places.any(|(at, _)| !follows_word(&lower, at) && !inside(&lower, at + cue.len()))
    })
}

/// Social security numbers have no check, so they need their hyphens or a cue, and a possible area.
fn america(digits: &[u8], written: &str, cued: bool) -> bool {
    let (area, group, serial) = (number(&digits[..3]), number(&digits[3..5]), number(&digits[5..]));
    (cued || is_spaced(written, &[3, 6], "-")) && area != 0 && area != 666 && group != 0 && serial != 0
}

/// Whether separators stand exactly at these bytes.
fn is_spaced(written: &str, places: &[usize], separators: &str) -> bool {
    let found = written.bytes().enumerate().filter(|(_, b)| !b.is_ascii_digit());
    let mut wanted = places.iter();
    found.into_iter().all(|(at, b)| wanted.next() == Some(&at) && separators.as_bytes().contains(&b))
        && wanted.next().is_none()
}

fn sweden(digits: &[u8]) -> bool {
    let day = number(&digits[4..6]);
    is_date(number(&digits[2..4]), if day > 60 { day - 60 } else { day }) && luhn(digits)
}

fn poland(digits: &[u8]) -> bool {
    let month = number(&digits[2..4]) % 20;
    let sum = weighed(digits, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]);
    is_date(month, number(&digits[4..6])) && sum.is_multiple_of(10)
}

fn brazil(digits: &[u8]) -> bool {
    let check = |count: usize| {
        let sum: u32 = (0..count).map(|at| u32::from(digits[at]) * (count + 1 - at) as u32).sum();
        sum * 10 % 11 % 10 == u32::from(digits[count])
    };
    digits.iter().any(|digit| digit != &digits[0]) && check(9) && check(10)
}

fn belgium(digits: &[u8]) -> bool {
    let (body, check) = (number(&digits[..9]), number(&digits[9..]));
    let born = is_date(number(&digits[2..4]), number(&digits[4..6]));
    born && (97 - body % 97 == check || 97 - (2_000_000_000 + body) % 97 == check)
}

fn france(digits: &[u8]) -> bool {
    let month = number(&digits[3..5]);
    matches!(digits[0], 1 | 2) && (1..=42).contains(&month) && 97 - number(&digits[..13]) % 97 == number(&digits[13..])
}

const SPANISH: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

fn spain(upper: &[u8]) -> bool {
    let plain: Vec<u8> = upper.iter().copied().filter(|b| *b != b'-').collect();
    let [first, middle @ .., last] = plain.as_slice() else { return false };
    let first = match first {
        b'X' => b'0',
        b'Y' => b'1',
        b'Z' => b'2',
        other => *other,
    };
    if plain.len() != 9 || !first.is_ascii_digit() || !middle.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let value = middle.iter().fold(u32::from(first - b'0'), |value, b| value * 10 + u32::from(b - b'0'));
    SPANISH[(value % 23) as usize] == *last
}

fn italy(upper: &[u8]) -> bool {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let shape = |at: usize| {
        if matches!(at, 6 | 7 | 9 | 10 | 12 | 13 | 14) { u8::is_ascii_digit } else { u8::is_ascii_uppercase }
    };
    if upper.len() != 16 || !upper.iter().enumerate().all(|(at, b)| shape(at)(b)) {
        return false;
    }
    let value = |b: u8| u32::from(if b.is_ascii_digit() { b - b'0' } else { b - b'A' });
    let sum: u32 = upper[..15]
        .iter()
        .enumerate()
        .map(|(at, b)| if at % 2 == 0 { ODD[value(*b) as usize] } else { value(*b) })
        .sum();
    sum % 26 == value(upper[15])
}

fn finland(upper: &[u8]) -> bool {
    const CHECK: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    if upper.len() != 11 || !matches!(upper[6], b'-' | b'+' | b'A'..=b'F') {
        return false;
    }
    let digits: Vec<u8> = upper[..6].iter().chain(&upper[7..10]).copied().collect();
    if !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let digits: Vec<u8> = digits.iter().map(|b| b - b'0').collect();
    is_date(number(&digits[2..4]), number(&digits[..2])) && CHECK[(number(&digits) % 31) as usize] == upper[10]
}

/// `QQ 12 34 56 C`; prefixes that were never given out do not count.
fn kingdom(text: &str, spans: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    for (from, _) in bytes.iter().enumerate().filter(|(_, b)| b.is_ascii_uppercase()) {
        if follows_word(text, from) {
            continue;
        }
        let mut plain = Vec::with_capacity(9);
        let mut to = from;
        for (at, b) in bytes[from..].iter().enumerate().take(13) {
            if b.is_ascii_alphanumeric() {
                plain.push(*b);
                to = from + at + 1;
            } else if *b != b' ' {
                break;
            }
            if plain.len() == 9 {
                break;
            }
        }
        let [a, b, middle @ .., last] = plain.as_slice() else { continue };
        let letters = a.is_ascii_uppercase() && b.is_ascii_uppercase() && matches!(last, b'A'..=b'D');
        let given = !b"DFIQUV".contains(a)
            && !b"DFIOQUV".contains(b)
            && ![b"BG", b"GB", b"NK", b"KN", b"TN", b"NT", b"ZZ"].contains(&&[*a, *b]);
        if letters && given && middle.len() == 6 && middle.iter().all(u8::is_ascii_digit) && !inside(text, to) {
            spans.push(Span { kind: Kind::National, from, to });
        }
    }
}
