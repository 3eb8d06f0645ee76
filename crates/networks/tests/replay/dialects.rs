//! The dialects of Mastodon's interface, each by a small server that answers as its program documents or as its source
//! does: `GoToSocial` (its swagger, `internal/api/client/statuses`), Pixelfed (`ApiV1Controller`), Friendica
//! (`Object/Api/Mastodon/Instance`, `Module/Api/Mastodon`), Pleroma and Akkoma (`differences_in_mastoapi_responses`).

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use dandelion_networks::{
    contract::{Access, Found, Trouble, Wait},
    outgoing::Answer,
};
use serde_json::{Value, json};

use crate::server::{Asked, Replay, Say, reply};

/// What a server says of itself, with its own name for the longest text.
fn instance(version: &str, more: &Value) -> Say {
    let mut said = json!({ "title": "A server", "version": version, "urls": [], "stats": {} });
    said.as_object_mut().expect("fields").extend(more.as_object().cloned().unwrap_or_default());
    Say::json(&said)
}

fn status(id: &str, content: &Value, more: &Value) -> Value {
    let mut said = json!({
        "id": id, "uri": format!("https://s.example/s/{id}"), "url": format!("https://s.example/@ana/{id}"),
        "created_at": "2026-03-02T08:00:00.000Z", "in_reply_to_id": null, "content": content, "visibility": "public",
        "account": { "id": "9", "acct": "ana", "username": "ana", "display_name": "Ana" }, "media_attachments": [],
    });
    said.as_object_mut().expect("fields").extend(more.as_object().cloned().unwrap_or_default());
    said
}

fn gone() -> Say {
    Say::status(404, &json!({ "error": "Not Found" }))
}

/// The place as it is stored once it was connected.
async fn connected(server: &Replay, settings: &Value) -> Access {
    let us = server.place(settings, &[("token", "t")]);
    let place = server.about.connector.connect(&us).await.expect("a place").place;
    Access { place, ..us }
}

fn writes(server: &Replay) -> usize {
    server.asked().iter().filter(|asked| asked.method == "POST" && asked.path == "/api/v1/statuses").count()
}

/// A server that forgets the acknowledgement of the first status, and then answers as its dialect does.
struct Loses {
    said: Mutex<Vec<Value>>,
    lose: AtomicUsize,
}

impl Loses {
    fn new() -> Arc<Self> {
        Arc::new(Self { said: Mutex::default(), lose: AtomicUsize::new(0) })
    }

    fn lose_next(&self) {
        self.lose.store(1, Ordering::SeqCst);
    }

    fn all(&self) -> Vec<Value> {
        self.said.lock().expect("what was said").clone()
    }

    fn takes(&self, id: &str, asked: &Asked) -> Say {
        let body = asked.json();
        let content = json!(format!("<p>{}</p>", body["status"].as_str().unwrap_or_default()));
        let more = json!({ "in_reply_to_id": body["in_reply_to_id"], "visibility": body["visibility"],
            "spoiler_text": body["spoiler_text"], "account": { "id": "1", "acct": "care" } });
        let said = status(id, &content, &more);
        self.said.lock().expect("what was said").insert(0, said.clone());
        if self.lose.swap(0, Ordering::SeqCst) == 1 { Say::status(502, &json!({})) } else { Say::json(&said) }
    }
}

