//! Posts that say nearly the same, as they are stored: each post of others has a print, and belongs to the group of the
//! first post whose words it repeats. How prints are made and compared is said in [`dandelion_listen::near`].
//!
//! Only the first of a group is found by its keys. So a text copied ten thousand times costs what one costs, and a group
//! does not drift: all of it is near its first post, not near one another by a chain of small changes.

mod read;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use dandelion_listen::near::{NEAR, Print, alike};

pub use read::{Group, Wave, groups, waves};

use crate::{
    Hub, Result, Tx,
    intake::known,
    log::{Actor, Entry},
    store::{Q, Row, Value, chunk, q},
};

/// Most first posts compared under one key: what so many begin with tells little.
const MOST: usize = 32;

/// Posts that get their prints in one step.
const STEP: i64 = 512;

/// The print of a post: of its headline and its words.
pub(crate) fn print_of(title: Option<&str>, text: &str) -> Option<Print> {
    match title.filter(|title| !text.starts_with(title)) {
        Some(title) => Print::of(&format!("{title}\n{text}")),
        None => Print::of(text),
    }
}

/// Keeps the prints of posts in the order they came, each in its group.
pub(crate) async fn keep(tx: &mut Tx, prints: &[(i64, &Print)]) -> Result<()> {
    let mut known = Known::load(tx, prints).await?;
    let (mut rows, mut keys) = (Vec::with_capacity(prints.len()), Vec::new());
    for (post, print) in prints {
        let (bands, bytes) = (print.bands(), print.bytes());
        let group = known.nearest(&bands, &bytes);
        if group.is_none() {
            let mut own = bands.to_vec();
            own.sort_unstable();
            own.dedup();
            keys.extend(own.iter().map(|key| (*key, *post)));
            known.add(&own, *post, &bytes);
        }
        rows.push(vec![(*post).into(), group.unwrap_or(*post).into(), bytes.as_slice().into()]);
    }
    tx.insert("prints", &["post_id", "group_id", "print"], rows, "").await?;
    keys.sort_unstable(); // neighbours in the index are written together
    let rows = keys.into_iter().map(|(key, post)| vec![key.into(), post.into()]).collect();
    tx.insert("near_keys", &["key", "post_id"], rows, "on conflict do nothing").await.map(drop)
}

/// Forgets what a post said, because its author took it back or says it otherwise. Others of its group stay one.
pub(crate) async fn forget(tx: &mut Tx, post: i64, title: Option<&str>, text: &str) -> Result<()> {
    let Some(print) = print_of(title, text) else { return Ok(()) };
    for key in print.bands() {
        tx.run(q!("delete from near_keys where key = $1 and post_id = $2", key, post)).await?;
    }
    tx.run(q!("delete from prints where post_id = $1", post)).await.map(drop)
}

/// First posts that may be near those of a batch.
struct Known {
    by_key: HashMap<i64, Vec<i64>>,
    /// Print and group of each.
    prints: HashMap<i64, (Vec<u8>, i64)>,
}

impl Known {
    async fn load(tx: &mut Tx, prints: &[(i64, &Print)]) -> Result<Self> {
        let mut keys: Vec<i64> = prints.iter().flat_map(|(_, print)| print.bands()).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut by_key: HashMap<i64, Vec<i64>> = HashMap::new();
        for row in newest_of(tx, &keys).await? {
            by_key.entry(row.get("key")?).or_default().push(row.get("post_id")?);
        }
        for posts in by_key.values_mut() {
            posts.sort_unstable();
        }
        let mut posts: Vec<i64> = by_key.values().flatten().copied().collect();
        posts.sort_unstable();
        posts.dedup();
        let mut found = HashMap::new();
        let head = "select post_id, print, group_id from prints where post_id";
        for row in known::by_ids(tx, head, "", &posts).await? {
            found.insert(row.get("post_id")?, (row.get("print")?, row.get("group_id")?));
        }
        Ok(Self { by_key, prints: found })
    }

