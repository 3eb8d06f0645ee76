//! Pages: one file a resource, holding its handlers. To add one, write its file and name its routes here.

pub(crate) mod problem;
mod session;

use axum::Router;

use crate::App;

/// Every page there is.
pub(crate) fn routes() -> Router<App> {
    Router::new().merge(session::routes())
}
