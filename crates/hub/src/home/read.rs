use dandelion_post::Micros;
use serde::Serialize;

use super::records::{HandoffFilter, Number, PostFilter, Records, ReplyFilter, count};
use crate::{
    Hub, Result,
    case::{self, CaseRow, Filter, Named, Sort, Stage, View},
    outcome::{self, Kind},
    scope::{Role, Viewer},
    store::Q,
};

/// A day, in microseconds.
const DAY: Micros = 86_400_000_000;

/// What the home page says to one person.
#[derive(Debug, Clone, Serialize)]
pub struct Home {
    /// Cases that wait for the viewer's units.
    pub waiting: Number,
    /// Of these, the promise is broken already.
    pub late: Number,
    /// Who has waited longest.
    pub oldest: Option<Oldest>,
    /// The units with somebody waiting, in the organisation's order.
    pub units: Vec<UnitWaiting>,
    /// Assigned to the viewer.
    pub mine: Number,
    /// Offered to the viewer's units.
    pub offered: Number,
    /// Replies wait in these cases for the viewer's approval.
    pub approvals: Number,
    /// Replies of which nobody knows whether they were published: a person decides.
    pub unknown: Number,
    /// The last seven days.
    pub week: Week,
    /// What became of the last thirty days: heard, about us, for a department, accepted, resolved, confirmed.
    pub funnel: Vec<Step>,
    /// The case to open first.
    pub first: Option<First>,
}

/// Who has waited longest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Oldest {
    /// The case.
    pub case: i64,
    /// Its heading.
    pub title: String,
    /// Its unit.
    pub unit: Named,
    /// Since when they wait.
    pub since: Micros,
}

/// A unit in which somebody waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnitWaiting {
    /// Which.
    pub unit: Named,
    /// How many cases.
    pub waiting: Number,
}

/// What came of the last seven days. Grades are not added together, and silence counts as nothing (law 9).
#[derive(Debug, Clone, Serialize)]
pub struct Week {
    /// Its beginning.
    pub since: Micros,
    /// Handoffs offered.
    pub passed: Number,
    /// Of these, accepted.
    pub accepted: Number,
    /// Of these, bounced.
    pub bounced: Number,
    /// Claims that it is fixed or answered: grade C.
    pub resolved: Number,
    /// Customers said so: grade A.
    pub confirmed: Number,
    /// Closed as fixed or answered in these days, and the customer said nothing.
    pub silent: Number,
}

/// One step of the funnel; each is part of the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// In words.
    pub name: &'static str,
    /// How many posts (the first two) or cases (the others).
    pub number: Number,
}

/// What to do first, and why.
#[derive(Debug, Clone, Serialize)]
pub struct First {
    /// The case.
    pub case: CaseRow,
    /// Why this one; facts, each a short phrase.
    pub why: Vec<String>,
}

/// The home page of one person, within their scope.
pub async fn read(hub: &Hub, viewer: &Viewer) -> Result<Home> {
    hub.memo(viewer.asks("home"), find(hub, viewer)).await
}

async fn find(hub: &Hub, viewer: &Viewer) -> Result<Home> {
    let ((piles, unknown), week, funnel, first) =
        tokio::try_join!(piles(hub, viewer), week(hub, viewer), funnel(hub, viewer), first(hub, viewer))?;
    let oldest = oldest(hub, viewer, &piles).await?;
    let of_view = |view, count| Number { count, opens: Records::Cases(Filter::view(view)) };
    let late = Records::Cases(Filter { late: true, ..Filter::view(View::Waiting) });
    let units = piles.units.into_iter().filter(|unit| unit.waiting > 0).map(|counted| {
        let filter = Filter { unit: Some(counted.unit.id), ..Filter::view(View::Waiting) };
        let waiting = Number { count: counted.waiting, opens: Records::Cases(filter) };
        UnitWaiting { unit: counted.unit, waiting }
    });
    Ok(Home {
        waiting: of_view(View::Waiting, piles.waiting),
        late: Number { count: piles.late, opens: late },
        oldest,
        units: units.collect(),
        mine: of_view(View::Mine, piles.mine),
        offered: of_view(View::Offered, piles.offered),
        approvals: of_view(View::Approve, piles.approve),
        unknown,
        week,
        funnel,
        first,
    })
}

async fn number(hub: &Hub, viewer: &Viewer, opens: Records) -> Result<Number> {
    Ok(Number { count: count(hub, viewer, &opens).await?, opens })
}

async fn piles(hub: &Hub, viewer: &Viewer) -> Result<(case::Counts, Number)> {
    let unknown = Records::Replies(ReplyFilter { state: Some("unknown".into()) });
    Ok((case::counts(hub, viewer).await?, number(hub, viewer, unknown).await?))
}

