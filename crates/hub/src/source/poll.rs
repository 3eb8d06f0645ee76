//! Asking one place what is new, more often where more comes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use dandelion_networks::{
    About,
    contract::{Access, Place, Trouble},
    egress::Client,
};
use dandelion_post::Micros;
use tokio::time::timeout;

use super::{Kind, Settle, Source, allowance::Key, find, place, schedule::Waiting, settle::Well};
use crate::{
    Error, Hub, Result,
    intake::{self, Accounting},
    log::Actor,
    store::q,
};

/// How long a claim holds; longer than any page can take.
pub(super) const LEASE: Micros = 180_000_000;
/// Most time for one page with all it is made of: a connector may ask several times, each within the client's deadline.
const PAGE: Duration = Duration::from_secs(90);
/// After so long another page is no longer begun: the rest waits for the next turn.
const TURN: Duration = Duration::from_mins(1);
/// Pages read of one place in one go, before others have their turn.
const PAGES: usize = 20;
/// Requests that stay unused of what a network allows: for people who send a reply or look at a thread.
pub(super) const SPARE: u64 = 5;

/// Asks places of this hub.
#[derive(Clone, Debug)]
pub struct Poller {
    pub(super) hub: Hub,
    client: Client,
    /// Most time for one page.
    page: Duration,
    /// Whether more are due than there is room for: then nobody has a second page before the others had their first.
    pub(super) crowd: Arc<AtomicBool>,
}

impl Poller {
    /// A poller that goes out through `client`.
    pub fn new(hub: Hub, client: Client) -> Self {
        Self { hub, client, page: PAGE, crowd: Arc::default() }
    }

    /// As [`Poller::new`], with another limit to the time one page may take.
    #[cfg(test)]
    pub(super) fn hasty(hub: Hub, client: Client, page: Duration) -> Self {
        Self { page, ..Self::new(hub, client) }
    }

    /// Asks one place now, whatever it allows, and stores what it brought, page after page while there is more, each
    /// page with its cursor in one transaction. Trouble is the source's, not an error.
    pub async fn poll(&self, source: &Source) -> Result<Accounting> {
        self.turn(source, 0, &Waiting::default()).await
    }

    /// As [`Poller::poll`], unless the network allows no more than `spare` questions for now: then nothing is asked.
    /// `waiting` shows the scheduler whether the network is waited for.
    pub(super) async fn turn(&self, source: &Source, spare: u64, waiting: &Waiting) -> Result<Accounting> {
        let (began, mut total, mut source, mut asked) = (Instant::now(), Accounting::default(), source.clone(), 0);
        loop {
            let Some((about, access)) = self.reached(&source).await? else { return Ok(total) };
            let (key, now) = (Key::of(&source, &access.place), self.hub.now());
            let call = match self.hub.allowances.begin(&source, key, spare, now) {
                Ok(call) => call,
                Err(until) => {
                    Settle::put_off(&self.hub, until).alone(&self.hub, source.id).await?;
                    return Ok(total);
                }
            };
            let given = waiting.during(timeout(self.page, about.connector.page(&access, &source.cursor))).await;
            drop(call);
            self.hub.allowances.drawn(key, access.meter.take(), now);
            asked += 1;
            let late = || Trouble::passing(format!("it gave no whole page within {} seconds", self.page.as_secs()));
            let page = match given.unwrap_or_else(|_| Err(late())) {
                Ok(page) => page,
                Err(trouble) => {
                    self.failed(&source, key, &trouble).await?;
                    return Ok(total);
                }
            };
            if let Some(budget) = page.budget {
                self.hub.allowances.told(key, budget, now);
            }
            let place = if source.kind == Kind::Feed { "entry" } else { "item" };
            let items = place::items_of(place, page.items);
            let cursor = (page.cursor != source.cursor).then(|| page.cursor.clone());
            let well = Well {
                source: source.clone(),
                at: now,
                cursor: page.cursor,
                wait: page.wait,
                budget: page.budget,
                allowances: self.hub.allowances.left(key, &source.allowances, now),
                moved_to: page.moved_to,
                pace: self.hub.allowances.pace(key, spare, asked, now),
                left: asked < self.hub.allowances.part(key, spare, PAGES, now)
                    && began.elapsed() < TURN
                    && !self.gives_way(spare),
                before: total.stored,
                found: 0,
            };
            let (goes_on, settle) = (well.goes_on(), Settle::well(&self.hub, well));
            total += intake::receive_polled(&self.hub, &source, items, cursor, settle).await?;
            if !goes_on {
                return Ok(total);
            }
            source = find(&self.hub, source.id).await?;
        }
    }

