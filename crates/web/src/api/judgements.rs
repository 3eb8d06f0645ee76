//! Judgements: questions that units ask of their posts, what people say of the answers, and how judging goes.

use std::collections::BTreeMap;

use axum::{extract::State, http::StatusCode};
use dandelion_hub::model::{self, figures, label};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::{Reading, Writing},
    extract::{Json, Made, Page},
    shape::{Moment, Shape as _, shape},
};
use crate::{App, Problem, problem::Id};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(sets, add))
        .routes(routes!(change, archive))
        .routes(routes!(answer))
}

/// What people said of one judgement, or in one unit.
#[derive(Serialize, ToSchema)]
struct JudgementSaid {
    /// Mistakes that people stumbled upon.
    mistakes: i64,
    /// Answers to the hub's questions.
    asked: i64,
    /// Of those, how many said that it is right as it is.
    right: i64,
    /// Answers to what nobody had judged.
    first: i64,
}

impl From<figures::Said> for JudgementSaid {
    fn from(said: figures::Said) -> Self {
        Self { mistakes: said.mistakes, asked: said.asked, right: said.right, first: said.first }
    }
}

shape!(
    /// How often answers of about one probability were right.
    CalibrationStep from model::Bin {
        /// The mean of the stated probabilities.
        stated: f64,
        /// Answers.
        n: i64,
        /// Of those, right.
        right: i64,
    }
);

/// One feature of the newest week against the four before it.
#[derive(Serialize, ToSchema)]
struct JudgementDrift {
    /// Which: `network`, `language`, `length` come in; `sentiment`, `intent`, `urgency`, `topic` are said.
    feature: String,
    /// Whether it describes what comes in.
    input: bool,
    /// The population stability index; none of too few posts.
    index: Option<f64>,
    /// What chance alone would give.
    chance: f64,
    /// Whether it moved more than chance explains.
    moved: bool,
}

/// How judging goes.
#[derive(Serialize, ToSchema)]
struct Judging {
    /// Posts judged in the last 90 days, in the units the caller sees.
    judged: i64,
    /// What people said of each judgement in that time.
    by_question: BTreeMap<String, JudgementSaid>,
    /// What people said in each unit.
    by_unit: BTreeMap<i64, JudgementSaid>,
    /// How far the probabilities of the sentiment hold, by asked people.
    calibration: Vec<CalibrationStep>,
    /// What has drifted.
    drift: Vec<JudgementDrift>,
}

/// How judging goes
///
/// What people corrected and confirmed, how far probabilities hold, and what drifts.
#[utoipa::path(get, path = "/judgements", tag = "understanding", responses((status = 200, body = Judging)))]
async fn show(Reading(viewer): Reading, State(app): State<App>) -> Result<Json<Judging>, Problem> {
    let said = figures::corrections(&app.hub, &viewer).await?;
    let newest = |one: figures::Drift| {
        let week = one.weeks.iter().rev().find(|week| week.index.is_some()).copied();
        JudgementDrift {
            feature: one.feature.to_owned(),
            input: one.input,
            index: week.and_then(|week| week.index),
            chance: week.map_or(0.0, |week| week.chance),
            moved: week.is_some_and(|week| week.moved()),
        }
    };
    Ok(Json(Judging {
        judged: said.judged,
        by_question: said.by_question.into_iter().map(|(name, said)| (name, said.into())).collect(),
        by_unit: said.by_unit.into_iter().map(|(unit, said)| (unit, said.into())).collect(),
        calibration: figures::calibration(&app.hub, &viewer, model::SENTIMENT).await?.shape(),
        drift: figures::drift(&app.hub, &viewer).await?.into_iter().map(newest).collect(),
    }))
}

shape!(
    /// A question of a unit's own, with its answers.
    LabelSet from label::LabelSet {
        /// Its number.
        id: i64,
        /// The unit that asks, and all below.
        unit: i64,
        /// Its key, as corrections name it.
        key: String,
        /// As people read it.
        name: String,
        /// The answers.
        labels: Vec<String>,
        /// When it was last changed.
        changed_at: Moment,
    }
);

/// Sets of labels
///
/// Questions that units ask of their posts beside what the program judges.
#[utoipa::path(get, path = "/label-sets", tag = "understanding", responses((status = 200, body = Page<LabelSet>)))]
async fn sets(_: Reading, State(app): State<App>) -> Result<Json<Page<LabelSet>>, Problem> {
    Ok(Json(Page::whole(label::list(&app.hub).await?.shape())))
}

/// A set to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewLabelSet {
    /// The unit that asks.
    #[schema(minimum = 1)]
    unit: i64,
    /// Its key: small letters, digits, - and _.
    #[schema(max_length = 60)]
    key: String,
    /// As people read it.
    #[schema(max_length = 60)]
    name: String,
    /// The answers, at least two.
    labels: Vec<String>,
}

/// Make a set of labels
///
/// Takes the role `lead` in the unit.
#[utoipa::path(post, path = "/label-sets", tag = "understanding", request_body = NewLabelSet,
    responses((status = 201, body = LabelSet, description = "Made")))]
async fn add(
    Writing(viewer): Writing,
    State(app): State<App>,
    Json(new): Json<NewLabelSet>,
) -> Result<(StatusCode, Json<LabelSet>), Problem> {
    let made = label::add(&app.hub, &viewer, new.unit, &new.key, &new.name, &new.labels).await?;
    Ok((StatusCode::CREATED, Json(made.shape())))
}

/// A set to be changed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangedLabelSet {
    /// As people read it.
    #[schema(max_length = 60)]
    name: String,
    /// All its answers.
    labels: Vec<String>,
}

/// Change a set of labels
///
/// What people said stays; an answer that is gone teaches nothing any more. Takes the role `lead` in its unit.
#[utoipa::path(put, path = "/label-sets/{id}", tag = "understanding", params(("id" = i64, Path, minimum = 1)),
    request_body = ChangedLabelSet, responses((status = 200, body = LabelSet)))]
async fn change(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(new): Json<ChangedLabelSet>,
) -> Result<Json<LabelSet>, Problem> {
    Ok(Json(label::change(&app.hub, &viewer, id, &new.name, &new.labels).await?.shape()))
}

/// Ask a set of labels no longer
///
/// Refused while a head answers it. Takes the role `lead` in its unit.
#[utoipa::path(delete, path = "/label-sets/{id}", tag = "understanding", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Asked no longer")))]
async fn archive(Writing(viewer): Writing, State(app): State<App>, Id(id): Id) -> Result<StatusCode, Problem> {
    label::archive(&app.hub, &viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An answer that was asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAnswer {
    /// The post.
    #[schema(minimum = 1)]
    post: i64,
    /// `sentiment`, `topic`, another judgement, or the key of a set of labels.
    question: String,
    /// What it really is, in the shape of a correction's value; what counts already is an answer too.
    value: serde_json::Value,
}

/// Answer what the hub asked
///
/// As a correction, but saying that it is right as it is counts and teaches too. Takes the role `agent` in the unit of
/// the case.
#[utoipa::path(post, path = "/cases/{id}/answers", tag = "understanding", params(("id" = i64, Path, minimum = 1)),
    request_body = NewAnswer, responses((status = 201, body = Made, description = "Answered")))]
async fn answer(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(new): Json<NewAnswer>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let made = dandelion_hub::case::answer(&app.hub, &viewer, id, new.post, &new.question, &new.value, true).await?;
    Ok((StatusCode::CREATED, Json(Made { id: made })))
}
