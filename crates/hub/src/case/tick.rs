//! What the passing of time does: promises are broken, snoozes end, offers run out.

use super::{State, handoff, held::hold, snooze, target};
use crate::{Hub, Result, log::Actor, store::q};

/// At most so many of a kind in one transaction, so that nobody waits behind it.
const BATCH: i64 = 100;
/// At most so many batches of a kind in one round; the rest is for the next.
const ROUNDS: usize = 20;

/// What one round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ticked {
    /// Promises marked as broken.
    pub missed: usize,
    /// Cases whose snooze ended.
    pub woken: usize,
    /// Offers that ran out.
    pub expired: usize,
}

/// One round. Call it every few seconds; it does nothing twice.
pub async fn tick(hub: &Hub) -> Result<Ticked> {
    let mut ticked = Ticked::default();
    for _ in 0..ROUNDS {
        let mut tx = hub.begin(Actor::System("clock")).await?;
        let missed = target::mark_missed(&mut tx, BATCH).await?;
        let woken = wake_due(&mut tx, BATCH).await?;
        let expired = handoff::expire(&mut tx, BATCH).await?;
        if missed + woken + expired == 0 {
            break;
        }
        tx.commit().await?;
        ticked.missed += missed;
        ticked.woken += woken;
        ticked.expired += expired;
        if [missed, woken, expired].into_iter().all(|count| (count as i64) < BATCH) {
            break;
        }
    }
    Ok(ticked)
}

async fn wake_due(tx: &mut crate::Tx, limit: i64) -> Result<usize> {
    let now = tx.now();
    let sql =
        "select id from cases where snoozed_until <= $1 and state = 'snoozed' order by snoozed_until, id limit $2";
    let rows = tx.all(q!(sql, now, limit)).await?;
    for row in &rows {
        let case = hold(tx, row.get("id")?).await?;
        if case.state != State::Snoozed {
            continue; // somebody wrote between the two reads
        }
        snooze::back(tx, &case, State::Open, "its time came").await?;
    }
    Ok(rows.len())
}
