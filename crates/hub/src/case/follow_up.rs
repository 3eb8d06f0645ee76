//! What a further post does to its case, and what our own answer does. Silence does nothing (law 9), and no account of
//! ours is ever taken for the customer (law 10).

use dandelion_post::Micros;
use serde_json::json;

use super::{
    State,
    held::{Held, hold_living},
    reopen::{confirm, reopen},
    target,
};
use crate::{
    Result, Tx,
    log::Entry,
    store::q,
    unit::{Org, Promise},
};

/// A post that arrived in a thread of a case.
#[derive(Debug, Clone)]
pub struct FollowUp {
    /// The post.
    pub post_id: i64,
    /// Who wrote it, where known.
    pub author_id: Option<i64>,
    /// Whether it is from an account of ours.
    pub ours: bool,
    /// When it was posted.
    pub at: Micros,
    /// What its words say of the matter, if anything.
    pub verdict: Option<Verdict>,
}

/// Whether somebody says that it is fixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Fixed, or still not.
    pub fixed: bool,
    /// The words that say so.
    pub words: String,
}

/// A further post arrived in a case's thread.
///
/// - An account of ours: it answered whatever was asked before it.
/// - The author whose matter it is, saying that it is fixed: confirms a resolution; on an open case that we have
///   answered, the post is kept as evidence for resolving it. Thanks from others confirm nothing.
/// - Anything else from anybody else: somebody waits for us. A resolved case is reopened and the claim to have
///   resolved it voided; a snoozed one wakes.
///
/// Posts older than our newest answer are history: they came late, and change nothing but the conversation.
pub async fn follow_up(tx: &mut Tx, org: &Org, case_id: i64, up: &FollowUp) -> Result<()> {
    let mut case = hold_living(tx, case_id).await?;
    let at = up.at.min(tx.now()); // a network's clock may run ahead of ours
    if up.ours {
        return answered(tx, org, &case, at, json!({ "post": up.post_id })).await;
    }
    let newest_before = case.last_post_at;
    tx.run(q!("update cases set last_post_at = $1 where id = $2 and last_post_at < $1", up.at, case.id)).await?;
    let theirs = up.author_id.is_some() && up.author_id == case.author;
    let fixed = up.verdict.as_ref().map(|verdict| verdict.fixed);
    let history = case.answered_at.is_some_and(|answered| at <= answered)
        || (case.state == State::Resolved && at <= newest_before);
    if history {
        told(tx, &case, up, "history");
        return Ok(());
    }
    match (theirs, fixed) {
        (true, Some(true)) => relieved(tx, org, &case, up, at).await,
        (false, Some(true)) => {
            told(tx, &case, up, "thanks of others");
            Ok(())
        }
        _ => asked(tx, org, &mut case, up, at, theirs).await,
    }
}

/// Our reply was confirmed sent by its network at `at`: nobody waits for what was asked before it.
pub async fn replied(tx: &mut Tx, org: &Org, case_id: i64, reply_id: i64, at: Micros) -> Result<()> {
    let case = hold_living(tx, case_id).await?;
    answered(tx, org, &case, at, json!({ "reply": reply_id })).await
}

async fn answered(tx: &mut Tx, org: &Org, case: &Held, at: Micros, by: serde_json::Value) -> Result<()> {
    if case.answered_at.is_some_and(|before| before >= at) {
        // Our own reply coming back through a source, or an older one settled late: the answer is known already.
        let sql = "update cases set first_reply_at = $1 where id = $2 and first_reply_at > $1";
        tx.run(q!(sql, at, case.id)).await?;
        tx.log(Entry::new("case.followed", "case", case.id).unit(case.unit).with(by));
        return Ok(());
    }
    let sql = "select count(*) as asks, min(p.created_at) as since from case_threads ct join posts p on p.thread_id = ct.thread_id
        where ct.case_id = $1 and not p.ours and p.deleted_at is null and p.created_at > $2";
    let row = tx.one(q!(sql, case.id, at)).await?;
    let (asks, since): (i64, Option<Micros>) = (row.get("asks")?, row.get("since")?);
    let asked_at = if asks > 0 && case.asked_at.is_some() { since } else { None };
    let asks = if asked_at.is_some() { asks } else { 0 };
    let state = if case.state == State::Open && asked_at.is_none() { State::Waiting } else { case.state };
    let sql = "update cases set state = $1, asked_at = $2, asks = $3, answered_at = $4, version = version + 1,
        first_reply_at = coalesce(first_reply_at, $4), accepted_at = coalesce(accepted_at, $4),
        last_post_at = case when last_post_at < $4 then $4 else last_post_at end where id = $5";
    tx.run(q!(sql, state.as_str(), asked_at, asks, at, case.id)).await?;
    target::meet(tx, case.id, &[Promise::FirstResponse, Promise::NextResponse], at).await?;
    if let Some(since) = asked_at {
        target::start(tx, org, case.id, case.unit, Promise::NextResponse, since).await?;
    }
    target::sync(tx, case.id).await?;
    tx.log(Entry::new("case.answered", "case", case.id).unit(case.unit).with(by));
    Ok(())
}

