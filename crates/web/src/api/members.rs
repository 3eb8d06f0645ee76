//! Members: the people who work here.

use axum::extract::State;
use dandelion_hub::{
    member,
    scope::{Role, Viewer},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::Reading,
    extract::{Json, Page},
    shape::{Moment, Shape as _},
};
use crate::{App, Problem, problem::Id};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

/// A person who works here.
#[derive(Serialize, ToSchema)]
struct Member {
    /// Their number.
    id: i64,
    /// What is typed after `@` to call them.
    key: String,
    /// Their name.
    name: String,
    /// Their e-mail address; only administrators see it.
    email: Option<String>,
    /// When they were added.
    created_at: Moment,
    /// Since when they can no longer sign in.
    disabled_at: Option<Moment>,
    /// Roles as granted; each counts for its unit and all below.
    roles: Vec<Grant>,
}

/// A role granted in a unit.
#[derive(Serialize, ToSchema)]
struct Grant {
    /// The unit.
    unit: i64,
    /// `viewer`, `agent`, `approver`, `lead` or `admin`.
    role: String,
}

fn shown(member: member::Member, viewer: &Viewer) -> Member {
    let (id, key, name) = (member.id, member.key, member.name);
    let roles = member.roles.into_iter().map(|(unit, role)| Grant { unit, role: role.as_str().to_owned() }).collect();
    let email = (viewer.may_anywhere(Role::Admin) || viewer.member == id).then_some(member.email);
    let (created_at, disabled_at) = (member.created_at.shape(), member.disabled_at.shape());
    Member { id, key, name, email, created_at, disabled_at, roles }
}

/// All members
///
/// By name, disabled ones included.
#[utoipa::path(get, path = "/members", tag = "members", responses((status = 200, body = Page<Member>)))]
async fn list(Reading(viewer): Reading, State(app): State<App>) -> Result<Json<Page<Member>>, Problem> {
    let members = member::all(&app.hub.db).await?;
    Ok(Json(Page::whole(members.into_iter().map(|member| shown(member, &viewer)).collect())))
}

/// One member
#[utoipa::path(get, path = "/members/{id}", tag = "members", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Member)))]
async fn show(Reading(viewer): Reading, State(app): State<App>, Id(id): Id) -> Result<Json<Member>, Problem> {
    Ok(Json(shown(member::find(&app.hub.db, id).await?, &viewer)))
}
