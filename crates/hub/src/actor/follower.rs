use dandelion_networks::activitypub;
use serde_json::{Value, json};

use super::{Actor, tell};
use crate::{
    Db, Hub, Result, Tx,
    log::{self, Entry},
    store::q,
};

/// Somebody follows an actor of ours, as their activity `follow` asks, and is to be told so; whoever does already is known
/// by their newest address.
pub async fn follow(hub: &Hub, ours: &Actor, by: &activitypub::Actor, follow: &Value) -> Result<()> {
    let mut tx = hub.begin(log::Actor::Source(ours.source.id)).await?;
    let (id, now) = (tx.id("followers").await?, tx.now());
    let sql = "insert into followers (id, handle_id, actor, inbox, shared_inbox, followed_at) values ($1, $2, $3, $4, $5, $6)
               on conflict (handle_id, actor) do update set inbox = excluded.inbox, shared_inbox = excluded.shared_inbox";
    tx.run(q!(sql, id, ours.handle.id, &by.id, &by.inbox, by.shared_inbox.as_deref(), now)).await?;
    tell::accept(&mut tx, ours, by, follow).await?;
    tx.log(
        Entry::new("handle.followed", "handle", ours.handle.id).unit(ours.handle.unit).with(json!({ "follower": id })),
    );
    tx.commit().await
}

/// Somebody follows no longer.
pub async fn unfollow(hub: &Hub, ours: &Actor, actor: &str) -> Result<()> {
    let mut tx = hub.begin(log::Actor::Source(ours.source.id)).await?;
    let gone = tx.run(q!("delete from followers where handle_id = $1 and actor = $2", ours.handle.id, actor)).await?;
    if gone > 0 {
        tell::forget_accept(&mut tx, ours.handle.id, actor).await?;
        tx.log(Entry::new("handle.unfollowed", "handle", ours.handle.id).unit(ours.handle.unit));
        tx.commit().await?;
    }
    Ok(())
}

/// Somebody lives elsewhere now: whatever they follow, they follow from there. How many of ours that concerned.
pub async fn moved(hub: &Hub, ours: &Actor, from: &str, to: &activitypub::Actor) -> Result<u64> {
    let mut tx = hub.begin(log::Actor::Source(ours.source.id)).await?;
    // Who follows from the new place already is not there twice.
    let sql =
        "delete from followers where actor = $1 and handle_id in (select handle_id from followers where actor = $2)";
    let twice = tx.run(q!(sql, from, &to.id)).await?;
    let sql = "update followers set actor = $1, inbox = $2, shared_inbox = $3 where actor = $4";
    let moved = tx.run(q!(sql, &to.id, &to.inbox, to.shared_inbox.as_deref(), from)).await?;
    if twice + moved > 0 {
        tx.log(Entry::new("handle.follower_moved", "handle", ours.handle.id).unit(ours.handle.unit));
        tx.commit().await?;
    }
    Ok(twice + moved)
}

/// How many follow a handle.
pub async fn followers(db: &Db, handle: i64) -> Result<i64> {
    db.one(q!("select count(*) as n from followers where handle_id = $1", handle)).await?.get("n")
}

/// Where all who follow a handle are written to: a server once, however many of its people follow.
pub async fn inboxes(db: &Db, handle: i64) -> Result<Vec<String>> {
    db.all(q!(INBOXES, handle)).await?.iter().map(|row| row.get("inbox")).collect()
}

/// The same within a transaction.
pub(super) async fn inboxes_in(tx: &mut Tx, handle: i64) -> Result<Vec<String>> {
    tx.all(q!(INBOXES, handle)).await?.iter().map(|row| row.get("inbox")).collect()
}

const INBOXES: &str =
    "select distinct coalesce(shared_inbox, inbox) as inbox from followers where handle_id = $1 order by 1";
