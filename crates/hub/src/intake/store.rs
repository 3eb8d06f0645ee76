//! Storing prepared batches, all in one transaction.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::Arc,
};

use dandelion_networks::contract::hex;
use dandelion_post::{Micros, micros};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    Accounting, Batch, actor, case, change,
    known::{self, Key, Known},
    prepare::Fresh,
    rows, thread,
};
use crate::{
    Error, Hub, Result, Tx,
    engine::Engine,
    log::{Actor, Entry},
    store::q,
};

/// A test brings an item of this place where storing is to break down.
#[cfg(test)]
pub(super) const BREAKS: &str = "here storing breaks down";

/// A post that is new to the store, with the ids it gets.
#[derive(Debug)]
pub(super) struct New<'a> {
    pub fresh: &'a Fresh,
    pub key: Key,
    pub id: i64,
    pub thread: i64,
    pub author: Option<i64>,
    pub ours: bool,
    /// Its deletion came before it, or with it.
    pub deleted_at: Option<Micros>,
    /// On whose behalf it becomes what it becomes.
    pub actor: Actor,
}

/// Stores batches that were prepared by one engine, in their order; gives what became of each. Gives nothing, and stores
/// nothing, where a query or the organisation was changed since they were prepared.
pub(super) async fn run(hub: &Hub, batches: &[Batch]) -> Result<Option<Vec<Accounting>>> {
    let first = batches.first().ok_or_else(|| Error::Damaged("no batch was given to be stored".into()))?;
    let mut tx = hub.begin(actor(first.source)).await?;
    let keyed = keyed(&mut tx, batches).await?;
    let engine = batches.iter().find_map(|batch| batch.prepared.engine());
    let mut sorted = sort(&mut tx, &keyed, batches).await?;
    if let Some(engine) = engine {
        take(&mut tx, engine, batches, &mut sorted).await?;
    }
    #[cfg(test)]
    assert!(batches.iter().all(|batch| batch.prepared.refused.iter().all(|(place, ..)| place != BREAKS)), "as asked");
    rows::refusals(&mut tx, batches).await?;
    close(&mut tx, batches, &mut sorted).await?;
    // Asked at the end, when nobody can change them any more before this is stored: so each post is heard by a new query
    // or found by its back-fill, and never by neither.
    if let Some(engine) = engine
        && !hub.holds(&mut tx, engine).await?
    {
        return Ok(None);
    }
    if sorted.counts.iter().all(|count| count.seen == 0) {
        tx.commit_unlogged("nothing came; only cursors and turns moved").await?;
    } else {
        tx.commit().await?;
    }
    Ok(Some(sorted.counts))
}

/// A post of a batch, by its key.
struct Keyed<'a> {
    key: Key,
    fresh: &'a Fresh,
    batch: usize,
}

/// Every post with its whole key: those that do not name their network are of their source's.
async fn keyed<'a>(tx: &mut Tx, batches: &'a [Batch]) -> Result<Vec<Keyed<'a>>> {
    let mut ids: Vec<i64> = batches.iter().map(|batch| batch.source).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut networks: HashMap<i64, String> = HashMap::new();
    for row in known::by_ids(tx, "select id, network from sources where id", "", &ids).await? {
        networks.insert(row.get("id")?, row.get("network")?);
    }
    let mut keyed = Vec::new();
    for (at, batch) in batches.iter().enumerate() {
        let network = networks.get(&batch.source).ok_or(Error::not_found("source", batch.source))?;
        keyed.extend(batch.prepared.fresh.iter().map(|fresh| {
            let key = (fresh.network.as_ref().unwrap_or(network).clone(), fresh.post.id.clone());
            Keyed { key, fresh, batch: at }
        }));
    }
    Ok(keyed)
}

/// What batches hold, told apart.
struct Sorted<'a> {
    /// In the order of the batches.
    new: Vec<New<'a>>,
    /// The source of each of these.
    sources: Vec<i64>,
    /// Which of them each batch brought.
    brought: Vec<Range<usize>>,
    /// Known posts with other words, and deletions of known posts.
    later: Vec<&'a Keyed<'a>>,
    /// Deletions of posts not seen yet, with the source that brought them.
    tombs: Vec<(Key, Micros, i64)>,
    known: HashMap<Key, Known>,
    /// What became of each batch.
    counts: Vec<Accounting>,
}

