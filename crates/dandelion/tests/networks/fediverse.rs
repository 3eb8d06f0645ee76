//! ActivityPub with actors of our own: our pages are served, and servers that nobody on this project wrote follow us,
//! write to us and are answered.

use std::process::{Command, Stdio};

use dandelion_hub::{
    actor::{self, Deliverer, NewActor},
    both_stores, handle,
    log::Actor,
    reply::{
        self, New, Send, State,
        sender::{Rules, Sender, Stale},
    },
    testing::TestHub,
};
use dandelion_networks::{
    egress::{Client, Method},
    outgoing::testing::loopback,
};
use dandelion_web::{App, Config};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use crate::{
    bell::until,
    peer::{ONE, Process, free_port, up},
    world::{MINUTE, World, client},
};

/// A server of others, with one person.
pub struct Other {
    pub base: String,
    /// What it is known to do with an activity that arrives twice: nothing.
    knows_twice: bool,
    process: Option<Process>,
    program: String,
    port: u16,
    folder: tempfile::TempDir,
}

impl Other {
    /// None where whoever runs the tests does without real servers.
    pub async fn start(name: &'static str) -> Option<Self> {
        if std::env::var_os("DANDELION_TEST_NO_PEERS").is_some() {
            eprintln!("\n*** NOT TESTED: ActivityPub, live against {name} ***\n");
            return None;
        }
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let ready = Command::new(format!("{root}/scripts/peers")).arg(name).output().expect("scripts/peers");
        assert!(
            ready.status.success(),
            "{name} could not be made ready; mend that, or set DANDELION_TEST_NO_PEERS=1 to do without it: {}",
            String::from_utf8_lossy(&ready.stderr).trim()
        );
        let program = String::from_utf8_lossy(&ready.stdout).trim().to_owned();
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let base = format!("http://localhost:{port}");
        let mut other = Self { base, knows_twice: name == "fedify", process: None, program, port, folder };
        other.come_up().await;
        Some(other)
    }

    pub async fn come_up(&mut self) {
        let mut command = Command::new(&self.program);
        command.args([&self.port.to_string(), "ana"]).arg(self.folder.path());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(Process(command.spawn().expect("a server"), None));
        up(self.port, "/_got").await;
    }

    /// Its program ends, and nobody listens there any more.
    pub fn go_down(&mut self) {
        self.process = None;
    }

    pub async fn got(&self, kind: &str) -> Vec<Value> {
        let answer = loopback().get(&self.local("/_got"), &[]).await.expect("an answer");
        let all: Vec<Value> = serde_json::from_slice(&answer.body).expect("a list");
        all.into_iter().filter(|one| one["kind"] == kind).collect()
    }

    /// Their person does something; the address of what was said.
    pub async fn send(&self, what: Value) -> String {
        let headers = [("content-type", "application/json")];
        let body = what.to_string().into_bytes();
        let answer = loopback().post(&self.local("/_send"), &headers, body).await.expect("an answer");
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        assert_eq!(answer.status, 200, "{what}: {}", String::from_utf8_lossy(&answer.body));
        said["id"].as_str().expect("an address").to_owned()
    }

    fn local(&self, path: &str) -> String {
        format!("{}{path}", self.base.replace("localhost", "127.0.0.1"))
    }
}

/// Our pages on loopback, with an actor.
pub struct Here {
    pub world: World,
    pub base: Url,
    pub actor: actor::Actor,
    /// One for all, as in the running program.
    pub client: Client,
    pub deliverer: Deliverer,
}

impl Here {
    pub async fn start(test: &TestHub) -> Self {
        let world = World::new(test).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = Url::parse(&format!("http://localhost:{}/", listener.local_addr().expect("an address").port()));
        let base = base.expect("an address");
        let new = NewActor { name: "care".into(), label: "Acme Care".into(), unit: world.unit };
        let actor = actor::make(&world.hub, Actor::System("test"), &base, &new).await.expect("an actor");
        let client = client();
        let config = Config { outside: Some(client.clone()), ..Config::new(base.clone()) };
        let app = App::new(world.hub.clone(), config);
        tokio::spawn(async move { dandelion_web::serve(listener, app, std::future::pending()).await });
        let deliverer = Deliverer::new(world.hub.clone(), client.clone());
        Self { world, base, actor, client, deliverer }
    }

