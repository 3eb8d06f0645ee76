use std::time::Duration;

use super::{Decision, State, abandon, decide, find, list, pause, resume, settle, start, step};
use crate::{
    Error, Hub, both_stores,
    fixture::{MINUTE, all_is_well, count, listen, post, ready, take},
    intake::Item,
    query,
    testing::MONDAY,
};

/// 3 people say 5 things about kettles, 40 say something else.
fn stored() -> Vec<Item> {
    let mut items = vec![
        post(1, "jonas", 0, "My kettle leaks"),
        post(2, "jonas", 5, "The kettle, again: leaks"),
        post(3, "mia", 6, "Is this kettle safe?"),
        post(4, "tom", 7, "A kettle that sings"),
        post(5, "mia", -9000, "Bought a kettle"),
    ];
    items.extend((10..50).map(|n| post(n, &format!("p{n}"), 8, "Something else entirely")));
    items
}

async fn run(hub: &Hub, id: i64) {
    settle(hub, id, Duration::from_secs(20)).await.unwrap();
}

both_stores!(it_says_what_it_found_before_it_makes_anything, |hub| async move {
    let (source, [lea, ana, _]) = ready(&hub).await;
    take(&hub, source, stored()).await;
    let query = listen(&hub, &lea, "Kettles", "kettle").await;
    assert!(matches!(start(&hub, &ana, query, None, None).await, Err(Error::Forbidden(_))));
    let begun = start(&hub, &lea, query, None, None).await.unwrap();
    assert_eq!((begun.state, begun.looked, begun.version), (State::Looking, 0, 1));
    run(&hub, begun.id).await;
    let at = find(&hub, &lea, begun.id).await.unwrap();
    assert_eq!((at.state, at.looked, at.found, at.people), (State::Found, 45, 5, 3));
    assert_eq!(at.last_at.unwrap() - at.first_at.unwrap(), 9007 * MINUTE);
    assert_eq!(count(&hub, "select count(*) from mentions").await, 0, "nothing is made before somebody says so");
    all_is_well(&hub).await;
    decide(&hub, &lea, at.id, Decision::Cases).await.unwrap();
    assert!(matches!(decide(&hub, &lea, at.id, Decision::Leave).await, Err(Error::Conflict(_))));
    run(&hub, at.id).await;
    let done = find(&hub, &lea, at.id).await.unwrap();
    assert_eq!((done.state, done.made), (State::Done, 5));
    // Two of Jonas join in one; Mia's are days apart. What it said it would open is what it opened.
    let would: i64 = at.would.iter().map(|(_, cases)| cases).sum();
    assert_eq!((done.opened, would, count(&hub, "select count(*) from cases").await), (4, 4, 4));
    assert_eq!(at.would.iter().find(|(unit, _)| *unit == 2).map(|(_, cases)| *cases), Some(1), "leaks go to Repairs");
    all_is_well(&hub).await;
    // Once more: nothing is left to hear.
    let again = start(&hub, &lea, query, None, None).await.unwrap();
    run(&hub, again.id).await;
    let again = find(&hub, &lea, again.id).await.unwrap();
    assert_eq!((again.state, again.found, list(&hub, &lea, Some(query), 9).await.unwrap().len()), (State::Done, 0, 2));
});

both_stores!(counted_only_it_opens_nothing_and_left_it_makes_nothing, |hub| async move {
    let (source, [lea, ..]) = ready(&hub).await;
    take(&hub, source, stored()).await;
    let query = listen(&hub, &lea, "Kettles", "kettle").await;
    let left = start(&hub, &lea, query, None, None).await.unwrap().id;
    run(&hub, left).await;
    decide(&hub, &lea, left, Decision::Leave).await.unwrap();
    assert_eq!(find(&hub, &lea, left).await.unwrap().state, State::Left);
    assert_eq!(count(&hub, "select count(*) from mentions").await, 0);
    all_is_well(&hub).await;
    let counted = start(&hub, &lea, query, Some(MONDAY - 1440 * MINUTE), None).await.unwrap().id;
    run(&hub, counted).await;
    decide(&hub, &lea, counted, Decision::Mentions).await.unwrap();
    run(&hub, counted).await;
    let done = find(&hub, &lea, counted).await.unwrap();
    assert_eq!(
        (done.state, done.found, done.made, done.opened),
        (State::Done, 4, 4, 0),
        "the one of last week is left out"
    );
    assert_eq!(count(&hub, "select count(*) from cases").await, 0);
    assert_eq!(query::heard(&hub).await.unwrap()[&query].posts, 4);
    all_is_well(&hub).await;
    // A later post of such a thread still opens a case as any other would.
    let mut answer = post(60, "tom", 30, "The kettle stopped to sing");
    if let Ok(post) = &mut answer.content {
        post.in_reply_to = Some("4".into());
    }
    take(&hub, source, vec![answer]).await;
    assert_eq!(count(&hub, "select count(*) from cases").await, 1);
    all_is_well(&hub).await;
});

