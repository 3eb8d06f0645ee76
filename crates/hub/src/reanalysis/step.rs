//! The work itself, a batch at a time.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    time::{Duration, Instant},
};

use dandelion_understand::Analysis;
use serde_json::json;

use super::{State, acts::end, rehearsal::apart};
use crate::{
    Hub, Result, Tx,
    engine::Engine,
    intake::{
        known,
        stored::{self, SELECT},
    },
    log::{Actor, Entry},
    model::{Opinion, shadow},
    store::{Q, Row, Value, q},
    unit::Org,
};

/// Posts judged in one batch.
const BATCH: i64 = 200;

/// Does one batch of the re-analysis that has waited longest; whether there was anything to do.
pub async fn step(hub: &Hub) -> Result<bool> {
    let sql = "select id, unit_id, since, upto, cursor from reanalyses where state = 'running' and paused_at is null
        order by changed_at, id limit 1";
    let Some(row) = hub.db.opt(q!(sql)).await? else { return Ok(false) };
    let at = At::read(&row)?;
    match batch(hub, &at).await {
        Ok(()) => Ok(true),
        // Somebody worked on the same case at the same moment; the next step finds the posts again.
        Err(error) if error.is_taken() || error.is_deadlock() => Ok(true),
        Err(error) => {
            note(hub, at.id, &error.to_string()).await?;
            Err(error)
        }
    }
}

/// Works here and now until this one rests or has ended, at most so long.
pub async fn settle(hub: &Hub, id: i64, most: Duration) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < most {
        let row = hub.db.one(q!("select state, paused_at from reanalyses where id = $1", id)).await?;
        let rests = row.get::<Option<i64>, _>("paused_at")?.is_some();
        if rests || row.get::<String, _>("state")? != "running" || !step(hub).await? {
            break;
        }
    }
    Ok(())
}

/// Where one stands.
struct At {
    id: i64,
    unit: i64,
    since: Option<i64>,
    upto: i64,
    cursor: i64,
}

impl At {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            unit: row.get("unit_id")?,
            since: row.get("since")?,
            upto: row.get("upto")?,
            cursor: row.get("cursor")?,
        })
    }
}

/// A mention judged anew.
pub(super) struct Judged {
    pub(super) post: i64,
    revision: i64,
    mention: i64,
    case: Option<i64>,
    pub(super) text: String,
    pub(super) opinion: Opinion,
}

async fn begin(hub: &Hub) -> Result<Tx> {
    hub.begin(Actor::System("reanalysis")).await
}

/// Judges the next posts. Reading and judging happen before the transaction, beside every writer.
async fn batch(hub: &Hub, at: &At) -> Result<()> {
    let engine = hub.engine().await?;
    let (judged, cursor) = judge(hub, &engine, at).await?;
    let mut tx = begin(hub).await?;
    let (now, looked) = (tx.now(), judged.len());
    let sql = "update reanalyses set cursor = $1, looked = looked + $2, changed_at = $3, error = null
        where id = $4 and cursor = $5 and state = 'running' and paused_at is null";
    if tx.run(q!(sql, cursor, looked, now, at.id, at.cursor)).await? == 0 {
        return Ok(()); // another program was faster, or somebody paused it: nothing of this is kept
    }
    if !hub.holds(&mut tx, &engine).await? {
        return Ok(()); // who judges was changed meanwhile: the same posts again, by whoever judges now
    }
    let (changed, kept) = store(&mut tx, &judged).await?;
    let sql = "update reanalyses set changed = changed + $1, kept = kept + $2 where id = $3";
    tx.run(q!(sql, changed, kept, at.id)).await?;
    let body = json!({ "looked": looked, "changed": changed, "upto": cursor });
    tx.log(Entry::new("reanalysis.moved", "reanalysis", at.id).unit(at.unit).with(body));
    if cursor >= at.upto {
        end(&mut tx, at.id, at.unit, State::Done, "it looked at all").await?;
    }
    tx.commit().await
}

/// The next mentions of the unit, judged; and where the cursor goes.
async fn judge(hub: &Hub, engine: &Engine, at: &At) -> Result<(Vec<Judged>, i64)> {
    let sql = format!("{} order by p.id limit {BATCH}", concerned(&engine.org, at.unit));
    let rows = hub.db.all(Q::of(sql).bind(at.cursor).bind(at.upto).bind(at.since.unwrap_or(i64::MIN))).await?;
    let judged = judged(engine, &rows)?;
    let full = rows.len() as i64 == BATCH;
    let cursor = judged.last().filter(|_| full).map_or(at.upto, |last| last.post);
    Ok((judged, cursor))
}

/// Stored mentions that concern a unit and all below it, after `$1`, up to `$2`, written at or after `$3`.
pub(super) fn concerned(org: &Org, unit: i64) -> String {
    let units: Vec<String> = org.within(unit).iter().map(ToString::to_string).collect();
    // Mentions that are only counted concern no unit; whoever stands at a root takes them along.
    let counted = if org.unit(unit).is_some_and(|unit| unit.parent.is_none()) { " or m.case_id is null" } else { "" };
    format!(
        "{} left join cases c on c.id = m.case_id
         where p.id > $1 and p.id <= $2 and p.created_at >= $3 and p.deleted_at is null and not p.ours and m.id is not null
           and (c.unit_id in ({}){counted})",
        SELECT.replace("select p.id,", "select p.id, p.revision, m.case_id,"),
        units.join(", ")
    )
}

