//! WhatsApp: messages to a business number of ours (Cloud API), sent to us signed by Meta and answered within a day.
//!
//! An answer needs to know to whom, so a message's id here is `SENDER/MESSAGE`.

use dandelion_post::{Author, Media, Post, Refusal, micros};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    Later,
    contract::{
        Access, Connector, Delivery, Item, Place, Received, Unsigned, checked, hmac_hex_fits,
        json::{ask, rest},
        refused, same,
    },
    egress::Method,
    guess::{Guess, address},
    networks::{About, Field, Length, Once, Proven, Reads, Writes},
    outgoing::{Answer, Outgoing},
};

/// What this network is.
pub const ABOUT: About = About {
    name: "whatsapp",
    label: "WhatsApp",
    reads: Reads { what: "messages to a business number of ours", poll: false, stream: false, push: true },
    writes: Writes { reply: true, private: true, ..Writes::NOTHING },
    once: Once::Nothing,
    length: Some(Length::characters(4096)),
    fields: &[
        Field {
            name: "token",
            label: "Access token",
            secret: true,
            needed: false,
            help: "Of a system user with whatsapp_business_messaging; needed to answer.",
        },
        Field {
            name: "secret",
            label: "App secret",
            secret: true,
            needed: false,
            help: "Of the app in Meta's developer portal; needed to read.",
        },
        Field {
            name: "verify",
            label: "Verify token",
            secret: true,
            needed: false,
            help: "A word of your choice, the same on both sides, when the webhook is entered there.",
        },
        Field {
            name: "phone_number_id",
            label: "Phone number id",
            secret: false,
            needed: false,
            help: "From WhatsApp, API setup; needed to answer.",
        },
    ],
    limits: "80 messages a second from one number; words of one's own only within a day of the customer's last message",
    docs: "A message that was sent and not confirmed is not sent again.",
    proven: Proven::Replay("the payloads and errors that Meta documents"),
    connector: &WhatsApp,
};

/// Where its interface lives.
const API: &str = "https://graph.facebook.com/v23.0";
/// Error codes that say "later" (developers.facebook.com, WhatsApp, Error codes).
const LATER: [i64; 7] = [1, 2, 4, 80_007, 130_429, 131_048, 131_056];

struct WhatsApp;

impl Connector for WhatsApp {
    fn check(&self, place: &Place) -> Result<(), Refusal> {
        if !place.is_web() {
            return Err(Refusal::new("url", format!("write {API}"), &place.url));
        }
        if place.credentials.is_empty() {
            return Err(Refusal::new("secret", "enter the app's secret, to read, or an access token, to answer", ""));
        }
        let number = place.setting("phone_number_id").unwrap_or_default();
        if place.credentials.get("token").is_some()
            && (number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()))
        {
            return Err(Refusal::new(
                "phone_number_id",
                "write the id of the number that answers, digits only",
                number,
            ));
        }
        Ok(())
    }

    /// A handshake is a GET with `hub.verify_token`, whose challenge is given back; a delivery has
    /// `X-Hub-Signature-256: sha256=HEX` over the body as it came.
    fn receive(&self, place: &Place, delivery: &Delivery<'_>) -> Result<Received, Unsigned> {
        if delivery.get {
            let due = place.credentials.get("verify").ok_or(Unsigned::NoSecret)?;
            let given = delivery.parameter("hub.verify_token").ok_or(Unsigned::Missing("hub.verify_token"))?;
            if !same(&given, due) {
                return Err(Unsigned::Mismatch);
            }
            let body = delivery.parameter("hub.challenge").ok_or(Unsigned::Missing("hub.challenge"))?;
            return Ok(Received::Handshake { kind: "text/plain", body });
        }
        let secret = place.credentials.get("secret").ok_or(Unsigned::NoSecret)?;
        let signature = delivery.header("x-hub-signature-256")?;
        let given = signature.strip_prefix("sha256=").ok_or(Unsigned::Missing("x-hub-signature-256"))?;
        if !hmac_hex_fits(secret, &[delivery.body], given) {
            return Err(Unsigned::Mismatch);
        }
        Ok(Received::Items { id: None, items: delivered(delivery.body) })
    }

    fn publish<'a>(&'a self, access: &'a Access, reply: &'a Outgoing) -> Later<'a, Answer> {
        Box::pin(publish(access, reply))
    }

    fn guess(&self, typed: &str) -> Option<Guess> {
        let url = address(typed)?;
        let known = matches!(url.host_str(), Some("wa.me" | "api.whatsapp.com" | "business.whatsapp.com"));
        known.then(|| Guess::new(3, API, &[], "messages to a business number of ours on WhatsApp"))
    }
}