    /// The group of the first post that is most alike; of several, the earliest.
    fn nearest(&self, bands: &[i64], bytes: &[u8]) -> Option<i64> {
        let posts = bands.iter().filter_map(|key| self.by_key.get(key)).flatten();
        let likeness = |post: &i64| {
            let (print, group) = self.prints.get(post)?;
            let alike = alike(print, bytes);
            (alike >= NEAR).then_some((alike, *post, *group))
        };
        let better =
            |one: &(f64, i64, i64), other: &(f64, i64, i64)| one.0.total_cmp(&other.0).then(other.1.cmp(&one.1));
        posts.filter_map(likeness).max_by(better).map(|(_, _, group)| group)
    }

    fn add(&mut self, keys: &[i64], post: i64, bytes: &[u8]) {
        for key in keys {
            self.by_key.entry(*key).or_default().push(post);
        }
        self.prints.insert(post, (bytes.to_vec(), post));
    }
}

/// The newest first posts under each of these keys, at most [`MOST`] of each: a phrase that everybody uses has a hundred
/// thousand, and to read them all with each batch would cost more than everything else.
async fn newest_of(tx: &mut Tx, keys: &[i64]) -> Result<Vec<Row>> {
    let (mut found, mut rest) = (Vec::new(), keys);
    while !rest.is_empty() {
        let (keys, after) = rest.split_at(chunk(rest.len(), 256));
        rest = after;
        let list: Vec<String> = (1..=keys.len()).map(|n| format!("({})", tx.place(n))).collect();
        let sql = format!(
            "with asked (k) as (values {}) select n.key, n.post_id from asked cross join near_keys n
             where n.key = asked.k and n.post_id >= coalesce(
               (select x.post_id from near_keys x where x.key = asked.k order by x.post_id desc limit 1 offset {}), 0)",
            list.join(", "),
            MOST - 1
        );
        found.extend(tx.all(Q::of(sql).bind_all(keys.iter().map(|key| Value::from(*key)))).await?);
    }
    Ok(found)
}

/// Gives prints to posts that were stored before there were any, some at a time; whether there is more to do.
pub async fn catch_up(hub: &Hub) -> Result<bool> {
    if hub.db.opt(q!("select 1 as x from print_work")).await?.is_none() {
        return Ok(false);
    }
    let mut tx = hub.begin(Actor::System("clock")).await?;
    // Held by this row, so that two programs on one database do not do the same.
    let lock = if tx.is_postgres() { " for update" } else { "" };
    let Some(work) = tx.opt(Q::of(format!("select cursor, upto from print_work{lock}"))).await? else {
        return Ok(false);
    };
    let (cursor, upto): (i64, i64) = (work.get("cursor")?, work.get("upto")?);
    let sql = "select p.id, p.title, p.text, g.post_id as has from posts p left join prints g on g.post_id = p.id
        where p.id > $1 and p.id <= $2 and p.deleted_at is null and not p.ours order by p.id limit $3";
    let rows = tx.all(q!(sql, cursor, upto, STEP)).await?;
    let mut prints = Vec::with_capacity(rows.len());
    for row in &rows {
        let (title, text): (Option<String>, String) = (row.get("title")?, row.get("text")?);
        if row.get::<Option<i64>, _>("has")?.is_none() {
            prints.extend(print_of(title.as_deref(), &text).map(|print| (row.get::<i64, _>("id"), print)));
        }
    }
    let prints = prints.into_iter().map(|(id, print)| Ok((id?, print))).collect::<Result<Vec<_>>>()?;
    keep(&mut tx, &prints.iter().map(|(id, print)| (*id, print)).collect::<Vec<_>>()).await?;
    let more = rows.len() as i64 == STEP;
    match rows.last() {
        Some(last) if more => tx.run(q!("update print_work set cursor = $1", last.get::<i64, _>("id")?)).await?,
        _ => tx.run(q!("delete from print_work")).await?,
    };
    tx.log(Entry::new("prints.made", "post", 0).with(serde_json::json!({ "posts": prints.len() })));
    tx.commit().await?;
    Ok(more)
}

fn places(ids: &[i64]) -> (String, Vec<Value>) {
    let list: Vec<String> = (1..=ids.len()).map(|n| format!("${n}")).collect();
    (list.join(", "), ids.iter().map(|id| (*id).into()).collect())
}
