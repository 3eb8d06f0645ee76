//! The organisation out of the store.

use std::collections::BTreeMap;

use super::{Org, Product, Promise, Rule, Topic, Unit, hours::Hours};
use crate::{
    Db, Error, Result, handle,
    store::{Boxed, Q, Row, q},
};

impl Org {
    /// Loads it as it stands now.
    pub fn load(db: &Db) -> Boxed<'_, Self> {
        Box::pin(async move {
            let settings = settings(db).await?;
            let text = |name: &str, or: &str| {
                settings.get(name).and_then(|v| v.as_str()).map_or_else(|| or.to_owned(), ToOwned::to_owned)
            };
            let languages = settings.get(LANGUAGES).cloned().map(serde_json::from_value).transpose();
            let order_numbers = settings.get(ORDER_NUMBERS).cloned().map(serde_json::from_value).transpose();
            let mut promises = BTreeMap::new();
            for row in db.all(q!("select unit_id, kind, minutes from promises")).await? {
                let kind: String = row.get("kind")?;
                let kind: Promise = kind.parse().map_err(|_| damaged("promises", "kind", &kind))?;
                promises.insert((row.get("unit_id")?, kind), row.get("minutes")?);
            }
            Ok(Self {
                name: text(NAME, ""),
                time_zone: text(TIME_ZONE, "UTC"),
                languages: languages.map_err(|_| damaged("settings", LANGUAGES, ""))?.unwrap_or_default(),
                order_numbers: order_numbers.map_err(|_| damaged("settings", ORDER_NUMBERS, ""))?.unwrap_or_default(),
                hours: load_hours(db).await?,
                units: rows(db, UNITS, unit).await?,
                products: rows(db, PRODUCTS, product).await?,
                topics: rows(db, TOPICS, topic).await?,
                routes: rows(db, ROUTES, rule).await?,
                promises,
                handles: handle::all(db).await?,
                version: settings.get(VERSION).and_then(serde_json::Value::as_i64).unwrap_or(0),
            })
        })
    }

    /// The version the store is at now: where it differs from [`Org::version`], load again.
    pub async fn version_now(db: &Db) -> Result<i64> {
        let row = db.opt(q!("select value from settings where name = $1", VERSION)).await?;
        row.map_or(Ok(0), |row| row.json("value"))
    }
}

/// Names in the settings table.
pub(super) const NAME: &str = "organisation.name";
pub(super) const TIME_ZONE: &str = "organisation.time_zone";
pub(super) const LANGUAGES: &str = "organisation.languages";
pub(super) const ORDER_NUMBERS: &str = "organisation.order_numbers";
pub(super) const VERSION: &str = "organisation.version";

const UNITS: &str = "select id, key, name, kind, parent_id, country, languages, hours, approval_unit_id,
                     takes_unroutable, archived_at from units order by position, id";
const PRODUCTS: &str = "select id, key, name, aliases, unit_id, competitor, archived_at from products order by id";
const TOPICS: &str = "select id, key, name, words, unit_id, archived_at from topics order by id";
const ROUTES: &str = "select id, name, conditions, unit_id, tell from routes where archived_at is null
                      order by position, id";

async fn settings(db: &Db) -> Result<BTreeMap<String, serde_json::Value>> {
    let rows = db.all(q!("select name, value from settings where name like 'organisation.%'")).await?;
    rows.iter().map(|row| Ok((row.get("name")?, row.json("value")?))).collect()
}

async fn load_hours(db: &Db) -> Result<BTreeMap<String, Hours>> {
    let rows = db.all(q!("select key, body from hours")).await?;
    rows.iter().map(|row| Ok((row.get("key")?, row.json("body")?))).collect()
}

async fn rows<T>(db: &Db, sql: &'static str, read: fn(&Row) -> Result<T>) -> Result<Vec<T>> {
    db.all(Q::new(sql)).await?.iter().map(read).collect()
}

fn unit(row: &Row) -> Result<Unit> {
    let kind: String = row.get("kind")?;
    Ok(Unit {
        id: row.get("id")?,
        key: row.get("key")?,
        name: row.get("name")?,
        kind: kind.parse().map_err(|_| damaged("units", "kind", &kind))?,
        parent: row.get("parent_id")?,
        country: row.get("country")?,
        languages: row.json("languages")?,
        hours: row.get("hours")?,
        approval: row.get("approval_unit_id")?,
        takes_unroutable: row.get("takes_unroutable")?,
        archived: archived(row)?,
    })
}

fn product(row: &Row) -> Result<Product> {
    Ok(Product {
        id: row.get("id")?,
        key: row.get("key")?,
        name: row.get("name")?,
        aliases: row.json("aliases")?,
        unit: row.get("unit_id")?,
        competitor: row.get("competitor")?,
        archived: archived(row)?,
    })
}

fn topic(row: &Row) -> Result<Topic> {
    Ok(Topic {
        id: row.get("id")?,
        key: row.get("key")?,
        name: row.get("name")?,
        words: row.json("words")?,
        unit: row.get("unit_id")?,
        archived: archived(row)?,
    })
}

fn rule(row: &Row) -> Result<Rule> {
    Ok(Rule {
        id: row.get("id")?,
        name: row.get("name")?,
        when: row.json("conditions")?,
        unit: row.get("unit_id")?,
        tell: row.json("tell")?,
    })
}

fn archived(row: &Row) -> Result<bool> {
    Ok(row.get::<Option<i64>, _>("archived_at")?.is_some())
}

fn damaged(table: &str, column: &str, value: &str) -> Error {
    Error::Damaged(format!("{table}.{column} cannot be read (`{value}`)"))
}
