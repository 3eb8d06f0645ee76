//! A feed that a hub tells us of, against flask-websub: told within two seconds, believed only with our signature, and read
//! as before wherever the hub does not do its part.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use dandelion_hub::{
    both_stores,
    log::Actor,
    source::{self, Kind, NewSource, Poller, Push, Pusher, Source},
    testing::TestHub,
};
use dandelion_networks::{contract::hmac, outgoing::testing::loopback};
use dandelion_web::{App, Config};
use tokio::net::TcpListener;

use crate::{
    bell::until,
    peer::{ONE, Process, free_port, up},
    world::{MINUTE, World, client},
};

const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];

/// The hub with its feed, and us.
struct Here {
    port: u16,
    world: World,
    poller: Poller,
    pusher: Pusher,
    source: i64,
    _process: Process,
    _folder: tempfile::TempDir,
}

impl Here {
    /// None where whoever runs the tests does without real servers.
    async fn start(test: &TestHub) -> Option<Self> {
        if std::env::var_os("DANDELION_TEST_NO_PEERS").is_some() {
            eprintln!("\n*** NOT TESTED: WebSub, live against flask-websub ***\n");
            return None;
        }
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let ready = Command::new(format!("{root}/scripts/peers")).arg("websub").output().expect("scripts/peers");
        assert!(
            ready.status.success(),
            "websub could not be made ready; mend that, or set DANDELION_TEST_NO_PEERS=1 to do without it: {}",
            String::from_utf8_lossy(&ready.stderr).trim()
        );
        let program = String::from_utf8_lossy(&ready.stdout).trim().to_owned();
        let (folder, port) = (tempfile::tempdir().expect("a folder"), free_port());
        let mut command = Command::new(program);
        command.arg(port.to_string()).arg(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = Process(command.spawn().expect("a hub"), None);
        up(port, "/feed.xml").await;
        let world = World::new(test).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base: url::Url =
            format!("http://{}/", listener.local_addr().expect("an address")).parse().expect("an address");
        let app = App::new(world.hub.clone(), Config::new(base.clone()));
        tokio::spawn(async move { dandelion_web::serve(listener, app, std::future::pending()).await });
        let url = Some(format!("http://127.0.0.1:{port}/feed.xml"));
        let (key, name, network) = ("feed".into(), "Feed".into(), String::new());
        let new = NewSource { key, name, kind: Kind::Feed, network, unit: Some(world.unit), url };
        let source = source::add_as(&world.hub, Actor::System("test"), &new).await.expect("a source").id;
        let poller = Poller::new(world.hub.clone(), client());
        let pusher = Pusher::new(world.hub.clone(), client(), base);
        Some(Self { port, world, poller, pusher, source, _process: process, _folder: folder })
    }

    /// Tells the hub's owner something.
    async fn post(&self, path: &str, form: &str) {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let answer = loopback().post(&url, &FORM, form.as_bytes().to_vec()).await.expect("an answer");
        assert_eq!(answer.status, 200, "{path} {form}");
    }

    /// The addresses that are told.
    async fn told(&self) -> Vec<String> {
        let url = format!("http://127.0.0.1:{}/_told", self.port);
        serde_json::from_slice(&loopback().get(&url, &[]).await.expect("an answer").body).expect("a list")
    }

    async fn push(&self) -> Push {
        source::push(&self.world.hub, self.source).await.expect("the store").expect("a hub")
    }

    /// Asks the feed itself; gives what was new, and how long it is left alone then.
    async fn poll(&self) -> (i64, i64) {
        let counted = self.poller.poll(&self.source().await).await.expect("the store");
        let next = self.source().await.next_poll_at.expect("it is polled");
        (counted.stored, next - self.world.hub.now())
    }

    async fn source(&self) -> Source {
        self.world.source(self.source).await
    }

    async fn step(&self) {
        self.pusher.step().await.expect("the store");
    }

    /// Has something said and told; how long it takes until it is here.
    async fn hears(&self, words: &str) -> Duration {
        let said = Instant::now();
        self.post("/_say", &format!("t={}", words.replace(' ', "+"))).await;
        until(words, || self.world.has(self.source, words)).await;
        said.elapsed()
    }

    /// Sends something to our address as the hub would; the status it is answered with.
    async fn send(&self, address: &str, signature: Option<&str>, body: &str) -> u16 {
        let mut headers = vec![("content-type", "application/rss+xml")];
        headers.extend(signature.map(|signature| ("x-hub-signature", signature)));
        loopback().post(address, &headers, body.as_bytes().to_vec()).await.expect("an answer").status
    }
}

both_stores!(a_hub_tells_us_within_two_seconds, |hub| async move {
    let _turn = ONE.lock().await;
    let Some(here) = Here::start(&hub).await else { return };
    here.post("/_say", "t=an+old+kettle").await;
    assert_eq!(here.poll().await.0, 1);
    assert_eq!((here.push().await.state.as_str(), here.told().await.len()), ("offered", 0));
    here.step().await;
    let push = here.push().await;
    assert!(push.live(here.world.hub.now()) && !push.trusted(here.world.hub.now()), "{push:?}");
    assert_eq!(push.until, Some(here.world.hub.now() + 10 * DAY), "as long as we asked for");
    let mut slowest = Duration::ZERO;
    for method in ["sha1", "sha256", "sha384", "sha512"] {
        here.post("/_set", &format!("sign={method}")).await;
        slowest = slowest.max(here.hears(&format!("kettle signed {method}")).await);
    }
    assert!(slowest < Duration::from_secs(2), "the slowest took {slowest:?}");
    eprintln!("WebSub: the slowest of 4 was stored {} ms after it was said", slowest.as_millis());
    // Its hub tells everything, so the feed is left alone; what it holds is known.
    here.world.hub.clock.advance(5 * MINUTE);
    let (new, wait) = here.poll().await;
    assert!(new == 0 && wait >= HOUR && here.push().await.trusted(here.world.hub.now()), "{new} {wait}");
    // Its lease is asked for again before it ends, at the same address.
    let before = here.told().await;
    here.world.hub.clock.advance(8 * DAY);
    here.step().await;
    assert_eq!(here.push().await.until, Some(here.world.hub.now() + 10 * DAY));
    assert_eq!(here.told().await, before);
    here.world.check().await;
});

both_stores!(only_what_our_hub_signed_is_believed, |hub| async move {
    let _turn = ONE.lock().await;
    let Some(here) = Here::start(&hub).await else { return };
    here.poll().await;
    here.step().await;
    let address = here.told().await.remove(0);
    let forged = "<rss version='2.0'><channel><title>t</title><item><guid>f</guid><title>forged kettle</title></item></channel></rss>";
    let wrong =
        hmac("guessed", &[forged.as_bytes()]).iter().fold(String::new(), |all, byte| format!("{all}{byte:02x}"));
    for (signature, due) in [
        (Some(format!("sha256={wrong}")), 401),
        (Some("sha256=".into()), 401),
        (Some("md5=00".into()), 400),
        (None, 400),
    ] {
        assert_eq!(here.send(&address, signature.as_deref(), forged).await, due, "{signature:?}");
    }
    let elsewhere = format!("{address}x");
    assert_eq!(here.send(&elsewhere, Some("sha256=00"), forged).await, 404);
    for query in [
        "hub.mode=subscribe&hub.topic=http://other.example/&hub.challenge=c",
        "hub.mode=unsubscribe&hub.topic=TOPIC&hub.challenge=c",
        "",
    ] {
        let topic = here.push().await.topic;
        let url = format!("{address}?{}", query.replace("TOPIC", &topic));
        assert_eq!(loopback().get(&url, &[]).await.expect("an answer").status, 404, "we did not ask for {query}");
    }
    assert!(!here.world.has(here.source, "forged kettle").await);
    assert_eq!(here.source().await.accounting.seen, 0);
    assert!(here.push().await.live(here.world.hub.now()));
    here.world.check().await;
});

both_stores!(whoever_stops_telling_is_asked_as_before, |hub| async move {
    let _turn = ONE.lock().await;
    let Some(here) = Here::start(&hub).await else { return };
    here.poll().await;
    here.step().await;
    here.hears("a first kettle").await;
    here.world.hub.clock.advance(MINUTE);
    assert!(here.poll().await.1 >= HOUR);
    // The hub leaves something out: the poll finds it, and polls come as often as before until it tells again.
    here.post("/_say", "t=a+kettle+untold&quiet=1").await;
    here.world.hub.clock.advance(HOUR);
    let (new, wait) = here.poll().await;
    assert!(new == 1 && wait < HOUR && !here.push().await.trusted(here.world.hub.now()), "{new} {wait}");
    here.world.hub.clock.advance(MINUTE);
    here.hears("a kettle told").await;
    assert!(here.push().await.trusted(here.world.hub.now()));
    // A lease that ran out, with nobody there to renew it, is worth nothing.
    here.world.hub.clock.advance(11 * DAY);
    assert!(!here.push().await.live(here.world.hub.now()));
    // A paused source takes its subscription back, and is told nothing; resumed, it is told at another address.
    here.step().await;
    let before = here.told().await;
    assert_eq!(before.len(), 1);
    source::set_paused(&here.world.hub, Actor::System("test"), here.source, Some("a test")).await.expect("a pause");
    here.step().await;
    assert_eq!((here.push().await.state.as_str(), here.told().await.len()), ("resting", 0));
    here.step().await;
    assert_eq!(here.push().await.state, "resting");
    source::set_paused(&here.world.hub, Actor::System("test"), here.source, None).await.expect("awake");
    here.step().await;
    assert!(here.push().await.live(here.world.hub.now()));
    assert_ne!(here.told().await, before);
    here.hears("a kettle after the pause").await;
    here.world.check().await;
});

both_stores!(a_hub_that_refuses_or_never_answers_changes_nothing, |hub| async move {
    let _turn = ONE.lock().await;
    let Some(here) = Here::start(&hub).await else { return };
    here.post("/_set", "refuse=not+for+you").await;
    here.post("/_say", "t=a+first+kettle").await;
    here.poll().await;
    here.step().await;
    let push = here.push().await;
    assert_eq!((push.state.as_str(), push.why.as_deref()), ("offered", Some("the hub refused: not for you")));
    // Takes connections and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let never = format!("http://{}/", silent.local_addr().expect("an address"));
    for (dead, says) in [
        (format!("http://127.0.0.1:{}/", free_port()), "127.0.0.1"),
        (never, "within 3 s"),
        ("http://10.0.0.1/hub".to_owned(), "10.0.0.1"),
    ] {
        here.post("/_set", &format!("hub={dead}")).await;
        here.post("/_say", "t=another+kettle&quiet=1").await;
        here.world.hub.clock.advance(20 * MINUTE);
        let (new, wait) = here.poll().await;
        assert!(new == 1 && wait < HOUR, "{dead}: {new} {wait}");
        here.step().await;
        let push = here.push().await;
        assert_eq!((push.hub.as_str(), push.state.as_str()), (dead.as_str(), "asked"));
        assert!(push.why.as_deref().is_some_and(|why| why.contains(says)), "{dead}: {:?}", push.why);
    }
    assert_eq!(here.source().await.error, None, "the source itself is well");
    here.world.check().await;
});
