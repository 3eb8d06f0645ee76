//! Writing the difference between the stored organisation and a file, section by section.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    Org, Report,
    import::{Plan, differences},
    load::{LANGUAGES, NAME, ORDER_NUMBERS, TIME_ZONE},
    obligations,
    toml::{File, HandleEntry, ProductEntry, RouteEntry, TopicEntry, UnitEntry},
};
use crate::{
    Error, Result, Tx, handle,
    log::Entry,
    member::{self, Member},
    store::{Boxed, q},
};

/// What is stored.
pub(super) struct Now {
    pub(super) org: Org,
    pub(super) members: Vec<Member>,
    pub(super) before: File,
}

/// Keys and their ids, archived ones included.
struct Ids {
    units: BTreeMap<String, i64>,
    members: BTreeMap<String, i64>,
}

impl Ids {
    fn unit(&self, key: &str) -> Result<i64> {
        self.units.get(key).copied().ok_or_else(|| Error::not_found("unit", key))
    }

    fn maybe_unit(&self, key: Option<&String>) -> Result<Option<i64>> {
        key.map(|key| self.unit(key)).transpose()
    }

    fn member(&self, key: Option<&String>) -> Result<Option<i64>> {
        key.map(|key| self.members.get(key).copied().ok_or_else(|| Error::not_found("member", key))).transpose()
    }
}

/// Writes the difference and says what it was. The file has been checked.
pub(super) fn apply<'a>(tx: &'a mut Tx, now: &'a Now, after: File) -> Boxed<'a, Report> {
    Box::pin(async move {
        let mut report = Report::default();
        let mut ids = Ids {
            units: now.org.units.iter().map(|unit| (unit.key.clone(), unit.id)).collect(),
            members: now.members.iter().map(|member| (member.key.clone(), member.id)).collect(),
        };
        settings(tx, &now.before, &after, &mut report).await?;
        hours(tx, &now.before, &after, &mut report).await?;
        units(tx, now, &after, &mut ids, &mut report).await?;
        products(tx, now, &after, &ids, &mut report).await?;
        topics(tx, now, &after, &ids, &mut report).await?;
        routes(tx, now, &after, &ids, &mut report).await?;
        let people = member::import::Now { all: &now.members, before: &now.before.members, after: &after.members };
        let (hub, live) = (hub_of(&after, &ids)?, live_units(&after, &ids)?);
        member::import::apply(tx, &people, &mut ids.members, &ids.units, hub, &live, &mut report).await?;
        handles(tx, now, &after, &ids, &mut report).await?;
        promises(tx, &now.before, &after, &ids, &mut report).await?;
        Ok(report)
    })
}

fn hub_of(after: &File, ids: &Ids) -> Result<i64> {
    let hub = after.units.iter().find(|unit| unit.takes_unroutable).or(after.units.first());
    hub.map_or_else(|| Err(Error::not_found("unit", "hub")), |unit| ids.unit(&unit.key))
}

fn live_units(after: &File, ids: &Ids) -> Result<Vec<i64>> {
    after.units.iter().map(|unit| ids.unit(&unit.key)).collect()
}

async fn settings(tx: &mut Tx, before: &File, after: &File, report: &mut Report) -> Result<()> {
    let all = |of: &File| {
        let (name, zone) = (json!(of.name), json!(of.time_zone));
        [(NAME, name), (TIME_ZONE, zone), (LANGUAGES, json!(of.languages)), (ORDER_NUMBERS, json!(of.order_numbers))]
    };
    if all(before) == all(after) {
        report.unchanged += 1;
        return Ok(());
    }
    for (name, value) in all(after) {
        let sql = "insert into settings (name, value) values ($1, $2)
                   on conflict (name) do update set value = excluded.value";
        tx.run(q!(sql, name, value.to_string())).await?;
    }
    tx.log(Entry::new("organisation.changed", "organisation", 0));
    report.changed.push("organisation".into());
    Ok(())
}