    /// Makes the deliveries that are due; how many there were.
    pub async fn deliver(&self) -> usize {
        let mut made = 0;
        while self.deliverer.step().await.expect("a store") {
            made += 1;
        }
        made
    }

    pub async fn undelivered(&self) -> actor::Undelivered {
        actor::undelivered(&self.world.hub.db, self.actor.handle.id).await.expect("a count")
    }

    async fn followers(&self) -> i64 {
        actor::followers(&self.world.hub.db, self.actor.handle.id).await.expect("a count")
    }

    fn sender(&self) -> Sender {
        Sender::new(self.world.hub.clone(), self.client.clone(), Rules::default())
    }

    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Vec<u8>>) -> (u16, Value) {
        let url = self.base.join(path).expect("an address").to_string().replacen("localhost", "127.0.0.1", 1);
        let answer = loopback().send(method, &url, headers, body).await.expect("an answer");
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    pub async fn has(&self, words: &str) -> bool {
        self.world.has(self.actor.source.id, words).await
    }
}

/// Both ways with one server.
async fn spoken_with(test: TestHub, name: &'static str) {
    let _turn = ONE.lock().await;
    let Some(other) = Other::start(name).await else { return };
    let here = Here::start(&test).await;
    let us = here.actor.ours.id.clone();
    // They follow us, and are told so.
    other.send(json!({ "kind": "Follow", "actor": us })).await;
    until("they follow", || async { here.followers().await == 1 }).await;
    assert_eq!(here.deliver().await, 1);
    until("they are told that they follow", || async { other.got("Accept").await.len() == 1 }).await;
    assert_eq!(here.undelivered().await, actor::Undelivered::default());
    // They write to us, change it, and it is theirs.
    let note = other.send(json!({ "kind": "Create", "actor": us, "text": "<p>my kettle leaks</p>" })).await;
    until("it is here", || here.has("my kettle leaks")).await;
    let posts = here.world.posts(here.actor.source.id).await;
    assert_eq!((posts.len(), posts[0].ours), (1, false));
    other.send(json!({ "kind": "Update", "actor": us, "id": note, "text": "<p>my kettle is <b>gone</b></p>" })).await;
    until("the change is here", || here.has("my kettle is gone")).await;
    one_answer(&test, &here, &other, &note).await;
    // What is said again under their answer comes to the same conversation.
    let answer = other.got("Create").await[0]["note"].as_str().expect("a note").to_owned();
    other.send(json!({ "kind": "Create", "actor": us, "text": "<p>thank you</p>", "re": answer })).await;
    until("their thanks are here", || here.has("thank you")).await;
    changed_and_taken_back(&test, &here, &other, &answer).await;
    // The handle says when it was used, and by whom.
    let used = handle::used_last(&here.world.hub.db, here.actor.handle.id).await.expect("the handle");
    assert_eq!(used.answered_by.as_deref(), Some("Ana"));
    assert!(used.answered_at.is_some() && used.read_at.is_some(), "{used:?}");
    other.send(json!({ "kind": "Delete", "actor": us, "id": note })).await;
    let deleted = || async { here.world.posts(here.actor.source.id).await.iter().any(|post| post.deleted) };
    until("the deletion is here", deleted).await;
    other.send(json!({ "kind": "Undo", "actor": us })).await;
    until("they follow no longer", || async { here.followers().await == 0 }).await;
    restarted(&here, &other).await;
    // Whoever signs by RFC 9421 is written to so, from the first word on, and believes it; whoever does not, by the draft.
    let signed: Vec<Value> = other.got("signed").await;
    let due = if name == "fedify" { "RFC 9421" } else { "cavage" };
    assert!(signed.len() >= 4, "{signed:?}");
    for one in signed {
        let taken = one["status"].as_u64().is_some_and(|status| (200..300).contains(&status));
        assert!(taken && one["way"] == due, "{name}: {one}");
    }
    let source = here.world.source(here.actor.source.id).await;
    assert!(source.accounting.balances() && source.accounting.refused == 0, "{}", source.accounting);
    here.world.check().await;
}

