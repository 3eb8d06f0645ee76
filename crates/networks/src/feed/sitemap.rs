//! Sitemaps for news: what a site published lately, for search engines (sitemaps.org, protocol 0.9, with the news and
//! image extensions of Google). An entry with a title of the news extension is a post; a list of sitemaps names others.

use dandelion_post::{Author, Media, Post};
use jiff::Timestamp;
use quick_xml::{Reader, escape::unescape, events::Event};
use url::Url;

use super::{
    MAX_ENTRIES, Parsed, Unreadable,
    entry::{checked, identity, one_line, web_address},
    tidy,
};
use crate::moment;

/// Most sitemaps of a list that are looked at.
const MAX_PARTS: usize = 50_000;
/// Longest text of one element, in bytes.
const MAX_FIELD: usize = 8 * 1024;
/// Most pictures of one entry.
const MAX_PICTURES: usize = 10;

/// A sitemap that a list of sitemaps names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its address.
    pub url: String,
    /// When it last changed, as the list says.
    pub changed: Option<Timestamp>,
}

/// Whether a document's root is that of a sitemap or of a list of sitemaps.
pub(super) fn is_sitemap(tidied: &str) -> bool {
    let root = tidied.get(1..).and_then(|rest| rest.split([' ', '>']).next()).unwrap_or_default();
    matches!(root.rsplit(':').next(), Some("urlset" | "sitemapindex"))
}

/// Whether the end of the root is there.
pub(super) fn is_whole(text: &str) -> bool {
    let last = text.rfind("</").map(|at| text[at + 2..].split('>').next().unwrap_or_default().trim());
    let closed = last.is_some_and(|name| matches!(name.rsplit(':').next(), Some("urlset" | "sitemapindex")));
    closed || !text.contains("</") // an empty one closes itself
}

/// Reads a sitemap that was made well-formed. `whole` says whether the document came to its end.
pub(super) fn read(tidied: &tidy::Tidied, whole: bool, base: Option<&Url>) -> Result<Parsed, Unreadable> {
    let mut reader = Reader::from_str(&tidied.text);
    let mut site = Site { base, ..Site::default() };
    loop {
        match reader.read_event().map_err(|error| Unreadable::Broken(error.to_string()))? {
            Event::Start(tag) => site.opened(tag.name().local_name().as_ref()),
            Event::End(_) => site.closed(),
            Event::Text(text) => site.says(&text),
            Event::CData(text) => site.says(&text),
            Event::GeneralRef(name) => site.says(&unescape(&format!("&{};", &*name)).unwrap_or_default()),
            Event::Eof => break,
            _ => {}
        }
    }
    if !whole {
        site.posts.pop(); // half an entry is none
    }
    if site.posts.is_empty() && site.pages > 0 && whole {
        return Err(Unreadable::NoNews(site.pages));
    }
    let posts = site.posts.into_iter().map(checked).collect();
    Ok(Parsed { title: site.title, lang: site.lang, posts, parts: site.parts, ..Parsed::default() })
}

/// What was read so far. Elements are known by their own name and that of the one around them, whatever prefixes the
/// document chose: `loc` of a `url` is the page, `loc` of an `image` a picture.
#[derive(Default)]
struct Site<'b> {
    base: Option<&'b Url>,
    open: Vec<String>,
    text: String,
    url: Entry,
    pages: usize,
    title: Option<String>,
    lang: Option<String>,
    posts: Vec<Post>,
    parts: Vec<Part>,
}

#[derive(Default)]
struct Entry {
    loc: Option<String>,
    changed: Option<Timestamp>,
    title: Option<String>,
    published: Option<Timestamp>,
    paper: Option<String>,
    lang: Option<String>,
    keywords: Option<String>,
    pictures: Vec<Media>,
}

