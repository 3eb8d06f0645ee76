//! Deliveries to our inbox, from a server on loopback that plays another one: what is right is taken, each of many wrong
//! ones is refused with its reason, and a flood asks for next to nothing.

mod following;

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
    /// How it was asked, and the way of signing that it does not believe, with the status that it says so with.
    ways: Arc<Mutex<Vec<Way>>>,
    refuses: Arc<Mutex<Option<(Way, u16)>>>,
}

impl There {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (documents, asked) = (Arc::default(), Arc::default());
        let there = Self { base, documents, asked, ways: Arc::default(), refuses: Arc::default() };
        let (documents, asked) = (there.documents.clone(), there.asked.clone());
        let (ways, refuses) = (there.ways.clone(), there.refuses.clone());
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (documents, asked) = (documents.clone(), asked.clone());
                let (ways, refuses) = (ways.clone(), refuses.clone());
                tokio::spawn(async move {
                    let head = whole(&mut client).await;
                    *asked.lock().unwrap() += 1;
                    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                    let way = if head.contains("\r\nsignature-input: ") { Way::Message } else { Way::Cavage };
                    ways.lock().unwrap().push(way);
                    let refused = refuses.lock().unwrap().filter(|(refused, _)| *refused == way);
                    let answer = match documents.lock().unwrap().get(&path) {
                        _ if refused.is_some() => {
                            let status = refused.map_or(0, |(_, status)| status);
                            format!("HTTP/1.1 {status} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                        }
                        _ if head.starts_with("POST ") => {
                            "HTTP/1.1 202 Yes\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()
                        }
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
            "icon": { "type": "Image", "url": format!("{}/{name}.png", self.base) },
            "name": "Ana", "inbox": format!("{id}/inbox"), "endpoints": { "sharedInbox": format!("{}/inbox", self.base) },
            "publicKey": { "id": format!("{id}#main-key"), "owner": id, "publicKeyPem": Keys::read(secret()).unwrap().public_pem() },
        });
        change(&mut actor);
        self.show_json(&format!("/users/{name}"), &actor);
    }

    /// How it was asked since this was called last.
    fn ways(&self) -> Vec<Way> {
        std::mem::take(&mut *self.ways.lock().unwrap())
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

/// A request with all of its body, in lower case where it is a header.
async fn whole(client: &mut tokio::net::TcpStream) -> String {
    let (mut bytes, mut part) = (Vec::new(), vec![0; 16_384]);
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text.into_owned();
            }
        }
        match client.read(&mut part).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&part[..read]),
            _ => return String::from_utf8_lossy(&bytes).into_owned(),
        }
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
    /// Whether our actor asked to follow whoever it is by.
    followed: bool,
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
            followed: false,
        }
    }

    /// By somebody whom our actor follows.
    fn heard(there: &There, activity: Value) -> Self {
        Self { followed: true, ..Self::of(there, activity) }
    }

    async fn arrive(&self, remote: &Remote) -> Result<Act, No> {
        self.arrive_at(remote, now()).await
    }

    async fn arrive_at(&self, remote: &Remote, now: Timestamp) -> Result<Act, No> {
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
        let ours = [OURS.to_owned()];
        let here = Listening { ours: &ours, following: if self.followed { &ours } else { &[] } };
        receive(remote, &signer, &here, &told, &message, now).await
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
        assert_eq!(author.avatar, Some(format!("{}/ana.png", there.base)));
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
}

