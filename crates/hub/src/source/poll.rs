//! Asking feeds what is new: each on its own, so that a broken one never stops another; more often where more comes.

use std::{collections::HashSet, time::Duration};

use dandelion_networks::{egress::Client, feed};
use dandelion_post::{Micros, Refusal, timestamp};
use tokio::{sync::watch, task::JoinSet};

use super::{Source, find};
use crate::{
    Error, Hub, Result,
    intake::{self, Accounting, Item},
    log::{Actor, Entry},
    store::q,
};

/// Shortest and longest time between two polls of one feed.
const SHORTEST: Micros = 60_000_000;
const LONGEST: Micros = 6 * 3_600_000_000;
/// What a feed is asked at when it says nothing and brought something.
const USUAL: Micros = 10 * 60_000_000;
/// Feeds asked at once.
const AT_ONCE: usize = 16;
/// How long a claim holds; longer than any poll can take.
const LEASE: Micros = 180_000_000;
/// Errors in a row after which a feed rests until a person looks.
const PATIENCE: i64 = 50;

/// Polls every due feed of this hub.
#[derive(Clone, Debug)]
pub struct Poller {
    hub: Hub,
    client: Client,
}

impl Poller {
    /// A poller that goes out through `client`.
    pub fn new(hub: Hub, client: Client) -> Self {
        Self { hub, client }
    }

    /// Polls until `stop` says so, then finishes what is under way.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let (mut polls, mut busy) = (JoinSet::new(), HashSet::new());
        while !*stop.borrow() {
            if polls.len() < AT_ONCE {
                match self.claim(AT_ONCE - polls.len()).await {
                    Ok(due) => {
                        for source in due.into_iter().filter(|source| busy.insert(source.id)) {
                            let poller = self.clone();
                            polls.spawn(async move { (source.id, poller.poll(&source).await) });
                        }
                    }
                    Err(error) => tracing::warn!(%error, "the due feeds could not be looked up; trying again"),
                }
            }
            tokio::select! {
                Some(done) = polls.join_next() => match done {
                    Ok((id, outcome)) => {
                        busy.remove(&id);
                        if let Err(error) = outcome {
                            tracing::warn!(source = id, %error, "a poll could not be stored; the feed is asked again");
                        }
                    }
                    Err(error) => tracing::error!(%error, "a poll broke down"),
                },
                () = tokio::time::sleep(Duration::from_millis(500)) => {}
                _ = stop.changed() => {}
            }
        }
        while polls.join_next().await.is_some() {}
    }

    /// Takes due feeds for this program, so that no other asks them meanwhile.
    async fn claim(&self, most: usize) -> Result<Vec<Source>> {
        let mut tx = self.hub.begin(Actor::System("poller")).await?;
        let now = tx.now();
        let due = tx
            .all(q!(
                "update sources set lease_until = $1 where id in (select id from sources where kind = 'feed' and paused_at is null
                   and next_poll_at <= $2 and (lease_until is null or lease_until <= $2) order by next_poll_at limit $3)
                 returning id",
                now + LEASE,
                now,
                most
            ))
            .await?;
        let ids = due.iter().map(|row| row.get("id")).collect::<Result<Vec<i64>>>()?;
        tx.commit_unlogged("who asks a feed is no state anybody asks about").await?;
        let mut sources = Vec::new();
        for id in ids {
            sources.push(find(&self.hub, id).await?);
        }
        Ok(sources)
    }

    /// Asks one feed and stores what it brought.
    pub async fn poll(&self, source: &Source) -> Result<Accounting> {
        let now = self.hub.now();
        let cursor: feed::Cursor = serde_json::from_value(source.cursor.clone()).unwrap_or_default();
        let url = source.url.clone().unwrap_or_default();
        let answer = feed::poll(&self.client, &url, &cursor, timestamp(now)).await;
        let polled = match answer {
            Ok(polled) => polled,
            Err(error) => {
                self.failed(source, &error).await?;
                return Ok(Accounting::default());
            }
        };
        let items = polled.posts.into_iter().enumerate().map(|(n, post)| Item {
            place: format!("entry {}", n + 1),
            content: post.map_err(|refused| -> (Refusal, String) { (refused.refusal, refused.raw) }),
        });
        let cursor = serde_json::to_value(&polled.cursor).unwrap_or_default();
        let counted = intake::receive_with_cursor(&self.hub, source.id, items.collect(), Some(cursor)).await?;
        let asked = polled.next_after.map(|wait| wait.as_micros() as Micros);
        self.settle(source, wait(source, asked, counted.stored > 0, now), polled.moved_to.as_deref()).await?;
        Ok(counted)
    }

    async fn settle(&self, source: &Source, wait: Micros, moved_to: Option<&str>) -> Result<()> {
        let mut tx = self.hub.begin(Actor::Source(source.id)).await?;
        let now = tx.now();
        let sql = "update sources set next_poll_at = $1, polled_at = $2, lease_until = null, error = null, errors_in_a_row = 0,
                   url = coalesce($3, url) where id = $4";
        tx.run(q!(sql, now + self.jittered(wait), now, moved_to, source.id)).await?;
        if moved_to.is_some() {
            tx.log(Entry::new("source.moved", "source", source.id));
        }
        if source.error.is_some() {
            tx.log(Entry::new("source.recovered", "source", source.id));
        }
        tx.commit_unlogged("a poll that went well").await
    }

    async fn failed(&self, source: &Source, error: &feed::Error) -> Result<()> {
        let in_a_row = source.errors_in_a_row + 1;
        let asked = error.retry_after().map(|wait| wait.as_micros() as Micros);
        let doubled = SHORTEST.saturating_mul(1 << in_a_row.min(12));
        let wait = asked.unwrap_or(doubled).clamp(SHORTEST, LONGEST);
        let mut tx = self.hub.begin(Actor::Source(source.id)).await?;
        let now = tx.now();
        let rests = in_a_row >= PATIENCE;
        let why = format!("it failed {in_a_row} times in a row; look at its last error, then resume it");
        tx.run(q!(
            "update sources set next_poll_at = $1, polled_at = $2, lease_until = null, error = $3, error_at = $2, errors_in_a_row = $4,
             paused_at = case when $5 then $2 else paused_at end, paused_why = case when $5 then $6 else paused_why end where id = $7",
            now + self.jittered(wait),
            now,
            error.to_string(),
            in_a_row,
            rests,
            why,
            source.id
        ))
        .await?;
        if source.error.is_none() || rests {
            tx.log(Entry::new(if rests { "source.paused" } else { "source.failed" }, "source", source.id));
        }
        tx.commit_unlogged("a further failure of the same kind").await
    }

    /// Up to a tenth more, so that feeds connected together are not asked together for ever.
    fn jittered(&self, wait: Micros) -> Micros {
        wait + (self.hub.random.u64() % (wait as u64 / 10).max(1)) as Micros
    }
}

