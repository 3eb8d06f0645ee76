//! Saying something as an account of ours. A post is kept under a key that follows from the reply's own, and is written
//! only where nothing lies there yet: however often it is tried, it is said once.

use dandelion_post::micros;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    identity, post,
    post::COLLECTION,
    rich::{self, Mark},
    session::{self, Ask, get},
};
use crate::{
    contract::{Access, Found, Trouble},
    outgoing::{Answer, Outgoing},
};

pub(super) async fn publish(access: &Access, reply: &Outgoing) -> Answer {
    let (letters, bytes) = (rich::length(&reply.text), reply.text.len());
    if letters > rich::MOST || bytes > rich::MOST_BYTES {
        let why =
            format!("{letters} letters, and Bluesky takes {} (and {} bytes); shorten it", rich::MOST, rich::MOST_BYTES);
        return Answer::Refused { why };
    }
    let written = async {
        let me = session::me(access).await?;
        let record = record(access, reply).await?;
        Ok((me.did, record))
    };
    let (did, record) = match written.await {
        Ok(written) => written,
        // Nothing was said yet, so nothing is in doubt.
        Err(trouble) => return session::unsaid(trouble),
    };
    let key = key(&reply.key);
    let body = json!({
        "repo": did, "collection": COLLECTION, "rkey": key, "record": record,
        // Only where there is nothing yet.
        "swapRecord": null,
    });
    let answer = match session::tell(access, write("com.atproto.repo.putRecord", &body)).await {
        Ok(answer) => answer,
        Err(answer) => return answer,
    };
    if answer.status == 400 && session::error(&answer) == "InvalidSwap" {
        return match look(access, &did, &key, &reply.text).await {
            Ok(Found::Published { remote_id, url }) => Answer::Published { remote_id, url },
            Ok(Found::Unclear(why)) => Answer::InDoubt { why },
            Ok(Found::NotThere) => {
                Answer::Later { after: None, why: "it was there and is gone; it is tried again".into() }
            }
            Err(trouble) => Answer::InDoubt { why: trouble.to_string() },
        };
    }
    match Answer::read(&answer, micros(access.now)) {
        Answer::Published { .. } => published(&did, &key),
        Answer::Refused { why } if answer.status == 401 => {
            Answer::Refused { why: format!("{why}; the account has to be signed in again in the handle's settings") }
        }
        other => other,
    }
}

/// Looks whether a reply is there: it can only be under its key.
pub(super) async fn find(access: &Access, reply: &Outgoing) -> Found {
    let looked = async {
        let me = session::me(access).await?;
        look(access, &me.did, &key(&reply.key), &reply.text).await
    };
    Found::of(looked.await)
}

pub(super) async fn delete(access: &Access, uri: &str) -> Answer {
    let Some((did, key)) = post::parts(uri) else {
        return Answer::Refused { why: format!("{uri} is no address of a post on Bluesky") };
    };
    match session::me(access).await {
        Ok(me) if me.did != did => return Answer::Refused { why: format!("{uri} is not ours") },
        Ok(_) => {}
        Err(trouble) => return session::unsaid(trouble),
    }
    let body = json!({ "repo": did, "collection": COLLECTION, "rkey": key });
    match session::tell(access, write("com.atproto.repo.deleteRecord", &body)).await {
        Ok(answer) => match Answer::read(&answer, micros(access.now)) {
            Answer::Published { .. } => Answer::Published { remote_id: Some(uri.to_owned()), url: None },
            other => other,
        },
        Err(answer) => answer,
    }
}

fn write<'a>(name: &'a str, body: &'a Value) -> Ask<'a> {
    Ask { name, query: &[], body: Some(body) }
}

async fn look(access: &Access, did: &str, key: &str, text: &str) -> Result<Found, Trouble> {
    let query = [("repo", did), ("collection", COLLECTION), ("rkey", key)];
    let answer = session::ask(access, Ask { name: "com.atproto.repo.getRecord", query: &query, body: None }).await?;
    if answer.status == 400 && session::error(&answer) == "RecordNotFound" {
        return Ok(Found::NotThere);
    }
    let (there, _) = session::read(answer, access)?;
    if there["value"]["text"].as_str() == Some(text) {
        let Answer::Published { remote_id, url } = published(did, key) else { return Ok(Found::NotThere) };
        return Ok(Found::Published { remote_id, url });
    }
    Ok(Found::Unclear("something else lies where the reply should be; look at it".to_owned()))
}

