//! Members: who works here, bringing somebody in, their roles, and letting them in no longer.

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use dandelion_hub::{
    Error,
    member::{self, Details, Member, invitation},
    scope::{Role, Viewer},
    unit::Org,
};
use serde::Deserialize;

use super::{print, refused::Refused, units::address, zone_of};
use crate::{
    App, Flashed, Form, Problem, Signed,
    view::{
        Choice, Flash, Place, Time, initials,
        organisation::{MemberPage, MemberRow, Members},
    },
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/members", get(list).post(add))
        .route("/members/{key}", get(show).post(change))
        .route("/members/{key}/disabling", post(disable))
        .route("/members/{key}/enabling", post(enable))
        .route("/members/{key}/password-link", post(link))
}

/// A member as typed. `unit` and `role` come in pairs; a pair without one of the two grants nothing.
#[derive(Debug, Default)]
struct Typed {
    name: String,
    email: String,
    grants: Vec<(String, String)>,
}

impl Typed {
    fn of(pairs: Vec<(String, String)>) -> Self {
        let mut typed = Self::default();
        for (name, value) in pairs {
            match (name.as_str(), typed.grants.last_mut()) {
                ("name", _) => typed.name = value,
                ("email", _) => typed.email = value,
                ("unit", _) => typed.grants.push((value, String::new())),
                ("role", Some((_, role))) => *role = value,
                _ => {}
            }
        }
        typed
    }

    fn of_member(member: &Member) -> Self {
        let grants = member.roles.iter().map(|(unit, role)| (unit.to_string(), role.as_str().to_owned())).collect();
        Self { name: member.name.clone(), email: member.email.clone(), grants }
    }

    fn details(&self) -> Result<Details, Refused> {
        let mut roles = BTreeMap::new();
        for (unit, role) in self.grants.iter().filter(|(unit, role)| !unit.is_empty() && !role.is_empty()) {
            let unit: i64 = unit.parse().map_err(|_| Refused::new("Choose the unit from the list."))?;
            let role: Role = role.parse().map_err(|_| Refused::new("Choose the role from the list."))?;
            if roles.insert(unit, role).is_some() {
                return Err(Refused::new("One unit stands there twice. Give one role in each."));
            }
        }
        Ok(Details { key: String::new(), name: self.name.clone(), email: self.email.clone(), roles })
    }
}

async fn list(State(app): State<App>, signed: Signed) -> Result<Response, Problem> {
    page(&app, &signed, &Typed::default(), None, None).await
}

async fn add(
    State(app): State<App>,
    signed: Signed,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let typed = Typed::of(pairs);
    let added = match typed.details() {
        Ok(details) => match member::add(&app.hub, &signed.viewer, details).await {
            Ok(id) => Ok(id),
            Err(error) => Err(refused(error)?),
        },
        Err(refused) => Err(refused),
    };
    match added {
        Ok(id) => {
            let name = member::find(&app.hub.db, id).await?.name;
            let link = link_for(&app, &signed.viewer, id).await?;
            page(&app, &signed, &Typed::default(), Some((name, link)), None).await
        }
        Err(refused) => Ok(refused.on(page(&app, &signed, &typed, None, Some(refused.words.clone())).await?)),
    }
}

async fn show(State(app): State<App>, Path(key): Path<String>, signed: Signed) -> Result<Response, Problem> {
    let member = found(&app, &signed, &key).await?;
    let typed = Typed::of_member(&member);
    one(&app, &signed, &member, &typed, None, None).await
}

async fn change(
    State(app): State<App>,
    Path(key): Path<String>,
    signed: Signed,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let member = found(&app, &signed, &key).await?;
    let typed = Typed::of(pairs);
    let changed = match typed.details() {
        Ok(details) => match member::change(&app.hub, &signed.viewer, member.id, details).await {
            Ok(()) => Ok(()),
            Err(error) => Err(refused(error)?),
        },
        Err(refused) => Err(refused),
    };
    match changed {
        Ok(()) => Ok(said(&app, &key, format!("Saved. The roles of {} count at once.", typed.name.trim()))),
        Err(refused) => {
            let page = one(&app, &signed, &member, &typed, None, Some(refused.words.clone())).await?;
            Ok(refused.on(page))
        }
    }
}

#[derive(Deserialize)]
struct Nothing {}

async fn disable(
    State(app): State<App>,
    Path(key): Path<String>,
    signed: Signed,
    _: Form<Nothing>,
) -> Result<Response, Problem> {
    let member = found(&app, &signed, &key).await?;
    let says = format!("{} can no longer sign in; their sessions and tokens have ended.", member.name);
    let done = member::disable(&app.hub, &signed.viewer, member.id).await;
    answered(&app, &signed, &member, done, says).await
}

async fn enable(
    State(app): State<App>,
    Path(key): Path<String>,
    signed: Signed,
    _: Form<Nothing>,
) -> Result<Response, Problem> {
    let member = found(&app, &signed, &key).await?;
    let says = format!("{} can sign in again.", member.name);
    let done = member::enable(&app.hub, &signed.viewer, member.id).await;
    answered(&app, &signed, &member, done, says).await
}

/// Shown on this answer and never again; asked for anew, the one before stops working.
async fn link(
    State(app): State<App>,
    Path(key): Path<String>,
    signed: Signed,
    _: Form<Nothing>,
) -> Result<Response, Problem> {
    let member = found(&app, &signed, &key).await?;
    let link = link_for(&app, &signed.viewer, member.id).await?;
    one(&app, &signed, &member, &Typed::of_member(&member), Some(link), None).await
}

