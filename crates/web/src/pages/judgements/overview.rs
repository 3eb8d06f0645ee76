//! How judging goes, and who judges.

use axum::{Router, extract::State, response::Response, routing::get};
use dandelion_hub::{
    log,
    model::{
        self, Model, State as Stage,
        bundled::bundled,
        figures::{self, Corrections, Drift, MUCH, SOME, Said},
        label::LabelSet,
        shadow,
    },
    reanalysis,
    scope::Role,
    unit::Org,
};
use dandelion_post::timestamp;

use super::{anew, interval, question_name, questions, sets, steps, units};
use crate::{
    App, Problem, Signed,
    pages::{print, refused::Refused, wall::Wall},
    view::{
        Place, Sentence, counted,
        desk::{Chip, Tone},
        grouped,
        judgements::{DriftRow, Form, JudgeRow, JudgementsPage, ProgramRow, Reliability, SaidRow},
    },
};

/// Versions that answer no more that are listed still.
const ENDED: usize = 6;
/// Runs over what is stored that are listed.
const RUNS: i64 = 3;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/judgements", get(show))
}

async fn show(State(app): State<App>, signed: Signed) -> Result<Response, Problem> {
    page(&app, &signed, None).await
}

/// The page; with what was refused.
pub(super) async fn page(app: &App, signed: &Signed, refused: Option<Refused>) -> Result<Response, Problem> {
    let (hub, viewer) = (&app.hub, &signed.viewer);
    let newest = log::newest(&hub.db).await?;
    let engine = hub.engine().await?;
    let org = &engine.org;
    let wall = Wall::of(app, org);
    let asked = model::label::list(hub).await?;
    let said = figures::corrections(hub, viewer).await?;
    let models = model::list(hub, viewer).await?;
    let choose = async |role: Role| -> Result<Option<Form>, Problem> {
        let units = units(org, viewer, role, "");
        Ok((!units.is_empty()).then_some(Form { units, questions: questions(hub, "").await? }))
    };
    let mut shell = signed.shell(app, "Judgements", Place::Listening).await?;
    shell.live = Some(newest);
    let runs = reanalysis::list(hub, viewer, RUNS).await?;
    let drifts = figures::drift(hub, viewer).await?;
    let page = JudgementsPage {
        shell,
        wrong: refused.as_ref().map(|refused| refused.words.clone()),
        says: says(&said),
        asks: choose(Role::Agent).await?,
        train: choose(Role::Lead).await?,
        judges: judges(app, signed, org, &models, &asked).await?,
        reliability: reliability(app, signed, &models, &asked).await?,
        by_question: said.by_question.iter().map(|(key, said)| row(question_name(key, &asked), said)).collect(),
        by_unit: said.by_unit.iter().map(|(unit, said)| row(org.unit_name(*unit).to_owned(), said)).collect(),
        drift: if told(&drifts) { drifts.iter().map(drift).collect() } else { Vec::new() },
        program: program(),
        version: Sentence::plain(format!(
            "On held-out parts of the public sets they were trained on; version {}, SHA-256 {}…",
            bundled().version,
            &bundled().hash[..16]
        )),
        sets: sets::forms(&asked, org, viewer),
        new_set: sets::empty(org, viewer),
        runs: runs.iter().map(|run| anew::row(run, org, viewer, &wall)).collect(),
        anew: units(org, viewer, Role::Lead, ""),
    };
    let answer = print(&page)?;
    Ok(match refused {
        Some(refused) => refused.on(answer),
        None => answer,
    })
}

fn says(said: &Corrections) -> Vec<Sentence> {
    let mut all = Said::default();
    for one in said.by_question.values() {
        all.mistakes += one.mistakes;
        all.asked += one.asked;
        all.right += one.right;
        all.first += one.first;
    }
    let days = figures::DAYS;
    let judged = counted(said.judged, "post was", "posts were");
    let mut lines = vec![Sentence::plain(format!("In the last {days} days {judged} judged in the units you see."))];
    lines.push(match all.mistakes {
        0 => Sentence::plain("Nobody has stumbled upon a mistake, or nobody has corrected one."),
        n => Sentence::plain(format!("People stumbled upon {} and corrected them.", counted(n, "mistake", "mistakes"))),
    });
    if all.first > 0 {
        let answers = counted(all.first, "time they answered", "times they answered");
        lines.push(Sentence::plain(format!("{answers} what nobody had judged, which heads learn from.")));
    }
    lines.push(match all.share() {
        None => Sentence::plain(
            "How often it is right cannot be said: that takes answers to posts the hub asks about, also where it was right.",
        ),
        Some(it) => Sentence::new()
            .text(format!("Of the {} that people were asked about it had ", counted(all.asked, "judgement", "judgements")))
            .strong(interval(it.share, it.low, it.high))
            .text(" right. Those are the doubtful ones; of all posts it is more."),
    });
    lines
}

fn row(name: String, said: &Said) -> SaidRow {
    SaidRow {
        name,
        first: grouped(said.first),
        mistakes: grouped(said.mistakes),
        asked: grouped(said.asked),
        share: said.share().map_or_else(|| "–".to_owned(), |it| interval(it.share, it.low, it.high)),
    }
}

