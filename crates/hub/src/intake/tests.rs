mod together;

use dandelion_post::{Author, Network, Post, Refusal};
use jiff::Timestamp;

use super::{Accounting, Item, receive};
use crate::{
    Hub, both_stores, check,
    log::{Actor, Entry},
    query,
    source::{self, Kind, NewSource},
    store::{Q, q},
    testing::MONDAY,
    unit,
};

const ORG: &str = r#"
[organisation]
name = "Test"
time_zone = "UTC"
languages = ["en"]
[[unit]]
key = "head"
name = "Head office"
kind = "hub"
[[unit]]
key = "repairs"
name = "Repairs"
kind = "spoke"
parent = "head"
[[topic]]
key = "leak"
name = "Leaks"
unit = "repairs"
words = ["leak*"]
[[handle]]
key = "care"
network = "demo"
name = "@acme_care"
unit = "head"
purpose = "care"
[targets]
first_response = "4h"
"#;

const QUERIES: &str = r#"
[[query]]
name = "Kettles"
unit = "head"
text = "kettle"
"#;

/// A hub with an organisation, a query and one source of the demo network.
async fn ready(hub: &Hub) -> i64 {
    unit::import(hub, Actor::System("test"), ORG).await.unwrap();
    query::import(hub, Actor::System("test"), &dandelion_listen::queries::read(QUERIES).unwrap()).await.unwrap();
    another(hub, "one").await
}

async fn another(hub: &Hub, key: &str) -> i64 {
    let new = NewSource {
        key: key.into(),
        name: key.into(),
        kind: Kind::Webhook,
        network: "demo".into(),
        unit: None,
        url: None,
    };
    source::add_as(hub, Actor::System("test"), &new).await.unwrap().id
}

fn post(id: &str, text: &str) -> Post {
    Post {
        id: id.into(),
        text: text.into(),
        created_at: Some(Timestamp::from_microsecond(MONDAY - 1_000_000_000).unwrap()),
        author: Some(Author { handle: Some("jonas".into()), ..Author::default() }),
        ..Post::default()
    }
}

fn by(handle: &str, post: Post) -> Post {
    Post { author: Some(Author { handle: Some(handle.into()), ..Author::default() }), ..post }
}

fn answer(to: &str, post: Post) -> Post {
    Post { in_reply_to: Some(to.into()), ..post }
}

fn edited(minute: i64, post: Post) -> Post {
    Post { edited_at: Some(Timestamp::from_microsecond(MONDAY + minute * 60_000_000).unwrap()), ..post }
}

fn deletion(id: &str) -> Post {
    Post { id: id.into(), deleted_at: Some(Timestamp::from_microsecond(MONDAY).unwrap()), ..Post::default() }
}

async fn take(hub: &Hub, source: i64, posts: &[Post]) -> Accounting {
    let items = posts.iter().enumerate().map(|(n, post)| Item::post(format!("item {n}"), post.clone())).collect();
    receive(hub, source, items).await.unwrap()
}

async fn count(hub: &Hub, sql: &'static str) -> i64 {
    hub.db.one(Q::new(sql)).await.unwrap().get(0).unwrap()
}

async fn all_is_well(hub: &Hub) {
    for finding in check::run(hub).await.unwrap() {
        assert!(finding.ok, "{}: {}", finding.what, finding.says);
    }
}

/// Every order of `n` things (Heap's algorithm).
fn orders(n: usize) -> Vec<Vec<usize>> {
    fn heap(k: usize, order: &mut Vec<usize>, all: &mut Vec<Vec<usize>>) {
        if k <= 1 {
            all.push(order.clone());
            return;
        }
        for i in 0..k {
            heap(k - 1, order, all);
            order.swap(if k.is_multiple_of(2) { i } else { 0 }, k - 1);
        }
    }
    let mut all = Vec::new();
    heap(n, &mut (0..n).collect(), &mut all);
    all
}

