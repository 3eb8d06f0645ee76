//! Streams: a place whose network rings when something is new is asked at once; edits and deletions it tells of are
//! taken in as they come. A stream that breaks costs nothing but time: polling goes on without it.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use dandelion_networks::{
    contract::{Heard, Trouble},
    egress::Client,
};
use dandelion_post::Micros;
use tokio::{
    sync::watch,
    task::{AbortHandle, JoinSet},
    time::{Instant, timeout_at},
};

use super::{Poller, Source, find, list, place, poll::SPARE, schedule::Waiting};
use crate::{Error, Hub, Result, intake};

/// How often it is looked which places there are to listen to.
const LOOK: Duration = Duration::from_secs(2);
/// Shortest and longest wait before a broken stream is opened again, in microseconds.
const FIRST_WAIT: Micros = 2_000_000;
const LONGEST_WAIT: Micros = 5 * 60_000_000;
/// Shortest time between two questions because of a bell: where a whole crowd speaks at once, one page brings them all.
const BREATH: Duration = Duration::from_secs(1);
/// A stream that held this long had been well.
const HELD: Micros = 60_000_000;

/// Listens to every place of this hub that has a stream.
#[derive(Clone, Debug)]
pub struct Listener {
    hub: Hub,
    client: Client,
    open: Arc<Mutex<HashSet<i64>>>,
}

impl Listener {
    /// A listener that goes out through `client`.
    pub fn new(hub: Hub, client: Client) -> Self {
        Self { hub, client, open: Arc::default() }
    }

    /// The sources whose stream is open just now.
    pub fn open(&self) -> Vec<i64> {
        self.lock().iter().copied().collect()
    }

    /// Listens until `stop` says so.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut listening: HashMap<i64, (String, AbortHandle)> = HashMap::new();
        let mut streams = JoinSet::new();
        while !*stop.borrow() {
            match list(&self.hub).await {
                Ok(sources) => {
                    let wanted: HashMap<i64, String> = sources
                        .iter()
                        .filter(|source| listens(source))
                        .map(|source| (source.id, mark(source)))
                        .collect();
                    // A place that rests, or was signed in to again, is no longer listened to as before.
                    listening.retain(|id, (mark, task)| {
                        let goes_on = wanted.get(id) == Some(mark) && !task.is_finished();
                        if !goes_on {
                            task.abort();
                            self.lock().remove(id);
                        }
                        goes_on
                    });
                    for (id, mark) in wanted {
                        listening.entry(id).or_insert_with(|| {
                            let listener = self.clone();
                            (mark, streams.spawn(async move { listener.keep(id).await }))
                        });
                    }
                }
                Err(error) => {
                    tracing::warn!(error = error.logged(), "the streams could not be looked up; trying again");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = stop.changed() => {}
            }
        }
        streams.shutdown().await;
    }

    /// Keeps one stream open, patiently.
    async fn keep(&self, id: i64) {
        let mut wait = FIRST_WAIT;
        loop {
            let began = self.hub.now();
            let asked = match self.listen(id).await {
                Ok(()) => None,
                Err(Broken { why, after }) => {
                    tracing::debug!(source = id, why, "a stream broke; the source is polled meanwhile");
                    after
                }
            };
            self.lock().remove(&id);
            wait = next_wait(wait, self.hub.now() - began);
            let wait = wait.max(asked.map_or(0, |asked| asked.as_micros() as Micros));
            let jitter = (self.hub.random.u64() % (wait as u64 / 4).max(1)) as Micros;
            tokio::time::sleep(Duration::from_micros((wait + jitter) as u64)).await;
        }
    }

    /// Listens until the stream breaks.
    async fn listen(&self, id: i64) -> Result<(), Broken> {
        let source = find(&self.hub, id).await?;
        let Some(about) = source.about() else { return Ok(()) };
        let access = place::access(&self.hub, &self.client, &source)?;
        let mut stream = about.connector.listen(&access).await?;
        self.lock().insert(id);
        // Whatever was said while nobody listened.
        self.ask(id).await?;
        let (mut asked, mut rung) = (Instant::now(), false);
        loop {
            let heard = if rung {
                timeout_at(asked + BREATH, stream.heard()).await.unwrap_or(Ok(Heard::Ring))?
            } else {
                stream.heard().await?
            };
            match heard {
                Heard::Ring => rung = true,
                Heard::Change(item) => {
                    intake::receive(&self.hub, id, place::items_of("stream", vec![*item])).await?;
                }
                Heard::Nothing => {}
            }
            if rung && asked.elapsed() >= BREATH {
                (asked, rung) = (Instant::now(), false);
                self.ask(id).await?;
            }
        }
    }

    /// Asks the place, unless it wants to be left alone; where somebody else is asking it already, they may have been a
    /// moment too early, so it is made due at once.
    async fn ask(&self, id: i64) -> Result<()> {
        let poller = Poller::new(self.hub.clone(), self.client.clone());
        if rests(&find(&self.hub, id).await?, self.hub.now()) {
            return Ok(());
        }
        if !poller.lease(id).await? {
            return poller.make_due(id).await;
        }
        poller.turn(&find(&self.hub, id).await?, SPARE, &Waiting::default()).await.map(drop)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<i64>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a stream ended, without what its network said of it, and how long the network wants to be left alone.
struct Broken {
    why: String,
    after: Option<Duration>,
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self { why: error.logged(), after: None }
    }
}

impl From<Trouble> for Broken {
    fn from(trouble: Trouble) -> Self {
        Self { why: trouble.kind().to_owned(), after: trouble.retry_after() }
    }
}

/// Longer each time, and short again after a stream that was well.
fn next_wait(last: Micros, held: Micros) -> Micros {
    if held > HELD { FIRST_WAIT } else { (last * 2).min(LONGEST_WAIT) }
}

/// Whether a bell changes nothing: the place rests, or its network refused us or allows no more for now, and the poller
/// knows how long. Whatever is new then comes with its next turn.
fn rests(source: &Source, now: Micros) -> bool {
    let waits = source.next_poll_at.is_some_and(|at| at > now);
    let spent = source.calls_left.is_some_and(|left| left <= SPARE as i64)
        && source.calls_reset_at.is_some_and(|reset| reset > now);
    source.paused_at.is_some() || waits && (source.error.is_some() || spent)
}

fn listens(source: &Source) -> bool {
    source.paused_at.is_none() && source.about().is_some_and(|about| about.reads.stream)
}

/// What changes when a stream has to be opened anew.
fn mark(source: &Source) -> String {
    format!("{:?} {:?} {:?}", source.url, source.settings, source.sealed)
}