both_stores!(it_rests_goes_on_and_is_given_up, |hub| async move {
    let (source, [lea, _, vic]) = ready(&hub).await;
    let many = (0..2300).map(|n| post(n, &format!("p{}", n % 700), 8, &format!("kettle number {n}"))).collect();
    take(&hub, source, many).await;
    let query = listen(&hub, &lea, "Kettles", "kettle").await;
    let id = start(&hub, &lea, query, None, None).await.unwrap().id;
    assert!(step(&hub).await.unwrap());
    let one = find(&hub, &vic, id).await.unwrap();
    assert_eq!((one.looked, one.found), (1000, 1000));
    assert!((one.share - 1000.0 / 2300.0).abs() < 1e-9);
    pause(&hub, &lea, id).await.unwrap();
    assert!(!step(&hub).await.unwrap(), "what rests does nothing");
    assert!(matches!(pause(&hub, &lea, id).await, Err(Error::Conflict(_))));
    assert!(matches!(resume(&hub, &vic, id).await, Err(Error::Forbidden(_))));
    resume(&hub, &lea, id).await.unwrap();
    // Another program on the same database (after a restart, say) goes on where this one stopped, and both at once do
    // each batch once.
    let other = Hub::with(hub.db.clone(), hub.clock.clone(), hub.random.clone());
    let (one, two) = tokio::join!(step(&hub), step(&other));
    assert!(one.unwrap() && two.unwrap());
    run(&other, id).await;
    let all = find(&hub, &lea, id).await.unwrap();
    assert_eq!((all.state, all.looked, all.found, all.people), (State::Found, 2300, 2300, 700));
    decide(&hub, &lea, id, Decision::Mentions).await.unwrap();
    assert!(step(&hub).await.unwrap());
    abandon(&hub, &lea, id).await.unwrap();
    assert!(!step(&hub).await.unwrap());
    let gone = find(&hub, &lea, id).await.unwrap();
    assert_eq!(
        (gone.state, gone.made, count(&hub, "select count(*) from mentions").await),
        (State::Abandoned, 128, 128)
    );
    all_is_well(&hub).await;
});

both_stores!(a_changed_query_ends_it, |hub| async move {
    let (source, [lea, ..]) = ready(&hub).await;
    take(&hub, source, stored()).await;
    let query = listen(&hub, &lea, "Kettles", "kettle").await;
    let id = start(&hub, &lea, query, None, None).await.unwrap().id;
    query::change(&hub, &lea, query, 1, "kettle leaks", &[], "").await.unwrap();
    assert!(step(&hub).await.unwrap());
    assert_eq!(find(&hub, &lea, id).await.unwrap().state, State::Abandoned);
    let next = start(&hub, &lea, query, None, Some(Decision::Cases)).await.unwrap().id;
    run(&hub, next).await;
    let next = find(&hub, &lea, next).await.unwrap();
    assert_eq!((next.state, next.version, next.made), (State::Done, 2, 2));
    all_is_well(&hub).await;
});

both_stores!(references_and_judgements_are_heard, |hub| async move {
    let (source, [lea, ..]) = ready(&hub).await;
    take(&hub, source, stored()).await;
    listen(&hub, &lea, "Ours", "kettle").await;
    let leaks = listen(&hub, &lea, "Leaks", "query:Ours topic:leak source:\"Shop reviews\" -is:ours").await;
    let id = start(&hub, &lea, leaks, None, Some(Decision::Mentions)).await.unwrap().id;
    run(&hub, id).await;
    assert_eq!(find(&hub, &lea, id).await.unwrap().made, 2);
    // A query that another refers to changes: the other hears by it from the next post on.
    let ours = query::list(&hub).await.unwrap().into_iter().find(|query| query.name == "Ours").unwrap();
    query::change(&hub, &lea, ours.id, 1, "teapot", &[], "").await.unwrap();
    take(&hub, source, vec![post(70, "zoe", 50, "My teapot leaks"), post(71, "zoe", 51, "My kettle leaks too")]).await;
    let sql = format!("select count(*) from mention_queries where query_id = {leaks}");
    assert_eq!(count(&hub, &sql).await, 3);
    all_is_well(&hub).await;
});

both_stores!(traffic_goes_on_meanwhile_and_nothing_is_heard_twice, |hub| async move {
    let (source, [lea, ..]) = ready(&hub).await;
    take(&hub, source, (0..1500).map(|n| post(n, &format!("p{n}"), 8, "kettle")).collect()).await;
    let query = listen(&hub, &lea, "Kettles", "kettle").await;
    let id = start(&hub, &lea, query, None, Some(Decision::Mentions)).await.unwrap().id;
    let traffic = {
        let hub = hub.hub.clone();
        tokio::spawn(async move {
            for n in 0..20 {
                take(&hub, source, (0..10).map(|m| post(5000 + n * 10 + m, "zoe", 9, "a kettle")).collect()).await;
            }
        })
    };
    run(&hub, id).await;
    traffic.await.unwrap();
    run(&hub, id).await;
    assert_eq!(find(&hub, &lea, id).await.unwrap().state, State::Done);
    let sql = format!("select count(*) from mention_queries where query_id = {query}");
    assert_eq!(count(&hub, &sql).await, 1700);
    assert_eq!(count(&hub, "select count(*) from mentions").await, 1700);
    all_is_well(&hub).await;
});
