//! Storing one prepared batch, all in one transaction.

use std::collections::{HashMap, HashSet};

use dandelion_networks::contract::hex;
use dandelion_post::{Micros, micros};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    Accounting, Prepared, RAW_KEPT, actor, case, change,
    known::{self, Key, Known},
    prepare::Fresh,
    thread::{Joins, Node},
};
use crate::{
    Error, Hub, Result, Tx,
    log::Entry,
    near,
    store::{Q, Value, q},
    unit::Org,
};

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
}

/// Gives nothing, and stores nothing, where a query or the organisation was changed since the batch was prepared.
pub(super) async fn run(
    hub: &Hub,
    source: i64,
    prepared: &Prepared,
    cursor: Option<&serde_json::Value>,
) -> Result<Option<Accounting>> {
    let mut tx = hub.begin(actor(source)).await?;
    let row = tx.opt(q!("select network from sources where id = $1", source)).await?;
    let network: String = row.ok_or(Error::not_found("source", source))?.get("network")?;
    let keyed: Vec<(Key, &Fresh)> = prepared
        .fresh
        .iter()
        .map(|fresh| ((fresh.network.clone().unwrap_or_else(|| network.clone()), fresh.post.id.clone()), fresh))
        .collect();

    let sorted = sort(&mut tx, &keyed).await?;
    let Sorted { mut new, later, tombs, known, mut count } = sorted;
    let authors = authors(&mut tx, prepared, &new).await?;
    for post in &mut new {
        let named = author_key(post);
        post.author = named.as_ref().and_then(|key| authors.get(key)).map(|(id, _)| *id);
        post.ours = named.as_ref().and_then(|key| authors.get(key)).is_some_and(|(_, ours)| *ours);
    }
    join_threads(&mut tx, &prepared.engine.org, &mut new, &known).await?;
    insert_posts(&mut tx, source, &new).await?;
    insert_words(&mut tx, &new).await?;
    keep_prints(&mut tx, &new).await?;
    bury(&mut tx, source, &tombs).await?;
    case::place(&mut tx, prepared, &new).await?;
    for (key, fresh) in later {
        let changed = change::apply(&mut tx, prepared, &key, fresh).await?;
        if changed { count.stored += 1 } else { count.duplicate += 1 }
    }
    refuse(&mut tx, source, prepared).await?;

    count.refused = prepared.refused.len() as i64;
    count.seen = prepared.len() as i64;
    if !count.balances() {
        return Err(Error::Damaged(format!("the accounting of a batch does not balance: {count}")));
    }
    close(&mut tx, source, &new, count, cursor).await?;
    // Asked at the end, when nobody can change them any more before this is stored: so each post is heard by a new query
    // or found by its back-fill, and never by neither.
    if !prepared.fresh.is_empty() && !hub.holds(&mut tx, &prepared.engine).await? {
        return Ok(None);
    }
    if count.seen == 0 {
        tx.commit_unlogged("nothing came; only the cursor moved").await?;
    } else {
        tx.commit().await?;
    }
    Ok(Some(count))
}

/// What a batch holds, told apart.
struct Sorted<'a> {
    new: Vec<New<'a>>,
    /// Known posts with other words, and deletions of known posts.
    later: Vec<(Key, &'a Fresh)>,
    /// Deletions of posts not seen yet.
    tombs: Vec<(Key, Micros)>,
    known: HashMap<Key, Known>,
    count: Accounting,
}

