use dandelion_post::{Micros, rfc3339};

use super::{Action, Reply, State, approval, compose, queries};
use crate::{Error, Hub, Result, Tx, actor, case, log::Actor, scope::Viewer, store::q, unit::Org};

/// How a reply is sent.
#[derive(Debug, Clone, Copy)]
pub struct Send {
    /// The wording the person has seen.
    pub version: i64,
    /// They know that somebody else answers or has answered the same post, and want it all the same.
    pub confirm: bool,
    /// How long it can be taken back, in microseconds.
    pub undo: Micros,
}

impl Send {
    /// This wording, with five seconds to take it back.
    pub fn version(version: i64) -> Self {
        Self { version, confirm: false, undo: 5_000_000 }
    }
}

/// What a person found out about a reply nobody could tell of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is out; where, if they noted it.
    Published {
        /// The address of the post on the network.
        url: Option<String>,
    },
    /// It is not out and shall be sent again, under a new key.
    SendAgain,
    /// It is not out and shall not be.
    LeaveUnsent,
}

/// Sends a reply: it waits out its undo window, then the sender takes it.
///
/// Refused in words while somebody else's reply to the same post is on its way, unless confirmed: two people who
/// answer at once answer twice.
pub async fn queue(hub: &Hub, viewer: &Viewer, id: i64, send: Send) -> Result<Reply> {
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let mut reply = queries::for_change(&mut tx, viewer, id).await?;
    reply.need_agent(viewer, "send this reply")?;
    reply.need_version(send.version)?;
    if reply.state.after(Action::Queue).is_some() {
        approval::need_approved(&mut tx, &reply).await?;
        need_writable(&tx, &reply)?;
        if !send.confirm {
            need_alone(&mut tx, &reply).await?;
        }
    }
    // What an earlier attempt failed with is settled; this is a new intent and gets a key of its own.
    let key = if reply.attempts == 0 { reply.key.clone() } else { compose::fresh_key(hub) };
    reply.step(&mut tx, Action::Queue, "").await?;
    put_in_line(&mut tx, &reply, &key, send.undo.max(0)).await?;
    let reply = queries::locked(&mut tx, id).await?;
    tx.commit().await?;
    Ok(reply)
}

/// Takes a reply back, or puts a draft away. Not once an attempt may have been published.
pub async fn cancel(hub: &Hub, viewer: &Viewer, id: i64, why: &str) -> Result<Reply> {
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let mut reply = queries::for_change(&mut tx, viewer, id).await?;
    reply.need_agent(viewer, "cancel this reply")?;
    if reply.state == State::Queued
        && let Some(at) = queries::doubt_since(&mut tx, &reply).await?
    {
        return Err(Error::Conflict(format!(
            "This reply may have been published at {} already; the sender is finding out. It cannot be taken back",
            rfc3339(at)
        )));
    }
    reply.step(&mut tx, Action::Cancel, why.trim()).await?;
    tx.run(q!("update replies set next_attempt_at = null, held_at = null where id = $1", id)).await?;
    let reply = queries::locked(&mut tx, id).await?;
    tx.commit().await?;
    Ok(reply)
}

/// Lets a reply go that is held since a backup was restored. The person has looked whether it is out already.
pub async fn release(hub: &Hub, viewer: &Viewer, id: i64) -> Result<Reply> {
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let mut reply = queries::for_change(&mut tx, viewer, id).await?;
    reply.need_agent(viewer, "release this reply")?;
    if reply.state == State::Queued && reply.held_at.is_none() {
        return Err(Error::Conflict("This reply is not held. It goes out by itself".into()));
    }
    reply.step(&mut tx, Action::Release, "released after the restore").await?;
    let key = reply.key.clone();
    put_in_line(&mut tx, &reply, &key, 0).await?;
    let reply = queries::locked(&mut tx, id).await?;
    tx.commit().await?;
    Ok(reply)
}

/// A person decides what became of a reply that is *unknown*, or held since a restore.
pub async fn decide_unknown(hub: &Hub, viewer: &Viewer, id: i64, verdict: &Verdict) -> Result<Reply> {
    let engine = hub.engine().await?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let mut reply = queries::for_change(&mut tx, viewer, id).await?;
    reply.need_agent(viewer, "decide what became of this reply")?;
    if reply.state == State::Queued && reply.held_at.is_none() {
        return Err(Error::Conflict("This reply is still on its way. Wait until it is sent or unknown".into()));
    }
    match verdict {
        Verdict::Published { url } => {
            let url = url.as_deref().map(web_address).transpose()?;
            queries::lock_case(&mut tx, &reply).await?;
            reply.step(&mut tx, Action::Find, "a person found it on the network").await?;
            settle_sent(&mut tx, &engine.org, &reply, None, url).await?;
        }
        Verdict::SendAgain => {
            reply.step(&mut tx, Action::SendAgain, "a person looked: it was not published").await?;
            put_in_line(&mut tx, &reply, &compose::fresh_key(hub), 0).await?;
        }
        Verdict::LeaveUnsent => {
            reply.step(&mut tx, Action::GiveUp, "a person looked: it was not published, and stays so").await?;
            let sql = "update replies set held_at = null, next_attempt_at = null where id = $1";
            tx.run(q!(sql, reply.id)).await?;
        }
    }
    let reply = queries::locked(&mut tx, id).await?;
    tx.commit().await?;
    Ok(reply)
}