/// The author says that it is fixed.
async fn relieved(tx: &mut Tx, org: &Org, case: &Held, up: &FollowUp, at: Micros) -> Result<()> {
    if case.state == State::Resolved {
        if !confirm(tx, case, up.post_id, at).await? {
            told(tx, case, up, "thanks");
        }
        return Ok(());
    }
    if case.answered_at.is_none() {
        // Nothing of ours can have fixed it. It is worth reading, but whoever waits still waits.
        return asked(tx, org, &mut case.clone(), up, at, true).await;
    }
    wake(tx, case, "the customer wrote").await?;
    let sql = "update cases set state = 'open', asked_at = null, asks = 0, evidence_post_id = $1, snoozed_until = null,
        version = version + 1 where id = $2";
    tx.run(q!(sql, up.post_id, case.id)).await?;
    target::cancel(tx, case.id, &[Promise::NextResponse]).await?;
    target::sync(tx, case.id).await?;
    let body = json!({ "post": up.post_id });
    tx.log(Entry::new("case.evidence-offered", "case", case.id).unit(case.unit).with(body));
    Ok(())
}

/// Somebody wants something of us.
async fn asked(tx: &mut Tx, org: &Org, case: &mut Held, up: &FollowUp, at: Micros, theirs: bool) -> Result<()> {
    if case.state == State::Resolved {
        let still = up.verdict.as_ref().is_some_and(|verdict| !verdict.fixed);
        let why = match (theirs, still) {
            (true, true) => "The customer says that it is not fixed",
            (true, false) => "The customer wrote again",
            (false, true) => "Somebody else in the thread says that it is not fixed",
            (false, false) => "Somebody else wrote in the thread",
        };
        reopen(tx, org, case, why, theirs).await?;
    } else {
        wake(tx, case, "the customer wrote").await?;
    }
    let since = case.asked_at.map_or(at, |since| since.min(at));
    let sql = "update cases set state = 'open', asked_at = $1, asks = asks + 1, snoozed_until = null,
        evidence_post_id = case when $2 then null else evidence_post_id end, version = version + 1 where id = $3";
    tx.run(q!(sql, since, theirs, case.id)).await?;
    let kind = if case.first_reply_at.is_none() { Promise::FirstResponse } else { Promise::NextResponse };
    target::start(tx, org, case.id, case.unit, kind, at).await?;
    target::sync(tx, case.id).await?;
    let body = json!({ "post": up.post_id, "asks": case.asks + 1 });
    tx.log(Entry::new("case.asked", "case", case.id).unit(case.unit).with(body));
    Ok(())
}

/// Ends a snooze, if there is one; the caller sets the state.
pub(super) async fn wake(tx: &mut Tx, case: &Held, why: &str) -> Result<()> {
    let now = tx.now();
    let sql = "update snoozes set ended_at = $1, ended_why = $2 where case_id = $3 and ended_at is null";
    if tx.run(q!(sql, now, why, case.id)).await? > 0 {
        tx.log(Entry::new("case.woken", "case", case.id).unit(case.unit).with(json!({ "why": why })));
    }
    Ok(())
}

/// The conversation grew; nothing else follows from it.
fn told(tx: &mut Tx, case: &Held, up: &FollowUp, what: &str) {
    let body = json!({ "post": up.post_id, "as": what });
    tx.log(Entry::new("case.followed", "case", case.id).unit(case.unit).with(body));
}
