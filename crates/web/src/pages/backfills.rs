//! Back-fills: where each stands, and what people do with it.

use std::time::Duration;

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use dandelion_hub::{
    Result,
    backfill::{self, Backfill, Decision, State as Stage},
    log,
    scope::Role,
    unit::Org,
};
use dandelion_post::Micros;
use serde::Deserialize;

use super::{
    print,
    refused::{self, ended},
    wall::Wall,
};
use crate::{
    App, Flashed, Form, Problem, Signed,
    problem::Id,
    view::{
        Empty, Flash, Place, Sentence, counted,
        desk::{Chip, Tone},
        grouped,
        listening::{BackfillPage, BackfillRow, Backfills},
    },
};

/// How many are listed.
const SHOWN: i64 = 50;
/// A small store is looked through while the person waits.
const AT_ONCE: Duration = Duration::from_millis(400);
/// A day, in microseconds.
const DAY: Micros = 86_400_000_000;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/backfills", get(list))
        .route("/backfills/{id}", get(show))
        .route("/backfills/{id}/pause", post(pause))
        .route("/backfills/{id}/resumption", post(resume))
        .route("/backfills/{id}/abandonment", post(abandon))
        .route("/backfills/{id}/decision", post(decide))
        .route("/queries/{id}/backfills", post(start))
}

async fn list(State(app): State<App>, signed: Signed) -> Result<Response, Problem> {
    let newest = log::newest(&app.hub.db).await?;
    let engine = app.hub.engine().await?;
    let wall = Wall::of(&app, &engine.org);
    let mut shell = signed.shell(&app, "Back-fills", Place::Listening).await?;
    shell.live = Some(newest);
    let rows = backfill::list(&app.hub, &signed.viewer, None, SHOWN).await?;
    let why = "When a query is made or changed, it runs over what is stored, and what it found is shown here first.";
    print(&Backfills {
        shell,
        rows: rows.iter().map(|at| row(at, &engine.org, &wall)).collect(),
        empty: Empty::new("No query has run over what is stored yet", why),
    })
}

fn row(at: &Backfill, org: &Org, wall: &Wall) -> BackfillRow {
    BackfillRow {
        id: at.id,
        name: at.name.clone(),
        unit: org.unit_name(at.unit).to_owned(),
        state: stage(at),
        says: says(at, org, wall).into_iter().next().unwrap_or_default(),
        percent: percent(at),
    }
}

async fn show(State(app): State<App>, signed: Signed, Id(id): Id) -> Result<Response, Problem> {
    let newest = log::newest(&app.hub.db).await?;
    let engine = app.hub.engine().await?;
    let wall = Wall::of(&app, &engine.org);
    let at = backfill::find(&app.hub, &signed.viewer, id).await?;
    let mut shell = signed.shell(&app, format!("Back-fill: {}", at.name), Place::Listening).await?;
    shell.live = Some(newest);
    let may = signed.viewer.may(Role::Lead, at.unit);
    let mut says = says(&at, &engine.org, &wall);
    if !may && at.state == Stage::Found {
        says.push(Sentence::plain("A lead of the query's unit decides what becomes of them."));
    }
    print(&BackfillPage {
        id,
        query: (at.query, at.name.clone()),
        state: stage(&at),
        percent: percent(&at),
        choices: if may && at.state == Stage::Found { choices(&at) } else { Vec::new() },
        acts: if may { acts(&at) } else { Vec::new() },
        history: history(&at, &wall),
        says,
        shell,
    })
}

fn stage(at: &Backfill) -> Chip {
    let (label, tone) = match at.state {
        _ if at.paused_at.is_some() => ("paused", Tone::Open),
        Stage::Looking => ("looking", Tone::Plain),
        Stage::Found => ("waits for a decision", Tone::Open),
        Stage::Making if at.choice.as_deref() == Some("cases") => ("making cases", Tone::Plain),
        Stage::Making => ("counting mentions", Tone::Plain),
        Stage::Done => ("done", Tone::Good),
        Stage::Left => ("left", Tone::Plain),
        Stage::Abandoned => ("abandoned", Tone::Plain),
    };
    Chip { label: label.to_owned(), tone }
}

fn percent(at: &Backfill) -> Option<i64> {
    matches!(at.state, Stage::Looking | Stage::Making).then_some((at.share * 100.0).floor() as i64)
}