impl Site<'_> {
    fn opened(&mut self, name: &str) {
        match name {
            "url" | "sitemap" if self.open.len() == 1 => self.url = Entry::default(),
            "image" if self.url.pictures.len() < MAX_PICTURES => {
                self.url.pictures.push(Media { kind: "image".to_owned(), ..Media::default() });
            }
            _ => {}
        }
        self.open.push(name.to_owned());
        self.text.clear();
    }

    fn says(&mut self, text: &str) {
        let room = MAX_FIELD.saturating_sub(self.text.len());
        self.text.push_str(crate::clean::head(text, room));
    }

    fn closed(&mut self) {
        let Some(name) = self.open.pop() else { return };
        let text = std::mem::take(&mut self.text);
        let around = self.open.last().map(String::as_str).unwrap_or_default();
        let line = || one_line(&text);
        match (around, name.as_str()) {
            ("url" | "sitemap", "loc") => self.url.loc = web_address(text.trim(), self.base),
            ("url" | "sitemap", "lastmod") => self.url.changed = moment::read(&text),
            ("news", "title") => self.url.title = line(),
            ("news", "publication_date") => self.url.published = moment::read(&text),
            ("news", "keywords") => self.url.keywords = line(),
            ("publication", "name") => self.url.paper = line(),
            ("publication", "language") => self.url.lang = line().filter(|lang| lang.len() <= 35),
            ("image", "loc") => {
                if let Some(picture) = self.url.pictures.last_mut() {
                    picture.url = web_address(text.trim(), self.base).unwrap_or_default();
                }
            }
            ("image", "title" | "caption") => {
                if let Some(picture) = self.url.pictures.last_mut() {
                    picture.alt = line();
                }
            }
            ("urlset", "url") => self.page(),
            ("sitemapindex", "sitemap") if self.parts.len() < MAX_PARTS => {
                let (url, changed) = (self.url.loc.take(), self.url.changed.take());
                self.parts.extend(url.map(|url| Part { url, changed }));
            }
            _ => {}
        }
    }

    /// An entry is over. A page without a title of the news extension is a page of the site, and no news.
    fn page(&mut self) {
        self.pages += 1;
        let entry = std::mem::take(&mut self.url);
        let (Some(url), Some(title)) = (entry.loc, entry.title) else { return };
        if self.posts.len() >= MAX_ENTRIES {
            return;
        }
        let created_at = entry.published.or(entry.changed);
        let paper = entry.paper.map(|name| Author { id: Some(name.clone()), name: Some(name), ..Author::default() });
        self.title = self.title.take().or_else(|| paper.as_ref().and_then(|paper| paper.name.clone()));
        self.lang = self.lang.take().or_else(|| entry.lang.clone());
        let mut post = Post {
            id: identity("", Some(&url), Some(&title), created_at, &title),
            url: Some(url),
            text: title.clone(),
            title: Some(title),
            lang: entry.lang,
            created_at,
            author: paper,
            media: entry.pictures.into_iter().filter(|picture| !picture.url.is_empty()).collect(),
            ..Post::default()
        };
        let words = entry.keywords.iter().flat_map(|words| words.split(',')).map(str::trim).filter(|w| !w.is_empty());
        let words: Vec<serde_json::Value> = words.take(50).map(Into::into).collect();
        if !words.is_empty() {
            post.extra.insert("categories".to_owned(), words.into());
        }
        self.posts.push(post);
    }
}

/// The sitemaps that a site's `robots.txt` names (sitemaps.org, "Specifying the Sitemap location"), those for news first.
pub(super) fn named_by_robots(text: &str, at: &Url) -> Vec<String> {
    let line = |line: &str| {
        let (name, address) = line.split_once(':')?;
        let address = address.split('#').next().unwrap_or_default().trim();
        name.trim().eq_ignore_ascii_case("sitemap").then(|| web_address(address, Some(at))).flatten()
    };
    let mut found: Vec<String> = text.lines().take(10_000).filter_map(line).take(MAX_FIELD / 8).collect();
    found.sort_by_key(|url| !speaks_of_news(url));
    found.dedup();
    found
}

/// Whether an address calls itself one for news.
pub(super) fn speaks_of_news(url: &str) -> bool {
    url.to_ascii_lowercase().contains("news")
}

