//! Signing in at a network's own pages: a person is sent there, comes back with a code, and what it is turned into is
//! kept here, sealed, for the source that reads and the handle that answers.
//!
//! Each attempt is its member's alone, holds for [`HOLDS`], and is good for once.

mod attempt;
mod keep;
#[cfg(test)]
mod tests;

use dandelion_networks::{
    About,
    bluesky::oauth::App,
    contract::{Access, Connected, Credentials, Place},
    egress::Client,
    jose,
};
use dandelion_post::timestamp;
use url::Url;

use crate::{
    Error, Hub, Result,
    handle::{self, Config, Details, Purpose},
    log::{Actor, Entry},
    scope::{Role, Viewer},
    source::{self, NewPlace, Source},
    store::q,
    unit::Org,
    vault,
};

pub use attempt::{Begun, Failed, HOLDS, Returned, Wanted, begin, finish};
pub use keep::keeper;

/// What came of a sign-in.
#[derive(Debug, Clone)]
pub struct Done {
    /// The source that reads.
    pub source: Source,
    /// The account that can be answered from, where one was wanted.
    pub handle: Option<String>,
    /// Whether the source was there before.
    pub again: bool,
}

/// What we are to the servers that people sign in at; our key is made when it is first needed.
pub async fn app(hub: &Hub, base: &Url) -> Result<App> {
    // Where no key is needed none is made.
    if App::of(base, "")?.key.is_none() {
        return Ok(App::of(base, "")?);
    }
    Ok(App::of(base, &client_key(hub).await?)?)
}

async fn client_key(hub: &Hub) -> Result<String> {
    let sql = "select id, secret from client_keys order by id limit 1";
    let opened = |row: crate::store::Row| -> Result<String> {
        let (id, sealed): (i64, String) = (row.get("id")?, row.get("secret")?);
        hub.db.vault().open(&vault::client_key(id), &sealed)
    };
    if let Some(row) = hub.db.opt(q!(sql)).await? {
        return opened(row);
    }
    let key = jose::fresh().map_err(|error| Error::Unusable(error.to_string()))?;
    let mut tx = hub.begin(Actor::System("sign-in")).await?;
    let sealed = tx.seal(&vault::client_key(1), &key)?;
    // Another program may have been quicker; then its key is the one.
    let made = "insert into client_keys (id, secret, made_at) values (1, $1, $2) on conflict (id) do nothing";
    tx.run(q!(made, sealed, tx.now())).await?;
    tx.log(Entry::new("client_key.made", "organisation", 0));
    tx.commit().await?;
    opened(hub.db.one(q!(sql)).await?)
}

/// Whether a source is signed in to at its network's own pages, or can be.
pub fn sends_back(source: &Source) -> bool {
    source.about().is_some_and(|about| about.connector.sends_back())
}

/// Ends a source's sign-in, at the network and here, and rests the source. Handles that used it can publish nothing
/// until somebody signs in again.
pub async fn sign_out(hub: &Hub, viewer: &Viewer, client: &Client, id: i64) -> Result<()> {
    let source = source::find(hub, id).await?;
    source::may_change(viewer, source.unit, "sign a source out")?;
    let credentials = source.credentials(&hub.db)?;
    let key = credentials.get("sign_in").unwrap_or_default();
    let Some(stored) = keep::stored(hub, key).await? else {
        return Err(Error::Conflict("this source is not signed in to at its network's own pages".into()));
    };
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let sql =
        "update sign_ins set ended_at = coalesce(ended_at, $1), ended_why = coalesce(ended_why, $2) where id = $3";
    tx.run(q!(sql, tx.now(), format!("{} signed it out; sign in again", viewer.name), stored.id)).await?;
    tx.log(Entry::new("sign_in.ended", "sign_in", stored.id));
    tx.commit().await?;
    if source.paused_at.is_none() {
        source::set_paused(hub, Actor::Member(viewer.member), id, Some("signed out; sign in again to go on")).await?;
    }
    let about = source.about().ok_or_else(|| Error::not_found("source", id))?;
    let place = Place { url: source.url.clone().unwrap_or_default(), ..Place::default() };
    let access = Access::new(client.clone(), place, timestamp(hub.now()));
    about.connector.sign_out(&access, &stored.secret).await.map_err(|trouble| {
        Error::Conflict(format!(
            "it is signed out here, but {} was not told: {trouble}. End it there as well, under its settings",
            about.label
        ))
    })
}

