//! Actors of our own on ActivityPub: each is a handle that speaks (its key sealed like every secret) and a source that
//! takes what is said to it.

mod delivery;
mod follower;
mod following;
mod knock;
mod said;
mod tell;
#[cfg(test)]
mod tests;

use dandelion_networks::{
    activitypub::{self, Keys, Ours, Signer},
    contract::Place,
};
use serde_json::{Value, json};
use url::Url;

use crate::{
    Error, Hub, Result,
    handle::{self, Config, Handle, Purpose},
    log::{self, Entry},
    source::{self, NewPlace, Source},
    store::q,
    unit::touch,
};

pub use delivery::{Deliverer, Delivery, Undelivered, undelivered};
pub use follower::{follow, followers, inboxes, moved, unfollow};
pub use following::{
    Follow, FollowState, answered, ask, find_account, follow_account, follow_of, followed, followed_moved, following,
    unfollow_account, unfollow_account_as, who_follows,
};
pub use knock::{keep_knocks, recall_knocks};
pub use said::Shown;
pub(crate) use tell::{tell_change, tell_followers};

/// The network they are on.
pub const NETWORK: &str = activitypub::ABOUT.name;

/// An actor of ours.
#[derive(Debug, Clone)]
pub struct Actor {
    /// What others are shown.
    pub ours: Ours,
    /// What speaks.
    pub handle: Handle,
    /// What listens.
    pub source: Source,
}

/// An actor to be made.
#[derive(Debug, Clone)]
pub struct NewActor {
    /// `care`, of `@care@yourcompany.example`.
    pub name: String,
    /// What it is called, for people.
    pub label: String,
    /// The unit that speaks from it and looks after it.
    pub unit: i64,
}

/// Every actor in use, of the installation reached at `base`.
pub async fn all(hub: &Hub, base: &Url) -> Result<Vec<Actor>> {
    let sources = source::list(hub).await?;
    let handles = handle::all(&hub.db).await?;
    let live = handles.into_iter().filter(|handle| !handle.archived && handle.network == NETWORK);
    let actor = |handle: Handle| {
        let id = handle.config.address.as_deref()?;
        let source = sources.iter().find(|source| source.network == NETWORK && source.url.as_deref() == Some(id))?;
        let name = id.rsplit('/').next()?;
        let label = handle.config.settings.get("label").and_then(Value::as_str).unwrap_or(name);
        let ours = Ours::new(base, name, label);
        // One that was made when the installation was reached by another address is another actor.
        (ours.id == id).then(|| Actor { source: source.clone(), ours, handle })
    };
    Ok(live.filter_map(actor).collect())
}

/// The actor that listens by this source, where it is one in use.
pub async fn of_source(hub: &Hub, base: &Url, source: i64) -> Result<Option<Actor>> {
    Ok(all(hub, base).await?.into_iter().find(|actor| actor.source.id == source))
}

/// Makes an actor: its key, its handle, its source. What was made already is left as it is, so that a second try ends
/// what a first one began.
pub async fn make(hub: &Hub, by: log::Actor, base: &Url, new: &NewActor) -> Result<Actor> {
    let name = new.name.trim().trim_start_matches('@').to_ascii_lowercase();
    let fits = (1..=30).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !fits {
        return Err(Error::invalid("name", "write 1 to 30 of a–z, 0–9 and _", &new.name));
    }
    let label = if new.label.trim().is_empty() { name.clone() } else { new.label.trim().to_owned() };
    let ours = Ours::new(base, &name, &label);
    let address = format!("@{}", ours.address(base));
    let known = handle::all(&hub.db).await?;
    let mut same = known.iter().filter(|handle| handle.network == NETWORK && handle.name == address);
    if !same.any(|handle| !handle.archived) {
        speak(hub, by.clone(), new, &ours, &address).await?;
    }
    let sources = source::list(hub).await?;
    if !sources.iter().any(|source| source.network == NETWORK && source.url.as_deref() == Some(ours.id.as_str())) {
        let place = Place { url: ours.id.clone(), ..Place::default() };
        let place = NewPlace { name: address.clone(), about: &activitypub::ABOUT, unit: Some(new.unit), place };
        source::connect_place(hub, by, place).await?;
    }
    let made = all(hub, base).await?.into_iter().find(|actor| actor.ours.id == ours.id);
    made.ok_or_else(|| Error::Damaged(format!("the actor {address} was made and is not there")))
}

/// The handle, with a key of its own.
async fn speak(hub: &Hub, by: log::Actor, new: &NewActor, ours: &Ours, address: &str) -> Result<()> {
    let secret = tokio::task::spawn_blocking(Keys::generate)
        .await
        .map_err(|error| Error::Unusable(format!("no key could be made: {error}")))??;
    let settings = json!({ "label": ours.label }).as_object().cloned().unwrap_or_default();
    let config = Config { address: Some(ours.id.clone()), secret: Some(secret), settings, ..Config::default() };
    let mut tx = hub.begin(by).await?;
    touch(&mut tx).await?;
    let handle = Handle {
        id: tx.id("handles").await?,
        key: format!("activitypub-{}", ours.name),
        network: NETWORK.to_owned(),
        name: address.to_owned(),
        unit: new.unit,
        purpose: Purpose::Care,
        owner: None,
        deputy: None,
        config,
        archived: false,
    };
    handle::write(&mut tx, &handle).await?;
    let body = json!({ "key": handle.key, "network": handle.network });
    tx.log(Entry::new("handle.added", "handle", handle.id).unit(handle.unit).with(body));
    tx.commit().await
}

impl Actor {
    /// What signs for it.
    pub fn signer(&self, hub: &Hub) -> Result<Signer> {
        let secret = self.handle.config.secret_value(hub.db.vault(), self.handle.id)?.unwrap_or_default();
        Ok(activitypub::signer(&self.ours.id, &secret)?)
    }

    /// Something it said, by the key of the reply, as whoever asks for it is shown it: from the moment on at which it
    /// goes out, and that it is gone once it was taken back.
    pub async fn note(&self, hub: &Hub, key: &str) -> Result<Option<Shown>> {
        let said = said::Said::of_key(hub, &self.ours.id, self.handle.id, key).await?;
        Ok(said.map(|said| said.shown()))
    }

    /// How much it has said.
    pub async fn said(&self, hub: &Hub) -> Result<i64> {
        let sql = "select count(*) as n from replies where handle_id = $1 and state = 'sent' and deleted_at is null";
        hub.db.one(q!(sql, self.handle.id)).await?.get("n")
    }
}

/// Whether a post of this address is known here.
pub async fn knows(hub: &Hub, id: &str) -> Result<bool> {
    let sql = "select id from posts where network = $1 and remote_id = $2";
    Ok(hub.db.opt(q!(sql, NETWORK, id)).await?.is_some())
}
