//! What other servers are told of: written down in the transaction of what happened, and told by the
//! [`Deliverer`](super::Deliverer) until it has arrived.

use dandelion_networks::activitypub;
use serde_json::Value;
use url::Url;

use super::{Actor, follower};
use crate::{
    Result, Tx,
    reply::{Kind, Reply},
    store::q,
};

/// A delivery to be made.
struct New<'a> {
    handle: i64,
    kind: &'static str,
    reply: Option<i64>,
    actor: Option<&'a str>,
    inbox: Option<&'a str>,
    activity: Option<String>,
}

/// Somebody who follows now is told so. Whoever asks again is told again, and not twice for what they have not heard yet.
pub(super) async fn accept(tx: &mut Tx, ours: &Actor, by: &activitypub::Actor, follow: &Value) -> Result<()> {
    forget_accept(tx, ours.handle.id, &by.id).await?;
    let activity = Some(ours.ours.accept(follow).to_string());
    let (actor, inbox) = (Some(by.id.as_str()), Some(by.inbox.as_str()));
    write(tx, New { handle: ours.handle.id, kind: "accept", reply: None, actor, inbox, activity }).await
}

/// Nobody is told any more that they follow.
pub(super) async fn forget_accept(tx: &mut Tx, handle: i64, actor: &str) -> Result<()> {
    let sql = "delete from deliveries where handle_id = $1 and actor = $2 and kind = 'accept'";
    tx.run(q!(sql, handle, actor)).await.map(drop)
}

/// Somebody is asked to be followed (`follow`), or told that they are no longer (`unfollow`); one after the other.
pub(super) async fn follow(
    tx: &mut Tx,
    handle: i64,
    kind: &'static str,
    (actor, inbox): (&str, Option<&str>),
    activity: &Value,
) -> Result<()> {
    let activity = Some(activity.to_string());
    write(tx, New { handle, kind, reply: None, actor: Some(actor), inbox, activity }).await
}

/// Somebody who has not heard yet that we ask to follow them is not asked. Whether that was so.
pub(super) async fn forget_unheard_follow(tx: &mut Tx, handle: i64, actor: &str) -> Result<bool> {
    let sql = "delete from deliveries where handle_id = $1 and actor = $2 and kind = 'follow' and attempts = 0
               and next_attempt_at is not null";
    Ok(tx.run(q!(sql, handle, actor)).await? > 0)
}

/// What could not be told somebody whom we follow matters no longer.
pub(super) async fn forget_failed_follow(tx: &mut Tx, handle: i64, actor: &str) -> Result<()> {
    let sql = "delete from deliveries where handle_id = $1 and actor = $2 and kind in ('follow', 'unfollow') and failed_at is not null";
    tx.run(q!(sql, handle, actor)).await.map(drop)
}

/// All who follow are told of what answers nobody: a server once, however many of its people follow.
pub(crate) async fn tell_followers(tx: &mut Tx, reply: &Reply) -> Result<()> {
    let known = tx.one(q!("select count(*) as n from deliveries where reply_id = $1", reply.id)).await?;
    if known.get::<i64, _>("n")? > 0 {
        return Ok(());
    }
    for inbox in follower::inboxes_in(tx, reply.handle_id).await? {
        write(tx, of_reply(reply, "create", None, Some(&inbox))).await?;
    }
    Ok(())
}

/// Whoever was told of a reply is told what became of it.
pub(crate) async fn tell_change(tx: &mut Tx, reply: &Reply, kind: Kind) -> Result<()> {
    let kind = match kind {
        Kind::Edit => "update",
        Kind::Delete => {
            // What nobody has heard of yet, nobody has to.
            let sql = "update deliveries set next_attempt_at = null, failed_at = $2, error = 'it was taken back first'
                       where reply_id = $1 and next_attempt_at is not null";
            tx.run(q!(sql, reply.id, tx.now())).await?;
            "delete"
        }
    };
    if reply.in_reply_to.is_some() {
        let sql = "select a.remote_key from posts p join authors a on a.id = p.author_id where p.id = $1";
        if let Some(row) = tx.opt(q!(sql, reply.post_id)).await? {
            let actor: String = row.get("remote_key")?;
            write(tx, of_reply(reply, kind, Some(&actor), None)).await?;
        }
        return Ok(());
    }
    let sql = "select distinct inbox from deliveries where reply_id = $1 and kind = 'create' and inbox is not null order by 1";
    for row in tx.all(q!(sql, reply.id)).await? {
        let inbox: String = row.get("inbox")?;
        write(tx, of_reply(reply, kind, None, Some(&inbox))).await?;
    }
    Ok(())
}

fn of_reply<'a>(reply: &Reply, kind: &'static str, actor: Option<&'a str>, inbox: Option<&'a str>) -> New<'a> {
    New { handle: reply.handle_id, kind, reply: Some(reply.id), actor, inbox, activity: None }
}

async fn write(tx: &mut Tx, new: New<'_>) -> Result<()> {
    let id = tx.id("deliveries").await?;
    let host = new.inbox.or(new.actor).and_then(|url| Url::parse(url).ok());
    let host = host.as_ref().and_then(Url::host_str).unwrap_or_default().to_owned();
    let sql = "insert into deliveries (id, handle_id, kind, reply_id, actor, inbox, host, activity, made_at, attempts, next_attempt_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $9)";
    let query = q!(sql, id, new.handle, new.kind, new.reply, new.actor, new.inbox, host, new.activity, tx.now());
    tx.run(query).await.map(drop)
}