/// `GoToSocial`: accounts of another domain than the host, ids that are ULIDs, `mutuals_only`, no stream of this kind,
/// idempotency keys that are not looked at.
async fn gotosocial(loses: Arc<Loses>) -> Replay {
    const IDS: [&str; 4] = [
        "01HX0000000000000000000001",
        "01HX00000000000000000000AB",
        "01HXZ000000000000000000000",
        "01J00000000000000000000000",
    ];
    Replay::of("mastodon", move |asked| {
        if asked.header("authorization") != "Bearer t" {
            return Say::status(401, &json!({ "error": "Unauthorized: no token" }));
        }
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/api/v2/instance") => instance("0.18.1 git-1573cd", &json!({ "domain": "gts.s.example", "account_domain": "s.example",
                "source_url": "https://codeberg.org/superseriousbusiness/gotosocial", "configuration": { "statuses": { "max_characters": 5000 },
                "urls": { "streaming": format!("wss://{}", asked.header("host")) } } })),
            ("GET", "/api/v1/accounts/verify_credentials") => Say::json(&json!({ "id": "1", "acct": "care" })),
            ("GET", "/api/v1/notifications") => {
                let min = asked.parameter("min_id");
                let told: Vec<Value> = IDS.iter().rev().filter(|id| **id > min).map(|id| {
                    // Kinds that were not asked for come as well.
                    let kind = if id.ends_with("AB") { "favourite" } else { "mention" };
                    json!({ "id": id, "type": kind, "account": { "id": "9", "acct": "ana" },
                        "status": status(&id.replacen("01", "02", 1), &json!("<p>It leaks</p>"), &json!({ "visibility": "mutuals_only", "edited_at": null })) })
                }).collect();
                Say::json(&json!(told)).with("link", "<https://s.example/api/v1/notifications?max_id=1>; rel=\"next\"")
            }
            ("GET", "/api/v1/statuses/02HX0000000000000000000001") => {
                Say::json(&status("02HX0000000000000000000001", &json!("It leaks"), &json!({ "visibility": "mutuals_only" })))
            }
            ("GET", "/api/v1/accounts/1/statuses") => Say::json(&json!(loses.all())),
            ("GET", "/api/v1/statuses/02HX0000000000000000000001/context") => Say::json(&json!({ "ancestors": [], "descendants": [] })),
            ("POST", "/api/v1/statuses") if asked.json()["status"].as_str().is_some_and(|text| text.chars().count() > 5000) => {
                Say::status(400, &json!({ "error": "Bad Request: status too long" }))
            }
            ("POST", "/api/v1/statuses") => loses.takes(&format!("03{}", loses.all().len()), asked),
            _ => gone(),
        }
    })
    .await
}

#[tokio::test]
async fn gotosocial_is_read_by_its_own_ids_and_answered_once() {
    let loses = Loses::new();
    let server = gotosocial(loses.clone()).await;
    let us = connected(&server, &json!({})).await;
    assert_eq!(
        (us.setting("domain"), us.setting("software"), us.setting("me")),
        (Some("s.example"), Some("gotosocial"), Some("care@s.example"))
    );
    assert_eq!(us.settings["max_characters"], 5000);
    let (posts, cursor) = server.all(&us, &Value::Null).await;
    let ids: Vec<&str> = posts.iter().map(|post| post.id.as_str()).collect();
    let all = [
        "02HX0000000000000000000001@s.example",
        "02HXZ000000000000000000000@s.example",
        "02J00000000000000000000000@s.example",
    ];
    assert_eq!(ids, all, "a favourite is no word of theirs");
    assert_eq!(posts[0].author.as_ref().and_then(|author| author.handle.as_deref()), Some("ana@s.example"));
    assert_eq!(posts[0].extra["visibility"], "mutuals_only");
    // After a crash the same comes again, and nothing that is known.
    assert_eq!(cursor["since"], "01J00000000000000000000000");
    assert!(server.all(&us, &cursor).await.0.is_empty());
    let later = json!({ "since": "01HX00000000000000000000AB" });
    assert_eq!(server.all(&us, &later).await.0.len(), 2, "from a ULID upwards");
    let trouble = server.about.connector.listen(&us).await.expect_err("no stream of this kind");
    assert!(matches!(trouble, Trouble::Wrong { .. }), "{trouble}: it is polled");
    assert_once(&server, &us, &loses, all[0], "direct").await;
    // A handle set up by hand knows neither the name of its accounts nor how long a text may be: it is asked.
    let us = server.place(&json!({}), &[("token", "t")]);
    let long = server.about.connector.publish(&us, &reply("k", &"é".repeat(600), all[0])).await;
    assert!(matches!(long, Answer::Published { .. }), "{long:?}");
    let long = server
        .about
        .connector
        .publish(&us, &reply("k", &format!("https://x.example/{}", "y".repeat(5000)), all[0]))
        .await;
    assert!(matches!(&long, Answer::Refused { why } if why.contains("takes 5000; shorten it")), "{long:?}");
}

