//! Results: the ledger of outcomes and its sums. Everything chosen stands in the address.

use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use dandelion_hub::{
    outcome::{self, Filter, Kind},
    scope::Role,
    unit::Org,
};
use dandelion_post::Micros;
use jiff::{ToSpan as _, civil::Date, tz::TimeZone};
use serde::Deserialize;

use super::{print, refused::Refused, zone_of};
use crate::{
    App, Problem, Signed,
    view::{
        Choice, Empty, Place, Sentence, Time, counted,
        results::{OutcomeRow, Results, Sum},
    },
};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/results", get(ledger))
}

/// Lines on a page.
const PAGE: i64 = 50;
/// Letters of a post that is evidence.
const LETTERS: usize = 160;

/// What is asked for, as it stands in the address. `unit` is a key or a number; `from` and `to` are days, both
/// included; `since` and `until` are moments in microseconds, for links from numbers counted by the moment.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    unit: String,
    kind: String,
    grade: String,
    case: String,
    from: String,
    to: String,
    since: String,
    until: String,
    void: String,
    after: String,
}

async fn ledger(State(app): State<App>, signed: Signed, Query(wanted): Query<Wanted>) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let (org, zone) = (&engine.org, zone_of(&engine.org));
    let mut page = Results {
        shell: signed.shell(&app, "Results", Place::Results).await?,
        units: unit_choices(org, &signed, &wanted),
        kinds: kind_choices(&wanted),
        from: day(&wanted.from, &wanted.since, &zone),
        to: day(&wanted.to, &wanted.until, &zone),
        ..Results::default()
    };
    let asked = wanted.filter(org, &signed, &zone).and_then(|filter| Ok((filter, wanted.after()?)));
    let (filter, after) = match asked {
        Ok(asked) => asked,
        Err(refused) => {
            page.wrong = Some(refused.words.clone());
            page.empty = Empty::new("Nothing was looked up", "Put right what is said above, and choose Show again.");
            return Ok(refused.on(print(&page)?));
        }
    };
    let holding = Filter { void: false, ..filter.clone() };
    let sums = outcome::sums(&app.hub, &signed.viewer, &holding).await?;
    let held: i64 = sums.iter().map(|sum| sum.count).sum();
    let all = outcome::count(&app.hub, &signed.viewer, &Filter { void: true, ..filter.clone() }).await?;
    page.says = void_words(&wanted, all - held);
    page.sums = sums.iter().map(|sum| sum_of(sum, &wanted)).collect();
    let found = outcome::list(&app.hub, &signed.viewer, &filter, after, PAGE).await?;
    page.more = found.next.map(|next| Wanted { after: next.to_string(), ..wanted.clone() }.href());
    let now = app.hub.now();
    page.rows = found.rows.into_iter().map(|row| line(row, now, &zone)).collect();
    page.empty = empty(&wanted);
    print(&page)
}

impl Wanted {
    fn filter(&self, org: &Org, signed: &Signed, zone: &TimeZone) -> Result<Filter, Refused> {
        let kind = match self.kind.as_str() {
            "" => None,
            text => Some(text.parse::<Kind>().map_err(|_| Refused::new(format!("There is no kind “{text}”.")))?),
        };
        let since = match number(&self.since, "since")? {
            None => start_of(&self.from, zone, 0)?,
            moment => moment,
        };
        let until = match number(&self.until, "until")? {
            None => start_of(&self.to, zone, 1)?,
            moment => moment,
        };
        if since.zip(until).is_some_and(|(since, until)| since >= until) {
            return Err(Refused::new("The first day is after the last one."));
        }
        Ok(Filter {
            kind,
            grade: Some(self.grade.clone()).filter(|grade| !grade.is_empty()),
            unit: self.unit(org, signed)?,
            case: number(&self.case, "case")?,
            since,
            until,
            void: self.void == "1",
        })
    }

    /// The unit by key or number, if the person sees it.
    fn unit(&self, org: &Org, signed: &Signed) -> Result<Option<i64>, Refused> {
        if self.unit.is_empty() {
            return Ok(None);
        }
        let named = |unit: &&dandelion_hub::unit::Unit| unit.key == self.unit || unit.id.to_string() == self.unit;
        let scope = signed.viewer.scope(Role::Viewer);
        let found = org.unit_by_key(&self.unit).or_else(|| org.units.iter().find(named));
        match found.filter(|unit| scope.holds(unit.id)) {
            Some(unit) => Ok(Some(unit.id)),
            None => Err(Refused::new(format!("There is no unit “{}” that you can see.", self.unit))),
        }
    }

    fn after(&self) -> Result<Option<i64>, Refused> {
        number(&self.after, "after")
    }

    /// The address that asks for this.
    fn href(&self) -> String {
        let all = [
            ("unit", &self.unit),
            ("kind", &self.kind),
            ("grade", &self.grade),
            ("case", &self.case),
            ("from", &self.from),
            ("to", &self.to),
            ("since", &self.since),
            ("until", &self.until),
            ("void", &self.void),
            ("after", &self.after),
        ];
        let given = all.iter().filter(|(_, value)| !value.is_empty());
        format!("/results?{}", url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish())
    }
}

/// A whole number out of the address.
fn number(text: &str, name: &str) -> Result<Option<i64>, Refused> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| Refused::new(format!("`{name}` in the address is no whole number.")))
}

