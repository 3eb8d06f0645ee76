mod following;

use dandelion_networks::activitypub::{self, signature::Way};
use dandelion_networks::outgoing::testing::loopback;
use dandelion_post::timestamp;
use serde_json::{Value, json};
use url::Url;

use super::{
    Actor, Deliverer, NewActor, all, follow, followers, inboxes, keep_knocks, knock, make, moved, recall_knocks,
    undelivered, unfollow,
};
use crate::{
    Error, both_stores,
    fixture::{all_is_well, ready},
    log,
    store::q,
    testing::TestHub,
    unit::Org,
    vault,
};

fn asked(by: &activitypub::Actor) -> Value {
    json!({ "id": format!("{}#follow", by.id), "type": "Follow", "actor": by.id, "object": "https://care.example/actors/care" })
}

fn somebody(name: &str, server: &str) -> activitypub::Actor {
    let id = format!("https://{server}/users/{name}");
    let document = json!({ "id": id, "inbox": format!("{id}/inbox"), "endpoints": { "sharedInbox": format!("https://{server}/inbox") } });
    activitypub::Actor::read(&document).expect("an actor")
}

both_stores!(an_actor_is_made_once_and_followed, |hub| async move {
    ready(&hub).await;
    let base = Url::parse("https://care.example/").unwrap();
    let unit = Org::load(&hub.db).await.unwrap().hub().expect("a hub").id;
    let new = |name: &str| NewActor { name: name.into(), label: "Acme Care".into(), unit };
    let by = || log::Actor::System("test");
    for wrong in ["", "a b", "ä", "a/b", &"x".repeat(31)] {
        assert!(matches!(make(&hub, by(), &base, &new(wrong)).await, Err(Error::Invalid { .. })), "{wrong}");
    }
    let actor = make(&hub, by(), &base, &new("@Care")).await.unwrap();
    assert_eq!(
        (actor.ours.id.as_str(), actor.handle.name.as_str()),
        ("https://care.example/actors/care", "@care@care.example")
    );
    assert!(actor.handle.config.secret.as_deref().is_some_and(vault::is_sealed));
    let again = make(&hub, by(), &base, &new("care")).await.unwrap();
    assert_eq!((again.handle.id, again.source.id), (actor.handle.id, actor.source.id));
    let pem = actor.signer(&hub).unwrap().keys.public_pem();
    assert_eq!(again.signer(&hub).unwrap().keys.public_pem(), pem, "the key stays");
    assert_eq!(
        actor.ours.document(&base, &actor.signer(&hub).unwrap().keys)["publicKey"]["publicKeyPem"],
        pem.as_str()
    );
    // Reached by another address it is not this actor.
    assert!(all(&hub, &Url::parse("https://other.example/").unwrap()).await.unwrap().is_empty());

    let (ana, bob) = (somebody("ana", "a.example"), somebody("bob", "a.example"));
    for who in [&ana, &bob, &ana] {
        follow(&hub, &actor, who, &asked(who)).await.unwrap();
    }
    assert_eq!(followers(&hub.db, actor.handle.id).await.unwrap(), 2);
    assert_eq!(inboxes(&hub.db, actor.handle.id).await.unwrap(), ["https://a.example/inbox"]);
    assert_eq!(moved(&hub, &actor, &ana.id, &somebody("ana", "b.example")).await.unwrap(), 1);
    assert_eq!(
        inboxes(&hub.db, actor.handle.id).await.unwrap(),
        ["https://a.example/inbox", "https://b.example/inbox"]
    );
    assert_eq!(
        moved(&hub, &actor, &bob.id, &somebody("ana", "b.example")).await.unwrap(),
        1,
        "who is there already is there once"
    );
    assert_eq!(followers(&hub.db, actor.handle.id).await.unwrap(), 1);
    unfollow(&hub, &actor, "https://b.example/users/ana").await.unwrap();
    unfollow(&hub, &actor, "https://b.example/users/ana").await.unwrap();
    assert_eq!(followers(&hub.db, actor.handle.id).await.unwrap(), 0);
    assert_eq!(actor.note(&hub, "nothing").await.unwrap(), None);
    all_is_well(&hub).await;
});

