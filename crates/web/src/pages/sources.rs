//! Sources: the places we read from, and connecting another; one of them is in [`super::source_page`].

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    http::header,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use dandelion_hub::{
    Error,
    scope::Role,
    source::{self, Kind, Source},
};
use dandelion_networks::{feed::Found, opml};
use serde::Deserialize;

use super::{
    connect, print,
    refused::{Refused, ended},
    source_page::{self, Shown, go},
    wall::Wall,
};
use crate::{
    App, Flashed, Form, Problem, ROOM, Signed, Upload,
    view::{
        Choice, Empty, Flash, Place, Sentence,
        desk::Tone,
        listening::{Accounting, NewSource, SourceRow, Sources},
    },
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/sources", get(list).post(create))
        .route("/sources/new", get(new))
        .route("/sources/file", post(upload).layer(DefaultBodyLimit::max(ROOM)))
        .route("/sources.opml", get(outlines))
}

async fn list(State(app): State<App>, signed: Signed) -> Result<Response, Problem> {
    let wall = Wall::of(&app, &app.hub.engine().await?.org);
    let mut sources = source::list(&app.hub).await?;
    sources.sort_by_key(|source| (source.error.is_none(), source.name.to_lowercase()));
    let may_add = signed.viewer.may_anywhere(Role::Lead);
    let empty = Empty::new("Nothing is read yet", "Connect a feed, a file or a webhook.");
    print(&Sources {
        shell: signed.shell(&app, "Sources", Place::Listening).await?,
        rows: sources.iter().map(|source| row(&wall, source)).collect(),
        may_add,
        empty: if may_add { empty.act("Connect a source", "/sources/new") } else { empty },
    })
}

fn row(wall: &Wall, source: &Source) -> SourceRow {
    let (state, tone) = state(source);
    let lag = match (source.polled_at, source.last_post_at) {
        (None, _) => Sentence::plain("not read yet"),
        (Some(at), None) => Sentence::new().text("read ").time(wall.ago(at)),
        (Some(at), Some(post)) => {
            Sentence::new().text("read ").time(wall.ago(at)).text(", newest post ").time(wall.clock(post))
        }
    };
    SourceRow {
        id: source.id,
        name: source.name.clone(),
        kind: kind(source),
        state: state.to_owned(),
        tone,
        accounting: accounting(source),
        lag,
    }
}

fn kind(source: &Source) -> String {
    let kind = source.kind.as_str();
    if source.network == kind { kind.to_owned() } else { format!("{kind} · {}", source.network) }
}

pub(super) fn state(source: &Source) -> (&'static str, Tone) {
    match source.kind {
        _ if source.paused_at.is_some() => ("paused", Tone::Open),
        _ if source.error.is_some() => ("cannot be read", Tone::Risk),
        Kind::File => ("read", Tone::Plain),
        _ if source.polled() && source.polled_at.is_none() => ("about to be read", Tone::Plain),
        _ if source.polled() => ("reads", Tone::Good),
        _ if source.accounting.seen == 0 => ("waits for a delivery", Tone::Plain),
        _ => ("receives", Tone::Good),
    }
}

pub(super) fn accounting(source: &Source) -> Accounting {
    let dandelion_hub::intake::Accounting { seen, stored, duplicate, refused } = source.accounting;
    Accounting { seen, stored, duplicate, refused }
}

/// What a form had, to be shown again.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Draft {
    kind: String,
    address: String,
    feed: String,
    name: String,
    unit: String,
}

async fn new(State(app): State<App>, signed: Signed) -> Result<Response, Problem> {
    signed.viewer.need_anywhere(Role::Lead, "connect a source")?;
    ask(&app, &signed, Draft::default(), Vec::new(), None).await
}

async fn ask(
    app: &App,
    signed: &Signed,
    draft: Draft,
    found: Vec<Choice>,
    refused: Option<&Refused>,
) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let wanted = if draft.kind.is_empty() { "feed" } else { draft.kind.as_str() };
    let kinds = [
        ("feed", "A place we ask: a feed or a page, an account, a tag, a repository"),
        ("webhook", "A webhook: another system sends us posts, signed"),
    ];
    let kinds = kinds.map(|(value, label)| Choice { selected: value == wanted, ..Choice::new(value, label) });
    let page = print(&NewSource {
        shell: signed.shell(app, "Connect a source", Place::Listening).await?,
        kinds: kinds.into(),
        address: draft.address,
        name: draft.name,
        units: super::lead_units(&engine.org, &signed.viewer, &draft.unit),
        found,
        wrong: refused.map(|refused| refused.words.clone()),
    })?;
    Ok(match refused {
        Some(refused) => refused.on(page),
        None => page,
    })
}

