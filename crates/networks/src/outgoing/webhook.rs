use base64::{Engine as _, engine::general_purpose::STANDARD};
use dandelion_post::{Micros, rfc3339};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use super::{Account, Answer, Outgoing};
use crate::egress::{Client, Response};

/// The writer for networks that only their owner knows: a signed POST of the reply to an address.
///
/// The format is Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature: v1,…`); `webhook-id` is the
/// idempotency key, so a receiver that follows the standard sees at once that it has had this one.
#[derive(Debug, Clone)]
pub struct Webhook {
    pub(super) client: Client,
    pub(super) account: Account,
}

impl Webhook {
    pub(super) async fn publish(&self, reply: &Outgoing, now: Micros) -> Answer {
        let body = json!({
            "type": "reply.published",
            "timestamp": rfc3339(now),
            "data": {
                "id": reply.key,
                "handle": reply.handle,
                "text": reply.text,
                "in_reply_to": reply.in_reply_to,
            },
        })
        .to_string();
        let at = (now / 1_000_000).to_string();
        let signature = sign(&self.account.secret, &reply.key, &at, &body);
        let headers = [
            ("content-type", "application/json"),
            ("webhook-id", reply.key.as_str()),
            ("webhook-timestamp", at.as_str()),
            ("webhook-signature", signature.as_str()),
        ];
        match self.client.post(&self.account.address, &headers, body.into_bytes()).await {
            // Standard Webhooks: whoever has had this id may say so with 409.
            Ok(Response { status: 409, body, .. }) => Answer::published(&body),
            Ok(answer) => Answer::read(&answer, now),
            Err(error) => error.into(),
        }
    }
}

/// `v1,` and the base64 of HMAC-SHA-256 over `id.timestamp.body`.
fn sign(key: &[u8], id: &str, at: &str, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    for part in [id, ".", at, ".", body] {
        mac.update(part.as_bytes());
    }
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}
