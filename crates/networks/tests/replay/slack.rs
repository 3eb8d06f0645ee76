use std::fs;

use dandelion_networks::{
    contract::{Credentials, Delivery, Found, Place, Received, Unsigned, hmac},
    networks,
    outgoing::Answer,
    slack,
};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::{
    server::{Replay, Say, hex, line, reply},
    shared,
};

/// The examples have every field there is and no words in them: each is given some, and a place.
fn filled(value: &mut Value, name: &str) {
    match value {
        Value::String(text) if text.is_empty() => {
            *text = match name {
                "ts" | "event_ts" | "deleted_ts" | "thread_ts" => "1355517523.000005".to_owned(),
                "subtype" | "type" => String::new(),
                "channel" => "C1".to_owned(),
                "mimetype" => "image/png".to_owned(),
                _ => format!("some {name}"),
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|one| filled(one, name)),
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| filled(value, name)),
        _ => {}
    }
}

#[test]
fn every_example_of_slack_becomes_what_it_should() {
    let now = "2026-03-02T09:00:00Z".parse().expect("a moment");
    let mut names: Vec<_> =
        fs::read_dir(shared::fixture("slack/events")).expect("a folder").map(|e| e.expect("a file").path()).collect();
    names.sort();
    assert!(names.len() >= 20, "only {} examples: the folder is not whole", names.len());
    let mut lines = Vec::new();
    for path in names {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let mut raw: Value = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
        // As it stands, it is read or refused and nothing falls.
        slack::delivered(raw.to_string().as_bytes(), now);
        filled(&mut raw, "");
        let Received::Items { items, .. } = slack::delivered(raw.to_string().as_bytes(), now) else { panic!("{name}") };
        let said = if raw["event"]["subtype"] == "message_changed" { &raw["event"]["message"] } else { &raw["event"] };
        for post in items.iter().flatten().filter(|post| post.deleted_at.is_none()) {
            for (field, value) in said.as_object().expect("a message") {
                let kept = post.extra.get(field).or_else(|| post.extra.get(&format!("their_{field}"))) == Some(value);
                let empty = value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty);
                assert!(["text", "ts"].contains(&field.as_str()) || kept || empty, "{name}: {field} is lost");
            }
        }
        lines.push(format!("{name}: {}", items.iter().map(line).collect::<Vec<_>>().join(", ")));
    }
    for bad in ["{", "[]", "7", r#"{"event":{"type":"message","text":"x"}}"#] {
        let Received::Items { items, .. } = slack::delivered(bad.as_bytes(), now) else { panic!("{bad}") };
        lines.push(format!("{bad}: {}", items.iter().map(line).collect::<Vec<_>>().join(", ")));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

/// The vector of Slack's documentation ("Verifying requests from Slack").
#[test]
fn a_delivery_is_believed_by_its_signature_and_its_age() {
    let secret = "8f742231b10e8888abcd99yyyzzz85a5";
    let at = "1531420618";
    let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let documented = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    let connector = networks::find("slack").expect("a network").connector;
    let place = |secret: &str| Place {
        url: "https://slack.com".into(),
        credentials: Credentials::none().with("secret", secret),
        ..Place::default()
    };
    let deliver = |secret: &str, signature: &str, at: &str, body: &str, now: i64| {
        let mut headers = HeaderMap::new();
        headers.insert("x-slack-request-timestamp", at.parse().expect("a header"));
        headers.insert("x-slack-signature", signature.parse().expect("a header"));
        let now = jiff::Timestamp::from_second(now).expect("a moment");
        connector
            .receive(&place(secret), &Delivery { get: false, headers: &headers, query: "", body: body.as_bytes(), now })
    };
    assert!(deliver(secret, documented, at, body, 1_531_420_618).is_ok());
    assert_eq!(deliver(secret, documented, at, body, 1_531_420_618 + 301), Err(Unsigned::Stale(301)));
    assert_eq!(deliver("another", documented, at, body, 1_531_420_618), Err(Unsigned::Mismatch));
    assert_eq!(deliver(secret, documented, "1531420619", body, 1_531_420_618), Err(Unsigned::Mismatch));
    let challenge =
        r#"{"token":"x","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}"#;
    let signature = hex(&hmac(secret, &[b"v0:", at.as_bytes(), b":", challenge.as_bytes()]));
    let handshake = deliver(secret, &format!("v0={signature}"), at, challenge, 1_531_420_618);
    assert_eq!(
        handshake,
        Ok(Received::Handshake {
            kind: "text/plain",
            body: "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P".into()
        })
    );
}

#[tokio::test]
async fn an_answer_goes_into_the_thread_and_is_known_again() {
    let said = std::sync::Mutex::new(Vec::<Value>::new());
    let team = Replay::of("slack", move |asked| {
        if asked.header("authorization") != "Bearer xoxb-1" {
            return Say::json(&json!({ "ok": false, "error": "invalid_auth" }));
        }
        let body = asked.json();
        let mut said = said.lock().expect("the messages");
        match asked.path.as_str() {
            "/api/conversations.replies" => {
                let mut shown = vec![json!({ "ts": "5.0", "thread_ts": "1.0", "text": "It leaks" })];
                shown.extend(said.iter().cloned());
                Say::json(&json!({ "ok": true, "messages": shown, "has_more": false }))
            }
            "/api/chat.postMessage" if body["text"] == "slow" => {
                Say::status(429, &json!({ "ok": false, "error": "ratelimited" })).with("retry-after", 30)
            }
            "/api/chat.postMessage" if body["text"] == "closed" => {
                Say::json(&json!({ "ok": false, "error": "is_archived" }))
            }
            "/api/chat.postMessage" => {
                said.push(json!({ "ts": "9.0", "text": body["text"], "metadata": body["metadata"] }));
                if body["text"] == "lost" {
                    Say(500, Vec::new(), String::new())
                } else {
                    Say::json(&json!({ "ok": true, "channel": "C1", "ts": "9.0" }))
                }
            }
            "/api/auth.test" => {
                let mut told = shared::json("slack/api/auth.test.json");
                told["ok"] = json!(true);
                Say::json(&told)
            }
            other => panic!("{other}"),
        }
    })
    .await;
    let us = team.place(&json!({}), &[("token", "xoxb-1")]);
    let connector = team.about.connector;
    let told = connector.publish(&us, &reply("k1", "Which <one> & why?", "C1/5.0")).await;
    assert_eq!(told, Answer::Published { remote_id: Some("C1/9.0".into()), url: None });
    let sent = team.asked()[1].json();
    assert_eq!((&sent["thread_ts"], &sent["text"]), (&json!("1.0"), &json!("Which &lt;one&gt; &amp; why?")));
    let slow = connector.publish(&us, &reply("k2", "slow", "C1/5.0")).await;
    assert!(matches!(&slow, Answer::Later { after: Some(wait), .. } if wait.as_secs() == 30), "{slow:?}");
    let closed = connector.publish(&us, &reply("k3", "closed", "C1/5.0")).await;
    assert!(matches!(&closed, Answer::Refused { why } if why.contains("is_archived")), "{closed:?}");
    let since = "2026-03-02T08:59:00Z".parse().expect("a moment");
    assert_eq!(connector.find(&us, &reply("k4", "lost", "C1/5.0"), since).await, Found::NotThere);
    assert!(matches!(connector.publish(&us, &reply("k4", "lost", "C1/5.0")).await, Answer::InDoubt { .. }));
    let found = connector.find(&us, &reply("k4", "lost", "C1/5.0"), since).await;
    assert_eq!(found, Found::Published { remote_id: Some("C1/9.0".into()), url: None }, "by its key, not by its words");
    let stranger = team.place(&json!({}), &[("token", "xoxb-2")]);
    let denied = connector.publish(&stranger, &reply("k5", "x", "C1/5.0")).await;
    assert!(matches!(&denied, Answer::Refused { why } if why.contains("sign in again")), "{denied:?}");
    assert!(connector.connect(&us).await.is_ok());
}
