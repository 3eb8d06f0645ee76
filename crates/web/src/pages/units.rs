//! One unit: who works there, what it owns, promises and speaks from.

use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};
use dandelion_hub::{
    Error,
    case::{self, UnitCounts},
    member::{self, Member},
    scope::{Role, Viewer},
    unit::{Hours, Org, Promise, Unit},
};

use super::{print, wall::Wall};
use crate::{
    App, Problem, Signed,
    view::{Place, Sentence, counted, organisation::UnitPage},
};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/units/{key}", get(show))
}

/// Everybody may see every unit, because a case can be passed on to any; what waits there is for those with a role.
async fn show(State(app): State<App>, Path(key): Path<String>, signed: Signed) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let org = &engine.org;
    let unit = org.unit_by_key(&key).or_else(|| org.units.iter().find(|unit| unit.key == key));
    let unit = unit.ok_or_else(|| Error::not_found("unit", &key))?;
    let (counts, members) = tokio::try_join!(case::counts(&app.hub, &signed.viewer), member::all(&app.hub.db))?;
    let (hours, hours_note) = hours(org, unit, Wall::of(&app, org).year());
    print(&UnitPage {
        shell: signed.shell(&app, &unit.name, Place::Organisation).await?,
        key: unit.key.clone(),
        name: unit.name.clone(),
        line: org.line_of(unit.id).into_iter().skip(1).rev().map(named).collect(),
        facts: facts(org, unit),
        waits: waits(unit, counts.units.iter().find(|counts| counts.unit.id == unit.id)),
        below: org.below(Some(unit.id)).map(named).collect(),
        members: roles_here(org, unit, &members, &signed.viewer),
        products: products(org, unit),
        topics: topics(org, unit),
        hours,
        hours_note,
        targets: promises(org, unit),
        handles: handles(org, unit, &members),
    })
}

fn named(unit: &Unit) -> (String, String) {
    (unit.key.clone(), unit.name.clone())
}

fn facts(org: &Org, unit: &Unit) -> Vec<(String, Sentence)> {
    let mut facts = vec![("Kind".to_owned(), Sentence::plain(unit.kind.as_str()))];
    if unit.archived {
        facts.push(("State".to_owned(), Sentence::plain("no longer in use")));
    }
    if let Some(country) = &unit.country {
        facts.push(("Country".to_owned(), Sentence::plain(country)));
    }
    if !unit.languages.is_empty() {
        facts.push(("Languages".to_owned(), Sentence::plain(unit.languages.join(", "))));
    }
    if let Some(approval) = org.approval_of(unit.id).and_then(|id| org.unit(id)) {
        let says = Sentence::new().link(&approval.name, format!("/units/{}", approval.key));
        facts.push(("Approval".to_owned(), says.text(" approves every reply")));
    }
    if unit.takes_unroutable {
        facts.push(("Takes".to_owned(), Sentence::plain("what belongs nowhere else")));
    }
    facts
}

fn waits(unit: &Unit, counts: Option<&UnitCounts>) -> Vec<Sentence> {
    let Some(counts) = counts else {
        return vec![Sentence::plain("You have no role here, so its cases are not shown to you.")];
    };
    let desk = |view: &str| format!("/desk?view={view}&unit={}", unit.key);
    let mut says = Vec::new();
    if counts.waiting > 0 {
        let one = Sentence::new().link(counted(counts.waiting, "case", "cases"), desk("waiting"));
        let one = one.text(if counts.waiting == 1 { " waits" } else { " wait" });
        let late = (counts.late > 0).then(|| format!("{} late", counts.late));
        says.push(late.into_iter().fold(one, |one, late| one.text(", ").late(late)));
    }
    for (count, view, words) in
        [(counts.offered, "offered", " offered to it"), (counts.snoozed, "snoozed", " put aside")]
    {
        if count > 0 {
            says.push(Sentence::new().link(counted(count, "case", "cases"), desk(view)).text(words));
        }
    }
    says
}

/// Who has a role here, by a grant in this unit or above it. Addresses are for administrators, and one's own.
fn roles_here(org: &Org, unit: &Unit, members: &[Member], viewer: &Viewer) -> Vec<(String, String, String)> {
    let line = org.line_of(unit.id);
    let mut found = Vec::new();
    for member in members.iter().filter(|member| member.disabled_at.is_none()) {
        let grants = line.iter().filter_map(|from| Some((member.roles.get(&from.id)?, *from)));
        // The strongest counts; of equal ones the nearest is named.
        let strongest = grants.reduce(|best, one| if one.0 > best.0 { one } else { best });
        let Some((role, from)) = strongest else { continue };
        let role = if from.id == unit.id {
            role.as_str().to_owned()
        } else {
            format!("{}, through {}", role.as_str(), from.name)
        };
        found.push((format!("{} @{}", member.name, member.key), role, address(member, viewer)));
    }
    found
}

/// A member's address, if this person may see it.
pub(super) fn address(member: &Member, viewer: &Viewer) -> String {
    let seen = viewer.may_anywhere(Role::Admin) || viewer.member == member.id;
    if seen { member.email.clone() } else { String::new() }
}

