//! Personal data never stands in the log. The program itself runs and tells all it can (`trace`) while customers write to
//! it by every way there is: what they write, who they are, what is refused, what we answer, and what networks repeat of
//! all that when they break or refuse. Then every byte of what it said is looked through.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::PathBuf, time::Duration};

use dandelion_hub::{
    Db, Hub,
    log::Actor,
    member::api_token,
    reply::{self, New, Send, State},
    scope::Role,
    source::{self, Kind, NewSource},
};
use dandelion_networks::{
    outgoing::testing::loopback,
    webhook::{Secret, sign},
};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    faults::Fault,
    peer::{Peer, free_port},
    program::{Folder, Program, around, carries},
    world::World,
};

/// A word that nobody else says; it stands in every text of this test.
const CANARY: &str = "canary57d0b1c4";
/// A customer's own things. No number is anybody's: they are the examples of the networks that gave them out.
const OWN: [&str; 4] =
    ["ana.roth@customer.example", "+49 30 901820", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00"];

/// What a customer writes.
fn letter(what: &str) -> String {
    let [mail, phone, card, account] = OWN;
    format!(
        "kettle {what} {CANARY} leaks, write to {mail} or call {phone}; I paid with {card}, give it back to {account}"
    )
}

#[tokio::test]
async fn a_feed_leaves_nothing_in_the_log() {
    silent(Some(Peer::feed().await)).await;
}

#[tokio::test]
async fn the_demo_network_leaves_nothing_in_the_log() {
    silent(Some(Peer::demo().await)).await;
}

#[tokio::test]
async fn mail_leaves_nothing_in_the_log() {
    silent(Peer::mail().await).await;
}

#[tokio::test]
async fn mastodon_leaves_nothing_in_the_log() {
    silent(Peer::mastodon().await).await;
}

#[tokio::test]
async fn matrix_leaves_nothing_in_the_log() {
    silent(Peer::matrix().await).await;
}

#[tokio::test]
async fn a_webhook_leaves_nothing_in_the_log() {
    let mut story = Story::begin("webhook").await;
    let hub = &story.world.hub;
    let (key, name, network) = ("hook".into(), format!("Hook {CANARY}"), "demo".into());
    let new = NewSource { key, name, kind: Kind::Webhook, network, unit: Some(story.world.unit), url: None };
    let hook = source::add_as(hub, Actor::System("test"), &new).await.expect("a source");
    let secret = source::add_secret_as(hub, Actor::System("test"), hook.id).await.expect("a secret").secret;
    story.serve();
    let author =
        json!({ "id": format!("a-{CANARY}"), "handle": format!("ana-{CANARY}"), "name": format!("Ana {CANARY}") });
    let good =
        json!({ "id": format!("p-{CANARY}"), "text": letter("pushed"), "author": author, "title": letter("title") });
    // Its id is too long, and the third is none at all.
    let bad = json!({ "id": letter("refused").repeat(8), "text": letter("refused"), "author": author });
    for (number, data) in [good, bad, json!({ "id": [letter("nonsense")], "text": 7 })].iter().enumerate() {
        story.deliver(&secret, &format!("d{number}-{CANARY}"), data).await;
    }
    // Who does not know the secret is refused as well.
    let unsigned = letter("unsigned").into_bytes();
    let refused = loopback().post(&format!("{}/hooks/hook", story.address()), &[], unsigned).await.expect("an answer");
    assert!((400..500).contains(&refused.status), "{}", refused.status);
    let counted = story.world.source(hook.id).await.accounting;
    assert_eq!((counted.stored, counted.refused), (1, 2), "{counted}");
    story.looked_at().await;
    story.searched();
}

/// A network is read and, where it can be, answered on; it breaks and refuses, and says in its errors whatever it heard.
async fn silent(peer: Option<Peer>) {
    let Some(peer) = peer else { return };
    let mut story = Story::begin(peer.about.name).await;
    let broken = json!({ "error": letter("broken"), "message": letter("broken") }).to_string();
    let source = story.world.connect(&peer).await;
    let handle = if peer.about.writes.reply { Some(story.world.speak(&peer).await) } else { None };
    peer.say(&letter("first")).await;
    peer.say_privately(&letter("private")).await;
    // Whoever asks first, poller or stream, is told this.
    for _ in 0..2 {
        peer.proxy.next("GET", Fault::Say("400 Bad Request", String::new(), broken.clone()));
    }
    story.serve();
    story.until("it broke", || async { peer.proxy.waiting() == 0 || story.wake(source.id).await }).await;
    story.until("it is read", || async { story.case(source.id).await.is_some() || story.wake(source.id).await }).await;
    if let Some(handle) = handle {
        let case_id = story.case(source.id).await.expect("a case");
        assert_eq!(story.answer(case_id, handle, &letter("answered")).await, State::Sent);
        let repeated = json!({ "error": letter("repeated") }).to_string();
        peer.proxy.next(peer.writes(), Fault::Say("422 No", String::new(), repeated));
        assert_eq!(story.answer(case_id, handle, &letter("unanswered")).await, State::Failed);
    }
    story.looked_at().await;
    story.searched();
}

/// The program at work on a store that the test can look into.
struct Story {
    folder: Folder,
    world: World,
    port: u16,
    token: String,
    program: Option<Program>,
}

impl Story {
    async fn begin(name: &str) -> Self {
        let folder = Folder::new(&format!("log-{name}"));
        let world = World::on(Hub::new(Db::open(&folder.0.join("data"), None).await.expect("a store"))).await;
        let scopes = BTreeSet::from(["read".parse().expect("a scope"), "admin".parse().expect("a scope")]);
        let made = api_token::make(&world.hub, &world.viewer, "test", Role::Admin, scopes, None).await;
        Self { folder, world, port: free_port(), token: made.expect("a token").0, program: None }
    }

    fn serve(&mut self) {
        self.program = Some(Program::serve(&self.folder.0.join("data"), self.port, &self.log()));
    }

    fn log(&self) -> PathBuf {
        self.folder.0.join("log")
    }

    fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    async fn until<F: Future<Output = bool>>(&self, what: &str, mut done: impl FnMut() -> F) {
        for _ in 0..300 {
            if done().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("it never comes to this: {what}\n{}", fs::read_to_string(self.log()).unwrap_or_default());
    }

    /// Has the source asked at once, as a person does; false, for that alone changes nothing yet.
    async fn wake(&self, id: i64) -> bool {
        let (hub, viewer) = (&self.world.hub, &self.world.viewer);
        let _ = source::pause(hub, viewer, id, "a moment").await;
        let _ = source::resume(hub, viewer, id).await;
        false
    }

    /// The case that came of what was said first.
    async fn case(&self, source: i64) -> Option<i64> {
        let posts = self.world.posts(source).await;
        posts.iter().find(|post| post.text.contains(&format!("first {CANARY}"))).and_then(|post| post.case)
    }

    /// Answers, and waits until the program has sent it or given up.
    async fn answer(&self, case_id: i64, handle_id: i64, text: &str) -> State {
        let (hub, viewer) = (&self.world.hub, &self.world.viewer);
        let new = New { case_id, post_id: None, handle_id, text: text.to_owned() };
        let drafted = reply::draft(hub, viewer, &new).await.expect("a draft");
        let send = Send { undo: 0, confirm: true, ..Send::version(drafted.version) };
        reply::queue(hub, viewer, drafted.id, send).await.expect("a reply in line");
        let state = || async { reply::find(hub, viewer, drafted.id).await.expect("the reply").state };
        self.until("the reply is settled", || async { !matches!(state().await, State::Queued | State::Sending) }).await;
        state().await
    }

    async fn deliver(&self, secret: &str, id: &str, data: &serde_json::Value) {
        let (secret, at) = (Secret::parse(secret).expect("a secret"), Timestamp::now());
        let body =
            json!({ "type": "post.created", "timestamp": at.to_string(), "data": data }).to_string().into_bytes();
        let (seconds, signature) = (at.as_second().to_string(), sign(id, at, &body, &secret));
        let headers = [("webhook-id", id), ("webhook-timestamp", &seconds), ("webhook-signature", &signature)];
        let url = format!("{}/hooks/hook", self.address());
        self.until("the program listens", || async { loopback().get(&self.address(), &[]).await.is_ok() }).await;
        let answer = loopback().post(&url, &headers, body).await.expect("an answer");
        assert!((200..300).contains(&answer.status), "{}", answer.status);
    }

    /// People look for it and at it; addresses hold words as well.
    async fn looked_at(&self) {
        let words = format!("{CANARY}%20{}", OWN[0]);
        let bearer = format!("Bearer {}", self.token);
        for path in
            ["/api/v1/posts?text=", "/api/v1/cases?text=", "/api/v1/posts?nonsense=", "/nowhere/", "/search?text="]
        {
            let url = format!("{}{path}{words}", self.address());
            loopback().get(&url, &[("authorization", bearer.as_str())]).await.expect("an answer");
        }
    }

    /// Ends the program and looks through what it said.
    fn searched(mut self) {
        self.program.take().expect("a program").stop();
        let said = fs::read(self.log()).expect("the log");
        let text = String::from_utf8_lossy(&said).into_owned();
        for sign in ["answered", "db.statement"] {
            assert!(text.contains(sign), "the log tells nothing of `{sign}`, or the test shows nothing: {text}");
        }
        // Numbers are the same however they are grouped.
        let mut tight = String::new();
        for part in text.split([' ', '-', '.', '+']) {
            let _ = tight.write_str(part);
        }
        for own in [&OWN[..], &[CANARY, "customer.example"]].concat() {
            assert!(!carries(&said, own), "the log holds {own}: {}", around(&said, own));
            let own: String = own.split([' ', '-', '.', '+']).collect();
            assert!(!tight.contains(&own), "the log holds {own}: {}", around(tight.as_bytes(), &own));
        }
    }
}