/// When to ask again: as the feed wishes; otherwise sooner where something came, later where nothing did.
fn wait(source: &Source, asked: Option<Micros>, brought: bool, now: Micros) -> Micros {
    let since_last = source.polled_at.map_or(USUAL, |at| now - at);
    let own = if brought { since_last / 2 } else { since_last + since_last / 2 };
    let own = own.clamp(SHORTEST.max(USUAL / 4), LONGEST);
    asked.map_or(own, |asked| asked.max(own.min(asked))).clamp(SHORTEST, LONGEST)
}

/// Asks a feed at once on a person's behalf.
pub async fn poll_now(hub: &Hub, viewer: &crate::scope::Viewer, client: &Client, id: i64) -> Result<Accounting> {
    let source = find(hub, id).await?;
    super::may_change(viewer, source.unit, "ask a source now")?;
    if source.kind != super::Kind::Feed {
        return Err(Error::Conflict("only feeds are asked; this source brings its posts itself".into()));
    }
    if source.paused_at.is_some() {
        return Err(Error::Conflict("this source is paused; resume it first".into()));
    }
    let poller = Poller::new(hub.clone(), client.clone());
    if poller.lease(id).await? {
        poller.poll(&source).await?;
    } else {
        poller.until_asked(id).await?;
    }
    let after = find(hub, id).await?;
    match after.error {
        Some(error) => Err(Error::Conflict(error)),
        None => Ok(Accounting {
            seen: after.accounting.seen - source.accounting.seen,
            stored: after.accounting.stored - source.accounting.stored,
            duplicate: after.accounting.duplicate - source.accounting.duplicate,
            refused: after.accounting.refused - source.accounting.refused,
        }),
    }
}

impl Poller {
    /// Takes one feed for this program; false where it is being asked already.
    async fn lease(&self, id: i64) -> Result<bool> {
        let mut tx = self.hub.begin(Actor::System("poller")).await?;
        let now = tx.now();
        let sql = "update sources set lease_until = $1 where id = $2 and (lease_until is null or lease_until <= $3)";
        let taken = tx.run(q!(sql, now + LEASE, id, now)).await? == 1;
        tx.commit_unlogged("who asks a feed is no state anybody asks about").await?;
        Ok(taken)
    }

    /// Waits until whoever asks a feed just now has done so, for at most 20 seconds.
    async fn until_asked(&self, id: i64) -> Result<()> {
        for _ in 0..200 {
            let row = self.hub.db.one(q!("select lease_until from sources where id = $1", id)).await?;
            if row.get::<Option<Micros>, _>("lease_until")?.is_none() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(Error::Conflict("this feed is being asked already; look again in a moment".into()))
    }
}
