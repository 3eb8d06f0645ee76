//! Numbers as people write them: cards, accounts, telephones, national numbers, orders.

use super::{Kind, Span, checks, follows_word, inside, national};

/// Words before a telephone number.
const PHONE_CUES: [&str; 35] = [
    "answering at",
    "registered",
    "desk:",
    "office:",
    "call",
    "phone",
    "tel",
    "telephone",
    "mobile",
    "cell",
    "fax",
    "text",
    "whatsapp",
    "number is",
    "number to",
    "contact",
    "reach",
    "ring",
    "dial",
    "telefon",
    "handy",
    "nummer",
    "ruf",
    "anruf",
    "téléphone",
    "appel",
    "numéro",
    "móvil",
    "teléfono",
    "llama",
    "broj",
    "mobitel",
    "nazovi",
    "电话",
    "☎",
];
/// Countries with the length of their account numbers (ISO 13616 registry).
const IBANS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18  \
    FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21  \
    MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25  \
    SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20";
/// Bytes before a number in which its cue may stand.
const CUE_REACH: usize = 40;

pub(super) fn ibans(text: &str, spans: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at + 15 <= bytes.len() {
        let starts = bytes[at].is_ascii_alphabetic()
            && bytes[at + 1].is_ascii_alphabetic()
            && bytes[at + 2].is_ascii_digit()
            && bytes[at + 3].is_ascii_digit();
        if !starts || follows_word(text, at) {
            at += 1;
            continue;
        }
        let Some(length) = iban_length(&bytes[at..at + 2]) else {
            at += 2;
            continue;
        };
        let mut plain = Vec::with_capacity(34);
        let mut found = None;
        for (place, b) in bytes[at..].iter().enumerate().take(44) {
            if b.is_ascii_alphanumeric() {
                plain.push(b.to_ascii_uppercase());
                if plain.len() == length {
                    found = Some(at + place + 1).filter(|end| !inside(text, *end) && checks::iban(&plain));
                    break;
                }
            } else if !matches!(b, b' ' | b'-') {
                break;
            }
        }
        if let Some(to) = found {
            spans.push(Span { kind: Kind::Iban, from: at, to });
        }
        at = found.unwrap_or(at + 2);
    }
}

fn iban_length(country: &[u8]) -> Option<usize> {
    let known = IBANS.split_ascii_whitespace().map(str::as_bytes);
    let entry = known.into_iter().find(|entry| entry[..2].eq_ignore_ascii_case(country))?;
    Some(usize::from(entry[2] - b'0') * 10 + usize::from(entry[3] - b'0'))
}

/// Runs of digits with the marks people put between them.
pub(super) fn runs(text: &str, spans: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let opens = bytes[at].is_ascii_digit()
            || (matches!(bytes[at], b'+' | b'(') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit));
        if !opens || follows_word(text, at) || is_part(bytes, at) {
            at += 1;
            continue;
        }
        let end = end_of(bytes, at);
        let written = &text[at..end];
        let digits: Vec<u8> = written.bytes().filter(u8::is_ascii_digit).map(|b| b - b'0').collect();
        let before = cue_before(text, at);
        if !inside(text, end) || is_extension(&text[end..]) {
            let announced = is_cued(before) || is_named_after(&text[end..]);
            let kind = kind_of(&digits, written, before, announced);
            if let Some(kind) = kind {
                let to = if kind == Kind::Phone { end + extension(&text[end..]) } else { end };
                spans.push(Span { kind, from: at, to });
            }
        }
        at = end.max(at + 1);
    }
}

fn kind_of(digits: &[u8], written: &str, before: &str, announced: bool) -> Option<Kind> {
    if is_date_or_time(written) {
        return None;
    }
    if national::is_numeric(digits, written, before) {
        return Some(Kind::National);
    }
    if (12..=19).contains(&digits.len()) && is_card(digits, written, before) {
        return Some(Kind::Card);
    }
    is_phone(digits, written, announced).then_some(Kind::Phone)
}

/// A known issuer's first digits and length, and Luhn's sum; in groups of three or more if in groups.
fn is_card(digits: &[u8], written: &str, before: &str) -> bool {
    let grouped = written.split(|c: char| !c.is_ascii_digit()).all(|group| group.len() >= 3);
    let issued =
        matches!(digits[0], 3..=6) || (digits[0] == 2 && matches!(digits[1], 1..=7)) || digits[..4] == [1, 8, 0, 0];
    let issued = issued || before.to_lowercase().contains("card");
    grouped && issued && !written.contains(['(', '+', '/']) && checks::luhn(digits)
}

