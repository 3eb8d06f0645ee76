//! Lines of bounded length with their places.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};

use super::{KEPT_OF_OVERLONG, MAX_ROW, Place, UsageError};

/// One physical line.
#[derive(Debug)]
pub(super) struct Line {
    /// Its bytes without the line end; of an over-long line only the head.
    pub(super) bytes: Vec<u8>,
    /// From 1.
    pub(super) number: u64,
    /// The byte after its end.
    pub(super) end: u64,
    /// How long it really was, when that was too long.
    pub(super) overlong: Option<u64>,
}

pub(super) struct Lines {
    input: Box<dyn BufRead + Send>,
    /// Lines given back, to be read again.
    returned: VecDeque<Line>,
    number: u64,
    end: u64,
}

impl Lines {
    /// Begins at the first byte; a byte order mark is passed over.
    pub(super) fn open(mut input: Box<dyn BufRead + Send>) -> Result<Self, UsageError> {
        let head = input.fill_buf()?;
        if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
            return Err(UsageError::Header { why: "the file is UTF-16; convert it to UTF-8".to_owned() });
        }
        let mark = if head.starts_with(&[0xef, 0xbb, 0xbf]) { 3 } else { 0 };
        input.consume(mark);
        Ok(Self { input, returned: VecDeque::new(), number: 0, end: mark as u64 })
    }

    /// Passes over everything up to `place`, unless that lies behind already.
    pub(super) fn skip_to(&mut self, place: Place) -> io::Result<()> {
        self.returned.retain(|line| line.end > place.offset);
        if place.offset > self.end {
            let passed = io::copy(&mut self.input.by_ref().take(place.offset - self.end), &mut io::sink())?;
            self.end += passed;
            self.number = self.number.max(place.line);
        }
        Ok(())
    }

    /// The next line, or none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        if let Some(line) = self.returned.pop_front() {
            return Ok(Some(line));
        }
        let mut bytes = Vec::new();
        let read = self.input.by_ref().take(MAX_ROW as u64 + 2).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(None);
        }
        self.end += read as u64;
        self.number += 1;
        let mut overlong = None;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        } else if read > MAX_ROW {
            let rest = self.input.skip_until(b'\n')? as u64;
            self.end += rest;
            overlong = Some(read as u64 + rest);
            bytes.truncate(KEPT_OF_OVERLONG);
            bytes.shrink_to_fit();
        }
        Ok(Some(Line { bytes, number: self.number, end: self.end, overlong }))
    }

    /// Gives lines back, in their order.
    pub(super) fn give_back(&mut self, lines: Vec<Line>) {
        for line in lines.into_iter().rev() {
            self.returned.push_front(line);
        }
    }
}
