//! Business hours: when a unit is open, and what a promise of time means on a calendar.
//!
//! A unit is open at a moment when the clock on its wall then reads a time inside one of that day's openings. Where
//! the clock is put forward or back, this counts the minutes that really pass. An opening whose end is not after
//! its start (`22:00-06:00`) runs into the next day and belongs to the day it starts on; on a holiday no opening
//! starts, but one that started the evening before runs on.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use dandelion_post::{Micros, timestamp};
use jiff::{civil::Date, tz::TimeZone};

const MINUTE: Micros = 60_000_000;
const DAY: Micros = 1440 * MINUTE;

/// How far ahead a due time is looked for, in days. A calendar closed for longer gives none.
pub const SEARCH_DAYS: i64 = 400;

/// The week as `org.toml` writes it, Monday first.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// One opening: minutes since midnight. `to` is after `from` and at most a day after it; beyond 1440 it lies on the
/// next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Opening {
    /// The first open minute, 0 to 1439.
    pub from: i64,
    /// The first closed minute after it.
    pub to: i64,
}

impl fmt::Display for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = if self.to > 1440 { self.to - 1440 } else { self.to };
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.from / 60, self.from % 60, to / 60, to % 60)
    }
}

impl std::str::FromStr for Opening {
    type Err = String;

    /// Reads `08:00-17:00`; `24:00` is the end of a day, and an end that is not after its start lies on the next day.
    fn from_str(text: &str) -> Result<Self, String> {
        let Some((from, to)) = text.split_once('-') else {
            return Err("write an opening as \"08:00-17:00\"".into());
        };
        let (from, to) = (minutes(from.trim())?, minutes(to.trim())?);
        if from == 1440 {
            return Err("an opening cannot start at 24:00; write 00:00 of the next day".into());
        }
        if from == to {
            return Err("this opening is empty; for a whole day write \"00:00-24:00\"".into());
        }
        Ok(Self { from, to: if to < from { to + 1440 } else { to } })
    }
}

fn minutes(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is not a time of day: write 00:00 to 24:00");
    let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return Err(wrong());
    }
    let (hours, minutes): (i64, i64) = (hours.parse().map_err(|_| wrong())?, minutes.parse().map_err(|_| wrong())?);
    if minutes > 59 || hours * 60 + minutes > 1440 {
        return Err(wrong());
    }
    Ok(hours * 60 + minutes)
}

/// The hours of one calendar. In JSON they are written as in `org.toml`, see [`Written`].
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Hours {
    zone: TimeZone,
    zone_name: String,
    week: [Vec<Opening>; 7],
    holidays: BTreeSet<Date>,
}

impl Hours {
    /// Hours in a time zone (IANA name); `week` is Monday first. The error says what is wrong with the zone.
    pub fn new(zone_name: &str, mut week: [Vec<Opening>; 7], holidays: BTreeSet<Date>) -> Result<Self, String> {
        let zone = zone(zone_name)?;
        for day in &mut week {
            day.sort_unstable();
        }
        Ok(Self { zone, zone_name: zone_name.to_owned(), week, holidays })
    }

    /// The IANA name of the time zone.
    pub fn time_zone(&self) -> &str {
        &self.zone_name
    }

    /// The openings of each day, Monday first, each sorted.
    pub fn week(&self) -> &[Vec<Opening>; 7] {
        &self.week
    }

    /// The days on which nothing opens.
    pub fn holidays(&self) -> &BTreeSet<Date> {
        &self.holidays
    }

    /// Whether it is open at a moment.
    pub fn open_at(&self, at: Micros) -> bool {
        self.spans(at, at + 1).next().is_some()
    }

    /// The moment at which `minutes` of business time have passed since `start`: the earliest one, so a promise that
    /// ends with the working day is due at closing time, not at the next opening. `None` when fewer than that pass
    /// within [`SEARCH_DAYS`].
    pub fn due(&self, start: Micros, minutes: i64) -> Option<Micros> {
        let mut left = minutes.max(0).checked_mul(MINUTE)?;
        if left == 0 {
            return Some(start);
        }
        for (from, to) in self.spans(start, start.checked_add(SEARCH_DAYS * DAY)?) {
            if to - from >= left {
                return Some(from + left);
            }
            left -= to - from;
        }
        None
    }

