use dandelion_networks::{
    activitypub::{self, Remote},
    outgoing::{Answer, testing::loopback},
};
use dandelion_post::{Author, Post};
use serde_json::{Value, json};

use super::{down, somebody, speaking};
use crate::{
    Error,
    actor::{
        Actor, Deliverer, Follow, FollowState, NewActor, Undelivered, all, answered, ask, follow_account, follow_of,
        followed, followed_moved, following, make, undelivered, unfollow_account, unfollow_account_as, who_follows,
    },
    both_stores,
    fixture::all_is_well,
    handle,
    intake::{self, Item},
    log,
    scope::{Role, Viewer},
    store::{q, statements},
    testing::TestHub,
};

fn by() -> log::Actor {
    log::Actor::System("test")
}

fn arrived() -> Answer {
    Answer::Published { remote_id: None, url: None }
}

async fn only(hub: &TestHub, actor: &Actor) -> Follow {
    let all = followed(&hub.db, actor.handle.id).await.unwrap();
    assert_eq!(all.len(), 1, "{all:?}");
    all.into_iter().next().unwrap()
}

/// What is to be told others: kind, whom, and the address of the activity.
async fn told(hub: &TestHub) -> Vec<(String, String, String)> {
    let sql = "select kind, actor, activity from deliveries where next_attempt_at is not null order by id";
    let read = |row: &crate::store::Row| {
        let activity: Value = serde_json::from_str(&row.get::<String, _>("activity").unwrap()).unwrap();
        let word = |name: &str| row.get::<String, _>(name).unwrap();
        (word("kind"), word("actor"), activity["id"].as_str().unwrap().to_owned())
    };
    hub.db.all(q!(sql)).await.unwrap().iter().map(read).collect()
}

both_stores!(an_account_is_asked_and_answers, |hub| async move {
    let actor = speaking(&hub).await;
    let us = actor.handle.id;
    let ana = somebody("ana", "a.example");
    assert_eq!(who_follows(&hub.db, &ana.id).await.unwrap(), [0_i64; 0]);
    assert!(!answered(&hub, &actor, &ana.id, true).await.unwrap(), "nobody asked");
    let asked = ask(&hub, by(), &actor, &ana, "ana@a.example").await.unwrap();
    assert_eq!((asked.state, asked.told_at, asked.name.as_str()), (FollowState::Asked, None, "ana@a.example"));
    assert_eq!(who_follows(&hub.db, &ana.id).await.unwrap(), [us]);
    let again = ask(&hub, by(), &actor, &ana, "ana@a.example").await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    // Our own are here already.
    let own = activitypub::Actor::read(&json!({ "id": actor.ours.id, "inbox": actor.ours.id })).unwrap();
    assert!(matches!(ask(&hub, by(), &actor, &own, "care@care.example").await, Err(Error::Invalid { .. })));
    let deliverer = Deliverer::new(hub.hub.clone(), loopback());
    let delivery = deliverer.claim(&[]).await.unwrap().expect("the question");
    deliverer.record(&delivery, arrived()).await.unwrap();
    assert!(only(&hub, &actor).await.told_at.is_some());
    hub.clock.advance(60_000_000);
    assert!(answered(&hub, &actor, &ana.id, true).await.unwrap());
    assert!(answered(&hub, &actor, &ana.id, true).await.unwrap(), "said twice is said once");
    let now = only(&hub, &actor).await;
    assert_eq!((now.state, now.answered_at), (FollowState::Accepted, Some(hub.clock.now())));
    assert_eq!(following(&hub.db, us).await.unwrap(), 1);
    // They change their mind; what they say from then on is not for us, and a late word changes nothing.
    hub.clock.advance(60_000_000);
    assert!(answered(&hub, &actor, &ana.id, false).await.unwrap());
    let now = only(&hub, &actor).await;
    assert_eq!((now.state, now.answered_at), (FollowState::Refused, Some(hub.clock.now())));
    assert_eq!((who_follows(&hub.db, &ana.id).await.unwrap().len(), following(&hub.db, us).await.unwrap()), (0, 0));
    assert!(!answered(&hub, &actor, &ana.id, true).await.unwrap());
    // Asked anew it is another question.
    let anew = ask(&hub, by(), &actor, &ana, "ana@a.example").await.unwrap();
    assert_eq!((anew.id, anew.state, anew.told_at, anew.answered_at), (asked.id, FollowState::Asked, None, None));
    let waiting = told(&hub).await;
    assert_eq!(waiting.len(), 1);
    assert!(waiting[0].2.starts_with("https://care.example/actors/care/follows/"), "{waiting:?}");
    all_is_well(&hub).await;
});

