use dandelion_networks::{
    contract::{Found, Trouble},
    outgoing::Answer,
};
use serde_json::{Value, json};

use crate::{
    server::{Asked, Replay, Say, line, reply},
    shared,
};

/// The answers that were recorded, each with its address and the headers that say what is left.
fn recorded() -> Vec<(String, String, Say, String)> {
    let mut all = Vec::new();
    let mut names: Vec<_> = std::fs::read_dir(shared::fixture("reddit/cassettes"))
        .expect("a folder")
        .map(|e| e.expect("a file").path())
        .collect();
    names.sort();
    for path in names {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let tape: Value = serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON");
        for turn in tape["interactions"].as_array().expect("turns") {
            let uri = turn["request"]["uri"].as_str().expect("an address").replace("<TEST_SUBREDDIT>", "kettles");
            let body = turn["response"]["body"]["string"].as_str().unwrap_or_default().to_owned();
            let mut say = Say(200, Vec::new(), body.clone());
            for (key, value) in turn["response"]["headers"].as_object().expect("headers") {
                for wanted in ["x-ratelimit-used", "x-ratelimit-remaining", "x-ratelimit-reset"] {
                    if key.eq_ignore_ascii_case(wanted) {
                        say = say.with(wanted, value[0].as_str().unwrap_or_default());
                    }
                }
            }
            all.push((name.clone(), uri, say, body));
        }
    }
    all
}

fn signed_in(asked: &Asked) -> Option<Say> {
    (asked.path == "/token").then(|| {
        assert!(
            asked.header("authorization").starts_with("Basic ")
                && asked.body == "grant_type=refresh_token&refresh_token=r",
            "{asked:?}"
        );
        Say::json(&json!({ "access_token": "a", "token_type": "bearer", "expires_in": 86400 }))
    })
}

fn place(reddit: &Replay, settings: &Value) -> dandelion_networks::contract::Access {
    let mut settings = settings.clone();
    settings["client_id"] = json!("app");
    settings["sign_in"] = json!(format!("{}/token", reddit.address));
    reddit.place(&settings, &[("refresh_token", "r"), ("client_secret", "s")])
}

