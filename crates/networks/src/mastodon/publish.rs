//! Saying something as an account of ours.

use dandelion_post::micros;
use serde_json::{Value, json};

use super::{
    ask::get,
    dialect::{self, Software},
    place::{self, VISIBILITIES},
    status,
};
use crate::{
    contract::{Access, Trouble},
    egress::{Error, Method, Response},
    outgoing::{Answer, Outgoing},
};

/// The post that is answered, as far as an answer has to fit it.
#[derive(Debug, Default)]
struct Answered {
    id: String,
    author: String,
    visibility: String,
    warning: String,
}

pub(super) async fn publish(access: &Access, reply: &Outgoing) -> Answer {
    let answered = match &reply.in_reply_to {
        None => None,
        Some(id) => match answered(access, id).await {
            Ok(answered) => Some(answered),
            Err(answer) => return answer,
        },
    };
    let body = body(access, reply, answered.as_ref());
    if let Some(why) = too_long(access, &body).await {
        return Answer::Refused { why };
    }
    let headers = [("idempotency-key", reply.key.as_str())];
    match send(access, Method::POST, "/api/v1/statuses", &headers, Some(&body)).await {
        Ok(answer) => match said(&answer, access) {
            // Pixelfed's answer to a key it has seen: the first attempt reached it, and what became of it is not told.
            Answer::Refused { why } if why.contains("Duplicate idempotency key") => Answer::InDoubt { why },
            other => other,
        },
        Err(error) => error.into(),
    }
}

/// Why a text is too long, if it is: as the instance said when it was connected, or says now where nobody asked it yet.
async fn too_long(access: &Access, body: &Value) -> Option<String> {
    const USUAL: u64 = 500;
    let texts = [&body["status"], &body["spoiler_text"]].map(|text| text.as_str().unwrap_or_default());
    let count = |software: Software| texts.iter().map(|text| software.counted(text)).sum::<usize>();
    let (mut software, mut most) =
        (Software::of(access), access.settings.get("max_characters").and_then(Value::as_u64));
    // Whoever counts every character counts most.
    if (software.is_none() || most.is_none())
        && count(Software::Other) as u64 > USUAL
        && let Ok(instance) = dialect::instance(access).await
    {
        (software, most) = (Some(Software::read(&instance)), dialect::most(&instance).or(most));
    }
    let (counted, most) = (count(software.unwrap_or(Software::Mastodon)) as u64, most.unwrap_or(USUAL));
    let how = if software.is_none_or(|software| software == Software::Mastodon) {
        " (an address counts 23, a handle without its host)"
    } else {
        ""
    };
    (counted > most).then(|| {
        let domain = place::domain(access);
        format!("{counted} characters with the name of who is answered, and {domain} takes {most}{how}; shorten it")
    })
}

/// What is posted: the words with the name of who is answered, seen by no more people than the post that is answered,
/// behind the same warning.
fn body(access: &Access, reply: &Outgoing, answered: Option<&Answered>) -> Value {
    let wanted = access.setting("visibility").unwrap_or("public");
    let Some(answered) = answered else {
        return json!({ "status": reply.text, "visibility": wanted });
    };
    let visibility = visibility(wanted, &answered.visibility);
    let mut body = json!({
        "status": addressed(&reply.text, &answered.author),
        "visibility": visibility,
        "in_reply_to_id": answered.id,
    });
    let warning = answered.warning.trim();
    if !warning.is_empty() {
        let again = warning.to_lowercase().starts_with("re:");
        body["spoiler_text"] = if again { warning.into() } else { format!("re: {warning}").into() };
        // Mastodon concludes it from the warning; Pixelfed shows the warning only where it is said.
        body["sensitive"] = true.into();
    }
    body
}

/// Never wider than what is answered. `local` (Pleroma: everybody on that server) is answered alike; of visibilities we
/// do not know (`mutuals_only`, `list`, …) only who is named is sure to be among those who see it.
fn visibility<'a>(wanted: &'a str, answered: &str) -> &'a str {
    let rank = |name: &str| VISIBILITIES.iter().position(|known| *known == name);
    let wanted = rank(wanted).unwrap_or(0);
    match rank(answered) {
        Some(answered) => VISIBILITIES[wanted.max(answered)],
        // Servers that do not say how widely a post is seen show public ones.
        None if answered.is_empty() => VISIBILITIES[wanted],
        None if answered == "local" && wanted < 2 => "local",
        None if answered == "local" => VISIBILITIES[wanted],
        None => "direct",
    }
}

/// The words with `@name` before them, unless it is in them already: on these networks only who is named is told.
fn addressed(text: &str, author: &str) -> String {
    let name = format!("@{}", author.to_lowercase());
    let folded = text.to_lowercase();
    let named = folded.match_indices(&name).any(|(at, _)| {
        let behind = folded[at + name.len()..].chars().next();
        !behind.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '@'))
    });
    if named || author.is_empty() { text.to_owned() } else { format!("@{author} {text}") }
}

