//! The append-only, hash-chained log of every change of state (law 8).
//!
//! An event is written in the transaction of the change it tells of, by [`Tx::commit`](crate::Tx::commit); there is
//! no other way to write one. It holds ids and names of states, never the words of a post or a reply, so that
//! erasing personal data never has to touch the log.
//!
//! # What is hashed (stable, version 1)
//! `hash = SHA-256("dandelion-event-1\n" ‖ prev ‖ id ‖ at ‖ f(kind) ‖ f(actor) ‖ f(noun) ‖ noun_id ‖ unit ‖ f(body))`
//! where `prev` is the 32-byte hash of the event before (32 zero bytes for the first), `id`, `at`, `noun_id` and
//! `unit` are 8 bytes big-endian two's complement (`unit` 0 where there is none), and `f(x)` is the length of the
//! UTF-8 text as 4 bytes big-endian followed by the text. `body` is the JSON text exactly as stored. Ids count up
//! by one without a gap, so a removed line is found as well as a changed one.

use dandelion_post::Micros;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    Db, Error, Result, Tx,
    store::{Q, q},
};

/// Who caused a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person who works here.
    Member(i64),
    /// A source that brought posts.
    Source(i64),
    /// A part of the program, by name: `clock`, `sender`, `migration`, `command`.
    System(&'static str),
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Member(id) => write!(f, "member:{id}"),
            Self::Source(id) => write!(f, "source:{id}"),
            Self::System(name) => write!(f, "system:{name}"),
        }
    }
}

impl Actor {
    /// The member, where it is one.
    pub fn member(&self) -> Option<i64> {
        if let Self::Member(id) = self { Some(*id) } else { None }
    }
}

/// One line about to be written: what happened to what.
#[derive(Debug, Clone)]
pub struct Entry {
    kind: &'static str,
    noun: &'static str,
    id: i64,
    unit: Option<i64>,
    body: serde_json::Value,
}

impl Entry {
    /// `kind` is `noun.participle` (`case.assigned`); `noun` and `id` say what it happened to.
    pub fn new(kind: &'static str, noun: &'static str, id: i64) -> Self {
        Self { kind, noun, id, unit: None, body: json!({}) }
    }

    /// The unit whose people should see it.
    #[must_use]
    pub fn unit(mut self, unit: i64) -> Self {
        self.unit = Some(unit);
        self
    }

    /// Particulars: ids, states before and after, numbers. No words of customers.
    #[must_use]
    pub fn with(mut self, body: serde_json::Value) -> Self {
        self.body = body;
        self
    }
}

/// One line as stored.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Event {
    /// Counts up by one.
    pub id: i64,
    /// When, in UTC microseconds.
    pub at: Micros,
    /// What happened: `case.assigned`.
    pub kind: String,
    /// Who caused it: `member:3`.
    pub actor: String,
    /// To what kind of thing.
    pub noun: String,
    /// To which one.
    pub noun_id: i64,
    /// The unit concerned.
    pub unit: Option<i64>,
    /// Particulars.
    pub body: serde_json::Value,
}

/// What a check of the chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chain {
    /// Every line follows from the one before; how many there are.
    Whole(i64),
    /// The first line that does not, and why.
    Broken {
        /// The event.
        id: i64,
        /// In words.
        why: String,
    },
}

/// The newest event's id, 0 when there is none.
pub async fn newest(db: &Db) -> Result<i64> {
    db.one(q!("select coalesce(max(id), 0) as id from events")).await?.get("id")
}

/// Events after `id`, oldest first, at most `limit`.
pub async fn after(db: &Db, id: i64, limit: i64) -> Result<Vec<Event>> {
    let sql = "select id, at, kind, actor, noun, noun_id, unit_id, body from events where id > $1 order by id limit $2";
    db.all(q!(sql, id, limit)).await?.iter().map(event).collect()
}

/// Everything that happened to one thing, oldest first.
pub async fn of(db: &Db, noun: &str, id: i64) -> Result<Vec<Event>> {
    let sql = "select id, at, kind, actor, noun, noun_id, unit_id, body from events where noun = $1 and noun_id = $2 order by id";
    db.all(q!(sql, noun, id)).await?.iter().map(event).collect()
}

/// One event.
pub async fn find(db: &Db, id: i64) -> Result<Event> {
    let sql = "select id, at, kind, actor, noun, noun_id, unit_id, body from events where id = $1";
    event(&db.opt(q!(sql, id)).await?.ok_or(Error::not_found("event", id))?)
}

