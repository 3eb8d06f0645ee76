//! Whom an account of ours on the fediverse follows: a section of its source's page.

use axum::{Router, extract::State, response::Response, routing::post};
use dandelion_hub::{
    Error,
    actor::{self, Actor, Follow, FollowState},
    source::{self, Source},
};
use serde::Deserialize;

use super::{
    refused::{self, Refused, ended},
    source_page::{self, Shown, go},
    wall::Wall,
};
use crate::{
    App, Form, Problem, Signed,
    problem::{Id, Ids},
    view::{
        Flash, Sentence,
        desk::Tone,
        listening::{FollowRow, Follows},
    },
};

/// What is not everybody's to do.
pub(crate) const MAY: &str = "say whom an account of ours follows";

pub(super) fn routes() -> Router<App> {
    Router::new().route("/sources/{id}/follows", post(add)).route("/sources/{id}/follows/{follow}/end", post(end))
}

/// The section, where the source is an account of ours; with what was typed in vain, and why.
pub(super) async fn section(
    app: &App,
    wall: &Wall,
    source: &Source,
    may: bool,
    (csrf, unfound): (&str, Option<(String, String)>),
) -> Result<Option<Follows>, Problem> {
    if source.network != actor::NETWORK {
        return Ok(None);
    }
    let Some(ours) = actor::of_source(&app.hub, &app.config.public_url, source.id).await? else { return Ok(None) };
    let follows = actor::followed(&app.hub.db, ours.handle.id).await?;
    let (typed, wrong) = unfound.unzip();
    Ok(Some(Follows {
        source: source.id,
        csrf: csrf.to_owned(),
        rows: follows.into_iter().map(|follow| row(wall, follow)).collect(),
        may,
        typed: typed.unwrap_or_default(),
        wrong,
    }))
}

fn row(wall: &Wall, follow: Follow) -> FollowRow {
    let since = |words: &str, at: Option<i64>| {
        at.map_or_else(|| Sentence::plain(words), |at| Sentence::plain(words).text(" ").time(wall.ago(at)))
    };
    // What failed; what happens next is said here.
    let error = follow.error.as_deref().and_then(|error| error.split("; it is retried").next());
    let error = error.unwrap_or("their server could not be reached");
    let (state, tone, says) = match (follow.state, follow.told_at) {
        (FollowState::Accepted, _) => ("followed", Tone::Good, since("they agreed", follow.answered_at)),
        (FollowState::Refused, _) => ("refused", Tone::Risk, since("they declined", follow.answered_at)),
        (FollowState::Unreached, _) => ("not reached", Tone::Risk, Sentence::plain(ended(error))),
        (FollowState::Asked, Some(_)) => ("asked", Tone::Plain, since("no answer yet, asked", Some(follow.asked_at))),
        (FollowState::Asked, None) if follow.error.is_some() => {
            ("asked", Tone::Plain, Sentence::plain(format!("{} We try again by ourselves.", ended(error))))
        }
        (FollowState::Asked, None) => ("asked", Tone::Plain, Sentence::plain("their server hears of it in a moment")),
    };
    let says = match &follow.moved_from {
        Some(before) => says.text(format!("; it was @{before} before it moved")),
        None => says,
    };
    let again = matches!(follow.state, FollowState::Refused | FollowState::Unreached);
    let name = if follow.name.contains("://") { follow.name } else { format!("@{}", follow.name) };
    FollowRow { id: follow.id, name, url: follow.actor, state: state.to_owned(), tone, says, again }
}

#[derive(Deserialize)]
struct Wanted {
    account: String,
}

async fn add(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Problem> {
    let source = source::find(&app.hub, id).await?;
    source::may_change(&signed.viewer, source.unit, MAY)?;
    match follow(&app, &signed, id, &wanted.account).await {
        Ok(follow) => {
            let words = format!("@{} is asked. What it says comes here once it agrees; most do at once.", follow.name);
            Ok(go(&app, id, Flash::done(words)))
        }
        Err(error) => {
            let refused = Refused::of(error)?;
            let shown = Shown::unfound(&wanted.account, &refused.words);
            Ok(refused.on(source_page::page(&app, &signed, id, shown).await?))
        }
    }
}

async fn follow(app: &App, signed: &Signed, id: i64, account: &str) -> Result<Follow, Error> {
    let ours = ours(app, id).await?;
    let remote = app.remote.as_ref().ok_or_else(|| {
        Error::Conflict("this installation fetches nothing from outside, so nobody can be looked up".to_owned())
    })?;
    actor::follow_account(&app.hub, &signed.viewer, remote, &ours, account).await
}

/// The account of ours that a source is.
pub(crate) async fn ours(app: &App, source: i64) -> Result<Actor, Error> {
    let nobody = || Error::Conflict("only an account of our own on the fediverse follows others".to_owned());
    actor::of_source(&app.hub, &app.config.public_url, source).await?.ok_or_else(nobody)
}

#[derive(Deserialize)]
struct Nothing {}

async fn end(
    State(app): State<App>,
    signed: Signed,
    Ids(id, follow): Ids,
    _: Form<Nothing>,
) -> Result<Response, Problem> {
    let source = source::find(&app.hub, id).await?;
    source::may_change(&signed.viewer, source.unit, MAY)?;
    let done = async {
        let ours = ours(&app, id).await?;
        let name = actor::follow_of(&app.hub.db, ours.handle.id, follow).await?.name;
        actor::unfollow_account(&app.hub, &signed.viewer, &ours, follow).await?;
        Ok(format!("@{name} is followed no longer. What it said stays."))
    };
    let flash = refused::flash(done.await)?;
    Ok(go(&app, id, flash))
}
