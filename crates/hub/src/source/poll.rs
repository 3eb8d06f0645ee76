//! Asking one place what is new, more often where more comes.

use std::time::{Duration, Instant};

use dandelion_networks::{
    About,
    contract::{Access, Credentials, Page, Trouble, Wait},
    egress::{Budget, Client},
};
use dandelion_post::Micros;
use tokio::time::timeout;

use super::{Kind, Source, allowance::Key, find, place, push, schedule::Waiting};
use crate::{
    Error, Hub, Result,
    intake::{self, Accounting},
    log::{Actor, Entry},
    store::q,
};

/// Shortest and longest time between two polls of one place.
const SHORTEST: Micros = 60_000_000;
const LONGEST: Micros = 6 * 3_600_000_000;
/// What a place is asked at when it says nothing and brought something.
const USUAL: Micros = 10 * 60_000_000;
/// How long a claim holds; longer than any page can take.
pub(super) const LEASE: Micros = 180_000_000;
/// Most time for one page with all it is made of: a connector may ask several times, each within the client's deadline.
const PAGE: Duration = Duration::from_secs(90);
/// After so long another page is no longer begun: the rest waits for the next turn.
const TURN: Duration = Duration::from_mins(1);
/// Errors in a row after which a place rests until a person looks.
const PATIENCE: i64 = 50;

/// Shortest time between two polls of a place that shows more of itself by the minute than a feed does.
const LIVELY: Micros = 15_000_000;
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
}

