//! Reddit: mentions of our account, answers to it, or what is said in a subreddit (reddit.com/dev/api).
//!
//! Lists show the newest first. Asking for what came "before" the newest known one would show nothing for ever once that
//! one is deleted, so the list is read down to what is known.

mod thing;

use std::time::Duration;

use dandelion_post::Refusal;
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    Later,
    contract::{
        Access, Connected, Connector, Found, Item, Newest, Page, Place, Trouble, bearer,
        json::{ask, encoded, read},
    },
    egress::{Budget, Method},
    guess::{Guess, address},
    networks::{About, Field, Length, Once, Proven, Reads, Writes},
    outgoing::{Answer, Outgoing},
};

/// What this network is.
pub const ABOUT: About = About {
    name: "reddit",
    label: "Reddit",
    reads: Reads {
        what: "mentions of our account, answers to it, or the comments and posts of a subreddit; edits on the newest pages",
        poll: true,
        stream: false,
        push: false,
    },
    writes: Writes { reply: true, edit: true, delete: true, ..Writes::NOTHING },
    once: Once::ReadBack,
    length: Some(Length::characters(10_000)),
    fields: &[
        Field {
            name: "refresh_token",
            label: "Refresh token",
            secret: true,
            needed: false,
            help: "Of our account, for an app made at reddit.com/prefs/apps, with read, identity, privatemessages, submit, edit.",
        },
        Field { name: "client_secret", label: "App secret", secret: true, needed: false, help: "Of the same app." },
        Field {
            name: "token",
            label: "Access token",
            secret: true,
            needed: false,
            help: "Instead of both; it lasts a day.",
        },
        Field {
            name: "client_id",
            label: "App id",
            secret: false,
            needed: false,
            help: "What stands under the app's name.",
        },
        Field {
            name: "read",
            label: "What to read",
            secret: false,
            needed: false,
            help: "`mentions`, `replies`, `posts` or `comments` (of a subreddit).",
        },
        Field { name: "subreddit", label: "Subreddit", secret: false, needed: false, help: "Without r/." },
    ],
    limits: "100 requests a minute, as its headers say; 100 entries a page, 1,000 back at most",
    docs: "Commercial use wants an agreement with Reddit. A secret for a handle is written as JSON: \
           {\"refresh_token\": …, \"client_secret\": …}.",
    proven: Proven::Replay("answers recorded by the PRAW project"),
    connector: &Reddit,
};

/// Where its interface lives, and where tokens come from.
const API: &str = "https://oauth.reddit.com";
const TOKENS: &str = "https://www.reddit.com/api/v1/access_token";

struct Reddit;

impl Connector for Reddit {
    fn connect<'a>(&'a self, access: &'a Access) -> Later<'a, Result<Connected, Trouble>> {
        Box::pin(async move {
            let (me, _) = get(access, "/api/v1/me?raw_json=1").await?;
            let name = me["name"].as_str().ok_or_else(|| Trouble::wrong("Reddit does not say who we are"))?.to_owned();
            let mut place = access.place.clone();
            place.settings.insert("me".to_owned(), name.clone().into());
            let what = match access.setting("subreddit") {
                Some(subreddit) => format!("r/{subreddit}"),
                None => format!("u/{name} on Reddit"),
            };
            Ok(Connected { place, name: Some(what), handle: Some(name) })
        })
    }

    fn check(&self, place: &Place) -> Result<(), Refusal> {
        if !place.is_web() {
            return Err(Refusal::new("url", format!("write {API}"), &place.url));
        }
        path(place).map(drop)?;
        if place.credentials.is_empty() {
            return Err(Refusal::new("refresh_token", "enter the refresh token and the secret of an app of ours", ""));
        }
        Ok(())
    }

    fn page<'a>(&'a self, access: &'a Access, cursor: &'a Value) -> Later<'a, Result<Page, Trouble>> {
        Box::pin(page(access, cursor))
    }

    fn publish<'a>(&'a self, access: &'a Access, reply: &'a Outgoing) -> Later<'a, Answer> {
        Box::pin(async move {
            let Some(thing) = reply.in_reply_to.as_deref().filter(|id| thing::is_fullname(id)) else {
                return Answer::Refused { why: "only a post or comment of Reddit can be answered there".to_owned() };
            };
            let form = format!("api_type=json&raw_json=1&thing_id={thing}&text={}", encoded(&reply.text));
            say(access, "/api/comment", form).await
        })
    }

    fn find<'a>(&'a self, access: &'a Access, reply: &'a Outgoing, since: Timestamp) -> Later<'a, Found> {
        Box::pin(async move { Found::of(look(access, reply, since).await) })
    }

    fn edit<'a>(&'a self, access: &'a Access, id: &'a str, text: &'a str) -> Later<'a, Answer> {
        Box::pin(async move {
            let form = format!("api_type=json&raw_json=1&thing_id={}&text={}", encoded(id), encoded(text));
            say(access, "/api/editusertext", form).await
        })
    }

    fn delete<'a>(&'a self, access: &'a Access, id: &'a str) -> Later<'a, Answer> {
        Box::pin(async move {
            match say(access, "/api/del", format!("id={}", encoded(id))).await {
                Answer::Published { .. } => Answer::Published { remote_id: Some(id.to_owned()), url: None },
                other => other,
            }
        })
    }

    fn guess(&self, typed: &str) -> Option<Guess> {
        let typed = if typed.starts_with("r/") || typed.starts_with("/r/") {
            format!("https://www.reddit.com/{}", typed.trim_start_matches('/'))
        } else {
            typed.to_owned()
        };
        let url = address(&typed)?;
        let host = url.host_str()?;
        if host != "reddit.com" && !host.ends_with(".reddit.com") {
            return None;
        }
        let parts: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
        Some(match parts.as_slice() {
            ["r", name, ..] if thing::is_name(name) => {
                let settings = [("read", "comments"), ("subreddit", *name)];
                Guess::new(3, API, &settings, format!("comments in r/{name} on Reddit"))
            }
            _ => Guess::new(3, API, &[], "mentions of an account of ours on Reddit"),
        })
    }
}