/// An acknowledgement is lost; what the account shows decides, and nothing is said twice.
async fn assert_once(server: &Replay, us: &Access, loses: &Loses, to: &str, visibility: &str) {
    let connector = server.about.connector;
    let (outgoing, before) = (reply("key-1", "On it!", to), writes(server));
    assert_eq!(connector.find(us, &outgoing, us.now).await, Found::NotThere, "nothing was said yet");
    loses.lose_next();
    let lost = connector.publish(us, &outgoing).await;
    assert!(matches!(lost, Answer::InDoubt { .. }), "{lost:?}");
    let found = connector.find(us, &outgoing, us.now).await;
    assert!(matches!(&found, Found::Published { remote_id: Some(id), .. } if id.ends_with("@s.example")), "{found:?}");
    assert_eq!(writes(server), before + 1);
    let said = server.asked().into_iter().rfind(|asked| asked.method == "POST").expect("a status");
    assert_eq!((said.json()["visibility"].as_str(), said.header("idempotency-key")), (Some(visibility), "key-1"));
}

/// Pixelfed, by its own paging: `min_id` leaves out what lies between, and puts `max_id` aside.
async fn pixelfed(there: Arc<AtomicUsize>, loses: Arc<Loses>) -> Replay {
    let keys = Mutex::new(Vec::<String>::new());
    Replay::of("mastodon", move |asked| {
        let number = |name: &str| asked.parameter(name).parse::<usize>().ok();
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/api/v2/instance") => Say(404, Vec::new(), "<!doctype html><title>404</title>".to_owned()),
            ("GET", "/api/v1/instance") => instance("2.7.2 (compatible; Pixelfed 0.11.9)", &json!({ "uri": "https://s.example", "max_toot_chars": 500 })),
            ("GET", "/api/v1/accounts/verify_credentials") => Say::json(&json!({ "id": "1", "acct": "care" })),
            ("GET", "/api/v1/timelines/tag/kettle") => {
                let (min, max) = (number("min_id"), number("max_id"));
                let fits = |id: &usize| min.map_or_else(|| max.is_none_or(|max| *id < max), |min| *id > min);
                let told: Vec<Value> = (100..100 + there.load(Ordering::SeqCst)).rev().filter(fits).take(number("limit").unwrap_or(20)).map(|id| {
                    let acct = if id % 2 == 0 { "@ana@far.example" } else { "ana" };
                    // Only a picture: no words at all.
                    status(&id.to_string(), &Value::Null, &json!({ "account": { "id": "9", "acct": acct }, "content_text": null,
                        "media_attachments": [{ "id": "5", "type": "image", "url": "https://s.example/p.jpg", "description": null }] }))
                }).collect();
                Say::json(&json!(told))
            }
            ("GET", "/api/v1/statuses/100") => Say::json(&status("100", &Value::Null, &json!({ "account": { "id": "9", "acct": "@ana@far.example" }, "spoiler_text": "Steam" }))),
            // An account's own posts are its pictures; its comments are shown under what they are about.
            ("GET", "/api/v1/accounts/1/statuses") | ("DELETE", "/api/v1/statuses/900") => Say::json(&json!([])),
            ("GET", "/api/v1/statuses/100/context") => Say::json(&json!({ "ancestors": [], "descendants": loses.all() })),
            ("POST", "/api/v1/statuses") => {
                let key = asked.header("idempotency-key").to_owned();
                let mut keys = keys.lock().expect("the keys");
                if keys.contains(&key) {
                    return Say::status(400, &json!({ "message": "Duplicate idempotency key." }));
                }
                keys.push(key);
                if !["private", "unlisted", "public"].contains(&asked.json()["visibility"].as_str().unwrap_or_default()) {
                    return Say::status(422, &json!({ "message": "The selected visibility is invalid.", "errors": { "visibility": ["The selected visibility is invalid."] } }));
                }
                loses.takes("900", asked)
            }
            ("POST", "/api/v1/apps") => Say::json(&json!({ "client_id": "c", "client_secret": "s" })),
            _ => Say::status(404, &json!({ "message": "" })),
        }
    })
    .await
}

