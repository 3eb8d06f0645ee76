//! In which way other servers are written to is kept across restarts, so that each is knocked at rightly the first time.

use dandelion_networks::{
    activitypub::{self, KNOCKS_HOLD, Knock, signature::Way},
    egress::Client,
};
use dandelion_post::{Micros, micros, timestamp};

use crate::{Hub, Result, log::Actor, store::q};

/// Servers kept at most: strangers have a say in how many there are.
const MOST: i64 = 4096;

/// Brings back what an earlier run learned of servers, and still holds.
pub async fn recall_knocks(hub: &Hub, client: &Client) -> Result<()> {
    for knock in kept(hub).await? {
        activitypub::remind(client, &knock);
    }
    Ok(())
}

/// What is kept and still holds, newest first.
pub(super) async fn kept(hub: &Hub) -> Result<Vec<Knock>> {
    let sql = "select host, way, learned_at from knocks where learned_at > $1 order by learned_at desc limit $2";
    let mut kept = Vec::new();
    for row in hub.db.all(q!(sql, held_since(hub.now()), MOST)).await? {
        let way: String = row.get("way")?;
        if let Some(way) = Way::named(&way) {
            kept.push(Knock { host: row.get("host")?, way, at: timestamp(row.get("learned_at")?) });
        }
    }
    Ok(kept)
}

/// Keeps what was learned of servers since this was asked last.
pub async fn keep_knocks(hub: &Hub, client: &Client) -> Result<()> {
    let learned = activitypub::learned(client);
    if learned.is_empty() {
        return Ok(());
    }
    let kept = write(hub, &learned).await;
    if kept.is_err() {
        for knock in &learned {
            activitypub::relearn(client, knock);
        }
    }
    kept
}

async fn write(hub: &Hub, learned: &[Knock]) -> Result<()> {
    let mut tx = hub.begin(Actor::System("deliverer")).await?;
    for knock in learned {
        let sql = "insert into knocks (host, way, learned_at) values ($1, $2, $3)
                   on conflict (host) do update set way = excluded.way, learned_at = excluded.learned_at";
        tx.run(q!(sql, &knock.host, knock.way.as_str(), micros(knock.at))).await?;
    }
    tx.run(q!("delete from knocks where learned_at <= $1", held_since(tx.now()))).await?;
    // The oldest go first; those that many servers made known at one moment go together.
    let sql = "delete from knocks where learned_at <=
               (select learned_at from knocks order by learned_at desc limit 1 offset $1)";
    tx.run(q!(sql, MOST)).await?;
    tx.commit_unlogged("what a server understands is no state of ours").await
}

fn held_since(now: Micros) -> Micros {
    now - Micros::try_from(KNOCKS_HOLD.as_micros()).unwrap_or(Micros::MAX / 4)
}