async fn create(State(app): State<App>, signed: Signed, Form(draft): Form<Draft>) -> Result<Response, Problem> {
    signed.viewer.need_anywhere(Role::Lead, "connect a source")?;
    let unit = super::unit_named(&app.hub.engine().await?.org, &draft.unit)?;
    if draft.kind == "webhook" {
        return match connect::webhook(&app, &signed.viewer, unit, &draft.name).await {
            Ok((source, secret)) => {
                let words = format!("{} is ready to receive.", source.name);
                source_page::page(&app, &signed, source.id, Shown::saying(Flash::done(words)).with_secret(secret)).await
            }
            Err(error) => ask(&app, &signed, draft, Vec::new(), Some(&Refused::of(error)?)).await,
        };
    }
    if draft.feed.is_empty() && super::place::recognised(&app, &draft.address).is_some() {
        let asked = [("address", &draft.address), ("name", &draft.name), ("unit", &draft.unit)];
        let asked = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish();
        return Ok(crate::see_other(&format!("/sources/place?{asked}")));
    }
    let wanted = if draft.feed.is_empty() { &draft.address } else { &draft.feed };
    let found = match connect::look(&app, wanted).await {
        Ok(found) => found,
        Err(refused) => return ask(&app, &signed, draft, Vec::new(), Some(&refused)).await,
    };
    let [feed] = found.as_slice() else {
        return ask(&app, &signed, draft, connect::choices(&found), None).await;
    };
    match connect::feed(&app, &signed.viewer, unit, feed, &draft.name).await {
        Ok((source, read)) => Ok(go(&app, source.id, connect::said(&source, &read))),
        Err(error) => ask(&app, &signed, draft, Vec::new(), Some(&Refused::of(error)?)).await,
    }
}

/// A file of posts, or a list of feeds (OPML).
async fn upload(State(app): State<App>, signed: Signed, given: Upload) -> Result<Response, Problem> {
    signed.viewer.need_anywhere(Role::Lead, "connect a source")?;
    let unit = super::unit_named(&app.hub.engine().await?.org, given.field("unit"))?;
    let draft = Draft { unit: given.field("unit").to_owned(), ..Draft::default() };
    let (name, bytes) = given.file.clone().unwrap_or_default();
    if name.to_ascii_lowercase().ends_with(".opml") {
        let listed = match opml::read(&bytes) {
            Ok(listed) => listed,
            Err(error) => {
                let refused = Refused::new(ended(&error.to_string()));
                return ask(&app, &signed, draft, Vec::new(), Some(&refused)).await;
            }
        };
        return match connect_all(&app, &signed, unit, listed).await {
            Ok(words) => Ok(Flashed::new(&app, "/sources", Flash::done(words)).into_response()),
            Err(error) => ask(&app, &signed, draft, Vec::new(), Some(&Refused::of(error)?)).await,
        };
    }
    match connect::file(&app, &signed.viewer, unit, &name, bytes).await? {
        Ok((source, counted)) => {
            Ok(go(&app, source.id, Flash::done(format!("{} {}.", source.name, connect::gave(&counted)))))
        }
        Err(refused) => ask(&app, &signed, draft, Vec::new(), Some(&refused)).await,
    }
}

/// Connects every feed of a list that is not connected yet; they are read one after the other.
async fn connect_all(
    app: &App,
    signed: &Signed,
    unit: Option<i64>,
    listed: Vec<opml::Outline>,
) -> Result<String, Error> {
    let (mut made, mut known) = (0, 0);
    for outline in listed {
        let found = Found { url: outline.url, title: outline.title };
        if connect::listed(app, &signed.viewer, unit, &found).await? {
            made += 1;
        } else {
            known += 1;
        }
    }
    let feeds = crate::view::counted(made, "feed is connected", "feeds are connected");
    Ok(format!("{feeds} and will be read now; {known} were known already."))
}

/// Every feed, as other readers take it.
async fn outlines(State(app): State<App>, signed: Signed) -> Result<Response, Problem> {
    signed.viewer.need_anywhere(Role::Viewer, "see the sources")?;
    let feeds = source::list(&app.hub).await?.into_iter().filter(|source| source.kind == Kind::Feed);
    let outlines: Vec<opml::Outline> = feeds
        .filter_map(|source| {
            Some(opml::Outline { url: source.url?, title: Some(source.name), site: None, folders: Vec::new() })
        })
        .collect();
    let headers = [
        (header::CONTENT_TYPE, "text/x-opml; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"sources.opml\""),
    ];
    let title = app.hub.engine().await?.org.name.clone();
    Ok((headers, opml::write(&title, &outlines)).into_response())
}
