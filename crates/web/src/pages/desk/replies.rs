//! Public replies: as they stand in the conversation, and everything a person does with one.

use axum::{Router, extract::State as Of, response::Response, routing::post};
use dandelion_hub::{
    Error, Result, case, handle, log,
    reply::{self, Kind, New, Reply, Send, State, Verdict},
    scope::Role,
};
use serde::Deserialize;

use super::{
    Frame,
    back::{Back, From, Refused},
    spoken,
};
use crate::{
    App, Form, Problem, Signed,
    problem::Id,
    view::{
        Flash, Sentence,
        desk::{
            PostAct, Tone,
            thread::{ReplyEntry, web_address},
        },
        initials,
    },
};

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

/// A reply in the conversation. `writing` is the one that stands in the composer.
pub(super) fn entry(
    frame: &Frame<'_>,
    page: &case::CasePage,
    written: &case::ReplyEntry,
    full: &Reply,
    writing: Option<i64>,
) -> ReplyEntry {
    let org = &frame.engine.org;
    let network = spoken::network(&full.network);
    let asked = full.approval_unit_id.map_or("an approver", |unit| org.unit_name(unit));
    let error = full.error.clone().unwrap_or_default();
    let last = written.steps.last();
    let said = last.map(|step| step.reason.as_str()).filter(|reason| !reason.is_empty());
    let decided = last.and_then(|step| step.by.as_ref()).map_or("Dandelion", |by| by.name.as_str());
    let (state, tone, explain) = match full.state {
        State::Draft => ("draft".to_owned(), Tone::Plain, Sentence::plain(draft_words(full, writing))),
        State::Submitted => {
            let words = format!("Nothing is sent before an approver of {asked} agrees.");
            (format!("waits for {asked}"), Tone::Open, Sentence::plain(words))
        }
        State::Changes => {
            let words = format!("{decided} wants it different: “{}”", said.unwrap_or("no reason given"));
            ("to be changed".to_owned(), Tone::Open, Sentence::plain(words))
        }
        State::Approved => {
            ("approved, not sent yet".to_owned(), Tone::Good, Sentence::plain("Exactly this wording may be sent."))
        }
        State::Rejected => {
            let words = format!("{decided} rejected it: “{}”", said.unwrap_or("no reason given"));
            ("rejected".to_owned(), Tone::Risk, Sentence::plain(words))
        }
        State::Expired => (
            "expired".to_owned(),
            Tone::Risk,
            Sentence::plain(format!("{}.", said.unwrap_or("Nobody decided in time"))),
        ),
        State::Cancelled => ("put away".to_owned(), Tone::Plain, Sentence::plain("Nothing was published.")),
        State::Queued if full.held_at.is_some() => {
            let words = format!(
                "Held since a backup was restored: it may have been sent after the backup. Look on {network} before you send it again."
            );
            ("held".to_owned(), Tone::Open, Sentence::plain(words))
        }
        State::Queued => ("about to be sent".to_owned(), Tone::Plain, queued_words(frame, full)),
        State::Sending => ("being sent".to_owned(), Tone::Plain, Sentence::new()),
        State::Sent => sent_words(frame, full, &network),
        State::Failed => {
            let words = format!("{network} did not take it{}. Nothing was published.", colon(&error));
            ("failed".to_owned(), Tone::Risk, Sentence::plain(words))
        }
        State::Unknown => {
            let words = format!(
                "We sent this, and {network} did not say whether it arrived{}. Look before you send again.",
                colon(&error)
            );
            ("unknown".to_owned(), Tone::Open, Sentence::plain(words))
        }
    };
    let name = spoken::handle(&full.handle);
    ReplyEntry {
        id: full.id,
        initials: initials(&full.handle),
        meta: meta(frame, written, full, &network),
        name,
        text: full.text.clone(),
        state,
        tone,
        public: full.state == State::Sent && full.deleted_at.is_none(),
        explain,
        acts: acts(frame, page, written, full, &network),
        url: full.remote_url.as_deref().filter(|_| full.deleted_at.is_none()).and_then(web_address),
    }
}

/// What became of a reply since it is out.
fn sent_words(frame: &Frame<'_>, full: &Reply, network: &str) -> (String, Tone, Sentence) {
    if let Some(at) = full.deleted_at {
        let words =
            Sentence::plain("It was taken back at ").time(frame.clock(at)).text("; these words are kept for us.");
        return ("taken back".to_owned(), Tone::Plain, words);
    }
    let state = format!("confirmed by {network}");
    match (full.changing, &full.change_error) {
        (Some(Kind::Edit), _) => {
            let words = format!("{network} is asked to show other words; until it has them these stand there.");
            ("being changed".to_owned(), Tone::Open, Sentence::plain(words))
        }
        (Some(Kind::Delete), _) => {
            let words = format!("{network} is asked to take it down.");
            ("being taken back".to_owned(), Tone::Open, Sentence::plain(words))
        }
        (None, Some(error)) => {
            let words = format!("The last change did not get through{}. These words still stand there.", colon(error));
            (state, Tone::Risk, Sentence::plain(words))
        }
        (None, None) => (state, Tone::Good, Sentence::new()),
    }
}

