use dandelion_post::micros;
use serde_json::json;

use super::authorization;
use crate::{
    contract::Access,
    outgoing::{Answer, Outgoing},
};

/// `POST /api/posts` with `Idempotency-Key` and a bearer token.
pub(super) async fn publish(access: &Access, reply: &Outgoing) -> Answer {
    let token = authorization(access);
    let headers = [
        ("content-type", "application/json"),
        ("authorization", token.as_str()),
        ("idempotency-key", reply.key.as_str()),
    ];
    let body = json!({ "author": reply.handle, "text": reply.text, "in_reply_to": reply.in_reply_to }).to_string();
    match access.client.post(&access.at("/api/posts"), &headers, body.into_bytes()).await {
        Ok(answer) => Answer::read(&answer, micros(access.now)),
        Err(error) => error.into(),
    }
}
