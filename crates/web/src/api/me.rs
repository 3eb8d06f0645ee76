//! Who calls.

use axum::extract::State;
use dandelion_hub::{member, scope::Role};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{auth::Reading, extract::Json, shape::Named};
use crate::{App, Problem};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show))
}

/// The member a token or session belongs to.
#[derive(Serialize, ToSchema)]
struct Me {
    /// Their number.
    id: i64,
    /// What is typed after `@` to call them.
    key: String,
    /// Their name.
    name: String,
    /// Their e-mail address.
    email: String,
    /// The strongest role in each unit they reach.
    roles: Vec<Reach>,
}

/// A unit somebody reaches.
#[derive(Serialize, ToSchema)]
struct Reach {
    /// The unit.
    unit: Named,
    /// `viewer`, `agent`, `approver`, `lead` or `admin`.
    role: String,
}

/// Who calls
///
/// The member the token or session belongs to, and what they may do where.
#[utoipa::path(get, path = "/me", tag = "members", responses((status = 200, body = Me)))]
async fn show(Reading(viewer): Reading, State(app): State<App>) -> Result<Json<Me>, Problem> {
    let member = member::find(&app.hub.db, viewer.member).await?;
    let engine = app.hub.engine().await?;
    let reach = |unit: &dandelion_hub::unit::Unit| {
        let role: Role = viewer.role_in(unit.id)?;
        let unit = Named { id: unit.id, key: unit.key.clone(), name: unit.name.clone() };
        Some(Reach { unit, role: role.as_str().to_owned() })
    };
    let roles = engine.org.live_units().filter_map(reach).collect();
    Ok(Json(Me { id: member.id, key: member.key, name: member.name, email: member.email, roles }))
}