fn says(at: &Backfill, org: &Org, wall: &Wall) -> Vec<Sentence> {
    let looked = counted(at.looked, "stored post", "stored posts");
    let mut lines = match at.state {
        Stage::Looking => {
            let text = format!(
                "It has looked at {looked} so far and heard {} of them that it had not heard.",
                grouped(at.found)
            );
            vec![Sentence::plain(text)]
        }
        Stage::Found => found(at, org, wall),
        Stage::Making | Stage::Done if at.found == 0 => {
            vec![Sentence::plain(format!("It looked at {looked} and heard nothing that it had not heard before."))]
        }
        Stage::Making | Stage::Done => vec![made(at)],
        Stage::Left => vec![Sentence::plain(format!(
            "It found {} of {}, and nothing was made of them.",
            counted(at.found, "post", "posts"),
            counted(at.people, "person", "people")
        ))],
        Stage::Abandoned => vec![Sentence::plain(format!(
            "It was stopped after {looked}; what it had made until then stays: {}.",
            counted(at.made, "post", "posts")
        ))],
    };
    if let Some(error) = &at.error {
        lines.push(Sentence::new().late(format!("The last step failed and is tried again: {}", ended(error))));
    }
    lines
}

/// “Found 412 posts of 300 people in 30 days. Making cases of them would open about 280 cases in Kettles.”
fn found(at: &Backfill, org: &Org, wall: &Wall) -> Vec<Sentence> {
    let people = counted(at.people, "person", "people");
    let mut first = Sentence::new()
        .text("Found ")
        .link(counted(at.found, "post", "posts"), format!("/search?backfill={}", at.id))
        .text(format!(" of {people}"));
    if let (Some(from), Some(to)) = (at.first_at, at.last_at) {
        let days = (to - from) / DAY + 1;
        first = first.text(format!(" in {}", counted(days, "day", "days")));
        let between = Sentence::new().text("They were written between ").time(wall.clock(from)).text(" and ");
        return vec![first.text("."), would(at, org), between.time(wall.clock(to)).text(".")];
    }
    vec![first.text("."), would(at, org)]
}

fn would(at: &Backfill, org: &Org) -> Sentence {
    let all: i64 = at.would.iter().map(|(_, cases)| cases).sum();
    match at.would.as_slice() {
        [] => Sentence::plain("Making cases of them would open no new one: all belong to cases that are there."),
        [(unit, cases)] => Sentence::new()
            .text(format!("Making cases of them would open about {} in ", counted(*cases, "case", "cases")))
            .strong(org.unit_name(*unit))
            .text("."),
        several => {
            let text = format!("Making cases of them would open about {}: ", counted(all, "case", "cases"));
            let mut line = Sentence::plain(text);
            for (n, (unit, cases)) in several.iter().enumerate() {
                let comma = if n == 0 { "" } else { ", " };
                line = line.text(format!("{comma}{} in ", grouped(*cases))).strong(org.unit_name(*unit));
            }
            line.text(".")
        }
    }
}

fn made(at: &Backfill) -> Sentence {
    let of = if at.state == Stage::Done { String::new() } else { format!(" of {}", grouped(at.found)) };
    let posts = Sentence::new().link(counted(at.made, "post", "posts"), format!("/search?query={}", at.query)).text(of);
    match (at.choice.as_deref(), at.made == 1) {
        (Some("cases"), one) => posts.text(format!(
            " {} made mentions; {} opened, the others joined cases that were there.",
            if one { "was" } else { "were" },
            if at.opened == 1 { "1 case was".to_owned() } else { format!("{} cases were", grouped(at.opened)) }
        )),
        (_, one) => posts.text(format!(" {} counted as mentions. No case was opened.", if one { "is" } else { "are" })),
    }
}

fn choices(at: &Backfill) -> Vec<(String, String, String)> {
    let cases: i64 = at.would.iter().map(|(_, cases)| cases).sum();
    let choice = |value: &str, label: String, then: &str| (value.to_owned(), label, then.to_owned());
    let make = match cases {
        0 => "Add them to their cases".to_owned(),
        n => format!("Make about {}", counted(n, "case", "cases")),
    };
    vec![
        choice(
            "cases",
            make,
            "As if they came now. Promises of time count from when a post was written, so older ones are late at once.",
        ),
        choice(
            "mentions",
            "Only count them as mentions".to_owned(),
            "They count for the query and for the share of voice; nobody has to answer them.",
        ),
        choice("leave", "Leave it".to_owned(), "Nothing is made of them. The query can be run again."),
    ]
}

