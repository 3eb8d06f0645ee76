//! What a case is made of, as resources of their own: who works on it, notes, offers, watches, closings, snoozes,
//! corrections. Changes that compare versions take the case's `ETag` as `If-Match`; who comes second is told (409) what
//! happened meanwhile.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use dandelion_hub::case;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    App, Problem,
    api::{
        auth::{Reading, Writing},
        etag,
        events::limit,
        extract::{Json, Made, Page, Query, at_most},
        shape::{Given, Moment, Named, Shape as _, shape, words},
    },
    problem::{Id, Ids},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(assign))
        .routes(routes!(note))
        .routes(routes!(offer))
        .routes(routes!(accept))
        .routes(routes!(bounce))
        .routes(routes!(withdraw))
        .routes(routes!(watch, stop_watching))
        .routes(routes!(resolve))
        .routes(routes!(reopen))
        .routes(routes!(snooze, wake))
        .routes(routes!(correct))
        .routes(routes!(uncorrect))
        .routes(routes!(undo))
        .routes(routes!(pings))
        .routes(routes!(see_ping))
}

/// Who shall work on a case.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Assign {
    /// The member; null: nobody any more.
    #[schema(minimum = 1)]
    member: Option<i64>,
}

/// Assign a case
///
/// Agents may give themselves what nobody has, and let go of their own; a lead may give anything to anybody.
#[utoipa::path(put, path = "/cases/{id}/assignment", tag = "cases", params(("id" = i64, Path, minimum = 1)),
    request_body = Assign, responses((status = 204, description = "Assigned")))]
async fn assign(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    headers: HeaderMap,
    Json(given): Json<Assign>,
) -> Result<StatusCode, Problem> {
    let seen = etag::seen(&headers, "case", id)?;
    match given.member {
        Some(member) => case::assign(&app.hub, &viewer, id, member, seen).await?,
        None => case::release(&app.hub, &viewer, id, seen).await?,
    }
    Ok(StatusCode::NO_CONTENT)
}

/// A note to be written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewNote {
    /// Words among ourselves; `@key` calls a colleague.
    #[schema(min_length = 1, max_length = 10000)]
    text: String,
}

shape!(
    /// A note that was written.
    Noted from case::Noted {
        /// The note.
        id: i64,
        /// Who was called.
        called: Vec<Named>,
        /// Keys nobody has.
        unknown: Vec<String>,
        /// Who would be called, but may not see the case.
        blind: Vec<Named>,
    }
);

/// Write a note
#[utoipa::path(post, path = "/cases/{id}/notes", tag = "cases", params(("id" = i64, Path, minimum = 1)),
    request_body = NewNote, responses((status = 201, body = Noted, description = "Written")))]
async fn note(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(given): Json<NewNote>,
) -> Result<(StatusCode, Json<Noted>), Problem> {
    Ok((StatusCode::CREATED, Json(case::note(&app.hub, &viewer, id, &given.text).await?.shape())))
}

/// A handoff to be offered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewHandoff {
    /// The unit that shall take the case.
    #[schema(minimum = 1)]
    to: i64,
    /// Why, in words for its people.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Offer a case to another unit
///
/// The sender owns it until the other accepts.
#[utoipa::path(post, path = "/cases/{id}/handoffs", tag = "handoffs", params(("id" = i64, Path, minimum = 1)),
    request_body = NewHandoff, responses((status = 201, body = Made, description = "Offered")))]
async fn offer(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    headers: HeaderMap,
    Json(given): Json<NewHandoff>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let seen = etag::seen(&headers, "case", id)?;
    let id = case::offer(&app.hub, &viewer, id, given.to, &given.reason, seen).await?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// Accept a handoff
///
/// The receiving unit owns the case from now on, and the caller works on it.
#[utoipa::path(post, path = "/handoffs/{id}/acceptance", tag = "handoffs", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Accepted")))]
async fn accept(Writing(viewer): Writing, State(app): State<App>, Id(id): Id) -> Result<StatusCode, Problem> {
    case::accept(&app.hub, &viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A reason.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Why {
    /// In words.
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) reason: String,
}

/// Bounce a handoff
///
/// The receiving unit does not take the case, and says why. The sender goes on owning it.
#[utoipa::path(post, path = "/handoffs/{id}/bounce", tag = "handoffs", params(("id" = i64, Path, minimum = 1)),
    request_body = Why, responses((status = 204, description = "Bounced")))]
