//! One version of a unit's head: what it is worth, what would change, and what a lead does with it.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use dandelion_hub::{
    log,
    model::{self, Change, Model, Report, Source, Standing, State as Stage, shadow},
    scope::Role,
    search::{self, Search},
};
use serde::Deserialize;

use super::{interval, overview, question_name, said, steps};
use crate::{
    App, Flashed, Form, Problem, Signed,
    pages::{found::found, print, refused::Refused, unit_named, wall::Wall},
    problem::Id,
    view::{
        Place, Sentence, counted,
        desk::PostAct,
        grouped,
        judgements::{ModelPage, Moved, Reliability, Side, StandingRow},
    },
};

/// Posts shown that would be judged otherwise.
const MOVED: usize = 20;
/// Below this chance of luck a difference counts.
const HARDLY_LUCK: f64 = 0.05;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/models", post(train))
        .route("/models/{id}", get(show))
        .route("/models/{id}/use", post(take_over))
        .route("/models/{id}/retirement", post(retire))
        .route("/models/{id}/rollback", post(rollback))
        .route("/models/{id}/cancellation", post(cancel))
}

async fn show(State(app): State<App>, signed: Signed, Id(id): Id) -> Result<Response, Problem> {
    let newest = log::newest(&app.hub.db).await?;
    let engine = app.hub.engine().await?;
    let wall = Wall::of(&app, &engine.org);
    let it = model::find(&app.hub, &signed.viewer, id).await?;
    let sets = model::label::list(&app.hub).await?;
    let unit = engine.org.unit_name(it.unit);
    let name = format!("{} of {unit}, version {}", question_name(&it.question, &sets), it.number);
    let mut shell = signed.shell(&app, &name, Place::Listening).await?;
    shell.live = Some(newest);
    let report = it.report.clone().unwrap_or_default();
    let said = Said { it: &it, report: &report, unit, may: signed.viewer.may(Role::Lead, it.unit) };
    let agreed = shadow::agreement(&app.hub, &signed.viewer, id).await?;
    print(&ModelPage {
        shell,
        id,
        name,
        state: overview::state(it.state),
        says: said.says(&agreed),
        percent: (it.state == Stage::Training).then_some((it.share * 100.0).floor() as i64),
        acts: said.acts(),
        standing: said.standing(),
        reliability: (!report.bins.is_empty()).then(|| Reliability {
            steps: steps(&report.bins),
            words: "Examples, each while it was held out.".to_owned(),
        }),
        moved: moved(&app, &signed, &wall, &report.changes).await?,
        moved_says: said.moved(),
        labels: said.labels(),
        facts: facts(&it),
        history: history(&it, &wall),
    })
}

/// What there is to say of a version.
struct Said<'a> {
    it: &'a Model,
    report: &'a Report,
    unit: &'a str,
    may: bool,
}

