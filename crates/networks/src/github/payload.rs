//! From a webhook's payload to posts, as a pure function.

use dandelion_post::{Author, Metrics, Post};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::contract::{Item, checked, refused};

/// The posts of a delivery: one for something said, edited or deleted, none for everything else that happens in a
/// repository (labels, stars, pings), and a refusal for what cannot be read.
pub fn items(event: &str, body: &[u8], now: Timestamp) -> Vec<Item> {
    let (part, kind) = match event {
        "issues" => ("issue", "issue"),
        "issue_comment" => ("comment", "comment"),
        "discussion" => ("discussion", "discussion"),
        "discussion_comment" => ("comment", "discussion-comment"),
        "pull_request_review_comment" => ("comment", "review-comment"),
        _ => return Vec::new(),
    };
    let payload: Value = match serde_json::from_slice(body) {
        Ok(payload) => payload,
        Err(error) => {
            let raw = Value::String(String::from_utf8_lossy(body).into_owned());
            return vec![Err(refused("json", &error.to_string(), &raw))];
        }
    };
    let action = payload["action"].as_str().unwrap_or_default().to_owned();
    if !matches!(action.as_str(), "opened" | "created" | "edited" | "deleted") {
        return Vec::new();
    }
    vec![post(payload, part, kind, &action, now)]
}

fn post(mut payload: Value, part: &str, kind: &str, action: &str, now: Timestamp) -> Item {
    let Value::Object(mut said) = payload[part].take() else {
        return Err(refused(part, "what was said is not in the payload", &payload));
    };
    let whole = Value::Object(said.clone());
    let Some(id) = said.get("id").and_then(Value::as_u64) else {
        return Err(refused("id", "what was said has no id", &whole));
    };
    let (parent, thread) = around(&payload, &said, kind);
    let title = take(&mut said, "title");
    let body = take(&mut said, "body").filter(|body| !body.trim().is_empty());
    let deleted = action == "deleted";
    let text = if deleted { String::new() } else { body.or_else(|| title.clone()).unwrap_or_default() };
    let user = said.remove("user");
    let mut post = Post {
        id: format!("{kind}-{id}"),
        url: take(&mut said, "html_url"),
        text,
        title: title.filter(|_| !deleted),
        created_at: moment(&mut said, "created_at"),
        in_reply_to: parent,
        thread: Some(thread.unwrap_or_else(|| format!("{kind}-{id}"))),
        author: user.as_ref().and_then(author),
        metrics: Metrics { likes: said.get("reactions").and_then(|all| all["+1"].as_i64()), ..Metrics::default() },
        ..Post::default()
    };
    let changed = moment(&mut said, "updated_at");
    if action == "edited" {
        post.edited_at = changed;
    }
    if deleted {
        post.deleted_at = Some(now);
    }
    if let Some(name) = payload["repository"]["full_name"].as_str() {
        said.insert("repository".to_owned(), name.into());
    }
    if let Some(user) = user {
        said.insert("user".to_owned(), user);
    }
    said.retain(|_, value| !value.is_null());
    post.extra = said;
    checked(post, &whole)
}

/// What something answers, and the conversation it is part of.
fn around(payload: &Value, said: &Map<String, Value>, kind: &str) -> (Option<String>, Option<String>) {
    let of = |part: &str, kind: &str| payload[part]["id"].as_u64().map(|id| format!("{kind}-{id}"));
    let number = |name: &str| said.get(name).and_then(Value::as_u64);
    match kind {
        "comment" => (of("issue", "issue"), of("issue", "issue")),
        "discussion-comment" => {
            let thread = of("discussion", "discussion");
            let parent = number("parent_id").map(|id| format!("discussion-comment-{id}"));
            (parent.or_else(|| thread.clone()), thread)
        }
        "review-comment" => {
            let parent = number("in_reply_to_id").map(|id| format!("review-comment-{id}"));
            (parent, of("pull_request", "pull-request"))
        }
        _ => (None, None),
    }
}

fn author(user: &Value) -> Option<Author> {
    let login = user["login"].as_str()?.to_owned();
    Some(Author {
        id: user["id"].as_u64().map(|id| id.to_string()),
        handle: Some(login),
        url: user["html_url"].as_str().map(ToOwned::to_owned),
        avatar: user["avatar_url"].as_str().and_then(Author::picture),
        ..Author::default()
    })
}

fn take(fields: &mut Map<String, Value>, name: &str) -> Option<String> {
    let text = fields.get(name)?.as_str()?.to_owned();
    fields.remove(name);
    Some(text)
}

fn moment(fields: &mut Map<String, Value>, name: &str) -> Option<Timestamp> {
    let read = fields.get(name)?.as_str()?.parse().ok()?;
    fields.remove(name);
    Some(read)
}
