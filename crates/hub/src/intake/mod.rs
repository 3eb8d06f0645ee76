//! The one way in: every post of every source, live or imported, comes through [`receive`].
//!
//! In one transaction a batch is counted, told apart from what is known, joined to its threads, stored, indexed, routed to
//! a unit and turned into cases, and the source's accounting, its cursor and when it is asked next move with it: *seen =
//! stored + duplicate + refused*, at every moment, per source (laws 1 and 2). What can be done without the database
//! (checking, cleaning, matching, judging) is done before, in [`Prepared`], off the writer's time. Batches that wait for
//! the writer share a transaction (`together`).

mod case;
mod change;
pub(crate) mod known;
mod prepare;
mod rows;
mod store;
pub(crate) mod stored;
#[cfg(test)]
mod tests;
mod thread;
pub(crate) mod together;

use std::sync::Arc;

use dandelion_post::{Post, Refusal};

use crate::{
    Error, Hub, Result,
    engine::Engine,
    log::Actor,
    source::{Settle, Source},
};

pub(crate) use case::SAME_MATTER;
pub(crate) use case::{ANALYSIS_COLUMNS, analysis_row};
pub use prepare::{Origin, Prepared};

/// Most items taken in one transaction; a longer batch is cut, in order.
pub const BATCH: usize = 512;

/// From so many items on, preparing them takes long enough to be noticed by others.
const MANY: usize = 64;

/// Most bytes of a refused item that are kept.
pub const RAW_KEPT: usize = 64 * 1024;

/// One thing a source brought: a post, or what could not be read as one.
#[derive(Debug, Clone)]
pub struct Item {
    /// Where it came from, for people: `posts.jsonl line 12`, `entry 3`, `delivery msg_…`.
    pub place: String,
    /// The post, or why there is none with the item as it came.
    pub content: Result<Post, (Refusal, String)>,
}

impl Item {
    /// A post that was read without trouble.
    pub fn post(place: impl Into<String>, post: Post) -> Self {
        Self { place: place.into(), content: Ok(post) }
    }

    /// Something that could not be read, kept as it came.
    pub fn refused(place: impl Into<String>, refusal: Refusal, raw: String) -> Self {
        Self { place: place.into(), content: Err((refusal, raw)) }
    }
}

/// What became of what was seen. `seen = stored + duplicate + refused`, always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Accounting {
    /// Everything the source brought.
    pub seen: i64,
    /// Taken in: new posts, new wordings of known ones, deletions.
    pub stored: i64,
    /// Known already, word for word.
    pub duplicate: i64,
    /// Not taken, kept with the reason.
    pub refused: i64,
}

impl std::fmt::Display for Accounting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seen, stored, duplicate, refused } = self;
        write!(f, "seen {seen} = stored {stored} + duplicate {duplicate} + refused {refused}")
    }
}

impl std::ops::AddAssign for Accounting {
    fn add_assign(&mut self, other: Self) {
        self.seen += other.seen;
        self.stored += other.stored;
        self.duplicate += other.duplicate;
        self.refused += other.refused;
    }
}

impl Accounting {
    /// Whether the equation holds.
    pub fn balances(&self) -> bool {
        self.seen == self.stored + self.duplicate + self.refused
    }
}

/// A batch on its way into the store, with everything that is stored in the same transaction.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The source.
    pub source: i64,
    /// What it brought.
    pub prepared: Prepared,
    /// Where reading goes on after it.
    pub cursor: Option<serde_json::Value>,
    /// How the poll ended that brought it.
    pub settle: Option<Settle>,
}

/// Takes in what a source brought. When this returns, it is on disk; when it fails, nothing of the failing batch is,
/// and the source may bring all of it again: what was stored will count as duplicate.
pub async fn receive(hub: &Hub, source: i64, items: Vec<Item>) -> Result<Accounting> {
    let origin = Origin::of(hub, source).await?;
    take(hub, source, &origin, items, (None, None)).await
}

/// As [`receive`], for what a poll of `source` brought: its cursor moves and its turn ends in the transaction of the last
/// batch, never before.
pub(crate) async fn receive_polled(
    hub: &Hub,
    source: &Source,
    items: Vec<Item>,
    cursor: Option<serde_json::Value>,
    settle: Settle,
) -> Result<Accounting> {
    let origin = Origin { network: source.network.clone(), source: source.name.clone() };
    take(hub, source.id, &origin, items, (cursor, Some(settle))).await
}

async fn take(
    hub: &Hub,
    source: i64,
    origin: &Origin,
    items: Vec<Item>,
    (cursor, settle): (Option<serde_json::Value>, Option<Settle>),
) -> Result<Accounting> {
    let (mut total, mut items) = (Accounting::default(), items.into_iter());
    while items.len() > BATCH {
        let prepared = prepare(hub, origin, items.by_ref().take(BATCH).collect()).await?;
        total += together::bring(hub, Batch { source, prepared, cursor: None, settle: None }).await?;
    }
    let prepared = prepare(hub, origin, items.collect()).await?;
    let settle = settle.map(|settle| settle.after(total));
    total += together::bring(hub, Batch { source, prepared, cursor, settle }).await?;
    Ok(total)
}

/// Writes down how a poll ended that brought nothing.
pub(crate) async fn settle(hub: &Hub, source: i64, settle: Settle) -> Result<()> {
    let batch = Batch { source, prepared: Prepared::nothing(), cursor: None, settle: Some(settle) };
    together::bring(hub, batch).await.map(drop)
}

/// Many are prepared on a thread of their own, so that nobody who is served meanwhile waits for it.
async fn prepare(hub: &Hub, origin: &Origin, items: Vec<Item>) -> Result<Prepared> {
    if items.is_empty() {
        return Ok(Prepared::nothing());
    }
    let (engine, now) = (hub.engine().await?, hub.now());
    if items.len() < MANY {
        return Ok(Prepared::new(engine, origin, items, now));
    }
    let origin = origin.clone();
    let work = tokio::task::spawn_blocking(move || Prepared::new(engine, &origin, items, now));
    work.await.map_err(|_| Error::Unusable("reading what came broke down; it will be brought again".into()))
}

/// Stores a prepared batch of at most [`BATCH`] items. Importers prepare the next batch meanwhile.
pub async fn store(
    hub: &Hub,
    source: i64,
    prepared: Prepared,
    cursor: Option<serde_json::Value>,
) -> Result<Accounting> {
    together::bring(hub, Batch { source, prepared, cursor, settle: None }).await
}

/// Puts a batch through everything up to routing without storing any of it: what a query or a rule would do.
pub fn rehearse(engine: &Arc<Engine>, items: Vec<Item>, now: dandelion_post::Micros) -> Prepared {
    Prepared::new(engine.clone(), &Origin::default(), items, now)
}

pub(crate) fn actor(source: i64) -> Actor {
    Actor::Source(source)
}
