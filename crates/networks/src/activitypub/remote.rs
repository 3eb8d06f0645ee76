//! What other servers say of their own: documents fetched from their origin and nowhere else, remembered for a while, and
//! never more of them than a flood of deliveries could be used for.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use url::Url;

use super::{
    actor::Actor,
    keys::Keys,
    knock,
    signature::{self, PublicKey, Way},
};
use crate::{
    contract::Trouble,
    egress::{Client, Response},
};

/// How long an actor is remembered, and how long that there is none.
const KNOWN: SignedDuration = SignedDuration::from_hours(1);
const UNKNOWN: SignedDuration = SignedDuration::from_mins(10);
/// How old what we know of an actor has to be before a key that does not fit makes us ask again.
const TURNED: SignedDuration = SignedDuration::from_mins(5);
/// Documents fetched a minute, of one host and of all.
pub(super) const OF_ONE: usize = 30;
pub(super) const OF_ALL: usize = 300;
/// Actors remembered.
const MOST: usize = 10_000;
/// Largest document taken, in bytes.
const LARGEST: usize = 1024 * 1024;
/// What is asked for.
const ACCEPT: &str =
    "application/activity+json, application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"";

/// What signs our requests.
#[derive(Debug)]
pub struct Signer {
    /// The keys.
    pub keys: Keys,
    /// The address others find the public half at.
    pub key_id: String,
}

/// The way to other servers. Clones share what is remembered.
#[derive(Debug, Clone)]
pub struct Remote {
    client: Client,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    known: HashMap<String, (Timestamp, Result<Arc<Actor>, Trouble>)>,
    minute: i64,
    of_all: usize,
    of_host: HashMap<String, usize>,
}

impl Remote {
    /// Goes out through `client`.
    pub fn new(client: Client) -> Self {
        Self { client, state: Arc::default() }
    }

    /// An actor, by its own address.
    pub async fn actor(&self, id: &str, signer: &Signer, now: Timestamp) -> Result<Arc<Actor>, Trouble> {
        self.actor_within(id, signer, now, KNOWN).await
    }

    /// The same, asked again where what is known is not of just now: they may have changed what they say of themselves.
    pub async fn actor_now(&self, id: &str, signer: &Signer, now: Timestamp) -> Result<Arc<Actor>, Trouble> {
        self.actor_within(id, signer, now, TURNED).await
    }

    async fn actor_within(
        &self,
        id: &str,
        signer: &Signer,
        now: Timestamp,
        within: SignedDuration,
    ) -> Result<Arc<Actor>, Trouble> {
        self.remembered(id, now, within, || async {
            let document = self.document(id, signer, now).await?;
            let actor = Actor::read(&document).ok_or_else(|| Trouble::wrong(format!("{id} is no actor")))?;
            if actor.id != id {
                return Err(Trouble::wrong(format!("{id} shows another actor, {}", short(&actor.id))));
            }
            Ok(actor)
        })
        .await
    }

    /// The actor a key belongs to: the key names its owner, the owner names the key, and both are of one origin.
    pub async fn owner(&self, key_id: &str, signer: &Signer, now: Timestamp) -> Result<Arc<Actor>, Trouble> {
        self.owner_within(key_id, signer, now, KNOWN).await
    }

    /// The same, asked again where what is known is not of just now: its key may have been changed.
    pub async fn owner_now(&self, key_id: &str, signer: &Signer, now: Timestamp) -> Result<Arc<Actor>, Trouble> {
        self.owner_within(key_id, signer, now, TURNED).await
    }

    async fn owner_within(
        &self,
        key_id: &str,
        signer: &Signer,
        now: Timestamp,
        within: SignedDuration,
    ) -> Result<Arc<Actor>, Trouble> {
        self.remembered(key_id, now, within, || async {
            let document = self.document(key_id, signer, now).await?;
            // A key may lie by itself, and an actor may be shown in short where its key lies.
            let id = document["owner"].as_str().or(document["id"].as_str()).unwrap_or_default().to_owned();
            if origin(&id) != origin(key_id) {
                return Err(Trouble::wrong(format!("the key {} says that it is of another server", short(key_id))));
            }
            let at = key_id.split('#').next().unwrap_or(key_id);
            let document = if id == at { document } else { self.document(&id, signer, now).await? };
            let actor = Actor::read(&document).ok_or_else(|| Trouble::wrong(format!("{} is no actor", short(&id))))?;
            if actor.id != id || actor.key(key_id).is_none() {
                return Err(Trouble::wrong(format!("{} does not say that {} is its key", short(&id), short(key_id))));
            }
            Ok(actor)
        })
        .await
    }

