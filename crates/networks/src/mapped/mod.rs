//! Networks that only approved apps may ask: what they push is read by a mapping, a file of `docs/mappings/` each. Answers
//! go out by the handle's outgoing webhook.

mod mapping;

use std::sync::OnceLock;

use dandelion_post::Refusal;
use serde_json::{Value, json};

use crate::{
    contract::{Connector, Delivery, Place, Received, Unsigned, hex, hmac, hmac_hex_fits, refused, same},
    guess::{Guess, address},
    networks::{About, Field, Once, Proven, Reads, Writes},
};

pub use mapping::Mapping;

const FIELDS: &[Field] = &[
    Field {
        name: "secret",
        label: "Secret",
        secret: true,
        needed: true,
        help: "The app's secret, as the network shows it; where it shows none, a long word of your choice, the same on both sides.",
    },
    Field {
        name: "verify",
        label: "Verify token",
        secret: true,
        needed: false,
        help: "A word of your choice, the same on both sides, where the network asks for one when the webhook is entered there.",
    },
];

const fn about(
    name: &'static str,
    label: &'static str,
    what: &'static str,
    docs: &'static str,
    connector: &'static Mapped,
) -> About {
    About {
        name,
        label,
        reads: Reads { what, poll: false, stream: false, push: true },
        writes: Writes::NOTHING,
        once: Once::Nothing,
        length: None,
        fields: FIELDS,
        limits: "16 MiB a delivery",
        docs,
        proven: Proven::Mapping("typed-in payloads of the documented form"),
        connector,
    }
}

/// Facebook Pages.
pub const FACEBOOK: About = about(
    "facebook",
    "Facebook Pages",
    "posts and comments on a page: said, edited, deleted",
    "Needs an app that Meta approved for pages_manage_metadata and pages_read_user_content. Answers go out by a handle's webhook.",
    &FACEBOOK_READ,
);

/// Instagram.
pub const INSTAGRAM: About = about(
    "instagram",
    "Instagram",
    "comments under the posts of a professional account",
    "Needs an app that Meta approved for instagram_manage_comments. Answers go out by a handle's webhook.",
    &INSTAGRAM_READ,
);

/// LinkedIn.
pub const LINKEDIN: About = about(
    "linkedin",
    "LinkedIn",
    "comments on the posts of an organisation, and mentions of it",
    "Needs an app that LinkedIn approved for its Community Management API. Answers go out by a handle's webhook.",
    &LINKEDIN_READ,
);

/// Trustpilot.
pub const TRUSTPILOT: About = about(
    "trustpilot",
    "Trustpilot",
    "reviews of a company: written, changed, deleted",
    "Enter this source's address with ?secret=… in Trustpilot's integrations. Answers go out by a handle's webhook.",
    &TRUSTPILOT_READ,
);

/// App Store.
pub const APPSTORE: About = about(
    "appstore",
    "App Store",
    "customer reviews, in the form of the App Store Connect API",
    "Apple pushes no reviews: a program of yours asks for them and sends them on, signed. Answers go out by a handle's webhook.",
    &APPSTORE_READ,
);

static FACEBOOK_READ: Mapped =
    Mapped::new("facebook", &["facebook.com", "fb.com"], include_str!("../../../../docs/mappings/facebook.toml"));
static INSTAGRAM_READ: Mapped =
    Mapped::new("instagram", &["instagram.com"], include_str!("../../../../docs/mappings/instagram.toml"));
static LINKEDIN_READ: Mapped =
    Mapped::new("linkedin", &["linkedin.com"], include_str!("../../../../docs/mappings/linkedin.toml"));
static TRUSTPILOT_READ: Mapped =
    Mapped::new("trustpilot", &["trustpilot.com"], include_str!("../../../../docs/mappings/trustpilot.toml"));
static APPSTORE_READ: Mapped = Mapped::new(
    "appstore",
    &["apps.apple.com", "appstoreconnect.apple.com"],
    include_str!("../../../../docs/mappings/appstore.toml"),
);

