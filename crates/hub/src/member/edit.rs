//! Adding, changing and disabling members.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    Member, find, folded,
    import::{disable as disable_in, grant, taken},
    password, session,
};
use crate::{
    Error, Hub, Result, Tx,
    log::{Actor, Entry},
    scope::{Role, Viewer},
    store::q,
    unit::{
        Org,
        toml::{self},
        touch,
    },
};

/// A member about to be added, or how one shall be from now on.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub struct Details {
    /// What is typed after `@`; empty makes it from the name. Cannot be changed later.
    #[serde(default)]
    pub key: String,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// The role granted in each unit, by unit id.
    #[serde(default)]
    pub roles: BTreeMap<i64, Role>,
}

/// Adds a member and gives their id. The viewer must be an administrator of every unit in which a role is granted (and
/// of at least one), or of the whole organisation.
pub async fn add(hub: &Hub, viewer: &Viewer, details: Details) -> Result<i64> {
    viewer.need_anywhere(Role::Admin, "add members")?;
    let details = checked(hub, details).await?;
    may_grant(hub, viewer, &BTreeMap::new(), &details.roles).await?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    touch(&mut tx).await?;
    let id = insert(&mut tx, &details).await?;
    tx.commit().await?;
    Ok(id)
}

/// Writes a new member and their roles; the details have been checked.
pub(super) async fn insert(tx: &mut Tx, details: &Details) -> Result<i64> {
    let id = tx.id("members").await?;
    let sql = "insert into members (id, key, name, email, created_at) values ($1, $2, $3, $4, $5)";
    tx.run(q!(sql, id, &details.key, &details.name, &details.email, tx.now()))
        .await
        .map_err(|e| taken(e, &details.email))?;
    for (unit, role) in &details.roles {
        grant(tx, id, *unit, *role).await?;
    }
    let roles: Vec<_> = details.roles.iter().map(|(unit, role)| json!([unit, role.as_str()])).collect();
    tx.log(Entry::new("member.added", "member", id).with(json!({ "key": details.key, "roles": roles })));
    Ok(id)
}

/// Changes name, e-mail address and roles. The viewer must be an administrator of every unit the member has a role in
/// before or after, or of the whole organisation.
///
/// # Errors
/// [`Error::Conflict`] where nobody would be left who can administer the whole organisation.
pub async fn change(hub: &Hub, viewer: &Viewer, id: i64, details: Details) -> Result<()> {
    viewer.need_anywhere(Role::Admin, "change members")?;
    let member = find(&hub.db, id).await?;
    let details = checked(hub, Details { key: member.key.clone(), ..details }).await?;
    may_grant(hub, viewer, &member.roles, &details.roles).await?;
    may_reach(hub, viewer, &member, "change this member").await?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    touch(&mut tx).await?;
    let sql = "update members set name = $1, email = $2 where id = $3";
    tx.run(q!(sql, &details.name, &details.email, id)).await.map_err(|e| taken(e, &details.email))?;
    if member.roles != details.roles {
        tx.run(q!("delete from member_roles where member_id = $1", id)).await?;
        for (unit, role) in &details.roles {
            grant(&mut tx, id, *unit, *role).await?;
        }
    }
    let roles: Vec<_> = details.roles.iter().map(|(unit, role)| json!([unit, role.as_str()])).collect();
    tx.log(Entry::new("member.changed", "member", id).with(json!({ "roles": roles })));
    somebody_is_left(hub, &mut tx).await?;
    tx.commit().await
}

/// Lets somebody in no longer: their sessions end, their tokens stop, their cases keep their name.
///
/// # Errors
/// [`Error::Conflict`] where nobody would be left who can administer the whole organisation.
pub async fn disable(hub: &Hub, viewer: &Viewer, id: i64) -> Result<()> {
    let member = find(&hub.db, id).await?;
    may_reach(hub, viewer, &member, "disable this member").await?;
    if member.disabled_at.is_some() {
        return Err(Error::Conflict(format!("{} is disabled already", member.name)));
    }
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    touch(&mut tx).await?;
    disable_in(&mut tx, id).await?;
    somebody_is_left(hub, &mut tx).await?;
    tx.commit().await
}

/// Lets somebody in again.
pub async fn enable(hub: &Hub, viewer: &Viewer, id: i64) -> Result<()> {
    let member = find(&hub.db, id).await?;
    may_reach(hub, viewer, &member, "let this member in again").await?;
    if member.disabled_at.is_none() {
        return Err(Error::Conflict(format!("{} is not disabled", member.name)));
    }
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    touch(&mut tx).await?;
    tx.run(q!("update members set disabled_at = null where id = $1", id)).await?;
    tx.log(Entry::new("member.enabled", "member", id));
    tx.commit().await
}

