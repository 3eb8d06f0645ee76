//! Sets of labels: questions that a unit asks of its posts, with the answers it wants, such as `reason` with `late`,
//! `lost`, `rude`. A set belongs to a unit and holds for all below; its key is one of a kind in the organisation. People
//! answer it on the desk, and a head learns from their answers.

use dandelion_post::Micros;
use serde::Serialize;
use serde_json::json;

use crate::{
    Error, Hub, Result, Tx,
    case::Judged,
    log::{Actor, Entry},
    scope::{Role, Viewer},
    store::{Q, Row, q},
};

/// Labels a set may have.
pub const MOST_LABELS: usize = 2_000;
/// Letters of a key, a name and a label.
const MOST_LETTERS: usize = 60;

/// A set of labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelSet {
    /// Its number.
    pub id: i64,
    /// The unit that asks, and all below.
    pub unit: i64,
    /// Its key, as corrections name it.
    pub key: String,
    /// As people read it.
    pub name: String,
    /// The answers.
    pub labels: Vec<String>,
    /// When it was last changed.
    pub changed_at: Micros,
}

const SELECT: &str = "select id, unit_id, key, name, labels, changed_at from label_sets";

fn from_row(row: &Row) -> Result<LabelSet> {
    Ok(LabelSet {
        id: row.get("id")?,
        unit: row.get("unit_id")?,
        key: row.get("key")?,
        name: row.get("name")?,
        labels: row.json("labels")?,
        changed_at: row.get("changed_at")?,
    })
}

/// All sets that are asked.
pub async fn list(hub: &Hub) -> Result<Vec<LabelSet>> {
    let sql = format!("{SELECT} where archived_at is null order by id");
    hub.db.all(Q::of(sql)).await?.iter().map(from_row).collect()
}

/// One set that is asked.
pub async fn find(hub: &Hub, id: i64) -> Result<LabelSet> {
    let sql = format!("{SELECT} where archived_at is null and id = $1");
    from_row(&hub.db.opt(Q::of(sql).bind(id)).await?.ok_or(Error::not_found("set of labels", id))?)
}

/// The set of this key, where it is asked of posts of `unit`.
pub async fn of_unit(hub: &Hub, key: &str, unit: i64) -> Result<Option<LabelSet>> {
    let engine = hub.engine().await?;
    let line = engine.org.line_ids(unit);
    Ok(list(hub).await?.into_iter().find(|set| set.key == key && line.contains(&set.unit)))
}

/// Makes a set. Leads of the unit may.
pub async fn add(hub: &Hub, viewer: &Viewer, unit: i64, key: &str, name: &str, labels: &[String]) -> Result<LabelSet> {
    viewer.need(Role::Lead, unit, "give posts of this unit labels of its own")?;
    let (key, name, labels) = checked(key, name, labels)?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let taken = q!("select 1 as x from label_sets where key = $1 and archived_at is null", &key);
    if tx.opt(taken).await?.is_some() {
        return Err(Error::invalid("key", "there is a set of this key already; choose another", &key));
    }
    let id = insert(&mut tx, unit, &key, &name, &labels, Some(viewer.member).filter(|id| *id > 0)).await?;
    tx.commit().await?;
    find(hub, id).await
}

async fn insert(tx: &mut Tx, unit: i64, key: &str, name: &str, labels: &[String], by: Option<i64>) -> Result<i64> {
    let (id, now) = (tx.id("label_sets").await?, tx.now());
    let sql = "insert into label_sets (id, unit_id, key, name, labels, made_by, made_at, changed_at)
        values ($1, $2, $3, $4, $5, $6, $7, $7)";
    tx.run(q!(sql, id, unit, key, name, json!(labels).to_string(), by, now)).await?;
    tx.log(Entry::new("labels.added", "labels", id).unit(unit).with(json!({ "key": key, "labels": labels.len() })));
    Ok(id)
}

