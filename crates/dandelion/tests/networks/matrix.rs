//! What only Matrix has: rooms, threads, gaps, edits by strangers, a server that waits.

use dandelion_hub::{both_stores, testing::TestHub};
use dandelion_networks::{
    contract::{Access, Trouble, Wait},
    outgoing::{Answer, Outgoing},
};
use dandelion_post::Post;
use serde_json::{Value, json};

use crate::{
    bell::Bell,
    homeserver::event_of,
    peer::{Peer, access},
};

async fn rung(test: TestHub) {
    let Some(peer) = Peer::matrix().await else { return };
    Bell::rung(&test, &peer).await.silenced().await;
}

both_stores!(a_message_is_stored_within_two_seconds, |hub| rung(hub));

async fn ours(peer: &Peer) -> Access {
    access(peer.about.connector.connect(&access(peer.place())).await.expect("a place").place)
}

fn reply(key: &str, text: &str, to: &str) -> Outgoing {
    Outgoing { key: key.into(), handle: "@care:hub.test".into(), text: text.into(), in_reply_to: Some(to.into()) }
}

/// Everything there is to read, page by page.
async fn read(peer: &Peer, us: &Access, from: &Value) -> (Vec<Post>, Value) {
    let (mut posts, mut cursor) = (Vec::new(), from.clone());
    for _ in 0..20 {
        let page = peer.about.connector.page(us, &cursor).await.expect("a page");
        posts.extend(page.items.into_iter().map(|item| item.expect("a post")));
        cursor = page.cursor;
        if page.wait != Wait::More {
            return (posts, cursor);
        }
    }
    panic!("it never ends");
}

#[tokio::test]
async fn answers_go_into_the_thread_of_what_they_answer() {
    let Some(peer) = Peer::matrix().await else { return };
    let (us, connector) = (ours(&peer).await, peer.about.connector);
    let asked = peer.say("my kettle leaks").await;
    let Answer::Published { remote_id: Some(first), .. } =
        connector.publish(&us, &reply("k1", "Which one?", &asked)).await
    else {
        panic!("not published");
    };
    let again = connector.publish(&us, &reply("k1", "Which one?", &asked)).await;
    assert_eq!(
        again,
        Answer::Published { remote_id: Some(first.clone()), url: None },
        "the same key, the same message"
    );
    let shown = peer.homeserver().published("Which one?").await;
    assert_eq!(shown.len(), 1);
    let related = &shown[0]["content"]["m.relates_to"];
    assert_eq!((&related["rel_type"], &related["event_id"]), (&json!("m.thread"), &json!(event_of(&asked))));
    assert_eq!(shown[0]["content"]["m.mentions"]["user_ids"], json!(["@ana:hub.test"]));
    // The customer answers in the thread, we answer that: the thread stays one.
    let theirs = json!({ "msgtype": "m.text", "body": "the K2",
        "m.relates_to": { "rel_type": "m.thread", "event_id": event_of(&asked), "m.in_reply_to": { "event_id": event_of(&first) } } });
    let answer = peer.homeserver().send("m.room.message", &theirs).await;
    assert!(matches!(connector.publish(&us, &reply("k2", "Sorry!", &answer)).await, Answer::Published { .. }));
    let shown = peer.homeserver().published("Sorry!").await;
    assert_eq!(shown[0]["content"]["m.relates_to"]["event_id"], event_of(&asked));
    let thread = connector.thread(&us, &asked).await.expect("a thread");
    let thread: Vec<String> = thread.into_iter().map(|item| item.expect("a post").text).collect();
    assert_eq!(thread, ["Which one?", "the K2", "Sorry!"]);
    let (posts, _) = read(&peer, &us, &Value::Null).await;
    assert_eq!(posts.len(), 4);
    assert!(posts.iter().all(|post| post.thread.as_deref() == Some(asked.as_str())), "{posts:?}");
}

#[tokio::test]
async fn much_that_was_said_between_two_looks_is_read_whole() {
    let Some(peer) = Peer::matrix().await else { return };
    let us = ours(&peer).await;
    peer.say("kettle at first").await;
    let (first, cursor) = read(&peer, &us, &Value::Null).await;
    assert_eq!(first.len(), 1);
    for number in 0..150 {
        peer.say(&format!("kettle {number} leaks")).await;
    }
    peer.homeserver().send("m.reaction", &json!({})).await;
    let (posts, cursor) = read(&peer, &us, &cursor).await;
    let texts: std::collections::BTreeSet<&str> = posts.iter().map(|post| post.text.as_str()).collect();
    assert_eq!(texts.iter().filter(|text| text.ends_with(" leaks")).count(), 150, "nothing is lost between");
    let (none, _) = read(&peer, &us, &cursor).await;
    assert!(none.is_empty());
}

#[tokio::test]
async fn nobody_changes_the_words_of_another() {
    let Some(peer) = Peer::matrix().await else { return };
    let (us, connector) = (ours(&peer).await, peer.about.connector);
    let own = peer.say_as_us("We sell kettles").await.expect("our message");
    let asked = peer.say("my kettle leaks").await;
    let (_, cursor) = read(&peer, &us, &Value::Null).await;
    peer.edit(&own, "We sell nothing").await;
    let (none, cursor) = read(&peer, &us, &cursor).await;
    assert!(none.is_empty(), "an edit of our words by a stranger: {none:?}");
    let Answer::Published { remote_id: Some(id), .. } = connector.publish(&us, &reply("k", "Wich one?", &asked)).await
    else {
        panic!("not published");
    };
    assert!(matches!(connector.edit(&us, &id, "Which one?").await, Answer::Published { .. }));
    let (posts, cursor) = read(&peer, &us, &cursor).await;
    assert_eq!(posts.last().map(|post| (post.id.as_str(), post.text.as_str())), Some((id.as_str(), "Which one?")));
    assert!(matches!(connector.delete(&us, &id).await, Answer::Published { .. }));
    let (posts, _) = read(&peer, &us, &cursor).await;
    assert!(posts.len() == 1 && posts[0].id == id && posts[0].deleted_at.is_some(), "{posts:?}");
    let gone = connector.publish(&us, &reply("k2", "x", &id)).await;
    assert!(matches!(&gone, Answer::Refused { why } if why.contains("not there")), "{gone:?}");
}

#[tokio::test]
async fn a_room_that_cannot_be_read_is_said_before_it_is_stored() {
    let Some(peer) = Peer::matrix().await else { return };
    let connector = peer.about.connector;
    let connected = connector.connect(&access(peer.place())).await.expect("a room");
    assert_eq!(
        (connected.handle.as_deref(), connected.name.as_deref()),
        (Some("@care:hub.test"), Some("#kettles:hub.test"))
    );
    let with = |room: &str| {
        let mut place = peer.place();
        place.settings.insert("room".into(), room.into());
        access(place)
    };
    let why = connector.connect(&with("#nowhere:hub.test")).await.expect_err("no room");
    assert!(matches!(why, Trouble::Wrong { .. }), "{why}");
    let mut wrong = peer.place();
    wrong.credentials.set("token", "guessed");
    let why = connector.connect(&access(wrong)).await.expect_err("no way in");
    assert!(matches!(why, Trouble::Revoked { .. }), "{why}");
}
