//! Events: the log of every change, as far as its units are in sight.

use axum::extract::State;
use dandelion_hub::{
    Error, log,
    scope::{Role, Viewer},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::Reading,
    extract::{After, Json, Page, Query},
    shape::{Moment, Shape as _, shape},
};
use crate::{App, Problem, problem::Id};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

shape!(
    /// One line of the log.
    Event from log::Event {
        /// Counts up by one.
        id: i64,
        /// When.
        at: Moment,
        /// What happened: `case.assigned`.
        kind: String,
        /// Who caused it: `member:3`, `source:1`, `system:clock`.
        actor: String,
        /// To what kind of thing.
        noun: String,
        /// To which one.
        noun_id: i64,
        /// The unit concerned.
        unit: Option<i64>,
        /// Particulars: ids, states before and after, numbers.
        body: serde_json::Value,
    }
);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Start after this place of an earlier page; absent: at the first event.
    #[param(value_type = Option<String>, max_length = 200)]
    after: Option<After>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u8>,
}

/// How many events are looked through for one page; a page may be short, or empty, with more behind it.
const LOOKED_THROUGH: i64 = 2000;

/// The log
///
/// Oldest first, as far as the caller may see the units concerned; what concerns no unit is for administrators. A page
/// may hold fewer than asked for, or none, while `next` says that there is more.
#[utoipa::path(get, path = "/events", tag = "events", params(Which), responses((status = 200, body = Page<Event>)))]
async fn list(
    Reading(viewer): Reading,
    State(app): State<App>,
    Query(which): Query<Which>,
) -> Result<Json<Page<Event>>, Problem> {
    let after: i64 = After::of(which.after.as_ref())?.unwrap_or(0);
    let limit = usize::from(limit(which.limit)?);
    let read = log::after(&app.hub.db, after, LOOKED_THROUGH).await?;
    let more = read.len() as i64 == LOOKED_THROUGH;
    let (mut items, mut last) = (Vec::new(), None);
    for event in read {
        if items.len() == limit {
            return Ok(Json(Page::new(items, last)));
        }
        last = Some(event.id);
        if is_for(&viewer, &event) {
            items.push(event.shape());
        }
    }
    Ok(Json(Page::new(items, last.filter(|_| more))))
}

/// One event
#[utoipa::path(get, path = "/events/{id}", tag = "events", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Event)))]
async fn show(Reading(viewer): Reading, State(app): State<App>, Id(id): Id) -> Result<Json<Event>, Problem> {
    let event = log::find(&app.hub.db, id).await?;
    if !is_for(&viewer, &event) {
        return Err(Error::not_found("event", id).into());
    }
    Ok(Json(event.shape()))
}

fn is_for(viewer: &Viewer, event: &log::Event) -> bool {
    event.unit.map_or_else(|| viewer.may_anywhere(Role::Admin), |unit| viewer.may(Role::Viewer, unit))
}

/// The length of a page that was asked for.
pub(super) fn limit(given: Option<u8>) -> Result<u8, Problem> {
    match given {
        None => Ok(50),
        Some(limit @ 1..=200) => Ok(limit),
        Some(_) => Err(Problem::invalid("limit", "a page holds 1 to 200")),
    }
}