async fn sort<'a>(tx: &mut Tx, keyed: &[(Key, &'a Fresh)]) -> Result<Sorted<'a>> {
    let mut asked: HashSet<Key> = keyed.iter().map(|(key, _)| key.clone()).collect();
    for (key, fresh) in keyed {
        if let Some(parent) = &fresh.post.in_reply_to {
            asked.insert((key.0.clone(), parent.clone()));
        }
    }
    let known = known::posts(tx, &asked).await?;
    let unknown: HashSet<Key> =
        keyed.iter().filter(|(key, _)| !known.contains_key(key)).map(|(key, _)| key.clone()).collect();
    let mut tombstones = known::tombstones(tx, &unknown).await?;
    let (mut new, mut later, mut tombs, mut count) = (Vec::new(), Vec::new(), Vec::new(), Accounting::default());
    let mut here: HashMap<&Key, usize> = HashMap::new();
    for (key, fresh) in keyed {
        let deleted = fresh.post.deleted_at.map(micros);
        let digest =
            known.get(key).map(|known| &known.digest).or_else(|| here.get(key).map(|at| &digest_of(&new, *at).digest));
        match (digest, deleted) {
            (Some(digest), None) if *digest == fresh.digest => count.duplicate += 1,
            (Some(_), _) => later.push((key.clone(), *fresh)),
            (None, Some(at)) if fresh.post.text.is_empty() || tombstones.contains_key(key) => {
                if tombstones.insert(key.clone(), at).is_none() {
                    tombs.push((key.clone(), at));
                    count.stored += 1;
                } else {
                    count.duplicate += 1;
                }
            }
            (None, deleted) => {
                let deleted_at = deleted.or_else(|| tombstones.get(key).copied());
                here.insert(key, new.len());
                new.push(New { fresh, key: key.clone(), id: 0, thread: 0, author: None, ours: false, deleted_at });
                count.stored += 1;
            }
        }
    }
    let ids = tx.ids("posts", new.len()).await?;
    for (post, id) in new.iter_mut().zip(ids) {
        post.id = id;
    }
    Ok(Sorted { new, later, tombs, known, count })
}

fn digest_of<'a>(new: &[New<'a>], at: usize) -> &'a Fresh {
    new[at].fresh
}

fn author_key(post: &New<'_>) -> Option<Key> {
    post.fresh.post.author.as_ref().and_then(dandelion_post::Author::key).map(|key| (post.key.0.clone(), key))
}

