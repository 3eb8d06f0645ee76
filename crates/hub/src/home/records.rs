//! Lists that a number of the home page opens, where no other noun has them.

use dandelion_post::Micros;
use serde::{Deserialize, Serialize};

use crate::{
    Hub, Result,
    case::{self, Conditions, Named},
    outcome,
    personal::{self, Cover},
    scope::{Role, Viewer},
};

/// What a number opens: the records it counts, and no others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "records", content = "filter", rename_all = "lowercase")]
pub enum Records {
    /// [`case::list`](fn@case::list)
    Cases(case::Filter),
    /// [`outcome::list`]
    Outcomes(outcome::Filter),
    /// [`handoffs`]
    Handoffs(HandoffFilter),
    /// [`replies`]
    Replies(ReplyFilter),
    /// [`posts`]
    Posts(PostFilter),
}

/// A number and what it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Number {
    /// How many.
    pub count: i64,
    /// Which.
    pub opens: Records,
}

/// Handoffs from or to a unit the viewer sees.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HandoffFilter {
    /// Offered at or after this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Micros>,
    /// In this state: `offered`, `accepted`, `bounced`, `withdrawn`, `expired`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// From this unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<i64>,
    /// To this unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<i64>,
}

/// Replies in cases the viewer sees.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ReplyFilter {
    /// In this state: `unknown`, `failed`, `queued`, ….
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// Posts of others. Posts are public and belong to no unit: whoever may read anything may read them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PostFilter {
    /// Heard at or after this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Micros>,
    /// Only those that are about us: mentions.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub about_us: bool,
}

/// One handoff.
#[derive(Debug, Clone, Serialize)]
pub struct HandoffRow {
    /// Id.
    pub id: i64,
    /// Of which case.
    pub case: i64,
    /// Its heading.
    pub title: String,
    /// From.
    pub from: Named,
    /// To.
    pub to: Named,
    /// Its state.
    pub state: String,
    /// Why it was offered.
    pub reason: String,
    /// When.
    pub offered_at: Micros,
    /// When it was answered.
    pub decided_at: Option<Micros>,
    /// What was answered.
    pub decision: Option<String>,
}

/// One reply.
#[derive(Debug, Clone, Serialize)]
pub struct ReplyRow {
    /// Id.
    pub id: i64,
    /// In which case.
    pub case: i64,
    /// Its heading.
    pub title: String,
    /// The unit that owns the case.
    pub unit: Named,
    /// Its state.
    pub state: String,
    /// Its words.
    pub text: String,
    /// When its state changed.
    pub changed_at: Micros,
    /// What went wrong.
    pub error: Option<String>,
}

/// One post of others.
#[derive(Debug, Clone, Serialize)]
pub struct PostRow {
    /// Id.
    pub id: i64,
    /// Its network.
    pub network: String,
    /// Who wrote it, as their network calls them.
    pub author: Option<String>,
    /// Its words; empty when deleted.
    pub text: String,
    /// Its address.
    pub url: Option<String>,
    /// When we heard it.
    pub received_at: Micros,
    /// Its case, where there is one that the viewer sees.
    pub case: Option<i64>,
}

impl HandoffFilter {
    fn conditions(&self, viewer: &Viewer) -> Conditions {
        let scope = viewer.scope(Role::Viewer);
        let mut all = Conditions::default();
        all.plain(format!("({} or {})", scope.sql("h.from_unit"), scope.sql("h.to_unit")));
        if let Some(since) = self.since {
            all.with("h.offered_at >= ?", since);
        }
        if let Some(state) = &self.state {
            all.with("h.state = ?", state);
        }
        if let Some(from) = self.from {
            all.with("h.from_unit = ?", from);
        }
        if let Some(to) = self.to {
            all.with("h.to_unit = ?", to);
        }
        all
    }
}

impl ReplyFilter {
    fn conditions(&self, viewer: &Viewer) -> Conditions {
        let mut all = Conditions::default();
        all.plain(viewer.scope(Role::Viewer).case_sql("c"));
        if let Some(state) = &self.state {
            all.with("r.state = ?", state);
        }
        all
    }
}

impl PostFilter {
    /// Over `posts p`, or over `mentions m` alone where only mentions count.
    fn conditions(&self, viewer: &Viewer) -> Conditions {
        let mut all = Conditions::default();
        if !viewer.may_anywhere(Role::Viewer) {
            all.plain("1 = 0");
        }
        match (self.about_us, self.since) {
            (true, Some(since)) => all.with("m.at >= ?", since),
            (false, Some(since)) => all.with("p.received_at >= ?", since),
            (_, None) => {}
        }
        all.plain(if self.about_us { "m.off_at is null" } else { "not p.ours" });
        all
    }
}

