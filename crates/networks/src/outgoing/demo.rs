use dandelion_post::Micros;
use serde_json::json;

use super::{Account, Answer, Outgoing};
use crate::egress::Client;

/// The writer for the demo network: `POST /api/posts` with `Idempotency-Key` and a bearer token.
#[derive(Debug, Clone)]
pub struct Demo {
    pub(super) client: Client,
    pub(super) account: Account,
}

impl Demo {
    pub(super) async fn publish(&self, reply: &Outgoing, now: Micros) -> Answer {
        let address = format!("{}/api/posts", self.account.address.trim_end_matches('/'));
        let token = format!("Bearer {}", String::from_utf8_lossy(&self.account.secret));
        let headers = [
            ("content-type", "application/json"),
            ("authorization", token.as_str()),
            ("idempotency-key", reply.key.as_str()),
        ];
        let body = json!({ "author": reply.handle, "text": reply.text, "in_reply_to": reply.in_reply_to }).to_string();
        match self.client.post(&address, &headers, body.into_bytes()).await {
            Ok(answer) => Answer::read(&answer, now),
            Err(error) => error.into(),
        }
    }
}
