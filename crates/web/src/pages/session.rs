//! Signing in and out.

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    http::HeaderMap,
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use dandelion_hub::{Error, member};
use serde::Deserialize;

use crate::{
    App, Form, Next, Problem, Signed, Visit, assets, see_other,
    session::{agent, signed_in, signed_out, token},
};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/session/new", get(new)).route("/session", post(create)).route("/session/end", post(end))
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · Dandelion</title>
<link rel="stylesheet" href="{{ assets }}/tokens.css">
<link rel="stylesheet" href="{{ assets }}/base.css">
<link rel="stylesheet" href="{{ assets }}/pages.css">
</head>
<body>
<main id="main" class="page">
<h1>Sign in</h1>
{% if let Some(problem) = problem %}<p role="alert">{{ problem }}</p>{% endif %}
<form method="post" action="/session">
<input type="hidden" name="csrf" value="{{ csrf }}">
<input type="hidden" name="next" value="{{ next }}">
<p><label>E-mail address <input type="email" name="email" value="{{ email }}" autocomplete="username" required></label></p>
<p><label>Password <input type="password" name="password" autocomplete="current-password" required></label></p>
<p><button>Sign in</button></p>
</form>
</main>
</body>
</html>"#
)]
struct Page {
    assets: &'static str,
    csrf: String,
    next: String,
    email: String,
    problem: Option<String>,
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    next: Next,
}

async fn new(Query(wanted): Query<Wanted>, signed: Option<Signed>, visit: Visit) -> Result<Response, Problem> {
    if signed.is_some() {
        return Ok(see_other(wanted.next.as_str()));
    }
    Ok(form(visit, &wanted.next, String::new(), None))
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
            let mut page = form(visit, &given.next, given.email, Some(words));
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

fn form(visit: Visit, next: &Next, email: String, problem: Option<String>) -> Response {
    let page =
        Page { assets: assets::base(), csrf: visit.csrf.clone(), next: next.as_str().to_owned(), email, problem };
    match page.render() {
        Ok(html) => (visit, Html(html)).into_response(),
        Err(_) => Problem::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "The page could not be printed.")
            .into_response(),
    }
}
