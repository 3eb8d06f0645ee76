//! What is new in a list, and what is gone from it. Lists are shown newest first and read downwards: everything above
//! what was known before, page by page, each with its place in the cursor.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    place::{self, Reading},
    post,
    session::{self, Ask, get},
};
use crate::{
    contract::{Access, Item, Page, Trouble, Wait},
    egress::Budget,
};

/// Items of a page.
const MOST: usize = 50;
/// Posts remembered, so that each is given once: more than a page, for those that slide into it as others go.
const REMEMBERED: usize = 2 * MOST;
/// How often it is looked whether newest posts are gone, in seconds.
const LOOK_AGAIN: i64 = 300;
/// Posts that are shown at once when asked for by address (`app.bsky.feed.getPosts`).
const AT_ONCE: usize = 25;
/// Posts asked one by one whether they are gone, at most, in one turn.
const GONE: usize = 10;

/// Where reading goes on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    /// When the newest post read was taken in by the network, RFC 3339 as it writes it.
    newest: String,
    /// The newest posts, `DID/KEY`, oldest first.
    recent: Vec<String>,
    /// A walk down that has not yet come to what was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    walk: Option<Walk>,
    /// When it was last looked whether posts are gone, in seconds since 1970.
    looked_at: i64,
}

/// A walk down a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Walk {
    /// The network's word for where the next page begins.
    below: String,
    /// What `newest` becomes at its end.
    top: String,
    /// How many posts were remembered before it began: each page is older than the one before.
    from: usize,
}

pub(super) async fn page(access: &Access, cursor: &Value) -> Result<Page, Trouble> {
    let mut cursor: Cursor = serde_json::from_value(cursor.clone()).unwrap_or_default();
    let reading = place::reading(access).map_err(|refusal| Trouble::wrong(refusal.to_string()))?;
    let first_time = cursor.newest.is_empty() && cursor.walk.is_none() && cursor.recent.is_empty();
    let below = cursor.walk.as_ref().map(|walk| walk.below.clone()).unwrap_or_default();
    let (listed, next, mut budget) = list(access, &reading, &below).await?;
    let new: Vec<Value> = listed.iter().rev().filter(|raw| cursor.is_new(raw)).cloned().collect();
    let more = cursor.pass(&listed, next, first_time);
    let mut items: Vec<Item> = match reading {
        Reading::Mentions => shown(access, new, &mut budget).await?.into_iter().map(post::post).collect(),
        _ => new.into_iter().map(post::post).collect(),
    };
    let due = access.now.as_second() - cursor.looked_at >= LOOK_AGAIN;
    if first_time {
        cursor.looked_at = access.now.as_second();
    } else if due && !more {
        // What was read stays read, whatever becomes of the second look.
        if let Ok(gone) = look_again(access, &mut cursor).await {
            items.extend(gone);
        }
    }
    let cursor = serde_json::to_value(&cursor).unwrap_or_default();
    let wait = if more { Wait::More } else { Wait::Usual };
    Ok(Page { items, cursor, wait, budget, ..Page::default() })
}

/// The conversation around a post.
pub(super) async fn thread(access: &Access, uri: &str) -> Result<Vec<Item>, Trouble> {
    if post::parts(uri).is_none() {
        return Err(Trouble::wrong(format!("{uri} is no address of a post on Bluesky")));
    }
    // Each answer is nested twice in the one above it, and JSON is read 128 deep.
    let query = [("uri", uri), ("depth", "40"), ("parentHeight", "80")];
    let (mut told, _) = get(access, "app.bsky.feed.getPostThread", &query).await?;
    let mut found = Vec::new();
    let mut thread = told["thread"].take();
    let mut parent = thread["parent"].take();
    while parent.is_object() {
        found.push(parent["post"].take());
        parent = parent["parent"].take();
    }
    found.reverse();
    // Breadth first, so that nothing that is nested deep needs a deep stack.
    let mut level = vec![thread["replies"].take()];
    while let Some(replies) = level.pop() {
        let Value::Array(replies) = replies else { continue };
        for mut reply in replies {
            found.push(reply["post"].take());
            level.push(reply["replies"].take());
        }
    }
    // What is blocked or gone stands there without a post.
    Ok(found.into_iter().filter(Value::is_object).map(post::post).collect())
}

