//! What making cases of the finds would open, told before it is done.

use std::collections::{BTreeMap, HashMap, HashSet};

use dandelion_post::Micros;

use crate::{
    Result, Tx,
    intake::{SAME_MATTER, stored},
    store::q,
};

/// What was found, in numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Estimate {
    pub people: i64,
    pub first_at: Option<Micros>,
    pub last_at: Option<Micros>,
    /// Cases by unit.
    pub would: Vec<(i64, i64)>,
}

struct Find {
    unit: i64,
    thread: i64,
    author: Option<i64>,
    at: Micros,
    mention: bool,
}

/// Goes through the finds as making them will: a thread with a case keeps it, the next post of a person within 72 hours
/// for the same unit joins their open case, everything else opens one. "About", because the world moves on meanwhile.
pub(super) async fn estimate(tx: &mut Tx, backfill: i64) -> Result<Estimate> {
    let sql = "select b.unit_id, p.id, p.thread_id, p.author_id, p.created_at, m.id as mention from backfill_posts b
        join posts p on p.id = b.post_id left join mentions m on m.post_id = p.id
        where b.backfill_id = $1 and p.deleted_at is null order by b.post_id";
    let mut finds = Vec::new();
    let mut people = HashSet::new();
    for row in tx.all(q!(sql, backfill)).await? {
        let author: Option<i64> = row.get("author_id")?;
        people.insert(author.map_or_else(|| row.get::<i64, _>("id").map(|id| -id), Ok)?);
        finds.push(Find {
            unit: row.get("unit_id")?,
            thread: row.get("thread_id")?,
            author,
            at: row.get("created_at")?,
            mention: row.get::<Option<i64>, _>("mention")?.is_some(),
        });
    }
    let unique = |ids: HashSet<i64>| ids.into_iter().collect::<Vec<_>>();
    let threads = unique(finds.iter().map(|find| find.thread).collect());
    let authors = unique(finds.iter().filter_map(|find| find.author).collect());
    let around = stored::around(tx, &threads, &authors).await?;
    Ok(Estimate {
        people: people.len() as i64,
        first_at: finds.iter().map(|find| find.at).min(),
        last_at: finds.iter().map(|find| find.at).max(),
        would: openings(&finds, around.case_of_thread, around.open_of_author),
    })
}

fn openings(finds: &[Find], mut with_case: HashSet<i64>, mut open: HashMap<i64, (i64, Micros)>) -> Vec<(i64, i64)> {
    let mut would = BTreeMap::new();
    for find in finds.iter().filter(|find| !find.mention) {
        if !with_case.insert(find.thread) {
            continue;
        }
        let theirs = find.author.and_then(|author| open.get(&author));
        if theirs.is_some_and(|(unit, last)| *unit == find.unit && (find.at - last).abs() < SAME_MATTER) {
            continue;
        }
        if let Some(author) = find.author {
            open.insert(author, (find.unit, find.at));
        }
        *would.entry(find.unit).or_insert(0) += 1;
    }
    let mut would: Vec<(i64, i64)> = would.into_iter().collect();
    would.sort_by_key(|(unit, count)| (-count, *unit));
    would
}
