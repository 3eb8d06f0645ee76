//! What only Bluesky has: searches, marks by bytes, sessions that run out, keys that are places, Jetstream.

use dandelion_hub::{both_stores, testing::TestHub};
use dandelion_networks::{
    contract::{Access, Credentials, Found, Place},
    outgoing::{Answer, Outgoing},
};
use serde_json::{Value, json};

use crate::{
    bell::{Bell, until},
    faults::Fault,
    peer::{Peer, access},
};

async fn streamed(test: TestHub) {
    let Some(peer) = Peer::bluesky().await else { return };
    let bell = Bell::rung(&test, &peer).await;
    // What concerned us and is gone is told by the stream, long before anybody would look again.
    peer.delete(&bell.last).await;
    let gone = || async { bell.world.posts(bell.source.id).await.iter().any(|post| post.deleted) };
    until("the deletion", gone).await;
    bell.silenced().await;
}

both_stores!(what_bluesky_says_is_stored_within_two_seconds, |hub| streamed(hub));

fn set(peer: &Peer, settings: &Value, signed_in: bool) -> Access {
    let credentials = if signed_in { peer.credentials() } else { Credentials::none() };
    let settings = settings.as_object().cloned().unwrap_or_default();
    access(Place { url: peer.proxy.address.clone(), settings, credentials })
}

fn reply(key: &str, text: &str, to: Option<&str>) -> Outgoing {
    Outgoing { key: key.into(), handle: "@care".into(), text: text.into(), in_reply_to: to.map(Into::into) }
}

#[tokio::test]
async fn accounts_searches_and_threads_are_read() {
    let Some(peer) = Peer::bluesky().await else { return };
    let (connector, there) = (peer.about.connector, peer.of_bluesky());
    let word = format!("kettle{}", there.jetstream);
    let asked = peer.say(&format!("my {word} leaks")).await;
    let us = set(&peer, &json!({ "account": peer.us() }), true);
    let connected = connector.connect(&us).await.expect("a place");
    assert_eq!(connected.handle.as_deref(), Some(peer.us().as_str()));
    assert_eq!(connected.name, Some(format!("Mentions of {}", peer.us())));

    let Answer::Published { remote_id: Some(answer), url: Some(url) } =
        connector.publish(&us, &reply("k1", "Which one?", Some(&asked))).await
    else {
        panic!("not published");
    };
    assert!(url.starts_with("https://bsky.app/profile/did:plc:"), "{url}");
    until("it is shown", || async { there.shown(&answer).await.is_some() }).await;
    let thread: Vec<_> = connector.thread(&us, &asked).await.expect("a thread").into_iter().flatten().collect();
    assert_eq!(thread.len(), 1);
    assert_eq!((thread[0].id.as_str(), thread[0].in_reply_to.as_deref()), (answer.as_str(), Some(asked.as_str())));
    assert_eq!(thread[0].thread.as_deref(), Some(asked.as_str()));
    let thread: Vec<_> = connector.thread(&us, &answer).await.expect("a thread").into_iter().flatten().collect();
    assert_eq!(thread.iter().map(|post| post.id.as_str()).collect::<Vec<_>>(), [asked.as_str()], "upwards as well");

    // What an account says, signed in or not, by handle or by DID.
    for (who, signed_in) in [(format!("@{}", there.ana.handle), true), (there.ana.did.clone(), true)] {
        let place = set(&peer, &json!({ "read": "account", "account": who, "handle": peer.us() }), signed_in);
        let page = connector.page(&place, &Value::Null).await.expect("a page");
        let post = page.items[0].as_ref().expect("a post");
        assert_eq!((post.id.as_str(), page.items.len()), (asked.as_str(), 1), "{who}");
        let author = post.author.as_ref().expect("an author");
        assert_eq!(
            (author.id.as_deref(), author.handle.as_deref()),
            (Some(there.ana.did.as_str()), Some(there.ana.handle.as_str()))
        );
    }
    let place = set(&peer, &json!({ "search": word, "handle": peer.us() }), true);
    let page = connector.page(&place, &Value::Null).await.expect("a page");
    assert_eq!(page.items.iter().flatten().map(|post| post.id.as_str()).collect::<Vec<_>>(), [asked.as_str()]);
    let nobody = set(&peer, &json!({ "read": "account", "account": "@nobody.test" }), false);
    let trouble = connector.connect(&nobody).await.expect_err("nobody");
    assert!(trouble.to_string().contains("there is no account @nobody.test"), "{trouble}");
}

