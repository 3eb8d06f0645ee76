use dandelion_networks::{
    contract::{Credentials, Delivery, Found, Place, Received, Unsigned, hmac},
    networks,
    outgoing::Answer,
    x,
};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::{
    server::{Asked, Replay, Say, line, reply},
    shared,
};

/// A post in the shape of X's OpenAPI document.
fn post(id: u64, text: &str, to: Option<u64>) -> Value {
    let api = shared::json("x/openapi.json");
    let mut post = shared::sample(&api["components"]["schemas"]["Post"], "post", &api);
    post["id"] = json!(id.to_string());
    post["text"] = json!(text);
    post["author_id"] = json!("9");
    post["conversation_id"] = json!("1");
    post["lang"] = json!("en");
    post["note_post"] = Value::Null;
    post["referenced_posts"] = to.map_or(json!([]), |to| json!([{ "type": "replied_to", "id": to.to_string() }]));
    post
}

fn account() -> Value {
    let api = shared::json("x/openapi.json");
    let mut user = shared::sample(&api["components"]["schemas"]["User"], "user", &api);
    user["id"] = json!("9");
    user["username"] = json!("ana");
    user["profile_image_url"] = json!("https://pbs.twimg.example/1/a_normal.jpg");
    user
}

/// Mentions, five a page.
fn mentions(asked: &Asked, highest: u64) -> Say {
    let from: u64 = asked.parameter("pagination_token").parse().unwrap_or(highest);
    let shown: Vec<Value> =
        (from.saturating_sub(4).max(1)..=from).rev().map(|id| post(id, "@acme kettle", None)).collect();
    let next = if from > 5 { json!((from - 5).to_string()) } else { Value::Null };
    Say::json(&json!({ "data": shown, "includes": { "users": [account()] }, "meta": { "next_token": next } }))
        .with("x-rate-limit-limit", 180)
        .with("x-rate-limit-remaining", 179)
        .with("x-rate-limit-reset", 1_772_442_900)
}

#[tokio::test]
async fn mentions_are_read_down_to_what_is_known_and_lose_nothing() {
    let x = Replay::of("x", |asked| match asked.path.as_str() {
        "/2/users/me" => Say::json(&json!({ "data": { "id": "42", "username": "acme", "name": "Acme" } })),
        "/2/users/42/mentions" => mentions(asked, 12),
        _ => Say::status(404, &json!({ "title": "Not Found Error", "detail": "nothing here" })),
    })
    .await;
    let us = x.place(&json!({}), &[("token", "t")]);
    let first = x.page(&us, &Value::Null).await.expect("a page");
    assert_eq!((first.items.len(), first.budget.map(|budget| budget.remaining)), (5, Some(179)));
    let (posts, cursor) = x.all(&us, &json!({ "known": [["3", ""]], "begun": true })).await;
    assert_eq!(posts.len(), 9, "all that are newer");
    assert!(x.all(&us, &cursor).await.0.is_empty());
    let (read, raw) = (posts.iter().find(|post| post.id == "12").expect("a post"), post(12, "@acme kettle", None));
    let ours = ["id", "text", "lang", "created_at"];
    for (name, value) in raw.as_object().expect("a post") {
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        let kept = read.extra.get(name).or_else(|| read.extra.get(&format!("their_{name}"))) == Some(value);
        assert!(ours.contains(&name.as_str()) || kept || empty, "{name} is lost");
    }
    let author = read.author.as_ref().expect("an author");
    assert_eq!((author.id.as_deref(), author.handle.as_deref(), author.followers), (Some("9"), Some("ana"), Some(7)));
    assert_eq!(author.avatar.as_deref(), Some("https://pbs.twimg.example/1/a_bigger.jpg"));
    assert_eq!(x.about.connector.connect(&us).await.expect("an account").handle.as_deref(), Some("@acme"));
    let drawn = us.meter.take();
    assert_eq!(drawn.get("mentions").map(|left| (left.remaining, left.limit)), Some((179, Some(180))));
    assert_eq!(x.about.connector.draws_on(&us.place), "mentions");
}