fn event(row: &crate::store::Row) -> Result<Event> {
    Ok(Event {
        id: row.get("id")?,
        at: row.get("at")?,
        kind: row.get("kind")?,
        actor: row.get("actor")?,
        noun: row.get("noun")?,
        noun_id: row.get("noun_id")?,
        unit: row.get("unit_id")?,
        body: row.json("body")?,
    })
}

/// Walks the whole chain and names the first broken line.
pub async fn verify(db: &Db) -> Result<Chain> {
    let (mut last, mut prev) = (0_i64, vec![0_u8; 32]);
    loop {
        let sql = "select id, at, kind, actor, noun, noun_id, unit_id, body, prev, hash from events
                   where id > $1 order by id limit 5000";
        let rows = db.all(q!(sql, last)).await?;
        if rows.is_empty() {
            return Ok(Chain::Whole(last));
        }
        for row in rows {
            let id: i64 = row.get("id")?;
            let broken = |why: String| Ok(Chain::Broken { id, why });
            if id != last + 1 {
                return broken(format!("event {} is missing before it", last + 1));
            }
            let (stored_prev, stored): (Vec<u8>, Vec<u8>) = (row.get("prev")?, row.get("hash")?);
            if stored_prev != prev {
                return broken("it does not name the hash of the event before it".into());
            }
            let (kind, actor, noun): (String, String, String) = (row.get("kind")?, row.get("actor")?, row.get("noun")?);
            let (unit, body): (Option<i64>, String) = (row.get("unit_id")?, row.get("body")?);
            let hash = digest(&prev, id, row.get("at")?, &kind, &actor, &noun, row.get("noun_id")?, unit, &body);
            if hash != stored {
                return broken("its contents do not give its hash: it was changed after it was written".into());
            }
            (last, prev) = (id, hash);
        }
    }
}

/// From here to the end of the transaction nobody else adds to the log: what it says now stays the newest.
pub(crate) async fn hold(tx: &mut Tx) -> Result<()> {
    if tx.is_postgres() {
        // The chain is one line: whoever commits events waits here for whoever is just committing theirs.
        tx.all(Q::new("select pg_advisory_xact_lock(7207302)")).await?;
    }
    Ok(()) // on SQLite there is one writer
}

/// Writes the entries of one transaction; called by [`Tx::commit`](crate::Tx::commit) alone.
pub(crate) async fn append(tx: &mut Tx, entries: Vec<(Actor, Entry)>) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    hold(tx).await?;
    let head = tx.opt(q!("select id, hash from events order by id desc limit 1")).await?;
    let (mut id, mut prev): (i64, Vec<u8>) = match head {
        Some(row) => (row.get("id")?, row.get("hash")?),
        None => (0, vec![0; 32]),
    };
    let at = tx.now();
    let mut rows = Vec::with_capacity(entries.len());
    for (actor, entry) in entries {
        id += 1;
        let actor = actor.to_string();
        let body = entry.body.to_string().replace('\0', "\u{2400}");
        let hash = digest(&prev, id, at, entry.kind, &actor, entry.noun, entry.id, entry.unit, &body);
        rows.push(vec![
            id.into(),
            at.into(),
            entry.kind.into(),
            actor.into(),
            entry.noun.into(),
            entry.id.into(),
            entry.unit.into(),
            body.into(),
            prev.into(),
            hash.clone().into(),
        ]);
        prev = hash;
    }
    let columns = &["id", "at", "kind", "actor", "noun", "noun_id", "unit_id", "body", "prev", "hash"];
    tx.insert("events", columns, rows, "").await.map(drop)
}

#[expect(clippy::too_many_arguments, reason = "these are the hashed fields, in their order")]
fn digest(
    prev: &[u8],
    id: i64,
    at: i64,
    kind: &str,
    actor: &str,
    noun: &str,
    noun_id: i64,
    unit: Option<i64>,
    body: &str,
) -> Vec<u8> {
    let mut hash = Sha256::new();
    let text = |hash: &mut Sha256, field: &str| {
        hash.update((field.len() as u32).to_be_bytes());
        hash.update(field.as_bytes());
    };
    hash.update(b"dandelion-event-1\n");
    hash.update(prev);
    hash.update(id.to_be_bytes());
    hash.update(at.to_be_bytes());
    text(&mut hash, kind);
    text(&mut hash, actor);
    text(&mut hash, noun);
    hash.update(noun_id.to_be_bytes());
    hash.update(unit.unwrap_or(0).to_be_bytes());
    text(&mut hash, body);
    hash.finalize().to_vec()
}
