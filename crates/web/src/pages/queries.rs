//! Queries: what we listen for, tried on what is stored, with versions and proofs.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use dandelion_hub::{
    Error,
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
        Empty, Flash, Place, Sentence, Text, counted, grouped,
        listening::{Proof, Queries, QueryPage, QueryRow, Version, Wrong},
    },
};

/// How many of the posts it heard last are shown.
const RECENT: i64 = 10;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/queries", get(list).post(create))
        .route("/queries/new", get(new))
        .route("/queries/{id}", get(show).post(change))
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
        trouble: trouble(&query),
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

fn trouble(query: &Query) -> String {
    let Ok(read) = dandelion_listen::parse(&query.text) else { return "its text can no longer be read".to_owned() };
    let failing = query::failing(&read, &query.cases);
    let Some(first) = failing.first() else { return String::new() };
    let must = if first.matches { "should match" } else { "should not match" };
    let fail = if failing.len() == 1 { "fails" } else { "fail" };
    let proofs = counted(query.cases.len() as i64, "proof", "proofs");
    format!("{} of {proofs} {fail}: “{}” {must}", failing.len(), first.text)
}

/// What the form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Draft {
    name: String,
    unit: String,
    text: String,
    why: String,
    sample: String,
    /// The version a change was made from.
    version: i64,
    /// `save`, `try`, `test`, `must`, `must-not`, or `drop-N` for the Nth proof.
    act: String,
}

async fn new(State(app): State<App>, signed: Signed) -> Result<Response, Problem> {
    signed.viewer.need_anywhere(Role::Lead, "write a query")?;
    page(&app, &signed, None, Draft::default(), None).await
}

async fn show(State(app): State<App>, signed: Signed, Id(id): Id) -> Result<Response, Problem> {
    let query = query::find(&app.hub, id).await?;
    let draft = Draft { text: query.text.clone(), version: query.version, ..Draft::default() };
    page(&app, &signed, Some(query), draft, None).await
}

async fn create(State(app): State<App>, signed: Signed, Form(draft): Form<Draft>) -> Result<Response, Problem> {
    signed.viewer.need_anywhere(Role::Lead, "write a query")?;
    if draft.act != "save" {
        return page(&app, &signed, None, draft, None).await;
    }
    if dandelion_listen::parse(&draft.text).is_err() {
        return page(&app, &signed, None, draft, Some(Refused::new(""))).await;
    }
    let org = &app.hub.engine().await?.org;
    let unit = match super::unit_named(org, &draft.unit)? {
        Some(unit) => unit,
        None => org.hub()?.id,
    };
    match query::add(&app.hub, &signed.viewer, unit, &draft.name, &draft.text, &draft.why).await {
        Ok(made) => listening(&app, &signed, made.id, &format!("We listen for “{}” now.", made.name)).await,
        Err(error) => page(&app, &signed, None, draft, Some(Refused::of(error)?)).await,
    }
}

/// On from a query that was just saved: it runs over what is stored.
async fn listening(app: &App, signed: &Signed, id: i64, words: &str) -> Result<Response, Problem> {
    super::backfills::begin(app, signed, id, words).await
}

