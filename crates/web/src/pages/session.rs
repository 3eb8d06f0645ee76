//! Signing in and out.

use std::net::SocketAddr;

use axum::{
    Extension, Router,
    extract::{ConnectInfo, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use dandelion_hub::{
    Error,
    member::{self, Throttle},
};
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
    if member::invitation::setup_needed(&app.hub).await? {
        return Ok(see_other("/setup"));
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
    from: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    visit: Visit,
    Form(given): Form<Credentials>,
) -> Result<Response, Problem> {
    let (email, address) = (&given.email, client(&headers, from.as_ref()));
    let allowed = throttle(&app).try_now(email, &address, app.hub.now());
    let (status, wrong) = if let Err(refused) = allowed {
        (StatusCode::TOO_MANY_REQUESTS, refused.to_string())
    } else {
        let previous = token(&app, &headers);
        match member::session::sign_in(&app.hub, email, &given.password, agent(&headers), previous).await {
            Ok(started) => {
                throttle(&app).succeeded(email, &address);
                return Ok(signed_in(&app, &started.token, &given.next));
            }
            Err(Error::Forbidden(words)) => (StatusCode::FORBIDDEN, words),
            Err(error) => return Err(error.into()),
        }
    };
    let mut page = form(&app, visit, &given.next, given.email, Some(wrong)).await?;
    *page.status_mut() = status;
    Ok(page)
}

#[derive(Deserialize)]
struct Nothing {}

async fn end(State(app): State<App>, signed: Option<Signed>, _: Form<Nothing>) -> Result<Response, Problem> {
    if let Some(signed) = signed {
        member::session::end(&app.hub, &signed.viewer, signed.session.id).await?;
    }
    Ok(signed_out(&app))
}

async fn form(app: &App, visit: Visit, next: &Next, email: String, wrong: Option<String>) -> Result<Response, Problem> {
    let shell = Shell { csrf: visit.csrf.clone(), ..plain_shell("Sign in") };
    let organisation = app.hub.engine().await?.org.name.clone();
    let page = SignIn { shell, organisation, email, next: next.as_str().to_owned(), wrong, note: String::new() };
    Ok((visit, print(&page)?).into_response())
}

fn throttle(app: &App) -> std::sync::MutexGuard<'_, Throttle> {
    app.throttle.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The network address somebody comes from. Behind a proxy on this machine it is what that proxy says last.
fn client(headers: &HeaderMap, from: Option<&Extension<ConnectInfo<SocketAddr>>>) -> String {
    let Some(Extension(ConnectInfo(from))) = from else { return String::new() };
    let said = headers.get("x-forwarded-for").and_then(|list| list.to_str().ok()).filter(|_| from.ip().is_loopback());
    let last = said.and_then(|list| list.rsplit(',').next()).map(str::trim);
    last.map_or_else(|| from.ip().to_string(), |last| last.chars().take(64).collect())
}
