//! Asking places what is new: each on its own, so that a broken one never stops another; more often where more comes.

use std::{collections::HashSet, time::Duration};

use dandelion_networks::{
    contract::{Page, Trouble, Wait},
    egress::{Budget, Client},
};
use dandelion_post::Micros;
use tokio::{sync::watch, task::JoinSet};

use super::{Kind, Source, find, place, push};
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
/// Places asked at once.
const AT_ONCE: usize = 16;
/// How long a claim holds; longer than any poll can take.
const LEASE: Micros = 180_000_000;
/// Errors in a row after which a place rests until a person looks.
const PATIENCE: i64 = 50;

/// Shortest time between two polls of a place that shows more of itself by the minute than a feed does.
const LIVELY: Micros = 15_000_000;
/// Pages read of one place in one go, before others have their turn.
const PAGES: usize = 20;
/// Requests that stay unused of what a network allows: for people who send a reply or look at a thread.
pub(super) const SPARE: u64 = 5;

/// Polls every due place of this hub.
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
                    Err(error) => tracing::warn!(%error, "the due sources could not be looked up; trying again"),
                }
            }
            tokio::select! {
                Some(done) = polls.join_next() => match done {
                    Ok((id, outcome)) => {
                        busy.remove(&id);
                        if let Err(error) = outcome {
                            tracing::warn!(source = id, %error, "a poll could not be stored; the source is asked again");
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

    /// Takes due places for this program, so that no other asks them meanwhile.
    async fn claim(&self, most: usize) -> Result<Vec<Source>> {
        let mut tx = self.hub.begin(Actor::System("poller")).await?;
        let now = tx.now();
        let due = tx
            .all(q!(
                "update sources set lease_until = $1 where id in (select id from sources where kind in ('feed', 'network') and paused_at is null
                   and next_poll_at <= $2 and (lease_until is null or lease_until <= $2) order by next_poll_at limit $3)
                 returning id",
                now + LEASE,
                now,
                most
            ))
            .await?;
        let ids = due.iter().map(|row| row.get("id")).collect::<Result<Vec<i64>>>()?;
        tx.commit_unlogged("who asks a source is no state anybody asks about").await?;
        let mut sources = Vec::new();
        for id in ids {
            sources.push(find(&self.hub, id).await?);
        }
        Ok(sources)
    }

    /// Asks one place and stores what it brought, page after page while there is more, each page with its cursor in
    /// one transaction. Trouble is the source's, not an error.
    pub async fn poll(&self, source: &Source) -> Result<Accounting> {
        let (mut total, mut source) = (Accounting::default(), source.clone());
        for page in 1..=PAGES {
            let last = page == PAGES;
            let Some(about) = source.about() else {
                self.failed(&source, &Trouble::wrong(format!("nobody reads {} here; remove it", source.network)))
                    .await?;
                return Ok(total);
            };
            let access = match place::access(&self.hub, &self.client, &source) {
                Ok(access) => access,
                // What seals its credentials is gone: a person has to sign in again.
                Err(error @ Error::Unusable(_)) => {
                    self.failed(&source, &Trouble::Revoked { why: error.to_string() }).await?;
                    return Ok(total);
                }
                Err(error) => return Err(error),
            };
            let now = self.hub.now();
            let page = match about.connector.page(&access, &source.cursor).await {
                Ok(page) => page,
                Err(trouble) => {
                    self.failed(&source, &trouble).await?;
                    return Ok(total);
                }
            };
            let Page { items, cursor, wait, budget, moved_to, .. } = page;
            let place = if source.kind == Kind::Feed { "entry" } else { "item" };
            let counted =
                intake::receive_with_cursor(&self.hub, source.id, place::items_of(place, items), Some(cursor.clone()))
                    .await?;
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
            source = self.settle(&source, waits, moved_to.as_deref(), budget, more && !last).await?;
            if !more {
                break;
            }
        }
        Ok(total)
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
    async fn failed(&self, source: &Source, trouble: &Trouble) -> Result<()> {
        let in_a_row = source.errors_in_a_row + 1;
        let asked = trouble.retry_after().map(|wait| wait.as_micros() as Micros);
        let doubled = SHORTEST.saturating_mul(1 << in_a_row.min(12));
        let wait = asked.unwrap_or(doubled).clamp(SHORTEST, LONGEST);
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
    let (shortest, usual) = if source.kind == Kind::Feed { (USUAL / 4, USUAL) } else { (LIVELY, 2 * SHORTEST) };
    if let Some(asked) = asked {
        return (asked.as_micros() as Micros).clamp(SHORTEST, LONGEST);
    }
    let since_last = source.polled_at.map_or(usual, |at| now - at);
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
