//! Putting a case aside until a moment. It comes back by itself then, or at once when somebody writes.

use dandelion_post::Micros;
use serde_json::json;

use super::{
    State,
    follow_up::wake as end,
    held::{Held, hold_for},
};
use crate::{
    Error, Hub, Result, Tx,
    log::{Actor, Entry},
    scope::{Role, Viewer},
    store::q,
};

/// Nothing is put aside for longer than a year.
const LONGEST: Micros = 366 * 86_400_000_000;

/// Puts a case aside until a moment in the future, at most a year away.
pub async fn snooze(hub: &Hub, viewer: &Viewer, id: i64, until: Micros, seen: Option<i64>) -> Result<()> {
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let case = hold_for(&mut tx, viewer, id).await?;
    viewer.need(Role::Agent, case.unit, "put this case aside")?;
    case.not_resolved("put it aside")?;
    case.unchanged_since(seen)?;
    let now = tx.now();
    if until <= now || until > now + LONGEST {
        let reason = "choose a moment in the future, at most a year away";
        return Err(Error::invalid("until", reason, &dandelion_post::rfc3339(until)));
    }
    end(&mut tx, &case, "put aside anew").await?;
    let snooze = tx.id("snoozes").await?;
    let sql = "insert into snoozes (id, case_id, member_id, until, at) values ($1, $2, $3, $4, $5)";
    tx.run(q!(sql, snooze, id, viewer.member, until, now)).await?;
    let sql = "update cases set state = 'snoozed', snoozed_until = $1, version = version + 1 where id = $2";
    tx.run(q!(sql, until, id)).await?;
    let was = if case.state == State::Snoozed { State::Open } else { case.state };
    let body = json!({ "snooze": snooze, "until": until, "was": was.as_str() });
    tx.log(Entry::new("case.snoozed", "case", id).unit(case.unit).with(body));
    tx.commit().await
}

/// Brings a case back before its time.
pub async fn wake(hub: &Hub, viewer: &Viewer, id: i64) -> Result<()> {
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let case = hold_for(&mut tx, viewer, id).await?;
    viewer.need(Role::Agent, case.unit, "bring this case back")?;
    if case.state != State::Snoozed {
        return Err(Error::Conflict(format!("Case {id} is not put aside (any more)")));
    }
    back(&mut tx, &case, State::Open, "brought back").await?;
    tx.commit().await
}

/// Ends the snooze and stands the case in `state`.
pub(super) async fn back(tx: &mut Tx, case: &Held, state: State, why: &str) -> Result<()> {
    end(tx, case, why).await?;
    let sql = "update cases set state = $1, snoozed_until = null, version = version + 1 where id = $2";
    tx.run(q!(sql, state.as_str(), case.id)).await.map(drop)
}
