use dandelion_hub::Clock;
use dandelion_networks::outgoing::{Account, Answer, Outgoing, Writer, testing::loopback};
use tokio::net::TcpListener;

use super::{Faults, Ledger, Network, Settings};

const NOW: i64 = 1_772_442_000_000_000;

async fn start(keys: bool, file: Option<std::path::PathBuf>, faults: Faults) -> Network {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = Settings { file, keys, token: Some("hush".into()), faults, clock: Clock::fixed(NOW) };
    let network = Network::open(settings, &listener).unwrap();
    tokio::spawn(network.clone().serve(listener, std::future::pending()));
    network
}

async fn publish(network: &Network, token: &str, key: &str, text: &str) -> Answer {
    let config = serde_json::json!({ "address": network.address(), "secret": token }).to_string();
    let outgoing =
        Outgoing { key: key.into(), handle: "@care".into(), text: text.into(), in_reply_to: Some("77".into()) };
    Writer::new(loopback(), Account::read("demo", &config).unwrap()).publish(&outgoing, NOW).await
}

#[tokio::test]
async fn a_key_is_honoured_or_it_is_not() {
    for (keys, published) in [(true, 1), (false, 2)] {
        let network = start(keys, None, Faults::none(1)).await;
        for _ in 0..2 {
            let answer = publish(&network, "hush", "k", "hello").await;
            let Answer::Published { remote_id: Some(_), url: Some(url) } = answer else { panic!("{answer:?}") };
            assert!(url.starts_with(network.address()));
        }
        assert_eq!(network.shelf().ledger().posts, published);
    }
}

#[tokio::test]
async fn a_lost_acknowledgement_was_published_and_nobody_heard() {
    let network = start(true, None, Faults { drop: 1.0, ..Faults::none(1) }).await;
    let answer = publish(&network, "hush", "k", "hello").await;
    assert!(matches!(answer, Answer::InDoubt { .. }), "{answer:?}");
    assert_eq!(network.shelf().ledger().by_key["k"], 1);
}

#[tokio::test]
async fn other_faults_publish_nothing() {
    let network = start(true, None, Faults { fail: 1.0, ..Faults::none(1) }).await;
    assert!(matches!(publish(&network, "hush", "k", "x").await, Answer::InDoubt { .. }));
    let busy = start(true, None, Faults { busy: 1.0, retry_after: 9, ..Faults::none(1) }).await;
    let answer = publish(&busy, "hush", "k", "x").await;
    assert!(matches!(&answer, Answer::Later { after: Some(wait), .. } if wait.as_secs() == 9), "{answer:?}");
    assert!(matches!(publish(&busy, "wrong", "k", "x").await, Answer::Refused { .. }));
    assert!(matches!(publish(&busy, "hush", "k", &"x".repeat(2_001)).await, Answer::Refused { .. }));
    assert_eq!((network.shelf().ledger(), busy.shelf().ledger()), (Ledger::default(), Ledger::default()));
}

#[tokio::test]
async fn what_is_published_outlives_the_program() {
    let file = std::env::temp_dir().join(format!("dandelion-network-{}.jsonl", std::process::id()));
    let _ = std::fs::remove_file(&file);
    let first = start(true, Some(file.clone()), Faults::none(1)).await;
    publish(&first, "hush", "a", "one").await;
    publish(&first, "hush", "b", "two").await;
    let mut bytes = std::fs::read(&file).unwrap();
    bytes.extend_from_slice(b"{\"id\":3,\"at\"");
    std::fs::write(&file, bytes).unwrap();
    let second = start(true, Some(file.clone()), Faults::none(1)).await;
    publish(&second, "hush", "a", "one").await;
    publish(&second, "hush", "c", "three").await;
    let third = start(true, Some(file.clone()), Faults::none(1)).await;
    let texts: Vec<String> = third.shelf().after(0).into_iter().map(|post| post.text).collect();
    assert_eq!(texts, ["one", "two", "three"]);
    std::fs::remove_file(&file).unwrap();
}

#[tokio::test]
async fn its_page_shows_posts_and_runs_nothing() {
    let network = start(true, None, Faults::none(1)).await;
    publish(&network, "hush", "a", "<script>alert(1)</script> & \"so on\"").await;
    let page = loopback().get(network.address(), &[]).await.unwrap();
    let text = String::from_utf8(page.body.clone()).unwrap();
    assert!(text.contains("&lt;script&gt;") && !text.contains("<script>"), "{text}");
    assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
    let list = loopback().get(&format!("{}/api/posts?since=0", network.address()), &[]).await.unwrap();
    let list: serde_json::Value = serde_json::from_slice(&list.body).unwrap();
    assert_eq!((list[0]["id"].as_str(), list[0]["in_reply_to"].as_str()), (Some("1"), Some("77")));
    assert_eq!(list[0]["created_at"], "2026-03-02T09:00:00Z");
    let ledger = loopback().get(&format!("{}/api/ledger", network.address()), &[]).await.unwrap();
    assert_eq!(serde_json::from_slice::<Ledger>(&ledger.body).unwrap().by_key["a"], 1);
}
