use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use dandelion_post::Refusal;
use serde::Deserialize;

/// How an account is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A signed webhook.
    Webhook,
    /// The demo network.
    Demo,
}

/// What is needed to write as one account of ours.
#[derive(Clone)]
pub struct Account {
    /// Which writer.
    pub kind: Kind,
    /// Where to: the address that takes webhooks, or the root of the demo network.
    pub address: String,
    /// Webhook: the signing key. Demo network: the bearer token.
    pub secret: Vec<u8>,
    /// How long the other side remembers our idempotency keys; `None` if it does not look at them. Only while it
    /// remembers may an attempt in doubt be made again.
    pub keys_for: Option<Duration>,
}

/// The secret stays out of logs and panics.
impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("kind", &self.kind)
            .field("address", &self.address)
            .field("keys_for", &self.keys_for)
            .finish_non_exhaustive()
    }
}

/// The part of a handle's configuration that concerns writing; other fields are other people's.
#[derive(Deserialize)]
struct Config {
    kind: Option<Kind>,
    address: Option<String>,
    secret: Option<String>,
    #[serde(default)]
    honours_keys: bool,
    keys_hours: Option<u64>,
}

/// How long keys are counted on where the configuration does not say: what most interfaces promise.
const KEYS_HOURS: u64 = 24;

impl Account {
    /// Reads a handle's configuration, a JSON object with `address`, `secret` (for webhooks `whsec_…` in base64),
    /// `honours_keys` (default false, the safe side), `keys_hours` (default 24) and `kind` (`webhook` or `demo`; by
    /// default `demo` on the network of that name and `webhook` on all others).
    pub fn read(network: &str, config: &str) -> Result<Self, Refusal> {
        let read: Config = serde_json::from_str(config).map_err(|e| {
            Refusal::new(
                "config",
                format!("the handle's configuration cannot be read ({e}); save the handle again"),
                "",
            )
        })?;
        let kind = read.kind.unwrap_or(if network == "demo" { Kind::Demo } else { Kind::Webhook });
        let address = read.address.filter(|address| !address.trim().is_empty()).ok_or_else(|| {
            Refusal::new("address", "the handle has no address to publish to; enter it in the handle's settings", "")
        })?;
        let secret = read.secret.unwrap_or_default();
        let secret = match kind {
            Kind::Demo => secret.into_bytes(),
            Kind::Webhook => signing_key(&secret)?,
        };
        let keys_for =
            read.honours_keys.then(|| Duration::from_secs(read.keys_hours.unwrap_or(KEYS_HOURS).min(24 * 365) * 3600));
        Ok(Self { kind, address, secret, keys_for })
    }
}

/// Standard Webhooks: `whsec_` and 24 to 64 bytes in base64.
fn signing_key(text: &str) -> Result<Vec<u8>, Refusal> {
    let wrong = |why: &str| Refusal::new("secret", format!("{why}; make one with 24 to 64 random bytes"), "");
    let encoded = text.strip_prefix("whsec_").ok_or_else(|| wrong("a webhook's secret begins with `whsec_`"))?;
    let key = STANDARD.decode(encoded).map_err(|_| wrong("after `whsec_` the secret must be base64"))?;
    if (24..=64).contains(&key.len()) { Ok(key) } else { Err(wrong("the secret has the wrong length")) }
}
