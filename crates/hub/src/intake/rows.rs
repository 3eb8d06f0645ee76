//! The rows that new posts become, each table in few statements.

use std::{borrow::Cow, collections::HashMap};

use dandelion_post::{Author, Micros, micros};

use super::{
    Batch, RAW_KEPT,
    known::{self, Key},
    store::New,
};
use crate::{
    Result, Tx, near,
    store::{Q, Value, chunk},
    unit::Org,
};

/// Who wrote a post, as its network names them.
pub(super) fn author_key(post: &New<'_>) -> Option<Key> {
    post.fresh.post.author.as_ref().and_then(Author::key).map(|key| (post.key.0.clone(), key))
}

/// Stores what is now known of the authors of new posts; gives their ids and whether they are us.
pub(super) async fn authors(tx: &mut Tx, org: &Org, new: &[New<'_>]) -> Result<HashMap<Key, (i64, bool)>> {
    let mut newest: HashMap<Key, Cow<'_, Author>> = HashMap::new();
    for post in new {
        if let (Some(key), Some(author)) = (author_key(post), &post.fresh.post.author) {
            let said = match newest.remove(&key) {
                Some(before) if *before != *author => Cow::Owned(completed(author, &before)),
                _ => Cow::Borrowed(author),
            };
            newest.insert(key, said);
        }
    }
    // In one order, so that two transactions cannot wait for each other.
    let mut keys: Vec<Key> = newest.keys().cloned().collect();
    keys.sort_unstable();
    let ids = tx.ids("authors", keys.len()).await?;
    let (mut rows, mut ours) = (Vec::with_capacity(keys.len()), HashMap::new());
    for (key, id) in keys.iter().zip(ids) {
        let author = &newest[key];
        let is_ours = author.handle.as_deref().is_some_and(|handle| org.is_ours(&key.0, handle));
        ours.insert(key.clone(), is_ours);
        rows.push(vec![
            id.into(),
            Value::from(&key.0),
            Value::from(&key.1),
            author.handle.as_deref().map(|handle| handle.trim_start_matches('@')).into(),
            author.name.as_deref().into(),
            author.url.as_deref().into(),
            author.avatar.as_deref().and_then(Author::picture).into(),
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
        "avatar",
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
        avatar = coalesce(excluded.avatar, authors.avatar),
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

/// What was said of an author last, and where that says nothing, what was said before.
fn completed(last: &Author, before: &Author) -> Author {
    Author {
        id: last.id.clone().or_else(|| before.id.clone()),
        handle: last.handle.clone().or_else(|| before.handle.clone()),
        name: last.name.clone().or_else(|| before.name.clone()),
        url: last.url.clone().or_else(|| before.url.clone()),
        avatar: last.avatar.clone().or_else(|| before.avatar.clone()),
        followers: last.followers.or(before.followers),
        following: last.following.or(before.following),
        posts: last.posts.or(before.posts),
        verified: last.verified.or(before.verified),
        created_at: last.created_at.or(before.created_at),
    }
}

/// Stores the posts themselves; `sources` names the source of each.
pub(super) async fn posts(tx: &mut Tx, new: &[New<'_>], sources: &[i64]) -> Result<()> {
    let now = tx.now();
    let rows = new.iter().zip(sources).map(|(new, source)| {
        let post = &new.fresh.post;
        let gone = new.deleted_at.is_some();
        let json = |value: serde_json::Result<String>| value.unwrap_or_else(|_| "null".into());
        let kept = |text: Option<&str>| Value::from(text.filter(|_| !gone));
        vec![
            new.id.into(),
            Value::from(&new.key.0),
            Value::from(&new.key.1),
            (*source).into(),
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
pub(super) async fn words(tx: &mut Tx, new: &[New<'_>]) -> Result<()> {
    let rows: Vec<(i64, &str)> =
        new.iter().filter(|new| new.deleted_at.is_none()).map(|new| (new.id, new.fresh.words.as_str())).collect();
    let (head, second) = if tx.is_postgres() {
        ("insert into post_words (post_id, words) values ", "to_tsvector('simple', ")
    } else {
        ("insert into post_words (rowid, words) values ", "(")
    };
    let mut rest = rows.as_slice();
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(chunk(rest.len(), 128));
        rest = after;
        let list: Vec<String> =
            (0..chunk.len()).map(|n| format!("({}, {second}{}))", tx.place(2 * n + 1), tx.place(2 * n + 2))).collect();
        let values = chunk.iter().flat_map(|(id, words)| [Value::from(*id), Value::from(*words)]);
        tx.run(Q::of(format!("{head}{}", list.join(", "))).bind_all(values)).await?;
    }
    Ok(())
}

/// Finds out which of the new posts say nearly what others said before. What we say ourselves is no wave.
pub(super) async fn prints(tx: &mut Tx, new: &[New<'_>]) -> Result<()> {
    let theirs = new.iter().filter(|new| !new.ours && new.deleted_at.is_none());
    let prints: Vec<_> = theirs.filter_map(|new| Some((new.id, new.fresh.print.as_ref()?))).collect();
    near::keep(tx, &prints).await
}

/// Keeps deletions of posts that have not come yet.
pub(super) async fn tombstones(tx: &mut Tx, tombs: &[(Key, Micros, i64)]) -> Result<()> {
    let now = tx.now();
    let rows = tombs
        .iter()
        .map(|(key, at, source)| {
            vec![Value::from(&key.0), Value::from(&key.1), (*at).into(), (*source).into(), now.into()]
        })
        .collect();
    let columns = &["network", "remote_id", "deleted_at", "source_id", "received_at"];
    tx.insert("tombstones", columns, rows, "on conflict do nothing").await.map(drop)
}

/// Keeps what was not taken, as it came, with the reason.
pub(super) async fn refusals(tx: &mut Tx, batches: &[Batch]) -> Result<()> {
    let now = tx.now();
    let refused: Vec<_> =
        batches.iter().flat_map(|batch| batch.prepared.refused.iter().map(|refused| (batch.source, refused))).collect();
    let ids = tx.ids("refusals", refused.len()).await?;
    let mut rows = Vec::with_capacity(ids.len());
    for ((source, (place, refusal, raw)), id) in refused.into_iter().zip(ids) {
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
