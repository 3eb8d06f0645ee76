//! Telegram: what is said to a bot of ours and in the groups it is in (core.telegram.org/bots/api), by asking
//! (`getUpdates`) or by its webhook with a secret token.
//!
//! Asking with an offset tells Telegram that everything before it may be forgotten, and the offset is our stored cursor:
//! nothing is forgotten there before it is stored here. A message's id here is `CHAT/MESSAGE`.

mod message;

use dandelion_post::{Refusal, micros};
use serde_json::{Value, json};

use crate::{
    Later,
    contract::{
        Access, Connected, Connector, Delivery, Item, Page, Place, Received, Trouble, Unsigned, Wait, json::ask,
        refused, same,
    },
    egress::{Method, Response},
    guess::{Guess, address},
    networks::{About, Field, Length, Once, Proven, Reads, Writes},
    outgoing::{Answer, Outgoing},
};

/// What this network is.
pub const ABOUT: About = About {
    name: "telegram",
    label: "Telegram",
    reads: Reads {
        what: "messages to a bot of ours, in its groups and channels: said, edited",
        poll: true,
        stream: false,
        push: true,
    },
    writes: Writes { reply: true, edit: true, delete: true, private: true, ..Writes::NOTHING },
    once: Once::Nothing,
    length: Some(Length::characters(4096)),
    fields: &[
        Field {
            name: "token",
            label: "Bot token",
            secret: true,
            needed: true,
            help: "From @BotFather in Telegram: /newbot, or /token for a bot you have. Switch its group privacy off \
                   (/setprivacy) to read whole groups.",
        },
        Field {
            name: "secret",
            label: "Webhook secret",
            secret: true,
            needed: false,
            help: "Only where Telegram sends the messages itself (setWebhook): the secret_token given there.",
        },
    ],
    limits: "100 messages a page; 30 messages a second, 20 a minute in one group",
    docs: "A message that was sent and not confirmed is not sent again: Telegram shows a bot nothing of what it said.",
    proven: Proven::Replay("the types that Telegram documents"),
    connector: &Telegram,
};

/// Where its interface lives.
const API: &str = "https://api.telegram.org";
/// What we want to be told of.
const WANTED: [&str; 4] = ["message", "edited_message", "channel_post", "edited_channel_post"];

struct Telegram;

impl Connector for Telegram {
    fn connect<'a>(&'a self, access: &'a Access) -> Later<'a, Result<Connected, Trouble>> {
        Box::pin(async move {
            let me = read(call(access, "getMe", &json!({})).await?, access)?;
            let name = me["username"].as_str().ok_or_else(|| Trouble::wrong("this token is of no bot"))?.to_owned();
            let mut place = access.place.clone();
            place.settings.insert("me".to_owned(), name.clone().into());
            Ok(Connected { place, name: Some(format!("Messages to @{name}")), handle: Some(format!("@{name}")) })
        })
    }

    fn check(&self, place: &Place) -> Result<(), Refusal> {
        if !place.is_web() {
            return Err(Refusal::new("url", format!("write {API}"), &place.url));
        }
        let fits = |token: &str| {
            token.split_once(':').is_some_and(|(id, rest)| {
                !id.is_empty()
                    && id.bytes().all(|b| b.is_ascii_digit())
                    && rest.len() >= 20
                    && rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            })
        };
        if place.credentials.get("token").is_none_or(|token| !fits(token)) {
            let reason = "enter the bot's token as @BotFather gives it, 123456:ABC-DEF…";
            return Err(Refusal::new("token", reason, ""));
        }
        Ok(())
    }