/// The start of a day in the organisation's time zone, `later` days on.
fn start_of(text: &str, zone: &TimeZone, later: i64) -> Result<Option<Micros>, Refused> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || Refused::new(format!("“{text}” is no day; write it as 2026-11-01."));
    let date: Date = text.parse().map_err(|_| wrong())?;
    let date = date.checked_add(later.days()).map_err(|_| wrong())?;
    let start = date.to_zoned_datetime(zone.clone()).map_err(|_| wrong())?;
    Ok(Some(start.timestamp().as_microsecond()))
}

/// The day to show in the form: as typed, or the one of a moment.
fn day(typed: &str, moment: &str, zone: &TimeZone) -> String {
    let at = moment.parse().ok().and_then(|micros| jiff::Timestamp::from_microsecond(micros).ok());
    match at {
        Some(at) if typed.is_empty() => at.to_zoned_datetime(zone.clone()).date().to_string(),
        _ => typed.to_owned(),
    }
}

fn unit_choices(org: &Org, signed: &Signed, wanted: &Wanted) -> Vec<Choice> {
    let scope = signed.viewer.scope(Role::Viewer);
    let seen = org.live_units().filter(|unit| scope.holds(unit.id));
    let mut choices = vec![Choice { selected: wanted.unit.is_empty(), ..Choice::new("", "All I see") }];
    choices.extend(seen.map(|unit| {
        let selected = unit.key == wanted.unit || unit.id.to_string() == wanted.unit;
        Choice { selected, ..Choice::new(&unit.key, &unit.name) }
    }));
    choices
}

fn kind_choices(wanted: &Wanted) -> Vec<Choice> {
    let kinds = [Kind::Passed, Kind::Resolved, Kind::Confirmed];
    let mut choices = vec![Choice { selected: wanted.kind.is_empty(), ..Choice::new("", "Everything") }];
    choices.extend(kinds.map(|kind| {
        let selected = kind.as_str() == wanted.kind;
        Choice { selected, ..Choice::new(kind.as_str(), words(kind)) }
    }));
    choices
}

/// What a claim says.
fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::Passed => "Passed to the right unit",
        Kind::Resolved => "Resolved",
        Kind::Confirmed => "Resolution confirmed",
    }
}

/// What a grade means for a claim.
fn means(kind: Kind, grade: &str) -> &'static str {
    match (kind, grade) {
        (Kind::Passed, "A") => "the receiver accepted",
        (_, "A") => "the customer said so",
        _ => "claimed by us",
    }
}

fn sum_of(sum: &outcome::Sums, wanted: &Wanted) -> Sum {
    let lines = Wanted {
        kind: sum.kind.as_str().to_owned(),
        grade: sum.grade.clone(),
        void: String::new(),
        after: String::new(),
        ..wanted.clone()
    };
    Sum {
        kind: words(sum.kind).to_owned(),
        grade: sum.grade.clone(),
        means: means(sum.kind, &sum.grade).to_owned(),
        count: sum.count,
        href: lines.href(),
    }
}

/// What is said of claims that no longer hold: they are counted nowhere, but can be looked at.
fn void_words(wanted: &Wanted, gone: i64) -> Vec<Sentence> {
    if gone == 0 {
        return Vec::new();
    }
    let shown = wanted.void == "1";
    let to = Wanted { void: if shown { "" } else { "1" }.to_owned(), after: String::new(), ..wanted.clone() };
    let (verb, them) = if gone == 1 { (" no longer holds and is", "it") } else { (" no longer hold and are", "them") };
    let says = Sentence::new().text(counted(gone, "claim", "claims")).text(format!("{verb} counted nowhere. "));
    let act = if shown { format!("Leave {them} out") } else { format!("Show {them} too") };
    vec![says.link(act, to.href())]
}

fn line(row: outcome::OutcomeRow, now: Micros, zone: &TimeZone) -> OutcomeRow {
    let evidence = evidence(&row);
    let title = if row.title.trim().is_empty() { format!("Case {}", row.case) } else { row.title };
    OutcomeRow {
        time: Time::clock(row.at, now, zone),
        kind: words(row.kind).to_owned(),
        grade: row.grade,
        unit: row.unit.name,
        case: (row.case, title),
        evidence,
        void: row.void_at.map(|_| row.void_why.unwrap_or_else(|| "no reason was given".to_owned())),
    }
}

/// The words of the evidence and of the post, leading to the post that shows it or to the case that holds it.
fn evidence(row: &outcome::OutcomeRow) -> Sentence {
    let says = if row.evidence.is_empty() { "see the case" } else { &row.evidence };
    let Some(post) = row.evidence_post else {
        return Sentence::new().link(says, format!("/cases/{}", row.case));
    };
    let says = Sentence::new().link(says, format!("/cases/{}#post-{post}", row.case));
    let says = match &row.evidence_text {
        Some(text) => says.text(": ").quote(text, LETTERS),
        None => says,
    };
    match row.evidence_url.as_deref().filter(|url| url.starts_with("https://") || url.starts_with("http://")) {
        Some(url) => says.text(", ").link("on its network", url),
        None => says,
    }
}

fn empty(wanted: &Wanted) -> Empty {
    let narrowed = Wanted { after: String::new(), ..wanted.clone() }.href() != Wanted::default().href();
    if narrowed {
        return Empty::new("Nothing came of it here", "No line of the ledger fits what you chose.")
            .act("Show everything", "/results");
    }
    Empty::new(
        "The ledger is empty",
        "A line is written when a unit accepts a case, when we resolve one, and when a customer confirms it.",
    )
    .act("Go to the desk", "/desk")
}
