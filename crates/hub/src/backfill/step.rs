//! The work itself, a batch at a time.

use std::time::{Duration, Instant};

use dandelion_listen::Scratch;
use serde_json::json;
use tokio::sync::watch;

use super::{State, acts::end, estimate::estimate};
use crate::{
    Hub, Result, Tx,
    intake::stored::{self, As, SELECT},
    log::{Actor, Entry},
    near, reanalysis,
    store::{Q, Row, q},
};

/// Posts looked at in one batch.
const LOOK: i64 = 1_000;
/// Posts made something of in one batch: the writer is held for some milliseconds.
const MAKE: i64 = 128;

/// Runs back-fills and re-analyses until `stop` says so, beside everything else: after each batch it rests as long as the batch took, so
/// that it never takes more than half of what there is.
pub async fn run(hub: Hub, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let began = Instant::now();
        let rest = match work(&hub).await {
            Ok(true) => began.elapsed().max(Duration::from_millis(5)),
            Ok(false) => Duration::from_secs(1),
            Err(error) => {
                tracing::warn!(error = error.logged(), "a back-fill could not go on; trying again");
                Duration::from_secs(5)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn work(hub: &Hub) -> Result<bool> {
    Ok(step(hub).await? || reanalysis::step(hub).await? || near::catch_up(hub).await?)
}

/// Does one batch of the back-fill that has waited longest; whether there was anything to do.
pub async fn step(hub: &Hub) -> Result<bool> {
    let sql = "select b.id, b.query_id, b.version, b.state, b.choice, b.since, b.upto, b.cursor, b.made, q.unit_id, q.version as now, q.archived_at
        from backfills b join queries q on q.id = b.query_id
        where b.state in ('looking', 'making') and b.paused_at is null order by b.changed_at, b.id limit 1";
    let Some(row) = hub.db.opt(q!(sql)).await? else { return Ok(false) };
    let at = At::read(&row)?;
    let done = if row.get::<i64, _>("now")? != at.version || row.get::<Option<i64>, _>("archived_at")?.is_some() {
        stale(hub, &at).await
    } else if at.looking {
        look(hub, &at).await
    } else {
        make(hub, &at).await
    };
    match done {
        Ok(()) => Ok(true),
        // A source brought something about the same posts at the same moment; the next step finds it.
        Err(error) if error.is_taken() || error.is_deadlock() => Ok(true),
        Err(error) => {
            note(hub, at.id, &error.to_string()).await?;
            Err(error)
        }
    }
}

/// Works on back-fills here and now until this one waits or has ended, at most so long: so that a small store answers at
/// once. What is left, the program does by and by.
pub async fn settle(hub: &Hub, id: i64, most: Duration) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < most {
        let row = hub.db.one(q!("select state from backfills where id = $1", id)).await?;
        let state: String = row.get("state")?;
        if !matches!(state.as_str(), "looking" | "making") || !step(hub).await? {
            break;
        }
    }
    Ok(())
}

/// Where one stands.
struct At {
    id: i64,
    query: i64,
    unit: i64,
    version: i64,
    looking: bool,
    choice: Option<String>,
    since: Option<i64>,
    upto: i64,
    cursor: i64,
    made: i64,
}

impl At {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            query: row.get("query_id")?,
            unit: row.get("unit_id")?,
            version: row.get("version")?,
            looking: row.get::<String, _>("state")? == "looking",
            choice: row.get("choice")?,
            since: row.get("since")?,
            upto: row.get("upto")?,
            cursor: row.get("cursor")?,
            made: row.get("made")?,
        })
    }
}

async fn stale(hub: &Hub, at: &At) -> Result<()> {
    let mut tx = begin(hub).await?;
    end(&mut tx, at.id, at.unit, State::Abandoned, "the query was changed or archived").await?;
    tx.commit().await
}

async fn begin(hub: &Hub) -> Result<Tx> {
    hub.begin(Actor::System("backfill")).await
}

/// Looks through the next posts. Reading and matching happen before the transaction, beside every writer.
async fn look(hub: &Hub, at: &At) -> Result<()> {
    let engine = hub.engine().await?;
    let sql = format!(
        "{SELECT} where p.id > $1 and p.id <= $2 and p.deleted_at is null and not p.ours and p.created_at >= $3
           order by p.id limit {LOOK}"
    );
    let rows = hub.db.all(Q::of(sql).bind(at.cursor).bind(at.upto).bind(at.since.unwrap_or(i64::MIN))).await?;
    let (mut finds, mut scratch, mut hits) = (Vec::new(), Scratch::default(), Vec::new());
    let mut cursor = at.upto;
    for row in &rows {
        let stored = stored::read(row)?;
        if rows.len() as i64 == LOOK {
            cursor = stored.id;
        }
        engine.hear(&stored.post, &stored.origin, &mut scratch, &mut hits);
        if hits.iter().any(|hit| hit.query == at.query) {
            finds.push((stored.id, stored::unit_of(&engine, &stored)?));
        }
    }
    let mut tx = begin(hub).await?;
    let finds = unheard(&mut tx, at.query, finds).await?;
    let (now, found, looked) = (tx.now(), finds.len() as i64, rows.len() as i64);
    let sql =
        "update backfills set cursor = $1, looked = looked + $2, found = found + $3, changed_at = $4, error = null
        where id = $5 and cursor = $6 and upto = $7 and state = 'looking' and paused_at is null";
    if tx.run(q!(sql, cursor, looked, found, now, at.id, at.cursor, at.upto)).await? == 0 {
        return Ok(()); // another program was faster, or somebody paused it: nothing of this is kept
    }
    let rows = finds.iter().map(|(post, unit)| vec![at.id.into(), (*post).into(), (*unit).into()]).collect();
    tx.insert("backfill_posts", &["backfill_id", "post_id", "unit_id"], rows, "on conflict do nothing").await?;
    let body = json!({ "looked": looked, "found": found, "upto": cursor });
    tx.log(Entry::new("backfill.looked", "backfill", at.id).unit(at.unit).with(body));
    if cursor == at.upto {
        looked_at_all(&mut tx, at).await?;
    }
    tx.commit().await
}

