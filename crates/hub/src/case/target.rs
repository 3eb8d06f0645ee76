//! Promises of time: when they start, when they are kept, and what `due_at` of the case says.

use dandelion_post::Micros;

use super::held::Held;
use crate::{
    Result, Tx,
    log::Entry,
    store::q,
    unit::{Org, Promise},
};

/// Starts a promise of the case's unit, unless one of that kind is open already. Where the unit promises nothing,
/// nothing starts.
pub(super) async fn start(tx: &mut Tx, org: &Org, case: i64, unit: i64, kind: Promise, at: Micros) -> Result<()> {
    let Some(due) = org.due(unit, kind, at) else { return Ok(()) };
    let sql = "select 1 as x from targets where case_id = $1 and kind = $2 and met_at is null and cancelled_at is null";
    if tx.opt(q!(sql, case, kind.as_str())).await?.is_some() {
        return Ok(());
    }
    let id = tx.id("targets").await?;
    let sql = "insert into targets (id, case_id, unit_id, kind, started_at, due_at) values ($1, $2, $3, $4, $5, $6)";
    tx.run(q!(sql, id, case, unit, kind.as_str(), at, due)).await.map(drop)
}

/// Keeps the open promises of these kinds, at that moment.
pub(super) async fn meet(tx: &mut Tx, case: i64, kinds: &[Promise], at: Micros) -> Result<()> {
    for kind in kinds {
        let sql = "update targets set met_at = $1 where case_id = $2 and kind = $3 and met_at is null and cancelled_at is null";
        tx.run(q!(sql, at, case, kind.as_str())).await?;
    }
    Ok(())
}

/// The open promises of these kinds no longer count.
pub(super) async fn cancel(tx: &mut Tx, case: i64, kinds: &[Promise]) -> Result<()> {
    let now = tx.now();
    for kind in kinds {
        let sql = "update targets set cancelled_at = $1 where case_id = $2 and kind = $3 and met_at is null and cancelled_at is null";
        tx.run(q!(sql, now, case, kind.as_str())).await?;
    }
    Ok(())
}

/// What the case's unit owes from `at` on: the first response, or the next one while the customer waits, and a
/// resolution.
pub(super) async fn start_all(tx: &mut Tx, org: &Org, case: &Held, unit: i64, at: Micros) -> Result<()> {
    if case.first_reply_at.is_none() {
        start(tx, org, case.id, unit, Promise::FirstResponse, at).await?;
    } else if case.asked_at.is_some() {
        start(tx, org, case.id, unit, Promise::NextResponse, at).await?;
    }
    start(tx, org, case.id, unit, Promise::Resolution, at).await
}

/// Keeps `due_at` and `due_kind` of the case in step with its open promises: the earliest one. Every change of
/// targets ends here.
pub(super) async fn sync(tx: &mut Tx, case: i64) -> Result<()> {
    let sql = "select kind, due_at from targets where case_id = $1 and met_at is null and cancelled_at is null
        order by due_at, id limit 1";
    let (due, kind) = match tx.opt(q!(sql, case)).await? {
        Some(row) => (Some(row.get::<Micros, _>("due_at")?), Some(row.get::<String, _>("kind")?)),
        None => (None, None),
    };
    tx.run(q!("update cases set due_at = $1, due_kind = $2 where id = $3", due, kind, case)).await.map(drop)
}

/// Marks up to `limit` promises that are past due and not kept. Says how many it marked.
pub(super) async fn mark_missed(tx: &mut Tx, limit: i64) -> Result<usize> {
    let now = tx.now();
    let sql = "select id, case_id, unit_id, kind from targets
        where due_at <= $1 and missed_at is null and met_at is null and cancelled_at is null order by due_at, id limit $2";
    let rows = tx.all(q!(sql, now, limit)).await?;
    let ids = rows.iter().map(|row| row.get("id")).collect::<Result<Vec<i64>>>()?;
    tx.run_by_ids("update targets set missed_at = due_at where id", &ids).await?;
    for (row, id) in rows.iter().zip(ids) {
        let (case, unit): (i64, i64) = (row.get("case_id")?, row.get("unit_id")?);
        let kind: String = row.get("kind")?;
        tx.log(
            Entry::new("target.missed", "case", case)
                .unit(unit)
                .with(serde_json::json!({ "target": id, "kind": kind })),
        );
    }
    Ok(rows.len())
}
