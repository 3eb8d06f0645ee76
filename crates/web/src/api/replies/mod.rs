//! Replies: what we say in public, from draft to confirmation.

mod shapes;

use axum::{extract::State, http::StatusCode};
use dandelion_hub::reply::{self, New, Send, Verdict};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use self::shapes::{Reply, ReplyAttempt, ReplyChange, ReplyStep};
use super::{
    auth::{Reading, Writing},
    extract::{Json, Page, Query, at_most},
    shape::Shape as _,
};
use crate::{App, Problem, problem::Id};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(waiting))
        .routes(routes!(of_case, draft))
        .routes(routes!(show))
        .routes(routes!(edit))
        .routes(routes!(steps))
        .routes(routes!(attempts))
        .routes(routes!(submit))
        .routes(routes!(approve))
        .routes(routes!(request_changes))
        .routes(routes!(reject))
        .routes(routes!(queue))
        .routes(routes!(cancel))
        .routes(routes!(release))
        .routes(routes!(decide))
        .routes(routes!(changes))
        .routes(routes!(correct))
        .routes(routes!(withdraw))
}

/// What a reply waits for.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum For {
    /// The caller's approval.
    Approval,
    /// Somebody who looks whether it was published.
    Decision,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// What they wait for.
    #[param(inline)]
    waiting_for: For,
}

/// Replies that wait
///
/// For the caller's approval, or for somebody who looks whether they were published. Longest first.
#[utoipa::path(get, path = "/replies", tag = "replies", params(Which), responses((status = 200, body = Page<Reply>)))]
async fn waiting(
    Reading(viewer): Reading,
    State(app): State<App>,
    Query(which): Query<Which>,
) -> Result<Json<Page<Reply>>, Problem> {
    let found = match which.waiting_for {
        For::Approval => reply::awaiting_approval(&app.hub, &viewer).await?,
        For::Decision => reply::undecided(&app.hub, &viewer).await?,
    };
    Ok(Json(Page::whole(found.shape())))
}

/// Replies of a case
///
/// Oldest first.
#[utoipa::path(get, path = "/cases/{id}/replies", tag = "replies", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Page<Reply>)))]
async fn of_case(Reading(viewer): Reading, State(app): State<App>, Id(id): Id) -> Result<Json<Page<Reply>>, Problem> {
    Ok(Json(Page::whole(reply::of_case(&app.hub, &viewer, id).await?.shape())))
}

/// A reply to be drafted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewReply {
    /// The account of ours to speak from.
    #[schema(minimum = 1)]
    handle: i64,
    /// The post it answers; without one, the newest the customer wrote.
    #[schema(minimum = 1)]
    post: Option<i64>,
    /// The words.
    #[schema(min_length = 1, max_length = 10000)]
    text: String,
}

/// Draft a reply
#[utoipa::path(post, path = "/cases/{id}/replies", tag = "replies", params(("id" = i64, Path, minimum = 1)),
    request_body = NewReply, responses((status = 201, body = Reply, description = "Drafted")))]
async fn draft(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(given): Json<NewReply>,
) -> Result<(StatusCode, Json<Reply>), Problem> {
    let new = New { case_id: id, post_id: given.post, handle_id: given.handle, text: given.text };
    Ok((StatusCode::CREATED, Json(reply::draft(&app.hub, &viewer, &new).await?.shape())))
}

/// One reply
#[utoipa::path(get, path = "/replies/{id}", tag = "replies", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Reply)))]
async fn show(Reading(viewer): Reading, State(app): State<App>, Id(id): Id) -> Result<Json<Reply>, Problem> {
    Ok(Json(reply::find(&app.hub, &viewer, id).await?.shape()))
}

/// A reply's new wording.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Wording {
    /// The wording the change was made from.
    #[schema(minimum = 1)]
    version: i64,
    /// The words.
    #[schema(min_length = 1, max_length = 10000)]
    text: String,
}

/// Change a reply's words
///
/// Whatever approval there was is gone with the wording it was for.
#[utoipa::path(put, path = "/replies/{id}/text", tag = "replies", params(("id" = i64, Path, minimum = 1)),
    request_body = Wording, responses((status = 200, body = Reply)))]
