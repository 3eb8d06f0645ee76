//! One source: what it gave us, what is wrong with it, what was refused, and what is done with it.

use axum::{
    Router,
    extract::{Query, State},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use dandelion_hub::{
    Error,
    scope::{Role, Viewer},
    sign_in,
    source::{self, Kind, Left, Push, Source},
    unit::Org,
};
use dandelion_post::timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{
    connect, follows, print,
    refused::{self, Refused, ended},
    sources::{accounting, state},
    wall::Wall,
};
use crate::{
    App, Flashed, Form, Problem, Signed,
    problem::{Id, Ids},
    view::{
        Flash, Place, Sentence,
        desk::PostAct,
        listening::{Days, Quarantined, Secret, SourceDay, SourcePage},
    },
};

/// Refused items on a page.
const PAGE: i64 = 20;
/// Days in the picture.
const DAYS: i64 = 30;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/sources/{id}", get(show))
        .route("/sources/{id}/pause", post(pause))
        .route("/sources/{id}/resumption", post(resume))
        .route("/sources/{id}/polling", post(poll))
        .route("/sources/{id}/rereading", post(reread))
        .route("/sources/{id}/secrets", post(add_secret))
        .route("/sources/{id}/secrets/{secret}/end", post(end_secret))
        .route("/refusals/{id}/retry", post(retry))
}

#[derive(Deserialize)]
struct At {
    after: Option<i64>,
}

async fn show(State(app): State<App>, signed: Signed, Id(id): Id, Query(at): Query<At>) -> Result<Response, Problem> {
    page(&app, &signed, id, Shown { after: at.after, ..Shown::default() }).await
}

/// What a page shows besides the source: what just happened to it.
#[derive(Default)]
pub(super) struct Shown {
    flash: Option<Flash>,
    /// A secret that was made, to be shown this once.
    secret: Option<String>,
    /// A refused item as a person mended it in vain.
    mended: Option<(i64, String)>,
    after: Option<i64>,
    /// An account that could not be followed: as it was typed, and why.
    unfound: Option<(String, String)>,
}

impl Shown {
    pub(super) fn saying(flash: Flash) -> Self {
        Self { flash: Some(flash), ..Self::default() }
    }

    pub(super) fn unfound(typed: &str, why: &str) -> Self {
        Self { unfound: Some((typed.to_owned(), why.to_owned())), ..Self::default() }
    }

    pub(super) fn with_secret(self, secret: String) -> Self {
        Self { secret: Some(secret), ..self }
    }
}

pub(super) async fn page(app: &App, signed: &Signed, id: i64, shown: Shown) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let (org, wall) = (&engine.org, Wall::of(app, &engine.org));
    let source = source::find(&app.hub, id).await?;
    let may = may_change(&signed.viewer, &source);
    let mut shell = signed.shell(app, &source.name, Place::Listening).await?;
    shell.flash = shown.flash.or(shell.flash);
    let webhook = source.kind == Kind::Webhook;
    let secrets = if webhook && may { source::secrets(&app.hub, &signed.viewer, id).await? } else { Vec::new() };
    let live = secrets.iter().filter(|secret| secret.revoked_at.is_none()).count();
    let refused = source::refusals(&app.hub, &signed.viewer, id, shown.after, PAGE).await?;
    let more = refused.get(PAGE as usize - 1).map(|last| format!("/sources/{id}?after={}#refused", last.id));
    let (state, tone) = state(&source);
    let quarantined = |item: source::Refused| {
        let mended = shown.mended.as_ref().filter(|(id, _)| *id == item.id).map(|(_, raw)| raw.clone());
        Quarantined {
            id: item.id,
            time: wall.clock(item.at),
            place: item.place,
            field: item.field,
            reason: item.reason,
            raw: mended.unwrap_or(item.raw),
            whole: item.raw_complete,
            may_retry: may,
        }
    };
    let follows = follows::section(app, &wall, &source, may, (&shell.csrf, shown.unfound)).await?;
    print(&SourcePage {
        shell,
        follows,
        id,
        name: source.name.clone(),
        state: state.to_owned(),
        tone,
        facts: facts(app, org, &wall, &source, source::push(&app.hub, id).await?.as_ref()),
        accounting: accounting(&source),
        since: wall.clock(source.created_at),
        days: days(app, id).await?,
        reread: (may && source.polled() && source.paused_at.is_none())
            .then(|| wall.day(wall.now - 7 * 24 * 3_600_000_000)),
        error: trouble(&wall, &source),
        acts: if may { acts(app, &source) } else { Vec::new() },
        webhook,
        hook: if webhook { connect::hook_address(app, &source) } else { String::new() },
        secrets: secrets
            .into_iter()
            .map(|secret| Secret {
                id: secret.id,
                ends_with: secret.ends_with,
                time: wall.clock(secret.created_at),
                ended: secret.revoked_at.map(|at| wall.clock(at)),
            })
            .collect(),
        secret: shown.secret,
        may_add_secret: webhook && may && live < 2,
        may_end_secret: webhook && may,
        refused: refused.into_iter().map(quarantined).collect(),
        more,
    })
}

