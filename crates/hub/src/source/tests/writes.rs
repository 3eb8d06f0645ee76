//! How little is written: there is one writer, and a thousand sources share it.

use super::*;
use crate::source::{
    poll::{LEASE, SPARE},
    schedule::{Room, Waiting},
};

/// Claims whatever is due and asks it; the writes of claiming, and of all the turns.
async fn turns(hub: &Hub, poller: &Poller) -> (usize, usize) {
    let before = hub.db.begun();
    let due = poller.claim(Room { well: 16, troubled: 4 }).await.unwrap();
    let claimed = hub.db.begun();
    for source in due {
        poller.turn(&source, SPARE, &Waiting::default()).await.unwrap();
    }
    (claimed - before, hub.db.begun() - claimed)
}

both_stores!(a_turn_is_one_write_whatever_comes_of_it, |hub| async move {
    let etag = "etag: \"one\"\r\n";
    let (url, _) = server(vec![
        answer("200 OK", etag, &feed(&["a", "b"])),
        answer("304 Not Modified", etag, ""),
        answer("200 OK", "", "this is no feed"),
        answer("200 OK", "etag: \"two\"\r\n", &feed(&["a", "b", "c"])),
    ])
    .await;
    let source = connect(&hub, "news", Kind::Feed, Some(url)).await;
    let poller = Poller::new(hub.hub.clone(), client());
    let mut stored = Vec::new();
    for what in ["posts", "nothing", "an error", "posts again"] {
        assert_eq!(turns(&hub, &poller).await, (1, 1), "{what}");
        let found = find(&hub, source.id).await.unwrap();
        stored.push((found.accounting.stored, found.errors_in_a_row));
        assert!(found.next_poll_at > Some(hub.now()), "{what}: its next turn is known");
        let free = "select count(*) as n from sources where lease_until is null";
        assert_eq!(hub.db.one(q!(free)).await.unwrap().get::<i64, _>("n").unwrap(), 1, "{what}: it is given back");
        hub.clock.advance(found.next_poll_at.unwrap() - hub.now());
    }
    assert_eq!(stored, [(2, 0), (2, 0), (2, 1), (3, 0)]);
    assert_eq!(turns(&hub, &poller).await, (1, 1));
    assert_eq!(turns(&hub, &poller).await, (0, 0), "where nobody is due nothing is written");
    assert!(check::run(&hub).await.unwrap().iter().all(|finding| finding.ok));
});

both_stores!(many_are_claimed_in_one_write_and_nobody_twice, |hub| async move {
    let (url, _) = server(vec![answer("200 OK", "", &feed(&["a"]))]).await;
    for number in 0..40 {
        connect(&hub, &format!("feed-{number}"), Kind::Feed, Some(url.clone())).await;
    }
    let room = Room { well: 16, troubled: 4 };
    let (one, other) = (Poller::new(hub.hub.clone(), client()), Poller::new(hub.hub.clone(), client()));
    let before = hub.db.begun();
    let (ours, theirs) = tokio::join!(one.claim(room), other.claim(room));
    assert_eq!(hub.db.begun() - before, 2);
    let mut claimed: Vec<i64> = ours.unwrap().into_iter().chain(theirs.unwrap()).map(|source| source.id).collect();
    claimed.sort_unstable();
    let all = claimed.len();
    claimed.dedup();
    assert_eq!(claimed.len(), all, "two that look at once never take the same");
    // A program that dies gives back what it held, after a while.
    assert_eq!(one.claim(Room { well: 100, troubled: 0 }).await.unwrap().len(), 40 - all);
    hub.clock.advance(LEASE);
    assert_eq!(one.claim(Room { well: 100, troubled: 0 }).await.unwrap().len(), 40);
});

both_stores!(where_others_wait_nobody_has_a_second_page_before_they_had_their_first, |hub| async move {
    let address = greedy().await;
    connect(&hub, "unit", Kind::Webhook, None).await;
    let source = fairness::place(&hub, &address, "s1", "t").await;
    let poller = Poller::new(hub.hub.clone(), client());
    poller.crowd.store(true, Ordering::Relaxed);
    assert_eq!(poller.turn(&source, SPARE, &Waiting::default()).await.unwrap().stored, 200);
    let found = find(&hub, source.id).await.unwrap();
    assert_eq!(found.next_poll_at, Some(hub.now()), "it is due again at once, behind those that wait");
    poller.crowd.store(false, Ordering::Relaxed);
    assert_eq!(poller.turn(&found, SPARE, &Waiting::default()).await.unwrap().stored, 300, "the rest in one go");
});

/// A demo network of 500 posts.
async fn greedy() -> String {
    let page = |head: &str| {
        let path = head.split_whitespace().nth(1).unwrap_or_default();
        let since: i64 = path.split_once("since=").and_then(|(_, id)| id.parse().ok()).unwrap_or(0);
        let posts: Vec<_> = (since + 1..=(since + 201).min(500)).map(fairness::post).collect();
        answer("200 OK", "", &Json::Array(posts).to_string())
    };
    fairness::serve(page).await
}