async fn week(hub: &Hub, viewer: &Viewer) -> Result<Week> {
    let since = hub.now() - 7 * DAY;
    let handoffs = |state: Option<&str>| {
        Records::Handoffs(HandoffFilter {
            since: Some(since),
            state: state.map(str::to_owned),
            ..HandoffFilter::default()
        })
    };
    let claims = |kind, grade: &str| {
        Records::Outcomes(outcome::Filter {
            kind: Some(kind),
            grade: Some(grade.into()),
            since: Some(since),
            ..outcome::Filter::default()
        })
    };
    let silent = Filter { stage: Some(Stage::Silent), closed_since: Some(since), ..Filter::view(View::Resolved) };
    Ok(Week {
        since,
        passed: number(hub, viewer, handoffs(None)).await?,
        accepted: number(hub, viewer, handoffs(Some("accepted"))).await?,
        bounced: number(hub, viewer, handoffs(Some("bounced"))).await?,
        resolved: number(hub, viewer, claims(Kind::Resolved, "C")).await?,
        confirmed: number(hub, viewer, claims(Kind::Confirmed, "A")).await?,
        silent: number(hub, viewer, Records::Cases(silent)).await?,
    })
}

async fn funnel(hub: &Hub, viewer: &Viewer) -> Result<Vec<Step>> {
    let since = hub.now() - 30 * DAY;
    let posts = |about_us| Records::Posts(PostFilter { since: Some(since), about_us });
    let cases = |stage| Filter { stage, opened_since: Some(since), ..Filter::view(View::All) };
    let conditions = cases(None).conditions(viewer, hub.now(), hub.db.is_postgres());
    let sql = format!(
        "select count(*) as all_of_them, count(*) filter (where {}) as accepted, count(*) filter (where {}) as resolved,
           count(*) filter (where {}) as confirmed from cases c where {}",
        Stage::Accepted.sql(),
        Stage::Resolved.sql(),
        Stage::Confirmed.sql(),
        conditions.sql()
    );
    let row = hub.db.one(conditions.query(sql)).await?;
    let step = |name, count, stage| Step { name, number: Number { count, opens: Records::Cases(cases(stage)) } };
    Ok(vec![
        Step { name: "heard", number: number(hub, viewer, posts(false)).await? },
        Step { name: "about us", number: number(hub, viewer, posts(true)).await? },
        step("for a department", row.get("all_of_them")?, None),
        step("accepted", row.get("accepted")?, Some(Stage::Accepted)),
        step("resolved", row.get("resolved")?, Some(Stage::Resolved)),
        step("confirmed", row.get("confirmed")?, Some(Stage::Confirmed)),
    ])
}

/// Who has waited longest, found by the moment that counting the piles came across.
async fn oldest(hub: &Hub, viewer: &Viewer, counts: &case::Counts) -> Result<Option<Oldest>> {
    let Some(since) = counts.units.iter().filter_map(|unit| unit.oldest).min() else { return Ok(None) };
    let mut conditions = Filter::view(View::Waiting).conditions(viewer, hub.now(), hub.db.is_postgres());
    let asked_at = conditions.bind(since);
    let sql = format!(
        "select u.id as u_id, u.key as u_key, u.name as u_name, c.id as id, c.title as title
         from cases c join units u on u.id = c.unit_id where {} and c.asked_at = {asked_at} order by c.id limit 1",
        conditions.sql()
    );
    let Some(row) = hub.db.opt(conditions.query(sql)).await? else { return Ok(None) };
    Ok(Some(Oldest { case: row.get("id")?, title: row.get("title")?, unit: Named::one(&row, 0)?, since }))
}

/// The most urgent case that the viewer could work on now: theirs or nobody's. Urgency is what the words ask for;
/// neither influence nor risk plays a part (law 6). Among equals whoever's promise ends first, then who waits longest.
async fn first(hub: &Hub, viewer: &Viewer) -> Result<Option<First>> {
    let scope = viewer.scope(Role::Agent).sql("c.unit_id");
    let sql = format!(
        "select c.id from cases c where c.state = 'open' and {scope} and (c.assignee_id is null or c.assignee_id = $1)
         order by c.urgency desc, coalesce(c.due_at, {}), coalesce(c.asked_at, c.last_post_at), c.id limit 1",
        i64::MAX
    );
    let Some(row) = hub.db.opt(Q::of(sql).bind(viewer.member)).await? else { return Ok(None) };
    let filter = Filter {
        text: Some(format!("#{}", row.get::<i64, _>("id")?)),
        sort: Some(Sort::Waiting),
        ..Filter::view(View::All)
    };
    let Some(case) = case::list(hub, viewer, &filter, None, 1).await?.rows.pop() else { return Ok(None) };
    Ok(Some(First { why: why(&case, hub.now()), case }))
}

fn why(case: &CaseRow, now: Micros) -> Vec<String> {
    let mut why = Vec::new();
    if case.urgency > 0 {
        why.push(format!("urgency {} of 3", case.urgency));
    }
    if let (Some(due), Some(kind)) = (case.due_at, case.due_kind.as_deref()) {
        let what = match kind {
            "resolution" => "the solution",
            "acceptance" => "an answer to the offer",
            _ => "a reply",
        };
        why.push(if due <= now {
            format!("{what} is late by {}", span(now - due))
        } else {
            format!("{what} is due in {}", span(due - now))
        });
    }
    if case.asks > 1 {
        why.push(format!("asked {} times", case.asks));
    }
    if let Some(since) = case.asked_at {
        why.push(format!("has waited for {}", span(now - since)));
    }
    why
}

/// A length of time in words, as coarse as a person would say it.
fn span(micros: Micros) -> String {
    let minutes = (micros / 60_000_000).max(0);
    let (count, unit) = match minutes {
        0 => return "less than a minute".into(),
        1..=119 => (minutes, "minute"),
        120..=2879 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
