//! How a poll ended: when its source is asked next, and what is known of it. That is stored in the transaction of what the
//! poll brought, so that a poll costs one write, and one that found nothing hardly any.

use std::time::Duration;

use dandelion_networks::{
    contract::{Trouble, Wait},
    egress::Budget,
};
use dandelion_post::Micros;
use serde_json::Value as Json;

use super::{
    Kind, Left, Source,
    poll::{LEASE, SPARE},
    push,
};
use crate::{
    Hub, Random, Result, Tx,
    intake::{self, Accounting},
    log::Entry,
    store::q,
};

/// Shortest and longest time between two polls of one place.
const SHORTEST: Micros = 60_000_000;
const LONGEST: Micros = 6 * 3_600_000_000;
/// What a place is asked at when it says nothing and brought something.
const USUAL: Micros = 10 * 60_000_000;
/// Shortest time between two polls of a place that shows more of itself by the minute than a feed does.
const LIVELY: Micros = 15_000_000;
/// Errors in a row after which a place rests until a person looks.
const PATIENCE: i64 = 50;

/// How a poll ended.
#[derive(Debug)]
pub(crate) struct Settle {
    random: Random,
    how: How,
}

#[derive(Debug)]
enum How {
    /// A page came.
    Well(Box<Well>),
    /// None did.
    Failed(Failed),
    /// Nothing was asked: its network allows more only then.
    PutOff(Micros),
}

/// A page that came.
#[derive(Debug)]
pub(super) struct Well {
    /// The source as it was when it was asked, and when that was.
    pub source: Source,
    pub at: Micros,
    /// Where its reading goes on.
    pub cursor: Json,
    /// What the network said: when it wants to be asked again, what it still allows, where it lies now.
    pub wait: Wait,
    pub budget: Option<Budget>,
    /// What it still allows of everything that it counts.
    pub allowances: Vec<Left>,
    pub moved_to: Option<String>,
    /// The shortest wait, so that others with the same credentials have their part.
    pub pace: Micros,
    /// Whether another page may be asked for in the same turn.
    pub left: bool,
    /// Posts stored by earlier pages of this turn, and by this page so far.
    pub before: i64,
    pub found: i64,
}

#[derive(Debug)]
struct Failed {
    unit: Option<i64>,
    error: String,
    allowances: Option<String>,
    in_a_row: i64,
    wait: Micros,
    /// Why it rests from now on, if it does.
    rests: Option<String>,
    revoked: bool,
    /// Whether it had been well.
    first: bool,
}

impl Well {
    /// Whether another page is asked for in the same turn.
    pub fn goes_on(&self) -> bool {
        self.left && self.more()
    }

    /// Whether the network has more to tell at once, and may be asked for it.
    fn more(&self) -> bool {
        self.wait == Wait::More && self.spent().is_none() && self.cursor != self.source.cursor
    }

    /// How long nothing more is allowed, where little is left.
    fn spent(&self) -> Option<Duration> {
        self.budget.filter(|budget| budget.remaining <= SPARE).and_then(|budget| budget.resets_in)
    }

    /// When to ask again: as the place wishes; otherwise sooner where something came, later where nothing did.
    fn waits(&self, brought: bool) -> Micros {
        match (self.wait, self.spent()) {
            _ if self.more() => 0,
            (_, Some(resets)) => resets.as_micros() as Micros,
            (Wait::After(asked), None) => (asked.as_micros() as Micros).clamp(SHORTEST, LONGEST),
            (Wait::More | Wait::Usual, None) => own_wait(&self.source, brought, self.at),
        }
    }
}

/// As it is stored; nothing where nothing is known.
fn written(left: &[Left]) -> Option<String> {
    if left.is_empty() { None } else { serde_json::to_string(left).ok() }
}

fn own_wait(source: &Source, brought: bool, now: Micros) -> Micros {
    let shortest = if source.kind == Kind::Feed { USUAL / 4 } else { LIVELY };
    // Whoever was just connected is watched: somebody wants to see whether it works.
    let since_last = source.polled_at.map_or(shortest, |at| now - at);
    let own = if brought { since_last / 2 } else { since_last + since_last / 2 };
    // A place with a bell is asked when it rings; now and then it is asked all the same.
    own.clamp(shortest, if source.kind == Kind::Feed { LONGEST } else { USUAL })
}

impl Settle {
    /// A page came.
    pub(super) fn well(hub: &Hub, well: Well) -> Self {
        Self { random: hub.random.clone(), how: How::Well(Box::new(well)) }
    }

