use dandelion_post::Micros;

use super::{Action, Reply, State, queries};
use crate::{
    Error, Hub, Result, Tx,
    case::tell_of,
    log::Actor,
    scope::{Role, Viewer},
    store::q,
};

const DAY: Micros = 24 * 3_600_000_000;
/// A submission nobody decided on for so long is no longer worth sending as it is.
pub const SUBMITTED_FOR: Micros = 7 * DAY;
/// An approval is for words said now, not next month.
pub const APPROVED_FOR: Micros = 3 * DAY;

/// Asks for approval. Whoever is asked is told of the case: nobody can agree to an answer without having read the
/// question.
pub async fn submit(hub: &Hub, viewer: &Viewer, id: i64, version: i64) -> Result<Reply> {
    let engine = hub.engine().await?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let mut reply = queries::for_change(&mut tx, viewer, id).await?;
    reply.need_agent(viewer, "submit this reply")?;
    reply.need_version(version)?;
    let Some(unit) = required(&mut tx, &reply).await? else {
        return Err(Error::Conflict("Nobody has to approve replies of this unit. Send it".into()));
    };
    if reply.state == State::Approved && reply.approval_unit_id == Some(unit) {
        return Err(Error::Conflict("This wording is approved already. Send it".into()));
    }
    reply.step(&mut tx, Action::Submit, "").await?;
    tx.run(q!("update replies set approval_unit_id = $2 where id = $1", id, unit)).await?;
    reply.approval_unit_id = Some(unit);
    // A unit above sees the case anyhow.
    if !engine.org.line_of(reply.unit_id).iter().any(|above| above.id == unit) {
        tell_of(&mut tx, reply.case_id, unit, "asked to approve a reply").await?;
    }
    tx.commit().await?;
    Ok(reply)
}

/// Agrees to exactly the wording `version`.
pub async fn approve(hub: &Hub, viewer: &Viewer, id: i64, version: i64, note: &str) -> Result<Reply> {
    decide(hub, viewer, id, version, Action::Approve, note).await
}

/// Sends it back to its author, with what should be different.
pub async fn request_changes(hub: &Hub, viewer: &Viewer, id: i64, version: i64, why: &str) -> Result<Reply> {
    need_words(why, "what should be different")?;
    decide(hub, viewer, id, version, Action::RequestChanges, why).await
}

/// Refuses it for good; another answer needs another draft.
pub async fn reject(hub: &Hub, viewer: &Viewer, id: i64, version: i64, why: &str) -> Result<Reply> {
    need_words(why, "why it must not be sent")?;
    decide(hub, viewer, id, version, Action::Reject, why).await
}

/// The unit whose approvers must agree before this reply is sent: that of the unit owning the case, or of its nearest
/// ancestor that names one; where none does, the one the handle names (`approval`, a unit's key, in its configuration).
pub async fn required(tx: &mut Tx, reply: &Reply) -> Result<Option<i64>> {
    let (mut at, mut steps) = (Some(reply.unit_id), 0);
    while let Some(unit) = at.filter(|_| steps < 64) {
        let row = tx.one(q!("select parent_id, approval_unit_id from units where id = $1", unit)).await?;
        if let Some(approval) = row.get("approval_unit_id")? {
            return Ok(Some(approval));
        }
        (at, steps) = (row.get("parent_id")?, steps + 1);
    }
    let Some(key) = reply.config.approval.as_deref() else { return Ok(None) };
    let row = tx.opt(q!("select id from units where key = $1 and archived_at is null", key)).await?;
    let row = row.ok_or_else(|| {
        let words = format!("the handle {} wants the approval of a unit that does not exist", reply.handle);
        Error::invalid("approval", words, key)
    })?;
    Ok(Some(row.get("id")?))
}

/// Lets submissions and approvals lapse that have waited too long. Returns how many.
pub async fn expire(hub: &Hub) -> Result<i64> {
    let now = hub.now();
    let due = "select id from replies where (state = 'submitted' and changed_at <= $1) or (state = 'approved' and changed_at <= $2)";
    let rows = hub.db.all(q!(due, now - SUBMITTED_FOR, now - APPROVED_FOR)).await?;
    for row in &rows {
        let mut tx = hub.begin(Actor::System("clock")).await?;
        let mut reply = queries::locked(&mut tx, row.get("id")?).await?;
        let reason = match reply.state {
            State::Submitted if reply.changed_at <= now - SUBMITTED_FOR => "nobody decided in time",
            State::Approved if reply.changed_at <= now - APPROVED_FOR => "it was approved but not sent in time",
            _ => continue, // somebody was quicker
        };
        reply.step(&mut tx, Action::Expire, reason).await?;
        tx.commit().await?;
    }
    Ok(rows.len() as i64)
}

/// An error in words unless this very wording may be sent under the approval demanded now.
pub(super) async fn need_approved(tx: &mut Tx, reply: &Reply) -> Result<()> {
    let Some(unit) = required(tx, reply).await? else { return Ok(()) };
    let name: String = tx.one(q!("select name from units where id = $1", unit)).await?.get("name")?;
    let sql = "select 1 as one from reply_steps where reply_id = $1 and version = $2 and state = 'approved'";
    let approved = tx.opt(q!(sql, reply.id, reply.version)).await?.is_some();
    if approved && reply.approval_unit_id == Some(unit) {
        return Ok(());
    }
    let words = if approved {
        format!(
            "The case has moved since this was approved, and its replies now need the approval of {name}. Submit it to them"
        )
    } else {
        format!("Replies of this unit need the approval of {name}. Submit it first")
    };
    Err(Error::Conflict(words))
}

async fn decide(hub: &Hub, viewer: &Viewer, id: i64, version: i64, action: Action, note: &str) -> Result<Reply> {
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let mut reply = queries::for_change(&mut tx, viewer, id).await?;
    if let Some(unit) = reply.approval_unit_id {
        viewer.need(Role::Approver, unit, "decide on this reply")?;
    }
    reply.need_version(version)?;
    let sql = "select 1 as one from reply_steps where reply_id = $1 and state = 'draft' and by_id = $2";
    let wrote = tx.opt(q!(sql, id, viewer.member)).await?.is_some();
    if wrote && reply.state == State::Submitted {
        return Err(Error::Forbidden("You wrote this reply or a part of it. Somebody else has to decide on it".into()));
    }
    reply.step(&mut tx, action, note.trim()).await?;
    tx.commit().await?;
    Ok(reply)
}

fn need_words(why: &str, which: &str) -> Result<()> {
    if why.trim().is_empty() {
        return Err(Error::invalid("why", format!("say {which}, so that the author can go on"), ""));
    }
    Ok(())
}
