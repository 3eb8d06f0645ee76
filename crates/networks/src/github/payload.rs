//! From a webhook's payload to posts, as a pure function.

use jiff::Timestamp;
use serde_json::Value;

use super::post::{self, State};
use crate::contract::{Item, refused};

/// The posts of a delivery: one for something said, edited or deleted, none for everything else that happens in a
/// repository (labels, stars, pings), and a refusal for what cannot be read.
pub fn items(event: &str, body: &[u8], now: Timestamp) -> Vec<Item> {
    let part = match event {
        "issues" => "issue",
        "discussion" => "discussion",
        "issue_comment" | "discussion_comment" | "pull_request_review_comment" => "comment",
        _ => return Vec::new(),
    };
    let mut payload: Value = match serde_json::from_slice(body) {
        Ok(payload) => payload,
        Err(error) => {
            let raw = Value::String(String::from_utf8_lossy(body).into_owned());
            return vec![Err(refused("json", &error.to_string(), &raw))];
        }
    };
    let state = match payload["action"].as_str() {
        Some("opened" | "created") => State::Said,
        Some("edited") => State::Edited,
        Some("deleted") => State::Deleted(now),
        _ => return Vec::new(),
    };
    if !payload[part].is_object() {
        return vec![Err(refused(part, "what was said is not in the payload", &payload))];
    }
    let said = payload[part].take();
    vec![post::read(said, payload["repository"]["full_name"].as_str(), state)]
}
