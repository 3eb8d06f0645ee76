//! Accounts that actors of ours follow, so that what they say to everybody is heard: asked, and what they answered.

use dandelion_networks::activitypub::{self, Found, Remote};
use dandelion_post::{Micros, timestamp};
use serde_json::json;

use super::{Actor, NETWORK, tell};
use crate::{
    Db, Error, Hub, Result, Tx, handle,
    log::{self, Entry},
    scope::Viewer,
    source,
    store::{Q, Row, q},
};

/// How far following somebody has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FollowState {
    /// They are asked, or will be in a moment, and have not answered.
    Asked,
    /// They let us: what they say to everybody comes here.
    Accepted,
    /// They do not let us, or no longer.
    Refused,
    /// They could not be asked.
    Unreached,
}

/// An account that an actor of ours follows.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Follow {
    /// Its number.
    pub id: i64,
    /// Its address, which is who it is.
    pub actor: String,
    /// `name@host`, as people call it.
    pub name: String,
    /// What it was called before it moved, where we followed it there.
    pub moved_from: Option<String>,
    /// How far it has come.
    pub state: FollowState,
    /// When it was asked.
    pub asked_at: Micros,
    /// When the question reached its server.
    pub told_at: Option<Micros>,
    /// When it answered.
    pub answered_at: Option<Micros>,
    /// Why it could not be asked, at last or so far.
    pub error: Option<String>,
    #[serde(skip)]
    key: String,
}

impl Follow {
    const SELECT: &str = "select f.id, f.actor, f.name, f.key, f.moved_from, f.asked_at, f.told_at, f.accepted_at, f.refused_at,
        f.failed_at, coalesce(f.error, (select d.error from deliveries d where d.handle_id = f.handle_id and d.actor = f.actor
          and d.kind = 'follow' and d.next_attempt_at is not null order by d.id desc limit 1)) as error
        from follows f";

    fn read(row: &Row) -> Result<Self> {
        let (accepted, refused): (Option<Micros>, Option<Micros>) = (row.get("accepted_at")?, row.get("refused_at")?);
        let state = match (row.get::<Option<Micros>, _>("failed_at")?, refused, accepted) {
            (Some(_), ..) => FollowState::Unreached,
            (None, Some(_), _) => FollowState::Refused,
            (None, None, Some(_)) => FollowState::Accepted,
            (None, None, None) => FollowState::Asked,
        };
        Ok(Self {
            id: row.get("id")?,
            actor: row.get("actor")?,
            name: row.get("name")?,
            moved_from: row.get("moved_from")?,
            state,
            asked_at: row.get("asked_at")?,
            told_at: row.get("told_at")?,
            answered_at: refused.or(accepted),
            error: row.get("error")?,
            key: row.get("key")?,
        })
    }

    async fn of(tx: &mut Tx, handle: i64, actor: &str) -> Result<Option<Self>> {
        let sql = format!("{} where f.handle_id = $1 and f.actor = $2", Self::SELECT);
        tx.opt(Q::of(sql).bind(handle).bind(actor.to_owned())).await?.map(|row| Self::read(&row)).transpose()
    }

    fn holds(&self) -> bool {
        matches!(self.state, FollowState::Asked | FollowState::Accepted)
    }
}

/// Every account that a handle follows, by name.
pub async fn followed(db: &Db, handle: i64) -> Result<Vec<Follow>> {
    let sql = format!("{} where f.handle_id = $1 order by f.name, f.id", Follow::SELECT);
    db.all(Q::of(sql).bind(handle)).await?.iter().map(Follow::read).collect()
}

/// One of them.
pub async fn follow_of(db: &Db, handle: i64, id: i64) -> Result<Follow> {
    let sql = format!("{} where f.handle_id = $1 and f.id = $2", Follow::SELECT);
    Follow::read(&db.opt(Q::of(sql).bind(handle).bind(id)).await?.ok_or(Error::not_found("followed account", id))?)
}