async fn edit(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(given): Json<Wording>,
) -> Result<Json<Reply>, Problem> {
    Ok(Json(reply::edit(&app.hub, &viewer, id, given.version, &given.text).await?.shape()))
}

/// A reply's changes of state
///
/// Oldest first.
#[utoipa::path(get, path = "/replies/{id}/steps", tag = "replies", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Page<ReplyStep>)))]
async fn steps(Reading(viewer): Reading, State(app): State<App>, Id(id): Id) -> Result<Json<Page<ReplyStep>>, Problem> {
    Ok(Json(Page::whole(reply::steps(&app.hub, &viewer, id).await?.shape())))
}

/// Attempts to publish a reply
///
/// Oldest first.
#[utoipa::path(get, path = "/replies/{id}/attempts", tag = "replies", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Page<ReplyAttempt>)))]
async fn attempts(
    Reading(viewer): Reading,
    State(app): State<App>,
    Id(id): Id,
) -> Result<Json<Page<ReplyAttempt>>, Problem> {
    Ok(Json(Page::whole(reply::attempts(&app.hub, &viewer, id).await?.shape())))
}

/// A wording, and what is said about it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct About {
    /// The wording that was seen.
    #[schema(minimum = 1)]
    version: i64,
    /// Why, or a note, in words.
    #[serde(default)]
    #[schema(max_length = 1000)]
    why: String,
}

/// Submit a reply
///
/// Asks the approvers of the unit that demands it.
#[utoipa::path(post, path = "/replies/{id}/submission", tag = "replies", params(("id" = i64, Path, minimum = 1)),
    request_body = About, responses((status = 200, body = Reply)))]
async fn submit(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(given): Json<About>,
) -> Result<Json<Reply>, Problem> {
    at_most("why", &given.why, 1000)?;
    Ok(Json(reply::submit(&app.hub, &viewer, id, given.version).await?.shape()))
}

/// Approve a reply
///
/// Exactly this wording. Nobody approves what they wrote a part of.
#[utoipa::path(post, path = "/replies/{id}/approval", tag = "replies", params(("id" = i64, Path, minimum = 1)),
    request_body = About, responses((status = 200, body = Reply)))]
async fn approve(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(given): Json<About>,
) -> Result<Json<Reply>, Problem> {
    at_most("why", &given.why, 1000)?;
    Ok(Json(reply::approve(&app.hub, &viewer, id, given.version, &given.why).await?.shape()))
}

/// Send a reply back for changes
///
/// With what should be different.
#[utoipa::path(post, path = "/replies/{id}/changes", tag = "replies", params(("id" = i64, Path, minimum = 1)),
    request_body = About, responses((status = 200, body = Reply)))]
async fn request_changes(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(given): Json<About>,
) -> Result<Json<Reply>, Problem> {
    at_most("why", &given.why, 1000)?;
    Ok(Json(reply::request_changes(&app.hub, &viewer, id, given.version, &given.why).await?.shape()))
}

/// Reject a reply
///
/// For good; another answer needs another draft.
#[utoipa::path(post, path = "/replies/{id}/rejection", tag = "replies", params(("id" = i64, Path, minimum = 1)),
    request_body = About, responses((status = 200, body = Reply)))]
async fn reject(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(given): Json<About>,
) -> Result<Json<Reply>, Problem> {
    at_most("why", &given.why, 1000)?;
    Ok(Json(reply::reject(&app.hub, &viewer, id, given.version, &given.why).await?.shape()))
}

/// How a reply is sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Queueing {
    /// The wording that was seen.
    #[schema(minimum = 1)]
    version: i64,
    /// It is known that somebody else answers or has answered the same post, and wanted all the same.
    #[serde(default)]
    confirm: bool,
}

/// Send a reply
///
/// It waits five seconds, in which it can be taken back, then goes out. Refused (409) while somebody else's reply to the
/// same post is on its way, unless confirmed.
#[utoipa::path(post, path = "/replies/{id}/queueing", tag = "replies", params(("id" = i64, Path, minimum = 1)),
    request_body = Queueing, responses((status = 200, body = Reply)))]
