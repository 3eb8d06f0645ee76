//! Re-analyses: stored posts of a unit that are judged anew.

use axum::{extract::State, http::StatusCode};
use dandelion_hub::reanalysis;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::{Reading, Writing},
    extract::{Json, Page},
    shape::{Given, Moment, Shape as _, shape, words},
};
use crate::{App, Problem, problem::Id};

/// How many are listed.
const SHOWN: i64 = 200;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, start))
        .routes(routes!(rehearse))
        .routes(routes!(show))
        .routes(routes!(pause, resume))
        .routes(routes!(abandon))
}

words!(
    /// Where a re-analysis stands.
    ReanalysisState = reanalysis::State {
        /// It looks at posts, or rests.
        Running,
        /// It looked at all.
        Done,
        /// Stopped before its end; what it had judged stays.
        Abandoned,
    }
);

shape!(
    /// One run over a unit's stored posts. People's corrections stand above what it says.
    Reanalysis from reanalysis::Reanalysis {
        /// Its number.
        id: i64,
        /// The unit; mentions in cases of it and all below are judged anew.
        unit: i64,
        /// Where it stands.
        state: ReanalysisState,
        /// How far it has come, 0 to 1.
        share: f64,
        /// Posts it has looked at.
        looked: i64,
        /// Of those, how many are judged otherwise than before.
        changed: i64,
        /// Of those, where a person's word stands instead.
        kept: i64,
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

/// Re-analyses
///
/// Those under way first, then the newest.
#[utoipa::path(get, path = "/reanalyses", tag = "understanding", responses((status = 200, body = Page<Reanalysis>)))]
async fn list(Reading(viewer): Reading, State(app): State<App>) -> Result<Json<Page<Reanalysis>>, Problem> {
    Ok(Json(Page::whole(reanalysis::list(&app.hub, &viewer, SHOWN).await?.shape())))
}

shape!(
    /// How many posts something is true of.
    Counted from reanalysis::Counted {
        /// A version, or a question.
        what: String,
        /// How many posts.
        posts: i64,
    }
);

shape!(
    /// One answer that would change.
    Difference from reanalysis::Difference {
        /// The post.
        post: i64,
        /// How it begins.
        text: String,
        /// What is asked: a judgement's name, or the key of a unit's own question.
        question: String,
        /// What is said of it now; empty for nothing.
        before: String,
        /// What would be said.
        after: String,
    }
);

shape!(
    /// What judging a unit's posts anew would change, seen on its newest ones. Nothing is stored.
    Rehearsal from reanalysis::Rehearsal {
        /// Posts that were judged, the newest.
        looked: i64,
        /// Of those, how many would be judged otherwise.
        changed: i64,
        /// Versions that judged them before.
        before: Vec<Counted>,
        /// The program's version that would judge, beside the units' own heads.
        now: String,
        /// Questions whose answers change, most first.
        questions: Vec<Counted>,
        /// Some of the differences, of the newest posts.
        apart: Vec<Difference>,
    }
);

/// What judging anew would change
///
/// The newest posts of the unit and all below are judged in memory by whoever judges now, and held against what is stored.
/// Takes the role `lead` in the unit.
#[utoipa::path(get, path = "/units/{id}/rehearsal", tag = "understanding", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Rehearsal)))]
async fn rehearse(Reading(viewer): Reading, State(app): State<App>, Id(id): Id) -> Result<Json<Rehearsal>, Problem> {
    Ok(Json(reanalysis::rehearse(&app.hub, &viewer, id).await?.shape()))
}

/// A run to begin.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewReanalysis {
    /// The unit.
    #[schema(minimum = 1)]
    unit: i64,
    /// Only posts written at or after; all without it.
    since: Option<Given>,
}

/// Have stored posts judged anew
///
/// One of the same unit that is under way is abandoned. Takes the role `lead` in the unit.
#[utoipa::path(post, path = "/reanalyses", tag = "understanding", request_body = NewReanalysis,
    responses((status = 201, body = Reanalysis, description = "Begun")))]
async fn start(
    Writing(viewer): Writing,
    State(app): State<App>,
    Json(new): Json<NewReanalysis>,
) -> Result<(StatusCode, Json<Reanalysis>), Problem> {
    let begun = reanalysis::start(&app.hub, &viewer, new.unit, new.since.map(Given::micros)).await?;
    Ok((StatusCode::CREATED, Json(begun.shape())))
}

/// One re-analysis
#[utoipa::path(get, path = "/reanalyses/{id}", tag = "understanding", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Reanalysis)))]
async fn show(Reading(viewer): Reading, State(app): State<App>, Id(id): Id) -> Result<Json<Reanalysis>, Problem> {
    Ok(Json(reanalysis::find(&app.hub, &viewer, id).await?.shape()))
}

/// Pause a re-analysis
///
/// What it has judged stays judged. Takes the role `lead` in its unit.
#[utoipa::path(put, path = "/reanalyses/{id}/pause", tag = "understanding", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Reanalysis)))]
async fn pause(Writing(viewer): Writing, State(app): State<App>, Id(id): Id) -> Result<Json<Reanalysis>, Problem> {
    reanalysis::pause(&app.hub, &viewer, id).await?;
    Ok(Json(reanalysis::find(&app.hub, &viewer, id).await?.shape()))
}

/// Resume a re-analysis
///
/// It goes on where it was. Takes the role `lead` in its unit.
#[utoipa::path(delete, path = "/reanalyses/{id}/pause", tag = "understanding", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Reanalysis)))]
async fn resume(Writing(viewer): Writing, State(app): State<App>, Id(id): Id) -> Result<Json<Reanalysis>, Problem> {
    reanalysis::resume(&app.hub, &viewer, id).await?;
    Ok(Json(reanalysis::find(&app.hub, &viewer, id).await?.shape()))
}

/// Abandon a re-analysis
///
/// What it had judged stays. Takes the role `lead` in its unit.
#[utoipa::path(post, path = "/reanalyses/{id}/abandonment", tag = "understanding",
    params(("id" = i64, Path, minimum = 1)), responses((status = 200, body = Reanalysis)))]
async fn abandon(Writing(viewer): Writing, State(app): State<App>, Id(id): Id) -> Result<Json<Reanalysis>, Problem> {
    reanalysis::abandon(&app.hub, &viewer, id).await?;
    Ok(Json(reanalysis::find(&app.hub, &viewer, id).await?.shape()))
}
