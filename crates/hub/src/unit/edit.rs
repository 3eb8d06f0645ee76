//! Small changes of the organisation from pages and the API. Each is the same thing as an import of an `org.toml` in
//! which just that is different, with the same checks and the same events.

use super::{
    Kind, Org, Report,
    import::bring,
    load::VERSION,
    toml::{self, File, UnitEntry},
};
use crate::{
    Error, Hub, Result, Tx,
    log::Actor,
    scope::{Role, Viewer},
    store::{Boxed, q},
};

/// Changes the organisation as `how` changes the file it would be exported to. The viewer must be an administrator
/// of the whole organisation.
///
/// # Errors
/// Everything the changed file would be refused for.
pub fn change<'a>(
    hub: &'a Hub,
    viewer: &'a Viewer,
    how: impl FnOnce(&mut File) -> Result<()> + Send + 'a,
) -> Boxed<'a, Report> {
    Box::pin(async move {
        let org = Org::load(&hub.db).await?;
        viewer.need(Role::Admin, org.hub()?.id, "change the organisation")?;
        let tx = hub.begin(Actor::Member(viewer.member)).await?;
        bring(hub, tx, |mut file| {
            how(&mut file)?;
            // Written and read again: a change from a page passes the checks of a file, by the same code.
            toml::read(&toml::write(&file)).map_err(first)
        })
        .await
    })
}

/// Names the organisation and says where and in which languages it works.
pub async fn set_organisation(
    hub: &Hub,
    viewer: &Viewer,
    name: &str,
    time_zone: &str,
    languages: &[String],
) -> Result<()> {
    change(hub, viewer, |file| {
        name.clone_into(&mut file.name);
        time_zone.clone_into(&mut file.time_zone);
        languages.clone_into(&mut file.languages);
        Ok(())
    })
    .await
    .map(drop)
}

/// Says how order, account and customer numbers look, so that they are masked as personal data is.
///
/// # Errors
/// [`Error::Invalid`] for a pattern that words would meet.
pub async fn set_order_numbers(hub: &Hub, viewer: &Viewer, patterns: &[String]) -> Result<()> {
    change(hub, viewer, |file| {
        patterns.clone_into(&mut file.order_numbers);
        Ok(())
    })
    .await
    .map(drop)
}

/// Adds a unit and gives its id. An empty key is made from the name.
pub async fn add(hub: &Hub, viewer: &Viewer, mut unit: UnitEntry) -> Result<i64> {
    if unit.key.is_empty() {
        unit.key = key_from(&unit.name, "unit");
    }
    let key = unit.key.clone();
    change(hub, viewer, |file| {
        if file.units.iter().any(|known| known.key == unit.key) {
            return Err(Error::invalid("key", "a unit with this key exists already; choose another", &unit.key));
        }
        file.units.push(unit);
        Ok(())
    })
    .await?;
    let org = Org::load(&hub.db).await?;
    org.unit_by_key(&key).map(|unit| unit.id).ok_or(Error::not_found("unit", key))
}

/// Gives a unit another name. Its key stays.
pub async fn rename(hub: &Hub, viewer: &Viewer, unit: i64, name: &str) -> Result<()> {
    let key = live_key(hub, viewer, unit).await?;
    change(hub, viewer, |file| {
        file.units.iter_mut().filter(|unit| unit.key == key).for_each(|unit| name.clone_into(&mut unit.name));
        Ok(())
    })
    .await
    .map(drop)
}

/// Takes a unit out of use. What it did stays readable.
///
/// # Errors
/// [`Error::Conflict`] that says what it still owns, how much of it, and what to do first.
pub async fn archive(hub: &Hub, viewer: &Viewer, unit: i64) -> Result<()> {
    let key = live_key(hub, viewer, unit).await?;
    change(hub, viewer, |file| {
        if let Some(what) = still_named(file, &key) {
            return Err(Error::Conflict(format!("This unit cannot be archived yet: {what}")));
        }
        file.units.retain(|unit| unit.key != key);
        for route in &mut file.routes {
            route.tell.retain(|told| *told != key);
        }
        for member in &mut file.members {
            member.roles.remove(&key);
        }
        file.promises.retain(|(unit, _), _| unit.as_ref() != Some(&key));
        Ok(())
    })
    .await
    .map(drop)
}