/// What whoever judges now says of them.
pub(super) fn judged(engine: &Engine, rows: &[Row]) -> Result<Vec<Judged>> {
    let mut judged = Vec::with_capacity(rows.len());
    for row in rows {
        let stored = stored::read(row)?;
        let Some(mention) = stored.mention else { continue };
        let opinion = engine.judge(&stored.post, &stored.origin.network);
        let (revision, case) = (row.get("revision")?, row.get("case_id")?);
        judged.push(Judged { post: stored.id, revision, mention, case, text: stored.post.text, opinion });
    }
    Ok(judged)
}

/// Puts new judgements beside the old ones where they differ; says how many do, and on how many of those a person's word
/// stands.
async fn store(tx: &mut Tx, judged: &[Judged]) -> Result<(i64, i64)> {
    let posts: Vec<i64> = judged.iter().map(|it| it.post).collect();
    let present = newest(tx, &posts).await?;
    // Another version that says the same for the same reasons has nothing to add.
    let differs = |it: &&Judged| !present.get(&it.post).is_some_and(|before| alike(before, &it.opinion.analysis));
    let other: Vec<&Judged> = judged.iter().filter(differs).collect();
    let ids = tx.ids("analyses", other.len()).await?;
    let now = tx.now();
    let row =
        |(it, id): (&&Judged, i64)| crate::intake::analysis_row(id, it.post, it.revision, now, &it.opinion.analysis);
    let rows: Vec<Vec<Value>> = other.iter().zip(ids).map(row).collect();
    // The same version's word about the same wording is one row: said again, it is the newest.
    let again = "on conflict (post_id, revision, version) do update set id = excluded.id, at = excluded.at, body = excluded.body";
    tx.insert("analyses", crate::intake::ANALYSIS_COLUMNS, rows, again).await?;
    let shadows: Vec<_> = judged.iter().map(|it| (it.post, it.revision, it.opinion.shadows.as_slice())).collect();
    shadow::keep(tx, &shadows).await?;
    let cases: BTreeSet<i64> = other.iter().filter_map(|it| it.case).collect();
    for case in cases {
        crate::case::judge(tx, case).await?; // people's corrections stay above it
    }
    for it in other.iter().filter(|it| it.case.is_none()) {
        topics(tx, it).await?;
    }
    let corrected = corrected(tx, &posts).await?;
    let otherwise =
        |it: &&Judged| present.get(&it.post).is_none_or(|before| !apart(before, &it.opinion.analysis).is_empty());
    let changed = other.iter().filter(|it| otherwise(it));
    let (mut all, mut kept) = (0, 0);
    for it in changed {
        all += 1;
        kept += i64::from(corrected.contains(&it.post));
    }
    Ok((all, kept))
}

/// Whether two analyses are the same but for who judged.
fn alike(before: &Analysis, after: &Analysis) -> bool {
    *before == Analysis { version: before.version.clone(), ..after.clone() }
}

/// What the newest analyses of posts say.
async fn newest(tx: &mut Tx, posts: &[i64]) -> Result<HashMap<i64, Analysis>> {
    let head = "select a.post_id, a.body from analyses a
        where a.id = (select max(n.id) from analyses n where n.post_id = a.post_id) and a.post_id";
    let mut found = HashMap::new();
    for row in known::by_ids(tx, head, "", posts).await? {
        let body: String = row.get("body")?;
        // What an older program wrote and this one cannot read is judged anew.
        if let Ok(analysis) = serde_json::from_str(&body) {
            found.insert(row.get("post_id")?, analysis);
        }
    }
    Ok(found)
}

async fn corrected(tx: &mut Tx, posts: &[i64]) -> Result<HashSet<i64>> {
    let head = "select distinct x.post_id from corrections x where x.undone_at is null and x.post_id";
    let rows = known::by_ids(tx, head, "", posts).await?;
    rows.iter().map(|row| row.get("post_id")).collect()
}

/// Topics of a mention that is in no case.
async fn topics(tx: &mut Tx, it: &Judged) -> Result<()> {
    tx.run(q!("delete from mention_topics where mention_id = $1", it.mention)).await?;
    let topics = it.opinion.analysis.topics.iter();
    let rows = topics.map(|topic| vec![it.mention.into(), Value::from(&topic.key)]).collect();
    tx.insert("mention_topics", &["mention_id", "topic"], rows, "on conflict do nothing").await.map(drop)
}

/// Keeps why a step failed, for people to see.
async fn note(hub: &Hub, id: i64, why: &str) -> Result<()> {
    let mut tx = begin(hub).await?;
    let now = tx.now();
    tx.run(q!("update reanalyses set error = $1, changed_at = $2 where id = $3 and ended_at is null", why, now, id))
        .await?;
    tx.commit_unlogged("a failed attempt is no change of state; the next one tells how it went").await
}