/// An organisation with an actor that speaks for it.
async fn speaking(hub: &TestHub) -> Actor {
    ready(hub).await;
    let base = Url::parse("https://care.example/").unwrap();
    let unit = Org::load(&hub.db).await.unwrap().hub().expect("a hub").id;
    let new = NewActor { name: "care".into(), label: "Acme Care".into(), unit };
    make(hub, log::Actor::System("test"), &base, &new).await.unwrap()
}

/// A server that takes nothing in any more: its address, which nobody listens at.
async fn down() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("127.0.0.1:{}", listener.local_addr().unwrap().port())
}

both_stores!(whoever_follows_is_told_so_until_they_have_heard_it, |hub| async move {
    let actor = speaking(&hub).await;
    let at = down().await;
    let somebody = |name: &str| {
        let id = format!("http://{at}/users/{name}");
        activitypub::Actor::read(&json!({ "id": id, "inbox": format!("{id}/inbox") })).expect("an actor")
    };
    let (ana, bob) = (somebody("ana"), somebody("bob"));
    for who in [&ana, &bob, &ana] {
        follow(&hub, &actor, who, &asked(who)).await.unwrap();
    }
    let waiting = || async { undelivered(&hub.db, actor.handle.id).await.unwrap() };
    assert_eq!((waiting().await.waiting, waiting().await.late), (2, 0), "who asks twice is told once");
    let deliverer = Deliverer::new(hub.hub.clone(), loopback());
    // One at a host at a time, in order.
    let first = deliverer.claim(&[]).await.unwrap().expect("a delivery");
    assert!(deliverer.claim(&["127.0.0.1".to_owned()]).await.unwrap().is_none(), "that host is busy");
    // The program dies here: what it had claimed is taken up again when its lease is over.
    drop(first);
    assert!(deliverer.step().await.unwrap() && !deliverer.step().await.unwrap());
    hub.clock.advance(30 * 60_000_000);
    assert!(deliverer.step().await.unwrap() && deliverer.step().await.unwrap());
    let now = waiting().await;
    assert_eq!((now.waiting, now.late, now.failed), (2, 2, 0), "{now:?}");
    assert!(now.error.is_some());
    unfollow(&hub, &actor, &bob.id).await.unwrap();
    assert_eq!(waiting().await.waiting, 1, "who does not follow is not told that they do");
    // For three days, ever less often.
    let mut tries = 0;
    for _ in 0..3 * 24 * 12 + 100 {
        hub.clock.advance(5 * 60_000_000);
        tries += usize::from(deliverer.step().await.unwrap());
    }
    let now = waiting().await;
    assert_eq!((now.waiting, now.failed), (0, 1), "{now:?}");
    assert!((15..60).contains(&tries), "{tries} tries");
    assert!(now.error.is_some_and(|why| why.contains("given up after")));
    assert_eq!(followers(&hub.db, actor.handle.id).await.unwrap(), 0, "who never heard it does not follow");
    all_is_well(&hub).await;
});