async fn queue(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(given): Json<Queueing>,
) -> Result<Json<Reply>, Problem> {
    let send = Send { confirm: given.confirm, ..Send::version(given.version) };
    Ok(Json(reply::queue(&app.hub, &viewer, id, send).await?.shape()))
}

/// Why a reply is taken back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Cancellation {
    /// In words.
    #[serde(default)]
    #[schema(max_length = 1000)]
    why: String,
}

/// Cancel a reply
///
/// Takes it back, or puts a draft away; not once an attempt may have been published.
#[utoipa::path(post, path = "/replies/{id}/cancellation", tag = "replies", params(("id" = i64, Path, minimum = 1)),
    request_body = Cancellation, responses((status = 200, body = Reply)))]
async fn cancel(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(given): Json<Cancellation>,
) -> Result<Json<Reply>, Problem> {
    at_most("why", &given.why, 1000)?;
    Ok(Json(reply::cancel(&app.hub, &viewer, id, &given.why).await?.shape()))
}

/// Release a held reply
///
/// One that is held since a backup was restored; the caller has looked whether it is out already.
#[utoipa::path(post, path = "/replies/{id}/release", tag = "replies", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Reply)))]
async fn release(Writing(viewer): Writing, State(app): State<App>, Id(id): Id) -> Result<Json<Reply>, Problem> {
    Ok(Json(reply::release(&app.hub, &viewer, id).await?.shape()))
}

/// What a person found out about a reply nobody could tell of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Finding {
    /// What was found.
    verdict: FindingKind,
    /// Where it can be read, if it was published.
    #[schema(max_length = 2048)]
    url: Option<String>,
}

/// What was found out.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FindingKind {
    /// It is out.
    Published,
    /// It is not out and shall be sent again, under a new key.
    SendAgain,
    /// It is not out and shall not be.
    LeaveUnsent,
}

/// Decide an unknown reply
///
/// A person has looked whether it was published.
#[utoipa::path(post, path = "/replies/{id}/verdict", tag = "replies", params(("id" = i64, Path, minimum = 1)),
    request_body = Finding, responses((status = 200, body = Reply)))]
async fn decide(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(given): Json<Finding>,
) -> Result<Json<Reply>, Problem> {
    let verdict = match given.verdict {
        FindingKind::Published => Verdict::Published { url: given.url },
        FindingKind::SendAgain => Verdict::SendAgain,
        FindingKind::LeaveUnsent => Verdict::LeaveUnsent,
    };
    Ok(Json(reply::decide_unknown(&app.hub, &viewer, id, &verdict).await?.shape()))
}

/// Changes of what is out
///
/// Everything that was asked for of a reply since it is out, oldest first, with the words before.
#[utoipa::path(get, path = "/replies/{id}/corrections", tag = "replies", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Page<ReplyChange>)))]
async fn changes(
    Reading(viewer): Reading,
    State(app): State<App>,
    Id(id): Id,
) -> Result<Json<Page<ReplyChange>>, Problem> {
    Ok(Json(Page::whole(reply::changes(&app.hub, &viewer, id).await?.shape())))
}

/// Change the words of a reply that is out
///
/// Its network is asked to show other words; `changing` says so until it does. Refused (409) where the network lets
/// nobody change words. Where replies need approval, it takes somebody who may approve them.
#[utoipa::path(post, path = "/replies/{id}/corrections", tag = "replies", params(("id" = i64, Path, minimum = 1)),
    request_body = Wording, responses((status = 200, body = Reply)))]
async fn correct(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(given): Json<Wording>,
) -> Result<Json<Reply>, Problem> {
    Ok(Json(reply::correct(&app.hub, &viewer, id, given.version, &given.text).await?.shape()))
}

/// Take back a reply that is out
///
/// Its network is asked to take it down; `changing` says so until it has, then `deleted_at` is there. The words are kept.
#[utoipa::path(post, path = "/replies/{id}/withdrawal", tag = "replies", params(("id" = i64, Path, minimum = 1)),
    request_body = Cancellation, responses((status = 200, body = Reply)))]
async fn withdraw(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(given): Json<Cancellation>,
) -> Result<Json<Reply>, Problem> {
    at_most("why", &given.why, 1000)?;
    Ok(Json(reply::withdraw(&app.hub, &viewer, id, &given.why).await?.shape()))
}
