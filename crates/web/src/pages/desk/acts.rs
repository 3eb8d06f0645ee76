//! What is done with a case as a whole: who works on it, notes, putting aside, closing, opening again, and undoing.

use axum::{Router, extract::State, response::Response, routing::post};
use dandelion_hub::{
    Error, Result,
    case::{self, Closing},
    log, member,
};
use dandelion_post::Micros;
use serde::Deserialize;

use super::back::{Back, From, Refused};
use crate::{App, Form, Problem, Signed, problem::Id, view::Flash};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/cases/{id}/assignment", post(assign))
        .route("/cases/{id}/notes", post(note))
        .route("/cases/{id}/snooze", post(snooze))
        .route("/cases/{id}/waking", post(wake))
        .route("/cases/{id}/resolution", post(resolve))
        .route("/cases/{id}/reopening", post(reopen))
        .route("/undo", post(undo))
}

#[derive(Deserialize)]
struct Assignment {
    /// A member's key, `me` or `none`.
    #[serde(default)]
    member: String,
}

async fn assign(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(given): Form<Assignment>,
) -> Result<Response, Problem> {
    match assigned(&app, &signed, id, &given.member).await {
        Ok(words) => back.done(&app, &signed, id, words).await,
        Err(error) => {
            let from = if given.member == "me" { From::Button } else { From::Assign };
            back.refuse(&app, &signed, id, Refused::new(error, from)).await
        }
    }
}

async fn assigned(app: &App, signed: &Signed, id: i64, key: &str) -> Result<String> {
    let (hub, viewer) = (&app.hub, &signed.viewer);
    match key {
        "me" => case::take(hub, viewer, id).await.map(|()| "It is yours now.".to_owned()),
        "none" => case::release(hub, viewer, id, None).await.map(|()| "Nobody works on it now.".to_owned()),
        key => {
            let member = member::by_key(&hub.db, key).await?;
            let member = member.ok_or_else(|| Error::invalid("member", "choose somebody from the list", key))?;
            case::assign(hub, viewer, id, member.id, None).await?;
            Ok(format!("Given to {}.", member.name))
        }
    }
}

#[derive(Deserialize)]
struct Note {
    #[serde(default)]
    text: String,
}

async fn note(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(given): Form<Note>,
) -> Result<Response, Problem> {
    match case::note(&app.hub, &signed.viewer, id, &given.text).await {
        Ok(noted) => back.done(&app, &signed, id, noted_words(&noted)).await,
        Err(error) => back.refuse(&app, &signed, id, Refused::new(error, From::Note).with(&given.text, "")).await,
    }
}

/// Who was called, and whom the call did not reach.
fn noted_words(noted: &case::Noted) -> String {
    let names = |list: &[case::Named]| list.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ");
    let mut words = "Noted. Only colleagues read it.".to_owned();
    if !noted.called.is_empty() {
        words = format!("{words} Called: {}.", names(&noted.called));
    }
    if !noted.blind.is_empty() {
        words = format!("{words} Not called, because they may not see this case: {}.", names(&noted.blind));
    }
    if !noted.unknown.is_empty() {
        words = format!("{words} Nobody here is called @{}.", noted.unknown.join(", @"));
    }
    words
}

#[derive(Deserialize)]
struct Snooze {
    /// RFC 3339.
    #[serde(default)]
    until: String,
}

async fn snooze(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(given): Form<Snooze>,
) -> Result<Response, Problem> {
    let went = match moment(&given.until) {
        Ok(until) => case::snooze(&app.hub, &signed.viewer, id, until, None).await.map(|()| until),
        Err(error) => Err(error),
    };
    match went {
        Ok(until) => {
            let frame = super::Frame::new(&app, &signed).await?;
            let until = frame.clock(until).words;
            back.done(&app, &signed, id, format!("Put aside until {until}, or until somebody writes.")).await
        }
        Err(error) => back.refuse(&app, &signed, id, Refused::new(error, From::Snooze)).await,
    }
}

fn moment(text: &str) -> Result<Micros> {
    let at: Result<jiff::Timestamp, _> = text.parse();
    at.map(dandelion_post::micros)
        .map_err(|_| Error::invalid("until", "choose a moment such as 2026-11-25T08:00:00Z", text))
}

#[derive(Deserialize)]
struct Nothing {}

async fn wake(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(_): Form<Nothing>,
) -> Result<Response, Problem> {
    match case::wake(&app.hub, &signed.viewer, id).await {
        Ok(()) => back.done(&app, &signed, id, "Back on the desk.").await,
        Err(error) => back.refuse(&app, &signed, id, Refused::new(error, From::Button)).await,
    }
}

#[derive(Deserialize)]
struct Resolution {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    why: String,
    /// A post's id, or empty.
    #[serde(default)]
    evidence: String,
}

async fn resolve(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(given): Form<Resolution>,
) -> Result<Response, Problem> {
    match resolved(&app, &signed, id, &given).await {
        Ok(words) => back.done(&app, &signed, id, words).await,
        Err(error) => {
            back.refuse(&app, &signed, id, Refused::new(error, From::Resolve).with(&given.why, &given.kind)).await
        }
    }
}

async fn resolved(app: &App, signed: &Signed, id: i64, given: &Resolution) -> Result<&'static str> {
    let kind: Closing = given.kind.parse()?;
    let evidence = match given.evidence.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| Error::invalid("evidence", "choose a post of this case", text))?),
    };
    case::resolve(&app.hub, &signed.viewer, id, kind, &given.why, evidence, None).await?;
    Ok(if kind.claims() {
        "Resolved. It counts as claimed by us until the customer says so."
    } else {
        "Resolved. It claims nothing in the ledger."
    })
}

#[derive(Deserialize)]
struct Reopening {
    #[serde(default)]
    why: String,
}

async fn reopen(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(given): Form<Reopening>,
) -> Result<Response, Problem> {
    match case::reopen(&app.hub, &signed.viewer, id, &given.why).await {
        Ok(()) => back.done(&app, &signed, id, "Open again. The claim to have resolved it no longer holds.").await,
        Err(error) => back.refuse(&app, &signed, id, Refused::new(error, From::Reopen).with(&given.why, "")).await,
    }
}

#[derive(Deserialize)]
struct Undo {
    event: i64,
}

async fn undo(
    State(app): State<App>,
    signed: Signed,
    back: Back,
    Form(given): Form<Undo>,
) -> Result<Response, Problem> {
    match case::undo(&app.hub, &signed.viewer, given.event).await {
        Ok(()) => {
            let done = log::find(&app.hub.db, given.event).await?;
            let case = back.case().or_else(|| (done.noun == "case").then_some(done.noun_id));
            Ok(back.say(&app, case, Flash::done("Undone: as if it had not been done.")))
        }
        Err(error) => match back.case() {
            Some(id) => back.refuse(&app, &signed, id, Refused::new(error, From::Button)).await,
            None => Err(error.into()),
        },
    }
}
