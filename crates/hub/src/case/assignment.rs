//! Who works on a case: at most one person.

use serde_json::json;

use super::held::{Held, hold_for};
use crate::{
    Error, Hub, Result, Tx,
    log::{Actor, Entry},
    member,
    scope::{Role, Viewer},
    store::q,
};

/// The viewer takes a case that nobody works on. Taking one's own again does nothing.
pub async fn take(hub: &Hub, viewer: &Viewer, id: i64) -> Result<()> {
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let case = hold_for(&mut tx, viewer, id).await?;
    viewer.need(Role::Agent, case.unit, "take this case")?;
    case.not_resolved("take it")?;
    match case.assignee {
        Some(own) if own == viewer.member => return Ok(()),
        Some(other) => return Err(taken(&mut tx, id, other).await?),
        None => {}
    }
    put(&mut tx, &case, Some(viewer.member)).await?;
    tx.commit().await
}

/// Gives a case to somebody who may work on it. Agents may give themselves what nobody has; a lead may give anything
/// to anybody.
pub async fn assign(hub: &Hub, viewer: &Viewer, id: i64, to: i64, seen: Option<i64>) -> Result<()> {
    let theirs = member::viewer(hub, to).await?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let case = hold_for(&mut tx, viewer, id).await?;
    let free_to_self = to == viewer.member && case.assignee.is_none();
    let role = if free_to_self { Role::Agent } else { Role::Lead };
    viewer.need(role, case.unit, "assign this case")?;
    case.not_resolved("assign it")?;
    case.unchanged_since(seen)?;
    if !theirs.may(Role::Agent, case.unit) {
        let reason =
            "this person does not work in the unit that owns the case. Choose somebody of it, or pass the case on";
        return Err(Error::invalid("assignee", reason, &theirs.name));
    }
    if case.assignee == Some(to) {
        return Ok(());
    }
    put(&mut tx, &case, Some(to)).await?;
    tx.commit().await
}

/// Nobody works on it any more. One's own, or any for a lead.
pub async fn release(hub: &Hub, viewer: &Viewer, id: i64, seen: Option<i64>) -> Result<()> {
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let case = hold_for(&mut tx, viewer, id).await?;
    let Some(assignee) = case.assignee else { return Ok(()) };
    let role = if assignee == viewer.member { Role::Agent } else { Role::Lead };
    viewer.need(role, case.unit, "release this case")?;
    case.not_resolved("release it")?;
    case.unchanged_since(seen)?;
    put(&mut tx, &case, None).await?;
    tx.commit().await
}

/// Changes who works on it, with its record and event.
pub(super) async fn put(tx: &mut Tx, case: &Held, to: Option<i64>) -> Result<()> {
    let (id, now, by) = (tx.id("assignments").await?, tx.now(), tx.actor().member());
    let sql = "insert into assignments (id, case_id, member_id, by_id, at) values ($1, $2, $3, $4, $5)";
    tx.run(q!(sql, id, case.id, to, by, now)).await?;
    let sql = "update cases set assignee_id = $1, version = version + 1,
        accepted_at = case when $1 is null then accepted_at else coalesce(accepted_at, $2) end where id = $3";
    tx.run(q!(sql, to, now, case.id)).await?;
    let body = json!({ "assignment": id, "from": case.assignee, "to": to });
    tx.log(Entry::new("case.assigned", "case", case.id).unit(case.unit).with(body));
    Ok(())
}

async fn taken(tx: &mut Tx, case: i64, by: i64) -> Result<Error> {
    let row = tx.one(q!("select name from members where id = $1", by)).await?;
    let name: String = row.get("name")?;
    Ok(Error::Conflict(format!("{name} works on case {case} already. Ask them, or a lead, to give it to you")))
}
