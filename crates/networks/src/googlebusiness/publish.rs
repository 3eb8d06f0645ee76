//! The owner's answer: written, changed and taken down at one address.

use dandelion_post::micros;
use serde_json::{Value, json};

use super::{get, place, token};
use crate::{
    contract::{
        Access, Found, Trouble,
        json::{ask, segment},
    },
    egress::Method,
    outgoing::{Answer, Outgoing},
};

/// Where a review lives, from the id of its post (`LOCATION/REVIEW`) and the account that answers.
fn review(access: &Access, id: &str) -> Result<String, String> {
    let Some(account) = place::Name::of(access).and_then(|name| name.account) else {
        return Err("the handle does not say for which account it speaks; enter it as Place, accounts/1".to_owned());
    };
    let parts = id.split_once('/').filter(|(location, review)| {
        place::is_id(location) && !review.is_empty() && !review.contains('/') && !matches!(*review, "." | "..")
    });
    match parts {
        Some((location, review)) => {
            Ok(access.at(&format!("/v4/accounts/{account}/locations/{location}/reviews/{}", segment(review))))
        }
        None => Err(format!("{id} is no review on Google")),
    }
}

pub(super) async fn publish(access: &Access, reply: &Outgoing) -> Answer {
    let Some(id) = reply.in_reply_to.as_deref() else {
        return Answer::Refused { why: "only a review can be answered on Google".to_owned() };
    };
    // Writing is an upsert: without a look it would replace what somebody has answered in Google's own pages.
    match look(access, reply).await {
        Ok(Found::NotThere) => put(access, id, &reply.text).await,
        Ok(Found::Published { remote_id, url }) => Answer::Published { remote_id, url },
        Ok(Found::Unclear(why)) => Answer::Refused { why },
        Err(trouble) => trouble.into(),
    }
}

/// What stands under the review: these words, others, or nothing.
pub(super) async fn look(access: &Access, reply: &Outgoing) -> Result<Found, Trouble> {
    let id = reply.in_reply_to.as_deref().unwrap_or_default();
    let url = review(access, id).map_err(Trouble::wrong)?;
    let (told, _) = get(access, &url).await?;
    Ok(match told["reviewReply"]["comment"].as_str().filter(|said| !said.trim().is_empty()) {
        None => Found::NotThere,
        Some(said) if same(said, &reply.text) => Found::Published { remote_id: Some(format!("{id}/reply")), url: None },
        Some(_) => {
            Found::Unclear("the review has another answer already, and can have one only; change that one".into())
        }
    })
}

/// Whether two texts differ in white space at most.
fn same(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

pub(super) async fn edit(access: &Access, id: &str, text: &str) -> Answer {
    put(access, id.strip_suffix("/reply").unwrap_or(id), text).await
}

pub(super) async fn delete(access: &Access, id: &str) -> Answer {
    let review = id.strip_suffix("/reply").unwrap_or(id);
    match send(access, Method::DELETE, review, None).await {
        // What is gone already is gone.
        (404, Answer::Refused { .. }) => Answer::Published { remote_id: Some(id.to_owned()), url: None },
        (_, answer) => answer,
    }
}

async fn put(access: &Access, id: &str, text: &str) -> Answer {
    send(access, Method::PUT, id, Some(json!({ "comment": text }))).await.1
}

/// The status of the answer (0 where there was none) and what it means. An answer has no id of its own: there is one for
/// each review.
async fn send(access: &Access, method: Method, id: &str, body: Option<Value>) -> (u16, Answer) {
    let url = match review(access, id) {
        Ok(url) => format!("{url}/reply"),
        Err(why) => return (0, Answer::Refused { why }),
    };
    let token = match token(access).await {
        Ok(token) => token,
        Err(trouble) => return (0, trouble.into()),
    };
    match ask(access, method, &url, &[("authorization", &token)], body.as_ref()).await {
        Ok(answer) => match Answer::read(&answer, micros(access.now)) {
            Answer::Published { .. } => {
                (answer.status, Answer::Published { remote_id: Some(format!("{id}/reply")), url: None })
            }
            other => (answer.status, other),
        },
        Err(error) => (0, error.into()),
    }
}
