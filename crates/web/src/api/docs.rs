//! The interactive documentation: a page that reads the description and lets one try each operation.

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};

use crate::{
    App, Problem, Signed, pages, problem,
    view::{Place, Shell},
};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/docs/api", get(page))
}

#[derive(Template)]
#[template(path = "docs.html")]
struct Docs {
    shell: Shell,
    problems: Vec<(&'static str, u16, &'static str)>,
}

/// For everybody: what can be called is no secret, only what it answers.
async fn page(State(app): State<App>, signed: Option<Signed>) -> Result<Response, Problem> {
    let shell = match signed {
        Some(signed) => signed.shell(&app, "API documentation", Place::Elsewhere).await?,
        None => pages::plain_shell("API documentation"),
    };
    pages::print(&Docs { shell, problems: problem::kinds() })
}