impl Said<'_> {
    fn says(&self, agreed: &shadow::Agreement) -> Vec<Sentence> {
        let mut lines = Vec::new();
        match self.it.state {
            Stage::Training => lines.push(Sentence::plain(
                "It learns. In some seconds it is done; this page follows by itself, and you need not wait for it.",
            )),
            Stage::Failed => lines.push(Sentence::plain(format!(
                "It could not learn: {}.",
                self.it.error.as_deref().unwrap_or("nobody knows why").trim_end_matches('.')
            ))),
            Stage::Shadow => lines.push(Sentence::plain(
                "It answers every new post beside whatever judges now. Nothing on the desk reads its answers until a lead lets it take over.",
            )),
            Stage::InUse => lines.push(
                Sentence::new().text("It judges new posts of ").strong(self.unit).text(" and all units below."),
            ),
            Stage::Retired => lines.push(Sentence::plain("It answers nothing any more, and can be used again.")),
        }
        if self.it.report.is_some() {
            lines.push(self.compared());
            lines.extend(self.cautions());
        }
        if agreed.answered > 0 {
            lines.push(match agreed.share {
                Some(share) => Sentence::plain(format!(
                    "As a shadow it answered {}, and as what counted on {}.",
                    counted(agreed.answered, "new post", "new posts"),
                    interval(share.share, share.low, share.high)
                )),
                None => Sentence::plain(format!(
                    "As a shadow it answered {} that nobody else answered.",
                    counted(agreed.answered, "new post", "new posts")
                )),
            });
        }
        lines
    }

    /// Whether it is better, as far as that can be told.
    fn compared(&self) -> Sentence {
        let (gained, lost) = (self.report.gained, self.report.lost);
        match (&self.report.before, &self.report.after) {
            (Some(_), Some(_)) if gained == lost => Sentence::plain(format!(
                "On the examples it is as often right as what judged before ({gained} won, {lost} lost)."
            )),
            (Some(_), Some(_)) => {
                let better = if gained > lost { "better" } else { "worse" };
                let words =
                    if self.report.luck() < HARDLY_LUCK { "which is hardly luck" } else { "which may well be luck" };
                Sentence::new().text("On the examples it is ").strong(better).text(format!(
                    ": {} that were wrong before are right now, {} the other way round, {words}.",
                    grouped(gained),
                    grouped(lost)
                ))
            }
            (None, Some(after)) => {
                let [share, low, high] = after.accuracy;
                Sentence::plain(format!(
                    "Nobody answered this before. Of the examples held out it has {} right.",
                    interval(share, low, high)
                ))
            }
            _ => Sentence::plain("There were too few examples to hold any out, so nothing can be said of its worth."),
        }
    }

    /// What a reader of the figures must know.
    fn cautions(&self) -> Vec<Sentence> {
        let mut lines = Vec::new();
        if self.it.examples < 100 {
            lines.push(Sentence::plain(format!(
                "{} are few: the intervals say how little they tell. About 20 of each answer make a useful head.",
                counted(self.it.examples, "example", "examples")
            )));
        }
        if self.it.origin != "file" && self.report.before.is_some() {
            let confirmed = self.report.confirmed;
            lines.push(Sentence::plain(match confirmed {
                0 => "Every example corrects a mistake, so what judged before looks worse than it is. Answer posts the hub asks about: those that were right count too.".to_owned(),
                n => format!("{} of the examples say that it was right as it was; the others correct mistakes, so what judged before looks worse than it is on all posts.", grouped(n)),
            }));
        }
        if self.report.left_out > 0 {
            lines.push(Sentence::plain(format!(
                "{} left out: they name several answers, or one that is not asked any more.",
                counted(self.report.left_out, "correction was", "corrections were")
            )));
        }
        lines
    }

    fn acts(&self) -> Vec<PostAct> {
        if !self.may {
            return Vec::new();
        }
        let act = |label: &str, what: &str| PostAct::new(label, format!("/models/{}/{what}", self.it.id));
        match self.it.state {
            Stage::Training => vec![act("Stop it", "cancellation")],
            Stage::Shadow => vec![act("Let it take over", "use").primary(), act("Retire it", "retirement")],
            Stage::InUse => vec![act("Roll back", "rollback"), act("Retire it", "retirement")],
            Stage::Retired => vec![act("Use it again", "use")],
            Stage::Failed => Vec::new(),
        }
    }

    fn standing(&self) -> Vec<StandingRow> {
        let row = |name: &'static str, it: &Standing| StandingRow {
            name,
            right: format!("{} of {}", grouped(it.right), grouped(it.n)),
            accuracy: interval(it.accuracy[0], it.accuracy[1], it.accuracy[2]),
            macro_f1: interval(it.macro_f1[0], it.macro_f1[1], it.macro_f1[2]),
            ece: it.ece.map_or_else(String::new, |ece| format!("{ece:.3}")),
        };
        let before = self.report.before.iter().map(|it| row("Before", it));
        before.chain(self.report.after.iter().map(|it| row("After", it))).collect()
    }

    fn labels(&self) -> Vec<(String, String, String, String)> {
        let f1 = |it: &Option<Standing>, label: &String| {
            let found = it.as_ref().and_then(|it| it.labels.get(label));
            found.map_or_else(|| "–".to_owned(), |(f1, _)| format!("{:.0} %", f1 * 100.0))
        };
        let row = |(label, n): (&String, &i64)| {
            (label.clone(), grouped(*n), f1(&self.report.before, label), f1(&self.report.after, label))
        };
        self.report.labels.iter().map(row).collect()
    }

    fn moved(&self) -> String {
        if self.it.report.is_none() {
            return String::new();
        }
        match (self.report.looked, self.report.changing) {
            (0, _) => "There were no posts of the unit to try it on.".to_owned(),
            (looked, 0) => format!("Of the unit's {} newest posts none would be judged otherwise.", grouped(looked)),
            (looked, n) => format!(
                "Of the unit's {} newest posts {} would be judged otherwise. Some of them:",
                grouped(looked),
                grouped(n)
            ),
        }
    }
}

/// An answer as people read it.
fn answer_name(value: &str) -> String {
    if value == model::NONE { "none".to_owned() } else { value.to_owned() }
}

