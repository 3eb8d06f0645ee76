//! Units: the nodes of the organisation.

use axum::extract::State;
use dandelion_hub::Error;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::Reading,
    extract::{Json, Page},
    shape::{Shape as _, shape, words},
};
use crate::{App, Problem, problem::Id};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

words!(
    /// Hub or spoke.
    UnitKind = dandelion_hub::unit::Kind {
        /// Leads others.
        Hub,
        /// Does the work in its field.
        Spoke,
    }
);

shape!(
    /// A node of the organisation.
    Unit from dandelion_hub::unit::Unit {
        /// Its number.
        id: i64,
        /// Its key in `org.toml`.
        key: String,
        /// How people call it.
        name: String,
        /// Hub or spoke.
        kind: UnitKind,
        /// The unit above; none for a root.
        parent: Option<i64>,
        /// ISO 3166 code of the country it serves.
        country: Option<String>,
        /// Languages it serves, BCP 47.
        languages: Vec<String>,
        /// The unit whose approvers must approve each of its replies.
        approval: Option<i64>,
        /// Whether it takes what nobody else does.
        takes_unroutable: bool,
        /// No longer in use, kept for what it did.
        archived: bool,
    }
);

/// All units
///
/// The whole organisation, in order. Everybody may see it: cases are handed off to any unit.
#[utoipa::path(get, path = "/units", tag = "organisation", responses((status = 200, body = Page<Unit>)))]
async fn list(_: Reading, State(app): State<App>) -> Result<Json<Page<Unit>>, Problem> {
    Ok(Json(Page::whole(app.hub.engine().await?.org.units.clone().shape())))
}

/// One unit
#[utoipa::path(get, path = "/units/{id}", tag = "organisation", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Unit)))]
async fn show(_: Reading, State(app): State<App>, Id(id): Id) -> Result<Json<Unit>, Problem> {
    let engine = app.hub.engine().await?;
    Ok(Json(engine.org.unit(id).cloned().ok_or_else(|| Error::not_found("unit", id))?.shape()))
}