async fn answered(
    app: &App,
    signed: &Signed,
    member: &Member,
    done: dandelion_hub::Result<()>,
    says: String,
) -> Result<Response, Problem> {
    if let Err(error) = done {
        let refused = refused(error)?;
        let typed = Typed::of_member(member);
        let page = one(app, signed, member, &typed, None, Some(refused.words.clone())).await?;
        return Ok(refused.on(page));
    }
    Ok(said(app, &member.key, says))
}

fn said(app: &App, key: &str, says: String) -> Response {
    Flashed::new(app, format!("/members/{key}"), Flash::done(says)).into_response()
}

/// The address at which a member chooses a password.
async fn link_for(app: &App, viewer: &Viewer, member: i64) -> Result<String, Problem> {
    let token = invitation::to_choose_password(&app.hub, viewer, member).await?;
    Ok(format!("{}/password/{token}", app.config.public_url.as_str().trim_end_matches('/')))
}

/// The member behind a key, for somebody who administers anything at all; who may change whom is for the hub.
async fn found(app: &App, signed: &Signed, key: &str) -> Result<Member, Problem> {
    signed.viewer.need_anywhere(Role::Admin, "change members")?;
    let member = member::by_key(&app.hub.db, key).await?;
    Ok(member.ok_or_else(|| Error::not_found("member", key))?)
}

/// The words of a refusal; a unit that has gone in the meantime is one too.
fn refused(error: Error) -> Result<Refused, Problem> {
    match error {
        Error::NotFound { noun: "unit", .. } => {
            Ok(Refused::new("That unit is no longer in use. Choose another one from the list."))
        }
        error => Refused::of(error),
    }
}

async fn page(
    app: &App,
    signed: &Signed,
    typed: &Typed,
    invited: Option<(String, String)>,
    wrong: Option<String>,
) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let (org, viewer) = (&engine.org, &signed.viewer);
    let members = member::all(&app.hub.db).await?;
    let (unit, role) = typed.grants.first().cloned().unwrap_or_else(|| (String::new(), "agent".to_owned()));
    print(&Members {
        shell: signed.shell(app, "Members", Place::Organisation).await?,
        rows: members.iter().map(|member| row(org, viewer, member)).collect(),
        may_add: viewer.may_anywhere(Role::Admin),
        units: unit_choices(org, viewer, &unit),
        roles: role_choices(&role),
        wrong,
        name: typed.name.clone(),
        email: typed.email.clone(),
        invited,
    })
}

fn row(org: &Org, viewer: &Viewer, member: &Member) -> MemberRow {
    let roles: Vec<String> =
        member.roles.iter().map(|(unit, role)| format!("{} in {}", role.as_str(), org.unit_name(*unit))).collect();
    let state = match (member.disabled_at, member.has_password) {
        (Some(_), _) => "disabled",
        (None, false) => "has chosen no password yet",
        (None, true) => "",
    };
    MemberRow {
        key: member.key.clone(),
        name: member.name.clone(),
        initials: initials(&member.name),
        email: address(member, viewer),
        roles: if roles.is_empty() { "no role yet".to_owned() } else { roles.join(", ") },
        state: state.to_owned(),
        may_change: may_change(org, viewer, member),
    }
}

/// Whether to offer a change; the hub decides again when one is asked for.
fn may_change(org: &Org, viewer: &Viewer, member: &Member) -> bool {
    let administers = |unit: &i64| viewer.may(Role::Admin, *unit);
    viewer.may_anywhere(Role::Admin) && (administers_all(org, viewer) || member.roles.keys().all(administers))
}

fn administers_all(org: &Org, viewer: &Viewer) -> bool {
    org.hub().is_ok_and(|hub| viewer.may(Role::Admin, hub.id))
}

async fn one(
    app: &App,
    signed: &Signed,
    member: &Member,
    typed: &Typed,
    link: Option<String>,
    wrong: Option<String>,
) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let (org, now) = (&engine.org, app.hub.now());
    let pair = |unit: &str, role: &str| {
        let mut units = unit_choices(org, &signed.viewer, unit);
        units.insert(0, Choice { selected: unit.is_empty(), ..Choice::new("", "Choose a unit") });
        // A grant the person may not give is still shown, because it is there.
        if let Some(held) = org.units.iter().find(|held| held.id.to_string() == unit)
            && !units.iter().any(|choice| choice.selected)
        {
            units.push(Choice::new(held.id.to_string(), &held.name).selected());
        }
        let mut roles = role_choices(role);
        roles.insert(0, Choice { selected: role.is_empty(), ..Choice::new("", "None") });
        (units, roles)
    };
    let given = typed.grants.iter().filter(|(unit, role)| !(unit.is_empty() && role.is_empty()));
    let mut grants: Vec<_> = given.map(|(unit, role)| pair(unit, role)).collect();
    grants.push(pair("", ""));
    print(&MemberPage {
        shell: signed.shell(app, &member.name, Place::Organisation).await?,
        key: member.key.clone(),
        name: typed.name.clone(),
        email: typed.email.clone(),
        grants,
        disabled: member.disabled_at.map(|at| Time::clock(at, now, &zone_of(org))),
        wrong,
        link,
    })
}

/// The units in which the person may grant a role.
fn unit_choices(org: &Org, viewer: &Viewer, chosen: &str) -> Vec<Choice> {
    let all = administers_all(org, viewer);
    let own = org.live_units().filter(|unit| all || viewer.may(Role::Admin, unit.id));
    own.map(|unit| {
        let value = unit.id.to_string();
        Choice { selected: value == chosen, ..Choice::new(value, &unit.name) }
    })
    .collect()
}

fn role_choices(chosen: &str) -> Vec<Choice> {
    let words = |role: Role| format!("{}: {}", role.as_str(), super::account::lets(role));
    Role::ALL.map(|role| Choice { selected: role.as_str() == chosen, ..Choice::new(role.as_str(), words(role)) }).into()
}