/// After a backup was restored: nothing goes out before a person has looked, because it may have gone out between the
/// backup and now. Queued replies are held, those under way become unknown. Returns how many.
pub async fn hold_all(tx: &mut Tx) -> Result<i64> {
    let rows = tx.all(q!("select id from replies where state in ('queued', 'sending') order by id")).await?;
    for row in &rows {
        let mut reply = queries::locked(tx, row.get("id")?).await?;
        if reply.state == State::Sending {
            super::sender::close_attempt(tx, reply.id, "the backup was made in the middle of this attempt").await?;
            reply.step(tx, Action::Doubt, "restored from a backup made while it was being sent").await?;
        } else {
            reply.note(tx, "reply.held", State::Queued, "restored from a backup; it may have been sent since").await?;
        }
        let sql = "update replies set held_at = $2, lease_until = null, lease_by = null where id = $1";
        tx.run(q!(sql, reply.id, tx.now())).await?;
    }
    // Later words may stand there by now: whoever wants these looks first, and asks again.
    let sql = "update reply_changes set failed_at = $1, next_attempt_at = null, lease_until = null, error = $2
               where next_attempt_at is not null";
    let why = "a backup was restored that was made before this was done; look at what stands there and ask again";
    tx.run(q!(sql, tx.now(), why)).await?;
    Ok(rows.len() as i64)
}

/// Writes down that the words are out, and tells the case: whoever asked before has their answer.
pub(super) async fn settle_sent(
    tx: &mut Tx,
    org: &Org,
    reply: &Reply,
    remote_id: Option<&str>,
    url: Option<&str>,
) -> Result<()> {
    tx.run(q!(
        "update replies set sent_at = $2, remote_id = $3, remote_url = $4, error = null, held_at = null,
         next_attempt_at = null, lease_until = null, lease_by = null where id = $1",
        reply.id,
        tx.now(),
        remote_id,
        url
    ))
    .await?;
    // What answers nobody is told to all who follow.
    if reply.network == actor::NETWORK && reply.in_reply_to.is_none() {
        actor::tell_followers(tx, reply).await?;
    }
    // The customer read it when it was published, which may be long before anybody was sure of it.
    let sql = "select min(started_at) as at from reply_attempts where reply_id = $1 and result in ('sent', 'unknown')";
    let at: Option<Micros> = tx.one(q!(sql, reply.id)).await?.get("at")?;
    let at = at.unwrap_or(tx.now());
    case::replied(tx, org, reply.case_id, reply.id, at).await
}

/// Puts a reply in line, to be taken after `wait` microseconds.
async fn put_in_line(tx: &mut Tx, reply: &Reply, key: &str, wait: Micros) -> Result<()> {
    let attempts = if key == reply.key { reply.attempts } else { 0 };
    tx.run(q!(
        "update replies set key = $2, attempts = $3, send_after = $4, next_attempt_at = $4, held_at = null,
         lease_until = null, lease_by = null, error = null where id = $1",
        reply.id,
        key,
        attempts,
        tx.now() + wait
    ))
    .await
    .map(drop)
}

/// What would fail for certain is refused while the person is still there.
fn need_writable(tx: &Tx, reply: &Reply) -> Result<()> {
    if reply.archived {
        return Err(Error::Conflict(format!("{} is no longer in use. Choose another handle", reply.handle)));
    }
    let account = reply.config.account(tx.vault(), reply.handle_id, &reply.network);
    account.map(drop).map_err(|why| Error::Conflict(format!("{} cannot publish yet: {why}", reply.handle)))
}

/// Nobody else's reply to the same post is on its way, in doubt, or was sent while this one was being written.
async fn need_alone(tx: &mut Tx, reply: &Reply) -> Result<()> {
    // Two people press the button at once: one of them waits here for the other.
    queries::lock_case(tx, reply).await?;
    let sql = "select m.name, r.state from replies r join members m on m.id = r.member_id
        where r.case_id = $1 and r.id <> $2 and r.post_id is not distinct from $3
        and (r.state in ('queued', 'sending', 'unknown') or (r.state = 'sent' and r.sent_at >= $4))
        order by r.id limit 1";
    let Some(row) = tx.opt(q!(sql, reply.case_id, reply.id, reply.post_id, reply.created_at)).await? else {
        return Ok(());
    };
    let (name, state): (String, State) = (row.get("name")?, row.get::<String, _>("state")?.parse()?);
    Err(Error::Conflict(format!(
        "{name} has answered this post too, and that reply {}. Look at it first; confirm if you want to send yours as well",
        state.words()
    )))
}

fn web_address(url: &str) -> Result<&str> {
    let url = url.trim();
    let fits = (url.starts_with("https://") || url.starts_with("http://")) && url.len() <= 2_000;
    if fits { Ok(url) } else { Err(Error::invalid("url", "write the post's address as https://host/path", url)) }
}
