use dandelion_post::Post;
use reqwest::header::HeaderMap;
use serde_json::json;

use super::*;
use crate::contract::{Credentials, Item};

const SECRET: &str = "a secret of ours, long enough";

fn now() -> jiff::Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn place() -> Place {
    let credentials = Credentials::none().with("secret", SECRET).with("verify", "a word");
    Place { url: "https://x.example".into(), credentials, ..Place::default() }
}

/// Delivers, signed as this network signs.
fn deliver(about: &About, body: &Value, header: &'static str, signed: &str) -> Result<Vec<Item>, Unsigned> {
    let mut headers = HeaderMap::new();
    if !header.is_empty() {
        headers.insert(header, signed.parse().unwrap());
    }
    let body = body.to_string();
    let query = if header.is_empty() { signed } else { "" };
    let delivery = Delivery { get: false, headers: &headers, query, body: body.as_bytes(), now: now() };
    match about.connector.receive(&place(), &delivery)? {
        Received::Items { items, .. } => Ok(items),
        Received::Handshake { .. } => panic!("no handshake was asked for"),
    }
}

fn posts(about: &About, body: &Value, header: &'static str, prefix: &str, before: &str) -> Vec<Post> {
    let code = hex(&hmac(SECRET, &[before.as_bytes(), body.to_string().as_bytes()]));
    let items = deliver(about, body, header, &format!("{prefix}{code}")).unwrap();
    assert_eq!(
        deliver(about, body, header, &format!("{prefix}{}", "0".repeat(64))),
        Err(Unsigned::Mismatch),
        "{}",
        about.name
    );
    let other = HeaderMap::new();
    let unsigned = Delivery { get: false, headers: &other, query: "", body: b"{}", now: now() };
    assert!(matches!(about.connector.receive(&place(), &unsigned), Err(Unsigned::Missing(_))), "{}", about.name);
    items.into_iter().map(Result::unwrap).collect()
}

#[test]
fn facebook_and_instagram() {
    let comment = json!({ "object": "page", "entry": [{ "id": "44444444", "time": 1_520_383_571, "changes": [
        { "field": "feed", "value": { "from": { "id": "1067280970047460", "name": "Ana" }, "item": "comment", "comment_id": "44_1", "post_id": "44_0",
          "parent_id": "44_0", "verb": "add", "created_time": 1_520_383_571, "message": "It leaks", "is_hidden": false } },
        { "field": "feed", "value": { "item": "comment", "comment_id": "44_2", "post_id": "44_0", "verb": "remove" } },
        { "field": "feed", "value": { "item": "reaction", "reaction_type": "like", "post_id": "44_0", "verb": "add" } }] }] });
    let read = posts(&FACEBOOK, &comment, "x-hub-signature-256", "sha256=", "");
    assert_eq!(read.len(), 2, "a reaction is no post");
    assert_eq!(
        (read[0].id.as_str(), read[0].text.as_str(), read[0].in_reply_to.as_deref()),
        ("44_1", "It leaks", Some("44_0"))
    );
    assert_eq!(read[0].author.as_ref().and_then(|a| a.name.as_deref()), Some("Ana"));
    assert_eq!(read[0].created_at.unwrap().as_second(), 1_520_383_571);
    assert_eq!(read[0].extra["pushed"]["is_hidden"], false, "nothing is lost");
    assert!(read[1].deleted_at.is_some() && read[1].text.is_empty());
    let comment = json!({ "object": "instagram", "entry": [{ "id": "90010778325754", "time": 1, "changes": [{ "field": "comments", "value": {
        "from": { "id": "232323232", "username": "ana" }, "media": { "id": "123123123", "media_product_type": "FEED" }, "id": "17865799348089039", "parent_id": "1231231234", "text": "This leaks" } }] }] });
    let read = posts(&INSTAGRAM, &comment, "x-hub-signature-256", "sha256=", "");
    assert_eq!(
        (read[0].id.as_str(), read[0].text.as_str(), read[0].thread.as_deref()),
        ("17865799348089039", "This leaks", Some("123123123"))
    );
    assert_eq!(read[0].author.as_ref().and_then(|a| a.handle.as_deref()), Some("ana"));
}

