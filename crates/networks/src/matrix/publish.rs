//! Saying something in a thread, once: by a transaction id that is the same at every attempt.

use dandelion_post::micros;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    event::{self, global, words},
    page::one,
    place::{get, parts, send},
};
use crate::{
    contract::{Access, Found, Trouble, hex, json::segment},
    egress::Method,
    outgoing::{Answer, Outgoing},
};

/// Pages of a room looked through for one reply.
const PAGES: usize = 5;
/// How far the server's clock may be from ours.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

pub(super) async fn publish(access: &Access, reply: &Outgoing) -> Answer {
    let Some((room, answered)) = reply.in_reply_to.as_deref().and_then(parts) else {
        return Answer::Refused { why: "only a message of a Matrix room can be answered there".to_owned() };
    };
    let original = match one(access, room, answered).await {
        Ok(Some(original)) if !event::was_redacted(&original) => original,
        Ok(_) => return Answer::Refused { why: "the message answered is not there any more".to_owned() },
        Err(trouble) => return not_yet(trouble),
    };
    let related = &original["content"]["m.relates_to"];
    let root = related["event_id"].as_str().filter(|_| related["rel_type"] == "m.thread").unwrap_or(answered);
    let mut content = words(&reply.text);
    content["m.relates_to"] = json!({
        "rel_type": "m.thread", "event_id": root, "is_falling_back": false, "m.in_reply_to": { "event_id": answered },
    });
    if let Some(author) = original["sender"].as_str() {
        content["m.mentions"] = json!({ "user_ids": [author] });
    }
    say(access, room, &transaction(&reply.key), &content).await
}

pub(super) async fn edit(access: &Access, id: &str, text: &str) -> Answer {
    let Some((room, event)) = parts(id) else { return Answer::Refused { why: format!("{id} is no message of ours") } };
    let mut content = words(&format!("* {text}"));
    content["m.new_content"] = words(text);
    content["m.relates_to"] = json!({ "rel_type": "m.replace", "event_id": event });
    match say(access, room, &transaction(&format!("{id}\n{text}")), &content).await {
        // The message keeps its id, whatever its edits are called.
        Answer::Published { .. } => Answer::Published { remote_id: Some(id.to_owned()), url: None },
        other => other,
    }
}

pub(super) async fn delete(access: &Access, id: &str) -> Answer {
    let Some((room, event)) = parts(id) else { return Answer::Refused { why: format!("{id} is no message of ours") } };
    let path = format!("/_matrix/client/v3/rooms/{}/redact/{}/{}", segment(room), segment(event), transaction(id));
    match send(access, Method::PUT, &path, Some(&json!({}))).await {
        Ok(answer) if answer.status == 404 => Answer::Published { remote_id: Some(id.to_owned()), url: None },
        Ok(answer) => match Answer::read(&answer, micros(access.now)) {
            Answer::Published { .. } => Answer::Published { remote_id: Some(id.to_owned()), url: None },
            other => other,
        },
        Err(error) => error.into(),
    }
}

/// The same for the same key; nothing of the key can be read from it.
fn transaction(key: &str) -> String {
    format!("dandelion.{}", hex(&Sha256::digest(key)[..16]))
}

async fn say(access: &Access, room: &str, transaction: &str, content: &Value) -> Answer {
    let path = format!("/_matrix/client/v3/rooms/{}/send/m.room.message/{transaction}", segment(room));
    match send(access, Method::PUT, &path, Some(content)).await {
        Ok(answer) => match Answer::read(&answer, micros(access.now)) {
            Answer::Published { .. } => {
                let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                match told["event_id"].as_str() {
                    Some(id) => Answer::Published { remote_id: Some(global(room, id)), url: None },
                    None => Answer::InDoubt { why: "the server agreed, but did not say to what".to_owned() },
                }
            }
            other => other,
        },
        Err(error) => error.into(),
    }
}

/// Nothing was said yet, so nothing is in doubt.
fn not_yet(trouble: Trouble) -> Answer {
    match trouble {
        Trouble::Passing { why, after } => Answer::Later { after, why },
        Trouble::Revoked { why } | Trouble::Wrong { why } => Answer::Refused { why },
    }
}

/// Looks for a reply among what was said in its room since an attempt.
pub(super) async fn find(access: &Access, reply: &Outgoing, since: Timestamp) -> Found {
    match look(access, reply, since - SKEW).await {
        Ok(found) => found,
        Err(trouble) => Found::Unclear(trouble.to_string()),
    }
}

async fn look(access: &Access, reply: &Outgoing, since: Timestamp) -> Result<Found, Trouble> {
    let Some((room, answered)) = reply.in_reply_to.as_deref().and_then(parts) else {
        return Ok(Found::Unclear("only a message of a Matrix room can be answered there".to_owned()));
    };
    let me = get(access, "/_matrix/client/v3/account/whoami").await?["user_id"].as_str().unwrap_or_default().to_owned();
    let filter = segment(r#"{"types":["m.room.message"]}"#);
    let mut from = String::new();
    for _ in 0..PAGES {
        let path = format!("/_matrix/client/v3/rooms/{}/messages?dir=b&limit=100&filter={filter}{from}", segment(room));
        let told = get(access, &path).await?;
        let events = told["chunk"].as_array().cloned().unwrap_or_default();
        for event in &events {
            if event["sender"] == me.as_str() && is_reply(event, reply, answered) {
                let id = event["event_id"].as_str().map(|id| global(room, id));
                return Ok(Found::Published { remote_id: id, url: None });
            }
        }
        let before = |event: &Value| event["origin_server_ts"].as_i64().is_some_and(|at| at < since.as_millisecond());
        let Some(end) = told["end"].as_str().filter(|_| !events.last().is_none_or(before)) else {
            return Ok(Found::NotThere);
        };
        from = format!("&from={}", segment(end));
    }
    Ok(Found::Unclear("too much was said since to look through all of it".to_owned()))
}

fn is_reply(event: &Value, reply: &Outgoing, answered: &str) -> bool {
    let ours = event["unsigned"]["transaction_id"] == transaction(&reply.key).as_str();
    let content = &event["content"];
    let answers = content["m.relates_to"]["m.in_reply_to"]["event_id"] == answered;
    ours || answers && content["body"] == reply.text.as_str()
}
