//! YouTube: comments under the videos of a channel (YouTube Data API v3).
//!
//! Threads come newest first, each with some of its answers; an answer to a thread that has left the newest pages is not
//! seen. Reading costs one unit of the day's 10,000 a page, answering fifty.

use std::time::Duration;

use dandelion_post::{Author, Metrics, Post, Refusal, micros};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use crate::{
    Later,
    contract::{
        Access, Connector, Found, Item, Newest, Page, Place, Trouble, Wait, bearer, checked,
        json::{ask, encoded, read, rest, take, take_moment, take_number},
        refused,
    },
    egress::{Method, Response},
    google,
    guess::{Guess, address},
    networks::{About, Field, Length, Once, Proven, Reads, Writes},
    outgoing::{Answer, Outgoing},
};

/// What this network is.
pub const ABOUT: About = About {
    name: "youtube",
    label: "YouTube",
    reads: Reads {
        what: "comments under the videos of a channel, with answers and edits",
        poll: true,
        stream: false,
        push: false,
    },
    writes: Writes { reply: true, ..Writes::NOTHING },
    once: Once::ReadBack,
    length: Some(Length::characters(10_000)),
    fields: &[
        Field {
            name: "refresh_token",
            label: "Refresh token",
            secret: true,
            needed: false,
            help: "Of our channel, with the scope youtube.force-ssl; needed to answer.",
        },
        google::CLIENT_SECRET,
        Field {
            name: "key",
            label: "API key",
            secret: true,
            needed: false,
            help: "Enough to read: Google Cloud console, YouTube Data API v3, Credentials.",
        },
        google::CLIENT_ID,
        Field {
            name: "channel",
            label: "Channel",
            secret: false,
            needed: true,
            help: "Its id, which begins with UC: YouTube Studio, Settings, Channel, Advanced.",
        },
    ],
    limits: "10,000 units a day: a page costs 1, an answer 50; asked every 10 minutes",
    docs: "When the day's units are used up, reading rests until midnight in California.",
    proven: Proven::Replay("answers in the form of its discovery document"),
    connector: &YouTube,
};

/// Where its interface lives, and where tokens come from.
const API: &str = "https://www.googleapis.com";
/// Shortest time between two looks.
const OFTEN: Duration = Duration::from_mins(10);

struct YouTube;

impl Connector for YouTube {
    fn check(&self, place: &Place) -> Result<(), Refusal> {
        if !place.is_web() {
            return Err(Refusal::new("url", format!("write {API}"), &place.url));
        }
        let channel = place.setting("channel").unwrap_or_default();
        if !is_channel(channel) {
            return Err(Refusal::new(
                "channel",
                "write the channel's id, which begins with UC and has 24 characters",
                channel,
            ));
        }
        if place.credentials.is_empty() {
            return Err(Refusal::new("key", "enter an API key, to read, or a refresh token, to answer", ""));
        }
        Ok(())
    }

    fn page<'a>(&'a self, access: &'a Access, cursor: &'a Value) -> Later<'a, Result<Page, Trouble>> {
        Box::pin(page(access, cursor))
    }

    fn publish<'a>(&'a self, access: &'a Access, reply: &'a Outgoing) -> Later<'a, Answer> {
        Box::pin(publish(access, reply))
    }

    fn find<'a>(&'a self, access: &'a Access, reply: &'a Outgoing, _since: Timestamp) -> Later<'a, Found> {
        Box::pin(async move { Found::of(look(access, reply).await) })
    }

    fn guess(&self, typed: &str) -> Option<Guess> {
        let url = address(typed)?;
        let known =
            matches!(url.host_str()?.trim_start_matches("www.").trim_start_matches("m."), "youtube.com" | "youtu.be");
        let parts: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
        let what = "comments under the videos of a channel on YouTube";
        match parts.as_slice() {
            ["channel", id, ..] if known && is_channel(id) => Some(Guess::new(3, API, &[("channel", id)], what)),
            _ if known => Some(Guess::new(2, API, &[], what)),
            _ => None,
        }
    }
}

