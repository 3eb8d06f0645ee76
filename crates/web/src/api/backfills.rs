//! Back-fills: queries that run over what is stored.

use axum::{extract::State, http::StatusCode};
use dandelion_hub::backfill;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::{Reading, Writing},
    extract::{Json, Page},
    shape::{Given, Moment, Shape, shape, words},
};
use crate::{App, Problem, problem::Id};

/// How many are listed.
const SHOWN: i64 = 200;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(start))
        .routes(routes!(show))
        .routes(routes!(pause, resume))
        .routes(routes!(abandon))
        .routes(routes!(decide))
}

words!(
    /// Where a back-fill stands.
    BackfillState = backfill::State {
        /// Reads stored posts.
        Looking,
        /// Waits for a decision.
        Found,
        /// Makes what was decided.
        Making,
        /// Made it, or found nothing.
        Done,
        /// What it found was left.
        Left,
        /// Stopped before its end.
        Abandoned,
    }
);

words!(
    /// What is to be made of what was found.
    BackfillChoice = backfill::Decision {
        /// Cases, as if the posts came now.
        Cases,
        /// Mentions that are counted and open no case.
        Mentions,
        /// Nothing.
        Leave,
    }
);

shape!(
    /// One run of a query over what is stored.
    Backfill from backfill::Backfill {
        /// Its number.
        id: i64,
        /// The query.
        query: i64,
        /// The version of the query that it runs.
        version: i64,
        /// Where it stands.
        state: BackfillState,
        /// How far the pass under way has come, 0 to 1.
        share: f64,
        /// Posts it has looked at.
        looked: i64,
        /// Posts it hears that the query had not heard.
        found: i64,
        /// Who wrote them; known when it has looked at all.
        people: i64,
        /// Cases that making them would open, about.
        would: Vec<WouldOpen>,
        /// When the earliest of them was written.
        first_at: Option<Moment>,
        /// When the latest was.
        last_at: Option<Moment>,
        /// What was decided: `cases` or `mentions`.
        choice: Option<String>,
        /// Posts made something of.
        made: i64,
        /// Cases opened.
        opened: i64,
        /// When it began.
        started_at: Moment,
        /// Since when it rests.
        paused_at: Option<Moment>,
        /// When it ended.
        ended_at: Option<Moment>,
        /// Why its last step failed; it is tried again.
        error: Option<String>,
    }
);

/// Cases that would be opened in a unit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WouldOpen {
    /// The unit.
    unit: i64,
    /// About so many.
    cases: i64,
}

impl Shape<WouldOpen> for (i64, i64) {
    fn shape(self) -> WouldOpen {
        WouldOpen { unit: self.0, cases: self.1 }
    }
}

/// Back-fills
///
/// Those under way first, then the newest.
#[utoipa::path(get, path = "/backfills", tag = "listening", responses((status = 200, body = Page<Backfill>)))]
async fn list(Reading(viewer): Reading, State(app): State<App>) -> Result<Json<Page<Backfill>>, Problem> {
    Ok(Json(Page::whole(backfill::list(&app.hub, &viewer, None, SHOWN).await?.shape())))
}

/// A run to begin.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewBackfill {
    /// Only posts written at or after; all without it.
    since: Option<Given>,
    /// What to make of the finds without asking; without it, it waits for a decision.
    choice: Option<BackfillChoice>,
}

/// Run a query over what is stored
///
/// One of the same query that is under way is abandoned. Takes the role `lead` in the query's unit.
#[utoipa::path(post, path = "/queries/{id}/backfills", tag = "listening", params(("id" = i64, Path, minimum = 1)),
    request_body = NewBackfill, responses((status = 201, body = Backfill, description = "Begun")))]
async fn start(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(new): Json<NewBackfill>,
) -> Result<(StatusCode, Json<Backfill>), Problem> {
    let (since, choice) = (new.since.map(Given::micros), new.choice.map(Into::into));
    let begun = backfill::start(&app.hub, &viewer, id, since, choice).await?;
    Ok((StatusCode::CREATED, Json(begun.shape())))
}

/// One back-fill
#[utoipa::path(get, path = "/backfills/{id}", tag = "listening", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Backfill)))]
async fn show(Reading(viewer): Reading, State(app): State<App>, Id(id): Id) -> Result<Json<Backfill>, Problem> {
    Ok(Json(backfill::find(&app.hub, &viewer, id).await?.shape()))
}

/// Pause a back-fill
///
/// What it has done stays done. Takes the role `lead` in the query's unit.
#[utoipa::path(put, path = "/backfills/{id}/pause", tag = "listening", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Backfill)))]
async fn pause(Writing(viewer): Writing, State(app): State<App>, Id(id): Id) -> Result<Json<Backfill>, Problem> {
    backfill::pause(&app.hub, &viewer, id).await?;
    Ok(Json(backfill::find(&app.hub, &viewer, id).await?.shape()))
}

/// Resume a back-fill
///
/// It goes on where it was. Takes the role `lead` in the query's unit.
#[utoipa::path(delete, path = "/backfills/{id}/pause", tag = "listening", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Backfill)))]
async fn resume(Writing(viewer): Writing, State(app): State<App>, Id(id): Id) -> Result<Json<Backfill>, Problem> {
    backfill::resume(&app.hub, &viewer, id).await?;
    Ok(Json(backfill::find(&app.hub, &viewer, id).await?.shape()))
}

/// Abandon a back-fill
///
/// What it had made stays. Takes the role `lead` in the query's unit.
#[utoipa::path(post, path = "/backfills/{id}/abandonment", tag = "listening", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Backfill)))]
async fn abandon(Writing(viewer): Writing, State(app): State<App>, Id(id): Id) -> Result<Json<Backfill>, Problem> {
    backfill::abandon(&app.hub, &viewer, id).await?;
    Ok(Json(backfill::find(&app.hub, &viewer, id).await?.shape()))
}

/// A decision.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Decided {
    /// What is to be made of what was found.
    choice: BackfillChoice,
}

/// Decide what becomes of what was found
///
/// Takes the role `lead` in the query's unit.
#[utoipa::path(post, path = "/backfills/{id}/decision", tag = "listening", params(("id" = i64, Path, minimum = 1)),
    request_body = Decided, responses((status = 200, body = Backfill)))]
async fn decide(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(given): Json<Decided>,
) -> Result<Json<Backfill>, Problem> {
    backfill::decide(&app.hub, &viewer, id, given.choice.into()).await?;
    Ok(Json(backfill::find(&app.hub, &viewer, id).await?.shape()))
}
