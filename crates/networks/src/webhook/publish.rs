//! The writer for networks that only their owner knows: a signed POST of the reply to an address.
//!
//! The format is Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature: v1,…`); `webhook-id` is the
//! idempotency key, so a receiver that follows the standard sees at once that it has had this one.

use dandelion_post::{Refusal, micros};
use serde_json::json;

use super::{Secret, sign};
use crate::{
    contract::{Access, Place},
    egress::Response,
    outgoing::{Answer, Outgoing},
};

/// The signing key, or what is wrong with it.
pub(super) fn signing_key(place: &Place) -> Result<Secret, Refusal> {
    let wrong = |why: String| Refusal::new("secret", format!("{why}; make one with 24 to 64 random bytes"), "");
    let text = place.credentials.get("secret").unwrap_or_default();
    if !text.starts_with("whsec_") {
        return Err(wrong("a webhook's secret begins with `whsec_`".to_owned()));
    }
    Secret::parse(text).map_err(|_| wrong("the secret has the wrong length, or is no base64 after `whsec_`".to_owned()))
}

pub(super) async fn publish(access: &Access, reply: &Outgoing) -> Answer {
    let secret = match signing_key(&access.place) {
        Ok(secret) => secret,
        Err(refusal) => return Answer::Refused { why: refusal.to_string() },
    };
    let body = json!({
        "type": "reply.published",
        "timestamp": access.now.to_string(),
        "data": {
            "id": reply.key,
            "handle": reply.handle,
            "text": reply.text,
            "in_reply_to": reply.in_reply_to,
        },
    })
    .to_string();
    let at = access.now.as_second().to_string();
    let signature = sign(&reply.key, access.now, body.as_bytes(), &secret);
    let headers = [
        ("content-type", "application/json"),
        ("webhook-id", reply.key.as_str()),
        ("webhook-timestamp", at.as_str()),
        ("webhook-signature", signature.as_str()),
    ];
    match access.client.post(&access.url, &headers, body.into_bytes()).await {
        // Standard Webhooks: whoever has had this id may say so with 409.
        Ok(Response { status: 409, body, .. }) => Answer::published(&body),
        Ok(answer) => Answer::read(&answer, micros(access.now)),
        Err(error) => error.into(),
    }
}
