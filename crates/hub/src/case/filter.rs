//! What part of the desk is looked at, and the SQL for it. A filter is a URL: everything that shows a number of
//! cases hands out the filter that opens them, and both go through [`Conditions`], so they cannot differ.

use dandelion_post::Micros;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    scope::{Role, Scope, Viewer},
    store::{Q, Value},
};

/// One pile on the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum View {
    /// Waiting for us.
    #[default]
    Waiting,
    /// Offered to a unit of ours, not yet accepted or bounced.
    Offered,
    /// Assigned to me and not closed.
    Mine,
    /// A reply in it waits for my approval.
    Approve,
    /// A unit of ours was told of it, and it is not closed.
    Watching,
    /// Put aside.
    Snoozed,
    /// Closed.
    Resolved,
    /// Everything I may see.
    All,
}

impl View {
    /// All of them, in the order of the left pane.
    pub const ALL: [Self; 8] = [
        Self::Waiting,
        Self::Offered,
        Self::Mine,
        Self::Approve,
        Self::Watching,
        Self::Snoozed,
        Self::Resolved,
        Self::All,
    ];

    /// As in an address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Offered => "offered",
            Self::Mine => "mine",
            Self::Approve => "approve",
            Self::Watching => "watching",
            Self::Snoozed => "snoozed",
            Self::Resolved => "resolved",
            Self::All => "all",
        }
    }
}

/// Whose cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Assignee {
    /// Nobody's yet.
    Nobody,
    /// This member's.
    Member(i64),
}

/// How far a case came. Each stage includes the ones after it: what is confirmed is also resolved and accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Somebody of a unit took it up.
    Accepted,
    /// Resolved as fixed or answered (our claim), and not reopened.
    Resolved,
    /// The customer said so.
    Confirmed,
    /// Resolved as fixed or answered, and the customer never said anything: counts as nothing.
    Silent,
}

impl Stage {
    /// What must hold of `cases c`.
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::Accepted => "c.accepted_at is not null",
            Self::Resolved => "c.accepted_at is not null and c.resolution in ('fixed', 'answered')",
            Self::Confirmed => {
                "c.accepted_at is not null and c.resolution in ('fixed', 'answered') and c.confirmed_at is not null"
            }
            Self::Silent => {
                "c.accepted_at is not null and c.resolution in ('fixed', 'answered') and c.confirmed_at is null"
            }
        }
    }
}

/// In what order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// Late ones first, then whoever waits longest. Neither influence nor risk moves anybody up (law 6).
    Waiting,
    /// Newest post first.
    Newest,
    /// Next promise first.
    Due,
    /// In the order they were opened.
    Oldest,
}

/// What to list. Absent means whatever.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Which pile.
    pub view: View,
    /// Of this unit alone: it owns the case (offered: it is offered to it; watching: it was told; approve: its
    /// approvers are asked).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<i64>,
    /// Whose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Assignee>,
    /// With this intent: `complaint`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// With this risk: `safety`; `any` for any risk at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<String>,
    /// In this language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// From this network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// About this product, by key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// About this topic, by key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Words in one of its posts, as the search understands them (of very common words the newest 2,000 posts), or
    /// a case number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// At least so urgent, 0 to 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency_min: Option<i64>,
    /// Of this author.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<i64>,
    /// Only those whose promise is already broken.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// Only those that came at least so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// Opened at or after this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_since: Option<Micros>,
    /// Closed at or after this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_since: Option<Micros>,
    /// In what order; absent: the view's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<Sort>,
}

impl Filter {
    /// A view and nothing else.
    pub fn view(view: View) -> Self {
        Self { view, ..Self::default() }
    }

    /// The order asked for, or the view's own.
    pub fn order(&self) -> Sort {
        self.sort.unwrap_or(match self.view {
            View::Waiting | View::Offered | View::Mine | View::Approve => Sort::Waiting,
            _ => Sort::Newest,
        })
    }

    /// Two ascending sort keys over `cases c`.
    pub(super) fn keys(&self, now: Micros) -> (String, &'static str) {
        match self.order() {
            Sort::Waiting => {
                (format!("case when c.due_at <= {now} then 0 else 1 end"), "coalesce(c.asked_at, c.last_post_at)")
            }
            Sort::Newest => ("0".into(), "-c.last_post_at"),
            Sort::Due => ("case when c.due_at is null then 1 else 0 end".into(), "coalesce(c.due_at, c.last_post_at)"),
            Sort::Oldest => ("0".into(), "c.opened_at"),
        }
    }

    /// What must hold of `cases c`, the viewer's scope included (law 7).
    pub(crate) fn conditions(&self, viewer: &Viewer, now: Micros, postgres: bool) -> Conditions {
        let mut all = Conditions::default();
        let seen = viewer.scope(Role::Viewer);
        self.of_view(&mut all, viewer, &seen);
        match self.assignee {
            Some(Assignee::Nobody) => all.plain("c.assignee_id is null"),
            Some(Assignee::Member(id)) => all.with("c.assignee_id = ?", id),
            None => {}
        }
        for (column, value) in [("c.language", &self.language), ("c.network", &self.network)] {
            if let Some(value) = value {
                all.with(&format!("{column} = ?"), value);
            }
        }
        if self.risk.as_deref() == Some("any") {
            all.plain("c.risks <> ''");
        }
        let risk = self.risk.clone().filter(|risk| risk != "any");
        let packed =
            [("intents", &self.intent), ("risks", &risk), ("products", &self.product), ("topics", &self.topic)];
        for (column, value) in packed {
            if let Some(value) = value {
                all.with(&format!("c.{column} like ? escape '!'"), format!("%,{},%", literal(value)));
            }
        }
        if let Some(least) = self.urgency_min {
            all.with("c.urgency >= ?", least);
        }
        if let Some(author) = self.author {
            all.with("c.author_id = ?", author);
        }
        if self.late {
            all.with("c.due_at <= ?", now);
        }
        if let Some(stage) = self.stage {
            all.plain(stage.sql());
        }
        if let Some(since) = self.opened_since {
            all.with("c.opened_at >= ?", since);
        }
        if let Some(since) = self.closed_since {
            all.with("c.closed_at >= ?", since);
        }
        if let Some(text) = &self.text {
            in_words(&mut all, text, postgres);
        }
        all
    }

