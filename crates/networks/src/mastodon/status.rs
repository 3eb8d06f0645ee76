//! From a status to a post. Nothing is lost: every field without a word of its own stays in `extra`.

use dandelion_post::{Author, Media, Metrics, Post};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    clean,
    contract::{Item, checked, hex, json, refused},
};

/// Reads one status of the instance `domain`.
pub(super) fn post(raw: Value, domain: &str) -> Item {
    let Value::Object(mut fields) = raw else { return Err(refused("status", "is no object", &raw)) };
    let Some(id) = fields.get("id").and_then(json::id) else {
        return Err(refused("id", "the status has no id", &Value::Object(fields)));
    };
    let whole = Value::Object(fields.clone());
    let html = take(&mut fields, "content").unwrap_or_default();
    let reply_to = fields.remove("in_reply_to_id").as_ref().and_then(json::id);
    let url = take(&mut fields, "url").filter(|url| url.starts_with("http"));
    let account = fields.remove("account");
    let mut post = Post {
        id: global(&id, domain),
        url: url.or_else(|| text(&fields, "uri").filter(|uri| uri.starts_with("http"))),
        text: clean::text(&html),
        html: Some(html).filter(|html| clean::is_markup(html)),
        title: take(&mut fields, "spoiler_text").filter(|warning| !warning.trim().is_empty()),
        lang: take(&mut fields, "language"),
        created_at: moment(&mut fields, "created_at"),
        edited_at: moment(&mut fields, "edited_at"),
        in_reply_to: reply_to.map(|id| global(&id, domain)),
        author: account.as_ref().map(|account| author(account, domain)),
        links: links(&fields),
        media: media(&fields),
        metrics: Metrics {
            likes: number(&mut fields, "favourites_count"),
            shares: number(&mut fields, "reblogs_count"),
            replies: number(&mut fields, "replies_count"),
            views: None,
        },
        ..Post::default()
    };
    if let Some(Value::Array(mentions)) = fields.get_mut("mentions") {
        for mention in mentions.iter_mut().filter_map(Value::as_object_mut) {
            if let Some(acct) = text(mention, "acct") {
                mention.insert("handle".to_owned(), whole_handle(&acct, domain).into());
            }
        }
    }
    fields.remove("id");
    fields.retain(|_, value| !empty(value));
    if let Some(account) = account {
        fields.insert("account".to_owned(), account);
    }
    post.extra = fields;
    checked(post, &whole)
}

/// A deletion the instance told us of, or that we found.
pub(super) fn deletion(id: &str, domain: &str, at: Timestamp) -> Post {
    Post { id: global(id, domain), deleted_at: Some(at), ..Post::default() }
}

/// An id as everybody else understands it.
pub(super) fn global(id: &str, domain: &str) -> String {
    format!("{id}@{domain}")
}

/// `name@instance`, also for the instance's own accounts, whose host it leaves out.
pub(super) fn whole_handle(acct: &str, domain: &str) -> String {
    let acct = acct.trim_start_matches('@');
    if acct.contains('@') { acct.to_owned() } else { format!("{acct}@{domain}") }
}

/// What tells one wording from another: a status that was edited has another mark.
pub(super) fn mark(status: &Value) -> String {
    use sha2::{Digest as _, Sha256};
    let mut hash = Sha256::new();
    for part in ["content", "spoiler_text", "edited_at"] {
        hash.update(status[part].as_str().unwrap_or_default());
        hash.update([0]);
    }
    hex(&hash.finalize()[..6])
}

/// Handles never change hands on an instance, and ids are each instance's own: the whole handle is who somebody is.
fn author(account: &Value, domain: &str) -> Author {
    let word = |name: &str| account[name].as_str().map(ToOwned::to_owned).filter(|text| !text.is_empty());
    Author {
        id: None,
        handle: word("acct").map(|acct| whole_handle(&acct, domain)),
        name: word("display_name").or_else(|| word("username")),
        url: word("url").filter(|url| url.starts_with("http")),
        // The one that does not move, where it does.
        avatar: word("avatar_static").or_else(|| word("avatar")).and_then(|url| Author::picture(&url)),
        followers: account["followers_count"].as_i64(),
        following: account["following_count"].as_i64(),
        posts: account["statuses_count"].as_i64(),
        verified: None,
        created_at: word("created_at").and_then(|at| crate::moment::read(&at)),
    }
}

/// What a status leads to: the page it shows, and the post it quotes, which every dialect tells in its own words
/// (Mastodon: `quote.quoted_status`; Akkoma and Fedibird: `quote`; Pleroma: `pleroma.quote_url`).
fn links(fields: &Map<String, Value>) -> Vec<String> {
    let at = |name: &str, rest: &str| fields.get(name).and_then(|value| value.pointer(rest)?.as_str());
    let quoted =
        at("quote", "/quoted_status/url").or_else(|| at("quote", "/url")).or_else(|| at("pleroma", "/quote_url"));
    let both = [at("card", "/url"), quoted].into_iter().flatten();
    both.filter(|url| url.starts_with("http")).map(ToOwned::to_owned).collect()
}

