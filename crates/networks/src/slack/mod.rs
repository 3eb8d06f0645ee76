//! Slack: what is said in the channels our app is in, sent to us by the Events API, answered in the thread.
//!
//! A message's id here is `CHANNEL/TIMESTAMP`. Source: api.slack.com (Events API, signing secrets, `chat.postMessage`).

mod message;

use dandelion_post::{Refusal, micros};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    Later,
    contract::{
        Access, Connected, Connector, Delivery, Found, Item, Place, Received, Trouble, Unsigned, hex, hmac_hex_fits,
        json::{ask, encoded, read},
        refused,
    },
    egress::Method,
    guess::{Guess, address},
    networks::{About, Field, Length, Once, Proven, Reads, Writes},
    outgoing::{Answer, Outgoing},
};

/// What this network is.
pub const ABOUT: About = About {
    name: "slack",
    label: "Slack",
    reads: Reads {
        what: "messages in the channels our app is in: said, edited, deleted, with threads",
        poll: false,
        stream: false,
        push: true,
    },
    writes: Writes { reply: true, edit: true, delete: true, ..Writes::NOTHING },
    once: Once::ReadBack,
    length: Some(Length::characters(40_000)),
    fields: &[
        Field {
            name: "token",
            label: "Bot token",
            secret: true,
            needed: false,
            help: "Of your Slack app: OAuth and permissions, Bot user OAuth token (xoxb-…), with chat:write and \
                   channels:history. Without one nothing is answered.",
        },
        Field {
            name: "secret",
            label: "Signing secret",
            secret: true,
            needed: false,
            help: "Of your Slack app: Basic information, App credentials. Needed to read.",
        },
    ],
    limits: "1 message a second in one channel; as long a rest as Slack asks for",
    docs: "In your Slack app choose Event subscriptions, enter the address of this source, and subscribe to \
           message.channels and app_mention.",
    proven: Proven::Replay("the example payloads that Slack publishes"),
    connector: &Slack,
};

/// Where its interface lives.
const API: &str = "https://slack.com";

struct Slack;

impl Connector for Slack {
    fn connect<'a>(&'a self, access: &'a Access) -> Later<'a, Result<Connected, Trouble>> {
        Box::pin(async move {
            let mut place = access.place.clone();
            if access.credentials.get("token").is_none() {
                return Ok(Connected { place, name: None, handle: None });
            }
            let me = call(access, "auth.test", &json!({})).await?;
            let text = |name: &str| me[name].as_str().unwrap_or_default().to_owned();
            place.settings.insert("me".to_owned(), text("user_id").into());
            Ok(Connected { place, name: Some(format!("Slack of {}", text("team"))), handle: Some(text("user_id")) })
        })
    }

    fn check(&self, place: &Place) -> Result<(), Refusal> {
        if !place.is_web() {
            return Err(Refusal::new("url", format!("write {API}"), &place.url));
        }
        if place.credentials.is_empty() {
            return Err(Refusal::new(
                "secret",
                "enter the signing secret of your Slack app, to read, or its bot token, to answer",
                "",
            ));
        }
        Ok(())
    }

    /// `X-Slack-Signature: v0=HEX` over `v0:TIMESTAMP:BODY`, five minutes old at most.
    fn receive(&self, place: &Place, delivery: &Delivery<'_>) -> Result<Received, Unsigned> {
        let secret = place.credentials.get("secret").ok_or(Unsigned::NoSecret)?;
        let at = delivery.header("x-slack-request-timestamp")?;
        let seconds = at.parse().map_err(|_| Unsigned::Missing("x-slack-request-timestamp"))?;
        let given =
            delivery.header("x-slack-signature")?.strip_prefix("v0=").ok_or(Unsigned::Missing("x-slack-signature"))?;
        if !hmac_hex_fits(secret, &[b"v0:", at.as_bytes(), b":", delivery.body], given) {
            return Err(Unsigned::Mismatch);
        }
        delivery.fresh(seconds)?;
        Ok(delivered(delivery.body, delivery.now))
    }

    fn publish<'a>(&'a self, access: &'a Access, reply: &'a Outgoing) -> Later<'a, Answer> {
        Box::pin(publish(access, reply))
    }

    fn find<'a>(&'a self, access: &'a Access, reply: &'a Outgoing, since: Timestamp) -> Later<'a, Found> {
        Box::pin(async move { Found::of(look(access, reply, since).await) })
    }

    fn edit<'a>(&'a self, access: &'a Access, id: &'a str, text: &'a str) -> Later<'a, Answer> {
        Box::pin(async move {
            let Some((channel, ts)) = message::parts(id) else {
                return Answer::Refused { why: format!("{id} is no message of ours") };
            };
            say(access, "chat.update", &json!({ "channel": channel, "ts": ts, "text": message::escaped(text) })).await
        })
    }

    fn delete<'a>(&'a self, access: &'a Access, id: &'a str) -> Later<'a, Answer> {
        Box::pin(async move {
            let Some((channel, ts)) = message::parts(id) else {
                return Answer::Refused { why: format!("{id} is no message of ours") };
            };
            say(access, "chat.delete", &json!({ "channel": channel, "ts": ts })).await
        })
    }

    fn guess(&self, typed: &str) -> Option<Guess> {
        let url = address(typed)?;
        let host = url.host_str()?;
        let known = host == "slack.com" || host.ends_with(".slack.com");
        known.then(|| Guess::new(3, API, &[], "messages in channels of Slack that our app is in"))
    }
}

