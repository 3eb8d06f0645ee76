//! What a single value must look like. Each error says what is wrong and what to write.

use dandelion_understand::personal::wrong_pattern;

/// A key: `a`–`z`, digits and `-`, at most 64 characters.
pub(crate) fn key(text: &str) -> Result<String, String> {
    let fits = (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if fits { Ok(text.to_owned()) } else { Err("a key is 1 to 64 of a–z, 0–9 and -".into()) }
}

/// A name for people: one line, not empty, at most 200 characters.
pub(crate) fn one_line(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("it is empty; give it a name people know".into());
    }
    if text.chars().count() > 200 {
        return Err("it is longer than 200 characters".into());
    }
    if text.chars().any(char::is_control) {
        return Err("it holds a line break or another control character; write one line".into());
    }
    Ok(text.to_owned())
}

/// A country, ISO 3166 alpha-2.
pub(crate) fn country(text: &str) -> Result<String, String> {
    let fits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic());
    if fits { Ok(text.to_ascii_uppercase()) } else { Err("write the two letters of ISO 3166, such as \"DE\"".into()) }
}

/// A language, BCP 47.
pub(crate) fn language(text: &str) -> Result<String, String> {
    let mut parts = text.split('-');
    let first = parts.next().is_some_and(|p| (2..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphabetic()));
    let rest = parts.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()));
    if first && rest && text.len() <= 35 {
        Ok(text.to_owned())
    } else {
        Err("write a language code such as \"de\" or \"pt-BR\"".into())
    }
}

/// The pattern of an order number.
pub(crate) fn order_number(text: &str) -> Result<String, String> {
    match wrong_pattern(text) {
        None => Ok(text.to_owned()),
        Some(why) => Err(why.into()),
    }
}

/// An e-mail address, in lower case.
pub(crate) fn email(text: &str) -> Result<String, String> {
    let folded = crate::member::folded(text);
    let fits = folded.len() <= 254
        && !folded.chars().any(|c| c.is_whitespace() || c.is_control())
        && folded.split_once('@').is_some_and(|(local, host)| {
            !local.is_empty()
                && !host.contains('@')
                && !host.is_empty()
                && !host.starts_with('.')
                && !host.ends_with('.')
        });
    if fits { Ok(folded) } else { Err("this is no e-mail address".into()) }
}

/// Business minutes in one working day, which is what `d` means in a promise.
const WORKING_DAY: i64 = 8 * 60;
const UNITS: [(char, i64); 3] = [('d', WORKING_DAY), ('h', 60), ('m', 1)];

/// Business time: `30m`, `4h`, `1h30m`, `3d`, in minutes. A day is a working day of eight hours.
pub(crate) fn minutes(text: &str) -> Result<i64, String> {
    let wrong = || "write business time as \"30m\", \"4h\" or \"3d\" (a day is a working day of 8 hours)".to_owned();
    let (mut total, mut digits, mut last) = (0_i64, String::new(), usize::MAX);
    for c in text.trim().chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let place = UNITS.iter().position(|(unit, _)| *unit == c).ok_or_else(wrong)?;
        if last != usize::MAX && place <= last {
            return Err(wrong());
        }
        let number: i64 = digits.parse().map_err(|_| wrong())?;
        total = number.checked_mul(UNITS[place].1).and_then(|part| total.checked_add(part)).ok_or_else(wrong)?;
        digits.clear();
        last = place;
    }
    if !digits.is_empty() || last == usize::MAX {
        return Err(wrong());
    }
    if (1..=60_000).contains(&total) {
        Ok(total)
    } else {
        Err("a promise is at least a minute and at most 125 working days (1000h)".into())
    }
}

/// Minutes as [`minutes`] reads them, in the largest units that fit exactly; days only from two on.
pub(crate) fn spell_minutes(total: i64) -> String {
    if total >= 2 * WORKING_DAY && total % WORKING_DAY == 0 {
        return format!("{}d", total / WORKING_DAY);
    }
    match (total / 60, total % 60) {
        (0, minutes) => format!("{minutes}m"),
        (hours, 0) => format!("{hours}h"),
        (hours, minutes) => format!("{hours}h{minutes}m"),
    }
}

/// The word nearest to `word`, if any is near enough to have been meant.
pub(crate) fn nearest<'a>(word: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = word.chars().count().div_ceil(3);
    among
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(200).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(200).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn business_time_is_read_and_spelled() {
        for (text, total) in [("30m", 30), ("4h", 240), ("1h30m", 90), ("3d", 1440), ("8h", 480), ("1d2h", 600)] {
            assert_eq!(minutes(text), Ok(total), "{text}");
            assert_eq!(minutes(&spell_minutes(total)), Ok(total), "{text}");
        }
        for bad in ["", "4", "h", "4x", "0m", "4h4h", "5m4h", "9999999999999999d", "1001h", "-4h", "4.5h"] {
            assert!(minutes(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_typing_error_finds_its_word() {
        let words = ["head-office", "kettles", "repairs"];
        assert_eq!(nearest("hed-ofice", words), Some("head-office"));
        assert_eq!(nearest("repair", words), Some("repairs"));
        assert_eq!(nearest("zagreb", words), None);
    }
}