/// A move is believed where the old account says it and the new one says the same: nothing less.
#[tokio::test]
async fn moves_are_believed_only_from_both_sides() {
    let (there, elsewhere) = (There::start().await, There::start().await);
    let remote = Remote::new(loopback());
    let moves = |to: &str| {
        let mut activity = there.activity("Move", &json!(there.id("ana")));
        activity["target"] = to.into();
        activity
    };
    let to_there = elsewhere.id("ana");
    // Somebody else's account does not become theirs because they say so.
    let no = Delivery::of(&there, moves(&to_there)).arrive(&remote).await.unwrap_err();
    assert!(no.status == 401 && no.why.contains("does not say that it was the old one"), "{no}");
    // The new account says it now: what was remembered of it is old after five minutes.
    elsewhere.actor("ana", |actor| actor["alsoKnownAs"] = json!([there.id("ana")]));
    let later = now() + SignedDuration::from_mins(6);
    let right = Delivery { at: later, ..Delivery::of(&there, moves(&to_there)) };
    let Ok(Act::Moved { from, to }) = right.arrive_at(&remote, later).await else { panic!("no move") };
    assert_eq!(
        (from, to.id.as_str(), to.inbox.clone()),
        (there.id("ana"), to_there.as_str(), format!("{to_there}/inbox"))
    );

    there.actor("bob", |_| {});
    elsewhere.actor("bob", |actor| actor["alsoKnownAs"] = json!([there.id("bob")]));
    elsewhere.actor("liar", |actor| {
        (actor["id"], actor["alsoKnownAs"]) = (elsewhere.id("ana").into(), json!([there.id("ana")]));
    });
    elsewhere.actor("half", |actor| actor["alsoKnownAs"] = json!([format!("{}/", there.id("ana"))]));
    elsewhere.show("/users/away", "redirect", &format!("{}/users/ana", elsewhere.base));
    elsewhere.show("/users/out", "redirect", &there.id("bob"));
    let forged = |change: &dyn Fn(&mut Delivery)| {
        let mut delivery = Delivery::of(&there, moves(&to_there));
        change(&mut delivery);
        delivery
    };
    // One moves another: the key is not theirs.
    let bobs_key = format!("{}#main-key", there.id("bob"));
    let cases: Vec<(&str, Delivery)> = vec![
        ("the key is another actor's", forged(&|d| d.key_id.clone_from(&bobs_key))),
        ("is of another server", forged(&|d| d.activity["actor"] = elsewhere.id("ana").into())),
        ("shows another actor", forged(&|d| d.activity["target"] = elsewhere.id("liar").into())),
        ("does not say that it was", forged(&|d| d.activity["target"] = elsewhere.id("bob").into())),
        ("does not say that it was", forged(&|d| d.activity["target"] = elsewhere.id("half").into())),
        ("shows another actor", forged(&|d| d.activity["target"] = elsewhere.id("away").into())),
        ("to another server", forged(&|d| d.activity["target"] = elsewhere.id("out").into())),
        ("nothing is there", forged(&|d| d.activity["target"] = elsewhere.id("nobody").into())),
        ("is no address", forged(&|d| d.activity["target"] = Value::Null)),
        ("where they are", forged(&|d| d.activity["target"] = there.id("ana").into())),
        (
            "does not fit the key",
            forged(&|d| {
                d.headers = Box::new(|h| drop(h.insert("date", "Mon, 02 Mar 2026 09:00:01 GMT".parse().unwrap())));
            }),
        ),
    ];
    for (due, delivery) in cases {
        let no = delivery.arrive(&remote).await.expect_err(due);
        assert!(no.why.contains(due), "{no} does not say: {due}");
    }
    // Who is moved by somebody else is not moved at all.
    let other = forged(&|d| d.activity["object"] = there.id("bob").into());
    assert_eq!(other.arrive(&remote).await, Ok(Act::Nothing));
}

/// RFC 9421 goes to whoever signs by it, the draft to everybody else, and each is tried where the other was not believed.
#[tokio::test]
async fn it_is_knocked_twice_and_the_way_remembered() {
    let there = There::start().await;
    let remote = Remote::new(loopback());
    let us = signer(OURS, secret()).unwrap();
    let inbox = format!("{}/users/ana/inbox", there.base);
    let tell = || deliver(&remote, &us, &inbox, b"{}", now());
    assert_eq!((tell().await.unwrap().status, there.ways()), (202, vec![Way::Cavage]));
    for status in [400, 401, 403] {
        *there.refuses.lock().unwrap() = Some((Way::Cavage, status));
        assert_eq!(tell().await.unwrap().status, 202);
        assert_eq!(there.ways(), [Way::Cavage, Way::Message], "{status}");
        assert_eq!((tell().await.unwrap().status, there.ways()), (202, vec![Way::Message]), "it is remembered");
        // It knows that no longer.
        *there.refuses.lock().unwrap() = Some((Way::Message, status));
        assert_eq!(tell().await.unwrap().status, 202);
        assert_eq!(there.ways(), [Way::Message, Way::Cavage], "{status}");
        assert_eq!((tell().await.unwrap().status, there.ways()), (202, vec![Way::Cavage]));
    }
    // Another refusal is no question of signatures: nothing is sent twice because of it.
    for status in [404, 410, 413, 422, 429, 500, 503] {
        *there.refuses.lock().unwrap() = Some((Way::Cavage, status));
        assert_eq!((tell().await.unwrap().status, there.ways()), (status, vec![Way::Cavage]));
    }
    // Whoever was tried in vain is not written to by RFC 9421 because they sign so; whoever was not, is.
    let fresh = Remote::new(loopback());
    *there.refuses.lock().unwrap() = None;
    for (remote, due) in [(&remote, Way::Cavage), (&fresh, Way::Message)] {
        let mut said = Delivery::of(&there, there.activity("Create", &there.note()));
        said.way = Way::Message;
        only(said.arrive(remote).await);
        there.ways();
        assert_eq!(deliver(remote, &us, &inbox, b"{}", now()).await.unwrap().status, 202);
        assert_eq!(there.ways(), [due]);
    }
    // Documents are asked for in the same ways.
    *there.refuses.lock().unwrap() = Some((Way::Message, 401));
    let found = fresh.actor_now(&there.id("ana"), &us, now() + SignedDuration::from_mins(6)).await;
    assert!(found.is_ok() && there.ways() == [Way::Message, Way::Cavage], "{found:?}");
}

