//! Handles: the accounts of ours that we speak from. How they publish, and their secrets, are not shown.

use axum::extract::State;
use dandelion_hub::handle;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::{Reading, Writing},
    extract::{Json, Page},
    shape::{Moment, Shape as _, shape, words},
};
use crate::{App, Problem, problem::Id};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show)).routes(routes!(used)).routes(routes!(entrust))
}

words!(
    /// What an account of ours is for.
    Purpose = dandelion_hub::handle::Purpose {
        /// Helping customers.
        Care,
        /// Telling the public.
        News,
        /// Selling.
        Sales,
    }
);

shape!(
    /// An account of ours.
    Handle from dandelion_hub::handle::Handle {
        /// Its number.
        id: i64,
        /// Its key in `org.toml`.
        key: String,
        /// The network it is on.
        network: String,
        /// Its name there.
        name: String,
        /// The unit that speaks from it.
        unit: i64,
        /// What it is for.
        purpose: Purpose,
        /// The member who answers for it.
        owner: Option<i64>,
        /// Who stands in.
        deputy: Option<i64>,
        /// No longer spoken from.
        archived: bool,
    }
);

/// All handles
#[utoipa::path(get, path = "/handles", tag = "organisation", responses((status = 200, body = Page<Handle>)))]
async fn list(_: Reading, State(app): State<App>) -> Result<Json<Page<Handle>>, Problem> {
    Ok(Json(Page::whole(handle::all(&app.hub.db).await?.shape())))
}

/// One handle
#[utoipa::path(get, path = "/handles/{id}", tag = "organisation", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Handle)))]
async fn show(_: Reading, State(app): State<App>, Id(id): Id) -> Result<Json<Handle>, Problem> {
    Ok(Json(handle::find(&app.hub.db, id).await?.shape()))
}

shape!(
    /// When a handle was used last.
    HandleUse from handle::Used {
        /// When the newest answer from it was published; absent where there is none.
        answered_at: Option<Moment>,
        /// Who wrote that answer.
        answered_by_id: Option<i64>,
        /// Their name.
        answered_by: Option<String>,
        /// When something addressed to it was read last; absent where nothing was.
        read_at: Option<Moment>,
    }
);

/// When a handle was used last
///
/// Its last answer with who wrote it, and when something addressed to it came in last.
#[utoipa::path(get, path = "/handles/{id}/use", tag = "organisation", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = HandleUse)))]
async fn used(_: Reading, State(app): State<App>, Id(id): Id) -> Result<Json<HandleUse>, Problem> {
    Ok(Json(handle::used_last(&app.hub.db, id).await?.shape()))
}

/// What a handle is for, and who answers for it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HandleCare {
    /// What it is for.
    purpose: Purpose,
    /// The member who answers for it; nobody where absent.
    #[schema(minimum = 1)]
    owner: Option<i64>,
    /// The member who stands in; takes an owner.
    #[schema(minimum = 1)]
    deputy: Option<i64>,
}

/// Say who looks after a handle
///
/// Its purpose, owner and deputy. It takes a lead of the handle's unit.
#[utoipa::path(put, path = "/handles/{id}/care", tag = "organisation", params(("id" = i64, Path, minimum = 1)),
    request_body = HandleCare, responses((status = 200, body = Handle)))]
async fn entrust(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(given): Json<HandleCare>,
) -> Result<Json<Handle>, Problem> {
    let care = handle::Care { purpose: given.purpose.into(), owner: given.owner, deputy: given.deputy };
    Ok(Json(handle::entrust(&app.hub, &viewer, id, care).await?.shape()))
}
