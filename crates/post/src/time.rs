use jiff::Timestamp;

/// A moment as integer microseconds since 1970-01-01T00:00:00Z: how every time is stored.
pub type Micros = i64;

/// A timestamp as stored.
pub fn micros(at: Timestamp) -> Micros {
    at.as_microsecond()
}

/// A stored moment as a timestamp. Values beyond the calendar (years −9999 to 9999) are held at its ends.
pub fn timestamp(at: Micros) -> Timestamp {
    let held = at.clamp(Timestamp::MIN.as_microsecond(), Timestamp::MAX.as_microsecond());
    Timestamp::from_microsecond(held).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A stored moment as RFC 3339 text in UTC.
pub fn rfc3339(at: Micros) -> String {
    timestamp(at).to_string()
}