/// A page of a list, newest first, with the network's word for what lies below it.
async fn list(
    access: &Access,
    reading: &Reading,
    below: &str,
) -> Result<(Vec<Value>, Option<String>, Option<Budget>), Trouble> {
    let most = MOST.to_string();
    let mut query = vec![("limit", most.as_str())];
    let (name, part) = match reading {
        Reading::Mentions => {
            query.extend(["mention", "reply", "quote"].map(|reason| ("reasons", reason)));
            ("app.bsky.notification.listNotifications", "notifications")
        }
        Reading::Account(who) => {
            query.extend([("actor", who.as_str()), ("filter", "posts_with_replies")]);
            ("app.bsky.feed.getAuthorFeed", "feed")
        }
        Reading::Search(words) => {
            query.extend([("q", words.as_str()), ("sort", "latest")]);
            ("app.bsky.feed.searchPosts", "posts")
        }
    };
    if !below.is_empty() {
        query.push(("cursor", below));
    }
    let (mut told, budget) = get(access, name, &query).await?;
    let Value::Array(listed) = told[part].take() else {
        return Err(Trouble::passing("the server answered with something that is no list of posts"));
    };
    let listed = listed.into_iter().filter_map(|mut raw| match reading {
        // Servers that do not know the parameter show every kind; likes and follows are no words.
        Reading::Mentions => matches!(raw["reason"].as_str(), Some("mention" | "reply" | "quote")).then_some(raw),
        // With a reason it is somebody else's post, passed on.
        Reading::Account(_) => raw["reason"].is_null().then(|| raw["post"].take()),
        Reading::Search(_) => Some(raw),
    });
    let next = told["cursor"].as_str().filter(|next| !next.is_empty()).map(ToOwned::to_owned);
    Ok((listed.collect(), next, budget))
}

/// Notifications with what the posts themselves show besides: counts, pictures. What is gone meanwhile stays as it was
/// told.
async fn shown(access: &Access, told: Vec<Value>, budget: &mut Option<Budget>) -> Result<Vec<Value>, Trouble> {
    let mut shown: Map<String, Value> = Map::new();
    let uris: Vec<String> = told.iter().filter_map(|raw| raw["uri"].as_str().map(ToOwned::to_owned)).collect();
    for (post, left) in posts(access, &uris).await? {
        *budget = left.or(*budget);
        if let Some(uri) = post["uri"].as_str().map(ToOwned::to_owned) {
            shown.insert(uri, post);
        }
    }
    let whole = |mut raw: Value| {
        let reason = raw["reason"].take();
        let known = raw["uri"].as_str().and_then(|uri| shown.remove(uri));
        let mut whole = known.filter(|post| post["record"].is_object()).unwrap_or(raw);
        if let Value::Object(fields) = &mut whole {
            fields.insert("reason".to_owned(), reason);
        }
        whole
    };
    Ok(told.into_iter().map(whole).collect())
}

/// Posts by address, as many as the network still shows.
async fn posts(access: &Access, uris: &[String]) -> Result<Vec<(Value, Option<Budget>)>, Trouble> {
    let mut found = Vec::new();
    for some in uris.chunks(AT_ONCE) {
        let query: Vec<(&str, &str)> = some.iter().map(|uri| ("uris", uri.as_str())).collect();
        let (mut told, budget) = get(access, "app.bsky.feed.getPosts", &query).await?;
        if let Value::Array(posts) = told["posts"].take() {
            found.extend(posts.into_iter().map(|post| (post, budget)));
        }
    }
    Ok(found)
}

