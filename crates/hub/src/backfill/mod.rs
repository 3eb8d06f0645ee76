//! Back-fill: a query that was made or changed runs over what is stored.
//!
//! It works in two passes, each in small batches beside the traffic, a transaction and an event each. First it *looks*:
//! what the query hears and had not heard is written down and nothing else happens. Then it says what it *found* and
//! waits for a person, who has cases *made* of it, has it only counted as mentions, or leaves it. Where it stands is in
//! the database after every batch, so a stop or a crash costs one batch, and a batch begun twice is made once: it moves
//! the cursor from where it was, or nothing.
//!
//! A back-fill belongs to one version of its query. When the query changes or ends, it is abandoned.

mod acts;
mod estimate;
mod step;
#[cfg(test)]
mod tests;

use dandelion_post::Micros;
use serde::Serialize;

pub use acts::{Decision, abandon, decide, pause, resume, start};
pub use step::{run, settle, step};

use crate::{
    Error, Hub, Result,
    scope::{Role, Viewer},
    store::{Q, Row},
};

/// Where a back-fill stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Reads stored posts.
    Looking,
    /// Waits for somebody to say what is to be made of what it found.
    Found,
    /// Makes it.
    Making,
    /// Made it, or found nothing.
    Done,
    /// Somebody decided to leave what it found.
    Left,
    /// Stopped before its end; what it had made stays.
    Abandoned,
}

impl State {
    const ALL: [Self; 6] = [Self::Looking, Self::Found, Self::Making, Self::Done, Self::Left, Self::Abandoned];

    /// As stored and in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Looking => "looking",
            Self::Found => "found",
            Self::Making => "making",
            Self::Done => "done",
            Self::Left => "left",
            Self::Abandoned => "abandoned",
        }
    }

    /// Whether nothing more will happen.
    pub fn ended(self) -> bool {
        matches!(self, Self::Done | Self::Left | Self::Abandoned)
    }
}

/// One run of a query over what is stored.
#[derive(Debug, Clone, Serialize)]
pub struct Backfill {
    /// Its number.
    pub id: i64,
    /// The query.
    pub query: i64,
    /// What the query is called.
    pub name: String,
    /// The unit that keeps the query.
    pub unit: i64,
    /// The version of the query that it runs.
    pub version: i64,
    /// Where it stands.
    pub state: State,
    /// What is made of what it finds, once decided: `cases` or `mentions`.
    pub choice: Option<String>,
    /// Only posts written at or after.
    pub since: Option<Micros>,
    /// How far the pass under way has come, 0 to 1.
    pub share: f64,
    /// Posts it has looked at.
    pub looked: i64,
    /// Posts it hears that it had not heard.
    pub found: i64,
    /// Who wrote them; known when it has looked.
    pub people: i64,
    /// Cases that making them would open, about, by unit; known when it has looked.
    pub would: Vec<(i64, i64)>,
    /// When the earliest of them was written …
    pub first_at: Option<Micros>,
    /// … and the latest.
    pub last_at: Option<Micros>,
    /// Posts made something of.
    pub made: i64,
    /// Cases opened.
    pub opened: i64,
    /// Who began it; none for a command.
    pub started_by: Option<String>,
    /// When.
    pub started_at: Micros,
    /// When it last moved.
    pub changed_at: Micros,
    /// Since when it rests.
    pub paused_at: Option<Micros>,
    /// Who decided what becomes of it.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Micros>,
    /// When it ended.
    pub ended_at: Option<Micros>,
    /// Why its last step failed; it is tried again.
    pub error: Option<String>,
}

const SELECT: &str = "select b.id, b.query_id, q.name, q.unit_id, b.version, b.state, b.choice, b.since, b.first, b.upto, b.cursor, b.looked, b.found,
   b.people, b.would, b.first_at, b.last_at, b.made, b.opened, s.name as started_by, b.started_at, b.changed_at, b.paused_at,
   d.name as decided_by, b.decided_at, b.ended_at, b.error
 from backfills b join queries q on q.id = b.query_id left join members s on s.id = b.started_by left join members d on d.id = b.decided_by";

fn from_row(row: &Row) -> Result<Backfill> {
    let state: String = row.get("state")?;
    let state = State::ALL.into_iter().find(|known| known.as_str() == state);
    let state = state.ok_or_else(|| Error::Damaged("a back-fill is in a state nobody knows".into()))?;
    let (first, upto, cursor): (i64, i64, i64) = (row.get("first")?, row.get("upto")?, row.get("cursor")?);
    let (found, made): (i64, i64) = (row.get("found")?, row.get("made")?);
    let part = |done: i64, all: i64| if all <= 0 { 1.0 } else { (done as f64 / all as f64).clamp(0.0, 1.0) };
    Ok(Backfill {
        id: row.get("id")?,
        query: row.get("query_id")?,
        name: row.get("name")?,
        unit: row.get("unit_id")?,
        version: row.get("version")?,
        state,
        choice: row.get("choice")?,
        since: row.get("since")?,
        share: match state {
            State::Looking => part(cursor - first, upto - first),
            State::Making => part(made, found),
            _ => 1.0,
        },
        looked: row.get("looked")?,
        found,
        people: row.get("people")?,
        would: row.json("would")?,
        first_at: row.get("first_at")?,
        last_at: row.get("last_at")?,
        made,
        opened: row.get("opened")?,
        started_by: row.get("started_by")?,
        started_at: row.get("started_at")?,
        changed_at: row.get("changed_at")?,
        paused_at: row.get("paused_at")?,
        decided_by: row.get("decided_by")?,
        decided_at: row.get("decided_at")?,
        ended_at: row.get("ended_at")?,
        error: row.get("error")?,
    })
}

/// One back-fill.
pub async fn find(hub: &Hub, viewer: &Viewer, id: i64) -> Result<Backfill> {
    viewer.need_anywhere(Role::Viewer, "see back-fills")?;
    let row = hub.db.opt(Q::of(format!("{SELECT} where b.id = $1")).bind(id)).await?;
    from_row(&row.ok_or(Error::not_found("back-fill", id))?)
}

/// The newest back-fills, those under way first; of one query, or of all.
pub async fn list(hub: &Hub, viewer: &Viewer, query: Option<i64>, limit: i64) -> Result<Vec<Backfill>> {
    viewer.need_anywhere(Role::Viewer, "see back-fills")?;
    let of = query.map_or(String::new(), |id| format!("where b.query_id = {id}"));
    let sql = format!(
        "{SELECT} {of} order by case when b.ended_at is null then 0 else 1 end, b.id desc limit {}",
        limit.clamp(1, 200)
    );
    hub.db.all(Q::of(sql)).await?.iter().map(from_row).collect()
}