/// Changes the viewer's own password, and ends every other session of theirs.
pub async fn change_password(hub: &Hub, viewer: &Viewer, old: &str, new: &str, keep: i64) -> Result<()> {
    let member = find(&hub.db, viewer.member).await?;
    password::check(new, &member.email)?;
    let row = hub.db.one(q!("select password from members where id = $1", viewer.member)).await?;
    let stored: Option<String> = row.get("password")?;
    if stored.is_some() && !password::verify(old, stored).await? {
        return Err(Error::invalid("password", "the old password is not right", ""));
    }
    let hash = password::hash(&hub.random, new).await?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    set_password(&mut tx, viewer.member, &hash).await?;
    session::end_all_but(&mut tx, viewer.member, Some(keep)).await?;
    tx.commit().await
}

/// Stores a hash made by [`password::hash`].
pub(super) async fn set_password(tx: &mut Tx, member: i64, hash: &str) -> Result<()> {
    tx.run(q!("update members set password = $1 where id = $2", hash, member)).await?;
    tx.log(Entry::new("member.password-set", "member", member));
    Ok(())
}

/// The details as they are stored, or what is wrong with them.
pub(super) async fn checked(hub: &Hub, mut details: Details) -> Result<Details> {
    let wrong = |field: &'static str, value: &str| {
        let value = value.to_owned();
        move |why: String| Error::invalid(field, why, &value)
    };
    details.name = toml::one_line(&details.name).map_err(wrong("name", &details.name))?;
    details.email = toml::email(&folded(&details.email)).map_err(wrong("email", &details.email))?;
    if details.key.trim().is_empty() {
        details.key = free_key(hub, &details.name).await?;
    }
    details.key = toml::key(&details.key.trim().to_lowercase()).map_err(wrong("key", &details.key))?;
    let org = Org::load(&hub.db).await?;
    for unit in details.roles.keys() {
        if !org.live_units().any(|known| known.id == *unit) {
            return Err(Error::not_found("unit", unit));
        }
    }
    Ok(details)
}

/// The first name as a key, with a number behind it where somebody has it already.
async fn free_key(hub: &Hub, name: &str) -> Result<String> {
    let first = crate::unit::key_from(name.split_whitespace().next().unwrap_or_default(), "member");
    let taken: Vec<String> =
        hub.db.all(q!("select key from members")).await?.iter().map(|row| row.get("key")).collect::<Result<_>>()?;
    let candidates = std::iter::once(first.clone()).chain((2..).map(|number| format!("{first}-{number}")));
    Ok(candidates.into_iter().find(|key| !taken.contains(key)).unwrap_or(first))
}

/// Whoever grants or takes a role must administer the unit it is held in, or the whole organisation.
async fn may_grant(
    hub: &Hub,
    viewer: &Viewer,
    before: &BTreeMap<i64, Role>,
    after: &BTreeMap<i64, Role>,
) -> Result<()> {
    if may_everything(hub, viewer).await? {
        return Ok(());
    }
    let units = before.keys().chain(after.keys()).filter(|unit| before.get(unit) != after.get(unit));
    for unit in units {
        viewer.need(Role::Admin, *unit, "change roles there")?;
    }
    Ok(())
}

/// Whoever changes a member must administer every unit that member has a role in, or the whole organisation, so that
/// an administrator of one branch cannot take over somebody from above.
pub(super) async fn may_reach(hub: &Hub, viewer: &Viewer, member: &Member, to: &str) -> Result<()> {
    viewer.need_anywhere(Role::Admin, to)?;
    if may_everything(hub, viewer).await? {
        return Ok(());
    }
    member.roles.keys().try_for_each(|unit| viewer.need(Role::Admin, *unit, to))
}

/// Whether they administer the hub that takes what nobody else does, and with it the organisation.
async fn may_everything(hub: &Hub, viewer: &Viewer) -> Result<bool> {
    Ok(viewer.may(Role::Admin, Org::load(&hub.db).await?.hub()?.id))
}

/// The last administrator of the hub stays one.
async fn somebody_is_left(hub: &Hub, tx: &mut Tx) -> Result<()> {
    let org = Org::load(&hub.db).await?;
    let line = org.line_ids(org.hub()?.id);
    let sql = "select r.unit_id from member_roles r join members m on m.id = r.member_id
               where m.disabled_at is null and r.role = 'admin'";
    for row in tx.all(q!(sql)).await? {
        if line.contains(&row.get::<i64, _>("unit_id")?) {
            return Ok(());
        }
    }
    Err(Error::Conflict(
        "Nobody would be left who can administer the organisation. Make somebody else an administrator first".into(),
    ))
}