    /// Whether others are due for whom there is no room. A person waits for nobody.
    fn gives_way(&self, spare: u64) -> bool {
        spare > 0 && self.crowd.load(Ordering::Relaxed)
    }

    /// Who reads a place, and the way to it; nothing where a person has to do something first, which is then said.
    async fn reached(&self, source: &Source) -> Result<Option<(&'static About, Access)>> {
        let trouble = match (source.about(), place::access(&self.hub, &self.client, source)) {
            (Some(about), Ok(access)) => return Ok(Some((about, access))),
            (None, _) => Trouble::wrong(format!("nobody reads {} here; remove it", source.network)),
            // What seals its credentials is gone: a person has to sign in again.
            (_, Err(error @ Error::Unusable(_))) => Trouble::Revoked { why: error.to_string() },
            (_, Err(error)) => return Err(error),
        };
        self.failed(source, Key::of(source, &Place::default()), &trouble).await?;
        Ok(None)
    }

    /// Writes down what went wrong; where its network wants to be left alone, all that ask with the same credentials do.
    async fn failed(&self, source: &Source, key: Key, trouble: &Trouble) -> Result<()> {
        if let Some(asked) = trouble.retry_after().filter(|_| source.kind == Kind::Network) {
            self.hub.allowances.refused(key, asked, self.hub.now());
        }
        let left = self.hub.allowances.left(key, &source.allowances, self.hub.now());
        Settle::failed(&self.hub, source, trouble, &left).alone(&self.hub, source.id).await
    }
}

/// Asks a place at once on a person's behalf.
pub async fn poll_now(hub: &Hub, viewer: &crate::scope::Viewer, client: &Client, id: i64) -> Result<Accounting> {
    let source = find(hub, id).await?;
    super::may_change(viewer, source.unit, "ask a source now")?;
    if !source.polled() {
        return Err(Error::Conflict("this source is not asked; it brings its posts itself".into()));
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
    /// Takes one place for this program; false where it is being asked already.
    pub(super) async fn lease(&self, id: i64) -> Result<bool> {
        let mut tx = self.hub.begin(Actor::System("poller")).await?;
        let now = tx.now();
        let sql = "update sources set lease_until = $1 where id = $2 and (lease_until is null or lease_until <= $3)";
        let taken = tx.run(q!(sql, now + LEASE, id, now)).await? == 1;
        tx.commit_unlogged("who asks a source is no state anybody asks about").await?;
        Ok(taken)
    }

    /// Asks for it to be asked again as soon as whoever asks it now is done.
    pub(super) async fn make_due(&self, id: i64) -> Result<()> {
        self.until_asked(id).await?;
        let mut tx = self.hub.begin(Actor::System("poller")).await?;
        let now = tx.now();
        tx.run(q!("update sources set next_poll_at = $1 where id = $2 and paused_at is null", now, id)).await?;
        tx.commit_unlogged("when a source is asked next is no state anybody asks about").await
    }

    /// Waits until whoever asks a place just now has done so, for at most 20 seconds.
    async fn until_asked(&self, id: i64) -> Result<()> {
        for _ in 0..200 {
            let row = self.hub.db.one(q!("select lease_until from sources where id = $1", id)).await?;
            if row.get::<Option<Micros>, _>("lease_until")?.is_none() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(Error::Conflict("this source is being asked already; look again in a moment".into()))
    }
}
