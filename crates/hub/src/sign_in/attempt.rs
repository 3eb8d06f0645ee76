//! One sign-in, from the button to the way back.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use dandelion_networks::{
    About,
    contract::{Access, Asked, Connected, Credentials, Place, Trouble},
    egress::Client,
    networks,
};
use dandelion_post::{Micros, timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{Done, connected, keep, keep::stored, keep_instead, may_speak, subject};
use crate::{
    Error, Hub, Result,
    log::{Actor, Entry},
    scope::Viewer,
    source::{self, Source},
    store::q,
    vault,
};

/// How long a person may stay at the other pages, in microseconds.
pub const HOLDS: Micros = 15 * 60_000_000;

/// What is to be signed in.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Wanted {
    /// The network's name.
    pub network: String,
    /// What was typed, to come back to.
    pub typed: String,
    /// Where it lives.
    pub url: String,
    /// What was chosen.
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// What the source is to be called; empty for what the network says.
    pub name: String,
    /// The unit that looks after it; none means the hub.
    pub unit: Option<i64>,
    /// Whether the account is to be answered from as well.
    pub speaks: bool,
    /// The source that is signed in again, instead of a new one.
    pub again: Option<i64>,
}

impl Wanted {
    /// To sign an existing source in again, as the account it is of.
    pub fn again(source: &Source) -> Self {
        Self {
            network: source.network.clone(),
            url: source.url.clone().unwrap_or_default(),
            settings: source.settings.clone(),
            unit: source.unit,
            again: Some(source.id),
            ..Self::default()
        }
    }

    pub(super) fn about(&self) -> Result<&'static About> {
        let about = networks::find(&self.network).filter(|about| about.connector.sends_back());
        about.ok_or_else(|| Error::Conflict(format!("{} has no sign-in at its own pages", self.network)))
    }

    fn access(&self, hub: &Hub, client: &Client, credentials: Credentials) -> Access {
        let place = Place { url: self.url.clone(), settings: self.settings.clone(), credentials };
        Access::new(client.clone(), place, timestamp(hub.now()))
    }
}

/// A sign-in that was begun.
#[derive(Debug, Clone)]
pub struct Begun {
    /// Where the person goes on.
    pub url: Url,
    /// What is asked for there.
    pub asks: &'static [Asked],
}

/// What a person came back with.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Returned {
    /// What we sent them off with.
    pub state: String,
    /// What is turned into tokens.
    pub code: Option<String>,
    /// Who sent them back (RFC 9207).
    pub iss: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
}

/// A sign-in that did not come about, and where to begin again.
#[derive(Debug)]
pub struct Failed {
    /// Why, with the next step; other errors are ours.
    pub why: Error,
    /// What was wanted, as far as that is known.
    pub wanted: Option<Wanted>,
}

/// Sends a person off.
pub async fn begin(hub: &Hub, viewer: &Viewer, client: &Client, base: &Url, wanted: &Wanted) -> Result<Begun> {
    source::may_change(viewer, wanted.unit, "connect a source")?;
    if wanted.speaks && !may_speak(hub, viewer, wanted.unit).await? {
        return Err(Error::Forbidden("to answer from an account of ours takes an administrator of its unit".into()));
    }
    let about = wanted.about()?;
    let app = json(&super::app(hub, base).await?)?;
    let state = hub.random.token();
    let credentials = Credentials::none().with("app", app).with("state", &state);
    let begun = about.connector.authorize(&wanted.access(hub, client, credentials)).await;
    let begun = begun.map_err(|trouble| Error::Conflict(format!("{} did not let us ask: {trouble}", about.label)))?;
    let url =
        Url::parse(&begun.url).map_err(|error| Error::Unusable(format!("the way there is no address: {error}")))?;
    let secret = json(&(wanted, &begun.credentials))?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let (id, now) = (tx.id("sign_in_attempts").await?, tx.now());
    let sealed = tx.seal(&vault::attempt(id), &secret)?;
    // What nobody came back to is of no use to anybody.
    tx.run(q!("delete from sign_in_attempts where expires_at < $1", now - 24 * 3_600_000_000)).await?;
    let sql = "insert into sign_in_attempts (id, state, member_id, secret, made_at, expires_at) values ($1, $2, $3, $4, $5, $6)";
    tx.run(q!(sql, id, hashed(&state), viewer.member, sealed, now, now + HOLDS)).await?;
    tx.log(Entry::new("sign_in.begun", "sign_in_attempt", id));
    tx.commit().await?;
    Ok(Begun { url, asks: begun.asks })
}

/// Takes a person back: ends the sign-in, keeps what it gave, and connects what was wanted.
pub async fn finish(hub: &Hub, viewer: &Viewer, client: &Client, back: &Returned) -> Result<Done, Failed> {
    let (wanted, credentials) = taken(hub, viewer, back).await?;
    match ended(hub, viewer, client, back, &wanted, credentials).await {
        Ok(done) => Ok(done),
        Err(why) => Err(Failed { why, wanted: Some(wanted) }),
    }
}

