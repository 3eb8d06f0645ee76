//! Deliveries to our inbox, from a server on loopback that plays another one: what is right is taken, each of many wrong
//! ones is refused with its reason, and a flood asks for next to nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{HeaderMap, HeaderName};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use url::Url;

use super::{
    keys::tests::secret,
    remote::{OF_ALL, OF_ONE},
    signature::{Message, Way, sign},
    *,
};
use crate::outgoing::testing::loopback;

const OURS: &str = "https://care.example/actors/care";

/// Another server: documents by path, and how often it was asked.
struct There {
    base: String,
    documents: Arc<Mutex<BTreeMap<String, (String, String)>>>,
    asked: Arc<Mutex<usize>>,
}

impl There {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let there = Self { base, documents: Arc::default(), asked: Arc::default() };
        let (documents, asked) = (there.documents.clone(), there.asked.clone());
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (documents, asked) = (documents.clone(), asked.clone());
                tokio::spawn(async move {
                    let mut head = vec![0; 16_384];
                    let read = client.read(&mut head).await.unwrap_or(0);
                    *asked.lock().unwrap() += 1;
                    let head = String::from_utf8_lossy(&head[..read]).into_owned();
                    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                    let answer = match documents.lock().unwrap().get(&path) {
                        Some((kind, body)) if kind == "redirect" => {
                            format!(
                                "HTTP/1.1 302 Found\r\nlocation: {body}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                            )
                        }
                        Some((kind, body)) => format!(
                            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                            body.len()
                        ),
                        None => "HTTP/1.1 404 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned(),
                    };
                    let _ = client.write_all(answer.as_bytes()).await;
                });
            }
        });
        there.actor("ana", |_| {});
        there
    }

    fn id(&self, name: &str) -> String {
        format!("{}/users/{name}", self.base)
    }

    fn show(&self, path: &str, kind: &str, body: &str) {
        self.documents.lock().unwrap().insert(path.to_owned(), (kind.to_owned(), body.to_owned()));
    }

    fn show_json(&self, path: &str, body: &Value) {
        self.show(path, "application/activity+json; charset=utf-8", &body.to_string());
    }

    /// Somebody, as their server shows them, changed a little.
    fn actor(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let id = self.id(name);
        let mut actor = json!({
            "@context": "https://www.w3.org/ns/activitystreams", "id": id, "type": "Person", "preferredUsername": name,
            "name": "Ana", "inbox": format!("{id}/inbox"), "endpoints": { "sharedInbox": format!("{}/inbox", self.base) },
            "publicKey": { "id": format!("{id}#main-key"), "owner": id, "publicKeyPem": Keys::read(secret()).unwrap().public_pem() },
        });
        change(&mut actor);
        self.show_json(&format!("/users/{name}"), &actor);
    }

    fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }

    fn note(&self) -> Value {
        json!({ "id": format!("{}/notes/1", self.base), "type": "Note", "attributedTo": self.id("ana"), "content": "<p>It <b>leaks</b></p>",
            "published": "2026-03-02T08:59:00Z", "to": ["https://www.w3.org/ns/activitystreams#Public"], "cc": [OURS],
            "tag": [{ "type": "Mention", "href": OURS, "name": "@care@care.example" }], "sensitive": false })
    }

    fn activity(&self, kind: &str, object: &Value) -> Value {
        json!({ "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{}/activities/1", self.base), "type": kind,
            "actor": self.id("ana"), "object": object, "to": ["https://www.w3.org/ns/activitystreams#Public"], "cc": [OURS] })
    }
}

fn now() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

/// A delivery on its way, for a test to change.
struct Delivery {
    key_id: String,
    activity: Value,
    at: Timestamp,
    way: Way,
    headers: Box<dyn Fn(&mut HeaderMap)>,
    path: &'static str,
    authority: &'static str,
    method: &'static str,
    body: Option<&'static str>,
}

impl Delivery {
    fn of(there: &There, activity: Value) -> Self {
        Self {
            key_id: format!("{}#main-key", there.id("ana")),
            activity,
            at: now(),
            way: Way::Cavage,
            headers: Box::new(|_| {}),
            path: "/actors/care/inbox",
            authority: "care.example",
            method: "POST",
            body: None,
        }
    }