/// The messages of a delivery; news of what became of ours hold none.
pub fn delivered(body: &[u8]) -> Vec<Item> {
    let told: Value = match serde_json::from_slice(body) {
        Ok(told) => told,
        Err(error) => {
            let raw = Value::String(String::from_utf8_lossy(body).into_owned());
            return vec![Err(refused("json", &error.to_string(), &raw))];
        }
    };
    let mut items = Vec::new();
    for change in told["entry"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|entry| entry["changes"].as_array().into_iter().flatten())
    {
        let value = &change["value"];
        for message in value["messages"].as_array().into_iter().flatten() {
            // A reaction says nothing in words, and "system" tells of a changed number.
            if !matches!(message["type"].as_str(), Some("reaction" | "system")) {
                items.push(post(message.clone(), value));
            }
        }
    }
    items
}

fn post(raw: Value, value: &Value) -> Item {
    let Value::Object(mut fields) = raw else { return Err(refused("message", "is no object", &raw)) };
    let whole = Value::Object(fields.clone());
    let (from, id) = (whole["from"].as_str().unwrap_or_default(), whole["id"].as_str().unwrap_or_default());
    if from.is_empty() || id.is_empty() || from.contains('/') {
        return Err(refused("id", "the message does not say who sent it", &whole));
    }
    let kind = whole["type"].as_str().unwrap_or_default();
    let part = &whole[kind];
    let pressed =
        || part["text"].as_str().or(part["button_reply"]["title"].as_str()).or(part["list_reply"]["title"].as_str());
    let text = part["body"].as_str().or(part["caption"].as_str()).or_else(pressed).unwrap_or_default();
    let media = part["id"].as_str().filter(|_| matches!(kind, "image" | "video" | "audio" | "document" | "sticker"));
    let contacts = value["contacts"].as_array().into_iter().flatten();
    let name =
        contacts.filter(|contact| contact["wa_id"] == from).find_map(|contact| contact["profile"]["name"].as_str());
    let at = whole["timestamp"].as_str().and_then(|seconds| seconds.parse().ok());
    let answered = whole["context"]["id"].as_str().map(|id| format!("{from}/{id}"));
    fields.remove("id");
    if let Some(number) = value["metadata"]["phone_number_id"].as_str() {
        fields.insert("phone_number_id".to_owned(), number.into());
    }
    let post = Post {
        id: format!("{from}/{id}"),
        // What has neither words nor media of ours (a place, a contact) is named.
        text: if text.is_empty() && media.is_none() { format!("({kind})") } else { text.to_owned() },
        created_at: at.and_then(|seconds| Timestamp::from_second(seconds).ok()),
        in_reply_to: answered,
        // One person, one conversation.
        thread: Some(from.to_owned()),
        author: Some(Author { id: Some(from.to_owned()), name: name.map(ToOwned::to_owned), ..Author::default() }),
        media: media
            .map(|id| Media {
                kind: if kind == "sticker" {
                    "image"
                } else if kind == "document" {
                    "file"
                } else {
                    kind
                }
                .to_owned(),
                url: format!("whatsapp:{id}"),
                alt: part["filename"].as_str().map(ToOwned::to_owned),
            })
            .into_iter()
            .collect(),
        extra: rest(fields),
        ..Post::default()
    };
    checked(post, &whole)
}

async fn publish(access: &Access, reply: &Outgoing) -> Answer {
    let Some((to, answered)) = reply.in_reply_to.as_deref().and_then(|id| id.split_once('/')) else {
        return Answer::Refused { why: "only a message to our number can be answered".to_owned() };
    };
    let body = json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": to, "type": "text",
        "context": { "message_id": answered }, "text": { "body": reply.text, "preview_url": false },
    });
    let token = format!("Bearer {}", access.credentials.get("token").unwrap_or_default());
    let url = access.at(&format!("/{}/messages", access.setting("phone_number_id").unwrap_or_default()));
    match ask(access, Method::POST, &url, &[("authorization", &token)], Some(&body)).await {
        Ok(answer) => {
            let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let code = told["error"]["code"].as_i64();
            match Answer::read(&answer, micros(access.now)) {
                Answer::Published { .. } => match told["messages"][0]["id"].as_str() {
                    Some(id) => Answer::Published { remote_id: Some(format!("{to}/{id}")), url: None },
                    None => Answer::InDoubt { why: "WhatsApp agreed, but did not say to what".to_owned() },
                },
                Answer::Refused { why } if code.is_some_and(|code| LATER.contains(&code)) => {
                    Answer::Later { after: None, why }
                }
                Answer::Refused { why } if code == Some(131_047) => Answer::Refused {
                    why: format!(
                        "{why}; more than a day has gone by since the customer wrote, so only a template may be sent"
                    ),
                },
                Answer::Refused { why } if code == Some(190) => {
                    Answer::Refused { why: format!("{why}; enter a new access token in the handle's settings") }
                }
                other => other,
            }
        }
        Err(error) => error.into(),
    }
}
