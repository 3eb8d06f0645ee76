//! What only Mastodon has: streams, warnings, visibilities, edits, its own faults.

use std::time::{Duration, Instant};

use dandelion_hub::{both_stores, source::Listener, testing::TestHub};
use dandelion_networks::{
    contract::{Access, Place, Trouble},
    egress::Method,
    outgoing::{Answer, Outgoing},
};
use serde_json::json;
use tokio::sync::watch;

use crate::{
    bell::{Bell, until},
    faults::Fault,
    peer::{DOMAIN, Peer, access, local},
    world::{MINUTE, World, client},
};

async fn streamed(test: TestHub) {
    let Some(peer) = Peer::mastodon().await else { return };
    let Bell { world, source, listener, tell, running, .. } = Bell::rung(&test, &peer).await;
    // The stream breaks and is refused for a while; whatever is said meanwhile is there when it is open again.
    drop(running);
    tell.send(true).expect("a listener");
    until("it has stopped", || async { listener.open().is_empty() || tell.is_closed() }).await;
    peer.say("kettle in the gap").await;
    peer.proxy.next("GET", Fault::Say("503 Busy", String::new(), String::new()));
    peer.proxy.next("GET", Fault::Say("429 Slow", "retry-after: 9\r\n".to_owned(), String::new()));
    let (tell, told) = watch::channel(false);
    tokio::spawn(Listener::new(world.hub.clone(), client()).run(told));
    until("it was told to wait", || async { peer.proxy.waiting() == 0 }).await;
    let began = Instant::now();
    until("the gap is filled", || world.has(source.id, "kettle in the gap")).await;
    assert!(began.elapsed() > Duration::from_secs(8), "it came back after {:?}", began.elapsed());
    a_bell_breaks_no_limit(&peer, &world, source.id).await;
    tell.send(true).expect("a listener");
    let source = world.source(source.id).await;
    assert_eq!((source.accounting.stored, source.accounting.refused), (6, 0));
    world.check().await;
}

/// The network asks to be left alone, and rings all the same: nobody asks before the time has come.
async fn a_bell_breaks_no_limit(peer: &Peer, world: &World, id: i64) {
    peer.proxy.next("GET", Fault::Say("429 Slow", "retry-after: 600\r\n".to_owned(), String::new()));
    peer.say("kettle too many").await;
    until("it is refused", || async { world.source(id).await.error.is_some() }).await;
    let asked = peer.proxy.seen("GET /api/v1/notifications");
    peer.say("kettle one more").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(peer.proxy.seen("GET /api/v1/notifications"), asked);
    let source = world.source(id).await;
    assert!(source.next_poll_at.is_some_and(|at| at > world.hub.now() + 9 * MINUTE), "{source:?}");
}

both_stores!(what_is_said_is_stored_within_two_seconds, |hub| streamed(hub));

async fn tag(peer: &Peer, name: &str) -> Access {
    let settings = json!({ "tag": name }).as_object().cloned().unwrap_or_default();
    let place = Place { url: peer.proxy.address.clone(), settings, ..Place::default() };
    let connected = peer.about.connector.connect(&access(place)).await.expect("a public tag needs no sign-in");
    assert_eq!(connected.name.as_deref(), Some(format!("#{name} on {DOMAIN}").as_str()));
    access(connected.place)
}

async fn ours(peer: &Peer, visibility: &str) -> Access {
    let mut place = peer.place();
    place.settings.insert("visibility".into(), visibility.into());
    access(peer.about.connector.connect(&access(place)).await.expect("a place").place)
}

fn reply(key: &str, text: &str, to: &str) -> Outgoing {
    Outgoing { key: key.into(), handle: "@care".into(), text: text.into(), in_reply_to: Some(to.into()) }
}

