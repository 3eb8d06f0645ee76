//! From a post as the network shows it (`app.bsky.feed.defs#postView`, or a notification, which has the same fields) to
//! ours. Nothing is lost: every field without a word of its own stays in `extra`.

use dandelion_post::{Author, Media, Metrics, Post};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::contract::{Item, checked, refused};

/// What posts are kept in.
pub(super) const COLLECTION: &str = "app.bsky.feed.post";

/// Reads one post as the network shows it (`app.bsky.feed.defs#postView`) or tells of it (a notification).
pub fn post(raw: Value) -> Item {
    let Value::Object(mut fields) = raw else { return Err(refused("post", "is no object", &raw)) };
    let whole = Value::Object(fields.clone());
    let Some(uri) = fields.remove("uri").and_then(|uri| uri.as_str().map(ToOwned::to_owned)) else {
        return Err(refused("uri", "the post has no address", &whole));
    };
    let Some((did, key)) = parts(&uri) else { return Err(refused("uri", "is no address of a post", &whole)) };
    let Some(Value::Object(mut record)) = fields.remove("record") else {
        return Err(refused("record", "the post came without its words", &whole));
    };
    let (created_at, author) = (moment(&mut record), author(fields.get("author").unwrap_or(&Value::Null), did));
    let place = author.handle.as_deref().unwrap_or(did);
    let mut post = Post {
        url: Some(format!("https://bsky.app/profile/{place}/post/{key}")),
        text: words(&mut record),
        lang: record.get("langs").and_then(|langs| langs[0].as_str()).map(ToOwned::to_owned),
        created_at,
        in_reply_to: record.get("reply").and_then(|reply| uri_in(&reply["parent"])),
        thread: Some(record.get("reply").and_then(|reply| uri_in(&reply["root"])).unwrap_or_else(|| uri.clone())),
        links: links(&record),
        media: media(fields.get("embed").unwrap_or(&Value::Null)),
        metrics: metrics(&mut fields),
        author: Some(author),
        id: uri,
        ..Post::default()
    };
    fields.insert("record".to_owned(), Value::Object(record));
    fields.retain(|_, value| !value.is_null() && !value.as_array().is_some_and(Vec::is_empty));
    post.extra = fields;
    checked(post, &whole)
}

/// A deletion that the network told of, or that we found.
pub(super) fn deletion(uri: &str, at: Timestamp) -> Post {
    Post { id: uri.to_owned(), deleted_at: Some(at), ..Post::default() }
}

/// Whose post an address names, and its key: `at://DID/app.bsky.feed.post/KEY`.
pub(super) fn parts(uri: &str) -> Option<(&str, &str)> {
    let (did, rest) = uri.strip_prefix("at://")?.split_once('/')?;
    let key = rest.strip_prefix(COLLECTION)?.strip_prefix('/')?;
    (super::identity::is_did(did) && is_key(key)).then_some((did, key))
}

/// Record keys (atproto.com/specs/record-key).
pub(super) fn is_key(key: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b"_-:.~".contains(&b);
    (1..=512).contains(&key.len()) && !matches!(key, "." | "..") && key.bytes().all(letter)
}

fn uri_in(reference: &Value) -> Option<String> {
    reference["uri"].as_str().filter(|uri| parts(uri).is_some()).map(ToOwned::to_owned)
}

/// The words; of a post without any, what stands on its card or what its pictures show.
fn words(record: &mut Map<String, Value>) -> String {
    let text = match record.get_mut("text").map(Value::take) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    };
    record.remove("text");
    if !text.trim().is_empty() {
        return text;
    }
    let embed = record.get("embed").unwrap_or(&Value::Null);
    let embed = if embed["media"].is_object() { &embed["media"] } else { embed };
    let card = [&embed["external"]["title"], &embed["external"]["description"], &embed["alt"]];
    let pictures = embed["images"].as_array().into_iter().flatten().map(|image| &image["alt"]);
    let shown: Vec<&str> = card.into_iter().chain(pictures).filter_map(Value::as_str).collect();
    shown.into_iter().filter(|text| !text.trim().is_empty()).collect::<Vec<_>>().join("\n")
}

/// Written when: as the author's program said. A moment that cannot be read stays where it was.
fn moment(record: &mut Map<String, Value>) -> Option<Timestamp> {
    let at = record.get("createdAt")?.as_str().and_then(crate::moment::read)?;
    record.remove("createdAt");
    Some(at)
}

fn author(raw: &Value, did: &str) -> Author {
    let word = |name: &str| raw[name].as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    // What the network writes where a handle no longer leads to its account.
    let handle = word("handle").filter(|handle| handle != "handle.invalid");
    Author {
        id: Some(did.to_owned()),
        url: Some(format!("https://bsky.app/profile/{did}")),
        name: word("displayName"),
        avatar: word("avatar").and_then(|url| Author::picture(&url)),
        followers: raw["followersCount"].as_i64(),
        following: raw["followsCount"].as_i64(),
        posts: raw["postsCount"].as_i64(),
        verified: raw["verification"]["verifiedStatus"].as_str().map(|status| status == "valid"),
        created_at: word("createdAt").and_then(|at| crate::moment::read(&at)),
        handle,
    }
}

/// Addresses in the words and on the card.
fn links(record: &Map<String, Value>) -> Vec<String> {
    let facets = record.get("facets").and_then(Value::as_array).into_iter().flatten();
    let features = facets.flat_map(|facet| facet["features"].as_array().into_iter().flatten());
    let embed = record.get("embed").unwrap_or(&Value::Null);
    let cards = [&embed["external"]["uri"], &embed["media"]["external"]["uri"]];
    let mut links: Vec<String> = Vec::new();
    for uri in features.map(|feature| &feature["uri"]).chain(cards).filter_map(Value::as_str) {
        if uri.starts_with("http") && !links.iter().any(|known| known == uri) {
            links.push(uri.to_owned());
        }
    }
    links
}

