//! Reading a place again from a moment on: after a fault at the other side, or one of ours.

use dandelion_post::{Micros, timestamp};
use serde_json::json;

use super::{find, may_change};
use crate::{
    Error, Hub, Result,
    log::{Actor, Entry},
    scope::Viewer,
    store::q,
};

/// The longest way back, in microseconds: a year.
const FARTHEST: Micros = 366 * 24 * 3_600_000_000;

/// Has a place read again what was said since a moment, on behalf of a lead of its unit. What is known comes as
/// duplicates; where the place's network cannot be asked from a moment on, it gives everything it still shows.
pub async fn reread(hub: &Hub, viewer: &Viewer, id: i64, since: Micros) -> Result<()> {
    may_change(viewer, find(hub, id).await?.unit, "read a source again")?;
    reread_as(hub, Actor::Member(viewer.member), id, since).await
}

/// As [`reread`], from the command line.
pub async fn reread_as(hub: &Hub, actor: Actor, id: i64, since: Micros) -> Result<()> {
    let source = find(hub, id).await?;
    let now = hub.now();
    if since > now || since < now - FARTHEST {
        let reason = "choose a moment that is past, and no more than a year ago";
        return Err(Error::invalid("since", reason, &dandelion_post::rfc3339(since)));
    }
    let Some(about) = source.about().filter(|_| source.polled()) else {
        return Err(Error::Conflict(
            "this source is not asked; it brings its posts itself. Have whoever sends them send them again".into(),
        ));
    };
    let cursor = about.connector.rewound(&source.cursor, timestamp(since));
    let mut tx = hub.begin(actor).await?;
    // Whoever asks it just now would put its own place over ours.
    let sql = "update sources set cursor = $1, next_poll_at = $2
               where id = $3 and paused_at is null and (lease_until is null or lease_until <= $2)";
    if tx.run(q!(sql, cursor.to_string(), now, id)).await? == 0 {
        let why = if source.paused_at.is_some() {
            "is paused; resume it first"
        } else {
            "is being read just now; try again in a moment"
        };
        return Err(Error::Conflict(format!("this source {why}")));
    }
    let mut entry = Entry::new("source.reread", "source", id).with(json!({ "since": dandelion_post::rfc3339(since) }));
    if let Some(unit) = source.unit {
        entry = entry.unit(unit);
    }
    tx.log(entry);
    tx.commit().await
}
