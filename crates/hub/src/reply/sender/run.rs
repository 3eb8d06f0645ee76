use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use tokio::{
    sync::watch,
    task::{Id, JoinSet},
};

use super::{Job, Sender, Stale};
use crate::{Result, reply::expire, store::Boxed};

/// How often what a dead program left behind, and what has expired, is looked for.
const TIDY_EVERY: Duration = Duration::from_secs(2);

/// Sends until `shutdown` turns true, then finishes what is under way. A database out of reach is waited for.
pub fn run(sender: Sender, mut shutdown: watch::Receiver<bool>) -> Boxed<'static, ()> {
    Box::pin(async move {
        let mut under_way = UnderWay::default();
        let mut tidied: Option<Instant> = None;
        while !*shutdown.borrow() {
            if tidied.is_none_or(|at| at.elapsed() >= TIDY_EVERY) {
                match sender.tidy(tidied.is_none()).await {
                    Ok(()) => tidied = Some(Instant::now()),
                    Err(error) => tracing::warn!(%error, "the sender could not look after what was left behind"),
                }
            }
            if let Err(error) = under_way.fill(&sender).await {
                tracing::warn!(%error, "the sender could not take a reply; it tries again");
            }
            tokio::select! {
                changed = shutdown.changed() => if changed.is_err() { break },
                () = under_way.one_done() => {}
                () = tokio::time::sleep(sender.rules.look_every) => {}
            }
        }
        under_way.finish().await;
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
                    tracing::warn!(reply = job.reply_id, %error, "an attempt could not be recorded; it is tried again");
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
                Err(error) => {
                    return tracing::error!(reply = job.reply_id, %error, "an attempt was not recorded; it counts as in doubt");
                }
            }
        }
    }
}

/// The attempts being made, and for which handles.
#[derive(Default)]
struct UnderWay {
    tasks: JoinSet<()>,
    handles: HashMap<Id, i64>,
}

impl UnderWay {
    /// Takes due replies until nothing is due or there are enough under way.
    async fn fill(&mut self, sender: &Sender) -> Result<()> {
        while self.tasks.len() < sender.rules.at_once {
            let Some(job) = sender.claim(&self.busy(sender.rules.at_once_per_handle)).await? else { break };
            let handle = job.handle_id;
            let task = self.tasks.spawn(sender.clone().attempt(job));
            self.handles.insert(task.id(), handle);
        }
        Ok(())
    }

    /// The handles with as many attempts under way as they may have.
    fn busy(&self, most: usize) -> Vec<i64> {
        let mut counts: HashMap<i64, usize> = HashMap::new();
        for handle in self.handles.values() {
            *counts.entry(*handle).or_default() += 1;
        }
        counts.into_iter().filter(|(_, count)| *count >= most).map(|(handle, _)| handle).collect()
    }

    async fn one_done(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => drop(self.handles.remove(&id)),
            Some(Err(died)) => {
                tracing::error!(%died, "an attempt broke off; it counts as in doubt when its lease runs out");
                self.handles.remove(&died.id());
            }
            None => std::future::pending().await,
        }
    }

    async fn finish(&mut self) {
        while !self.tasks.is_empty() {
            self.one_done().await;
        }
    }
}