async fn change(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id,
    Form(draft): Form<Draft>,
) -> Result<Response, Problem> {
    let query = query::find(&app.hub, id).await?;
    let mut cases = query.cases.clone();
    let dropped = draft.act.strip_prefix("drop-").and_then(|at| at.parse::<usize>().ok());
    let (text, why, words) = match draft.act.as_str() {
        "save" => (draft.text.clone(), draft.why.clone(), "Saved as a new version."),
        "must" | "must-not" if !draft.sample.trim().is_empty() => {
            cases.push(Case { text: draft.sample.trim().to_owned(), matches: draft.act == "must" });
            (query.text.clone(), "a proof was added".to_owned(), "Kept as a proof: no later version may break it.")
        }
        _ if dropped.is_some_and(|at| at < cases.len()) => {
            cases.remove(dropped.unwrap_or_default());
            (query.text.clone(), "a proof was taken away".to_owned(), "The proof was taken away.")
        }
        _ => return page(&app, &signed, Some(query), draft, None).await,
    };
    if dandelion_listen::parse(&text).is_err() {
        return page(&app, &signed, Some(query), draft, Some(Refused::new(""))).await;
    }
    match query::change(&app.hub, &signed.viewer, id, draft.version, &text, &cases, &why).await {
        Ok(_) => listening(&app, &signed, id, words).await,
        Err(error) => page(&app, &signed, Some(query), draft, Some(Refused::of(error)?)).await,
    }
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

async fn page(
    app: &App,
    signed: &Signed,
    query: Option<Query>,
    draft: Draft,
    refused: Option<Refused>,
) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let wall = Wall::of(app, &engine.org);
    let may_edit = match &query {
        Some(query) => query.archived_at.is_none() && signed.viewer.may(Role::Lead, query.unit),
        None => true,
    };
    let title = query.as_ref().map_or("New query", |query| query.name.as_str());
    let mut page = QueryPage {
        shell: signed.shell(app, title, Place::Listening).await?,
        name: query.as_ref().map_or_else(|| draft.name.clone(), |query| query.name.clone()),
        units: match query.as_ref().and_then(|query| engine.org.unit(query.unit)) {
            Some(unit) => vec![crate::view::Choice::new(&unit.key, &unit.name).selected()],
            None => super::lead_units(&engine.org, &signed.viewer, &draft.unit),
        },
        why: draft.why.clone(),
        sample: draft.sample.clone(),
        version: draft.version,
        may_edit,
        ..QueryPage::default()
    };
    let touched = !draft.act.is_empty();
    match rehearsal::read(&draft.text) {
        Ok(read) => {
            if draft.act == "try" {
                page.tried = Some(rehearsal::tried(app, &signed.viewer, &wall, &draft.text, read.clone()).await?);
            }
            if !draft.sample.trim().is_empty() {
                page.sample_says = Some(sample(&Matcher::new([(0, read)]), &draft.sample));
            }
        }
        Err(wrong) if touched => page.wrong = Some(wrong),
        Err(_) => {}
    }
    if let Some(refused) = refused.as_ref().filter(|_| page.wrong.is_none()) {
        page.wrong = Some(Wrong { message: refused.words.clone(), ..Wrong::default() });
    }
    if let Some(query) = query {
        fill(app, signed, &wall, &mut page, query).await?;
    }
    page.text = draft.text;
    let page = print(&page)?;
    Ok(match refused {
        Some(refused) => refused.on(page),
        None => page,
    })
}

/// Versions, proofs, and what it heard.
async fn fill(app: &App, signed: &Signed, wall: &Wall, page: &mut QueryPage, query: Query) -> Result<(), Problem> {
    page.id = Some(query.id);
    let heard = query::heard(&app.hub).await?.remove(&query.id).unwrap_or_default();
    page.heard = match query.archived_at {
        Some(at) => Sentence::new().text("We stopped listening for this ").time(wall.clock(at)).text("."),
        None => says(query.id, heard),
    };
    page.versions = query::versions(&app.hub, query.id)
        .await?
        .into_iter()
        .map(|version| Version {
            number: version.version,
            text: version.text,
            by: version.saved_by.unwrap_or_else(|| "the command line".to_owned()),
            time: wall.clock(version.saved_at),
            why: version.why,
        })
        .collect();
    let search = Search { query: Some(query.id), ..Search::default() };
    let recent = search::posts(&app.hub, &signed.viewer, &search, None, RECENT).await?;
    let Ok(read) = dandelion_listen::parse(&query.text) else { return Ok(()) };
    let failing = query::failing(&read, &query.cases);
    let holds = |case: &Case| !failing.contains(&case);
    let proof = |case: &Case| Proof { text: case.text.clone(), matches: case.matches, holds: holds(case) };
    page.proofs = query.cases.iter().map(proof).collect();
    let matcher = Matcher::new([(query.id, read)]);
    page.recent = recent
        .into_iter()
        .map(|post| {
            let spans = rehearsal::spans(&matcher, &post.text, post.title.as_deref());
            found(wall, post, &spans)
        })
        .collect();
    Ok(())
}

/// Whether a text matches, in words.
fn sample(matcher: &Matcher, text: &str) -> Sentence {
    let spans = rehearsal::spans(matcher, text, None);
    if spans.is_empty() {
        return Sentence::plain("No: it would not be heard.");
    }
    let marked = Text::marked(text, &spans).shortened(300);
    marked.segments.into_iter().fold(Sentence::plain("Yes: "), |says, segment| {
        if segment.mark { says.mark(segment.text) } else { says.text(segment.text) }
    })
}