async fn hours(tx: &mut Tx, before: &File, after: &File, report: &mut Report) -> Result<()> {
    for (key, hours) in &after.hours {
        let old = before.hours.get(key);
        if old == Some(hours) {
            report.unchanged += 1;
            continue;
        }
        let body = serde_json::to_string(hours).map_err(|e| Error::invalid("hours", e.to_string(), key))?;
        let sql = "insert into hours (key, body) values ($1, $2) on conflict (key) do update set body = excluded.body";
        tx.run(q!(sql, key, body)).await?;
        let list = if old.is_some() { &mut report.changed } else { &mut report.added };
        list.push(format!("hours {key}"));
        tx.log(Entry::new("hours.changed", "hours", 0).with(json!({ "key": key })));
    }
    for key in before.hours.keys().filter(|key| !after.hours.contains_key(*key)) {
        tx.run(q!("delete from hours where key = $1", key)).await?;
        report.archived.push(format!("hours {key}"));
        tx.log(Entry::new("hours.removed", "hours", 0).with(json!({ "key": key })));
    }
    Ok(())
}

async fn units(tx: &mut Tx, now: &Now, after: &File, ids: &mut Ids, report: &mut Report) -> Result<()> {
    let plan = Plan::new(&now.before.units, &after.units, |unit| &unit.key, true);
    report.unchanged += plan.unchanged;
    // All of them first, so that each can name any other.
    for unit in &plan.added {
        let back = ids.units.contains_key(&unit.key);
        if !back {
            let id = tx.id("units").await?;
            let sql = "insert into units (id, key, name, kind, languages, takes_unroutable, position)
                       values ($1, $2, $3, $4, '[]', $5, 0)";
            tx.run(q!(sql, id, &unit.key, &unit.name, unit.kind.as_str(), false)).await?;
            ids.units.insert(unit.key.clone(), id);
        }
        let id = ids.unit(&unit.key)?;
        let kind = if back { "unit.restored" } else { "unit.added" };
        tx.log(Entry::new(kind, "unit", id).unit(id).with(json!({ "key": unit.key })));
        report.added.push(format!("unit {}", unit.key));
    }
    for (old, unit) in &plan.changed {
        let id = ids.unit(&unit.key)?;
        let body = json!({ "key": unit.key, "changed": differences(*old, *unit) });
        tx.log(Entry::new("unit.changed", "unit", id).unit(id).with(body));
        report.changed.push(format!("unit {}", unit.key));
    }
    if plan.unchanged < after.units.len() {
        for (position, unit) in after.units.iter().enumerate() {
            write_unit(tx, position, unit, ids).await?;
        }
    }
    for unit in &plan.gone {
        let id = ids.unit(&unit.key)?;
        obligations::none_left(tx, id, &unit.name).await?;
        let sql = "update units set archived_at = $1, takes_unroutable = $2 where id = $3";
        tx.run(q!(sql, tx.now(), false, id)).await?;
        tx.log(Entry::new("unit.archived", "unit", id).unit(id).with(json!({ "key": unit.key })));
        report.archived.push(format!("unit {}", unit.key));
    }
    Ok(())
}

async fn write_unit(tx: &mut Tx, position: usize, unit: &UnitEntry, ids: &Ids) -> Result<()> {
    let sql = "update units set name = $1, kind = $2, parent_id = $3, country = $4, languages = $5, hours = $6,
               approval_unit_id = $7, takes_unroutable = $8, position = $9, archived_at = null where id = $10";
    let (parent, approval) = (ids.maybe_unit(unit.parent.as_ref())?, ids.maybe_unit(unit.approval.as_ref())?);
    let query = q!(
        sql,
        &unit.name,
        unit.kind.as_str(),
        parent,
        unit.country.clone(),
        json!(unit.languages).to_string(),
        unit.hours.clone(),
        approval,
        unit.takes_unroutable,
        position,
        ids.unit(&unit.key)?
    );
    tx.run(query).await.map(drop)
}

async fn products(tx: &mut Tx, now: &Now, after: &File, ids: &Ids, report: &mut Report) -> Result<()> {
    let known: BTreeMap<&str, i64> = now.org.products.iter().map(|it| (it.key.as_str(), it.id)).collect();
    let plan = Plan::new(&now.before.products, &after.products, |it| &it.key, false);
    report.unchanged += plan.unchanged;
    for it in &plan.added {
        let id = match known.get(it.key.as_str()) {
            Some(id) => *id,
            None => tx.id("products").await?,
        };
        write_product(tx, id, it, ids).await?;
        tx.log(Entry::new("product.added", "product", id).with(json!({ "key": it.key })));
        report.added.push(format!("product {}", it.key));
    }
    for (old, it) in &plan.changed {
        let id = known[it.key.as_str()];
        write_product(tx, id, it, ids).await?;
        let body = json!({ "key": it.key, "changed": differences(*old, *it) });
        tx.log(Entry::new("product.changed", "product", id).with(body));
        report.changed.push(format!("product {}", it.key));
    }
    for it in &plan.gone {
        let id = known[it.key.as_str()];
        tx.run(q!("update products set archived_at = $1 where id = $2", tx.now(), id)).await?;
        tx.log(Entry::new("product.archived", "product", id).with(json!({ "key": it.key })));
        report.archived.push(format!("product {}", it.key));
    }
    Ok(())
}