/// What a delivery is: a handshake, or what was said.
pub fn delivered(body: &[u8], now: Timestamp) -> Received {
    let mut told: Value = match serde_json::from_slice(body) {
        Ok(told) => told,
        Err(error) => {
            let raw = Value::String(String::from_utf8_lossy(body).into_owned());
            return Received::Items { id: None, items: vec![Err(refused("json", &error.to_string(), &raw))] };
        }
    };
    if told["type"] == "url_verification" {
        let body = told["challenge"].as_str().unwrap_or_default().to_owned();
        return Received::Handshake { kind: "text/plain", body };
    }
    let id = told["event_id"].as_str().filter(|id| !id.is_empty()).map(ToOwned::to_owned);
    let items: Vec<Item> =
        message::read(told.get_mut("event").map(Value::take).unwrap_or_default(), now).into_iter().collect();
    Received::Items { id, items }
}

/// Asks one method; Slack says in the body whether it went well.
async fn call(access: &Access, method: &str, body: &Value) -> Result<Value, Trouble> {
    let token = format!("Bearer {}", access.credentials.get("token").unwrap_or_default());
    let headers = [("authorization", token.as_str())];
    let url = access.at(&format!("/api/{method}"));
    let (told, _) = read(ask(access, Method::POST, &url, &headers, Some(body)).await?, access)?;
    if told["ok"] == true { Ok(told) } else { Err(refusal(&told)) }
}

fn refusal(told: &Value) -> Trouble {
    let error = told["error"].as_str().unwrap_or("no reason");
    match error {
        "invalid_auth" | "token_revoked" | "token_expired" | "account_inactive" | "not_authed" => Trouble::Revoked {
            why: format!("Slack does not let us in ({error}); sign in again with the app's bot token"),
        },
        "ratelimited" | "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" => {
            Trouble::passing(format!("Slack is busy ({error}); it is tried again"))
        }
        other => Trouble::wrong(format!("Slack refused it: {other}")),
    }
}

async fn publish(access: &Access, reply: &Outgoing) -> Answer {
    let Some((channel, ts)) = reply.in_reply_to.as_deref().and_then(message::parts) else {
        return Answer::Refused { why: "only a message of a channel can be answered there".to_owned() };
    };
    // A message in a thread is answered in that thread, which its first message names.
    let first =
        match call_get(access, "conversations.replies", &[("channel", channel), ("ts", ts), ("limit", "1")]).await {
            Ok(told) => told["messages"][0]["thread_ts"].as_str().unwrap_or(ts).to_owned(),
            Err(Trouble::Wrong { .. }) => ts.to_owned(),
            Err(trouble) => return trouble.into(),
        };
    let mark = json!({ "event_type": "dandelion_reply", "event_payload": { "key": mark(&reply.key) } });
    let body =
        json!({ "channel": channel, "thread_ts": first, "text": message::escaped(&reply.text), "metadata": mark });
    say(access, "chat.postMessage", &body).await
}

/// What our message is known again by; nothing of the key can be read from it.
fn mark(key: &str) -> String {
    hex(&Sha256::digest(key)[..16])
}

async fn say(access: &Access, method: &str, body: &Value) -> Answer {
    let token = format!("Bearer {}", access.credentials.get("token").unwrap_or_default());
    let headers = [("authorization", token.as_str())];
    match ask(access, Method::POST, &access.at(&format!("/api/{method}")), &headers, Some(body)).await {
        Ok(answer) => match Answer::read(&answer, micros(access.now)) {
            Answer::Published { .. } => {
                let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                match (told["ok"].as_bool(), told["channel"].as_str(), told["ts"].as_str()) {
                    (Some(true), Some(channel), Some(ts)) => {
                        Answer::Published { remote_id: Some(format!("{channel}/{ts}")), url: None }
                    }
                    (Some(false), _, _) => refusal(&told).into(),
                    _ => Answer::InDoubt { why: "Slack answered, but not what was asked".to_owned() },
                }
            }
            other => other,
        },
        Err(error) => error.into(),
    }
}

async fn call_get(access: &Access, method: &str, query: &[(&str, &str)]) -> Result<Value, Trouble> {
    let token = format!("Bearer {}", access.credentials.get("token").unwrap_or_default());
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let url = access.at(&format!("/api/{method}?{}", query.join("&")));
    let (told, _) = read(ask(access, Method::GET, &url, &[("authorization", token.as_str())], None).await?, access)?;
    if told["ok"] == true { Ok(told) } else { Err(refusal(&told)) }
}

async fn look(access: &Access, reply: &Outgoing, since: Timestamp) -> Result<Found, Trouble> {
    let Some((channel, ts)) = reply.in_reply_to.as_deref().and_then(message::parts) else {
        return Ok(Found::Unclear("only a message of a channel can be answered there".to_owned()));
    };
    let oldest = (since.as_second() - 300).to_string();
    let query =
        [("channel", channel), ("ts", ts), ("limit", "200"), ("oldest", &oldest), ("include_all_metadata", "true")];
    let told = call_get(access, "conversations.replies", &query).await?;
    let due = mark(&reply.key);
    let ours = |said: &&Value| said["metadata"]["event_payload"]["key"] == due.as_str();
    match told["messages"].as_array().into_iter().flatten().find(ours) {
        Some(said) => {
            let id = said["ts"].as_str().map(|ts| format!("{channel}/{ts}"));
            Ok(Found::Published { remote_id: id, url: None })
        }
        None if told["has_more"] == true => {
            Ok(Found::Unclear("too much was said since to look through all of it".to_owned()))
        }
        None => Ok(Found::NotThere),
    }
}
