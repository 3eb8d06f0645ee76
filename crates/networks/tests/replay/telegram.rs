use dandelion_networks::{
    contract::{Credentials, Delivery, Place, Received, Trouble, Unsigned},
    networks,
    outgoing::Answer,
    telegram,
};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::{
    server::{Replay, Say, line, reply},
    shared,
};

const TOKEN: &str = "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11";

/// A value of a documented type: every field filled, two deep.
fn sample(api: &Value, kind: &str, name: &str, depth: u8) -> Value {
    if let Some(of) = kind.strip_prefix("Array of ") {
        return json!([sample(api, of, name, depth)]);
    }
    match kind {
        "Integer" => json!(7),
        "Float" => json!(1.5),
        "Boolean" | "True" => json!(true),
        "String" => json!(format!("some {name}")),
        other => {
            let fields = api["types"][other]["fields"].as_array().cloned().unwrap_or_default();
            let keep = |field: &&Value| depth > 0 || field["required"] == true;
            let fields = fields.iter().filter(keep);
            let one = |field: &Value| {
                let name = field["name"].as_str().unwrap_or_default();
                let kind = field["types"][0].as_str().unwrap_or("String");
                (
                    name.to_owned(),
                    if depth == 0 && api["types"][kind].is_object() {
                        json!({})
                    } else {
                        sample(api, kind, name, depth.saturating_sub(1))
                    },
                )
            };
            fields.map(one).collect()
        }
    }
}

