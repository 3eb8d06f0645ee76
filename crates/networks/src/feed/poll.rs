use std::{collections::BTreeMap, time::Duration};

use dandelion_post::Post;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use super::{
    Error, MAX_ENTRIES, Parsed, Refused, parse, sitemap,
    websub::{self, Offer},
};
use crate::Later;
use crate::contract::hex;
use crate::egress::{Client, Response};

/// What a feed is asked with: formats we read, in order of how well they say what they mean.
const ACCEPT: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5";
/// Longest validator believed, in bytes.
const MAX_VALIDATOR: usize = 1024;
/// Most sitemaps of a list read in one go.
const MAX_PARTS: usize = 8;

/// What is remembered between two polls. Store it after the posts, in the same transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cursor {
    /// `ETag` of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// `Last-Modified` of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// Hash of the last body, for servers that know neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Its WebSub hub, as its last whole answer said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hub: Option<String>,
    /// What it is called at its hub.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Of a list of sitemaps: those that were read, each as a feed of its own.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, Self>,
}

impl Cursor {
    /// Where the feed can be subscribed to.
    pub fn offer(&self) -> Option<Offer> {
        Some(Offer { hub: self.hub.clone()?, topic: self.topic.clone()? })
    }
}

/// What a poll brought.
#[derive(Debug, Clone, Default)]
pub struct Polled {
    /// The entries, as the feed lists them; old ones come again at every turn and are told by their id.
    pub posts: Vec<Result<Post, Refused>>,
    /// What to ask with next time.
    pub cursor: Cursor,
    /// How long the other side wants us to wait (`Retry-After`, `ttl`, `max-age`); at most a day.
    pub next_after: Option<Duration>,
    /// Where the feed lives now, when it moved for good.
    pub moved_to: Option<String>,
    /// Nothing new: the posts are empty for that reason.
    pub not_modified: bool,
    /// The feed's title.
    pub title: Option<String>,
    /// The page it belongs to.
    pub site: Option<String>,
}

/// Asks a feed what is new. `now` is only needed to read a `Retry-After` that names a date.
///
/// On 429 and 503 the error carries how long to wait ([`Error::retry_after`]).
pub fn poll<'a>(
    client: &'a Client,
    url: &'a str,
    cursor: &'a Cursor,
    now: Timestamp,
) -> Later<'a, Result<Polled, Error>> {
    Box::pin(async move {
        let mut headers = vec![("accept", ACCEPT)];
        if let Some(etag) = &cursor.etag {
            headers.push(("if-none-match", etag));
        }
        if let Some(modified) = &cursor.last_modified {
            headers.push(("if-modified-since", modified));
        }
        // A list of sitemaps may stay the same while its sitemaps change.
        let list = !cursor.parts.is_empty();
        if list {
            headers.truncate(1);
        }
        let response = client.get(url, &headers).await?;
        let moved_to = response.moved_to().map(Url::to_string);
        let wait = response.retry_after(now).or_else(|| max_age(&response));
        if response.status == 304 {
            let cursor = cursor.clone();
            return Ok(Polled { cursor, not_modified: true, next_after: bounded(wait), moved_to, ..Polled::default() });
        }
        let response = response.success(now)?;
        let mut next = cursor_of(&response);
        if next.digest.is_some() && next.digest == cursor.digest && !list {
            (next.hub, next.topic) = (cursor.hub.clone(), cursor.topic.clone());
            return Ok(Polled {
                cursor: next,
                not_modified: true,
                next_after: bounded(wait),
                moved_to,
                ..Polled::default()
            });
        }
        let (headers, at) = (response.headers.clone(), response.url.clone());
        let parsed = parse_aside(response).await?;
        let offer = websub::offer(&headers, parsed.hub.as_deref(), parsed.itself.as_deref(), &at);
        (next.hub, next.topic) = offer.map(|offer| (offer.hub, offer.topic)).unzip();
        let next_after = bounded(wait.max(parsed.ttl));
        let Parsed { mut posts, title, site, parts, .. } = parsed;
        if !parts.is_empty() {
            let chosen = sitemap::chosen(parts, &at, MAX_PARTS);
            (posts, next.parts) = of_parts(client, &chosen, &cursor.parts, now).await?;
        }
        Ok(Polled { posts, cursor: next, next_after, moved_to, not_modified: false, title, site })
    })
}

/// The news of a list's sitemaps, one after the other. A list within a list is not followed (sitemaps.org forbids it);
/// a sitemap that cannot be read costs no other, unless none can.
async fn of_parts(
    client: &Client,
    chosen: &[String],
    known: &BTreeMap<String, Cursor>,
    now: Timestamp,
) -> Result<(Vec<Result<Post, Refused>>, BTreeMap<String, Cursor>), Error> {
    let (mut posts, mut cursors, mut trouble) = (Vec::new(), BTreeMap::new(), None);
    for url in chosen {
        let before = known.get(url).cloned().unwrap_or_default();
        match part(client, url, &before, now).await {
            Ok((found, cursor)) => {
                let room = MAX_ENTRIES.saturating_sub(posts.len());
                posts.extend(found.into_iter().take(room));
                cursors.insert(url.clone(), cursor);
            }
            Err(error) => trouble = trouble.or(Some(error)),
        }
    }
    match trouble {
        Some(error) if cursors.is_empty() => Err(error),
        _ => Ok((posts, cursors)),
    }
}

async fn part(
    client: &Client,
    url: &str,
    before: &Cursor,
    now: Timestamp,
) -> Result<(Vec<Result<Post, Refused>>, Cursor), Error> {
    let mut headers = vec![("accept", ACCEPT)];
    headers.extend(before.etag.as_deref().map(|etag| ("if-none-match", etag)));
    headers.extend(before.last_modified.as_deref().map(|at| ("if-modified-since", at)));
    let response = client.get(url, &headers).await?;
    if response.status == 304 {
        return Ok((Vec::new(), before.clone()));
    }
    let response = response.success(now)?;
    let cursor = cursor_of(&response);
    if cursor.digest == before.digest {
        return Ok((Vec::new(), cursor));
    }
    Ok((parse_aside(response).await?.posts, cursor))
}

/// Reads a body on a thread of its own: a large feed takes longer than others should wait.
pub(super) async fn parse_aside(response: Response) -> Result<Parsed, Error> {
    let work = move || {
        let kind = response.header("content-type").map(ToOwned::to_owned);
        parse(&response.body, kind.as_deref(), Some(&response.url))
    };
    let done = tokio::task::spawn_blocking(work).await;
    let parsed = done.map_err(|_| super::Unreadable::Broken("reading it was broken off".to_owned()))?;
    Ok(parsed?)
}

fn cursor_of(response: &Response) -> Cursor {
    let kept = |name: &str| {
        response.header(name).filter(|v| !v.trim().is_empty() && v.len() <= MAX_VALIDATOR).map(ToOwned::to_owned)
    };
    let digest = hex(&Sha256::digest(&response.body)[..16]);
    Cursor { etag: kept("etag"), last_modified: kept("last-modified"), digest: Some(digest), ..Cursor::default() }
}

fn max_age(response: &Response) -> Option<Duration> {
    let header = response.header("cache-control")?;
    let seconds = header.split(',').find_map(|part| part.trim().strip_prefix("max-age="))?;
    seconds.trim().parse().ok().map(Duration::from_secs).filter(|age| !age.is_zero())
}

fn bounded(wait: Option<Duration>) -> Option<Duration> {
    wait.map(|wait| wait.min(Duration::from_hours(24)))
}