both_stores!(what_is_seen_is_accounted_for, |hub| async move {
    let source = ready(&hub).await;
    let mut items: Vec<Item> = (0..40)
        .map(|n| Item::post(format!("line {n}"), post(&n.to_string(), &format!("my kettle, part {n}"))))
        .collect();
    items.push(Item::post("line 40", post("3", "my kettle, part 3")));
    items.push(Item::post("line 41", post("", "no id")));
    items.push(Item::refused("line 42", Refusal::new("json", "broken", "{"), "{\0".into()));
    let first = receive(&hub, source, items.clone()).await.unwrap();
    assert_eq!(first.to_string(), "seen 43 = stored 40 + duplicate 1 + refused 2");
    let again = receive(&hub, source, items).await.unwrap();
    assert_eq!(again.to_string(), "seen 43 = stored 0 + duplicate 41 + refused 2");
    assert_eq!(source::find(&hub, source).await.unwrap().accounting.seen, 86);
    assert_eq!(count(&hub, "select count(*) from posts").await, 40);
    all_is_well(&hub).await;
});

both_stores!(every_mention_is_in_a_case_of_one_unit, |hub| async move {
    let source = ready(&hub).await;
    let posts: Vec<Post> = (0..700)
        .map(|n| by(&format!("p{n}"), post(&n.to_string(), if n % 3 == 0 { "lovely day" } else { "my kettle leaks" })))
        .collect();
    assert_eq!(take(&hub, source, &posts).await.stored, 700);
    assert_eq!(count(&hub, "select count(*) from mentions").await, 466);
    assert_eq!(
        count(&hub, "select count(*) from cases c join units u on u.id = c.unit_id where u.key = 'repairs'").await,
        466
    );
    assert_eq!(count(&hub, "select count(*) from mention_queries").await, 466);
    assert_eq!(count(&hub, "select count(*) from targets").await, 466);
    all_is_well(&hub).await;
});

both_stores!(threads_join_whatever_comes_first, |hub| async move {
    let source = ready(&hub).await;
    for (n, order) in orders(4).into_iter().enumerate() {
        let id = |k: usize| format!("{n}-{k}");
        // 0 ← 1 ← 2 and 0 ← 3; the first and the third speak of the kettle, each by somebody else.
        let posts = [
            by("a", post(&id(0), "my kettle leaks")),
            by("b", answer(&id(0), post(&id(1), "mine as well"))),
            by("c", answer(&id(1), post(&id(2), "which kettle is it"))),
            by("d", answer(&id(0), post(&id(3), "hello"))),
        ];
        for k in order {
            // Three days between the orders, so that the same person's next thread is another matter.
            let mut post = posts[k].clone();
            post.created_at = Some(Timestamp::from_microsecond(MONDAY - n as i64 * 400_000_000_000).unwrap());
            take(&hub, source, &[post]).await;
        }
    }
    let sql = "select max(n) from (select count(distinct thread_id) as n from posts group by substr(remote_id, 1, length(remote_id) - 2)) t";
    assert_eq!(count(&hub, sql).await, 1, "each conversation is one thread");
    assert_eq!(count(&hub, "select count(distinct thread_id) from posts").await, 24);
    assert_eq!(count(&hub, "select count(*) from cases where state <> 'merged'").await, 24);
    all_is_well(&hub).await;
});

