//! Secrets of signed webhooks: at most two live at a time, so that a new one can be brought in before the old one goes.

use dandelion_networks::webhook::Secret;
use dandelion_post::Micros;

use super::{Kind, find, may_change};
use crate::{
    Error, Hub, Result,
    log::{Actor, Entry},
    scope::Viewer,
    store::q,
    vault,
};

/// Most live secrets of one source.
pub const LIVE: usize = 2;

/// A secret just made: shown once.
#[derive(Clone)]
pub struct NewSecret {
    /// Its number.
    pub id: i64,
    /// `whsec_…`
    pub secret: String,
}

/// The secret stays out of logs and panics.
impl std::fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSecret").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A secret as it may be listed: never whole.
#[derive(Debug, Clone, serde::Serialize)]
pub struct SecretShown {
    /// Its number.
    pub id: i64,
    /// Its last four characters.
    pub ends_with: String,
    /// When it was made.
    pub created_at: Micros,
    /// When it was ended.
    pub revoked_at: Option<Micros>,
}

/// Makes a further secret for a webhook.
pub async fn add_secret(hub: &Hub, viewer: &Viewer, source: i64) -> Result<NewSecret> {
    may_change(viewer, find(hub, source).await?.unit, "make a secret")?;
    add_secret_as(hub, Actor::Member(viewer.member), source).await
}

/// As [`add_secret`], from the command line or a set-up.
pub async fn add_secret_as(hub: &Hub, actor: Actor, source: i64) -> Result<NewSecret> {
    if find(hub, source).await?.kind != Kind::Webhook {
        return Err(Error::Conflict("only a webhook has secrets".into()));
    }
    let secret = Secret::generate(|buffer| {
        hub.random.fill(buffer);
        Ok::<(), Error>(())
    })?;
    let mut tx = hub.begin(actor).await?;
    let live = tx.all(q!("select id from source_secrets where source_id = $1 and revoked_at is null", source)).await?;
    if live.len() >= LIVE {
        return Err(Error::Conflict("two secrets are live already; end one of them first".into()));
    }
    let id = tx.id("source_secrets").await?;
    let now = tx.now();
    let text = secret.expose();
    tx.run(q!(
        "insert into source_secrets (id, source_id, secret, created_at) values ($1, $2, $3, $4)",
        id,
        source,
        tx.seal(&vault::source_secret(id), &text)?,
        now
    ))
    .await?;
    tx.log(Entry::new("source.secret_made", "source", source));
    tx.commit().await?;
    Ok(NewSecret { id, secret: text })
}

/// Ends a secret: deliveries signed with it are refused from now on.
pub async fn end_secret(hub: &Hub, viewer: &Viewer, source: i64, secret: i64) -> Result<()> {
    may_change(viewer, find(hub, source).await?.unit, "end a secret")?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let now = tx.now();
    let sql = "update source_secrets set revoked_at = $1 where id = $2 and source_id = $3 and revoked_at is null";
    if tx.run(q!(sql, now, secret, source)).await? == 0 {
        return Err(Error::not_found("live secret", secret));
    }
    tx.log(Entry::new("source.secret_ended", "source", source));
    tx.commit().await
}

/// The secrets of a source, never whole.
pub async fn secrets(hub: &Hub, viewer: &Viewer, source: i64) -> Result<Vec<SecretShown>> {
    may_change(viewer, find(hub, source).await?.unit, "see the secrets of a source")?;
    let rows = hub
        .db
        .all(q!(
            "select id, secret, created_at, revoked_at from source_secrets where source_id = $1 order by id",
            source
        ))
        .await?;
    rows.iter()
        .map(|row| {
            let id = row.get("id")?;
            let secret = hub.db.vault().open(&vault::source_secret(id), &row.get::<String, _>("secret")?)?;
            Ok(SecretShown {
                id,
                ends_with: secret.chars().skip(secret.chars().count().saturating_sub(4)).collect(),
                created_at: row.get("created_at")?,
                revoked_at: row.get("revoked_at")?,
            })
        })
        .collect()
}

/// The live secrets of a source, to verify deliveries with.
pub async fn live_secrets(hub: &Hub, source: i64) -> Result<Vec<Secret>> {
    let rows = hub
        .db
        .all(q!("select id, secret from source_secrets where source_id = $1 and revoked_at is null", source))
        .await?;
    rows.iter()
        .map(|row| {
            let what = vault::source_secret(row.get("id")?);
            let text = hub.db.vault().open(&what, &row.get::<String, _>("secret")?)?;
            Secret::parse(&text).map_err(|_| Error::Damaged(format!("a secret of source {source} cannot be read")))
        })
        .collect()
}