struct Mapped {
    name: &'static str,
    hosts: &'static [&'static str],
    text: &'static str,
    /// Read when it is first needed.
    mapping: OnceLock<Mapping>,
}

impl Mapped {
    const fn new(name: &'static str, hosts: &'static [&'static str], text: &'static str) -> Self {
        Self { name, hosts, text, mapping: OnceLock::new() }
    }

    /// # Panics
    /// Never: a test reads every mapping that is built in.
    fn mapping(&self) -> &Mapping {
        self.mapping.get_or_init(|| Mapping::read(self.text).expect("a mapping that was tested"))
    }
}

/// Shortest secret taken.
const SHORTEST: usize = 16;

impl Connector for Mapped {
    fn check(&self, place: &Place) -> Result<(), Refusal> {
        if !place.is_web() {
            return Err(Refusal::new("url", format!("write the address, https://{}/…", self.hosts[0]), &place.url));
        }
        if place.credentials.get("secret").is_none_or(|secret| secret.len() < SHORTEST) {
            return Err(Refusal::new("secret", format!("enter a secret of at least {SHORTEST} characters"), ""));
        }
        Ok(())
    }

    fn receive(&self, place: &Place, delivery: &Delivery<'_>) -> Result<Received, Unsigned> {
        let mapping = self.mapping();
        let secret = place.credentials.get("secret").ok_or(Unsigned::NoSecret)?;
        if delivery.get {
            return handshake(mapping, secret, place, delivery);
        }
        let signature = &mapping.signature;
        if let Some(parameter) = &signature.query {
            let given = delivery.parameter(parameter).ok_or(Unsigned::Missing("secret"))?;
            if !same(&given, secret) {
                return Err(Unsigned::Mismatch);
            }
        } else {
            let given = delivery.headers.get(&signature.header).and_then(|value| value.to_str().ok());
            let given =
                given.and_then(|given| given.strip_prefix(&signature.prefix)).ok_or(Unsigned::Missing("signature"))?;
            if !hmac_hex_fits(secret, &[signature.before.as_bytes(), delivery.body], given) {
                return Err(Unsigned::Mismatch);
            }
        }
        let items = match serde_json::from_slice::<Value>(delivery.body) {
            Ok(told) => mapping.posts(&told, delivery.now),
            Err(error) => {
                let raw = Value::String(String::from_utf8_lossy(delivery.body).into_owned());
                vec![Err(refused("json", &error.to_string(), &raw))]
            }
        };
        Ok(Received::Items { id: None, items })
    }

    fn guess(&self, typed: &str) -> Option<Guess> {
        let url = address(typed)?;
        let host = url.host_str()?.trim_start_matches("www.");
        let known = self.hosts.iter().any(|known| host == *known || host.ends_with(&format!(".{known}")));
        known.then(|| Guess::new(3, url.as_str(), &[], format!("what {} sends us of {host}{}", self.name, url.path())))
    }
}

/// A network looks whether we are there before it sends anything.
fn handshake(mapping: &Mapping, secret: &str, place: &Place, delivery: &Delivery<'_>) -> Result<Received, Unsigned> {
    match mapping.handshake.as_deref() {
        Some("hub") => {
            let due = place.credentials.get("verify").ok_or(Unsigned::NoSecret)?;
            let given = delivery.parameter("hub.verify_token").ok_or(Unsigned::Missing("hub.verify_token"))?;
            if !same(&given, due) {
                return Err(Unsigned::Mismatch);
            }
            let body = delivery.parameter("hub.challenge").ok_or(Unsigned::Missing("hub.challenge"))?;
            Ok(Received::Handshake { kind: "text/plain", body })
        }
        Some("challenge") => {
            let code = delivery.parameter("challengeCode").ok_or(Unsigned::Missing("challengeCode"))?;
            let body = json!({ "challengeCode": code, "challengeResponse": hex(&hmac(secret, &[code.as_bytes()])) })
                .to_string();
            Ok(Received::Handshake { kind: "application/json", body })
        }
        _ => Err(Unsigned::NotPushed),
    }
}

#[cfg(test)]
mod tests;
