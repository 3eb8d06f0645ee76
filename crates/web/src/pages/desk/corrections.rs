//! What a person knows better than the machine.

use axum::{Router, extract::State, response::Response, routing::post};
use dandelion_hub::{
    Error, Result,
    case::{self, CasePage, Found, Judged},
};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{
    back::{Back, From, Refused},
    judged::{ALSO, NONE, Opinions, is_list},
};
use crate::{App, Form, Problem, Signed, problem::Id};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/posts/{id}/corrections", post(correct))
}

#[derive(Deserialize)]
struct Correction {
    case: i64,
    /// `sentiment`, or for one value of a list `intent:complaint`.
    #[serde(default)]
    judgement: String,
    /// What it really is; in lists also `none`, or `+idea` for one more.
    #[serde(default)]
    value: String,
}

async fn correct(
    State(app): State<App>,
    signed: Signed,
    Id(post): Id,
    back: Back,
    Form(given): Form<Correction>,
) -> Result<Response, Problem> {
    match corrected(&app, &signed, post, &given).await {
        Ok(words) => back.done(&app, &signed, given.case, words).await,
        Err(error) => back.refuse(&app, &signed, given.case, Refused::new(error, From::Button)).await,
    }
}

async fn corrected(app: &App, signed: &Signed, post: i64, given: &Correction) -> Result<String> {
    let (name, old) =
        given.judgement.split_once(':').map_or((given.judgement.as_str(), None), |(name, old)| (name, Some(old)));
    let Ok(judged) = name.parse::<Judged>() else {
        let value = json!(given.value);
        case::answer(&app.hub, &signed.viewer, given.case, post, name, &value, false).await?;
        return Ok("Said. The unit's head can learn from it.".to_owned());
    };
    let value = match judged {
        Judged::Urgency => given.value.parse().map_or(Json::String(given.value.clone()), |level: i64| json!(level)),
        _ if is_list(judged) => {
            let Found::Here(page) = case::open(&app.hub, &signed.viewer, given.case).await? else {
                return Err(Error::not_found("case", given.case));
            };
            json!(list(&page, post, judged, old, &given.value))
        }
        _ => json!(given.value),
    };
    case::correct(&app.hub, &signed.viewer, given.case, post, judged, &value).await?;
    let unchanged = "; the case stays with this unit until somebody passes it on";
    let moves = matches!(judged, Judged::Topic | Judged::Product | Judged::Intent | Judged::Risk);
    Ok(format!("Corrected: this counts instead of what the machine said{}.", if moves { unchanged } else { "" }))
}

/// What counts now, with one value replaced, taken away or added.
fn list(page: &CasePage, post: i64, judged: Judged, old: Option<&str>, value: &str) -> Vec<String> {
    let now = Opinions::of(page).about(post, judged);
    let mut values: Vec<String> = now.into_iter().filter_map(|opinion| opinion.value).collect();
    match (value.strip_prefix(ALSO), value) {
        (Some(more), _) => values.push(more.to_owned()),
        (None, NONE) => values.retain(|value| Some(value.as_str()) != old),
        (None, new) => match values.iter_mut().find(|value| Some(value.as_str()) == old) {
            Some(place) => new.clone_into(place),
            None => values.push(new.to_owned()),
        },
    }
    let mut seen = Vec::new();
    values.retain(|value| {
        let new = !seen.contains(value);
        seen.push(value.clone());
        new
    });
    if values.is_empty() && judged == Judged::Intent {
        values.push("other".to_owned()); // a post wants something, if only something else
    }
    values
}
