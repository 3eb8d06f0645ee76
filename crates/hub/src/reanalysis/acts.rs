//! What people do with a re-analysis.

use dandelion_post::Micros;
use serde_json::json;

use super::{Reanalysis, State, find};
use crate::{
    Error, Hub, Result, Tx,
    intake::stored,
    log::{Actor, Entry},
    scope::{Role, Viewer},
    store::q,
};

/// Begins to judge a unit's stored posts anew; one of the same unit that is under way is abandoned. Leads may.
pub async fn start(hub: &Hub, viewer: &Viewer, unit: i64, since: Option<Micros>) -> Result<Reanalysis> {
    viewer.need(Role::Lead, unit, "have this unit's posts judged anew")?;
    hub.engine().await?.org.unit(unit).ok_or(Error::not_found("unit", unit))?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let under_way = q!("select id from reanalyses where unit_id = $1 and ended_at is null", unit);
    if let Some(row) = tx.opt(under_way).await? {
        end(&mut tx, row.get("id")?, unit, State::Abandoned, "it was begun anew").await?;
    }
    let (first, upto) = stored::reach(&mut tx, since).await?;
    let (id, now, by) = (tx.id("reanalyses").await?, tx.now(), Some(viewer.member).filter(|id| *id > 0));
    let sql = "insert into reanalyses (id, unit_id, state, since, upto, first, cursor, looked, changed, kept, started_by, started_at, changed_at)
        values ($1, $2, 'running', $3, $4, $5, $5, 0, 0, 0, $6, $7, $7)";
    tx.run(q!(sql, id, unit, since, upto, first, by, now)).await?;
    tx.log(Entry::new("reanalysis.started", "reanalysis", id).unit(unit).with(json!({ "upto": upto })));
    tx.commit().await?;
    find(hub, viewer, id).await
}

/// Lets it rest; what it has judged stays judged.
pub async fn pause(hub: &Hub, viewer: &Viewer, id: i64) -> Result<()> {
    let at = allowed(hub, viewer, id, "pause").await?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let now = tx.now();
    let sql = "update reanalyses set paused_at = $1, changed_at = $1 where id = $2 and paused_at is null and state = 'running'";
    if tx.run(q!(sql, now, id)).await? == 0 {
        return Err(Error::Conflict("It does not run just now, so there is nothing to pause".into()));
    }
    tx.log(Entry::new("reanalysis.paused", "reanalysis", id).unit(at.unit));
    tx.commit().await
}

/// Goes on where it was paused.
pub async fn resume(hub: &Hub, viewer: &Viewer, id: i64) -> Result<()> {
    let at = allowed(hub, viewer, id, "resume").await?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let now = tx.now();
    let sql = "update reanalyses set paused_at = null, changed_at = $1 where id = $2 and paused_at is not null and ended_at is null";
    if tx.run(q!(sql, now, id)).await? == 0 {
        return Err(Error::Conflict("It is not paused".into()));
    }
    tx.log(Entry::new("reanalysis.resumed", "reanalysis", id).unit(at.unit));
    tx.commit().await
}

/// Ends it before its end.
pub async fn abandon(hub: &Hub, viewer: &Viewer, id: i64) -> Result<()> {
    let at = allowed(hub, viewer, id, "abandon").await?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    end(&mut tx, id, at.unit, State::Abandoned, "somebody abandoned it").await?;
    tx.commit().await
}

async fn allowed(hub: &Hub, viewer: &Viewer, id: i64, to: &str) -> Result<Reanalysis> {
    let at = find(hub, viewer, id).await?;
    viewer.need(Role::Lead, at.unit, &format!("{to} what judges this unit's posts anew"))?;
    Ok(at)
}

/// Ends one; refuses where it has ended already.
pub(super) async fn end(tx: &mut Tx, id: i64, unit: i64, state: State, why: &'static str) -> Result<()> {
    let now = tx.now();
    let sql = "update reanalyses set state = $1, ended_at = $2, changed_at = $2, paused_at = null, error = null
        where id = $3 and ended_at is null";
    if tx.run(q!(sql, state.as_str(), now, id)).await? == 0 {
        return Err(Error::Conflict("This re-analysis has ended already".into()));
    }
    let kind = if state == State::Done { "reanalysis.done" } else { "reanalysis.abandoned" };
    tx.log(Entry::new(kind, "reanalysis", id).unit(unit).with(json!({ "why": why })));
    Ok(())
}