/// Stores what is now known of the authors of new posts; gives their ids and whether they are us.
async fn authors(tx: &mut Tx, prepared: &Prepared, new: &[New<'_>]) -> Result<HashMap<Key, (i64, bool)>> {
    let mut newest: HashMap<Key, &dandelion_post::Author> = HashMap::new();
    for post in new {
        if let (Some(key), Some(author)) = (author_key(post), &post.fresh.post.author) {
            newest.insert(key, author);
        }
    }
    // In one order, so that two transactions cannot wait for each other.
    let mut keys: Vec<Key> = newest.keys().cloned().collect();
    keys.sort_unstable();
    let ids = tx.ids("authors", keys.len()).await?;
    let (mut rows, mut ours) = (Vec::with_capacity(keys.len()), HashMap::new());
    for (key, id) in keys.iter().zip(ids) {
        let author = newest[key];
        let is_ours =
            author.handle.as_deref().is_some_and(|handle| prepared.engine.org.handle_named(&key.0, handle).is_some());
        ours.insert(key.clone(), is_ours);
        rows.push(vec![
            id.into(),
            Value::from(&key.0),
            Value::from(&key.1),
            author.handle.as_deref().map(|handle| handle.trim_start_matches('@')).into(),
            author.name.as_deref().into(),
            author.url.as_deref().into(),
            author.followers.into(),
            author.following.into(),
            author.posts.into(),
            author.verified.into(),
            author.created_at.map(micros).into(),
            is_ours.into(),
            tx.now().into(),
        ]);
    }
    let columns = &[
        "id",
        "network",
        "remote_key",
        "handle",
        "name",
        "url",
        "followers",
        "following",
        "posts",
        "verified",
        "created_at",
        "ours",
        "seen_at",
    ];
    let tail = "on conflict (network, remote_key) do update set handle = coalesce(excluded.handle, authors.handle),
        name = coalesce(excluded.name, authors.name), url = coalesce(excluded.url, authors.url),
        followers = coalesce(excluded.followers, authors.followers), following = coalesce(excluded.following, authors.following),
        posts = coalesce(excluded.posts, authors.posts), verified = coalesce(excluded.verified, authors.verified),
        created_at = coalesce(excluded.created_at, authors.created_at), ours = excluded.ours, seen_at = excluded.seen_at";
    tx.insert("authors", columns, rows, tail).await?;
    let mut found = HashMap::new();
    for (key, id) in known::authors(tx, &keys).await? {
        let is_ours = ours.get(&key).copied().unwrap_or(false);
        found.insert(key, (id, is_ours));
    }
    Ok(found)
}

/// Finds each new post's thread, making new ones and merging those that turn out to be one.
async fn join_threads(tx: &mut Tx, org: &Org, new: &mut [New<'_>], known: &HashMap<Key, Known>) -> Result<()> {
    let (mut joins, mut referred, mut conversations) = (Joins::default(), HashSet::new(), HashSet::new());
    for post in new.iter() {
        let here = Node::Post(post.key.clone());
        referred.insert(post.key.clone());
        if let Some(parent) = &post.fresh.post.in_reply_to {
            let parent = (post.key.0.clone(), parent.clone());
            joins.join(here.clone(), Node::Post(parent.clone()));
            referred.insert(parent);
        }
        if let Some(conversation) = &post.fresh.post.thread {
            let conversation = (post.key.0.clone(), conversation.clone());
            joins.join(here, Node::Conversation(conversation.clone()));
            conversations.insert(conversation);
        }
    }
    for (key, post) in known {
        joins.join(Node::Post(key.clone()), Node::Thread(post.thread));
    }
    for (key, thread) in known::answers(tx, &referred).await? {
        joins.join(Node::Post(key), Node::Thread(thread));
    }
    // Where we speak, they answer us: what we published from here is no post of a source.
    let spoken: HashSet<Key> = referred.into_iter().filter(|key| org.speaks_on(&key.0)).collect();
    for (key, thread) in known::replies(tx, &spoken).await? {
        joins.join(Node::Post(key), Node::Thread(thread));
    }
    let mut named = HashSet::new();
    for (key, thread) in known::threads(tx, &conversations).await? {
        joins.join(Node::Conversation(key.clone()), Node::Thread(thread));
        named.insert(key);
    }

    let stored = joins.threads();
    let (mut of_group, mut fresh) = (HashMap::new(), Vec::new());
    for post in new.iter() {
        let group = joins.group(Node::Post(post.key.clone()));
        if stored.contains_key(&group) || of_group.contains_key(&group) {
            continue;
        }
        of_group.insert(group, 0);
        fresh.push((group, post.key.0.clone()));
    }
    let mut keys: HashMap<usize, Key> = HashMap::new();
    for conversation in conversations.difference(&named) {
        keys.entry(joins.group(Node::Conversation(conversation.clone()))).or_insert_with(|| conversation.clone());
    }
    let ids = tx.ids("threads", fresh.len()).await?;
    let mut rows = Vec::with_capacity(fresh.len());
    for ((group, network), id) in fresh.into_iter().zip(ids) {
        of_group.insert(group, id);
        rows.push(vec![id.into(), network.into(), keys.get(&group).map(|key| key.1.as_str()).into()]);
    }
    tx.insert("threads", &["id", "network", "remote_key"], rows, "").await?;
    for (group, threads) in stored {
        let keep = threads[0];
        of_group.insert(group, keep);
        if let Some(key) = keys.get(&group) {
            tx.run(q!("update threads set remote_key = $1 where id = $2 and remote_key is null", &key.1, keep)).await?;
        }
        for gone in &threads[1..] {
            case::merge_threads(tx, keep, *gone).await?;
        }
    }
    for post in new.iter_mut() {
        post.thread = of_group[&joins.group(Node::Post(post.key.clone()))];
    }
    Ok(())
}

async fn insert_posts(tx: &mut Tx, source: i64, new: &[New<'_>]) -> Result<()> {
    let now = tx.now();
    let rows = new.iter().map(|new| {
        let post = &new.fresh.post;
        let gone = new.deleted_at.is_some();
        let json = |value: serde_json::Result<String>| value.unwrap_or_else(|_| "null".into());
        let kept = |text: Option<&str>| Value::from(text.filter(|_| !gone));
        vec![
            new.id.into(),
            Value::from(&new.key.0),
            Value::from(&new.key.1),
            source.into(),
            new.author.into(),
            new.thread.into(),
            post.in_reply_to.as_deref().into(),
            post.url.as_deref().into(),
            Value::from(if gone { "" } else { post.text.as_str() }),
            kept(post.html.as_deref()),
            kept(post.title.as_deref()),
            post.lang.as_deref().into(),
            new.fresh.created_at.into(),
            now.into(),
            post.edited_at.map(micros).into(),
            new.deleted_at.into(),
            1_i64.into(),
            new.fresh.digest.clone().into(),
            post.metrics.likes.into(),
            post.metrics.shares.into(),
            post.metrics.replies.into(),
            post.metrics.views.into(),
            if gone { "[]".into() } else { json(serde_json::to_string(&post.links)).into() },
            if gone { "[]".into() } else { json(serde_json::to_string(&post.media)).into() },
            if gone { "{}".into() } else { json(serde_json::to_string(&post.extra)).into() },
            new.ours.into(),
        ]
    });
    let columns = &[
        "id",
        "network",
        "remote_id",
        "source_id",
        "author_id",
        "thread_id",
        "in_reply_to",
        "url",
        "text",
        "html",
        "title",
        "lang",
        "created_at",
        "received_at",
        "edited_at",
        "deleted_at",
        "revision",
        "digest",
        "likes",
        "shares",
        "replies",
        "views",
        "links",
        "media",
        "extra",
        "ours",
    ];
    tx.insert("posts", columns, rows.collect(), "").await.map(drop)
}

/// The full-text index, in few statements.
async fn insert_words(tx: &mut Tx, new: &[New<'_>]) -> Result<()> {
    let rows: Vec<(i64, &str)> =
        new.iter().filter(|new| new.deleted_at.is_none()).map(|new| (new.id, new.fresh.words.as_str())).collect();
    let (head, second) = if tx.is_postgres() {
        ("insert into post_words (post_id, words) values ", "to_tsvector('simple', ")
    } else {
        ("insert into post_words (rowid, words) values ", "(")
    };
    let mut rest = rows.as_slice();
    while !rest.is_empty() {
        let size = [128, 16, 1].into_iter().find(|size| *size <= rest.len()).unwrap_or(1);
        let (chunk, after) = rest.split_at(size);
        rest = after;
        let list: Vec<String> =
            (0..size).map(|n| format!("({}, {second}{}))", tx.place(2 * n + 1), tx.place(2 * n + 2))).collect();
        let values = chunk.iter().flat_map(|(id, words)| [Value::from(*id), Value::from(*words)]);
        tx.run(Q::of(format!("{head}{}", list.join(", "))).bind_all(values)).await?;
    }
    Ok(())
}

/// Finds out which of the new posts say nearly what others said before. What we say ourselves is no wave.
async fn keep_prints(tx: &mut Tx, new: &[New<'_>]) -> Result<()> {
    let theirs = new.iter().filter(|new| !new.ours && new.deleted_at.is_none());
    let prints: Vec<_> = theirs.filter_map(|new| Some((new.id, new.fresh.print.as_ref()?))).collect();
    near::keep(tx, &prints).await
}

/// Keeps deletions of posts that have not come yet.
async fn bury(tx: &mut Tx, source: i64, tombs: &[(Key, Micros)]) -> Result<()> {
    let now = tx.now();
    let rows = tombs
        .iter()
        .map(|(key, at)| vec![Value::from(&key.0), Value::from(&key.1), (*at).into(), source.into(), now.into()])
        .collect();
    let columns = &["network", "remote_id", "deleted_at", "source_id", "received_at"];
    tx.insert("tombstones", columns, rows, "on conflict do nothing").await.map(drop)
}

/// Keeps what was not taken, as it came, with the reason.
async fn refuse(tx: &mut Tx, source: i64, prepared: &Prepared) -> Result<()> {
    let now = tx.now();
    let ids = tx.ids("refusals", prepared.refused.len()).await?;
    let mut rows = Vec::with_capacity(ids.len());
    for ((place, refusal, raw), id) in prepared.refused.iter().zip(ids) {
        let kept = &raw[..raw.floor_char_boundary(RAW_KEPT)];
        rows.push(vec![
            id.into(),
            source.into(),
            now.into(),
            Value::from(place),
            Value::from(&refusal.field),
            Value::from(refusal.says()),
            Value::from(kept),
            (kept.len() == raw.len()).into(),
        ]);
    }
    let columns = &["id", "source_id", "at", "place", "field", "reason", "raw", "raw_complete"];
    tx.insert("refusals", columns, rows, "").await.map(drop)
}

/// Moves the source's counters and cursor, and says in the log what came.
async fn close(
    tx: &mut Tx,
    source: i64,
    new: &[New<'_>],
    count: Accounting,
    cursor: Option<&serde_json::Value>,
) -> Result<()> {
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
        cursor.map(ToString::to_string),
        now,
        source
    ))
    .await?;
    if count.seen == 0 {
        return Ok(());
    }
    crate::source::days::note(tx, source, count).await?;
    let mut all = Sha256::new();
    for new in new {
        all.update(&new.fresh.digest);
    }
    let digest = hex(&all.finalize()[..16]);
    tx.log(Entry::new("posts.received", "source", source).with(json!({
        "seen": count.seen, "stored": count.stored, "duplicate": count.duplicate, "refused": count.refused,
        "first": new.first().map(|new| new.id), "last": new.last().map(|new| new.id), "digest": digest,
    })));
    Ok(())
}