/// The headers are those that X sends, one family for fifteen minutes and two for a day (plhery/node-twitter-api-v2 #495, #553).
#[tokio::test]
async fn each_endpoint_has_an_allowance_of_its_own() {
    let x = Replay::of("x", |asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/2/tweets/search/recent") if asked.parameter("query") == "kettle -is:retweet" => mentions(asked, 12),
        ("POST", "/2/tweets") => {
            let told = Say::status(
                429,
                &json!({ "title": "Too Many Requests", "detail": "Too Many Requests", "status": 429 }),
            );
            let told = told.with("x-rate-limit-limit", 1_080_000).with("x-rate-limit-remaining", 1_079_999);
            let told = told.with("x-rate-limit-reset", 1_772_442_900);
            let told = told.with("x-app-limit-24hour-limit", 17).with("x-app-limit-24hour-remaining", 16);
            let told = told.with("x-app-limit-24hour-reset", 1_772_485_200);
            let told = told.with("x-user-limit-24hour-limit", 17).with("x-user-limit-24hour-remaining", 0);
            told.with("x-user-limit-24hour-reset", 1_772_485_200)
        }
        // All requests of the app are used up, which no header counts.
        ("DELETE", _) => Say::status(429, &json!({ "title": "Too Many Requests" }))
            .with("x-rate-limit-remaining", 49)
            .with("x-rate-limit-reset", 1_772_442_300),
        other => panic!("{other:?}"),
    })
    .await;
    let us = x.place(&json!({ "me": "42", "search": "kettle -is:retweet" }), &[("token", "t")]);
    let connector = x.about.connector;
    assert_eq!(connector.draws_on(&us.place), "searches");
    let found = x.page(&us, &Value::Null).await.expect("a page");
    assert_eq!((found.items.len(), found.budget.map(|budget| budget.remaining)), (5, Some(179)));
    let later = connector.publish(&us, &reply("k", "On it", "5")).await;
    let Answer::Later { after: Some(after), .. } = later else { panic!("{later:?}") };
    assert_eq!(after.as_secs(), 43_200, "tomorrow, not in a few minutes");
    let later = connector.delete(&us, "77").await;
    assert!(matches!(&later, Answer::Later { after: Some(wait), .. } if wait.as_secs() == 300), "{later:?}");
    let drawn = us.meter.take();
    let left: Vec<_> = drawn.iter().map(|(name, budget)| (*name, budget.remaining, budget.limit)).collect();
    assert_eq!(left, [("deleting", 49, None), ("posting", 0, Some(17)), ("searches", 179, Some(180))]);
    assert!(us.meter.take().is_empty(), "said once");
    let long = Place { url: x.address.clone(), credentials: us.credentials.clone(), ..Place::default() };
    let with = |search: String| {
        let mut place = long.clone();
        place.settings.insert("search".into(), search.into());
        connector.check(&place)
    };
    assert!(with("kettle ".repeat(500)).is_ok());
    assert_eq!(with("kettle ".repeat(600)).map_err(|refusal| refusal.field), Err("search".into()));
}

