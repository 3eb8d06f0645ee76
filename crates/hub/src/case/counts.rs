//! The numbers of the left pane: how many cases lie on each pile, and in each unit.

use std::collections::BTreeMap;

use dandelion_post::Micros;
use serde::Serialize;

use super::{Filter, Named, View};
use crate::{
    Hub, Result,
    scope::{Role, Viewer},
    store::Q,
};

/// How many lie where. Each number is what [`list`](fn@super::list) opens with the same view.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Counts {
    /// Waiting for us.
    pub waiting: i64,
    /// Waiting for us, and late already.
    pub late: i64,
    /// Offered to us.
    pub offered: i64,
    /// Assigned to the viewer.
    pub mine: i64,
    /// Waiting for the viewer's approval.
    pub approve: i64,
    /// Told to a unit of ours.
    pub watching: i64,
    /// Put aside.
    pub snoozed: i64,
    /// Each unit the viewer sees, in the organisation's order.
    pub units: Vec<UnitCounts>,
}

/// The numbers of one unit.
#[derive(Debug, Clone, Serialize)]
pub struct UnitCounts {
    /// Which.
    pub unit: Named,
    /// Waiting for it.
    pub waiting: i64,
    /// Of these, late.
    pub late: i64,
    /// Offered to it.
    pub offered: i64,
    /// Put aside in it.
    pub snoozed: i64,
    /// Since when the one waits who has waited longest.
    pub oldest: Option<Micros>,
}

/// The left pane's numbers.
pub async fn counts(hub: &Hub, viewer: &Viewer) -> Result<Counts> {
    hub.memo(viewer.asks("counts"), count(hub, viewer)).await
}

/// In two queries.
async fn count(hub: &Hub, viewer: &Viewer) -> Result<Counts> {
    let scope = viewer.scope(Role::Viewer);
    let now = hub.now();
    let sql = format!(
        "select u.id, u.key, u.name, coalesce(n.waiting, 0) as waiting, coalesce(n.late, 0) as late,
           coalesce(n.snoozed, 0) as snoozed, n.oldest as oldest,
           (select count(*) from handoffs h where h.to_unit = u.id and h.state = 'offered') as offered
         from units u left join (
           select c.unit_id, count(*) filter (where c.state = 'open') as waiting,
             count(*) filter (where c.state = 'open' and c.due_at <= $1) as late,
             count(*) filter (where c.state = 'snoozed') as snoozed,
             min(c.asked_at) filter (where c.state = 'open') as oldest
           from cases c where c.state in ('open', 'snoozed') group by c.unit_id
         ) n on n.unit_id = u.id
         where {} and (u.archived_at is null or n.waiting > 0 or n.snoozed > 0) order by u.position, u.id",
        scope.sql("u.id")
    );
    let mut counts = Counts::default();
    for row in hub.db.all(Q::of(sql).bind(now)).await? {
        let unit = UnitCounts {
            unit: Named::one(&row, 0)?,
            waiting: row.get("waiting")?,
            late: row.get("late")?,
            offered: row.get("offered")?,
            snoozed: row.get("snoozed")?,
            oldest: row.get("oldest")?,
        };
        counts.waiting += unit.waiting;
        counts.late += unit.late;
        counts.offered += unit.offered;
        counts.snoozed += unit.snoozed;
        counts.units.push(unit);
    }
    let mut few = several(hub, viewer, &[View::Mine, View::Approve, View::Watching]).await?;
    counts.mine = few.remove("mine").unwrap_or(0);
    counts.approve = few.remove("approve").unwrap_or(0);
    counts.watching = few.remove("watching").unwrap_or(0);
    Ok(counts)
}

/// How many cases some views open, in one query.
async fn several(hub: &Hub, viewer: &Viewer, views: &[View]) -> Result<BTreeMap<String, i64>> {
    let mut parts = Vec::new();
    for view in views {
        // These views bind at most the viewer's member, which is a number and can be written out.
        let conditions = Filter::view(*view).conditions(viewer, hub.now(), hub.db.is_postgres());
        let sql = conditions.sql().replace("$1", &viewer.member.to_string());
        parts.push(format!("select '{}' as name, count(*) as n from cases c where {sql}", view.as_str()));
    }
    let rows = hub.db.all(Q::of(parts.join(" union all "))).await?;
    rows.iter().map(|row| Ok((row.get("name")?, row.get("n")?))).collect()
}