/// Of these finds those that the query had not heard.
async fn unheard(tx: &mut Tx, query: i64, finds: Vec<(i64, i64)>) -> Result<Vec<(i64, i64)>> {
    let ids: Vec<i64> = finds.iter().map(|(post, _)| *post).collect();
    let head = format!(
        "select m.post_id from mentions m join mention_queries mq on mq.mention_id = m.id and mq.query_id = {query} where m.post_id"
    );
    let mut heard = std::collections::HashSet::new();
    for row in crate::intake::known::by_ids(tx, &head, "", &ids).await? {
        heard.insert(row.get::<i64, _>("post_id")?);
    }
    Ok(finds.into_iter().filter(|(post, _)| !heard.contains(post)).collect())
}

/// Posts that came while it looked may have been prepared before the query was there; so it goes on to the newest once
/// more, and then says what it found.
async fn looked_at_all(tx: &mut Tx, at: &At) -> Result<()> {
    let row = tx.one(q!("select coalesce(max(id), 0) as newest from posts where id > $1", at.upto)).await?;
    let newest: i64 = row.get("newest")?;
    let row = tx.one(q!("select started_at, upto, found from backfills where id = $1", at.id)).await?;
    let started: i64 = row.get("started_at")?;
    if newest > at.upto {
        // Only those that arrived within a minute of its beginning can have been missed.
        let sql = "select max(id) as id from posts where id > $1 and received_at <= $2";
        let late = tx.one(q!(sql, at.upto, started + 60_000_000)).await?.get::<Option<i64>, _>("id")?;
        if let Some(late) = late {
            return tx.run(q!("update backfills set upto = $1 where id = $2", late, at.id)).await.map(drop);
        }
    }
    let found: i64 = row.get("found")?;
    if found == 0 {
        return end(tx, at.id, at.unit, State::Done, "it heard nothing that it had not heard").await;
    }
    let estimate = estimate(tx, at.id).await?;
    let state = if at.choice.is_some() { State::Making } else { State::Found };
    let sql = "update backfills set state = $1, people = $2, would = $3, first_at = $4, last_at = $5 where id = $6";
    let would = json!(estimate.would).to_string();
    tx.run(q!(sql, state.as_str(), estimate.people, would, estimate.first_at, estimate.last_at, at.id)).await?;
    let body = json!({ "found": found, "people": estimate.people });
    tx.log(Entry::new("backfill.found", "backfill", at.id).unit(at.unit).with(body));
    Ok(())
}

/// Makes something of the next finds.
async fn make(hub: &Hub, at: &At) -> Result<()> {
    let engine = hub.engine().await?;
    let mut tx = begin(hub).await?;
    let sql = format!("select post_id from backfill_posts where backfill_id = $1 order by post_id limit {MAKE}");
    let rows = tx.all(Q::of(sql).bind(at.id)).await?;
    let ids = rows.iter().map(|row| row.get("post_id")).collect::<Result<Vec<i64>>>()?;
    let Some(last) = ids.last() else {
        end(&mut tx, at.id, at.unit, State::Done, "all was made").await?;
        return tx.commit().await;
    };
    let now = tx.now();
    let sql = "update backfills set made = made + $1, changed_at = $2, error = null
        where id = $3 and made = $4 and state = 'making' and paused_at is null";
    if tx.run(q!(sql, ids.len(), now, at.id, at.made)).await? == 0 {
        return Ok(()); // as in `look`
    }
    let what = if at.choice.as_deref() == Some("cases") { As::Cases } else { As::Mentions };
    let opened = stored::make(&mut tx, &engine, at.query, &ids, what).await?;
    tx.run(q!("update backfills set opened = opened + $1 where id = $2", opened, at.id)).await?;
    tx.run(q!("delete from backfill_posts where backfill_id = $1 and post_id <= $2", at.id, *last)).await?;
    let body = json!({ "posts": ids.len(), "opened": opened });
    tx.log(Entry::new("backfill.made", "backfill", at.id).unit(at.unit).with(body));
    if (ids.len() as i64) < MAKE {
        end(&mut tx, at.id, at.unit, State::Done, "all was made").await?;
    }
    tx.commit().await
}

/// Keeps why a step failed, for people to see.
async fn note(hub: &Hub, id: i64, why: &str) -> Result<()> {
    let mut tx = begin(hub).await?;
    let now = tx.now();
    tx.run(q!("update backfills set error = $1, changed_at = $2 where id = $3 and ended_at is null", why, now, id))
        .await?;
    tx.commit_unlogged("a failed attempt is no change of state; the next one tells how it went").await
}