async fn bounce(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(why): Json<Why>,
) -> Result<StatusCode, Problem> {
    at_most("reason", &why.reason, 2000)?;
    case::bounce(&app.hub, &viewer, id, &why.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Withdraw a handoff
///
/// The sender takes the offer back.
#[utoipa::path(post, path = "/handoffs/{id}/withdrawal", tag = "handoffs", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Withdrawn")))]
async fn withdraw(Writing(viewer): Writing, State(app): State<App>, Id(id): Id) -> Result<StatusCode, Problem> {
    case::withdraw(&app.hub, &viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tell a unit of a case
///
/// Without giving it: its people see it among what they watch.
#[utoipa::path(put, path = "/cases/{id}/watches/{unit}", tag = "cases",
    params(("id" = i64, Path, minimum = 1), ("unit" = i64, Path, minimum = 1)),
    request_body = Why, responses((status = 204, description = "Told")))]
async fn watch(
    Writing(viewer): Writing,
    State(app): State<App>,
    Ids(id, unit): Ids,
    Json(why): Json<Why>,
) -> Result<StatusCode, Problem> {
    at_most("reason", &why.reason, 2000)?;
    case::tell(&app.hub, &viewer, id, unit, &why.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Stop watching a case
///
/// The unit's own agents decide that, or those of the owner.
#[utoipa::path(delete, path = "/cases/{id}/watches/{unit}", tag = "cases",
    params(("id" = i64, Path, minimum = 1), ("unit" = i64, Path, minimum = 1)),
    responses((status = 204, description = "No longer watched")))]
async fn stop_watching(
    Writing(viewer): Writing,
    State(app): State<App>,
    Ids(id, unit): Ids,
) -> Result<StatusCode, Problem> {
    case::stop_watching(&app.hub, &viewer, id, unit).await?;
    Ok(StatusCode::NO_CONTENT)
}

words!(
    /// How a case is closed.
    Closing = case::Closing {
        /// What was broken works again. Claims an outcome.
        Fixed,
        /// What was asked is answered. Claims an outcome.
        Answered,
        /// Nothing needed an answer.
        NoAnswerNeeded,
        /// It is about somebody else.
        NotOurs,
        /// Not meant for anybody.
        Spam,
        /// The same matter is dealt with elsewhere.
        Duplicate,
    }
);

/// A closing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Resolve {
    /// How.
    kind: Closing,
    /// Why, in words.
    #[schema(min_length = 1, max_length = 2000)]
    why: String,
    /// A post of the case that shows it.
    #[schema(minimum = 1)]
    evidence: Option<i64>,
}

/// Resolve a case
///
/// Closes it, with evidence. *Fixed* and *answered* enter the ledger as claimed by us.
#[utoipa::path(post, path = "/cases/{id}/resolution", tag = "cases", params(("id" = i64, Path, minimum = 1)),
    request_body = Resolve, responses((status = 201, body = Made, description = "Resolved")))]
async fn resolve(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    headers: HeaderMap,
    Json(given): Json<Resolve>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let seen = etag::seen(&headers, "case", id)?;
    at_most("why", &given.why, 2000)?;
    let kind = given.kind.into();
    let id = case::resolve(&app.hub, &viewer, id, kind, &given.why, given.evidence, seen).await?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// Reopen a case
///
/// The claim to have resolved it no longer holds; what the customer said stands.
#[utoipa::path(post, path = "/cases/{id}/reopening", tag = "cases", params(("id" = i64, Path, minimum = 1)),
    request_body = Why, responses((status = 204, description = "Open again")))]
async fn reopen(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(why): Json<Why>,
) -> Result<StatusCode, Problem> {
    at_most("reason", &why.reason, 2000)?;
    case::reopen(&app.hub, &viewer, id, &why.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Until when a case shall be put aside.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Snooze {
    /// A moment in the future, at most a year away.
    #[schema(value_type = String, format = DateTime)]
    until: Given,
}

/// Snooze a case
///
/// Puts it aside until a moment, or until the customer writes.
#[utoipa::path(put, path = "/cases/{id}/snooze", tag = "cases", params(("id" = i64, Path, minimum = 1)),
    request_body = Snooze, responses((status = 204, description = "Put aside")))]