fn is_channel(text: &str) -> bool {
    text.len() == 24
        && text.starts_with("UC")
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// The thread that an id belongs to: answers are called `THREAD.ANSWER`.
fn thread_of(id: &str) -> &str {
    id.split('.').next().unwrap_or(id)
}

async fn page(access: &Access, cursor: &Value) -> Result<Page, Trouble> {
    let mut newest: Newest = serde_json::from_value(cursor.clone()).unwrap_or_default();
    let channel = encoded(access.setting("channel").unwrap_or_default());
    let further = newest.further().map(|page| format!("&pageToken={}", encoded(page))).unwrap_or_default();
    let path = format!(
        "/youtube/v3/commentThreads?part=snippet,replies&allThreadsRelatedToChannelId={channel}&order=time&maxResults=50&textFormat=plainText{further}"
    );
    let told = get(access, &path).await?;
    let mut comments = Vec::new();
    for thread in told["items"].as_array().cloned().unwrap_or_default() {
        comments.push(thread["snippet"]["topLevelComment"].clone());
        comments.extend(thread["replies"]["comments"].as_array().cloned().unwrap_or_default());
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entries: Vec<_> = comments.iter().map(|c| (text(&c["id"]), text(&c["snippet"]["updatedAt"]))).collect();
    let (news, wait) = newest.take(&entries, told["nextPageToken"].as_str().map(ToOwned::to_owned));
    let fresh = comments.into_iter().zip(news).filter_map(|(comment, news)| news.then_some(comment));
    let mut items: Vec<Item> = fresh.map(post).collect();
    items.reverse();
    let wait = if wait == Wait::More { wait } else { Wait::After(OFTEN) };
    Ok(Page { items, cursor: serde_json::to_value(&newest).unwrap_or_default(), wait, ..Page::default() })
}

/// Reads one comment.
pub fn post(raw: Value) -> Item {
    let Value::Object(mut fields) = raw else { return Err(refused("comment", "is no object", &raw)) };
    let whole = Value::Object(fields.clone());
    let Some(id) = whole["id"].as_str().filter(|id| !id.is_empty()).map(ToOwned::to_owned) else {
        return Err(refused("id", "the comment has no id", &whole));
    };
    let Some(Value::Object(mut said)) = fields.remove("snippet") else {
        return Err(refused("snippet", "the comment holds no words", &whole));
    };
    let video = said.get("videoId").and_then(Value::as_str).map(ToOwned::to_owned);
    let text = take(&mut said, "textOriginal").or_else(|| take(&mut said, "textDisplay")).unwrap_or_default();
    let (created, updated) = (take_moment(&mut said, "publishedAt"), take_moment(&mut said, "updatedAt"));
    let parent = take(&mut said, "parentId").or_else(|| id.contains('.').then(|| thread_of(&id).to_owned()));
    let name = take(&mut said, "authorDisplayName");
    let channel = whole["snippet"]["authorChannelId"]["value"].as_str().map(ToOwned::to_owned);
    fields.remove("id");
    fields.extend(rest(said));
    let post = Post {
        url: video.map(|video| format!("https://www.youtube.com/watch?v={}&lc={}", encoded(&video), encoded(&id))),
        text,
        created_at: created,
        edited_at: updated.filter(|updated| Some(*updated) > created),
        thread: Some(thread_of(&id).to_owned()),
        in_reply_to: parent,
        author: (name.is_some() || channel.is_some()).then(|| Author {
            url: channel.as_deref().map(|id| format!("https://www.youtube.com/channel/{id}")),
            id: channel,
            handle: name.clone(),
            name,
            avatar: whole["snippet"]["authorProfileImageUrl"].as_str().and_then(Author::picture),
            ..Author::default()
        }),
        metrics: Metrics { likes: take_number(&mut fields, "likeCount"), ..Metrics::default() },
        extra: rest(fields),
        id,
        ..Post::default()
    };
    checked(post, &whole)
}

async fn publish(access: &Access, reply: &Outgoing) -> Answer {
    let Some(answered) = reply.in_reply_to.as_deref() else {
        return Answer::Refused { why: "only a comment can be answered on YouTube".to_owned() };
    };
    let token = match bearer::token(access, google::TOKENS, false).await {
        Ok(token) => format!("Bearer {token}"),
        Err(trouble) => return trouble.into(),
    };
    // Answers stand under the thread's first comment, never deeper.
    let body = json!({ "snippet": { "parentId": thread_of(answered), "textOriginal": reply.text } });
    let url = access.at("/youtube/v3/comments?part=snippet");
    match ask(access, Method::POST, &url, &[("authorization", &token)], Some(&body)).await {
        Ok(answer) => match used_up(&answer, access) {
            Some(trouble) => trouble.into(),
            None => Answer::read(&answer, micros(access.now)),
        },
        Err(error) => error.into(),
    }
}

async fn look(access: &Access, reply: &Outgoing) -> Result<Found, Trouble> {
    let thread = thread_of(reply.in_reply_to.as_deref().unwrap_or_default());
    let path =
        format!("/youtube/v3/comments?part=snippet&parentId={}&maxResults=100&textFormat=plainText", encoded(thread));
    let told = get(access, &path).await?;
    let ours = access.setting("channel").unwrap_or_default();
    for said in told["items"].as_array().into_iter().flatten() {
        let words =
            said["snippet"]["textOriginal"].as_str().or(said["snippet"]["textDisplay"].as_str()).unwrap_or_default();
        if said["snippet"]["authorChannelId"]["value"] == ours && words.trim() == reply.text.trim() {
            return Ok(Found::Published { remote_id: said["id"].as_str().map(ToOwned::to_owned), url: None });
        }
    }
    let more = told["nextPageToken"].is_string();
    Ok(if more {
        Found::Unclear("too much was said there to look through all of it".to_owned())
    } else {
        Found::NotThere
    })
}

/// Asks by the sign-in where there is one, else by the key.
async fn get(access: &Access, path: &str) -> Result<Value, Trouble> {
    let signed_in = ["refresh_token", "token"].iter().any(|name| access.credentials.get(name).is_some());
    let answer = if let Some(key) = access.credentials.get("key").filter(|_| !signed_in) {
        ask(access, Method::GET, &access.at(path), &[("x-goog-api-key", key)], None).await?
    } else {
        let token = format!("Bearer {}", bearer::token(access, google::TOKENS, false).await?);
        ask(access, Method::GET, &access.at(path), &[("authorization", &token)], None).await?
    };
    match used_up(&answer, access) {
        Some(trouble) => Err(trouble),
        None => Ok(read(answer, access)?.0),
    }
}

/// 403 with the reason `quotaExceeded`: nothing more until midnight Pacific time.
fn used_up(answer: &Response, access: &Access) -> Option<Trouble> {
    let told: Value = serde_json::from_slice(&answer.body).ok().filter(|_| answer.status == 403)?;
    let reason = told["error"]["errors"][0]["reason"].as_str()?;
    matches!(reason, "quotaExceeded" | "dailyLimitExceeded" | "rateLimitExceeded").then(|| Trouble::Passing {
        why: "the day's units of the YouTube Data API are used up; it goes on by itself after midnight in California"
            .to_owned(),
        after: until_midnight(access.now),
    })
}

fn until_midnight(now: Timestamp) -> Option<Duration> {
    // Eight hours behind UTC the whole year: an hour too late in summer harms nobody.
    let pacific = TimeZone::fixed(jiff::tz::Offset::constant(-8));
    let today = pacific.to_datetime(now).date();
    let midnight = pacific.to_timestamp(today.tomorrow().ok()?.to_datetime(jiff::civil::Time::midnight())).ok()?;
    u64::try_from(midnight.duration_since(now).as_secs()).ok().map(Duration::from_secs)
}
