//! Models: who judges. What is part of the program, and the heads that units have trained.

use axum::{extract::State, http::StatusCode};
use dandelion_hub::model::{self, active, bundled::bundled, shadow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::{Reading, Writing},
    extract::{Json, Page, Query},
    shape::{Moment, Shape, shape, words},
};
use crate::{App, Problem, problem::Id};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, train))
        .routes(routes!(show))
        .routes(routes!(program))
        .routes(routes!(asked))
        .routes(routes!(take_over))
        .routes(routes!(retire))
        .routes(routes!(rollback))
        .routes(routes!(cancel))
}

words!(
    /// Where a model stands.
    ModelState = model::State {
        /// It learns.
        Training,
        /// It answers beside whatever answers now, and nothing reads its answers.
        Shadow,
        /// Its answers count.
        InUse,
        /// It answers nothing; it can be used again.
        Retired,
        /// It could not be trained.
        Failed,
    }
);

shape!(
    /// What a head's file says of itself.
    ModelManifest from model::Manifest {
        /// SHA-256 of the whole file.
        file: String,
        /// The set of features it reads.
        features: String,
        /// Its answers.
        labels: Vec<String>,
        /// Below this probability it is unsure.
        unsure_below: f64,
        /// SHA-256 of the examples it learned from.
        data: String,
        /// SHA-256 of its table of weights.
        table: String,
        /// The panel that it was fitted beside; empty where it answers alone.
        panel: String,
        /// How it was made.
        command: String,
    }
);

/// How answers stand on examples that were held out.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Standing {
    /// Examples.
    n: i64,
    /// Answered right.
    right: i64,
    /// The share of right ones, the lower and the upper end of Wilson's interval at 95 %.
    accuracy: [f64; 3],
    /// F1 averaged over the labels, with its interval by bootstrap.
    macro_f1: [f64; 3],
    /// Expected calibration error; none where answers had no probability.
    ece: Option<f64>,
}

impl Shape<Standing> for model::Standing {
    fn shape(self) -> Standing {
        let Self { n, right, accuracy, macro_f1, ece, .. } = self;
        Standing { n, right, accuracy, macro_f1, ece }
    }
}

shape!(
    /// A post that would be judged otherwise.
    ModelChange from model::Change {
        /// The post.
        post: i64,
        /// What counts now; none where nobody answers.
        before: Option<String>,
        /// What would count.
        after: String,
        /// How likely the new head holds it.
        score: f64,
    }
);

/// What a training says of itself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelReport {
    /// Examples of each label.
    labels: std::collections::BTreeMap<String, i64>,
    /// Examples where a person said that it is right as it is.
    confirmed: i64,
    /// Corrections left out: they name several answers, or one that is not asked any more.
    left_out: i64,
    /// What counts now, on the examples; none where nobody answered.
    before: Option<Standing>,
    /// The new head on the same, each example judged by a head that had not seen it.
    after: Option<Standing>,
    /// Examples that only the new head has right.
    gained: i64,
    /// Examples that only what counts now has right.
    lost: i64,
    /// How likely so lopsided a split of those is luck (the sign test).
    luck: f64,
    /// Newest posts of the unit that were looked at.
    looked: i64,
    /// How many of them would be judged otherwise.
    changing: i64,
    /// Some of those.
    changes: Vec<ModelChange>,
    /// How long training took.
    seconds: f64,
}

impl Shape<ModelReport> for model::Report {
    fn shape(self) -> ModelReport {
        ModelReport {
            luck: self.luck(),
            labels: self.labels,
            confirmed: self.confirmed,
            left_out: self.left_out,
            before: self.before.shape(),
            after: self.after.shape(),
            gained: self.gained,
            lost: self.lost,
            looked: self.looked,
            changing: self.changing,
            changes: self.changes.shape(),
            seconds: self.seconds,
        }
    }
}

shape!(
    /// One version of a unit's head for a question.
    Model from model::Model {
        /// Its number; analyses name it.
        id: i64,
        /// The unit.
        unit: i64,
        /// The question: `sentiment`, `topic`, or the key of a set of labels.
        question: String,
        /// Which version of the unit's head it is.
        number: i64,
        /// Where it stands.
        state: ModelState,
        /// What it learned from: `corrections`, a `file`, or `both`.
        origin: String,
        /// How far training has come, 0 to 1.
        share: f64,
        /// Examples it learned from.
        examples: i64,
        /// What its file says; empty while it is trained.
        manifest: ModelManifest,
        /// Figures before and after; none while it is trained.
        report: Option<ModelReport>,
        /// Why it could not be trained.
        error: Option<String>,
        /// When training began.
        made_at: Moment,
        /// When it was trained.
        ready_at: Option<Moment>,
        /// When it last took over.
        used_at: Option<Moment>,
        /// When it was retired.
        retired_at: Option<Moment>,
        /// What it took over from; none for what is part of the program.
        before: Option<i64>,
    }
);

/// Models
///
/// The heads of all units, those that answer now first.
#[utoipa::path(get, path = "/models", tag = "understanding", responses((status = 200, body = Page<Model>)))]
async fn list(Reading(viewer): Reading, State(app): State<App>) -> Result<Json<Page<Model>>, Problem> {
    Ok(Json(Page::whole(model::list(&app.hub, &viewer).await?.shape())))
}

/// A training to begin.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewModel {
    /// The unit.
    #[schema(minimum = 1)]
    unit: i64,
    /// The question: `sentiment`, `topic`, or the key of a set of labels of the unit.
    #[schema(max_length = 60)]
    question: String,
    /// Whether it learns from what people corrected and confirmed.
    #[serde(default = "yes")]
    corrections: bool,
    /// Further examples.
    #[serde(default)]
    examples: Vec<NewExample>,
}

