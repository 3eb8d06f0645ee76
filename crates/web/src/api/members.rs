//! Members: the people who work here.

use axum::{extract::State, http::StatusCode};
use dandelion_hub::{
    member,
    scope::{self, Viewer},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::{Administering, Reading},
    extract::{Json, Made, Page, at_most},
    shape::{Moment, Shape as _},
    tokens::Role,
};
use crate::{App, Problem, problem::Id};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(show, change)).routes(routes!(disable, enable))
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
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Grant {
    /// The unit.
    unit: i64,
    /// What they may do there.
    role: Role,
}

fn shown(member: member::Member, viewer: &Viewer) -> Member {
    let (id, key, name) = (member.id, member.key, member.name);
    let roles = member.roles.into_iter().map(|(unit, role)| Grant { unit, role: role.shape() }).collect();
    let email = (viewer.may_anywhere(scope::Role::Admin) || viewer.member == id).then_some(member.email);
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

/// A member to be added, or how one shall be from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMember {
    /// What is typed after `@`; made from the name if absent. Cannot be changed later.
    #[serde(default)]
    #[schema(max_length = 64)]
    key: String,
    /// Their name.
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    /// Their e-mail address.
    #[schema(min_length = 3, max_length = 254)]
    email: String,
    /// Roles, one a unit.
    #[serde(default)]
    #[schema(max_items = 200)]
    roles: Vec<Grant>,
}

impl NewMember {
    fn details(self) -> Result<member::Details, Problem> {
        at_most("key", &self.key, 64)?;
        at_most("name", &self.name, 120)?;
        at_most("email", &self.email, 254)?;
        if self.roles.len() > 200 {
            return Err(Problem::invalid("roles", "at most 200 are taken"));
        }
        let roles = self.roles.into_iter().map(|grant| (grant.unit, grant.role.into())).collect();
        Ok(member::Details { key: self.key, name: self.name, email: self.email, roles })
    }
}

/// Add a member
///
/// Takes the role `admin` in every unit in which a role is granted. They sign in by an invitation.
#[utoipa::path(post, path = "/members", tag = "members", request_body = NewMember,
    responses((status = 201, body = Made, description = "Added")))]
async fn add(
    Administering(viewer): Administering,
    State(app): State<App>,
    Json(new): Json<NewMember>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let details = new.details()?;
    for unit in details.roles.keys() {
        super::unit_exists(&app, Some(*unit)).await?;
    }
    let id = member::add(&app.hub, &viewer, details).await?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// Change a member
///
/// Name, e-mail address and roles. Takes the role `admin` in every unit whose role changes.
#[utoipa::path(put, path = "/members/{id}", tag = "members", params(("id" = i64, Path, minimum = 1)),
    request_body = NewMember, responses((status = 200, body = Member)))]
async fn change(
    Administering(viewer): Administering,
    State(app): State<App>,
    Id(id): Id,
    Json(new): Json<NewMember>,
) -> Result<Json<Member>, Problem> {
    let details = new.details()?;
    member::find(&app.hub.db, id).await?;
    for unit in details.roles.keys() {
        super::unit_exists(&app, Some(*unit)).await?;
    }
    member::change(&app.hub, &viewer, id, details).await?;
    Ok(Json(shown(member::find(&app.hub.db, id).await?, &viewer)))
}

/// Disable a member
///
/// Their sessions end, their tokens stop, their cases keep their name.
#[utoipa::path(put, path = "/members/{id}/disabling", tag = "members", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Disabled")))]
async fn disable(
    Administering(viewer): Administering,
    State(app): State<App>,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    member::disable(&app.hub, &viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Enable a member
///
/// Lets somebody in again.
#[utoipa::path(delete, path = "/members/{id}/disabling", tag = "members", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Enabled")))]
async fn enable(
    Administering(viewer): Administering,
    State(app): State<App>,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    member::enable(&app.hub, &viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
