//! Two threads turn out to be one conversation, and so their cases become one.

use serde_json::json;

use super::{
    State,
    follow_up::wake,
    held::{Held, hold},
    pack, target, unpack,
};
use crate::{
    Error, Result, Tx,
    log::Entry,
    outcome::{self, Kind},
    store::{Q, q},
};

/// What points at a case and simply moves. Watches, marks and the handoff on offer are unique and move by themselves.
const FOLLOWS: &[&str] =
    &["case_threads", "mentions", "assignments", "notes", "snoozes", "targets", "replies", "resolutions", "outcomes"];

/// Makes `gone` part of `keep`: everything that belonged to it moves, its address leads to the other. The kept case
/// stays with its unit (law 4); the other unit goes on seeing it as a watcher.
pub async fn merge(tx: &mut Tx, keep: i64, gone: i64) -> Result<()> {
    if keep == gone {
        return Err(Error::Damaged(format!("case {keep} was about to be merged into itself")));
    }
    let (kept, other) = (hold(tx, keep).await?, hold(tx, gone).await?);
    if let Some(into) = kept.merged_into.or(other.merged_into) {
        return Err(Error::Conflict(format!("One of the cases {keep} and {gone} is part of case {into} already")));
    }
    let now = tx.now();
    let state = joined_state(kept.state, other.state);
    settle(tx, &kept, &other, state).await?;
    offers(tx, keep, gone).await?;
    for table in FOLLOWS {
        tx.run(Q::of(format!("update {table} set case_id = $1 where case_id = $2")).bind(keep).bind(gone)).await?;
    }
    unique(tx, "watches", "unit_id", keep, gone).await?;
    unique(tx, "seen_marks", "member_id", keep, gone).await?;
    if other.unit != kept.unit {
        let sql = "insert into watches (case_id, unit_id, reason, at) values ($1, $2, $3, $4) on conflict do nothing";
        tx.run(q!(sql, keep, other.unit, format!("case {gone} of this unit became part of it"), now)).await?;
    }
    tx.run(q!("update cases set merged_into = $1 where merged_into = $2", keep, gone)).await?;
    sum_up(tx, keep, gone).await?;
    let sql = "update cases set state = 'merged', merged_into = $1, assignee_id = null, asked_at = null, asks = 0,
        due_at = null, due_kind = null, snoozed_until = null, closed_at = null, resolution = null, confirmed_at = null,
        version = version + 1 where id = $2";
    tx.run(q!(sql, keep, gone)).await?;
    once_each(tx, keep).await?;
    target::sync(tx, keep).await?;
    let (was, into) = (other.state.as_str(), kept.state.as_str());
    tx.log(Entry::new("case.merged", "case", gone).unit(other.unit).with(json!({ "into": keep, "was": was })));
    tx.log(Entry::new("case.joined", "case", keep).unit(kept.unit).with(json!({ "with": gone, "was": into })));
    Ok(())
}

/// Where the whole stands: whatever waits for us most. A closed half never closes an open one.
fn joined_state(kept: State, other: State) -> State {
    match (kept, other) {
        // Of a closed and a snoozed half, somebody decides anew until when.
        (State::Open, _) | (_, State::Open) | (State::Resolved, State::Snoozed) => State::Open,
        (State::Resolved, other) => other,
        (kept, _) => kept,
    }
}

/// Ends what no longer fits where the whole stands: closings of a half, and snoozes.
async fn settle(tx: &mut Tx, kept: &Held, other: &Held, state: State) -> Result<()> {
    let now = tx.now();
    let why = format!("Joined with case {}", if state == State::Resolved { kept.id } else { other.id });
    for half in [kept, other].into_iter().filter(|half| half.state == State::Resolved) {
        if state == State::Resolved && half.id == kept.id {
            continue;
        }
        let sql =
            "update resolutions set reopened_at = $1, reopened_why = $2 where case_id = $3 and reopened_at is null";
        tx.run(q!(sql, now, &why, half.id)).await?;
        outcome::void(tx, half.id, &[Kind::Resolved], &why).await?;
    }
    if state != State::Snoozed {
        wake(tx, kept, &why).await?;
    }
    wake(tx, other, &why).await?;
    let closed = state == State::Resolved;
    let sql = "update cases set state = $1, closed_at = case when $2 then closed_at end, resolution = case when $2 then resolution end,
        confirmed_at = case when $2 then confirmed_at end, snoozed_until = case when $1 = 'snoozed' then snoozed_until end
        where id = $3";
    tx.run(q!(sql, state.as_str(), closed, kept.id)).await.map(drop)
}

