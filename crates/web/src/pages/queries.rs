//! Queries: what we listen for, and what each heard. They are written in the lab (`lab/`).

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use dandelion_hub::{
    Error,
    engine::Engine,
    query::{self, Case, Heard, Query},
    scope::Role,
    search::{self, Search},
};
use dandelion_listen::Matcher;
use serde::Deserialize;

use super::{found::found, print, refused::Refused, rehearsal, wall::Wall};
use crate::{
    App, Flashed, Form, Problem, Signed,
    problem::Id,
    view::{
        Empty, Flash, Place, Sentence, counted, grouped,
        listening::{Proof, Queries, QueryPage, QueryRow, Version},
        search::Found,
    },
};

/// How many of the posts it heard last are shown.
const RECENT: i64 = 10;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/queries", get(list))
        .route("/queries/{id}", get(show))
        .route("/queries/{id}/archive", post(archive))
}

async fn list(State(app): State<App>, signed: Signed) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let heard = query::heard(&app.hub).await?;
    let precise = query::precision::all(&app.hub, &signed.viewer).await?;
    let rows = query::list(&app.hub).await?.into_iter().map(|query| QueryRow {
        id: query.id,
        unit: engine.org.unit_name(query.unit).to_owned(),
        heard: super::precision::beside(
            says(query.id, heard.get(&query.id).copied().unwrap_or_default()),
            query.id,
            precise.get(&query.id),
        ),
        trouble: trouble(&engine, &query),
        name: query.name,
        text: query.text,
    });
    let may_add = signed.viewer.may_anywhere(Role::Lead);
    let why = "Write down what people call you and your products. You see at once what it would have heard.";
    let empty = Empty::new("We listen for nothing yet", why);
    print(&Queries {
        shell: signed.shell(&app, "Queries", Place::Listening).await?,
        rows: rows.collect(),
        may_add,
        empty: if may_add { empty.act("Write the first query", "/queries/new") } else { empty },
    })
}

/// “212 posts of 140 people, 41 in the last 7 days”.
fn says(id: i64, heard: Heard) -> Sentence {
    if heard.posts == 0 {
        return Sentence::plain("nothing heard yet");
    }
    let people = counted(heard.people, "person", "people");
    Sentence::new()
        .link(counted(heard.posts, "post", "posts"), format!("/search?query={id}"))
        .text(format!(" of {people}, {} in the last 7 days", grouped(heard.week)))
}

fn trouble(engine: &Engine, query: &Query) -> String {
    let Ok(read) = dandelion_listen::parse(&query.text) else { return "its text can no longer be read".to_owned() };
    let read = match engine.standing(Some(&query.name), read) {
        Ok(read) => read,
        Err(error) => return format!("it hears nothing: {error}"),
    };
    let failing = query::failing(engine, &read, &query.cases);
    let Some(first) = failing.first() else { return String::new() };
    let must = if first.matches { "should match" } else { "should not match" };
    let fail = if failing.len() == 1 { "fails" } else { "fail" };
    let cases = counted(query.cases.len() as i64, "test case", "test cases");
    format!("{} of {cases} {fail}: “{}” {must}", failing.len(), first.text)
}

async fn show(State(app): State<App>, signed: Signed, Id(id): Id) -> Result<Response, Problem> {
    let query = query::find(&app.hub, id).await?;
    let engine = app.hub.engine().await?;
    let wall = Wall::of(&app, &engine.org);
    let heard = query::heard(&app.hub).await?.remove(&query.id).unwrap_or_default();
    print(&QueryPage {
        shell: signed.shell(&app, &query.name, Place::Listening).await?,
        id,
        unit: engine.org.unit_name(query.unit).to_owned(),
        pieces: super::lab::colours(&query.text),
        version: query.version,
        proofs: proofs(&engine, &query),
        versions: versions(&app, &wall, id).await?,
        heard: match query.archived_at {
            Some(at) => Sentence::new().text("We stopped listening for this ").time(wall.clock(at)).text("."),
            None => says(id, heard),
        },
        recent: recent(&app, &signed, &wall, &query).await?,
        may_edit: query.archived_at.is_none() && signed.viewer.may(Role::Lead, query.unit),
        name: query.name,
    })
}

/// Its test cases, each with whether it holds.
fn proofs(engine: &Engine, query: &Query) -> Vec<Proof> {
    let Ok(read) = dandelion_listen::parse(&query.text) else { return Vec::new() };
    let Ok(read) = engine.standing(Some(&query.name), read) else { return Vec::new() };
    let failing = query::failing(engine, &read, &query.cases);
    let holds = |case: &Case| !failing.contains(&case);
    let proof = |case: &Case| Proof { text: case.text.clone(), matches: case.matches, holds: holds(case) };
    query.cases.iter().map(proof).collect()
}

async fn versions(app: &App, wall: &Wall, id: i64) -> Result<Vec<Version>, Problem> {
    let version = |version: query::Version| Version {
        number: version.version,
        text: version.text,
        by: version.saved_by.unwrap_or_else(|| "the command line".to_owned()),
        time: wall.clock(version.saved_at),
        why: version.why,
    };
    Ok(query::versions(&app.hub, id).await?.into_iter().map(version).collect())
}

/// What it heard last, with the words that made it match.
async fn recent(app: &App, signed: &Signed, wall: &Wall, query: &Query) -> Result<Vec<Found>, Problem> {
    let search = Search { query: Some(query.id), ..Search::default() };
    let recent = search::posts(&app.hub, &signed.viewer, &search, None, RECENT).await?;
    let read = dandelion_listen::parse(&query.text).ok();
    let matcher = Matcher::new(read.map(|read| (query.id, read)));
    let shown = recent.into_iter().map(|post| {
        let spans = rehearsal::spans(&matcher, &post.text, post.title.as_deref());
        found(wall, post, &spans)
    });
    Ok(shown.collect())
}

#[derive(Deserialize)]
struct Nothing {}

async fn archive(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    let flash = match query::archive(&app.hub, &signed.viewer, id).await {
        Ok(()) => Flash::done("We no longer listen for this. What it heard stays."),
        Err(error @ Error::Conflict(_)) => Flash::problem(Refused::of(error)?.words),
        Err(error) => return Err(error.into()),
    };
    Ok(Flashed::new(&app, "/queries", flash).into_response())
}