both_stores!(taken_off_what_was_asked_is_taken_back_in_order, |hub| async move {
    let actor = speaking(&hub).await;
    let at = down().await;
    let id = format!("http://{at}/users/ana");
    let ana = activitypub::Actor::read(&json!({ "id": id, "inbox": format!("{id}/inbox") })).unwrap();
    let deliverer = Deliverer::new(hub.hub.clone(), loopback());
    // Nobody has heard of it: nobody is told.
    let follow = ask(&hub, by(), &actor, &ana, "ana").await.unwrap();
    unfollow_account_as(&hub, by(), &actor, follow.id).await.unwrap();
    assert_eq!(told(&hub).await, []);
    let gone = unfollow_account_as(&hub, by(), &actor, follow.id).await;
    assert!(matches!(gone, Err(Error::NotFound { .. })), "{gone:?}");
    // Their server is down: it is shown why, and both wait, one behind the other.
    let follow = ask(&hub, by(), &actor, &ana, "ana").await.unwrap();
    assert!(deliverer.step().await.unwrap());
    let now = only(&hub, &actor).await;
    assert!(now.state == FollowState::Asked && now.told_at.is_none() && now.error.is_some(), "{now:?}");
    unfollow_account_as(&hub, by(), &actor, follow.id).await.unwrap();
    let again = ask(&hub, by(), &actor, &ana, "ana").await.unwrap();
    let waiting = told(&hub).await;
    let kinds: Vec<&str> = waiting.iter().map(|(kind, ..)| kind.as_str()).collect();
    assert_eq!(kinds, ["follow", "unfollow", "follow"]);
    assert_eq!(waiting[1].2, format!("{}/end", waiting[0].2), "what was asked is taken back");
    assert_ne!(waiting[2].2, waiting[0].2);
    hub.clock.advance(5 * 3_600_000_000);
    for kind in kinds {
        let delivery = deliverer.claim(&[]).await.unwrap().expect(kind);
        assert!(deliverer.claim(&[]).await.unwrap().is_none(), "{kind} goes alone");
        deliverer.record(&delivery, arrived()).await.unwrap();
    }
    assert_eq!(told(&hub).await, []);
    // A server that will not hear the end of it is left alone.
    unfollow_account_as(&hub, by(), &actor, again.id).await.unwrap();
    let delivery = deliverer.claim(&[]).await.unwrap().expect("the end");
    deliverer.record(&delivery, Answer::Refused { why: "gone".into() }).await.unwrap();
    assert_eq!(undelivered(&hub.db, actor.handle.id).await.unwrap(), Undelivered::default());
    let again = ask(&hub, by(), &actor, &ana, "ana").await.unwrap();
    // Given up after three days it says why, and can be asked again.
    unfollow_account_as(&hub, by(), &actor, again.id).await.unwrap();
    hub.sql(&["delete from deliveries".to_owned()]).await;
    ask(&hub, by(), &actor, &ana, "ana").await.unwrap();
    for _ in 0..3 * 24 * 2 + 20 {
        deliverer.step().await.unwrap();
        hub.clock.advance(30 * 60_000_000);
    }
    let now = only(&hub, &actor).await;
    assert_eq!(now.state, FollowState::Unreached);
    assert!(now.error.is_some_and(|why| why.contains("given up after")));
    assert_eq!(who_follows(&hub.db, &ana.id).await.unwrap(), [0_i64; 0]);
    assert_eq!(undelivered(&hub.db, actor.handle.id).await.unwrap().failed, 1);
    ask(&hub, by(), &actor, &ana, "ana").await.unwrap();
    assert_eq!(undelivered(&hub.db, actor.handle.id).await.unwrap().failed, 0);
    assert_eq!(only(&hub, &actor).await.state, FollowState::Asked);
    all_is_well(&hub).await;
});

