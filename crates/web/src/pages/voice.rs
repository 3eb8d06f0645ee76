//! Share of voice and topics: counts of people beside counts of posts, with what they were counted in, and the groups of
//! queries they are counted by.

use std::collections::HashMap;

use axum::{
    Router,
    extract::{Query, State},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use dandelion_hub::{
    Error, query,
    scope::Role,
    voice::{self, Draft, Group, GroupShare, Kind, Span, Voice},
};
use dandelion_post::{Micros, micros, timestamp};
use jiff::{ToSpan as _, civil::Date, tz::TimeZone};
use serde::Deserialize;

use super::{lead_units, print, refused::Refused, unit_named};
use crate::{
    App, Flashed, Form, Problem, Signed,
    problem::Id,
    view::{
        Choice, Empty, Flash, Place, Sentence, counted, grouped,
        listening::{Bars, GroupForm, VoicePage, VoiceRow},
    },
};

/// Days of the spans one can choose.
const DAYS: [i64; 4] = [7, 30, 90, 365];

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/voice", get(show))
        .route("/voice/groups", post(add))
        .route("/voice/groups/{id}", post(change))
        .route("/voice/groups/{id}/removal", post(remove))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// So many days up to today.
    days: String,
    /// First day; with `until` it counts before `days`.
    since: String,
    /// Last day.
    until: String,
}

async fn show(State(app): State<App>, signed: Signed, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    page(&app, &signed, &asked, None).await
}

/// A span of whole days by the organisation's clock.
struct Days {
    first: Date,
    last: Date,
    chosen: i64,
    wrong: Option<String>,
}

impl Days {
    fn of(asked: &Asked, now: Micros, zone: &TimeZone) -> Self {
        let today = timestamp(now).to_zoned_datetime(zone.clone()).date();
        let back = |days: i64| today.checked_sub((days - 1).days()).unwrap_or(today);
        let usual = |days: i64, wrong| Self { first: back(days), last: today, chosen: days, wrong };
        let days = DAYS.into_iter().find(|days| asked.days == days.to_string()).unwrap_or(30);
        if asked.since.is_empty() && asked.until.is_empty() {
            return usual(days, None);
        }
        let day = |text: &str, otherwise: Date| if text.is_empty() { Ok(otherwise) } else { text.parse::<Date>() };
        match (day(&asked.since, back(days)), day(&asked.until, today)) {
            (Ok(first), Ok(last)) if first <= last => Self { first, last, chosen: 0, wrong: None },
            (Ok(_), Ok(_)) => usual(30, Some("The first day lies after the last. These are the last 30 days.".into())),
            _ => usual(30, Some("Give days such as 2026-11-01. These are the last 30 days.".into())),
        }
    }

    fn span(&self, zone: &TimeZone) -> Span {
        let start =
            |day: Date| day.at(0, 0, 0, 0).to_zoned_datetime(zone.clone()).map_or(0, |at| micros(at.timestamp()));
        (start(self.first), start(self.last.tomorrow().unwrap_or(self.last)))
    }

    /// What the search is asked for the same days.
    fn search(&self) -> String {
        format!("since={}&until={}", self.first, self.last)
    }
}

/// The page; with a form that was refused, and why.
async fn page(
    app: &App,
    signed: &Signed,
    asked: &Asked,
    refused: Option<(GroupForm, Refused)>,
) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let zone = TimeZone::get(&engine.org.time_zone).unwrap_or(TimeZone::UTC);
    let days = Days::of(asked, app.hub.now(), &zone);
    let voice = voice::read(&app.hub, &signed.viewer, days.span(&zone)).await?;
    let all: Vec<(i64, String)> =
        query::list(&app.hub).await?.into_iter().map(|query| (query.id, query.name)).collect();
    let units = lead_units(&engine.org, &signed.viewer, "");
    let may = !units.is_empty();
    let forms = voice.groups.iter().map(|share| &share.group).filter(|group| signed.viewer.may(Role::Lead, group.unit));
    let mut forms: Vec<GroupForm> = forms.map(|group| form(Some(group), &all, Vec::new())).collect();
    let mut new = may.then(|| form(None, &all, units));
    let (wrong, status) = match refused {
        Some((given, refused)) => {
            match forms.iter_mut().find(|form| form.id == given.id) {
                Some(place) => *place = given,
                None => new = Some(given),
            }
            (Some(refused.words.clone()), Some(refused))
        }
        None => (days.wrong.clone(), None),
    };
    let span = |days: &i64| Choice::new(days.to_string(), format!("the last {days} days"));
    let spans = DAYS.iter().map(|n| if *n == days.chosen { span(n).selected() } else { span(n) });
    let spans = spans.chain((days.chosen == 0).then(|| Choice::new("", "the days given").selected()));
    let why = "A group is a few queries under one name: us, a competitor, a product. Write the queries first, then put them together.";
    let empty = Empty::new("No group of queries yet", why);
    let given = |day: Date| if days.chosen == 0 { day.to_string() } else { String::new() };
    let shown = print(&VoicePage {
        shell: signed.shell(app, "Share of voice", Place::Listening).await?,
        spans: spans.collect(),
        since: given(days.first),
        until: given(days.last),
        wrong,
        says: says(&voice, &days),
        groups: groups(&voice, &days),
        empty: if may && all.is_empty() { empty.act("Write the first query", "/queries/new") } else { empty },
        topics: topics(&voice, &days),
        notes: notes(&voice, &days),
        forms,
        new,
    })?;
    Ok(match status {
        Some(refused) => refused.on(shown),
        None => shown,
    })
}

