//! Keeping sign-ins: renewed by one at a time, whichever program asks, because a refresh token is good for once.

use std::{sync::Arc, time::Duration};

use dandelion_networks::{
    Later,
    contract::{Keeper, Kept, Renew, Trouble},
};
use dandelion_post::Micros;

use crate::{
    Error, Hub, Result,
    log::{Actor, Entry},
    store::{Row, q},
    vault,
};

/// How long a renewal is another program's alone; longer than its two requests can take.
const LEASE: Micros = 90_000_000;
/// How often, and how long apart, it is looked whether another one's renewal is done.
const LOOKS: u32 = 300;
const APART: Duration = Duration::from_millis(100);

/// The keeper of a hub's sign-ins.
pub fn keeper(hub: &Hub) -> Arc<dyn Keeper> {
    Arc::new(SignIns(hub.clone()))
}

struct SignIns(Hub);

impl Keeper for SignIns {
    fn kept<'a>(&'a self, key: &'a str) -> Later<'a, Result<Kept, Trouble>> {
        Box::pin(async move { kept(&read(&self.0, key).await?) })
    }

    fn renew<'a>(&'a self, key: &'a str, seen: i64, how: Renew) -> Later<'a, Result<Kept, Trouble>> {
        let (hub, key) = (self.0.clone(), key.to_owned());
        // Whoever asked may stop waiting; the answer is written down all the same.
        let renewal = tokio::spawn(async move { renewed(&hub, &key, seen, how).await });
        Box::pin(async move {
            renewal.await.unwrap_or_else(|error| Err(Trouble::passing(format!("a renewal broke off: {error}"))))
        })
    }
}

/// A row of `sign_ins`, opened.
pub(super) struct Stored {
    pub id: i64,
    pub secret: String,
    pub subject: String,
    version: i64,
    in_doubt: bool,
    ended: Option<String>,
}

/// The sign-in of this key.
pub(super) async fn stored(hub: &Hub, key: &str) -> Result<Option<Stored>> {
    let sql = "select id, secret, subject, version, renewing_at, ended_at, ended_why from sign_ins where key = $1";
    let row = hub.db.opt(q!(sql, key)).await?;
    row.map(|row| opened(hub, &row)).transpose()
}

fn opened(hub: &Hub, row: &Row) -> Result<Stored> {
    let (id, sealed): (i64, String) = (row.get("id")?, row.get("secret")?);
    let ended = row.get::<Option<Micros>, _>("ended_at")?.is_some();
    let why: Option<String> = row.get("ended_why")?;
    Ok(Stored {
        id,
        secret: hub.db.vault().open(&vault::sign_in(id), &sealed)?,
        subject: row.get("subject")?,
        version: row.get("version")?,
        in_doubt: row.get::<Option<Micros>, _>("renewing_at")?.is_some(),
        ended: ended.then(|| why.unwrap_or_default()),
    })
}

async fn read(hub: &Hub, key: &str) -> Result<Stored, Trouble> {
    match stored(hub, key).await {
        Ok(Some(stored)) => Ok(stored),
        Ok(None) => Err(Trouble::Revoked { why: "there is no such sign-in any more; sign in again".into() }),
        Err(error @ Error::Unusable(_)) => Err(Trouble::Revoked { why: format!("{error}; sign in again") }),
        Err(error) => Err(unstored(&error)),
    }
}

fn kept(stored: &Stored) -> Result<Kept, Trouble> {
    match &stored.ended {
        Some(why) => Err(Trouble::Revoked { why: why.clone() }),
        None => Ok(Kept { version: stored.version, secret: stored.secret.clone() }),
    }
}

async fn renewed(hub: &Hub, key: &str, seen: i64, how: Renew) -> Result<Kept, Trouble> {
    for _ in 0..LOOKS {
        let stored = read(hub, key).await?;
        let kept = kept(&stored)?;
        if kept.version != seen {
            return Ok(kept);
        }
        if claimed(hub, &stored).await.map_err(|error| unstored(&error))? {
            let renewal = how(kept.secret).await;
            return settled(hub, key, &stored, renewal).await;
        }
        tokio::time::sleep(APART).await;
    }
    Err(Trouble::passing("the sign-in is being renewed by another program; it is tried again"))
}

/// Takes the renewal for this program, and writes down that one is under way.
async fn claimed(hub: &Hub, stored: &Stored) -> Result<bool> {
    let mut tx = hub.begin(Actor::System("sign-in")).await?;
    let now = tx.now();
    let sql = "update sign_ins set lease_until = $1, renewing_at = coalesce(renewing_at, $2)
               where id = $3 and version = $4 and ended_at is null and (lease_until is null or lease_until <= $2)";
    let taken = tx.run(q!(sql, now + LEASE, now, stored.id, stored.version)).await? == 1;
    tx.commit_unlogged("who renews a sign-in is no state anybody asks about").await?;
    Ok(taken)
}

/// Writes down what became of a renewal. One without an answer stays in doubt: what is shown next may end the sign-in,
/// and then it is said why.
async fn settled(hub: &Hub, key: &str, stored: &Stored, renewal: Result<String, Trouble>) -> Result<Kept, Trouble> {
    let written = async {
        let mut tx = hub.begin(Actor::System("sign-in")).await?;
        let now = tx.now();
        match &renewal {
            Ok(secret) => {
                let sealed = tx.seal(&vault::sign_in(stored.id), secret)?;
                let sql =
                    "update sign_ins set secret = $1, version = version + 1, lease_until = null, renewing_at = null,
                           renewed_at = $2 where id = $3 and version = $4";
                tx.run(q!(sql, sealed, now, stored.id, stored.version)).await?;
            }
            Err(Trouble::Revoked { why }) => {
                let sql = "update sign_ins set ended_at = $1, ended_why = $2, lease_until = null where id = $3 and version = $4";
                tx.run(q!(sql, now, ended(stored, why), stored.id, stored.version)).await?;
                tx.log(Entry::new("sign_in.ended", "sign_in", stored.id));
            }
            Err(Trouble::Wrong { .. }) if !stored.in_doubt => {
                let sql = "update sign_ins set lease_until = null, renewing_at = null where id = $1 and version = $2";
                tx.run(q!(sql, stored.id, stored.version)).await?;
            }
            Err(_) => drop(tx.run(q!("update sign_ins set lease_until = null where id = $1", stored.id)).await?),
        }
        tx.commit_unlogged("a renewal is no state anybody asks about").await
    };
    written.await.map_err(|error| unstored(&error))?;
    match renewal {
        Ok(_) | Err(Trouble::Revoked { .. }) => kept(&read(hub, key).await?),
        Err(trouble) => Err(trouble),
    }
}

fn ended(stored: &Stored, why: &str) -> String {
    if stored.in_doubt {
        return format!(
            "{why}. The answer to the renewal before was lost on the way, and a server ends a sign-in whose old token is \
             shown twice; nothing else is wrong"
        );
    }
    why.to_owned()
}

fn unstored(error: &Error) -> Trouble {
    Trouble::passing(format!("the sign-in could not be looked up: {error}"))
}
