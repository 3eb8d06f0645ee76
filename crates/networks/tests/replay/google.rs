//! YouTube and Google Play, in the form of their discovery documents.

use dandelion_networks::{
    contract::{Found, Trouble, Wait},
    googleplay,
    outgoing::Answer,
    youtube,
};
use serde_json::{Value, json};

use crate::{
    server::{Replay, Say, reply},
    shared,
};

/// A value of a schema of a discovery document: every field there is.
fn sample(schemas: &Value, schema: &Value, name: &str) -> Value {
    if let Some(of) = schema["$ref"].as_str() {
        return sample(schemas, &schemas[of], name);
    }
    match schema["type"].as_str().unwrap_or("object") {
        "integer" => json!(7),
        "number" => json!(1.5),
        "boolean" => json!(true),
        "array" => json!([sample(schemas, &schema["items"], name)]),
        "string" if schema["format"] == "date-time" => json!("2026-03-02T08:00:00Z"),
        "string" if schema["format"] == "int64" => json!("1772442000"),
        "string" => json!(format!("some {name}")),
        _ => schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.clone(), sample(schemas, schema, name)))
            .collect(),
    }
}

const CHANNEL: &str = "UCaaaaaaaaaaaaaaaaaaaaaa";

fn comment(id: &str, text: &str, updated: &str) -> Value {
    let schemas = &shared::json("google/youtube.v3.json")["schemas"];
    let mut comment = sample(schemas, &schemas["Comment"], "comment");
    comment["id"] = json!(id);
    comment["snippet"]["textOriginal"] = json!(text);
    comment["snippet"]["authorProfileImageUrl"] = json!("https://yt3.example/ana=s48");
    comment["snippet"]["updatedAt"] = json!(updated);
    comment
}

