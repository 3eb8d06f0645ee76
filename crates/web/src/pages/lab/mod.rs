//! The query lab: write a wording, see at once what it would have heard, save it with its test cases.
//!
//! One form does everything by its field `act`, with and without script. The script sends the same form at each keystroke
//! with the header `Dandelion-Partial`, and gets only what changes ([`LabParts`]).

mod cases;
mod heard;
mod reading;

use axum::{
    Json, Router,
    extract::{Query as Asking, State},
    http::HeaderMap,
    response::Response,
    routing::get,
};
use dandelion_hub::{
    query::{self, Change, Query, completion},
    scope::Role,
};
use serde::Deserialize;

use self::cases::Cases;
pub(super) use self::reading::colours;
use super::{print, refused::Refused, wall::Wall};
use crate::{
    App, Form, Problem, Signed,
    problem::Id,
    view::{
        Place,
        listening::lab::{LabPage, LabParts, LabVersion},
    },
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/queries", axum::routing::post(create))
        .route("/queries/new", get(new))
        .route("/queries/completions", get(complete))
        .route("/queries/{id}/lab", get(show).post(change))
}

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Draft {
    name: String,
    unit: String,
    text: String,
    why: String,
    despite: String,
    sample: String,
    /// The wording before the last word was left out.
    before: String,
    /// The test cases, see [`Cases`].
    cases: Option<String>,
    /// The version a change was made from.
    version: i64,
    /// The version it is compared with, if not the present one.
    against: String,
    /// `try`, `save`, `undo`, `exclude-WORD`, `restore-VERSION`, `must-POST`, `not-POST`, `must-text`, `not-text`, `drop-CASE`.
    act: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Shown {
    against: String,
    /// A wording to begin with.
    text: String,
}

async fn new(State(app): State<App>, signed: Signed, Asking(shown): Asking<Shown>) -> Result<Response, Problem> {
    signed.viewer.need_anywhere(Role::Lead, "write a query")?;
    Lab::new(&app, &signed, None, Draft { text: shown.text, ..Draft::default() }).await?.page(None).await
}

async fn show(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id,
    Asking(shown): Asking<Shown>,
) -> Result<Response, Problem> {
    let query = query::find(&app.hub, id).await?;
    let draft = Draft {
        text: if shown.text.is_empty() { query.text.clone() } else { shown.text },
        version: query.version,
        against: shown.against,
        ..Draft::default()
    };
    Lab::new(&app, &signed, Some(query), draft).await?.page(None).await
}

async fn create(
    State(app): State<App>,
    signed: Signed,
    headers: HeaderMap,
    Form(draft): Form<Draft>,
) -> Result<Response, Problem> {
    signed.viewer.need_anywhere(Role::Lead, "write a query")?;
    let lab = Lab::new(&app, &signed, None, draft).await?;
    if lab.draft.act != "save" {
        return lab.answer(&headers).await;
    }
    let org = &app.hub.engine().await?.org;
    let unit = match super::unit_named(org, &lab.draft.unit)? {
        Some(unit) => unit,
        None => org.hub()?.id,
    };
    let cases = lab.cases.all();
    let first = Change { text: &lab.draft.text, cases: &cases, why: &lab.draft.why, despite: &lab.draft.despite };
    match query::make(&app.hub, &signed.viewer, unit, &lab.draft.name, first).await {
        Ok(made) => saved(&app, &signed, &made, &format!("We listen for “{}” now.", made.name)).await,
        Err(error) => lab.page(Some(Refused::of(error)?)).await,
    }
}

async fn change(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id,
    headers: HeaderMap,
    Form(draft): Form<Draft>,
) -> Result<Response, Problem> {
    let query = query::find(&app.hub, id).await?;
    let mut lab = Lab::new(&app, &signed, Some(query), draft).await?;
    let (version, despite) = (lab.draft.version, lab.draft.despite.clone());
    let (done, words) = if let Some(earlier) = lab.act("restore-") {
        let words = format!("Version {earlier} listens again, as a new version.");
        (query::restore(&app.hub, &signed.viewer, id, version, earlier, &despite).await, words)
    } else if lab.draft.act == "save" {
        let cases = lab.cases.all();
        let change = Change { text: &lab.draft.text, cases: &cases, why: &lab.draft.why, despite: &despite };
        (query::save(&app.hub, &signed.viewer, id, version, change).await, "Saved as a new version.".to_owned())
    } else {
        return lab.answer(&headers).await;
    };
    let refused = match done {
        Ok(query) => return saved(&app, &signed, &query, &words).await,
        Err(error) => Refused::of(error)?,
    };
    // An earlier wording that fails test cases stands in the editor, to be mended or saved with a reason.
    if let Some(earlier) = lab.act("restore-") {
        let versions = query::versions(&app.hub, id).await?;
        if let Some(version) = versions.into_iter().find(|version| version.version == earlier) {
            lab.draft.text = version.text;
        }
    }
    lab.page(Some(refused)).await
}

/// On from a query that was just saved: it runs over what is stored.
async fn saved(app: &App, signed: &Signed, query: &Query, words: &str) -> Result<Response, Problem> {
    super::backfills::begin(app, signed, query.id, words).await
}

#[derive(Deserialize)]
struct Before {
    #[serde(default)]
    before: String,
}

/// What can stand at the end of what was typed.
async fn complete(
    State(app): State<App>,
    signed: Signed,
    Asking(typed): Asking<Before>,
) -> Result<Json<completion::Completions>, Problem> {
    signed.viewer.need_anywhere(Role::Viewer, "try a query")?;
    let engine = app.hub.engine().await?;
    let sample = app.hub.sample(std::time::Duration::ZERO).await?;
    let vocabulary = sample.as_ref().map(|sample| &*sample.vocabulary);
    Ok(Json(completion::complete(&engine, vocabulary, &typed.before)))
}

/// One request.
struct Lab<'a> {
    app: &'a App,
    signed: &'a Signed,
    query: Option<Query>,
    draft: Draft,
    cases: Cases,
    wall: Wall,
    /// What was just done to the wording, and the wording before.
    done: Option<(String, String)>,
}