/// Changes a set's name and answers. Corrections that name an answer which is gone stay, and teach nothing.
pub async fn change(hub: &Hub, viewer: &Viewer, id: i64, name: &str, labels: &[String]) -> Result<LabelSet> {
    let set = find(hub, id).await?;
    viewer.need(Role::Lead, set.unit, "change the labels of this unit")?;
    let (_, name, labels) = checked(&set.key, name, labels)?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    update(&mut tx, &set, &name, &labels).await?;
    tx.commit().await?;
    find(hub, id).await
}

async fn update(tx: &mut Tx, set: &LabelSet, name: &str, labels: &[String]) -> Result<()> {
    let now = tx.now();
    let sql = "update label_sets set name = $1, labels = $2, changed_at = $3 where id = $4";
    tx.run(q!(sql, name, json!(labels).to_string(), now, set.id)).await?;
    let body = json!({ "key": set.key, "labels": labels.len() });
    tx.log(Entry::new("labels.changed", "labels", set.id).unit(set.unit).with(body));
    Ok(())
}

/// Asks a set no longer. What people said and what was trained stays; a head that answers it is to be retired first.
pub async fn archive(hub: &Hub, viewer: &Viewer, id: i64) -> Result<()> {
    let set = find(hub, id).await?;
    viewer.need(Role::Lead, set.unit, "take labels of this unit away")?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let sql = "select 1 as x from models where question = $1 and state in ('training', 'shadow', 'in-use') limit 1";
    if tx.opt(q!(sql, &set.key)).await?.is_some() {
        return Err(Error::Conflict("A head answers this question still. Retire it first".into()));
    }
    let now = tx.now();
    tx.run(q!("update label_sets set archived_at = $1 where id = $2", now, id)).await?;
    tx.log(Entry::new("labels.archived", "labels", id).unit(set.unit).with(json!({ "key": set.key })));
    tx.commit().await
}

/// Makes sure that a set of these labels is there for a head that is trained on a file.
pub(super) async fn ensure(
    hub: &Hub,
    tx: &mut Tx,
    unit: i64,
    key: &str,
    labels: &[String],
    by: Option<i64>,
) -> Result<()> {
    let (key, name, labels) = checked(key, key, labels)?;
    let Some(set) = list(hub).await?.into_iter().find(|set| set.key == key) else {
        return insert(tx, unit, &key, &name, &labels, by).await.map(drop);
    };
    if set.unit != unit {
        return Err(Error::invalid("head", "another unit asks a question of this name; choose another", &key));
    }
    let mut all = set.labels.clone();
    all.extend(labels.into_iter().filter(|label| !set.labels.contains(label)));
    if all.len() == set.labels.len() {
        return Ok(());
    }
    let (_, name, all) = checked(&key, &set.name, &all)?;
    update(tx, &set, &name, &all).await
}

/// Key, name and labels in their one shape.
fn checked(key: &str, name: &str, labels: &[String]) -> Result<(String, String, Vec<String>)> {
    let (key, name) = (key.trim(), name.trim());
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if key.is_empty() || key.len() > MOST_LETTERS || !key.chars().all(fits) {
        return Err(Error::invalid("key", "use small letters, digits, - and _", key));
    }
    if key.parse::<Judged>().is_ok() {
        return Err(Error::invalid("key", "this is a judgement that the program makes by itself; choose another", key));
    }
    if name.is_empty() || name.chars().count() > MOST_LETTERS {
        return Err(Error::invalid("name", format!("give a name of at most {MOST_LETTERS} letters"), name));
    }
    let mut all: Vec<String> = Vec::new();
    for label in labels.iter().map(|label| label.trim()).filter(|label| !label.is_empty()) {
        if label.chars().count() > MOST_LETTERS || label.contains(|c: char| c.is_control()) {
            return Err(Error::invalid("labels", format!("a label has at most {MOST_LETTERS} letters"), label));
        }
        if !all.iter().any(|known| known == label) {
            all.push(label.to_owned());
        }
    }
    if !(2..=MOST_LABELS).contains(&all.len()) {
        let words = format!("give at least two answers, and at most {MOST_LABELS}");
        return Err(Error::invalid("labels", words, &all.join(", ")));
    }
    Ok((key.to_owned(), name.to_owned(), all))
}