fn link(share: &GroupShare, days: &Days) -> String {
    format!("/search?group={}&{}", share.group.id, days.search())
}

/// “212 people speak of Acme, 140 of Brell.”
fn says(voice: &Voice, days: &Days) -> Vec<Sentence> {
    let mut by_people: Vec<&GroupShare> = voice.groups.iter().filter(|share| share.count.people > 0).collect();
    by_people.sort_by_key(|share| -share.count.people);
    let [first, rest @ ..] = by_people.as_slice() else { return Vec::new() };
    let speak = if first.count.people == 1 { " speaks of " } else { " speak of " };
    let mut line = Sentence::new()
        .link(counted(first.count.people, "person", "people"), link(first, days))
        .text(speak)
        .strong(&first.group.name);
    for share in rest.iter().take(3) {
        line =
            line.text(", ").link(grouped(share.count.people), link(share, days)).text(" of ").strong(&share.group.name);
    }
    let all = counted(voice.any.people, "person speaks", "people speak");
    let both = format!(
        "In all {all} of any of them; who speaks of two is counted with both, so the shares add up to more than 100 %."
    );
    vec![line.text("."), Sentence::plain(both)]
}

fn groups(voice: &Voice, days: &Days) -> Option<Bars> {
    let row = |share: &GroupShare| VoiceRow {
        name: share.group.name.clone(),
        kind: spoken(share.group.kind).to_owned(),
        people: share.count.people,
        posts: share.count.posts,
        href: link(share, days),
    };
    let rows: Vec<VoiceRow> = voice.groups.iter().map(row).collect();
    let of = (voice.any.people, voice.any.posts);
    (!rows.is_empty()).then(|| Bars { title: "Who is spoken of".to_owned(), what: "Group", rows, of })
}

fn topics(voice: &Voice, days: &Days) -> Option<Bars> {
    let key = |key: &str| url::form_urlencoded::byte_serialize(key.as_bytes()).collect::<String>();
    let rows: Vec<VoiceRow> = voice
        .topics
        .iter()
        .map(|topic| VoiceRow {
            name: topic.name.clone(),
            kind: String::new(),
            people: topic.count.people,
            posts: topic.count.posts,
            href: format!("/search?topic={}&{}", key(&topic.key), days.search()),
        })
        .collect();
    let of = (voice.mentions.people, voice.mentions.posts);
    (!rows.is_empty()).then(|| Bars { title: "What mentions are about".to_owned(), what: "Topic", rows, of })
}

fn spoken(kind: Kind) -> &'static str {
    match kind {
        Kind::Ours => "us",
        Kind::Competitor => "competitor",
        Kind::Product => "product",
        Kind::Other => "other",
    }
}

/// In what it was counted, and how.
fn notes(voice: &Voice, days: &Days) -> Vec<Sentence> {
    let mut notes = vec![Sentence::plain(format!(
        "Posts written from {} to {}, by the organisation's clock.",
        days.first, days.last
    ))];
    let posts: i64 = voice.sources.iter().map(|source| source.posts).sum();
    notes.push(match voice.sources.as_slice() {
        [] => Sentence::plain("No source brought anything written in this time."),
        sources => {
            let mut line =
                Sentence::plain(format!("Counted in {} that these sources brought: ", counted(posts, "post", "posts")));
            for (n, source) in sources.iter().enumerate() {
                let comma = if n == 0 { "" } else { ", " };
                line = line.text(comma).link(&source.name, format!("/sources/{}", source.id));
                let paused = if source.paused { ", paused" } else { "" };
                line = line.text(format!(" ({}{paused})", grouped(source.posts)));
            }
            line.text(".")
        }
    });
    notes.push(Sentence::plain(
        "Sampling: none of ours. Every stored post counts once. What a source itself left out, and places no source reads, are missing, so these are shares of what we hear, not of all that is said.",
    ));
    notes.push(Sentence::plain("Posts marked as not about us do not count, nor do our own. One account is one person; a post without an author counts as one."));
    if !voice.late.is_empty() {
        let mut line = Sentence::new().late("Not comparable yet: ");
        for (n, (id, name)) in voice.late.iter().enumerate() {
            line = line.text(if n == 0 { "" } else { ", " }).link(name, format!("/queries/{id}"));
        }
        let words =
            " began to listen within this time. Run what is stored over with it, and what was said before counts too.";
        let several =
            " began to listen within this time. Run them over what is stored, and what was said before counts too.";
        notes.push(line.text(if voice.late.len() == 1 { words } else { several }));
    }
    notes
}

