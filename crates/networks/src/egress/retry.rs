use std::time::Duration;

use jiff::Timestamp;

/// Reads a `Retry-After` header: seconds, or a date (RFC 9110 §10.2.3, all three date forms it obliges us to read).
///
/// `now` is the time on the clock that wrote it. A moment gone by means now; nothing longer than 30 days is believed.
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let most = Duration::from_hours(30 * 24);
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        return Some(value.parse().map_or(most, Duration::from_secs).min(most));
    }
    let at = http_date(value)?;
    let wait = at.as_second().saturating_sub(now.as_second());
    Some(Duration::from_secs(u64::try_from(wait).unwrap_or(0)).min(most))
}

/// A date of HTTP: `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994`.
pub(super) fn http_date(value: &str) -> Option<Timestamp> {
    crate::moment::read(value).or_else(|| {
        let (_, rest) = value.split_once(", ")?;
        let parsed = jiff::fmt::strtime::parse("%d-%b-%y %H:%M:%S GMT", rest).ok()?;
        jiff::tz::TimeZone::UTC.to_timestamp(parsed.to_datetime().ok()?).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::retry_after;

    #[test]
    fn every_form_is_read() {
        let now = "1994-11-06T08:49:00Z".parse().unwrap();
        let seconds = |value: &str| retry_after(value, now).map(|wait| wait.as_secs());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(37));
        assert_eq!(seconds("Sunday, 06-Nov-94 08:49:37 GMT"), Some(37));
        assert_eq!(seconds("Sun Nov  6 08:49:37 1994"), Some(37));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:48:00 GMT"), Some(0), "a moment gone by means now");
        assert_eq!(seconds("99999999999999999999999"), Some(30 * 24 * 3600), "nobody makes us wait for ever");
        assert_eq!(seconds("soon"), None);
        assert_eq!(seconds(""), None);
    }
}