    /// A public key that was found with its owner.
    pub fn key<'a>(actor: &'a Actor, key_id: &str) -> Option<&'a PublicKey> {
        actor.key(key_id)
    }

    async fn remembered<F: Future<Output = Result<Actor, Trouble>>>(
        &self,
        id: &str,
        now: Timestamp,
        within: SignedDuration,
        ask: impl FnOnce() -> F,
    ) -> Result<Arc<Actor>, Trouble> {
        if let Some((at, known)) = self.lock().known.get(id) {
            let holds = if known.is_ok() { within } else { UNKNOWN };
            if now.duration_since(*at).abs() < holds {
                return known.clone();
            }
        }
        let found = ask().await.map(Arc::new);
        let mut state = self.lock();
        if state.known.len() >= MOST {
            state.known.retain(|_, (_, known)| known.is_ok());
            if state.known.len() >= MOST {
                state.known.clear();
            }
        }
        state.known.insert(id.to_owned(), (now, found.clone()));
        found
    }

    /// A document from its origin. Where a redirect leads elsewhere, or what comes is not of the kind asked for (anybody
    /// may put a file on somebody's server), it is nothing.
    pub async fn document(&self, id: &str, signer: &Signer, now: Timestamp) -> Result<Value, Trouble> {
        let mut url = Url::parse(id).map_err(|_| Trouble::wrong(format!("{} is no address", short(id))))?;
        url.set_fragment(None);
        let first = knock::first(&self.client, &url, now);
        let mut answer = self.asked(&url, signer, first, now).await?;
        // Most show their people to everybody; where one asks who is asking, the way of signing matters.
        if knock::unbelieved(answer.status) {
            let second = first.other();
            let other = self.asked(&url, signer, second, now).await?;
            answer = knock::of_both(&self.client, &url, (second, other), answer, now);
        }
        if answer.url.origin() != url.origin() {
            return Err(Trouble::wrong(format!("{} leads to another server", short(id))));
        }
        let kind = answer.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
        let answer = answer.success(now)?;
        if !matches!(kind.as_str(), "application/activity+json" | "application/ld+json") {
            return Err(Trouble::wrong(format!("{} is of another kind than was asked for", short(id))));
        }
        if answer.body.len() > LARGEST {
            return Err(Trouble::wrong(format!("{} is larger than 1 MiB", short(id))));
        }
        let document: Value =
            serde_json::from_slice(&answer.body).map_err(|_| Trouble::passing(format!("{} is no JSON", short(id))))?;
        if document["id"].as_str().and_then(origin) != Some(url.origin().ascii_serialization()) {
            return Err(Trouble::wrong(format!("{} is a document of another server", short(id))));
        }
        Ok(document)
    }

    async fn asked(&self, url: &Url, signer: &Signer, way: Way, now: Timestamp) -> Result<Response, Trouble> {
        self.allowed(url.host_str().unwrap_or_default(), now)?;
        let signed = signature::sign(&signer.keys, &signer.key_id, way, ("GET", url), b"", now);
        let mut headers = vec![("accept", ACCEPT)];
        headers.extend(signed.iter().map(|(name, value)| (*name, value.as_str())));
        Ok(self.client.get(url.as_str(), &headers).await?)
    }

    /// Counts one more document of a host, unless there were enough in this minute.
    pub(super) fn allowed(&self, host: &str, now: Timestamp) -> Result<(), Trouble> {
        let mut state = self.lock();
        let minute = now.as_second().div_euclid(60);
        if state.minute != minute {
            (state.minute, state.of_all) = (minute, 0);
            state.of_host.clear();
        }
        let of_host = state.of_host.entry(host.to_owned()).or_default();
        *of_host += 1;
        if *of_host > OF_ONE {
            return Err(Trouble::passing(format!("{host} was asked often enough in this minute")));
        }
        state.of_all += 1;
        if state.of_all > OF_ALL {
            return Err(Trouble::passing("enough was asked of others in this minute"));
        }
        Ok(())
    }

    /// The way out itself.
    pub fn client(&self) -> &Client {
        &self.client
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where something lies: scheme, host and port.
pub(super) fn origin(url: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(url.origin().ascii_serialization())
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
