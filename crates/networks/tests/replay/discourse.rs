use dandelion_networks::{
    contract::{Delivery, Found, Received, Trouble, Unsigned, hmac},
    discourse,
    outgoing::Answer,
};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::{
    server::{Asked, Replay, Say, hex, line, reply},
    shared,
};

/// A post in the shape that Discourse documents.
fn post(id: u64, topic: u64, number: u64, raw: &str) -> Value {
    let api = shared::json("discourse/openapi.json");
    let schema = &api["paths"]["/posts.json"]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
    let mut post = shared::sample(&schema["properties"]["latest_posts"]["items"], "post", &api);
    for (name, value) in [
        ("id", json!(id)),
        ("topic_id", json!(topic)),
        ("post_number", json!(number)),
        ("raw", json!(raw)),
        ("cooked", json!(format!("<p>{raw}</p>"))),
        ("post_type", json!(1)),
        ("version", json!(1)),
        ("deleted_at", Value::Null),
        ("username", json!("ana")),
        ("avatar_template", json!("/user_avatar/forum.example/ana/{size}/7_2.png")),
        ("reply_to_post_number", Value::Null),
        ("created_at", json!(format!("2026-03-02T08:{:02}:00.000Z", id % 60))),
    ] {
        post[name] = value;
    }
    post
}

/// The latest posts, 30 a page, as the documentation says.
fn forum(posts: Vec<Value>) -> impl Fn(&Asked) -> Say {
    move |asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/posts.json") => {
            let before: u64 = asked.parameter("before").parse().unwrap_or(u64::MAX);
            let mut shown: Vec<Value> = posts.iter().filter(|p| p["id"].as_u64() < Some(before)).cloned().collect();
            shown.sort_by_key(|post| std::cmp::Reverse(post["id"].as_u64()));
            shown.truncate(30);
            Say::json(&json!({ "latest_posts": shown }))
        }
        _ => Say::status(
            404,
            &json!({ "errors": ["The requested URL or resource could not be found."], "error_type": "not_found" }),
        ),
    }
}

#[tokio::test]
async fn the_latest_posts_are_read_down_to_what_is_known() {
    let posts: Vec<Value> = (1..=100).map(|id| post(id, id / 10, id % 10 + 1, &format!("kettle {id}"))).collect();
    let forum = Replay::of("discourse", forum(posts)).await;
    let us = forum.place(&json!({}), &[]);
    let (first, cursor) = forum.all(&us, &Value::Null).await;
    assert_eq!(first.len(), 30, "the newest page is where reading begins");
    assert_eq!(first[29].id, "10/1");
    let (none, _) = forum.all(&us, &cursor).await;
    assert!(none.is_empty());
    // Known is only what stands at the end of the list: everything above it comes, however many pages.
    let known = json!({ "known": [["5", "1 null"]], "begun": true });
    let (posts, cursor) = forum.all(&us, &known).await;
    assert_eq!(posts.len(), 99, "all but the known one, to the end of the page it stands on");
    let (none, _) = forum.all(&us, &cursor).await;
    assert!(none.is_empty());
}

/// Each field of the documented post is a word of ours or in `extra`.
#[tokio::test]
async fn the_documented_post_loses_nothing() {
    let raw = post(9, 3, 4, "It leaks");
    let forum = Replay::of("discourse", forum(vec![raw.clone()])).await;
    let (posts, _) = forum.all(&forum.place(&json!({}), &[]), &Value::Null).await;
    let read = &posts[0];
    assert_eq!(
        (read.id.as_str(), read.thread.as_deref(), read.in_reply_to.as_deref()),
        ("3/4", Some("3/1"), Some("3/1"))
    );
    assert_eq!((read.text.as_str(), read.html.as_deref()), ("It leaks", Some("<p>It leaks</p>")));
    let avatar = read.author.as_ref().and_then(|author| author.avatar.clone());
    assert_eq!(avatar, Some(format!("{}/user_avatar/forum.example/ana/96/7_2.png", forum.address)));
    let ours = [
        "raw",
        "cooked",
        "username",
        "user_id",
        "name",
        "created_at",
        "updated_at",
        "topic_title",
        "reply_count",
        "reads",
        "deleted_at",
    ];
    for (name, value) in raw.as_object().expect("a post") {
        let kept = read.extra.get(name).or_else(|| read.extra.get(&format!("their_{name}")));
        assert!(ours.contains(&name.as_str()) || value.is_null() || kept == Some(value), "{name} is lost");
    }
}

fn deliver(event: &str, secret: &str, body: &str, signed_with: &str) -> Result<Received, Unsigned> {
    let mut headers = HeaderMap::new();
    let signature = hex(&hmac(signed_with, &[body.as_bytes()]));
    headers.insert("x-discourse-event-signature", format!("sha256={signature}").parse().expect("a header"));
    headers.insert("x-discourse-event", event.parse().expect("a header"));
    headers.insert("x-discourse-event-id", "123".parse().expect("a header"));
    let place = dandelion_networks::contract::Place {
        url: "https://forum.example".into(),
        credentials: dandelion_networks::contract::Credentials::none().with("secret", secret),
        ..Default::default()
    };
    let delivery = Delivery {
        get: false,
        headers: &headers,
        query: "",
        body: body.as_bytes(),
        now: "2026-03-02T09:00:00Z".parse().expect("a moment"),
    };
    dandelion_networks::networks::find("discourse").expect("a network").connector.receive(&place, &delivery)
}