both_stores!(whoever_moves_is_followed_there, |hub| async move {
    let actor = speaking(&hub).await;
    let (old, new) = (somebody("ana", "a.example"), somebody("ana", "b.example"));
    assert!(!followed_moved(&hub, &actor, &old.id, &new).await.unwrap(), "nobody followed them");
    ask(&hub, by(), &actor, &old, "ana@a.example").await.unwrap();
    let deliverer = Deliverer::new(hub.hub.clone(), loopback());
    let delivery = deliverer.claim(&[]).await.unwrap().expect("the question");
    deliverer.record(&delivery, arrived()).await.unwrap();
    answered(&hub, &actor, &old.id, true).await.unwrap();
    assert!(followed_moved(&hub, &actor, &old.id, &new).await.unwrap());
    assert!(!followed_moved(&hub, &actor, &old.id, &new).await.unwrap(), "said twice is said once");
    let now = only(&hub, &actor).await;
    assert_eq!((now.actor.as_str(), now.state), (new.id.as_str(), FollowState::Asked));
    assert_eq!(now.moved_from.as_deref(), Some("ana@a.example"));
    let kinds: Vec<(String, String)> = told(&hub).await.into_iter().map(|(kind, whom, _)| (kind, whom)).collect();
    assert_eq!(kinds, [("unfollow".to_owned(), old.id.clone()), ("follow".to_owned(), new.id.clone())]);
    // Who is followed there already is not asked twice.
    answered(&hub, &actor, &new.id, true).await.unwrap();
    let third = somebody("ana", "c.example");
    ask(&hub, by(), &actor, &third, "ana@c.example").await.unwrap();
    assert!(followed_moved(&hub, &actor, &third.id, &new).await.unwrap());
    assert_eq!(only(&hub, &actor).await.state, FollowState::Accepted);
    all_is_well(&hub).await;
});

both_stores!(only_who_may_change_the_source_says_whom_it_follows, |hub| async move {
    let actor = speaking(&hub).await;
    let remote = Remote::new(loopback());
    let unit = actor.handle.unit;
    let follow = ask(&hub, by(), &actor, &somebody("ana", "a.example"), "ana@a.example").await.unwrap();
    for role in [Role::Viewer, Role::Agent] {
        let viewer = Viewer::new(1, "Vic".into(), &[(unit, role)], &[(unit, None)]);
        let refused = follow_account(&hub, &viewer, &remote, &actor, "@bob@a.example").await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
        let refused = unfollow_account(&hub, &viewer, &actor, follow.id).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    }
    let lead = Viewer::new(1, "Lea".into(), &[(unit, Role::Lead)], &[(unit, None)]);
    let wrong = follow_account(&hub, &lead, &remote, &actor, "bob").await;
    assert!(matches!(&wrong, Err(Error::Invalid { reason, .. }) if reason.contains("with its server")), "{wrong:?}");
    let own = follow_account(&hub, &lead, &remote, &actor, "@Care@care.example").await;
    assert!(matches!(&own, Err(Error::Invalid { reason, .. }) if reason.contains("is an account of ours")), "{own:?}");
    // Another actor's is not its own to end.
    let base = url::Url::parse("https://care.example/").unwrap();
    let new = NewActor { name: "news".into(), label: String::new(), unit };
    let news = make(&hub, by(), &base, &new).await.unwrap();
    let foreign = unfollow_account(&hub, &lead, &news, follow.id).await;
    assert!(matches!(foreign, Err(Error::NotFound { .. })), "{foreign:?}");
    assert_eq!(all(&hub, &base).await.unwrap().len(), 2);
    unfollow_account(&hub, &lead, &actor, follow.id).await.unwrap();
    assert!(matches!(follow_of(&hub.db, actor.handle.id, follow.id).await, Err(Error::NotFound { .. })));
});

