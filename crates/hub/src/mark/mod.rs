//! What people say of a mention: that it is about us, or not. A mention that is not about us stays where it is, with its
//! case, its analysis and its words; it only counts for no query any more, until somebody takes the mark back.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use dandelion_post::Micros;
use serde::Serialize;
use serde_json::json;

use crate::{
    Error, Hub, Result, Tx,
    log::{Actor, Entry},
    scope::{Role, Viewer},
    store::{Q, q},
};

/// A mark that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// Whether it says that the post is about us.
    pub about_us: bool,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Micros,
}

/// Marks a mention as about us, or not. Agents of its case's unit may, and agents of the unit of a query that heard it.
/// Gives the event, by which it can be undone.
pub async fn mark(hub: &Hub, viewer: &Viewer, post: i64, about_us: bool) -> Result<i64> {
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let unit = allowed(&mut tx, viewer, post).await?;
    let standing = tx.opt(q!("select id, about_us from marks where post_id = $1 and undone_at is null", post)).await?;
    let was =
        standing.map(|row| Ok::<_, Error>((row.get::<i64, _>("id")?, row.get::<bool, _>("about_us")?))).transpose()?;
    if was.is_some_and(|(_, said)| said == about_us) {
        let words = if about_us { "about us" } else { "not about us" };
        return Err(Error::Conflict(format!("This is marked as {words} already")));
    }
    let now = tx.now();
    if let Some((old, _)) = was {
        tx.run(q!("update marks set undone_at = $1, undone_by = $2 where id = $3", now, viewer.member, old)).await?;
    }
    let id = tx.id("marks").await?;
    let sql = "insert into marks (id, post_id, about_us, member_id, at) values ($1, $2, $3, $4, $5)";
    tx.run(q!(sql, id, post, about_us, viewer.member, now)).await?;
    set_off(&mut tx, post, (!about_us).then_some(now)).await?;
    tx.log(Entry::new("post.marked", "post", post).unit(unit).with(json!({ "mark": id, "about_us": about_us })));
    tx.commit().await?;
    let sql = "select max(id) as id from events where kind = 'post.marked' and noun = 'post' and noun_id = $1";
    hub.db.one(q!(sql, post)).await?.get("id")
}

/// Takes the mark of a mention back, whoever made it.
pub async fn unmark(hub: &Hub, viewer: &Viewer, post: i64) -> Result<()> {
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let unit = allowed(&mut tx, viewer, post).await?;
    let row = tx.opt(q!("select id from marks where post_id = $1 and undone_at is null", post)).await?;
    let row =
        row.ok_or_else(|| Error::Conflict("Nobody has marked this, or the mark was taken back already".into()))?;
    end(&mut tx, viewer, post, row.get("id")?, unit).await?;
    tx.commit().await
}

/// Takes one mark back, if it still stands.
pub(crate) async fn take_back(hub: &Hub, viewer: &Viewer, post: i64, mark: i64) -> Result<()> {
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let unit = allowed(&mut tx, viewer, post).await?;
    if tx.opt(q!("select id from marks where id = $1 and undone_at is null", mark)).await?.is_none() {
        return Err(Error::Conflict("This can no longer be undone: somebody marked it otherwise since".into()));
    }
    end(&mut tx, viewer, post, mark, unit).await?;
    tx.commit().await
}

/// The marks that stand on these posts.
pub async fn standing(hub: &Hub, viewer: &Viewer, posts: &[i64]) -> Result<HashMap<i64, Mark>> {
    viewer.need_anywhere(Role::Viewer, "read posts")?;
    let mut found = HashMap::new();
    for posts in posts.chunks(200) {
        let list: Vec<String> = posts.iter().map(ToString::to_string).collect();
        let sql = format!(
            "select k.post_id, k.about_us, k.at, b.name from marks k join members b on b.id = k.member_id
             where k.undone_at is null and k.post_id in ({})",
            list.join(", ")
        );
        for row in hub.db.all(Q::of(sql)).await? {
            let mark = Mark { about_us: row.get("about_us")?, by: row.get("name")?, at: row.get("at")? };
            found.insert(row.get("post_id")?, mark);
        }
    }
    Ok(found)
}

/// Which of these posts are mentions that the viewer may mark.
pub async fn markable(hub: &Hub, viewer: &Viewer, posts: &[i64]) -> Result<HashSet<i64>> {
    let mut found = HashSet::new();
    let scope = viewer.scope(Role::Agent);
    for posts in posts.chunks(200) {
        let list: Vec<String> = posts.iter().map(ToString::to_string).collect();
        let sql = format!(
            "select m.post_id from mentions m left join cases c on c.id = m.case_id where m.post_id in ({}) and ({}
               or exists (select 1 from mention_queries mq join queries q on q.id = mq.query_id where mq.mention_id = m.id and {}))",
            list.join(", "),
            scope.sql("c.unit_id"),
            scope.sql("q.unit_id")
        );
        for row in hub.db.all(Q::of(sql)).await? {
            found.insert(row.get("post_id")?);
        }
    }
    Ok(found)
}

/// The unit to name in the log, if the viewer may mark this mention.
async fn allowed(tx: &mut Tx, viewer: &Viewer, post: i64) -> Result<i64> {
    let sql = "select c.unit_id from mentions m join cases c on c.id = m.case_id where m.post_id = $1
        union select q.unit_id from mentions m join mention_queries mq on mq.mention_id = m.id join queries q on q.id = mq.query_id
        where m.post_id = $1";
    let mut units = Vec::new();
    for row in tx.all(q!(sql, post)).await? {
        units.push(row.get::<i64, _>("unit_id")?);
    }
    let Some(first) = units.first() else { return Err(Error::not_found("mention of post", post)) };
    match units.iter().find(|unit| viewer.may(Role::Agent, **unit)) {
        Some(unit) => Ok(*unit),
        None => viewer.need(Role::Agent, *first, "say whether this is about us").map(|()| *first),
    }
}

async fn end(tx: &mut Tx, viewer: &Viewer, post: i64, mark: i64, unit: i64) -> Result<()> {
    let now = tx.now();
    tx.run(q!("update marks set undone_at = $1, undone_by = $2 where id = $3", now, viewer.member, mark)).await?;
    set_off(tx, post, None).await?;
    tx.log(Entry::new("post.unmarked", "post", post).unit(unit).with(json!({ "mark": mark })));
    Ok(())
}

async fn set_off(tx: &mut Tx, post: i64, at: Option<Micros>) -> Result<()> {
    tx.run(q!("update mentions set off_at = $1 where post_id = $2", at, post)).await.map(drop)
}