fn media(fields: &Map<String, Value>) -> Vec<Media> {
    let Some(Value::Array(attached)) = fields.get("media_attachments") else { return Vec::new() };
    let one = |media: &Value| {
        let url = media["url"].as_str().or_else(|| media["remote_url"].as_str())?;
        let kind = match media["type"].as_str() {
            Some("gifv") => "video",
            Some("unknown") | None => "file",
            Some(kind) => kind,
        };
        let alt = media["description"].as_str().filter(|alt| !alt.is_empty()).map(ToOwned::to_owned);
        Some(Media { kind: kind.to_owned(), url: url.to_owned(), alt })
    };
    attached.iter().filter_map(one).collect()
}

/// Whether a field says nothing at all: instances send every field there is.
fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(all) => all.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}

fn take(fields: &mut Map<String, Value>, name: &str) -> Option<String> {
    match fields.remove(name)? {
        Value::String(text) => Some(text),
        Value::Null => None,
        other => {
            fields.insert(name.to_owned(), other);
            None
        }
    }
}

fn moment(fields: &mut Map<String, Value>, name: &str) -> Option<Timestamp> {
    let text = take(fields, name)?;
    let read = crate::moment::read(&text);
    if read.is_none() {
        fields.insert(name.to_owned(), text.into());
    }
    read
}

fn number(fields: &mut Map<String, Value>, name: &str) -> Option<i64> {
    let number = fields.get(name)?.as_i64()?;
    fields.remove(name);
    Some(number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_status_becomes_a_post_and_nothing_is_lost() {
        let status = json!({
            "id": "12", "uri": "https://m.example/s/12", "url": null, "created_at": "2026-03-02T09:00:00.000Z",
            "edited_at": "2026-03-02T09:05:00.000Z", "in_reply_to_id": "11", "in_reply_to_account_id": "3",
            "spoiler_text": "Kettle", "visibility": "unlisted", "language": "en",
            "content": "<p>It <b>leaks</b> <span class=\"h-card\"><a href=\"https://m.example/@care\">@<span>care</span></a></span></p>",
            "favourites_count": 2, "reblogs_count": 0, "replies_count": 1, "quotes_count": 4,
            "account": { "id": "9", "acct": "ana", "display_name": "", "username": "ana", "bot": true, "followers_count": 7,
                         "url": "https://m.example/@ana", "avatar": "https://m.example/a.gif",
                         "avatar_static": "https://m.example/a.png", "created_at": "2020-01-01T00:00:00.000Z" },
            "mentions": [{ "id": "1", "acct": "care", "username": "care", "url": "https://m.example/@care" }],
            "media_attachments": [{ "type": "gifv", "url": "https://m.example/x.mp4", "description": "a puddle" }],
            "card": { "url": "https://shop.example/k2" }, "poll": null, "tags": [], "novelty": { "deep": [1] }
        });
        let post = post(status, "example").unwrap();
        assert_eq!((post.id.as_str(), post.in_reply_to.as_deref()), ("12@example", Some("11@example")));
        assert_eq!((post.text.as_str(), post.title.as_deref()), ("It leaks @care", Some("Kettle")));
        assert_eq!(post.url.as_deref(), Some("https://m.example/s/12"));
        assert_eq!((post.metrics.likes, post.metrics.views), (Some(2), None));
        assert!(post.edited_at > post.created_at);
        let author = post.author.as_ref().unwrap();
        assert_eq!((author.handle.as_deref(), author.name.as_deref()), (Some("ana@example"), Some("ana")));
        assert_eq!((author.followers, author.following, author.key().as_deref()), (Some(7), None, Some("ana@example")));
        assert_eq!(author.avatar.as_deref(), Some("https://m.example/a.png"), "the one that does not move");
        let nobodys = json!({ "avatar_static": "https://m.example/avatars/original/missing.png" });
        assert_eq!(super::author(&nobodys, "example").avatar, None, "who has none is not shown everybody's");
        assert_eq!(post.media[0].kind, "video");
        assert_eq!(post.links, ["https://shop.example/k2"]);
        assert_eq!(post.extra["novelty"]["deep"][0], 1);
        assert_eq!(post.extra["visibility"], "unlisted");
        assert_eq!(post.extra["quotes_count"], 4);
        assert_eq!(post.extra["account"]["bot"], true);
        assert_eq!(post.extra["mentions"][0]["handle"], "care@example");
        assert!(!post.extra.contains_key("poll") && !post.extra.contains_key("content"));
    }

    #[test]
    fn what_is_no_status_is_refused_and_kept() {
        for raw in
            [json!(3), json!({}), json!({ "id": {}, "content": "x" }), json!({ "id": "7", "content": "<p></p>" })]
        {
            let refused = post(raw.clone(), "example").unwrap_err();
            assert_eq!(refused.raw, raw.to_string());
        }
        assert!(
            post(json!({ "id": 7, "content": "x", "account": 3, "mentions": 1, "card": [], "quote": 2 }), "e").is_ok()
        );
    }

    #[test]
    fn an_edit_has_another_mark() {
        let mark = |content: &str, edited: Value| mark(&json!({ "content": content, "edited_at": edited }));
        assert_eq!(mark("a", Value::Null), mark("a", Value::Null));
        assert_ne!(mark("a", Value::Null), mark("b", Value::Null));
        assert_ne!(mark("a", Value::Null), mark("a", "2026-03-02T09:05:00.000Z".into()));
    }
}
