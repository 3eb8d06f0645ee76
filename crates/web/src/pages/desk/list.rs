//! The first two columns: the views with their numbers, and the cases of one.

use dandelion_hub::{
    case::{self, CaseRow, Counts, State, View},
    scope::Role,
};

use super::{Asked, Frame, asked, spoken};
use crate::{
    Problem,
    view::{
        Empty, Text, counted,
        desk::{CaseList, Chip, Due, Row, ViewGroup, ViewLink, Views},
        initials,
    },
};

/// Cases on a page.
const PAGE: i64 = 50;
/// Most rows asked for at once by a live page.
const MOST_ROWS: usize = 200;
/// Letters of a post in the list; two lines hold fewer.
const LETTERS: usize = 180;

/// The views, with how many cases each holds.
pub(super) async fn views(frame: &Frame<'_>, asked: &Asked) -> Result<Views, Problem> {
    let counts = case::counts(&frame.app.hub, &frame.signed.viewer).await?;
    let unit = asked.unit_id(&frame.engine.org)?;
    let pile = asked.pile()?;
    let mut groups = vec![ViewGroup { title: heading(frame, unit, &counts), links: Vec::new() }];
    for view in View::ALL {
        let (count, late) = held(&counts, view, unit);
        let link = ViewLink {
            label: asked::name(view).to_owned(),
            href: Asked { unit: asked.unit.clone(), ..Asked::view(view) }.href(),
            count,
            late,
            current: view == pile,
        };
        groups[0].links.push(link);
    }
    if counts.units.len() > 1 {
        groups.push(units(&counts, unit));
    }
    Ok(Views { groups })
}

fn heading(frame: &Frame<'_>, unit: Option<i64>, counts: &Counts) -> String {
    match (unit, counts.units.as_slice()) {
        (Some(unit), _) => frame.engine.org.unit_name(unit).to_owned(),
        (None, [only]) => only.unit.name.clone(),
        (None, []) => "No unit yet".to_owned(),
        (None, _) => "All my units".to_owned(),
    }
}

/// How many cases a view of all units, or of one, holds, and how many of them are late.
fn held(counts: &Counts, view: View, unit: Option<i64>) -> (Option<i64>, i64) {
    if let Some(unit) = unit {
        let Some(own) = counts.units.iter().find(|own| own.unit.id == unit) else { return (None, 0) };
        return match view {
            View::Waiting => (Some(own.waiting), own.late),
            View::Offered => (Some(own.offered), 0),
            View::Snoozed => (Some(own.snoozed), 0),
            _ => (None, 0),
        };
    }
    match view {
        View::Waiting => (Some(counts.waiting), counts.late),
        View::Offered => (Some(counts.offered), 0),
        View::Mine => (Some(counts.mine), 0),
        View::Approve => (Some(counts.approve), 0),
        View::Watching => (Some(counts.watching), 0),
        View::Snoozed => (Some(counts.snoozed), 0),
        View::Resolved | View::All => (None, 0),
    }
}

fn units(counts: &Counts, current: Option<i64>) -> ViewGroup {
    let all = ViewLink {
        label: "All my units".to_owned(),
        href: Asked::view(View::Waiting).href(),
        count: Some(counts.waiting),
        late: counts.late,
        current: current.is_none(),
    };
    let one = |own: &case::UnitCounts| ViewLink {
        label: own.unit.name.clone(),
        href: Asked { unit: own.unit.key.clone(), ..Asked::view(View::Waiting) }.href(),
        count: Some(own.waiting),
        late: own.late,
        current: current == Some(own.unit.id),
    };
    let links = std::iter::once(all).chain(counts.units.iter().map(one)).collect();
    ViewGroup { title: "Waiting in each unit".to_owned(), links }
}

/// A page of the list.
pub(super) async fn page(frame: &Frame<'_>, asked: &Asked) -> Result<CaseList, Problem> {
    let (hub, viewer) = (&frame.app.hub, &frame.signed.viewer);
    let filter = asked.filter(frame).await?;
    let cursor = asked.cursor()?;
    let found = case::list(hub, viewer, &filter, cursor, PAGE).await?;
    let all = match (cursor, found.next, found.all) {
        (None, None, _) => found.rows.len() as i64,
        (_, _, Some(all)) => all,
        _ => case::count(hub, viewer, &filter).await?,
    };
    let order = match filter.order() {
        case::Sort::Waiting => "late first, then longest",
        case::Sort::Newest => "newest first",
        case::Sort::Due => "next promise first",
        case::Sort::Oldest => "oldest first",
    };
    let words = if all == 0 { String::new() } else { format!("{}, {order}", counted(all, "case", "cases")) };
    Ok(CaseList {
        title: asked.title(&frame.engine.org),
        words: if cursor.is_some() { format!("{words}, continued") } else { words },
        query: asked.query(),
        q: asked.q.clone(),
        hidden: asked.pairs().into_iter().filter(|(name, _)| name != "q").collect(),
        rows: found.rows.iter().map(|case| row(frame, asked, case)).collect(),
        more: found.next.map(|next| asked.more(next)),
        empty: nothing(frame, asked, filter.view),
    })
}

