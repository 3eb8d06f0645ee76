//! The JSON API under `/api/v1`: everything the pages do, one file a resource, each operation described beside its code.
//!
//! To add a resource: write its file with `routes()`, and name it here. What holds for every operation (who may call it,
//! what can go wrong) is added to its description by `openapi.rs`, and tested by walking that description.

#![allow(unused_qualifications, reason = "utoipa's macros name the types of a handler again, with their spans")]

mod auth;
mod backfills;
mod cases;
mod docs;
mod etag;
mod events;
mod extract;
mod follows;
mod handles;
mod judgements;
mod me;
mod members;
mod models;
mod openapi;
mod outcomes;
mod posts;
mod precision;
mod queries;
mod reanalyses;
mod replies;
mod shape;
mod sources;
mod tokens;
mod units;
mod voice;

use axum::{Router, middleware, routing::get};
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;

use crate::{App, Problem, problem::no_such_address};

/// Every operation, and the documentation of all of them.
pub(crate) fn routes() -> Router<App> {
    let (router, described) = resources().split_for_parts();
    let document = openapi::complete(&described);
    let document: axum::body::Bytes = serde_json::to_vec(&document).unwrap_or_default().into();
    let json = [(axum::http::header::CONTENT_TYPE, "application/json")];
    let router = router
        .route("/openapi.json", get(move || async move { (json, document) }))
        .fallback(no_such_address)
        .layer(middleware::from_fn(etag::answer));
    Router::new().nest(openapi::PREFIX, router).merge(docs::routes())
}

/// The resources, with their description.
fn resources() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::Base::openapi())
        .merge(me::routes())
        .merge(units::routes())
        .merge(members::routes())
        .merge(tokens::routes())
        .merge(handles::routes())
        .merge(cases::routes())
        .merge(replies::routes())
        .merge(posts::routes())
        .merge(queries::routes())
        .merge(backfills::routes())
        .merge(precision::routes())
        .merge(voice::routes())
        .merge(sources::routes())
        .merge(follows::routes())
        .merge(models::routes())
        .merge(judgements::routes())
        .merge(reanalyses::routes())
        .merge(outcomes::routes())
        .merge(events::routes())
}

/// The description of the API, OpenAPI 3.1 as JSON.
pub fn description() -> serde_json::Value {
    openapi::complete(&resources().split_for_parts().1)
}

/// Refuses a unit that is not there, before something is made that would belong to it.
async fn unit_exists(app: &App, unit: Option<i64>) -> Result<(), Problem> {
    let Some(unit) = unit else { return Ok(()) };
    match app.hub.engine().await?.org.unit(unit).filter(|unit| !unit.archived) {
        Some(_) => Ok(()),
        None => Err(Problem::invalid("unit", "there is no unit of this number")),
    }
}