fn published(did: &str, key: &str) -> Answer {
    Answer::Published {
        remote_id: Some(format!("at://{did}/{COLLECTION}/{key}")),
        url: Some(format!("https://bsky.app/profile/{did}/post/{key}")),
    }
}

/// What is written: the words with their marks, and what they answer.
async fn record(access: &Access, reply: &Outgoing) -> Result<Value, Trouble> {
    let mut record = json!({ "$type": COLLECTION, "text": reply.text, "createdAt": access.now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string() });
    let facets = facets(access, &reply.text).await?;
    if !facets.is_empty() {
        record["facets"] = facets.into();
    }
    if let Some(uri) = &reply.in_reply_to {
        record["reply"] = answered(access, uri).await?;
    }
    Ok(record)
}

async fn facets(access: &Access, text: &str) -> Result<Vec<Value>, Trouble> {
    let mut facets = Vec::new();
    for marked in rich::marks(text) {
        let feature = match marked.mark {
            Mark::Link(url) => json!({ "$type": "app.bsky.richtext.facet#link", "uri": url }),
            Mark::Tag(tag) => json!({ "$type": "app.bsky.richtext.facet#tag", "tag": tag }),
            Mark::Mention(handle) => match resolved(access, &handle).await? {
                Some(did) => json!({ "$type": "app.bsky.richtext.facet#mention", "did": did }),
                None => continue,
            },
        };
        facets.push(json!({ "index": { "byteStart": marked.start, "byteEnd": marked.end }, "features": [feature] }));
    }
    Ok(facets)
}

/// Who is meant by a handle in the words; nobody where there is no such account: then it is just a word.
async fn resolved(access: &Access, handle: &str) -> Result<Option<String>, Trouble> {
    match get(access, "com.atproto.identity.resolveHandle", &[("handle", handle)]).await {
        Ok((found, _)) => Ok(found["did"].as_str().filter(|did| identity::is_did(did)).map(ToOwned::to_owned)),
        Err(Trouble::Wrong { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}

/// The post that is answered and the one its conversation began with, each by address and content.
async fn answered(access: &Access, uri: &str) -> Result<Value, Trouble> {
    if post::parts(uri).is_none() {
        return Err(Trouble::wrong(format!(
            "the post answered ({uri}) is not of Bluesky; answer it where it was said"
        )));
    }
    let (found, _) = get(access, "app.bsky.feed.getPosts", &[("uris", uri)]).await?;
    let parent = &found["posts"][0];
    let Some(cid) = parent["cid"].as_str() else {
        return Err(Trouble::wrong("the post answered cannot be seen; it is gone, or its author has blocked us"));
    };
    if parent["viewer"]["replyDisabled"].as_bool() == Some(true) {
        return Err(Trouble::wrong("the author of this conversation lets only some people answer, and us not"));
    }
    let parent_ref = json!({ "uri": uri, "cid": cid });
    let root = &parent["record"]["reply"]["root"];
    let root = if root["uri"].is_string() && root["cid"].is_string() { root.clone() } else { parent_ref.clone() };
    Ok(json!({ "root": root, "parent": parent_ref }))
}

/// The key a reply is kept under, always the same for the same reply: a TID (atproto.com/specs/tid) that looks like one
/// of 2023 to 2026 and holds 56 bits of a hash of the reply's own key.
fn key(of: &str) -> String {
    const LETTERS: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
    /// 2023-01-01 in microseconds, and 2^46 of them after it (2.2 years).
    const FROM: u64 = 1_672_531_200_000_000;
    let hash = Sha256::digest(of.as_bytes());
    let number = hash.iter().take(8).fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
    let tid = (FROM + (number >> 10) % (1 << 46)) << 10 | number & 1_023;
    (0..13).rev().map(|at| char::from(LETTERS[(tid >> (5 * at) & 31) as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn a_reply_always_has_the_same_key_and_no_other_has_it() {
        assert_eq!(key("reply-1"), key("reply-1"));
        let keys: std::collections::BTreeSet<String> = (0..10_000).map(|n| key(&format!("reply-{n}"))).collect();
        assert_eq!(keys.len(), 10_000);
        for key in keys {
            // The specification's own pattern.
            assert!(key.len() == 13 && b"234567abcdefghij".contains(&key.as_bytes()[0]), "{key}");
            assert!(
                key.bytes().all(|b| b"234567abcdefghijklmnopqrstuvwxyz".contains(&b))
                    && key.starts_with("3j") | key.starts_with("3k") | key.starts_with("3l"),
                "{key}"
            );
        }
    }
}
