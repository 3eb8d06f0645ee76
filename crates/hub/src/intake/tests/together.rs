//! Batches of many that are stored in one transaction: each is counted as if it came alone.

use std::time::Duration;

use tokio::task::JoinSet;

use super::*;
use crate::{
    Error,
    intake::{Origin, Prepared, store, store::BREAKS},
    log::hold,
    testing::TestHub,
};

async fn prepared(hub: &Hub, posts: &[Post]) -> Prepared {
    let items = posts.iter().map(|post| Item::post("a test", post.clone())).collect();
    Prepared::new(hub.engine().await.unwrap(), &Origin::default(), items, hub.now())
}

/// Has all of these brought while nobody may write, and then stored; what became of each.
async fn at_once(hub: &TestHub, batches: Vec<(i64, Vec<Post>)>) -> Vec<Result<Accounting, Error>> {
    let mut held = hub.tx().await;
    hold(&mut held).await.unwrap();
    let (mut tasks, count) = (JoinSet::new(), batches.len());
    for (at, (source, posts)) in batches.into_iter().enumerate() {
        let (prepared, hub) = (prepared(hub, &posts).await, hub.hub.clone());
        tasks.spawn(async move { (at, store(&hub, source, prepared, None).await) });
    }
    while hub.gate.brought() < count {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(held);
    let mut done = tasks.join_all().await;
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, done)| done).collect()
}

async fn thirty(hub: &Hub) -> Vec<i64> {
    let mut sources = vec![ready(hub).await];
    for number in 1..30 {
        sources.push(another(hub, &format!("source-{number}")).await);
    }
    sources
}

fn own(source: i64, number: i64) -> Post {
    by(&format!("who-{source}"), post(&format!("{source}-{number}"), &format!("kettle {number} of {source} drips")))
}

both_stores!(what_waits_is_stored_together_and_counted_apart, |hub| async move {
    let sources = thirty(&hub).await;
    let batches = sources.iter().map(|source| (*source, (0..*source % 4).map(|n| own(*source, n)).collect())).collect();
    for (source, done) in sources.iter().zip(at_once(&hub, batches).await) {
        assert_eq!(done.unwrap().stored, source % 4);
        let found = source::find(&hub, *source).await.unwrap();
        assert_eq!((found.accounting.seen, found.accounting.stored), (source % 4, source % 4));
    }
    let groups = hub.gate.groups();
    assert_eq!(groups.iter().sum::<usize>(), 30, "{groups:?}");
    assert!(groups.len() <= 6, "those that waited were stored together: {groups:?}");
    // Whoever brought something stands in the log for it, and for what it became.
    let odd = "select count(*) from events e join posts p on p.source_id = e.noun_id
               where e.kind = 'posts.received' and e.actor <> 'source:' || p.source_id";
    assert_eq!(count(&hub, odd).await, 0);
    let opened =
        "select count(*) from events e join cases c on c.id = e.noun_id join posts p on p.author_id = c.author_id
                  where e.kind = 'case.opened' and e.actor = 'source:' || p.source_id";
    assert_eq!(count(&hub, opened).await, count(&hub, "select count(*) from posts").await);
    all_is_well(&hub).await;
});

both_stores!(one_that_cannot_be_stored_takes_no_other_with_it, |hub| async move {
    let sources = thirty(&hub).await;
    let batches: Vec<_> = sources.iter().chain([&999]).map(|source| (*source, vec![own(*source, 1)])).collect();
    let mut done = at_once(&hub, batches).await;
    assert!(matches!(done.pop(), Some(Err(Error::NotFound { .. }))));
    assert!(done.into_iter().all(|done| done.unwrap().stored == 1));
    assert_eq!(count(&hub, "select count(*) from posts").await, 30);
    all_is_well(&hub).await;
});