/// An account is found from its handle alone, by way of its DID and the document that says where it lives.
#[tokio::test]
async fn the_server_of_an_account_is_found() {
    let Some(peer) = Peer::bluesky().await else { return };
    let there = peer.of_bluesky();
    let local = |port: u16| format!("http://127.0.0.1:{port}");
    let settings = json!({ "account": peer.us(), "plc": local(there.plc), "appview": local(there.pds) });
    let settings = settings.as_object().cloned().unwrap_or_default();
    let place = Place { url: "https://bsky.social".into(), settings, credentials: peer.credentials() };
    let connected = peer.about.connector.connect(&access(place)).await.expect("a place");
    assert_eq!(connected.place.settings["did"], there.us.did.as_str());
    let page = peer.about.connector.page(&access(connected.place), &Value::Null).await.expect("a page");
    assert!(page.items.is_empty());
}

#[tokio::test]
async fn words_are_marked_and_measured_as_the_network_does() {
    let Some(peer) = Peer::bluesky().await else { return };
    let (connector, there) = (peer.about.connector, peer.of_bluesky());
    let us = set(&peer, &json!({ "account": peer.us() }), true);
    let text = format!("Grüße 👋🏽 @{} and @nobody.test, see (https://x.example/a_(b)) #Käse", there.ana.handle);
    let Answer::Published { remote_id: Some(id), .. } = connector.publish(&us, &reply("marks", &text, None)).await
    else {
        panic!("not published")
    };
    until("it is shown", || async { there.shown(&id).await.is_some() }).await;
    let record = there.shown(&id).await.expect("the post")["record"].clone();
    let part = |facet: &Value| {
        let at = |name: &str| facet["index"][name].as_u64().expect("a place") as usize;
        text[at("byteStart")..at("byteEnd")].to_owned()
    };
    let facets = record["facets"].as_array().expect("marks");
    let marked: Vec<String> = facets.iter().map(part).collect();
    assert_eq!(marked, [format!("@{}", there.ana.handle), "https://x.example/a_(b)".into(), "#Käse".into()]);
    assert_eq!(facets[0]["features"][0]["did"], there.ana.did.as_str());
    // 300 families are 7,500 bytes, so the bytes are what is too many; 300 letters of one byte are not.
    let fits = connector.publish(&us, &reply("fits", &"x".repeat(300), None)).await;
    assert!(matches!(fits, Answer::Published { .. }), "{fits:?}");
    let flags = connector.publish(&us, &reply("flags", &"🇩🇪".repeat(300), None)).await;
    assert!(matches!(flags, Answer::Published { .. }), "2,400 bytes, 300 letters: {flags:?}");
    for long in ["x".repeat(301), "👨‍👩‍👧‍👦".repeat(150)] {
        let refused = connector.publish(&us, &reply("long", &long, None)).await;
        assert!(matches!(&refused, Answer::Refused { why } if why.contains("shorten it")), "{refused:?}");
    }
}