impl<'a> Lab<'a> {
    /// Reads the form, and does to it what the button pressed says.
    async fn new(app: &'a App, signed: &'a Signed, query: Option<Query>, draft: Draft) -> Result<Self, Problem> {
        let engine = app.hub.engine().await?;
        let wall = Wall::of(app, &engine.org);
        let saved = query.as_ref().map(|query| query.cases.as_slice()).unwrap_or_default();
        let cases = Cases::read(app, &signed.viewer, saved, draft.cases.as_deref()).await?;
        let mut lab = Self { app, signed, query, draft, cases, wall, done: None };
        lab.draft.text = lab.draft.text.replace("\r\n", "\n"); // as browsers send a textarea
        lab.pressed().await?;
        Ok(lab)
    }

    /// The number after the beginning of what was pressed.
    fn act(&self, begins: &str) -> Option<i64> {
        self.draft.act.strip_prefix(begins)?.parse().ok()
    }

    async fn pressed(&mut self) -> Result<(), Problem> {
        let sample = self.draft.sample.trim().to_owned();
        if let Some(word) = self.draft.act.strip_prefix("exclude-").filter(|word| !word.is_empty()) {
            let text = query::lab::without(&self.draft.text, word);
            self.done = Some((format!("Posts with “{word}” are left out."), self.draft.text.clone()));
            self.draft.text = text;
        } else if self.draft.act == "undo" {
            self.draft.text = std::mem::take(&mut self.draft.before).replace("\r\n", "\n");
        } else if let Some(post) = self.act("must-") {
            self.cases.add_post(self.app, &self.signed.viewer, post, true).await?;
        } else if let Some(post) = self.act("not-") {
            self.cases.add_post(self.app, &self.signed.viewer, post, false).await?;
        } else if matches!(self.draft.act.as_str(), "must-text" | "not-text") && !sample.is_empty() {
            self.cases.add_text(&sample, self.draft.act == "must-text");
            self.draft.sample.clear();
        } else if let Some(at) = self.act("drop-") {
            self.cases.drop(at as usize);
        }
        Ok(())
    }

    fn may_edit(&self) -> bool {
        match &self.query {
            Some(query) => query.archived_at.is_none() && self.signed.viewer.may(Role::Lead, query.unit),
            None => true,
        }
    }

    /// What changes, where the script asks; otherwise the page.
    async fn answer(mut self, headers: &HeaderMap) -> Result<Response, Problem> {
        if headers.contains_key("dandelion-partial") {
            print(&self.parts(heard::BRIEFLY).await?)
        } else {
            self.page(None).await
        }
    }

    async fn parts(&mut self, patience: std::time::Duration) -> Result<LabParts, Problem> {
        let name = self.query.as_ref().map(|query| query.name.as_str());
        let reading = reading::read(&self.app.hub, name, &self.draft.text, patience == heard::BRIEFLY).await?;
        let heard = heard::heard(self, &reading, patience).await?;
        let engine = self.app.hub.engine().await?;
        let draft = &mut self.draft;
        let say = !draft.text.trim().is_empty();
        Ok(LabParts {
            id: self.query.as_ref().map(|query| query.id),
            against: draft.against.parse().ok(),
            tests: self.cases.tests(&engine, reading.query.as_ref().ok()),
            cases: self.cases.written(),
            why: std::mem::take(&mut draft.why),
            despite: std::mem::take(&mut draft.despite),
            sample: std::mem::take(&mut draft.sample),
            text: std::mem::take(&mut draft.text),
            done: self.done.take(),
            pieces: reading.pieces,
            says: if say { reading.says } else { Vec::new() },
            heard,
            may_edit: self.may_edit(),
        })
    }

    async fn page(mut self, refused: Option<Refused>) -> Result<Response, Problem> {
        let engine = self.app.hub.engine().await?;
        let title = self.query.as_ref().map_or_else(|| "New query".to_owned(), |query| format!("{}, lab", query.name));
        let page = LabPage {
            shell: self.signed.shell(self.app, title, Place::Listening).await?,
            id: self.query.as_ref().map(|query| query.id),
            name: self.query.as_ref().map_or_else(|| self.draft.name.clone(), |query| query.name.clone()),
            unit: self.query.as_ref().map(|query| engine.org.unit_name(query.unit).to_owned()).unwrap_or_default(),
            units: super::lead_units(&engine.org, &self.signed.viewer, &self.draft.unit),
            version: self.draft.version,
            may_edit: self.may_edit(),
            versions: self.versions().await?,
            wrong: refused.as_ref().map(|refused| refused.words.clone()),
            parts: self.parts(heard::PATIENTLY).await?,
        };
        let page = print(&page)?;
        Ok(match refused {
            Some(refused) => refused.on(page),
            None => page,
        })
    }

    async fn versions(&self) -> Result<Vec<LabVersion>, Problem> {
        let Some(query) = &self.query else { return Ok(Vec::new()) };
        let against = self.draft.against.parse().ok();
        let version = |version: query::Version| LabVersion {
            number: version.version,
            present: version.version == query.version,
            compared: against == Some(version.version),
            text: version.text,
            by: version.saved_by.unwrap_or_else(|| "the command line".to_owned()),
            time: self.wall.clock(version.saved_at),
            why: version.why,
        };
        Ok(query::versions(&self.app.hub, query.id).await?.into_iter().map(version).collect())
    }
}
