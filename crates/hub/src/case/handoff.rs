//! Moves between units. Until the receiver accepts, the sender owns the case (law 4).

use serde_json::json;

use super::{
    State,
    held::{Held, hold, hold_for},
    snooze, target,
};
use crate::{
    Error, Hub, Result, Tx,
    log::{Actor, Entry},
    outcome::{self, Claim, Kind},
    scope::{Role, Viewer},
    store::{Q, Row, q},
    unit::Promise,
};

/// The longest reason, in characters.
const LONGEST: usize = 2_000;

/// Offers a case to another unit, which has the time it promised to accept or bounce it. One offer at a time.
/// Says the handoff's id.
pub async fn offer(hub: &Hub, viewer: &Viewer, id: i64, to: i64, reason: &str, seen: Option<i64>) -> Result<i64> {
    let reason = worded("reason", reason, "say why: the other unit decides by it")?;
    let engine = hub.engine().await?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let case = hold_for(&mut tx, viewer, id).await?;
    viewer.need(Role::Agent, case.unit, "pass this case on")?;
    case.not_resolved("pass it on")?;
    case.unchanged_since(seen)?;
    if to == case.unit {
        return Err(Error::invalid("to", "this unit owns the case already", engine.org.unit_name(to)));
    }
    if !engine.org.live_units().any(|unit| unit.id == to) {
        return Err(Error::invalid("to", "there is no such unit in use. Choose one from the list", &to.to_string()));
    }
    let sql = "select to_unit from handoffs where case_id = $1 and state = 'offered'";
    if let Some(row) = tx.opt(q!(sql, id)).await? {
        let whom = engine.org.unit_name(row.get("to_unit")?);
        return Err(Error::Conflict(format!(
            "Case {id} is on offer to {whom} already. Wait for their answer, or take that offer back first"
        )));
    }
    let (handoff, now) = (tx.id("handoffs").await?, tx.now());
    let expires = engine.org.due(to, Promise::Acceptance, now);
    let sql =
        "insert into handoffs (id, case_id, from_unit, to_unit, state, reason, offered_by, offered_at, expires_at)
        values ($1, $2, $3, $4, 'offered', $5, $6, $7, $8)";
    tx.run(q!(sql, handoff, id, case.unit, to, reason, viewer.member, now, expires)).await?;
    target::start(&mut tx, &engine.org, id, to, Promise::Acceptance, now).await?;
    tx.run(q!("update cases set version = version + 1 where id = $1", id)).await?;
    target::sync(&mut tx, id).await?;
    let body = json!({ "handoff": handoff, "to": to });
    tx.log(Entry::new("handoff.offered", "case", id).unit(case.unit).with(body.clone()));
    tx.log(Entry::new("handoff.arrived", "case", id).unit(to).with(body));
    tx.commit().await?;
    Ok(handoff)
}

/// The receiving unit takes the case: it owns it from now on, the viewer works on it, and its promises start anew. The
/// ledger gets a claim of grade A that the issue was passed to the right area, with the handoff as evidence.
pub async fn accept(hub: &Hub, viewer: &Viewer, handoff: i64) -> Result<()> {
    let engine = hub.engine().await?;
    let org = &engine.org;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let (offer, mut case) = on_offer(&mut tx, viewer, handoff).await?;
    viewer.need(Role::Agent, offer.to, "accept this case for the unit")?;
    decide(&mut tx, handoff, "accepted", "").await?;
    let now = tx.now();
    target::meet(&mut tx, case.id, &[Promise::Acceptance], now).await?;
    target::cancel(&mut tx, case.id, &[Promise::FirstResponse, Promise::NextResponse, Promise::Resolution]).await?;
    if case.state == State::Snoozed {
        snooze::back(&mut tx, &case, State::Open, "another unit took it over").await?;
    }
    let from = org.unit_name(offer.from);
    let route = format!("Passed on by {from}: “{}”", offer.reason);
    let sql = "update cases set unit_id = $1, assignee_id = $2, route = $3, accepted_at = coalesce(accepted_at, $4),
        version = version + 1 where id = $5";
    tx.run(q!(sql, offer.to, viewer.member, route, now, case.id)).await?;
    let id = tx.id("assignments").await?;
    let sql = "insert into assignments (id, case_id, member_id, by_id, at) values ($1, $2, $3, $3, $4)";
    tx.run(q!(sql, id, case.id, viewer.member, now)).await?;
    watch_instead(&mut tx, &case, offer.from, offer.to).await?;
    case.unit = offer.to;
    target::start_all(&mut tx, org, &case, offer.to, now).await?;
    target::sync(&mut tx, case.id).await?;
    let evidence = format!("{} accepted it from {from}", org.unit_name(offer.to));
    let claim =
        Claim { case: case.id, unit: offer.from, at: now, handoff: Some(handoff), evidence, ..Claim::default() };
    outcome::claim(&mut tx, Kind::Passed, claim).await?;
    log_both(&mut tx, "handoff.accepted", &offer, handoff, case.id);
    tx.commit().await
}

