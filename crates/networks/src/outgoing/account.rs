use std::time::Duration;

use dandelion_post::{Micros, Refusal};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    contract::{Credentials, Place},
    networks::{self, About, Once},
};

/// What is needed to write as one account of ours.
#[derive(Debug, Clone)]
pub struct Account {
    /// The network that writes.
    pub about: &'static About,
    /// Where to, with what is needed there.
    pub place: Place,
    /// How long the other side remembers our idempotency keys; `None` if it does not look at them.
    pub keys_for: Option<Duration>,
}

/// What may be done after an attempt that nobody acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// The same once more: the network remembers the key and will not publish twice.
    SameKey,
    /// Look first ([`find`](crate::contract::Connector::find)): read our account back, or ask whether that is needed.
    LookFirst,
    /// Nothing: a person decides.
    Never,
}

/// How a handle is configured to write. Fields we do not know are its network's settings.
#[derive(Deserialize)]
struct Config {
    kind: Option<String>,
    address: Option<String>,
    secret: Option<String>,
    #[serde(default)]
    honours_keys: bool,
    keys_hours: Option<u64>,
    #[serde(default)]
    settings: Map<String, Value>,
}

/// How long keys are counted on where the configuration does not say: what most interfaces promise.
const KEYS_HOURS: u64 = 24;

impl Account {
    /// Reads a handle's configuration, a JSON object with `address`, `secret` (for webhooks `whsec_…` in base64, for
    /// others the token; where a network wants several, a JSON object of them by name), `settings`, and `kind` (the network whose writer is used: by default the handle's own where
    /// it can be written to, and `webhook` on all others). Where the network leaves it open, `honours_keys` (default
    /// false, the safe side) and `keys_hours` (default 24) say whether keys may be counted on.
    pub fn read(network: &str, config: &str) -> Result<Self, Refusal> {
        let read: Config = serde_json::from_str(config).map_err(|e| {
            Refusal::new("config", format!("the handle's configuration cannot be read ({e}); save it again"), "")
        })?;
        let about = writer(network, read.kind.as_deref())?;
        let address = read.address.filter(|address| !address.trim().is_empty()).ok_or_else(|| {
            Refusal::new("address", "the handle has no address to publish to; enter it in the handle's settings", "")
        })?;
        let mut credentials = Credentials::none();
        if let (Some(field), Some(secret)) = (about.secret(), read.secret) {
            credentials = Credentials::read(field.name, &secret);
        }
        let place = Place { url: address, settings: read.settings, credentials };
        about.connector.check(&place)?;
        let agreed = || Duration::from_secs(read.keys_hours.unwrap_or(KEYS_HOURS).min(24 * 365) * 3600);
        let keys_for = match about.once {
            Once::Key { minutes, .. } => Some(Duration::from_secs(minutes * 60)),
            Once::Agreed => read.honours_keys.then(agreed),
            Once::KeyWhereKnown { .. } | Once::ReadBack | Once::Nothing => None,
        };
        Ok(Self { about, place, keys_for })
    }

    /// What may be done at `at` about an attempt made at `since` that nobody acknowledged.
    pub fn again(&self, since: Micros, at: Micros) -> Again {
        let window = |window: Duration| Micros::try_from(window.as_micros()).unwrap_or(Micros::MAX);
        if self.keys_for.is_some_and(|keys| at - since < window(keys)) {
            return Again::SameKey;
        }
        match self.about.once {
            Once::ReadBack | Once::KeyWhereKnown { .. } | Once::Key { then_read_back: true, .. } => Again::LookFirst,
            _ => Again::Never,
        }
    }
}

fn writer(network: &str, kind: Option<&str>) -> Result<&'static About, Refusal> {
    let can_write = |about: &&About| !about.writes.words().is_empty();
    match kind {
        Some(kind) => networks::find(kind).filter(can_write).ok_or_else(|| {
            Refusal::new("kind", "is no network that can be written to; leave it out, or write `webhook`", kind)
        }),
        None => Ok(networks::find(network).filter(can_write).unwrap_or(&crate::webhook::WEBHOOK)),
    }
}
