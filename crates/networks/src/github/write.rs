//! Answering, finding our answer again, changing it and taking it back.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    api, discussions,
    read::SKEW,
    spot::{Part, Spot, Talk},
};
use crate::{
    contract::{Access, Found, Trouble},
    egress::Method,
    outgoing::{Answer, Outgoing},
};

/// Pages looked through for one answer, a hundred comments on each.
const PAGES: usize = 5;
const ADD: &str = "mutation($discussion: ID!, $to: ID, $body: String!) {
  addDiscussionComment(input: { discussionId: $discussion, replyToId: $to, body: $body }) { comment { url } }
}";
const CHANGE: &str = "mutation($comment: ID!, $body: String!) {
  updateDiscussionComment(input: { commentId: $comment, body: $body }) { comment { url } }
}";
const REMOVE: &str = "mutation($comment: ID!) {
  deleteDiscussionComment(input: { id: $comment }) { comment { url } }
}";

/// Says it below what it answers.
pub(super) async fn publish(access: &Access, reply: &Outgoing) -> Answer {
    let spot = match may_write(access, reply.in_reply_to.as_deref()) {
        Ok(spot) => spot,
        Err(answer) => return answer,
    };
    let (repository, number, body) = (&spot.repository, spot.number, json!({ "body": reply.text }));
    let path = match (spot.talk, spot.part) {
        (Talk::Discussion, part) => return said(discuss(access, &spot, part, &reply.text).await, "comment", "url"),
        (_, Some(Part::Review(id))) => format!("/repos/{repository}/pulls/{number}/comments/{id}/replies"),
        _ => format!("/repos/{repository}/issues/{number}/comments"),
    };
    said(api::write(access, Method::POST, &path, Some(&body)).await, "", "html_url")
}

/// Answers go one level deep: what answers an answer stands below the comment that one belongs to.
async fn discuss(access: &Access, spot: &Spot, part: Option<Part>, text: &str) -> Result<Value, Answer> {
    let (talk, to) = match part {
        Some(Part::Said(id)) => {
            let talk = discussions::Talk::read(access, &spot.repository, spot.number).await?;
            let answered = talk.comment(id);
            let top = answered.and_then(|it| it["parent_id"].as_u64().map_or(Some(it), |parent| talk.comment(parent)));
            let gone = || Answer::Refused { why: "what it answers is no longer there".to_owned() };
            let to = top.ok_or_else(gone)?["node_id"].clone();
            (talk, to)
        }
        _ => (discussions::Talk::begin(access, &spot.repository, spot.number).await?, Value::Null),
    };
    let variables = json!({ "discussion": talk.id, "to": to, "body": text });
    api::mutate(access, "addDiscussionComment", ADD, &variables).await
}

/// Looks among what was said in that conversation since.
pub(super) async fn look(access: &Access, reply: &Outgoing, since: Timestamp) -> Result<Found, Trouble> {
    let Some(spot) = reply.in_reply_to.as_deref().and_then(Spot::parse) else {
        return Ok(Found::NotThere); // then nothing was ever sent
    };
    let (said, whole) = match (spot.talk, spot.part) {
        (Talk::Discussion, _) => {
            let talk = discussions::Talk::read(access, &spot.repository, spot.number).await?;
            (talk.said.into_iter().filter(|said| said["ours"] == true).collect(), talk.whole)
        }
        _ => ours_since(access, &spot, since - SKEW).await?,
    };
    let words = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
    let there = said.iter().find(|said| said["body"].as_str().is_some_and(|body| words(body) == words(&reply.text)));
    Ok(match there {
        Some(said) => {
            let url = said["html_url"].as_str();
            let remote_id = url.and_then(Spot::of_page).map(|spot| spot.to_string());
            Found::Published { remote_id, url: url.map(ToOwned::to_owned) }
        }
        None if whole => Found::NotThere,
        None => Found::Unclear("too much was said since to look through all of it".to_owned()),
    })
}

