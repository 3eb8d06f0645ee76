//! Exactly once: many replies to one real server, while acknowledgements are lost, connections are cut in the middle of
//! what is said on either side, and the real program is killed (SIGKILL) at random. Afterwards it is counted at the
//! server.
//!
//! `DANDELION_ONCE` says how many on each network: `demo=6000,mastodon=2500,mail=900,matrix=600`; without it a few go to
//! the demo network and to Mastodon. Each prints one JSON object.

use std::{
    collections::BTreeMap,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use dandelion_hub::{
    Hub, Random,
    reply::{self, New, Send, State},
    source::Poller,
    testing::TestHub,
};

use crate::{
    peer::{Peer, free_port},
    world::{World, client},
};

/// How many of the requests that say something meet with a fault.
const FAULTS: f64 = 0.25;
/// Replies in line at once, so that there is always something under way when the program is killed.
const IN_LINE: usize = 200;
/// A mail that is not found may still be on its way for hours; so long it is waited for those that are found.
const IN_DOUBT: Duration = Duration::from_mins(2);
/// Until the last of them is settled.
const IN_THE_END: Duration = Duration::from_mins(15);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_network_hears_each_reply_once() {
    once("demo", 40, async || Some(Peer::demo().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mastodon_hears_each_reply_once() {
    once("mastodon", 40, Peer::mastodon).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_is_sent_once() {
    once("mail", 0, Peer::mail).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn matrix_hears_each_reply_once() {
    once("matrix", 0, Peer::matrix).await;
}

/// As many as were asked for of this network; `usually` where nobody asked.
fn asked_for(name: &str, usually: usize) -> usize {
    let Ok(asked) = std::env::var("DANDELION_ONCE") else { return usually };
    let mut each = asked.split(',').filter_map(|one| one.split_once('='));
    each.find(|(network, _)| *network == name).and_then(|(_, count)| count.parse().ok()).unwrap_or(0)
}

async fn once(name: &str, usually: usize, peer: impl AsyncFnOnce() -> Option<Peer>) {
    let count = asked_for(name, usually);
    if count == 0 {
        return;
    }
    let Some(peer) = peer().await else { return };
    let test = TestHub::sqlite().await;
    let mut world = World::new(&test).await;
    world.hub = Hub::new(test.db.clone());
    let mut line = Line::open(&world, &peer).await;
    peer.proxy.by_chance(peer.writes(), FAULTS);
    let (random, began, mut kills) = (Random::seeded(count as u64), Instant::now(), 0);
    let mut program = Program::start(&test);
    while line.made() < count {
        line.fill(count).await;
        tokio::time::sleep(Duration::from_millis(300 + random.u64() % 1_500)).await;
        program.kill();
        kills += 1;
        program = Program::start(&test);
    }
    let settling = Instant::now();
    while line.under_way().await > 0 {
        if peer.about.name == "email" && settling.elapsed() > IN_DOUBT {
            break;
        }
        assert!(settling.elapsed() < IN_THE_END, "{} replies do not settle", line.under_way().await);
        tokio::time::sleep(Duration::from_millis(300 + random.u64() % 1_500)).await;
        // In the end it is left in peace, so that the last one comes through.
        if settling.elapsed() < Duration::from_secs(20) {
            program.kill();
            kills += 1;
            program = Program::start(&test);
        } else {
            peer.proxy.by_chance(peer.writes(), 0.0);
        }
    }
    drop(program);
    let (sent, in_doubt) = line.counted_at(&peer).await;
    world.check().await;
    let took = began.elapsed().as_secs();
    println!(
        "{}",
        serde_json::json!({
            "network": name, "sends": line.made(), "sent": sent, "in_doubt": in_doubt, "doubled": 0, "lost": 0,
            "kills": kills, "faults": peer.proxy.met(), "took_s": took,
        })
    );
}

/// Replies of one handle to one customer.
struct Line<'a> {
    world: &'a World,
    handle: i64,
    case: i64,
    replies: Vec<(i64, String)>,
    settled: usize,
}

impl<'a> Line<'a> {
    async fn open(world: &'a World, peer: &Peer) -> Self {
        let handle = world.speak(peer).await;
        let source = world.connect(peer).await;
        peer.say("kettle leaks").await;
        let poller = Poller::new(world.hub.clone(), client());
        for _ in 0..50 {
            poller.poll(&world.source(source.id).await).await.expect("a store");
            if let Some(case) = world.posts(source.id).await.iter().find_map(|post| post.case) {
                dandelion_hub::source::pause(&world.hub, &world.viewer, source.id, "it was read")
                    .await
                    .expect("a rest");
                return Self { world, handle, case, replies: Vec::new(), settled: 0 };
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("what the customer said is not read: {:?}", world.source(source.id).await);
    }

    fn made(&self) -> usize {
        self.replies.len()
    }

    /// Puts replies in line, up to so many in all.
    async fn fill(&mut self, count: usize) {
        let room = IN_LINE.saturating_sub(self.under_way().await);
        for _ in 0..room.min(count - self.made()) {
            let text = format!("We look into it: number {:06}.", self.made());
            let new = New { case_id: self.case, post_id: None, handle_id: self.handle, text: text.clone() };
            let drafted = reply::draft(&self.world.hub, &self.world.viewer, &new).await.expect("a draft");
            let send = Send { undo: 0, confirm: true, ..Send::version(drafted.version) };
            reply::queue(&self.world.hub, &self.world.viewer, drafted.id, send).await.expect("a reply in line");
            self.replies.push((drafted.id, text));
        }
    }

    /// How many are still on their way.
    async fn under_way(&mut self) -> usize {
        let mut under_way = 0;
        for (at, (id, _)) in self.replies.iter().enumerate().skip(self.settled) {
            let reply = reply::find(&self.world.hub, &self.world.viewer, *id).await.expect("a reply");
            if matches!(reply.state, State::Queued | State::Sending) {
                under_way += 1;
            } else if under_way == 0 {
                self.settled = at + 1;
            }
        }
        under_way
    }

    /// What is said to be sent stands there once, what is in doubt at most once, and nothing else at all; how many of
    /// both. Only of mail may anything be in doubt.
    async fn counted_at(&self, peer: &Peer) -> (usize, usize) {
        let mut there: BTreeMap<String, usize> = BTreeMap::new();
        for said in peer.ours().await {
            if let Some((_, number)) = said.split_once("We look into it: number ") {
                *there.entry(number.chars().take(6).collect()).or_default() += 1;
            }
        }
        let (mut sent, mut in_doubt, mut wrong) = (0, 0, Vec::new());
        for (number, (id, _)) in self.replies.iter().enumerate() {
            let reply = reply::find(&self.world.hub, &self.world.viewer, *id).await.expect("a reply");
            let times = there.remove(&format!("{number:06}")).unwrap_or(0);
            match (reply.state, times) {
                (State::Sent, 1) => sent += 1,
                (State::Unknown | State::Queued, 0 | 1) => in_doubt += 1,
                (state, times) => wrong.push(format!("{number}: {state:?}, there {times} times: {:?}", reply.error)),
            }
        }
        assert!(wrong.is_empty(), "lost or doubled:\n{}", wrong.join("\n"));
        assert!(there.is_empty(), "nobody sent these: {there:?}");
        let tells = peer.about.name != "email";
        assert!(
            in_doubt == 0 || !tells,
            "this network has a means to tell, so nobody is left in doubt: {in_doubt} are"
        );
        (sent, in_doubt)
    }
}

/// The real program on the store of the test.
struct Program(Child);

impl Program {
    fn start(test: &TestHub) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dandelion"));
        command
            .args(["serve", "--listen", &format!("127.0.0.1:{}", free_port())])
            .env("DANDELION_DATA_DIR", test.folder())
            .env("DANDELION_ALLOW_PRIVATE", "127.0.0.1")
            .env("DANDELION_LOG", "error");
        command.stdout(Stdio::null()).stderr(Stdio::inherit());
        Self(command.spawn().expect("the hub"))
    }

    /// SIGKILL: it gets no chance to finish anything.
    fn kill(&mut self) {
        let ended = self.0.try_wait().expect("the hub's state");
        assert!(ended.is_none(), "the hub ended by itself: {ended:?}");
        self.0.kill().expect("kill");
        self.0.wait().expect("wait");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