/// Every recorded list, read through the connector: what became of each thing in it, in a line.
#[tokio::test]
async fn every_recorded_list_becomes_what_it_should() {
    let mut lines = Vec::new();
    for (name, uri, say, body) in recorded() {
        let settings = match uri.split('?').next().unwrap_or_default() {
            path if path.ends_with("/message/mentions") => json!({ "read": "mentions" }),
            path if path.ends_with("/message/comments/") => json!({ "read": "replies" }),
            path if path.contains("/about/modqueue") => json!({ "read": "comments", "subreddit": "kettles" }),
            _ => continue,
        };
        let (headers, told): (Vec<_>, Value) = (say.1.clone(), serde_json::from_str(&body).expect("JSON"));
        let reddit = Replay::of("reddit", move |asked| {
            signed_in(asked).unwrap_or_else(|| Say(200, headers.clone(), body.clone()))
        })
        .await;
        let us = place(&reddit, &settings);
        let page = reddit.page(&us, &Value::Null).await.expect("a page");
        let things = told["data"]["children"].as_array().expect("a list");
        assert_eq!(page.items.len(), things.len(), "{name}");
        let budget = page.budget.expect("what is left");
        lines.push(format!(
            "{name}: {} left for {} s",
            budget.remaining,
            budget.resets_in.unwrap_or_default().as_secs()
        ));
        for (item, thing) in page.items.iter().rev().zip(things) {
            // Real people are in the recordings; their names stay there.
            let handle = item.as_ref().ok().and_then(|post| post.author.as_ref()?.handle.clone()).unwrap_or_default();
            lines.push(format!("  {}", line(item).replace(&format!("by {handle} "), "by somebody ")));
            let Ok(post) = item else { continue };
            let ours = [
                "name",
                "body",
                "body_html",
                "author",
                "author_fullname",
                "created_utc",
                "edited",
                "parent_id",
                "score",
                "permalink",
                "context",
                "title",
            ];
            for (field, value) in thing["data"].as_object().expect("a thing") {
                let kept = post.extra.get(field).or_else(|| post.extra.get(&format!("their_{field}"))) == Some(value);
                let empty = value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty);
                assert!(ours.contains(&field.as_str()) || kept || empty, "{name}: {field} is lost");
            }
        }
        let again = reddit.page(&us, &page.cursor).await.expect("a page");
        assert!(again.items.is_empty(), "{name}: nothing is new");
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn an_answer_is_recorded_as_ours_and_found_again() {
    let (_, _, _, body) = recorded()
        .into_iter()
        .find(|(name, uri, ..)| name == "TestComment.test_reply" && uri.contains("/api/comment"))
        .expect("a recording");
    let said: Value = serde_json::from_str(&body).expect("JSON");
    let ours = said["json"]["data"]["things"][0].clone();
    let reddit = Replay::of("reddit", move |asked| {
        if let Some(token) = signed_in(asked) {
            return token;
        }
        assert_eq!(asked.header("authorization"), "Bearer a");
        match (asked.method.as_str(), asked.path.as_str()) {
            ("POST", "/api/comment") if asked.body.contains("text=slow") => Say::json(&json!({ "json": { "ratelimit": 540.5, "errors": [["RATELIMIT", "you are doing that too much. try again in 9 minutes.", "ratelimit"]] } })),
            ("POST", "/api/comment") if asked.body.contains("text=gone") => Say::json(&json!({ "json": { "errors": [["DELETED_COMMENT", "that comment has been deleted", "parent"]] } })),
            ("POST", "/api/comment") => Say(200, Vec::new(), body.clone()),
            ("GET", "/api/v1/me") => Say::json(&json!({ "name": "acme" })),
            ("GET", "/user/acme/comments") => Say::json(&json!({ "kind": "Listing", "data": { "children": [ours], "after": null } })),
            _ => Say::status(404, &json!({ "message": "Not Found", "error": 404 })),
        }
    })
    .await;
    let us = place(&reddit, &json!({}));
    let connector = reddit.about.connector;
    let told = connector.publish(&us, &reply("k", "Comment reply", "t1_d1616q2")).await;
    assert_eq!(told, Answer::Published { remote_id: Some("t1_d1680wu".into()), url: None });
    assert_eq!(reddit.asked()[1].body, "api_type=json&raw_json=1&thing_id=t1_d1616q2&text=Comment+reply");
    let slow = connector.publish(&us, &reply("k", "slow", "t1_d1616q2")).await;
    assert!(matches!(&slow, Answer::Later { after: Some(wait), .. } if wait.as_secs() == 540), "{slow:?}");
    let gone = connector.publish(&us, &reply("k", "gone", "t1_d1616q2")).await;
    assert!(matches!(&gone, Answer::Refused { why } if why.contains("has been deleted")), "{gone:?}");
    let since = "2026-03-02T08:00:00Z".parse().expect("a moment");
    let found = connector.find(&us, &reply("k", "Comment reply", "t1_d1616q2"), since).await;
    assert_eq!(found, Found::Published { remote_id: Some("t1_d1680wu".into()), url: None });
    assert_eq!(connector.find(&us, &reply("k", "Comment reply", "t1_other"), since).await, Found::NotThere);
    assert!(matches!(connector.publish(&us, &reply("k", "x", "t5_x/../y")).await, Answer::Refused { .. }));
}

#[tokio::test]
async fn a_sign_in_that_no_longer_holds_is_told_and_is_tried_once() {
    let reddit = Replay::of("reddit", |_| Say::status(400, &json!({ "error": "invalid_grant" }))).await;
    let trouble = reddit.page(&place(&reddit, &json!({})), &Value::Null).await.expect_err("no way in");
    assert!(matches!(&trouble, Trouble::Revoked { why } if why.contains("invalid_grant")), "{trouble}");
    assert_eq!(reddit.asked().len(), 1);
    let reddit = Replay::of("reddit", |asked| {
        signed_in(asked).unwrap_or_else(|| {
            Say(429, vec![("x-ratelimit-remaining", "0.0".into()), ("x-ratelimit-reset", "112".into())], String::new())
        })
    })
    .await;
    let slow = reddit.page(&place(&reddit, &json!({})), &Value::Null).await.expect_err("a limit");
    assert_eq!(slow.retry_after().map(|wait| wait.as_secs()), Some(112));
}
