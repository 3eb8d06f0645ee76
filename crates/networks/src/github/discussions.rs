//! Discussions, which only GraphQL shows: which of them were changed since, and all that is said in one.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{
    api,
    post::{self, State},
    read::{Mark, entry},
};
use crate::contract::{Access, Item, Trouble};

/// Pages of discussions looked through for what was changed, fifty on each.
const PAGES: usize = 4;
/// Discussions gone through at a time.
const AT_ONCE: usize = 10;
/// Pages of one discussion, a hundred comments on each: what lies beyond is not read.
const DEEPEST: usize = 20;
/// A comment may be a little older than the moment at which its discussion is said to be changed.
const SLACK: SignedDuration = SignedDuration::from_mins(1);

/// Who said something, and what GitHub tells of a comment.
const PARTS: &str = "
fragment who on Actor {
  __typename login url avatarUrl
  ... on User { databaseId name } ... on Bot { databaseId } ... on Organization { databaseId name } ... on Mannequin { databaseId }
}
fragment said on DiscussionComment {
  databaseId id url body createdAt updatedAt lastEditedAt deletedAt isMinimized isAnswer authorAssociation upvoteCount
  viewerDidAuthor replyTo { databaseId } author { ...who } reactions(content: THUMBS_UP) { totalCount }
}";
const LATEST: &str = "
query($owner: String!, $name: String!, $first: Int!, $after: String) { repository(owner: $owner, name: $name) {
  discussions(first: $first, after: $after, orderBy: { field: UPDATED_AT, direction: DESC }) {
    pageInfo { hasNextPage endCursor }
    nodes {
      databaseId id number url title body createdAt updatedAt lastEditedAt authorAssociation upvoteCount
      category { name slug } author { ...who } reactions(content: THUMBS_UP) { totalCount }
    }
  }
} }";
const COMMENTS: &str = "
query($owner: String!, $name: String!, $number: Int!, $after: String) { repository(owner: $owner, name: $name) {
  discussion(number: $number) {
    id
    comments(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { ...said replies(first: 100) { nodes { ...said } } }
    }
  }
} }";

/// What was said in discussions since, and whether there is more.
pub(super) async fn discussions(
    access: &Access,
    repository: &str,
    mark: &mut Mark,
) -> Result<(Vec<Item>, bool), Trouble> {
    let read = |said: Value| post::read(said, Some(repository), State::Stands);
    let Some(since) = mark.since else {
        let (found, _) = latest(access, repository, 30, None).await?;
        mark.moves(&found.iter().filter_map(entry).collect::<Vec<_>>());
        mark.begins(access);
        return Ok((found.into_iter().rev().map(read).collect(), false));
    };
    let mut changed: VecDeque<(Value, (String, Timestamp))> = VecDeque::new();
    let mut after = None;
    for _ in 0..PAGES {
        let (found, next) = latest(access, repository, 50, after.as_deref()).await?;
        let oldest = found.last().and_then(entry).map(|(_, at)| at);
        let dated = found.into_iter().filter_map(|said| entry(&said).map(|entry| (said, entry)));
        for new in dated.filter(|(_, (address, at))| mark.is_new(address, *at)) {
            changed.push_front(new); // the one changed last comes last
        }
        match next {
            Some(next) if oldest.is_some_and(|oldest| oldest >= since) => after = Some(next),
            _ => break,
        }
    }
    let more = changed.len() > AT_ONCE;
    let mut items = Vec::new();
    for (said, entry) in changed.into_iter().take(AT_ONCE) {
        let number = said["number"].as_u64().unwrap_or_default();
        items.push(read(said));
        let talk = Talk::read(access, repository, number).await?;
        let fresh = talk.said.into_iter().filter(|said| date(said, "updated_at").is_none_or(|at| at >= since - SLACK));
        items.extend(fresh.map(|said| match date(&said, "deleted_at") {
            Some(at) => post::read(said, Some(repository), State::Deleted(at)),
            None => read(said),
        }));
        mark.moves(&[entry]);
    }
    Ok((items, more))
}

/// All that is said in one discussion.
pub(super) struct Talk {
    /// GitHub's name of it for mutations.
    pub id: String,
    /// Comments and answers to them, as REST and the webhook write them.
    pub said: Vec<Value>,
    /// Whether there was not more than is read.
    pub whole: bool,
}

impl Talk {
    /// Reads all of it.
    pub async fn read(access: &Access, repository: &str, number: u64) -> Result<Self, Trouble> {
        Self::pages(access, repository, number, DEEPEST).await
    }

    /// Reads no further than to know which it is.
    pub async fn begin(access: &Access, repository: &str, number: u64) -> Result<Self, Trouble> {
        Self::pages(access, repository, number, 1).await
    }

