//! What an actor of ours said, read for whoever asks for it by its address and for those who are told of it.

use dandelion_networks::activitypub;
use dandelion_post::{Micros, timestamp};
use serde_json::Value;

use crate::{
    Hub, Result,
    store::{Q, Row},
};

/// Something said.
pub(super) struct Said {
    actor: String,
    key: String,
    text: String,
    in_reply_to: Option<String>,
    to: Option<(String, Option<String>)>,
    at: Micros,
    edited_at: Option<Micros>,
    gone_at: Option<Micros>,
}

/// What stands at an address of ours.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// The note.
    Note(Value),
    /// It was taken back; this says so.
    Gone(Value),
}

impl Said {
    const SELECT: &str = "select r.key, r.text, r.edited_at, r.deleted_at, coalesce(r.sent_at, r.changed_at) as at,
        p.remote_id as in_reply_to, a.remote_key as author, a.handle as author_handle
        from replies r left join posts p on p.id = r.post_id left join authors a on a.id = p.author_id";

    /// By the reply's key, from the moment on at which it goes out.
    pub async fn of_key(hub: &Hub, actor: &str, handle: i64, key: &str) -> Result<Option<Self>> {
        let sql = format!(
            "{} where r.handle_id = $1 and r.key = $2
             and (r.state in ('sending', 'sent', 'unknown') or r.state = 'queued' and r.attempts > 0)",
            Self::SELECT
        );
        let query = Q::of(sql).bind(handle).bind(key.to_owned());
        hub.db.opt(query).await?.map(|row| Self::read(actor, &row)).transpose()
    }

    /// By the reply, once it is out.
    pub async fn of_reply(hub: &Hub, actor: &str, reply: i64) -> Result<Option<Self>> {
        let sql = format!("{} where r.id = $1 and r.state = 'sent'", Self::SELECT);
        hub.db.opt(Q::of(sql).bind(reply)).await?.map(|row| Self::read(actor, &row)).transpose()
    }

    fn read(actor: &str, row: &Row) -> Result<Self> {
        let author: Option<String> = row.get("author")?;
        let handle: Option<String> = row.get("author_handle")?;
        Ok(Self {
            actor: actor.to_owned(),
            key: row.get("key")?,
            text: row.get("text")?,
            in_reply_to: row.get("in_reply_to")?,
            to: author.map(|author| (author, handle)),
            at: row.get("at")?,
            edited_at: row.get("edited_at")?,
            gone_at: row.get("deleted_at")?,
        })
    }

    fn written(&self) -> activitypub::Said<'_> {
        activitypub::Said {
            actor: &self.actor,
            key: &self.key,
            text: &self.text,
            in_reply_to: self.in_reply_to.as_deref(),
            to: self.to.as_ref().map(|(id, handle)| (id.as_str(), handle.as_deref())),
            at: timestamp(self.at),
            edited_at: self.edited_at.map(timestamp),
        }
    }

    pub fn shown(&self) -> Shown {
        match self.gone_at {
            Some(at) => Shown::Gone(self.written().tombstone(timestamp(at))),
            None => Shown::Note(self.written().shown()),
        }
    }

    /// What is told of it: `create`, `update` or `delete`.
    pub fn activity(&self, kind: &str) -> Value {
        let written = self.written();
        match (self.gone_at, kind) {
            (Some(at), _) => written.delete(timestamp(at)),
            (None, "create") => written.create(),
            (None, _) => written.update(),
        }
    }
}
