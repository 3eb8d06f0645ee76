//! Reading moments as people and machines write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// Reads a moment in any of the forms found in exports and feeds:
/// RFC 3339, RFC 2822, `YYYY-MM-DD HH:MM:SS` with or without an offset, a plain date, `Wed Oct 10 20:19:24 +0000 2018`,
/// the asctime form, and whole seconds, milliseconds or microseconds since 1970. Without an offset UTC is meant.
pub fn read(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() > 64 || text.is_empty() {
        return None;
    }
    unix(text)
        .or_else(|| text.parse().ok())
        .or_else(|| iso(text))
        .or_else(|| mail(text))
        .or_else(|| strtime("%a %b %d %H:%M:%S %z %Y", text))
        .or_else(|| civil("%a %b %d %H:%M:%S %Y", text))
}

/// Seconds, milliseconds or microseconds since 1970, told apart by size: seconds reach the year 5138 with 11 digits.
pub(crate) fn unix(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    if !(5..=17).contains(&digits.len()) || !digits.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    match digits.len() {
        0..=11 => {
            let micros = format!("{fraction:0<6}").get(..6)?.parse::<i64>().ok()?;
            let signed = if whole.starts_with('-') { -micros } else { micros };
            Timestamp::from_microsecond(number.checked_mul(1_000_000)?.checked_add(signed)?).ok()
        }
        12..=14 => Timestamp::from_millisecond(number).ok(),
        _ => Timestamp::from_microsecond(number).ok(),
    }
}

/// `2026-01-02`, `2026-01-02 03:04[:05[.6]]`, with nothing, `Z`, `UTC` or an offset behind (`+0100`, ` +01`, `-01:30`).
fn iso(text: &str) -> Option<Timestamp> {
    if !text.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let (words, offset) = split_offset(text);
    let at: DateTime = words.parse().ok()?;
    TimeZone::fixed(offset).to_timestamp(at).ok()
}

fn split_offset(text: &str) -> (&str, Offset) {
    for word in ["UTC", "GMT", "Z", "z"] {
        if let Some(rest) = text.strip_suffix(word) {
            return (rest.trim_end(), Offset::UTC);
        }
    }
    // An offset's sign stands after the time, and the time after the tenth character.
    let sign = text.char_indices().skip(10).filter(|(_, c)| matches!(c, '+' | '-')).last();
    if let Some((at, sign)) = sign
        && let Some(minutes) = offset_minutes(&text[at + 1..])
    {
        let signed = if sign == '-' { -minutes } else { minutes };
        if let Ok(offset) = Offset::from_seconds(signed * 60) {
            return (text[..at].trim_end(), offset);
        }
    }
    (text, Offset::UTC)
}

fn offset_minutes(text: &str) -> Option<i32> {
    let digits: String = text.chars().filter(|c| *c != ':').collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match digits.len() {
        2 => Some(digits.parse::<i32>().ok()? * 60),
        4 => Some(digits[..2].parse::<i32>().ok()? * 60 + digits[2..].parse::<i32>().ok()?),
        _ => None,
    }
}

fn mail(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text);
    zoned.ok()
}

fn strtime(format: &str, text: &str) -> Option<Timestamp> {
    jiff::fmt::strtime::parse(format, text).ok()?.to_timestamp().ok()
}

fn civil(format: &str, text: &str) -> Option<Timestamp> {
    let at = jiff::fmt::strtime::parse(format, text).ok()?.to_datetime().ok()?;
    TimeZone::UTC.to_timestamp(at).ok()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn every_promised_form_is_read() {
        for (text, meant) in [
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
            ("2026-01-02T03:04:05.250+01:00", "2026-01-02T02:04:05.25Z"),
            ("2026-01-02 03:04:05", "2026-01-02T03:04:05Z"),
            ("2026-01-02 03:04:05 -0800", "2026-01-02T11:04:05Z"),
            ("2026-01-02 03:04:05 +01", "2026-01-02T02:04:05Z"),
            ("2026-01-02 03:04:05+05:30", "2026-01-01T21:34:05Z"),
            ("2026-01-02 03:04:05 UTC", "2026-01-02T03:04:05Z"),
            ("2026-01-02 03:04", "2026-01-02T03:04:00Z"),
            ("2026-01-02", "2026-01-02T00:00:00Z"),
            ("Wed Oct 10 20:19:24 +0000 2018", "2018-10-10T20:19:24Z"),
            ("Wed, 10 Oct 2018 20:19:24 +0200", "2018-10-10T18:19:24Z"),
            ("10 Oct 2018 20:19:24 GMT", "2018-10-10T20:19:24Z"),
            ("Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z"),
            ("1539202764", "2018-10-10T20:19:24Z"),
            ("1539202764.5", "2018-10-10T20:19:24.5Z"),
            ("1539202764000", "2018-10-10T20:19:24Z"),
            ("1539202764000000", "2018-10-10T20:19:24Z"),
        ] {
            assert_eq!(read(text).map(|t| t.to_string()).as_deref(), Some(meant), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in
            ["", "soon", "2026-13-01", "32 Oct 2018", "-", "12", &"9".repeat(30), "é026-01-02 +01", "2026-01-02 +é"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
