//! Saved listening queries: each belongs to a unit and is shared by all.

mod change;
pub mod completion;
pub mod lab;
pub mod precision;
pub mod sample;
mod terms;
#[cfg(test)]
mod tests;

pub use change::{Change, case_of, change, failing, restore, save};
use dandelion_listen::{Facts, Scratch, queries::Listed};
use dandelion_post::{Micros, Post};
use serde_json::json;

use crate::{
    Error, Hub, Result, Tx,
    log::{Actor, Entry},
    scope::{Role, Viewer},
    store::{Q, Row, q},
};

/// A saved query.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Query {
    /// Its number.
    pub id: i64,
    /// The unit that keeps it right.
    pub unit: i64,
    /// Its name, the only one so called.
    pub name: String,
    /// What it listens for.
    pub text: String,
    /// Texts it must or must not match.
    pub cases: Vec<Case>,
    /// Counts up with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Micros,
    /// When it was last changed.
    pub changed_at: Micros,
    /// Since when it no longer listens.
    pub archived_at: Option<Micros>,
}

/// A test case: a post that a query must, or must not, match.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Case {
    /// The words of the post.
    pub text: String,
    /// Whether the query must match them.
    pub matches: bool,
    /// The whole post, where the case was made from one that is stored: who wrote it, where, in which language. What was
    /// judged of it is no part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<Box<Post>>,
}

impl Case {
    /// Of words alone.
    pub fn of_text(text: impl Into<String>, matches: bool) -> Self {
        Self { text: text.into(), matches, post: None }
    }

    /// Of a post.
    pub fn of_post(post: Post, matches: bool) -> Self {
        Self { text: post.text.clone(), matches, post: Some(Box::new(post)) }
    }

    /// The post to match.
    pub fn post(&self) -> std::borrow::Cow<'_, Post> {
        match &self.post {
            Some(post) => std::borrow::Cow::Borrowed(post),
            None => std::borrow::Cow::Owned(Post { text: self.text.clone(), ..Post::default() }),
        }
    }
}

/// One saved wording.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Version {
    /// Its number, from 1.
    pub version: i64,
    /// The wording.
    pub text: String,
    /// Who saved it; none for a command.
    pub saved_by: Option<String>,
    /// When.
    pub saved_at: Micros,
    /// Why, in their words.
    pub why: String,
}

/// What a query has heard, without what people say is not about us.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub struct Heard {
    /// Posts, ever.
    pub posts: i64,
    /// Different people who wrote them.
    pub people: i64,
    /// Posts written in the last seven days.
    pub week: i64,
}

const COLUMNS: &str = "id, unit_id, name, text, cases, version, created_at, changed_at, archived_at";

fn from_row(row: &Row) -> Result<Query> {
    Ok(Query {
        id: row.get("id")?,
        unit: row.get("unit_id")?,
        name: row.get("name")?,
        text: row.get("text")?,
        cases: row.json("cases")?,
        version: row.get("version")?,
        created_at: row.get("created_at")?,
        changed_at: row.get("changed_at")?,
        archived_at: row.get("archived_at")?,
    })
}

/// Every live query, by name.
pub async fn list(hub: &Hub) -> Result<Vec<Query>> {
    let sql = format!("select {COLUMNS} from queries where archived_at is null order by name");
    hub.db.all(Q::of(sql)).await?.iter().map(from_row).collect()
}

/// One query, live or archived.
pub async fn find(hub: &Hub, id: i64) -> Result<Query> {
    let sql = format!("select {COLUMNS} from queries where id = $1");
    from_row(&hub.db.opt(Q::of(sql).bind(id)).await?.ok_or(Error::not_found("query", id))?)
}

/// Its wordings, newest first.
pub async fn versions(hub: &Hub, id: i64) -> Result<Vec<Version>> {
    let sql = "select v.version, v.text, v.saved_at, v.why, m.name from query_versions v
               left join members m on m.id = v.saved_by where v.query_id = $1 order by v.version desc";
    let rows = hub.db.all(q!(sql, id)).await?;
    rows.iter()
        .map(|row| {
            Ok(Version {
                version: row.get("version")?,
                text: row.get("text")?,
                saved_by: row.get("name")?,
                saved_at: row.get("saved_at")?,
                why: row.get("why")?,
            })
        })
        .collect()
}

/// What each live query has heard, by query.
pub async fn heard(hub: &Hub) -> Result<std::collections::HashMap<i64, Heard>> {
    let sql = "select mq.query_id, count(*) as posts, count(distinct p.author_id) as people,
                 count(*) filter (where p.created_at >= $1) as week
               from mention_queries mq join mentions m on m.id = mq.mention_id join posts p on p.id = m.post_id
               where m.off_at is null group by mq.query_id";
    let week = hub.now() - 7 * 86_400_000_000;
    let rows = hub.db.all(q!(sql, week)).await?;
    rows.iter()
        .map(|row| {
            Ok((
                row.get("query_id")?,
                Heard { posts: row.get("posts")?, people: row.get("people")?, week: row.get("week")? },
            ))
        })
        .collect()
}

/// Makes a query for a unit; its leads may.
pub async fn add(hub: &Hub, viewer: &Viewer, unit: i64, name: &str, text: &str, why: &str) -> Result<Query> {
    make(hub, viewer, unit, name, Change { text, cases: &[], why, despite: "" }).await
}

/// As [`add`], with test cases. Refused where one fails and no reason to make it all the same is given.
pub async fn make(hub: &Hub, viewer: &Viewer, unit: i64, name: &str, first: Change<'_>) -> Result<Query> {
    viewer.need(Role::Lead, unit, "make a query for this unit")?;
    let why = first.why_in_history(&*hub.engine().await?, name)?.1;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let id = insert(&mut tx, unit, name, first.text, first.cases, &why).await?;
    tx.commit().await?;
    find(hub, id).await
}

