//! What hubs say at our address: whether we meant it, and what is new.

use dandelion_networks::{
    contract::{Delivery, Item, Unsigned},
    feed::websub::{self, Asked, Mode},
};
use dandelion_post::Micros;

use super::{Push, event};
use crate::{
    Error, Hub, Result,
    intake::{self, Accounting},
    log::Actor,
    source::{find, place::items_of},
    store::{Q, q},
    vault,
};

/// How long a refused question rests.
const REFUSED: Micros = 24 * 3_600_000_000;

/// What became of something a hub sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Stored.
    Stored(Accounting),
    /// It was no feed: the feed itself is asked at once.
    Asking,
    /// Nobody here wants it any more.
    Gone,
    /// It is not from the hub.
    Unsigned(Unsigned),
}

/// Answers a hub's question at the address that ends in `path`: with its challenge where we meant it, with nothing where a
/// refusal was told. An address that nobody was given, and what was not asked for, is [`Error::NotFound`].
pub async fn asked(hub: &Hub, path: &str, delivery: &Delivery<'_>) -> Result<String> {
    let unknown = || Error::not_found("subscription", "of this address");
    let push = at(hub, path).await?.ok_or_else(unknown)?;
    let asked = websub::asked(delivery).ok_or_else(unknown)?;
    let (Asked::Intent { topic, .. } | Asked::Denied { topic, .. }) = &asked;
    if *topic != push.topic {
        return Err(unknown());
    }
    match asked {
        Asked::Denied { reason, .. } => denied(hub, &push, &reason).await.map(|()| String::new()),
        Asked::Intent { mode: Mode::Subscribe, challenge, lease, .. } if matches!(&*push.state, "asked" | "live") => {
            began(hub, &push, lease * 1_000_000).await.map(|()| challenge)
        }
        Asked::Intent { mode: Mode::Unsubscribe, challenge, .. } if push.state == "ending" => {
            ended(hub, &push).await.map(|()| challenge)
        }
        Asked::Intent { .. } => Err(unknown()),
    }
}

/// Takes in what a hub sends to the address that ends in `path`.
pub async fn told(hub: &Hub, path: &str, delivery: &Delivery<'_>) -> Result<Told> {
    let push = at(hub, path).await?.ok_or_else(|| Error::not_found("subscription", "of this address"))?;
    let secret = hub.db.vault().open(&vault::push(push.source), &push.secret)?;
    if let Err(unsigned) = websub::verify(delivery, &secret) {
        return Ok(Told::Unsigned(unsigned));
    }
    let source = find(hub, push.source).await?;
    if source.paused_at.is_some() || !matches!(&*push.state, "asked" | "live") {
        return Ok(Told::Gone);
    }
    let items: Option<Vec<Item>> = websub::read(delivery, &push.topic).await;
    let told = match items {
        Some(items) => Told::Stored(intake::receive(hub, source.id, items_of("told entry", items)).await?),
        None => Told::Asking,
    };
    let mut tx = hub.begin(Actor::Source(push.source)).await?;
    let now = tx.now();
    if told == Told::Asking {
        tx.run(q!("update sources set next_poll_at = $1 where id = $2 and paused_at is null", now, push.source))
            .await?;
    } else {
        tx.run(q!("update pushes set pushed_at = $1 where source_id = $2", now, push.source)).await?;
    }
    tx.commit_unlogged("what was told is logged where it is stored").await?;
    Ok(told)
}

async fn at(hub: &Hub, path: &str) -> Result<Option<Push>> {
    let sql = format!("select {} from pushes where path = $1", super::COLUMNS);
    hub.db.opt(Q::of(sql).bind(path)).await?.as_ref().map(Push::of).transpose()
}

/// The hub tells us from now on, for `lease` microseconds; it is asked again when three quarters of them are over.
async fn began(hub: &Hub, push: &Push, lease: Micros) -> Result<()> {
    let mut tx = hub.begin(Actor::Source(push.source)).await?;
    let now = tx.now();
    let sql = "update pushes set state = 'live', tries = 0, why = null, until_at = $1, next_at = $2, live_at = coalesce(live_at, $3)
               where source_id = $4 and path = $5";
    tx.run(q!(sql, now + lease, now + lease / 4 * 3, now, push.source, &push.path)).await?;
    if push.state == "live" {
        return tx.commit_unlogged("a lease that goes on").await;
    }
    tx.log(event("source.subscribed", push.source, &push.hub));
    tx.commit().await
}

async fn denied(hub: &Hub, push: &Push, reason: &str) -> Result<()> {
    let mut tx = hub.begin(Actor::Source(push.source)).await?;
    let now = tx.now();
    let reason: String = reason.chars().filter(|c| !c.is_control()).take(200).collect();
    let why = if reason.trim().is_empty() { "it gave no reason".to_owned() } else { reason };
    let sql = "update pushes set state = 'offered', live_at = null, until_at = null, next_at = $1, why = $2
               where source_id = $3 and path = $4 and state in ('asked', 'live')";
    tx.run(q!(sql, now + REFUSED, format!("the hub refused: {why}"), push.source, &push.path)).await?;
    tx.log(event("source.subscription_refused", push.source, &push.hub));
    tx.commit().await
}

async fn ended(hub: &Hub, push: &Push) -> Result<()> {
    let mut tx = hub.begin(Actor::Source(push.source)).await?;
    let sql = "update pushes set state = 'resting', next_at = null, until_at = null, why = null where source_id = $1 and path = $2";
    tx.run(q!(sql, push.source, &push.path)).await?;
    tx.log(event("source.unsubscribed", push.source, &push.hub));
    tx.commit().await
}
