//! Discourse: a forum's posts, by asking for the latest or by its signed webhook.
//!
//! A post answers a number in its topic, so a post's id here is `TOPIC/NUMBER`. Source: docs.discourse.org; the webhook's
//! body is `{"post": POST}` with the same objects.

mod post;

use dandelion_post::{Refusal, micros};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use url::Url;

use crate::{
    Later,
    contract::{
        Access, Connector, Delivery, Found, Item, Newest, Page, Place, Received, Trouble, Unsigned, hmac_hex_fits,
        json::{ask, id, read},
        refused,
    },
    egress::Method,
    guess::Guess,
    networks::{About, Field, Length, Once, Proven, Reads, Writes},
    outgoing::{Answer, Outgoing},
};

/// What this network is.
pub const ABOUT: About = About {
    name: "discourse",
    label: "Discourse",
    reads: Reads { what: "the posts of a forum: said, edited, deleted", poll: true, stream: false, push: true },
    writes: Writes { reply: true, edit: true, delete: true, ..Writes::NOTHING },
    once: Once::ReadBack,
    length: Some(Length::characters(32_000)),
    fields: &[
        Field {
            name: "key",
            label: "API key",
            secret: true,
            needed: false,
            help: "In the forum: Admin, API, New API key, for one user. Without one, public posts are read and nothing \
                   is written.",
        },
        Field {
            name: "user",
            label: "User",
            secret: false,
            needed: false,
            help: "Whose name the key is for, and who answers: care_team.",
        },
        Field {
            name: "secret",
            label: "Webhook secret",
            secret: true,
            needed: false,
            help: "Only for the webhook (Admin, API, Webhooks, with JSON and the event Post): the same long secret on \
                   both sides.",
        },
    ],
    limits: "60 requests a minute for one key, and as long a rest as the forum asks for",
    docs: "Give the forum's address. Answers are put under the post they answer.",
    proven: Proven::Replay("the objects that Discourse documents"),
    connector: &Discourse,
};

/// Pages of the latest posts looked through for one reply.
const PAGES: usize = 5;
/// How far the forum's clock may be from ours.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// Shortest webhook secret taken.
const SHORTEST: usize = 12;

struct Discourse;

impl Connector for Discourse {
    fn check(&self, place: &Place) -> Result<(), Refusal> {
        if !place.is_web() {
            return Err(Refusal::new("url", "write the forum's address, https://forum.example", &place.url));
        }
        if place.credentials.get("key").is_some() && place.setting("user").is_none() {
            return Err(Refusal::new("user", "say which user the key is for", ""));
        }
        if place.credentials.get("secret").is_some_and(|secret| secret.len() < SHORTEST) {
            return Err(Refusal::new("secret", format!("choose at least {SHORTEST} characters"), ""));
        }
        Ok(())
    }

    fn page<'a>(&'a self, access: &'a Access, cursor: &'a Value) -> Later<'a, Result<Page, Trouble>> {
        Box::pin(page(access, cursor))
    }

    /// `X-Discourse-Event-Signature: sha256=HEX` over the body as it came.
    fn receive(&self, place: &Place, delivery: &Delivery<'_>) -> Result<Received, Unsigned> {
        let secret = place.credentials.get("secret").ok_or(Unsigned::NoSecret)?;
        let signature = delivery.header("x-discourse-event-signature")?;
        let given = signature.strip_prefix("sha256=").ok_or(Unsigned::Missing("x-discourse-event-signature"))?;
        if !hmac_hex_fits(secret, &[delivery.body], given) {
            return Err(Unsigned::Mismatch);
        }
        let id = delivery.header("x-discourse-event-id").ok().map(ToOwned::to_owned);
        let event = delivery.header("x-discourse-event")?;
        Ok(Received::Items { id, items: delivered(event, delivery.body, &place.url, delivery.now) })
    }

    fn publish<'a>(&'a self, access: &'a Access, reply: &'a Outgoing) -> Later<'a, Answer> {
        Box::pin(publish(access, reply))
    }

    fn find<'a>(&'a self, access: &'a Access, reply: &'a Outgoing, since: Timestamp) -> Later<'a, Found> {
        Box::pin(async move { Found::of(look(access, reply, since - SKEW).await) })
    }

    fn edit<'a>(&'a self, access: &'a Access, id: &'a str, text: &'a str) -> Later<'a, Answer> {
        Box::pin(async move {
            let body = json!({ "post": { "raw": text } });
            match number(access, id).await {
                Ok(number) => write(access, Method::PUT, &format!("/posts/{number}.json"), Some(&body)).await,
                Err(trouble) => trouble.into(),
            }
        })
    }

    fn delete<'a>(&'a self, access: &'a Access, id: &'a str) -> Later<'a, Answer> {
        Box::pin(async move {
            match number(access, id).await {
                Ok(number) => write(access, Method::DELETE, &format!("/posts/{number}.json"), None).await,
                Err(trouble) => trouble.into(),
            }
        })
    }

    /// An address of a topic, which other forums hardly have: `/t/what-it-is-about/123`.
    fn guess(&self, typed: &str) -> Option<Guess> {
        let url = Url::parse(typed).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let parts: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let topic = matches!(parts.as_slice(), ["t", _, number, ..] if is_number(number));
        let root = url.join("/").ok()?;
        topic.then(|| {
            Guess::new(
                2,
                root.as_str().trim_end_matches('/'),
                &[],
                format!("the posts of the forum {}", root.host_str().unwrap_or_default()),
            )
        })
    }
}

