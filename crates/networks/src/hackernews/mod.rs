//! Hacker News: everything said there, by its public interface (github.com/HackerNews/API). Only read.
//!
//! Items are numbered in one row, so the cursor is a number; one that is not shown yet is waited for at the end of the row
//! and passed over inside it.

use dandelion_post::{Author, Metrics, Post, Refusal};
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Later, clean,
    contract::{
        Access, Connector, Item, Page, Place, Trouble, Wait, checked,
        json::{ask, id, read, rest, take, take_moment, take_number},
        refused,
    },
    egress::Method,
    guess::{Guess, address},
    networks::{About, Once, Proven, Reads, Writes},
};

/// What this network is.
pub const ABOUT: About = About {
    name: "hackernews",
    label: "Hacker News",
    reads: Reads { what: "all stories, comments, jobs and polls", poll: true, stream: false, push: false },
    writes: Writes::NOTHING,
    once: Once::Nothing,
    length: None,
    fields: &[],
    limits: "100 items a page, 8 requests at once; the network names no limit",
    docs: "Nothing is to be signed in to. About 15,000 items a day come by; queries choose among them.",
    proven: Proven::Replay("the items that its documentation shows"),
    connector: &HackerNews,
};

/// Where its interface lives.
const API: &str = "https://hacker-news.firebaseio.com";
/// Items of a page, and those it is begun with.
const MOST: u64 = 100;
/// Items asked for at once.
const AT_ONCE: usize = 8;

struct HackerNews;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    /// The highest number read.
    item: u64,
}

impl Connector for HackerNews {
    fn check(&self, place: &Place) -> Result<(), Refusal> {
        if place.is_web() { Ok(()) } else { Err(Refusal::new("url", format!("write {API}"), &place.url)) }
    }

    fn page<'a>(&'a self, access: &'a Access, cursor: &'a Value) -> Later<'a, Result<Page, Trouble>> {
        Box::pin(page(access, cursor))
    }

    fn guess(&self, typed: &str) -> Option<Guess> {
        let url = address(typed)?;
        let known = matches!(url.host_str(), Some("news.ycombinator.com" | "hacker-news.firebaseio.com"));
        known.then(|| Guess::new(3, API, &[], "what is said on Hacker News"))
    }
}

async fn page(access: &Access, cursor: &Value) -> Result<Page, Trouble> {
    let before: Cursor = serde_json::from_value(cursor.clone()).unwrap_or_default();
    let highest = get(access, "/v0/maxitem.json").await?;
    let highest =
        highest.as_u64().ok_or_else(|| Trouble::passing("Hacker News did not say what its newest item is"))?;
    let from = if before.item == 0 { highest.saturating_sub(MOST) } else { before.item };
    let to = highest.min(from + MOST);
    let asked = futures_util::stream::iter(from + 1..=to)
        .map(|number| async move { get(access, &format!("/v0/item/{number}.json")).await.map(|item| (number, item)) });
    let items: Vec<(u64, Value)> = asked.buffered(AT_ONCE).try_collect().await?;
    // The newest ones are numbered before they are shown.
    let shown = items.iter().rev().find(|(_, item)| !item.is_null()).map_or(from, |(number, _)| *number);
    let read_to = if to == highest { shown.max(from) } else { to };
    let items = items.into_iter().filter(|(number, item)| *number <= read_to && !item.is_null());
    let items = items.map(|(_, item)| post(item, access.now)).collect();
    let wait = if to < highest { Wait::More } else { Wait::Usual };
    let cursor = serde_json::to_value(Cursor { item: read_to }).unwrap_or_default();
    Ok(Page { items, cursor, wait, ..Page::default() })
}

async fn get(access: &Access, path: &str) -> Result<Value, Trouble> {
    Ok(read(ask(access, Method::GET, &access.at(path), &[], None).await?, access)?.0)
}

/// Reads one item.
pub fn post(raw: Value, now: jiff::Timestamp) -> Item {
    let Value::Object(mut fields) = raw else { return Err(refused("item", "is no object", &raw)) };
    let whole = Value::Object(fields.clone());
    let Some(number) = id(&whole["id"]) else { return Err(refused("id", "the item has no number", &whole)) };
    let deleted = whole["deleted"] == true;
    let html = take(&mut fields, "text").unwrap_or_default();
    let by = take(&mut fields, "by");
    let link = take(&mut fields, "url").filter(|url| url.starts_with("http"));
    let post = Post {
        url: Some(format!("https://news.ycombinator.com/item?id={number}")),
        text: clean::text(&html),
        html: Some(html).filter(|html| clean::is_markup(html)),
        title: take(&mut fields, "title").map(|title| clean::text(&title)),
        created_at: take_moment(&mut fields, "time"),
        deleted_at: deleted.then_some(now),
        in_reply_to: id(&whole["parent"]).or_else(|| id(&whole["poll"])),
        author: by.map(|by| Author {
            url: Some(format!("https://news.ycombinator.com/user?id={by}")),
            handle: Some(by),
            ..Author::default()
        }),
        links: link.into_iter().collect(),
        metrics: Metrics {
            likes: take_number(&mut fields, "score"),
            replies: take_number(&mut fields, "descendants"),
            ..Metrics::default()
        },
        extra: {
            fields.remove("id");
            rest(fields)
        },
        id: number,
        ..Post::default()
    };
    checked(post, &whole)
}
