//! Whom an account of our own on the fediverse follows, by its source.

use axum::{extract::State, http::StatusCode};
use dandelion_hub::{Error, actor, source};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::{Reading, Writing},
    extract::{Json, Page, at_most},
    shape::{Moment, Shape as _, shape, words},
};
use crate::{
    App, Problem,
    pages::follows::{MAY, ours},
    problem::{Id, Ids},
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(end))
}

words!(
    /// How far following somebody has come.
    FollowState = actor::FollowState {
        /// They are asked, or will be in a moment, and have not answered.
        Asked,
        /// They let us: what they say to everybody comes here.
        Accepted,
        /// They do not let us, or no longer.
        Refused,
        /// They could not be asked.
        Unreached,
    }
);

shape!(
    /// An account that one of ours follows.
    Follow from actor::Follow {
        /// Its number.
        id: i64,
        /// Its address, which is who it is.
        actor: String,
        /// `name@host`, as people call it.
        name: String,
        /// What it was called before it moved, where we followed it there.
        moved_from: Option<String>,
        /// How far it has come.
        state: FollowState,
        /// When it was asked.
        asked_at: Moment,
        /// When the question reached its server.
        told_at: Option<Moment>,
        /// When it answered.
        answered_at: Option<Moment>,
        /// Why it could not be asked, at last or so far.
        error: Option<String>,
    }
);

/// Accounts that one of ours follows
///
/// By name. A source that is no account of our own on the fediverse follows nobody.
#[utoipa::path(get, path = "/sources/{id}/follows", tag = "listening", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Page<Follow>)))]
async fn list(_: Reading, State(app): State<App>, Id(id): Id) -> Result<Json<Page<Follow>>, Problem> {
    source::find(&app.hub, id).await?;
    let ours = actor::of_source(&app.hub, &app.config.public_url, id).await?;
    let follows = match ours {
        Some(ours) => actor::followed(&app.hub.db, ours.handle.id).await?,
        None => Vec::new(),
    };
    Ok(Json(Page::whole(follows.shape())))
}

/// An account to be followed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewFollow {
    /// Its handle with its server (`@name@host`), or the address of its page.
    #[schema(min_length = 1, max_length = 500)]
    account: String,
}

/// Follow an account
///
/// It is looked up (WebFinger) and asked; what it says to everybody comes to this source once it agrees. Who refused
/// or could not be reached is asked anew. Takes the role `lead` in the unit that looks after the source.
#[utoipa::path(post, path = "/sources/{id}/follows", tag = "listening", params(("id" = i64, Path, minimum = 1)),
    request_body = NewFollow, responses((status = 201, body = Follow, description = "Asked")))]
async fn add(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(new): Json<NewFollow>,
) -> Result<(StatusCode, Json<Follow>), Problem> {
    at_most("account", &new.account, 500)?;
    source::may_change(&viewer, source::find(&app.hub, id).await?.unit, MAY)?;
    let ours = ours(&app, id).await?;
    let outside = || Error::Conflict("this installation fetches nothing from outside".to_owned());
    let remote = app.remote.as_ref().ok_or_else(outside)?;
    let follow = actor::follow_account(&app.hub, &viewer, remote, &ours, &new.account).await?;
    Ok((StatusCode::CREATED, Json(follow.shape())))
}

/// Follow an account no longer
///
/// Its server is told; what it said stays. Takes the role `lead`.
#[utoipa::path(delete, path = "/sources/{id}/follows/{follow}", tag = "listening",
    params(("id" = i64, Path, minimum = 1), ("follow" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Taken off")))]
async fn end(Writing(viewer): Writing, State(app): State<App>, Ids(id, follow): Ids) -> Result<StatusCode, Problem> {
    source::may_change(&viewer, source::find(&app.hub, id).await?.unit, MAY)?;
    let ours = ours(&app, id).await?;
    actor::unfollow_account(&app.hub, &viewer, &ours, follow).await?;
    Ok(StatusCode::NO_CONTENT)
}