both_stores!(what_was_on_its_way_is_so_after_the_update, |hub| async move {
    let actor = speaking(&hub).await;
    // As it was before: nobody was followed.
    let before = include_str!("../../../migrations/0010_after_sending.sql");
    let before = statements(before, hub.db.is_postgres()).into_iter();
    let before = before.filter(|statement| statement.contains("deliveries") && !statement.contains("sequence"));
    let mut all: Vec<String> =
        ["drop table deliveries", "drop table follows", "drop table knocks"].map(Into::into).into();
    all.extend(before);
    if hub.db.is_postgres() {
        all.push("drop sequence ids_follows".into());
    }
    all.push(format!(
        "insert into deliveries (id, handle_id, kind, actor, host, activity, made_at, attempts, next_attempt_at, error)
         values (41, {}, 'accept', 'https://a.example/ana', 'a.example', '{{\"id\":\"x\"}}', 1, 3, 5, 'down')",
        actor.handle.id
    ));
    hub.sql(&all).await;
    hub.sql(&statements(include_str!("../../../migrations/0011_follows.sql"), hub.db.is_postgres())).await;
    let sql = "select id, kind, actor, inbox, attempts, next_attempt_at, error from deliveries";
    let row = hub.db.one(q!(sql)).await.unwrap();
    assert_eq!(row.get::<i64, _>("id").unwrap(), 41);
    assert_eq!(row.get::<Option<String>, _>("inbox").unwrap(), None);
    assert_eq!((row.get::<i64, _>("attempts").unwrap(), row.get::<i64, _>("next_attempt_at").unwrap()), (3, 5));
    assert_eq!(row.get::<String, _>("error").unwrap(), "down");
    // And from then on accounts are asked.
    ask(&hub, by(), &actor, &somebody("ana", "a.example"), "ana@a.example").await.unwrap();
    assert_eq!(told(&hub).await.len(), 2);
    all_is_well(&hub).await;
});

both_stores!(an_account_of_ours_elsewhere_is_no_customer_when_it_is_heard, |hub| async move {
    let actor = speaking(&hub).await;
    let admin = Viewer::new(1, "Root".into(), &[(actor.handle.unit, Role::Admin)], &[(actor.handle.unit, None)]);
    let details = handle::Details {
        key: "toots".into(),
        network: "mastodon".into(),
        name: "@Acme@social.example".into(),
        unit: actor.handle.unit,
        purpose: handle::Purpose::News,
        owner: None,
        deputy: None,
        config: handle::Config::default(),
    };
    handle::add(&hub, &admin, details).await.unwrap();
    for (name, due) in [("acme@social.example", true), ("acme@other.example", false), ("acme", false)] {
        let author =
            Author { id: Some(format!("https://x.example/{name}")), handle: Some(name.into()), ..Author::default() };
        let id = format!("https://x.example/notes/{name}");
        let post = Post { id: id.clone(), text: "my kettle leaks".into(), author: Some(author), ..Post::default() };
        let counted = intake::receive(&hub, actor.source.id, vec![Item::post("1", post)]).await.unwrap();
        assert_eq!(counted.stored, 1);
        let row = hub.db.one(q!("select ours from posts where remote_id = $1", id)).await.unwrap();
        assert_eq!(row.get::<bool, _>("ours").unwrap(), due, "{name}");
    }
    all_is_well(&hub).await;
});
