//! Members: the people who work here, their roles, and how they come in.

pub mod api_token;
mod edit;
pub(crate) mod import;
pub mod invitation;
pub mod password;
pub mod session;
#[cfg(test)]
mod tests;
pub mod throttle;

use std::collections::BTreeMap;

use dandelion_post::Micros;

pub use edit::{Details, add, change, change_password, disable, enable};
pub use throttle::Throttle;

use crate::{
    Db, Error, Hub, Result,
    scope::{Role, Viewer},
    store::{Boxed, Q, Row, q},
    unit::Org,
};

/// A person who works here.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Member {
    /// Their id.
    pub id: i64,
    /// What is typed after `@` to call them, and their key in `org.toml`.
    pub key: String,
    /// Their name.
    pub name: String,
    /// Their e-mail address, in lower case; what they sign in with.
    pub email: String,
    /// Whether they can sign in with a password.
    pub has_password: bool,
    /// When they were added.
    pub created_at: Micros,
    /// Since when they can no longer sign in.
    pub disabled_at: Option<Micros>,
    /// The role granted in each unit, as granted: units below are not listed.
    pub roles: BTreeMap<i64, Role>,
}

/// Every member, disabled ones included, by name.
pub async fn all(db: &Db) -> Result<Vec<Member>> {
    let mut members = db
        .all(q!("select id, key, name, email, password, created_at, disabled_at from members order by name, id"))
        .await?
        .iter()
        .map(from_row)
        .collect::<Result<Vec<_>>>()?;
    let mut roles = roles(db, None).await?;
    for member in &mut members {
        member.roles = roles.remove(&member.id).unwrap_or_default();
    }
    Ok(members)
}

/// One member.
pub async fn find(db: &Db, id: i64) -> Result<Member> {
    one(db, q!("select id, key, name, email, password, created_at, disabled_at from members where id = $1", id))
        .await?
        .ok_or(Error::not_found("member", id))
}

/// One member by what is typed after `@`, without it; case does not matter.
pub async fn by_key(db: &Db, key: &str) -> Result<Option<Member>> {
    let key = key.trim().trim_start_matches('@').to_lowercase();
    let sql = "select id, key, name, email, password, created_at, disabled_at from members where key = $1";
    one(db, q!(sql, key)).await
}

/// One member by e-mail address; case does not matter.
pub async fn by_email(db: &Db, email: &str) -> Result<Option<Member>> {
    let sql = "select id, key, name, email, password, created_at, disabled_at from members where email = $1";
    one(db, q!(sql, folded(email))).await
}

/// Who they are when they look at something: their roles in every unit they reach. Refused once disabled.
pub fn viewer(hub: &Hub, member: i64) -> Boxed<'_, Viewer> {
    Box::pin(async move {
        let member = find(&hub.db, member).await?;
        if member.disabled_at.is_some() {
            return Err(Error::Forbidden(format!(
                "{} has been disabled. An administrator can let them in again",
                member.name
            )));
        }
        let granted: Vec<(i64, Role)> = member.roles.into_iter().collect();
        let units = hub.db.all(q!("select id, parent_id from units")).await?;
        let units: Vec<(i64, Option<i64>)> =
            units.iter().map(|row| Ok((row.get("id")?, row.get("parent_id")?))).collect::<Result<_>>()?;
        Ok(Viewer::new(member.id, member.name, &granted, &units))
    })
}

/// The members who have at least `role` in a unit (by a grant there or above), enabled ones only, by name: whom a
/// case can be given to.
pub async fn in_unit(db: &Db, org: &Org, unit: i64, role: Role) -> Result<Vec<Member>> {
    let line = org.line_ids(unit);
    let mut members = all(db).await?;
    members.retain(|member| {
        member.disabled_at.is_none() && line.iter().any(|unit| member.roles.get(unit).is_some_and(|has| *has >= role))
    });
    Ok(members)
}

/// An e-mail address as it is stored and compared.
pub fn folded(email: &str) -> String {
    email.trim().to_lowercase()
}

async fn one(db: &Db, query: Q) -> Result<Option<Member>> {
    let Some(row) = db.opt(query).await? else { return Ok(None) };
    let mut member = from_row(&row)?;
    member.roles = roles(db, Some(member.id)).await?.remove(&member.id).unwrap_or_default();
    Ok(Some(member))
}

/// Granted roles by member: of one, or of all.
async fn roles(db: &Db, member: Option<i64>) -> Result<BTreeMap<i64, BTreeMap<i64, Role>>> {
    let sql = "select member_id, unit_id, role from member_roles where $1 is null or member_id = $1";
    let mut found: BTreeMap<i64, BTreeMap<i64, Role>> = BTreeMap::new();
    for row in db.all(q!(sql, member)).await? {
        let role: String = row.get("role")?;
        let role = role.parse().map_err(|_| Error::Damaged(format!("a member's role reads `{role}`")))?;
        found.entry(row.get("member_id")?).or_default().insert(row.get("unit_id")?, role);
    }
    Ok(found)
}

fn from_row(row: &Row) -> Result<Member> {
    Ok(Member {
        id: row.get("id")?,
        key: row.get("key")?,
        name: row.get("name")?,
        email: row.get("email")?,
        has_password: row.get::<Option<String>, _>("password")?.is_some(),
        created_at: row.get("created_at")?,
        disabled_at: row.get("disabled_at")?,
        roles: BTreeMap::new(),
    })
}
