//! Reading our own account back: whether something was said.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{
    KEYS,
    ask::get,
    dialect::{self, Software},
    place, status,
};
use crate::{
    clean,
    contract::{Access, Found, Trouble, json::id},
    outgoing::Outgoing,
};

/// Pages of our own posts looked through for one reply.
const PAGES: usize = 5;
/// How far the instance's clock may be from ours.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Looks for a reply among what the account has said since an attempt, unless the server is one that answers the same key
/// with what became of it.
pub(super) async fn find(access: &Access, reply: &Outgoing, since: Timestamp) -> Found {
    let fresh = access.now < since + SignedDuration::from_mins(KEYS as i64);
    if fresh && dialect::instance(access).await.is_ok_and(|instance| Software::read(&instance).remembers()) {
        return Found::NotThere;
    }
    match look(access, reply, since - SKEW).await {
        // Where an account's own posts are shown without its answers, the conversation shows them.
        Ok(Found::NotThere) => match around(access, reply).await {
            Ok(found) => found.unwrap_or(Found::NotThere),
            Err(trouble) => Found::Unclear(trouble.to_string()),
        },
        Ok(found) => found,
        Err(trouble) => Found::Unclear(trouble.to_string()),
    }
}

/// The reply among the answers to what it answers.
async fn around(access: &Access, reply: &Outgoing) -> Result<Option<Found>, Trouble> {
    let Some(answered) = reply.in_reply_to.as_deref().and_then(|id| place::local(access, id)) else { return Ok(None) };
    let told = match get(access, &format!("/api/v1/statuses/{answered}/context")).await {
        Ok((told, _)) => told,
        // What was answered is gone, and its answers with it.
        Err(Trouble::Wrong { .. }) => return Ok(None),
        Err(other) => return Err(other),
    };
    let (me, _) = get(access, "/api/v1/accounts/verify_credentials").await?;
    let domain = place::domain(access);
    let ours = |status: &&Value| id(&me["id"]).is_some() && id(&status["account"]["id"]) == id(&me["id"]);
    let mut answers = told["descendants"].as_array().into_iter().flatten().filter(ours);
    Ok(answers.find(|status| says(status, reply, &domain)).map(|status| published(status, &domain)))
}

fn says(status: &Value, reply: &Outgoing, domain: &str) -> bool {
    let said = words(&clean::text(status["content"].as_str().unwrap_or_default()));
    answers(status, reply, domain) && said == words(&reply.text)
}

fn published(status: &Value, domain: &str) -> Found {
    let remote_id = id(&status["id"]).map(|id| status::global(&id, domain));
    Found::Published { remote_id, url: status["url"].as_str().map(ToOwned::to_owned) }
}

async fn look(access: &Access, reply: &Outgoing, since: Timestamp) -> Result<Found, Trouble> {
    let (me, _) = get(access, "/api/v1/accounts/verify_credentials").await?;
    let Some(me) = id(&me["id"]) else { return Ok(Found::Unclear("the instance does not say who we are".into())) };
    let domain = place::domain(access);
    let (mut below, mut otherwise) = (String::new(), false);
    let absent = |otherwise: bool| {
        let why = "something was said there since, but in other words; look at it";
        if otherwise { Found::Unclear(why.to_owned()) } else { Found::NotThere }
    };
    for _ in 0..PAGES {
        let path = format!("/api/v1/accounts/{me}/statuses?limit=40&exclude_reblogs=true{below}");
        let Value::Array(said) = get(access, &path).await?.0 else {
            return Ok(Found::Unclear("the instance does not show what we said".into()));
        };
        for status in &said {
            if !answers(status, reply, &domain) {
                continue;
            }
            if says(status, reply, &domain) {
                return Ok(published(status, &domain));
            }
            otherwise |= written(status).is_none_or(|at| at >= since);
        }
        let Some(last) = said.last() else { return Ok(absent(otherwise)) };
        if written(last).is_some_and(|at| at < since) || said.len() < 40 {
            return Ok(absent(otherwise));
        }
        let Some(last) = id(&last["id"]) else { break };
        below = format!("&max_id={last}");
    }
    Ok(Found::Unclear("too much was said since to look through all of it".into()))
}

fn written(status: &Value) -> Option<Timestamp> {
    status["created_at"].as_str().and_then(crate::moment::read)
}

/// Whether a status answers what this reply answers.
fn answers(status: &Value, reply: &Outgoing, domain: &str) -> bool {
    id(&status["in_reply_to_id"]).map(|id| status::global(&id, domain)) == reply.in_reply_to
}

/// What was said, without the names: the instance shows them without their host, and adding one was ours.
fn words(text: &str) -> String {
    let word = |word: &&str| !word.starts_with('@');
    text.split_whitespace().filter(word).collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reply_is_known_again_by_its_words_and_what_it_answers() {
        let reply = Outgoing {
            key: "k".into(),
            handle: "@care".into(),
            text: "@ana@m.example We're on it:  <soon> & safe\nBye".into(),
            in_reply_to: Some("11@e".into()),
        };
        let content = "<p><span>@<span>ana</span></span> We're on it:  &lt;soon&gt; &amp; safe<br />Bye</p>";
        assert_eq!(words(&clean::text(content)), words(&reply.text));
        assert_ne!(words("We are on it"), words(&reply.text));
        assert!(answers(&json!({ "in_reply_to_id": "11" }), &reply, "e"));
        assert!(!answers(&json!({ "in_reply_to_id": "12" }), &reply, "e"));
        assert!(!answers(&json!({ "in_reply_to_id": null }), &reply, "e"));
    }
}