fn acts(at: &Backfill) -> Vec<(String, String)> {
    let act = |name: &str, label: &str| (name.to_owned(), label.to_owned());
    match at.state {
        Stage::Looking | Stage::Making if at.paused_at.is_some() => {
            vec![act("resumption", "Go on"), act("abandonment", "Abandon it")]
        }
        Stage::Looking | Stage::Making => vec![act("pause", "Pause"), act("abandonment", "Abandon it")],
        Stage::Found | Stage::Done | Stage::Left | Stage::Abandoned => Vec::new(),
    }
}

fn history(at: &Backfill, wall: &Wall) -> Vec<Sentence> {
    let by = at.started_by.clone().unwrap_or_else(|| "The command line".to_owned());
    let begun = Sentence::new().strong(by).text(format!(" began it with version {} of the query, ", at.version));
    let mut lines = vec![begun.time(wall.clock(at.started_at)).text(".")];
    if let (Some(by), Some(on)) = (&at.decided_by, at.decided_at) {
        let what = match at.choice.as_deref() {
            Some("cases") => " had cases made of what it found, ",
            Some(_) => " had it counted as mentions, ",
            None => " left what it found, ",
        };
        lines.push(Sentence::new().strong(by).text(what).time(wall.clock(on)).text("."));
    }
    if let Some(on) = at.paused_at {
        lines.push(Sentence::new().text("It rests since ").time(wall.clock(on)).text("."));
    }
    if let Some(on) = at.ended_at {
        lines.push(Sentence::new().text("It ended ").time(wall.clock(on)).text("."));
    }
    lines
}

#[derive(Deserialize)]
struct Nothing {}

/// Runs a saved query over what is stored once more.
async fn start(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    begin(&app, &signed, id, "It runs over what is stored.").await
}

/// After a query was saved: has it run over what is stored, and leads to what it found, or back to the query where that
/// is nothing. `words` say what was done.
pub(super) async fn begin(app: &App, signed: &Signed, query: i64, words: &str) -> Result<Response, Problem> {
    let begun = backfill::start(&app.hub, &signed.viewer, query, None, None).await?;
    backfill::settle(&app.hub, begun.id, AT_ONCE).await?;
    let at = backfill::find(&app.hub, &signed.viewer, begun.id).await?;
    let (to, more) = match at.state {
        Stage::Done => (format!("/queries/{query}"), "Nothing that is stored is new to it."),
        Stage::Found => (
            format!("/backfills/{}", at.id),
            "See what it heard among what is stored, and say what shall become of it.",
        ),
        _ => (format!("/backfills/{}", at.id), "It looks through what is stored now; you need not wait for it."),
    };
    Ok(Flashed::new(app, to, Flash::done(format!("{words} {more}"))).into_response())
}

async fn pause(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    let done = backfill::pause(&app.hub, &signed.viewer, id).await;
    back(&app, id, done, "Paused. It goes on where it is when you say so.")
}

async fn resume(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    let done = backfill::resume(&app.hub, &signed.viewer, id).await;
    back(&app, id, done, "It goes on.")
}

async fn abandon(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    let done = backfill::abandon(&app.hub, &signed.viewer, id).await;
    back(&app, id, done, "Abandoned. What it had made stays.")
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    choice: String,
}

async fn decide(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id,
    Form(given): Form<Choice>,
) -> Result<Response, Problem> {
    let decided = match given.choice.parse::<Decision>() {
        Ok(decision) => backfill::decide(&app.hub, &signed.viewer, id, decision).await.map(|()| decision),
        Err(error) => Err(error),
    };
    if decided.is_ok() {
        backfill::settle(&app.hub, id, AT_ONCE).await?;
    }
    let words = match decided {
        Ok(Decision::Cases) => "Cases are made of them.",
        Ok(Decision::Mentions) => "They are counted as mentions.",
        _ => "Left as it is: nothing was made of them.",
    };
    back(&app, id, decided.map(drop), words)
}

/// Back to its page, with what was done or why not.
fn back(app: &App, id: i64, done: Result<()>, words: &str) -> Result<Response, Problem> {
    let flash = refused::flash(done.map(|()| words))?;
    Ok(Flashed::new(app, format!("/backfills/{id}"), flash).into_response())
}
