use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderMap;

/// What is left of the requests a server allows us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Requests still allowed in this window.
    pub remaining: u64,
    /// Requests of a whole window, where it says so.
    pub limit: Option<u64>,
    /// How long this window still lasts, where it says so; at most a day is believed.
    pub resets_in: Option<Duration>,
}

/// How the headers of a limit begin.
const FAMILIES: [&str; 5] = ["x-ratelimit", "x-rate-limit", "ratelimit", "x-user-limit-24hour", "x-app-limit-24hour"];
/// Smaller numbers are seconds from now, larger ones seconds since 1970 (2001 and later).
const EPOCH: f64 = 1e9;
/// The longest window believed.
const MOST: f64 = 24.0 * 3600.0;

impl Budget {
    /// Reads the headers in use: `X-RateLimit-*` (GitHub: seconds since 1970; Reddit: seconds from now, with a
    /// fraction; Mastodon: ISO 8601), `X-Rate-Limit-*` (X, which has limits of a day beside it, for the account and for
    /// the app), `RateLimit-*` of the earlier IETF drafts (Bluesky counts since 1970) and the single `RateLimit` of the
    /// later ones (`"default";r=50;t=30`, `limit=100, remaining=50, reset=30`). Where there are several, the one that
    /// stops us first: what is used up for longest, else what has least left.
    pub fn read(headers: &HeaderMap, now: Timestamp) -> Option<Self> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let family = |family: &str| {
            let part = |name: &str| header(&format!("{family}-{name}"));
            let remaining = part("remaining").and_then(count)?;
            let resets_in = part("reset").and_then(|reset| until(reset, now));
            Some(Self { remaining, limit: part("limit").and_then(count), resets_in })
        };
        let tightest = FAMILIES.iter().filter_map(|name| family(name)).min_by_key(|budget| {
            let spent = if budget.remaining == 0 { budget.resets_in } else { None };
            (budget.remaining, std::cmp::Reverse(spent))
        });
        tightest.or_else(|| structured(header("ratelimit")?, now))
    }
}

/// The first item of a structured `RateLimit`.
fn structured(text: &str, now: Timestamp) -> Option<Budget> {
    let named = text.contains("remaining=");
    let parts: Vec<(&str, &str)> = text
        .split(if named { [',', ';'].as_slice() } else { [';'].as_slice() })
        .filter_map(|part| part.trim().split_once('='))
        .collect();
    let find = |long: &str, short: &str| {
        parts.iter().find(|(name, _)| *name == long || *name == short).map(|(_, value)| value.trim())
    };
    // A list has one policy an item; what is read of the last parameter ends at the comma.
    let first = |value: &str| value.split(',').next().unwrap_or(value).trim().to_owned();
    let remaining = count(&first(find("remaining", "r")?))?;
    let limit = find("limit", "q").and_then(|value| count(&first(value)));
    let resets_in = find("reset", "t").and_then(|value| until(&first(value), now));
    Some(Budget { remaining, limit, resets_in })
}

/// A whole number; Reddit writes `598.0`, older drafts `100, 100;w=60`.
fn count(text: &str) -> Option<u64> {
    let number: f64 = text.split([',', ';']).next()?.trim().parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(number as u64)
}

fn until(text: &str, now: Timestamp) -> Option<Duration> {
    let seconds = match text.parse::<f64>() {
        Ok(number) if !number.is_finite() => return None,
        Ok(number) if number >= EPOCH => number - now.as_second() as f64,
        Ok(number) => number,
        Err(_) => (crate::moment::read(text)?.as_second() - now.as_second()) as f64,
    };
    Some(Duration::from_secs_f64(seconds.clamp(0.0, MOST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&str, &str)]) -> Option<(u64, Option<u64>, Option<u64>)> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(reqwest::header::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        let now = "2026-03-02T09:00:00Z".parse().unwrap();
        Budget::read(&map, now).map(|b| (b.remaining, b.limit, b.resets_in.map(|wait| wait.as_secs())))
    }

    #[test]
    fn every_network_writes_it_its_own_way() {
        let epoch = [("x-ratelimit-limit", "300"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1772442300")];
        assert_eq!(read(&epoch), Some((0, Some(300), Some(300))), "GitHub, and the mock of Mastodon");
        let iso = [("x-ratelimit-remaining", "7"), ("x-ratelimit-reset", "2026-03-02T09:05:00.000Z")];
        assert_eq!(read(&iso), Some((7, None, Some(300))), "Mastodon");
        let reddit = [("x-ratelimit-remaining", "598.0"), ("x-ratelimit-reset", "112")];
        assert_eq!(read(&reddit), Some((598, None, Some(112))));
        let x = [("x-rate-limit-remaining", "1"), ("x-rate-limit-limit", "75"), ("x-rate-limit-reset", "1772441000")];
        assert_eq!(read(&x), Some((1, Some(75), Some(0))), "a window gone by is over");
        let day = [
            ("x-rate-limit-limit", "1080000"),
            ("x-rate-limit-remaining", "1079999"),
            ("x-rate-limit-reset", "1772443200"),
            ("x-app-limit-24hour-limit", "1000"),
            ("x-app-limit-24hour-remaining", "983"),
            ("x-app-limit-24hour-reset", "1772500000"),
            ("x-user-limit-24hour-limit", "17"),
            ("x-user-limit-24hour-remaining", "0"),
            ("x-user-limit-24hour-reset", "1772500000"),
        ];
        assert_eq!(read(&day), Some((0, Some(17), Some(58_000))), "X, when the account has posted enough for today");
        assert_eq!(read(&day[..6]), Some((983, Some(1000), Some(58_000))), "what has least left");
        let bluesky = [("ratelimit-limit", "3000"), ("ratelimit-remaining", "2999"), ("ratelimit-reset", "1772442060")];
        assert_eq!(read(&bluesky), Some((2999, Some(3000), Some(60))));
        assert_eq!(read(&[("ratelimit", "\"default\";r=50;t=30")]), Some((50, None, Some(30))));
        assert_eq!(read(&[("ratelimit", "\"a\";r=5;t=30, \"b\";r=9;t=60")]), Some((5, None, Some(30))));
        assert_eq!(read(&[("ratelimit", "limit=100, remaining=50, reset=30")]), Some((50, Some(100), Some(30))));
    }

    #[test]
    fn what_is_no_budget_is_none() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[("x-ratelimit-remaining", "many")]), None);
        assert_eq!(read(&[("x-ratelimit-remaining", "-1")]), None);
        assert_eq!(read(&[("ratelimit", "\"default\"")]), None);
        let odd = [("x-ratelimit-remaining", "3"), ("x-ratelimit-reset", "NaN")];
        assert_eq!(read(&odd), Some((3, None, None)));
        let far = [("x-ratelimit-remaining", "3"), ("x-ratelimit-reset", "99999999999999")];
        assert_eq!(read(&far), Some((3, None, Some(24 * 3600))), "nobody makes us wait for ever");
    }
}
