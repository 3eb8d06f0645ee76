//! What people do with a back-fill.

use dandelion_post::Micros;
use serde_json::json;

use super::{Backfill, State, find};
use crate::{
    Error, Hub, Result, Tx,
    intake::stored,
    log::{Actor, Entry},
    query,
    scope::{Role, Viewer},
    store::q,
};

/// What is to be made of what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Cases: each post finds or opens its case, as if it came now.
    Cases,
    /// Mentions: they are counted, and nobody has to answer them.
    Mentions,
    /// Nothing.
    Leave,
}

impl std::str::FromStr for Decision {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "cases" => Ok(Self::Cases),
            "mentions" => Ok(Self::Mentions),
            "leave" => Ok(Self::Leave),
            _ => Err(Error::invalid("choice", "one of cases, mentions, leave", text)),
        }
    }
}

/// Begins to run a query over what is stored; one of the same query that is under way is abandoned. With `at_once`, what
/// it finds is made without asking. Leads of the query's unit may.
pub async fn start(
    hub: &Hub,
    viewer: &Viewer,
    query: i64,
    since: Option<Micros>,
    at_once: Option<Decision>,
) -> Result<Backfill> {
    let query = query::find(hub, query).await?;
    viewer.need(Role::Lead, query.unit, "run a query of this unit over what is stored")?;
    if query.archived_at.is_some() {
        return Err(Error::Conflict("This query was archived and hears nothing any more".into()));
    }
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let under_way = q!("select id from backfills where query_id = $1 and ended_at is null", query.id);
    if let Some(row) = tx.opt(under_way).await? {
        end(&mut tx, row.get("id")?, query.unit, State::Abandoned, "it was begun anew").await?;
    }
    let (first, upto) = stored::reach(&mut tx, since).await?;
    let (id, now) = (tx.id("backfills").await?, tx.now());
    let choice = match at_once {
        Some(Decision::Cases) => Some("cases"),
        Some(Decision::Mentions) => Some("mentions"),
        Some(Decision::Leave) | None => None,
    };
    let sql = "insert into backfills (id, query_id, version, state, choice, since, upto, cursor, first, looked, found, people, would, made, opened,
          started_by, started_at, changed_at) values ($1, $2, $3, 'looking', $4, $5, $6, $7, $7, 0, 0, 0, '[]', 0, 0, $8, $9, $9)";
    tx.run(q!(sql, id, query.id, query.version, choice, since, upto, first, viewer.member, now)).await?;
    let body = json!({ "query": query.id, "version": query.version, "upto": upto });
    tx.log(Entry::new("backfill.started", "backfill", id).unit(query.unit).with(body));
    tx.commit().await?;
    find(hub, viewer, id).await
}

/// Lets it rest; what it has done stays done.
pub async fn pause(hub: &Hub, viewer: &Viewer, id: i64) -> Result<()> {
    let at = allowed(hub, viewer, id, "pause").await?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let now = tx.now();
    let sql = "update backfills set paused_at = $1, paused_by = $2, changed_at = $1 where id = $3 and paused_at is null
        and state in ('looking', 'making')";
    if tx.run(q!(sql, now, viewer.member, id)).await? == 0 {
        return Err(Error::Conflict("It does not run just now, so there is nothing to pause".into()));
    }
    tx.log(Entry::new("backfill.paused", "backfill", id).unit(at.unit));
    tx.commit().await
}

/// Goes on where it was paused.
pub async fn resume(hub: &Hub, viewer: &Viewer, id: i64) -> Result<()> {
    let at = allowed(hub, viewer, id, "resume").await?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let now = tx.now();
    let sql = "update backfills set paused_at = null, paused_by = null, changed_at = $1 where id = $2 and paused_at is not null and ended_at is null";
    if tx.run(q!(sql, now, id)).await? == 0 {
        return Err(Error::Conflict("It is not paused".into()));
    }
    tx.log(Entry::new("backfill.resumed", "backfill", id).unit(at.unit));
    tx.commit().await
}

/// Ends it before its end. What it had made stays; what it had only found is forgotten.
pub async fn abandon(hub: &Hub, viewer: &Viewer, id: i64) -> Result<()> {
    let at = allowed(hub, viewer, id, "abandon").await?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    end(&mut tx, id, at.unit, State::Abandoned, "somebody abandoned it").await?;
    tx.commit().await
}

/// Says what is to be made of what it found.
pub async fn decide(hub: &Hub, viewer: &Viewer, id: i64, decision: Decision) -> Result<()> {
    let at = allowed(hub, viewer, id, "decide what becomes of the finds of").await?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let now = tx.now();
    let choice = match decision {
        Decision::Cases => "cases",
        Decision::Mentions => "mentions",
        Decision::Leave => "leave",
    };
    let sql = "update backfills set decided_by = $1, decided_at = $2, changed_at = $2, choice = $3, state = 'making' where id = $4 and state = 'found'";
    if tx.run(q!(sql, viewer.member, now, (decision != Decision::Leave).then_some(choice), id)).await? == 0 {
        let words =
            "It does not wait for a decision: it is looking still, or somebody has decided already. Look at it again";
        return Err(Error::Conflict(words.into()));
    }
    tx.log(Entry::new("backfill.decided", "backfill", id).unit(at.unit).with(json!({ "choice": choice })));
    if decision == Decision::Leave {
        end(&mut tx, id, at.unit, State::Left, "what it found was left").await?;
    }
    tx.commit().await
}

async fn allowed(hub: &Hub, viewer: &Viewer, id: i64, to: &str) -> Result<Backfill> {
    let at = find(hub, viewer, id).await?;
    viewer.need(Role::Lead, at.unit, &format!("{to} this back-fill"))?;
    Ok(at)
}

/// Ends one, whatever it was doing; refuses where it has ended already.
pub(super) async fn end(tx: &mut Tx, id: i64, unit: i64, state: State, why: &'static str) -> Result<()> {
    let now = tx.now();
    let sql = "update backfills set state = $1, ended_at = $2, changed_at = $2, paused_at = null, paused_by = null, error = null
        where id = $3 and ended_at is null";
    if tx.run(q!(sql, state.as_str(), now, id)).await? == 0 {
        return Err(Error::Conflict("This back-fill has ended already".into()));
    }
    tx.run(q!("delete from backfill_posts where backfill_id = $1", id)).await?;
    let kind = match state {
        State::Done => "backfill.done",
        State::Left => "backfill.left",
        _ => "backfill.abandoned",
    };
    tx.log(Entry::new(kind, "backfill", id).unit(unit).with(json!({ "why": why })));
    Ok(())
}
