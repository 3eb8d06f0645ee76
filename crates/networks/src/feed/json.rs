//! JSON Feed 1.0 and 1.1 (<https://www.jsonfeed.org/version/1.1/>), item by item: one bad item costs no other.

use dandelion_post::{Author, Media, Post, Refusal};
use jiff::Timestamp;
use serde_json::{Map, Value};
use url::Url;

use super::entry::{checked, identity, kind, one_line, web_address, words_and_markup};
use super::{MAX_ENTRIES, Parsed, Refused, Unreadable, not_a_feed};
use crate::moment;

type Object = Map<String, Value>;

pub(super) fn read(text: &str, base: Option<&Url>) -> Result<Parsed, Unreadable> {
    let value: Value = serde_json::from_str(text).map_err(|e| {
        if text.contains("jsonfeed.org") { Unreadable::Broken(e.to_string()) } else { not_a_feed(text) }
    })?;
    let feed = value.as_object().ok_or_else(|| not_a_feed(text))?;
    if !word(feed, "version").is_some_and(|version| version.contains("jsonfeed.org/version/1")) {
        return Err(not_a_feed(text));
    }
    let items = feed.get("items").and_then(Value::as_array);
    let items = items.ok_or_else(|| Unreadable::Broken("it has no list of `items`".to_owned()))?;
    let lang = word(feed, "language");
    Ok(Parsed {
        title: word(feed, "title").and_then(one_line),
        site: word(feed, "home_page_url").and_then(|url| web_address(url, base)),
        itself: word(feed, "feed_url").and_then(|url| web_address(url, base)),
        hub: hub(feed),
        lang: lang.map(ToOwned::to_owned),
        ttl: None,
        posts: items.iter().take(MAX_ENTRIES).map(|item| post(item, feed, base)).collect(),
        parts: Vec::new(),
    })
}

fn post(item: &Value, feed: &Object, base: Option<&Url>) -> Result<Post, Refused> {
    let refuse =
        |reason: &str| Refused { refusal: Refusal::new("entry", reason, &item.to_string()), raw: item.to_string() };
    let item = item.as_object().ok_or_else(|| refuse("is no object"))?;
    let url = word(item, "url").or_else(|| word(item, "external_url")).and_then(|url| web_address(url, base));
    let title = word(item, "title").and_then(one_line);
    let (words, html) = body(item);
    let created_at = time(item, "date_published").or_else(|| time(item, "date_modified"));
    let edited_at = time(item, "date_modified").filter(|at| created_at.is_some_and(|made| *at > made));
    let text = if words.is_empty() { title.clone().unwrap_or_default() } else { words };
    let id = match item.get("id") {
        Some(Value::String(id)) => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        _ => String::new(),
    };
    let mut post = Post {
        id: identity(&id, url.as_deref(), title.as_deref(), created_at, &text),
        url,
        text,
        html,
        title,
        lang: word(item, "language").or_else(|| word(feed, "language")).map(ToOwned::to_owned),
        created_at,
        edited_at,
        author: author(item).or_else(|| author(feed)),
        media: media(item, base),
        ..Post::default()
    };
    if let Some(tags) = item.get("tags").filter(|tags| tags.as_array().is_some_and(|tags| !tags.is_empty())) {
        post.extra.insert("categories".to_owned(), tags.clone());
    }
    checked(post)
}

fn body(item: &Object) -> (String, Option<String>) {
    if let Some(html) = word(item, "content_html") {
        return words_and_markup(html, true);
    }
    let plain = word(item, "content_text").or_else(|| word(item, "summary"));
    plain.map_or_else(|| (String::new(), None), |plain| words_and_markup(plain, false))
}

fn author(object: &Object) -> Option<Author> {
    let first = object.get("authors").and_then(Value::as_array).and_then(|all| all.first());
    let person = first.or_else(|| object.get("author"))?.as_object()?;
    let name = word(person, "name").and_then(one_line);
    let url = word(person, "url").and_then(|url| web_address(url, None));
    if name.is_none() && url.is_none() {
        return None;
    }
    let avatar = word(person, "avatar").and_then(|url| web_address(url, None)).and_then(|url| Author::picture(&url));
    Some(Author { id: url.clone().or_else(|| name.clone()), name, url, avatar, ..Author::default() })
}

fn media(item: &Object, base: Option<&Url>) -> Vec<Media> {
    let attachments = item.get("attachments").and_then(Value::as_array).into_iter().flatten().filter_map(|one| {
        let one = one.as_object()?;
        let url = web_address(word(one, "url")?, base)?;
        Some(Media { kind: kind(word(one, "mime_type"), &url), url, alt: word(one, "title").and_then(one_line) })
    });
    let picture = word(item, "image").and_then(|url| web_address(url, base));
    let picture = picture.map(|url| Media { kind: "image".to_owned(), url, alt: None });
    picture.into_iter().chain(attachments).take(50).collect()
}

fn hub(feed: &Object) -> Option<String> {
    let hubs = feed.get("hubs")?.as_array()?;
    let websub = hubs.iter().filter_map(Value::as_object).find(|hub| word(hub, "type") == Some("WebSub"))?;
    word(websub, "url").and_then(|url| web_address(url, None))
}

fn word<'o>(object: &'o Object, key: &str) -> Option<&'o str> {
    object.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
}

fn time(object: &Object, key: &str) -> Option<Timestamp> {
    word(object, key).and_then(moment::read)
}
