//! What a source brought, day by day, for the picture on its page. The counters of the source are the accounting; this
//! only says when.

use dandelion_post::Micros;

use crate::{
    Hub, Result,
    intake::Accounting,
    store::{Tx, q},
};

const DAY: Micros = 24 * 3_600_000_000;

/// One day of a source, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// When it began.
    pub began: Micros,
    /// Posts stored.
    pub stored: i64,
    /// Items known already.
    pub duplicate: i64,
    /// Items refused.
    pub refused: i64,
}

/// The last `count` days of a source, oldest first, those without anything included; the last is today.
pub async fn days(hub: &Hub, source: i64, count: i64) -> Result<Vec<Day>> {
    let today = hub.now().div_euclid(DAY);
    let sql = "select day, stored, duplicate, refused from source_days where source_id = $1 and day > $2 order by day";
    let rows = hub.db.all(q!(sql, source, today - count)).await?;
    let mut days: Vec<Day> =
        (today - count + 1..=today).map(|day| Day { began: day * DAY, stored: 0, duplicate: 0, refused: 0 }).collect();
    for row in rows {
        let at = row.get::<i64, _>("day")? - (today - count + 1);
        if let Some(day) = usize::try_from(at).ok().and_then(|at| days.get_mut(at)) {
            let (stored, duplicate, refused) = (row.get("stored")?, row.get("duplicate")?, row.get("refused")?);
            *day = Day { stored, duplicate, refused, ..*day };
        }
    }
    Ok(days)
}

/// Counts a batch for today, in the transaction of the batch.
pub(crate) async fn note(tx: &mut Tx, source: i64, count: Accounting) -> Result<()> {
    let sql = "insert into source_days (source_id, day, stored, duplicate, refused) values ($1, $2, $3, $4, $5)
               on conflict (source_id, day) do update set stored = source_days.stored + excluded.stored,
               duplicate = source_days.duplicate + excluded.duplicate, refused = source_days.refused + excluded.refused";
    let day = tx.now().div_euclid(DAY);
    tx.run(q!(sql, source, day, count.stored, count.duplicate, count.refused)).await.map(drop)
}
