//! The clock on the organisation's wall: moments and days as its people say them.

use dandelion_hub::unit::Org;
use dandelion_post::{Micros, micros, timestamp};
use jiff::{civil::Date, tz::TimeZone};

use crate::{App, view::Time};

/// Now, and where.
pub(super) struct Wall {
    pub(super) now: Micros,
    zone: TimeZone,
}

impl Wall {
    /// The organisation's own time zone; UTC where the machine does not know it.
    pub(super) fn of(app: &App, org: &Org) -> Self {
        Self { now: app.hub.now(), zone: TimeZone::get(&org.time_zone).unwrap_or(TimeZone::UTC) }
    }

    /// See [`Time::clock`].
    pub(super) fn clock(&self, at: Micros) -> Time {
        Time::clock(at, self.now, &self.zone)
    }

    /// See [`Time::ago`].
    pub(super) fn ago(&self, at: Micros) -> Time {
        Time::ago(at, self.now, &self.zone)
    }

    /// See [`Time::due`].
    pub(super) fn due(&self, at: Micros) -> Time {
        Time::due(at, self.now, &self.zone)
    }

    /// “Good morning”, by the hour.
    pub(super) fn greeting(&self) -> &'static str {
        match timestamp(self.now).to_zoned_datetime(self.zone.clone()).hour() {
            5..=11 => "Good morning",
            12..=17 => "Good afternoon",
            18..=22 => "Good evening",
            _ => "Good night",
        }
    }

    /// The day of a moment, as a form writes it: `2026-03-02`.
    pub(super) fn day(&self, at: Micros) -> String {
        timestamp(at).to_zoned_datetime(self.zone.clone()).date().to_string()
    }

    /// The year it is.
    pub(super) fn year(&self) -> i16 {
        timestamp(self.now).to_zoned_datetime(self.zone.clone()).year()
    }

    /// When the day that a form names began; `None` where it names none.
    pub(super) fn began(&self, day: &str) -> Option<Micros> {
        let day: Date = day.trim().parse().ok()?;
        day.to_zoned_datetime(self.zone.clone()).ok().map(|start| micros(start.timestamp()))
    }

    /// The first moment of today.
    pub(super) fn today(&self) -> Micros {
        let here = timestamp(self.now).to_zoned_datetime(self.zone.clone());
        here.start_of_day().map_or(self.now, |start| micros(start.timestamp()))
    }
}