/// Those of some cases that belong to the view: one query finds the view's cases among them.
pub(super) async fn some(frame: &Frame<'_>, asked: &Asked) -> Result<Vec<Row>, Problem> {
    let ids: Vec<i64> = asked.ids.split(',').filter_map(|id| id.parse().ok()).take(MOST_ROWS).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let filter = asked.filter(frame).await?;
    let found = case::among(&frame.app.hub, &frame.signed.viewer, &filter, &ids).await?;
    Ok(found.iter().map(|case| row(frame, asked, case)).collect())
}

fn row(frame: &Frame<'_>, asked: &Asked, case: &CaseRow) -> Row {
    let who = spoken::author(case.author.as_ref());
    let text = match &case.words {
        Some(words) => {
            let spans: Vec<_> = words.spans.iter().map(|[from, to]| *from..*to).collect();
            Text::titled(words.title.as_deref(), &words.text, &spans).shortened(LETTERS)
        }
        None => Text::plain("Deleted by its author."),
    };
    Row {
        id: case.id,
        href: asked.without_case().with_case(case.id).href(),
        initials: initials(&who),
        avatar: frame.app.pictures.as_ref().and_then(|_| spoken::avatar(case.author.as_ref())),
        who,
        network: spoken::network(&case.network),
        text,
        chips: chips(frame, asked, case),
        due: due(frame, case),
        unread: case.unread,
        current: asked.case == Some(case.id),
    }
}

/// What is promised next, or since when the customer waits.
pub(super) fn due(frame: &Frame<'_>, case: &CaseRow) -> Option<Due> {
    if let Some(at) = case.due_at {
        let what = spoken::promise(case.due_kind.as_deref().unwrap_or("")).to_owned();
        return Some(Due { what, time: frame.due(at), late: case.late });
    }
    let asked = case.asked_at.filter(|_| case.state == State::Open)?;
    Some(Due { what: "asked".to_owned(), time: frame.ago(asked), late: false })
}

/// What decides first, then what it is about.
fn chips(frame: &Frame<'_>, asked: &Asked, case: &CaseRow) -> Vec<Chip> {
    let mut chips = Vec::new();
    if let Some(offer) = &case.offer {
        chips.push(Chip::open(format!("offered to {}", offer.to.name)));
    }
    if case.approvals > 0 {
        chips.push(Chip::open("to approve"));
    }
    if case.unknown > 0 {
        chips.push(Chip::open("look: sent or not?"));
    }
    chips.extend(case.risks.iter().map(Chip::risk));
    match case.state {
        State::Open if case.asks > 1 => chips.push(Chip::new(format!("asks for the {} time", spoken::nth(case.asks)))),
        State::Waiting => chips.push(Chip::new("waits for them")),
        State::Snoozed => chips.push(Chip::new("snoozed")),
        State::Resolved if case.confirmed_at.is_some() => chips.push(Chip::good("confirmed by the customer")),
        State::Resolved => chips.push(Chip::new(spoken::closing(case.resolution.as_deref().unwrap_or("")))),
        State::Open | State::Merged => {}
    }
    let intents = case.intents.iter().filter(|intent| *intent != "other" && *intent != "risk");
    chips.extend(intents.take(2).map(Chip::new));
    match &case.assignee {
        Some(own) if own.id == frame.signed.viewer.member => chips.push(Chip::good("mine")),
        Some(other) => chips.push(Chip::new(other.name.clone())),
        None => {}
    }
    if asked.unit.is_empty() && several_units(frame) {
        chips.push(Chip::new(case.unit.name.clone()));
    }
    chips
}

fn several_units(frame: &Frame<'_>) -> bool {
    let seen = frame.signed.viewer.scope(Role::Viewer);
    frame.engine.org.live_units().filter(|unit| seen.holds(unit.id)).take(2).count() > 1
}

fn nothing(frame: &Frame<'_>, asked: &Asked, view: View) -> Empty {
    if !frame.signed.viewer.may_anywhere(Role::Viewer) {
        return Empty::new(
            "You have no role yet",
            "Cases are seen by the members of a unit. An administrator gives you a role in one.",
        );
    }
    if asked.pairs().iter().any(|(name, _)| name != "view" && name != "unit") {
        let href = Asked { unit: asked.unit.clone(), ..Asked::view(view) }.href();
        return Empty::new("Nothing fits", "No case of this view has these words or marks.")
            .act("Show all of it", href);
    }
    let (title, text) = match view {
        View::Waiting => {
            ("Nobody is waiting for us", "New cases appear here by themselves, the longest waiting first.")
        }
        View::Offered => ("Nothing is offered to us", "What another unit wants to pass on to yours appears here."),
        View::Mine => ("You work on no case", "Take one from those that wait."),
        View::Approve => ("Nothing to approve", "Replies that need your approval appear here."),
        View::Watching => ("Nothing is watched", "Cases that other units tell yours about appear here."),
        View::Snoozed => ("Nothing is put aside", "A snoozed case comes back at its time, or when somebody writes."),
        View::Resolved => ("Nothing is resolved yet", "Closed cases stay here, with what became of them."),
        View::All => ("There are no cases yet", "A case opens when a post that concerns you is heard."),
    };
    let empty = Empty::new(title, text);
    match view {
        View::All => empty.act("See what is listened for", "/queries"),
        View::Waiting => empty.act("All cases", Asked::view(View::All).href()),
        _ => empty.act("Waiting for us", Asked::view(View::Waiting).href()),
    }
}
