use dandelion_networks::{
    contract::{Credentials, Delivery, Place, Received, Unsigned, hmac},
    networks,
    outgoing::Answer,
    whatsapp,
};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::{
    server::{Replay, Say, hex, line, reply},
    shared,
};

/// A delivery as Meta documents it (developers.facebook.com, WhatsApp, Webhooks, Payload examples).
fn delivery(messages: &Value) -> String {
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "8856996819413533", "changes": [{ "field": "messages", "value": {
        "messaging_product": "whatsapp", "metadata": { "display_phone_number": "16505553333", "phone_number_id": "27681414235104944" },
        "contacts": [{ "profile": { "name": "Kerry Fisher" }, "wa_id": "16315551234" }], "messages": messages } }] }] })
    .to_string()
}

fn message(kind: &str, part: &Value) -> Value {
    json!({ "from": "16315551234", "id": "wamid.ABGGFlCGg0cvAgo-sJQh43L5Pe4W", "timestamp": "1603059201", "type": kind, kind: part })
}

#[test]
fn every_documented_message_becomes_what_it_should() {
    let mut answering = message("text", &json!({ "body": "the K2" }));
    answering["context"] = json!({ "from": "16505553333", "id": "wamid.old" });
    let messages = [
        message("text", &json!({ "body": "Hello this is an answer" })),
        answering,
        message(
            "image",
            &json!({ "caption": "a puddle", "mime_type": "image/jpeg", "sha256": "x", "id": "2754859441498128" }),
        ),
        message("sticker", &json!({ "mime_type": "image/webp", "sha256": "x", "id": "1" })),
        message("document", &json!({ "filename": "bill.pdf", "mime_type": "application/pdf", "id": "2" })),
        message("button", &json!({ "text": "No", "payload": "No-Button-Payload" })),
        message("interactive", &json!({ "type": "list_reply", "list_reply": { "id": "1", "title": "Kettles" } })),
        message("location", &json!({ "latitude": 1.5, "longitude": 2.5, "name": "Home" })),
        message("reaction", &json!({ "message_id": "wamid.x", "emoji": "❤" })),
        json!({ "from": "", "id": "x", "type": "text" }),
        json!(7),
    ];
    let mut lines = Vec::new();
    for message in messages {
        let items = whatsapp::delivered(delivery(&json!([message])).as_bytes());
        for post in items.iter().flatten() {
            for (name, value) in message.as_object().expect("a message") {
                let ours = ["id"].contains(&name.as_str());
                assert!(
                    ours || post.extra.get(name).or_else(|| post.extra.get(&format!("their_{name}"))) == Some(value),
                    "{name} is lost"
                );
            }
        }
        lines.push(format!(
            "{}: {}",
            message["type"].as_str().unwrap_or("-"),
            items.iter().map(line).collect::<Vec<_>>().join(", ")
        ));
    }
    let statuses = r#"{"object":"whatsapp_business_account","entry":[{"changes":[{"value":{"statuses":[{"id":"wamid.x","status":"delivered"}]}}]}]}"#;
    assert!(whatsapp::delivered(statuses.as_bytes()).is_empty(), "what became of ours is nothing a customer said");
    for bad in ["{", "[]", "7", "{}", r#"{"entry":7}"#] {
        lines.push(format!(
            "{bad}: {}",
            whatsapp::delivered(bad.as_bytes()).iter().map(line).collect::<Vec<_>>().join(", ")
        ));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn the_handshake_and_the_signature_are_kept() {
    let connector = networks::find("whatsapp").expect("a network").connector;
    let credentials = Credentials::none().with("secret", "app secret").with("verify", "meatyhamhock");
    let place = Place { url: "https://graph.facebook.com/v23.0".into(), credentials, ..Place::default() };
    let none = HeaderMap::new();
    let now = jiff::Timestamp::UNIX_EPOCH;
    let shake = |query: &str| connector.receive(&place, &Delivery { get: true, headers: &none, query, body: b"", now });
    let good = shake("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meatyhamhock");
    assert_eq!(good, Ok(Received::Handshake { kind: "text/plain", body: "1158201444".into() }));
    assert_eq!(shake("hub.mode=subscribe&hub.challenge=1&hub.verify_token=other"), Err(Unsigned::Mismatch));
    let body = delivery(&json!([message("text", &json!({ "body": "x" }))]));
    let mut headers = HeaderMap::new();
    headers.insert(
        "x-hub-signature-256",
        format!("sha256={}", hex(&hmac("app secret", &[body.as_bytes()]))).parse().expect("a header"),
    );
    let given = Delivery { get: false, headers: &headers, query: "", body: body.as_bytes(), now };
    assert!(matches!(connector.receive(&place, &given), Ok(Received::Items { items, .. }) if items.len() == 1));
    assert_eq!(connector.receive(&place, &Delivery { body: b"{}", ..given }), Err(Unsigned::Mismatch));
    assert_eq!(
        connector.receive(&place, &Delivery { headers: &none, ..given }),
        Err(Unsigned::Missing("x-hub-signature-256"))
    );
}

#[tokio::test]
async fn an_answer_goes_out_as_meta_documents_it() {
    // What we send has to be one of the fields that Meta's own description of this address knows.
    let text = std::fs::read_to_string(shared::fixture("meta/business-messaging-api_v23.0.yaml")).expect("a file");
    assert!(text.contains("/{Version}/{Phone-Number-ID}/messages:"), "the description is not whole");
    let meta = Replay::of("whatsapp", |asked| {
        assert_eq!((asked.path.as_str(), asked.header("authorization")), ("/276/messages", "Bearer t"));
        let error = |status: u16, code: i64, message: &str| Say::status(status, &json!({ "error": { "message": message, "type": "OAuthException", "code": code, "fbtrace_id": "x" } }));
        match asked.json()["text"]["body"].as_str().unwrap_or_default() {
            "slow" => error(400, 131_056, "(#131056) (Business Account, Consumer Account) pair rate limit hit"),
            "late" => error(400, 131_047, "Re-engagement message"),
            "out" => error(401, 190, "Error validating access token"),
            "lost" => error(500, 131_000, "Something went wrong"),
            _ => Say::json(&json!({ "messaging_product": "whatsapp", "contacts": [{ "input": "16315551234", "wa_id": "16315551234" }], "messages": [{ "id": "wamid.new" }] })),
        }
    })
    .await;
    let us = meta.place(&json!({ "phone_number_id": "276" }), &[("token", "t")]);
    let connector = meta.about.connector;
    let to = "16315551234/wamid.ABGG/x=";
    let told = connector.publish(&us, &reply("k", "On it", to)).await;
    assert_eq!(told, Answer::Published { remote_id: Some("16315551234/wamid.new".into()), url: None });
    let sent = meta.asked()[0].json();
    assert_eq!((&sent["to"], &sent["context"]["message_id"]), (&json!("16315551234"), &json!("wamid.ABGG/x=")));
    for field in sent.as_object().expect("an object").keys() {
        assert!(text.contains(&format!(" {field}:")), "Meta knows no field {field}");
    }
    let slow = connector.publish(&us, &reply("k", "slow", to)).await;
    assert!(matches!(slow, Answer::Later { .. }), "{slow:?}");
    let late = connector.publish(&us, &reply("k", "late", to)).await;
    assert!(matches!(&late, Answer::Refused { why } if why.contains("template")), "{late:?}");
    let out = connector.publish(&us, &reply("k", "out", to)).await;
    assert!(matches!(&out, Answer::Refused { why } if why.contains("new access token")), "{out:?}");
    assert!(matches!(connector.publish(&us, &reply("k", "lost", to)).await, Answer::InDoubt { .. }));
}