#[test]
fn deliveries_are_believed_by_their_signature() {
    let body = json!({ "post": post(9, 3, 4, "It leaks") }).to_string();
    let mut lines = Vec::new();
    for event in ["post_created", "post_edited", "post_destroyed", "topic_created", "ping"] {
        let Ok(Received::Items { id, items }) = deliver(event, "a long secret", &body, "a long secret") else {
            panic!("{event}")
        };
        assert_eq!(id.as_deref(), Some("123"));
        lines.push(format!("{event}: {}", items.iter().map(line).collect::<Vec<_>>().join(", ")));
    }
    let whisper = {
        let mut whisper = post(9, 3, 5, "for us");
        whisper["post_type"] = json!(4);
        json!({ "post": whisper }).to_string()
    };
    let Ok(Received::Items { items, .. }) = deliver("post_created", "a long secret", &whisper, "a long secret") else {
        panic!()
    };
    assert!(items.is_empty(), "a whisper among the staff is nothing people said");
    for bad in ["{", "{}", "[]", "7", r#"{"post":7}"#] {
        assert!(
            discourse::delivered("post_created", bad.as_bytes(), "", jiff::Timestamp::UNIX_EPOCH)[0].is_err(),
            "{bad}"
        );
    }
    assert_eq!(deliver("ping", "a long secret", &body, "another"), Err(Unsigned::Mismatch));
    assert_eq!(deliver("ping", "", &body, ""), Err(Unsigned::NoSecret));
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn an_answer_stands_under_what_it_answers_and_is_found_again() {
    let ours = {
        let mut ours = post(11, 3, 5, "Which one?");
        ours["username"] = json!("Care");
        ours["reply_to_post_number"] = json!(4);
        ours
    };
    let shown = forum(vec![post(9, 3, 4, "It leaks"), ours.clone()]);
    let forum = Replay::of("discourse", move |asked| match asked.method.as_str() {
        "POST" if asked.header("api-key") != "k" => Say::status(403, &json!({ "errors": ["You are not permitted to view the requested resource."], "error_type": "invalid_access" })),
        "POST" if asked.json()["raw"] == "slow" => Say::status(429, &json!({ "errors": ["You've performed this action too many times."], "error_type": "rate_limit", "extras": { "wait_seconds": 17 } })),
        "POST" if asked.json()["raw"] == "x" => Say::status(422, &json!({ "action": "create_post", "errors": ["Body is too short (minimum is 20 characters)"] })),
        "POST" => Say::json(&ours),
        _ => shown(asked),
    })
    .await;
    let us = forum.place(&json!({ "user": "care" }), &[("key", "k")]);
    let connector = forum.about.connector;
    let told = connector.publish(&us, &reply("k1", "Which one?", "3/4")).await;
    let expected = Answer::Published {
        remote_id: Some("3/5".into()),
        url: Some(format!("{}/t/some topic_slug/3/5", forum.address)),
    };
    assert_eq!(told, expected);
    let asked = forum.asked();
    assert_eq!(asked[0].json(), json!({ "raw": "Which one?", "topic_id": 3, "reply_to_post_number": 4 }));
    assert_eq!(asked[0].header("api-username"), "care");
    let slow = connector.publish(&us, &reply("k2", "slow", "3/4")).await;
    assert!(matches!(&slow, Answer::Later { after: Some(wait), .. } if wait.as_secs() == 17), "{slow:?}");
    let short = connector.publish(&us, &reply("k3", "x", "3/4")).await;
    assert!(matches!(&short, Answer::Refused { why } if why.contains("too short")), "{short:?}");
    let strange = forum.place(&json!({ "user": "care" }), &[("key", "wrong")]);
    let denied = connector.publish(&strange, &reply("k4", "Which one?", "3/4")).await;
    assert!(matches!(&denied, Answer::Refused { why } if why.contains("not permitted")), "{denied:?}");
    let since = "2026-03-02T08:10:00Z".parse().expect("a moment");
    let found = connector.find(&us, &reply("k1", "Which one?", "3/4"), since).await;
    assert!(matches!(&found, Found::Published { remote_id: Some(id), .. } if id == "3/5"), "{found:?}");
    assert_eq!(connector.find(&us, &reply("k5", "Other words", "3/4"), since).await, Found::NotThere);
    let gone = connector.delete(&us, "3/5").await;
    assert!(matches!(gone, Answer::Refused { .. }), "the forum does not show it: {gone:?}");
}

#[tokio::test]
async fn its_limits_and_refusals_are_kept() {
    let forum = Replay::of("discourse", |_| {
        Say::status(429, &json!({ "errors": ["Slow down"], "extras": { "wait_seconds": 44 } }))
    })
    .await;
    let slow = forum.page(&forum.place(&json!({}), &[]), &Value::Null).await.expect_err("a limit");
    assert_eq!(slow.retry_after().map(|wait| wait.as_secs()), Some(44));
    let forum = Replay::of("discourse", |_| Say::json(&json!({ "hello": 1 }))).await;
    let other = forum.page(&forum.place(&json!({}), &[]), &Value::Null).await.expect_err("no forum");
    assert!(matches!(other, Trouble::Wrong { .. }), "{other}");
}