fn colon(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {}", words.trim_end_matches('.')) }
}

fn draft_words(full: &Reply, writing: Option<i64>) -> &'static str {
    if writing == Some(full.id) {
        "Only colleagues see this. It stands in the writing box below."
    } else {
        "Only colleagues see this."
    }
}

fn queued_words(frame: &Frame<'_>, full: &Reply) -> Sentence {
    let again = full.attempts > 0;
    match full.next_attempt_at.or(full.send_after) {
        Some(at) if again => {
            Sentence::plain("The network was busy; the next attempt is at ").time(frame.clock(at)).text(".")
        }
        Some(at) if at > frame.now => Sentence::plain("It can be taken back until it goes out."),
        _ => Sentence::plain("It goes out as soon as the sender gets to it."),
    }
}

fn meta(frame: &Frame<'_>, written: &case::ReplyEntry, full: &Reply, network: &str) -> Sentence {
    let mut meta = Sentence::plain(format!("{network} · {} · ", full.author))
        .time(frame.clock(full.sent_at.unwrap_or(full.changed_at)));
    if let Some(at) = full.edited_at {
        meta = meta.text(" · words changed ").time(frame.clock(at));
    }
    let approved = written.steps.iter().rev().find(|step| step.state == "approved");
    if let Some(by) = approved.and_then(|step| step.by.as_ref()) {
        meta = meta.text(format!(" · approved by {}", by.name));
    }
    meta
}

/// What this person may do with it now; the hub decides once more when they do.
fn acts(
    frame: &Frame<'_>,
    page: &case::CasePage,
    written: &case::ReplyEntry,
    full: &Reply,
    network: &str,
) -> Vec<PostAct> {
    let at = |what: &str| format!("/replies/{}/{what}", full.id);
    let seen = |act: PostAct| act.field("version", full.version.to_string());
    let cancel = |label: &str| PostAct::new(label, at("cancellation"));
    let again = || seen(PostAct::new("Write on", at("draft")));
    let mut acts = Vec::new();
    if full.state == State::Submitted && may_decide(frame, written, full) {
        acts.push(seen(PostAct::new("Approve", at("approval")).primary()));
        if page.may.work {
            acts.push(seen(PostAct::new("Approve and send", at("approval")).field("send", "yes")));
        }
        acts.push(seen(PostAct::new("Ask for changes", at("changes")).ask("reason", "What should be different")));
        acts.push(seen(PostAct::new("Reject", at("rejection")).ask("reason", "Why it must not be sent")));
    }
    if !page.may.work {
        return acts;
    }
    let mine = full.member_id == frame.signed.viewer.member;
    match full.state {
        State::Draft if mine => acts.push(cancel("Throw away")),
        State::Draft => acts.extend([seen(PostAct::new("Send it", at("queueing"))), cancel("Throw away")]),
        State::Changes if mine => acts.push(cancel("Put away")),
        State::Changes | State::Expired | State::Cancelled => acts.push(again()),
        State::Approved => {
            acts.push(seen(
                PostAct::new(format!("Send in public as {}", spoken::handle(&full.handle)), at("queueing")).primary(),
            ));
            acts.push(again());
            acts.push(cancel("Put away"));
        }
        State::Queued if full.held_at.is_some() => {
            acts.extend(to_decide(full, network, "It is not there: send it", "release"));
        }
        State::Submitted | State::Queued => acts.push(cancel("Take it back")),
        State::Unknown => acts.extend(to_decide(full, network, "It is not there: send again", "resending")),
        State::Failed => {
            acts.push(seen(PostAct::new("Try again", at("queueing"))));
            acts.push(again());
            acts.push(cancel("Put away"));
        }
        State::Sent if full.deleted_at.is_none() && full.changing.is_none() => {
            if full.lets(Kind::Edit) {
                acts.push(seen(PostAct::new("Change the words", at("correction")).reword(
                    "text",
                    "What it shall say",
                    &full.text,
                )));
            }
            if full.lets(Kind::Delete) {
                acts.push(PostAct::new("Take it down", at("withdrawal")).ask("reason", "Why it has to go"));
            }
        }
        State::Rejected | State::Sending | State::Sent => {}
    }
    acts
}

/// Both decisions about what nobody can tell, and the third: to leave it.
fn to_decide(full: &Reply, network: &str, send: &str, where_to: &str) -> [PostAct; 3] {
    let at = |what: &str| format!("/replies/{}/{what}", full.id);
    [
        PostAct::new("It is there", at("confirmation")).ask("url", format!("Its address on {network}")).primary(),
        PostAct::new(send, at(where_to)),
        PostAct::new("It is not there: leave it", at("cancellation")),
    ]
}

/// Whoever approves for the unit that was asked, and wrote no part of it.
fn may_decide(frame: &Frame<'_>, written: &case::ReplyEntry, full: &Reply) -> bool {
    let viewer = &frame.signed.viewer;
    let own =
        |step: &case::ReplyStep| step.state == "draft" && step.by.as_ref().is_some_and(|by| by.id == viewer.member);
    full.approval_unit_id.is_some_and(|unit| viewer.may(Role::Approver, unit)) && !written.steps.iter().any(own)
}
