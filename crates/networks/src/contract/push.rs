use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use reqwest::header::HeaderMap;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::Item;

/// What was pushed to us, exactly as it came.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// Whether it was a GET: how some networks shake hands.
    pub get: bool,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its query, without the question mark.
    pub query: &'a str,
    /// Its body.
    pub body: &'a [u8],
    /// When it came.
    pub now: Timestamp,
}

/// What a delivery was.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// Posts, and what the network calls the delivery.
    Items {
        /// The network's id of it, the same when it is sent again.
        id: Option<String>,
        /// What it held; empty for news that is no post.
        items: Vec<Item>,
    },
    /// A handshake: answer exactly this.
    Handshake {
        /// Media type of the answer.
        kind: &'static str,
        /// The answer.
        body: String,
    },
}

/// Why a delivery is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// This network sends us nothing by itself.
    #[error("this network is asked; it sends nothing by itself")]
    NotPushed,
    /// No secret is known to check it with.
    #[error("no secret is set for this source; enter the one that the network signs with")]
    NoSecret,
    /// The signature is not there or is none.
    #[error("the header `{0}` is missing or cannot be read")]
    Missing(&'static str),
    /// The signature does not fit.
    #[error("the signature does not fit; check that both sides have the same secret")]
    Mismatch,
    /// Signed too long ago, or in the future.
    #[error("it was signed {0} seconds away from our clock; at most 300 are allowed")]
    Stale(i64),
}

impl Delivery<'_> {
    /// A header as text.
    pub fn header(&self, name: &'static str) -> Result<&str, Unsigned> {
        self.headers.get(name).and_then(|value| value.to_str().ok()).ok_or(Unsigned::Missing(name))
    }

    /// A parameter of the query, decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_bytes()).find(|(key, _)| key == name).map(|(_, v)| v.into_owned())
    }

    /// Whether `at` (seconds since 1970) lies within five minutes of now, in both directions.
    pub fn fresh(&self, at: i64) -> Result<(), Unsigned> {
        let age = self.now.as_second().saturating_sub(at);
        if age.saturating_abs() > 300 { Err(Unsigned::Stale(age)) } else { Ok(()) }
    }
}

/// Whether two texts are the same, in a time that does not tell where they differ.
pub fn same(given: &str, due: &str) -> bool {
    given.as_bytes().ct_eq(due.as_bytes()).into()
}

/// Whether `given` is the HMAC-SHA-256 of `parts` in hexadecimal; constant time.
pub fn hmac_hex_fits(secret: &str, parts: &[&[u8]], given: &str) -> bool {
    same(&given.to_ascii_lowercase(), &hex(&hmac(secret, parts)))
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |all, byte| format!("{all}{byte:02x}"))
}

/// HMAC-SHA-256 over `parts` one after the other.
///
/// # Panics
/// Never: HMAC takes keys of any length.
pub fn hmac(secret: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vector_is_met() {
        // GitHub's documentation, "Validating webhook deliveries": testing the webhook payload validation.
        let due = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(hmac_hex_fits("It's a Secret to Everybody", &[b"Hello, ", b"World!"], due));
        assert!(hmac_hex_fits("It's a Secret to Everybody", &[b"Hello, World!"], &due.to_uppercase()));
        assert!(!hmac_hex_fits("It's a secret to everybody", &[b"Hello, World!"], due));
        assert!(!hmac_hex_fits("It's a Secret to Everybody", &[b"Hello, World!"], ""));
    }
}
