//! What Ctrl-K finds besides what the page itself offers: cases, members' cases, units, queries.

use axum::{
    Json, Router,
    extract::{Query, State},
    routing::get,
};
use dandelion_hub::{
    case::{self, Filter, View},
    member,
    scope::Role,
};
use serde::{Deserialize, Serialize};

use super::desk::{Asked, Frame, spoken};
use crate::{App, Problem, Signed};

/// Cases found by their words.
const CASES: i64 = 8;
/// Of everything else, each.
const OTHERS: usize = 4;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/palette", get(find))
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    q: String,
}

/// One thing to go to.
#[derive(Serialize)]
struct Place {
    label: String,
    hint: String,
    href: String,
}

async fn find(
    State(app): State<App>,
    signed: Signed,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<Place>>, Problem> {
    let words: String = wanted.q.trim().chars().take(200).collect();
    if words.chars().count() < 2 {
        return Ok(Json(Vec::new()));
    }
    let frame = Frame::new(&app, &signed).await?;
    let mut places = cases(&frame, &words).await?;
    places.extend(units(&frame, &words));
    places.extend(members(&frame, &words).await?);
    places.extend(queries(&frame, &words));
    Ok(Json(places))
}

/// Cases by their number, or by words in their posts; the last word may be unfinished.
async fn cases(frame: &Frame<'_>, words: &str) -> Result<Vec<Place>, Problem> {
    let number = words.trim_start_matches('#').parse::<i64>().is_ok();
    let open_ended = !number && words.ends_with(|last: char| last.is_alphanumeric());
    let text = if open_ended { format!("{words}*") } else { words.to_owned() };
    let filter = Filter { text: Some(text), ..Filter::view(View::All) };
    let found = case::list(&frame.app.hub, &frame.signed.viewer, &filter, None, CASES).await?;
    let place = |case: &case::CaseRow| Place {
        label: format!("{}: {}", spoken::author(case.author.as_ref()), case.title.chars().take(80).collect::<String>()),
        hint: format!("Case {} · {}", case.id, case.unit.name),
        href: format!("/cases/{}", case.id),
    };
    Ok(found.rows.iter().map(place).collect())
}

fn units(frame: &Frame<'_>, words: &str) -> Vec<Place> {
    let seen = frame.signed.viewer.scope(Role::Viewer);
    let own = frame.engine.org.live_units().filter(|unit| seen.holds(unit.id) && fits(&unit.name, words));
    own.take(OTHERS)
        .map(|unit| Place {
            label: format!("Waiting for {}", unit.name),
            hint: "Desk".to_owned(),
            href: Asked { unit: unit.key.clone(), ..Asked::view(View::Waiting) }.href(),
        })
        .collect()
}

/// Colleagues whose cases one may see some of.
async fn members(frame: &Frame<'_>, words: &str) -> Result<Vec<Place>, Problem> {
    if !frame.signed.viewer.may_anywhere(Role::Viewer) {
        return Ok(Vec::new());
    }
    let all = member::all(&frame.app.hub.db).await?;
    let live = all.iter().filter(|member| member.disabled_at.is_none());
    let fitting = live.filter(|member| fits(&member.name, words) || fits(&member.key, words));
    Ok(fitting
        .take(OTHERS)
        .map(|member| Place {
            label: format!("Cases of {}", member.name),
            hint: "Desk".to_owned(),
            href: Asked { assignee: member.key.clone(), ..Asked::view(View::All) }.href(),
        })
        .collect())
}

/// Queries are shared by all units.
fn queries(frame: &Frame<'_>, words: &str) -> Vec<Place> {
    let mut found: Vec<(&i64, &String)> = frame
        .engine
        .queries
        .iter()
        .filter(|(_, (_, name))| fits(name, words))
        .map(|(id, (_, name))| (id, name))
        .collect();
    found.sort();
    found
        .into_iter()
        .take(OTHERS)
        .map(|(id, name)| Place { label: name.clone(), hint: "Query".to_owned(), href: format!("/queries/{id}") })
        .collect()
}

/// Whether every word typed stands in a name.
fn fits(name: &str, words: &str) -> bool {
    let name = name.to_lowercase();
    words.to_lowercase().split_whitespace().all(|word| name.contains(word))
}