fn yes() -> bool {
    true
}

/// A text with its label.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewExample {
    /// The text.
    text: String,
    /// The label.
    label: String,
}

/// Train a head
///
/// It learns in the background, then answers as a shadow. Takes the role `lead` in the unit.
#[utoipa::path(post, path = "/models", tag = "understanding", request_body = NewModel,
    responses((status = 201, body = Model, description = "Begun")))]
async fn train(
    Writing(viewer): Writing,
    State(app): State<App>,
    Json(new): Json<NewModel>,
) -> Result<(StatusCode, Json<Model>), Problem> {
    let file = new.examples.into_iter().map(|one| (one.text, one.label)).collect();
    let source = model::Source { corrections: new.corrections, file };
    let begun = model::start(&app.hub, &viewer, new.unit, &new.question, source).await?;
    Ok((StatusCode::CREATED, Json(begun.shape())))
}

/// A model with what it said as a shadow.
#[derive(Serialize, ToSchema)]
struct ModelShown {
    /// The model.
    #[serde(flatten)]
    model: Model,
    /// Posts it answered as a shadow.
    answered: i64,
    /// Of those, how many had an answer that counted.
    beside: i64,
    /// Of these, how many it answered alike.
    alike: i64,
}

/// One model
#[utoipa::path(get, path = "/models/{id}", tag = "understanding", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = ModelShown)))]
async fn show(Reading(viewer): Reading, State(app): State<App>, Id(id): Id) -> Result<Json<ModelShown>, Problem> {
    let model = model::find(&app.hub, &viewer, id).await?;
    let shadow::Agreement { answered, beside, alike, .. } = shadow::agreement(&app.hub, &viewer, id).await?;
    Ok(Json(ModelShown { model: model.shape(), answered, beside, alike }))
}

shape!(
    /// One head of the program's panel.
    ProgramHead from model::bundled::BundledHead {
        /// The question.
        question: String,
        /// Its answers.
        labels: Vec<String>,
        /// Below this probability it is unsure.
        unsure_below: f64,
        /// Share of right answers on held-out parts of the examples it was fitted on.
        accuracy: f64,
        /// F1, averaged over the labels, on the same.
        macro_f1: f64,
        /// Expected calibration error on the same.
        ece: f64,
    }
);

shape!(
    /// The version that is part of the program.
    Program from model::bundled::Bundled {
        /// As analyses name it.
        version: String,
        /// SHA-256 of the panel's file.
        hash: String,
        /// The set of features it reads.
        features: String,
        /// How it was trained.
        command: String,
        /// Who answers what.
        heads: Vec<ProgramHead>,
        /// Languages it tells apart.
        languages: Vec<String>,
    }
);

/// What is part of the program
#[utoipa::path(get, path = "/models/program", tag = "understanding", responses((status = 200, body = Program)))]
async fn program(_: Reading) -> Json<Program> {
    Json(bundled().clone().shape())
}

/// Which posts to ask about.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AskedFor {
    /// The unit.
    #[param(minimum = 1)]
    unit: i64,
    /// The question: `sentiment`, `topic`, or the key of a set of labels.
    question: String,
}

shape!(
    /// A post to ask about.
    AskedPost from active::Asked {
        /// The post.
        post: i64,
        /// Its case, where the answer is given.
        case: i64,
        /// What counts now; none where nobody answers.
        said: Option<String>,
        /// How likely that was held.
        score: Option<f64>,
        /// How much doubt there is, 0 to 1.
        doubt: f64,
    }
);

/// The posts whose correction would teach most
///
/// At most twenty, the most telling first. Takes the role `agent` in the unit.
#[utoipa::path(get, path = "/models/active", tag = "understanding", params(AskedFor),
    responses((status = 200, body = Page<AskedPost>)))]
async fn asked(
    Reading(viewer): Reading,
    State(app): State<App>,
    Query(given): Query<AskedFor>,
) -> Result<Json<Page<AskedPost>>, Problem> {
    Ok(Json(Page::whole(active::list(&app.hub, &viewer, given.unit, &given.question).await?.shape())))
}

/// Let a model take over
///
/// A shadow or a retired version is in use from now on; what was in use is retired. Takes the role `lead` in the unit.
#[utoipa::path(put, path = "/models/{id}/use", tag = "understanding", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Model)))]
async fn take_over(Writing(viewer): Writing, State(app): State<App>, Id(id): Id) -> Result<Json<Model>, Problem> {
    Ok(Json(model::take_over(&app.hub, &viewer, id).await?.shape()))
}

/// Retire a model
///
/// It answers nothing any more. Takes the role `lead` in the unit.
#[utoipa::path(put, path = "/models/{id}/retirement", tag = "understanding", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Model)))]
async fn retire(Writing(viewer): Writing, State(app): State<App>, Id(id): Id) -> Result<Json<Model>, Problem> {
    Ok(Json(model::retire(&app.hub, &viewer, id).await?.shape()))
}

/// Roll a model back
///
/// What it took over from judges again. Takes the role `lead` in the unit.
#[utoipa::path(post, path = "/models/{id}/rollback", tag = "understanding", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Model)))]
async fn rollback(Writing(viewer): Writing, State(app): State<App>, Id(id): Id) -> Result<Json<Model>, Problem> {
    Ok(Json(model::rollback(&app.hub, &viewer, id).await?.shape()))
}

/// Stop a training
///
/// Takes the role `lead` in the unit.
#[utoipa::path(delete, path = "/models/{id}/training", tag = "understanding", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Stopped")))]
async fn cancel(Writing(viewer): Writing, State(app): State<App>, Id(id): Id) -> Result<StatusCode, Problem> {
    model::cancel(&app.hub, &viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
