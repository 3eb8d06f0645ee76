//! From what GitHub gives of an issue, a discussion or a comment to a post.

use dandelion_post::{Author, Metrics, Post};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::spot::{Part, Spot, Talk};
use crate::contract::{
    Item, checked,
    json::{rest, take, take_moment},
    refused,
};

/// What is known of when it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Just now.
    Said,
    /// Just now with other words.
    Edited,
    /// It is gone since then.
    Deleted(Timestamp),
    /// It stands there.
    Stands,
}

/// Reads one; `repository` is what GitHub calls it, where it tells.
pub(super) fn read(said: Value, repository: Option<&str>, state: State) -> Item {
    let Value::Object(mut said) = said else {
        return Err(refused("json", "what was said is not in it", &said));
    };
    let whole = Value::Object(said.clone());
    let page = said.get("html_url").and_then(Value::as_str).and_then(Spot::of_page);
    let Some(spot) = page else {
        return Err(refused("html_url", "what was said has no address on GitHub", &whole));
    };
    let title = take(&mut said, "title");
    let body = take(&mut said, "body").filter(|body| !body.trim().is_empty());
    let deleted = if let State::Deleted(at) = state { Some(at) } else { None };
    let text = if deleted.is_some() { String::new() } else { body.or_else(|| title.clone()).unwrap_or_default() };
    let created = take_moment(&mut said, "created_at");
    let post = Post {
        id: spot.to_string(),
        url: take(&mut said, "html_url"),
        text,
        title: title.filter(|_| deleted.is_none()),
        created_at: created,
        edited_at: edited(&mut said, &spot, created, state),
        deleted_at: deleted,
        in_reply_to: parent(&said, &spot).map(|parent| parent.to_string()),
        thread: Some(spot.whole().to_string()),
        author: said.get("user").and_then(author),
        metrics: Metrics { likes: said.get("reactions").and_then(|all| all["+1"].as_i64()), ..Metrics::default() },
        ..Post::default()
    };
    if let Some(name) = repository {
        said.insert("repository".to_owned(), name.into());
    }
    checked(Post { extra: rest(said), ..post }, &whole)
}

/// When its words were changed. Of an issue that stands there GitHub tells only that something about it changed.
fn edited(said: &mut Map<String, Value>, spot: &Spot, created: Option<Timestamp>, state: State) -> Option<Timestamp> {
    let told = said.contains_key("last_edited_at");
    let words = take_moment(said, "last_edited_at");
    let updated = take_moment(said, "updated_at");
    match state {
        State::Edited => updated,
        State::Stands if told => words,
        State::Stands if spot.part.is_some() => updated.filter(|at| created.is_some_and(|created| *at > created)),
        _ => None,
    }
}

/// What it answers.
fn parent(said: &Map<String, Value>, spot: &Spot) -> Option<Spot> {
    let number = |name: &str| said.get(name).and_then(Value::as_u64);
    match (spot.talk, spot.part?) {
        (_, Part::Review(_)) => number("in_reply_to_id").map(|id| spot.beside(Part::Review(id))),
        (Talk::Discussion, _) => Some(number("parent_id").map_or(spot.whole(), |id| spot.beside(Part::Said(id)))),
        _ => Some(spot.whole()),
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