async fn answered(access: &Access, id: &str) -> Result<Answered, Answer> {
    let Some(local) = place::local(access, id) else {
        let why = format!(
            "the post answered ({id}) was read on another instance than this account's ({}); answer with an account there",
            place::domain(access)
        );
        return Err(Answer::Refused { why });
    };
    match get(access, &format!("/api/v1/statuses/{local}")).await {
        Ok((status, _)) => {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            Ok(Answered {
                id: local.to_owned(),
                // Pixelfed writes the accounts of other servers with a sign before them.
                author: text(&status["account"]["acct"]).trim_start_matches('@').to_owned(),
                visibility: text(&status["visibility"]),
                warning: text(&status["spoiler_text"]),
            })
        }
        // Nothing was said yet, so nothing is in doubt.
        Err(Trouble::Passing { why, after }) => Err(Answer::Later { after, why }),
        Err(Trouble::Revoked { why }) => Err(Answer::Refused { why }),
        Err(Trouble::Wrong { why }) => Err(Answer::Refused { why: format!("the post answered cannot be seen: {why}") }),
    }
}

pub(super) async fn edit(access: &Access, id: &str, text: &str) -> Answer {
    let Some(local) = place::local(access, id) else { return foreign(id) };
    // An edit replaces everything, the warning too, and the name we put before the words when they were published.
    let source = match get(access, &format!("/api/v1/statuses/{local}/source")).await {
        Ok((source, _)) => source,
        Err(Trouble::Passing { why, after }) => return Answer::Later { after, why },
        Err(other) => return Answer::Refused { why: other.to_string() },
    };
    let before = source["text"].as_str().unwrap_or_default();
    let named = before.split_whitespace().next().and_then(|word| word.strip_prefix('@')).unwrap_or_default();
    let body = json!({
        "status": addressed(text, named), "spoiler_text": source["spoiler_text"].as_str().unwrap_or_default(),
    });
    match send(access, Method::PUT, &format!("/api/v1/statuses/{local}"), &[], Some(&body)).await {
        Ok(answer) => said(&answer, access),
        Err(error) => error.into(),
    }
}

pub(super) async fn delete(access: &Access, id: &str) -> Answer {
    let Some(local) = place::local(access, id) else { return foreign(id) };
    match send(access, Method::DELETE, &format!("/api/v1/statuses/{local}"), &[], None).await {
        // What is gone already is gone.
        Ok(answer) if matches!(answer.status, 404 | 410) => {
            Answer::Published { remote_id: Some(id.to_owned()), url: None }
        }
        Ok(answer) => said(&answer, access),
        Err(error) => error.into(),
    }
}

fn foreign(id: &str) -> Answer {
    Answer::Refused { why: format!("{id} is of another instance") }
}

/// The instance's answer, with the id as everybody else understands it.
fn said(answer: &Response, access: &Access) -> Answer {
    match Answer::read(answer, micros(access.now)) {
        Answer::Published { remote_id, url } => {
            let domain = place::domain(access);
            Answer::Published { remote_id: remote_id.map(|id| status::global(&id, &domain)), url }
        }
        Answer::Refused { why } if answer.status == 401 => {
            Answer::Refused { why: format!("{why}; the account has to be signed in again in the handle's settings") }
        }
        other => other,
    }
}

async fn send(
    access: &Access,
    method: Method,
    path: &str,
    more: &[(&str, &str)],
    body: Option<&Value>,
) -> Result<Response, Error> {
    let token = format!("Bearer {}", access.credentials.get("token").unwrap_or_default());
    let mut headers = vec![("accept", "application/json"), ("authorization", token.as_str())];
    headers.extend_from_slice(more);
    let body = body.map(|body| {
        headers.push(("content-type", "application/json"));
        body.to_string().into_bytes()
    });
    access.client.send(method, &access.at(path), &headers, body).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_answered_is_named_once() {
        assert_eq!(addressed("On it!", "ana@m.example"), "@ana@m.example On it!");
        assert_eq!(addressed("@Ana@m.example on it", "ana@m.example"), "@Ana@m.example on it");
        assert_eq!(addressed("Ask @anabel", "ana"), "@ana Ask @anabel");
        assert_eq!(addressed("hi @ana, hi", "ana"), "hi @ana, hi");
        assert_eq!(addressed("hi", ""), "hi");
    }

    #[test]
    fn an_answer_is_never_seen_more_widely() {
        for (wanted, answered, expected) in [
            ("public", "public", "public"),
            ("unlisted", "public", "unlisted"),
            ("public", "private", "private"),
            ("public", "", "public"),
            ("public", "local", "local"),
            ("unlisted", "local", "local"),
            ("private", "local", "private"),
            ("public", "mutuals_only", "direct"),
            ("unlisted", "list", "direct"),
        ] {
            assert_eq!(visibility(wanted, answered), expected, "{wanted} {answered}");
        }
    }
}