/// The receiving unit does not take the case, and says why. The sender goes on owning it.
pub async fn bounce(hub: &Hub, viewer: &Viewer, handoff: i64, reason: &str) -> Result<()> {
    let reason = worded("reason", reason, "say why, so that it finds the right unit next time")?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let (offer, case) = on_offer(&mut tx, viewer, handoff).await?;
    viewer.need(Role::Agent, offer.to, "answer for this unit")?;
    decide(&mut tx, handoff, "bounced", reason).await?;
    let now = tx.now();
    target::meet(&mut tx, case.id, &[Promise::Acceptance], now).await?;
    gone_back(&mut tx, "handoff.bounced", &offer, handoff, &case).await?;
    tx.commit().await
}

/// The sender takes the offer back.
pub async fn withdraw(hub: &Hub, viewer: &Viewer, handoff: i64) -> Result<()> {
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let (offer, case) = on_offer(&mut tx, viewer, handoff).await?;
    viewer.need(Role::Agent, offer.from, "take this offer back")?;
    take_back(&mut tx, &offer, handoff, &case, "withdrawn", "").await?;
    tx.commit().await
}

/// The case of a handoff, if the viewer may see that case now; none also where there is no such handoff.
pub async fn of_handoff(hub: &Hub, viewer: &Viewer, handoff: i64) -> Result<Option<i64>> {
    let scope = viewer.scope(Role::Viewer).case_sql("c");
    let sql = format!("select c.id from handoffs h join cases c on c.id = h.case_id where h.id = $1 and {scope}");
    hub.db.opt(Q::of(sql).bind(handoff)).await?.map(|row| row.get("id")).transpose()
}

/// Tells a unit of a case without giving it: its people see it among what they watch.
pub async fn tell(hub: &Hub, viewer: &Viewer, id: i64, unit: i64, reason: &str) -> Result<()> {
    let reason = worded("reason", reason, "say why they should know")?;
    let engine = hub.engine().await?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let case = hold_for(&mut tx, viewer, id).await?;
    viewer.need(Role::Agent, case.unit, "tell other units of this case")?;
    if unit == case.unit || !engine.org.live_units().any(|live| live.id == unit) {
        return Err(Error::invalid("unit", "choose another unit in use", engine.org.unit_name(unit)));
    }
    if !tell_of(&mut tx, id, unit, reason).await? {
        return Ok(());
    }
    tx.commit().await
}

/// The unit watches the case from now on. Answers false if it knew already.
pub(crate) async fn tell_of(tx: &mut Tx, case: i64, unit: i64, reason: &str) -> Result<bool> {
    let now = tx.now();
    let sql = "insert into watches (case_id, unit_id, reason, at) values ($1, $2, $3, $4) on conflict do nothing";
    if tx.run(q!(sql, case, unit, reason, now)).await? == 0 {
        return Ok(false);
    }
    tx.log(Entry::new("case.told", "case", case).unit(unit).with(json!({ "unit": unit })));
    Ok(true)
}

/// A unit does not watch a case any more: its own agents decide that, or those of the owner.
pub async fn stop_watching(hub: &Hub, viewer: &Viewer, id: i64, unit: i64) -> Result<()> {
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let case = hold_for(&mut tx, viewer, id).await?;
    if !viewer.may(Role::Agent, unit) {
        viewer.need(Role::Agent, case.unit, "change who watches this case")?;
    }
    if tx.run(q!("delete from watches where case_id = $1 and unit_id = $2", id, unit)).await? == 0 {
        return Ok(());
    }
    tx.log(Entry::new("case.unwatched", "case", id).unit(unit).with(json!({ "unit": unit })));
    tx.commit().await
}

/// Gives back up to `limit` offers whose time is over. Says how many.
pub(super) async fn expire(tx: &mut Tx, limit: i64) -> Result<usize> {
    let now = tx.now();
    let sql = "select id, case_id from handoffs where state = 'offered' and expires_at <= $1 order by expires_at, id limit $2";
    let rows = tx.all(q!(sql, now, limit)).await?;
    for row in &rows {
        let case = hold(tx, row.get("case_id")?).await?;
        let handoff: i64 = row.get("id")?;
        // Somebody may have answered between the two reads.
        let Some(offer) = find(tx, handoff).await?.filter(|offer| offer.state == "offered") else { continue };
        take_back(tx, &offer, handoff, &case, "expired", "nobody answered in the time that was promised").await?;
    }
    Ok(rows.len())
}

