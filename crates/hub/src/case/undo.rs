//! Taking back what one just did: by whoever did it or a lead, within ten minutes, and only while nothing newer
//! builds on it. Otherwise it says why not.

use dandelion_post::Micros;
use serde::Serialize;
use serde_json::json;

use super::{
    State, assignment, correction, handoff,
    held::{Held, hold_for},
    snooze, target,
};
use crate::{
    Error, Hub, Result, Tx,
    log::{self, Actor, Entry, Event},
    mark,
    outcome::{self, Kind},
    reply,
    scope::{Role, Viewer},
    store::q,
};

/// How long something can be taken back.
pub const WITHIN: Micros = 600_000_000;

/// What of the log can be undone.
const KINDS: &[&str] =
    &["case.assigned", "case.snoozed", "case.resolved", "note.added", "handoff.offered", "judgement.corrected"];

/// Something the viewer did to a case and may still take back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undoable {
    /// The event to pass to [`undo`](fn@undo).
    pub event: i64,
    /// What it was: `case.assigned`, …
    pub kind: String,
    /// Until when.
    pub until: Micros,
}

/// The newest thing the viewer did to a case, if it can still be taken back by its age and kind.
pub async fn undoable(hub: &Hub, viewer: &Viewer, case: i64) -> Result<Option<Undoable>> {
    let sql =
        "select id, kind, at from events where noun = 'case' and noun_id = $1 and actor = $2 order by id desc limit 1";
    let actor = Actor::Member(viewer.member).to_string();
    let Some(row) = hub.db.opt(q!(sql, case, actor)).await? else { return Ok(None) };
    let (kind, at): (String, Micros) = (row.get("kind")?, row.get("at")?);
    let until = at + WITHIN;
    let possible = KINDS.contains(&kind.as_str()) && until > hub.now();
    Ok(if possible { Some(Undoable { event: row.get("id")?, kind, until }) } else { None })
}

/// Takes back what an event says.
pub async fn undo(hub: &Hub, viewer: &Viewer, event: i64) -> Result<()> {
    let did = log::find(&hub.db, event).await?;
    if did.noun == "reply" && did.kind == "reply.queued" {
        own_or_lead_in_time(hub, viewer, &did, did.unit)?;
        return reply::cancel(hub, viewer, did.noun_id, "undone").await.map(drop);
    }
    if did.noun == "post" && did.kind == "post.marked" {
        own_or_lead_in_time(hub, viewer, &did, did.unit)?;
        return mark::take_back(hub, viewer, did.noun_id, number(&did, "mark")?).await;
    }
    if did.noun != "case" {
        return Err(Error::Conflict("This cannot be undone. Change it by hand".into()));
    }
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let case = hold_for(&mut tx, viewer, did.noun_id).await.map_err(|why| match why {
        Error::NotFound { .. } => Error::not_found("event", event), // whoever does not see the case sees no event of it
        why => why,
    })?;
    own_or_lead_in_time(hub, viewer, &did, Some(case.unit))?;
    match did.kind.as_str() {
        "case.assigned" => assigned(&mut tx, &case, &did).await?,
        "case.snoozed" => snoozed(&mut tx, &case, &did).await?,
        "case.resolved" => resolved(&mut tx, &case, &did).await?,
        "note.added" => noted(&mut tx, &case, &did).await?,
        "handoff.offered" => offered(&mut tx, &case, &did).await?,
        "judgement.corrected" => corrected(&mut tx, &case, &did).await?,
        _ => return Err(Error::Conflict("This cannot be undone. Change it by hand".into())),
    }
    tx.log(
        Entry::new("case.undone", "case", case.id).unit(case.unit).with(json!({ "event": event, "kind": did.kind })),
    );
    tx.commit().await
}

fn own_or_lead_in_time(hub: &Hub, viewer: &Viewer, did: &Event, unit: Option<i64>) -> Result<()> {
    let own = did.actor == Actor::Member(viewer.member).to_string();
    if !own && !unit.is_some_and(|unit| viewer.may(Role::Lead, unit)) {
        return Err(Error::Forbidden("Only whoever did this, or a lead of the unit, can undo it".into()));
    }
    if hub.now() >= did.at + WITHIN {
        return Err(Error::Conflict("This is longer than ten minutes ago. Change it by hand".into()));
    }
    Ok(())
}

fn number(did: &Event, name: &str) -> Result<i64> {
    did.body[name].as_i64().ok_or_else(|| Error::Damaged(format!("event {} names no {name}", did.id)))
}

fn newer(what: &str) -> Error {
    Error::Conflict(format!("This can no longer be undone: {what}"))
}