/// Keeps what a sign-in gave; the key that sources and handles name it by.
async fn keep(hub: &Hub, viewer: &Viewer, about: &About, connected: &Connected) -> Result<String> {
    let (key, secret) = (hub.random.token(), kept(connected)?);
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let (id, now) = (tx.id("sign_ins").await?, tx.now());
    let sealed = tx.seal(&vault::sign_in(id), secret)?;
    let sql = "insert into sign_ins (id, key, network, subject, secret, version, made_at, renewed_at)
               values ($1, $2, $3, $4, $5, 1, $6, $6)";
    tx.run(q!(sql, id, &key, about.name, subject(connected), sealed, now)).await?;
    tx.log(Entry::new("sign_in.made", "sign_in", id));
    tx.commit().await?;
    Ok(key)
}

/// What a sign-in gave, instead of what was kept before under the same key.
async fn keep_instead(hub: &Hub, viewer: &Viewer, id: i64, connected: &Connected) -> Result<()> {
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let sealed = tx.seal(&vault::sign_in(id), kept(connected)?)?;
    let sql = "update sign_ins set secret = $1, version = version + 1, lease_until = null, renewing_at = null,
               renewed_at = $2, ended_at = null, ended_why = null where id = $3";
    tx.run(q!(sql, sealed, tx.now(), id)).await?;
    tx.log(Entry::new("sign_in.made", "sign_in", id));
    tx.commit().await
}

fn kept(connected: &Connected) -> Result<&str> {
    let kept = connected.place.credentials.get("kept");
    kept.ok_or_else(|| Error::Unusable("the network gave nothing that could be kept; begin the sign-in again".into()))
}

fn subject(connected: &Connected) -> &str {
    connected.place.setting("did").unwrap_or_default()
}

/// Connects what was wanted, signed in by what is kept under `key`.
async fn connected(hub: &Hub, viewer: &Viewer, wanted: &Wanted, found: Connected, key: &str) -> Result<Done> {
    let mut place = found.place;
    place.credentials = Credentials::none().with("sign_in", key);
    if let Some(id) = wanted.again {
        source::sign_in_again(hub, viewer, id, &place.credentials).await?;
        return Ok(Done { source: source::find(hub, id).await?, handle: None, again: true });
    }
    let name = if wanted.name.trim().is_empty() { found.name.unwrap_or_default() } else { wanted.name.clone() };
    let handle = found.handle.filter(|_| wanted.speaks);
    let settings = place.settings.clone();
    let new = NewPlace { name, about: wanted.about()?, unit: wanted.unit, place };
    let source = source::connect_as(hub, viewer, new).await?;
    if let Some(handle) = &handle {
        speak(hub, viewer, wanted, handle, key, settings).await?;
    }
    Ok(Done { source, handle, again: false })
}

/// The account that answers: made, or signed in anew where it is there already.
async fn speak(
    hub: &Hub,
    viewer: &Viewer,
    wanted: &Wanted,
    name: &str,
    key: &str,
    mut settings: serde_json::Map<String, serde_json::Value>,
) -> Result<()> {
    let secret = Some(serde_json::json!({ "sign_in": key }).to_string());
    // What is read elsewhere is no part of who speaks.
    for reading in ["read", "search", "account", "handle"] {
        settings.remove(reading);
    }
    let about = wanted.about()?;
    let known = handle::all(&hub.db).await?.into_iter().find(|known| {
        !known.archived && known.network == about.name && handle::folded(&known.name) == handle::folded(name)
    });
    if let Some(known) = known {
        let config = Config { secret, settings, ..known.config.clone() };
        let handle::Handle { id, key, network, name, unit, purpose, owner, deputy, .. } = known;
        let details = Details { key, network, name, unit, purpose, owner, deputy, config };
        return handle::change(hub, viewer, id, details).await;
    }
    let unit = speaking_unit(hub, wanted.unit).await?;
    let config = Config { address: Some(wanted.url.clone()), secret, settings, ..Config::default() };
    let details = Details {
        key: String::new(),
        network: about.name.to_owned(),
        name: name.to_owned(),
        unit,
        purpose: Purpose::Care,
        owner: None,
        deputy: None,
        config,
    };
    handle::add(hub, viewer, details).await.map(drop)
}

/// The unit that speaks: the one that was chosen, else the hub.
async fn speaking_unit(hub: &Hub, unit: Option<i64>) -> Result<i64> {
    match unit {
        Some(unit) => Ok(unit),
        None => Ok(Org::load(&hub.db).await?.hub()?.id),
    }
}

/// Whether a person may have an account of ours made for a unit (none: the hub).
pub async fn may_speak(hub: &Hub, viewer: &Viewer, unit: Option<i64>) -> Result<bool> {
    Ok(viewer.may(Role::Admin, speaking_unit(hub, unit).await?))
}
