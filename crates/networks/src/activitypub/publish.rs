//! Saying something as an actor of ours. A note's address follows from the reply's key, so that whoever is told of it
//! twice knows it as one.

use dandelion_post::{Refusal, micros};
use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use super::{
    keys::Keys,
    note::Written,
    remote::{Remote, Signer},
    signature::{self, Way},
};
use crate::{
    contract::{Access, Place, Trouble},
    egress::{Error, Method, Response},
    outgoing::{Answer, Outgoing},
};

/// What signs for an actor of ours.
pub(super) fn signer(place: &Place) -> Result<Signer, Refusal> {
    let secret = place.credentials.get("key").unwrap_or_default();
    Ok(Signer { keys: Keys::read(secret)?, key_id: format!("{}#main-key", place.url) })
}

pub(super) async fn publish(access: &Access, reply: &Outgoing) -> Answer {
    let signer = match signer(access) {
        Ok(signer) => signer,
        Err(refusal) => return Answer::Refused { why: refusal.to_string() },
    };
    let remote = Remote::new(access.client.clone());
    let written = Written {
        actor: &access.url,
        key: &reply.key,
        text: &reply.text,
        in_reply_to: reply.in_reply_to.as_deref(),
        at: access.now,
    };
    let (inboxes, activity) = match &reply.in_reply_to {
        Some(id) => match author(&remote, &signer, id, access.now).await {
            Ok(author) => (vec![author.inbox.clone()], written.create(Some(&author))),
            Err(Trouble::Passing { why, after }) => return Answer::Later { after, why },
            Err(trouble) => return Answer::Refused { why: format!("the post answered cannot be seen: {trouble}") },
        },
        None => (followers(access), written.create(None)),
    };
    let body = activity.to_string().into_bytes();
    let published = Answer::Published { remote_id: Some(written.id()), url: Some(written.id()) };
    let mut worst = None;
    for inbox in inboxes {
        match deliver(&remote, &signer, &inbox, &body, access.now).await {
            Ok(answer) => match Answer::read(&answer, micros(access.now)) {
                Answer::Published { .. } => {}
                other => worst = Some(other),
            },
            Err(error) => worst = Some(error.into()),
        }
    }
    match worst {
        // What is said to all who follow is out once it stands on our own pages; a server that is down hears no more.
        Some(answer) if reply.in_reply_to.is_some() => answer,
        _ => published,
    }
}

/// Who said what is answered, from their own server.
async fn author(
    remote: &Remote,
    signer: &Signer,
    id: &str,
    now: Timestamp,
) -> Result<std::sync::Arc<super::Actor>, Trouble> {
    let note = remote.document(id, signer, now).await?;
    let by = super::actor::each(&note["attributedTo"]).find_map(|by| by.as_str().or_else(|| by["id"].as_str()));
    let by = by.ok_or_else(|| Trouble::wrong("it does not say who said it"))?;
    if super::remote::origin(by) != super::remote::origin(id) {
        return Err(Trouble::wrong("it says that somebody of another server said it"));
    }
    remote.actor(by, signer, now).await
}

/// The inboxes of all who follow, as the caller put them into the settings.
fn followers(place: &Place) -> Vec<String> {
    let listed = place.settings.get("followers").and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}

/// Delivers an activity, signed as most servers know it; where that is not believed, by RFC 9421.
pub async fn deliver(
    remote: &Remote,
    signer: &Signer,
    inbox: &str,
    body: &[u8],
    now: Timestamp,
) -> Result<Response, Error> {
    let url = Url::parse(inbox).map_err(|error| Error::Url { url: inbox.to_owned(), why: error.to_string() })?;
    let mut answer = post(remote, signer, Way::Cavage, &url, body, now).await?;
    if answer.status == 401 {
        answer = post(remote, signer, Way::Message, &url, body, now).await?;
    }
    Ok(answer)
}

async fn post(
    remote: &Remote,
    signer: &Signer,
    way: Way,
    url: &Url,
    body: &[u8],
    now: Timestamp,
) -> Result<Response, Error> {
    let signed = signature::sign(&signer.keys, &signer.key_id, way, ("POST", url), body, now);
    let mut headers = vec![("content-type", "application/activity+json")];
    headers.extend(signed.iter().map(|(name, value)| (*name, value.as_str())));
    remote.client().send(Method::POST, url.as_str(), &headers, Some(body.to_vec())).await
}
