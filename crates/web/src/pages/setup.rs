//! The first run: administrator, organisation, first source, first query, each with something to see after it.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use dandelion_hub::{
    Error,
    backfill::{self, Decision},
    intake,
    member::invitation::{self, Purpose},
    query, source, unit,
};
use dandelion_networks::feed::Found;
use serde::Deserialize;

use super::{connect, plain_shell, print, refused::Refused, rehearsal, source_page::go, wall::Wall};
use crate::{
    App, Flashed, Form, Next, Problem, ROOM, Signed, Upload, Visit, see_other,
    session::{agent, signed_in},
    view::{
        Choice, Flash, Place, Sentence, Shell, counted,
        setup::{Setup, Step},
    },
};

/// What an organisation is called until its own step has been done.
const UNNAMED: &str = "Our organisation";

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/setup", get(begin))
        .route("/setup/{token}", get(invited))
        .route("/setup/administrator", post(administrator))
        .route("/setup/organisation", get(organisation).post(name_it))
        .route("/setup/source", get(source_step).post(add_source))
        .route("/setup/query", get(query_step).post(add_query))
        .route("/setup/done", get(done))
        .layer(DefaultBodyLimit::max(ROOM))
}

/// Where the set-up stands: the first step that is not done.
async fn begin(State(app): State<App>, signed: Option<Signed>, visit: Visit) -> Result<Response, Problem> {
    if invitation::setup_needed(&app.hub).await? {
        return ask(visit, Draft::default(), None);
    }
    if signed.is_none() {
        return Ok(see_other("/session/new"));
    }
    let next = if app.hub.engine().await?.org.name == UNNAMED {
        "/setup/organisation"
    } else if source::list(&app.hub).await?.is_empty() {
        "/setup/source"
    } else if query::list(&app.hub).await?.is_empty() {
        "/setup/query"
    } else {
        "/setup/done"
    };
    Ok(see_other(next))
}

/// The address printed on the terminal.
async fn invited(
    State(app): State<App>,
    Path(token): Path<String>,
    signed: Option<Signed>,
    visit: Visit,
) -> Result<Response, Problem> {
    if !invitation::setup_needed(&app.hub).await? {
        return Ok(see_other(if signed.is_some() { "/setup" } else { "/session/new" }));
    }
    if invitation::works(&app.hub, &token, Purpose::Setup).await? {
        return ask(visit, Draft { token, ..Draft::default() }, None);
    }
    let words = "This address does not work any more: Dandelion prints a new one each time it is started, and it works for a day. The newest one stands in the terminal.";
    ask(visit, Draft::default(), Some(&Refused { status: StatusCode::FORBIDDEN, words: words.to_owned() }))
}

#[derive(Default, Deserialize)]
struct Draft {
    token: String,
    name: String,
    email: String,
    #[serde(default)]
    password: String,
}

/// The first step, for somebody who is not signed in.
fn ask(visit: Visit, draft: Draft, refused: Option<&Refused>) -> Result<Response, Problem> {
    let shell = Shell { csrf: visit.csrf.clone(), ..plain_shell("Set up") };
    let step = Step::Administrator { token: draft.token, name: draft.name, email: draft.email };
    let wrong = refused.map(|refused| refused.words.clone());
    let page = (visit, print(&Setup { shell, step, seen: Vec::new(), wrong })?).into_response();
    Ok(match refused {
        Some(refused) => refused.on(page),
        None => page,
    })
}

/// Makes the first administrator and signs them in. The organisation keeps the name it has, if it has one.
async fn administrator(
    State(app): State<App>,
    headers: HeaderMap,
    visit: Visit,
    Form(draft): Form<Draft>,
) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let named = |name: &str, or: &str| if name.is_empty() { or.to_owned() } else { name.to_owned() };
    let wanted = invitation::Setup {
        organisation: named(&engine.org.name, UNNAMED),
        time_zone: named(&engine.org.time_zone, "UTC"),
        name: draft.name.clone(),
        email: draft.email.clone(),
        password: draft.password.clone(),
    };
    match invitation::set_up(&app.hub, draft.token.trim(), wanted, agent(&headers)).await {
        Ok(started) => Ok(signed_in(&app, &started.token, &Next::new("/setup/organisation"))),
        Err(error) => ask(visit, draft, Some(&Refused::of(error)?)),
    }
}

/// A step for the administrator, with what is there so far.
async fn show(app: &App, signed: &Signed, step: Step, refused: Option<&Refused>) -> Result<Response, Problem> {
    let shell = signed.shell(app, "Set up", Place::Elsewhere).await?;
    let wrong = refused.map(|refused| refused.words.clone());
    let page = print(&Setup { shell, step, seen: seen(app).await?, wrong })?;
    Ok(match refused {
        Some(refused) => refused.on(page),
        None => page,
    })
}

