//! A uniform sample of what was written in the last 30 days, in memory, for whatever must answer at each keystroke.
//!
//! Every post of the window has the same chance to be in it: a post's key is spread over a ring of 2²⁴ places by a
//! multiplication (Knuth, *The Art of Computer Programming* 3, 6.4: Fibonacci hashing) and a phase drawn by chance, and
//! the sample holds those below a bar. So a post that arrives later joins by the same rule without a new draw, and the
//! first n posts of a sample are a smaller sample of the same kind. Where all posts fit, all are in it, and it is exact.
//!
//! **Bounds.** At most [`MOST`] posts when drawn, five quarters of it with what arrived since, and at most
//! [`MOST_BYTES`]; beyond either the bar is halved. The vocabulary beside it takes at most 8 MiB, so that all of it stays
//! below 40 MiB, and below twice that for the moment in which it is drawn anew. It is drawn when first asked for, follows
//! the log (arrivals, deletions, new wordings) whenever it is asked for, is drawn anew every quarter of an hour in the
//! background while it is used, and is let go after half an hour without use.

mod draw;
mod stored;
#[cfg(test)]
mod tests;
mod vocabulary;

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use dandelion_post::Micros;
use tokio::sync::Notify;

pub(super) use stored::find;
pub use stored::{Known, Sampled};
pub use vocabulary::Vocabulary;

use crate::{Hub, Result};

/// Most posts drawn.
pub const MOST: usize = 20_000;
/// Most memory held by its posts, in bytes, as counted by [`Sampled::bytes`].
pub const MOST_BYTES: usize = 32 * 1024 * 1024;
/// How far back it reaches.
pub const WINDOW: Micros = 30 * DAY;

const DAY: Micros = 86_400_000_000;
/// After how long it is drawn anew.
const FRESH: Micros = 15 * 60 * 1_000_000;
/// After how long without use it is let go.
const IDLE: Duration = Duration::from_mins(30);

/// A sample as it stood at one moment. Posts stand in the order of their places, which is by chance.
#[derive(Debug)]
pub struct Sample {
    /// The posts: none of ours, none deleted.
    pub posts: Vec<Arc<Sampled>>,
    /// How many such posts are stored in the window; exact where [`Sample::exact`] says so, otherwise estimated from the
    /// share of the drawn posts that are ours or deleted.
    pub stored: i64,
    /// Since when posts count, by when they were written.
    pub since: Micros,
    /// The words and names in it.
    pub vocabulary: Arc<Vocabulary>,
    /// Whether nothing was left out.
    pub exact: bool,
    pub(super) ring: draw::Ring,
    /// The greatest key looked at.
    newest: i64,
    /// The newest event it has followed.
    event: i64,
    drawn_at: Micros,
}

impl Sample {
    /// Memory its posts hold, in bytes.
    pub fn bytes(&self) -> usize {
        self.posts.iter().map(|post| post.bytes).sum()
    }
}

/// Where the sample of a process is kept.
#[derive(Clone, Debug, Default)]
pub struct Slot(Arc<Held>);

#[derive(Debug, Default)]
struct Held {
    state: Mutex<State>,
    drawn: Notify,
}

#[derive(Debug, Default)]
struct State {
    sample: Option<Arc<Sample>>,
    drawing: bool,
    /// Counts up with each use.
    used: u64,
}

impl Slot {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hub {
    /// The sample as of now. Where there is none yet it is drawn, and this waits for it no longer than `patience`: none
    /// means that it is still being read; ask again.
    pub async fn sample(&self, patience: Duration) -> Result<Option<Arc<Sample>>> {
        let drawn = self.sample.0.drawn.notified();
        let held = {
            let mut state = self.sample.state();
            state.used += 1;
            let stale = state.sample.as_ref().is_none_or(|sample| self.now() - sample.drawn_at > FRESH);
            if stale && !state.drawing {
                state.drawing = true;
                tokio::spawn(draw_for(self.clone()));
            }
            state.sample.clone()
        };
        if let Some(sample) = held {
            return self.followed(sample).await.map(Some);
        }
        let _ = tokio::time::timeout(patience, drawn).await;
        Ok(self.sample.state().sample.clone())
    }

    /// The sample with what the log says happened since.
    async fn followed(&self, sample: Arc<Sample>) -> Result<Arc<Sample>> {
        let Some(next) = draw::follow(self, &sample).await? else { return Ok(sample) };
        let next = Arc::new(next);
        let mut state = self.sample.state();
        // Somebody else may have drawn or followed meanwhile; the later one stays.
        if state.sample.as_ref().is_none_or(|held| held.event < next.event) {
            state.sample = Some(next.clone());
        }
        Ok(next)
    }
}

/// Draws in the background, and lets the sample go again once nobody uses it.
async fn draw_for(hub: Hub) {
    let slot = hub.sample.clone();
    let drawn = draw::draw(&hub).await;
    drop(hub); // the store may close meanwhile
    let used = {
        let mut state = slot.state();
        state.drawing = false;
        match drawn {
            Ok(sample) => state.sample = Some(Arc::new(sample)),
            Err(error) => tracing::warn!(error = error.logged(), "no sample of what is stored could be drawn"),
        }
        state.used
    };
    slot.0.drawn.notify_waiters();
    tokio::spawn(let_go(Arc::downgrade(&slot.0), used));
}

async fn let_go(held: Weak<Held>, used: u64) {
    tokio::time::sleep(IDLE).await;
    let Some(held) = held.upgrade() else { return };
    let mut state = held.state.lock().unwrap_or_else(PoisonError::into_inner);
    if state.used == used {
        state.sample = None;
    }
}
