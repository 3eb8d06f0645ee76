//! Addresses that work once: `/session/once/TOKEN` signs somebody in, `/password/TOKEN` lets them choose a password.

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::get,
};
use dandelion_hub::{
    Error,
    member::invitation::{self, Purpose},
};
use serde::Deserialize;

use super::{plain_shell, print};
use crate::{
    App, Form, Next, Problem, Visit,
    session::{agent, signed_in, token},
    view::Shell,
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/session/once/{token}", get(entrance).post(enter))
        .route("/password/{token}", get(ask).post(choose))
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct Page {
    shell: Shell,
    /// Where the form posts to.
    action: String,
    /// Whether a password is asked for; otherwise a button comes in.
    password: bool,
    wrong: Option<String>,
}

/// Opened by a person it comes straight in; fetched ahead by a browser or sent for by another site it only shows a
/// button, so that nobody uses it up by looking.
async fn entrance(
    State(app): State<App>,
    Path(secret): Path<String>,
    headers: HeaderMap,
    visit: Visit,
) -> Result<Response, Problem> {
    let says = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let by_hand = matches!(says("sec-fetch-site"), "none" | "same-origin") && says("sec-purpose").is_empty();
    if by_hand {
        return come_in(&app, &secret, &headers).await;
    }
    page(visit, format!("/session/once/{secret}"), false, None)
}

#[derive(Deserialize)]
struct Nothing {}

async fn enter(
    State(app): State<App>,
    Path(secret): Path<String>,
    headers: HeaderMap,
    _: Form<Nothing>,
) -> Result<Response, Problem> {
    come_in(&app, &secret, &headers).await
}

async fn come_in(app: &App, secret: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let started = invitation::sign_in(&app.hub, secret, agent(headers), token(app, headers)).await?;
    Ok(signed_in(app, &started.token, &Next::default()))
}

async fn ask(State(app): State<App>, Path(secret): Path<String>, visit: Visit) -> Result<Response, Problem> {
    if !invitation::works(&app.hub, &secret, Purpose::Password).await? {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "This address does not work any more: it was used already, replaced, or is too old. Ask for a new one.",
        ));
    }
    page(visit, format!("/password/{secret}"), true, None)
}

#[derive(Deserialize)]
struct Chosen {
    password: String,
}

/// Every session of that member ends, and a new one starts.
async fn choose(
    State(app): State<App>,
    Path(secret): Path<String>,
    headers: HeaderMap,
    visit: Visit,
    Form(given): Form<Chosen>,
) -> Result<Response, Problem> {
    match invitation::choose_password(&app.hub, &secret, &given.password, agent(&headers)).await {
        Ok(started) => Ok(signed_in(&app, &started.token, &Next::default())),
        Err(Error::Invalid { reason, .. }) => {
            let mut page = page(visit, format!("/password/{secret}"), true, Some(reason))?;
            *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(page)
        }
        Err(error) => Err(error.into()),
    }
}

fn page(visit: Visit, action: String, password: bool, wrong: Option<String>) -> Result<Response, Problem> {
    let title = if password { "Choose a password" } else { "Come in" };
    let shell = Shell { csrf: visit.csrf.clone(), ..plain_shell(title) };
    Ok((visit, print(&Page { shell, action, password, wrong })?).into_response())
}