async fn write_product(tx: &mut Tx, id: i64, it: &ProductEntry, ids: &Ids) -> Result<()> {
    let sql = "insert into products (id, key, name, aliases, unit_id, competitor) values ($1, $2, $3, $4, $5, $6)
               on conflict (id) do update set name = excluded.name, aliases = excluded.aliases,
               unit_id = excluded.unit_id, competitor = excluded.competitor, archived_at = null";
    let (aliases, unit) = (json!(it.aliases).to_string(), ids.maybe_unit(it.unit.as_ref())?);
    tx.run(q!(sql, id, &it.key, &it.name, aliases, unit, it.competitor)).await.map(drop)
}

async fn topics(tx: &mut Tx, now: &Now, after: &File, ids: &Ids, report: &mut Report) -> Result<()> {
    let known: BTreeMap<&str, i64> = now.org.topics.iter().map(|it| (it.key.as_str(), it.id)).collect();
    let plan = Plan::new(&now.before.topics, &after.topics, |it| &it.key, false);
    report.unchanged += plan.unchanged;
    for it in &plan.added {
        let id = match known.get(it.key.as_str()) {
            Some(id) => *id,
            None => tx.id("topics").await?,
        };
        write_topic(tx, id, it, ids).await?;
        tx.log(Entry::new("topic.added", "topic", id).with(json!({ "key": it.key })));
        report.added.push(format!("topic {}", it.key));
    }
    for (old, it) in &plan.changed {
        let id = known[it.key.as_str()];
        write_topic(tx, id, it, ids).await?;
        let body = json!({ "key": it.key, "changed": differences(*old, *it) });
        tx.log(Entry::new("topic.changed", "topic", id).with(body));
        report.changed.push(format!("topic {}", it.key));
    }
    for it in &plan.gone {
        let id = known[it.key.as_str()];
        tx.run(q!("update topics set archived_at = $1 where id = $2", tx.now(), id)).await?;
        tx.log(Entry::new("topic.archived", "topic", id).with(json!({ "key": it.key })));
        report.archived.push(format!("topic {}", it.key));
    }
    Ok(())
}

async fn write_topic(tx: &mut Tx, id: i64, it: &TopicEntry, ids: &Ids) -> Result<()> {
    let sql = "insert into topics (id, key, name, words, unit_id) values ($1, $2, $3, $4, $5)
               on conflict (id) do update set name = excluded.name, words = excluded.words,
               unit_id = excluded.unit_id, archived_at = null";
    let (words, unit) = (json!(it.words).to_string(), ids.maybe_unit(it.unit.as_ref())?);
    tx.run(q!(sql, id, &it.key, &it.name, words, unit)).await.map(drop)
}

/// Rules have no key but their name; an archived one does not come back, a new one takes its place.
async fn routes(tx: &mut Tx, now: &Now, after: &File, ids: &Ids, report: &mut Report) -> Result<()> {
    let known: BTreeMap<&str, i64> = now.org.routes.iter().map(|it| (it.name.as_str(), it.id)).collect();
    let plan = Plan::new(&now.before.routes, &after.routes, |it| &it.name, true);
    report.unchanged += plan.unchanged;
    let mut fresh = BTreeMap::new();
    for it in &plan.added {
        let id = tx.id("routes").await?;
        fresh.insert(it.name.as_str(), id);
        tx.log(Entry::new("route.added", "route", id).unit(ids.unit(&it.to)?));
        report.added.push(format!("route {}", it.name));
    }
    for (old, it) in &plan.changed {
        let body = json!({ "changed": differences(*old, *it) });
        tx.log(Entry::new("route.changed", "route", known[it.name.as_str()]).unit(ids.unit(&it.to)?).with(body));
        report.changed.push(format!("route {}", it.name));
    }
    for it in &plan.gone {
        let id = known[it.name.as_str()];
        tx.run(q!("update routes set archived_at = $1 where id = $2", tx.now(), id)).await?;
        tx.log(Entry::new("route.archived", "route", id));
        report.archived.push(format!("route {}", it.name));
    }
    if plan.unchanged < after.routes.len() {
        for (position, it) in after.routes.iter().enumerate() {
            let id = fresh.get(it.name.as_str()).copied().unwrap_or_else(|| known[it.name.as_str()]);
            write_route(tx, id, position, it, ids).await?;
        }
    }
    Ok(())
}

