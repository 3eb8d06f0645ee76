//! Signed posts pushed to us, by Standard Webhooks (<https://www.standardwebhooks.com>, symmetric `v1` signatures).
//!
//! A delivery carries `webhook-id`, `webhook-timestamp` (seconds) and `webhook-signature`; signed is
//! `{id}.{timestamp}.{body}` with HMAC-SHA256. Several secrets may live at once, so that one can be replaced without
//! losing a delivery. The id is the same when a delivery is tried again; remembering ids is the caller's.

mod payload;
mod publish;
mod secret;
mod signature;

pub use payload::{Kind, MAX_POSTS, decode};
pub use secret::Secret;
pub use signature::{Delivery, ID, SIGNATURE, TIMESTAMP, sign, verify};

use std::time::Duration;

use crate::{
    Later,
    contract::{Access, Connector, Place},
    networks::{About, Field, Once, Proven, Reads, Writes},
    outgoing::{Answer, Outgoing},
};

/// What this network is.
pub const ABOUT: About = About {
    name: "webhook",
    label: "Signed webhook",
    reads: Reads {
        what: "posts pushed to us: created, edited, deleted, one or many a delivery",
        poll: false,
        stream: false,
        push: true,
    },
    writes: Writes { reply: true, post: true, ..Writes::NOTHING },
    once: Once::Agreed,
    length: None,
    fields: &[Field {
        name: "secret",
        label: "Secret",
        secret: true,
        needed: false,
        help: "Made for you when the webhook is connected; give it to the system that sends.",
    }],
    limits: "1,000 posts a delivery; 5 minutes between signing and arrival",
    docs: "Standard Webhooks with a `whsec_` secret; answered 2xx only once everything is stored.",
    proven: Proven::Format("the vectors published with Standard Webhooks"),
    connector: &Webhook,
};

/// The same where a reference to it is needed.
pub(crate) static WEBHOOK: About = ABOUT;

struct Webhook;

impl Connector for Webhook {
    fn check(&self, place: &Place) -> Result<(), dandelion_post::Refusal> {
        publish::signing_key(place).map(drop)
    }

    fn publish<'a>(&'a self, access: &'a Access, reply: &'a Outgoing) -> Later<'a, Answer> {
        Box::pin(publish::publish(access, reply))
    }
}

/// How old or how far ahead a delivery may be: what the specification's own libraries use.
pub const TOLERANCE: Duration = Duration::from_mins(5);

/// Why a delivery or a secret is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A header is not there.
    #[error("the header `{0}` is missing; sign deliveries by Standard Webhooks")]
    Missing(&'static str),
    /// A header cannot be read.
    #[error("the header `{name}` cannot be read ({why})")]
    Header {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Signed too long ago: perhaps a replay.
    #[error("the delivery was signed {0} s ago, which is too long; check the sender's clock or sign it anew")]
    TooOld(i64),
    /// Signed in the future.
    #[error("the delivery was signed {0} s in the future; check the sender's clock")]
    TooNew(i64),
    /// No signature of a kind we know.
    #[error("there is no `v1` signature in `webhook-signature`")]
    NoSignature,
    /// No signature fits.
    #[error(
        "no signature fits the body and our secrets; check that the sender has the current secret and signs the raw body"
    )]
    Mismatch,
    /// There is nothing to check with.
    #[error("this webhook has no live secret; make one")]
    NoSecret,
    /// A secret that cannot be one.
    #[error("this is no webhook secret ({0}); it reads whsec_ and 24 to 64 bytes in base64")]
    Secret(&'static str),
}
