//! Where addresses stand in a row of characters.

use super::class::{Class, class};
use super::glyphs::Row;

/// Endings that make `acme.com` an address without a slash. Endings that are common words (`it`, `is`, `me`) are left
/// out: people forget the space after a full stop. Only in lower case, so that `ASP.NET` is a name.
const ENDINGS: &[&str] = &[
    "com", "net", "org", "edu", "gov", "info", "biz", "io", "app", "dev", "eu", "de", "fr", "nl", "pl", "ru", "ch",
    "uk", "jp", "br", "au", "ca", "cn", "kr", "se", "cz", "gr", "ua",
];

/// Longest host name there is; a longer row of labels is none.
const LONGEST_HOST: usize = 253;

/// The number of glyphs of an address that begins at `at`, or `None`.
pub(crate) fn address(row: &Row, at: usize) -> Option<usize> {
    // An address begins where a word may begin.
    let joined = at > 0 && matches!(row.class(at - 1), Some(Class::Letter | Class::Mark));
    if joined || !row.c(at).is_some_and(|c| c.is_ascii_alphanumeric() || c.is_alphabetic()) {
        return None;
    }
    let sign = at.checked_sub(1).and_then(|before| row.c(before));
    let rest = || (at..).map_while(|at| row.c(at));
    let scheme = rest().take(16).take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '+')).count();
    let after: String = rest().skip(scheme).take(3).collect();
    if scheme > 1 && after == "://" && row.c(at).is_some_and(|c| c.is_ascii_alphabetic()) {
        return Some(trimmed(row, at, end(row, at)).max(scheme + 3));
    }
    if matches!(sign, Some('@' | '#' | '$')) {
        return None;
    }
    let www: String = rest().take(4).collect::<String>().to_ascii_lowercase();
    if www == "www." && rest().nth(4).is_some_and(char::is_alphanumeric) {
        return Some(trimmed(row, at, end(row, at)));
    }
    mail(row, at).or_else(|| bare(row, at))
}

/// Up to where characters of an address go on.
fn end(row: &Row, at: usize) -> usize {
    let goes_on = |c: char| {
        if c.is_ascii() {
            c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '`' | '{' | '}' | '|' | '\\' | '^')
        } else {
            matches!(class(c), Class::Letter | Class::Mark)
        }
    };
    at + (at..).map_while(|at| row.c(at)).take_while(|c| goes_on(*c)).count()
}

/// Punctuation at the end belongs to the sentence; a `)` does unless the address has a `(`.
fn trimmed(row: &Row, at: usize, mut end: usize) -> usize {
    let opened = (at..end).any(|at| row.c(at) == Some('('));
    while end > at {
        match row.c(end - 1) {
            Some('.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | ']' | '[' | '_' | '~') => end -= 1,
            Some(')') if !opened => end -= 1,
            Some('(') => end -= 1,
            _ => break,
        }
    }
    end - at
}

/// Labels of letters, digits and inner hyphens with dots between; where they end, and how many there are.
fn host(row: &Row, at: usize) -> (usize, usize, String) {
    let (mut end, mut labels, mut last) = (at, 0, String::new());
    loop {
        let from = if labels == 0 { at } else { end + 1 };
        if from > at + LONGEST_HOST {
            return (end, 0, last);
        }
        let part: String = (from..).take(LONGEST_HOST).map_while(|at| row.c(at)).take_while(|c| is_label(*c)).collect();
        let count = part.chars().count();
        if count == 0 || part.starts_with('-') || part.ends_with('-') {
            return (end, labels, last);
        }
        (end, labels, last) = (from + count, labels + 1, part);
        if row.c(end) != Some('.') {
            return (end, labels, last);
        }
    }
}

fn is_label(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || (!c.is_ascii() && matches!(class(c), Class::Letter | Class::Mark))
}

/// `acme.com`, `acme.co.uk/path`, `x.y/path`.
fn bare(row: &Row, at: usize) -> Option<usize> {
    let (stop, labels, last) = host(row, at);
    let letters = last.chars().count() > 1 && last.chars().all(char::is_alphabetic);
    if labels < 2 || !letters || row.class(stop) == Some(Class::Letter) {
        return None;
    }
    let path = row.c(stop) == Some('/') && row.c(stop + 1).is_some_and(|c| !c.is_whitespace());
    if path {
        return Some(trimmed(row, at, end(row, at)));
    }
    // `acme.com's` and `acme.com:8080` too; but not a file of several dots that goes on.
    ENDINGS.contains(&last.as_str()).then(|| {
        if row.c(stop) == Some('?') && row.c(stop + 1).is_some_and(char::is_alphanumeric) {
            return trimmed(row, at, end(row, at));
        }
        stop - at
    })
}

/// `bob@acme.com`.
fn mail(row: &Row, at: usize) -> Option<usize> {
    let local = (at..).map_while(|at| row.c(at)).take(65);
    let local = local.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-')).count();
    if row.c(at + local) != Some('@') {
        return None;
    }
    let (stop, labels, last) = host(row, at + local + 1);
    (labels >= 2 && last.chars().count() > 1 && last.chars().all(char::is_alphabetic)).then(|| stop - at)
}
