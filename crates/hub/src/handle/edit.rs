use serde_json::json;

use super::{Config, Handle, Purpose, address, all, find, folded, writer};
use crate::{
    Error, Hub, Result, Tx,
    log::{Actor, Entry},
    member,
    scope::{Role, Viewer},
    store::q,
    unit::{Org, key_from, toml, touch},
};

/// A handle about to be added, or how one shall be from now on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Details {
    /// Its key in `org.toml`; empty makes it from the name. Cannot be changed later.
    #[serde(default)]
    pub key: String,
    /// The network it is on. Cannot be changed later.
    pub network: String,
    /// Its name there.
    pub name: String,
    /// The unit that speaks from it.
    pub unit: i64,
    /// What it is for.
    pub purpose: Purpose,
    /// The member who answers for it.
    #[serde(default)]
    pub owner: Option<i64>,
    /// Who stands in.
    #[serde(default)]
    pub deputy: Option<i64>,
    /// How it publishes. A secret that is none leaves the stored one as it is; an empty one removes it.
    #[serde(default)]
    pub config: Config,
}

/// Adds a handle and gives its id. It takes an administrator of its unit.
pub async fn add(hub: &Hub, viewer: &Viewer, details: Details) -> Result<i64> {
    viewer.need(Role::Admin, details.unit, "add handles")?;
    let mut handle = checked(hub, details, None).await?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    touch(&mut tx).await?;
    handle.id = tx.id("handles").await?;
    write(&mut tx, &handle).await?;
    let body = json!({ "key": handle.key, "network": handle.network });
    tx.log(Entry::new("handle.added", "handle", handle.id).unit(handle.unit).with(body));
    tx.commit().await?;
    Ok(handle.id)
}

/// Changes a handle. It takes an administrator of its unit, and of the new unit where that changes.
pub async fn change(hub: &Hub, viewer: &Viewer, id: i64, details: Details) -> Result<()> {
    let before = live(hub, viewer, id).await?;
    viewer.need(Role::Admin, details.unit, "move a handle there")?;
    let handle = checked(hub, details, Some(&before)).await?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    touch(&mut tx).await?;
    write(&mut tx, &handle).await?;
    let body = json!({ "key": handle.key, "unit": handle.unit, "was": before.unit });
    tx.log(Entry::new("handle.changed", "handle", id).unit(handle.unit).with(body));
    tx.commit().await
}

/// Takes a handle out of use. What was said from it stays.
///
/// # Errors
/// [`Error::Conflict`] while replies from it are still on their way.
pub async fn archive(hub: &Hub, viewer: &Viewer, id: i64) -> Result<()> {
    let handle = live(hub, viewer, id).await?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    touch(&mut tx).await?;
    let sql = "select count(*) as n from replies where handle_id = $1 and state in ('queued', 'sending', 'unknown')";
    let waiting: i64 = tx.one(q!(sql, id)).await?.get("n")?;
    if waiting > 0 {
        return Err(Error::Conflict(format!(
            "{} cannot be archived yet: {waiting} {} still on the way from it. Wait for them or settle them first",
            handle.name,
            if waiting == 1 { "reply is" } else { "replies are" }
        )));
    }
    tx.run(q!("update handles set archived_at = $1 where id = $2", tx.now(), id)).await?;
    tx.log(Entry::new("handle.archived", "handle", id).unit(handle.unit).with(json!({ "key": handle.key })));
    tx.commit().await
}

/// Writes a handle as it shall be, live again if it was archived.
pub(crate) async fn write(tx: &mut Tx, handle: &Handle) -> Result<()> {
    let config = handle.config.sealed(tx, handle.id)?;
    let config = serde_json::to_string(&config).map_err(|e| Error::invalid("config", e.to_string(), ""))?;
    let sql = "insert into handles (id, key, network, name, unit_id, purpose, owner_id, deputy_id, config)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
               on conflict (id) do update set network = excluded.network, name = excluded.name,
               unit_id = excluded.unit_id, purpose = excluded.purpose, owner_id = excluded.owner_id,
               deputy_id = excluded.deputy_id, config = excluded.config, archived_at = null";
    let query = q!(
        sql,
        handle.id,
        &handle.key,
        &handle.network,
        &handle.name,
        handle.unit,
        handle.purpose.as_str(),
        handle.owner,
        handle.deputy,
        config
    );
    tx.run(query).await.map(drop).map_err(|e| {
        if e.is_taken() { Error::invalid("key", "a handle with this key exists already", &handle.key) } else { e }
    })
}

async fn live(hub: &Hub, viewer: &Viewer, id: i64) -> Result<Handle> {
    let handle = find(&hub.db, id).await?;
    if handle.archived || !viewer.may(Role::Viewer, handle.unit) {
        return Err(Error::not_found("handle", id));
    }
    viewer.need(Role::Admin, handle.unit, "change handles")?;
    Ok(handle)
}

/// The handle as it is stored, or what is wrong with the details.
async fn checked(hub: &Hub, details: Details, before: Option<&Handle>) -> Result<Handle> {
    let name = toml::one_line(&details.name).map_err(|why| Error::invalid("name", why, &details.name))?;
    let network = match before {
        Some(before) => before.network.clone(),
        None => dandelion_post::Network::new(&details.network)
            .map_err(|e| Error::invalid("network", e.to_string(), &details.network))?
            .as_str()
            .to_owned(),
    };
    let key = match before {
        Some(before) => before.key.clone(),
        None if details.key.trim().is_empty() => key_from(name.trim_start_matches('@'), "handle"),
        None => toml::key(details.key.trim()).map_err(|why| Error::invalid("key", why, &details.key))?,
    };
    let org = Org::load(&hub.db).await?;
    if !org.live_units().any(|unit| unit.id == details.unit) {
        return Err(Error::not_found("unit", details.unit));
    }
    for person in details.owner.iter().chain(&details.deputy) {
        member::viewer(hub, *person).await?; // refuses unknown and disabled ones
    }
    let same = |known: &&Handle| {
        !known.archived && known.network == network && folded(&known.name) == folded(&name) && known.key != key
    };
    if let Some(known) = all(&hub.db).await?.iter().find(same) {
        let reason = format!("this account is the handle \"{}\" already", known.key);
        return Err(Error::invalid("name", reason, &name));
    }
    let mut config = details.config;
    config.address = config.address.filter(|address| !address.trim().is_empty());
    if let Some(given) = &config.address {
        address(given).map_err(|why| Error::invalid("address", why, given))?;
    }
    if let Some(given) = &config.kind {
        writer(given).map_err(|why| Error::invalid("kind", why, given))?;
    }
    if let Some(hours) = config.keys_hours.filter(|hours| !(1..=24 * 365).contains(hours)) {
        return Err(Error::invalid("keys_hours", "write a number from 1 to 8760", &hours.to_string()));
    }
    if config.settings.is_empty()
        && let Some(before) = before
    {
        config.settings.clone_from(&before.config.settings);
    }
    config.approval = config.approval.filter(|key| !key.is_empty());
    if let Some(key) = config.approval.as_deref().filter(|key| org.unit_by_key(key).is_none()) {
        return Err(Error::invalid("approval", "there is no unit with this key", key));
    }
    config.secret = match config.secret {
        None => before.and_then(|before| before.config.secret.clone()),
        Some(secret) => Some(secret).filter(|secret| !secret.is_empty()),
    };
    let id = before.map_or(0, |before| before.id);
    let (purpose, owner, deputy) = (details.purpose, details.owner, details.deputy);
    Ok(Handle { id, key, network, name, unit: details.unit, purpose, owner, deputy, config, archived: false })
}