async fn seen(app: &App) -> Result<Vec<Sentence>, Problem> {
    let engine = app.hub.engine().await?;
    let mut lines = Vec::new();
    if engine.org.name != UNNAMED {
        let units = engine.org.live_units().count() as i64;
        let line = Sentence::new().link(engine.org.name.clone(), "/organisation").text(", ");
        lines.push(match engine.org.hub() {
            Ok(hub) if units == 1 => line.text(format!("with the unit {}.", hub.name)),
            _ => line.text(format!("with {}.", counted(units, "unit", "units"))),
        });
    }
    for source in source::list(&app.hub).await? {
        let line = Sentence::new().link(source.name, format!("/sources/{}", source.id));
        lines.push(match source.error {
            Some(error) => line.text(" cannot be read: ").late(super::refused::ended(&error)),
            None => line.text(format!(" {}.", connect::gave(&source.accounting))),
        });
    }
    let heard = query::heard(&app.hub).await?;
    for query in query::list(&app.hub).await? {
        let posts = heard.get(&query.id).map_or(0, |heard| heard.posts);
        let line = Sentence::new().link(query.name, format!("/queries/{}", query.id));
        lines.push(line.text(format!(" has heard {}.", counted(posts, "post", "posts"))));
    }
    Ok(lines)
}

async fn organisation(State(app): State<App>, signed: Signed) -> Result<Response, Problem> {
    let org = &app.hub.engine().await?.org;
    let name = if org.name == UNNAMED { String::new() } else { org.name.clone() };
    let unit = org.hub()?.name.clone();
    show(&app, &signed, Step::Organisation { name, unit, zones: zones(&org.time_zone) }, None).await
}

#[derive(Deserialize)]
struct Names {
    name: String,
    unit: String,
    zone: String,
}

async fn name_it(State(app): State<App>, signed: Signed, Form(given): Form<Names>) -> Result<Response, Problem> {
    let org = &app.hub.engine().await?.org;
    let hub = org.hub()?;
    let named = async {
        unit::set_organisation(&app.hub, &signed.viewer, given.name.trim(), &given.zone, &org.languages).await?;
        if hub.name != given.unit.trim() {
            unit::rename(&app.hub, &signed.viewer, hub.id, given.unit.trim()).await?;
        }
        Ok::<_, Error>(())
    };
    match named.await {
        Ok(()) => {
            let words = format!("{} is set up, and {} takes what has no better home.", given.name, given.unit);
            Ok(Flashed::new(&app, "/setup/source", Flash::done(words)).into_response())
        }
        Err(error) => {
            let refused = Refused::of(error)?;
            let step = Step::Organisation { name: given.name, unit: given.unit, zones: zones(&given.zone) };
            show(&app, &signed, step, Some(&refused)).await
        }
    }
}

/// Every time zone the machine knows, by name, the present one selected.
fn zones(present: &str) -> Vec<Choice> {
    let known = jiff::tz::db();
    let mut names: Vec<String> = known.available().map(|name| name.to_string()).collect();
    names.retain(|name| {
        name == "UTC" || name.contains('/') && !name.starts_with("Etc/") && !name.starts_with("SystemV/")
    });
    names.sort_unstable();
    names.dedup();
    if !names.iter().any(|name| name == present) {
        names.insert(0, present.to_owned());
    }
    names
        .into_iter()
        .map(|name| Choice { selected: name == present, label: name.replace('_', " "), value: name })
        .collect()
}

async fn source_step(State(app): State<App>, signed: Signed) -> Result<Response, Problem> {
    show(&app, &signed, Step::Source { address: String::new(), found: Vec::new(), webhook: None }, None).await
}

/// A page or feed, a file, or a webhook.
async fn add_source(State(app): State<App>, signed: Signed, given: Upload) -> Result<Response, Problem> {
    let unit = Some(app.hub.engine().await?.org.hub()?.id);
    let address = given.field("address").trim().to_owned();
    let step = |found| Step::Source { address: address.clone(), found, webhook: None };
    let refused = match given.field("kind") {
        "webhook" => match connect::webhook(&app, &signed.viewer, unit, "").await {
            Ok((source, secret)) => {
                let webhook = Some((connect::hook_address(&app, &source), secret));
                let step = Step::Source { address, found: Vec::new(), webhook };
                return show(&app, &signed, step, None).await;
            }
            Err(error) => Refused::of(error)?,
        },
        "file" => {
            let (name, bytes) = given.file.clone().unwrap_or_default();
            match connect::file(&app, &signed.viewer, unit, &name, bytes).await? {
                Ok((source, counted)) => return Ok(onwards(&app, &source.name, &Ok(counted))),
                Err(refused) => refused,
            }
        }
        _ if given.field("feed").is_empty() && super::place::recognised(&app, &address).is_some() => {
            let asked = url::form_urlencoded::Serializer::new(String::new()).append_pair("address", &address).finish();
            return Ok(see_other(&format!("/sources/place?{asked}")));
        }
        _ => match look_and_read(&app, &signed, unit, &given).await? {
            Ok(Read::Source(name, counted)) => return Ok(onwards(&app, &name, &counted)),
            Ok(Read::Choose(found)) => {
                return show(&app, &signed, step(connect::choices(&found)), None).await;
            }
            Err(refused) => refused,
        },
    };
    show(&app, &signed, step(Vec::new()), Some(&refused)).await
}

