//! Places of networks: connecting one, signing in again, fetching a conversation.

use dandelion_networks::{
    About,
    contract::{Access, Credentials, Page, Place},
    egress::Client,
};
use dandelion_post::{Post, timestamp};
use serde_json::json;

use super::{Kind, Source, find, key_from, list, may_change};
use crate::{
    Error, Hub, Result, Tx,
    intake::{self, Accounting, Item},
    log::{Actor, Entry},
    scope::Viewer,
    store::q,
    vault,
};

/// A place to be connected.
#[derive(Debug, Clone)]
pub struct NewPlace {
    /// Its name for people.
    pub name: String,
    /// Its network.
    pub about: &'static About,
    /// The unit that looks after it; none means the hub.
    pub unit: Option<i64>,
    /// Where it lives, what is read there, and what proves who we are.
    pub place: Place,
}

/// As [`connect_place`], by a lead of the unit.
pub async fn connect_as(hub: &Hub, viewer: &Viewer, new: NewPlace) -> Result<Source> {
    may_change(viewer, new.unit, "connect a source")?;
    connect_place(hub, Actor::Member(viewer.member), new).await
}

/// Connects a place. Whatever has to be asked of the network (`Connector::connect`) was asked before.
pub async fn connect_place(hub: &Hub, actor: Actor, new: NewPlace) -> Result<Source> {
    let name: String = new.name.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(120).collect();
    if name.is_empty() {
        return Err(Error::invalid("name", "give the source a name", ""));
    }
    if !(new.about.reads.poll || new.about.reads.push) {
        return Err(Error::invalid("network", "nothing can be read from this network", new.about.name));
    }
    new.about.connector.check(&new.place)?;
    if let Some(name) = new.about.connector.speaks_as(&new.place)
        && hub.engine().await?.org.handle_named(new.about.name, name).is_none()
    {
        let why = format!("there is no handle of this name on {}; set it up under Organisation first", new.about.label);
        return Err(Error::invalid("handle", why, name));
    }
    let known = list(hub).await?;
    let same = |source: &&Source| {
        let at = source.url.as_deref() == Some(new.place.url.as_str()) && source.network == new.about.name;
        at && source.kind == Kind::Network && alike(&source.settings, &new.place.settings)
    };
    if let Some(same) = known.iter().find(same) {
        return Err(Error::Conflict(format!("this place is connected already, as “{}”", same.name)));
    }
    let base: String = key_from(&name).chars().take(56).collect();
    let numbered = |n: usize| if n == 1 { base.clone() } else { format!("{base}-{n}") };
    let taken = |key: &String| known.iter().any(|source| source.key == *key);
    let key = (1..=known.len() + 1).map(numbered).find(|key| !taken(key)).unwrap_or(base.clone());
    let mut tx = hub.begin(actor).await?;
    let (id, now) = (tx.id("sources").await?, tx.now());
    let credentials = sealed(&tx, id, &new.place.credentials)?;
    tx.run(q!(
        "insert into sources (id, key, name, kind, network, unit_id, url, config, credentials, cursor, created_at, next_poll_at)
         values ($1, $2, $3, 'network', $4, $5, $6, $7, $8, 'null', $9, $10)",
        id,
        &key,
        &name,
        new.about.name,
        new.unit,
        &new.place.url,
        serde_json::Value::Object(new.place.settings.clone()).to_string(),
        credentials,
        now,
        new.about.reads.poll.then_some(now)
    ))
    .await?;
    let mut entry = Entry::new("source.added", "source", id).with(json!({ "key": key, "network": new.about.name }));
    if let Some(unit) = new.unit {
        entry = entry.unit(unit);
    }
    tx.log(entry);
    tx.commit().await?;
    find(hub, id).await
}

