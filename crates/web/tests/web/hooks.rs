//! Signed deliveries: what is taken, what is refused, and that the accounting holds.

use axum::http::{Method, StatusCode};
use dandelion_hub::{
    log::Actor,
    source::{self, Kind, NewSource, Source},
};
use dandelion_networks::webhook::{self, Secret};
use dandelion_post::timestamp;

use crate::support::{Answer, Installation, REPAIRS};

/// A webhook source with one secret.
pub async fn webhook(at: &Installation) -> (Source, Secret) {
    let new = NewSource {
        key: "shop".into(),
        name: "Shop".into(),
        kind: Kind::Webhook,
        network: "demo".into(),
        unit: Some(REPAIRS),
        url: None,
    };
    let source = source::add_as(&at.hub, Actor::System("test"), &new).await.unwrap();
    let secret = source::add_secret_as(&at.hub, Actor::System("test"), source.id).await.unwrap();
    (source, Secret::parse(&secret.secret).unwrap())
}

/// Sends a body signed with a secret, `age` seconds after it was signed.
pub async fn deliver(at: &Installation, secret: &Secret, body: &str, age: i64) -> Answer {
    let signed = timestamp(at.hub.clock.now() - age * 1_000_000);
    let mut sender = at.browser();
    sender.headers.insert(webhook::ID, "msg_1".parse().unwrap());
    sender.headers.insert(webhook::TIMESTAMP, signed.as_second().to_string().parse().unwrap());
    let signature = webhook::sign("msg_1", signed, body.as_bytes(), secret);
    sender.headers.insert(webhook::SIGNATURE, signature.parse().unwrap());
    sender.headers.insert("sec-fetch-site", "cross-site".parse().unwrap());
    sender.send(Method::POST, "/hooks/shop", "application/json", body.to_owned().into()).await
}

const POST: &str = r#"{"type":"post.created","data":{"id":"1","text":"My kettle leaks","author":{"handle":"zoe"}}}"#;

