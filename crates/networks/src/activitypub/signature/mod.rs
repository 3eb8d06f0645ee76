//! Signed HTTP messages: draft-cavage-http-signatures-12, which most of the fediverse speaks, and RFC 9421, which is
//! taking its place; the digests they cover (RFC 9530 `Content-Digest`, RFC 3230 `Digest`).

mod cavage;
mod digest;
mod message;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA512, UnparsedPublicKey,
};

use super::keys::Keys;

/// How old a signature may be, and how far ahead of our clock.
const FRESH: SignedDuration = SignedDuration::from_hours(1);

/// A message as far as it can be signed.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Its method; empty for an answer.
    pub method: &'a str,
    /// `https` or `http`.
    pub scheme: &'a str,
    /// The host it was sent to, with its port where that is not the usual one.
    pub authority: &'a str,
    /// Its path, from the first slash.
    pub path: &'a str,
    /// Its query without the question mark, where there is one.
    pub query: Option<&'a str>,
    /// The status of an answer.
    pub status: Option<u16>,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body.
    pub body: &'a [u8],
}

/// Why a signature does not hold, in words for whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// There is none.
    #[error("the delivery is not signed; send `Signature`, and `Signature-Input` where it is of RFC 9421")]
    None,
    /// It cannot be read.
    #[error("the signature cannot be read: {0}")]
    Broken(&'static str),
    /// It leaves out what has to be in it.
    #[error("the signature does not cover {0}")]
    Uncovered(&'static str),
    /// The body is not what the digest says, or has none.
    #[error("the body does not have the digest that is signed, or none of sha-256 or sha-512 is there")]
    Digest,
    /// Signed too long ago, or in the future.
    #[error("it was signed more than an hour away from our clock, or does not say when")]
    Stale,
    /// The key does not fit.
    #[error("the signature does not fit the key")]
    Mismatch,
}

/// A signature that was read and whose digest and moment hold; only its key is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The key it says it was made with.
    pub key_id: String,
    /// How it was signed.
    pub way: Way,
    base: Vec<u8>,
    signature: Vec<u8>,
    pss: bool,
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// RSA, as PKCS#1.
    Rsa(Vec<u8>),
    /// Ed25519, 32 bytes.
    Ed25519(Vec<u8>),
    /// ECDSA on P-256, an uncompressed point.
    P256(Vec<u8>),
}

impl Claim {
    /// Reads the signature of a request, by RFC 9421 where it has one of that kind. Everything that can be checked
    /// without its key is checked here, so that nothing is asked of anybody for what cannot hold.
    pub fn read(message: &Message<'_>, now: Timestamp) -> Result<Self, Unsigned> {
        if message.headers.contains_key("signature-input") {
            return message::read(message, now);
        }
        if message.headers.contains_key("signature") {
            return cavage::read(message, now);
        }
        Err(Unsigned::None)
    }

    /// Whether it was made with this key.
    pub fn holds(&self, key: &PublicKey) -> Result<(), Unsigned> {
        let checked = match key {
            PublicKey::Rsa(der) if self.pss => {
                UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA512, der).verify(&self.base, &self.signature)
            }
            PublicKey::Rsa(der) => {
                UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).verify(&self.base, &self.signature)
            }
            PublicKey::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(&self.base, &self.signature),
            PublicKey::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(&self.base, &self.signature)
            }
        };
        checked.map_err(|_| Unsigned::Mismatch)
    }
}

/// How a request of ours is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As most servers know it.
    Cavage,
    /// RFC 9421.
    Message,
}

impl Way {
    /// Its name where it is kept.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cavage => "cavage",
            Self::Message => "rfc9421",
        }
    }

    /// The way of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Cavage, Self::Message].into_iter().find(|way| way.as_str() == name)
    }

    /// The other one.
    pub(super) fn other(self) -> Self {
        match self {
            Self::Cavage => Self::Message,
            Self::Message => Self::Cavage,
        }
    }
}

/// The headers that sign a request of ours to `url`.
pub(super) fn sign(
    keys: &Keys,
    key_id: &str,
    way: Way,
    (method, url): (&str, &url::Url),
    body: &[u8],
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    match way {
        Way::Cavage => cavage::sign(keys, key_id, method, url, body, now),
        Way::Message => message::sign(keys, key_id, method, url, body, now),
    }
}

fn fresh(at: Timestamp, now: Timestamp) -> Result<(), Unsigned> {
    if at.duration_since(now).abs() > FRESH { Err(Unsigned::Stale) } else { Ok(()) }
}

/// A header's values, joined as HTTP joins them.
fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Option<Vec<&str>> = headers.get_all(name).iter().map(|value| value.to_str().ok()).collect();
    let values = values.filter(|values| !values.is_empty())?;
    Some(values.iter().map(|value| value.trim()).collect::<Vec<_>>().join(", "))
}

/// The host of an address, with its port where that is not the usual one.
pub(super) fn authority(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