/// The posts of a delivery: one for a post said, edited or deleted, none for anything else that happens in a forum.
pub fn delivered(event: &str, body: &[u8], forum: &str, now: Timestamp) -> Vec<Item> {
    if !event.starts_with("post_") {
        return Vec::new();
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(mut told) => post::read(
            told.get_mut("post").map(Value::take).unwrap_or_default(),
            forum,
            (event == "post_destroyed").then_some(now),
        )
        .into_iter()
        .collect(),
        Err(error) => {
            let raw = Value::String(String::from_utf8_lossy(body).into_owned());
            vec![Err(refused("json", &error.to_string(), &raw))]
        }
    }
}

async fn latest(access: &Access, before: Option<&str>) -> Result<(Vec<Value>, Option<crate::egress::Budget>), Trouble> {
    let before = before.map(|before| format!("?before={before}")).unwrap_or_default();
    let (told, budget) = get(access, &format!("/posts.json{before}")).await?;
    match told["latest_posts"].as_array() {
        Some(posts) => Ok((posts.clone(), budget)),
        None => Err(Trouble::wrong("this does not answer as Discourse does; check the address")),
    }
}

async fn page(access: &Access, cursor: &Value) -> Result<Page, Trouble> {
    let mut newest: Newest = serde_json::from_value(cursor.clone()).unwrap_or_default();
    let (posts, budget) = latest(access, newest.further()).await?;
    let entry =
        |post: &Value| (id(&post["id"]).unwrap_or_default(), format!("{} {}", post["version"], post["deleted_at"]));
    let entries: Vec<_> = posts.iter().map(entry).collect();
    let next = posts.iter().filter_map(|post| post["id"].as_u64()).min().filter(|id| *id > 1).map(|id| id.to_string());
    let (news, wait) = newest.take(&entries, next);
    let fresh = posts.into_iter().zip(news).filter_map(|(post, news)| news.then_some(post));
    let mut items: Vec<Item> = fresh.filter_map(|post| post::read(post, &access.url, None)).collect();
    items.reverse();
    let cursor = serde_json::to_value(&newest).unwrap_or_default();
    Ok(Page { items, cursor, wait, budget, ..Page::default() })
}

fn headers(access: &Access) -> Vec<(&str, &str)> {
    match (access.credentials.get("key"), access.setting("user")) {
        (Some(key), Some(user)) => vec![("api-key", key), ("api-username", user)],
        _ => Vec::new(),
    }
}

async fn get(access: &Access, path: &str) -> Result<(Value, Option<crate::egress::Budget>), Trouble> {
    read(ask(access, Method::GET, &access.at(path), &headers(access), None).await?, access)
}

async fn publish(access: &Access, reply: &Outgoing) -> Answer {
    let Some((topic, number)) = reply.in_reply_to.as_deref().and_then(post::parts) else {
        return Answer::Refused { why: "only a post of a forum can be answered there".to_owned() };
    };
    let body = json!({ "raw": reply.text, "topic_id": topic, "reply_to_post_number": number });
    write(access, Method::POST, "/posts.json", Some(&body)).await
}

async fn write(access: &Access, method: Method, path: &str, body: Option<&Value>) -> Answer {
    if access.credentials.get("key").is_none() {
        return Answer::Refused {
            why: "without an API key nothing can be written; enter one in the handle".to_owned(),
        };
    }
    match ask(access, method, &access.at(path), &headers(access), body).await {
        Ok(answer) => match Answer::read(&answer, micros(access.now)) {
            Answer::Published { .. } => {
                let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                let said = if told["post"].is_object() { &told["post"] } else { &told };
                // What moderators look at first is not out yet, but it is in.
                Answer::Published { remote_id: post::global(said), url: post::link(said, &access.url) }
            }
            other => other,
        },
        Err(error) => error.into(),
    }
}

/// The forum's own number of a post of ours.
async fn number(access: &Access, id: &str) -> Result<u64, Trouble> {
    let Some((topic, number)) = post::parts(id) else {
        return Err(Trouble::wrong(format!("{id} is no post of a forum")));
    };
    let (told, _) = get(access, &format!("/posts/by_number/{topic}/{number}.json")).await?;
    told["id"].as_u64().ok_or_else(|| Trouble::wrong("the forum does not show this post"))
}

async fn look(access: &Access, reply: &Outgoing, since: Timestamp) -> Result<Found, Trouble> {
    let Some((topic, number)) = reply.in_reply_to.as_deref().and_then(post::parts) else {
        return Ok(Found::Unclear("only a post of a forum can be answered there".to_owned()));
    };
    let user = access.setting("user").unwrap_or_default();
    let mut before: Option<String> = None;
    for _ in 0..PAGES {
        let (posts, _) = latest(access, before.as_deref()).await?;
        for said in &posts {
            let ours = said["username"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(user));
            let there = said["topic_id"] == topic && said["reply_to_post_number"].as_u64().unwrap_or(1) == number;
            if ours && there && said["raw"].as_str().is_some_and(|raw| raw.trim() == reply.text.trim()) {
                return Ok(Found::Published { remote_id: post::global(said), url: post::link(said, &access.url) });
            }
        }
        let old = |said: &Value| said["created_at"].as_str().and_then(crate::moment::read).is_some_and(|at| at < since);
        match posts.last() {
            None => return Ok(Found::NotThere),
            Some(last) if old(last) => return Ok(Found::NotThere),
            Some(last) => before = id(&last["id"]),
        }
    }
    Ok(Found::Unclear("too much was said since to look through all of it".to_owned()))
}