#[test]
fn linkedin_trustpilot_and_the_app_store() {
    let told = json!({ "type": "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS", "notifications": [
        { "notificationId": 1, "organizationalEntity": "urn:li:organization:1", "action": "COMMENT", "sourcePost": "urn:li:share:2", "generatedActivity": "urn:li:comment:(urn:li:activity:3,4)",
          "decoratedGeneratedActivity": { "comment": { "owner": "urn:li:person:x", "text": "It leaks", "entity": "urn:li:activity:3" } }, "lastModifiedAt": 1_594_422_000_123_i64 },
        { "action": "LIKE", "generatedActivity": "urn:li:reaction:1" }] });
    let read = posts(&LINKEDIN, &told, "x-li-signature", "", "hmacsha256=");
    assert_eq!(read.len(), 1, "a like is no post");
    assert_eq!((read[0].text.as_str(), read[0].in_reply_to.as_deref()), ("It leaks", Some("urn:li:share:2")));
    assert_eq!(read[0].created_at.unwrap().as_millisecond(), 1_594_422_000_123);
    let told = json!({ "events": [{ "eventName": "service-review-created", "version": "1.0.0", "eventData": { "id": "r1", "language": "en", "stars": 1, "title": "Leaks", "text": "It leaks",
        "createdAt": "2026-03-01T10:00:00Z", "link": "https://www.trustpilot.com/reviews/r1", "consumer": { "id": "c1", "name": "Ana" } } }, { "eventName": "product-review-created", "eventData": {} }] });
    let read = deliver(&TRUSTPILOT, &told, "", &format!("secret={}", SECRET.replace(' ', "%20"))).unwrap();
    assert_eq!(read.len(), 1);
    let post = read[0].as_ref().unwrap();
    assert_eq!(
        (post.title.as_deref(), post.url.as_deref()),
        (Some("Leaks"), Some("https://www.trustpilot.com/reviews/r1"))
    );
    assert_eq!(deliver(&TRUSTPILOT, &told, "", "secret=guessed"), Err(Unsigned::Mismatch));
    let one = json!({ "data": { "type": "customerReviews", "id": "a1", "attributes": { "rating": 1, "title": "Leaks", "body": "It leaks", "reviewerNickname": "ana", "createdDate": "2026-03-01T10:00:00-08:00", "territory": "USA" } } });
    for told in [one.clone(), json!({ "data": [one["data"]] })] {
        let read = posts(&APPSTORE, &told, "x-signature", "sha256=", "");
        assert_eq!((read[0].id.as_str(), read[0].text.as_str()), ("a1", "It leaks"));
        assert_eq!(read[0].created_at.unwrap().to_string(), "2026-03-01T18:00:00Z");
    }
}

#[test]
fn handshakes_are_answered_as_each_network_wants() {
    let none = HeaderMap::new();
    let shake = |about: &About, query: &str| {
        about.connector.receive(&place(), &Delivery { get: true, headers: &none, query, body: b"", now: now() })
    };
    let good = shake(&FACEBOOK, "hub.mode=subscribe&hub.challenge=77&hub.verify_token=a+word");
    assert_eq!(good, Ok(Received::Handshake { kind: "text/plain", body: "77".into() }));
    assert_eq!(shake(&INSTAGRAM, "hub.challenge=77&hub.verify_token=other"), Err(Unsigned::Mismatch));
    let Ok(Received::Handshake { body, .. }) = shake(&LINKEDIN, "challengeCode=890e4665") else {
        panic!("no handshake")
    };
    let told: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(told, json!({ "challengeCode": "890e4665", "challengeResponse": hex(&hmac(SECRET, &[b"890e4665"])) }));
    assert_eq!(shake(&TRUSTPILOT, ""), Err(Unsigned::NotPushed));
}

#[test]
fn what_is_no_mapping_and_what_is_no_payload_is_said() {
    for wrong in [
        "",
        "each = 3",
        "each = [\"a\"]\nid = [\"b\"]",
        "each = [\"a\"]\nid = []\nsignature = { header = \"x\" }",
        "each = [\"a\"]\nid = [\"b\"]\nodd = 1\nsignature = { header = \"x\" }",
        "each = [\"a\"]\nid = [\"b\"]\nhandshake = \"x\"\nsignature = { header = \"x\" }",
    ] {
        assert!(Mapping::read(wrong).is_err(), "{wrong}");
    }
    for told in [json!(1), json!([]), json!({ "entry": 7 }), json!({ "entry": [{ "changes": [7, null, {}] }] })] {
        assert!(FACEBOOK_READ.mapping().posts(&told, now()).is_empty(), "{told}");
    }
    let nameless = json!({ "entry": [{ "changes": [{ "value": { "item": "comment", "message": "x" } }] }] });
    assert!(FACEBOOK_READ.mapping().posts(&nameless, now())[0].is_err());
    let guessed = |typed: &str| FACEBOOK.connector.guess(typed).map(|guess| guess.url);
    assert_eq!(guessed("facebook.com/acme").as_deref(), Some("https://facebook.com/acme"));
    assert_eq!(guessed("https://notfacebook.com/acme"), None);
}
