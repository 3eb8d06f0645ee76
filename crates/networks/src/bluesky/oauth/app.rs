//! What we are to the servers that people sign in at (atproto.com/specs/oauth, "Clients"): an application whose
//! description lies at our own address, or where no https address leads here, the one of every developer's own machine.

use dandelion_post::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::{Host, Url};

use super::scope;
use crate::jose::{self, Key, NoKey};

/// Where the description lies.
const DOCUMENT: &str = "/oauth/client-metadata.json";
/// Where the public key lies that our requests are checked with.
const KEYS: &str = "/oauth/jwks.json";
/// Where people come back to.
const BACK: &str = "/oauth/callback";

/// What an application says of itself, and proves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// Its id: where its description lies.
    pub id: String,
    /// Where people come back to.
    pub back: String,
    /// What proves that it is us; none on a developer's own machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl App {
    /// What an installation reached at `base` is: with an https address and a name, a confidential client with `key`;
    /// on loopback, the client of that machine.
    pub fn of(base: &Url, key: &str) -> Result<Self, Refusal> {
        let named = matches!(base.host(), Some(Host::Domain(name)) if name != "localhost");
        if base.scheme() == "https" && named {
            let at = |path: &str| base.join(path).map(String::from).unwrap_or_default();
            return Ok(Self { id: at(DOCUMENT), back: at(BACK), key: Some(key.to_owned()) });
        }
        let loopback = match base.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if base.scheme() != "http" || !loopback {
            let reason = "people can only be sent back to an https address with a name, or to the machine they sit at; \
                          set public_url to such an address, or enter an app password";
            return Err(Refusal::new("public_url", reason, base.as_str()));
        }
        // Servers take `localhost` for the id only, and any port of the address.
        let host = if matches!(base.host(), Some(Host::Ipv6(_))) { "[::1]" } else { "127.0.0.1" };
        let back = |port: String| format!("http://{host}{port}{BACK}");
        let asked = [("redirect_uri", back(String::new())), ("scope", scope::all())];
        let asked = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish();
        let port = base.port().map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Self { id: format!("http://localhost?{asked}"), back: back(port), key: None })
    }

    /// Its description, to be shown at its id; none on a developer's own machine.
    pub fn document(&self, base: &Url) -> Option<Value> {
        self.key.as_ref()?;
        Some(json!({
            "client_id": self.id,
            "client_name": "Dandelion",
            "client_uri": base.as_str(),
            "application_type": "web",
            "redirect_uris": [self.back],
            "response_types": ["code"],
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": scope::all(),
            "dpop_bound_access_tokens": true,
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "ES256",
            "jwks_uri": base.join(KEYS).map(String::from).unwrap_or_default(),
        }))
    }

    /// Its public keys, to be shown beside the description.
    pub fn keys(&self) -> Result<Option<Value>, NoKey> {
        let Some(key) = self.key.as_deref().map(Key::read).transpose()? else { return Ok(None) };
        let mut public = key.public();
        public["kid"] = key.thumbprint().into();
        public["use"] = "sig".into();
        public["alg"] = "ES256".into();
        Ok(Some(json!({ "keys": [public] })))
    }

    /// What names it in a request to `issuer`, with the proof that it is us (RFC 7523 §2.2).
    pub(super) fn named(&self, issuer: &str, now: jiff::Timestamp) -> Result<Vec<(&'static str, String)>, NoKey> {
        let mut named = vec![("client_id", self.id.clone())];
        if let Some(key) = self.key.as_deref().map(Key::read).transpose()? {
            let at = now.as_second();
            let claims = json!({
                "iss": self.id, "sub": self.id, "aud": issuer, "jti": jose::random(), "iat": at, "exp": at + 60,
            });
            let assertion = key.sign(json!({ "kid": key.thumbprint() }), &claims)?;
            named.push(("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned()));
            named.push(("client_assertion", assertion));
        }
        Ok(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(base: &str) -> Result<App, Refusal> {
        App::of(&base.parse().unwrap(), &jose::fresh().unwrap())
    }

    #[test]
    fn with_an_https_address_it_is_described_there() {
        let base: Url = "https://hub.example/".parse().unwrap();
        let app = of(base.as_str()).unwrap();
        assert_eq!(app.id, "https://hub.example/oauth/client-metadata.json");
        let document = app.document(&base).unwrap();
        assert_eq!(document["client_id"], app.id.as_str());
        assert_eq!(document["redirect_uris"], json!(["https://hub.example/oauth/callback"]));
        let keys = app.keys().unwrap().unwrap();
        assert_eq!(keys["keys"][0]["kty"], "EC");
        assert!(keys["keys"][0].get("d").is_none(), "never the private half");
        let named = app.named("https://pds.example", jiff::Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(named.len(), 3);
    }

    #[test]
    fn on_loopback_it_is_the_machines_own_and_elsewhere_it_is_said_what_is_missing() {
        for (base, back) in [
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/oauth/callback"),
            ("http://localhost:8080/", "http://127.0.0.1:8080/oauth/callback"),
            ("http://[::1]:8080/", "http://[::1]:8080/oauth/callback"),
        ] {
            let app = of(base).unwrap();
            assert_eq!(app.back, back);
            assert!(app.id.starts_with("http://localhost?redirect_uri=http%3A%2F%2F"), "{}", app.id);
            assert!(app.key.is_none() && app.document(&base.parse().unwrap()).is_none());
            assert_eq!(app.named("x", jiff::Timestamp::UNIX_EPOCH).unwrap().len(), 1);
        }
        for base in ["http://hub.example/", "http://192.168.1.5/", "https://192.168.1.5/"] {
            assert!(of(base).unwrap_err().to_string().contains("public_url"), "{base}");
        }
    }
}