/// A handoff as the rules need it.
#[derive(Debug)]
pub(super) struct Offer {
    case: i64,
    from: i64,
    to: i64,
    pub(super) state: String,
    reason: String,
}

pub(super) async fn find(tx: &mut Tx, handoff: i64) -> Result<Option<Offer>> {
    let sql = "select case_id, from_unit, to_unit, state, reason from handoffs where id = $1";
    tx.opt(q!(sql, handoff)).await?.map(|row| read(&row)).transpose()
}

fn read(row: &Row) -> Result<Offer> {
    let (case, from, to) = (row.get("case_id")?, row.get("from_unit")?, row.get("to_unit")?);
    Ok(Offer { case, from, to, state: row.get("state")?, reason: row.get("reason")? })
}

/// The handoff and its case, held; an error in words where it is not on offer any more.
async fn on_offer(tx: &mut Tx, viewer: &Viewer, handoff: i64) -> Result<(Offer, Held)> {
    let scope = viewer.scope(Role::Viewer);
    let sql = format!(
        "select h.case_id, h.from_unit, h.to_unit, h.state, h.reason from handoffs h where h.id = $1 and ({} or {})",
        scope.sql("h.from_unit"),
        scope.sql("h.to_unit")
    );
    let query = Q::of(sql).bind(handoff);
    let row = tx.opt(query.clone()).await?.ok_or_else(|| Error::not_found("handoff", handoff))?;
    let case = hold(tx, read(&row)?.case).await?;
    // Read again now that the case is held: whoever answered first has answered.
    let row = tx.opt(query).await?.ok_or_else(|| Error::not_found("handoff", handoff))?;
    let offer = read(&row)?;
    let what = match offer.state.as_str() {
        "offered" => return Ok((offer, case)),
        "accepted" => "was accepted",
        "bounced" => "was sent back",
        "withdrawn" => "was taken back",
        _ => "ran out",
    };
    Err(Error::Conflict(format!("This offer {what} meanwhile. Look at case {} again", offer.case)))
}

/// Ends an offer without an answer of the receiver.
pub(super) async fn take_back(
    tx: &mut Tx,
    offer: &Offer,
    handoff: i64,
    case: &Held,
    state: &'static str,
    why: &str,
) -> Result<()> {
    decide(tx, handoff, state, why).await?;
    target::cancel(tx, case.id, &[Promise::Acceptance]).await?;
    let kind = if state == "expired" { "handoff.expired" } else { "handoff.withdrawn" };
    gone_back(tx, kind, offer, handoff, case).await
}

async fn decide(tx: &mut Tx, handoff: i64, state: &'static str, words: &str) -> Result<()> {
    let (now, by) = (tx.now(), tx.actor().member());
    let words = (!words.is_empty()).then(|| words.to_owned());
    let sql = "update handoffs set state = $1, decided_by = $2, decided_at = $3, decision = $4 where id = $5";
    tx.run(q!(sql, state, by, now, words, handoff)).await.map(drop)
}

/// The case stays with its sender; nothing else changes.
async fn gone_back(tx: &mut Tx, kind: &'static str, offer: &Offer, handoff: i64, case: &Held) -> Result<()> {
    tx.run(q!("update cases set version = version + 1 where id = $1", case.id)).await?;
    target::sync(tx, case.id).await?;
    log_both(tx, kind, offer, handoff, case.id);
    Ok(())
}

fn log_both(tx: &mut Tx, kind: &'static str, offer: &Offer, handoff: i64, case: i64) {
    let body = json!({ "handoff": handoff, "from": offer.from, "to": offer.to });
    tx.log(Entry::new(kind, "case", case).unit(offer.to).with(body.clone()));
    tx.log(Entry::new(kind, "case", case).unit(offer.from).with(body));
}

/// Who passed it on goes on seeing what becomes of it; who owns it needs no watch.
async fn watch_instead(tx: &mut Tx, case: &Held, from: i64, to: i64) -> Result<()> {
    let now = tx.now();
    tx.run(q!("delete from watches where case_id = $1 and unit_id = $2", case.id, to)).await?;
    let sql = "insert into watches (case_id, unit_id, reason, at) values ($1, $2, $3, $4) on conflict do nothing";
    tx.run(q!(sql, case.id, from, "passed it on", now)).await.map(drop)
}

/// Words a person has to give, trimmed; `empty` says why.
pub(super) fn worded<'a>(field: &str, text: &'a str, empty: &str) -> Result<&'a str> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid(field, empty, ""));
    }
    if text.chars().count() > LONGEST {
        return Err(Error::invalid(field, format!("at most {LONGEST} characters"), text));
    }
    Ok(text)
}