async fn write_route(tx: &mut Tx, id: i64, position: usize, it: &RouteEntry, ids: &Ids) -> Result<()> {
    let sql = "insert into routes (id, position, name, conditions, unit_id, tell) values ($1, $2, $3, $4, $5, $6)
               on conflict (id) do update set position = excluded.position, conditions = excluded.conditions,
               unit_id = excluded.unit_id, tell = excluded.tell";
    let tell: Vec<i64> = it.tell.iter().map(|key| ids.unit(key)).collect::<Result<_>>()?;
    let when = serde_json::to_string(&it.when).map_err(|e| Error::invalid("when", e.to_string(), &it.name))?;
    tx.run(q!(sql, id, position, &it.name, when, ids.unit(&it.to)?, json!(tell).to_string())).await.map(drop)
}

async fn handles(tx: &mut Tx, now: &Now, after: &File, ids: &Ids, report: &mut Report) -> Result<()> {
    let known: BTreeMap<&str, &handle::Handle> = now.org.handles.iter().map(|it| (it.key.as_str(), it)).collect();
    // A file that says nothing of a secret leaves it as it is.
    let mut wanted: Vec<HandleEntry> = after.handles.clone();
    for it in &mut wanted {
        if it.secret.is_none() {
            it.secret = now.before.handles.iter().find(|old| old.key == it.key).and_then(|old| old.secret.clone());
        }
    }
    let plan = Plan::new(&now.before.handles, &wanted, |it| &it.key, false);
    report.unchanged += plan.unchanged;
    for (old, it) in
        plan.added.iter().map(|it| (None, *it)).chain(plan.changed.iter().map(|(old, it)| (Some(*old), *it)))
    {
        let stored = known.get(it.key.as_str());
        let id = match stored {
            Some(handle) => handle.id,
            None => tx.id("handles").await?,
        };
        let secret = it.secret.clone().or_else(|| stored.and_then(|handle| handle.config.secret.clone()));
        let handle = handle::Handle {
            id,
            key: it.key.clone(),
            network: it.network.clone(),
            name: it.name.clone(),
            unit: ids.unit(&it.unit)?,
            purpose: it.purpose,
            owner: ids.member(it.owner.as_ref())?,
            deputy: ids.member(it.deputy.as_ref())?,
            config: handle::Config {
                address: it.address.clone(),
                secret,
                honours_keys: it.honours_keys,
                keys_hours: it.keys_hours,
                kind: it.kind.clone(),
                settings: stored.map(|handle| handle.config.settings.clone()).unwrap_or_default(),
                approval: it.approval.clone(),
            },
            archived: false,
        };
        handle::write(tx, &handle).await?;
        let (kind, list) = match old {
            Some(_) => ("handle.changed", &mut report.changed),
            None => ("handle.added", &mut report.added),
        };
        let mut body = json!({ "key": it.key });
        if let Some(old) = old {
            body["changed"] = json!(differences(old, it));
        }
        tx.log(Entry::new(kind, "handle", id).unit(handle.unit).with(body));
        list.push(format!("handle {}", it.key));
    }
    for it in &plan.gone {
        let handle = known[it.key.as_str()];
        tx.run(q!("update handles set archived_at = $1 where id = $2", tx.now(), handle.id)).await?;
        tx.log(Entry::new("handle.archived", "handle", handle.id).unit(handle.unit).with(json!({ "key": it.key })));
        report.archived.push(format!("handle {}", it.key));
    }
    Ok(())
}

async fn promises(tx: &mut Tx, before: &File, after: &File, ids: &Ids, report: &mut Report) -> Result<()> {
    if before.promises == after.promises {
        report.unchanged += after.promises.len();
        return Ok(());
    }
    tx.run(q!("delete from promises")).await?;
    for ((unit, kind), minutes) in &after.promises {
        let unit = ids.maybe_unit(unit.as_ref())?;
        let sql = "insert into promises (unit_id, kind, minutes) values ($1, $2, $3)";
        tx.run(q!(sql, unit, kind.as_str(), *minutes)).await?;
    }
    tx.log(Entry::new("organisation.promised", "organisation", 0));
    report.changed.push("targets".into());
    Ok(())
}
