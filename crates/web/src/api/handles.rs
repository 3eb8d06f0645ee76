//! Handles: the accounts of ours that we speak from. How they publish, and their secrets, are not shown.

use axum::extract::State;
use dandelion_hub::handle;
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