/// Looks which of the newest posts are gone.
async fn look_again(access: &Access, cursor: &mut Cursor) -> Result<Vec<Item>, Trouble> {
    let newest = cursor.recent.len().saturating_sub(MOST);
    let known: Vec<String> = cursor.recent[newest..].iter().map(|short| long(short)).collect();
    let shown: Vec<Value> = posts(access, &known).await?.into_iter().map(|(post, _)| post["uri"].clone()).collect();
    let missed = known.into_iter().filter(|uri| !shown.iter().any(|known| known.as_str() == Some(uri)));
    let mut gone = Vec::new();
    for uri in missed.take(GONE) {
        if is_gone(access, &uri).await? {
            cursor.recent.retain(|known| long(known) != uri);
            gone.push(Ok(post::deletion(&uri, access.now)));
        }
    }
    cursor.looked_at = access.now.as_second();
    Ok(gone)
}

/// Whether a post is gone: only where the network says so plainly. Everything else is no reason to erase words.
async fn is_gone(access: &Access, uri: &str) -> Result<bool, Trouble> {
    let Some((did, key)) = post::parts(uri) else { return Ok(false) };
    let query = [("repo", did), ("collection", post::COLLECTION), ("rkey", key)];
    let answer = session::ask(access, Ask { name: "com.atproto.repo.getRecord", query: &query, body: None }).await?;
    Ok(answer.status == 400 && session::error(&answer) == "RecordNotFound")
}

impl Cursor {
    fn is_new(&self, raw: &Value) -> bool {
        raw["uri"].as_str().is_none_or(|uri| !self.recent.iter().any(|known| long(known) == uri))
    }

    /// Moves past a page; true where the walk has to go on below it.
    fn pass(&mut self, listed: &[Value], next: Option<String>, first_time: bool) -> bool {
        let from = self.walk.as_ref().map_or(self.recent.len(), |walk| walk.from.min(self.recent.len()));
        for raw in listed {
            if let Some((did, key)) = raw["uri"].as_str().and_then(post::parts) {
                let short = format!("{did}/{key}");
                if !self.recent.contains(&short) {
                    self.recent.insert(from, short);
                }
            }
        }
        let taken_in = |raw: &Value| raw["indexedAt"].as_str().unwrap_or_default().to_owned();
        let highest = listed.iter().map(taken_in).max().unwrap_or_default();
        let top = self.walk.take().map_or(String::new(), |walk| walk.top).max(highest).max(self.newest.clone());
        let known = listed.iter().map(taken_in).min().is_none_or(|lowest| lowest <= self.newest);
        match next {
            Some(below) if !known && !first_time => {
                self.walk = Some(Walk { below, top, from });
                true
            }
            _ => {
                let over = self.recent.len().saturating_sub(REMEMBERED);
                self.recent.drain(..over);
                self.newest = top;
                false
            }
        }
    }
}

fn long(short: &str) -> String {
    match short.split_once('/') {
        Some((did, key)) => format!("at://{did}/{}/{key}", post::COLLECTION),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn listed(keys: std::ops::Range<usize>) -> Vec<Value> {
        let one = |n: usize| {
            let uri = format!("at://did:plc:z72i7hdynmk6r22z27h6tvur/app.bsky.feed.post/{n:05}");
            json!({ "uri": uri, "indexedAt": format!("2026-03-02T09:{:02}:{:02}.000Z", n / 60, n % 60) })
        };
        keys.rev().map(one).collect()
    }

    /// However many posts come between two turns, each is given once.
    #[test]
    fn a_walk_comes_to_what_is_known_and_gives_everything_once() {
        let mut cursor = Cursor::default();
        let mut given = 0;
        let mut until = 0_usize;
        for (turn, more_posts) in [30, 0, 7, 49, 50, 51, 333, 1].into_iter().enumerate() {
            until += more_posts;
            let mut high = until;
            loop {
                let page = listed(high.saturating_sub(MOST)..high);
                let first = turn == 0;
                given += page.iter().filter(|raw| cursor.is_new(raw)).count();
                high = high.saturating_sub(MOST);
                if !cursor.pass(&page, (high > 0).then(|| high.to_string()), first) {
                    break;
                }
                assert_eq!(cursor.walk.as_ref().map(|walk| walk.below.as_str()), Some(high.to_string().as_str()));
            }
            assert_eq!(given, until, "turn {turn}");
            assert!(cursor.recent.len() <= REMEMBERED && cursor.walk.is_none());
        }
    }
}