#[tokio::test]
async fn pixelfed_is_read_downwards_so_that_nothing_is_left_out() {
    let there = Arc::new(AtomicUsize::new(3));
    let server = pixelfed(there.clone(), Loses::new()).await;
    let us = connected(&server, &json!({ "tag": "kettle" })).await;
    assert_eq!((us.setting("domain"), us.setting("software")), (Some("s.example"), Some("pixelfed")));
    let first = server.page(&us, &Value::Null).await.expect("a page");
    let posts: Vec<_> = first.items.iter().map(|item| item.as_ref().expect("a post")).collect();
    assert_eq!((posts.len(), first.wait, posts[0].text.as_str(), posts[0].media.len()), (3, Wait::Usual, "", 1));
    let handles: Vec<_> = posts.iter().filter_map(|post| post.author.as_ref()?.handle.as_deref()).collect();
    assert_eq!(handles, ["ana@far.example", "ana@s.example", "ana@far.example"]);
    // A hundred more at once: three pages, each stored with its cursor; a crash on the way loses nothing.
    there.store(103, Ordering::SeqCst);
    let (mut cursor, mut seen) = (first.cursor.clone(), Vec::new());
    for more in [true, true, false] {
        let page = server.page(&us, &cursor).await.expect("a page");
        let again = server.page(&us, &cursor).await.expect("a page");
        assert_eq!((page.wait == Wait::More, again.items.len()), (more, page.items.len()));
        seen.extend(page.items.into_iter().map(|item| item.expect("a post").id));
        cursor = page.cursor;
    }
    seen.sort_unstable();
    let all: Vec<String> = (103..203).map(|id| format!("{id}@s.example")).collect();
    assert_eq!(seen, all);
    assert!(server.all(&us, &cursor).await.0.is_empty());
}

#[tokio::test]
async fn pixelfed_is_answered_once_though_it_tells_nothing_of_a_key() {
    let loses = Loses::new();
    let server = pixelfed(Arc::default(), loses.clone()).await;
    let us = connected(&server, &json!({})).await;
    assert_once(&server, &us, &loses, "100@s.example", "public").await;
    let said = loses.all()[0].clone();
    assert_eq!(
        (said["content"].as_str(), said["spoiler_text"].as_str()),
        (Some("<p>@ana@far.example On it!</p>"), Some("re: Steam"))
    );
    let body = server.asked().into_iter().rfind(|asked| asked.method == "POST").expect("a status").json();
    assert_eq!(body["sensitive"], true, "without it the warning is not shown");
    // It has seen the key and does not say what became of it: that is a doubt, no refusal.
    let again = server.about.connector.publish(&us, &reply("key-1", "On it!", "100@s.example")).await;
    assert!(matches!(&again, Answer::InDoubt { why } if why.contains("Duplicate")), "{again:?}");
    let mut private = us.clone();
    private.place.settings.insert("visibility".into(), "direct".into());
    let refused = server.about.connector.publish(&private, &reply("key-2", "x", "100@s.example")).await;
    assert!(matches!(&refused, Answer::Refused { why } if why.contains("visibility is invalid")), "{refused:?}");
    assert!(matches!(server.about.connector.delete(&us, "900@s.example").await, Answer::Published { .. }));
    let gone = server.about.connector.publish(&us, &reply("key-3", "x", "7@s.example")).await;
    assert!(
        matches!(&gone, Answer::Refused { why } if why.contains("cannot be seen") && !why.contains("it says: )")),
        "{gone:?}"
    );
    // It knows no finer permissions than these.
    let begun =
        server.about.connector.authorize(&server.place(&json!({}), &[("token", "t")])).await.expect("a sign-in");
    assert!(
        begun.url.ends_with("scope=read+write") && begun.credentials.get("scope") == Some("read write"),
        "{}",
        begun.url
    );
}

