//! WebSockets (RFC 6455), by the same rules as everything else that goes out.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::StreamExt as _;
use jiff::Timestamp;
use reqwest::{Method, Upgraded, header::HeaderValue};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role, protocol::WebSocketConfig},
};

use super::{Client, Error, MAX_HEADERS, failed, read_headers, read_url, short, stay_away};

/// Largest message taken, in bytes.
const MAX_MESSAGE: usize = 1024 * 1024;
/// What both sides append to the key before hashing it (RFC 6455 §1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// An open WebSocket that only brings: pings are answered, and nothing is ever sent by us.
pub struct WebSocket {
    host: String,
    idle: Duration,
    stream: WebSocketStream<Upgraded>,
}

impl std::fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebSocket").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Client {
    /// Opens a WebSocket at `url` (`http`, `https`, `ws` or `wss`). Redirects are not followed. `idle` is how long it
    /// may be silent before it counts as broken. Where it is refused, the error says how long the other side wants to
    /// be left alone, counted from `now`.
    pub async fn web_socket(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        idle: Duration,
        now: Timestamp,
    ) -> Result<WebSocket, Error> {
        let plain = url.strip_prefix("wss://").map(|rest| format!("https://{rest}"));
        let plain = plain.or_else(|| url.strip_prefix("ws://").map(|rest| format!("http://{rest}")));
        let at = read_url(plain.as_deref().unwrap_or(url))?;
        let host = at.host_str().unwrap_or_default().to_owned();
        let mut headers = read_headers(headers)?;
        let mut nonce = [0_u8; 16];
        getrandom::fill(&mut nonce).map_err(|error| Error::Client(error.to_string()))?;
        let key = STANDARD.encode(nonce);
        for (name, value) in [
            ("accept-encoding", "identity"),
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", &key),
        ] {
            headers.insert(name, HeaderValue::from_str(value).map_err(|_| Error::Header { name: name.to_owned() })?);
        }
        self.check_literal(&at)?;
        let asked = self.for_sockets(&at).request(Method::GET, at.clone()).headers(headers).send();
        let answer = tokio::time::timeout(self.rules().deadline, asked)
            .await
            .map_err(|_| Error::Deadline { host: host.clone(), deadline: self.rules().deadline })?
            .map_err(|e| failed(&e, &host))?;
        if let Some(peer) = answer.remote_addr() {
            self.check_address(&at, peer.ip())?;
        }
        let size: usize = answer.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        if size > MAX_HEADERS {
            return Err(Error::Headers { host, limit: MAX_HEADERS });
        }
        let accepted = answer.headers().get("sec-websocket-accept").and_then(|value| value.to_str().ok());
        if answer.status().as_u16() != 101 || accepted != Some(&accept(&key)) {
            let mut url = at;
            url.set_query(None);
            // 200 is a page, not a socket: nothing that waiting would mend.
            let status = if matches!(answer.status().as_u16(), 101 | 200) { 406 } else { answer.status().as_u16() };
            let retry_after = stay_away(answer.headers(), now);
            return Err(Error::Status { url: short(url.as_str()), status, retry_after });
        }
        let raw = answer.upgrade().await.map_err(|e| failed(&e, &host))?;
        let limits = WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
        let stream = WebSocketStream::from_raw_socket(raw, Role::Client, Some(limits)).await;
        Ok(WebSocket { host, idle, stream })
    }
}

impl WebSocket {
    /// The next message as text; [`Error::Connection`] when it was closed, broke or went silent. Waiting for it can be
    /// given up at any time without losing anything.
    pub async fn next(&mut self) -> Result<String, Error> {
        let broken = |host: &str, why: String| Error::Connection { host: host.to_owned(), why };
        loop {
            match tokio::time::timeout(self.idle, self.stream.next()).await {
                Err(_) => return Err(broken(&self.host, "it went silent".to_owned())),
                Ok(None | Some(Ok(Message::Close(_)))) => return Err(broken(&self.host, "it was closed".to_owned())),
                Ok(Some(Err(error))) => return Err(broken(&self.host, error.to_string())),
                Ok(Some(Ok(Message::Text(text)))) => return Ok(text.as_str().to_owned()),
                Ok(Some(Ok(_))) => {}
            }
        }
    }
}

/// What the other side has to answer to a key.
fn accept(key: &str) -> String {
    let both = format!("{key}{GUID}");
    STANDARD.encode(ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, both.as_bytes()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_example_of_the_specification_is_met() {
        // RFC 6455 §1.3.
        assert_eq!(super::accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
