use super::{Count, Draft, Kind, add, archive, change, groups, read};
use crate::{
    Error, backfill, both_stores,
    fixture::{MINUTE, all_is_well, count, listen, post, ready, take},
    mark,
    search::{self, Search},
    testing::MONDAY,
};

both_stores!(people_stand_beside_posts_and_each_number_has_its_posts, |hub| async move {
    let (source, [lea, ana, vic]) = ready(&hub).await;
    take(&hub, source, vec![post(90, "old", -500, "An old Brell kettle")]).await;
    hub.clock.advance(MINUTE);
    let ours = listen(&hub, &lea, "Acme", "acme").await;
    let theirs = listen(&hub, &lea, "Brell", "brell").await;
    let draft = |name: &str, kind, queries: &[i64]| Draft { name: name.into(), kind, queries: queries.to_vec() };
    assert!(matches!(add(&hub, &ana, 2, &draft("A", Kind::Ours, &[ours])).await, Err(Error::Forbidden(_))));
    let brell = add(&hub, &lea, 1, &draft("Brell", Kind::Competitor, &[theirs])).await.unwrap();
    let acme = add(&hub, &lea, 1, &draft("Acme", Kind::Ours, &[ours])).await.unwrap();
    for wrong in [
        draft("Acme", Kind::Other, &[ours]),
        draft("", Kind::Other, &[ours]),
        draft("x", Kind::Other, &[]),
        draft("x", Kind::Other, &[77]),
    ] {
        assert!(matches!(add(&hub, &lea, 1, &wrong).await, Err(Error::Invalid { .. })), "{wrong:?}");
    }
    let said = vec![
        post(1, "jonas", 0, "My Acme leaks"),
        post(2, "jonas", 1, "My Acme leaks, still"),
        post(3, "jonas", 2, "Acme or Brell?"),
        post(4, "mia", 3, "Brell it is"),
        post(5, "tom", 4, "acme is also a word of Greek"),
    ];
    take(&hub, source, said).await;
    mark::mark(&hub, &lea, count(&hub, "select id from posts where remote_id = '5'").await, false).await.unwrap();
    let span = (MONDAY - 1440 * MINUTE, MONDAY);
    let voice = read(&hub, &vic, span).await.unwrap();
    let counts: Vec<_> = voice.groups.iter().map(|share| (share.group.name.as_str(), share.count)).collect();
    assert_eq!(counts, [("Acme", Count { posts: 3, people: 1 }), ("Brell", Count { posts: 2, people: 2 })]);
    assert_eq!(voice.any, Count { posts: 4, people: 2 }, "who speaks of both is one person");
    assert_eq!((voice.topics[0].name.as_str(), voice.topics[0].count), ("Leaks", Count { posts: 2, people: 1 }));
    assert_eq!((voice.sources[0].name.as_str(), voice.sources[0].posts), ("Shop reviews", 6));
    assert_eq!(voice.late.len(), 2, "neither heard what was said before");
    for (search, n) in [
        (Search { group: Some(acme), ..Search::default() }, 3),
        (Search { group: Some(brell), ..Search::default() }, 2),
        (Search { topic: Some("leak".into()), ..Search::default() }, 2),
    ] {
        let within = Search { since: Some(span.0), until: Some(span.1), ..search };
        assert_eq!(search::posts(&hub, &vic, &within, None, 50).await.unwrap().len(), n);
    }
    let id = backfill::start(&hub, &lea, theirs, None, Some(backfill::Decision::Mentions)).await.unwrap().id;
    backfill::settle(&hub, id, std::time::Duration::from_secs(10)).await.unwrap();
    let voice = read(&hub, &vic, span).await.unwrap();
    assert_eq!(
        (voice.groups[1].count, &voice.late[..]),
        (Count { posts: 3, people: 3 }, &[(ours, "Acme".to_owned())][..])
    );
    all_is_well(&hub).await;
    assert!(matches!(change(&hub, &lea, brell, 9, &draft("B", Kind::Other, &[ours])).await, Err(Error::Conflict(_))));
    change(&hub, &lea, brell, 1, &draft("Both", Kind::Other, &[ours, theirs])).await.unwrap();
    archive(&hub, &lea, acme).await.unwrap();
    let left = groups(&hub, &vic).await.unwrap();
    assert_eq!((left.len(), left[0].name.as_str(), left[0].queries.len(), left[0].version), (1, "Both", 2, 2));
    all_is_well(&hub).await;
});

both_stores!(a_corrected_topic_counts_as_corrected, |hub| async move {
    let (source, [lea, _, vic]) = ready(&hub).await;
    listen(&hub, &lea, "Acme", "acme").await;
    take(&hub, source, vec![post(1, "jonas", 0, "My Acme leaks")]).await;
    let span = (MONDAY - 1440 * MINUTE, MONDAY);
    let topics = || async { read(&hub, &vic, span).await.unwrap().topics.len() };
    assert_eq!(topics().await, 1);
    let judged = crate::case::Judged::Topic;
    let id = crate::case::correct(&hub, &lea, 1, 1, judged, &serde_json::json!([])).await.unwrap();
    assert_eq!(topics().await, 0);
    crate::case::uncorrect(&hub, &lea, 1, id).await.unwrap();
    assert_eq!(topics().await, 1);
});
