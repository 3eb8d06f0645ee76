//! The sample on both stores: whole where it fits, uniform where it does not, and in step with what happens.

use std::time::Duration;

use super::{MOST, MOST_BYTES, Sample, draw::Ring};
use crate::{
    Hub, both_stores,
    query::tests::{bring, deleted, said, source},
    testing::{MONDAY, TestHub},
};

const DAY: i64 = 86_400_000_000;
const PATIENCE: Duration = Duration::from_secs(30);

async fn sample(hub: &Hub) -> std::sync::Arc<Sample> {
    hub.sample(PATIENCE).await.unwrap().expect("a sample within half a minute")
}

fn ids(sample: &Sample) -> Vec<&str> {
    let mut ids: Vec<&str> = sample.posts.iter().map(|post| post.post.id.as_str()).collect();
    ids.sort_unstable();
    ids
}

both_stores!(what_fits_is_whole_and_follows_what_happens, |hub| async move {
    let source = source(&hub).await;
    bring(&hub, source, vec![said("1", "My kettle leaks", 1), said("2", "An old kettle", 40), said("3", "Tea", 2)])
        .await;
    let first = sample(&hub).await;
    assert_eq!(
        (ids(&first), first.stored, first.exact),
        (vec!["1", "3"], 2, true),
        "what is older than 30 days is out"
    );
    assert_eq!(first.vocabulary.count("kettle"), 1);

    bring(&hub, source, vec![said("4", "Another kettle", 0), said("1", "My kettle no longer leaks", 1)]).await;
    let second = sample(&hub).await;
    assert_eq!((ids(&second), second.stored), (vec!["1", "3", "4"], 3));
    let revised = second.posts.iter().find(|post| post.post.id == "1").unwrap();
    assert_eq!(revised.post.text, "My kettle no longer leaks");

    bring(&hub, source, vec![deleted("3")]).await;
    let third = sample(&hub).await;
    assert_eq!(ids(&third), ["1", "4"], "what its author took away is gone at once");
    assert_eq!(ids(&first), ["1", "3"], "who holds an earlier one keeps it for as long as they work");
});

both_stores!(many_are_sampled_evenly, |hub| async move {
    let source = source(&hub).await;
    fill(&hub, source, 50_000).await;
    let drawn = sample(&hub).await;
    assert!(!drawn.exact);
    assert_eq!(drawn.stored, 50_000);
    let (n, most) = (drawn.posts.len(), MOST);
    assert!(n.abs_diff(most) < 200, "{n} of about {most}");
    assert!(drawn.bytes() < MOST_BYTES);
    // Each twentieth of the window holds its share of the sample, and of its first quarter as well.
    for part in [n, n / 4] {
        let mut parts = [0_usize; 20];
        for post in &drawn.posts[..part] {
            parts[(post.id as usize * 20 / 50_001).min(19)] += 1;
        }
        let (least, greatest) = (parts.iter().min().unwrap(), parts.iter().max().unwrap());
        assert!(*least * 10 > *greatest * 8, "{parts:?}");
    }
    // A post that comes later has the same chance: of 500 about 200 are in.
    bring(&hub, source, (0..500).map(|n| said(&format!("late-{n}"), "a late kettle", 0)).collect()).await;
    let more = sample(&hub).await;
    let late = more.posts.iter().filter(|post| post.post.id.starts_with("late")).count();
    assert!((150..250).contains(&late), "{late}");
    assert_eq!(more.stored, 50_500);
});

/// Posts as they are, without the intake, so that there can be many.
async fn fill(hub: &TestHub, source: i64, posts: i64) {
    let (each, from) = (5_000, MONDAY - 29 * DAY);
    let mut statements = vec!["insert into threads (id, network) values (900, 'forum')".to_owned()];
    for chunk in 0..posts / each {
        let rows: Vec<String> = (chunk * each + 1..=(chunk + 1) * each)
            .map(|n| {
                let at = from + n * 29 * DAY / posts;
                let digest = if hub.db.is_postgres() { "'\\x00'" } else { "x'00'" };
                format!("({n}, 'forum', 'f{n}', {source}, 900, 'post number {n} of many', {at}, {at}, 1, {digest}, '[]', '[]', '{{}}', false)")
            })
            .collect();
        statements.push(format!(
            "insert into posts (id, network, remote_id, source_id, thread_id, text, created_at, received_at, revision, digest, links, media, extra, ours) values {}",
            rows.join(", ")
        ));
    }
    statements.push(if hub.db.is_postgres() {
        "select setval('ids_posts', 100000), setval('ids_threads', 1000)".to_owned()
    } else {
        "insert into counters (name, last) values ('posts', 100000), ('threads', 1000) on conflict (name) do update set last = excluded.last".to_owned()
    });
    hub.sql(&statements).await;
}

#[test]
fn places_are_spread_and_each_is_taken_once() {
    let ring = Ring::new(12_345, MOST, 1_000_000);
    let mut places: Vec<i64> = (1..=100_000).map(|key| ring.place(key)).collect();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), 100_000);
}
