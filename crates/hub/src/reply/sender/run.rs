use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::{Job, Sender, Stale};
use crate::{Result, reply::expire, store::Boxed, under_way::UnderWay};

/// How often what a dead program left behind, and what has expired, is looked for.
const TIDY_EVERY: Duration = Duration::from_secs(2);
/// Changes of what is out under way at once.
const CHANGES_AT_ONCE: usize = 4;

/// Sends until `shutdown` turns true, then finishes what is under way. A database out of reach is waited for.
pub fn run(sender: Sender, mut shutdown: watch::Receiver<bool>) -> Boxed<'static, ()> {
    Box::pin(async move {
        let (mut under_way, mut changes) = (UnderWay::default(), UnderWay::default());
        let mut tidied: Option<Instant> = None;
        while !*shutdown.borrow() {
            if tidied.is_none_or(|at| at.elapsed() >= TIDY_EVERY) {
                match sender.tidy(tidied.is_none()).await {
                    Ok(()) => tidied = Some(Instant::now()),
                    Err(error) => {
                        tracing::warn!(error = error.logged(), "the sender could not look after what was left behind");
                    }
                }
            }
            if let Err(error) = fill(&mut under_way, &sender).await {
                tracing::warn!(error = error.logged(), "the sender could not take a reply; it tries again");
            }
            if let Err(error) = fill_changes(&mut changes, &sender).await {
                tracing::warn!(error = error.logged(), "the sender could not take a change; it tries again");
            }
            tokio::select! {
                changed = shutdown.changed() => if changed.is_err() { break },
                () = under_way.one_done() => {}
                () = changes.one_done() => {}
                () = tokio::time::sleep(sender.rules.look_every) => {}
            }
        }
        under_way.finish().await;
        changes.finish().await;
        Ok(())
    })
}

impl Sender {
    async fn tidy(&self, first: bool) -> Result<()> {
        // Only one program at a time works on a SQLite file, so at our start every other is dead. On PostgreSQL
        // others may be alive, and their leases count.
        let stale = if first && !self.hub.db.is_postgres() { Stale::Foreign } else { Stale::Expired };
        self.recover(stale).await?;
        expire(&self.hub).await.map(drop)
    }

    /// One attempt from network to record. A record that cannot be written is tried again while the lease holds;
    /// after that the attempt is recovered like one of a dead program.
    async fn attempt(self, job: Job) {
        let answer = self.publish(&job).await;
        loop {
            match self.record(&job, answer.clone()).await {
                Ok(state) => return tracing::debug!(reply = job.reply_id, state = state.as_str(), "attempt recorded"),
                Err(error) if self.hub.now() < job.lease_until => {
                    tracing::warn!(
                        reply = job.reply_id,
                        error = error.logged(),
                        "an attempt could not be recorded; it is tried again"
                    );
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
                Err(error) => {
                    return tracing::error!(
                        reply = job.reply_id,
                        error = error.logged(),
                        "an attempt was not recorded; it counts as in doubt"
                    );
                }
            }
        }
    }
}

/// Takes due replies until nothing is due or there are enough under way.
async fn fill(under_way: &mut UnderWay<i64>, sender: &Sender) -> Result<()> {
    while under_way.len() < sender.rules.at_once {
        let Some(job) = sender.claim(&under_way.busy(sender.rules.at_once_per_handle)).await? else { break };
        under_way.begin(job.handle_id, sender.clone().attempt(job));
    }
    Ok(())
}

/// Takes due changes of what is out, one of a handle at a time.
async fn fill_changes(under_way: &mut UnderWay<i64>, sender: &Sender) -> Result<()> {
    while under_way.len() < CHANGES_AT_ONCE {
        let Some(task) = sender.claim_change(&under_way.busy(1)).await? else { break };
        under_way.begin(task.handle_id, sender.clone().attempt_change(task));
    }
    Ok(())
}
