//! Public replies: everything a person does with one, and ([`shown`]) how they stand in the conversation.

mod shown;

use axum::{Router, extract::State as Of, response::Response, routing::post};
use dandelion_hub::{
    Error, Result, handle, log,
    reply::{self, Kind, New, Reply, Send, State, Verdict},
};
use serde::Deserialize;

pub(super) use self::shown::entry;
use super::{
    back::{Back, From, Refused},
    spoken,
};
use crate::{App, Form, Problem, Signed, problem::Id, view::Flash};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/cases/{id}/replies", post(write))
        .route("/replies/{id}/submission", post(submit))
        .route("/replies/{id}/approval", post(approve))
        .route("/replies/{id}/changes", post(changes))
        .route("/replies/{id}/rejection", post(reject))
        .route("/replies/{id}/queueing", post(queue))
        .route("/replies/{id}/cancellation", post(cancel))
        .route("/replies/{id}/release", post(release))
        .route("/replies/{id}/draft", post(again))
        .route("/replies/{id}/resending", post(resend))
        .route("/replies/{id}/confirmation", post(confirm))
        .route("/replies/{id}/correction", post(correct))
        .route("/replies/{id}/withdrawal", post(withdraw))
}

/// What stands in the writing box.
#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    text: String,
    #[serde(default)]
    handle: String,
    post: Option<i64>,
    /// The draft this goes on with, and the wording of it the person saw.
    reply: Option<i64>,
    #[serde(default)]
    version: i64,
    /// `draft`, `send`, `submit`; `anyway` sends although somebody else answers too.
    act: String,
}

async fn write(
    Of(app): Of<App>,
    signed: Signed,
    Id(case): Id,
    back: Back,
    Form(given): Form<Written>,
) -> Result<Response, Problem> {
    let kept = match keep(&app, &signed, case, &given).await {
        Ok(reply) => reply,
        Err(error) => {
            let refused =
                Refused { draft: given.reply, ..Refused::new(error, From::Reply).with(&given.text, &given.handle) };
            return back.refuse(&app, &signed, case, refused).await;
        }
    };
    let send = Send { confirm: given.act == "anyway", ..Send::version(kept.version) };
    let went = match given.act.as_str() {
        "draft" => Ok(kept.clone()),
        "submit" => reply::submit(&app.hub, &signed.viewer, kept.id, kept.version).await,
        _ => reply::queue(&app.hub, &signed.viewer, kept.id, send).await,
    };
    match went {
        Ok(reply) => went_on(&app, back, &reply).await,
        Err(error) => {
            let confirm = matches!(&error, Error::Conflict(words) if words.contains("confirm"));
            let refused = Refused::new(error, From::Reply).with(&given.text, &given.handle);
            back.refuse(&app, &signed, case, Refused { draft: Some(kept.id), confirm, ..refused }).await
        }
    }
}

/// Stores the words, as a new draft or as another wording of the one that stands there. Another handle is another
/// reply: a draft speaks from one account for all its life.
async fn keep(app: &App, signed: &Signed, case: i64, given: &Written) -> Result<Reply> {
    let (hub, viewer) = (&app.hub, &signed.viewer);
    let chosen = chosen_handle(app, &given.handle).await?;
    if let Some(id) = given.reply {
        let before = reply::find(hub, viewer, id).await?;
        if before.case_id == case && before.handle_id == chosen {
            return reply::edit(hub, viewer, id, given.version, &given.text).await;
        }
    }
    let new = New { case_id: case, post_id: given.post, handle_id: chosen, text: given.text.clone() };
    let reply = reply::draft(hub, viewer, &new).await?;
    if let Some(id) = given.reply {
        reply::cancel(hub, viewer, id, "written again from another handle").await?;
    }
    Ok(reply)
}

async fn chosen_handle(app: &App, key: &str) -> Result<i64> {
    let engine = app.hub.engine().await?;
    let known = engine.org.handles.iter().find(|handle| handle.key == key);
    let none = || Error::invalid("handle", "choose the account that speaks", key);
    known.map(|handle: &handle::Handle| handle.id).ok_or_else(none)
}

/// Says what became of a reply, with a way back where there is one.
async fn went_on(app: &App, back: Back, reply: &Reply) -> Result<Response, Problem> {
    let name = spoken::handle(&reply.handle);
    let words = match reply.state {
        State::Draft => "Kept as a draft. Only colleagues see it.".to_owned(),
        State::Submitted => {
            let engine = app.hub.engine().await?;
            let whom = reply.approval_unit_id.map_or("somebody", |unit| engine.org.unit_name(unit));
            format!("Waits for {whom} to approve.")
        }
        State::Queued => {
            let events = log::of(&app.hub.db, "reply", reply.id).await?;
            let queued = events.iter().rev().find(|event| event.kind == "reply.queued");
            let words = format!("Goes out as {name} in a few seconds.");
            let flash = queued.map_or(Flash::done(&words), |event| Flash::undoable(&words, event.id));
            return Ok(back.say(app, Some(reply.case_id), flash));
        }
        State::Approved => "Approved: exactly this wording may be sent.".to_owned(),
        State::Changes => "Sent back to its author with your words.".to_owned(),
        State::Rejected => "Rejected. It will not be sent.".to_owned(),
        State::Cancelled => "Put away. Nothing was published.".to_owned(),
        State::Sent => match reply.changing {
            Some(Kind::Edit) => format!("{} is asked to show the new words.", spoken::network(&reply.network)),
            Some(Kind::Delete) => format!("{} is asked to take it down.", spoken::network(&reply.network)),
            None => "Noted: it is out.".to_owned(),
        },
        State::Sending | State::Failed | State::Unknown | State::Expired => {
            format!("This reply {}.", reply.state.words())
        }
    };
    Ok(back.say(app, Some(reply.case_id), Flash::done(words)))
}