fn form(group: Option<&Group>, all: &[(i64, String)], units: Vec<Choice>) -> GroupForm {
    let has = |id: i64| group.is_some_and(|group| group.queries.iter().any(|(query, _)| *query == id));
    let kind = |kind: Kind| {
        let choice = Choice::new(kind.as_str(), spoken(kind));
        if group.is_some_and(|group| group.kind == kind) { choice.selected() } else { choice }
    };
    // Queries that ended stay in a group until somebody takes them out: what they heard still counts.
    let ended = group.iter().flat_map(|group| &group.queries).filter(|(id, _)| !all.iter().any(|(live, _)| live == id));
    let queries = all.iter().chain(ended).map(|(id, name)| {
        let choice = Choice::new(id.to_string(), name);
        if has(*id) { choice.selected() } else { choice }
    });
    GroupForm {
        id: group.map(|group| group.id),
        version: group.map_or(0, |group| group.version),
        name: group.map_or_else(String::new, |group| group.name.clone()),
        kinds: Kind::ALL.map(kind).to_vec(),
        units,
        queries: queries.collect(),
        open: false,
    }
}

/// What the form sends: each query that is chosen under a name of its own.
type Sent = HashMap<String, String>;

fn draft(sent: &Sent) -> Result<Draft, Error> {
    let text = |name: &str| sent.get(name).map(String::as_str).unwrap_or_default();
    let chosen = sent.keys().filter_map(|name| name.strip_prefix("query-")?.parse().ok());
    let mut queries: Vec<i64> = chosen.collect();
    queries.sort_unstable();
    Ok(Draft { name: text("name").to_owned(), kind: text("kind").parse()?, queries })
}

async fn add(State(app): State<App>, signed: Signed, Form(sent): Form<Sent>) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let unit = match unit_named(&engine.org, sent.get("unit").map(String::as_str).unwrap_or_default())? {
        Some(unit) => unit,
        None => engine.org.hub()?.id,
    };
    let done = match draft(&sent) {
        Ok(draft) => voice::add(&app.hub, &signed.viewer, unit, &draft).await.map(drop),
        Err(error) => Err(error),
    };
    after(&app, &signed, None, &sent, done, "The group is counted from now on.").await
}

async fn change(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let version = sent.get("version").and_then(|text| text.parse().ok()).unwrap_or(0);
    let done = match draft(&sent) {
        Ok(draft) => voice::change(&app.hub, &signed.viewer, id, version, &draft).await,
        Err(error) => Err(error),
    };
    after(&app, &signed, Some(id), &sent, done, "Saved.").await
}

#[derive(Deserialize)]
struct Nothing {}

async fn remove(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    let flash = match voice::archive(&app.hub, &signed.viewer, id).await {
        Ok(()) => Flash::done("The group was taken away. Its queries go on listening."),
        Err(error @ Error::Conflict(_)) => Flash::problem(Refused::of(error)?.words),
        Err(error) => return Err(error.into()),
    };
    Ok(Flashed::new(&app, "/voice", flash).into_response())
}

/// Back to the page; refused, with the form as it was sent.
async fn after(
    app: &App,
    signed: &Signed,
    id: Option<i64>,
    sent: &Sent,
    done: Result<(), Error>,
    words: &str,
) -> Result<Response, Problem> {
    let error = match done {
        Ok(()) => return Ok(Flashed::new(app, "/voice", Flash::done(words)).into_response()),
        Err(error @ (Error::Invalid { .. } | Error::Conflict(_))) => error,
        Err(error) => return Err(error.into()),
    };
    let refused = Refused::of(error)?;
    let all: Vec<(i64, String)> =
        query::list(&app.hub).await?.into_iter().map(|query| (query.id, query.name)).collect();
    let engine = app.hub.engine().await?;
    let stored = match id {
        Some(id) => Some(voice::find(&app.hub, &signed.viewer, id).await?),
        None => None,
    };
    let chosen = sent.get("unit").map(String::as_str).unwrap_or_default();
    let mut given = form(stored.as_ref(), &all, lead_units(&engine.org, &signed.viewer, chosen));
    given.name = sent.get("name").cloned().unwrap_or_default();
    given.open = true;
    for query in &mut given.queries {
        query.selected = sent.contains_key(&format!("query-{}", query.value));
    }
    for kind in &mut given.kinds {
        kind.selected = sent.get("kind") == Some(&kind.value);
    }
    page(app, signed, &Asked::default(), Some((given, refused))).await
}