    fn page<'a>(&'a self, access: &'a Access, cursor: &'a Value) -> Later<'a, Result<Page, Trouble>> {
        Box::pin(async move {
            let offset = cursor["offset"].as_i64().unwrap_or(0);
            let asked = json!({ "offset": offset, "limit": 100, "timeout": 0, "allowed_updates": WANTED });
            let told = read(call(access, "getUpdates", &asked).await?, access)?;
            let updates = told.as_array().cloned().unwrap_or_default();
            let last = updates.iter().filter_map(|update| update["update_id"].as_i64()).max();
            let wait = if updates.len() >= 100 { Wait::More } else { Wait::Usual };
            let items = updates.into_iter().filter_map(message::read).collect();
            let cursor = json!({ "offset": last.map_or(offset, |last| last + 1) });
            Ok(Page { items, cursor, wait, ..Page::default() })
        })
    }

    /// `X-Telegram-Bot-Api-Secret-Token` is the secret itself.
    fn receive(&self, place: &Place, delivery: &Delivery<'_>) -> Result<Received, Unsigned> {
        let secret = place.credentials.get("secret").ok_or(Unsigned::NoSecret)?;
        if !same(delivery.header("x-telegram-bot-api-secret-token")?, secret) {
            return Err(Unsigned::Mismatch);
        }
        let (id, items) = delivered(delivery.body);
        Ok(Received::Items { id, items })
    }

    fn publish<'a>(&'a self, access: &'a Access, reply: &'a Outgoing) -> Later<'a, Answer> {
        Box::pin(async move {
            let Some((chat, number)) = reply.in_reply_to.as_deref().and_then(message::parts) else {
                return Answer::Refused {
                    why: "only a message to the bot or in its groups can be answered".to_owned(),
                };
            };
            let answered = json!({ "message_id": number, "allow_sending_without_reply": true });
            let body = json!({ "chat_id": chat, "text": reply.text, "reply_parameters": answered });
            say(access, "sendMessage", &body).await
        })
    }

    fn edit<'a>(&'a self, access: &'a Access, id: &'a str, text: &'a str) -> Later<'a, Answer> {
        Box::pin(async move {
            let Some((chat, number)) = message::parts(id) else {
                return Answer::Refused { why: format!("{id} is no message of ours") };
            };
            let body = json!({ "chat_id": chat, "message_id": number, "text": text });
            say(access, "editMessageText", &body).await
        })
    }

    fn delete<'a>(&'a self, access: &'a Access, id: &'a str) -> Later<'a, Answer> {
        Box::pin(async move {
            let Some((chat, number)) = message::parts(id) else {
                return Answer::Refused { why: format!("{id} is no message of ours") };
            };
            say(access, "deleteMessage", &json!({ "chat_id": chat, "message_id": number })).await
        })
    }

    fn guess(&self, typed: &str) -> Option<Guess> {
        let url = address(typed)?;
        let known = matches!(url.host_str(), Some("t.me" | "telegram.me" | "api.telegram.org"));
        known.then(|| Guess::new(3, API, &[], "messages to a bot of ours on Telegram"))
    }
}

/// What a delivery holds, and its id.
pub fn delivered(body: &[u8]) -> (Option<String>, Vec<Item>) {
    match serde_json::from_slice::<Value>(body) {
        Ok(update) => {
            let id = crate::contract::json::id(&update["update_id"]);
            (id, message::read(update).into_iter().collect())
        }
        Err(error) => {
            let raw = Value::String(String::from_utf8_lossy(body).into_owned());
            (None, vec![Err(refused("json", &error.to_string(), &raw))])
        }
    }
}

/// Asks one method. The token stands in the address, so the address is taken out of whatever is told of the answer.
async fn call(access: &Access, method: &str, body: &Value) -> Result<Response, crate::egress::Error> {
    let token = access.credentials.get("token").unwrap_or_default();
    let url = access.at(&format!("/bot{token}/{method}"));
    let mut answer = ask(access, Method::POST, &url, &[], Some(body)).await?;
    answer.url.set_path(&format!("/bot…/{method}"));
    Ok(answer)
}

/// The result of an answer.
fn read(answer: Response, access: &Access) -> Result<Value, Trouble> {
    // A token that was taken back, or never was one.
    let unknown = answer.status == 404;
    let (mut told, _) = crate::contract::json::read(answer, access).map_err(|trouble| match trouble {
        Trouble::Wrong { why } if unknown => {
            Trouble::Revoked { why: format!("{why}; sign in again with the bot's token") }
        }
        other => other,
    })?;
    if told["ok"] != true {
        return Err(Trouble::passing("Telegram answered, but not what was asked"));
    }
    Ok(told.get_mut("result").map(Value::take).unwrap_or_default())
}

async fn say(access: &Access, method: &str, body: &Value) -> Answer {
    match call(access, method, body).await {
        Ok(answer) => match Answer::read(&answer, micros(access.now)) {
            Answer::Published { .. } => {
                let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                if told["ok"] != true {
                    return Answer::InDoubt { why: "Telegram answered, but not what was asked".to_owned() };
                }
                let said = &told["result"];
                Answer::Published { remote_id: message::global(said), url: message::link(said) }
            }
            other => other,
        },
        Err(error) => error.into(),
    }
}
