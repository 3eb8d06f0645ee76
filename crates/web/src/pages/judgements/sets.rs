//! Questions of units' own: sets of labels.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::post,
};
use dandelion_hub::{
    Error,
    model::label::{self, LabelSet},
    scope::{Role, Viewer},
    unit::Org,
};
use serde::Deserialize;

use super::{overview, said, units};
use crate::{
    App, Flashed, Form, Problem, Signed,
    pages::{refused::Refused, unit_named},
    problem::Id,
    view::{counted, judgements::SetForm},
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/label-sets", post(add))
        .route("/label-sets/{id}", post(change))
        .route("/label-sets/{id}/removal", post(remove))
}

/// The sets there are.
pub(super) fn forms(sets: &[LabelSet], org: &Org, viewer: &Viewer) -> Vec<SetForm> {
    let form = |set: &LabelSet| {
        let may = viewer.may(Role::Lead, set.unit);
        SetForm {
            id: Some(set.id),
            key: set.key.clone(),
            name: set.name.clone(),
            unit: org.unit_name(set.unit).to_owned(),
            labels: set.labels.join(if may { "\n" } else { ", " }),
            count: counted(set.labels.len() as i64, "answer", "answers"),
            units: Vec::new(),
            may,
        }
    };
    sets.iter().map(form).collect()
}

/// A further one, for who leads a unit.
pub(super) fn empty(org: &Org, viewer: &Viewer) -> Option<SetForm> {
    let units = units(org, viewer, Role::Lead, "");
    (!units.is_empty()).then(|| SetForm { units, may: true, ..SetForm::default() })
}

#[derive(Deserialize)]
struct Given {
    #[serde(default)]
    unit: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    name: String,
    /// One a line.
    #[serde(default)]
    labels: String,
}

impl Given {
    fn labels(&self) -> Vec<String> {
        self.labels.lines().map(str::to_owned).collect()
    }
}

async fn add(State(app): State<App>, signed: Signed, Form(given): Form<Given>) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let unit = unit_named(&engine.org, &given.unit)?.ok_or_else(|| Problem::invalid("unit", "choose one"))?;
    let done = label::add(&app.hub, &signed.viewer, unit, &given.key, &given.name, &given.labels()).await;
    match done {
        Ok(set) => {
            let words = format!("“{}” is asked from now on: on the desk beside each post, and here.", set.name);
            Ok(Flashed::new(&app, "/judgements", said(Ok(()), words)?).into_response())
        }
        Err(error @ (Error::Invalid { .. } | Error::Conflict(_))) => {
            overview::page(&app, &signed, Some(Refused::of(error)?)).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn change(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    match label::change(&app.hub, &signed.viewer, id, &given.name, &given.labels()).await {
        Ok(_) => Ok(Flashed::new(&app, "/judgements", said(Ok(()), "Saved.")?).into_response()),
        Err(error @ Error::Invalid { .. }) => overview::page(&app, &signed, Some(Refused::of(error)?)).await,
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
struct Nothing {}

async fn remove(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    let done = label::archive(&app.hub, &signed.viewer, id).await;
    let flash = said(done, "It is asked no longer. What people said stays.")?;
    Ok(Flashed::new(&app, "/judgements", flash).into_response())
}