both_stores!(who_answers_our_reply_is_in_its_case, |hub| async move {
    let source = ready(&hub).await;
    take(&hub, source, &[post("1", "my kettle leaks"), by("mia", post("2", "a kettle for two"))]).await;
    let mut tx = hub.tx().await;
    tx.run(q!("insert into members (id, key, name, email, created_at) values (1, 'ana', 'Ana', 'ana', 0)"))
        .await
        .unwrap();
    let sql = "insert into replies (id, case_id, post_id, handle_id, member_id, text, state, key, version, created_at,
          changed_at, attempts, sent_at, remote_id)
        select 1, c.id, p.id, h.id, 1, 'which one is it?', 'sent', 'k', 1, 0, 0, 1, 0, 'ours-77'
        from posts p join case_threads ct on ct.thread_id = p.thread_id join cases c on c.id = ct.case_id, handles h
        where p.remote_id = '1' and h.key = 'care'";
    assert_eq!(tx.run(q!(sql)).await.unwrap(), 1);
    for sql in [
        "insert into reply_steps (id, reply_id, state, version, at, reason) values (1, 1, 'sent', 1, 0, '')",
        "insert into reply_attempts (id, reply_id, number, key, started_at, finished_at, result) values (1, 1, 1, 'k', 0, 0, 'sent')",
    ] {
        tx.run(q!(sql)).await.unwrap();
    }
    tx.log(Entry::new("reply.sent", "reply", 1));
    tx.commit().await.unwrap();
    // No word of theirs is listened for, and it names only what we published.
    take(&hub, source, &[answer("ours-77", post("3", "the blue one"))]).await;
    let same = "select count(distinct thread_id) from posts where remote_id in ('1', '3')";
    assert_eq!(count(&hub, same).await, 1);
    // Another network counts for itself.
    take(&hub, source, &[Post { network: Some(Network::new("other").unwrap()), ..answer("ours-77", post("4", "no")) }])
        .await;
    assert_eq!(count(&hub, "select count(distinct thread_id) from posts").await, 3);
    assert_eq!(count(&hub, "select count(*) from cases").await, 2);
    all_is_well(&hub).await;
});

both_stores!(edits_and_deletions_come_in_any_order, |hub| async move {
    let source = ready(&hub).await;
    for (n, order) in orders(4).into_iter().enumerate() {
        let id = format!("e{n}");
        let versions = [
            post(&id, "my kettle drips"),
            edited(1, post(&id, "my kettle leaks")),
            edited(2, post(&id, "my kettle leaks badly")),
            edited(2, post(&id, "my kettle leaks badly")),
        ];
        let mut total = Accounting::default();
        for k in &order {
            total += take(&hub, source, &[versions[*k].clone()]).await;
        }
        assert_eq!(total.to_string(), "seen 4 = stored 3 + duplicate 1 + refused 0", "{order:?}");
        let row = hub.db.one(q!("select text, id from posts where remote_id = $1", &id)).await.unwrap();
        assert_eq!(row.get::<String, _>("text").unwrap(), "my kettle leaks badly", "{order:?}");
        let revisions = q!("select count(*) as n from revisions where post_id = $1", row.get::<i64, _>("id").unwrap());
        assert_eq!(hub.db.one(revisions).await.unwrap().get::<i64, _>("n").unwrap(), 2);
    }
    for (n, order) in orders(3).into_iter().enumerate() {
        let id = format!("d{n}");
        let events = [post(&id, "my kettle drips"), edited(1, post(&id, "my secret kettle")), deletion(&id)];
        for k in order {
            take(&hub, source, &[events[k].clone()]).await;
        }
        let row = hub.db.one(q!("select text, deleted_at from posts where remote_id = $1", &id)).await.unwrap();
        assert_eq!(row.get::<String, _>("text").unwrap(), "");
        assert!(row.get::<Option<i64>, _>("deleted_at").unwrap().is_some());
    }
    // The words of what was deleted are nowhere any more.
    assert_eq!(count(&hub, "select count(*) from revisions where text like '%secret%'").await, 0);
    assert_eq!(count(&hub, "select count(*) from analyses where body like '%secret%'").await, 0);
    assert_eq!(count(&hub, "select count(*) from cases where title like '%secret%'").await, 0);
    all_is_well(&hub).await;
});

both_stores!(one_batch_may_hold_a_whole_life, |hub| async move {
    let source = ready(&hub).await;
    let life = [
        post("1", "my kettle leaks"),
        by("acme_care", answer("1", post("2", "we are sorry, a new one comes"))),
        answer("2", post("3", "works now, thanks!")),
        edited(1, post("1", "my kettle leaked")),
        deletion("9"),
        post("9", "gone before it came"),
    ];
    assert_eq!(take(&hub, source, &life).await.to_string(), "seen 6 = stored 6 + duplicate 0 + refused 0");
    assert_eq!(count(&hub, "select count(*) from cases").await, 1);
    assert_eq!(count(&hub, "select count(*) from posts where ours").await, 1);
    all_is_well(&hub).await;
});