/// Gives a place new credentials, and wakes it if it rests: it goes on where it stopped.
pub async fn sign_in_again(hub: &Hub, viewer: &Viewer, id: i64, credentials: &Credentials) -> Result<()> {
    let source = find(hub, id).await?;
    may_change(viewer, source.unit, "sign a source in again")?;
    if source.kind != Kind::Network {
        return Err(Error::Conflict("only places of networks are signed in to".into()));
    }
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let sealed = sealed(&tx, id, credentials)?;
    tx.run(q!("update sources set credentials = $1 where id = $2", sealed, id)).await?;
    found_again(&mut tx, &source).await?;
    tx.log(Entry::new("source.signed_in", "source", id));
    tx.commit().await
}

/// Whatever was wrong with a source no longer is: it is asked at once.
pub async fn found_again(tx: &mut Tx, source: &Source) -> Result<()> {
    let now = tx.now();
    let sql =
        "update sources set paused_at = null, paused_why = null, error = null, errors_in_a_row = 0, next_poll_at = $1
               where id = $2";
    tx.run(q!(sql, source.polled().then_some(now), source.id)).await.map(drop)
}

/// Brings in the conversation around a post, as far as its network shows it.
pub async fn thread(hub: &Hub, client: &Client, id: i64, post: &str) -> Result<Accounting> {
    let source = find(hub, id).await?;
    let about = source.about().ok_or_else(|| Error::Conflict("this source shows no conversations".into()))?;
    let access = access(hub, client, &source)?;
    let items = about.connector.thread(&access, post).await.map_err(|trouble| Error::Conflict(trouble.to_string()))?;
    intake::receive(hub, id, items_of("conversation", items)).await
}

/// A source as its connector understands it.
pub(super) fn of(source: &Source, credentials: Credentials) -> Place {
    Place { url: source.url.clone().unwrap_or_default(), settings: source.settings.clone(), credentials }
}

/// What a connector needs to reach a source.
pub(super) fn access(hub: &Hub, client: &Client, source: &Source) -> Result<Access> {
    let place = of(source, source.credentials(&hub.db)?);
    let client = client.clone().keeping(crate::sign_in::keeper(hub));
    Ok(Access::new(client, place, timestamp(hub.now())))
}

/// What a source has now, read from its beginning and not stored: what a person tries a connection with.
pub async fn look(hub: &Hub, client: &Client, source: &Source) -> Result<Page> {
    let unread = || Error::Conflict(format!("{} is not asked; it brings its posts itself", source.name));
    let about = source.about().filter(|about| about.reads.poll).ok_or_else(unread)?;
    let access = access(hub, client, source)?;
    let page = about.connector.page(&access, &serde_json::Value::Null).await;
    page.map_err(|trouble| Error::Conflict(format!("{} did not answer as it should: {trouble}", source.name)))
}

/// A connector's items as the intake takes them.
pub(super) fn items_of(place: &str, items: Vec<dandelion_networks::contract::Item>) -> Vec<Item> {
    let item = |(number, content): (usize, Result<Post, _>)| Item {
        place: format!("{place} {}", number + 1),
        content: content.map_err(|refused: dandelion_networks::contract::Refused| (refused.refusal, refused.raw)),
    };
    items.into_iter().enumerate().map(item).collect()
}

fn sealed(tx: &Tx, id: i64, credentials: &Credentials) -> Result<Option<String>> {
    if credentials.is_empty() {
        return Ok(None);
    }
    let text = serde_json::to_string(credentials).map_err(|e| Error::invalid("credentials", e.to_string(), ""))?;
    tx.seal(&vault::source(id), &text).map(Some)
}

/// Whether two settings name the same place: what the network told of itself does not count.
fn alike(one: &serde_json::Map<String, serde_json::Value>, other: &serde_json::Map<String, serde_json::Value>) -> bool {
    const NAMES: [&str; 14] = [
        "read",
        "tag",
        "account",
        "me",
        "folder",
        "room_id",
        "room",
        "subreddit",
        "site",
        "channel",
        "app",
        "phone_number_id",
        "mapping",
        "search",
    ];
    NAMES.iter().all(|name| one.get(*name) == other.get(*name))
}