/// Which list is read.
fn path(place: &Place) -> Result<String, Refusal> {
    let subreddit = || {
        let name = place.setting("subreddit").unwrap_or_default().trim_start_matches("r/");
        if thing::is_name(name) {
            Ok(name)
        } else {
            Err(Refusal::new("subreddit", "write the subreddit's name, without r/", name))
        }
    };
    match place.setting("read") {
        None if place.setting("subreddit").is_some() => Ok(format!("/r/{}/comments", subreddit()?)),
        None | Some("mentions") => Ok("/message/mentions".to_owned()),
        Some("replies") => Ok("/message/comments".to_owned()),
        Some("comments") => Ok(format!("/r/{}/comments", subreddit()?)),
        Some("posts") => Ok(format!("/r/{}/new", subreddit()?)),
        Some(other) => Err(Refusal::new("read", "write mentions, replies, posts or comments", other)),
    }
}

async fn page(access: &Access, cursor: &Value) -> Result<Page, Trouble> {
    let mut newest: Newest = serde_json::from_value(cursor.clone()).unwrap_or_default();
    let list = path(access).map_err(|refusal| Trouble::wrong(refusal.to_string()))?;
    let after = newest.further().map(|after| format!("&after={}", encoded(after))).unwrap_or_default();
    let (told, budget) = get(access, &format!("{list}?limit=100&raw_json=1{after}")).await?;
    let things = told["data"]["children"].as_array().cloned();
    let things = things.ok_or_else(|| Trouble::passing("Reddit answered with something that is no list"))?;
    let entries: Vec<_> = things.iter().map(thing::entry).collect();
    let next = told["data"]["after"].as_str().map(ToOwned::to_owned);
    let (news, wait) = newest.take(&entries, next);
    let fresh = things.into_iter().zip(news).filter_map(|(thing, news)| news.then_some(thing));
    let mut items: Vec<Item> = fresh.map(|thing| thing::read(thing, access.now)).collect();
    items.reverse();
    let cursor = serde_json::to_value(&newest).unwrap_or_default();
    Ok(Page { items, cursor, wait, budget, ..Page::default() })
}

async fn get(access: &Access, path: &str) -> Result<(Value, Option<Budget>), Trouble> {
    let token = format!("Bearer {}", bearer::token(access, TOKENS, true).await?);
    read(ask(access, Method::GET, &access.at(path), &[("authorization", &token)], None).await?, access)
}

/// Writes by a form; Reddit says in the body whether it went well.
async fn say(access: &Access, path: &str, form: String) -> Answer {
    let token = match bearer::token(access, TOKENS, true).await {
        Ok(token) => format!("Bearer {token}"),
        Err(trouble) => return trouble.into(),
    };
    let headers = [("authorization", token.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    match access.client.post(&access.at(path), &headers, form.into_bytes()).await {
        Ok(answer) => match Answer::read(&answer, dandelion_post::micros(access.now)) {
            Answer::Published { .. } => told(&serde_json::from_slice(&answer.body).unwrap_or_default()),
            other => other,
        },
        Err(error) => error.into(),
    }
}

/// `[["RATELIMIT", "you are doing that too much. try again in 9 minutes.", "ratelimit"]]`
fn told(body: &Value) -> Answer {
    let body = &body["json"];
    if let Some(error) = body["errors"].as_array().and_then(|errors| errors.first()) {
        let why = format!("Reddit refused it: {}", error[1].as_str().unwrap_or("no reason"));
        if error[0] == "RATELIMIT" {
            let seconds =
                body["ratelimit"].as_f64().filter(|seconds| (0.0..86_400.0).contains(seconds)).unwrap_or(600.0);
            return Answer::Later { after: Some(Duration::from_secs_f64(seconds)), why };
        }
        return Answer::Refused { why };
    }
    let said = &body["data"]["things"][0]["data"];
    let url = said["permalink"].as_str().map(|path| format!("https://www.reddit.com{path}"));
    Answer::Published { remote_id: said["name"].as_str().map(ToOwned::to_owned), url }
}

async fn look(access: &Access, reply: &Outgoing, since: Timestamp) -> Result<Found, Trouble> {
    let (me, _) = get(access, "/api/v1/me?raw_json=1").await?;
    let me = encoded(me["name"].as_str().unwrap_or_default());
    let (told, _) = get(access, &format!("/user/{me}/comments?limit=100&raw_json=1&sort=new")).await?;
    let said = told["data"]["children"].as_array().map(Vec::as_slice).unwrap_or_default();
    for thing in said {
        let data = &thing["data"];
        let there = data["parent_id"].as_str() == reply.in_reply_to.as_deref();
        if there && data["body"].as_str().is_some_and(|body| body.trim() == reply.text.trim()) {
            let url = data["permalink"].as_str().map(|path| format!("https://www.reddit.com{path}"));
            return Ok(Found::Published { remote_id: data["name"].as_str().map(ToOwned::to_owned), url });
        }
    }
    let oldest = said.last().and_then(|thing| thing["data"]["created_utc"].as_f64()).unwrap_or_default();
    let whole = said.len() < 100 || oldest < since.as_second() as f64 - 300.0;
    Ok(if whole {
        Found::NotThere
    } else {
        Found::Unclear("too much was said since to look through all of it".to_owned())
    })
}