both_stores!(one_that_breaks_storing_down_takes_no_other_with_it, |hub| async move {
    let sources = thirty(&hub).await;
    let mut held = hub.tx().await;
    hold(&mut held).await.unwrap();
    let mut tasks = JoinSet::new();
    for source in &sources {
        let (hub, source) = (hub.hub.clone(), *source);
        let mut items = vec![Item::post("1", own(source, 1))];
        if source == 7 {
            let refusal = Refusal::new("json", "broken", "");
            items.push(Item::refused(BREAKS, refusal, String::new()));
        }
        tasks.spawn(async move { (source, receive(&hub, source, items).await) });
    }
    while hub.gate.brought() < 30 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(held);
    for (source, done) in tasks.join_all().await {
        match done {
            Ok(count) => assert_eq!((count.stored, source != 7), (1, true)),
            Err(error) => assert!(source == 7 && error.to_string().contains("broke down"), "{source}: {error}"),
        }
    }
    assert_eq!(count(&hub, "select count(*) from posts").await, 29);
    assert_eq!(take(&hub, 7, &[own(7, 1)]).await.stored, 1, "the writer goes on");
    all_is_well(&hub).await;
});

both_stores!(the_same_post_of_many_at_once_is_stored_once_and_its_edit_as_one, |hub| async move {
    let sources = thirty(&hub).await;
    let batches = sources
        .iter()
        .enumerate()
        .map(|(at, source)| {
            let same = post("same", "the kettle drips");
            let same = if at < 20 { same } else { edited(5, Post { text: "the kettle drips no more".into(), ..same }) };
            (*source, vec![own(*source, 1), answer("same", own(*source, 2)), same])
        })
        .collect();
    let mut total = Accounting::default();
    for done in at_once(&hub, batches).await {
        total += done.unwrap();
    }
    assert_eq!((total.seen, total.stored, total.duplicate), (90, 62, 28));
    assert_eq!(count(&hub, "select count(*) from posts where remote_id = 'same'").await, 1);
    let newest = "select count(*) from posts where remote_id = 'same' and text like '%no more'";
    assert_eq!(count(&hub, newest).await, 1);
    assert_eq!(count(&hub, "select count(distinct thread_id) from posts where in_reply_to = 'same'").await, 1);
    all_is_well(&hub).await;
});

both_stores!(what_is_known_of_an_author_is_put_together_from_all_that_came, |hub| async move {
    let sources = thirty(&hub).await;
    let named = |source: i64, followers, name: Option<&str>| {
        let author = Author { handle: Some("mia".into()), followers, name: name.map(Into::into), ..Author::default() };
        (source, vec![Post { author: Some(author), ..post(&source.to_string(), "rain") }])
    };
    let mut batches: Vec<_> = sources[2..].iter().map(|source| named(*source, None, None)).collect();
    batches.insert(10, named(sources[0], Some(12), None));
    batches.insert(20, named(sources[1], None, Some("Mia")));
    at_once(&hub, batches).await.into_iter().for_each(|done| assert_eq!(done.unwrap().stored, 1));
    assert_eq!(count(&hub, "select count(*) from authors where followers = 12 and name = 'Mia'").await, 1);
    assert_eq!(count(&hub, "select count(*) from authors").await, 1);
});

both_stores!(what_was_brought_is_stored_also_where_nobody_waits_for_the_answer, |hub| async move {
    let sources = thirty(&hub).await;
    let mut held = hub.tx().await;
    hold(&mut held).await.unwrap();
    let mut tasks = JoinSet::new();
    for source in sources {
        let (prepared, hub) = (prepared(&hub, &[own(source, 1)]).await, hub.hub.clone());
        tasks.spawn(async move { store(&hub, source, prepared, None).await });
    }
    while hub.gate.brought() < 30 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tasks.shutdown().await;
    drop(held);
    let all = async {
        while count(&hub, "select count(*) from posts").await < 30 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), all).await.expect("all are stored");
    all_is_well(&hub).await;
});