/// What was learned holds after a restart, and not for ever.
#[tokio::test]
async fn the_way_is_kept_across_a_restart_and_forgotten_after_weeks() {
    let there = There::start().await;
    let us = signer(OURS, secret()).unwrap();
    let inbox = format!("{}/users/ana/inbox", there.base);
    let client = loopback();
    *there.refuses.lock().unwrap() = Some((Way::Cavage, 401));
    deliver(&Remote::new(client.clone()), &us, &inbox, b"{}", now()).await.unwrap();
    there.ways();
    let kept = learned(&client);
    let host = there.base.trim_start_matches("http://").to_owned();
    assert_eq!(kept, [Knock { host, way: Way::Message, at: now() }]);
    assert_eq!(learned(&client), [], "it is told once");
    relearn(&client, &kept[0]);
    assert_eq!(learned(&client), kept, "and again where it could not be kept");
    // A new client is a restarted program.
    let next = loopback();
    let reminded = Remote::new(next.clone());
    remind(&next, &kept[0]);
    assert_eq!(learned(&next), [], "what was kept need not be kept again");
    let almost = now() + KNOCKS_HOLD - SignedDuration::from_secs(1);
    for (at, due) in [
        (now(), vec![Way::Message]),
        (almost, vec![Way::Message]),
        (now() + KNOCKS_HOLD, vec![Way::Cavage, Way::Message]),
        (now() + KNOCKS_HOLD, vec![Way::Message]),
    ] {
        assert_eq!(deliver(&reminded, &us, &inbox, b"{}", at).await.unwrap().status, 202);
        assert_eq!(there.ways(), due, "{at}");
    }
    assert_eq!(learned(&next)[0].at, now() + KNOCKS_HOLD, "it is learned anew");
}

#[test]
fn what_we_say_is_changed_and_taken_back_under_its_own_address() {
    let said = Said {
        actor: OURS,
        key: "reply_1",
        text: "We <look>",
        in_reply_to: Some("https://a.example/notes/1"),
        to: Some(("https://a.example/users/ana", Some("ana@a.example"))),
        at: now(),
        edited_at: None,
    };
    let id = format!("{OURS}/posts/reply_1");
    let create = said.create();
    assert_eq!((&create["object"]["id"], create["type"].as_str()), (&json!(id), Some("Create")));
    assert_eq!(create["object"]["updated"], Value::Null);
    assert_eq!(create["object"]["tag"][0]["name"], "@ana@a.example");
    let edited = Said { text: "We looked", edited_at: Some(now() + SignedDuration::from_mins(2)), ..said };
    let update = edited.update();
    assert_eq!((update["type"].as_str(), &update["object"]["content"]), (Some("Update"), &json!("<p>We looked</p>")));
    assert_eq!((&update["object"]["id"], &update["object"]["published"]), (&json!(id), &json!("2026-03-02T09:00:00Z")));
    assert_eq!(update["object"]["updated"], "2026-03-02T09:02:00Z");
    assert_eq!((&update["to"], &update["cc"]), (&create["to"], &create["cc"]), "whoever was told is told");
    assert_eq!(edited.update()["id"], update["id"], "one wording has one address");
    let again = Said { edited_at: Some(now() + SignedDuration::from_mins(3)), ..said };
    assert_ne!(again.update()["id"], update["id"]);
    let delete = said.delete(now());
    assert_eq!((delete["type"].as_str(), &delete["object"]["type"]), (Some("Delete"), &json!("Tombstone")));
    assert_eq!((&delete["object"]["id"], &delete["cc"]), (&json!(id), &create["cc"]));
    assert!(!delete.to_string().contains("look"), "nothing of the words is left");
    assert_eq!(said.tombstone(now())["deleted"], "2026-03-02T09:00:00Z");
    let place = Place { url: OURS.into(), ..Place::default() };
    assert!(matches!(publish::own(&place, &id), Answer::Published { .. }));
    for other in ["https://care.example/actors/carefree/posts/1", "https://a.example/notes/1", OURS] {
        assert!(matches!(publish::own(&place, other), Answer::Refused { .. }), "{other}");
    }
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
    let ours = [OURS.to_owned()];
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
        let here = Listening { ours: &ours, following: &[] };
        receive(&remote, &signer, &here, &told, &message, now()).await.expect_err("a refusal");
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
    fn whatever_is_delivered_comes_back(text in "\\PC{0,200}", kind in "(Create|Delete|Undo|Move|Follow|Accept|Reject|Announce|x)", id in "(https://a.example/)?\\PC{0,9}") {
        let _ = Told::read(text.as_bytes());
        let activity = json!({ "id": id, "type": kind, "actor": { "id": "https://a.example/u" }, "object": { "object": [text.clone()], "to": text } });
        let _ = Told::read(activity.to_string().as_bytes());
        for object in [json!(text), json!({ "id": text, "type": kind, "actor": text, "object": { "id": id } })] {
            let answer = json!({ "id": "https://a.example/1", "type": kind, "actor": "https://a.example/u", "object": object });
            let told = Told::read(answer.to_string().as_bytes()).unwrap();
            let _ = follow::answered(&told, &[OURS.to_owned(), text.clone()]);
            proptest::prop_assert!(follow::passed(&object).is_none_or(|id| id.starts_with("http")));
        }
        let _ = Actor::read(&activity);
        let _ = fingered(&Url::parse("https://care.example/").unwrap(), &text);
    }
}