async fn sort<'a>(tx: &mut Tx, keyed: &'a [Keyed<'a>], batches: &[Batch]) -> Result<Sorted<'a>> {
    let mut asked: HashSet<Key> = keyed.iter().map(|it| it.key.clone()).collect();
    for it in keyed {
        if let Some(parent) = &it.fresh.post.in_reply_to {
            asked.insert((it.key.0.clone(), parent.clone()));
        }
    }
    let known = known::posts(tx, &asked).await?;
    let unknown: HashSet<Key> =
        keyed.iter().filter(|it| !known.contains_key(&it.key)).map(|it| it.key.clone()).collect();
    let mut tombstones = known::tombstones(tx, &unknown).await?;
    let (mut new, mut sources, mut later, mut tombs) = (Vec::<New<'_>>::new(), Vec::new(), Vec::new(), Vec::new());
    let mut counts = vec![Accounting::default(); batches.len()];
    let mut here: HashMap<&Key, &[u8]> = HashMap::new();
    for it in keyed {
        let (key, fresh, source) = (&it.key, it.fresh, batches[it.batch].source);
        let count = &mut counts[it.batch];
        let deleted = fresh.post.deleted_at.map(micros);
        let digest = known.get(key).map(|known| known.digest.as_slice()).or_else(|| here.get(key).copied());
        match (digest, deleted) {
            (Some(digest), None) if digest == fresh.digest => count.duplicate += 1,
            (Some(_), _) => later.push(it),
            (None, Some(at)) if fresh.post.text.is_empty() || tombstones.contains_key(key) => {
                if tombstones.insert(key.clone(), at).is_none() {
                    tombs.push((key.clone(), at, source));
                    count.stored += 1;
                } else {
                    count.duplicate += 1;
                }
            }
            (None, deleted) => {
                let deleted_at = deleted.or_else(|| tombstones.get(key).copied());
                here.insert(key, &fresh.digest);
                let (actor, key) = (actor(source), key.clone());
                new.push(New { fresh, key, id: 0, thread: 0, author: None, ours: false, deleted_at, actor });
                sources.push(it.batch);
                count.stored += 1;
            }
        }
    }
    let ids = tx.ids("posts", new.len()).await?;
    for (post, id) in new.iter_mut().zip(ids) {
        post.id = id;
    }
    let begin = |batch: usize| sources.partition_point(|at| *at < batch);
    let brought = (0..batches.len()).map(|batch| begin(batch)..begin(batch + 1)).collect();
    let sources = sources.iter().map(|at| batches[*at].source).collect();
    Ok(Sorted { new, sources, brought, later, tombs, known, counts })
}

/// Everything that posts become.
async fn take(tx: &mut Tx, engine: &Arc<Engine>, batches: &[Batch], sorted: &mut Sorted<'_>) -> Result<()> {
    let Sorted { new, sources, later, tombs, known, counts, .. } = sorted;
    let authors = rows::authors(tx, &engine.org, new).await?;
    for post in new.iter_mut() {
        let named = rows::author_key(post);
        post.author = named.as_ref().and_then(|key| authors.get(key)).map(|(id, _)| *id);
        post.ours = named.as_ref().and_then(|key| authors.get(key)).is_some_and(|(_, ours)| *ours);
    }
    thread::join(tx, &engine.org, new, known).await?;
    rows::posts(tx, new, sources).await?;
    rows::words(tx, new).await?;
    rows::prints(tx, new).await?;
    rows::tombstones(tx, tombs).await?;
    case::place(tx, engine, new).await?;
    for it in later.iter() {
        tx.act_for(actor(batches[it.batch].source));
        let changed = change::apply(tx, engine, &it.key, it.fresh).await?;
        let count = &mut counts[it.batch];
        if changed { count.stored += 1 } else { count.duplicate += 1 }
    }
    Ok(())
}

/// Moves the counters, the cursor and the turn of each source, and says in the log what came.
async fn close(tx: &mut Tx, batches: &[Batch], sorted: &mut Sorted<'_>) -> Result<()> {
    // In one order, so that two transactions cannot wait for each other; of one source, as they came.
    let mut order: Vec<usize> = (0..batches.len()).collect();
    order.sort_by_key(|at| batches[*at].source);
    for at in order {
        let (batch, count) = (&batches[at], &mut sorted.counts[at]);
        count.refused = batch.prepared.refused.len() as i64;
        count.seen = batch.prepared.len() as i64;
        if !count.balances() {
            return Err(Error::Damaged(format!("the accounting of a batch does not balance: {count}")));
        }
        tx.act_for(actor(batch.source));
        count_in(tx, batch, &sorted.new[sorted.brought[at].clone()], *count).await?;
        if let Some(settle) = &batch.settle {
            settle.apply(tx, batch.source, *count).await?;
        }
    }
    Ok(())
}

async fn count_in(tx: &mut Tx, batch: &Batch, new: &[New<'_>], count: Accounting) -> Result<()> {
    if count.seen == 0 && batch.cursor.is_none() && batch.settle.is_some() {
        return Ok(()); // how it ended says everything
    }
    let last_post = new.iter().map(|new| new.fresh.created_at).max();
    let now = tx.now();
    tx.run(q!(
        "update sources set seen = seen + $1, stored = stored + $2, duplicate = duplicate + $3, refused = refused + $4,
         last_post_at = coalesce($5, last_post_at), cursor = coalesce($6, cursor), polled_at = $7 where id = $8",
        count.seen,
        count.stored,
        count.duplicate,
        count.refused,
        last_post,
        batch.cursor.as_ref().map(ToString::to_string),
        now,
        batch.source
    ))
    .await?;
    if count.seen == 0 {
        return Ok(());
    }
    crate::source::days::note(tx, batch.source, count).await?;
    let mut all = Sha256::new();
    for new in new {
        all.update(&new.fresh.digest);
    }
    let digest = hex(&all.finalize()[..16]);
    tx.log(Entry::new("posts.received", "source", batch.source).with(json!({
        "seen": count.seen, "stored": count.stored, "duplicate": count.duplicate, "refused": count.refused,
        "first": new.first().map(|new| new.id), "last": new.last().map(|new| new.id), "digest": digest,
    })));
    Ok(())
}
