//! Reading a body within its limits.

use std::{
    io::{self, Write},
    sync::Arc,
};

use flate2::write::MultiGzDecoder;
use futures_util::StreamExt;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};
use tokio::sync::Semaphore;

use super::{Egress, Error};

/// Most growth of a packed body, once it is larger than [`FREE`]. Text packs 3 to 20 times, deflate at most 1,032.
const RATIO: usize = 200;
/// Unpacked bytes that are never held against a body: a page of blanks packs very well and harms nobody.
const FREE: usize = 1024 * 1024;

/// Bytes that a body may have without asking for room.
const SMALL: usize = 256 * 1024;
/// Larger bodies read at once: with hundreds of connections open, whoever floods us fills these and no more.
const LARGE: usize = 8;

/// Room for large bodies; clones share it.
#[derive(Debug, Clone)]
pub(super) struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LARGE)))
    }
}

#[cfg(test)]
impl Room {
    /// How many more large bodies have room.
    pub fn free(&self) -> usize {
        self.0.available_permits()
    }
}

/// Reads the whole body, unpacked, or stops at the first byte too many. A large one waits for room, within the deadline
/// of whoever asked for it.
pub(super) async fn read(answer: reqwest::Response, host: &str, rules: &Egress, room: &Room) -> Result<Vec<u8>, Error> {
    let mut sink = Sink::new(answer.headers(), host, rules.max_bytes)?;
    if sink.is_plain() && answer.content_length().is_some_and(|length| length > rules.max_bytes as u64) {
        return Err(Error::TooLarge { host: host.to_owned(), limit: rules.max_bytes });
    }
    let (mut stream, mut place) = (answer.bytes_stream(), None);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|e| super::failed(&e, host))?;
        if place.is_none() && sink.len() + chunk.len() > SMALL {
            place = room.0.acquire().await.ok();
        }
        sink.take(&chunk).map_err(|stop| stop.into_error(host))?;
    }
    sink.finish().map_err(|stop| stop.into_error(host))
}

enum Sink {
    Plain(Bounded),
    Gzip(Box<MultiGzDecoder<Bounded>>),
}

impl Sink {
    fn new(headers: &HeaderMap, host: &str, limit: usize) -> Result<Self, Error> {
        let bounded = Bounded { body: Vec::new(), packed: None, limit, stop: None };
        let named = headers.get(CONTENT_ENCODING).map_or("", |v| v.to_str().unwrap_or("?")).trim().to_ascii_lowercase();
        match named.as_str() {
            "" | "identity" => Ok(Self::Plain(bounded)),
            "gzip" | "x-gzip" => Ok(Self::Gzip(Box::new(MultiGzDecoder::new(Bounded { packed: Some(0), ..bounded })))),
            other => Err(Error::Encoding {
                host: host.to_owned(),
                why: format!("`{other}`, though only gzip was asked for"),
            }),
        }
    }

    /// Bytes unpacked so far.
    fn len(&self) -> usize {
        match self {
            Self::Plain(bounded) => bounded.body.len(),
            Self::Gzip(decoder) => decoder.get_ref().body.len(),
        }
    }

    fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    fn take(&mut self, chunk: &[u8]) -> Result<(), Stop> {
        match self {
            Self::Plain(bounded) => bounded.write_all(chunk).map_err(|e| bounded.why(&e)),
            Self::Gzip(decoder) => {
                if let Some(packed) = &mut decoder.get_mut().packed {
                    *packed += chunk.len();
                }
                decoder.write_all(chunk).map_err(|e| decoder.get_mut().why(&e))
            }
        }
    }

    fn finish(self) -> Result<Vec<u8>, Stop> {
        match self {
            Self::Plain(bounded) => Ok(bounded.body),
            Self::Gzip(mut decoder) => {
                // An empty answer (304, 204) may carry the header and no body.
                if decoder.get_mut().packed == Some(0) {
                    return Ok(Vec::new());
                }
                match decoder.try_finish() {
                    Ok(()) => Ok(std::mem::take(&mut decoder.get_mut().body)),
                    Err(e) => Err(decoder.get_mut().why(&e)),
                }
            }
        }
    }
}

enum Stop {
    TooLarge(usize),
    Bomb,
    Broken(String),
}

impl Stop {
    fn into_error(self, host: &str) -> Error {
        let host = host.to_owned();
        match self {
            Self::TooLarge(limit) => Error::TooLarge { host, limit },
            Self::Bomb => Error::Bomb { host, ratio: RATIO },
            Self::Broken(why) => Error::Encoding { host, why },
        }
    }
}

/// A buffer that says no in time.
struct Bounded {
    body: Vec<u8>,
    /// Bytes that came over the wire, for a packed body.
    packed: Option<usize>,
    limit: usize,
    stop: Option<Stop>,
}

impl Bounded {
    fn why(&mut self, error: &io::Error) -> Stop {
        self.stop.take().unwrap_or_else(|| Stop::Broken(error.to_string()))
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let size = self.body.len() + bytes.len();
        if self.packed.is_some_and(|packed| size > FREE && size / RATIO > packed.max(1)) {
            self.stop = Some(Stop::Bomb);
        } else if size > self.limit {
            self.stop = Some(Stop::TooLarge(self.limit));
        } else {
            self.body.extend_from_slice(bytes);
            return Ok(bytes.len());
        }
        Err(io::Error::other("limit"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