/// At most one handoff of a case is on offer: the kept case's stays, the other's goes with its case or is withdrawn.
async fn offers(tx: &mut Tx, keep: i64, gone: i64) -> Result<()> {
    let now = tx.now();
    let sql = "update handoffs set state = 'withdrawn', decided_at = $1, decision = $2 where case_id = $3 and state = 'offered'";
    let why = format!("Its case became part of case {keep}");
    if tx.run(q!(sql, now, why, gone)).await? > 0 {
        tx.log(Entry::new("handoff.withdrawn", "case", gone).with(json!({ "why": "merged" })));
    }
    let sql = "update targets set cancelled_at = $1 where case_id = $2 and kind = 'acceptance' and met_at is null and cancelled_at is null";
    tx.run(q!(sql, now, gone)).await?;
    tx.run(q!("update handoffs set case_id = $1 where case_id = $2", keep, gone)).await.map(drop)
}

/// Moves rows that may stand once a case and `column`; where both have one, the kept case's stays.
async fn unique(tx: &mut Tx, table: &'static str, column: &'static str, keep: i64, gone: i64) -> Result<()> {
    let sql = format!(
        "delete from {table} where case_id = $2 and {column} in (select k.{column} from {table} k where k.case_id = $1)"
    );
    tx.run(Q::of(sql).bind(keep).bind(gone)).await?;
    tx.run(Q::of(format!("update {table} set case_id = $1 where case_id = $2")).bind(keep).bind(gone)).await.map(drop)
}

/// What both cases knew, in the kept one. If either still waits for us, so does the whole.
async fn sum_up(tx: &mut Tx, keep: i64, gone: i64) -> Result<()> {
    let sql = "select id, state, intents, risks, products, topics, urgency, influence, opened_at, last_post_at, asked_at, asks,
          first_reply_at, answered_at, accepted_at, assignee_id, evidence_post_id
        from cases where id in ($1, $2) order by case when id = $1 then 0 else 1 end";
    let rows = tx.all(q!(sql, keep, gone)).await?;
    let [kept, other] = &rows[..] else { return Err(Error::Damaged("a case to merge is missing".into())) };
    let both = |column: &'static str| -> Result<String> {
        let (a, b): (String, String) = (kept.get(column)?, other.get(column)?);
        Ok(pack(unpack(&a).iter().chain(&unpack(&b)).map(String::as_str)))
    };
    let pair =
        |column: &'static str| -> Result<(Option<i64>, Option<i64>)> { Ok((kept.get(column)?, other.get(column)?)) };
    let first = |column: &'static str| -> Result<Option<i64>> {
        let (a, b) = pair(column)?;
        Ok(a.into_iter().chain(b).min())
    };
    let last = |column: &'static str| -> Result<Option<i64>> {
        let (a, b) = pair(column)?;
        Ok(a.into_iter().chain(b).max())
    };
    let asks: i64 = kept.get::<i64, _>("asks")? + other.get::<i64, _>("asks")?;
    let sql = "update cases set intents = $1, risks = $2, products = $3, topics = $4, urgency = $5, influence = $6, opened_at = $7,
        last_post_at = $8, asked_at = $9, asks = $10, first_reply_at = $11, answered_at = $12, accepted_at = $13,
        version = version + 1 where id = $14";
    tx.run(q!(
        sql,
        both("intents")?,
        both("risks")?,
        both("products")?,
        both("topics")?,
        last("urgency")?,
        last("influence")?,
        first("opened_at")?,
        last("last_post_at")?,
        first("asked_at")?,
        asks,
        first("first_reply_at")?,
        last("answered_at")?,
        first("accepted_at")?,
        keep
    ))
    .await
    .map(drop)
}

/// Of promises of one kind that are now open twice, the earlier one counts.
async fn once_each(tx: &mut Tx, keep: i64) -> Result<()> {
    let now = tx.now();
    let sql = "update targets set cancelled_at = $1 where case_id = $2 and met_at is null and cancelled_at is null and exists (
        select 1 from targets e where e.case_id = $2 and e.kind = targets.kind and e.met_at is null and e.cancelled_at is null
          and (e.due_at < targets.due_at or (e.due_at = targets.due_at and e.id < targets.id)))";
    tx.run(q!(sql, now, keep)).await.map(drop)
}