/// How many records these are.
pub async fn count(hub: &Hub, viewer: &Viewer, records: &Records) -> Result<i64> {
    let (from, conditions) = match records {
        Records::Cases(filter) => return case::count(hub, viewer, filter).await,
        Records::Outcomes(filter) => return outcome::count(hub, viewer, filter).await,
        Records::Handoffs(filter) => ("handoffs h", filter.conditions(viewer)),
        Records::Replies(filter) => ("replies r join cases c on c.id = r.case_id", filter.conditions(viewer)),
        Records::Posts(filter) if filter.about_us => ("mentions m", filter.conditions(viewer)),
        Records::Posts(filter) => ("posts p", filter.conditions(viewer)),
    };
    let sql = format!("select count(*) as n from {from} where {}", conditions.sql());
    hub.db.one(conditions.query(sql)).await?.get("n")
}

/// Handoffs, newest first; `after` is the last id of the page before, `limit` is held to 1..=200.
pub async fn handoffs(
    hub: &Hub,
    viewer: &Viewer,
    filter: &HandoffFilter,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<HandoffRow>> {
    let mut conditions = filter.conditions(viewer);
    if let Some(after) = after {
        conditions.with("h.id < ?", after);
    }
    let sql = format!(
        "select f.id as f_id, f.key as f_key, f.name as f_name, t.id as t_id, t.key as t_key, t.name as t_name, h.id as id,
           h.case_id as case_id, c.title as title, h.state as state, h.reason as reason, h.offered_at as offered_at,
           h.decided_at as decided_at, h.decision as decision
         from handoffs h join cases c on c.id = h.case_id join units f on f.id = h.from_unit join units t on t.id = h.to_unit
         where {} order by h.id desc limit {}",
        conditions.sql(),
        limit.clamp(1, 200)
    );
    let rows = hub.db.all(conditions.query(sql)).await?;
    rows.iter()
        .map(|row| {
            Ok(HandoffRow {
                id: row.get("id")?,
                case: row.get("case_id")?,
                title: row.get("title")?,
                from: Named::one(row, 0)?,
                to: Named::one(row, 3)?,
                state: row.get("state")?,
                reason: row.get("reason")?,
                offered_at: row.get("offered_at")?,
                decided_at: row.get("decided_at")?,
                decision: row.get("decision")?,
            })
        })
        .collect()
}

/// Replies, newest first; `after` is the last id of the page before, `limit` is held to 1..=200.
pub async fn replies(
    hub: &Hub,
    viewer: &Viewer,
    filter: &ReplyFilter,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<ReplyRow>> {
    let mut conditions = filter.conditions(viewer);
    if let Some(after) = after {
        conditions.with("r.id < ?", after);
    }
    let sql = format!(
        "select u.id as u_id, u.key as u_key, u.name as u_name, r.id as id, r.case_id as case_id, c.title as title,
           r.state as state, r.text as text, r.changed_at as changed_at, r.error as error
         from replies r join cases c on c.id = r.case_id join units u on u.id = c.unit_id
         where {} order by r.id desc limit {}",
        conditions.sql(),
        limit.clamp(1, 200)
    );
    let rows = hub.db.all(conditions.query(sql)).await?;
    rows.iter()
        .map(|row| {
            Ok(ReplyRow {
                id: row.get("id")?,
                case: row.get("case_id")?,
                title: row.get("title")?,
                unit: Named::one(row, 0)?,
                state: row.get("state")?,
                text: row.get("text")?,
                changed_at: row.get("changed_at")?,
                error: row.get("error")?,
            })
        })
        .collect()
}

/// Posts of others, newest id first; `after` is the last id of the page before, `limit` is held to 1..=200.
pub async fn posts(
    hub: &Hub,
    viewer: &Viewer,
    filter: &PostFilter,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<PostRow>> {
    let mut conditions = filter.conditions(viewer);
    if let Some(after) = after {
        conditions.with("p.id < ?", after);
    }
    let sql = format!(
        "select p.id as id, p.network as network, coalesce(a.handle, a.name) as author, p.url as url,
           case when p.deleted_at is null then p.text else '' end as text, p.received_at as received_at, c.id as case_id
         from posts p {} join mentions m on m.post_id = p.id left join authors a on a.id = p.author_id
         left join cases c on c.id = m.case_id and {}
         where {} order by p.id desc limit {}",
        if filter.about_us { "" } else { "left" },
        viewer.scope(Role::Viewer).case_sql("c"),
        conditions.sql(),
        limit.clamp(1, 200)
    );
    let rows = hub.db.all(conditions.query(sql)).await?;
    let cover = Cover::over(hub, viewer).await?;
    rows.iter()
        .map(|row| {
            Ok(PostRow {
                id: row.get("id")?,
                network: row.get("network")?,
                author: row.get("author")?,
                text: personal::shown(cover.as_ref(), row.get("text")?),
                url: row.get("url")?,
                received_at: row.get("received_at")?,
                case: row.get("case_id")?,
            })
        })
        .collect()
}
