use dandelion_post::Post;
use jiff::Timestamp;

use super::{catch_up, groups, read::fullest, waves};
use crate::{
    Hub, both_stores,
    fixture::{self, MINUTE, all_is_well, listen, post},
    intake::{self, Item},
    scope::Viewer,
    search::{self, Search},
    store::Q,
    testing::MONDAY,
};

const TEXT: &str = "Acme kettles melt at the base, please stop using them until the company answers";
async fn ready(hub: &Hub) -> (i64, Viewer) {
    let (source, [lea, ..]) = fixture::ready(hub).await;
    listen(hub, &lea, "Kettles", "kettle*").await;
    (source, lea)
}

fn wave(n: usize) -> Vec<Item> {
    let mut items: Vec<Item> = (0..n)
        .map(|at| post(at, &format!("p{at}"), at as i64 * 3, &format!("RT @p{at}: {TEXT} https://example.org/{at}")))
        .collect();
    items.push(post(900, "p0", 5, &format!("{TEXT}!!!"))); // the same person once more
    items.push(post(901, "else", 6, "My new kettle from Acme boils water in under two minutes and looks good"));
    items
}

both_stores!(copies_are_one_group_and_a_wave_of_people, |hub| async move {
    let (source, viewer) = ready(&hub).await;
    for item in wave(12) {
        intake::receive(&hub, source, vec![item]).await.unwrap(); // each alone: found again by stored keys
    }
    let found = groups(&hub, &viewer, &[1, 13, 14]).await.unwrap();
    assert_eq!((found[&1].posts, found[&1].people, found[&13].group), (13, 12, found[&1].group));
    assert!(!found.contains_key(&14), "another matter stands alone");
    let waves = waves(&hub, &viewer, MONDAY - 1440 * MINUTE).await.unwrap();
    assert_eq!(waves.len(), 1);
    assert_eq!((waves[0].people, waves[0].to - waves[0].from), (12, 33 * MINUTE));
    assert!(waves[0].text.contains("melt at the base"));
    let folded = Search { folded: true, ..Search::default() };
    let rows = search::posts(&hub, &viewer, &folded, None, 50).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [14, 13]);
    let opened = Search { near: Some(found[&1].group), ..Search::default() };
    assert_eq!(search::posts(&hub, &viewer, &opened, None, 50).await.unwrap().len(), 13);
    // Of those that fit the search the newest is shown, also where a newer one does not fit it.
    let early = Search { folded: true, until: Some(MONDAY - 110 * MINUTE), ..Search::default() };
    let rows = search::posts(&hub, &viewer, &early, None, 50).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [14, 13]);
    let first = Search { folded: true, until: Some(MONDAY - 116 * MINUTE), ..Search::default() };
    assert_eq!(search::posts(&hub, &viewer, &first, None, 50).await.unwrap()[0].id, 2);
    all_is_well(&hub).await;
});

both_stores!(one_batch_groups_as_many_batches_do, |hub| async move {
    let (source, viewer) = ready(&hub).await;
    intake::receive(&hub, source, wave(12)).await.unwrap();
    let found = groups(&hub, &viewer, &[1, 14]).await.unwrap();
    assert_eq!((found[&1].posts, found[&1].people, found.len()), (13, 12, 1));
});

both_stores!(what_is_taken_back_or_reworded_leaves_its_group, |hub| async move {
    let (source, viewer) = ready(&hub).await;
    intake::receive(&hub, source, wave(3)).await.unwrap();
    let at = Some(Timestamp::from_microsecond(MONDAY).unwrap());
    let gone = Post { id: "0".into(), deleted_at: at, ..Post::default() };
    let other = Post {
        id: "1".into(),
        text: "I was wrong about that kettle and I am sorry for the alarm".into(),
        edited_at: at,
        ..Post::default()
    };
    intake::receive(&hub, source, vec![Item::post("x", gone), Item::post("x", other)]).await.unwrap();
    let found = groups(&hub, &viewer, &[1, 2, 3, 4]).await.unwrap();
    assert_eq!((found.get(&1), found.get(&2)), (None, None));
    assert_eq!(found[&3].posts, 2);
    let row = hub.db.one(Q::new("select count(*) as n from near_keys where post_id = 1")).await.unwrap();
    assert_eq!(row.get::<i64, _>("n").unwrap(), 0, "keys made of erased words go with them");
    all_is_well(&hub).await;
});

both_stores!(older_posts_get_their_prints, |hub| async move {
    let (source, viewer) = ready(&hub).await;
    intake::receive(&hub, source, wave(12)).await.unwrap();
    let before = groups(&hub, &viewer, &[1]).await.unwrap();
    let forget = ["delete from prints", "delete from near_keys", "insert into print_work values (0, 14)"];
    hub.sql(&forget.map(str::to_owned)).await;
    while catch_up(&hub).await.unwrap() {}
    assert_eq!(groups(&hub, &viewer, &[1]).await.unwrap(), before);
    assert!(!catch_up(&hub).await.unwrap());
});

both_stores!(what_a_thousand_begin_with_is_not_read_a_thousand_times, |hub| async move {
    ready(&hub).await;
    let mut tx = hub.tx().await;
    let rows = (1..=1_000_i64).flat_map(|post| [vec![7.into(), post.into()], vec![(1_000 + post).into(), post.into()]]);
    tx.insert("near_keys", &["key", "post_id"], rows.collect(), "").await.unwrap();
    let keys: Vec<i64> = (1..=2_000).collect();
    let mut found = Vec::new();
    for row in crate::near::newest_of(&mut tx, &keys).await.unwrap() {
        found.push((row.get::<i64, _>("key").unwrap(), row.get::<i64, _>("post_id").unwrap()));
    }
    found.sort_unstable();
    let common: Vec<_> = found.iter().filter(|(key, _)| *key == 7).map(|(_, post)| *post).collect();
    assert_eq!(common, (969..=1_000).collect::<Vec<_>>(), "the newest that are compared anyway");
    let rare: Vec<_> = found.into_iter().filter(|(key, _)| *key != 7).collect();
    assert_eq!(rare, (1..=1_000).map(|post| (1_000 + post, post)).collect::<Vec<_>>(), "all of the others");
});

#[test]
fn the_fullest_hour_counts_people_once() {
    let said = [(0, 1), (10, 1), (20, 2), (70, 3), (75, 4), (80, 5), (200, 6)];
    assert_eq!(fullest(&said, 60), Some((20, 80, 4)));
    assert_eq!(fullest(&[], 60), None);
}
