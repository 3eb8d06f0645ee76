use std::collections::BTreeSet;

use dandelion_post::{Micros, timestamp};
use jiff::{civil::Date, tz::TimeZone};
use proptest::prelude::*;

use crate::unit::hours::{Hours, Opening};

const MINUTE: Micros = 60_000_000;

fn hours(zone: &str, week: [&[&str]; 7], holidays: &[&str]) -> Hours {
    let week = week.map(|day| day.iter().map(|text| text.parse().unwrap()).collect());
    Hours::new(zone, week, holidays.iter().map(|text| text.parse().unwrap()).collect()).unwrap()
}

fn at(text: &str) -> Micros {
    text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

const NINE_TO_FIVE: [&[&str]; 7] =
    [&["09:00-17:00"], &["09:00-17:00"], &["09:00-17:00"], &["09:00-17:00"], &["09:00-17:00"], &[], &[]];

#[test]
fn a_promise_waits_for_the_next_opening() {
    let hours = hours("Europe/Berlin", NINE_TO_FIVE, &["2026-03-03"]);
    // Monday 16:00 in Berlin, four hours: one on Monday, Tuesday is a holiday, three on Wednesday.
    assert_eq!(hours.due(at("2026-03-02T15:00:00Z"), 240), Some(at("2026-03-04T11:00:00Z")));
    // A promise that ends with the day is due at closing time.
    assert_eq!(hours.due(at("2026-03-02T15:00:00Z"), 60), Some(at("2026-03-02T16:00:00Z")));
    // Saturday waits for Monday.
    assert_eq!(hours.due(at("2026-03-07T12:00:00Z"), 30), Some(at("2026-03-09T08:30:00Z")));
    assert_eq!(hours.due(at("2026-03-07T12:00:00Z"), 0), Some(at("2026-03-07T12:00:00Z")));
    assert!(!hours.open_at(at("2026-03-03T10:00:00Z")) && hours.open_at(at("2026-03-04T10:00:00Z")));
}

#[test]
fn clocks_that_change_count_what_really_passes() {
    let always: [&[&str]; 7] = [&["00:00-24:00"]; 7];
    let hours = hours("Europe/Berlin", always, &[]);
    // 2026-03-29 has 23 hours in Berlin, 2026-10-25 has 25.
    let day = |from, to| hours.business_minutes_between(at(from), at(to));
    assert_eq!(day("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"), 23 * 60);
    assert_eq!(day("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"), 25 * 60);
    let night = self::hours("Europe/Berlin", [&[], &[], &[], &[], &[], &[], &["02:00-03:00"]], &[]);
    assert_eq!(night.business_minutes_between(at("2026-03-28T00:00:00Z"), at("2026-03-30T00:00:00Z")), 0);
    assert_eq!(night.business_minutes_between(at("2026-10-24T00:00:00Z"), at("2026-10-26T00:00:00Z")), 120);
}

#[test]
fn a_night_shift_runs_into_a_holiday_but_none_starts_there() {
    let hours = hours("UTC", [&["22:00-06:00"]; 7], &["2026-12-25"]);
    assert!(hours.open_at(at("2026-12-25T05:59:00Z")));
    assert!(!hours.open_at(at("2026-12-25T06:00:00Z")));
    assert!(!hours.open_at(at("2026-12-25T23:00:00Z")));
    assert!(!hours.open_at(at("2026-12-26T05:00:00Z")));
    assert!(hours.open_at(at("2026-12-26T22:00:00Z")));
}

#[test]
fn a_calendar_that_never_opens_gives_no_due_time() {
    let holidays: Vec<String> =
        (0..500).map(|day| (jiff::civil::date(2026, 1, 1) + jiff::Span::new().days(day)).to_string()).collect();
    let holidays: Vec<&str> = holidays.iter().map(String::as_str).collect();
    assert_eq!(hours("UTC", NINE_TO_FIVE, &holidays).due(at("2026-01-01T00:00:00Z"), 1), None);
    assert_eq!(hours("UTC", NINE_TO_FIVE, &[]).due(at("2026-01-01T00:00:00Z"), i64::MAX), None);
    assert_eq!(hours("UTC", NINE_TO_FIVE, &[]).due(i64::MAX - 1, 60), None);
}

/// Whether it is open, by looking at the wall's clock and nothing else.
fn naive(week: &[Vec<Opening>; 7], holidays: &BTreeSet<Date>, zone: &TimeZone, moment: Micros) -> bool {
    let clock = zone.to_datetime(timestamp(moment));
    let minute = i64::from(clock.hour()) * 60 + i64::from(clock.minute());
    let inside = |date: Date, minute: i64| {
        !holidays.contains(&date)
            && week[date.weekday().to_monday_zero_offset() as usize]
                .iter()
                .any(|opening| (opening.from..opening.to).contains(&minute))
    };
    inside(clock.date(), minute) || inside(clock.date().yesterday().unwrap(), minute + 1440)
}

/// An opening of any length up to a day.
fn opening() -> impl Strategy<Value = Opening> {
    (0_i64..1440, 1_i64..=1440).prop_map(|(from, long)| Opening { from, to: from + long })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Against an oracle that walks minute by minute, over days on which clocks change.
    #[test]
    fn every_minute_agrees_with_the_clock_on_the_wall(
        week in proptest::array::uniform7(proptest::collection::vec(opening(), 0..3)),
        zone in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
        start in prop::sample::select(vec!["2026-03-07T00:00:00Z", "2026-03-28T00:00:00Z", "2026-04-04T00:00:00Z",
            "2026-10-03T00:00:00Z", "2026-10-24T00:00:00Z", "2026-10-31T00:00:00Z", "2026-07-01T00:00:00Z"]),
        shift in 0_i64..1440,
        long in 1_i64..4000,
        promise in 1_i64..1200,
        holiday in prop::option::of(0_i64..4),
    ) {
        let start = at(start) + shift * MINUTE;
        let tz = TimeZone::get(zone).unwrap();
        let first = tz.to_datetime(timestamp(start)).date();
        let holidays: BTreeSet<Date> =
            holiday.into_iter().map(|day| first + jiff::Span::new().days(day)).collect();
        let hours = Hours::new(zone, week.clone(), holidays.clone()).unwrap();
        let open: Vec<bool> = (0..long).map(|n| naive(&week, &holidays, &tz, start + n * MINUTE)).collect();
        let total = open.iter().filter(|open| **open).count() as i64;
        prop_assert_eq!(hours.business_minutes_between(start, start + long * MINUTE), total);
        let mut passed = 0;
        let due = open.iter().position(|open| { passed += i64::from(*open); passed == promise });
        if let Some(last) = due {
            prop_assert_eq!(hours.due(start, promise), Some(start + (last as i64 + 1) * MINUTE));
        } else if let Some(due) = hours.due(start, promise) {
            prop_assert!(due > start + long * MINUTE);
        }
    }
}