/// The wording a button was pressed for, and what was said with it.
#[derive(Deserialize)]
struct Decision {
    #[serde(default)]
    version: i64,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    url: String,
    /// `yes`: approve and send in one.
    #[serde(default)]
    send: String,
}

/// Answers a button at a reply: on, or the page again with the hub's words.
async fn answer(app: &App, signed: &Signed, back: Back, id: i64, went: Result<Reply>) -> Result<Response, Problem> {
    match went {
        Ok(reply) => went_on(app, back, &reply).await,
        Err(error) => {
            // Out of sight stays out of sight.
            let Ok(reply) = reply::find(&app.hub, &signed.viewer, id).await else { return Err(error.into()) };
            back.refuse(app, signed, reply.case_id, Refused::new(error, From::Button)).await
        }
    }
}

async fn submit(
    Of(app): Of<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(given): Form<Decision>,
) -> Result<Response, Problem> {
    let went = reply::submit(&app.hub, &signed.viewer, id, given.version).await;
    // `submit` gives the reply as it was read before: the unit asked is in it, the moment of the change is not needed.
    answer(&app, &signed, back, id, went).await
}

async fn approve(
    Of(app): Of<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(given): Form<Decision>,
) -> Result<Response, Problem> {
    let mut went = reply::approve(&app.hub, &signed.viewer, id, given.version, &given.reason).await;
    if went.is_ok() && given.send == "yes" {
        went = reply::queue(&app.hub, &signed.viewer, id, Send::version(given.version)).await;
    }
    answer(&app, &signed, back, id, went).await
}

async fn changes(
    Of(app): Of<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(given): Form<Decision>,
) -> Result<Response, Problem> {
    let went = reply::request_changes(&app.hub, &signed.viewer, id, given.version, &given.reason).await;
    answer(&app, &signed, back, id, went).await
}

async fn reject(
    Of(app): Of<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(given): Form<Decision>,
) -> Result<Response, Problem> {
    let went = reply::reject(&app.hub, &signed.viewer, id, given.version, &given.reason).await;
    answer(&app, &signed, back, id, went).await
}

async fn queue(
    Of(app): Of<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(given): Form<Decision>,
) -> Result<Response, Problem> {
    let went = reply::queue(&app.hub, &signed.viewer, id, Send::version(given.version)).await;
    answer(&app, &signed, back, id, went).await
}

/// Takes it back before it is out, or leaves an unknown one as it is.
async fn cancel(
    Of(app): Of<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(given): Form<Decision>,
) -> Result<Response, Problem> {
    let (hub, viewer) = (&app.hub, &signed.viewer);
    let now = reply::find(hub, viewer, id).await?;
    let undecided = now.state == State::Unknown || now.held_at.is_some();
    let went = if undecided {
        reply::decide_unknown(hub, viewer, id, &Verdict::LeaveUnsent).await
    } else {
        reply::cancel(hub, viewer, id, &given.reason).await
    };
    answer(&app, &signed, back, id, went).await
}

async fn release(
    Of(app): Of<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(_): Form<Decision>,
) -> Result<Response, Problem> {
    let went = reply::release(&app.hub, &signed.viewer, id).await;
    answer(&app, &signed, back, id, went).await
}

/// Makes a draft of it again, to be gone on with in the writing box.
async fn again(
    Of(app): Of<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(given): Form<Decision>,
) -> Result<Response, Problem> {
    let now = reply::find(&app.hub, &signed.viewer, id).await?;
    let went = reply::edit(&app.hub, &signed.viewer, id, given.version, &now.text).await;
    answer(&app, &signed, back, id, went).await
}

async fn resend(
    Of(app): Of<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(_): Form<Decision>,
) -> Result<Response, Problem> {
    let went = reply::decide_unknown(&app.hub, &signed.viewer, id, &Verdict::SendAgain).await;
    answer(&app, &signed, back, id, went).await
}

async fn confirm(
    Of(app): Of<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(given): Form<Decision>,
) -> Result<Response, Problem> {
    let url = Some(given.url.trim().to_owned()).filter(|url| !url.is_empty());
    let went = reply::decide_unknown(&app.hub, &signed.viewer, id, &Verdict::Published { url }).await;
    answer(&app, &signed, back, id, went).await
}

/// Other words for what is out.
#[derive(Deserialize)]
struct Correction {
    #[serde(default)]
    version: i64,
    #[serde(default)]
    text: String,
}

async fn correct(
    Of(app): Of<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(given): Form<Correction>,
) -> Result<Response, Problem> {
    let went = reply::correct(&app.hub, &signed.viewer, id, given.version, &given.text).await;
    answer(&app, &signed, back, id, went).await
}

async fn withdraw(
    Of(app): Of<App>,
    signed: Signed,
    Id(id): Id,
    back: Back,
    Form(given): Form<Decision>,
) -> Result<Response, Problem> {
    let went = reply::withdraw(&app.hub, &signed.viewer, id, &given.reason).await;
    answer(&app, &signed, back, id, went).await
}