/// Our program ends and starts again: how that server signs is known at the first word. They follow, and no longer.
async fn restarted(here: &Here, other: &Other) {
    let hub = &here.world.hub;
    let us = &here.actor.ours.id;
    actor::keep_knocks(hub, &here.client).await.expect("a store");
    let client = client();
    actor::recall_knocks(hub, &client).await.expect("a store");
    other.send(json!({ "kind": "Follow", "actor": us })).await;
    until("they follow again", || async { here.followers().await == 1 }).await;
    assert!(Deliverer::new(hub.clone(), client).step().await.expect("a store"));
    until("they are told so again", || async { other.got("Accept").await.len() == 2 }).await;
    other.send(json!({ "kind": "Undo", "actor": us })).await;
    until("they follow no longer", || async { here.followers().await == 0 }).await;
}

/// A person answers; the program dies after the answer has left, so that it leaves twice: it is one answer.
async fn one_answer(test: &TestHub, here: &Here, other: &Other, note: &str) {
    let (hub, viewer) = (&here.world.hub, &here.world.viewer);
    let case_id = here.world.posts(here.actor.source.id).await[0].case.expect("a case");
    let text = "We look into it <at once> & tell you: https://care.example/kettle".to_owned();
    let new = New { case_id, post_id: None, handle_id: here.actor.handle.id, text };
    let drafted = reply::draft(hub, viewer, &new).await.expect("a draft");
    let send = Send { undo: 0, confirm: true, ..Send::version(drafted.version) };
    reply::queue(hub, viewer, drafted.id, send).await.expect("a reply in line");
    let sender = here.sender();
    let job = sender.claim(&[]).await.expect("a store").expect("a job");
    drop(sender.publish(&job).await);
    test.sql(&[format!("update replies set lease_until = 0 where id = {}", drafted.id)]).await;
    let mut settled = reply::find(hub, viewer, drafted.id).await.expect("the reply");
    for _ in 0..20 {
        sender.recover(Stale::Expired).await.expect("a store");
        sender.step().await.expect("a store");
        settled = reply::find(hub, viewer, drafted.id).await.expect("the reply");
        if settled.state == State::Sent {
            break;
        }
        hub.clock.advance(MINUTE / 60);
    }
    assert_eq!(settled.state, State::Sent, "{:?}", settled.error);
    let id = settled.remote_id.expect("an address");
    until("they have it", || async { !other.got("Create").await.is_empty() }).await;
    let got = other.got("Create").await;
    let ids: std::collections::BTreeSet<String> = got.iter().map(|one| one["id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "whatever arrives twice is one: {got:?}");
    if other.knows_twice {
        assert_eq!(got.len(), 1, "{got:?}");
    }
    assert_eq!((got[0]["note"].as_str(), got[0]["re"].as_str()), (Some(id.as_str()), Some(note)));
    let words = got[0]["text"].as_str().expect("words");
    assert!(
        words.contains("&lt;at once&gt; &amp; tell") && words.contains("<a href=\"https://care.example/kettle\""),
        "{words}"
    );
    // Whoever asks for it by its address is shown the same.
    let path = Url::parse(&id).expect("an address").path().to_owned();
    let (status, shown) = here.ask(Method::GET, &path, &[], None).await;
    assert_eq!((status, &shown["content"], &shown["id"]), (200, &got[0]["text"], &Value::from(id)));
}

/// Our answer is changed and then taken back: who was told of it is told of both, once, and our pages say the same.
async fn changed_and_taken_back(test: &TestHub, here: &Here, other: &Other, note: &str) {
    let (hub, viewer, sender) = (&here.world.hub, &here.world.viewer, here.sender());
    let case_id = here.world.posts(here.actor.source.id).await[0].case.expect("a case");
    let replies = reply::of_case(hub, viewer, case_id).await.expect("the replies");
    let out = replies.iter().find(|reply| reply.remote_id.as_deref() == Some(note)).expect("our answer");
    let path = Url::parse(note).expect("an address").path().to_owned();

    hub.clock.advance(MINUTE);
    reply::correct(hub, viewer, out.id, out.version, "We looked <twice>").await.expect("a change");
    assert!(sender.change_step().await.expect("a store"));
    // The program dies after the delivery has left: it leaves twice and is one.
    let delivery = here.deliverer.claim(&[]).await.expect("a store").expect("a delivery");
    drop(here.deliverer.make(&delivery).await.expect("a store"));
    test.sql(&["update deliveries set lease_until = 0 where lease_until is not null".to_owned()]).await;
    assert_eq!(here.deliver().await, 1);
    until("they have the new words", || async { !other.got("Update").await.is_empty() }).await;
    let updates = other.got("Update").await;
    let ids: std::collections::BTreeSet<String> = updates.iter().map(|one| one["id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "whatever arrives twice is one: {updates:?}");
    if other.knows_twice {
        assert_eq!(updates.len(), 1, "{updates:?}");
    }
    assert_eq!(
        (updates[0]["note"].as_str(), &updates[0]["text"]),
        (Some(note), &json!("<p>We looked &lt;twice&gt;</p>"))
    );
    let (status, shown) = here.ask(Method::GET, &path, &[], None).await;
    assert_eq!((status, &shown["content"], &shown["id"]), (200, &updates[0]["text"], &json!(note)));
    assert!(shown["updated"].as_str() > shown["published"].as_str(), "{shown}");

    reply::withdraw(hub, viewer, out.id, "the wrong kettle").await.expect("a change");
    assert!(sender.change_step().await.expect("a store"));
    assert_eq!(here.deliver().await, 1);
    until("they know that it is gone", || async { !other.got("Delete").await.is_empty() }).await;
    let gone = other.got("Delete").await;
    assert_eq!(gone.len(), 1, "{gone:?}");
    if let Some(told) = gone[0]["note"].as_str() {
        assert_eq!(told, note);
    }
    let (status, shown) = here.ask(Method::GET, &path, &[("accept", "application/activity+json")], None).await;
    assert_eq!((status, &shown["type"], &shown["id"]), (410, &json!("Tombstone"), &json!(note)));
    assert!(!shown.to_string().contains("looked"), "{shown}");
    assert_eq!(here.undelivered().await, actor::Undelivered::default());
}

both_stores!(who_follows_is_told_so_after_their_server_was_down, |hub| async move {
    let _turn = ONE.lock().await;
    let Some(mut other) = Other::start("fedify").await else { return };
    let here = Here::start(&hub).await;
    let (store, viewer) = (here.world.hub.clone(), &here.world.viewer);
    let us = here.actor.ours.id.clone();
    other.send(json!({ "kind": "Create", "actor": us, "text": "<p>my kettle leaks</p>" })).await;
    until("it is here", || here.has("my kettle leaks")).await;
    other.send(json!({ "kind": "Follow", "actor": us })).await;
    until("they follow", || async { here.followers().await == 1 }).await;
    // Their server dies before it hears of it; meanwhile something is said to all who follow.
    other.go_down();
    assert_eq!(here.deliver().await, 1);
    let case_id = here.world.posts(here.actor.source.id).await[0].case.expect("a case");
    let new = New { case_id, post_id: None, handle_id: here.actor.handle.id, text: "We are open again".into() };
    let drafted = reply::draft(&store, viewer, &new).await.expect("a draft");
    hub.sql(&[format!("update replies set post_id = null where id = {}", drafted.id)]).await;
    let send = Send { undo: 0, confirm: true, ..Send::version(drafted.version) };
    reply::queue(&store, viewer, drafted.id, send).await.expect("a reply in line");
    assert_eq!(here.sender().step().await.expect("a store"), Some(State::Sent), "it stands on our own pages");
    assert_eq!(here.deliver().await, 1);
    let waiting = here.undelivered().await;
    assert_eq!((waiting.waiting, waiting.late, waiting.failed), (2, 2, 0), "{waiting:?}");
    assert_eq!(here.deliver().await, 0, "nobody is pestered who was down just now");
    // It is tried again and again; when it is back it hears of both. (The clocks of both stay together, because a
    // signature holds for an hour.)
    let due = ["update deliveries set next_attempt_at = 0 where next_attempt_at is not null".to_owned()];
    for _ in 0..5 {
        hub.sql(&due).await;
        assert_eq!(here.deliver().await, 2);
    }
    let down = here.undelivered().await;
    assert_eq!((down.waiting, down.late, down.failed), (2, 2, 0), "{down:?}");
    other.come_up().await;
    hub.sql(&due).await;
    assert_eq!(here.deliver().await, 2);
    assert_eq!(here.undelivered().await, actor::Undelivered::default());
    until("they are told that they follow", || async { other.got("Accept").await.len() == 1 }).await;
    until("they hear what was said", || async { other.got("Create").await.len() == 1 }).await;
    let got = other.got("Create").await;
    assert_eq!((&got[0]["text"], &got[0]["re"]), (&json!("<p>We are open again</p>"), &Value::Null));
    // Whoever was told of it is told that it is gone.
    let out = reply::find(&store, viewer, drafted.id).await.expect("the reply");
    reply::withdraw(&store, viewer, out.id, "closed again").await.expect("a change");
    assert!(here.sender().change_step().await.expect("a store"));
    assert_eq!(here.deliver().await, 1);
    until("they know that it is gone", || async { other.got("Delete").await.len() == 1 }).await;
    assert_eq!(other.got("Delete").await[0]["note"].as_str(), out.remote_id.as_deref());
    here.world.check().await;
});

both_stores!(fedify_is_spoken_with_both_ways, |hub| spoken_with(hub, "fedify"));
both_stores!(pubby_is_spoken_with_both_ways, |hub| spoken_with(hub, "pubby"));

both_stores!(who_we_are_is_shown_and_nobody_else_is_believed, |hub| async move {
    let here = Here::start(&hub).await;
    let us = &here.actor.ours;
    let account = format!("/.well-known/webfinger?resource=acct:{}", us.address(&here.base));
    let (status, finger) = here.ask(Method::GET, &account, &[], None).await;
    assert_eq!((status, finger["links"][0]["href"].as_str()), (200, Some(us.id.as_str())));
    let (status, document) = here.ask(Method::GET, "/actors/care", &[], None).await;
    assert_eq!((status, document["publicKey"]["owner"].as_str()), (200, Some(us.id.as_str())));
    assert!(!document.to_string().contains("PRIVATE"));
    let (status, node) = here.ask(Method::GET, "/.well-known/nodeinfo", &[], None).await;
    assert!(status == 200 && node["links"][0]["href"].as_str().is_some_and(|at| at.ends_with("/nodeinfo/2.1")));
    let (status, info) = here.ask(Method::GET, "/nodeinfo/2.1", &[], None).await;
    assert_eq!(
        (status, &info["software"]["name"], &info["usage"]["users"]["total"]),
        (200, &json!("dandelion"), &json!(1))
    );
    for path in ["/actors/care/outbox", "/actors/care/followers"] {
        let (status, shown) = here.ask(Method::GET, path, &[], None).await;
        assert_eq!((status, &shown["totalItems"]), (200, &json!(0)), "{path}");
    }
    for nobody in
        ["/actors/other", "/actors/care/posts/none", "/.well-known/webfinger?resource=acct:care@other.example"]
    {
        assert_eq!(here.ask(Method::GET, nobody, &[], None).await.0, 404, "{nobody}");
    }
    let activity =
        json!({ "id": "https://a.example/1", "type": "Follow", "actor": "https://a.example/u", "object": us.id });
    for (body, headers, due) in [
        (activity.to_string(), vec![], 401),
        (activity.to_string(), vec![("signature", "x")], 400),
        ("{".to_owned(), vec![], 400),
        ("x".repeat(1_100_000), vec![], 413),
    ] {
        for inbox in ["/inbox", "/actors/care/inbox"] {
            let (status, told) = here.ask(Method::POST, inbox, &headers, Some(body.clone().into_bytes())).await;
            assert_eq!(status, due, "{inbox} {told}");
        }
    }
    here.world.check().await;
});