/// Every kind of update there is: those with words become posts and lose nothing, all others hold none.
#[test]
fn every_documented_update_becomes_what_it_should() {
    let api = shared::json("telegram/api.min.json");
    let kinds = api["types"]["Update"]["fields"].as_array().expect("fields").clone();
    assert!(kinds.len() > 20, "the documentation is not whole");
    let mut lines = Vec::new();
    for field in kinds {
        let (name, kind) = (field["name"].as_str().expect("a name"), field["types"][0].as_str().expect("a type"));
        if name == "update_id" {
            continue;
        }
        let held = sample(&api, kind, name, 1);
        let update = json!({ "update_id": 5, name: held });
        let (id, items) = telegram::delivered(update.to_string().as_bytes());
        assert_eq!(id.as_deref(), Some("5"));
        for post in items.iter().flatten() {
            for (field, value) in held.as_object().expect("a message") {
                let ours = ["text", "caption", "date", "edit_date"].contains(&field.as_str());
                let kept = post.extra.get(field).or_else(|| post.extra.get(&format!("their_{field}"))) == Some(value);
                let empty = value.as_array().is_some_and(Vec::is_empty) || value == "";
                assert!(ours || kept || empty, "{name}: {field} is lost");
            }
        }
        lines.push(format!("{name}: {}", items.iter().map(line).collect::<Vec<_>>().join(", ")));
    }
    for bad in ["{", "[]", r#"{"update_id":1,"message":7}"#, r#"{"update_id":1,"message":{"text":"x"}}"#] {
        lines.push(format!(
            "{bad}: {}",
            telegram::delivered(bad.as_bytes()).1.iter().map(line).collect::<Vec<_>>().join(", ")
        ));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

fn message(number: i64, text: &str) -> Value {
    json!({ "message_id": number, "date": 1_772_442_000, "text": text, "chat": { "id": -100, "type": "supergroup", "username": "kettles", "title": "Kettles" },
            "from": { "id": 9, "is_bot": false, "first_name": "Ana", "username": "ana" } })
}

/// What an offset confirms is forgotten, as Telegram does: a cursor that moved too early would lose messages.
#[tokio::test]
async fn nothing_is_forgotten_there_before_it_is_stored_here() {
    let kept = std::sync::Mutex::new(
        (1..=250).map(|n| json!({ "update_id": n, "message": message(n, "kettle") })).collect::<Vec<Value>>(),
    );
    let bot = Replay::of("telegram", move |asked| {
        assert_eq!(asked.path, format!("/bot{TOKEN}/getUpdates"));
        let wanted = asked.json();
        let mut kept = kept.lock().expect("the updates");
        let offset = wanted["offset"].as_i64().expect("an offset");
        kept.retain(|update| update["update_id"].as_i64() >= Some(offset));
        let limit = wanted["limit"].as_u64().expect("a limit") as usize;
        Say::json(&json!({ "ok": true, "result": kept.iter().take(limit).collect::<Vec<_>>() }))
    })
    .await;
    let us = bot.place(&json!({}), &[("token", TOKEN)]);
    let first = bot.page(&us, &Value::Null).await.expect("a page");
    assert_eq!(first.items.len(), 100);
    // The program dies before it commits: the same comes again.
    let again = bot.page(&us, &Value::Null).await.expect("a page");
    assert_eq!(again.items, first.items);
    let (posts, cursor) = bot.all(&us, &first.cursor).await;
    assert_eq!((posts.len(), &cursor), (150, &json!({ "offset": 251 })));
    assert_eq!(posts[0].url.as_deref(), Some("https://t.me/kettles/101"));
    assert!(bot.all(&us, &cursor).await.0.is_empty());
}

#[tokio::test]
async fn an_answer_names_what_it_answers_and_a_lost_one_is_never_sent_again() {
    let bot = Replay::of("telegram", |asked| {
        let said = asked.json();
        match (asked.path.rsplit('/').next().unwrap_or_default(), said["text"].as_str().unwrap_or_default()) {
            ("sendMessage", "slow") => Say::status(429, &json!({ "ok": false, "error_code": 429, "description": "Too Many Requests: retry after 35", "parameters": { "retry_after": 35 } })),
            ("sendMessage", "blocked") => Say::status(403, &json!({ "ok": false, "error_code": 403, "description": "Forbidden: bot was blocked by the user" })),
            ("sendMessage", "lost") => Say::status(502, &json!({ "ok": false })),
            ("sendMessage", text) => { let mut sent = message(77, text); sent["from"]["is_bot"] = json!(true); Say::json(&json!({ "ok": true, "result": sent })) }
            ("deleteMessage", _) => Say::json(&json!({ "ok": true, "result": true })),
            ("getMe", _) => Say::json(&json!({ "ok": true, "result": { "id": 1, "is_bot": true, "username": "acme_bot" } })),
            _ => Say::status(404, &json!({ "ok": false, "error_code": 404, "description": "Not Found" })),
        }
    })
    .await;
    let us = bot.place(&json!({}), &[("token", TOKEN)]);
    let connector = bot.about.connector;
    let told = connector.publish(&us, &reply("k", "On it", "-100/5")).await;
    assert_eq!(
        told,
        Answer::Published { remote_id: Some("-100/77".into()), url: Some("https://t.me/kettles/77".into()) }
    );
    assert_eq!(
        bot.asked()[0].json(),
        json!({ "chat_id": -100, "text": "On it", "reply_parameters": { "message_id": 5, "allow_sending_without_reply": true } })
    );
    let slow = connector.publish(&us, &reply("k", "slow", "-100/5")).await;
    assert!(matches!(&slow, Answer::Later { after: Some(wait), .. } if wait.as_secs() == 35), "{slow:?}");
    let blocked = connector.publish(&us, &reply("k", "blocked", "-100/5")).await;
    assert!(matches!(&blocked, Answer::Refused { why } if why.contains("blocked by the user")), "{blocked:?}");
    let lost = connector.publish(&us, &reply("k", "lost", "-100/5")).await;
    assert!(matches!(&lost, Answer::InDoubt { .. }), "{lost:?}");
    assert!(matches!(connector.delete(&us, "-100/77").await, Answer::Published { .. }));
    assert_eq!(connector.connect(&us).await.expect("a bot").handle.as_deref(), Some("@acme_bot"));
    let gone = bot.page(&us, &Value::Null).await.expect_err("a token taken back");
    assert!(matches!(gone, Trouble::Revoked { .. }), "{gone}");
    for said in [format!("{gone}"), format!("{slow:?}"), format!("{blocked:?}"), format!("{lost:?}")] {
        assert!(!said.contains("ABC-DEF"), "the token is in {said}");
    }
}

#[test]
fn a_delivery_is_believed_by_its_secret() {
    let connector = networks::find("telegram").expect("a network").connector;
    let place = Place {
        url: "https://api.telegram.org".into(),
        credentials: Credentials::none().with("secret", "hush-hush"),
        ..Place::default()
    };
    let body = json!({ "update_id": 5, "message": message(3, "kettle") }).to_string();
    let deliver = |secret: Option<&str>| {
        let mut headers = HeaderMap::new();
        if let Some(secret) = secret {
            headers.insert("x-telegram-bot-api-secret-token", secret.parse().expect("a header"));
        }
        connector.receive(
            &place,
            &Delivery {
                get: false,
                headers: &headers,
                query: "",
                body: body.as_bytes(),
                now: jiff::Timestamp::UNIX_EPOCH,
            },
        )
    };
    assert!(
        matches!(deliver(Some("hush-hush")), Ok(Received::Items { id: Some(id), items }) if id == "5" && items.len() == 1)
    );
    assert_eq!(deliver(Some("hush")), Err(Unsigned::Mismatch));
    assert_eq!(deliver(None), Err(Unsigned::Missing("x-telegram-bot-api-secret-token")));
}