/// What of the organisation itself still points at a unit, in words.
fn still_named(file: &File, key: &str) -> Option<String> {
    let is = |other: &Option<String>| other.as_deref() == Some(key);
    let unit = file.units.iter().find(|unit| unit.key == key)?;
    if unit.takes_unroutable {
        return Some("it takes what nobody else does; let another hub do that first".into());
    }
    let counts = [
        (file.units.iter().filter(|unit| is(&unit.parent)).count(), "unit below it", "units below it"),
        (
            file.units.iter().filter(|unit| is(&unit.approval)).count(),
            "unit whose replies it approves",
            "units whose replies it approves",
        ),
        (file.products.iter().filter(|product| is(&product.unit)).count(), "product", "products"),
        (file.topics.iter().filter(|topic| is(&topic.unit)).count(), "topic", "topics"),
        (file.routes.iter().filter(|route| route.to == key).count(), "routing rule", "routing rules"),
        (file.handles.iter().filter(|it| it.unit == key || is(&it.approval)).count(), "handle", "handles"),
    ];
    let named: Vec<String> = counts
        .iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }))
        .collect();
    (!named.is_empty()).then(|| format!("it still has {}; give them to another unit first", named.join(", ")))
}

async fn live_key(hub: &Hub, viewer: &Viewer, unit: i64) -> Result<String> {
    let org = Org::load(&hub.db).await?;
    viewer.need(Role::Admin, org.hub()?.id, "change the organisation")?;
    org.unit(unit).filter(|unit| !unit.archived).map(|unit| unit.key.clone()).ok_or(Error::not_found("unit", unit))
}

/// A key out of a name: `Repairs & service` becomes `repairs-service`. `or` where nothing of the name can be in one.
pub(crate) fn key_from(name: &str, or: &str) -> String {
    let mut key = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            'ä' => key.push_str("ae"),
            'ö' => key.push_str("oe"),
            'ü' => key.push_str("ue"),
            'ß' => key.push_str("ss"),
            'a'..='z' | '0'..='9' => key.push(c),
            _ if key.ends_with('-') || key.is_empty() => {}
            _ => key.push('-'),
        }
    }
    key.truncate(60);
    let key = key.trim_matches('-');
    if key.is_empty() { or.to_owned() } else { key.to_owned() }
}

impl UnitEntry {
    /// A unit with a name and nothing else said.
    pub fn named(key: &str, name: &str, kind: Kind) -> Self {
        Self {
            key: key.into(),
            name: name.into(),
            kind,
            parent: None,
            country: None,
            languages: Vec::new(),
            hours: None,
            approval: None,
            takes_unroutable: false,
        }
    }
}

/// Marks the organisation as changed, and keeps everybody else from changing it until this transaction ends: on
/// PostgreSQL the row stays locked, on SQLite there is one writer anyway.
pub(crate) async fn touch(tx: &mut Tx) -> Result<()> {
    let sql = "insert into settings (name, value) values ($1, '1') on conflict (name)
               do update set value = cast(cast(settings.value as bigint) + 1 as text)";
    tx.run(q!(sql, VERSION)).await.map(drop)
}

/// The problem of a change from a page, which has no lines to name.
fn first(mut problems: toml::Problems) -> Error {
    if problems.0.is_empty() {
        return problems.into();
    }
    let problem = problems.0.swap_remove(0);
    let field = problem.path.rsplit('.').next().unwrap_or_default().to_owned();
    Error::invalid(if field.is_empty() { "organisation".into() } else { field }, problem.what, &problem.value)
}