/// The handles that asked to follow this account and were not refused.
pub async fn who_follows(db: &Db, actor: &str) -> Result<Vec<i64>> {
    let sql = "select handle_id from follows where actor = $1 and refused_at is null and failed_at is null order by id";
    db.all(q!(sql, actor)).await?.iter().map(|row| row.get("handle_id")).collect()
}

/// How many accounts let a handle follow them.
pub async fn following(db: &Db, handle: i64) -> Result<i64> {
    let sql =
        "select count(*) as n from follows where handle_id = $1 and accepted_at is not null and refused_at is null";
    db.one(q!(sql, handle)).await?.get("n")
}

/// Has an actor of ours follow whom a person typed (`@name@host`, or the address of their page).
///
/// # Errors
/// Where the person may not change the source, nobody of this name is found, or they are followed already.
pub async fn follow_account(hub: &Hub, viewer: &Viewer, remote: &Remote, ours: &Actor, typed: &str) -> Result<Follow> {
    source::may_change(viewer, ours.source.unit, "say whom an account of ours follows")?;
    let found = find_account(hub, remote, ours, typed).await?;
    ask(hub, log::Actor::Member(viewer.member), ours, &found.actor, &found.handle).await
}

/// Looks up whom a person typed.
pub async fn find_account(hub: &Hub, remote: &Remote, ours: &Actor, typed: &str) -> Result<Found> {
    let named = handle::folded(typed);
    let own = |handle: &handle::Handle| handle.network == NETWORK && handle::folded(&handle.name) == named;
    if handle::all(&hub.db).await?.iter().any(own) {
        return Err(own_account(&named));
    }
    let signer = ours.signer(hub)?;
    let found = activitypub::look_up(remote, &signer, typed, timestamp(hub.now())).await;
    found.map_err(|trouble| Error::invalid("account", trouble.to_string(), ""))
}

/// Asks to follow an account that was looked up; who refused or could not be asked is asked anew.
pub async fn ask(hub: &Hub, by: log::Actor, ours: &Actor, whom: &activitypub::Actor, name: &str) -> Result<Follow> {
    let own = |handle: &handle::Handle| handle.network == NETWORK && handle.config.address.as_deref() == Some(&whom.id);
    if handle::all(&hub.db).await?.iter().any(own) {
        return Err(own_account(name));
    }
    let mut tx = hub.begin(by).await?;
    if Follow::of(&mut tx, ours.handle.id, &whom.id).await?.is_some_and(|follow| follow.holds()) {
        return Err(Error::Conflict(format!("@{name} is followed already; nothing was changed")));
    }
    let id = write(&mut tx, ours, whom, name, (None, &key(hub))).await?;
    tx.log(entry("handle.follow_asked", ours, id));
    tx.commit().await?;
    follow_of(&hub.db, ours.handle.id, id).await
}

fn own_account(name: &str) -> Error {
    Error::invalid("account", format!("@{name} is an account of ours; what it says is here already"), "")
}

async fn write(
    tx: &mut Tx,
    ours: &Actor,
    whom: &activitypub::Actor,
    name: &str,
    (moved_from, key): (Option<&str>, &str),
) -> Result<i64> {
    let handle = ours.handle.id;
    let name: String = name.chars().take(300).collect();
    tell::forget_failed_follow(tx, handle, &whom.id).await?;
    let (id, now) = (tx.id("follows").await?, tx.now());
    let sql = "insert into follows (id, handle_id, actor, name, key, moved_from, asked_at) values ($1, $2, $3, $4, $5, $6, $7)
               on conflict (handle_id, actor) do update set name = excluded.name, key = excluded.key, moved_from = excluded.moved_from,
               asked_at = excluded.asked_at, told_at = null, accepted_at = null, refused_at = null, failed_at = null, error = null
               returning id";
    let row = tx.one(q!(sql, id, handle, &whom.id, name, key, moved_from, now)).await?;
    let activity = ours.ours.follow(&whom.id, key);
    tell::follow(tx, handle, "follow", (&whom.id, Some(&whom.inbox)), &activity).await?;
    row.get("id")
}

