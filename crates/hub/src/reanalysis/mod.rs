//! Re-analysis: stored posts of a unit are judged anew by whoever judges now, as a back-fill in small batches beside the
//! traffic. What judged before stays with its version; a person's correction stands above both (law 5). Where it is, is
//! in the database after every batch, so a stop or a crash costs one batch, and a batch begun twice is done once.
//!
//! A case stays with its unit, and no promise of time moves: what is judged anew changes what a case says of itself.

mod acts;
mod rehearsal;
mod step;
#[cfg(test)]
mod tests;

use dandelion_post::Micros;
use serde::Serialize;

pub use acts::{abandon, pause, resume, start};
pub use rehearsal::{Counted, Difference, Rehearsal, rehearse};
pub use step::{settle, step};

use crate::{
    Error, Hub, Result,
    scope::{Role, Viewer},
    store::{Q, Row},
};

/// Where a re-analysis stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It looks at posts, or rests.
    Running,
    /// It looked at all.
    Done,
    /// Stopped before its end; what it had judged stays.
    Abandoned,
}

impl State {
    const ALL: [Self; 3] = [Self::Running, Self::Done, Self::Abandoned];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Abandoned => "abandoned",
        }
    }
}

/// One run over a unit's stored posts.
#[derive(Debug, Clone, Serialize)]
pub struct Reanalysis {
    /// Its number.
    pub id: i64,
    /// The unit; mentions in cases of it and all below are judged anew.
    pub unit: i64,
    /// Where it stands.
    pub state: State,
    /// Only posts written at or after.
    pub since: Option<Micros>,
    /// How far it has come, 0 to 1.
    pub share: f64,
    /// Posts it has looked at.
    pub looked: i64,
    /// Of those, how many are judged otherwise than before.
    pub changed: i64,
    /// Of those, where a person's word stands instead.
    pub kept: i64,
    /// Who began it; none for a command.
    pub started_by: Option<String>,
    /// When.
    pub started_at: Micros,
    /// When it last moved.
    pub changed_at: Micros,
    /// Since when it rests.
    pub paused_at: Option<Micros>,
    /// When it ended.
    pub ended_at: Option<Micros>,
    /// Why its last step failed; it is tried again.
    pub error: Option<String>,
}

const SELECT: &str = "select r.id, r.unit_id, r.state, r.since, r.upto, r.first, r.cursor, r.looked, r.changed, r.kept, s.name as started_by,
   r.started_at, r.changed_at, r.paused_at, r.ended_at, r.error
 from reanalyses r left join members s on s.id = r.started_by";

fn from_row(row: &Row) -> Result<Reanalysis> {
    let state: String = row.get("state")?;
    let state = State::ALL.into_iter().find(|known| known.as_str() == state);
    let state = state.ok_or_else(|| Error::Damaged("a re-analysis is in a state nobody knows".into()))?;
    let (first, upto, cursor): (i64, i64, i64) = (row.get("first")?, row.get("upto")?, row.get("cursor")?);
    let part = if upto <= first { 1.0 } else { (cursor - first) as f64 / (upto - first) as f64 };
    Ok(Reanalysis {
        id: row.get("id")?,
        unit: row.get("unit_id")?,
        state,
        since: row.get("since")?,
        share: if state == State::Done { 1.0 } else { part.clamp(0.0, 1.0) },
        looked: row.get("looked")?,
        changed: row.get("changed")?,
        kept: row.get("kept")?,
        started_by: row.get("started_by")?,
        started_at: row.get("started_at")?,
        changed_at: row.get("changed_at")?,
        paused_at: row.get("paused_at")?,
        ended_at: row.get("ended_at")?,
        error: row.get("error")?,
    })
}

/// One re-analysis.
pub async fn find(hub: &Hub, viewer: &Viewer, id: i64) -> Result<Reanalysis> {
    viewer.need_anywhere(Role::Viewer, "see what is judged anew")?;
    let row = hub.db.opt(Q::of(format!("{SELECT} where r.id = $1")).bind(id)).await?;
    from_row(&row.ok_or(Error::not_found("re-analysis", id))?)
}

/// The newest, those under way first.
pub async fn list(hub: &Hub, viewer: &Viewer, limit: i64) -> Result<Vec<Reanalysis>> {
    viewer.need_anywhere(Role::Viewer, "see what is judged anew")?;
    let order = "case when r.ended_at is null then 0 else 1 end, r.id desc";
    let sql = format!("{SELECT} order by {order} limit {}", limit.clamp(1, 200));
    hub.db.all(Q::of(sql)).await?.iter().map(from_row).collect()
}
