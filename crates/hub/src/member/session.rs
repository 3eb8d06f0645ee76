//! Sessions: a secret of 32 random bytes in the browser, its SHA-256 in the store.
//!
//! A session ends 12 hours after it was last used and 14 days after it was made, whichever comes first; when
//! somebody ends it; and when its member is disabled or changes their password.

use dandelion_post::Micros;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{folded, password};
use crate::{
    Error, Hub, Result, Tx,
    log::{Actor, Entry},
    scope::Viewer,
    store::{Boxed, Row, q},
};

const SECOND: Micros = 1_000_000;
/// Unused for so long, a session ends.
pub const IDLE: Micros = 12 * 3600 * SECOND;
/// A session ends this long after it was made, however much it is used.
pub const ABSOLUTE: Micros = 14 * 24 * 3600 * SECOND;
/// The last use is written down at most this often.
const SEEN_EVERY: Micros = 60 * SECOND;

/// Somebody signed in somewhere.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Session {
    /// Its id.
    pub id: i64,
    /// Whose it is.
    pub member: i64,
    /// When they signed in.
    pub created_at: Micros,
    /// When it was last used, to a minute.
    pub seen_at: Micros,
    /// When it ends at the latest.
    pub expires_at: Micros,
    /// What the browser calls itself, shortened.
    pub agent: String,
}

/// A session just made. The token is shown this once.
#[derive(Debug, Clone)]
pub struct Started {
    /// What the browser keeps.
    pub token: String,
    /// The session.
    pub session: Session,
}

/// Signs a member in by e-mail address and password. `previous` is the token the browser came with, if any: that
/// session ends, so that nobody can plant one. Who calls this asks the [throttle](super::throttle) first.
///
/// # Errors
/// [`Error::Forbidden`] with the same words, after the same time, whether the address is unknown, the password is
/// wrong, or the member is disabled.
pub fn sign_in<'a>(
    hub: &'a Hub,
    email: &'a str,
    password: &'a str,
    agent: &'a str,
    previous: Option<&'a str>,
) -> Boxed<'a, Started> {
    Box::pin(async move {
        let sql = "select id, password from members where email = $1 and disabled_at is null";
        let row = hub.db.opt(q!(sql, folded(email))).await?;
        let (id, stored) = match &row {
            Some(row) => (Some(row.get::<i64, _>("id")?), row.get::<Option<String>, _>("password")?),
            None => (None, None),
        };
        let right = password::verify(password, stored).await?;
        let Some(id) = id.filter(|_| right) else {
            return Err(Error::Forbidden("The e-mail address or the password is not right".into()));
        };
        let mut tx = hub.begin(Actor::Member(id)).await?;
        let started = start(&mut tx, hub, id, agent, previous).await?;
        tx.commit().await?;
        Ok(started)
    })
}

/// Makes a session for a member inside somebody else's transaction: after an invitation was used.
pub(crate) async fn start(tx: &mut Tx, hub: &Hub, member: i64, agent: &str, previous: Option<&str>) -> Result<Started> {
    if let Some(previous) = previous {
        end_where_token(tx, previous).await?;
    }
    let token = hub.random.token();
    let (id, now) = (tx.id("sessions").await?, tx.now());
    let agent: String = agent.chars().filter(|c| !c.is_control()).take(200).collect();
    let session = Session { id, member, created_at: now, seen_at: now, expires_at: now + ABSOLUTE, agent };
    let sql = "insert into sessions (id, token_hash, member_id, created_at, seen_at, expires_at, agent)
               values ($1, $2, $3, $4, $4, $5, $6)";
    tx.run(q!(sql, id, digest(&token), member, now, session.expires_at, &session.agent)).await?;
    tx.log(Entry::new("session.started", "session", id).with(json!({ "member": member })));
    Ok(Started { token, session })
}