    async fn pages(access: &Access, repository: &str, number: u64, most: usize) -> Result<Self, Trouble> {
        let mut talk = Self { id: String::new(), said: Vec::new(), whole: false };
        let mut after = Value::Null;
        for _ in 0..most {
            let mut variables = named(repository);
            variables.insert("number".to_owned(), number.into());
            variables.insert("after".to_owned(), after);
            let mut told = api::query(access, &format!("{COMMENTS}{PARTS}"), &variables.into()).await?;
            let mut found = told["repository"]["discussion"].take();
            let id = found["id"].as_str().ok_or_else(|| Trouble::wrong("GitHub shows no such discussion"))?;
            id.clone_into(&mut talk.id);
            for mut comment in taken(&mut found["comments"]["nodes"]) {
                let replies = taken(&mut comment["replies"]["nodes"]);
                talk.said.extend(std::iter::once(comment).chain(replies).map(as_in_rest));
            }
            let Some(next) = next(&found["comments"]["pageInfo"]) else {
                talk.whole = true;
                break;
            };
            after = next.into();
        }
        Ok(talk)
    }

    /// A comment by its number.
    pub fn comment(&self, number: u64) -> Option<&Value> {
        self.said.iter().find(|said| said["id"].as_u64() == Some(number))
    }
}

async fn latest(
    access: &Access,
    repository: &str,
    first: usize,
    after: Option<&str>,
) -> Result<(Vec<Value>, Option<String>), Trouble> {
    let mut variables = named(repository);
    variables.insert("first".to_owned(), first.into());
    variables.insert("after".to_owned(), after.into());
    let mut told = api::query(access, &format!("{LATEST}{}", fragment("who")), &variables.into()).await?;
    let mut found = told["repository"]["discussions"].take();
    let next = next(&found["pageInfo"]);
    Ok((taken(&mut found["nodes"]).into_iter().map(as_in_rest).collect(), next))
}

fn named(repository: &str) -> Map<String, Value> {
    let (owner, name) = repository.split_once('/').unwrap_or((repository, ""));
    Map::from_iter([("owner".to_owned(), owner.into()), ("name".to_owned(), name.into())])
}

/// GraphQL refuses what is declared and not used.
fn fragment(name: &str) -> &'static str {
    let from = PARTS.find(&format!("fragment {name} ")).unwrap_or_default();
    let end = PARTS[from + 1..].find("fragment ").map_or(PARTS.len(), |end| from + 1 + end);
    &PARTS[from..end]
}

fn taken(nodes: &mut Value) -> Vec<Value> {
    match nodes.take() {
        // One that we may not see is null.
        Value::Array(nodes) => nodes.into_iter().filter(Value::is_object).collect(),
        _ => Vec::new(),
    }
}

fn next(info: &Value) -> Option<String> {
    info["endCursor"].as_str().filter(|_| info["hasNextPage"] == true).map(ToOwned::to_owned)
}

pub(super) fn date(said: &Value, name: &str) -> Option<Timestamp> {
    said[name].as_str().and_then(crate::moment::read)
}

/// The words of GraphQL in those of REST, so that the webhook and asking give the same post.
fn as_in_rest(mut said: Value) -> Value {
    let names = [
        ("databaseId", "id"),
        ("id", "node_id"),
        ("url", "html_url"),
        ("createdAt", "created_at"),
        ("updatedAt", "updated_at"),
        ("lastEditedAt", "last_edited_at"),
        ("deletedAt", "deleted_at"),
        ("isMinimized", "is_minimized"),
        ("isAnswer", "is_answer"),
        ("authorAssociation", "author_association"),
        ("upvoteCount", "upvotes"),
        ("viewerDidAuthor", "ours"),
    ];
    let mut rest = Map::new();
    for (theirs, name) in names {
        if let Some(value) = said.as_object_mut().and_then(|fields| fields.remove(theirs)) {
            rest.insert(name.to_owned(), value);
        }
    }
    rest.insert("parent_id".to_owned(), said["replyTo"]["databaseId"].take());
    rest.insert("reactions".to_owned(), json!({ "+1": said["reactions"]["totalCount"] }));
    let mut author = said["author"].take();
    if author.is_object() {
        let user = json!({
            "login": author["login"].take(), "id": author["databaseId"].take(), "html_url": author["url"].take(),
            "avatar_url": author["avatarUrl"].take(), "name": author["name"].take(), "type": author["__typename"].take(),
        });
        rest.insert("user".to_owned(), user);
    }
    if let Value::Object(fields) = said {
        let used = ["replyTo", "reactions", "author", "replies"];
        rest.extend(fields.into_iter().filter(|(name, _)| !used.contains(&name.as_str())));
    }
    rest.into()
}
