//! Whether mentions are about us, as people say, and how precise a query is by that.

use axum::{extract::State, http::StatusCode};
use dandelion_hub::{
    mark, query,
    query::precision::{self, Interval},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::{Reading, Writing},
    extract::Json,
    shape::{Shape as _, shape},
};
use crate::{App, Problem, problem::Id};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show)).routes(routes!(say, unsay))
}

shape!(
    /// A word whose exclusion would make the query more precise.
    Exclusion from precision::Suggestion {
        /// The word.
        word: String,
        /// Wrong mentions it would avoid.
        saved: i64,
        /// Right ones it would lose.
        lost: i64,
        /// Mentions nobody has judged that would go too.
        unseen: i64,
        /// The query's text with it excluded.
        text: String,
    }
);

/// How much of what a query hears is about us, as far as people have said.
#[derive(Serialize, ToSchema)]
struct QueryPrecision {
    /// Mentions that are about us.
    right: i64,
    /// Mentions that are not.
    wrong: i64,
    /// Mentions nobody has judged.
    unseen: i64,
    /// The share of right ones among those judged, 0 to 1; none where nothing was judged.
    share: Option<f64>,
    /// The lower end of Wilson's interval at 95 %.
    low: Option<f64>,
    /// The upper end.
    high: Option<f64>,
    /// Words worth excluding, the most telling first.
    exclusions: Vec<Exclusion>,
}

/// The precision of a query
///
/// A mention is judged when somebody marked it, or worked on its case.
#[utoipa::path(get, path = "/queries/{id}/precision", tag = "listening", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = QueryPrecision)))]
async fn show(Reading(viewer): Reading, State(app): State<App>, Id(id): Id) -> Result<Json<QueryPrecision>, Problem> {
    query::find(&app.hub, id).await?;
    let at = precision::of(&app.hub, &viewer, id).await?;
    let part = |of: fn(&Interval) -> f64| at.interval.as_ref().map(of);
    Ok(Json(QueryPrecision {
        right: at.right,
        wrong: at.wrong,
        unseen: at.unseen,
        share: part(|it| it.share),
        low: part(|it| it.low),
        high: part(|it| it.high),
        exclusions: precision::suggestions(&app.hub, &viewer, id).await?.shape(),
    }))
}

/// Whether a post is about us.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMark {
    /// It is, or it is not: then no query counts it any more.
    about_us: bool,
}

/// Say whether a mention is about us
///
/// Nothing is deleted, and its case stays. Takes the role `agent` in the unit of its case or of a query that heard it.
#[utoipa::path(put, path = "/posts/{id}/mark", tag = "posts", params(("id" = i64, Path, minimum = 1)),
    request_body = NewMark, responses((status = 204, description = "Said")))]
async fn say(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(new): Json<NewMark>,
) -> Result<StatusCode, Problem> {
    mark::mark(&app.hub, &viewer, id, new.about_us).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a mark back
///
/// Whoever made it. Takes the same role as making it.
#[utoipa::path(delete, path = "/posts/{id}/mark", tag = "posts", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Taken back")))]
async fn unsay(Writing(viewer): Writing, State(app): State<App>, Id(id): Id) -> Result<StatusCode, Problem> {
    mark::unmark(&app.hub, &viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
