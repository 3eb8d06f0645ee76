//! What the store already knows about the posts of a batch.

use std::collections::{HashMap, HashSet};

use dandelion_post::Micros;

use crate::{
    Result, Tx,
    store::{Q, Value, chunk},
};

/// Network and the network's own id.
pub(super) type Key = (String, String);

/// A stored post, as far as intake needs it.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub thread: i64,
    pub digest: Vec<u8>,
}

/// Rows of `table` whose columns `pair` are one of the keys, in chunks of few sizes. A join and not `in (values …)`,
/// which SQLite answers by reading the whole table; `cross join` holds it to looking up key by key.
async fn by_pairs(
    tx: &mut Tx,
    columns: &str,
    (table, pair): (&str, (&str, &str)),
    tail: &str,
    keys: &[Key],
) -> Result<Vec<crate::store::Row>> {
    let mut found = Vec::new();
    let mut rest = keys;
    while !rest.is_empty() {
        let size = chunk(rest.len(), 256);
        let (chunk, after) = rest.split_at(size);
        rest = after;
        let list: Vec<String> =
            (0..size).map(|n| format!("({}, {})", tx.place(2 * n + 1), tx.place(2 * n + 2))).collect();
        let sql = format!(
            "with asked (a, b) as (values {}) select {columns} from asked cross join {table} t where t.{} = asked.a and t.{} = asked.b{tail}",
            list.join(", "),
            pair.0,
            pair.1
        );
        let values = chunk.iter().flat_map(|(a, b)| [Value::from(a), Value::from(b)]);
        found.extend(tx.all(Q::of(sql).bind_all(values)).await?);
    }
    Ok(found)
}

/// The stored posts among these keys.
pub(super) async fn posts(tx: &mut Tx, keys: &HashSet<Key>) -> Result<HashMap<Key, Known>> {
    let keys: Vec<Key> = keys.iter().cloned().collect();
    let (columns, by) = ("network, remote_id, thread_id, digest", ("posts", ("network", "remote_id")));
    let mut known = HashMap::new();
    for row in by_pairs(tx, columns, by, "", &keys).await? {
        let post = Known { thread: row.get("thread_id")?, digest: row.get("digest")? };
        known.insert((row.get("network")?, row.get("remote_id")?), post);
    }
    Ok(known)
}

/// Threads of stored posts that answer one of these keys: (the key answered, the thread).
pub(super) async fn answers(tx: &mut Tx, keys: &HashSet<Key>) -> Result<Vec<(Key, i64)>> {
    let keys: Vec<Key> = keys.iter().cloned().collect();
    let (columns, by) = ("distinct network, in_reply_to, thread_id", ("posts", ("network", "in_reply_to")));
    let rows = by_pairs(tx, columns, by, " and t.in_reply_to is not null", &keys).await?;
    rows.iter().map(|row| Ok(((row.get("network")?, row.get("in_reply_to")?), row.get("thread_id")?))).collect()
}

/// Threads of what we published under these keys: the thread that the reply answers.
pub(super) async fn replies(tx: &mut Tx, keys: &HashSet<Key>) -> Result<Vec<(Key, i64)>> {
    let mut found = Vec::new();
    let names: Vec<&String> = keys.iter().map(|(_, name)| name).collect();
    for chunk in names.chunks(256) {
        let size = [256, 32, 4, 1].into_iter().rfind(|size| *size >= chunk.len()).unwrap_or(256);
        let places: Vec<String> = (1..=size).map(|n| tx.place(n).into_owned()).collect();
        let sql = format!(
            "select h.network as network, r.remote_id as remote_id, p.thread_id as thread
             from replies r join handles h on h.id = r.handle_id join posts p on p.id = r.post_id
             where r.remote_id in ({})",
            places.join(", ")
        );
        let filled = (0..size).map(|n| Value::from(chunk[n.min(chunk.len() - 1)]));
        for row in tx.all(Q::of(sql).bind_all(filled)).await? {
            found.push(((row.get("network")?, row.get("remote_id")?), row.get("thread")?));
        }
    }
    found.retain(|(key, _)| keys.contains(key));
    Ok(found)
}

/// Threads by the network's own id of the conversation.
pub(super) async fn threads(tx: &mut Tx, keys: &HashSet<Key>) -> Result<Vec<(Key, i64)>> {
    let keys: Vec<Key> = keys.iter().cloned().collect();
    let (columns, by) =
        ("network, remote_key, coalesce(merged_into, id) as id", ("threads", ("network", "remote_key")));
    let rows = by_pairs(tx, columns, by, " and t.remote_key is not null", &keys).await?;
    rows.iter().map(|row| Ok(((row.get("network")?, row.get("remote_key")?), row.get("id")?))).collect()
}

/// Deletions that came before their posts.
pub(super) async fn tombstones(tx: &mut Tx, keys: &HashSet<Key>) -> Result<HashMap<Key, Micros>> {
    let keys: Vec<Key> = keys.iter().cloned().collect();
    let (columns, by) = ("network, remote_id, deleted_at", ("tombstones", ("network", "remote_id")));
    let rows = by_pairs(tx, columns, by, "", &keys).await?;
    rows.iter().map(|row| Ok(((row.get("network")?, row.get("remote_id")?), row.get("deleted_at")?))).collect()
}

/// Rows by a list of ids: `head in (…) tail`, in chunks.
pub(crate) async fn by_ids(tx: &mut Tx, head: &str, tail: &str, ids: &[i64]) -> Result<Vec<crate::store::Row>> {
    let mut found = Vec::new();
    let mut rest = ids;
    while !rest.is_empty() {
        let size = chunk(rest.len(), 256);
        let (chunk, after) = rest.split_at(size);
        rest = after;
        let list: Vec<String> = (1..=size).map(|n| tx.place(n).into_owned()).collect();
        let query = Q::of(format!("{head} in ({}){tail}", list.join(", ")));
        found.extend(tx.all(query.bind_all(chunk.iter().map(|id| Value::from(*id)))).await?);
    }
    Ok(found)
}

/// Ids of authors.
pub(super) async fn authors(tx: &mut Tx, keys: &[Key]) -> Result<Vec<(Key, i64)>> {
    let (columns, by) = ("id, network, remote_key", ("authors", ("network", "remote_key")));
    let rows = by_pairs(tx, columns, by, "", keys).await?;
    rows.iter().map(|row| Ok(((row.get("network")?, row.get("remote_key")?), row.get("id")?))).collect()
}
