//! Judging stored posts anew: where each run stands, and what people do with it.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use dandelion_hub::{
    log,
    reanalysis::{self, Reanalysis, State as Stage},
    scope::{Role, Viewer},
    unit::Org,
};
use serde::Deserialize;

use super::said;
use crate::{
    App, Flashed, Form, Problem, Signed,
    pages::{print, unit_named, wall::Wall},
    problem::Id,
    view::{
        Place, Sentence, counted,
        desk::{Chip, PostAct},
        grouped,
        judgements::{ReanalysisPage, RunRow},
    },
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/reanalyses", post(start))
        .route("/reanalyses/{id}", get(show))
        .route("/reanalyses/{id}/pause", post(pause))
        .route("/reanalyses/{id}/resumption", post(resume))
        .route("/reanalyses/{id}/abandonment", post(abandon))
}

/// One run in a list, and on its page.
pub(super) fn row(run: &Reanalysis, org: &Org, viewer: &Viewer, wall: &Wall) -> RunRow {
    let state = match run.state {
        Stage::Running if run.paused_at.is_some() => Chip::open("paused"),
        Stage::Running => Chip::new("judging"),
        Stage::Done => Chip::good("done"),
        Stage::Abandoned => Chip::new("abandoned"),
    };
    let mut says = Sentence::plain(format!(
        "{} looked at, {} judged otherwise than before",
        counted(run.looked, "post", "posts"),
        grouped(run.changed)
    ));
    if run.kept > 0 {
        says = says.text(format!("; on {} of those a person's word stands", grouped(run.kept)));
    }
    says = says.text(".");
    if let Some(error) = &run.error {
        says = says.late(format!(" The last step failed and is tried again: {error}"));
    }
    if let Some(at) = run.ended_at {
        says = says.text(" It ended ").time(wall.clock(at)).text(".");
    }
    let act = |label: &str, what: &str| PostAct::new(label, format!("/reanalyses/{}/{what}", run.id));
    let acts = match run.state {
        Stage::Running if !viewer.may(Role::Lead, run.unit) => Vec::new(),
        Stage::Running if run.paused_at.is_some() => {
            vec![act("Go on", "resumption"), act("Abandon it", "abandonment")]
        }
        Stage::Running => vec![act("Pause", "pause"), act("Abandon it", "abandonment")],
        Stage::Done | Stage::Abandoned => Vec::new(),
    };
    let percent = (run.state == Stage::Running).then_some((run.share * 100.0).floor() as i64);
    RunRow { id: run.id, unit: org.unit_name(run.unit).to_owned(), state, says, percent, acts }
}

async fn show(State(app): State<App>, signed: Signed, Id(id): Id) -> Result<Response, Problem> {
    let newest = log::newest(&app.hub.db).await?;
    let engine = app.hub.engine().await?;
    let wall = Wall::of(&app, &engine.org);
    let run = reanalysis::find(&app.hub, &signed.viewer, id).await?;
    let mut shell = signed.shell(&app, "Judged anew", Place::Listening).await?;
    shell.live = Some(newest);
    let by = run.started_by.clone().unwrap_or_else(|| "The command line".to_owned());
    let mut history = vec![Sentence::new().strong(by).text(" began it ").time(wall.clock(run.started_at)).text(".")];
    if let Some(at) = run.paused_at {
        history.push(Sentence::new().text("It rests since ").time(wall.clock(at)).text("."));
    }
    print(&ReanalysisPage { shell, run: row(&run, &engine.org, &signed.viewer, &wall), history })
}

#[derive(Deserialize)]
struct Given {
    #[serde(default)]
    unit: String,
}

async fn start(State(app): State<App>, signed: Signed, Form(given): Form<Given>) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let unit = unit_named(&engine.org, &given.unit)?.ok_or_else(|| Problem::invalid("unit", "choose one"))?;
    let run = reanalysis::start(&app.hub, &signed.viewer, unit, None).await?;
    let flash = said(Ok(()), "The unit's stored posts are judged anew; you need not wait for it.")?;
    Ok(Flashed::new(&app, format!("/reanalyses/{}", run.id), flash).into_response())
}

#[derive(Deserialize)]
struct Nothing {}

async fn pause(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    let done = reanalysis::pause(&app.hub, &signed.viewer, id).await;
    back(&app, id, done, "Paused. It goes on where it is when you say so.")
}

async fn resume(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    let done = reanalysis::resume(&app.hub, &signed.viewer, id).await;
    back(&app, id, done, "It goes on.")
}

async fn abandon(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    let done = reanalysis::abandon(&app.hub, &signed.viewer, id).await;
    back(&app, id, done, "Abandoned. What it had judged stays.")
}

fn back(app: &App, id: i64, done: dandelion_hub::Result<()>, words: &str) -> Result<Response, Problem> {
    Ok(Flashed::new(app, format!("/reanalyses/{id}"), said(done, words)?).into_response())
}
