//! Feeds that are told to us: where a feed names a WebSub hub, the hub is asked to send what is new, and asked again before
//! its lease ends. A feed is polled all the same, seldom while its hub tells everything, as before where it does not:
//! a hub that refuses, goes silent or leaves something out costs nothing but time.
//!
//! ```text
//! offered → asked → live → ending → resting
//! ```
//! A feed *offers* its hub when it is polled; the hub is *asked*; it asks back at our address whether we meant it, and from
//! then on it is *live*. A paused source takes its subscription back (*ending*) and *rests* until it is resumed.

mod ask;
mod told;

use dandelion_networks::feed::{self, websub::Offer};
use dandelion_post::Micros;
use serde_json::{Value, json};

pub use ask::Pusher;
pub use told::{Told, asked, told};

use super::Source;
use crate::{
    Hub, Random, Result, Tx,
    log::Entry,
    store::{Q, Row, q},
    vault,
};

/// How long a feed is left alone whose hub tells everything.
pub(super) const RELAXED: Micros = 3_600_000_000;

/// What is agreed with the hub of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The hub.
    pub hub: String,
    /// What the feed is called there.
    pub topic: String,
    /// Where it stands: `offered`, `asked`, `live`, `ending` or `resting`.
    pub state: String,
    /// Until when the hub will tell us; it is asked again before.
    pub until: Option<Micros>,
    /// When it told us last.
    pub pushed_at: Option<Micros>,
    /// When we last found by ourselves what it had not told.
    pub missed_at: Option<Micros>,
    /// What went wrong last, in words.
    pub why: Option<String>,
    source: i64,
    path: String,
    secret: String,
    tries: i64,
    live_at: Option<Micros>,
}

const COLUMNS: &str = "source_id, hub, topic, path, secret, state, tries, live_at, until_at, pushed_at, missed_at, why";

impl Push {
    fn of(row: &Row) -> Result<Self> {
        Ok(Self {
            source: row.get("source_id")?,
            hub: row.get("hub")?,
            topic: row.get("topic")?,
            path: row.get("path")?,
            secret: row.get("secret")?,
            state: row.get("state")?,
            tries: row.get("tries")?,
            live_at: row.get("live_at")?,
            until: row.get("until_at")?,
            pushed_at: row.get("pushed_at")?,
            missed_at: row.get("missed_at")?,
            why: row.get("why")?,
        })
    }

    /// Whether the hub tells us now.
    pub fn live(&self, now: Micros) -> bool {
        self.state == "live" && self.until.is_some_and(|until| until > now)
    }

    /// Whether it has shown that it tells everything, so that polling may be rare: it told us something, and nothing was
    /// found without it since.
    pub fn trusted(&self, now: Micros) -> bool {
        self.live(now) && self.pushed_at.is_some() && self.missed_at < self.pushed_at
    }

    fn offer(&self) -> Offer {
        Offer { hub: self.hub.clone(), topic: self.topic.clone() }
    }
}

/// What is agreed with a source's hub, if its feed has one.
pub async fn push(hub: &Hub, source: i64) -> Result<Option<Push>> {
    let sql = format!("select {COLUMNS} from pushes where source_id = $1");
    hub.db.opt(Q::of(sql).bind(source)).await?.as_ref().map(Push::of).transpose()
}

/// A feed was polled: notes what it offers and whether its hub had left out what was found, in the transaction that stores
/// it. Says whether the feed may be left alone for [`RELAXED`].
pub(super) async fn polled(tx: &mut Tx, random: &Random, source: &Source, cursor: &Value, found: i64) -> Result<bool> {
    let offer = serde_json::from_value::<feed::Cursor>(cursor.clone()).unwrap_or_default().offer();
    let now = tx.now();
    let sql = format!("select {COLUMNS} from pushes where source_id = $1");
    let known = tx.opt(Q::of(sql).bind(source.id)).await?.as_ref().map(Push::of).transpose()?;
    match (known, offer) {
        (None, None) => Ok(false),
        (Some(known), Some(offer)) if known.offer() == offer => {
            // What was said before the hub began is no fault of its own.
            let since = known.live_at.is_some_and(|live| source.polled_at.is_some_and(|at| at >= live));
            let missed = found > 0 && since && known.live(now);
            if missed {
                tx.run(q!("update pushes set missed_at = $1 where source_id = $2", now, source.id)).await?;
            }
            Ok(!missed && known.trusted(now))
        }
        // Another hub or another name: the old agreement runs out, for nobody takes what comes to its address.
        (_, offer) => change(tx, random, source, offer).await.map(|()| false),
    }
}

async fn change(tx: &mut Tx, random: &Random, source: &Source, offer: Option<Offer>) -> Result<()> {
    tx.run(q!("delete from pushes where source_id = $1", source.id)).await?;
    if let Some(offer) = offer {
        let (now, path) = (tx.now(), random.token());
        let secret = tx.seal(&vault::push(source.id), &random.token())?;
        let sql = "insert into pushes (source_id, hub, topic, path, secret, state, next_at)
                   values ($1, $2, $3, $4, $5, 'offered', $6)";
        tx.run(q!(sql, source.id, &offer.hub, &offer.topic, path, secret, now)).await?;
    }
    Ok(())
}

async fn locked(tx: &mut Tx, source: i64) -> Result<Option<Push>> {
    let lock = if tx.is_postgres() { " for update" } else { "" };
    let sql = format!("select {COLUMNS} from pushes where source_id = $1{lock}");
    tx.opt(Q::of(sql).bind(source)).await?.as_ref().map(Push::of).transpose()
}

fn event(kind: &'static str, source: i64, hub: &str) -> Entry {
    Entry::new(kind, "source", source).with(json!({ "hub": hub }))
}
