//! Whom to ask next, and how many at once: each place on its own, so that a broken one never stops another.
//!
//! What waits for its network costs nothing but a connection, so it gives its slot to others after a moment; places that
//! failed last time have few slots, so that however many of them hang, the others find theirs free.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};

use tokio::{sync::watch, task::JoinSet};

use super::{
    COLUMNS, Kind, Poller, Source,
    allowance::Key,
    from_row, list, place,
    poll::{LEASE, SPARE},
};
use crate::{
    Result,
    log::Actor,
    store::{Q, Value, q},
};

/// Places asked at once that are worked on or have not been waited for long.
const BRISK: usize = 16;
/// Of these, places that failed last time.
const BRISK_TROUBLED: usize = 4;
/// Whoever has been waited for so long keeps nobody else waiting.
const SLOW: Duration = Duration::from_secs(2);
/// All that are asked at once, those that are waited for included.
const MOST: usize = 256;
/// Of these, places that failed last time.
const MOST_TROUBLED: usize = 64;
/// How often it is looked what is due: while more may be due than there was room for, and otherwise.
const SOON: Duration = Duration::from_millis(20);
const LOOK: Duration = Duration::from_millis(500);
/// How often it is looked who shares credentials with whom.
const ACQUAINT: Duration = Duration::from_secs(30);

/// Since when a poll has been waiting for its network, if it does.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting(Arc<Mutex<Option<Instant>>>);

impl Waiting {
    /// Waits for something of the network's.
    pub async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        *self.lock() = Some(Instant::now());
        let done = work.await;
        *self.lock() = None;
        done
    }

    #[cfg(test)]
    pub fn since(at: Option<Instant>) -> Self {
        Self(Arc::new(Mutex::new(at)))
    }

    fn long(&self, now: Instant) -> bool {
        self.lock().is_some_and(|since| now.saturating_duration_since(since) >= SLOW)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who is asked just now.
#[derive(Debug, Default)]
pub(super) struct UnderWay(HashMap<i64, (bool, Waiting)>);

/// How many more may be asked: places that were well, and places that failed last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    pub well: usize,
    pub troubled: usize,
}

impl UnderWay {
    pub fn room(&self, now: Instant) -> Room {
        let count = |which: &dyn Fn(bool, bool) -> bool| {
            self.0.values().filter(|(troubled, waiting)| which(*troubled, !waiting.long(now))).count()
        };
        let (all, brisk) = (self.0.len(), count(&|_, brisk| brisk));
        let (troubled, brisk_troubled) = (count(&|troubled, _| troubled), count(&|troubled, brisk| troubled && brisk));
        let well = BRISK.saturating_sub(brisk).min(MOST.saturating_sub(all));
        let few = BRISK_TROUBLED.saturating_sub(brisk_troubled).min(MOST_TROUBLED.saturating_sub(troubled));
        Room { well, troubled: few.min(well) }
    }

    /// Takes a source in, unless it is asked already.
    fn begin(&mut self, source: &Source) -> Option<Waiting> {
        if self.0.contains_key(&source.id) {
            return None;
        }
        let waiting = Waiting::default();
        self.put(source.id, source.errors_in_a_row > 0, waiting.clone());
        Some(waiting)
    }

    pub fn put(&mut self, id: i64, troubled: bool, waiting: Waiting) {
        self.0.insert(id, (troubled, waiting));
    }
}

impl Poller {
    /// Polls every due place of this hub until `stop` says so, then finishes what is under way.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let (mut polls, mut under_way) = (JoinSet::new(), UnderWay::default());
        let (mut look, mut acquaint) = (Instant::now(), Instant::now());
        while !*stop.borrow() {
            let now = Instant::now();
            if now >= acquaint {
                acquaint = now + ACQUAINT;
                if let Err(error) = self.acquaint().await {
                    tracing::warn!(
                        error = error.logged(),
                        "who shares an allowance could not be looked up; trying again"
                    );
                }
            }
            if now >= look {
                let room = under_way.room(now);
                let due = self.claim(room).await.unwrap_or_else(|error| {
                    tracing::warn!(error = error.logged(), "the due sources could not be looked up; trying again");
                    Vec::new()
                });
                let crowded = due.len() >= room.well;
                self.crowd.store(crowded, Ordering::Relaxed);
                look = Instant::now() + if crowded { SOON } else { LOOK };
                for source in due {
                    let Some(waiting) = under_way.begin(&source) else { continue };
                    let poller = self.clone();
                    polls.spawn(async move { (source.id, poller.turn(&source, SPARE, &waiting).await) });
                }
            }
            tokio::select! {
                Some(done) = polls.join_next() => match done {
                    Ok((id, outcome)) => {
                        under_way.0.remove(&id);
                        if let Err(error) = outcome {
                            tracing::warn!(source = id, error = error.logged(), "a poll could not be stored; the source is asked again");
                        }
                    }
                    Err(died) => tracing::error!(panicked = died.is_panic(), "a poll broke down"),
                },
                () = tokio::time::sleep_until(look.into()) => {}
                _ = stop.changed() => {}
            }
        }
        while polls.join_next().await.is_some() {}
    }

    /// Takes due places for this program, those that have been due longest first, so that no other asks them meanwhile.
    pub(super) async fn claim(&self, room: Room) -> Result<Vec<Source>> {
        let mut due = self.due(false, room.well).await?;
        let troubled = self.due(true, room.troubled).await?;
        // A place that failed last time takes the turn of one that was well, so that it has one at all.
        due.truncate(room.well.saturating_sub(troubled.len()));
        due.extend(troubled);
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.hub.begin(Actor::System("poller")).await?;
        let now = tx.now();
        let list: Vec<String> = (0..due.len()).map(|n| format!("${}", n + 3)).collect();
        let sql = format!(
            "update sources set lease_until = $1 where (lease_until is null or lease_until <= $2) and id in ({}) returning {COLUMNS}",
            list.join(", ")
        );
        let ids = [now + LEASE, now].into_iter().chain(due).map(Value::from);
        let taken = tx.all(Q::of(sql).bind_all(ids)).await?;
        tx.commit_unlogged("who asks a source is no state anybody asks about").await?;
        taken.iter().map(from_row).collect()
    }

    /// Places that are due, that failed last time or did not. Whose network allows no more for now is not among them.
    async fn due(&self, troubled: bool, most: usize) -> Result<Vec<i64>> {
        if most == 0 {
            return Ok(Vec::new());
        }
        let sql =
            "select id from sources where next_poll_at <= $1 and kind in ('feed', 'network') and paused_at is null
                     and (lease_until is null or lease_until <= $1) and (errors_in_a_row > 0) = $2
                     and (calls_left is null or calls_left > $3 or calls_reset_at is null or calls_reset_at <= $1)
                   order by next_poll_at, id limit $4";
        let rows = self.hub.db.all(q!(sql, self.hub.now(), troubled, SPARE as i64, most)).await?;
        rows.iter().map(|row| row.get("id")).collect()
    }

    /// Finds out which sources ask with the same credentials.
    pub(super) async fn acquaint(&self) -> Result<()> {
        let mut keys = HashMap::new();
        for source in list(&self.hub).await? {
            // Those whose credentials cannot be opened ask nobody.
            if source.kind == Kind::Network
                && source.paused_at.is_none()
                && source.polled()
                && let Ok(credentials) = source.credentials(&self.hub.db)
            {
                keys.insert(source.id, Key::of(&source, &place::of(&source, credentials)));
            }
        }
        self.hub.allowances.know(keys);
        Ok(())
    }
}