async fn snooze(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    headers: HeaderMap,
    Json(given): Json<Snooze>,
) -> Result<StatusCode, Problem> {
    let seen = etag::seen(&headers, "case", id)?;
    case::snooze(&app.hub, &viewer, id, given.until.micros(), seen).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Wake a case
///
/// Brings it back before its time.
#[utoipa::path(delete, path = "/cases/{id}/snooze", tag = "cases", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Back")))]
async fn wake(Writing(viewer): Writing, State(app): State<App>, Id(id): Id) -> Result<StatusCode, Problem> {
    case::wake(&app.hub, &viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

words!(
    /// A judgement that can be corrected, and what its value looks like.
    Judged = case::Judged {
        /// A language code: `"de"`.
        Language,
        /// `"negative"`, `"neutral"`, `"positive"` or `"mixed"`.
        Sentiment,
        /// A list of `"complaint"`, `"question"`, `"praise"`, `"idea"`, `"purchase"`, `"cancel"`, `"risk"`, `"other"`.
        Intent,
        /// A number, 0 to 3.
        Urgency,
        /// A list of `"safety"`, `"legal"`, `"data breach"`, `"press"`; empty: none.
        Risk,
        /// A list of topic keys.
        Topic,
        /// A list of product keys.
        Product,
    }
);

/// A correction.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCorrection {
    /// The post it is about.
    #[schema(minimum = 1)]
    post: i64,
    /// Which judgement.
    judgement: Judged,
    /// What it really is.
    value: serde_json::Value,
}

/// Correct a judgement
///
/// The machine's stays beside it and never overwrites it.
#[utoipa::path(post, path = "/cases/{id}/corrections", tag = "cases", params(("id" = i64, Path, minimum = 1)),
    request_body = NewCorrection, responses((status = 201, body = Made, description = "Corrected")))]
async fn correct(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(given): Json<NewCorrection>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let id = case::correct(&app.hub, &viewer, id, given.post, given.judgement.into(), &given.value).await?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// Take a correction back
///
/// Whoever made it, or a lead.
#[utoipa::path(delete, path = "/cases/{id}/corrections/{correction}", tag = "cases",
    params(("id" = i64, Path, minimum = 1), ("correction" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Taken back")))]
async fn uncorrect(
    Writing(viewer): Writing,
    State(app): State<App>,
    Ids(id, correction): Ids,
) -> Result<StatusCode, Problem> {
    case::uncorrect(&app.hub, &viewer, id, correction).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What shall be undone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Undo {
    /// The event that says it.
    #[schema(minimum = 1)]
    event: i64,
}

/// Undo
///
/// Takes back what the caller did a moment ago.
#[utoipa::path(post, path = "/undo", tag = "cases", request_body = Undo, responses((status = 204, description = "Undone")))]
async fn undo(
    Writing(viewer): Writing,
    State(app): State<App>,
    Json(given): Json<Undo>,
) -> Result<StatusCode, Problem> {
    case::undo(&app.hub, &viewer, given.event).await?;
    Ok(StatusCode::NO_CONTENT)
}

shape!(
    /// A call by a colleague.
    PingRow from case::PingRow {
        /// The note.
        note: i64,
        /// The case.
        case: i64,
        /// Its heading.
        title: String,
        /// Who called.
        by: Named,
        /// What they wrote.
        text: String,
        /// When.
        at: Moment,
        /// When the caller looked.
        seen_at: Option<Moment>,
    }
);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Only those not seen yet.
    unseen: Option<bool>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u8>,
}

/// Pings
///
/// The caller's, newest first.
#[utoipa::path(get, path = "/pings", tag = "cases", params(Which), responses((status = 200, body = Page<PingRow>)))]
async fn pings(
    Reading(viewer): Reading,
    State(app): State<App>,
    Query(which): Query<Which>,
) -> Result<Json<Page<PingRow>>, Problem> {
    let limit = limit(which.limit)?;
    let found = case::pings(&app.hub, &viewer, which.unseen == Some(true), limit.into()).await?;
    Ok(Json(Page::whole(found.shape())))
}

/// See a ping
#[utoipa::path(put, path = "/pings/{note}/seen", tag = "cases", params(("note" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Seen")))]
async fn see_ping(Writing(viewer): Writing, State(app): State<App>, Id(note): Id) -> Result<StatusCode, Problem> {
    case::see_ping(&app.hub, &viewer, note).await?;
    Ok(StatusCode::NO_CONTENT)
}