/// The live session a token belongs to, and notes that it was used. None for a token that is unknown, ended or
/// expired, and for one whose member is disabled.
pub fn of_token<'a>(hub: &'a Hub, token: &'a str) -> Boxed<'a, Option<Session>> {
    Box::pin(async move {
        let now = hub.now();
        let sql = "select s.id, s.member_id, s.created_at, s.seen_at, s.expires_at, s.agent
                   from sessions s join members m on m.id = s.member_id
                   where s.token_hash = $1 and s.ended_at is null and s.expires_at > $2 and s.seen_at > $3
                     and m.disabled_at is null";
        let Some(row) = hub.db.opt(q!(sql, digest(token), now, now - IDLE)).await? else { return Ok(None) };
        let session = from_row(&row)?;
        if now - session.seen_at >= SEEN_EVERY {
            let mut tx = hub.begin(Actor::Member(session.member)).await?;
            tx.run(q!("update sessions set seen_at = $1 where id = $2 and seen_at < $1", now, session.id)).await?;
            tx.commit_unlogged("a session's last use is bookkeeping").await?;
        }
        Ok(Some(session))
    })
}

/// The live sessions of the viewer, newest first.
pub async fn list(hub: &Hub, viewer: &Viewer) -> Result<Vec<Session>> {
    let now = hub.now();
    let sql = "select id, member_id, created_at, seen_at, expires_at, agent from sessions
               where member_id = $1 and ended_at is null and expires_at > $2 and seen_at > $3 order by id desc";
    hub.db.all(q!(sql, viewer.member, now, now - IDLE)).await?.iter().map(from_row).collect()
}

/// Ends one session of the viewer.
pub async fn end(hub: &Hub, viewer: &Viewer, session: i64) -> Result<()> {
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let sql = "update sessions set ended_at = $1 where id = $2 and member_id = $3 and ended_at is null";
    if tx.run(q!(sql, tx.now(), session, viewer.member)).await? == 0 {
        return Err(Error::not_found("session", session));
    }
    tx.log(Entry::new("session.ended", "session", session).with(json!({ "member": viewer.member })));
    tx.commit().await
}

/// Ends every session of the viewer but one, and says how many.
pub async fn end_others(hub: &Hub, viewer: &Viewer, keep: i64) -> Result<usize> {
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let ended = end_all_but(&mut tx, viewer.member, Some(keep)).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Ends every session of a member but one, inside somebody else's transaction.
pub(crate) async fn end_all_but(tx: &mut Tx, member: i64, keep: Option<i64>) -> Result<usize> {
    let sql = "select id from sessions where member_id = $1 and ended_at is null and id <> $2 order by id";
    let ids: Vec<i64> =
        tx.all(q!(sql, member, keep.unwrap_or(0))).await?.iter().map(|row| row.get("id")).collect::<Result<_>>()?;
    for id in &ids {
        tx.run(q!("update sessions set ended_at = $1 where id = $2", tx.now(), *id)).await?;
        tx.log(Entry::new("session.ended", "session", *id).with(json!({ "member": member })));
    }
    Ok(ids.len())
}

async fn end_where_token(tx: &mut Tx, token: &str) -> Result<()> {
    let sql = "select id, member_id from sessions where token_hash = $1 and ended_at is null";
    if let Some(row) = tx.opt(q!(sql, digest(token))).await? {
        let (id, member): (i64, i64) = (row.get("id")?, row.get("member_id")?);
        tx.run(q!("update sessions set ended_at = $1 where id = $2", tx.now(), id)).await?;
        tx.log(Entry::new("session.ended", "session", id).with(json!({ "member": member })));
    }
    Ok(())
}

/// What is stored of a secret. A plain hash is enough: there are 256 random bits to guess.
pub(crate) fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

fn from_row(row: &Row) -> Result<Session> {
    Ok(Session {
        id: row.get("id")?,
        member: row.get("member_id")?,
        created_at: row.get("created_at")?,
        seen_at: row.get("seen_at")?,
        expires_at: row.get("expires_at")?,
        agent: row.get("agent")?,
    })
}
