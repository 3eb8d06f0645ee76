//! Words that are out, changed or taken back: a person asks, and the sender does it where they stand.
//!
//! A reply stays *sent*; each change is a row of its own with the words before it, and counts only once the network
//! has confirmed it. Unlike publishing, doing either twice is the same as once, so that nothing is ever in doubt here.

use dandelion_networks::networks;
use dandelion_post::Micros;
use serde::Serialize;

use super::{Reply, State, approval, compose, queries};
use crate::{
    Error, Hub, Result, Tx,
    log::Actor,
    scope::{Role, Viewer},
    store::{Q, Row, q},
};

/// What is done to words that are out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// They are replaced.
    Edit,
    /// They are taken back.
    Delete,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Delete => "delete",
        }
    }

    /// Completes "You may not … this reply".
    fn verb(self) -> &'static str {
        match self {
            Self::Edit => "change",
            Self::Delete => "take back",
        }
    }
}

/// One change that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Its id.
    pub id: i64,
    /// What is done.
    pub kind: Kind,
    /// The new words; of a deletion, why.
    pub words: String,
    /// The words before.
    pub was: String,
    /// Who asked for it.
    pub by_id: i64,
    /// Their name.
    pub by: String,
    /// When.
    pub asked_at: Micros,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next; none once it is settled.
    pub next_attempt_at: Option<Micros>,
    /// When the network confirmed it.
    pub done_at: Option<Micros>,
    /// When it was given up.
    pub failed_at: Option<Micros>,
    /// What went wrong last, in words.
    pub error: Option<String>,
}

impl Change {
    /// Whether it is still to be done.
    pub fn waiting(&self) -> bool {
        self.done_at.is_none() && self.failed_at.is_none()
    }

    pub(super) const SELECT: &str = "select c.id, c.kind, c.words, c.was, c.member_id, m.name as by_name, c.asked_at,
        c.attempts, c.next_attempt_at, c.done_at, c.failed_at, c.error
        from reply_changes c join members m on m.id = c.member_id";

    pub(super) fn read(row: &Row) -> Result<Self> {
        let kind: String = row.get("kind")?;
        Ok(Self {
            id: row.get("id")?,
            kind: if kind == "delete" { Kind::Delete } else { Kind::Edit },
            words: row.get("words")?,
            was: row.get("was")?,
            by_id: row.get("member_id")?,
            by: row.get("by_name")?,
            asked_at: row.get("asked_at")?,
            attempts: row.get("attempts")?,
            next_attempt_at: row.get("next_attempt_at")?,
            done_at: row.get("done_at")?,
            failed_at: row.get("failed_at")?,
            error: row.get("error")?,
        })
    }
}

/// Asks that other words stand where a reply is out. It takes an agent of the case's unit; where replies need approval,
/// one who may approve them, because nobody else would see the new words before the public does.
///
/// # Errors
/// [`Error::Conflict`] in words where the reply is not out, was taken back, is being changed already, or where its
/// network lets nobody change words.
pub async fn correct(hub: &Hub, viewer: &Viewer, id: i64, version: i64, text: &str) -> Result<Reply> {
    let text = compose::words(text)?;
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let reply = queries::for_change(&mut tx, viewer, id).await?;
    reply.need_agent(viewer, "change this reply")?;
    reply.need_version(version)?;
    need_out(&reply, Kind::Edit)?;
    if let Some(unit) = approval::required(&mut tx, &reply).await? {
        viewer.need(Role::Approver, unit, "change words that are out and that somebody has approved")?;
    }
    if reply.text == text {
        return Err(Error::Conflict("These are the words that are out already".into()));
    }
    ask(tx, &reply, viewer, Kind::Edit, &text).await?;
    queries::find(hub, viewer, id).await
}

/// Asks that a reply that is out is taken back.
///
/// # Errors
/// As [`correct`], where its network lets nobody take words back.
pub async fn withdraw(hub: &Hub, viewer: &Viewer, id: i64, why: &str) -> Result<Reply> {
    let mut tx = hub.begin(Actor::Member(viewer.member)).await?;
    let reply = queries::for_change(&mut tx, viewer, id).await?;
    reply.need_agent(viewer, "take back this reply")?;
    need_out(&reply, Kind::Delete)?;
    ask(tx, &reply, viewer, Kind::Delete, why.trim()).await?;
    queries::find(hub, viewer, id).await
}

/// Every change that was asked for of a reply, oldest first.
pub async fn changes(hub: &Hub, viewer: &Viewer, id: i64) -> Result<Vec<Change>> {
    queries::find(hub, viewer, id).await?;
    let sql = format!("{} where c.reply_id = $1 order by c.id", Change::SELECT);
    hub.db.all(Q::of(sql).bind(id)).await?.iter().map(Change::read).collect()
}

/// It is out, is not being changed, and its network lets us.
fn need_out(reply: &Reply, kind: Kind) -> Result<()> {
    let what = kind.verb();
    if reply.state != State::Sent {
        let state = reply.state.words();
        return Err(Error::Conflict(format!("This reply {state}. Only what is out can be changed or taken back")));
    }
    if reply.deleted_at.is_some() {
        return Err(Error::Conflict("This reply was taken back already".into()));
    }
    if reply.changing.is_some() {
        return Err(Error::Conflict("This reply is being changed right now. Wait until that is done".into()));
    }
    if !reply.lets(kind) {
        let way = if reply.remote_url.is_some() { "; do it there by hand" } else { "" };
        return Err(Error::Conflict(format!("Dandelion cannot {what} this reply on {}{way}", reply.network)));
    }
    Ok(())
}

async fn ask(mut tx: Tx, reply: &Reply, viewer: &Viewer, kind: Kind, words: &str) -> Result<()> {
    let id = tx.id("reply_changes").await?;
    let sql =
        "insert into reply_changes (id, reply_id, kind, words, was, member_id, asked_at, attempts, next_attempt_at)
               values ($1, $2, $3, $4, $5, $6, $7, 0, $7)";
    tx.run(q!(sql, id, reply.id, kind.as_str(), words, &reply.text, viewer.member, tx.now())).await?;
    let (event, reason) = match kind {
        Kind::Edit => ("reply.correction_asked", "other words were asked for"),
        Kind::Delete => ("reply.withdrawal_asked", if words.is_empty() { "it was to be taken back" } else { words }),
    };
    reply.note(&mut tx, event, reply.state, reason).await?;
    tx.commit().await
}

impl Reply {
    /// Whether its network lets us do this to it.
    pub fn lets(&self, kind: Kind) -> bool {
        let name = self.config.kind.as_deref().unwrap_or(&self.network);
        let can = networks::find(name).is_some_and(|about| match kind {
            Kind::Edit => about.writes.edit,
            Kind::Delete => about.writes.delete,
        });
        can && self.remote_id.is_some() && !self.archived
    }
}
