//! Connected places we read from, with their accounting, their cursor and their state.

pub(crate) mod allowance;
pub(crate) mod days;
mod import;
mod listen;
mod place;
mod poll;
pub mod push;
mod refusal;
mod reread;
mod schedule;
mod secret;
mod settle;
#[cfg(test)]
mod tests;

use dandelion_networks::{About, contract::Credentials, networks};
use dandelion_post::{Micros, Network};
use serde_json::{Value as Json, json};

pub use allowance::Left;
pub use days::{Day, days};
pub use import::{Import, Progress, Read};
pub use listen::Listener;
pub use place::{NewPlace, connect_as, connect_place, found_again, look, sign_in_again, thread};
pub use poll::{Poller, poll_now};
pub use push::{Push, Pusher, push};
pub use refusal::{Refused, newest_refusal, refusals, refused_after, retry, retry_as, waiting, waiting_after};
pub use reread::{reread, reread_as};
pub use secret::{NewSecret, SecretShown, add_secret, add_secret_as, end_secret, live_secrets, secrets};
pub(crate) use settle::Settle;

use crate::{
    Error, Hub, Result,
    intake::Accounting,
    log::{Actor, Entry},
    scope::{Role, Viewer},
    store::{Q, Row, q},
    vault,
};

/// How a source is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A file or standard input, read once.
    File,
    /// RSS, Atom or JSON Feed, polled.
    Feed,
    /// Deliveries signed in the Standard Webhooks format, pushed to us.
    Webhook,
    /// A place of a network, read as its network is.
    Network,
}

impl Kind {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Feed => "feed",
            Self::Webhook => "webhook",
            Self::Network => "network",
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        [Self::File, Self::Feed, Self::Webhook, Self::Network]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| Error::invalid("kind", "one of file, feed, webhook, network", text))
    }
}

/// A connected place.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Source {
    /// Its number.
    pub id: i64,
    /// Its name in addresses and commands.
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// How it is read.
    pub kind: Kind,
    /// The network its posts are of, unless they say otherwise.
    pub network: String,
    /// The unit that looks after it; none means the hub.
    pub unit: Option<i64>,
    /// Where it lies, for feeds.
    pub url: Option<String>,
    /// When it was connected.
    pub created_at: Micros,
    /// Since when it rests, and why.
    pub paused_at: Option<Micros>,
    /// In words.
    pub paused_why: Option<String>,
    /// When it will be asked next.
    pub next_poll_at: Option<Micros>,
    /// When it last brought something or was last asked.
    pub polled_at: Option<Micros>,
    /// What went wrong last, in plain words with the next step; none after a success.
    pub error: Option<String>,
    /// When.
    pub error_at: Option<Micros>,
    /// How often in a row it went wrong.
    pub errors_in_a_row: i64,
    /// When its newest post was written.
    pub last_post_at: Option<Micros>,
    /// What became of everything it brought.
    pub accounting: Accounting,
    /// How many requests its network still allows us, as it said last.
    pub calls_left: Option<i64>,
    /// When the network allows all of them again.
    pub calls_reset_at: Option<Micros>,
    /// What its network still allows those who ask with its credentials, each endpoint that it counts apart, as it said
    /// last: what stops us first comes first.
    pub allowances: Vec<Left>,
    /// What a person chose: which timeline, which tag.
    pub settings: serde_json::Map<String, Json>,
    /// Where reading goes on, as its connector understands it.
    #[serde(skip)]
    pub cursor: Json,
    /// Sealed; see [`Source::credentials`].
    #[serde(skip)]
    sealed: Option<String>,
}

impl Source {
    /// The network that reads it; none where nobody has a connector for it, or where it is a file.
    pub fn about(&self) -> Option<&'static About> {
        let name = match self.kind {
            Kind::Feed => "feed",
            Kind::Network => self.network.as_str(),
            Kind::File | Kind::Webhook => return None,
        };
        networks::find(name)
    }

    /// Whether we ask it.
    pub fn polled(&self) -> bool {
        self.about().is_some_and(|about| about.reads.poll)
    }

    /// Whether it sends to us by itself.
    pub fn pushes(&self) -> bool {
        self.kind == Kind::Webhook || self.about().is_some_and(|about| about.reads.push)
    }

    /// What proves who we are there, opened.
    pub fn credentials(&self, db: &crate::Db) -> Result<Credentials> {
        let Some(sealed) = &self.sealed else { return Ok(Credentials::none()) };
        let text = db.vault().open(&vault::source(self.id), sealed)?;
        serde_json::from_str(&text)
            .map_err(|_| Error::Damaged(format!("the credentials of source {} cannot be read", self.id)))
    }
}

/// A source to be connected.
#[derive(Debug, Clone)]
pub struct NewSource {
    /// Its name in addresses: a–z, 0–9, `-`; made from the name if empty.
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// How it is read.
    pub kind: Kind,
    /// The network of its posts; `feed`, `file` or `webhook` if empty.
    pub network: String,
    /// The unit that looks after it.
    pub unit: Option<i64>,
    /// Where it lies; feeds need one.
    pub url: Option<String>,
}

