//! From the parser's entry to a post.

use std::time::Duration;

use dandelion_post::{Author, Media, Post};
use feed_rs::model::{Entry, Feed, Link, MediaObject, Person, Text};
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use super::{MAX_ENTRIES, Parsed, Refused};
use crate::clean;
use crate::contract::hex;

/// Most media, links or categories kept of one entry.
const MAX_LIST: usize = 50;
/// Longest title, name or address kept, in bytes.
const MAX_WORD: usize = 4 * 1024;

pub(super) fn parsed(feed: Feed, base: Option<&Url>) -> Parsed {
    let link = |rel: &str| feed.links.iter().find(|l| l.rel.as_deref() == Some(rel)).map(|l| resolve(&l.href, base));
    let site = feed.links.iter().find(|l| matches!(l.rel.as_deref(), None | Some("alternate")));
    let lang =
        feed.language.clone().map(|lang| lang.trim().to_owned()).filter(|lang| !lang.is_empty() && lang.len() <= 35);
    let authors = feed.authors.clone();
    let mut parsed = Parsed {
        title: feed.title.as_ref().and_then(line),
        site: site.map(|l| resolve(&l.href, base)),
        itself: link("self"),
        hub: link("hub"),
        lang: lang.clone(),
        ttl: feed.ttl.map(|minutes| Duration::from_secs(u64::from(minutes) * 60)),
        posts: Vec::new(),
        parts: Vec::new(),
    };
    for entry in feed.entries.into_iter().take(MAX_ENTRIES) {
        parsed.posts.push(checked(post(entry, &authors, lang.as_deref(), base)));
    }
    parsed
}

/// The post, or why not with what was understood of it.
pub(super) fn checked(post: Post) -> Result<Post, Refused> {
    match post.check() {
        Ok(()) => Ok(post),
        Err(refusal) => Err(Refused { refusal, raw: serde_json::to_string(&post).unwrap_or_default() }),
    }
}

fn post(entry: Entry, authors: &[Person], lang: Option<&str>, base: Option<&Url>) -> Post {
    let title = entry.title.as_ref().and_then(line);
    let (words, html) = body(&entry);
    // A guid is a permanent link unless it says otherwise (RSS 2.0), and some feeds have no other.
    let url = address(&entry.links, base).or_else(|| web_address(&entry.id, None));
    let published = entry.published.map(|at| at.timestamp_micros());
    let updated = entry.updated.map(|at| at.timestamp_micros());
    let created_at = published.or(updated).and_then(moment);
    let edited_at = if published.is_some() && updated > published { updated.and_then(moment) } else { None };
    let text = if words.is_empty() { title.clone().unwrap_or_default() } else { words };
    let mut post = Post {
        id: identity(&entry.id, url.as_deref(), title.as_deref(), created_at, &text),
        url,
        text,
        html,
        title,
        lang: entry.language.clone().or_else(|| lang.map(ToOwned::to_owned)),
        created_at,
        edited_at,
        author: entry.authors.first().or_else(|| authors.first()).and_then(author),
        media: media(&entry, base),
        ..Post::default()
    };
    let categories: Vec<Value> =
        entry.categories.iter().take(MAX_LIST).map(|c| clean::head(c.term.trim(), MAX_WORD).into()).collect();
    if !categories.is_empty() {
        post.extra.insert("categories".to_owned(), Value::Array(categories));
    }
    post
}

/// What stays the same when the entry is fetched again: its own id, else its address, else a hash of what it says.
pub(super) fn identity(id: &str, url: Option<&str>, title: Option<&str>, at: Option<Timestamp>, text: &str) -> String {
    let named = Some(id.trim()).filter(|id| !id.is_empty()).or(url);
    match named {
        Some(named) if named.len() <= Post::MAX_ID => named.to_owned(),
        Some(named) => hash(&[named]),
        None => hash(&[title.unwrap_or(""), &at.map(|at| at.to_string()).unwrap_or_default(), text]),
    }
}

fn hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.len().to_le_bytes());
        hasher.update(part);
    }
    format!("sha256:{}", hex(&hasher.finalize()[..16]))
}

/// The words and, where there is any, the markup of an entry: its content, else its summary.
fn body(entry: &Entry) -> (String, Option<String>) {
    let content = entry.content.as_ref().and_then(|content| {
        let kind = &content.content_type;
        content.body.as_deref().filter(|body| !body.trim().is_empty()).map(|body| (body, kind))
    });
    let summary = || entry.summary.as_ref().map(|text| (text.content.as_str(), &text.content_type));
    let media =
        || entry.media.iter().find_map(|m| m.description.as_ref()).map(|t| (t.content.as_str(), &t.content_type));
    let Some((body, kind)) = content.or_else(summary).or_else(media) else { return (String::new(), None) };
    words_and_markup(body, kind.as_str().contains("html"))
}

