use serde::{Deserialize, Serialize};

/// The name of a network: lower-case ASCII letters, digits, `-` and `_`, at most 32 bytes.
///
/// Which networks exist is the `networks` crate's table; this is only the word, so that posts of a network
/// nobody has a connector for can still be imported.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(String);

/// Why a string is no network name.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a network name: use 1 to 32 of a–z, 0–9, `-` and `_`")]
pub struct NetworkError(String);

impl Network {
    /// Checks and keeps a name. Upper case is folded, everything else that does not fit is an error.
    pub fn new(name: &str) -> Result<Self, NetworkError> {
        let folded = name.trim().to_ascii_lowercase();
        let fits = (1..=32).contains(&folded.len())
            && folded.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
        if fits { Ok(Self(folded)) } else { Err(NetworkError(name.chars().take(40).collect())) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;
    fn try_from(name: String) -> Result<Self, NetworkError> {
        Self::new(&name)
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.0
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Network;

    #[test]
    fn names_are_folded_and_checked() {
        assert_eq!(Network::new(" Mastodon ").unwrap().as_str(), "mastodon");
        for bad in ["", "a b", "é", &"x".repeat(33), "a/b"] {
            assert!(Network::new(bad).is_err(), "{bad} should be refused");
        }
    }
}