/// International with `+`; grouped as numbers are dialled; or after a word that announces one.
fn is_phone(digits: &[u8], written: &str, cued: bool) -> bool {
    if !(7..=15).contains(&digits.len()) {
        return false;
    }
    if written.starts_with("00") && digits.len() >= 11 && digits[2] != 0 {
        return true;
    }
    if written.starts_with('+') {
        return digits.len() >= 8 && digits[0] != 0;
    }
    let groups: Vec<usize> =
        written.split(|c: char| !c.is_ascii_digit()).map(str::len).filter(|length| *length > 0).collect();
    let commas = written.contains([',', '/']);
    if cued && !commas {
        return true;
    }
    let american = matches!(groups.as_slice(), [3, 3, 4] | [1, 3, 3, 4]) && digits[groups.len() - 3..].len() >= 3;
    let trunk =
        digits[0] == 0 && digits[1] != 0 && groups.len() >= 3 && digits.len() >= 9 && groups.iter().all(|it| *it <= 4);
    let pairs = groups.len() >= 4 && groups.iter().all(|it| *it == 2) && digits.len() >= 8;
    let bracketed = written.starts_with('(') && written.contains(')') && (7..=11).contains(&digits.len());
    let threes = groups.as_slice() == [3, 3, 3] && !written.contains('.');
    !commas && (american || trunk || pairs || bracketed || threes)
}

fn is_cued(before: &str) -> bool {
    let lower = before.to_lowercase();
    PHONE_CUES.iter().any(|cue| lower.match_indices(cue).any(|(at, _)| !follows_word(&lower, at) || !cue.is_ascii()))
}

/// Whether the word after a number says what it is (`781 1704 office`).
fn is_named_after(rest: &str) -> bool {
    let mut end = rest.len().min(16);
    while !rest.is_char_boundary(end) {
        end -= 1;
    }
    let rest = rest[..end].trim_start_matches(' ').to_ascii_lowercase();
    let names = ["office", "fax", "mobile", "cell", "home", "desk"];
    names.iter().any(|name| rest.strip_prefix(name).is_some_and(|rest| !inside(rest, 0)))
}

/// The bytes before a number in which a word may announce it, without the sentence before. A number that opens a line
/// may be announced on the line before.
fn cue_before(text: &str, at: usize) -> &str {
    let mut from = at.saturating_sub(CUE_REACH);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let before = text[from..at].trim_end_matches(['\n', '\r', ' ']);
    before.rfind(['!', '?', ';', '\n']).map_or(before, |mark| &before[mark + 1..])
}

/// Where a run of digits and single marks between them ends.
fn end_of(bytes: &[u8], from: usize) -> usize {
    let (mut at, mut end, mut gap) = (from, from, 0);
    while at < bytes.len() && at - from < 40 {
        match bytes[at] {
            b'0'..=b'9' => {
                end = at + 1;
                gap = 0;
            }
            b' ' | b'-' | b'.' | b'(' | b')' | b'/' | b'+'
                if gap < 2 && (bytes[at] != b'+' || at == from || at - from == 6) =>
            {
                gap += 1;
            }
            _ => break,
        }
        at += 1;
    }
    end
}

/// Whether what stands before makes the digits part of something else: a price, a decimal, an address.
fn is_part(bytes: &[u8], at: usize) -> bool {
    at > 0 && matches!(bytes[at - 1], b'$' | b'#' | b'=' | b'/' | b'.' | b',' | b'-' | b':' | b'&')
}

fn is_date_or_time(written: &str) -> bool {
    let groups: Vec<&str> = written.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let year = |group: &str| group.len() == 4 && (group.starts_with("19") || group.starts_with("20"));
    let small = |group: &str| group.len() <= 2;
    match groups.as_slice() {
        [a, b, c] => (year(a) && small(b) && small(c)) || (small(a) && small(b) && (year(c) || small(c))),
        [a, b] => year(a) && year(b),
        [a, b, c, rest @ ..] => year(a) && small(b) && small(c) && rest.iter().all(|it| small(it)),
        _ => false,
    }
}

fn is_extension(rest: &str) -> bool {
    extension(rest) > 0
}

/// Bytes of `x4587` after a number.
fn extension(rest: &str) -> usize {
    let Some(digits) = rest.strip_prefix('x') else { return 0 };
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    if (2..=6).contains(&count) { count + 1 } else { 0 }
}

/// Numbers by a pattern: `9` is a digit, `A` a letter, all else itself, small or capital.
pub(super) fn orders(text: &str, pattern: &str, spans: &mut Vec<Span>) {
    if super::wrong_pattern(pattern).is_some() {
        return;
    }
    let wanted: Vec<char> = pattern.chars().collect();
    for (from, _) in text.char_indices().filter(|(at, _)| !follows_word(text, *at)) {
        let mut chars = text[from..].char_indices();
        let fits = wanted.iter().all(|wanted| {
            chars.next().is_some_and(|(_, c)| match wanted {
                '9' => c.is_ascii_digit(),
                'A' => c.is_alphabetic(),
                other => c == *other || c.to_lowercase().eq(other.to_lowercase()),
            })
        });
        let to = from + chars.next().map_or(text.len() - from, |(at, _)| at);
        if fits && !inside(text, to) {
            spans.push(Span { kind: Kind::Order, from, to });
        }
    }
}
