//! Drawing a sample, and following the log from there.

use std::{collections::HashSet, sync::Arc};

use dandelion_post::Micros;

use super::{MOST, MOST_BYTES, Sample, Sampled, Vocabulary, WINDOW, stored};
use crate::{
    Db, Hub, Result, log,
    store::{Q, Row, q},
};

/// The keys of how many posts stand in one statement.
const CHUNK: usize = 500;
/// After how many arrivals since it was drawn the sample is drawn anew instead of followed.
const ARRIVALS: i64 = 20_000;

/// Which posts are in: those whose place on the ring lies below the bar.
#[derive(Debug, Clone, Copy)]
pub(in crate::query) struct Ring {
    /// Where the ring begins, by chance.
    phase: i64,
    bar: i64,
}

impl Ring {
    const SIZE: i64 = 1 << 24;
    /// The odd number next to the golden section of the ring.
    const STEP: i64 = 10_368_889;

    pub(super) fn new(phase: i64, most: usize, stored: i64) -> Self {
        let bar = if stored <= most as i64 { Self::SIZE } else { (most as i64 * Self::SIZE / stored).max(1) };
        Self { phase: phase.rem_euclid(Self::SIZE), bar }
    }

    pub(super) fn place(self, key: i64) -> i64 {
        (key % Self::SIZE * Self::STEP + self.phase) % Self::SIZE
    }

    fn holds(self, key: i64) -> bool {
        self.place(key) < self.bar
    }

    /// The same in SQL.
    fn sql(self, key: &str) -> String {
        if self.whole() {
            return "1 = 1".to_owned();
        }
        format!("({key} % {} * {} + {}) % {} < {}", Self::SIZE, Self::STEP, self.phase, Self::SIZE, self.bar)
    }

    fn whole(self) -> bool {
        self.bar >= Self::SIZE
    }
}

/// What tells posts apart and grows as they arrive, and is in the index of their dates: on SQLite the row's number.
fn key(db: &Db) -> &'static str {
    if db.is_postgres() { "id" } else { "rowid" }
}

/// Reads a new one.
pub(super) async fn draw(hub: &Hub) -> Result<Sample> {
    let event = log::newest(&hub.db).await?; // first: what happens meanwhile is then followed
    let (now, key) = (hub.now(), key(&hub.db));
    let since = now - WINDOW;
    // With date and key alone both databases need only the index.
    let sql = format!("select count(*) as n, coalesce(max({key}), 0) as newest from posts where created_at >= $1");
    let row = hub.db.one(Q::of(sql).bind(since)).await?;
    let (all, newest): (i64, i64) = (row.get("n")?, row.get("newest")?);
    let mut ring = Ring::new(hub.random.u64() as i64 >> 16, MOST, all);
    let sql = format!("select {key} as k from posts where created_at >= $1 and {}", ring.sql(key));
    let keys = hub.db.all(Q::of(sql).bind(since)).await?;
    let mut keys: Vec<i64> = keys.iter().map(|row| row.get("k")).collect::<Result<_>>()?;
    keys.sort_unstable_by_key(|key| ring.place(*key));
    let (mut posts, mut bytes, mut read) = (Vec::with_capacity(keys.len()), 0, 0_usize);
    for chunk in keys.chunks(CHUNK) {
        for row in rows(hub, key, chunk).await? {
            read += 1;
            if let Some(post) = stored::read(&row, ring)? {
                bytes += post.bytes;
                posts.push(Arc::new(post));
            }
        }
        if bytes > MOST_BYTES {
            // Chunks come in the order of their places, so those read so far lie below the first place that was not read.
            ring.bar = chunk.last().map_or(ring.bar, |last| ring.place(*last) + 1);
            break;
        }
    }
    finish(
        hub,
        Sample {
            stored: stored_of(all, read, posts.len(), ring),
            posts,
            since,
            vocabulary: Arc::default(),
            exact: ring.whole(),
            ring,
            newest,
            event,
            drawn_at: now,
        },
    )
    .await
}

