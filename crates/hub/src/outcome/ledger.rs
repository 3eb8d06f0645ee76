use dandelion_post::Micros;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Hub, Result,
    case::{Conditions, Named},
    scope::{Role, Viewer},
    store::{Q, Row},
};

/// What is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An issue reached the unit that can fix it: the receiver accepted. Grade A; the handoff is the evidence.
    Passed,
    /// We say that it is fixed or answered. Grade C: claimed by us.
    Resolved,
    /// The customer said so. Grade A; their post is the evidence.
    Confirmed,
}

impl Kind {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Resolved => "resolved",
            Self::Confirmed => "confirmed",
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        [Self::Passed, Self::Resolved, Self::Confirmed]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| Error::invalid("kind", "one of passed, resolved, confirmed", text))
    }
}

/// What to list. Absent means whatever.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// This claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// This grade: `A` or `C`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade: Option<String>,
    /// Claimed by this unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<i64>,
    /// About this case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<i64>,
    /// At or after this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Micros>,
    /// Before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Micros>,
    /// Also claims that no longer hold (shown struck through; they count nowhere).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub void: bool,
}

/// One claim.
#[derive(Debug, Clone, Serialize)]
pub struct OutcomeRow {
    /// Id.
    pub id: i64,
    /// What is claimed.
    pub kind: Kind,
    /// `A`: the customer or the receiver said so; `C`: claimed by us.
    pub grade: String,
    /// By which unit.
    pub unit: Named,
    /// In which case.
    pub case: i64,
    /// The case's heading.
    pub title: String,
    /// Evidence in words.
    pub evidence: String,
    /// The handoff that was accepted.
    pub handoff: Option<i64>,
    /// The resolution it speaks of.
    pub resolution: Option<i64>,
    /// The post that shows it.
    pub evidence_post: Option<i64>,
    /// Address of that post on its network.
    pub evidence_url: Option<String>,
    /// What that post says; none where its author deleted it.
    pub evidence_text: Option<String>,
    /// When.
    pub at: Micros,
    /// When it stopped holding.
    pub void_at: Option<Micros>,
    /// Why.
    pub void_why: Option<String>,
}

/// One page of the ledger, newest first.
#[derive(Debug, Clone, Serialize)]
pub struct Ledger {
    /// The claims.
    pub rows: Vec<OutcomeRow>,
    /// Pass this as `after` for the next page; none at the end.
    pub next: Option<i64>,
}

/// How many claims of one kind and one grade hold. Never add them across kinds or grades.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// What is claimed.
    pub kind: Kind,
    /// By whose word.
    pub grade: String,
    /// How many.
    pub count: i64,
    /// What opens exactly these.
    pub filter: Filter,
}

const COLUMNS: &str = "u.id as u_id, u.key as u_key, u.name as u_name, o.id as id, o.kind as kind, o.grade as grade,
  o.case_id as case_id, c.title as title, o.evidence as evidence, o.handoff_id as handoff_id,
  o.resolution_id as resolution_id, o.evidence_post_id as evidence_post_id, p.url as evidence_url, p.text as evidence_text, o.at as at,
  o.void_at as void_at, o.void_why as void_why
  from outcomes o join units u on u.id = o.unit_id join cases c on c.id = o.case_id
  left join posts p on p.id = o.evidence_post_id";

impl Filter {
    fn conditions(&self, viewer: &Viewer) -> Conditions {
        let mut all = Conditions::default();
        all.plain(viewer.scope(Role::Viewer).sql("o.unit_id"));
        if let Some(kind) = self.kind {
            all.with("o.kind = ?", kind.as_str());
        }
        if let Some(grade) = &self.grade {
            all.with("o.grade = ?", grade);
        }
        if let Some(unit) = self.unit {
            all.with("o.unit_id = ?", unit);
        }
        if let Some(case) = self.case {
            all.with("o.case_id = ?", case);
        }
        if let Some(since) = self.since {
            all.with("o.at >= ?", since);
        }
        if let Some(until) = self.until {
            all.with("o.at < ?", until);
        }
        if !self.void {
            all.plain("o.void_at is null");
        }
        all
    }
}

/// One page of the ledger, newest first, within the viewer's scope. `limit` is held to 1..=200.
pub async fn list(hub: &Hub, viewer: &Viewer, filter: &Filter, after: Option<i64>, limit: i64) -> Result<Ledger> {
    let limit = limit.clamp(1, 200);
    let mut conditions = filter.conditions(viewer);
    if let Some(after) = after {
        conditions.with("o.id < ?", after);
    }
    let sql = format!("select {COLUMNS} where {} order by o.id desc limit {}", conditions.sql(), limit + 1);
    let mut rows = hub.db.all(conditions.query(sql)).await?.iter().map(row).collect::<Result<Vec<_>>>()?;
    let more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|row| row.id);
    Ok(Ledger { rows, next })
}

/// How many claims a filter opens.
pub async fn count(hub: &Hub, viewer: &Viewer, filter: &Filter) -> Result<i64> {
    let conditions = filter.conditions(viewer);
    let sql = format!("select count(*) as n from outcomes o where {}", conditions.sql());
    hub.db.one(conditions.query(sql)).await?.get("n")
}

/// One sum for each kind and grade that occurs, each with what opens its records.
pub async fn sums(hub: &Hub, viewer: &Viewer, filter: &Filter) -> Result<Vec<Sums>> {
    let conditions = filter.conditions(viewer);
    let sql = format!(
        "select o.kind, o.grade, count(*) as n from outcomes o where {} group by o.kind, o.grade order by 1, 2",
        conditions.sql()
    );
    let rows = hub.db.all(conditions.query(sql)).await?;
    let mut sums = Vec::new();
    for row in rows {
        let kind: Kind = row.get::<String, _>("kind")?.parse()?;
        let grade: String = row.get("grade")?;
        let filter = Filter { kind: Some(kind), grade: Some(grade.clone()), ..filter.clone() };
        sums.push(Sums { kind, grade, count: row.get("n")?, filter });
    }
    Ok(sums)
}

/// What came of one case, oldest first, void claims included. The caller has checked that the viewer sees the case.
pub async fn of_case(hub: &Hub, case: i64) -> Result<Vec<OutcomeRow>> {
    let sql: Q = Q::of(format!("select {COLUMNS} where o.case_id = $1 order by o.id")).bind(case);
    hub.db.all(sql).await?.iter().map(row).collect()
}

fn row(row: &Row) -> Result<OutcomeRow> {
    Ok(OutcomeRow {
        id: row.get("id")?,
        kind: row.get::<String, _>("kind")?.parse()?,
        grade: row.get("grade")?,
        unit: Named::one(row, 0)?,
        case: row.get("case_id")?,
        title: row.get("title")?,
        evidence: row.get("evidence")?,
        handoff: row.get("handoff_id")?,
        resolution: row.get("resolution_id")?,
        evidence_post: row.get("evidence_post_id")?,
        evidence_url: row.get("evidence_url")?,
        evidence_text: row.get::<Option<String>, _>("evidence_text")?.filter(|text| !text.is_empty()),
        at: row.get("at")?,
        void_at: row.get("void_at")?,
        void_why: row.get("void_why")?,
    })
}
