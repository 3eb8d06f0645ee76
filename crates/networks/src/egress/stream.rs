//! Answers that do not end: server-sent events (WHATWG HTML §9.2), read line by line as they come.

use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use reqwest::Method;

use super::{Client, Error, MAX_HEADERS, failed, read_headers, read_url, short, stay_away};

/// Largest event taken, in bytes.
const MAX_EVENT: usize = 1024 * 1024;

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// Its type; `message` where none was said.
    pub name: String,
    /// Its data, lines joined.
    pub data: String,
}

/// An open stream of events.
pub struct Events {
    host: String,
    idle: Duration,
    chunks: futures_util::stream::BoxStream<'static, Result<Vec<u8>, reqwest::Error>>,
    parser: Parser,
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Client {
    /// Opens a stream of server-sent events. Redirects are not followed: a stream that has moved is asked for anew.
    /// `idle` is how long it may be silent before it counts as broken; servers send a comment now and then.
    /// Where it is refused, the error says how long the other side wants to be left alone, counted from `now`.
    pub async fn events(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        idle: Duration,
        now: Timestamp,
    ) -> Result<Events, Error> {
        let at = read_url(url)?;
        let host = at.host_str().unwrap_or_default().to_owned();
        let mut headers = read_headers(headers)?;
        // Packed, an event would lie in the other side's buffer until the next ones push it out.
        headers.insert("accept-encoding", reqwest::header::HeaderValue::from_static("identity"));
        headers.insert("accept", reqwest::header::HeaderValue::from_static("text/event-stream"));
        self.check_literal(&at)?;
        let asked = self.for_port(&at).request(Method::GET, at.clone()).headers(headers).send();
        let answer = tokio::time::timeout(self.rules.deadline, asked)
            .await
            .map_err(|_| Error::Deadline { host: host.clone(), deadline: self.rules.deadline })?
            .map_err(|e| failed(&e, &host))?;
        if let Some(peer) = answer.remote_addr() {
            self.check_address(&at, peer.ip())?;
        }
        let size: usize = answer.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        if size > MAX_HEADERS {
            return Err(Error::Headers { host, limit: MAX_HEADERS });
        }
        let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let streams = kind.trim_start().to_ascii_lowercase().starts_with("text/event-stream");
        let status = answer.status().as_u16();
        if status != 200 || !streams {
            let mut url = at;
            url.set_query(None);
            // 200 with another type is a page, not a stream: nothing that waiting would mend.
            let status = if status == 200 { 406 } else { status };
            let retry_after = stay_away(answer.headers(), now);
            return Err(Error::Status { url: short(url.as_str()), status, retry_after });
        }
        let chunks = answer.bytes_stream().map(|chunk| chunk.map(|bytes| bytes.to_vec())).boxed();
        Ok(Events { host, idle, chunks, parser: Parser::default() })
    }
}

impl Events {
    /// The next event; [`Error::Connection`] when the stream ended.
    pub async fn next(&mut self) -> Result<Event, Error> {
        let broken = |host: &str, why: &str| Error::Connection { host: host.to_owned(), why: why.to_owned() };
        loop {
            if let Some(event) = self.parser.ready.pop_front() {
                return Ok(event);
            }
            match tokio::time::timeout(self.idle, self.chunks.next()).await {
                Err(_) => return Err(broken(&self.host, "it went silent")),
                Ok(None) => return Err(broken(&self.host, "the stream ended")),
                Ok(Some(Err(error))) => return Err(failed(&error, &self.host)),
                Ok(Some(Ok(bytes))) => {
                    if !self.parser.take(&bytes) {
                        return Err(Error::TooLarge { host: self.host.clone(), limit: MAX_EVENT });
                    }
                }
            }
        }
    }
}

#[derive(Debug, Default)]
struct Parser {
    line: Vec<u8>,
    after_cr: bool,
    event: Event,
    any_data: bool,
    ready: std::collections::VecDeque<Event>,
}

impl Parser {
    /// Takes bytes in; false where an event has grown beyond reason.
    fn take(&mut self, bytes: &[u8]) -> bool {
        for byte in bytes {
            match byte {
                b'\n' if self.after_cr => {}
                b'\n' | b'\r' => self.end_line(),
                other => self.line.push(*other),
            }
            self.after_cr = *byte == b'\r';
            if self.line.len() + self.event.data.len() > MAX_EVENT {
                return false;
            }
        }
        true
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        if line.is_empty() {
            let mut event = std::mem::take(&mut self.event);
            if std::mem::take(&mut self.any_data) {
                if event.name.is_empty() {
                    "message".clone_into(&mut event.name);
                }
                self.ready.push_back(event);
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if std::mem::replace(&mut self.any_data, true) {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            _ => {} // comments, ids and delays: we ask by cursor, not by the stream's memory
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &str, cut: usize) -> Vec<(String, String)> {
        let mut parser = Parser::default();
        for chunk in text.as_bytes().chunks(cut) {
            assert!(parser.take(chunk));
        }
        parser.ready.into_iter().map(|event| (event.name, event.data)).collect()
    }

    #[test]
    fn events_are_read_however_they_are_cut() {
        let text = ":thump\n\nevent: update\ndata: {\"id\":\ndata: \"1\"}\n\r\ndata:bare\r\n\r\nevent: x\n\ndata: \u{e9}\r\rdata: half";
        let expected: Vec<(String, String)> = [("update", "{\"id\":\n\"1\"}"), ("message", "bare"), ("message", "é")]
            .map(|(name, data)| (name.to_owned(), data.to_owned()))
            .into();
        for cut in [1, 2, 3, 7, 1000] {
            assert_eq!(events(text, cut), expected, "cut every {cut} bytes");
        }
    }

    #[test]
    fn an_event_without_end_is_given_up() {
        let mut parser = Parser::default();
        assert!(!parser.take(&vec![b'x'; MAX_EVENT + 1]));
        let mut parser = Parser::default();
        let line = format!("data: {}\n", "y".repeat(1000));
        assert!(!(0..2 * MAX_EVENT / 1000).all(|_| parser.take(line.as_bytes())));
    }
}
