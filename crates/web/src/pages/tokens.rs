//! One's own tokens for the API. A secret is shown on the answer that made it and never again.

use std::collections::BTreeSet;

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use dandelion_hub::{
    member::api_token::{self, ApiToken, Scope},
    scope::Role,
};
use serde::Deserialize;

use super::{print, refused::Refused, zone_of};
use crate::{
    App, Flashed, Form, Problem, Signed,
    problem::Id,
    view::{
        Choice, Empty, Flash, Place, Time,
        organisation::{TokenRow, Tokens},
    },
};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/tokens", get(list).post(make)).route("/tokens/{id}/revocation", post(revoke))
}

/// What was typed into the form.
#[derive(Debug, Default)]
struct Typed {
    name: String,
    scopes: Vec<String>,
    life: String,
}

impl Typed {
    fn of(pairs: Vec<(String, String)>) -> Self {
        let mut typed = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "name" => typed.name = value,
                "scope" => typed.scopes.push(value),
                "life" => typed.life = value,
                _ => {}
            }
        }
        typed
    }

    /// An empty form: reads, for 90 days.
    fn fresh() -> Self {
        Self { name: String::new(), scopes: vec!["read".to_owned()], life: "90".to_owned() }
    }
}

async fn list(State(app): State<App>, signed: Signed) -> Result<Response, Problem> {
    page(&app, &signed, &Typed::fresh(), None, None).await
}

/// The token counts for as much as its owner: narrower roles are for the API.
async fn make(
    State(app): State<App>,
    signed: Signed,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let typed = Typed::of(pairs);
    match made(&app, &signed, &typed).await? {
        Ok(secret) => page(&app, &signed, &Typed::fresh(), Some(secret), None).await,
        Err(refused) => Ok(refused.on(page(&app, &signed, &typed, None, Some(refused.words.clone())).await?)),
    }
}

async fn made(app: &App, signed: &Signed, typed: &Typed) -> Result<Result<String, Refused>, Problem> {
    let viewer = &signed.viewer;
    let role = Role::ALL.into_iter().rev().find(|role| viewer.may_anywhere(*role)).unwrap_or(Role::Viewer);
    let scopes = typed.scopes.iter().map(|scope| scope.parse()).collect::<dandelion_hub::Result<BTreeSet<Scope>>>();
    let days = match typed.life.as_str() {
        "" => Ok(None),
        days => days.parse().map(Some).map_err(|_| Refused::new("Choose when the token ends.")),
    };
    let (scopes, days) = match (scopes, days) {
        (Ok(scopes), Ok(days)) => (scopes, days),
        (Err(error), _) => return Ok(Err(Refused::of(error)?)),
        (_, Err(refused)) => return Ok(Err(refused)),
    };
    match api_token::make(&app.hub, viewer, &typed.name, role, scopes, days).await {
        Ok((secret, _)) => Ok(Ok(secret)),
        Err(error) => Ok(Err(Refused::of(error)?)),
    }
}

#[derive(Deserialize)]
struct Nothing {}

async fn revoke(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    api_token::revoke(&app.hub, &signed.viewer, id).await?;
    let says = Flash::done("The token has ended. Whatever used it is refused from now on.");
    Ok(Flashed::new(&app, "/tokens", says).into_response())
}

async fn page(
    app: &App,
    signed: &Signed,
    typed: &Typed,
    made: Option<String>,
    wrong: Option<String>,
) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let (now, zone) = (app.hub.now(), zone_of(&engine.org));
    let row = |token: ApiToken| TokenRow {
        id: token.id,
        name: token.name,
        scopes: token.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", "),
        used: token.used_at.map_or_else(|| "never".to_owned(), |at| Time::ago(at, now, &zone).words),
        ends: token.expires_at.map(|at| Time::clock(at, now, &zone)),
        ended: false,
    };
    print(&Tokens {
        shell: signed.shell(app, "API tokens", Place::Organisation).await?,
        rows: api_token::list(&app.hub, &signed.viewer).await?.into_iter().map(row).collect(),
        name: typed.name.clone(),
        scopes: scope_choices(typed),
        lives: life_choices(typed),
        made,
        wrong,
        empty: Empty::new("No tokens", "You have given none to any program."),
    })
}

fn scope_choices(typed: &Typed) -> Vec<Choice> {
    let words = |scope: Scope| match scope {
        Scope::Read => "Read: cases, posts, results",
        Scope::Write => "Write: work on cases, queries and sources",
        Scope::Admin => "Administer: organisation, members, tokens",
    };
    let chosen = |scope: Scope| typed.scopes.iter().any(|typed| typed == scope.as_str());
    Scope::ALL.map(|scope| Choice { selected: chosen(scope), ..Choice::new(scope.as_str(), words(scope)) }).into()
}

fn life_choices(typed: &Typed) -> Vec<Choice> {
    let lives = [("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"), ("", "Never")];
    lives.map(|(days, words)| Choice { selected: days == typed.life, ..Choice::new(days, words) }).into()
}
