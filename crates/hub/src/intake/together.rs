//! One write for many. What comes while the store is being written to waits, and is then stored together, in one
//! transaction: so a thousand sources cost as few commits as they have to, and one alone waits for nobody.

use std::{
    collections::VecDeque,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use tokio::{runtime::Handle, sync::oneshot};

use super::{Accounting, BATCH, Batch, store};
use crate::{Error, Hub, Result};

/// Most batches in one transaction; of posts there are at most [`BATCH`], unless one batch alone has more.
const MOST: usize = 128;
/// Transactions at once: SQLite has one writer, PostgreSQL as many as one likes.
const WRITERS_SQLITE: usize = 1;
const WRITERS_POSTGRES: usize = 4;
/// How often a batch is tried that others disturb.
const TRIES: usize = 16;

/// Where batches wait to be stored; clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<Mutex<Queue>>);

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    writers: usize,
    #[cfg(test)]
    brought: usize,
    #[cfg(test)]
    groups: Vec<usize>,
}

/// A batch, and who wants to hear what became of it.
#[derive(Debug)]
struct Waiting {
    batch: Batch,
    tell: oneshot::Sender<Result<Accounting>>,
}

/// Stores a batch, with others that wait. It is stored also where nobody waits for the answer any more.
pub(super) async fn bring(hub: &Hub, batch: Batch) -> Result<Accounting> {
    let (tell, told) = oneshot::channel();
    let most = if hub.db.is_postgres() { WRITERS_POSTGRES } else { WRITERS_SQLITE };
    if hub.gate.take_in(Waiting { batch, tell }, most) {
        tokio::spawn(write(hub.clone()));
    }
    let ended = |_| Error::Unusable("storing what came broke down; it will be brought again".into());
    told.await.map_err(ended)?
}

impl Gate {
    /// Puts a batch in the row; says whether a further writer is to begin.
    fn take_in(&self, waiting: Waiting, most: usize) -> bool {
        let mut queue = self.lock();
        queue.waiting.push_back(waiting);
        #[cfg(test)]
        {
            queue.brought += 1;
        }
        let begins = queue.writers < most;
        queue.writers += usize::from(begins);
        begins
    }

    /// The next to be stored together, in the order they came. Where none waits the writer is done.
    fn next(&self) -> Option<Vec<Waiting>> {
        let mut queue = self.lock();
        let (mut group, mut posts) = (Vec::new(), 0);
        while let Some(next) = queue.waiting.front() {
            posts += next.batch.prepared.len();
            if !group.is_empty() && (posts > BATCH || group.len() == MOST) {
                break;
            }
            group.extend(queue.waiting.pop_front());
        }
        #[cfg(test)]
        queue.groups.extend((!group.is_empty()).then_some(group.len()));
        if group.is_empty() {
            queue.writers -= 1;
            return None;
        }
        Some(group)
    }

    /// How many batches were ever brought.
    #[cfg(test)]
    pub fn brought(&self) -> usize {
        self.lock().brought
    }

    /// How many batches were put together each time.
    #[cfg(test)]
    pub fn groups(&self) -> Vec<usize> {
        self.lock().groups.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives a writer's place back when it ends before its time, so that those that wait are not left alone.
struct Place(Option<Hub>);

impl Drop for Place {
    fn drop(&mut self) {
        let Some(hub) = self.0.take() else { return };
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(write(hub))),
            Err(_) => hub.gate.lock().writers -= 1,
        }
    }
}

/// Stores whatever waits until nothing does.
async fn write(hub: Hub) {
    let mut place = Place(Some(hub.clone()));
    while let Some(group) = hub.gate.next() {
        let (mut batches, tells): (Vec<Batch>, Vec<_>) = group.into_iter().map(|it| (it.batch, it.tell)).unzip();
        if batches.len() > 1 {
            match attempt(&hub, &mut batches).await {
                Ok(counts) => {
                    tells.into_iter().zip(counts).for_each(|(tell, count)| drop(tell.send(Ok(count))));
                    continue;
                }
                // One of them cannot be stored, or not with the others. It must not take them with it.
                Err(error) => {
                    tracing::debug!(error = error.logged(), "stored one by one what could not be stored together");
                }
            }
        }
        for (batch, tell) in batches.into_iter().zip(tells) {
            let _ = tell.send(attempt(&hub, &mut [batch]).await.map(|counts| counts[0]));
        }
    }
    place.0 = None;
}

/// Stores batches together, prepared anew where what they were prepared by has changed.
async fn attempt(hub: &Hub, batches: &mut [Batch]) -> Result<Vec<Accounting>> {
    // Two sources may bring the same post at the same moment; on PostgreSQL one of them then starts again and finds it.
    for _ in 0..TRIES {
        if batches.iter().any(|batch| batch.prepared.engine().is_some()) {
            let engine = hub.engine().await?;
            for batch in batches.iter_mut() {
                batch.prepared.follow(&engine);
            }
        }
        match unbroken(store::run(hub, batches)).await {
            Ok(Some(counts)) => return Ok(counts),
            Ok(None) => {}
            Err(error) if error.is_taken() || error.is_deadlock() => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::Conflict(
        "other sources kept bringing the same posts at the same moment, or queries kept changing; the batch will be brought again"
            .into(),
    ))
}

/// What breaks down is undone and an error like any other, so that whoever waits hears of it and others are stored.
async fn unbroken<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let mut work = pin!(work);
    let broke = |_| Err(Error::Unusable("storing what came broke down; nothing of it was stored".into()));
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        polled.unwrap_or_else(|panic| Poll::Ready(broke(panic)))
    })
    .await
}