#[tokio::test]
async fn tags_accounts_and_threads_are_read() {
    let Some(peer) = Peer::mastodon().await else { return };
    let asked = peer.say("my #kettle leaks <b>badly</b>").await;
    let connector = peer.about.connector;
    let page = connector.page(&tag(&peer, "kettle").await, &serde_json::Value::Null).await.expect("a page");
    let post = page.items[0].as_ref().expect("a post");
    assert_eq!((post.id.as_str(), page.items.len()), (asked.as_str(), 1));
    assert_eq!(post.text, "@testuser my #kettle leaks <b>badly</b>");
    assert_eq!(post.author.as_ref().and_then(|author| author.handle.as_deref()), Some("ana@social.test"));
    assert_eq!(post.extra["visibility"], "public");

    let us = ours(&peer, "public").await;
    let Answer::Published { remote_id: Some(answer), url: Some(_) } =
        connector.publish(&us, &reply("k1", "Which one?", &asked)).await
    else {
        panic!("not published");
    };
    let thread = connector.thread(&us, &asked).await.expect("a thread");
    let thread: Vec<_> = thread.into_iter().map(|item| item.expect("a post")).collect();
    assert_eq!(thread.len(), 1);
    assert_eq!((thread[0].id.as_str(), thread[0].in_reply_to.as_deref()), (answer.as_str(), Some(asked.as_str())));
    assert_eq!(thread[0].text, "@ana Which one?", "who is answered is named");

    let settings =
        json!({ "read": "account", "account": "@testuser@social.test" }).as_object().cloned().unwrap_or_default();
    let place = Place { url: peer.proxy.address.clone(), settings, ..Place::default() };
    let account = access(place);
    let page = connector.page(&account, &serde_json::Value::Null).await;
    let page = match page {
        Ok(page) => page,
        // The mock knows its own accounts by their short name only.
        Err(Trouble::Wrong { .. }) => {
            let settings =
                json!({ "read": "account", "account": "@testuser" }).as_object().cloned().unwrap_or_default();
            let place = Place { url: peer.proxy.address.clone(), settings, ..Place::default() };
            connector.page(&access(place), &serde_json::Value::Null).await.expect("a page")
        }
        Err(other) => panic!("{other}"),
    };
    assert_eq!(page.items[0].as_ref().expect("a post").text, "@ana Which one?");
}

#[tokio::test]
async fn a_reply_is_seen_by_no_more_people_than_what_it_answers() {
    let Some(peer) = Peer::mastodon().await else { return };
    let connector = peer.about.connector;
    let asked = |visibility: &str, warning: &str| json!({ "status": "@testuser kettle", "visibility": visibility, "spoiler_text": warning });
    for (theirs, wanted, warning, expected, shown) in [
        ("public", "public", "", "public", ""),
        ("public", "unlisted", "leaks", "unlisted", "re: leaks"),
        ("private", "public", "re: leaks", "private", "re: leaks"),
        ("direct", "unlisted", "", "direct", ""),
    ] {
        let status = peer.ask_directly(Method::POST, "/api/v1/statuses", Some(&asked(theirs, warning))).await;
        let to = format!("{}@{DOMAIN}", status["id"].as_str().expect("an id"));
        let key = format!("{theirs}-{wanted}");
        let answer = connector.publish(&ours(&peer, wanted).await, &reply(&key, "On it", &to)).await;
        let Answer::Published { remote_id: Some(id), .. } = answer else { panic!("{answer:?}") };
        let said = peer.ask_directly(Method::GET, &format!("/api/v1/statuses/{}", local(&id)), None).await;
        assert_eq!(
            (said["visibility"].as_str(), said["spoiler_text"].as_str()),
            (Some(expected), Some(shown)),
            "{theirs}"
        );
        assert_eq!(said["in_reply_to_id"].as_str(), Some(local(&to)));
    }
}

#[tokio::test]
async fn what_we_said_is_edited_and_taken_back() {
    let Some(peer) = Peer::mastodon().await else { return };
    let (connector, us) = (peer.about.connector, ours(&peer, "public").await);
    let asked = peer.say("kettle").await;
    let Answer::Published { remote_id: Some(id), .. } = connector.publish(&us, &reply("k", "Wich one?", &asked)).await
    else {
        panic!("not published");
    };
    assert!(matches!(connector.edit(&us, &id, "@ana Which one?").await, Answer::Published { .. }));
    let said = peer.ask_directly(Method::GET, &format!("/api/v1/statuses/{}", local(&id)), None).await;
    assert_eq!(said["content"], "<p>@ana Which one?</p>");
    // Who is answered stays named, and is told.
    assert!(matches!(connector.edit(&us, &id, "Which two?").await, Answer::Published { .. }));
    let said = peer.ask_directly(Method::GET, &format!("/api/v1/statuses/{}", local(&id)), None).await;
    assert_eq!(said["content"], "<p>@ana Which two?</p>");
    assert!(matches!(connector.delete(&us, &id).await, Answer::Published { .. }));
    assert!(matches!(connector.delete(&us, &id).await, Answer::Published { .. }), "gone is gone");
    assert!(matches!(connector.edit(&us, &id, "x").await, Answer::Refused { .. }));
    assert!(matches!(connector.publish(&us, &reply("k2", "x", "1@elsewhere.test")).await, Answer::Refused { .. }));
    let gone = connector.publish(&us, &reply("k3", "x", &id)).await;
    assert!(matches!(&gone, Answer::Refused { why } if why.contains("cannot be seen")), "{gone:?}");
    let long = connector.publish(&us, &reply("k4", &"x".repeat(600), &asked)).await;
    assert!(matches!(&long, Answer::Refused { why } if why.contains("shorten it")), "{long:?}");
}