impl Poller {
    /// A poller that goes out through `client`.
    pub fn new(hub: Hub, client: Client) -> Self {
        Self { hub, client, page: PAGE }
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
            let (key, now) = (Key::of(&source, &access.credentials), self.hub.now());
            let call = match self.hub.allowances.begin(&source, key, spare, now) {
                Ok(call) => call,
                Err(until) => {
                    self.put_off(&source, until).await?;
                    return Ok(total);
                }
            };
            let given = waiting.during(timeout(self.page, about.connector.page(&access, &source.cursor))).await;
            drop(call);
            asked += 1;
            let late = || Trouble::passing(format!("it gave no whole page within {} seconds", self.page.as_secs()));
            let Page { items, cursor, wait, budget, moved_to, .. } = match given.unwrap_or_else(|_| Err(late())) {
                Ok(page) => page,
                Err(trouble) => {
                    self.failed(&source, key, &trouble).await?;
                    return Ok(total);
                }
            };
            if let Some(budget) = budget {
                self.hub.allowances.told(key, budget, now);
            }
            let place = if source.kind == Kind::Feed { "entry" } else { "item" };
            let items = place::items_of(place, items);
            let counted = intake::receive_with_cursor(&self.hub, source.id, items, Some(cursor.clone())).await?;
            total += counted;
            let told = source.kind == Kind::Feed && push::polled(&self.hub, &source, &cursor, counted.stored).await?;
            let spent = budget.filter(|budget| budget.remaining <= SPARE).and_then(|budget| budget.resets_in);
            let more = wait == Wait::More && spent.is_none() && cursor != source.cursor;
            let waits = match (wait, spent) {
                _ if more => 0,
                (_, Some(resets)) => resets.as_micros() as Micros,
                (Wait::After(asked), None) => own_wait(&source, Some(asked), total.stored > 0, now),
                (Wait::More | Wait::Usual, None) => own_wait(&source, None, total.stored > 0, now),
            };
            let waits = if told { waits.max(push::RELAXED) } else { waits };
            let part = self.hub.allowances.part(key, spare, PAGES, now);
            let goes_on = more && asked < part && began.elapsed() < TURN;
            let waits = if goes_on { 0 } else { waits.max(self.hub.allowances.pace(key, spare, asked, now)) };
            source = self.settle(&source, waits, moved_to.as_deref(), budget, goes_on).await?;
            if !goes_on {
                return Ok(total);
            }
        }
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
        self.failed(source, Key::of(source, &Credentials::none()), &trouble).await?;
        Ok(None)
    }

    /// Leaves a place alone until its network allows more to those who ask with its credentials.
    async fn put_off(&self, source: &Source, until: Micros) -> Result<()> {
        let mut tx = self.hub.begin(Actor::Source(source.id)).await?;
        let wait = (until - tx.now()).max(0);
        let at = tx.now() + self.jittered(wait);
        tx.run(q!("update sources set next_poll_at = $1, lease_until = null where id = $2", at, source.id)).await?;
        tx.commit_unlogged("when a source is asked next is no state anybody asks about").await
    }

    /// Writes down that a page went well; gives the source as it stands then. Where more is to be read at once the
    /// lease goes on, and where the program dies in between, the next one to look finds it due.
    async fn settle(
        &self,
        source: &Source,
        wait: Micros,
        moved_to: Option<&str>,
        budget: Option<Budget>,
        more: bool,
    ) -> Result<Source> {
        let mut tx = self.hub.begin(Actor::Source(source.id)).await?;
        let now = tx.now();
        let sql = "update sources set next_poll_at = $1, polled_at = $2, lease_until = $3, error = null, errors_in_a_row = 0,
                   url = coalesce($4, url), calls_left = coalesce($5, calls_left), calls_reset_at = coalesce($6, calls_reset_at)
                   where id = $7";
        let resets = budget.and_then(|budget| budget.resets_in).map(|wait| now + wait.as_micros() as Micros);
        tx.run(q!(
            sql,
            now + self.jittered(wait),
            now,
            more.then_some(now + LEASE),
            moved_to,
            budget.map(|budget| i64::try_from(budget.remaining).unwrap_or(i64::MAX)),
            resets,
            source.id
        ))
        .await?;
        if moved_to.is_some() {
            tx.log(Entry::new("source.moved", "source", source.id));
        }
        if source.error.is_some() {
            tx.log(Entry::new("source.recovered", "source", source.id));
        }
        tx.commit_unlogged("a poll that went well").await?;
        find(&self.hub, source.id).await
    }

    /// Writes down what went wrong. Where we are no longer let in the source rests at once, because asking again with
    /// what no longer holds looks like an attack; its cursor stays, so that nothing is lost.
    async fn failed(&self, source: &Source, key: Key, trouble: &Trouble) -> Result<()> {
        let in_a_row = source.errors_in_a_row + 1;
        let asked = trouble.retry_after().map(|wait| wait.as_micros() as Micros);
        let doubled = SHORTEST.saturating_mul(1 << in_a_row.min(12));
        let wait = asked.unwrap_or(doubled).clamp(SHORTEST, LONGEST);
        if let Some(asked) = trouble.retry_after().filter(|_| source.kind == Kind::Network) {
            self.hub.allowances.refused(key, asked, self.hub.now());
        }
        let mut tx = self.hub.begin(Actor::Source(source.id)).await?;
        let now = tx.now();
        let revoked = matches!(trouble, Trouble::Revoked { .. });
        let rests = revoked || in_a_row >= PATIENCE;
        let why = if revoked {
            "we are no longer let in; sign in again, then it goes on where it stopped".to_owned()
        } else {
            format!("it failed {in_a_row} times in a row; look at its last error, then resume it")
        };
        tx.run(q!(
            "update sources set next_poll_at = $1, polled_at = $2, lease_until = null, error = $3, error_at = $2, errors_in_a_row = $4,
             paused_at = case when $5 then $2 else paused_at end, paused_why = case when $5 then $6 else paused_why end where id = $7",
            now + self.jittered(wait),
            now,
            trouble.to_string(),
            in_a_row,
            rests,
            &why,
            source.id
        ))
        .await?;
        if source.error.is_none() || rests {
            let mut entry = Entry::new(if rests { "source.paused" } else { "source.failed" }, "source", source.id);
            if let Some(unit) = source.unit {
                entry = entry.unit(unit);
            }
            tx.log(entry.with(serde_json::json!({ "signed_out": revoked })));
        }
        tx.commit_unlogged("a further failure of the same kind").await
    }

    /// Up to a tenth more, so that feeds connected together are not asked together for ever.
    fn jittered(&self, wait: Micros) -> Micros {
        wait + (self.hub.random.u64() % (wait as u64 / 10).max(1)) as Micros
    }
}

/// When to ask again: as the place wishes; otherwise sooner where something came, later where nothing did.
fn own_wait(source: &Source, asked: Option<Duration>, brought: bool, now: Micros) -> Micros {
    let shortest = if source.kind == Kind::Feed { USUAL / 4 } else { LIVELY };
    if let Some(asked) = asked {
        return (asked.as_micros() as Micros).clamp(SHORTEST, LONGEST);
    }
    // Whoever was just connected is watched: somebody wants to see whether it works.
    let since_last = source.polled_at.map_or(shortest, |at| now - at);
    let own = if brought { since_last / 2 } else { since_last + since_last / 2 };
    // A place with a bell is asked when it rings; now and then it is asked all the same.
    own.clamp(shortest, if source.kind == Kind::Feed { LONGEST } else { USUAL })
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