both_stores!(how_servers_sign_is_kept_and_forgotten_in_time, |hub| async move {
    const WEEK: i64 = 7 * 24 * 3_600_000_000;
    let learned = |host: &str, way| activitypub::Knock { host: host.into(), way, at: timestamp(hub.clock.now()) };
    let kept = async |host: &str| {
        let kept = knock::kept(&hub).await.unwrap();
        kept.iter().find(|knock| knock.host == host).map(|knock| knock.way)
    };
    let client = loopback();
    activitypub::relearn(&client, &learned("a.example", Way::Message));
    activitypub::relearn(&client, &learned("b.example:8443", Way::Cavage));
    keep_knocks(&hub, &client).await.unwrap();
    assert_eq!(activitypub::learned(&client), [], "it is kept once");
    let next = loopback();
    recall_knocks(&hub, &next).await.unwrap();
    assert_eq!(activitypub::learned(&next), [], "what is kept need not be kept again");
    assert_eq!(kept("a.example").await, Some(Way::Message));
    assert_eq!(kept("b.example:8443").await, Some(Way::Cavage));
    assert_eq!(kept("c.example").await, None);
    hub.clock.advance(3 * WEEK);
    activitypub::relearn(&client, &learned("a.example", Way::Cavage));
    keep_knocks(&hub, &client).await.unwrap();
    hub.clock.advance(WEEK);
    assert_eq!(kept("a.example").await, Some(Way::Cavage), "it was learned anew");
    assert_eq!(kept("b.example:8443").await, None, "it may have been taught another way by now");
    // A flood of hosts leaves the newest.
    let rows: Vec<String> =
        (0..4200).map(|at| format!("('x{at}.example', 'cavage', {})", hub.clock.now() + at)).collect();
    hub.sql(&[format!("insert into knocks (host, way, learned_at) values {}", rows.join(", "))]).await;
    activitypub::relearn(&client, &learned("d.example", Way::Message));
    keep_knocks(&hub, &client).await.unwrap();
    let row = hub.db.one(q!("select count(*) as n, min(learned_at) as first from knocks")).await.unwrap();
    assert_eq!(row.get::<i64, _>("n").unwrap(), 4096);
    assert_eq!(row.get::<i64, _>("first").unwrap(), hub.clock.now() + 104);
});

both_stores!(a_server_hears_of_a_post_in_the_order_of_what_happened, |hub| async move {
    let actor = speaking(&hub).await;
    let at = down().await;
    let deliverer = Deliverer::new(hub.hub.clone(), loopback());
    let mut tx = hub.tx().await;
    let sql = "insert into cases (id, unit_id, state, title, network, intents, risks, urgency, products, topics, route, opened_at, last_post_at, asks, version)
               values (1, $1, 'open', 't', 'activitypub', '', '', 0, '', '', '', 0, 0, 1, 1)";
    tx.run(q!(sql, actor.handle.unit)).await.unwrap();
    let sql = "insert into replies (id, case_id, handle_id, member_id, text, state, key, version, created_at, changed_at, attempts, sent_at)
               values (1, 1, $1, 1, 'We are open', 'sent', 'k', 1, 0, 0, 1, 0)";
    tx.run(q!(sql, actor.handle.id)).await.unwrap();
    for (id, kind, inbox) in [(1_i64, "create", "a"), (2, "create", "b"), (3, "update", "a"), (4, "delete", "a")] {
        let sql =
            "insert into deliveries (id, handle_id, kind, reply_id, inbox, host, made_at, attempts, next_attempt_at)
                   values ($1, $2, $3, 1, $4, $5, $6, 0, $6)";
        let inbox = format!("http://{at}/{inbox}");
        tx.run(q!(sql, id, actor.handle.id, kind, inbox, "127.0.0.1", tx.now())).await.unwrap();
    }
    tx.log(log::Entry::new("test.prepared", "test", 0));
    tx.commit().await.unwrap();
    let mut claimed = Vec::new();
    while let Some(delivery) = deliverer.claim(&[]).await.unwrap() {
        claimed.push(delivery);
    }
    assert_eq!(claimed.len(), 2, "the update waits for the post: {claimed:?}");
    for delivery in claimed {
        let answer = dandelion_networks::outgoing::Answer::Published { remote_id: None, url: None };
        deliverer.record(&delivery, answer).await.unwrap();
    }
    let next = deliverer.claim(&[]).await.unwrap().expect("the update");
    assert!(deliverer.claim(&[]).await.unwrap().is_none(), "the deletion waits for the update: {next:?}");
});