    /// What went wrong. Where we are no longer let in the source rests at once, because asking again with what no longer
    /// holds looks like an attack; its cursor stays, so that nothing is lost.
    pub(super) fn failed(hub: &Hub, source: &Source, trouble: &Trouble, left: &[Left]) -> Self {
        let in_a_row = source.errors_in_a_row + 1;
        let asked = trouble.retry_after().map(|wait| wait.as_micros() as Micros);
        let doubled = SHORTEST.saturating_mul(1 << in_a_row.min(12));
        let revoked = matches!(trouble, Trouble::Revoked { .. });
        let rests = if revoked {
            Some("we are no longer let in; sign in again, then it goes on where it stopped".to_owned())
        } else {
            (in_a_row >= PATIENCE)
                .then(|| format!("it failed {in_a_row} times in a row; look at its last error, then resume it"))
        };
        let failed = Failed {
            unit: source.unit,
            error: trouble.to_string(),
            allowances: written(left),
            in_a_row,
            wait: asked.unwrap_or(doubled).clamp(SHORTEST, LONGEST),
            rests,
            revoked,
            first: source.error.is_none(),
        };
        Self { random: hub.random.clone(), how: How::Failed(failed) }
    }

    /// A place is left alone until its network allows more to those who ask with its credentials.
    pub(super) fn put_off(hub: &Hub, until: Micros) -> Self {
        Self { random: hub.random.clone(), how: How::PutOff(until) }
    }

    /// Stores it alone, where nothing was brought.
    pub(super) async fn alone(self, hub: &Hub, source: i64) -> Result<()> {
        intake::settle(hub, source, self).await
    }

    /// The same after earlier batches of the page were stored.
    pub(crate) fn after(mut self, batches: Accounting) -> Self {
        if let How::Well(well) = &mut self.how {
            well.found += batches.stored;
        }
        self
    }

    /// Writes it down, in the transaction that stores what came: `count`.
    pub(crate) async fn apply(&self, tx: &mut Tx, source: i64, count: Accounting) -> Result<()> {
        match &self.how {
            How::Well(well) => self.go_on(tx, well, well.found + count.stored).await,
            How::Failed(failed) => self.give_up(tx, source, failed).await,
            How::PutOff(until) => {
                let at = tx.now() + self.jittered((until - tx.now()).max(0));
                let sql = "update sources set next_poll_at = $1, lease_until = null where id = $2";
                tx.run(q!(sql, at, source)).await.map(drop)
            }
        }
    }

    /// Where more is to be read at once the lease goes on, and where the program dies in between, the next one to look
    /// finds it due.
    async fn go_on(&self, tx: &mut Tx, well: &Well, found: i64) -> Result<()> {
        let (source, now) = (&well.source, tx.now());
        let told = source.kind == Kind::Feed && push::polled(tx, &self.random, source, &well.cursor, found).await?;
        let waits = well.waits(well.before + found > 0);
        let waits = if told { waits.max(push::RELAXED) } else { waits };
        let waits = if well.goes_on() { 0 } else { waits.max(well.pace) };
        let sql = "update sources set next_poll_at = $1, polled_at = $2, lease_until = $3, error = null, errors_in_a_row = 0,
                   url = coalesce($4, url), calls_left = coalesce($5, calls_left), calls_reset_at = coalesce($6, calls_reset_at),
                   allowances = $8 where id = $7";
        let resets = well.budget.and_then(|budget| budget.resets_in).map(|wait| now + wait.as_micros() as Micros);
        tx.run(q!(
            sql,
            now + self.jittered(waits),
            now,
            well.goes_on().then_some(now + LEASE),
            well.moved_to.as_deref(),
            well.budget.map(|budget| i64::try_from(budget.remaining).unwrap_or(i64::MAX)),
            resets,
            source.id,
            written(&well.allowances)
        ))
        .await?;
        if well.moved_to.is_some() {
            tx.log(Entry::new("source.moved", "source", source.id));
        }
        if source.error.is_some() {
            tx.log(Entry::new("source.recovered", "source", source.id));
        }
        Ok(())
    }

    async fn give_up(&self, tx: &mut Tx, source: i64, failed: &Failed) -> Result<()> {
        let now = tx.now();
        tx.run(q!(
            "update sources set next_poll_at = $1, polled_at = $2, lease_until = null, error = $3, error_at = $2, errors_in_a_row = $4,
             paused_at = case when $5 then $2 else paused_at end, paused_why = case when $5 then $6 else paused_why end,
             allowances = $8 where id = $7",
            now + self.jittered(failed.wait),
            now,
            &failed.error,
            failed.in_a_row,
            failed.rests.is_some(),
            failed.rests.as_deref(),
            source,
            failed.allowances.as_deref()
        ))
        .await?;
        if failed.first || failed.rests.is_some() {
            let kind = if failed.rests.is_some() { "source.paused" } else { "source.failed" };
            let mut entry = Entry::new(kind, "source", source);
            if let Some(unit) = failed.unit {
                entry = entry.unit(unit);
            }
            tx.log(entry.with(serde_json::json!({ "signed_out": failed.revoked })));
        }
        Ok(())
    }

    /// Up to a tenth more, so that sources connected together are not asked together for ever.
    fn jittered(&self, wait: Micros) -> Micros {
        wait + (self.random.u64() % (wait as u64 / 10).max(1)) as Micros
    }
}
