//! Feeds: RSS of every age, Atom, JSON Feed, and sitemaps for news. Read ([`parse`]), polled ([`poll`]) and found ([`discover`]).

mod charset;
mod connector;
mod discover;
mod entry;
mod json;
mod poll;
pub(crate) mod sitemap;
pub(crate) mod tidy;
pub mod websub;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use dandelion_post::{Post, Refusal};
use url::Url;

use connector::Feeds;

pub use crate::contract::Refused;
pub use discover::{Found, discover};
pub use poll::{Cursor, Polled, poll};
pub use sitemap::Part;

use crate::networks::{About, Once, Proven, Reads, Writes};
use crate::{clean, egress};

/// What this network is.
pub const ABOUT: About = About {
    name: "feed",
    label: "Feeds",
    reads: Reads {
        what: "RSS, Atom, JSON Feed and sitemaps for news, polled with conditional requests, told by their WebSub hub where they \
               have one; found from a page or its robots.txt; OPML lists",
        poll: true,
        stream: false,
        push: false,
    },
    writes: Writes::NOTHING,
    once: Once::Nothing,
    length: None,
    fields: &[],
    limits: "16 MiB and 5,000 entries a feed, elements 256 deep; 8 sitemaps of a list",
    docs: "An entry is a post: its guid (or link, or a hash of title, date and text) is its id. Hubs tell an installation \
           that has a public_url; feeds are then read once an hour at least, and as before where a hub falls silent.",
    proven: Proven::Format("the feeds of a public corpus and random bytes, and against the hub of flask-websub"),
    connector: &Feeds,
};

/// Largest document read.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Most entries of one document; the first ones are taken.
pub const MAX_ENTRIES: usize = 5_000;

/// What a document held.
#[derive(Debug, Clone, Default)]
pub struct Parsed {
    /// The feed's own title, plain.
    pub title: Option<String>,
    /// The page the feed belongs to.
    pub site: Option<String>,
    /// The feed's own idea of its address.
    pub itself: Option<String>,
    /// Where it can be subscribed to by WebSub.
    pub hub: Option<String>,
    /// The language it states.
    pub lang: Option<String>,
    /// How long it may be kept before asking again, where it says so.
    pub ttl: Option<Duration>,
    /// Its entries in their order.
    pub posts: Vec<Result<Post, Refused>>,
    /// The sitemaps it names, where it is a list of them.
    pub parts: Vec<Part>,
}

/// Why a document is no feed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Larger than [`MAX_BYTES`].
    #[error("the feed is {0} bytes long; at most {MAX_BYTES} are taken")]
    TooLarge(usize),
    /// Not a feed at all.
    #[error("this is no feed: neither RSS, Atom nor JSON Feed (it begins `{0}`); if it is a page, look for its feed")]
    NotAFeed(String),
    /// A sitemap of pages, without a single title.
    #[error(
        "this sitemap lists {0} pages and none of them is news; enter the site's sitemap for news (its pages have titles)"
    )]
    NoNews(usize),
    /// Built to hurt, or nearly.
    #[error("the feed cannot be read: {0}")]
    Shape(String),
    /// Broken beyond mending.
    #[error("the feed is broken: {0}")]
    Broken(String),
}

/// Why polling or finding failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address gave no answer, or not a good one.
    #[error(transparent)]
    Egress(#[from] egress::Error),
    /// The answer is no feed.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A page without a feed.
    #[error("{0} names no feed and none lies where feeds usually are; ask its owner for the feed's address")]
    NothingFound(String),
}

impl Error {
    /// How long the other side asked us to wait, where it did.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Egress(error) => error.retry_after(),
            _ => None,
        }
    }
}

