//! Live updates: who hears what, and how a line that broke is taken up again.

use std::time::Duration;

use axum::{
    body::{Body, BodyDataStream},
    http::{Method, StatusCode, header},
};
use dandelion_hub::log::Entry;
use futures_util::StreamExt as _;

use crate::support::{Browser, HUB, Installation, PRESS, REPAIRS};

/// Nothing takes so long, unless it is broken.
const LONG: Duration = Duration::from_mins(1);

/// What has come so far, read until `enough` or for a long time.
async fn hear(stream: &mut BodyDataStream, enough: impl Fn(&str) -> bool) -> String {
    let mut heard = String::new();
    let _ = tokio::time::timeout(LONG, async {
        while !enough(&heard) {
            let Some(chunk) = stream.next().await else { break };
            heard.push_str(&String::from_utf8_lossy(&chunk.unwrap()));
        }
    })
    .await;
    heard
}

async fn open(browser: &mut Browser, path: &str) -> BodyDataStream {
    let answer = browser.open(Method::GET, path, "", Body::empty()).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
    answer.into_body().into_data_stream()
}

async fn happen(
    at: &Installation,
    kind: &'static str,
    noun: &'static str,
    id: i64,
    unit: i64,
    body: serde_json::Value,
) {
    let mut tx = at.hub.tx().await;
    tx.log(Entry::new(kind, noun, id).unit(unit).with(body));
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn each_hears_their_own_units_and_the_case_concerned() {
    let at = Installation::new().await;
    let (mut ana, mut max, mut root) =
        (at.signed_in("ana").await, at.signed_in("max").await, at.signed_in("root").await);
    let (mut hears_repairs, mut hears_press, mut hears_all) =
        (open(&mut ana, "/live").await, open(&mut max, "/live").await, open(&mut root, "/live").await);
    for stream in [&mut hears_repairs, &mut hears_press, &mut hears_all] {
        assert!(hear(stream, |heard| heard.contains("event: ready")).await.contains("event: ready"));
    }
    happen(&at, "case.opened", "case", 7, REPAIRS, serde_json::json!({})).await;
    happen(&at, "note.added", "note", 3, REPAIRS, serde_json::json!({ "case": 7 })).await;
    happen(&at, "source.paused", "source", 5, PRESS, serde_json::json!({})).await;

    let all = hear(&mut hears_all, |heard| heard.contains("\"case\":7") && heard.contains("event: source")).await;
    assert!(all.contains("event: case") && all.contains("event: source"), "{all}");
    let repairs = hear(&mut hears_repairs, |heard| heard.contains("\"case\":7")).await;
    assert!(repairs.contains("\"case\":7") && !repairs.contains("source"), "{repairs}");
    let press = hear(&mut hears_press, |heard| heard.contains("event: source")).await;
    assert!(press.contains("\"id\":5") && !press.contains("case"), "{press}");
}

#[tokio::test]
async fn a_broken_line_is_taken_up_where_it_was() {
    let at = Installation::new().await;
    let mut ana = at.signed_in("ana").await;
    let before = dandelion_hub::log::newest(&at.hub.db).await.unwrap();
    happen(&at, "case.opened", "case", 8, REPAIRS, serde_json::json!({})).await;
    happen(&at, "case.opened", "case", 9, HUB, serde_json::json!({})).await;

    ana.headers.insert("last-event-id", before.to_string().parse().unwrap());
    let heard = hear(&mut open(&mut ana, "/live").await, |heard| heard.contains("\"case\":8")).await;
    assert!(heard.contains("\"case\":8") && !heard.contains("\"case\":9"), "{heard}");
    ana.headers.clear();
    let heard =
        hear(&mut open(&mut ana, &format!("/live?after={before}")).await, |heard| heard.contains("\"case\":8")).await;
    assert!(heard.contains("\"case\":8"), "{heard}");
}

#[tokio::test]
async fn who_missed_too_much_is_told_to_reload() {
    let at = Installation::new().await;
    let mut ana = at.signed_in("ana").await;
    let mut tx = at.hub.tx().await;
    for id in 1..=1500 {
        tx.log(Entry::new("case.opened", "case", id).unit(REPAIRS));
    }
    tx.commit().await.unwrap();
    let heard = hear(&mut open(&mut ana, "/live?after=0").await, |heard| heard.contains("reload")).await;
    assert!(heard.contains("event: reload") && !heard.contains("event: case"), "{heard}");
}

#[tokio::test]
async fn shutting_down_ends_the_line() {
    let at = Installation::new().await;
    let mut stream = open(&mut at.signed_in("ana").await, "/live").await;
    hear(&mut stream, |heard| heard.contains("ready")).await;
    at.app.live.close();
    let rest = tokio::time::timeout(LONG, stream.next()).await.expect("the line ends");
    assert!(rest.is_none(), "{rest:?}");
    assert_eq!(at.signed_in("max").await.get("/live").await.status, StatusCode::SERVICE_UNAVAILABLE);
}
