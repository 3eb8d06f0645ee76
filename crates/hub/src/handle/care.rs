//! Who looks after a handle, what it is for, and when it was used last.

use std::collections::BTreeMap;

use dandelion_post::Micros;
use serde::Serialize;
use serde_json::json;

use super::{Config, Handle, Purpose, edit, find};
use crate::{
    Db, Error, Hub, Result, actor,
    log::{Actor, Entry},
    member,
    scope::{Role, Viewer},
    store::{Q, Row, q},
    unit::touch,
};

/// What a handle is for, and who answers for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Care {
    /// What it is for.
    pub purpose: Purpose,
    /// The member who answers for it.
    pub owner: Option<i64>,
    /// Who stands in.
    pub deputy: Option<i64>,
}

/// Says what a handle is for and who answers for it. It takes a lead of its unit.
///
/// # Errors
/// [`Error::Invalid`] where a deputy is named without an owner or is the owner, [`Error::NotFound`] for a member who is
/// not there, and [`Error::Conflict`] for one who can no longer sign in.
pub async fn entrust(hub: &Hub, viewer: &Viewer, id: i64, care: Care) -> Result<Handle> {
    let mut handle = find(&hub.db, id).await?;
    if handle.archived {
        return Err(Error::not_found("handle", id));
    }
    viewer.need(Role::Lead, handle.unit, "say who looks after this handle")?;
    match (care.owner, care.deputy) {
        (None, Some(_)) => return Err(Error::invalid("deputy", "name an owner first: a deputy stands in for one", "")),
        (Some(owner), Some(deputy)) if owner == deputy => {
            return Err(Error::invalid("deputy", "nobody stands in for themselves; choose another member", ""));
        }
        _ => {}
    }
    for person in care.owner.iter().chain(&care.deputy) {
        member::viewer(hub, *person).await?; // refuses unknown and disabled ones
    }
    let before = (handle.purpose, handle.owner, handle.deputy);
    (handle.purpose, handle.owner, handle.deputy) = (care.purpose, care.owner, care.deputy);
    if before == (care.purpose, care.owner, care.deputy) {
        return Ok(handle);
    }
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    touch(&mut tx).await?;
    edit::write(&mut tx, &handle).await?;
    let body = json!({ "purpose": care.purpose, "owner": care.owner, "deputy": care.deputy,
        "was": { "purpose": before.0, "owner": before.1, "deputy": before.2 } });
    tx.log(Entry::new("handle.entrusted", "handle", id).unit(handle.unit).with(body));
    tx.commit().await?;
    Ok(handle)
}

/// When a handle was used last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Used {
    /// When the newest answer from it was published.
    pub answered_at: Option<Micros>,
    /// Who wrote that answer.
    pub answered_by_id: Option<i64>,
    /// Their name.
    pub answered_by: Option<String>,
    /// When something addressed to it was read last.
    pub read_at: Option<Micros>,
}

/// When each handle was used last.
pub async fn used(db: &Db) -> Result<BTreeMap<i64, Used>> {
    let heard = heard(db).await?;
    let rows = db.all(Q::of(format!("{USED} order by h.id"))).await?;
    rows.iter().map(|row| Ok((row.get("id")?, read(row, &heard)?))).collect()
}

/// When one handle was used last.
pub async fn used_last(db: &Db, id: i64) -> Result<Used> {
    let sql = format!("{USED} where h.id = $1");
    let row = db.opt(Q::of(sql).bind(id)).await?.ok_or(Error::not_found("handle", id))?;
    read(&row, &heard(db).await?)
}

/// Each of both is the end of an index, however much was said.
const USED: &str = "select h.id, h.network, h.config, r.sent_at, r.member_id, m.name,
    (select max(at) from mentions where handle_id = h.id) as read_at
    from handles h left join replies r on r.id = (select s.id from replies s
      where s.handle_id = h.id and s.sent_at is not null order by s.sent_at desc, s.id desc limit 1)
    left join members m on m.id = r.member_id";

/// When something came into each inbox of an actor of ours last, by its address: whatever comes there is for the actor,
/// also where its name is not among the words.
async fn heard(db: &Db) -> Result<BTreeMap<String, Micros>> {
    let sql =
        "select url, last_post_at from sources where network = $1 and url is not null and last_post_at is not null";
    let rows = db.all(q!(sql, actor::NETWORK)).await?;
    rows.iter().map(|row| Ok((row.get("url")?, row.get("last_post_at")?))).collect()
}

fn read(row: &Row, heard: &BTreeMap<String, Micros>) -> Result<Used> {
    let (network, config): (String, Config) = (row.get("network")?, row.json("config")?);
    let address = config.address.filter(|_| network == actor::NETWORK);
    let came = address.and_then(|address| heard.get(&address).copied());
    Ok(Used {
        answered_at: row.get("sent_at")?,
        answered_by_id: row.get("member_id")?,
        answered_by: row.get("name")?,
        read_at: row.get::<Option<Micros>, _>("read_at")?.max(came),
    })
}

/// A handle by its key, archived ones included.
pub async fn by_key(db: &Db, key: &str) -> Result<Handle> {
    let row = db.opt(q!("select id from handles where key = $1", key)).await?.ok_or(Error::not_found("handle", key))?;
    find(db, row.get("id")?).await
}