/// Reads a document. `content_type` is the HTTP header's value, `base` the address it was fetched from.
///
/// What is broken is mended where its meaning is clear; an entry that cannot be taken is refused alone. Never panics,
/// takes time in proportion to the document.
pub fn parse(bytes: &[u8], content_type: Option<&str>, base: Option<&Url>) -> Result<Parsed, Unreadable> {
    if bytes.len() > MAX_BYTES {
        return Err(Unreadable::TooLarge(bytes.len()));
    }
    let text = charset::decode(bytes, content_type);
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
    match text.chars().next() {
        Some('{') => json::read(text, base),
        Some('<') => read_xml(text, base),
        // Some servers put a line of their own before the feed.
        _ => match text.find("<?xml").filter(|at| *at < 4096) {
            Some(at) => read_xml(&text[at..], base),
            None => Err(not_a_feed(text)),
        },
    }
}

fn read_xml(text: &str, base: Option<&Url>) -> Result<Parsed, Unreadable> {
    let tidied = tidy::tidy(text)?;
    if sitemap::is_sitemap(&tidied.text) {
        return sitemap::read(&tidied, sitemap::is_whole(text), base);
    }
    let mut parsed = match understand(&tidied.text, base) {
        Ok(feed) => entry::parsed(feed, base),
        Err(why) if tidied.items.is_empty() => {
            let root = tidied.text.get(1..).and_then(|rest| rest.split([' ', '>']).next()).unwrap_or("");
            let known = matches!(root.rsplit(':').next().unwrap_or(""), "rss" | "feed" | "RDF" | "channel");
            return Err(if known { Unreadable::Broken(why) } else { not_a_feed(text) });
        }
        Err(_) => one_by_one(&tidied, base)?,
    };
    if tidied.cut && tidied.items.len() == parsed.posts.len() {
        drop_the_cut(&mut parsed);
    }
    Ok(parsed)
}

/// Bytes as text, by mark, declaration or shape.
pub(crate) fn decode(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    charset::decode(bytes, None)
}

/// The parser's view of a document. It is known to panic on some entries (a duration of 20 digits), which must
/// not reach further than the feed.
fn understand(text: &str, base: Option<&Url>) -> Result<feed_rs::model::Feed, String> {
    let parse = || {
        let parser = feed_rs::parser::Builder::new()
            .base_uri(base)
            .sanitize_content(false)
            .id_generator(|_, _, _| String::new())
            .build();
        parser.parse(text.as_bytes())
    };
    match catch_unwind(AssertUnwindSafe(parse)) {
        Ok(Ok(feed)) => Ok(feed),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("an entry holds something that cannot be read".to_owned()),
    }
}

/// Reads every item as a document of its own, so that the one that cannot be read costs no other.
fn one_by_one(tidied: &tidy::Tidied, base: Option<&Url>) -> Result<Parsed, Unreadable> {
    let (before, after) = &tidied.around;
    let wrapping = (before.len() + after.len()).saturating_mul(tidied.items.len().min(MAX_ENTRIES));
    if wrapping > 8 * MAX_BYTES {
        return Err(Unreadable::Shape("what stands around its entries is too long".to_owned()));
    }
    let mut all = Parsed::default();
    let mut last = String::new();
    for range in tidied.items.iter().take(MAX_ENTRIES) {
        let item = &tidied.text[range.clone()];
        match understand(&format!("{before}{item}{after}"), base) {
            Ok(feed) => all.posts.extend(entry::parsed(feed, base).posts),
            Err(why) => {
                last.clone_from(&why);
                let raw = clean::head(item, Post::MAX_TEXT).to_owned();
                all.posts.push(Err(Refused { refusal: Refusal::new("entry", why, item), raw }));
            }
        }
    }
    if all.posts.iter().all(Result::is_err) { Err(Unreadable::Broken(last)) } else { Ok(all) }
}

/// The document ends inside its last entry: half an entry is none.
fn drop_the_cut(parsed: &mut Parsed) {
    let Some(last) = parsed.posts.last_mut() else { return };
    if let Ok(post) = last {
        let raw = serde_json::to_string(post).unwrap_or_default();
        let reason = "the feed ends in the middle of this entry; it is read again at the next turn";
        *last = Err(Refused { refusal: Refusal::new("entry", reason, &post.id), raw });
    }
}

fn not_a_feed(text: &str) -> Unreadable {
    Unreadable::NotAFeed(text.chars().filter(|c| !c.is_control()).take(60).collect())
}

#[cfg(test)]
mod tests;