    async fn arrive(&self, remote: &Remote) -> Result<Act, No> {
        let body = self.activity.to_string().into_bytes();
        let url = Url::parse("https://care.example/actors/care/inbox").unwrap();
        let keys = Keys::read(secret()).unwrap();
        let signed = sign(&keys, &self.key_id, self.way, ("POST", &url), &body, self.at);
        let pair =
            |(name, value): &(&str, String)| (HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        let mut headers: HeaderMap = signed.iter().map(pair).collect();
        (self.headers)(&mut headers);
        let body = self.body.map_or(body, |body| body.as_bytes().to_vec());
        let told = Told::read(&body)?;
        let (method, authority, path) = (self.method, self.authority, self.path);
        let message = Message {
            method,
            scheme: "https",
            authority,
            path,
            query: None,
            status: None,
            headers: &headers,
            body: &body,
        };
        let signer = signer(OURS, secret()).unwrap();
        receive(remote, &signer, &[OURS.to_owned()], &told, &message, now()).await
    }
}

fn only(act: Result<Act, No>) -> dandelion_post::Post {
    match act {
        Ok(Act::Posts(mut items)) if items.len() == 1 => items.remove(0).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_said_to_us_is_taken() {
    let there = There::start().await;
    let remote = Remote::new(loopback());
    for way in [Way::Cavage, Way::Message] {
        let post = only(
            Delivery { way, ..Delivery::of(&there, there.activity("Create", &there.note())) }.arrive(&remote).await,
        );
        assert_eq!((post.text.as_str(), post.id.as_str()), ("It leaks", format!("{}/notes/1", there.base).as_str()));
        let author = post.author.unwrap();
        assert_eq!(author.handle, Some(format!("ana@{}", there.base.trim_start_matches("http://"))));
        assert_eq!(post.extra["sensitive"], false);
    }
    assert_eq!(there.asked(), 1, "an actor is asked for once");
    let mut edited = there.note();
    (edited["content"], edited["updated"]) = ("<p>It is fine</p>".into(), "2026-03-02T09:00:00Z".into());
    let post = only(Delivery::of(&there, there.activity("Update", &edited)).arrive(&remote).await);
    assert!(post.text == "It is fine" && post.edited_at.is_some());
    let gone = json!({ "id": edited["id"], "type": "Tombstone" });
    let post = only(Delivery::of(&there, there.activity("Delete", &gone)).arrive(&remote).await);
    assert!(post.deleted_at.is_some() && post.id == edited["id"].as_str().unwrap());
    // By its address alone it is fetched from where it is of; so is what somebody passes on.
    there.show_json("/notes/1", &there.note());
    for kind in ["Create", "Announce"] {
        let activity = there.activity(kind, &json!(format!("{}/notes/1", there.base)));
        assert_eq!(only(Delivery::of(&there, activity).arrive(&remote).await).text, "It leaks", "{kind}");
    }
}

#[tokio::test]
async fn following_and_moving() {
    let there = There::start().await;
    let remote = Remote::new(loopback());
    let follow = there.activity("Follow", &json!(OURS));
    let act = Delivery::of(&there, follow.clone()).arrive(&remote).await.unwrap();
    let Act::Follow { ours, actor, follow: told } = act else { panic!("{act:?}") };
    assert_eq!((ours.as_str(), &told), (OURS, &follow));
    assert_eq!(actor.shared_inbox, Some(format!("{}/inbox", there.base)));
    let accept = Ours { name: "care".into(), label: "Care".into(), id: OURS.into() }.accept(&follow);
    assert_eq!((accept["type"].as_str(), &accept["object"]["id"]), (Some("Accept"), &follow["id"]));
    let undo = there.activity("Undo", &follow);
    let act = Delivery::of(&there, undo).arrive(&remote).await.unwrap();
    assert_eq!(act, Act::Unfollow { ours: OURS.into(), actor: there.id("ana") });
    // Somebody moves within their server, and says so on both sides.
    there.actor("ana2", |actor| actor["alsoKnownAs"] = json!([there.id("ana")]));
    let mut moves = there.activity("Move", &json!(there.id("ana")));
    moves["target"] = there.id("ana2").into();
    let Ok(Act::Moved { from, to }) = Delivery::of(&there, moves.clone()).arrive(&remote).await else {
        panic!("no move")
    };
    assert_eq!((from, to.id.clone()), (there.id("ana"), there.id("ana2")));
    there.actor("ana3", |_| {});
    moves["target"] = there.id("ana3").into();
    let no = Delivery::of(&there, moves).arrive(&remote).await.unwrap_err();
    assert!(no.why.contains("does not say that it was the old one"), "{no}");
}

/// Each differs from a right delivery in one thing.
#[tokio::test]
async fn mutants_are_refused_each_with_its_reason() {
    let there = There::start().await;
    let elsewhere = There::start().await;
    let remote = Remote::new(loopback());
    there.actor("bob", |actor| actor["publicKey"]["owner"] = there.id("bob").into());
    let right = || Delivery::of(&there, there.activity("Create", &there.note()));
    only(right().arrive(&remote).await);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut delivery = right();
        change(&mut delivery.activity);
        delivery
    };
    let header = |name: &'static str, value: &'static str| Delivery {
        headers: Box::new(move |headers| drop(headers.insert(name, value.parse().unwrap()))),
        ..right()
    };
    let shown = |name: &str, change: &dyn Fn(&mut Value)| {
        there.actor(name, change);
        let mut delivery = right();
        delivery.key_id = format!("{}#main-key", there.id(name));
        delivery.activity["actor"] = there.id(name).into();
        delivery.activity["object"]["attributedTo"] = there.id(name).into();
        delivery
    };
    let lies = |name: &'static str, kind: &str, body: &str| {
        there.show(&format!("/users/{name}"), kind, body);
        let mut delivery = right();
        delivery.key_id = format!("{}#main-key", there.id(name));
        delivery.activity["actor"] = there.id(name).into();
        delivery
    };
    let other_pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----\n";
    let mutants: Vec<(&str, Delivery)> = vec![
        ("is not signed", Delivery { headers: Box::new(|headers| drop(headers.remove("signature"))), ..right() }),
        (
            "does not have the digest",
            Delivery { headers: Box::new(|headers| drop(headers.remove("digest"))), ..right() },
        ),
        ("does not have the digest", header("digest", "SHA-256=AAAA")),
        ("an hour away", Delivery { at: now() - SignedDuration::from_hours(2), ..right() }),
        ("an hour away", Delivery { at: now() + SignedDuration::from_hours(2), ..right() }),
        ("does not fit the key", header("date", "Mon, 02 Mar 2026 09:00:01 GMT")),
        ("does not fit the key", Delivery { path: "/actors/other/inbox", ..right() }),
        ("does not fit the key", Delivery { authority: "other.example", ..right() }),
        ("does not fit the key", Delivery { method: "PUT", ..right() }),
        (
            "cannot be read",
            header("signature", "keyId=\"k\",algorithm=\"rsa-md5\",headers=\"(request-target)\",signature=\"AAAA\""),
        ),
        ("is no JSON", Delivery { body: Some("{"), ..right() }),
        ("has no id", with(&|activity| drop(activity.as_object_mut().unwrap().remove("id")))),
        ("of another server than its actor", with(&|activity| activity["id"] = "https://evil.example/1".into())),
        ("of another server than its actor", with(&|activity| activity["actor"] = elsewhere.id("ana").into())),
        ("the key is another actor's", with(&|activity| activity["actor"] = there.id("bob").into())),
        ("the key is of another server", Delivery { key_id: format!("{}#main-key", elsewhere.id("ana")), ..right() }),
        ("somebody else's", with(&|activity| activity["object"]["attributedTo"] = there.id("bob").into())),
        (
            "another server than who says it",
            with(&|activity| activity["object"]["id"] = format!("{}/notes/1", elsewhere.base).into()),
        ),
        ("is gone", Delivery::of(&there, there.activity("Delete", &json!(format!("{}/notes/1", elsewhere.base))))),
        (
            "only who follows",
            Delivery::of(
                &there,
                there.activity("Undo", &json!({ "type": "Follow", "actor": there.id("bob"), "object": OURS })),
            ),
        ),
        ("does not say that", shown("m1", &|actor| actor["publicKey"]["owner"] = there.id("bob").into())),
        ("does not say that", shown("m2", &|actor| actor["publicKey"]["id"] = "https://evil.example/k".into())),
        ("of another server", shown("m3", &|actor| actor["id"] = elsewhere.id("m3").into())),
        ("does not fit the key", shown("m4", &|actor| actor["publicKey"]["publicKeyPem"] = other_pem.into())),
        ("does not say that", shown("m5", &|actor| actor["publicKey"]["publicKeyPem"] = "none".into())),
        ("of another kind", lies("m6", "application/json", &json!({ "id": there.id("m6") }).to_string())),
        ("is no JSON", lies("m7", "application/activity+json", "<html>")),
        ("to another server", lies("m8", "redirect", &elsewhere.id("ana"))),
        ("nothing is there", {
            let mut d = right();
            d.key_id = format!("{}#k", there.id("nobody"));
            d.activity["actor"] = there.id("nobody").into();
            d
        }),
    ];
    assert!(mutants.len() >= 20);
    for (number, (due, mutant)) in mutants.iter().enumerate() {
        let no = mutant.arrive(&remote).await.expect_err(due);
        assert!(no.why.contains(due), "mutant {number}: {no} does not say: {due}");
        assert!(matches!(no.status, 400 | 401 | 503), "mutant {number}: {}", no.status);
    }
    only(right().arrive(&remote).await);
}

#[tokio::test]
async fn what_does_not_concern_us_asks_nobody() {
    let there = There::start().await;
    let remote = Remote::new(loopback());
    let mut note = there.note();
    (note["cc"], note["tag"]) = (json!([]), json!([]));
    let mut elsewhere = there.activity("Create", &note);
    elsewhere["cc"] = json!([]);
    for activity in [
        elsewhere,
        there.activity("Follow", &json!("https://care.example/actors/other")),
        there.activity("Delete", &json!(there.id("ana"))),
        there.activity("Like", &json!(OURS)),
        there.activity("Block", &json!(OURS)),
    ] {
        assert_eq!(Delivery::of(&there, activity.clone()).arrive(&remote).await, Ok(Act::Nothing), "{activity}");
    }
    assert_eq!(there.asked(), 0);
}

/// Ten thousand deliveries that are all wrong, of ever new actors, of one that is not there, and of a real one with a
/// signature that does not fit: next to nothing is asked because of them.
#[tokio::test]
async fn a_flood_is_not_passed_on() {
    let there = There::start().await;
    let remote = Remote::new(loopback());
    let signer = signer(OURS, secret()).unwrap();
    let date = now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    for number in 0..10_000 {
        let id = there.id(&match number % 3 {
            0 => format!("x{number}"),
            1 => "nobody".to_owned(),
            _ => "ana".to_owned(),
        });
        let mut activity = there.activity("Create", &there.note());
        activity["actor"] = id.clone().into();
        let body = activity.to_string().into_bytes();
        let digest = STANDARD.encode(<sha2::Sha256 as sha2::Digest>::digest(&body));
        let forged = "AAAA".repeat(85) + "AA==";
        let signature =
            format!("keyId=\"{id}#main-key\",headers=\"(request-target) host date digest\",signature=\"{forged}\"");
        let headers = [("date", date.clone()), ("digest", format!("SHA-256={digest}")), ("signature", signature)];
        let pair =
            |(name, value): (&str, String)| (HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        let headers: HeaderMap = headers.into_iter().map(pair).collect();
        let told = Told::read(&body).unwrap();
        let (authority, path) = ("care.example", "/actors/care/inbox");
        let message = Message {
            method: "POST",
            scheme: "https",
            authority,
            path,
            query: None,
            status: None,
            headers: &headers,
            body: &body,
        };
        receive(&remote, &signer, &[OURS.to_owned()], &told, &message, now()).await.expect_err("a refusal");
    }
    assert!(there.asked() <= OF_ONE, "{} questions", there.asked());
    assert!(there.asked() > 2 && OF_ONE < OF_ALL);
    // A little later it may be asked again, and what is right gets through.
    let later = now() + SignedDuration::from_mins(11);
    assert!(remote.owner(&format!("{}#main-key", there.id("ana")), &signer, later).await.is_ok());
}

#[test]
fn who_is_asked_for_is_found() {
    let base = Url::parse("https://care.example/").unwrap();
    for (resource, due) in [
        ("acct:care@care.example", Some("care")),
        ("acct:Care@CARE.example", Some("care")),
        ("@care@care.example", Some("care")),
        ("https://care.example/actors/care", Some("care")),
        ("acct:care@other.example", None),
        ("acct:care", None),
        ("https://care.example/actors/care/inbox", None),
        ("", None),
    ] {
        assert_eq!(fingered(&base, resource).as_deref(), due, "{resource}");
    }
    let with_port = Url::parse("http://localhost:8080/").unwrap();
    assert_eq!(fingered(&with_port, "acct:care@localhost:8080").as_deref(), Some("care"));
}

proptest::proptest! {
    #[test]
    fn whatever_is_delivered_comes_back(text in "\\PC{0,200}", kind in "(Create|Delete|Undo|Move|Follow|x)", id in "(https://a.example/)?\\PC{0,9}") {
        let _ = Told::read(text.as_bytes());
        let activity = json!({ "id": id, "type": kind, "actor": { "id": "https://a.example/u" }, "object": { "object": [text.clone()], "to": text } });
        let _ = Told::read(activity.to_string().as_bytes());
        let _ = Actor::read(&activity);
        let _ = fingered(&Url::parse("https://care.example/").unwrap(), &text);
    }
}
