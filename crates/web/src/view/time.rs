//! Moments as people say them. `assets/time.js` keeps the words true while the page stands open; its words are these.

use askama::Template;
use dandelion_post::{Micros, rfc3339, timestamp};
use jiff::tz::TimeZone;

use super::prints_html;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A moment: exact for machines, in words for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(
    source = r#"<time datetime="{{ iso }}" title="{{ title }}"{% if !tick.is_empty() %} data-tick="{{ tick }}"{% endif %}>{{ words }}</time>"#,
    ext = "html"
)]
pub struct Time {
    /// RFC 3339 in UTC.
    pub iso: String,
    /// What is read: `09:12`, `5 min ago`, `in 22 min`.
    pub words: String,
    /// The whole date, on hovering.
    pub title: String,
    /// How the words change with the clock: `ago`, `due`, or empty for not at all.
    pub tick: &'static str,
}
prints_html!(Time);

impl Time {
    /// A moment by the clock on the wall: `09:12` today, `yesterday, 16:10`, `3 March, 09:12`, `3 March 2024`.
    pub fn clock(at: Micros, now: Micros, zone: &TimeZone) -> Self {
        let then = timestamp(at).to_zoned_datetime(zone.clone());
        let today = timestamp(now).to_zoned_datetime(zone.clone());
        let days = today.date().since(then.date()).map_or(i32::MAX, |span| span.get_days());
        let words = match days {
            0 => then.strftime("%H:%M").to_string(),
            1 => then.strftime("yesterday, %H:%M").to_string(),
            -1 => then.strftime("tomorrow, %H:%M").to_string(),
            _ if then.year() == today.year() => then.strftime("%-d %B, %H:%M").to_string(),
            _ => then.strftime("%-d %B %Y").to_string(),
        };
        Self { iso: rfc3339(at), words, title: whole(at, zone), tick: "" }
    }

    /// How long ago: `now`, `5 min ago`, `2 h 20 ago`, `3 days ago`.
    pub fn ago(at: Micros, now: Micros, zone: &TimeZone) -> Self {
        let gone = now.saturating_sub(at);
        let words = if gone < MINUTE { "now".to_owned() } else { format!("{} ago", span(gone)) };
        Self { iso: rfc3339(at), words, title: whole(at, zone), tick: "ago" }
    }

    /// A promise: `in 22 min`, `in 3 h 05`, or `late 1 h 10`.
    pub fn due(at: Micros, now: Micros, zone: &TimeZone) -> Self {
        let left = at.saturating_sub(now);
        let words = if left >= 0 { format!("in {}", span(left)) } else { format!("late {}", span(-left)) };
        Self { iso: rfc3339(at), words, title: whole(at, zone), tick: "due" }
    }
}

fn whole(at: Micros, zone: &TimeZone) -> String {
    timestamp(at).to_zoned_datetime(zone.clone()).strftime("%A, %-d %B %Y, %H:%M:%S %Z").to_string()
}

/// A length of time in words: `22 min`, `3 h 05`, `4 days`. Rounded down; less than a minute is `1 min`.
pub fn span(micros: i64) -> String {
    match micros {
        m if m < HOUR => format!("{} min", (m / MINUTE).max(1)),
        m if m < DAY => format!("{} h {:02}", m / HOUR, m % HOUR / MINUTE),
        m if m < 2 * DAY => "1 day".to_owned(),
        m => format!("{} days", m / DAY),
    }
}