async fn assigned(tx: &mut Tx, case: &Held, did: &Event) -> Result<()> {
    let row = tx.one(q!("select max(id) as id from assignments where case_id = $1", case.id)).await?;
    if row.get::<Option<i64>, _>("id")? != Some(number(did, "assignment")?) {
        return Err(newer("somebody else was given the case since"));
    }
    if case.state == State::Resolved {
        return Err(newer("the case was resolved since"));
    }
    assignment::put(tx, case, did.body["from"].as_i64()).await
}

async fn snoozed(tx: &mut Tx, case: &Held, did: &Event) -> Result<()> {
    let sql = "select 1 as x from snoozes where id = $1 and ended_at is null";
    if case.state != State::Snoozed || tx.opt(q!(sql, number(did, "snooze")?)).await?.is_none() {
        return Err(newer("the case is back already"));
    }
    snooze::back(tx, case, was(did)?, "undone").await
}

fn was(did: &Event) -> Result<State> {
    did.body["was"].as_str().unwrap_or("open").parse()
}

async fn resolved(tx: &mut Tx, case: &Held, did: &Event) -> Result<()> {
    let resolution = number(did, "resolution")?;
    let sql = "select 1 as x from resolutions where id = $1 and reopened_at is null";
    if case.state != State::Resolved || tx.opt(q!(sql, resolution)).await?.is_none() {
        return Err(newer("the case was reopened since"));
    }
    // A confirmation that came with the closing itself goes with it; one that came after it is the customer's word.
    if case.confirmed_at.is_some_and(|at| at != did.at) {
        return Err(newer("the customer has confirmed it since"));
    }
    let now = tx.now();
    let sql = "update resolutions set reopened_at = $1, reopened_why = 'undone' where id = $2";
    tx.run(q!(sql, now, resolution)).await?;
    outcome::void(tx, case.id, &[Kind::Resolved], "The closing was undone").await?;
    if case.confirmed_at.is_some() {
        outcome::void(tx, case.id, &[Kind::Confirmed], "The closing was undone").await?;
    }
    let (asked_at, asks) = (did.body["asked_at"].as_i64(), did.body["asks"].as_i64().unwrap_or(0));
    let sql = "update cases set state = $1, asked_at = $2, asks = $3, closed_at = null, resolution = null, confirmed_at = null,
        version = version + 1 where id = $4";
    tx.run(q!(sql, was(did)?.as_str(), asked_at, asks, case.id)).await?;
    // One moment stands for the whole closing, so it names exactly the promises it ended.
    tx.run(q!(
        "update targets set met_at = null where case_id = $1 and met_at = $2 and kind = 'resolution'",
        case.id,
        did.at
    ))
    .await?;
    tx.run(q!("update targets set cancelled_at = null where case_id = $1 and cancelled_at = $2", case.id, did.at))
        .await?;
    target::sync(tx, case.id).await
}

async fn noted(tx: &mut Tx, case: &Held, did: &Event) -> Result<()> {
    let (note, now) = (number(did, "note")?, tx.now());
    let sql = "select m.name from pings p join members m on m.id = p.member_id where p.note_id = $1 and p.seen_at is not null limit 1";
    if let Some(row) = tx.opt(q!(sql, note)).await? {
        let name: String = row.get("name")?;
        return Err(newer(&format!("{name} was called by it and has read it. Write another note")));
    }
    let sql = "update notes set undone_at = $1 where id = $2 and case_id = $3 and undone_at is null";
    if tx.run(q!(sql, now, note, case.id)).await? == 0 {
        return Err(newer("it is undone already"));
    }
    Ok(())
}

async fn offered(tx: &mut Tx, case: &Held, did: &Event) -> Result<()> {
    let id = number(did, "handoff")?;
    match handoff::find(tx, id).await? {
        Some(offer) if offer.state == "offered" => {
            handoff::take_back(tx, &offer, id, case, "withdrawn", "undone").await
        }
        _ => Err(newer("the offer was answered already")),
    }
}

async fn corrected(tx: &mut Tx, case: &Held, did: &Event) -> Result<()> {
    let id = number(did, "correction")?;
    let sql = "select x.undone_at, (select max(n.id) from corrections n where n.post_id = x.post_id and n.judgement = x.judgement
          and n.undone_at is null) as newest from corrections x where x.id = $1";
    let row = tx.one(q!(sql, id)).await?;
    if row.get::<Option<i64>, _>("undone_at")?.is_some() {
        return Err(newer("it is undone already"));
    }
    if row.get::<Option<i64>, _>("newest")? != Some(id) {
        return Err(newer("somebody corrected it again since"));
    }
    correction::take_back(tx, case, id).await
}