const COLUMNS: &str =
    "id, key, name, kind, network, unit_id, url, created_at, paused_at, paused_why, next_poll_at, polled_at,
    error, error_at, errors_in_a_row, last_post_at, seen, stored, duplicate, refused, cursor, config, credentials,
    calls_left, calls_reset_at, allowances";

fn from_row(row: &Row) -> Result<Source> {
    Ok(Source {
        id: row.get("id")?,
        key: row.get("key")?,
        name: row.get("name")?,
        kind: row.get::<String, _>("kind")?.parse()?,
        network: row.get("network")?,
        unit: row.get("unit_id")?,
        url: row.get("url")?,
        created_at: row.get("created_at")?,
        paused_at: row.get("paused_at")?,
        paused_why: row.get("paused_why")?,
        next_poll_at: row.get("next_poll_at")?,
        polled_at: row.get("polled_at")?,
        error: row.get("error")?,
        error_at: row.get("error_at")?,
        errors_in_a_row: row.get("errors_in_a_row")?,
        last_post_at: row.get("last_post_at")?,
        accounting: Accounting {
            seen: row.get("seen")?,
            stored: row.get("stored")?,
            duplicate: row.get("duplicate")?,
            refused: row.get("refused")?,
        },
        calls_left: row.get("calls_left")?,
        calls_reset_at: row.get("calls_reset_at")?,
        allowances: row.get::<Option<String>, _>("allowances")?.map(|text| Left::read(&text)).unwrap_or_default(),
        settings: row.json("config")?,
        cursor: row.json("cursor")?,
        sealed: row.get("credentials")?,
    })
}

/// Every source, by name. Listening is shared: every member sees all.
pub async fn list(hub: &Hub) -> Result<Vec<Source>> {
    let sql = format!("select {COLUMNS} from sources order by name, id");
    hub.db.all(Q::of(sql)).await?.iter().map(from_row).collect()
}

/// One source.
pub async fn find(hub: &Hub, id: i64) -> Result<Source> {
    let sql = format!("select {COLUMNS} from sources where id = $1");
    from_row(&hub.db.opt(Q::of(sql).bind(id)).await?.ok_or(Error::not_found("source", id))?)
}

/// One source by the name in its address.
pub async fn find_by_key(hub: &Hub, key: &str) -> Result<Source> {
    let sql = format!("select {COLUMNS} from sources where key = $1");
    from_row(&hub.db.opt(Q::of(sql).bind(key)).await?.ok_or(Error::not_found("source", key))?)
}

/// Connects a source on a person's behalf: a lead of the unit that looks after it.
pub async fn add(hub: &Hub, viewer: &Viewer, new: &NewSource) -> Result<Source> {
    may_change(viewer, new.unit, "connect a source")?;
    add_as(hub, Actor::Member(viewer.member), new).await
}

/// As [`add`] with a key that is still free, made from the name.
pub async fn connect(hub: &Hub, viewer: &Viewer, new: NewSource) -> Result<Source> {
    may_change(viewer, new.unit, "connect a source")?;
    add_with_free_key(hub, Actor::Member(viewer.member), new).await
}

/// Connects a source from the command line or a set-up, where no person is signed in.
pub async fn add_as(hub: &Hub, actor: Actor, new: &NewSource) -> Result<Source> {
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > 120 {
        return Err(Error::invalid("name", "give the source a name of 1 to 120 characters", name));
    }
    let key = if new.key.is_empty() { key_from(name) } else { new.key.clone() };
    let fits = !key.is_empty()
        && key.len() <= 64
        && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !fits {
        return Err(Error::invalid("key", "use 1 to 64 of a–z, 0–9 and `-`", &key));
    }
    let network = if new.network.is_empty() { new.kind.as_str() } else { new.network.as_str() };
    let network = Network::new(network).map_err(|e| Error::invalid("network", e.to_string(), ""))?;
    if new.kind == Kind::Network {
        let reason = "a place of a network is connected with what it needs to be read; name its address or its handle";
        return Err(Error::invalid("kind", reason, ""));
    }
    if new.kind == Kind::Feed && new.url.as_deref().unwrap_or("").is_empty() {
        return Err(Error::invalid("url", "a feed needs the address it lies at", ""));
    }
    let mut tx = hub.begin(actor).await?;
    if tx.opt(q!("select 1 as x from sources where key = $1", &key)).await?.is_some() {
        return Err(Error::invalid("key", "there is a source of this name already; choose another", &key));
    }
    let id = tx.id("sources").await?;
    let now = tx.now();
    tx.run(q!(
        "insert into sources (id, key, name, kind, network, unit_id, url, config, cursor, created_at, next_poll_at)
         values ($1, $2, $3, $4, $5, $6, $7, '{}', 'null', $8, $9)",
        id,
        &key,
        name,
        new.kind.as_str(),
        network.as_str(),
        new.unit,
        new.url.as_deref(),
        now,
        (new.kind == Kind::Feed).then_some(now)
    ))
    .await?;
    let mut entry = Entry::new("source.added", "source", id).with(json!({ "key": key, "kind": new.kind.as_str() }));
    if let Some(unit) = new.unit {
        entry = entry.unit(unit);
    }
    tx.log(entry);
    tx.commit().await?;
    find(hub, id).await
}

