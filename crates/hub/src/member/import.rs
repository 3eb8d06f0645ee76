//! The members an `org.toml` names, inside the import's transaction.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Member, session};
use crate::{
    Error, Result, Tx,
    log::Entry,
    scope::Role,
    store::q,
    unit::{Report, toml::MemberEntry},
};

/// What is stored, and what the file says.
pub(crate) struct Now<'a> {
    pub(crate) all: &'a [Member],
    pub(crate) before: &'a [MemberEntry],
    pub(crate) after: &'a [MemberEntry],
}

/// Adds and changes members, and disables those the file does not name, except administrators: a file that forgets
/// one must not lock them out. One whose unit is gone becomes administrator of `hub`. `live` are the units in use
/// after the import; `ids` learns the new members.
pub(crate) async fn apply(
    tx: &mut Tx,
    now: &Now<'_>,
    ids: &mut BTreeMap<String, i64>,
    units: &BTreeMap<String, i64>,
    hub: i64,
    live: &[i64],
    report: &mut Report,
) -> Result<()> {
    emails_are_free(now)?;
    for it in now.after {
        match now.before.iter().find(|old| old.key == it.key) {
            Some(old) if old == it => report.unchanged += 1,
            Some(old) => {
                let id = ids[&it.key];
                write(tx, id, it, units).await?;
                let changed = crate::unit::differences(old, it);
                tx.log(Entry::new("member.changed", "member", id).with(json!({ "key": it.key, "changed": changed })));
                report.changed.push(format!("member {}", it.key));
            }
            None => {
                let (id, kind) = match ids.get(&it.key) {
                    Some(id) => (*id, "member.enabled"),
                    None => (tx.id("members").await?, "member.added"),
                };
                write(tx, id, it, units).await?;
                ids.insert(it.key.clone(), id);
                tx.log(Entry::new(kind, "member", id).with(json!({ "key": it.key })));
                report.added.push(format!("member {}", it.key));
            }
        }
    }
    for old in now.before.iter().filter(|old| !now.after.iter().any(|it| it.key == old.key)) {
        let Some(member) = now.all.iter().find(|member| member.key == old.key) else { continue };
        if member.roles.values().all(|role| *role != Role::Admin) {
            disable(tx, member.id).await?;
            report.archived.push(format!("member {}", old.key));
            continue;
        }
        report.kept.push(old.key.clone());
        if !member.roles.iter().any(|(unit, role)| *role == Role::Admin && live.contains(unit)) {
            grant(tx, member.id, hub, Role::Admin).await?;
            tx.log(
                Entry::new("member.granted", "member", member.id)
                    .unit(hub)
                    .with(json!({ "role": Role::Admin.as_str() })),
            );
            report.changed.push(format!("member {}", old.key));
        }
    }
    Ok(())
}

/// Whether each e-mail address is free: of members the file names it knows itself, so only others can be in the way.
fn emails_are_free(now: &Now<'_>) -> Result<()> {
    for it in now.after {
        let other = now.all.iter().find(|member| member.email == it.email && member.key != it.key);
        if let Some(other) = other
            && !now.after.iter().any(|named| named.key == other.key)
        {
            return Err(Error::invalid(
                format!("org.toml: member.{}.email", it.key),
                format!(
                    "this address belongs to the member \"{}\"; use that key, or change their address first",
                    other.key
                ),
                &it.email,
            ));
        }
    }
    Ok(())
}

async fn write(tx: &mut Tx, id: i64, it: &MemberEntry, units: &BTreeMap<String, i64>) -> Result<()> {
    let sql = "insert into members (id, key, name, email, created_at) values ($1, $2, $3, $4, $5)
               on conflict (id) do update set name = excluded.name, email = excluded.email, disabled_at = null";
    tx.run(q!(sql, id, &it.key, &it.name, &it.email, tx.now())).await.map_err(|e| taken(e, &it.email))?;
    tx.run(q!("delete from member_roles where member_id = $1", id)).await?;
    for (unit, role) in &it.roles {
        let unit = units.get(unit).copied().ok_or_else(|| Error::not_found("unit", unit))?;
        grant(tx, id, unit, *role).await?;
    }
    Ok(())
}

/// Gives a member a role in a unit, in the place of the one they had there.
pub(super) async fn grant(tx: &mut Tx, member: i64, unit: i64, role: Role) -> Result<()> {
    let sql = "insert into member_roles (member_id, unit_id, role) values ($1, $2, $3)
               on conflict (member_id, unit_id) do update set role = excluded.role";
    tx.run(q!(sql, member, unit, role.as_str())).await.map(drop)
}

/// Disables a member, ends their sessions and revokes their tokens.
pub(super) async fn disable(tx: &mut Tx, id: i64) -> Result<()> {
    tx.run(q!("update members set disabled_at = $1 where id = $2", tx.now(), id)).await?;
    tx.log(Entry::new("member.disabled", "member", id));
    super::api_token::revoke_all(tx, id).await?;
    session::end_all_but(tx, id, None).await.map(drop)
}

/// The error of an e-mail address or key that somebody else has.
pub(super) fn taken(error: Error, email: &str) -> Error {
    if error.is_taken() {
        return Error::invalid("email", "another member has this e-mail address or key already", email);
    }
    error
}
