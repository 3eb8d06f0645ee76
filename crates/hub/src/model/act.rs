//! What people do with a trained head: it takes over, it is retired, the change is rolled back.

use serde_json::json;

use super::{Model, State, find};
use crate::{
    Error, Hub, Result, Tx,
    log::{Actor, Entry},
    scope::{Role, Viewer},
    store::q,
};

/// Lets a shadow or a retired version take over. What was in use is retired, and remembered for a rollback. Leads of the
/// unit may.
pub async fn take_over(hub: &Hub, viewer: &Viewer, id: i64) -> Result<Model> {
    let model = allowed(hub, viewer, id, "let a head judge in").await?;
    let mut tx = begin(hub, viewer).await?;
    hold(&mut tx, &model).await?;
    let model = again(&mut tx, model).await?;
    match model.state {
        State::Shadow | State::Retired => {}
        State::InUse => return Err(Error::Conflict("This version is in use already".into())),
        State::Training => return Err(Error::Conflict("It is still being trained".into())),
        State::Failed => return Err(Error::Conflict("It could not be trained, so there is nothing to use".into())),
    }
    let before = end_present(&mut tx, &model, "another version took over").await?;
    put(&mut tx, &model, viewer, before, false).await?;
    tx.commit().await?;
    find(hub, viewer, id).await
}

/// Retires a version: it answers nothing any more. Where it was in use, what is part of the program judges again.
pub async fn retire(hub: &Hub, viewer: &Viewer, id: i64) -> Result<Model> {
    let model = allowed(hub, viewer, id, "retire a head of").await?;
    let mut tx = begin(hub, viewer).await?;
    hold(&mut tx, &model).await?;
    let model = again(&mut tx, model).await?;
    if !matches!(model.state, State::Shadow | State::InUse) {
        return Err(Error::Conflict("It does not answer just now, so there is nothing to retire".into()));
    }
    rest(&mut tx, &model, "somebody retired it").await?;
    tx.commit().await?;
    find(hub, viewer, id).await
}

/// Undoes the last take-over: this version is retired, and what it took over from judges again; that is the version
/// before it, or what is part of the program.
pub async fn rollback(hub: &Hub, viewer: &Viewer, id: i64) -> Result<Model> {
    let model = allowed(hub, viewer, id, "roll back a head of").await?;
    let mut tx = begin(hub, viewer).await?;
    hold(&mut tx, &model).await?;
    let model = again(&mut tx, model).await?;
    if model.state != State::InUse {
        return Err(Error::Conflict("Only the version in use can be rolled back; this one is not".into()));
    }
    rest(&mut tx, &model, "it was rolled back").await?;
    if let Some(before) = model.before {
        let row = tx.one(q!("select state, before_id from models where id = $1", before)).await?;
        if row.get::<String, _>("state")? == "retired" {
            let earlier = Model { id: before, ..model.clone() };
            let further: Option<i64> = row.get("before_id")?;
            put(&mut tx, &earlier, viewer, further, true).await?;
        }
    }
    tx.commit().await?;
    find(hub, viewer, id).await
}

async fn allowed(hub: &Hub, viewer: &Viewer, id: i64, to: &str) -> Result<Model> {
    let model = find(hub, viewer, id).await?;
    viewer.need(Role::Lead, model.unit, &format!("{to} this unit"))?;
    Ok(model)
}

async fn begin(hub: &Hub, viewer: &Viewer) -> Result<Tx> {
    hub.begin(Actor::Member(viewer.member)).await
}

/// Nobody else changes this question's versions until the transaction ends.
pub(super) async fn hold(tx: &mut Tx, model: &Model) -> Result<()> {
    let lock = if tx.is_postgres() { " for update" } else { "" };
    let sql = format!("select id from models where unit_id = $1 and question = $2 order by id{lock}");
    tx.all(crate::store::Q::of(sql).bind(model.unit).bind(&model.question)).await.map(drop)
}

/// The model as it stands now that nobody else changes it.
async fn again(tx: &mut Tx, model: Model) -> Result<Model> {
    let row = tx.one(q!("select state, before_id from models where id = $1", model.id)).await?;
    let state: String = row.get("state")?;
    let state = State::ALL.into_iter().find(|known| known.as_str() == state).unwrap_or(model.state);
    Ok(Model { state, before: row.get("before_id")?, ..model })
}

/// Retires whatever is in use for the model's question; says which.
async fn end_present(tx: &mut Tx, model: &Model, why: &'static str) -> Result<Option<i64>> {
    let sql = "select id from models where unit_id = $1 and question = $2 and state = 'in-use'";
    let Some(row) = tx.opt(q!(sql, model.unit, &model.question)).await? else { return Ok(None) };
    let present = Model { id: row.get("id")?, state: State::InUse, ..model.clone() };
    rest(tx, &present, why).await?;
    Ok(Some(present.id))
}

/// Retires one that answers.
pub(super) async fn rest(tx: &mut Tx, model: &Model, why: &'static str) -> Result<()> {
    let now = tx.now();
    tx.run(q!("update models set state = 'retired', retired_at = $1 where id = $2", now, model.id)).await?;
    let body = json!({ "question": model.question, "was": model.state.as_str(), "why": why });
    tx.log(Entry::new("model.retired", "model", model.id).unit(model.unit).with(body));
    Ok(())
}

async fn put(tx: &mut Tx, model: &Model, viewer: &Viewer, before: Option<i64>, back: bool) -> Result<()> {
    let (now, by) = (tx.now(), Some(viewer.member).filter(|id| *id > 0));
    let sql = "update models set state = 'in-use', used_at = $1, used_by = $2, retired_at = null, before_id = $3 where id = $4";
    // A version that comes back after itself would be rolled back to itself.
    let before = before.filter(|before| *before != model.id);
    tx.run(q!(sql, now, by, before, model.id)).await?;
    let kind = if back { "model.restored" } else { "model.used" };
    let body = json!({ "question": model.question, "before": before });
    tx.log(Entry::new(kind, "model", model.id).unit(model.unit).with(body));
    Ok(())
}