#[tokio::test]
async fn friendica_is_asked_in_the_older_way() {
    let loses = Loses::new();
    let said = loses.clone();
    let server = Replay::of("mastodon", move |asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/api/v1/instance") => instance(
            "2.8.0 (compatible; Friendica 2023.05)",
            &json!({ "uri": "s.example", "max_toot_chars": 200_000, "urls": { "streaming_api": "" } }),
        ),
        ("GET", "/api/v1/accounts/verify_credentials") => Say::json(&json!({ "id": 1, "acct": "care" })),
        ("GET", "/api/v1/accounts/search") => {
            assert_eq!((asked.parameter("q"), asked.parameter("resolve")), ("ana", "false"));
            Say::json(&json!([{ "id": "8", "acct": "anabel" }, { "id": "9", "acct": "Ana" }]))
        }
        ("GET", "/api/v1/accounts/9/statuses") => {
            let min: usize = asked.parameter("min_id").parse().unwrap_or(0);
            // Ids count up, over a jump in length; what was shared comes though it was not asked for.
            let told = [98, 99, 100].into_iter().rev().filter(|id| *id > min).map(|id| {
                let shared = if id == 99 { status("5", &json!("theirs"), &json!({})) } else { Value::Null };
                let mut said = status(
                    &id.to_string(),
                    &json!("It <b>leaks</b>"),
                    &json!({ "reblog": shared, "in_reply_to_id": 97 }),
                );
                said["id"] = json!(id);
                said
            });
            Say::json(&told.collect())
        }
        ("GET", "/api/v1/statuses/100") => {
            Say::json(&status("100", &json!("It leaks"), &json!({ "visibility": "unlisted" })))
        }
        ("GET", "/api/v1/accounts/1/statuses") => Say::json(&json!(said.all())),
        ("GET", "/api/v1/statuses/100/context") => Say::json(&json!({ "ancestors": [], "descendants": [] })),
        ("POST", "/api/v1/statuses") => said.takes("101", asked),
        _ => Say::status(404, &json!({ "error": "Record not found" })),
    })
    .await;
    let us = connected(&server, &json!({ "account": "@ana" })).await;
    assert_eq!((us.setting("software"), us.settings["max_characters"].as_u64()), (Some("friendica"), Some(200_000)));
    assert!(us.setting("streaming").is_none());
    let (posts, cursor) = server.all(&us, &Value::Null).await;
    assert_eq!(posts.iter().map(|post| post.id.as_str()).collect::<Vec<_>>(), ["98@s.example", "100@s.example"]);
    assert_eq!((posts[0].text.as_str(), posts[0].in_reply_to.as_deref()), ("It leaks", Some("97@s.example")));
    assert_eq!(cursor["since"], "100");
    assert!(server.all(&us, &cursor).await.0.is_empty());
    assert_once(&server, &us, &loses, "100@s.example", "unlisted").await;
    let nobody = server.place(&json!({ "account": "@anaximander" }), &[("token", "t")]);
    let trouble = Replay::of("mastodon", |_| Say::status(404, &json!({ "error": "Record not found" }))).await;
    let nobody = Access {
        place: dandelion_networks::contract::Place { url: trouble.address.clone(), ..nobody.place.clone() },
        ..nobody
    };
    let told = trouble.page(&nobody, &Value::Null).await.expect_err("no such account");
    assert!(matches!(&told, Trouble::Wrong { why } if why.contains("Record not found")), "{told}");
}