both_stores!(our_own_posts_never_become_a_customers, |hub| async move {
    let source = ready(&hub).await;
    take(&hub, source, &[by("ACME_care", post("1", "buy our kettle")), by("@acme_care", post("2", "kettle kettle"))])
        .await;
    assert_eq!(count(&hub, "select count(*) from mentions").await, 0);
    assert_eq!(count(&hub, "select count(*) from cases").await, 0);
    assert_eq!(count(&hub, "select count(*) from posts where ours").await, 2);
});

both_stores!(addressed_to_us_is_a_mention_without_any_query, |hub| async move {
    let source = ready(&hub).await;
    take(&hub, source, &[post("1", "hello @Acme_Care, anybody there?")]).await;
    assert_eq!(count(&hub, "select count(*) from mentions where reason = 'handle'").await, 1);
    assert_eq!(count(&hub, "select count(*) from cases").await, 1);
});

both_stores!(the_same_person_soon_after_is_the_same_matter, |hub| async move {
    let source = ready(&hub).await;
    take(&hub, source, &[post("1", "my kettle leaks")]).await;
    take(&hub, source, &[post("2", "is anybody there? the kettle leaks")]).await;
    assert_eq!(count(&hub, "select count(*) from cases").await, 1);
    assert_eq!(count(&hub, "select count(*) from case_threads").await, 2);
    take(&hub, source, &[by("mia", post("3", "my kettle leaks"))]).await;
    assert_eq!(count(&hub, "select count(*) from cases").await, 2);
    all_is_well(&hub).await;
});

both_stores!(two_sources_bringing_the_same_at_once_store_it_once, |hub| async move {
    let one = ready(&hub).await;
    let two = another(&hub, "two").await;
    let posts: Vec<Post> =
        (0..100).map(|n| by(&format!("p{}", n % 7), post(&n.to_string(), &format!("kettle {n}")))).collect();
    let task = |source: i64| {
        let (hub, posts): (Hub, Vec<Post>) = (hub.hub.clone(), posts.clone());
        tokio::spawn(async move {
            let mut total = Accounting::default();
            for chunk in posts.chunks(9) {
                total += take(&hub, source, chunk).await;
            }
            total
        })
    };
    let (a, b) = tokio::join!(task(one), task(two));
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!((a.seen, b.seen, a.stored + b.stored, a.duplicate + b.duplicate), (100, 100, 100, 100));
    assert_eq!(count(&hub, "select count(*) from posts").await, 100);
    all_is_well(&hub).await;
});

both_stores!(a_failing_batch_leaves_nothing, |hub| async move {
    let source = ready(&hub).await;
    let before = source::find(&hub, source).await.unwrap().accounting;
    let prepared = crate::intake::Prepared::new(
        hub.engine().await.unwrap(),
        &crate::intake::Origin::default(),
        vec![Item::post("1", post("1", "kettle"))],
        hub.now(),
    );
    assert!(crate::intake::store(&hub, 999, prepared, None).await.is_err());
    assert_eq!(count(&hub, "select count(*) from posts").await, 0);
    assert_eq!(source::find(&hub, source).await.unwrap().accounting, before);
});

both_stores!(a_batch_prepared_before_a_query_was_made_is_heard_by_it, |hub| async move {
    let source = ready(&hub).await;
    let items = vec![Item::post("1", post("1", "the samovar whistles"))];
    let origin = crate::intake::Origin::default();
    let prepared = crate::intake::Prepared::new(hub.engine().await.unwrap(), &origin, items, hub.now());
    let made = "[[query]]\nname = \"Samovars\"\nunit = \"head\"\ntext = \"samovar\"\n";
    query::import(&hub, Actor::System("test"), &dandelion_listen::queries::read(made).unwrap()).await.unwrap();
    let counted = crate::intake::store(&hub, source, prepared, None).await.unwrap();
    assert_eq!((counted.seen, counted.stored), (1, 1));
    assert_eq!(count(&hub, "select count(*) from mention_queries").await, 1);
    all_is_well(&hub).await;
});