/// Another refusal than "gone" is no reason to take somebody's words away for good.
#[tokio::test]
async fn words_are_erased_only_where_the_instance_says_that_they_are_gone() {
    let Some(peer) = Peer::mastodon().await else { return };
    let (connector, mut us) = (peer.about.connector, ours(&peer, "public").await);
    peer.say("kettle one").await;
    let id = peer.say("kettle two").await;
    let first = connector.page(&us, &serde_json::Value::Null).await.expect("a page");
    assert_eq!(first.items.len(), 2);
    peer.delete(&id).await;
    us.now += jiff::SignedDuration::from_mins(6);
    let path = format!("/api/v1/statuses/{}", local(&id));
    let rule = json!({ "match": { "path": path }, "effect": { "type": "status", "status": 403 } });
    peer.ask_directly(Method::POST, "/api/v1/_mock/faults", Some(&rule)).await;
    let refused = connector.page(&us, &first.cursor).await.expect("a page");
    assert!(peer.proxy.seen(&format!("GET {path}")) == 1 && refused.items.is_empty(), "{:?}", refused.items);
    peer.ask_directly(Method::DELETE, "/api/v1/_mock/faults", None).await;
    let gone = connector.page(&us, &refused.cursor).await.expect("a page");
    let gone: Vec<_> = gone.items.iter().map(|item| item.as_ref().expect("a post")).collect();
    assert!(gone.len() == 1 && gone[0].id == id && gone[0].deleted_at.is_some(), "{gone:?}");
}

/// The faults the server itself can be told to have.
#[tokio::test]
async fn its_own_faults_are_told_apart() {
    let Some(peer) = Peer::mastodon().await else { return };
    let (connector, us) = (peer.about.connector, ours(&peer, "public").await);
    let path = "/api/v1/notifications";
    let inject = async |effect: serde_json::Value| {
        peer.ask_directly(Method::DELETE, "/api/v1/_mock/faults", None).await;
        let rule = json!({ "match": { "path": path }, "effect": effect });
        peer.ask_directly(Method::POST, "/api/v1/_mock/faults", Some(&rule)).await;
        connector.page(&us, &serde_json::Value::Null).await
    };
    let limited = inject(json!({ "type": "ratelimit" })).await.expect_err("a limit");
    assert_eq!(limited.retry_after(), Some(Duration::from_mins(5)));
    let malformed = inject(json!({ "type": "malformed" })).await.expect_err("garbage");
    assert!(matches!(&malformed, Trouble::Passing { why, .. } if why.contains("no JSON")), "{malformed:?}");
    let timeout = inject(json!({ "type": "timeout" })).await.expect_err("silence");
    assert!(matches!(&timeout, Trouble::Passing { why, .. } if why.contains("did not finish")), "{timeout:?}");
    let status = inject(json!({ "type": "status", "status": 500 })).await.expect_err("500");
    assert!(matches!(&status, Trouble::Passing { why, .. } if why.contains("unexpected error")), "{status:?}");
    let forbidden = inject(json!({ "type": "status", "status": 403 })).await.expect_err("403");
    assert!(matches!(forbidden, Trouble::Wrong { .. }));
    let revoked = inject(json!({ "type": "status", "status": 401 })).await.expect_err("401");
    assert!(matches!(revoked, Trouble::Revoked { .. }));
    inject(json!({ "type": "latency", "delay_ms": 300 })).await.expect("slow is not broken");
    let page = inject(json!({ "type": "status", "status": 500 })).await;
    assert!(page.is_err());
    peer.ask_directly(Method::DELETE, "/api/v1/_mock/faults", None).await;
    connector.page(&us, &serde_json::Value::Null).await.expect("well again");
}