#[tokio::test]
async fn an_answer_is_published_once_and_its_refusals_are_told() {
    let x = Replay::of("x", |asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("POST", "/2/tweets") => match asked.json()["text"].as_str().unwrap_or_default() {
            "twice" => Say::status(403, &json!({ "detail": "You are not allowed to create a Tweet with duplicate content.", "type": "about:blank", "title": "Forbidden", "status": 403 })),
            "slow" => Say::status(429, &json!({ "title": "Too Many Requests", "detail": "Too Many Requests", "status": 429 })).with("x-rate-limit-remaining", 0).with("x-rate-limit-reset", 1_772_442_300),
            "lost" => Say(503, Vec::new(), String::new()),
            _ => Say::status(201, &json!({ "data": { "id": "77", "text": "On it" } })),
        },
        ("GET", "/2/users/42/tweets") => Say::json(&json!({ "data": [post(77, "@ana On it https://t.co/abc", Some(5))], "meta": {} })),
        ("DELETE", "/2/tweets/77") => Say::json(&json!({ "data": { "deleted": true } })),
        other => panic!("{other:?}"),
    })
    .await;
    let us = x.place(&json!({ "me": "42" }), &[("token", "t")]);
    let connector = x.about.connector;
    let told = connector.publish(&us, &reply("k", "On it", "5")).await;
    assert_eq!(told, Answer::Published { remote_id: Some("77".into()), url: Some("https://x.com/i/status/77".into()) });
    assert_eq!(x.asked()[0].json(), json!({ "text": "On it", "reply": { "in_reply_to_tweet_id": "5" } }));
    let twice = connector.publish(&us, &reply("k", "twice", "5")).await;
    assert!(matches!(&twice, Answer::Refused { why } if why.contains("duplicate content")), "{twice:?}");
    let slow = connector.publish(&us, &reply("k", "slow", "5")).await;
    assert!(matches!(&slow, Answer::Later { after: Some(wait), .. } if wait.as_secs() == 300), "{slow:?}");
    assert!(matches!(connector.publish(&us, &reply("k", "lost", "5")).await, Answer::InDoubt { .. }));
    let long = connector.publish(&us, &reply("k", &"漏".repeat(141), "5")).await;
    assert!(matches!(&long, Answer::Refused { why } if why.contains("282")), "{long:?}");
    let found = connector.find(&us, &reply("k", "On it https://acme.example/help", "5"), us.now).await;
    assert!(
        matches!(&found, Found::Published { remote_id: Some(id), .. } if id == "77"),
        "X shortens addresses: {found:?}"
    );
    assert_eq!(connector.find(&us, &reply("k", "On it", "6"), us.now).await, Found::NotThere);
    assert!(matches!(connector.delete(&us, "77").await, Answer::Published { .. }));
}

#[test]
fn the_handshake_and_deliveries_are_signed_in_base64() {
    use base64::Engine as _;
    let connector = networks::find("x").expect("a network").connector;
    let place = Place {
        url: "https://api.x.com".into(),
        credentials: Credentials::none().with("secret", "consumer"),
        ..Place::default()
    };
    let sign = |bytes: &[u8]| {
        format!("sha256={}", base64::engine::general_purpose::STANDARD.encode(hmac("consumer", &[bytes])))
    };
    let none = HeaderMap::new();
    let now = "2026-03-02T09:00:00Z".parse().expect("a moment");
    let asked = Delivery { get: true, headers: &none, query: "crc_token=abc%3D&nonce=1", body: b"", now };
    let Ok(Received::Handshake { kind: "application/json", body }) = connector.receive(&place, &asked) else {
        panic!("no handshake")
    };
    assert_eq!(serde_json::from_str::<Value>(&body).expect("JSON"), json!({ "response_token": sign(b"abc=") }));
    let told = json!({ "for_user_id": "42",
        "tweet_create_events": [
            { "id": 5, "id_str": "5", "created_at": "Mon Mar 02 08:00:00 +0000 2026", "text": "@acme it &amp; leaks", "in_reply_to_status_id_str": "3",
              "user": { "id_str": "9", "screen_name": "ana", "name": "Ana", "followers_count": 7, "created_at": "Wed Oct 10 20:19:24 +0000 2018" }, "odd": 1 },
            { "id_str": "6", "retweeted_status": {}, "text": "RT" }, { "text": "nameless" }],
        "tweet_delete_events": [{ "status": { "id": "4", "user_id": "9" }, "timestamp_ms": "1772442000000" }, {}] })
    .to_string();
    let mut headers = HeaderMap::new();
    headers.insert("x-twitter-webhooks-signature", sign(told.as_bytes()).parse().expect("a header"));
    let delivery = Delivery { get: false, headers: &headers, query: "", body: told.as_bytes(), now };
    let Ok(Received::Items { items, .. }) = connector.receive(&place, &delivery) else { panic!("not taken") };
    insta::assert_snapshot!(items.iter().map(line).collect::<Vec<_>>().join("\n"));
    let forged = Delivery { body: b"{}", ..delivery };
    assert_eq!(connector.receive(&place, &forged), Err(Unsigned::Mismatch));
    for bad in ["{", "[]", "7", "{}"] {
        assert_eq!(x::delivered(bad.as_bytes(), now).len(), usize::from(bad == "{"), "{bad}");
    }
}
