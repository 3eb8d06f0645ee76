//! The desk: its views, the list of a view, and the case that is open.
//!
//! One page answers `/desk` and `/cases/ID`. What a person does there is posted to the case, handoff, reply or post it is
//! about ([`acts`], [`handoffs`], [`replies`], [`corrections`]); done, the answer leads back to where they were and says
//! so there, refused, it is the same page with the refusal in words beside the form and what they wrote still in it.

mod acts;
mod asked;
mod back;
mod case;
mod compose;
mod corrections;
mod handoffs;
mod judged;
mod list;
mod replies;
mod side;
pub(crate) mod spoken;
mod thread;
mod why;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Query, State},
    http::HeaderMap,
    response::Response,
    routing::get,
};
use dandelion_hub::{
    case::{Found, open},
    engine::Engine,
    log,
};
use dandelion_post::Micros;
use jiff::tz::TimeZone;

pub(crate) use asked::Asked;
use back::Refused;
pub(super) use judged::said;
pub(super) use why::of_post;

use super::print;
use crate::{
    App, Problem, Signed,
    problem::Id,
    see_other,
    view::{
        Empty, Place, Time,
        desk::{CaseList, Desk, Rows, Views},
    },
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/desk", get(desk))
        .route("/desk/rows", get(rows))
        .route("/cases/{id}", get(one))
        .merge(acts::routes())
        .merge(handoffs::routes())
        .merge(replies::routes())
        .merge(corrections::routes())
}

async fn desk(
    State(app): State<App>,
    signed: Signed,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let desk = Looking { app: &app, signed: &signed, parts: Parts::of(&headers), refused: None };
    match desk.page(&asked).await? {
        Seen::Page(page) => print(&*page),
        Seen::Moved(into) => Ok(see_other(&asked.with_case(into).href())),
    }
}

async fn one(
    State(app): State<App>,
    signed: Signed,
    headers: HeaderMap,
    Id(id): Id,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let asked = Asked { alone: true, ..asked.with_case(id) };
    let desk = Looking { app: &app, signed: &signed, parts: Parts::of(&headers), refused: None };
    match desk.page(&asked).await? {
        Seen::Page(page) => print(&*page),
        Seen::Moved(into) => Ok(see_other(&asked.with_case(into).href())),
    }
}

/// The rows of some cases that belong to a view, for live updates.
async fn rows(State(app): State<App>, signed: Signed, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let frame = Frame::new(&app, &signed).await?;
    print(&Rows { rows: list::some(&frame, &asked).await? })
}

/// What every part of the page is made from.
pub(crate) struct Frame<'a> {
    pub(crate) app: &'a App,
    pub(crate) signed: &'a Signed,
    pub(crate) engine: Arc<Engine>,
    pub(crate) zone: TimeZone,
    pub(crate) now: Micros,
}

impl<'a> Frame<'a> {
    pub(crate) async fn new(app: &'a App, signed: &'a Signed) -> Result<Self, Problem> {
        let engine = app.hub.engine().await?;
        let zone = TimeZone::get(&engine.org.time_zone).unwrap_or(TimeZone::UTC);
        Ok(Self { app, signed, engine, zone, now: app.hub.now() })
    }

    pub(crate) fn clock(&self, at: Micros) -> Time {
        Time::clock(at, self.now, &self.zone)
    }

    pub(crate) fn ago(&self, at: Micros) -> Time {
        Time::ago(at, self.now, &self.zone)
    }

    fn due(&self, at: Micros) -> Time {
        Time::due(at, self.now, &self.zone)
    }
}

/// Which parts of the page are wanted; a script says so, to be spared the others.
#[derive(Debug, Clone, Copy)]
struct Parts {
    views: bool,
    list: bool,
    case: bool,
}

impl Parts {
    const ALL: Self = Self { views: true, list: true, case: true };

    fn of(headers: &HeaderMap) -> Self {
        let Some(wanted) = headers.get("dandelion-partial").and_then(|value| value.to_str().ok()) else {
            return Self::ALL;
        };
        let has = |name| wanted.split_whitespace().any(|part| part == name);
        Self { views: has("#views"), list: has("#list"), case: has("#case") }
    }
}

/// Somebody looks at the desk.
struct Looking<'a> {
    app: &'a App,
    signed: &'a Signed,
    parts: Parts,
    refused: Option<&'a Refused>,
}

/// What they see.
enum Seen {
    Page(Box<Desk>),
    /// The case became part of this one.
    Moved(i64),
}

impl Looking<'_> {
    async fn page(&self, asked: &Asked) -> Result<Seen, Problem> {
        let newest = log::newest(&self.app.hub.db).await?;
        let frame = Frame::new(self.app, self.signed).await?;
        let mut case = None;
        if let Some(id) = asked.case.filter(|_| self.parts.case) {
            // Before the list, so that the list knows that it was seen.
            match open(&self.app.hub, &self.signed.viewer, id).await? {
                Found::Here(page) => case = Some(case::shown(&frame, asked, &page, self.refused).await?),
                Found::Moved(into) => return Ok(Seen::Moved(into)),
            }
        }
        let views = if self.parts.views { list::views(&frame, asked).await? } else { Views::default() };
        let list = if self.parts.list { list::page(&frame, asked).await? } else { CaseList::default() };
        let title = case.as_ref().map_or_else(|| asked.title(&frame.engine.org), |case| case.title.clone());
        let mut shell = self.signed.shell(self.app, title, Place::Desk).await?;
        shell.live = Some(newest);
        if let Some(refused) = self.refused.filter(|refused| !refused.is_beside_a_form()) {
            shell.flash = Some(crate::view::Flash::problem(&refused.words));
        }
        let no_case = Empty::new("No case is open", "Choose one from the list, or press j and Enter.");
        Ok(Seen::Page(Box::new(Desk { shell, views, list, case, no_case })))
    }
}
