use dandelion_networks::{contract::Wait, hackernews};
use serde_json::{Value, json};

use crate::{
    server::{Replay, Say, line},
    shared,
};

/// The items its documentation shows.
fn documented() -> Vec<Value> {
    let text = std::fs::read_to_string(shared::fixture("hackernews/README-API.md")).expect("a file");
    let blocks = text.split("```javascript\n").skip(1).filter_map(|rest| rest.split("```").next());
    let items: Vec<Value> = blocks.filter_map(|block| serde_json::from_str(block).ok()).collect();
    items.into_iter().filter(|item: &Value| item["type"].is_string()).collect()
}

#[test]
fn every_documented_item_becomes_what_it_should() {
    let now = "2026-03-02T09:00:00Z".parse().expect("a moment");
    let items = documented();
    assert!(items.len() >= 6, "only {} items: the documentation is not whole", items.len());
    let mut lines = Vec::new();
    for raw in items {
        let item = hackernews::post(raw.clone(), now);
        let post = item.as_ref().expect("a post");
        let ours = ["id", "text", "by", "url", "title", "time", "score", "descendants"];
        for (name, value) in raw.as_object().expect("an item") {
            let kept = post.extra.get(name) == Some(value);
            assert!(ours.contains(&name.as_str()) || kept || value == "", "{name} is lost");
        }
        lines.push(format!("{}: {}", raw["type"].as_str().unwrap_or_default(), line(&item)));
    }
    let gone = hackernews::post(
        json!({ "id": 5, "deleted": true, "type": "comment", "parent": 4, "time": 1_314_211_127 }),
        now,
    );
    lines.push(format!("deleted: {}", line(&gone)));
    for bad in [json!(null), json!(3), json!({ "type": "story" }), json!({ "id": 7, "type": "story" })] {
        lines.push(format!("{bad}: {}", line(&hackernews::post(bad.clone(), now))));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn numbers_are_read_upwards_and_those_not_shown_yet_are_waited_for() {
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };
    let (highest, shown) = (Arc::new(AtomicU64::new(500)), Arc::new(AtomicU64::new(500)));
    let (max, last) = (highest.clone(), shown.clone());
    let news = Replay::of("hackernews", move |asked| {
        if asked.path == "/v0/maxitem.json" {
            return Say::json(&json!(max.load(Ordering::Relaxed)));
        }
        let number: u64 =
            asked.path.trim_start_matches("/v0/item/").trim_end_matches(".json").parse().expect("a number");
        // One is missing for good; the newest are numbered before they are shown.
        let missing = number == 450 || number > last.load(Ordering::Relaxed);
        Say::json(&if missing {
            Value::Null
        } else {
            json!({ "id": number, "type": "comment", "by": "ana", "text": "kettle", "time": 1 })
        })
    })
    .await;
    let us = news.place(&json!({}), &[]);
    let page = news.page(&us, &Value::Null).await.expect("a page");
    assert_eq!((page.items.len(), page.wait, &page.cursor), (99, Wait::Usual, &json!({ "item": 500 })));
    highest.store(750, Ordering::Relaxed);
    shown.store(745, Ordering::Relaxed);
    let (posts, cursor) = news.all(&us, &page.cursor).await;
    assert_eq!((posts.len(), &cursor), (245, &json!({ "item": 745 })));
    shown.store(750, Ordering::Relaxed);
    let (posts, cursor) = news.all(&us, &cursor).await;
    assert_eq!((posts.len(), &cursor), (5, &json!({ "item": 750 })));
    assert!(news.all(&us, &cursor).await.0.is_empty());
}

#[tokio::test]
async fn trouble_moves_nothing() {
    let news = Replay::of("hackernews", |asked| match asked.path.as_str() {
        "/v0/maxitem.json" => Say::json(&json!(10)),
        "/v0/item/7.json" => Say(503, vec![("retry-after", "30".into())], String::new()),
        _ => Say::json(&json!({ "id": 1, "type": "comment", "text": "x", "time": 1 })),
    })
    .await;
    let trouble = news.page(&news.place(&json!({}), &[]), &json!({ "item": 5 })).await.expect_err("trouble");
    assert_eq!(trouble.retry_after().map(|wait| wait.as_secs()), Some(30));
}
