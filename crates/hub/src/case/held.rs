//! A case held for a change: read inside the transaction that will change it, so that nobody else does meanwhile.

use dandelion_post::Micros;

use super::State;
use crate::{
    Error, Result, Tx,
    scope::{Role, Scope, Viewer},
    store::Q,
};

/// What a change needs to know of the case.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) id: i64,
    pub(crate) unit: i64,
    pub(crate) assignee: Option<i64>,
    pub(crate) state: State,
    pub(crate) author: Option<i64>,
    pub(crate) asked_at: Option<Micros>,
    pub(crate) asks: i64,
    pub(crate) last_post_at: Micros,
    pub(crate) first_reply_at: Option<Micros>,
    pub(crate) answered_at: Option<Micros>,
    pub(crate) closed_at: Option<Micros>,
    pub(crate) confirmed_at: Option<Micros>,
    pub(crate) evidence_post: Option<i64>,
    pub(crate) merged_into: Option<i64>,
    pub(crate) version: i64,
}

impl Held {
    /// Tells whoever comes second. `seen` is the version they looked at; none does not compare.
    pub(crate) fn unchanged_since(&self, seen: Option<i64>) -> Result<()> {
        match seen {
            Some(seen) if seen != self.version => Err(Error::Conflict(format!(
                "Case {} changed since you looked at it: a colleague worked on it, or somebody wrote. Look at it again, then decide",
                self.id
            ))),
            _ => Ok(()),
        }
    }

    /// Refuses a change that makes no sense for a closed case. `to` completes "before you …".
    pub(crate) fn not_resolved(&self, to: &str) -> Result<()> {
        if self.state == State::Resolved {
            return Err(Error::Conflict(format!("Case {} is resolved. Reopen it before you {to}", self.id)));
        }
        Ok(())
    }
}

/// The case, whoever asks; the program itself at work.
pub(crate) async fn hold(tx: &mut Tx, id: i64) -> Result<Held> {
    held(tx, id, &Scope::Everything("a post or a deadline concerns the case, whoever owns it")).await
}

/// As [`hold`], and on to the case it became part of.
pub(crate) async fn hold_living(tx: &mut Tx, id: i64) -> Result<Held> {
    let mut case = hold(tx, id).await?;
    while let Some(into) = case.merged_into {
        case = hold(tx, into).await?;
    }
    Ok(case)
}

/// The case, for a person who wants to change it. Out of sight is not found; merged is a conflict that names the
/// living case.
pub(crate) async fn hold_for(tx: &mut Tx, viewer: &Viewer, id: i64) -> Result<Held> {
    let case = held(tx, id, &viewer.scope(Role::Viewer)).await?;
    match case.merged_into {
        Some(into) => Err(Error::Conflict(format!("Case {id} became part of case {into}: go there"))),
        None => Ok(case),
    }
}

async fn held(tx: &mut Tx, id: i64, scope: &Scope) -> Result<Held> {
    // SQLite has one writer; PostgreSQL keeps others from this row until the transaction ends.
    let lock = if tx.is_postgres() { " for update of c" } else { "" };
    let sql = format!(
        "select c.id, c.unit_id, c.assignee_id, c.state, c.author_id, c.asked_at, c.asks, c.last_post_at,
           c.first_reply_at, c.answered_at, c.closed_at, c.confirmed_at, c.evidence_post_id, c.merged_into, c.version
         from cases c where c.id = $1 and {}{lock}",
        scope.case_sql("c")
    );
    let row = tx.opt(Q::of(sql).bind(id)).await?.ok_or_else(|| Error::not_found("case", id))?;
    Ok(Held {
        id,
        unit: row.get("unit_id")?,
        assignee: row.get("assignee_id")?,
        state: row.get::<String, _>("state")?.parse()?,
        author: row.get("author_id")?,
        asked_at: row.get("asked_at")?,
        asks: row.get("asks")?,
        last_post_at: row.get("last_post_at")?,
        first_reply_at: row.get("first_reply_at")?,
        answered_at: row.get("answered_at")?,
        closed_at: row.get("closed_at")?,
        confirmed_at: row.get("confirmed_at")?,
        evidence_post: row.get("evidence_post_id")?,
        merged_into: row.get("merged_into")?,
        version: row.get("version")?,
    })
}
