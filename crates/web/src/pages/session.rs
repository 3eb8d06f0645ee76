//! Signing in and out.

use axum::{
    Router,
    extract::{Query, State},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use dandelion_hub::{Error, member};
use serde::Deserialize;

use super::{plain_shell, print};
use crate::{
    App, Form, Next, Problem, Signed, Visit, see_other,
    session::{agent, signed_in, signed_out, token},
    view::{Shell, session::SignIn},
};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/session/new", get(new)).route("/session", post(create)).route("/session/end", post(end))
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    next: Next,
}

async fn new(
    State(app): State<App>,
    Query(wanted): Query<Wanted>,
    signed: Option<Signed>,
    visit: Visit,
) -> Result<Response, Problem> {
    if signed.is_some() {
        return Ok(see_other(wanted.next.as_str()));
    }
    form(&app, visit, &wanted.next, String::new(), None).await
}

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
    #[serde(default)]
    next: Next,
}

/// Starts a session: a new secret each time, and the one the browser came with ends.
async fn create(
    State(app): State<App>,
    headers: HeaderMap,
    visit: Visit,
    Form(given): Form<Credentials>,
) -> Result<Response, Problem> {
    let started =
        member::session::sign_in(&app.hub, &given.email, &given.password, agent(&headers), token(&app, &headers)).await;
    match started {
        Ok(started) => Ok(signed_in(&app, &started.token, &given.next)),
        Err(Error::Forbidden(words)) => {
            let mut page = form(&app, visit, &given.next, given.email, Some(words)).await?;
            *page.status_mut() = axum::http::StatusCode::FORBIDDEN;
            Ok(page)
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
struct Nothing {}

async fn end(State(app): State<App>, signed: Option<Signed>, _: Form<Nothing>) -> Result<Response, Problem> {
    if let Some(signed) = signed {
        member::session::end(&app.hub, &signed.viewer, signed.session.id).await?;
    }
    Ok(signed_out(&app))
}

async fn form(
    app: &App,
    visit: Visit,
    next: &Next,
    email: String,
    wrong: Option<String>,
) -> Result<Response, Problem> {
    let shell = Shell { csrf: visit.csrf.clone(), ..plain_shell("Sign in") };
    let organisation = app.hub.engine().await?.org.name.clone();
    let page = SignIn { shell, organisation, email, next: next.as_str().to_owned(), wrong, note: String::new() };
    Ok((visit, print(&page)?).into_response())
}