/// Pictures and films as the network serves them.
fn media(embed: &Value) -> Vec<Media> {
    let embed = if embed["media"].is_object() { &embed["media"] } else { embed };
    let alt = |of: &Value| of["alt"].as_str().filter(|alt| !alt.is_empty()).map(ToOwned::to_owned);
    let pictures = embed["images"].as_array().into_iter().flatten().filter_map(|image| {
        Some(Media { kind: "image".into(), url: image["fullsize"].as_str()?.to_owned(), alt: alt(image) })
    });
    let film =
        embed["playlist"].as_str().map(|url| Media { kind: "video".into(), url: url.to_owned(), alt: alt(embed) });
    pictures.chain(film).collect()
}

fn metrics(fields: &mut Map<String, Value>) -> Metrics {
    let mut number = |name: &str| {
        let number = fields.get(name)?.as_i64()?;
        fields.remove(name);
        Some(number)
    };
    let shares = match (number("repostCount"), number("quoteCount")) {
        (None, None) => None,
        (reposts, quotes) => Some(reposts.unwrap_or(0).saturating_add(quotes.unwrap_or(0))),
    };
    Metrics { likes: number("likeCount"), shares, replies: number("replyCount"), views: None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ANA: &str = "did:plc:z72i7hdynmk6r22z27h6tvur";

    #[test]
    fn a_post_becomes_ours_and_nothing_is_lost() {
        let uri = |key: &str| format!("at://{ANA}/app.bsky.feed.post/{key}");
        let post = post(json!({
            "uri": uri("3k2"), "cid": "bafy", "indexedAt": "2026-03-02T09:00:01.000Z", "replyCount": 1, "likeCount": 2,
            "repostCount": 3, "quoteCount": 4, "labels": [], "novelty": [1],
            "author": { "did": ANA, "handle": "ana.example", "displayName": "Ana", "avatar": "https://cdn.example/a@jpeg",
                        "createdAt": "2023-04-12T04:53:57.057Z",
                        "verification": { "verifiedStatus": "valid" } },
            "record": { "$type": COLLECTION, "text": "it leaks https://x.example", "createdAt": "2026-03-02T09:00:00.000Z",
                "langs": ["en"], "reply": { "root": { "uri": uri("3k0"), "cid": "c" }, "parent": { "uri": uri("3k1"), "cid": "c" } },
                "facets": [{ "index": { "byteStart": 9, "byteEnd": 26 },
                             "features": [{ "$type": "app.bsky.richtext.facet#link", "uri": "https://x.example" }] }],
                "tags": ["kettle"] },
            "embed": { "$type": "app.bsky.embed.recordWithMedia#view",
                       "media": { "images": [{ "fullsize": "https://cdn.example/1", "alt": "a puddle" }] } }
        }))
        .unwrap();
        assert_eq!((post.id, post.in_reply_to, post.thread), (uri("3k2"), Some(uri("3k1")), Some(uri("3k0"))));
        assert_eq!(post.url.as_deref(), Some("https://bsky.app/profile/ana.example/post/3k2"));
        assert_eq!((post.text.as_str(), post.lang.as_deref()), ("it leaks https://x.example", Some("en")));
        assert_eq!((post.metrics.likes, post.metrics.shares, post.metrics.views), (Some(2), Some(7), None));
        assert_eq!(post.media[0].alt.as_deref(), Some("a puddle"));
        assert_eq!(post.links, ["https://x.example"]);
        let author = post.author.unwrap();
        assert_eq!((author.key().as_deref(), author.verified, author.followers), (Some(ANA), Some(true), None));
        assert_eq!(author.avatar.as_deref(), Some("https://cdn.example/a@jpeg"));
        assert_eq!((&post.extra["novelty"][0], &post.extra["record"]["tags"][0]), (&json!(1), &json!("kettle")));
        assert_eq!(post.extra["cid"], "bafy");
        assert!(!post.extra.contains_key("labels") && post.extra["record"]["text"].is_null());
    }

    #[test]
    fn a_post_without_words_says_what_it_shows() {
        let of = |embed: Value| {
            let record = json!({ "text": " ", "embed": embed, "createdAt": "soon" });
            post(json!({ "uri": format!("at://{ANA}/app.bsky.feed.post/3k"), "record": record }))
        };
        assert_eq!(of(json!({ "images": [{ "alt": "a kettle" }, { "alt": "" }] })).unwrap().text, "a kettle");
        let card = of(json!({ "external": { "uri": "https://x.example", "title": "T", "description": "" } })).unwrap();
        assert_eq!((card.text.as_str(), card.links.len(), card.created_at), ("T", 1, None));
        assert_eq!(card.extra["record"]["createdAt"], "soon");
        assert!(of(json!({ "images": [{ "alt": "" }] })).is_err());
    }

    #[test]
    fn what_is_no_post_is_refused_and_kept() {
        let like = format!("at://{ANA}/app.bsky.feed.like/3k");
        for raw in [
            json!(3),
            json!({}),
            json!({ "uri": like, "record": {} }),
            json!({ "uri": format!("at://{ANA}/app.bsky.feed.post/3k") }),
            json!({ "uri": format!("at://{ANA}/app.bsky.feed.post/../x"), "record": { "text": "x" } }),
        ] {
            assert_eq!(post(raw.clone()).unwrap_err().raw, raw.to_string());
        }
    }
}
