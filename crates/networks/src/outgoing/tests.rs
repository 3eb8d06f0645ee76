use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{
    Account, Again, Answer, Outgoing, Writer,
    testing::{Act, FaultyNetwork, loopback},
};

const NOW: i64 = 1_772_442_000_000_000;

fn reply() -> Outgoing {
    Outgoing {
        key: "rk_1".into(),
        handle: "@acme_care".into(),
        text: "We are on it — danke!".into(),
        in_reply_to: Some("77".into()),
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Demo,
    Webhook,
}

fn writer(kind: Kind, address: &str) -> Writer {
    let secret = match kind {
        Kind::Demo => "token".to_owned(),
        Kind::Webhook => format!("whsec_{}", STANDARD.encode([7; 32])),
    };
    let config = serde_json::json!({ "address": address, "secret": secret, "honours_keys": true }).to_string();
    let network = if matches!(kind, Kind::Demo) { "demo" } else { "forum" };
    Writer::new(loopback(), Account::read(network, &config).unwrap())
}

async fn try_once(kind: Kind, act: Act) -> (Answer, FaultyNetwork) {
    let network = FaultyNetwork::start(true).await.unwrap();
    network.then([act]);
    (writer(kind, &network.address).publish(&reply(), NOW).await, network)
}

const SAID: Act = Act::Say("422 No", "content-type: application/json\r\n", r#"{"error":"Too long: 300 at most"}"#);

#[tokio::test]
async fn each_fault_becomes_the_answer_it_deserves() {
    for kind in [Kind::Demo, Kind::Webhook] {
        let (answer, network) = try_once(kind, Act::Publish).await;
        let url = Some(format!("{}/posts/1", network.address));
        assert_eq!(answer, Answer::Published { remote_id: Some("1".into()), url });
        for act in [
            Act::PublishAndHang,
            Act::PublishAndFail,
            Act::Hang,
            Act::Say("503 Oh", "", ""),
            Act::Say("303 Look", "", ""),
        ] {
            let (answer, network) = try_once(kind, act.clone()).await;
            assert!(matches!(answer, Answer::InDoubt { .. }), "{act:?} gave {answer:?}");
            assert_eq!(network.requests().len(), 1, "one attempt is one request ({act:?})");
        }
        let (answer, _) = try_once(kind, SAID).await;
        assert_eq!(answer, Answer::Refused { why: "the network answered 422: Too long: 300 at most".into() });
        for (status, headers, seconds) in [
            ("429 Slow", "retry-after: 7\r\n", Some(7)),
            ("503 Busy", "Retry-After: Mon, 02 Mar 2026 09:01:00 GMT\r\n", Some(60)),
            ("429 Slow", "", None),
        ] {
            let (answer, _) = try_once(kind, Act::Say(status, headers, "")).await;
            let Answer::Later { after, .. } = answer else { panic!("{status} gave {answer:?}") };
            assert_eq!(after, seconds.map(Duration::from_secs));
        }
        let (answer, _) = try_once(kind, Act::Say("308 Away", "location: http://elsewhere.example/\r\n", "")).await;
        assert!(matches!(&answer, Answer::Refused { why } if why.contains("elsewhere.example")), "{answer:?}");
    }
}

#[tokio::test]
async fn nothing_listening_means_nothing_sent() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let answer = writer(Kind::Webhook, &format!("http://{free}/")).publish(&reply(), NOW).await;
    assert!(matches!(answer, Answer::Later { after: None, .. }), "{answer:?}");
}

#[tokio::test]
async fn a_private_address_is_not_written_to() {
    let network = FaultyNetwork::start(true).await.unwrap();
    let config = serde_json::json!({ "address": network.address, "secret": "t" }).to_string();
    let client = crate::egress::Client::new(crate::egress::Egress::default()).unwrap();
    let answer = Writer::new(client, Account::read("demo", &config).unwrap()).publish(&reply(), NOW).await;
    assert!(matches!(&answer, Answer::Refused { why } if why.contains("not a public address")), "{answer:?}");
    assert!(network.requests().is_empty());
}

#[tokio::test]
async fn a_receiver_that_had_it_already_says_409() {
    let (answer, _) = try_once(Kind::Webhook, Act::Say("409 Had it", "", r#"{"id": 12}"#)).await;
    assert_eq!(answer, Answer::Published { remote_id: Some("12".into()), url: None });
    let (answer, _) = try_once(Kind::Demo, Act::Say("409 No", "", "")).await;
    assert!(matches!(answer, Answer::Refused { .. }));
}

#[tokio::test]
async fn a_webhook_is_signed_as_the_standard_says() {
    let (_, network) = try_once(Kind::Webhook, Act::Publish).await;
    let request = network.requests().remove(0);
    assert_eq!(request.headers["webhook-id"], "rk_1");
    assert_eq!(request.headers["webhook-timestamp"], "1772442000");
    let mut mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
    mac.update(format!("rk_1.1772442000.{}", request.body).as_bytes());
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(request.headers["webhook-signature"], expected);
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body["data"]["text"], "We are on it — danke!");
    assert_eq!(body["data"]["in_reply_to"], "77");
}

#[tokio::test]
async fn the_demo_network_gets_key_and_token() {
    let (_, network) = try_once(Kind::Demo, Act::Publish).await;
    let request = network.requests().remove(0);
    assert_eq!(request.headers["idempotency-key"], "rk_1");
    assert_eq!(request.headers["authorization"], "Bearer token");
}

#[tokio::test]
async fn an_honoured_key_is_published_once() {
    let network = FaultyNetwork::start(true).await.unwrap();
    network.then([Act::PublishAndHang, Act::PublishAndFail, Act::Publish]);
    let writer = writer(Kind::Demo, &network.address);
    for _ in 0..2 {
        assert!(matches!(writer.publish(&reply(), NOW).await, Answer::InDoubt { .. }));
    }
    assert!(matches!(writer.publish(&reply(), NOW).await, Answer::Published { .. }));
    assert_eq!(network.published(), 1);
}

#[test]
fn a_configuration_that_does_not_fit_says_what_is_missing() {
    let refused = |network: &str, config: &str| Account::read(network, config).unwrap_err().to_string();
    assert!(refused("demo", "{}").contains("address"));
    assert!(refused("demo", "nonsense").contains("cannot be read"));
    assert!(refused("forum", r#"{"address":"http://x"}"#).contains("whsec_"));
    assert!(refused("forum", r#"{"address":"http://x","secret":"whsec_AAAA"}"#).contains("length"));
    let account = Account::read("demo", r#"{"address":"http://x","secret":"hush"}"#).unwrap();
    assert_eq!((account.about.name, account.keys_for), ("demo", None), "keys are not counted on unless it is said");
    assert_eq!(account.again(0, 1), Again::Never);
    assert!(refused("forum", r#"{"address":"http://x","kind":"feed"}"#).contains("can be written to"));
    assert!(!format!("{account:?}").contains("hush"));
}
