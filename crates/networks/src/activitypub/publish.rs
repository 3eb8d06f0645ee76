//! Saying something as an actor of ours. A note's address follows from the reply's key, so that whoever is told of it
//! twice knows it as one.

use dandelion_post::{Refusal, micros};
use jiff::Timestamp;
use url::Url;

use super::{
    keys::Keys,
    knock,
    note::Said,
    remote::{Remote, Signer},
    signature::{self, Way},
};
use crate::{
    contract::{Access, Place, Trouble},
    egress::{Client, Error, Method, Response},
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
    let mut said = Said {
        actor: &access.url,
        key: &reply.key,
        text: &reply.text,
        in_reply_to: reply.in_reply_to.as_deref(),
        to: None,
        at: access.now,
        edited_at: None,
    };
    let published = Answer::Published { remote_id: Some(said.id()), url: Some(said.id()) };
    // What is said to all who follow is out once it stands on our own pages.
    let Some(answered) = &reply.in_reply_to else { return published };
    let remote = Remote::new(access.client.clone());
    let author = match author(&remote, &signer, answered, access.now).await {
        Ok(author) => author,
        Err(Trouble::Passing { why, after }) => return Answer::Later { after, why },
        Err(trouble) => return Answer::Refused { why: format!("the post answered cannot be seen: {trouble}") },
    };
    said.to = Some((&author.id, author.handle.as_deref()));
    let body = said.create().to_string().into_bytes();
    match deliver(&remote, &signer, &author.inbox, &body, access.now).await {
        Ok(answer) => match Answer::read(&answer, micros(access.now)) {
            Answer::Published { .. } => published,
            other => other,
        },
        Err(error) => error.into(),
    }
}

/// Other words, or none any more, for something an actor of ours said: nobody has to be asked, it stands on our own
/// pages.
pub(super) fn own(place: &Place, id: &str) -> Answer {
    let ours = id.strip_prefix(place.url.as_str()).is_some_and(|rest| rest.starts_with("/posts/"));
    if ours {
        return Answer::Published { remote_id: Some(id.to_owned()), url: Some(id.to_owned()) };
    }
    Answer::Refused { why: format!("{id} was not said by {}", place.url) }
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

/// Tells somebody of an activity, once, and says whether it arrived.
pub async fn tell(remote: &Remote, signer: &Signer, inbox: &str, body: &[u8], now: Timestamp) -> Answer {
    match deliver(remote, signer, inbox, body, now).await {
        // Our pages may have been out of reach when they wanted our key.
        Ok(answer) if answer.status == 401 => {
            Answer::Later { after: None, why: "the server does not believe our signature (401)".to_owned() }
        }
        Ok(answer) => Answer::read(&answer, micros(now)),
        Err(error) => error.into(),
    }
}

/// Delivers an activity, signed in the way that server is known to understand; where that is not believed, in the
/// other.
pub(super) async fn deliver(
    remote: &Remote,
    signer: &Signer,
    inbox: &str,
    body: &[u8],
    now: Timestamp,
) -> Result<Response, Error> {
    let url = Url::parse(inbox).map_err(|error| Error::Url { url: inbox.to_owned(), why: error.to_string() })?;
    let client = remote.client();
    let first = knock::first(client, &url, now);
    let answer = post(client, signer, first, &url, body, now).await?;
    if !knock::unbelieved(answer.status) {
        return Ok(answer);
    }
    let second = first.other();
    let other = post(client, signer, second, &url, body, now).await?;
    Ok(knock::of_both(client, &url, (second, other), answer, now))
}

async fn post(
    client: &Client,
    signer: &Signer,
    way: Way,
    url: &Url,
    body: &[u8],
    now: Timestamp,
) -> Result<Response, Error> {
    let signed = signature::sign(&signer.keys, &signer.key_id, way, ("POST", url), body, now);
    let mut headers = vec![("content-type", "application/activity+json")];
    headers.extend(signed.iter().map(|(name, value)| (*name, value.as_str())));
    client.send(Method::POST, url.as_str(), &headers, Some(body.to_vec())).await
}