#[tokio::test]
async fn a_signed_delivery_is_stored_before_it_is_answered() {
    let at = Installation::new().await;
    let (source, secret) = webhook(&at).await;
    let answer = deliver(&at, &secret, POST, 0).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!((answer.json()["seen"].as_i64(), answer.json()["stored"].as_i64()), (Some(1), Some(1)));
    assert_eq!(source::find(&at.hub, source.id).await.unwrap().accounting.stored, 1);
    let again = deliver(&at, &secret, POST, 0).await;
    assert_eq!(again.json()["duplicate"], 1, "sent again it is known: {}", again.text);

    let broken =
        deliver(&at, &secret, r#"{"type":"post.created","data":[{"id":"2"},{"id":"3","text":"ok"}]}"#, 0).await;
    assert_eq!(broken.json()["refused"], 1, "{}", broken.text);
    assert_eq!(broken.json()["stored"], 1, "one bad post does not stop another");
    let accounting = source::find(&at.hub, source.id).await.unwrap().accounting;
    assert!(accounting.balances() && accounting.seen == 4, "{accounting}");
}

#[tokio::test]
async fn what_is_not_signed_by_us_is_not_taken() {
    let at = Installation::new().await;
    let (source, secret) = webhook(&at).await;
    let other = Secret::parse("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
    for (answer, status) in [
        (deliver(&at, &other, POST, 0).await, StatusCode::UNAUTHORIZED),
        (deliver(&at, &secret, POST, 6 * 60).await, StatusCode::UNAUTHORIZED),
        (deliver(&at, &secret, POST, -6 * 60).await, StatusCode::UNAUTHORIZED),
        (
            at.browser().send(Method::POST, "/hooks/shop", "application/json", POST.into()).await,
            StatusCode::BAD_REQUEST,
        ),
        (at.browser().send(Method::POST, "/hooks/none", "application/json", POST.into()).await, StatusCode::NOT_FOUND),
    ] {
        assert_eq!(answer.status, status, "{}", answer.text);
        assert!(answer.json()["detail"].as_str().unwrap().len() > 20, "says why: {}", answer.text);
    }
    let large = format!(r#"{{"type":"post.created","data":{{"id":"9","text":"{}"}}}}"#, "x".repeat(17 << 20));
    assert_eq!(deliver(&at, &secret, &large, 0).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(source::find(&at.hub, source.id).await.unwrap().accounting.seen, 0, "nothing was taken");
}

#[tokio::test]
async fn a_source_at_rest_asks_to_come_again() {
    let at = Installation::new().await;
    let (source, secret) = webhook(&at).await;
    source::set_paused(&at.hub, Actor::System("test"), source.id, Some("a test")).await.unwrap();
    let answer = deliver(&at, &secret, POST, 0).await;
    assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "300"));
    source::set_paused(&at.hub, Actor::System("test"), source.id, None).await.unwrap();
    assert_eq!(deliver(&at, &secret, POST, 0).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_accounting_is_among_the_metrics() {
    let hub = dandelion_hub::testing::TestHub::sqlite().await;
    let mut at = Installation::on(hub, "http://127.0.0.1:7380/").await;
    at.protect_metrics("a metrics token");
    let (_, secret) = webhook(&at).await;
    deliver(&at, &secret, POST, 0).await;
    deliver(&at, &secret, POST, 0).await;
    let mut scraper = at.browser();
    scraper.headers.insert("authorization", "Bearer wrong".parse().unwrap());
    assert_eq!(scraper.get("/metrics").await.status, StatusCode::FORBIDDEN);
    scraper.headers.insert("authorization", "Bearer a metrics token".parse().unwrap());
    let text = scraper.get("/metrics").await.text;
    for line in [
        r#"dandelion_posts_total{source="webhook",became="seen"} 2"#,
        r#"dandelion_posts_total{source="webhook",became="duplicate"} 1"#,
        r#"dandelion_replies{state="unknown"} 0"#,
        "dandelion_outbox_age_seconds 0.0",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
}

/// A network that sends by itself is believed by its own signature.
#[tokio::test]
async fn github_is_believed_by_its_own_signature() {
    use dandelion_networks::contract::{Credentials, Place};
    let at = Installation::new().await;
    let secret = "It's a Secret to Everybody";
    let place = Place {
        url: "https://github.com/acme/kettle".into(),
        credentials: Credentials::none().with("secret", secret),
        ..Place::default()
    };
    let about = dandelion_networks::networks::find("github").unwrap();
    let new = source::NewPlace { name: "Kettle".into(), about, unit: Some(REPAIRS), place };
    let source = source::connect_place(&at.hub, Actor::System("test"), new).await.unwrap();
    let body = r#"{"action":"opened","issue":{"id":7,"html_url":"https://github.com/acme/kettle/issues/7","title":"It leaks","body":"My kettle leaks","user":{"login":"zoe"}}}"#;
    let send = async |signature: &str| {
        let mut sender = at.browser();
        sender.headers.insert("x-hub-signature-256", signature.parse().unwrap());
        sender.headers.insert("x-github-event", "issues".parse().unwrap());
        sender.headers.insert("sec-fetch-site", "cross-site".parse().unwrap());
        sender.send(Method::POST, "/hooks/kettle", "application/json", body.to_owned().into()).await
    };
    let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |all, byte| format!("{all}{byte:02x}"));
    let due = dandelion_networks::contract::hmac(secret, &[body.as_bytes()]);
    let good = send(&format!("sha256={}", hex(&due))).await;
    assert_eq!((good.status, good.json()["stored"].as_i64()), (StatusCode::OK, Some(1)), "{}", good.text);
    assert_eq!(send(&format!("sha256={}", "0".repeat(64))).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(send("md5=1").await.status, StatusCode::BAD_REQUEST);
    let accounting = source::find(&at.hub, source.id).await.unwrap().accounting;
    assert_eq!((accounting.seen, accounting.stored), (1, 1), "what is not believed is not even counted");
    source::set_paused(&at.hub, Actor::System("test"), source.id, Some("rest")).await.unwrap();
    assert_eq!(send(&format!("sha256={}", hex(&due))).await.status, StatusCode::SERVICE_UNAVAILABLE);
}
