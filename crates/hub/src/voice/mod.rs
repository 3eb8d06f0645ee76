//! Share of voice: how many people speak of us, of others, of a product. A *group* is a handful of queries with a name;
//! competitors and products are groups. Counts of people stand beside counts of posts, because ten posts of one person
//! are not ten people, and both always name what they were counted in.

mod read;
#[cfg(test)]
mod tests;

use dandelion_post::Micros;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use read::{Count, GroupShare, SourceCount, TopicShare, Voice, read};

use crate::{
    Error, Hub, Result, Tx,
    log::{Actor, Entry},
    scope::{Role, Viewer},
    store::q,
};

/// Most queries of a group.
const MOST: usize = 100;

/// What a group of queries stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Us.
    Ours,
    /// Somebody else in our market.
    Competitor,
    /// One of our products.
    Product,
    /// Something else.
    Other,
}

impl Kind {
    /// All of them, in the order they are shown.
    pub const ALL: [Self; 4] = [Self::Ours, Self::Competitor, Self::Product, Self::Other];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Competitor => "competitor",
            Self::Product => "product",
            Self::Other => "other",
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        known.ok_or_else(|| Error::invalid("kind", "one of ours, competitor, product, other", text))
    }
}

/// A group of queries.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// Its number.
    pub id: i64,
    /// The unit that keeps it right.
    pub unit: i64,
    /// Its name, the only one so called.
    pub name: String,
    /// What it stands for.
    pub kind: Kind,
    /// Counts up with every change.
    pub version: i64,
    /// Its queries: number and name, by name.
    pub queries: Vec<(i64, String)>,
}

/// A group as somebody writes it.
#[derive(Debug, Clone, Deserialize)]
pub struct Draft {
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub kind: Kind,
    /// Numbers of its queries.
    pub queries: Vec<i64>,
}

/// Every group, ours first, then by name.
pub async fn groups(hub: &Hub, viewer: &Viewer) -> Result<Vec<Group>> {
    viewer.need_anywhere(Role::Viewer, "see groups of queries")?;
    let rows = hub
        .db
        .all(q!("select id, unit_id, name, kind, version from query_groups where archived_at is null order by name"))
        .await?;
    let mut groups = Vec::with_capacity(rows.len());
    for row in &rows {
        groups.push(Group {
            id: row.get("id")?,
            unit: row.get("unit_id")?,
            name: row.get("name")?,
            kind: row.get::<String, _>("kind")?.parse()?,
            version: row.get("version")?,
            queries: Vec::new(),
        });
    }
    let sql = "select gq.group_id, q.id, q.name from query_group_queries gq join queries q on q.id = gq.query_id order by q.name";
    for row in hub.db.all(q!(sql)).await? {
        let id: i64 = row.get("group_id")?;
        if let Some(group) = groups.iter_mut().find(|group| group.id == id) {
            group.queries.push((row.get("id")?, row.get("name")?));
        }
    }
    groups.sort_by_key(|group| Kind::ALL.iter().position(|kind| *kind == group.kind));
    Ok(groups)
}

/// One group that is there.
pub async fn find(hub: &Hub, viewer: &Viewer, id: i64) -> Result<Group> {
    let group = groups(hub, viewer).await?.into_iter().find(|group| group.id == id);
    group.ok_or(Error::not_found("group of queries", id))
}

/// Makes a group for a unit; its leads may.
pub async fn add(hub: &Hub, viewer: &Viewer, unit: i64, draft: &Draft) -> Result<i64> {
    viewer.need(Role::Lead, unit, "make a group of queries for this unit")?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let name = checked(&mut tx, draft, None).await?;
    let (id, now) = (tx.id("query_groups").await?, tx.now());
    let sql = "insert into query_groups (id, unit_id, name, kind, version, created_by, created_at, changed_at) values ($1, $2, $3, $4, 1, $5, $6, $6)";
    tx.run(q!(sql, id, unit, name, draft.kind.as_str(), viewer.member, now)).await?;
    put_queries(&mut tx, id, &draft.queries).await?;
    tx.log(Entry::new("group.made", "group", id).unit(unit).with(json!({ "queries": draft.queries })));
    tx.commit().await?;
    Ok(id)
}

/// Changes a group. `version` is the one the change was made from.
pub async fn change(hub: &Hub, viewer: &Viewer, id: i64, version: i64, draft: &Draft) -> Result<()> {
    let old = find(hub, viewer, id).await?;
    viewer.need(Role::Lead, old.unit, "change a group of queries of this unit")?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let name = checked(&mut tx, draft, Some(id)).await?;
    let now = tx.now();
    let sql = "update query_groups set name = $1, kind = $2, version = version + 1, changed_at = $3 where id = $4 and version = $5
        and archived_at is null";
    if tx.run(q!(sql, name, draft.kind.as_str(), now, id, version)).await? == 0 {
        return Err(Error::Conflict("somebody changed this group meanwhile; look at it and try again".into()));
    }
    tx.run(q!("delete from query_group_queries where group_id = $1", id)).await?;
    put_queries(&mut tx, id, &draft.queries).await?;
    let body = json!({ "was": old.queries.iter().map(|(id, _)| *id).collect::<Vec<_>>(), "queries": draft.queries });
    tx.log(Entry::new("group.changed", "group", id).unit(old.unit).with(body));
    tx.commit().await
}

/// Ends a group; its queries go on listening.
pub async fn archive(hub: &Hub, viewer: &Viewer, id: i64) -> Result<()> {
    let old = find(hub, viewer, id).await?;
    viewer.need(Role::Lead, old.unit, "take away a group of queries of this unit")?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let now = tx.now();
    if tx.run(q!("update query_groups set archived_at = $1 where id = $2 and archived_at is null", now, id)).await? == 0
    {
        return Err(Error::Conflict("this group was taken away already".into()));
    }
    tx.log(Entry::new("group.archived", "group", id).unit(old.unit));
    tx.commit().await
}

/// The name, if all of a draft can be kept.
async fn checked(tx: &mut Tx, draft: &Draft, own: Option<i64>) -> Result<String> {
    let name = draft.name.trim();
    if name.is_empty() || name.chars().count() > 80 {
        return Err(Error::invalid("name", "give the group a name of 1 to 80 characters", name));
    }
    let taken = q!(
        "select 1 as x from query_groups where name = $1 and archived_at is null and id <> $2",
        name,
        own.unwrap_or(0)
    );
    if tx.opt(taken).await?.is_some() {
        return Err(Error::invalid("name", "there is a group of this name already; choose another", name));
    }
    if draft.queries.is_empty() || draft.queries.len() > MOST {
        return Err(Error::invalid("queries", format!("choose 1 to {MOST} queries"), ""));
    }
    for query in &draft.queries {
        if tx.opt(q!("select 1 as x from queries where id = $1", *query)).await?.is_none() {
            return Err(Error::invalid("queries", "there is no such query; choose from the list", &query.to_string()));
        }
    }
    Ok(name.to_owned())
}

async fn put_queries(tx: &mut Tx, group: i64, queries: &[i64]) -> Result<()> {
    let rows = queries.iter().map(|query| vec![group.into(), (*query).into()]).collect();
    tx.insert("query_group_queries", &["group_id", "query_id"], rows, "on conflict do nothing").await.map(drop)
}

/// A stretch of time: from, inclusive, to, exclusive.
pub type Span = (Micros, Micros);
