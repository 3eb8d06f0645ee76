//! Invitations: addresses that work once. They set up a new installation, sign somebody in, or let them choose a
//! password.

use dandelion_post::Micros;
use serde_json::json;

use super::{
    edit::{Details, checked, insert, may_reach, set_password},
    find, password,
    session::{self, Started, digest},
};
use crate::{
    Error, Hub, Result, Tx,
    log::{Actor, Entry},
    scope::{Role, Viewer},
    store::{Boxed, q},
    unit::{Org, setup},
};

const HOUR: Micros = 3_600_000_000;

/// What an invitation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Makes the first administrator of a new installation. Works for a day.
    Setup,
    /// Signs a member in. Works for an hour.
    SignIn,
    /// Lets a member choose a password and signs them in. Works for three days.
    Password,
}

impl Purpose {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::SignIn => "sign-in",
            Self::Password => "password",
        }
    }

    fn lasts(self) -> Micros {
        match self {
            Self::Setup => 24 * HOUR,
            Self::SignIn => HOUR,
            Self::Password => 72 * HOUR,
        }
    }
}

/// What the first-run page asks for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct Setup {
    /// The organisation's name.
    pub organisation: String,
    /// Its time zone, an IANA name.
    pub time_zone: String,
    /// The administrator's name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Their password.
    pub password: String,
}

/// Whether nobody can administer this installation yet, so that the first-run page has to be shown.
pub async fn setup_needed(hub: &Hub) -> Result<bool> {
    let sql = "select count(*) as n from member_roles r join members m on m.id = r.member_id
               where r.role = 'admin' and m.disabled_at is null";
    Ok(hub.db.one(q!(sql)).await?.get::<i64, _>("n")? == 0)
}

/// Makes an invitation on behalf of the program (`command`, `demo`) and gives its token. Invitations of the same
/// purpose and member made before stop working. `member` is none for [`Purpose::Setup`] alone.
pub fn make(hub: &Hub, actor: Actor, purpose: Purpose, member: Option<i64>) -> Boxed<'_, String> {
    Box::pin(async move {
        if member.is_none() != (purpose == Purpose::Setup) {
            return Err(Error::invalid("member", "say whom the invitation is for", ""));
        }
        if let Some(member) = member {
            super::viewer(hub, member).await?; // refuses unknown and disabled ones
        }
        let token = hub.random.token();
        let mut tx = hub.begin(actor).await?;
        let sql = "delete from invitations where used_at is null and purpose = $1
                   and coalesce(member_id, 0) = $2";
        tx.run(q!(sql, purpose.as_str(), member.unwrap_or(0))).await?;
        let sql = "insert into invitations (token_hash, member_id, purpose, created_at, expires_at)
                   values ($1, $2, $3, $4, $5)";
        let now = tx.now();
        tx.run(q!(sql, digest(&token), member, purpose.as_str(), now, now + purpose.lasts())).await?;
        let body = json!({ "purpose": purpose.as_str() });
        tx.log(Entry::new("member.invited", "member", member.unwrap_or(0)).with(body));
        tx.commit().await?;
        Ok(token)
    })
}

/// Invites a member to choose a password. The viewer must be an administrator of every unit they have a role in.
pub async fn to_choose_password(hub: &Hub, viewer: &Viewer, member: i64) -> Result<String> {
    may_reach(hub, viewer, &find(&hub.db, member).await?, "invite this member").await?;
    make(hub, Actor::Member(viewer.member), Purpose::Password, Some(member)).await
}

/// Whether a token still works, without using it: what the page behind the address asks before it shows a form.
pub async fn works(hub: &Hub, token: &str, purpose: Purpose) -> Result<bool> {
    let sql = "select 1 as one from invitations
               where token_hash = $1 and purpose = $2 and used_at is null and expires_at > $3";
    Ok(hub.db.opt(q!(sql, digest(token), purpose.as_str(), hub.now())).await?.is_some())
}

/// Uses an invitation to sign in.
pub fn sign_in<'a>(hub: &'a Hub, token: &'a str, agent: &'a str, previous: Option<&'a str>) -> Boxed<'a, Started> {
    Box::pin(async move {
        let mut tx = hub.begin(Actor::System("invitation")).await?;
        let member = take(&mut tx, token, Purpose::SignIn).await?.ok_or_else(worn)?;
        let started = session::start(&mut tx, hub, member, agent, previous).await?;
        tx.commit().await?;
        Ok(started)
    })
}

/// Uses an invitation to choose a password. Every session of that member ends, and a new one starts.
pub fn choose_password<'a>(hub: &'a Hub, token: &'a str, new: &'a str, agent: &'a str) -> Boxed<'a, Started> {
    Box::pin(async move {
        // The rules first, so that a password that is too short does not use the invitation up.
        let sql = "select m.email from invitations i join members m on m.id = i.member_id where i.token_hash = $1";
        let row = hub.db.opt(q!(sql, digest(token))).await?.ok_or_else(worn)?;
        password::check(new, &row.get::<String, _>("email")?)?;
        let hash = password::hash(&hub.random, new).await?;
        let mut tx = hub.begin(Actor::System("invitation")).await?;
        let member = take(&mut tx, token, Purpose::Password).await?.ok_or_else(worn)?;
        set_password(&mut tx, member, &hash).await?;
        session::end_all_but(&mut tx, member, None).await?;
        let started = session::start(&mut tx, hub, member, agent, None).await?;
        tx.commit().await?;
        Ok(started)
    })
}

/// Sets a new installation up: names the organisation, gives it a first hub where it has none, makes its
/// administrator, and signs them in.
pub fn set_up<'a>(hub: &'a Hub, token: &'a str, wanted: Setup, agent: &'a str) -> Boxed<'a, Started> {
    Box::pin(async move {
        let details = Details { name: wanted.name, email: wanted.email, ..Details::default() };
        let mut details = checked(hub, details).await?;
        password::check(&wanted.password, &details.email)?;
        let hash = password::hash(&hub.random, &wanted.password).await?;
        let mut tx = hub.begin(Actor::System("invitation")).await?;
        crate::unit::touch(&mut tx).await?; // two that set up at once do so one after the other
        take(&mut tx, token, Purpose::Setup).await?;
        if !setup_needed(hub).await? {
            return Err(Error::Conflict("This installation has an administrator already; sign in instead".into()));
        }
        let org = Org::load(&hub.db).await?;
        let unit = setup::name_it(&mut tx, &org, &wanted.organisation, &wanted.time_zone).await?;
        details.roles = [(unit, Role::Admin)].into();
        let member = insert(&mut tx, &details).await?;
        set_password(&mut tx, member, &hash).await?;
        let started = session::start(&mut tx, hub, member, agent, None).await?;
        tx.commit().await?;
        Ok(started)
    })
}

/// Uses a token up and gives its member (none for a setup).
async fn take(tx: &mut Tx, token: &str, purpose: Purpose) -> Result<Option<i64>> {
    let sql = "update invitations set used_at = $1 where token_hash = $2 and purpose = $3
               and used_at is null and expires_at > $1
               and (member_id is null or member_id in (select id from members where disabled_at is null))
               returning member_id";
    let rows = tx.all(q!(sql, tx.now(), digest(token), purpose.as_str())).await?;
    rows.first().ok_or_else(worn)?.get("member_id")
}

fn worn() -> Error {
    Error::Forbidden(
        "This address does not work any more: it was used already, replaced, or is too old. Ask for a new one".into(),
    )
}