#[tokio::test]
async fn akkoma_keeps_to_its_server_what_is_of_its_server() {
    let loses = Loses::new();
    let said = loses.clone();
    let server = Replay::of("mastodon", move |asked| {
        if asked.header("authorization") != "Bearer t" {
            return Say::status(403, &json!({ "error": "Invalid credentials." }));
        }
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/api/v2/instance") => Say::status(404, &json!({ "error": "Not implemented" })),
            ("GET", "/api/v1/instance") => instance("2.7.2 (compatible; Akkoma 3.10.4-0-gebfb617)", &json!({ "uri": "https://s.example", "max_toot_chars": 5000, "urls": { "streaming_api": "wss://s.example" } })),
            ("GET", "/api/v1/accounts/verify_credentials") => Say::json(&json!({ "id": "AKCARE", "acct": "care" })),
            ("GET", "/api/v1/notifications") => {
                let quote = status("9q", &json!("quoted"), &json!({}));
                let told = [("9umDrYheeY451cQnEf", "Zeit"), ("9umDrYheeY451cQnEe", "a < b & it leaks")].iter().enumerate().map(|(n, (id, text))| {
                    json!({ "id": (20 - n).to_string(), "type": "mention", "pleroma": { "is_seen": false },
                        "status": status(id, &json!(text), &json!({ "visibility": "local", "quote": quote, "pleroma": { "content": { "text/plain": text } } })) })
                });
                let (told, min): (Vec<Value>, usize) = (told.collect(), asked.parameter("min_id").parse().unwrap_or(0));
                Say::json(&told.into_iter().filter(|told| told["id"].as_str().and_then(|id| id.parse::<usize>().ok()) > Some(min)).collect())
            }
            ("GET", "/api/v1/statuses/9umDrYheeY451cQnEe") => Say::json(&status("9umDrYheeY451cQnEe", &json!("x"), &json!({ "visibility": "local" }))),
            ("GET", "/api/v1/accounts/AKCARE/statuses") => Say::json(&json!(said.all())),
            ("GET", "/api/v1/statuses/9umDrYheeY451cQnEe/context") => Say::json(&json!({ "ancestors": [], "descendants": [] })),
            // It would answer the same key alike, as long as nobody starts it anew: that is not counted on.
            ("POST", "/api/v1/statuses") => said.takes("9zz", asked),
            _ => Say::status(404, &json!({ "error": "Record not found" })),
        }
    })
    .await;
    let us = connected(&server, &json!({})).await;
    assert_eq!(us.setting("software"), Some("pleroma"));
    let (posts, cursor) = server.all(&us, &Value::Null).await;
    assert_eq!((posts[0].id.as_str(), posts[0].text.as_str()), ("9umDrYheeY451cQnEe@s.example", "a < b & it leaks"));
    assert_eq!(posts[0].links, ["https://s.example/@ana/9q"], "what is quoted is linked");
    assert_eq!(
        (posts[0].extra["quote"]["content"].as_str(), posts[0].extra["visibility"].as_str()),
        (Some("quoted"), Some("local"))
    );
    assert!(server.all(&us, &cursor).await.0.is_empty());
    assert_once(&server, &us, &loses, &posts[0].id, "local").await;
    let stranger = server.place(&json!({}), &[("token", "x")]);
    let trouble = server.page(&stranger, &Value::Null).await.expect_err("no way in");
    assert!(matches!(trouble, Trouble::Revoked { .. }), "{trouble}");
}

/// Mastodon itself is given the same key again, for as long as it keeps it; afterwards it is looked.
#[tokio::test]
async fn only_mastodon_is_trusted_with_a_key_and_only_for_its_time() {
    for (version, source, trusted) in [
        ("4.3.1", "https://github.com/mastodon/mastodon", true),
        ("4.3.0+glitch", "https://github.com/glitch-soc/mastodon", true),
        ("3.5.3+0.20.0", "https://codeberg.org/superseriousbusiness/gotosocial", false),
        ("4.2.1 (compatible; Iceshrimp 2023.12)", "", false),
    ] {
        let server = Replay::of("mastodon", move |asked| match asked.path.as_str() {
            "/api/v2/instance" => instance(version, &json!({ "domain": "s.example", "source_url": source })),
            "/api/v1/accounts/verify_credentials" => Say::json(&json!({ "id": "1", "acct": "care" })),
            "/api/v1/accounts/1/statuses" => Say::json(&json!([])),
            _ => gone(),
        })
        .await;
        // A handle as a person set it up: nobody has asked the server yet.
        let us = server.place(&json!({ "domain": "s.example" }), &[("token", "t")]);
        let looked = || server.asked().iter().any(|asked| asked.path == "/api/v1/accounts/1/statuses");
        let outgoing = reply("k", "On it!", "100@s.example");
        assert_eq!(server.about.connector.find(&us, &outgoing, us.now).await, Found::NotThere);
        assert_eq!(looked(), !trusted, "{version}");
        let before = us.now - jiff::SignedDuration::from_mins(56);
        assert_eq!(server.about.connector.find(&us, &outgoing, before).await, Found::NotThere);
        assert!(looked(), "{version}");
    }
}
