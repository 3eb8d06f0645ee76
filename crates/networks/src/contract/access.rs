use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::Meter;
use crate::egress::Client;

/// A place of a network, as a person set it up.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Where it lives.
    pub url: String,
    /// What the person chose: which timeline, which tag, how visible.
    pub settings: Map<String, Value>,
    /// What proves who we are.
    pub credentials: Credentials,
}

/// A place with the way to it.
#[derive(Debug, Clone)]
pub struct Access {
    /// The way out.
    pub client: Client,
    /// The place.
    pub place: Place,
    /// What time it is.
    pub now: Timestamp,
    /// What answers said is left, where the network counts endpoint by endpoint.
    pub meter: Meter,
}

impl Access {
    /// A way to `place` by `client`, at `now`.
    pub fn new(client: Client, place: Place, now: Timestamp) -> Self {
        Self { client, place, now, meter: Meter::default() }
    }
}

impl std::ops::Deref for Access {
    type Target = Place;
    fn deref(&self) -> &Place {
        &self.place
    }
}

impl Place {
    /// A setting as text; an empty one is none.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
    }

    /// Whether its address is one of the web.
    pub fn is_web(&self) -> bool {
        Url::parse(&self.url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
    }

    /// A path below the place's address.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url.trim_end_matches('/'))
    }
}

/// Secrets by name (`token`, `secret`, …). Never shown by accident: its `Debug` gives the names only.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Credentials(BTreeMap<String, String>);

impl Credentials {
    /// None at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// One secret of this name, or, where it is written as a JSON object of texts, several by their own names.
    pub fn read(name: &str, text: &str) -> Self {
        let text = text.trim();
        let several = if text.starts_with('{') { serde_json::from_str(text).ok() } else { None };
        several.unwrap_or_else(|| Self::none().with(name, text))
    }

    /// With one secret more.
    #[must_use]
    pub fn with(mut self, name: &str, secret: impl Into<String>) -> Self {
        self.set(name, secret);
        self
    }

    /// Puts a secret in; an empty one takes it out.
    pub fn set(&mut self, name: &str, secret: impl Into<String>) {
        let secret = secret.into();
        if secret.is_empty() {
            self.0.remove(name);
        } else {
            self.0.insert(name.to_owned(), secret);
        }
    }

    /// A secret, if there is one.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Which there are.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Credentials;

    #[test]
    fn secrets_are_not_shown() {
        let mut credentials = Credentials::none().with("token", "hush").with("old", "x");
        credentials.set("old", "");
        assert_eq!(format!("{credentials:?}"), "{\"token\"}");
        assert_eq!(credentials.get("token"), Some("hush"));
        assert_eq!(credentials.names().collect::<Vec<_>>(), ["token"]);
        let back: Credentials = serde_json::from_str(&serde_json::to_string(&credentials).unwrap()).unwrap();
        assert_eq!(back, credentials);
        let several = Credentials::read("token", r#" {"token":"a","secret":"b"} "#);
        assert_eq!((several.get("token"), several.get("secret")), (Some("a"), Some("b")));
        assert_eq!(Credentials::read("token", " {odd ").get("token"), Some("{odd"));
    }
}
