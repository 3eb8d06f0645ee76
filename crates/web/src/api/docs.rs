//! The interactive documentation: a page that reads the description and lets one try each operation.

use askama::Template;
use axum::{
    Router,
    response::{Html, IntoResponse as _, Response},
    routing::get,
};

use crate::{App, Problem, Signed, assets};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/docs/api", get(page))
}

#[derive(Template)]
#[template(path = "docs.html")]
struct Docs {
    assets: &'static str,
    csrf: String,
}

async fn page(signed: Option<Signed>) -> Result<Response, Problem> {
    let page = Docs { assets: assets::base(), csrf: signed.map(|signed| signed.csrf).unwrap_or_default() };
    let html = page.render().map_err(|_| {
        Problem::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "The page could not be printed.")
    })?;
    Ok(Html(html).into_response())
}
