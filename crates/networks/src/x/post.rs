use dandelion_post::{Author, Metrics, Post};
use jiff::Timestamp;
use serde_json::Value;

use super::unread;
use crate::contract::{
    Item, checked,
    json::{id, rest, take, take_moment},
    refused,
};

/// Reads one post of API v2, with the accounts that came beside it.
pub(super) fn read(raw: Value, users: &[Value]) -> Item {
    let Value::Object(mut fields) = raw else { return Err(refused("post", "is no object", &raw)) };
    let whole = Value::Object(fields.clone());
    let Some(id) = whole["id"].as_str().filter(|id| is_id(id)).map(ToOwned::to_owned) else {
        return Err(refused("id", "the post has no id", &whole));
    };
    let text = take(&mut fields, "text").unwrap_or_default();
    // Of long posts only the beginning is their text.
    let text = either(&whole, "note_post", "note_tweet")["text"].as_str().map_or(text, ToOwned::to_owned);
    let author = whole["author_id"].as_str();
    let user = users.iter().find(|user| user["id"].as_str() == author);
    let urls = whole["entities"]["urls"].as_array().into_iter().flatten();
    let links = urls.filter_map(|url| url["expanded_url"].as_str()).filter(|url| url.starts_with("http"));
    let counts = &whole["public_metrics"];
    fields.remove("id");
    let post = Post {
        url: Some(link(&id)),
        text: text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"),
        lang: take(&mut fields, "lang").filter(|lang| !matches!(lang.as_str(), "und" | "qme" | "zxx")),
        created_at: take_moment(&mut fields, "created_at"),
        in_reply_to: answered(&whole),
        thread: whole["conversation_id"].as_str().map(ToOwned::to_owned),
        author: author.map(|id| account(id, user)),
        links: links.map(ToOwned::to_owned).collect(),
        metrics: Metrics {
            likes: counts["like_count"].as_i64(),
            shares: either(counts, "repost_count", "retweet_count").as_i64(),
            replies: counts["reply_count"].as_i64(),
            views: counts["impression_count"].as_i64(),
        },
        extra: rest(fields),
        id,
        ..Post::default()
    };
    checked(post, &whole)
}

fn account(id: &str, user: Option<&Value>) -> Author {
    let word = |name: &str| user.and_then(|user| user[name].as_str()).map(ToOwned::to_owned);
    let count = |name: &str| user.and_then(|user| user["public_metrics"][name].as_i64());
    Author {
        id: Some(id.to_owned()),
        url: word("username").map(|name| format!("https://x.com/{name}")),
        handle: word("username"),
        name: word("name"),
        avatar: word("profile_image_url").as_deref().and_then(avatar),
        followers: count("followers_count"),
        following: count("following_count"),
        posts: count("tweet_count").or_else(|| count("post_count")),
        verified: user.and_then(|user| user["verified"].as_bool()),
        created_at: word("created_at").and_then(|at| crate::moment::read(&at)),
    }
}

/// A picture of 73 pixels instead of 48 (docs.x.com, "User profile images and banners").
fn avatar(address: &str) -> Option<String> {
    Author::picture(&address.replace("_normal.", "_bigger."))
}

/// The posts of a delivery of the account activity webhook: what was said and what was deleted.
pub fn delivered(body: &[u8], now: Timestamp) -> Vec<Item> {
    let told: Value = match serde_json::from_slice(body) {
        Ok(told) => told,
        Err(error) => return unread(&error, body),
    };
    let said = told["tweet_create_events"].as_array().cloned().unwrap_or_default();
    let gone = told["tweet_delete_events"].as_array().cloned().unwrap_or_default();
    let gone = gone.into_iter().map(|event| match id(&event["status"]["id"]) {
        Some(id) => Ok(Post { id, deleted_at: Some(now), ..Post::default() }),
        None => Err(refused("status", "the event does not say what was deleted", &event)),
    });
    said.into_iter().filter(|event| !event["retweeted_status"].is_object()).map(event).chain(gone).collect()
}