/// How many posts that can be heard the window holds.
fn stored_of(all: i64, read: usize, kept: usize, ring: Ring) -> i64 {
    if ring.whole() || read == 0 { kept as i64 } else { (all as f64 * kept as f64 / read as f64).round() as i64 }
}

/// Puts posts in order and counts their words; tens of thousands of texts are cut off the runtime's threads.
async fn finish(hub: &Hub, mut sample: Sample) -> Result<Sample> {
    let handles: Vec<String> = hub.engine().await?.org.handles.iter().map(|handle| handle.name.clone()).collect();
    let counted = tokio::task::spawn_blocking(move || {
        sample.posts.sort_by_key(|post| post.place);
        sample.vocabulary = Arc::new(Vocabulary::of(&sample.posts, &handles));
        sample
    });
    counted.await.map_err(|_| crate::Error::Damaged("the words of the sample could not be counted".into()))
}

async fn rows(hub: &Hub, key: &str, keys: &[i64]) -> Result<Vec<Row>> {
    let list: Vec<String> = keys.iter().map(ToString::to_string).collect();
    hub.db.all(Q::of(format!("{} where p.{key} in ({})", stored::select(key), list.join(", ")))).await
}

/// The sample after what the log says happened since; none where nothing did.
pub(super) async fn follow(hub: &Hub, sample: &Sample) -> Result<Option<Sample>> {
    let event = log::newest(&hub.db).await?;
    if event == sample.event {
        return Ok(None);
    }
    let key = key(&hub.db);
    let sql = "select noun_id, kind from events where id > $1 and id <= $2 and noun = 'post'";
    let changed = hub.db.all(q!(sql, sample.event, event)).await?;
    let changed: HashSet<i64> = changed.iter().map(|row| row.get("noun_id")).collect::<Result<_>>()?;
    let sql = format!("select {key} as k, created_at from posts where {key} > $1 order by {key} limit {ARRIVALS}");
    let arrived = hub.db.all(Q::of(sql).bind(sample.newest)).await?;
    let (mut newest, mut wanted, mut more) = (sample.newest, Vec::new(), 0_i64);
    for row in &arrived {
        let (k, at): (i64, Micros) = (row.get("k")?, row.get("created_at")?);
        newest = newest.max(k);
        if at >= hub.now() - WINDOW {
            more += 1;
            wanted.extend(sample.ring.holds(k).then_some(k));
        }
    }
    let since = hub.now() - WINDOW;
    let mut posts: Vec<Arc<Sampled>> =
        sample.posts.iter().filter(|post| !changed.contains(&post.id) && post.at >= since).cloned().collect();
    // What changed is read again, and is simply not there any more where it was deleted.
    wanted.extend(sample.posts.iter().filter(|post| changed.contains(&post.id)).map(|post| post.key));
    for chunk in wanted.chunks(CHUNK) {
        for row in rows(hub, key, chunk).await? {
            posts.extend(stored::read(&row, sample.ring)?.map(Arc::new));
        }
    }
    let mut ring = sample.ring;
    while posts.len() > MOST * 5 / 4 || posts.iter().map(|post| post.bytes).sum::<usize>() > MOST_BYTES {
        ring.bar /= 2;
        posts.retain(|post| post.place < ring.bar);
    }
    posts.sort_by_key(|post| post.place);
    let gone = sample.posts.iter().filter(|post| post.at < since).count() as i64;
    let gone = gone * sample.stored / (sample.posts.len() as i64).max(1); // each stands for so many
    let stored = if ring.whole() { posts.len() as i64 } else { sample.stored + more - gone };
    Ok(Some(Sample {
        stored,
        posts,
        since,
        vocabulary: sample.vocabulary.clone(),
        exact: ring.whole(),
        ring,
        newest,
        event,
        // Where more arrived than were looked at, it is time to draw anew.
        drawn_at: if more >= ARRIVALS { 0 } else { sample.drawn_at },
    }))
}