async fn moved(app: &App, signed: &Signed, wall: &Wall, changes: &[Change]) -> Result<Vec<Moved>, Problem> {
    let ids: Vec<i64> = changes.iter().take(MOVED).map(|change| change.post).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let posts =
        search::posts(&app.hub, &signed.viewer, &Search { ids, ..Search::default() }, None, MOVED as i64).await?;
    let line = |post: search::Found| {
        let change = changes.iter().find(|change| change.post == post.id)?;
        let sides = Side {
            before: change.before.as_deref().map_or_else(|| "nobody answers".to_owned(), answer_name),
            after: answer_name(&change.after),
            sure: format!("{:.0} of 100 sure", change.score * 100.0),
        };
        Some(Moved { post: found(wall, post, &[]), sides })
    };
    Ok(posts.into_iter().filter_map(line).collect())
}

fn facts(it: &Model) -> Vec<(&'static str, String)> {
    let from = &it.manifest;
    if from.file.is_empty() {
        return vec![("Made by", from.command.clone())];
    }
    let panel = if from.panel.is_empty() { "none: it answers alone".to_owned() } else { from.panel.clone() };
    vec![
        ("In analyses", it.version()),
        ("Answers", from.labels.iter().map(|label| answer_name(label)).collect::<Vec<_>>().join(", ")),
        ("Unsure below", format!("{:.0} of 100", from.unsure_below * 100.0)),
        ("Learned from", format!("{} ({})", counted(it.examples, "example", "examples"), it.origin)),
        ("Features", from.features.clone()),
        ("Beside", panel),
        ("SHA-256", from.file.clone()),
        ("Of its table", from.table.clone()),
        ("Of its examples", from.data.clone()),
        ("Made by", from.command.clone()),
    ]
}

fn history(it: &Model, wall: &Wall) -> Vec<Sentence> {
    let by = it.made_by.clone().unwrap_or_else(|| "The command line".to_owned());
    let mut lines = vec![Sentence::new().strong(by).text(" had it trained ").time(wall.clock(it.made_at)).text(".")];
    if let Some(at) = it.ready_at {
        let seconds = it.report.as_ref().map_or(0.0, |report| report.seconds);
        lines.push(Sentence::new().text(format!("It was ready after {seconds:.1} s, ")).time(wall.clock(at)).text("."));
    }
    if let Some(at) = it.used_at {
        let by = it.used_by.clone().unwrap_or_else(|| "The command line".to_owned());
        let from = match it.before {
            Some(before) => Sentence::new()
                .strong(by)
                .text(" let it take over from ")
                .link(format!("model {before}"), format!("/models/{before}")),
            None => Sentence::new().strong(by).text(" let it take over from what is part of the program"),
        };
        lines.push(from.text(", ").time(wall.clock(at)).text("."));
    }
    if let Some(at) = it.retired_at {
        lines.push(Sentence::new().text("It was retired ").time(wall.clock(at)).text("."));
    }
    lines
}

#[derive(Deserialize)]
struct Given {
    #[serde(default)]
    unit: String,
    #[serde(default)]
    question: String,
}

async fn train(State(app): State<App>, signed: Signed, Form(given): Form<Given>) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let unit = unit_named(&engine.org, &given.unit)?.ok_or_else(|| Problem::invalid("unit", "choose one"))?;
    match model::start(&app.hub, &signed.viewer, unit, &given.question, Source::corrections()).await {
        Ok(begun) => {
            let flash = said(Ok(()), "It learns. It asks before it takes over.")?;
            Ok(Flashed::new(&app, format!("/models/{}", begun.id), flash).into_response())
        }
        Err(error) => overview::page(&app, &signed, Some(Refused::of(error)?)).await,
    }
}

#[derive(Deserialize)]
struct Nothing {}

async fn take_over(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    let done = model::take_over(&app.hub, &signed.viewer, id).await.map(drop);
    back(
        &app,
        id,
        done,
        "It judges new posts from now on. “Roll back” undoes that; stored posts can be judged anew under Judgements.",
    )
}

async fn retire(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    let done = model::retire(&app.hub, &signed.viewer, id).await.map(drop);
    back(&app, id, done, "It answers nothing any more.")
}

async fn rollback(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    let done = model::rollback(&app.hub, &signed.viewer, id).await.map(drop);
    back(&app, id, done, "Rolled back: what judged before judges new posts again.")
}

async fn cancel(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    let done = model::cancel(&app.hub, &signed.viewer, id).await;
    back(&app, id, done, "Stopped. Nothing was changed.")
}

fn back(app: &App, id: i64, done: dandelion_hub::Result<()>, words: &str) -> Result<Response, Problem> {
    Ok(Flashed::new(app, format!("/models/{id}"), said(done, words)?).into_response())
}
