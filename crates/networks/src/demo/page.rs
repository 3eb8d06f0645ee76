use dandelion_post::{Author, Post};
use serde_json::{Value, json};

use super::authorization;
use crate::contract::{Access, Item, Page, Trouble, Wait, checked, refused};

/// Most posts of one page; the demo network gives all, the rest waits for the next turn.
const MOST: usize = 200;

pub(super) async fn page(access: &Access, cursor: &Value) -> Result<Page, Trouble> {
    let since = cursor["since"].as_u64().unwrap_or(0);
    let token = authorization(access);
    let answer =
        access.client.get(&access.at(&format!("/api/posts?since={since}")), &[("authorization", &token)]).await?;
    if answer.status != 200 {
        return Err(Trouble::of(answer, access.now));
    }
    let Ok(Value::Array(posts)) = serde_json::from_slice(&answer.body) else {
        return Err(Trouble::passing("the demo network answered with something that is no list of posts"));
    };
    let more = posts.len() > MOST;
    let (mut items, mut last) = (Vec::new(), since);
    for raw in posts.into_iter().take(MOST) {
        if let Some(id) = raw["id"].as_str().and_then(|id| id.parse().ok()) {
            last = last.max(id);
        }
        items.push(post(raw));
    }
    let wait = if more { Wait::More } else { Wait::Usual };
    Ok(Page { items, cursor: json!({ "since": last }), wait, budget: answer.budget(access.now), ..Page::default() })
}

fn post(raw: Value) -> Item {
    let Value::Object(mut fields) = raw else { return Err(refused("post", "is no object", &raw)) };
    let whole = Value::Object(fields.clone());
    let mut take = |name: &str| fields.remove(name).and_then(|value| value.as_str().map(ToOwned::to_owned));
    let (Some(id), Some(text)) = (take("id"), take("text")) else {
        return Err(refused("post", "has no id or no text", &whole));
    };
    let author = take("author").map(|name| Author { handle: Some(name), ..Author::default() });
    let created_at = take("created_at").and_then(|at| at.parse().ok());
    let (url, in_reply_to) = (take("url"), take("in_reply_to"));
    checked(Post { id, text, author, created_at, url, in_reply_to, extra: fields, ..Post::default() }, &whole)
}

#[cfg(test)]
mod tests {
    use super::post;

    #[test]
    fn nothing_is_lost() {
        let raw = serde_json::json!({ "id": "3", "text": "hi", "author": "@a", "mood": 1, "in_reply_to": null });
        let read = post(raw).unwrap();
        assert_eq!((read.id.as_str(), read.extra["mood"].as_i64(), read.in_reply_to), ("3", Some(1), None));
        let refused = post(serde_json::json!({ "id": 3 })).unwrap_err();
        assert_eq!(refused.raw, "{\"id\":3}");
    }
}