#[tokio::test]
async fn what_was_said_is_found_taken_back_and_never_doubled() {
    let Some(peer) = Peer::bluesky().await else { return };
    let connector = peer.about.connector;
    let us = set(&peer, &json!({ "account": peer.us() }), true);
    let asked = peer.say("kettle").await;
    let once = reply("k", "On it", Some(&asked));
    assert_eq!(connector.find(&us, &once, us.now).await, Found::NotThere);
    let Answer::Published { remote_id: Some(id), .. } = connector.publish(&us, &once).await else {
        panic!("not published")
    };
    // Whatever moment it is: the same reply lies in the same place.
    let later = Access { now: us.now + jiff::SignedDuration::from_hours(30), ..us.clone() };
    for _ in 0..3 {
        let again = connector.publish(&later, &once).await;
        assert!(matches!(&again, Answer::Published { remote_id: Some(same), .. } if *same == id), "{again:?}");
    }
    assert!(matches!(connector.find(&us, &once, us.now).await, Found::Published { .. }));
    assert_eq!(peer.published("On it").await, 1);
    assert!(matches!(connector.find(&us, &reply("k", "Other words", None), us.now).await, Found::Unclear(_)));
    assert!(matches!(connector.delete(&us, &id).await, Answer::Published { .. }));
    assert!(matches!(connector.delete(&us, &id).await, Answer::Published { .. }), "gone is gone");
    assert_eq!(peer.published("On it").await, 0);
    assert!(matches!(connector.delete(&us, &asked).await, Answer::Refused { .. }), "not ours");
    peer.delete(&asked).await;
    let gone = connector.publish(&us, &reply("k2", "x", Some(&asked))).await;
    assert!(matches!(&gone, Answer::Refused { why } if why.contains("cannot be seen")), "{gone:?}");
    let foreign = connector.publish(&us, &reply("k3", "x", Some("12@social.test"))).await;
    assert!(matches!(foreign, Answer::Refused { .. }));
}

/// A session that has run out is renewed once, by its own means, and the question asked again.
#[tokio::test]
async fn a_session_that_has_run_out_is_renewed_once() {
    let Some(peer) = Peer::bluesky().await else { return };
    let us = set(&peer, &json!({ "account": peer.us() }), true);
    let connector = peer.about.connector;
    let ran_out = || {
        let body = "{\"error\":\"ExpiredToken\",\"message\":\"Token has expired\"}";
        Fault::Say("400 Bad Request", String::new(), body.to_owned())
    };
    connector.page(&us, &Value::Null).await.expect("a page");
    for (method, renewed) in [("GET", 1), ("POST", 2)] {
        peer.proxy.next(method, ran_out());
        if method == "GET" {
            connector.page(&us, &Value::Null).await.expect("a page");
        } else {
            let said = connector.publish(&us, &reply("renewed", "hello", None)).await;
            assert!(matches!(said, Answer::Published { .. }), "{said:?}");
        }
        assert_eq!(peer.proxy.seen("POST /xrpc/com.atproto.server.refreshSession"), renewed);
    }
    assert_eq!(peer.proxy.seen("POST /xrpc/com.atproto.server.createSession"), 1, "the password is shown once");
    assert_eq!(peer.published("hello").await, 1);
    // Where it runs out again at once, something else is wrong: nobody goes round in circles.
    peer.proxy.next("GET", ran_out());
    peer.proxy.next("GET", ran_out());
    connector.page(&us, &Value::Null).await.expect_err("a refusal");
    assert_eq!(peer.proxy.seen("POST /xrpc/com.atproto.server.refreshSession"), 3);
}

/// Replies whose acknowledgements are lost, cut off or never come: each is there once.
#[tokio::test]
async fn many_replies_with_lost_answers_are_each_there_once() {
    let Some(peer) = Peer::bluesky().await else { return };
    let connector = peer.about.connector;
    let us = set(&peer, &json!({ "account": peer.us() }), true);
    connector.connect(&us).await.expect("a place");
    for number in 0..60 {
        let once = reply(&format!("many-{number}"), &format!("answer {number}."), None);
        let faults = [
            Some(Fault::LoseAnswer),
            Some(Fault::CutBody),
            None,
            Some(Fault::Say("502 Bad", String::new(), String::new())),
        ];
        if let Some(fault) = faults[number % 4].clone() {
            peer.proxy.next("POST", fault);
        }
        let mut tries = 0;
        while !matches!(connector.publish(&us, &once).await, Answer::Published { .. }) {
            tries += 1;
            assert!(tries < 4, "answer {number} is never acknowledged");
        }
    }
    for number in 0..60 {
        assert_eq!(peer.published(&format!("answer {number}.")).await, 1, "answer {number}");
    }
}