/// What it brought lately; nothing where nothing came.
async fn days(app: &App, id: i64) -> Result<Option<Days>, Problem> {
    let days = source::days(&app.hub, id, DAYS).await?;
    let label =
        |day: &source::Day| timestamp(day.began).to_zoned_datetime(TimeZone::UTC).strftime("%-d %B").to_string();
    let days = days.iter().map(|day| SourceDay {
        label: label(day),
        stored: day.stored,
        duplicate: day.duplicate,
        refused: day.refused,
    });
    let days = Days { days: days.collect() };
    Ok(days.days.iter().any(|day| day.sum() > 0).then_some(days))
}

fn facts(app: &App, org: &Org, wall: &Wall, source: &Source, push: Option<&Push>) -> Vec<(String, Sentence)> {
    let mut facts = vec![("Kind", Sentence::plain(source.kind.as_str()))];
    facts.push(("Network", Sentence::plain(&source.network)));
    let unit = source.unit.and_then(|unit| org.unit(unit)).or_else(|| org.hub().ok());
    if let Some(unit) = unit {
        facts.push(("Unit", Sentence::new().link(&unit.name, format!("/units/{}", unit.key))));
    }
    match (&source.url, source.kind) {
        (Some(url), _) if url.starts_with("http") => facts.push(("Address", Sentence::new().link(url, url))),
        (_, Kind::Webhook) => facts.push(("Address", Sentence::plain(connect::hook_address(app, source)))),
        _ => {}
    }
    // An actor of ours says itself where it is written to.
    if source.kind == Kind::Network && source.pushes() && source.network != dandelion_hub::actor::NETWORK {
        facts.push(("It sends to", Sentence::plain(connect::hook_address(app, source))));
    }
    let mut moment = |name, time: Option<crate::view::Time>| {
        if let Some(time) = time {
            facts.push((name, Sentence::new().time(time)));
        }
    };
    moment("Read", source.polled_at.map(|at| wall.ago(at)));
    let awake = source.paused_at.is_none();
    moment("Next", source.next_poll_at.filter(|_| awake && source.polled()).map(|at| wall.due(at)));
    moment("Newest post", source.last_post_at.map(|at| wall.clock(at)));
    facts.extend(push.map(|push| ("Told by", told_by(wall, push))));
    let mut moment = |name, time: Option<crate::view::Time>| {
        if let Some(time) = time {
            facts.push((name, Sentence::new().time(time)));
        }
    };
    moment("Paused", source.paused_at.map(|at| wall.clock(at)));
    if let Some(why) = &source.paused_why {
        facts.push(("Why", Sentence::plain(why)));
    }
    let search = Sentence::new().link("Search what it brought", format!("/search?source={}", source.id));
    facts.push(("Posts", search));
    let mut facts: Vec<_> = facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    facts.extend(left(wall, source));
    facts
}

/// What its network still allows, what stops us first at the front. What was counted anew since says nothing any more.
fn left(wall: &Wall, source: &Source) -> Vec<(String, Sentence)> {
    let known = source.allowances.iter().filter(|left| left.resets_at > wall.now);
    let fact = |left: &Left| {
        let name = if left.draws_on.is_empty() { "Allowed".into() } else { format!("Allowed: {}", left.draws_on) };
        let words = match (left.left, left.limit) {
            (0, Some(limit)) => format!("nothing more of {limit}"),
            (0, None) => "nothing more".to_owned(),
            (count, Some(limit)) => format!("{count} of {limit} left"),
            (count, None) => format!("{count} left"),
        };
        (name, Sentence::plain(words).text(", counted anew ").time(wall.due(left.resets_at)))
    };
    known.map(fact).collect()
}

/// What is agreed with the hub of a feed, and what that means for reading it.
fn told_by(wall: &Wall, push: &Push) -> Sentence {
    let hub = Sentence::plain("the hub ").link(&push.hub, &push.hub);
    if push.live(wall.now) {
        let until = push.until.map(|until| wall.clock(until));
        let hub = until.into_iter().fold(hub, |hub, until| hub.text(" until ").time(until));
        return match (push.pushed_at, push.trusted(wall.now)) {
            (Some(at), true) => hub.text(", last ").time(wall.ago(at)).text("; we read it seldom by ourselves"),
            (Some(at), false) => {
                hub.text(", last ").time(wall.ago(at)).text("; it left something out since, so we read as before")
            }
            (None, _) => hub.text("; nothing has come from it yet, so we read as before"),
        };
    }
    match (push.state.as_str(), &push.why) {
        ("resting" | "ending", _) => hub.text(": not while the source is paused"),
        (_, Some(why)) => hub.text(format!(": not yet, we ask it again; we read as before ({why})")),
        ("offered", None) => hub.text(": it is asked once this installation has an address others reach (public_url)"),
        (_, None) => hub.text(": asked, it has not confirmed yet; we read as before"),
    }
}