/// Our own comments of an issue or a pull request since then, and whether these are all.
async fn ours_since(access: &Access, spot: &Spot, since: Timestamp) -> Result<(Vec<Value>, bool), Trouble> {
    let (me, _) = api::get(access, "/user").await?;
    let me = me["login"].as_str().ok_or_else(|| Trouble::wrong("GitHub does not say who we are"))?.to_owned();
    let lines = matches!(spot.part, Some(Part::Review(_)));
    let list = if lines { "pulls" } else { "issues" };
    let since = since.round(jiff::Unit::Second).unwrap_or(since);
    let path = format!("/repos/{}/{list}/{}/comments?since={since}&per_page=100", spot.repository, spot.number);
    let mut ours = Vec::new();
    for page in 1..=PAGES {
        let (said, _) = api::list(access, &format!("{path}&page={page}")).await?;
        let whole = said.len() < 100;
        let is_ours = |said: &Value| said["user"]["login"].as_str().is_some_and(|who| who.eq_ignore_ascii_case(&me));
        ours.extend(said.into_iter().filter(is_ours));
        if whole {
            return Ok((ours, true));
        }
    }
    Ok((ours, false))
}

/// Other words for a comment of ours.
pub(super) async fn edit(access: &Access, id: &str, text: &str) -> Answer {
    match comment(access, id).await {
        Err(answer) => answer,
        Ok(Comment::Rest(path)) => {
            said(api::write(access, Method::PATCH, &path, Some(&json!({ "body": text }))).await, "", "html_url")
        }
        Ok(Comment::Node(node)) => {
            let variables = json!({ "comment": node, "body": text });
            let changed = api::mutate(access, "updateDiscussionComment", CHANGE, &variables).await;
            said(changed, "comment", "url")
        }
    }
}

/// Takes a comment of ours away.
pub(super) async fn delete(access: &Access, id: &str) -> Answer {
    let gone = match comment(access, id).await {
        Err(answer) => return answer,
        Ok(Comment::Rest(path)) => api::write(access, Method::DELETE, &path, None).await,
        Ok(Comment::Node(node)) => {
            api::mutate(access, "deleteDiscussionComment", REMOVE, &json!({ "comment": node })).await
        }
    };
    match gone {
        Ok(_) => Answer::Published { remote_id: Some(id.to_owned()), url: None },
        Err(answer) => answer,
    }
}

/// A comment as the interface it belongs to knows it.
enum Comment {
    Rest(String),
    Node(Value),
}

async fn comment(access: &Access, id: &str) -> Result<Comment, Answer> {
    let spot = may_write(access, Some(id))?;
    let repository = &spot.repository;
    match spot.part {
        Some(Part::Comment(id)) => Ok(Comment::Rest(format!("/repos/{repository}/issues/comments/{id}"))),
        Some(Part::Review(id)) => Ok(Comment::Rest(format!("/repos/{repository}/pulls/comments/{id}"))),
        Some(Part::Said(id)) => {
            let talk = discussions::Talk::read(access, repository, spot.number).await?;
            let gone = || Answer::Refused { why: "GitHub no longer shows this comment".to_owned() };
            Ok(Comment::Node(talk.comment(id).ok_or_else(gone)?["node_id"].clone()))
        }
        None => Err(Answer::Refused { why: "only a comment of ours can be changed there".to_owned() }),
    }
}

fn may_write(access: &Access, id: Option<&str>) -> Result<Spot, Answer> {
    let refuse = |why: &str| Answer::Refused { why: why.to_owned() };
    if access.credentials.get("token").is_none() {
        return Err(refuse("without an access token nothing can be written; enter one in the handle"));
    }
    let none =
        || refuse("only what was said in an issue, a pull request or a discussion of GitHub can be answered there");
    id.and_then(Spot::parse).ok_or_else(none)
}

/// What was made, by the address GitHub tells in `part`, or at the top.
fn said(made: Result<Value, Answer>, part: &str, address: &str) -> Answer {
    match made {
        Ok(made) => {
            let made = if part.is_empty() { &made } else { &made[part] };
            let url = made[address].as_str().map(ToOwned::to_owned);
            let remote_id = url.as_deref().and_then(Spot::of_page).map(|spot| spot.to_string());
            Answer::Published { remote_id, url }
        }
        Err(answer) => answer,
    }
}
