use dandelion_post::{Author, Metrics, Post};
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    clean,
    contract::{
        Item, checked,
        json::{rest, take, take_moment, take_number},
        refused,
    },
};

/// A thing's full name and what tells one wording of it from another.
pub(super) fn entry(thing: &Value) -> (String, String) {
    let data = &thing["data"];
    let gone = matches!(data["body"].as_str().or(data["selftext"].as_str()), Some("[deleted]" | "[removed]"));
    (data["name"].as_str().unwrap_or_default().to_owned(), format!("{} {gone}", data["edited"]))
}

/// Reads a comment (`t1`) or a post (`t3`).
pub(super) fn read(mut thing: Value, now: Timestamp) -> Item {
    let kind = thing["kind"].as_str().unwrap_or_default().to_owned();
    if !matches!(kind.as_str(), "t1" | "t3") {
        return Err(refused("kind", "is neither a comment nor a post", &thing));
    }
    let Some(Value::Object(mut fields)) = thing.get_mut("data").map(Value::take) else {
        return Err(refused("data", "is no object", &thing));
    };
    let whole = Value::Object(fields.clone());
    let Some(name) = whole["name"].as_str().filter(|name| is_fullname(name)).map(ToOwned::to_owned) else {
        return Err(refused("name", "the thing has no name", &whole));
    };
    let text = take(&mut fields, "body").or_else(|| take(&mut fields, "selftext")).unwrap_or_default();
    let html = take(&mut fields, "body_html").or_else(|| take(&mut fields, "selftext_html"));
    let author = take(&mut fields, "author").filter(|author| author != "[deleted]");
    let gone = text == "[removed]" || text == "[deleted]" && author.is_none();
    let path = take(&mut fields, "permalink").or_else(|| take(&mut fields, "context"));
    let link = if kind == "t3" { take(&mut fields, "url").filter(|url| url.starts_with("http")) } else { None };
    let parent = take(&mut fields, "parent_id").filter(|id| is_fullname(id));
    let thread = whole["link_id"].as_str().map(ToOwned::to_owned);
    // A mention in the inbox does not say which post it stands under; its address does.
    let thread = thread.or_else(|| path.as_deref().and_then(under)).or_else(|| parent.clone());
    let post = Post {
        url: path.map(|path| format!("https://www.reddit.com{}", path.split('?').next().unwrap_or_default())),
        title: take(&mut fields, "title").map(|title| clean::text(&title)),
        text: if gone { String::new() } else { text },
        html: html.filter(|html| !gone && clean::is_markup(html)),
        created_at: take_moment(&mut fields, "created_utc"),
        edited_at: take_moment(&mut fields, "edited"),
        deleted_at: gone.then_some(now),
        in_reply_to: parent,
        thread: thread.or_else(|| Some(name.clone())),
        author: author.map(|author| Author {
            id: take(&mut fields, "author_fullname"),
            url: Some(format!("https://www.reddit.com/user/{author}")),
            handle: Some(author),
            ..Author::default()
        }),
        links: link.into_iter().collect(),
        metrics: Metrics {
            likes: take_number(&mut fields, "score"),
            // Beside a comment it is the count of the whole post.
            replies: if kind == "t3" { take_number(&mut fields, "num_comments") } else { None },
            ..Metrics::default()
        },
        extra: {
            fields.remove("name");
            rest(fields)
        },
        id: name,
        ..Post::default()
    };
    checked(post, &whole)
}

/// `/r/x/comments/bb24k7/title/ekftbox/`: the post it stands under.
fn under(path: &str) -> Option<String> {
    let id = path.split("/comments/").nth(1)?.split('/').next()?;
    Some(format!("t3_{id}")).filter(|name| is_fullname(name))
}

pub(super) fn is_fullname(text: &str) -> bool {
    text.split_once('_').is_some_and(|(kind, id)| {
        matches!(kind, "t1" | "t3" | "t4")
            && !id.is_empty()
            && id.len() < 20
            && id.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

pub(super) fn is_name(text: &str) -> bool {
    (1..=50).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
