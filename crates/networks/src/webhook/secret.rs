use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Error;

/// A shared secret. Never shown by accident: its `Debug` and `Display` mask it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

const PREFIX: &str = "whsec_";

impl Secret {
    /// Reads `whsec_…`; the prefix may be missing, as the specification allows.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let encoded = text.strip_prefix(PREFIX).unwrap_or(text);
        let bytes = STANDARD.decode(encoded).map_err(|_| Error::Secret("it is no base64"))?;
        match bytes.len() {
            0..24 => Err(Error::Secret("it is too short")),
            24..=64 => Ok(Self(bytes)),
            _ => Err(Error::Secret("it is too long")),
        }
    }

    /// Makes a new one of 32 bytes; `random` fills them.
    pub fn generate<E>(random: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut bytes = vec![0; 32];
        random(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The secret in full, to be shown once or stored.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}…")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}…")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_survives_the_round_trip_and_is_masked() {
        let secret = Secret::generate(|bytes| {
            bytes.fill(7);
            Ok::<(), std::convert::Infallible>(())
        })
        .unwrap();
        assert_eq!(Secret::parse(&secret.expose()).unwrap(), secret);
        assert_eq!(format!("{secret:?} {secret}"), "whsec_… whsec_…");
        for bad in ["", "whsec_", "whsec_AAAA", "whsec_?", &format!("whsec_{}", "A".repeat(100))] {
            assert!(Secret::parse(bad).is_err(), "{bad} should be refused");
        }
    }
}
