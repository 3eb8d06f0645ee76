//! Numbers and moments in fields.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::QueryError;
use crate::query::{Leaf, NumberField};

/// `5`, `>5`, `>=5`, `<5`, `<=5`, `5..10`, `5..`, `..10`; with `k` and `m`, in ages with `d`, `w`, `m` and `y`.
pub(super) fn number(field: NumberField, text: &str, span: &Range<usize>) -> Result<Leaf, QueryError> {
    let one = |part: &str| amount(field, part).ok_or_else(|| no_number(field, text, span));
    let (low, high) = if let Some((from, to)) = text.split_once("..") {
        let side = |text: &str| if text.is_empty() { Ok(None) } else { one(text).map(Some) };
        (side(from)?, side(to)?)
    } else if let Some(rest) = text.strip_prefix(">=") {
        (Some(one(rest)?), None)
    } else if let Some(rest) = text.strip_prefix("<=") {
        (None, Some(one(rest)?))
    } else if let Some(rest) = text.strip_prefix('>') {
        (Some(one(rest)?.saturating_add(1)), None)
    } else if let Some(rest) = text.strip_prefix('<') {
        (None, Some(one(rest)? - 1))
    } else {
        let exactly = one(text.strip_prefix('=').unwrap_or(text))?;
        (Some(exactly), Some(exactly))
    };
    let word = field.word();
    match (low, high) {
        (None, None) => Err(no_number(field, text, span)),
        (Some(low), Some(high)) if low > high => {
            let message = format!("`{word}:{text}` counts down, so no number lies in it");
            Err(QueryError::new(span.clone(), message, format!("write `{word}:{high}..{low}`")))
        }
        (None, Some(high)) if high < 0 => {
            let message = format!("nothing has less than no {word}");
            Err(QueryError::new(span.clone(), message, format!("write `{word}:0` or a larger number")))
        }
        _ => Ok(Leaf::Number { field, low, high }),
    }
}

fn amount(field: NumberField, text: &str) -> Option<i64> {
    let lower = text.to_ascii_lowercase();
    let age = field == NumberField::Age;
    let (digits, times) = match lower.as_bytes().last()? {
        b'k' if !age => (&lower[..lower.len() - 1], 1_000.0),
        b'm' if !age => (&lower[..lower.len() - 1], 1_000_000.0),
        b'd' if age => (&lower[..lower.len() - 1], 1.0),
        b'w' if age => (&lower[..lower.len() - 1], 7.0),
        b'm' if age => (&lower[..lower.len() - 1], 30.0),
        b'y' if age => (&lower[..lower.len() - 1], 365.0),
        _ => (lower.as_str(), 0.0),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits = grouped(digits)?;
    if times == 0.0 {
        return digits.parse().ok();
    }
    let fits = digits.len() <= 15 && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    digits.parse::<f64>().ok().filter(|_| fits).map(|number| (number * times).round() as i64)
}

/// `1,000` without its commas, which must stand before three digits each.
fn grouped(digits: &str) -> Option<String> {
    let mut groups = digits.split(',');
    let first = groups.next()?;
    let mut plain = first.to_owned();
    for group in groups {
        if group.len() != 3 || first.len() > 3 {
            return None;
        }
        plain.push_str(group);
    }
    Some(plain)
}

fn no_number(field: NumberField, text: &str, span: &Range<usize>) -> QueryError {
    let word = field.word();
    let message = format!("`{}` is no number that `{word}:` can be held against", super::words::shown(text));
    let hint = if field == NumberField::Age {
        "write days, or d, w, m, y behind a number, as in `age:<30d` or `age:1y..5y`".to_owned()
    } else {
        format!("write it without spaces, as in `{word}:5`, `{word}:>1000`, `{word}:<=10k` or `{word}:100..5000`")
    };
    QueryError::new(span.clone(), message, hint)
}

/// RFC 3339, or a date: its start in UTC.
pub(super) fn moment(text: &str, span: &Range<usize>) -> Result<Timestamp, QueryError> {
    let date_only = text.len() == 10;
    let date = || Some(text.parse::<Date>().ok()?.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp());
    let read = if date_only { date() } else { text.to_ascii_uppercase().parse().ok() };
    read.ok_or_else(|| {
        let message = format!("`{}` is no date or moment", super::words::shown(text));
        let hint = "write a date as in `2026-01-31` (its start, UTC) or a moment as in `2026-01-31T08:00:00Z`";
        QueryError::new(span.clone(), message, hint)
    })
}
