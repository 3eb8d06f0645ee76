//! E-mail addresses and addresses of machines.

use std::net::Ipv6Addr;

use super::{Kind, Span, follows_word, inside};

pub(super) fn emails(text: &str, spans: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    for (at, _) in text.match_indices('@') {
        let local =
            |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'%' | b'+' | b'-') || !b.is_ascii();
        let domain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-') || !b.is_ascii();
        let before = bytes[..at].iter().rev().take(64).take_while(|b| local(b)).count();
        let after = bytes[at + 1..].iter().take(253).take_while(|b| domain(b)).count();
        let (mut from, mut to) = (at - before, at + 1 + after);
        while from < at && (!text.is_char_boundary(from) || bytes[from] == b'.') {
            from += 1;
        }
        while to > at + 1 && (!text.is_char_boundary(to) || matches!(bytes[to - 1], b'.' | b'-')) {
            to -= 1;
        }
        let host = &text[at + 1..to];
        let named = host.rsplit_once('.').is_some_and(|(name, top)| {
            !name.is_empty()
                && !name.starts_with(['.', '-'])
                && top.chars().count() >= 2
                && top.chars().all(char::is_alphabetic)
        });
        if from < at && named && !host.contains("..") {
            spans.push(Span { kind: Kind::Email, from, to });
        }
    }
}

pub(super) fn addresses(text: &str, spans: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let may = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b'.' | b':');
        if !may(&bytes[at]) || follows_word(text, at) {
            at += 1;
            continue;
        }
        let mut end = at + bytes[at..].iter().take(46).take_while(|b| may(b)).count();
        while end > at && (bytes[end - 1] == b'.' || (bytes[end - 1] == b':' && !text[at..end].ends_with("::"))) {
            end -= 1;
        }
        let found = &text[at..end];
        if !inside(text, end) && (is_four(found) || is_six(found)) {
            spans.push(Span { kind: Kind::Ip, from: at, to: end });
        }
        at = end.max(at + 1);
    }
}

/// Versions look the same, but rarely have four parts with one above 20.
fn is_four(found: &str) -> bool {
    let parts: Vec<&str> = found.split('.').collect();
    let good =
        |part: &&str| part.len() <= 3 && part.parse::<u8>().is_ok() && (part.len() == 1 || !part.starts_with('0'));
    parts.len() == 4 && parts.iter().all(good) && parts.iter().any(|part| part.parse::<u8>().is_ok_and(|n| n > 20))
}

/// Times look alike (`12:30:45`), so at least three colons and a letter or `::` are asked for.
fn is_six(found: &str) -> bool {
    let colons = found.bytes().filter(|b| *b == b':').count();
    let telling = found.bytes().any(|b| b.is_ascii_alphabetic()) || colons == 7;
    colons >= 3 && telling && found.parse::<Ipv6Addr>().is_ok()
}