/// Ends a query; what it heard stays.
pub async fn archive(hub: &Hub, viewer: &Viewer, id: i64) -> Result<()> {
    let query = find(hub, id).await?;
    viewer.need(Role::Lead, query.unit, "archive a query of this unit")?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let now = tx.now();
    if tx.run(q!("update queries set archived_at = $1 where id = $2 and archived_at is null", now, id)).await? == 0 {
        return Err(Error::Conflict("this query is archived already".into()));
    }
    tx.log(Entry::new("query.archived", "query", id).unit(query.unit));
    tx.commit().await
}

/// Takes in `queries.toml`: new ones are made, known ones (by name) changed, none removed. Says how many of each.
pub async fn import(hub: &Hub, actor: Actor, listed: &[Listed]) -> Result<(usize, usize)> {
    let org = crate::unit::Org::load(&hub.db).await?;
    let mut tx = hub.begin(actor).await?;
    let (mut made, mut changed) = (0, 0);
    for query in listed {
        let unit = match query.unit.as_str() {
            "" => org.hub()?,
            key => org.unit_by_key(key).ok_or_else(|| {
                Error::invalid(
                    format!("query “{}”, unit", query.name),
                    "there is no unit of this key; import the organisation first",
                    key,
                )
            })?,
        };
        let cases: Vec<Case> = query.cases.iter().map(imported).collect();
        let row = tx
            .opt(q!(
                "select id, text, cases, version from queries where name = $1 and archived_at is null",
                &query.name
            ))
            .await?;
        let Some(row) = row else {
            insert(&mut tx, unit.id, &query.name, &query.text, &cases, "imported").await?;
            made += 1;
            continue;
        };
        let (id, version, text): (i64, i64, String) = (row.get("id")?, row.get("version")?, row.get("text")?);
        if text == query.text && row.json::<Vec<Case>>("cases")? == cases {
            continue;
        }
        let now = tx.now();
        let sql = "update queries set text = $1, cases = $2, version = version + 1, changed_at = $3 where id = $4";
        tx.run(q!(sql, &query.text, json!(cases).to_string(), now, id)).await?;
        let sql =
            "insert into query_versions (query_id, version, text, saved_at, why) values ($1, $2, $3, $4, 'imported')";
        tx.run(q!(sql, id, version + 1, &query.text, now)).await?;
        tx.log(Entry::new("query.changed", "query", id).unit(unit.id).with(json!({ "version": version + 1 })));
        changed += 1;
    }
    tx.commit().await?;
    Ok((made, changed))
}

/// What a wording would have heard among the newest `most` stored posts: how many were looked at, and the ids that
/// match, newest first.
pub async fn rehearse(hub: &Hub, viewer: &Viewer, text: &str, most: i64) -> Result<(usize, Vec<i64>)> {
    viewer.need_anywhere(Role::Viewer, "try a query")?;
    let matcher = dandelion_listen::Matcher::new([(0, parse(text)?)]);
    let sql = "select id, text, title from posts where deleted_at is null and not ours order by id desc limit $1";
    let rows = hub.db.all(q!(sql, most.clamp(1, 20_000))).await?;
    let (mut found, mut hits, mut scratch) = (Vec::new(), Vec::new(), Scratch::default());
    for row in &rows {
        let post = Post { text: row.get("text")?, title: row.get("title")?, ..Post::default() };
        matcher.hits(&post, &Facts::default(), &mut scratch, &mut hits);
        if !hits.is_empty() {
            found.push(row.get("id")?);
        }
    }
    Ok((rows.len(), found))
}

/// Reads a query, with the place of an error in words.
pub fn parse(text: &str) -> Result<dandelion_listen::Query> {
    dandelion_listen::parse(text).map_err(|error| {
        let at = text[..text.floor_char_boundary(error.span.start)].chars().count() + 1;
        let hint = if error.hint.is_empty() { String::new() } else { format!(". {}", error.hint) };
        Error::invalid("text", format!("at character {at}: {}{hint}", error.message), text)
    })
}

/// A case of `queries.toml`; one of words alone stays so.
fn imported(case: &dandelion_listen::queries::Case) -> Case {
    let bare = Post { text: case.post.text.clone(), ..Post::default() };
    if case.post == bare {
        Case::of_text(bare.text, case.matches)
    } else {
        Case::of_post(case.post.clone(), case.matches)
    }
}

async fn insert(tx: &mut Tx, unit: i64, name: &str, text: &str, cases: &[Case], why: &str) -> Result<i64> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 120 {
        return Err(Error::invalid("name", "give the query a name of 1 to 120 characters", name));
    }
    parse(text)?;
    if tx.opt(q!("select 1 as x from queries where name = $1", name)).await?.is_some() {
        return Err(Error::invalid("name", "there is a query of this name already; choose another", name));
    }
    let (id, now, by) = (tx.id("queries").await?, tx.now(), tx.actor().member());
    tx.run(q!(
        "insert into queries (id, unit_id, name, text, cases, version, created_by, created_at, changed_at) values ($1, $2, $3, $4, $5, 1, $6, $7, $7)",
        id,
        unit,
        name,
        text,
        json!(cases).to_string(),
        by,
        now
    ))
    .await?;
    let sql =
        "insert into query_versions (query_id, version, text, saved_by, saved_at, why) values ($1, 1, $2, $3, $4, $5)";
    tx.run(q!(sql, id, text, by, now, why)).await?;
    tx.log(Entry::new("query.made", "query", id).unit(unit));
    Ok(id)
}
