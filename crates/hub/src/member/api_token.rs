//! API tokens: secrets a member gives to programs that act for them, never with more than they may themselves.

use std::collections::BTreeSet;

use dandelion_post::Micros;
use serde_json::json;

use super::session::digest;
use crate::{
    Error, Hub, Result, Tx,
    log::{Actor, Entry},
    scope::{Role, Viewer},
    store::{Boxed, Row, q},
};

/// What every token begins with, so that one that leaks is recognised.
pub const PREFIX: &str = "dnd_";
const DAY: Micros = 86_400_000_000;
/// The last use is written down at most this often.
const SEEN_EVERY: Micros = 60_000_000;
/// A member has at most so many live tokens.
const MOST: usize = 50;

/// What a program may do with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Look.
    Read,
    /// Change what the desk changes.
    Write,
    /// Change the organisation, members, sources and tokens.
    Admin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

    /// As written in the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

impl std::str::FromStr for Scope {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| Error::invalid("scopes", "one of read, write, admin", text))
    }
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ApiToken {
    /// Its id.
    pub id: i64,
    /// What it is for, in its owner's words.
    pub name: String,
    /// For whom it acts.
    pub member: i64,
    /// It never counts for more than this role.
    pub role: Role,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// When it was made.
    pub created_at: Micros,
    /// When it stops working.
    pub expires_at: Option<Micros>,
    /// When it was last used, to a minute.
    pub used_at: Option<Micros>,
}

impl ApiToken {
    /// An error in words unless the token has the scope.
    pub fn need(&self, scope: Scope) -> Result<()> {
        if self.scopes.contains(&scope) {
            return Ok(());
        }
        Err(Error::Forbidden(format!(
            "This token has no scope “{}”. Make one that has, under Settings, API tokens",
            scope.as_str()
        )))
    }
}

/// Makes a token for the viewer and gives its secret, which is shown this once. `days` none never expires.
pub async fn make(
    hub: &Hub,
    viewer: &Viewer,
    name: &str,
    role: Role,
    scopes: BTreeSet<Scope>,
    days: Option<i64>,
) -> Result<(String, ApiToken)> {
    let name = crate::unit::toml::one_line(name).map_err(|why| Error::invalid("name", why, name))?;
    if scopes.is_empty() {
        return Err(Error::invalid("scopes", "choose at least one of read, write, admin", ""));
    }
    if !viewer.may_anywhere(role) {
        return Err(Error::Forbidden(format!(
            "A token cannot do more than you: you have the role “{}” nowhere",
            role.as_str()
        )));
    }
    if days.is_some_and(|days| !(1..=3650).contains(&days)) {
        return Err(Error::invalid("days", "a token works for 1 to 3650 days", &days.unwrap_or(0).to_string()));
    }
    if list(hub, viewer).await?.len() >= MOST {
        return Err(Error::Conflict(format!("You have {MOST} tokens already; revoke one you no longer use")));
    }
    let secret = format!("{PREFIX}{}", hub.random.token());
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let (id, now) = (tx.id("api_tokens").await?, tx.now());
    let expires_at = days.map(|days| now + days * DAY);
    let sql = "insert into api_tokens (id, name, member_id, token_hash, role, scopes, created_at, expires_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8)";
    let stored = json!(scopes).to_string();
    tx.run(q!(sql, id, &name, viewer.member, digest(&secret), role.as_str(), &stored, now, expires_at)).await?;
    let body = json!({ "member": viewer.member, "role": role.as_str(), "scopes": scopes });
    tx.log(Entry::new("token.made", "token", id).with(body));
    tx.commit().await?;
    Ok((secret, ApiToken { id, name, member: viewer.member, role, scopes, created_at: now, expires_at, used_at: None }))
}

/// The token a secret belongs to and who asks with it, and notes that it was used. None for one that is unknown,
/// revoked or expired, and for one whose member is disabled.
pub fn of_secret<'a>(hub: &'a Hub, secret: &'a str) -> Boxed<'a, Option<(ApiToken, Viewer)>> {
    Box::pin(async move {
        if !secret.starts_with(PREFIX) {
            return Ok(None);
        }
        let now = hub.now();
        let sql = "select t.id, t.name, t.member_id, t.role, t.scopes, t.created_at, t.expires_at, t.used_at
                   from api_tokens t join members m on m.id = t.member_id
                   where t.token_hash = $1 and t.revoked_at is null and (t.expires_at is null or t.expires_at > $2)
                     and m.disabled_at is null";
        let Some(row) = hub.db.opt(q!(sql, digest(secret), now)).await? else { return Ok(None) };
        let token = from_row(&row)?;
        if token.used_at.is_none_or(|used| now - used >= SEEN_EVERY) {
            let mut tx = hub.begin(Actor::Member(token.member)).await?;
            tx.run(q!("update api_tokens set used_at = $1 where id = $2", now, token.id)).await?;
            tx.commit_unlogged("a token's last use is bookkeeping").await?;
        }
        let viewer = super::viewer(hub, token.member).await?.at_most(token.role);
        Ok(Some((token, viewer)))
    })
}

/// The viewer's live tokens, newest first.
pub async fn list(hub: &Hub, viewer: &Viewer) -> Result<Vec<ApiToken>> {
    let sql = "select id, name, member_id, role, scopes, created_at, expires_at, used_at from api_tokens
               where member_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)
               order by id desc";
    hub.db.all(q!(sql, viewer.member, hub.now())).await?.iter().map(from_row).collect()
}

/// Revokes a token of the viewer's.
pub async fn revoke(hub: &Hub, viewer: &Viewer, token: i64) -> Result<()> {
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let sql = "update api_tokens set revoked_at = $1 where id = $2 and member_id = $3 and revoked_at is null";
    if tx.run(q!(sql, tx.now(), token, viewer.member)).await? == 0 {
        return Err(Error::not_found("token", token));
    }
    tx.log(Entry::new("token.revoked", "token", token).with(json!({ "member": viewer.member })));
    tx.commit().await
}

/// Revokes every token of a member who is being disabled.
pub(super) async fn revoke_all(tx: &mut Tx, member: i64) -> Result<()> {
    let sql = "update api_tokens set revoked_at = $1 where member_id = $2 and revoked_at is null returning id";
    for row in tx.all(q!(sql, tx.now(), member)).await? {
        tx.log(Entry::new("token.revoked", "token", row.get("id")?).with(json!({ "member": member })));
    }
    Ok(())
}

fn from_row(row: &Row) -> Result<ApiToken> {
    let role: String = row.get("role")?;
    Ok(ApiToken {
        id: row.get("id")?,
        name: row.get("name")?,
        member: row.get("member_id")?,
        role: role.parse().map_err(|_| Error::Damaged(format!("a token's role reads `{role}`")))?,
        scopes: row.json("scopes")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        used_at: row.get("used_at")?,
    })
}