    fn of_view(&self, all: &mut Conditions, viewer: &Viewer, seen: &Scope) {
        let unit = |column: &str| self.unit.map_or_else(String::new, |unit| format!(" and {column} = {unit}"));
        match self.view {
            View::Waiting => all.plain(format!("c.state = 'open' and {}{}", seen.sql("c.unit_id"), unit("c.unit_id"))),
            View::Snoozed => {
                all.plain(format!("c.state = 'snoozed' and {}{}", seen.sql("c.unit_id"), unit("c.unit_id")));
            }
            View::Resolved => {
                all.plain(format!("c.state = 'resolved' and {}{}", seen.sql("c.unit_id"), unit("c.unit_id")));
            }
            View::Mine => {
                all.with("c.assignee_id = ? and c.state in ('open', 'waiting', 'snoozed')", viewer.member);
                all.plain(format!("{}{}", seen.case_sql("c"), unit("c.unit_id")));
            }
            View::Offered => all.plain(format!(
                "c.id in (select h.case_id from handoffs h where h.state = 'offered' and {}{})",
                seen.sql("h.to_unit"),
                unit("h.to_unit")
            )),
            View::Approve => all.plain(format!(
                "c.id in (select r.case_id from replies r where r.state = 'submitted' and {}{}) and {}",
                viewer.scope(Role::Approver).sql("r.approval_unit_id"),
                unit("r.approval_unit_id"),
                "c.state <> 'merged'"
            )),
            View::Watching => all.plain(format!(
                "c.id in (select w.case_id from watches w where {}{}) and c.state in ('open', 'waiting', 'snoozed')",
                seen.sql("w.unit_id"),
                unit("w.unit_id")
            )),
            View::All => all.plain(format!("c.state <> 'merged' and {}{}", seen.case_sql("c"), unit("c.unit_id"))),
        }
    }
}

/// A text for `like … escape '!'` that stands for itself.
fn literal(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            escaped.push('!');
        }
        escaped.push(c);
    }
    escaped
}

/// A word that stands in every post finds the cases of so many posts, the newest; the search page finds them all.
const MOST_MATCHES: usize = 2_000;

/// Cases with posts that hold every word of `text`, or the case with that number.
fn in_words(all: &mut Conditions, text: &str, postgres: bool) {
    if let Some(id) = text.trim().strip_prefix('#').unwrap_or(text.trim()).parse::<i64>().ok().filter(|id| *id > 0) {
        return all.with("c.id = ?", id);
    }
    let Some(expression) = crate::search::expression(text, postgres) else { return all.plain("1 = 0") };
    let matching = if postgres {
        "select post_id from post_words where words @@ cast(? as tsquery) order by post_id desc"
    } else {
        "select rowid as post_id from post_words where post_words match ? order by rowid desc"
    };
    all.with(
        &format!(
            "c.id in (select ct.case_id from ({matching} limit {MOST_MATCHES}) w join posts p on p.id = w.post_id
             join case_threads ct on ct.thread_id = p.thread_id)"
        ),
        expression,
    );
}

/// Conditions joined by `and`, with what is bound to them.
#[derive(Debug, Default, Clone)]
pub(crate) struct Conditions {
    parts: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    /// One without values.
    pub(crate) fn plain(&mut self, sql: impl Into<String>) {
        self.parts.push(sql.into());
    }

    /// One with one value, where `?` stands for it.
    pub(crate) fn with(&mut self, sql: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        self.parts.push(sql.replace('?', &format!("${}", self.values.len())));
    }

    /// The next value's place (`$n`), for what follows the conditions.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// All of them as SQL; `1 = 1` where there are none.
    pub(crate) fn sql(&self) -> String {
        if self.parts.is_empty() { "1 = 1".into() } else { self.parts.join(" and ") }
    }

    /// The statement, with the values bound.
    pub(crate) fn query(self, sql: String) -> Q {
        Q::of(sql).bind_all(self.values)
    }
}

/// Where a list goes on: after this row, as it was ordered when the first page was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub(super) now: Micros,
    pub(super) first: i64,
    pub(super) second: i64,
    pub(super) id: i64,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}.{}", self.now, self.first, self.second, self.id)
    }
}

impl std::str::FromStr for Cursor {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::invalid("after", "not a place in a list; leave it out to start at the beginning", text);
        let parts: Vec<i64> = text.split('.').map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong())?;
        let [now, first, second, id] = parts[..] else { return Err(wrong()) };
        Ok(Self { now, first, second, id })
    }
}

impl Serialize for Cursor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
