use crate::{
    Error, Result, Tx,
    store::{Q, Row},
};

/// What a unit owes to others in the store: each with its count in words and what to do first.
const OWED: [(&str, &str, &str, &str); 4] = [
    (
        "select count(*) as n from cases where unit_id = $1 and state in ('open', 'waiting', 'snoozed')",
        "owns 1 open case",
        "open cases",
        "hand them to another unit or resolve them",
    ),
    (
        "select count(*) as n from handoffs where to_unit = $1 and state = 'offered'",
        "has 1 case on offer to it",
        "cases on offer to it",
        "accept or bounce them",
    ),
    (
        "select count(*) as n from queries where unit_id = $1 and archived_at is null",
        "owns 1 query",
        "queries",
        "give them to another unit or archive them",
    ),
    (
        "select count(*) as n from sources where unit_id = $1 and paused_at is null",
        "has 1 source",
        "sources",
        "pause them or give them to another unit",
    ),
];

/// Refuses to archive a unit that somebody or something still waits for.
pub(super) async fn none_left(tx: &mut Tx, unit: i64, name: &str) -> Result<()> {
    let (mut owed, mut first) = (Vec::new(), Vec::new());
    for (sql, one, many, advice) in OWED {
        let row: Row = tx.one(Q::new(sql).bind(unit)).await?;
        match row.get::<i64, _>("n")? {
            0 => continue,
            1 => owed.push(one.to_owned()),
            n => owed.push(format!("{} {n} {many}", one.split(' ').next().unwrap_or("owns"))),
        }
        first.push(advice);
    }
    if owed.is_empty() {
        return Ok(());
    }
    Err(Error::Conflict(format!(
        "{name} cannot be archived yet: it {}. First {}",
        owed.join(" and "),
        first.join("; ")
    )))
}
