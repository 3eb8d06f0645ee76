//! Judging stored posts anew: where each run stands, and what people do with it.

use axum::{
    Router,
    extract::{Query, State},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use dandelion_hub::{
    log,
    model::label,
    reanalysis::{self, Reanalysis, Rehearsal, State as Stage},
    scope::{Role, Viewer},
    unit::Org,
};
use serde::Deserialize;

use super::{question_name, said};
use crate::{
    App, Flashed, Form, Problem, Signed,
    pages::{print, unit_named, wall::Wall},
    problem::Id,
    view::{
        Place, Sentence, counted,
        desk::{Chip, PostAct},
        grouped,
        judgements::{Apart, ReanalysisPage, RehearsalPage, RunRow},
    },
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/reanalyses", post(start))
        .route("/judgements/rehearsal", get(rehearse))
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

/// What it would change, before anything does.
async fn rehearse(State(app): State<App>, signed: Signed, Query(given): Query<Given>) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let org = &engine.org;
    signed.viewer.need_anywhere(Role::Lead, "see what judging posts anew would change")?;
    let first = || org.live_units().find(|unit| signed.viewer.may(Role::Lead, unit.id)).map(|unit| unit.id);
    let id = unit_named(org, &given.unit)?.or_else(first).ok_or_else(|| Problem::invalid("unit", "choose one"))?;
    let would = reanalysis::rehearse(&app.hub, &signed.viewer, id).await?;
    let asked = label::list(&app.hub).await?;
    let name = |question: &String| question_name(question, &asked);
    let word = |value: &String| if value.is_empty() { "nothing".to_owned() } else { value.clone() };
    let apart = would.apart.iter().map(|one| Apart {
        post: one.post,
        text: one.text.clone(),
        question: name(&one.question),
        before: word(&one.before),
        after: word(&one.after),
    });
    print(&RehearsalPage {
        shell: signed.shell(&app, "Judge anew", Place::Listening).await?,
        key: org.unit(id).map(|unit| unit.key.clone()).unwrap_or_default(),
        unit: org.unit_name(id).to_owned(),
        says: would_change(&would),
        questions: would.questions.iter().map(|it| (name(&it.what), grouped(it.posts))).collect(),
        apart: apart.collect(),
    })
}

fn would_change(would: &Rehearsal) -> Vec<Sentence> {
    if would.looked == 0 {
        return vec![Sentence::plain("No post of this unit has been judged yet, so there is nothing to judge anew.")];
    }
    let newest = counted(would.looked, "post", "posts");
    let says = match would.changed {
        0 => Sentence::plain(format!("Of the newest {newest} none would be judged otherwise: there is no need.")),
        n => Sentence::new()
            .text(format!("Of the newest {newest} "))
            .strong(format!("{} ({:.0} %)", grouped(n), n as f64 * 100.0 / would.looked as f64))
            .text(" would be judged otherwise. What people corrected stays as they said."),
    };
    let before = would.before.iter().map(|it| format!("{} ({})", it.what, grouped(it.posts)));
    let before = before.collect::<Vec<_>>().join(", ");
    vec![
        says,
        Sentence::plain(format!("They were judged by {before}; now {} judges, with the units’ own heads.", would.now)),
    ]
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