/// A post as the webhook brings it, in the older form.
fn event(raw: Value) -> Item {
    let Value::Object(mut fields) = raw else { return Err(refused("post", "is no object", &raw)) };
    let whole = Value::Object(fields.clone());
    let Some(id) = whole["id_str"].as_str().filter(|id| is_id(id)).map(ToOwned::to_owned) else {
        return Err(refused("id_str", "the post has no id", &whole));
    };
    let short = take(&mut fields, "text").unwrap_or_default();
    let text = whole["extended_tweet"]["full_text"].as_str().map_or(short, ToOwned::to_owned);
    let user = &whole["user"];
    let word = |name: &str| user[name].as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    fields.remove("id");
    let post = Post {
        url: Some(link(&id)),
        text: text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"),
        lang: take(&mut fields, "lang").filter(|lang| lang != "und"),
        created_at: take_moment(&mut fields, "created_at"),
        in_reply_to: whole["in_reply_to_status_id_str"].as_str().map(ToOwned::to_owned),
        author: word("id_str").map(|id| Author {
            id: Some(id),
            url: word("screen_name").map(|name| format!("https://x.com/{name}")),
            handle: word("screen_name"),
            name: word("name"),
            avatar: word("profile_image_url_https").as_deref().and_then(avatar),
            followers: user["followers_count"].as_i64(),
            following: user["friends_count"].as_i64(),
            posts: user["statuses_count"].as_i64(),
            verified: user["verified"].as_bool(),
            created_at: word("created_at").and_then(|at| crate::moment::read(&at)),
        }),
        extra: rest(fields),
        id,
        ..Post::default()
    };
    checked(post, &whole)
}

/// A field by its name of today or by the older one.
fn either<'a>(fields: &'a Value, name: &str, older: &str) -> &'a Value {
    if fields[name].is_null() { &fields[older] } else { &fields[name] }
}

/// What a post answers.
pub(super) fn answered(post: &Value) -> Option<String> {
    let all = either(post, "referenced_posts", "referenced_tweets").as_array()?;
    all.iter().find(|one| one["type"] == "replied_to")?["id"].as_str().map(ToOwned::to_owned)
}

pub(super) fn is_id(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

pub(super) fn link(id: &str) -> String {
    format!("https://x.com/i/status/{id}")
}

/// What was said, without the names before it and with every address alike: X shortens them.
pub(super) fn words(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let mut words = text
        .split_whitespace()
        .skip_while(|word| word.starts_with('@'))
        .map(|word| if word.starts_with("http://") || word.starts_with("https://") { "URL" } else { word });
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |all, word| all + " " + word)
}

/// How long X counts words to be (docs.x.com, "Counting characters"): letters of most scripts once, all else twice, an
/// address 23.
pub fn length(text: &str) -> usize {
    let light = |c: char| matches!(u32::from(c), 0..=4351 | 8192..=8205 | 8208..=8223 | 8242..=8247);
    let weight = |c: char| if light(c) { 1 } else { 2 };
    let word = |word: &str| {
        let address = word.starts_with("http://") || word.starts_with("https://");
        if address { 23 } else { word.chars().map(weight).sum::<usize>() }
    };
    text.split_inclusive(char::is_whitespace)
        .map(|part| {
            let bare = part.trim_end_matches(char::is_whitespace);
            word(bare) + part[bare.len()..].chars().map(weight).sum::<usize>()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_counted_as_x_does() {
        assert_eq!(length("It leaks"), 8);
        assert_eq!(length("see https://x.example/a/very/long/address/indeed?with=more now"), 4 + 23 + 4);
        assert_eq!(length("漏れる"), 6);
        assert_eq!(length("é\n😡"), 4);
        assert_eq!(words("@ana @b see https://t.co/x &amp; go"), words("see https://x.example & go"));
    }
}