#[test]
fn a_documented_comment_loses_nothing() {
    let raw = comment("T1.R1", "It leaks", "2026-03-02T08:05:00Z");
    let post = youtube::post(raw.clone()).expect("a post");
    assert_eq!(
        (post.text.as_str(), post.thread.as_deref(), post.in_reply_to.as_deref()),
        ("It leaks", Some("T1"), Some("some parentId"))
    );
    assert!(post.edited_at > post.created_at);
    let avatar = post.author.as_ref().and_then(|author| author.avatar.as_deref());
    assert_eq!(avatar, Some("https://yt3.example/ana=s48"));
    let ours = ["textOriginal", "publishedAt", "updatedAt", "parentId", "authorDisplayName", "likeCount"];
    for (name, value) in raw["snippet"].as_object().expect("a snippet") {
        assert!(ours.contains(&name.as_str()) || post.extra.get(name) == Some(value), "{name} is lost");
    }
    assert_eq!(post.extra["etag"], raw["etag"]);
    for bad in [json!(1), json!({}), json!({ "id": "x" }), json!({ "id": "x", "snippet": {} })] {
        assert!(youtube::post(bad.clone()).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn comments_and_their_answers_are_read_and_answered() {
    let said = std::sync::Mutex::new(Vec::<Value>::new());
    let tube = Replay::of("youtube", move |asked| {
        let mut said = said.lock().expect("the answers");
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/youtube/v3/commentThreads") => {
                assert_eq!((asked.header("x-goog-api-key"), asked.parameter("allThreadsRelatedToChannelId")), ("k", CHANNEL));
                let page: usize = asked.parameter("pageToken").parse().unwrap_or(1);
                let thread = |n: usize| json!({ "id": format!("T{n}"), "snippet": { "topLevelComment": comment(&format!("T{n}"), "leaks", "2026-03-02T08:00:00Z") },
                    "replies": { "comments": [comment(&format!("T{n}.R"), "mine too", "2026-03-02T08:00:00Z")] } });
                let threads: Vec<Value> = (1..=2).map(|n| thread(7 - 2 * page + 2 - n)).collect();
                Say::json(&json!({ "items": threads, "nextPageToken": if page < 3 { json!((page + 1).to_string()) } else { Value::Null } }))
            }
            ("POST", "/token") => {
                assert_eq!(asked.body, "grant_type=refresh_token&refresh_token=r&client_id=app&client_secret=s");
                Say::json(&json!({ "access_token": "a" }))
            }
            ("POST", "/youtube/v3/comments") if asked.json()["snippet"]["textOriginal"] == "spent" => {
                Say::status(403, &json!({ "error": { "code": 403, "message": "The request cannot be completed because you have exceeded your quota.", "errors": [{ "domain": "youtube.quota", "reason": "quotaExceeded" }] } }))
            }
            ("POST", "/youtube/v3/comments") => {
                assert_eq!(asked.header("authorization"), "Bearer a");
                let mut answer = comment("T1.A", asked.json()["snippet"]["textOriginal"].as_str().expect("words"), "2026-03-02T09:00:00Z");
                answer["snippet"]["authorChannelId"] = json!({ "value": CHANNEL });
                said.push(answer.clone());
                Say::json(&answer)
            }
            ("GET", "/youtube/v3/comments") => Say::json(&json!({ "items": *said })),
            other => panic!("{other:?}"),
        }
    })
    .await;
    let read = tube.place(&json!({ "channel": CHANNEL }), &[("key", "k")]);
    let first = tube.page(&read, &Value::Null).await.expect("a page");
    assert_eq!((first.items.len(), first.wait), (4, Wait::After(std::time::Duration::from_mins(10))));
    let known = json!({ "known": [["T1", "2026-03-02T08:00:00Z"]], "begun": true });
    let (posts, cursor) = tube.all(&read, &known).await;
    assert_eq!(posts.len(), 11, "down to what is known");
    assert!(tube.all(&read, &cursor).await.0.is_empty());
    let settings = json!({ "channel": CHANNEL, "client_id": "app", "sign_in": format!("{}/token", tube.address) });
    let us = tube.place(&settings, &[("refresh_token", "r"), ("client_secret", "s")]);
    let connector = tube.about.connector;
    assert_eq!(connector.find(&us, &reply("k", "Sorry!", "T1.R1"), us.now).await, Found::NotThere);
    let told = connector.publish(&us, &reply("k", "Sorry!", "T1.R1")).await;
    assert!(matches!(&told, Answer::Published { remote_id: Some(id), .. } if id == "T1.A"), "{told:?}");
    let sent = tube
        .asked()
        .into_iter()
        .rfind(|asked| asked.path == "/youtube/v3/comments" && asked.method == "POST")
        .expect("an answer");
    assert_eq!(sent.json(), json!({ "snippet": { "parentId": "T1", "textOriginal": "Sorry!" } }));
    let found = connector.find(&us, &reply("k", "Sorry!", "T1.R1"), us.now).await;
    assert!(matches!(&found, Found::Published { remote_id: Some(id), .. } if id == "T1.A"), "{found:?}");
    let spent = connector.publish(&us, &reply("k", "spent", "T1")).await;
    assert!(
        matches!(&spent, Answer::Later { after: Some(wait), .. } if wait.as_secs() == 23 * 3600),
        "until midnight in California: {spent:?}"
    );
}

fn review(id: &str, text: &str, seconds: &str) -> Value {
    let schemas = &shared::json("google/androidpublisher.v3.json")["schemas"];
    let mut review = sample(schemas, &schemas["Review"], "review");
    review["reviewId"] = json!(id);
    review["comments"][0]["userComment"]["text"] = json!(text);
    review["comments"][0]["userComment"]["originalText"] = Value::Null;
    review["comments"][0]["userComment"]["lastModified"]["seconds"] = json!(seconds);
    review
}

#[tokio::test]
async fn reviews_are_read_and_answered_once() {
    let raw = review("R1", "Bad update\tIt leaks", "1772442000");
    let post = googleplay::post(raw.clone()).expect("a post");
    assert_eq!((post.title.as_deref(), post.text.as_str()), (Some("Bad update"), "It leaks"));
    assert_eq!(post.extra["comments"], raw["comments"], "nothing is lost");
    for bad in [json!([]), json!({}), json!({ "reviewId": "x" })] {
        assert!(googleplay::post(bad.clone()).is_err(), "{bad}");
    }
    let ours = std::sync::Mutex::new(String::new());
    let play = Replay::of("googleplay", move |asked| {
        let mut ours = ours.lock().expect("our answer");
        match (asked.method.as_str(), asked.path.as_str()) {
            _ if asked.header("authorization") != "Bearer t" => Say::status(401, &json!({ "error": { "code": 401, "message": "Request had invalid authentication credentials." } })),
            ("GET", "/androidpublisher/v3/applications/com.acme.kettle/reviews") => match asked.parameter("token") {
                "" => Say::json(&json!({ "reviews": [review("R3", "c", "3"), review("R2", "b", if ours.is_empty() { "2" } else { "9" })], "tokenPagination": { "nextPageToken": "p2" } })),
                _ => Say::json(&json!({ "reviews": [review("R1", "a", "1")] })),
            },
            ("POST", "/androidpublisher/v3/applications/com.acme.kettle/reviews/R1:reply") => {
                *ours = asked.json()["replyText"].as_str().expect("words").to_owned();
                Say::json(&json!({ "result": { "replyText": *ours } }))
            }
            ("GET", "/androidpublisher/v3/applications/com.acme.kettle/reviews/R1") => {
                let mut review = review("R1", "a", "1");
                review["comments"] = json!([review["comments"][0], { "developerComment": { "text": *ours } }]);
                Say::json(&review)
            }
            other => panic!("{other:?}"),
        }
    })
    .await;
    let us = play.place(&json!({ "app": "com.acme.kettle" }), &[("token", "t")]);
    let known = json!({ "known": [["R0", "0"]], "begun": true });
    let (posts, cursor) = play.all(&us, &known).await;
    assert_eq!(posts.iter().map(|post| post.id.as_str()).collect::<Vec<_>>(), ["R2", "R3", "R1"]);
    let connector = play.about.connector;
    assert_eq!(connector.find(&us, &reply("k", "Sorry!", "R1"), us.now).await, Found::NotThere);
    let told = connector.publish(&us, &reply("k", "Sorry!", "R1")).await;
    assert_eq!(told, Answer::Published { remote_id: Some("R1/reply".into()), url: None });
    assert!(matches!(connector.find(&us, &reply("k", "Sorry!", "R1"), us.now).await, Found::Published { .. }));
    let (changed, _) = play.all(&us, &cursor).await;
    assert_eq!(
        changed.iter().map(|post| post.id.as_str()).collect::<Vec<_>>(),
        ["R2"],
        "a review that was changed comes again"
    );
    let stranger = play.place(&json!({ "app": "com.acme.kettle" }), &[("token", "x")]);
    let trouble = play.page(&stranger, &Value::Null).await.expect_err("no way in");
    assert!(matches!(trouble, Trouble::Revoked { .. }), "{trouble}");
}