/// Splits a body into words and markup; markup that marks nothing up is not kept.
pub(super) fn words_and_markup(body: &str, html: bool) -> (String, Option<String>) {
    if html && clean::is_markup(body) {
        // Markup beyond the limit goes, its words stay.
        let kept = Some(body.to_owned()).filter(|body| body.len() <= Post::MAX_HTML);
        return (clean::text(body), kept);
    }
    (clean::tidy(body), None)
}

/// A text on one line, without markup.
pub(super) fn line(text: &Text) -> Option<String> {
    one_line(&text.content)
}

pub(super) fn one_line(text: &str) -> Option<String> {
    let plain = if clean::is_markup(text) { clean::text(text) } else { text.to_owned() };
    let words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(clean::head(&words, MAX_WORD).to_owned()).filter(|words| !words.is_empty())
}

fn address(links: &[Link], base: Option<&Url>) -> Option<String> {
    let fits = |rel: Option<&str>| links.iter().find(|l| l.rel.as_deref() == rel && !l.href.trim().is_empty());
    let link = fits(Some("alternate")).or_else(|| fits(None))?;
    web_address(&link.href, base)
}

/// An http address; anything else (`javascript:`, `data:`) is none.
pub(super) fn web_address(href: &str, base: Option<&Url>) -> Option<String> {
    let text = resolve(href, base);
    let web = Url::parse(&text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    (web && text.len() <= MAX_WORD).then_some(text)
}

fn resolve(href: &str, base: Option<&Url>) -> String {
    let href = href.trim();
    base.and_then(|base| base.join(href).ok()).map_or_else(|| href.to_owned(), Into::into)
}

fn author(person: &Person) -> Option<Author> {
    let name = person.name.as_deref().and_then(one_line);
    let url = person.uri.as_deref().and_then(|uri| web_address(uri, None));
    let name = name.or_else(|| person.email.clone());
    if name.is_none() && url.is_none() {
        return None;
    }
    Some(Author { id: url.clone().or_else(|| name.clone()), name, url, ..Author::default() })
}

fn media(entry: &Entry, base: Option<&Url>) -> Vec<Media> {
    let objects = entry.media.iter().flat_map(of_object);
    let links = entry.links.iter().filter(|l| l.rel.as_deref() == Some("enclosure")).filter_map(|link| {
        let url = web_address(&link.href, base)?;
        Some(Media { kind: kind(link.media_type.as_deref(), &url), url, alt: link.title.as_deref().and_then(one_line) })
    });
    let mut all: Vec<Media> = Vec::new();
    for one in objects.chain(links).take(MAX_LIST) {
        if !all.iter().any(|had| had.url == one.url) {
            all.push(one);
        }
    }
    all
}

fn of_object(object: &MediaObject) -> Vec<Media> {
    let alt = object.title.as_ref().or(object.description.as_ref()).and_then(line);
    let files = object.content.iter().filter_map(|content| {
        let url = web_address(content.url.as_ref()?.as_str(), None)?;
        let mime = content.content_type.as_ref().map(ToString::to_string);
        Some(Media { kind: kind(mime.as_deref(), &url), url, alt: alt.clone() })
    });
    let pictures = object.thumbnails.iter().filter_map(|thumbnail| {
        Some(Media { kind: "image".to_owned(), url: web_address(&thumbnail.image.uri, None)?, alt: alt.clone() })
    });
    files.chain(pictures).take(MAX_LIST).collect()
}

/// `image`, `video`, `audio`, or the type as stated.
pub(super) fn kind(mime: Option<&str>, url: &str) -> String {
    let stated = mime.map(|mime| mime.split('/').next().unwrap_or(mime).trim().to_ascii_lowercase());
    if let Some(stated) = stated.filter(|kind| !kind.is_empty() && kind != "application") {
        return clean::head(&stated, 32).to_owned();
    }
    let path = url.split(['?', '#']).next().unwrap_or(url).to_ascii_lowercase();
    let end = path.rsplit('.').next().unwrap_or("");
    match end {
        "jpg" | "jpeg" | "png" | "gif" | "webp" | "avif" => "image",
        "mp4" | "webm" | "mov" | "m4v" => "video",
        "mp3" | "m4a" | "ogg" | "oga" | "opus" | "wav" => "audio",
        _ => "file",
    }
    .to_owned()
}

/// The parser's moments are another crate's; microseconds since 1970 are everybody's.
fn moment(micros: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(micros).ok()
}
