use std::time::Duration;

use dandelion_networks::{
    contract::{Trouble, Wait},
    stackexchange,
};
use serde_json::{Value, json};

use crate::server::{Replay, Say, line};

fn question(number: u64) -> Value {
    json!({ "tags": ["kettle"], "owner": { "account_id": 1, "reputation": 101, "user_id": 9, "user_type": "registered", "display_name": "Ana &amp; Co", "link": "https://diy.stackexchange.com/users/9/ana" },
            "is_answered": false, "view_count": 12, "answer_count": 0, "score": 2, "last_activity_date": 1_772_442_000 + number, "creation_date": 1_772_442_000 + number,
            "question_id": number, "content_license": "CC BY-SA 4.0", "link": format!("https://diy.stackexchange.com/questions/{number}/x"),
            "title": "Kettle &#39;leaks&#39;", "body": "<p>It <em>leaks</em></p>" })
}

#[test]
fn a_question_becomes_a_post_and_nothing_is_lost() {
    let raw = question(7);
    let item = stackexchange::post(raw.clone(), "diy");
    let post = item.as_ref().expect("a post");
    assert_eq!((post.title.as_deref(), post.text.as_str()), (Some("Kettle 'leaks'"), "It leaks"));
    assert_eq!(post.author.as_ref().and_then(|author| author.name.as_deref()), Some("Ana & Co"));
    let mut pictured = question(8);
    pictured["owner"]["profile_image"] = json!("https://i.stack.example/ana.png?s=256");
    let pictured = stackexchange::post(pictured, "diy").expect("a post").author.and_then(|author| author.avatar);
    assert_eq!(pictured.as_deref(), Some("https://i.stack.example/ana.png?s=256"));
    let ours = ["question_id", "body", "title", "link", "creation_date", "score", "answer_count", "view_count"];
    for (name, value) in raw.as_object().expect("a question") {
        assert!(ours.contains(&name.as_str()) || post.extra.get(name) == Some(value), "{name} is lost");
    }
    assert!(line(&item).starts_with("said diy/7 by Ana & Co to - “Kettle 'leaks'”"), "{}", line(&item));
    for bad in [json!(1), json!({}), json!({ "question_id": 1, "body": "" })] {
        assert!(stackexchange::post(bad.clone(), "diy").is_err(), "{bad}");
    }
}

#[tokio::test]
async fn pages_quota_and_backoff_are_kept() {
    let site = Replay::of("stackexchange", |asked| {
        let page: u64 = asked.parameter("page").parse().expect("a page");
        assert_eq!((asked.parameter("site"), asked.parameter("tagged")), ("diy", "kettle"));
        let from = 200 - (page - 1) * 50;
        let items: Vec<Value> = (from - 49..=from).rev().map(question).collect();
        let mut told = json!({ "items": items, "has_more": page < 4, "quota_max": 300, "quota_remaining": 200 - page });
        if page == 1 {
            told["backoff"] = json!(1200);
        }
        Say::json(&told)
    })
    .await;
    let us = site.place(&json!({ "site": "diy", "tag": "kettle" }), &[]);
    let first = site.page(&us, &Value::Null).await.expect("a page");
    assert_eq!((first.items.len(), first.wait), (50, Wait::After(Duration::from_mins(20))), "it asks for a rest");
    let budget = first.budget.expect("a quota");
    assert_eq!((budget.remaining, budget.limit, budget.resets_in), (199, Some(300), Some(Duration::from_hours(15))));
    // Two pages further down stands what is known; the rest that was asked for is kept on the way.
    let known = json!({ "known": [["90", "null"]], "begun": true });
    let one = site.page(&us, &known).await.expect("a page");
    assert_eq!(one.wait, Wait::After(Duration::from_mins(20)));
    let two = site.page(&us, &one.cursor).await.expect("a page");
    assert_eq!(two.wait, Wait::More);
    let three = site.page(&us, &two.cursor).await.expect("a page");
    assert_eq!(three.wait, Wait::After(Duration::from_mins(10)), "nobody asks more often than the quota allows");
    assert_eq!(one.items.len() + two.items.len() + three.items.len(), 149);
}

#[tokio::test]
async fn its_refusals_are_told_apart() {
    for (name, message, kind) in [
        ("throttle_violation", "too many requests from this IP, more requests available in 35 seconds", "passing 35"),
        ("temporarily_unavailable", "try later", "passing"),
        ("bad_key", "key is not valid", "revoked"),
        ("bad_parameter", "site is required", "wrong"),
    ] {
        let told = json!({ "error_id": 502, "error_name": name, "error_message": message });
        let site = Replay::of("stackexchange", move |_| Say::status(400, &told)).await;
        let us = site.place(&json!({ "site": "diy", "tag": "kettle" }), &[("key", "k")]);
        let trouble = site.page(&us, &Value::Null).await.expect_err("a refusal");
        let got = match &trouble {
            Trouble::Passing { after: Some(after), .. } => format!("passing {}", after.as_secs()),
            Trouble::Passing { .. } => "passing".to_owned(),
            Trouble::Revoked { .. } => "revoked".to_owned(),
            Trouble::Wrong { .. } => "wrong".to_owned(),
        };
        assert_eq!(got, kind, "{trouble}");
    }
}