/// Has an actor of ours follow an account no longer; its server is told so where it was asked.
pub async fn unfollow_account(hub: &Hub, viewer: &Viewer, ours: &Actor, id: i64) -> Result<()> {
    source::may_change(viewer, ours.source.unit, "say whom an account of ours follows")?;
    unfollow_account_as(hub, log::Actor::Member(viewer.member), ours, id).await
}

/// The same from the command line, where no person is signed in.
pub async fn unfollow_account_as(hub: &Hub, by: log::Actor, ours: &Actor, id: i64) -> Result<()> {
    let actor = follow_of(&hub.db, ours.handle.id, id).await?.actor;
    let mut tx = hub.begin(by).await?;
    let follow = Follow::of(&mut tx, ours.handle.id, &actor).await?.filter(|follow| follow.id == id);
    let follow = follow.ok_or(Error::not_found("followed account", id))?;
    end(&mut tx, ours, &follow).await?;
    tx.log(entry("handle.follow_ended", ours, id));
    tx.commit().await
}

/// Takes one off. What nobody has heard yet nobody has to take back.
async fn end(tx: &mut Tx, ours: &Actor, follow: &Follow) -> Result<()> {
    let handle = ours.handle.id;
    tx.run(q!("delete from follows where id = $1", follow.id)).await?;
    tell::forget_failed_follow(tx, handle, &follow.actor).await?;
    if tell::forget_unheard_follow(tx, handle, &follow.actor).await? || !follow.holds() {
        return Ok(());
    }
    let activity = ours.ours.unfollow(&follow.actor, &follow.key);
    tell::follow(tx, handle, "unfollow", (&follow.actor, None), &activity).await
}

/// Somebody answered an actor of ours that asked to follow them; whether it had asked.
pub async fn answered(hub: &Hub, ours: &Actor, actor: &str, accepted: bool) -> Result<bool> {
    let mut tx = hub.begin(log::Actor::Source(ours.source.id)).await?;
    let follow = Follow::of(&mut tx, ours.handle.id, actor).await?.filter(Follow::holds);
    let Some(follow) = follow else { return Ok(false) };
    if accepted && follow.state == FollowState::Accepted {
        return Ok(true);
    }
    let (sql, event) = if accepted {
        ("update follows set accepted_at = $2 where id = $1", "handle.follow_accepted")
    } else {
        ("update follows set refused_at = $2 where id = $1", "handle.follow_refused")
    };
    tx.run(q!(sql, follow.id, tx.now())).await?;
    tx.log(entry(event, ours, follow.id));
    tx.commit().await?;
    Ok(true)
}

/// Somebody whom an actor of ours follows lives elsewhere now, and both places say so: it follows them there, and no
/// longer where they were. Whether it did.
pub async fn followed_moved(hub: &Hub, ours: &Actor, from: &str, to: &activitypub::Actor) -> Result<bool> {
    let mut tx = hub.begin(log::Actor::Source(ours.source.id)).await?;
    let before = Follow::of(&mut tx, ours.handle.id, from).await?.filter(Follow::holds);
    let Some(before) = before else { return Ok(false) };
    end(&mut tx, ours, &before).await?;
    let there = Follow::of(&mut tx, ours.handle.id, &to.id).await?;
    let id = match there {
        Some(there) if there.holds() => there.id,
        _ => {
            let name = to.handle.as_deref().unwrap_or(&to.id);
            write(&mut tx, ours, to, name, (Some(&before.name), &key(hub))).await?
        }
    };
    tx.log(entry("handle.follow_moved", ours, id));
    tx.commit().await?;
    Ok(true)
}

fn key(hub: &Hub) -> String {
    hub.random.token()
}

fn entry(kind: &'static str, ours: &Actor, follow: i64) -> Entry {
    Entry::new(kind, "handle", ours.handle.id).unit(ours.handle.unit).with(json!({ "follow": follow }))
}