/// Which sitemaps of a list are read: of the list's own host, those for news first, then the newest; at most `most`.
pub(super) fn chosen(mut parts: Vec<Part>, list: &Url, most: usize) -> Vec<String> {
    let host = |url: &Url| url.host_str().map(|host| host.trim_start_matches("www.").to_owned());
    let ours = host(list);
    parts.retain(|part| Url::parse(&part.url).is_ok_and(|url| host(&url) == ours));
    parts.sort_by_key(|part| (!speaks_of_news(&part.url), std::cmp::Reverse(part.changed)));
    parts.into_iter().take(most).map(|part| part.url).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::parse;

    /// The example of Google's documentation, "Create a news sitemap", with a second entry of other prefixes.
    const NEWS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
  <url>
    <loc>http://www.example.org/business/article55.html</loc>
    <news:news>
      <news:publication><news:name>The Example Times</news:name><news:language>en</news:language></news:publication>
      <news:publication_date>2008-12-23</news:publication_date>
      <news:title>Companies A, B in Merger Talks</news:title>
    </news:news>
  </url>
  <url><loc>/a?x=1&amp;y=2</loc><lastmod>2026-03-02T10:00:00+01:00</lastmod>
    <n:news><n:publication><n:name>Example</n:name><n:language>de</n:language></n:publication><n:title><![CDATA[Kessel & <b>Deckel</b>]]></n:title><n:keywords>kettle, leak ,</n:keywords></n:news>
    <image:image><image:loc>https://www.example.org/p.jpg</image:loc><image:title>A kettle</image:title></image:image></url>
  <url><loc>https://www.example.org/about</loc></url>
</urlset>"#;

    fn at() -> Url {
        Url::parse("https://www.example.org/sitemap.xml").unwrap()
    }

    fn news(text: &str) -> Result<Parsed, Unreadable> {
        parse(text.as_bytes(), Some("application/xml"), Some(&at()))
    }

    #[test]
    fn news_become_posts_and_other_pages_do_not() {
        let parsed = news(NEWS).unwrap();
        let posts: Vec<Post> = parsed.posts.into_iter().map(Result::unwrap).collect();
        assert_eq!((posts.len(), parsed.title.as_deref()), (2, Some("The Example Times")));
        assert_eq!(posts[0].id, "http://www.example.org/business/article55.html");
        assert_eq!(
            (posts[0].title.as_deref(), posts[0].lang.as_deref()),
            (Some("Companies A, B in Merger Talks"), Some("en"))
        );
        assert_eq!(posts[0].created_at.unwrap().to_string(), "2008-12-23T00:00:00Z");
        assert_eq!(posts[1].url.as_deref(), Some("https://www.example.org/a?x=1&y=2"));
        assert_eq!(posts[1].text, "Kessel & Deckel");
        assert_eq!(posts[1].created_at.unwrap().to_string(), "2026-03-02T09:00:00Z");
        assert_eq!(posts[1].author.as_ref().unwrap().name.as_deref(), Some("Example"));
        assert_eq!((posts[1].media.len(), posts[1].media[0].alt.as_deref()), (1, Some("A kettle")));
        assert_eq!(posts[1].extra["categories"], serde_json::json!(["kettle", "leak"]));
    }

    #[test]
    fn a_list_names_its_sitemaps_and_those_for_news_are_read_first() {
        let list = "<sitemapindex><sitemap><loc>https://www.example.org/old.xml</loc><lastmod>2020-01-01</lastmod></sitemap>\
            <sitemap><loc>https://www.example.org/new.xml</loc><lastmod>2026-01-01</lastmod></sitemap>\
            <sitemap><loc>https://example.org/news.xml</loc></sitemap><sitemap><loc>https://other.example/news.xml</loc></sitemap>\
            <sitemap><loc>javascript:x()</loc></sitemap></sitemapindex>";
        let parts = news(list).unwrap().parts;
        assert_eq!(parts.len(), 4);
        let expected = ["https://example.org/news.xml", "https://www.example.org/new.xml"];
        assert_eq!(chosen(parts, &at(), 2), expected, "never those of others");
    }

    #[test]
    fn what_holds_no_news_says_so() {
        let pages =
            "<urlset><url><loc>https://x.example/a</loc></url><url><loc>https://x.example/b</loc></url></urlset>";
        assert_eq!(news(pages).unwrap_err(), Unreadable::NoNews(2));
        assert!(news("<urlset></urlset>").unwrap().posts.is_empty(), "nothing new is no mistake");
    }

    #[test]
    fn half_an_entry_is_none() {
        let cut = NEWS.find("</n:title>").unwrap();
        assert_eq!(news(&NEWS[..cut]).unwrap().posts.len(), 1);
        let whole = NEWS.find("<url><loc>https://www.example.org/about").unwrap();
        assert!(news(&NEWS[..whole]).unwrap().posts.len() <= 2);
    }

    #[test]
    fn bombs_and_depth_end_in_words() {
        let bomb = format!(
            "<!DOCTYPE u [<!ENTITY a \"{0}\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]><urlset><url><loc>https://x.example/</loc><news><title>&b;&b;</title></news></url></urlset>",
            "x".repeat(1000)
        );
        let parsed = news(&bomb);
        let longest =
            parsed.map_or(0, |parsed| parsed.posts.iter().flatten().map(|post| post.text.len()).max().unwrap_or(0));
        assert!(longest < 100, "no entity of a document's own is ever replaced: {longest}");
        let deep = format!("<urlset>{}", "<url>".repeat(300));
        assert!(matches!(news(&deep), Err(Unreadable::Shape(_))));
        let long = format!(
            "<urlset><url><loc>https://x.example/</loc><news><title>{}</title></news></url></urlset>",
            "é".repeat(100_000)
        );
        assert!(news(&long).unwrap().posts[0].as_ref().unwrap().text.len() <= MAX_FIELD);
    }

    #[test]
    fn robots_name_sitemaps() {
        let robots = "User-agent: *\nDisallow: /x\nSITEMAP: /all.xml # all\nsitemap:https://www.example.org/news.xml\nSitemap: javascript:x\nSitemap\n";
        assert_eq!(
            named_by_robots(robots, &at()),
            ["https://www.example.org/news.xml", "https://www.example.org/all.xml"]
        );
    }
}
