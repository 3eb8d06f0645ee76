//! Queries: what we listen for.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use dandelion_hub::query;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::{Reading, Writing},
    etag,
    extract::{Json, Page, at_most},
    shape::{Moment, Shape as _, shape},
};
use crate::{App, Problem, problem::Id};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(show, change, archive))
        .routes(routes!(versions))
        .routes(routes!(rehearse))
}

shape!(
    /// A saved query.
    Query from query::Query {
        /// Its number.
        id: i64,
        /// The unit that keeps it right.
        unit: i64,
        /// Its name, the only one so called.
        name: String,
        /// What it listens for.
        text: String,
        /// Texts it must or must not match.
        cases: Vec<QueryCase>,
        /// Counts up with every change.
        version: i64,
        /// When it was made.
        created_at: Moment,
        /// When it was last changed.
        changed_at: Moment,
        /// Since when it no longer listens.
        archived_at: Option<Moment>,
    }
);

/// A text that a query must, or must not, match.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueryCase {
    /// The words of a post.
    #[schema(max_length = 4000)]
    text: String,
    /// Whether the query must match them.
    matches: bool,
}

impl super::shape::Shape<QueryCase> for query::Case {
    fn shape(self) -> QueryCase {
        QueryCase { text: self.text, matches: self.matches }
    }
}

shape!(
    /// One saved wording.
    QueryVersion from query::Version {
        /// Its number, from 1.
        version: i64,
        /// The wording.
        text: String,
        /// Who saved it; none for a command.
        saved_by: Option<String>,
        /// When.
        saved_at: Moment,
        /// Why, in their words.
        why: String,
    }
);

/// Longest wording of a query, in characters.
const TEXT: usize = 20_000;
/// Longest text of a test case, in characters.
const CASE: usize = 4000;

/// All queries
///
/// Those that listen, by name. Queries are shared by all units.
#[utoipa::path(get, path = "/queries", tag = "listening", responses((status = 200, body = Page<Query>)))]
async fn list(_: Reading, State(app): State<App>) -> Result<Json<Page<Query>>, Problem> {
    Ok(Json(Page::whole(query::list(&app.hub).await?.shape())))
}

/// One query
#[utoipa::path(get, path = "/queries/{id}", tag = "listening", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Query)))]
async fn show(_: Reading, State(app): State<App>, Id(id): Id) -> Result<Response, Problem> {
    Ok(tagged(StatusCode::OK, query::find(&app.hub, id).await?))
}

/// A query to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewQuery {
    /// The unit that keeps it right.
    #[schema(minimum = 1)]
    unit: i64,
    /// Its name.
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    /// What it listens for.
    #[schema(min_length = 1, max_length = 20000, example = "kettle AND (leak* OR drip*)")]
    text: String,
    /// Why, for its history.
    #[serde(default)]
    #[schema(max_length = 1000)]
    why: String,
}

/// Make a query
///
/// Takes the role `lead` in its unit.
#[utoipa::path(post, path = "/queries", tag = "listening", request_body = NewQuery,
    responses((status = 201, body = Query, description = "Made")))]
async fn add(Writing(viewer): Writing, State(app): State<App>, Json(new): Json<NewQuery>) -> Result<Response, Problem> {
    at_most("text", &new.text, TEXT)?;
    at_most("why", &new.why, 1000)?;
    let made = query::add(&app.hub, &viewer, new.unit, &new.name, &new.text, &new.why).await?;
    Ok(tagged(StatusCode::CREATED, made))
}

/// A query's new wording.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewWording {
    /// What it listens for.
    #[schema(min_length = 1, max_length = 20000)]
    text: String,
    /// Texts it must or must not match; a wording that fails one is refused.
    #[serde(default)]
    #[schema(max_items = 100)]
    cases: Vec<QueryCase>,
    /// The version the change was made from.
    #[schema(minimum = 1)]
    version: i64,
    /// Why, for its history.
    #[serde(default)]
    #[schema(max_length = 1000)]
    why: String,
}

/// Change a query
///
/// Its wording and test cases, from a stated version. Takes the role `lead` in its unit.
#[utoipa::path(put, path = "/queries/{id}", tag = "listening", params(("id" = i64, Path, minimum = 1)),
    request_body = NewWording, responses((status = 200, body = Query)))]
async fn change(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    headers: HeaderMap,
    Json(new): Json<NewWording>,
) -> Result<Response, Problem> {
    at_most("text", &new.text, TEXT)?;
    at_most("why", &new.why, 1000)?;
    if new.cases.len() > 100 {
        return Err(Problem::invalid("cases", "at most 100 are taken"));
    }
    for case in &new.cases {
        at_most("cases", &case.text, CASE)?;
    }
    let present = query::find(&app.hub, id).await?;
    etag::same(&headers, &etag::of_version("query", id, present.version))?;
    let cases: Vec<_> = new.cases.into_iter().map(|case| kept(&present, case)).collect();
    let changed = query::change(&app.hub, &viewer, id, new.version, &new.text, &cases, &new.why).await?;
    Ok(tagged(StatusCode::OK, changed))
}

/// A case as it was given; where it is one that stands already, with its whole post.
fn kept(present: &query::Query, given: QueryCase) -> query::Case {
    let known = present.cases.iter().find(|case| case.text == given.text);
    let post = known.and_then(|case| case.post.clone());
    query::Case { text: given.text, matches: given.matches, post }
}

/// Archive a query
///
/// It no longer listens; what it heard stays. Takes the role `lead` in its unit.
#[utoipa::path(delete, path = "/queries/{id}", tag = "listening", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Archived")))]
async fn archive(Writing(viewer): Writing, State(app): State<App>, Id(id): Id) -> Result<StatusCode, Problem> {
    query::archive(&app.hub, &viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A query's wordings
///
/// Newest first.
#[utoipa::path(get, path = "/queries/{id}/versions", tag = "listening", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Page<QueryVersion>)))]
async fn versions(_: Reading, State(app): State<App>, Id(id): Id) -> Result<Json<Page<QueryVersion>>, Problem> {
    query::find(&app.hub, id).await?;
    Ok(Json(Page::whole(query::versions(&app.hub, id).await?.shape())))
}

/// A wording to be tried.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Trial {
    /// What to listen for.
    #[schema(min_length = 1, max_length = 20000)]
    text: String,
}

/// What a wording would have heard.
#[derive(Serialize, ToSchema)]
struct Rehearsal {
    /// How many of the newest posts were looked at.
    looked_at: i64,
    /// The posts that match, newest first.
    posts: Vec<i64>,
}

/// Try a wording
///
/// Against the newest 5000 stored posts; nothing is saved.
#[utoipa::path(post, path = "/queries/rehearsals", tag = "listening", request_body = Trial,
    responses((status = 200, body = Rehearsal)))]
async fn rehearse(
    Reading(viewer): Reading,
    State(app): State<App>,
    Json(trial): Json<Trial>,
) -> Result<Json<Rehearsal>, Problem> {
    at_most("text", &trial.text, TEXT)?;
    let (looked_at, posts) = query::rehearse(&app.hub, &viewer, &trial.text, 5000).await?;
    Ok(Json(Rehearsal { looked_at: looked_at as i64, posts }))
}

fn tagged(status: StatusCode, query: query::Query) -> Response {
    let tag = etag::of_version("query", query.id, query.version);
    let shown: Query = query.shape();
    (status, AppendHeaders([(header::ETAG, tag)]), Json(shown)).into_response()
}
