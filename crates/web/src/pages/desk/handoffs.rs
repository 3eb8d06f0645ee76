//! Moves between units: offering, accepting, sending back, taking back.

use axum::{Router, extract::State, response::Response, routing::post};
use dandelion_hub::{Error, Result, case};
use serde::Deserialize;

use super::back::{Back, From, Refused};
use crate::{App, Form, Problem, Signed, problem::Id, view::Flash};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/cases/{id}/handoffs", post(offer))
        .route("/handoffs/{id}/acceptance", post(accept))
        .route("/handoffs/{id}/bounce", post(bounce))
        .route("/handoffs/{id}/withdrawal", post(withdraw))
}

#[derive(Deserialize)]
struct Offer {
    /// A unit's key.
    #[serde(default)]
    to: String,
    #[serde(default)]
    reason: String,
}

async fn offer(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(given): Form<Offer>,
) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let unit = engine.org.unit_by_key(&given.to);
    let went = match unit {
        Some(unit) => case::offer(&app.hub, &signed.viewer, id, unit.id, &given.reason, None).await,
        None => Err(Error::invalid("unit", "choose the unit that can fix it", &given.to)),
    };
    match went {
        Ok(_) => {
            let name = unit.map_or("", |unit| unit.name.as_str());
            back.done(&app, &signed, id, format!("Offered to {name}, waiting for them to accept.")).await
        }
        Err(error) => {
            back.refuse(&app, &signed, id, Refused::new(error, From::Pass).with(&given.reason, &given.to)).await
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    reason: String,
}

async fn accept(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(_): Form<Answer>,
) -> Result<Response, Problem> {
    let went = case::accept(&app.hub, &signed.viewer, id).await;
    answered(&app, &signed, back, id, went, "Accepted: it is yours now, and your unit's.").await
}

async fn bounce(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(given): Form<Answer>,
) -> Result<Response, Problem> {
    let went = case::bounce(&app.hub, &signed.viewer, id, &given.reason).await;
    answered(&app, &signed, back, id, went, "Sent back, with your reason.").await
}

async fn withdraw(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(_): Form<Answer>,
) -> Result<Response, Problem> {
    let went = case::withdraw(&app.hub, &signed.viewer, id).await;
    answered(&app, &signed, back, id, went, "The offer is taken back.").await
}

/// Back to the case while the person still sees it; who sends a case back may see it no longer.
async fn answered(
    app: &App,
    signed: &Signed,
    back: Back,
    handoff: i64,
    went: Result<()>,
    words: &str,
) -> Result<Response, Problem> {
    let case = case::of_handoff(&app.hub, &signed.viewer, handoff).await?;
    match (went, case) {
        (Ok(()), Some(id)) => back.done(app, signed, id, words).await,
        (Ok(()), None) => Ok(back.onto_the_list(app, Flash::done(words))),
        (Err(error), Some(id)) => back.refuse(app, signed, id, Refused::new(error, From::Button)).await,
        (Err(error), None) => Err(error.into()),
    }
}
