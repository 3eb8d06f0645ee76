//! Signing in at a network's own pages: the way there, the way back, and what we say of ourselves to its servers.

use axum::{
    Router,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use dandelion_hub::{
    Error,
    sign_in::{self, Done, Failed, Returned, Wanted},
    source,
};
use dandelion_networks::egress::Client;
use serde::Deserialize;
use serde_json::Value;

use super::{
    connect, print,
    refused::{Refused, ended},
    setup,
    source_page::go,
};
use crate::{
    App, Flashed, Form, Problem, Signed,
    problem::Id,
    view::{Flash, Place, listening::SignIn},
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/sources/{id}/sign-in", post(again))
        .route("/sources/{id}/sign-out", post(out))
        .route("/oauth/callback", get(back))
        .route("/oauth/client-metadata.json", get(document))
        .route("/oauth/jwks.json", get(keys))
}

/// Asks the network's server, and shows where it goes on: a form of ours is not let lead elsewhere.
pub(super) async fn begin(app: &App, signed: &Signed, wanted: &Wanted) -> Result<Result<Response, Refused>, Problem> {
    let Some(client) = app.config.outside.as_ref() else {
        return Ok(Err(Refused::new("This installation fetches nothing from outside.")));
    };
    let begun = match sign_in::begin(&app.hub, &signed.viewer, client, &app.config.public_url, wanted).await {
        Ok(begun) => begun,
        Err(error) => return Refused::of(error).map(Err),
    };
    let port = begun.url.port().map(|port| format!(":{port}")).unwrap_or_default();
    print(&SignIn {
        shell: signed.shell(app, "Sign in", Place::Listening).await?,
        host: format!("{}{port}", begun.url.host_str().unwrap_or_default()),
        url: begun.url.into(),
        speaks: wanted.speaks,
        asks: begun.asks.iter().map(|asked| (asked.permission, asked.why)).collect(),
    })
    .map(Ok)
}

#[derive(Deserialize)]
struct Nothing {}

async fn again(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    let source = source::find(&app.hub, id).await?;
    match begin(&app, &signed, &Wanted::again(&source)).await? {
        Ok(page) => Ok(page),
        Err(refused) => Ok(go(&app, id, Flash::problem(refused.words))),
    }
}

async fn out(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    let Some(client) = app.config.outside.as_ref() else {
        return Ok(go(&app, id, Flash::problem("This installation fetches nothing from outside.")));
    };
    let done = sign_in::sign_out(&app.hub, &signed.viewer, client, id).await;
    let flash =
        super::refused::flash(done.map(|()| "Signed out, here and there. Nothing is read until you sign in again."))?;
    Ok(go(&app, id, flash))
}

/// Where people come back to.
async fn back(State(app): State<App>, signed: Signed, Query(returned): Query<Returned>) -> Result<Response, Problem> {
    let Some(client) = app.config.outside.as_ref() else {
        return Ok(crate::see_other("/sources/new"));
    };
    match sign_in::finish(&app.hub, &signed.viewer, client, &returned).await {
        Ok(done) => connected(&app, &signed, client, done).await,
        Err(failed) => refused(&app, failed),
    }
}

async fn connected(app: &App, signed: &Signed, client: &Client, done: Done) -> Result<Response, Problem> {
    let Done { source, handle, again } = done;
    let read = connect::read_now(app, &signed.viewer, client, &source).await?;
    let mut flash = if again && read.is_ok() {
        Flash::done(format!("{} is signed in again; it goes on where it stopped.", source.name))
    } else {
        connect::said(&source, &read)
    };
    if let Some(handle) = handle {
        flash.text = format!("{} {handle} can be answered from.", flash.text);
    }
    if again {
        return Ok(go(app, source.id, flash));
    }
    setup::after_connecting(app, source.id, flash).await
}

/// Back to where the sign-in was begun, with what went wrong.
fn refused(app: &App, failed: Failed) -> Result<Response, Problem> {
    let words = match failed.why {
        error @ (Error::Conflict(_) | Error::Invalid { .. } | Error::Forbidden(_)) => Refused::of(error)?.words,
        Error::Unusable(words) => ended(&words),
        error => return Err(error.into()),
    };
    let at = match failed.wanted {
        Some(Wanted { again: Some(id), .. }) => format!("/sources/{id}"),
        Some(wanted) if !wanted.typed.is_empty() => {
            let asked = [("address", wanted.typed.as_str()), ("name", wanted.name.as_str())];
            format!(
                "/sources/place?{}",
                url::form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish()
            )
        }
        _ => "/sources/new".to_owned(),
    };
    Ok(Flashed::new(app, at, Flash::problem(words)).into_response())
}

/// What we say of ourselves to servers that people sign in at.
async fn document(State(app): State<App>) -> Result<Response, Problem> {
    let ours = sign_in::app(&app.hub, &app.config.public_url).await.map_err(none)?;
    shown(ours.document(&app.config.public_url))
}

/// The public key that our requests to them are checked with.
async fn keys(State(app): State<App>) -> Result<Response, Problem> {
    let ours = sign_in::app(&app.hub, &app.config.public_url).await.map_err(none)?;
    shown(ours.keys().map_err(|error| Error::Unusable(error.to_string()))?)
}

fn shown(document: Option<Value>) -> Result<Response, Problem> {
    let missing = || {
        let words = "This installation has no https address, so it says nothing of itself here; set public_url to one.";
        Problem::new(StatusCode::NOT_FOUND, words)
    };
    let text = document.ok_or_else(missing)?.to_string();
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// An installation that nobody can be sent back to.
fn none(error: Error) -> Problem {
    match error {
        Error::Invalid { reason, .. } => Problem::new(StatusCode::NOT_FOUND, ended(&reason)),
        other => other.into(),
    }
}
