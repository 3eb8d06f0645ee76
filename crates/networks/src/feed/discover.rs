use std::cell::RefCell;

use html5ever::tokenizer::{StartTag, Tag, TagToken, Token, TokenSink, TokenSinkResult};
use jiff::Timestamp;
use url::Url;

use super::entry::web_address;
use super::poll::{Cursor, parse_aside, poll};
use super::{Error, charset, sitemap};
use crate::Later;
use crate::clean;
use crate::egress::Client;

/// Most feeds named by one page.
const MAX_FOUND: usize = 20;
/// Most sitemaps of a `robots.txt` tried.
const SITEMAPS: usize = 3;
/// Where feeds usually lie, most usual first.
const USUAL: [&str; 7] = ["/feed", "/rss.xml", "/atom.xml", "/feed.xml", "/index.xml", "/rss", "/feed.json"];
const TYPES: [&str; 5] =
    ["application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml", "application/json"];

/// A feed that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its address.
    pub url: String,
    /// What it calls itself, or how the page calls it.
    pub title: Option<String>,
}

/// Finds the feeds of a page: the address may be a feed itself, the page may name some
/// (`<link rel="alternate">`), one may lie where feeds usually do, or the site's `robots.txt` may name a sitemap for news. Never an empty list.
pub fn discover<'a>(client: &'a Client, page_url: &'a str, now: Timestamp) -> Later<'a, Result<Vec<Found>, Error>> {
    Box::pin(async move {
        let with_scheme =
            if page_url.contains("://") { page_url.to_owned() } else { format!("https://{}", page_url.trim()) };
        let page = client.get(&with_scheme, &[("accept", "text/html, application/xhtml+xml, */*;q=0.8")]).await?;
        let page = page.success(now)?;
        let at = page.url.clone();
        let kind = page.header("content-type").map(ToOwned::to_owned);
        let text = charset::decode(&page.body, kind.as_deref()).into_owned();
        if let Ok(parsed) = parse_aside(page).await {
            return Ok(vec![Found { url: at.into(), title: parsed.title }]);
        }
        let named = named_by(&text, &at);
        if !named.is_empty() {
            return Ok(named);
        }
        for path in USUAL {
            let Ok(url) = at.join(path) else { continue };
            if let Some(found) = feed_at(client, &url, now).await {
                return Ok(vec![found]);
            }
        }
        match by_robots(client, &at, now).await {
            Some(found) => Ok(vec![found]),
            None => Err(Error::NothingFound(at.into())),
        }
    })
}

/// The first sitemap with news that the site's `robots.txt` names.
async fn by_robots(client: &Client, at: &Url, now: Timestamp) -> Option<Found> {
    let robots = client.get(at.join("/robots.txt").ok()?.as_str(), &[]).await.ok()?.success(now).ok()?;
    let text = charset::decode(&robots.body, None).into_owned();
    for url in sitemap::named_by_robots(&text, &robots.url).iter().take(SITEMAPS) {
        // A list of sitemaps has news only where its sitemaps have.
        let polled = poll(client, url, &Cursor::default(), now).await;
        if let Some(polled) = polled.ok().filter(|polled| !polled.posts.is_empty()) {
            return Some(Found { url: url.clone(), title: polled.title });
        }
    }
    None
}

async fn feed_at(client: &Client, url: &Url, now: Timestamp) -> Option<Found> {
    let response = client.get(url.as_str(), &[]).await.ok()?.success(now).ok()?;
    let url = response.url.to_string();
    let parsed = parse_aside(response).await.ok()?;
    Some(Found { url, title: parsed.title })
}

/// The feeds that a page names, in its order.
fn named_by(page: &str, at: &Url) -> Vec<Found> {
    let links = clean::tokenize(page, Links::default());
    let base = links.base.into_inner().and_then(|href| at.join(&href).ok());
    let base = base.as_ref().unwrap_or(at);
    let mut found: Vec<Found> = Vec::new();
    for (href, title) in links.found.into_inner() {
        let Some(url) = web_address(&href, Some(base)) else { continue };
        if found.len() < MAX_FOUND && !found.iter().any(|had| had.url == url) {
            found.push(Found { url, title: title.filter(|title| !title.trim().is_empty()) });
        }
    }
    found
}

#[derive(Default)]
struct Links {
    base: RefCell<Option<String>>,
    found: RefCell<Vec<(String, Option<String>)>>,
}

impl TokenSink for Links {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        if let TagToken(tag) = token
            && tag.kind == StartTag
        {
            match &*tag.name {
                "base" => {
                    let mut base = self.base.borrow_mut();
                    *base = base.take().or_else(|| value(&tag, "href"));
                }
                "link" => self.link(&tag),
                _ => {}
            }
        }
        TokenSinkResult::Continue
    }
}

impl Links {
    fn link(&self, tag: &Tag) {
        let rel = value(tag, "rel").unwrap_or_default().to_ascii_lowercase();
        let kind = value(tag, "type").unwrap_or_default().to_ascii_lowercase();
        let kind = kind.split(';').next().unwrap_or("").trim().to_owned();
        let mut rels = rel.split_ascii_whitespace();
        let wanted =
            rels.clone().any(|rel| rel == "feed") || rels.any(|rel| rel == "alternate") && TYPES.contains(&&*kind);
        if let Some(href) = value(tag, "href").filter(|_| wanted && self.found.borrow().len() < 4 * MAX_FOUND) {
            self.found.borrow_mut().push((href, value(tag, "title")));
        }
    }
}

fn value(tag: &Tag, name: &str) -> Option<String> {
    tag.attrs.iter().find(|attribute| &*attribute.name.local == name).map(|attribute| attribute.value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_its_feeds() {
        let page = r#"<html><head><base href="/blog/"><LINK REL="Alternate" TYPE="application/rss+xml; charset=utf-8" href="feed.xml" title="News">
            <link rel="alternate" type="text/html" href="/de"><link rel=feed href=/x.atom><link rel="alternate" type="application/atom+xml" href="javascript:x()">
            <link rel="alternate" type="application/rss+xml" href="feed.xml">"#;
        let found = named_by(page, &Url::parse("https://x.example/a/b").unwrap());
        assert_eq!(
            found,
            [
                Found { url: "https://x.example/blog/feed.xml".to_owned(), title: Some("News".to_owned()) },
                Found { url: "https://x.example/x.atom".to_owned(), title: None },
            ]
        );
    }
}
