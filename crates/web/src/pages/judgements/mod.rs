//! Judgements: how judging goes ([`overview`]), the heads of units ([`models`]), the posts whose correction would teach
//! most ([`asked`]), questions of units' own ([`sets`]), and judging stored posts anew ([`anew`]).

mod anew;
mod asked;
mod models;
mod overview;
mod sets;

use axum::Router;
use dandelion_hub::{
    Error, Hub,
    model::{self, label},
    scope::{Role, Viewer},
    unit::Org,
};

use super::refused::ended;
use crate::{
    App, Problem,
    view::{Choice, Flash},
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .merge(overview::routes())
        .merge(models::routes())
        .merge(asked::routes())
        .merge(sets::routes())
        .merge(anew::routes())
}

/// The units in which somebody has a role, to choose from.
fn units(org: &Org, viewer: &Viewer, role: Role, chosen: &str) -> Vec<Choice> {
    let may = org.live_units().filter(|unit| viewer.may(role, unit.id));
    may.map(|unit| Choice { selected: unit.key == chosen, ..Choice::new(&unit.key, &unit.name) }).collect()
}

/// Every question that can be learned, to choose from.
async fn questions(hub: &Hub, chosen: &str) -> Result<Vec<Choice>, Problem> {
    let mut all = vec![Choice::new(model::SENTIMENT, "Sentiment"), Choice::new(model::TOPIC, "Topic")];
    all.extend(label::list(hub).await?.into_iter().map(|set| Choice::new(set.key, set.name)));
    for choice in &mut all {
        choice.selected = choice.value == chosen;
    }
    Ok(all)
}

/// A question as people read it.
fn question_name(key: &str, sets: &[label::LabelSet]) -> String {
    if let Some(set) = sets.iter().find(|set| set.key == key) {
        return set.name.clone();
    }
    let mut letters = key.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What was done, or why not where a person can act on that; whatever else went wrong is a page of its own.
fn said(done: dandelion_hub::Result<()>, words: impl Into<String>) -> Result<Flash, Problem> {
    match done {
        Ok(()) => Ok(Flash::done(words)),
        Err(error @ (Error::Conflict(_) | Error::Invalid { .. })) => {
            Ok(Flash::problem(ended(Problem::from(error).detail())))
        }
        Err(error) => Err(error.into()),
    }
}

/// “82 % (74 to 88)”.
fn interval(share: f64, low: f64, high: f64) -> String {
    format!("{:.0} % ({:.0} to {:.0})", share * 100.0, low * 100.0, high * 100.0)
}

/// Steps of a picture of calibration, in percent.
fn steps(bins: &[model::Bin]) -> Vec<crate::view::judgements::Step> {
    let step = |bin: &model::Bin| {
        let it = bin.interval()?;
        Some(crate::view::judgements::Step {
            stated: bin.stated * 100.0,
            right: (it.share * 100.0, it.low * 100.0, it.high * 100.0),
            counts: (bin.right, bin.n),
        })
    };
    bins.iter().filter_map(step).collect()
}
