//! Handles: the accounts of ours that we speak from.

mod care;
mod edit;
#[cfg(test)]
mod tests;

use dandelion_networks::{NETWORKS, outgoing::Account};
use dandelion_post::Network;

pub use care::{Care, Used, by_key, entrust, used, used_last};
pub(crate) use edit::write;
pub use edit::{Details, add, archive, change};

use crate::{
    Db, Error, Result, Tx,
    store::{Q, Row},
    vault::{self, Vault},
};

/// What an account of ours is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Helping customers.
    Care,
    /// Telling the public.
    News,
    /// Selling.
    Sales,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Care, Self::News, Self::Sales];

    /// As written in `org.toml` and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Care => "care",
            Self::News => "news",
            Self::Sales => "sales",
        }
    }
}

impl std::str::FromStr for Purpose {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
            .ok_or_else(|| Error::invalid("purpose", "one of care, news, sales", text))
    }
}

/// How a handle publishes.
#[derive(Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Config {
    /// The address replies are published to; none means that this handle cannot be written from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The secret that signs what we publish, sealed once it is stored, or where to find it (`env:DANDELION_…`); see
    /// [`Config::secret_value`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Whether the network promises that one idempotency key is published once at most.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub honours_keys: bool,
    /// How many hours it keeps that promise; without a number, what the writer takes for usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys_hours: Option<u64>,
    /// Which network's writer, where the handle's own network does not say it: `webhook`, `demo`, `mastodon`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What else its network wants to know: visibility of replies, …
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// The key of the unit that has to approve whatever is said here, where the case's unit demands nobody's approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
}

/// The secret stays out of logs and panics.
impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").field("address", &self.address).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// An account of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handle {
    /// Its id.
    pub id: i64,
    /// Its key in `org.toml`.
    pub key: String,
    /// The network it is on.
    pub network: String,
    /// Its name there, `@acme_care`.
    pub name: String,
    /// The unit that speaks from it.
    pub unit: i64,
    /// What it is for.
    pub purpose: Purpose,
    /// The member who answers for it.
    pub owner: Option<i64>,
    /// Who stands in.
    pub deputy: Option<i64>,
    /// How it publishes.
    pub config: Config,
    /// No longer spoken from.
    pub archived: bool,
}

/// A handle's name as it is compared: without `@`, in lower case.
pub fn folded(name: &str) -> String {
    name.trim().trim_start_matches('@').to_lowercase()
}

/// The address a handle publishes to, checked: an `http` or `https` URL without a password in it, or a mailbox
/// (`mailto:care@yourcompany.example`).
pub(crate) fn address(text: &str) -> std::result::Result<String, String> {
    if text.starts_with("mailto:") && text.contains('@') && text.len() <= 320 && !text.contains(char::is_whitespace) {
        return Ok(text.to_owned());
    }
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    if host.is_empty() || text.len() > 2000 || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("this is no web address; write it as \"https://example.org/replies\"".into());
    }
    if host.contains('@') {
        return Err("no names and passwords in addresses; use `secret`".into());
    }
    Ok(text.to_owned())
}

/// Which network's writer publishes, checked.
pub(crate) fn writer(text: &str) -> std::result::Result<String, String> {
    let writes = NETWORKS.iter().filter(|about| !about.writes.words().is_empty());
    let names: Vec<String> = writes.map(|about| format!("\"{}\"", about.name)).collect();
    let known = names.iter().any(|name| name.trim_matches('"') == text);
    if known { Ok(text.to_owned()) } else { Err(format!("write one of {}", names.join(", "))) }
}

/// Every handle, archived ones included, oldest first.
pub async fn all(db: &Db) -> Result<Vec<Handle>> {
    let sql = "select id, key, network, name, unit_id, purpose, owner_id, deputy_id, config, archived_at
               from handles order by id";
    db.all(Q::new(sql)).await?.iter().map(from_row).collect()
}

/// One handle.
pub async fn find(db: &Db, id: i64) -> Result<Handle> {
    all(db).await?.into_iter().find(|handle| handle.id == id).ok_or(Error::not_found("handle", id))
}

/// The live handles on a network, those of a unit first.
pub async fn for_unit(db: &Db, unit: i64, network: &Network) -> Result<Vec<Handle>> {
    let mut found = all(db).await?;
    found.retain(|handle| !handle.archived && handle.network == network.as_str());
    found.sort_by_key(|handle| (handle.unit != unit, handle.id));
    Ok(found)
}

fn from_row(row: &Row) -> Result<Handle> {
    let purpose: String = row.get("purpose")?;
    Ok(Handle {
        id: row.get("id")?,
        key: row.get("key")?,
        network: row.get("network")?,
        name: row.get("name")?,
        unit: row.get("unit_id")?,
        purpose: purpose.parse().map_err(|_| Error::Damaged(format!("a handle's purpose reads `{purpose}`")))?,
        owner: row.get("owner_id")?,
        deputy: row.get("deputy_id")?,
        config: row.json("config")?,
        archived: row.get::<Option<i64>, _>("archived_at")?.is_some(),
    })
}

impl Handle {
    /// The account it publishes with. Errors say what is missing in its settings.
    pub fn account(&self, db: &Db) -> Result<Account> {
        self.config.account(db.vault(), self.id, &self.network)
    }
}

impl Config {
    /// The account to publish with on `network`, for the handle `id`. Errors say what is missing in its settings.
    pub fn account(&self, vault: &Vault, id: i64, network: &str) -> Result<Account> {
        let opened = Self { secret: self.secret_value(vault, id)?, ..self.clone() };
        let text = serde_json::to_string(&opened)
            .map_err(|e| Error::Damaged(format!("a handle's configuration cannot be written: {e}")))?;
        Ok(Account::read(network, &text)?)
    }

    /// The secret itself: out of the vault, or out of the environment variable that `env:NAME` names. Only variables
    /// whose name begins with `DANDELION_` are read, so that nobody can have others sent to an address of theirs.
    pub fn secret_value(&self, vault: &Vault, id: i64) -> Result<Option<String>> {
        let Some(secret) = self.secret.as_deref() else { return Ok(None) };
        let Some(name) = secret.strip_prefix("env:") else { return vault.open(&vault::handle(id), secret).map(Some) };
        if !name.starts_with("DANDELION_") {
            return Err(Error::invalid("secret", "only variables whose name begins with DANDELION_ are read", name));
        }
        std::env::var(name).map(Some).map_err(|_| {
            Error::Unusable(format!("the environment variable {name}, which holds a handle's secret, is not set"))
        })
    }

    /// As it is stored: with its secret sealed, unless that is a reference or sealed already.
    pub(crate) fn sealed(&self, tx: &Tx, id: i64) -> Result<Self> {
        let mut sealed = self.clone();
        if let Some(secret) = self.secret.as_deref().filter(|text| !text.starts_with("env:") && !vault::is_sealed(text))
        {
            sealed.secret = Some(tx.seal(&vault::handle(id), secret)?);
        }
        Ok(sealed)
    }
}
