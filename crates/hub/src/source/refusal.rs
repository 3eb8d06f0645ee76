//! What was not taken, kept as it came, and tried again when somebody mended the cause.

use dandelion_post::{Micros, Post};

use super::{find, may_change};
use crate::{
    Error, Hub, Result,
    intake::{self, Item},
    log::{Actor, Entry},
    personal::{self, Cover},
    scope::{Role, Viewer},
    store::{Q, Row, q},
};

/// One refused item.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Refused {
    /// Its number.
    pub id: i64,
    /// The source that brought it.
    pub source: i64,
    /// When.
    pub at: Micros,
    /// Where in the source: file and line, entry, delivery.
    pub place: String,
    /// The field that is wrong.
    pub field: String,
    /// What is wrong, in words.
    pub reason: String,
    /// The item as it came.
    pub raw: String,
    /// Whether `raw` is all of it; a cut one cannot be tried again.
    pub raw_complete: bool,
}

const SELECT: &str = "select id, source_id, at, place, field, reason, raw, raw_complete from refusals";

/// Refused items of a source that nobody has mended yet, newest first, before `after`.
pub async fn refusals(hub: &Hub, viewer: &Viewer, source: i64, after: Option<i64>, limit: i64) -> Result<Vec<Refused>> {
    viewer.need_anywhere(Role::Viewer, "see refused items")?;
    let sql = format!("{SELECT} where source_id = $1 and retried_at is null and id < $2 order by id desc limit $3");
    let rows = hub.db.all(Q::of(sql).bind(source).bind(after.unwrap_or(i64::MAX)).bind(limit.clamp(1, 200))).await?;
    let cover = Cover::over(hub, viewer).await?;
    let shown =
        |row| from_row(row).map(|refused| Refused { raw: personal::shown(cover.as_ref(), refused.raw), ..refused });
    rows.iter().map(shown).collect()
}

/// The first `limit` items of a source that were refused after the one numbered `after`, for commands, where no person
/// is signed in. With 0 for `after`, from the first.
pub async fn refused_after(hub: &Hub, source: i64, after: i64, limit: i64) -> Result<Vec<Refused>> {
    let sql = format!("{SELECT} where source_id = $1 and id > $2 order by id limit $3");
    let rows = hub.db.all(Q::of(sql).bind(source).bind(after).bind(limit)).await?;
    rows.iter().map(from_row).collect()
}

/// As [`refused_after`], without those that were tried again and taken.
pub async fn waiting_after(hub: &Hub, source: i64, after: i64, limit: i64) -> Result<Vec<Refused>> {
    let sql = format!("{SELECT} where source_id = $1 and retried_at is null and id > $2 order by id limit $3");
    let rows = hub.db.all(Q::of(sql).bind(source).bind(after).bind(limit)).await?;
    rows.iter().map(from_row).collect()
}

/// The number of the newest item that was refused from a source; 0 if there is none.
pub async fn newest_refusal(hub: &Hub, source: i64) -> Result<i64> {
    let sql = "select coalesce(max(id), 0) as newest from refusals where source_id = $1";
    hub.db.one(q!(sql, source)).await?.get("newest")
}

fn from_row(row: &Row) -> Result<Refused> {
    Ok(Refused {
        id: row.get("id")?,
        source: row.get("source_id")?,
        at: row.get("at")?,
        place: row.get("place")?,
        field: row.get("field")?,
        reason: row.get("reason")?,
        raw: row.get("raw")?,
        raw_complete: row.get("raw_complete")?,
    })
}

/// Tries a refused item again, as it came or as `mended` says, on behalf of a lead of the source's unit. Taken, it leaves
/// the quarantine and the accounting moves from refused to stored or duplicate; otherwise nothing changes and the error
/// says why.
pub async fn retry(hub: &Hub, viewer: &Viewer, refusal: i64, mended: Option<&str>) -> Result<&'static str> {
    let waiting = waiting(hub, refusal).await?;
    may_change(viewer, find(hub, waiting.source).await?.unit, "try a refused item again")?;
    try_again(hub, Actor::Member(viewer.member), waiting, mended).await
}

/// As [`retry`], from the command line, as it came.
pub async fn retry_as(hub: &Hub, actor: Actor, item: Refused) -> Result<&'static str> {
    try_again(hub, actor, item, None).await
}

/// A refused item that nobody has mended yet, for commands.
pub async fn waiting(hub: &Hub, refusal: i64) -> Result<Refused> {
    let sql = format!("{SELECT} where id = $1 and retried_at is null");
    from_row(&hub.db.opt(Q::of(sql).bind(refusal)).await?.ok_or(Error::not_found("refused item", refusal))?)
}

async fn try_again(hub: &Hub, actor: Actor, item: Refused, mended: Option<&str>) -> Result<&'static str> {
    if mended.is_none() && !item.raw_complete {
        return Err(Error::Conflict(
            "only the beginning of this item was kept, because it is too large; have the source bring it again".into(),
        ));
    }
    let post = Post::from_json(mended.unwrap_or(&item.raw))?;
    let counted = intake::receive(hub, item.source, vec![Item::post(item.place, post)]).await?;
    let as_what = if counted.stored > 0 { "stored" } else { "duplicate" };
    if counted.refused > 0 {
        return Err(Error::Conflict(
            "it was refused again and now stands in the list a second time with the new reason".into(),
        ));
    }
    let mut tx = hub.begin(actor).await?;
    let now = tx.now();
    let sql = "update refusals set retried_at = $1, retried_as = $2 where id = $3 and retried_at is null";
    if tx.run(q!(sql, now, as_what, item.id)).await? == 1 {
        // The item was seen once: what the retry counted anew replaces what the refusal had counted.
        tx.run(q!("update sources set seen = seen - 1, refused = refused - 1 where id = $1", item.source)).await?;
    }
    tx.log(Entry::new("refusal.retried", "refusal", item.id).with(serde_json::json!({ "as": as_what })));
    tx.commit().await?;
    Ok(as_what)
}