fn products(org: &Org, unit: &Unit) -> Vec<(String, String)> {
    let own = org.products.iter().filter(|product| product.unit == Some(unit.id) && !product.archived);
    own.map(|product| {
        let whose = if product.competitor { " (a competitor’s)" } else { "" };
        (format!("{}{whose}", product.name), product.aliases.join(", "))
    })
    .collect()
}

fn topics(org: &Org, unit: &Unit) -> Vec<(String, String)> {
    let own = org.topics.iter().filter(|topic| topic.unit == Some(unit.id) && !topic.archived);
    own.map(|topic| (topic.name.clone(), topic.words.join(", "))).collect()
}

fn handles(org: &Org, unit: &Unit, members: &[Member]) -> Vec<[String; 5]> {
    let person = |id: i64| members.iter().find(|member| member.id == id).map(|member| member.name.clone());
    let own = org.handles.iter().filter(|handle| handle.unit == unit.id && !handle.archived);
    own.map(|handle| {
        let owner = handle.owner.and_then(person).unwrap_or_else(|| "nobody yet".to_owned());
        let owner = match handle.deputy.and_then(person) {
            Some(deputy) => format!("{owner}, or {deputy}"),
            None => owner,
        };
        let purpose = super::handles::purpose(handle.purpose).to_owned();
        [handle.key.clone(), handle.name.clone(), super::desk::spoken::network(&handle.network), purpose, owner]
    })
    .collect()
}

/// The hours that count here, days alike together, and whose they are.
fn hours(org: &Org, unit: &Unit, year: i16) -> (Vec<(String, String)>, String) {
    const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let Some(hours) = org.hours_of(unit.id) else { return (Vec::new(), String::new()) };
    let week: Vec<String> = hours.week().iter().map(|openings| day(openings)).collect();
    let mut rows = Vec::new();
    let mut first = 0;
    while first < 7 {
        let last = (first..7).take_while(|at| week[*at] == week[first]).last().unwrap_or(first);
        let days = if first == last { DAYS[first].to_owned() } else { format!("{} to {}", DAYS[first], DAYS[last]) };
        rows.push((days, week[first].clone()));
        first = last + 1;
    }
    rows.extend(holidays(hours, year));
    let from = org.line_of(unit.id).into_iter().find(|unit| unit.hours.is_some());
    let inherited = from.filter(|from| from.id != unit.id).map_or(String::new(), |from| format!(", as {}", from.name));
    (rows, format!("{}{inherited}", hours.time_zone()))
}

fn day(openings: &[dandelion_hub::unit::hours::Opening]) -> String {
    if openings.is_empty() {
        return "closed".to_owned();
    }
    openings.iter().map(|opening| opening.to_string().replace('-', "–")).collect::<Vec<_>>().join(", ")
}

/// The holidays from this year on, a line a year and month by month: `1 January, 3, 6 April`.
fn holidays(hours: &Hours, year: i16) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut before = None;
    for date in hours.holidays().iter().filter(|date| date.year() >= year) {
        let month = (date.year(), date.month());
        let label = format!("Holidays {}", date.year());
        let named = date.strftime("%-d %B").to_string();
        match lines.last_mut() {
            Some((of, days)) if *of == label && before == Some(month) => {
                // The month is named once, after its last day.
                let at = days.rfind(' ').unwrap_or(days.len());
                days.insert_str(at, &format!(", {}", date.day()));
            }
            Some((of, days)) if *of == label => *days = format!("{days}; {named}"),
            _ => lines.push((label, named)),
        }
        before = Some(month);
    }
    lines
}

fn promises(org: &Org, unit: &Unit) -> Vec<(String, String)> {
    let words = |promise: Promise| match promise {
        Promise::FirstResponse => "First response",
        Promise::NextResponse => "Next response",
        Promise::Resolution => "Resolution",
        Promise::Acceptance => "Acceptance of an offer",
    };
    let promised = Promise::ALL.into_iter().filter_map(|promise| Some((promise, org.promised(unit.id, promise)?)));
    promised.map(|(promise, minutes)| (words(promise).to_owned(), business(minutes))).collect()
}

/// Business time in words; a working day has 8 hours, as in `org.toml`.
fn business(minutes: i64) -> String {
    match minutes {
        m if m > 0 && m % 480 == 0 => counted(m / 480, "working day", "working days"),
        m if m > 0 && m % 60 == 0 => format!("{} h of business time", m / 60),
        m if m < 60 => format!("{m} min of business time"),
        m => format!("{} h {:02} of business time", m / 60, m % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holidays_are_a_line_a_year_and_name_each_month_once() {
        let days = ["2025-12-25", "2026-01-01", "2026-04-03", "2026-04-06", "2026-12-25", "2026-12-26", "2027-12-26"];
        let days = days.map(|day| day.parse().unwrap()).into();
        let hours = Hours::new("Europe/Berlin", std::array::from_fn(|_| Vec::new()), days).unwrap();
        let line = |year: &str, days: &str| (format!("Holidays {year}"), days.to_owned());
        let from_2026 = [line("2026", "1 January; 3, 6 April; 25, 26 December"), line("2027", "26 December")];
        assert_eq!(holidays(&hours, 2026), from_2026, "what is past is not listed, and years do not run together");
    }
}