    /// How many whole minutes of business time lie between two moments; 0 when `to` is not after `from`.
    pub fn business_minutes_between(&self, from: Micros, to: Micros) -> i64 {
        self.spans(from, to).map(|(from, to)| to - from).sum::<Micros>() / MINUTE
    }

    /// The open stretches inside `[from, to)`, ascending, without overlap.
    fn spans(&self, from: Micros, to: Micros) -> impl Iterator<Item = (Micros, Micros)> + '_ {
        let mut at = from;
        std::iter::from_fn(move || {
            if at >= to {
                return None;
            }
            // One stretch of at most a day in which the clock is not changed.
            let offset = Micros::from(self.zone.to_offset(timestamp(at)).seconds()) * 1_000_000;
            let change = self.zone.following(timestamp(at)).next().map_or(to, |next| next.timestamp().as_microsecond());
            let end = to.min(at + DAY).min(change.max(at + 1));
            let open = self.local(at + offset, end + offset);
            at = end;
            Some(open.into_iter().map(move |(from, to)| (from - offset, to - offset)))
        })
        .flatten()
    }

    /// The open stretches of `[from, to)` on the wall's clock, in microseconds since 1970 on that clock.
    fn local(&self, from: Micros, to: Micros) -> Vec<(Micros, Micros)> {
        let mut found: Vec<(Micros, Micros)> = Vec::new();
        for day in from.div_euclid(DAY) - 1..=to.div_euclid(DAY) {
            let Some(date) = date(day) else { continue };
            if self.holidays.contains(&date) {
                continue;
            }
            for opening in &self.week[date.weekday().to_monday_zero_offset() as usize] {
                let start = (day * DAY + opening.from * MINUTE).max(from);
                let end = (day * DAY + opening.to * MINUTE).min(to);
                match found.last_mut() {
                    Some(last) if start <= last.1 => last.1 = last.1.max(end),
                    _ if start < end => found.push((start, end)),
                    _ => {}
                }
            }
        }
        found
    }
}

/// Hours as they are written: in `org.toml` (beside a `key`) and in the store.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Written {
    /// An IANA name.
    pub time_zone: String,
    /// Openings by day ([`DAYS`]); a day that is absent is closed.
    pub week: BTreeMap<String, Vec<String>>,
    /// Dates, `2026-12-25`.
    #[serde(default)]
    pub holidays: Vec<String>,
}

impl TryFrom<Written> for Hours {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let mut week: [Vec<Opening>; 7] = Default::default();
        for (name, openings) in &written.week {
            let day = DAYS.iter().position(|day| day == name).ok_or_else(|| format!("`{name}` is no day"))?;
            week[day] = openings.iter().map(|text| text.parse()).collect::<Result<_, String>>()?;
        }
        let holidays = written.holidays.iter().map(|text| text.parse().map_err(|_| format!("`{text}` is no date")));
        Self::new(&written.time_zone, week, holidays.collect::<Result<_, _>>()?)
    }
}

impl From<Hours> for Written {
    fn from(hours: Hours) -> Self {
        let days = DAYS.iter().zip(&hours.week).filter(|(_, openings)| !openings.is_empty());
        Self {
            time_zone: hours.zone_name.clone(),
            week: days
                .map(|(day, openings)| ((*day).to_owned(), openings.iter().map(ToString::to_string).collect()))
                .collect(),
            holidays: hours.holidays.iter().map(ToString::to_string).collect(),
        }
    }
}

/// A time zone by its IANA name; the error says what to write instead.
pub(crate) fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| "no such time zone is known; write an IANA name such as \"Europe/Berlin\"".into())
}

/// The date so many days after 1970-01-01.
fn date(day: i64) -> Option<Date> {
    let moment = day.checked_mul(DAY).filter(|at| timestamp(*at).as_microsecond() == *at)?;
    Some(TimeZone::UTC.to_datetime(timestamp(moment)).date())
}