/// As [`add_as`] with a key that is still free, made from the name.
pub async fn add_with_free_key(hub: &Hub, actor: Actor, mut new: NewSource) -> Result<Source> {
    let base: String = key_from(new.name.trim()).chars().take(56).collect();
    let taken: Vec<String> = list(hub).await?.into_iter().map(|source| source.key).collect();
    let numbered = |n: usize| if n == 1 { base.clone() } else { format!("{base}-{n}") };
    new.key = (1..=taken.len() + 1).map(numbered).find(|key| !taken.contains(key)).unwrap_or(base.clone());
    add_as(hub, actor, &new).await
}

/// The file source of this name, made if there is none: importing the same file again goes to the same source.
pub async fn find_or_add(hub: &Hub, actor: Actor, new: &NewSource) -> Result<Source> {
    let key = if new.key.is_empty() { key_from(new.name.trim()) } else { new.key.clone() };
    match find_by_key(hub, &key).await {
        Ok(found) => Ok(found),
        Err(Error::NotFound { .. }) => add_as(hub, actor, new).await,
        Err(other) => Err(other),
    }
}

/// Rests a source: nothing is read or taken until it is resumed; nothing is lost at a feed, a webhook's sender is told
/// to try later.
pub async fn pause(hub: &Hub, viewer: &Viewer, id: i64, why: &str) -> Result<()> {
    may_change(viewer, find(hub, id).await?.unit, "pause a source")?;
    set_paused(hub, Actor::Member(viewer.member), id, Some(why)).await
}

/// Wakes a source.
pub async fn resume(hub: &Hub, viewer: &Viewer, id: i64) -> Result<()> {
    may_change(viewer, find(hub, id).await?.unit, "resume a source")?;
    set_paused(hub, Actor::Member(viewer.member), id, None).await
}

/// Rests (`Some(why)`) or wakes (`None`) a source.
pub async fn set_paused(hub: &Hub, actor: Actor, id: i64, why: Option<&str>) -> Result<()> {
    let polled = find(hub, id).await?.polled();
    let mut tx = hub.begin(actor).await?;
    let now = tx.now();
    let touched = if let Some(why) = why {
        let sql = "update sources set paused_at = $1, paused_why = $2 where id = $3 and paused_at is null";
        tx.run(q!(sql, now, why, id)).await?
    } else {
        let sql = "update sources set paused_at = null, paused_why = null, errors_in_a_row = 0,
                   next_poll_at = $1 where id = $2 and paused_at is not null";
        tx.run(q!(sql, polled.then_some(now), id)).await?
    };
    if touched == 0 {
        let state = if why.is_some() { "paused already" } else { "not paused" };
        return Err(Error::Conflict(format!("the source is {state}; nothing was changed")));
    }
    tx.log(Entry::new(if why.is_some() { "source.paused" } else { "source.resumed" }, "source", id));
    tx.commit().await
}

/// Whether the accounting of every source balances and agrees with what is stored; names the first that does not.
pub(crate) async fn check_accounting(hub: &Hub) -> Result<Option<String>> {
    let sql = "select s.id, s.key, s.seen, s.stored, s.duplicate, s.refused,
                 (select count(*) from refusals r where r.source_id = s.id and r.retried_at is null) as waiting
               from sources s order by s.id";
    for row in hub.db.all(q!(sql)).await? {
        let count = Accounting {
            seen: row.get("seen")?,
            stored: row.get("stored")?,
            duplicate: row.get("duplicate")?,
            refused: row.get("refused")?,
        };
        let (id, key, waiting): (i64, String, i64) = (row.get("id")?, row.get("key")?, row.get("waiting")?);
        if !count.balances() {
            return Ok(Some(format!("source {id} ({key}) does not balance: {count}")));
        }
        if waiting != count.refused {
            return Ok(Some(format!("source {id} ({key}) counts {} refused but keeps {waiting}", count.refused)));
        }
    }
    Ok(None)
}

/// Refuses whoever may not change a source that `unit` looks after.
pub fn may_change(viewer: &Viewer, unit: Option<i64>, to: &str) -> Result<()> {
    match unit {
        Some(unit) => viewer.need(Role::Lead, unit, to),
        None => viewer.need_anywhere(Role::Lead, to),
    }
}

/// A name for addresses made from a name for people.
fn key_from(name: &str) -> String {
    let mut key = String::new();
    for character in dandelion_post::words::fold(name).chars() {
        if character.is_ascii_alphanumeric() {
            key.push(character.to_ascii_lowercase());
        } else if !key.ends_with('-') && !key.is_empty() {
            key.push('-');
        }
    }
    let key: String = key.chars().take(64).collect();
    let key = key.trim_matches('-');
    if key.is_empty() { "source".into() } else { key.into() }
}