/// What is wrong with it, and what happens next.
fn trouble(wall: &Wall, source: &Source) -> Option<(String, String)> {
    let error = ended(source.error.as_deref()?);
    let next = match (source.paused_at, source.next_poll_at) {
        (Some(_), _) => "It rests now. Look at what is wrong, then resume it.".to_owned(),
        (None, Some(at)) if at > wall.now => format!("We try again by ourselves {}.", wall.due(at).words),
        _ => "We try again by ourselves in a moment.".to_owned(),
    };
    Some((error, next))
}

fn acts(app: &App, source: &Source) -> Vec<PostAct> {
    let mut acts = usual_acts(source);
    if sign_in::sends_back(source) {
        let (id, label) = (source.id, source.about().map_or("", |about| about.label));
        let kept = source.credentials(&app.hub.db).is_ok_and(|credentials| credentials.get("sign_in").is_some());
        let again = if kept { "Sign in again".to_owned() } else { format!("Sign in with {label}") };
        acts.push(PostAct::new(again, format!("/sources/{id}/sign-in")));
        if kept {
            acts.push(PostAct::new("Sign out", format!("/sources/{id}/sign-out")));
        }
    }
    acts
}

fn usual_acts(source: &Source) -> Vec<PostAct> {
    let id = source.id;
    if source.paused_at.is_some() {
        return vec![PostAct::new("Resume", format!("/sources/{id}/resumption")).primary()];
    }
    let pause = PostAct::new("Pause", format!("/sources/{id}/pause"));
    match source.kind {
        Kind::File => Vec::new(),
        _ if source.polled() => vec![PostAct::new("Read now", format!("/sources/{id}/polling")).primary(), pause],
        _ => vec![pause],
    }
}

#[derive(Deserialize)]
struct Nothing {}

pub(super) fn go(app: &App, id: i64, flash: Flash) -> Response {
    Flashed::new(app, format!("/sources/{id}"), flash).into_response()
}

/// Back to the source with a sentence: what was done, or why not.
fn told(app: &App, id: i64, done: Result<String, Error>) -> Result<Response, Problem> {
    Ok(go(app, id, refused::flash(done)?))
}

async fn pause(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    let why = format!("paused by {}", signed.viewer.name);
    let done = source::pause(&app.hub, &signed.viewer, id, &why).await;
    told(&app, id, done.map(|()| "Paused. Nothing is read or taken until you resume it.".to_owned()))
}

async fn resume(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    let done = source::resume(&app.hub, &signed.viewer, id).await;
    told(&app, id, done.map(|()| "Resumed. It goes on where it stopped.".to_owned()))
}

async fn poll(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    let Some(client) = app.config.outside.as_ref() else {
        let words = "This installation fetches nothing from outside.";
        return Ok(go(&app, id, Flash::problem(words)));
    };
    let done = source::poll_now(&app.hub, &signed.viewer, client, id).await;
    told(
        &app,
        id,
        done.map(|counted| match counted.seen {
            0 => "Read just now; nothing new.".to_owned(),
            _ => format!("Read just now: it {}.", connect::gave(&counted)),
        }),
    )
}

#[derive(Deserialize)]
struct Since {
    since: String,
}

async fn reread(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id,
    Form(given): Form<Since>,
) -> Result<Response, Problem> {
    let wall = Wall::of(&app, &app.hub.engine().await?.org);
    let Some(since) = wall.began(&given.since) else {
        return Ok(go(&app, id, Flash::problem("Choose a day.")));
    };
    let done = source::reread(&app.hub, &signed.viewer, id, since).await;
    told(&app, id, done.map(|()| "It is read again now; what comes shows here in a moment.".to_owned()))
}

/// The secret is part of this answer alone.
async fn add_secret(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    match source::add_secret(&app.hub, &signed.viewer, id).await {
        Ok(made) => page(&app, &signed, id, Shown { secret: Some(made.secret), ..Shown::default() }).await,
        Err(error) => told(&app, id, Err(error)),
    }
}

async fn end_secret(
    State(app): State<App>,
    signed: Signed,
    Ids(id, secret): Ids,
    _: Form<Nothing>,
) -> Result<Response, Problem> {
    let done = source::end_secret(&app.hub, &signed.viewer, id, secret).await;
    told(&app, id, done.map(|()| "Ended. Deliveries signed with it are refused from now on.".to_owned()))
}

#[derive(Deserialize)]
struct Mended {
    /// The source, for the way back.
    source: i64,
    raw: String,
}

async fn retry(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id,
    Form(given): Form<Mended>,
) -> Result<Response, Problem> {
    match source::retry(&app.hub, &signed.viewer, id, Some(&given.raw)).await {
        Ok("stored") => Ok(go(&app, given.source, Flash::done("Taken: it is stored now."))),
        Ok(_) => Ok(go(&app, given.source, Flash::done("Taken: we had this post already."))),
        Err(error) => {
            let refused = Refused::of(error)?;
            let shown = Shown {
                mended: Some((id, given.raw)),
                ..Shown::saying(Flash::problem(format!("Not taken. {}", refused.words)))
            };
            Ok(refused.on(page(&app, &signed, given.source, shown).await?))
        }
    }
}

fn may_change(viewer: &Viewer, source: &Source) -> bool {
    source.unit.map_or_else(|| viewer.may_anywhere(Role::Lead), |unit| viewer.may(Role::Lead, unit))
}