/// The attempt this is the end of, taken: nobody can end it a second time.
async fn taken(hub: &Hub, viewer: &Viewer, back: &Returned) -> Result<(Wanted, Credentials), Failed> {
    let unknown = |why: Error| Failed { why, wanted: None };
    let said = |words: &str| Error::Conflict(words.to_owned());
    let sql = "select id, member_id, secret, expires_at, used_at from sign_in_attempts where state = $1";
    let row = hub.db.opt(q!(sql, hashed(&back.state))).await.map_err(unknown)?;
    let row = row.ok_or_else(|| unknown(said("this sign-in was not begun here, or long ago; begin it again")))?;
    let read = || -> Result<_> {
        let (id, sealed): (i64, String) = (row.get("id")?, row.get("secret")?);
        let opened = hub.db.vault().open(&vault::attempt(id), &sealed)?;
        let kept: (Wanted, Credentials) = serde_json::from_str(&opened)
            .map_err(|_| Error::Damaged(format!("the sign-in attempt {id} cannot be read")))?;
        Ok((id, row.get::<i64, _>("member_id")?, row.get::<Micros, _>("expires_at")?, kept))
    };
    let (id, member, expires, (wanted, credentials)) = read().map_err(unknown)?;
    if member != viewer.member {
        return Err(unknown(said("this sign-in was begun by somebody else; begin one of your own")));
    }
    let failed = |why: Error| Failed { why, wanted: Some(wanted.clone()) };
    if expires <= hub.now() {
        return Err(failed(said("this sign-in was begun more than 15 minutes ago and has run out; begin it again")));
    }
    let used = async {
        let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
        let sql = "update sign_in_attempts set used_at = $1 where id = $2 and used_at is null";
        let first = tx.run(q!(sql, tx.now(), id)).await? == 1;
        tx.log(Entry::new("sign_in.returned", "sign_in_attempt", id));
        if first { tx.commit().await.map(|()| true) } else { Ok(false) }
    };
    match used.await {
        Ok(true) => Ok((wanted, credentials)),
        Ok(false) => {
            let words = "this sign-in has been ended already, and each is good for once; if nothing is connected, begin it again";
            Err(failed(said(words)))
        }
        Err(error) => Err(failed(error)),
    }
}

async fn ended(
    hub: &Hub,
    viewer: &Viewer,
    client: &Client,
    back: &Returned,
    wanted: &Wanted,
    credentials: Credentials,
) -> Result<Done> {
    let about = wanted.about()?;
    let code = match (&back.code, back.error.as_deref()) {
        (Some(code), None) if !code.is_empty() => code,
        (_, Some("access_denied")) => {
            return Err(Error::Conflict(format!(
                "you did not let us in at {}, so nothing was connected; begin again if you want to",
                about.label
            )));
        }
        (_, error) => {
            return Err(Error::Conflict(format!(
                "{} sent you back without letting us in ({}); begin the sign-in again",
                about.label,
                error.unwrap_or("it gave no reason").chars().take(80).collect::<String>()
            )));
        }
    };
    let credentials = credentials.with("code", code).with("iss", back.iss.as_deref().unwrap_or_default());
    let access = wanted.access(hub, client, credentials);
    let found = about.connector.connect(&access).await.map_err(|trouble| match trouble {
        Trouble::Passing { why, .. } => {
            Error::Conflict(format!("{} did not answer as it should: {why}; begin the sign-in again", about.label))
        }
        other => Error::Conflict(other.to_string()),
    })?;
    let given = found.place.credentials.get("kept").unwrap_or_default().to_owned();
    let before = before(hub, wanted, &found).await?;
    let key = match &before {
        Some((key, id)) => keep_instead(hub, viewer, *id, &found).await.map(|()| key.clone())?,
        None => keep(hub, viewer, about, &found).await?,
    };
    let done = connected(hub, viewer, wanted, found, &key).await;
    if done.is_err() && before.is_none() {
        // Nothing names it, so it is not left open there either. Where that fails, it ends by itself.
        let _ = about.connector.sign_out(&access, &given).await;
        let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
        tx.run(q!("delete from sign_ins where key = $1", &key)).await?;
        tx.commit_unlogged("nothing was signed in by it").await?;
    }
    done
}

/// The sign-in that a source had before, if it is of the same account: handles name it as well.
async fn before(hub: &Hub, wanted: &Wanted, found: &Connected) -> Result<Option<(String, i64)>> {
    let Some(id) = wanted.again else { return Ok(None) };
    let credentials = source::find(hub, id).await?.credentials(&hub.db).unwrap_or_default();
    let Some(key) = credentials.get("sign_in") else { return Ok(None) };
    let stored = stored(hub, key).await?.filter(|stored| stored.subject == subject(found));
    Ok(stored.map(|stored| (key.to_owned(), stored.id)))
}

/// How a state is stored: whoever reads the database cannot come back with it.
fn hashed(state: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(state.as_bytes()))
}

fn json(what: &impl Serialize) -> Result<String> {
    serde_json::to_string(what).map_err(|error| Error::invalid("credentials", error.to_string(), ""))
}