/// Heads that answer, then some that no longer do, then what is part of the program.
async fn judges(
    app: &App,
    signed: &Signed,
    org: &Org,
    models: &[Model],
    asked: &[LabelSet],
) -> Result<Vec<JudgeRow>, Problem> {
    let live = |model: &&Model| matches!(model.state, Stage::InUse | Stage::Shadow | Stage::Training);
    let mut rows = Vec::new();
    let ended = models.iter().filter(|model| !live(model)).take(ENDED);
    for model in models.iter().filter(live).chain(ended) {
        let name = format!("{} {}", question_name(&model.question, asked), model.number);
        rows.push(JudgeRow {
            name: Sentence::new().link(name, format!("/models/{}", model.id)),
            unit: org.unit_name(model.unit).to_owned(),
            state: state(model.state),
            says: worth(app, signed, model).await?,
            percent: (model.state == Stage::Training).then_some((model.share * 100.0).floor() as i64),
        });
    }
    rows.push(JudgeRow {
        name: Sentence::plain(&bundled().version),
        unit: "part of the program".to_owned(),
        state: Chip::good("in use"),
        says: Sentence::plain("Judges wherever no head of a unit does."),
        percent: None,
    });
    Ok(rows)
}

pub(super) fn state(state: Stage) -> Chip {
    match state {
        Stage::Training => Chip::new("learning"),
        Stage::Shadow => Chip::open("shadow: asks to take over"),
        Stage::InUse => Chip::good("in use"),
        Stage::Retired => Chip::new("retired"),
        Stage::Failed => Chip::risk("could not learn"),
    }
}

async fn worth(app: &App, signed: &Signed, model: &Model) -> Result<Sentence, Problem> {
    let examples = counted(model.examples, "example", "examples");
    let Some(after) = model.report.as_ref().and_then(|report| report.after.as_ref()) else {
        return Ok(Sentence::plain(model.error.clone().unwrap_or(examples)));
    };
    let [share, low, high] = after.accuracy;
    let mut says = Sentence::plain(format!("{examples}; of those held out right: {}", interval(share, low, high)));
    if model.state == Stage::Shadow {
        let agreed = shadow::agreement(&app.hub, &signed.viewer, model.id).await?;
        if agreed.answered > 0 {
            says = says.text(format!("; beside what counts on {}", counted(agreed.answered, "new post", "new posts")));
        }
        if let Some(share) = agreed.share {
            says = says.text(format!(", alike on {}", interval(share.share, share.low, share.high)));
        }
    }
    Ok(says.text("."))
}

async fn reliability(
    app: &App,
    signed: &Signed,
    models: &[Model],
    asked: &[LabelSet],
) -> Result<Vec<(String, Reliability)>, Problem> {
    let mut pictures = Vec::new();
    for key in [model::SENTIMENT, "language"].into_iter().chain(asked.iter().map(|set| set.key.as_str())) {
        let bins = figures::calibration(&app.hub, &signed.viewer, key).await?;
        if !bins.is_empty() {
            let words = "Judgements that people were asked about.".to_owned();
            pictures.push((question_name(key, asked), Reliability { steps: steps(&bins), words }));
        }
    }
    for model in models.iter().filter(|model| model.state == Stage::InUse) {
        let Some(report) = model.report.as_ref().filter(|report| !report.bins.is_empty()) else { continue };
        let title = format!("{} {}", question_name(&model.question, asked), model.number);
        let words = "Examples of the head in use, each while it was held out.".to_owned();
        pictures.push((title, Reliability { steps: steps(&report.bins), words }));
    }
    Ok(pictures)
}

/// Whether any week has posts enough to tell anything.
fn told(all: &[Drift]) -> bool {
    all.iter().flat_map(|one| &one.weeks).any(|week| week.index.is_some())
}

fn drift(one: &Drift) -> DriftRow {
    let newest = one.weeks.iter().rev().find(|week| week.index.is_some());
    let words = |index: f64| match index {
        _ if index > MUCH => "much",
        _ if index > SOME => "some",
        _ => "little",
    };
    let (says, tone) = match newest.and_then(|week| Some((week, week.index?))) {
        None => (String::new(), Tone::Plain),
        Some((week, index)) if week.moved() => {
            (format!("{index:.2}, {} has changed", words(index)), if index > MUCH { Tone::Risk } else { Tone::Open })
        }
        Some((_, index)) if index > SOME => (format!("{index:.2}, which chance explains"), Tone::Plain),
        Some((_, index)) => (format!("{index:.2}, little has changed"), Tone::Plain),
    };
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let name = match one.feature {
        "network" => "Networks",
        "language" => "Languages",
        "length" => "Length of posts",
        "sentiment" => "Sentiment",
        "intent" => "Intent",
        "urgency" => "Urgency",
        _ => "Topics",
    };
    DriftRow {
        name: name.to_owned(),
        sort: if one.input { "what comes in" } else { "what is said of it" },
        weeks: one.weeks.iter().map(|week| (day(week.from), week.index)).collect(),
        newest: says,
        tone,
        values: one
            .values
            .iter()
            .take(12)
            .map(|(name, now, before)| (name.clone(), percent(*now), percent(*before)))
            .collect(),
    }
}

fn day(at: dandelion_post::Micros) -> String {
    timestamp(at).strftime("%-d %b").to_string()
}

fn program() -> Vec<ProgramRow> {
    let row = |head: &model::bundled::BundledHead| ProgramRow {
        question: head.question.clone(),
        labels: head.labels.join(", "),
        figures: [
            format!("{:.1} %", head.accuracy * 100.0),
            format!("{:.1} %", head.macro_f1 * 100.0),
            format!("{:.3}", head.ece),
            format!("{:.0} %", head.unsure_below * 100.0),
        ],
    };
    bundled().heads.iter().map(row).collect()
}