/// What came of an address.
enum Read {
    /// It was connected and read: its name, and what it gave.
    Source(String, Result<intake::Accounting, String>),
    /// Several feeds are there.
    Choose(Vec<Found>),
}

async fn look_and_read(
    app: &App,
    signed: &Signed,
    unit: Option<i64>,
    given: &Upload,
) -> Result<Result<Read, Refused>, Problem> {
    let chosen = given.field("feed");
    let found = match connect::look(app, if chosen.is_empty() { given.field("address") } else { chosen }).await {
        Ok(found) => found,
        Err(refused) => return Ok(Err(refused)),
    };
    let [feed] = found.as_slice() else { return Ok(Ok(Read::Choose(found))) };
    match connect::feed(app, &signed.viewer, unit, feed, "").await {
        Ok((source, counted)) => Ok(Ok(Read::Source(source.name, counted))),
        Err(error) => Refused::of(error).map(Err),
    }
}

fn onwards(app: &App, name: &str, counted: &Result<intake::Accounting, String>) -> Response {
    let flash = match counted {
        Ok(counted) => Flash::done(format!("{name} {}.", connect::gave(counted))),
        Err(words) => Flash::problem(format!("{name} is connected, but could not be read: {words}")),
    };
    Flashed::new(app, "/setup/query", flash).into_response()
}

/// Where somebody goes who has connected a source that is asked by us: on with the first run while nothing is listened
/// for, else to the source.
pub(super) async fn after_connecting(app: &App, id: i64, flash: Flash) -> Result<Response, Problem> {
    if query::list(&app.hub).await?.is_empty() {
        return Ok(Flashed::new(app, "/setup/query", flash).into_response());
    }
    Ok(go(app, id, flash))
}

async fn query_step(State(app): State<App>, signed: Signed) -> Result<Response, Problem> {
    let org = &app.hub.engine().await?.org;
    let (mut name, mut text) = (String::new(), String::new());
    if org.name != UNNAMED && query::list(&app.hub).await?.is_empty() {
        "Our name".clone_into(&mut name);
        text = format!("\"{}\"", org.name.replace('"', ""));
    }
    show(&app, &signed, Step::Query { name, text, tried: None }, None).await
}

#[derive(Deserialize)]
struct Wording {
    #[serde(default)]
    name: String,
    text: String,
    #[serde(default)]
    act: String,
}

async fn add_query(State(app): State<App>, signed: Signed, Form(given): Form<Wording>) -> Result<Response, Problem> {
    let org = &app.hub.engine().await?.org;
    let read = match rehearsal::read(&given.text) {
        Ok(read) => read,
        Err(wrong) => {
            let place = if wrong.at.is_empty() { String::new() } else { format!(" It is about “{}”.", wrong.at) };
            let refused = Refused::new(format!("{}{place} {}", wrong.message, wrong.hint));
            let step = Step::Query { name: given.name, text: given.text, tried: None };
            return show(&app, &signed, step, Some(&refused)).await;
        }
    };
    let wall = Wall::of(&app, org);
    let tried = rehearsal::tried(&app, &signed.viewer, &wall, &given.text, read).await?;
    let step = |name: String, text: String| Step::Query { name, text, tried: Some(tried) };
    if given.act == "try" {
        return show(&app, &signed, step(given.name, given.text), None).await;
    }
    match query::add(&app.hub, &signed.viewer, org.hub()?.id, &given.name, &given.text, "").await {
        Ok(made) => {
            // The first one makes cases without asking: there are none yet, and seeing one is what this is for.
            let begun = backfill::start(&app.hub, &signed.viewer, made.id, None, Some(Decision::Cases)).await?;
            backfill::settle(&app.hub, begun.id, std::time::Duration::from_secs(5)).await?;
            let words = match backfill::find(&app.hub, &signed.viewer, begun.id).await?.made {
                0 => format!("We listen for “{}” from now on.", made.name),
                n => format!("“{}” has heard {} already.", made.name, counted(n, "post", "posts")),
            };
            Ok(Flashed::new(&app, "/setup/done", Flash::done(words)).into_response())
        }
        Err(error) => show(&app, &signed, step(given.name, given.text), Some(&Refused::of(error)?)).await,
    }
}

async fn done(State(app): State<App>, signed: Signed) -> Result<Response, Problem> {
    show(&app, &signed, Step::Done, None).await
}
