//! The kill harness: the real program is killed (SIGKILL) at random moments while it imports, takes webhooks in and
//! sends replies to real servers; after each restart nothing may be lost, doubled, or broken.
//!
//! `DANDELION_KILLS` says how often (10 by default), `DANDELION_KILL_SEED` with which seed. The last line printed is a
//! JSON object with what was counted.

mod traffic;
mod world;

use std::time::{Duration, Instant};

use dandelion_hub::{
    Db, Hub, Random,
    reply::{self, State},
    source,
};

use traffic::{Hook, Imports, Replies};
use world::{Keys, Network, Program, World};

/// Until posts are taken in again after a restart, on a machine with a lot to do; `scripts/measure` holds it to 5 s.
const BACK_TO_WORK: Duration = Duration::from_mins(2);
/// Above so many kills the whole store is checked every tenth time only: a check reads everything.
const CHECK_EACH_UP_TO: u32 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_loses_nothing_and_doubles_nothing() {
    let kills: u32 = number("DANDELION_KILLS", 10);
    let seed: u64 = number("DANDELION_KILL_SEED", 1);
    let random = Random::seeded(seed);
    let world = World::new();
    let honest = Network::start(&world, Keys::Honoured);
    let forgetful = Network::start(&world, Keys::Ignored);
    let secret = world.set_up(&honest, &forgetful);
    let hub = Hub::new(Db::open(&world.data(), None).await.expect("the store"));
    let mut replies = Replies::new(hub.clone()).await;
    let mut imports = Imports::new(&world);
    let hook = Hook::start(world.hub_address(), secret);

    let (mut slowest, mut program) = (Duration::ZERO, Program::serve(&world));
    slowest = slowest.max(back_to_work(&hook, Instant::now()).await);
    for round in 1..=kills {
        imports.begin(round);
        replies.send_some(4).await;
        tokio::time::sleep(Duration::from_millis(50 + random.u64() % 1_200)).await;
        // Now and then the import dies at the same moment, now and then it lives on beside the restart.
        if random.u64().is_multiple_of(2) {
            imports.kill();
        }
        program.kill();
        let killed = Instant::now();
        program = Program::serve(&world);
        slowest = slowest.max(back_to_work(&hook, killed).await);
        nothing_doubled(&honest, &forgetful).await;
        if kills <= CHECK_EACH_UP_TO || round % 10 == 0 {
            world.check();
        }
    }
    imports.finish();
    let (delivered, acknowledged) = hook.finish().await;
    let states = replies.settled(Duration::from_mins(10)).await;
    nothing_doubled(&honest, &forgetful).await;
    world.check();
    let lost = lost(&hub, &imports, delivered, &replies, &honest, &forgetful).await;
    assert_eq!(lost, Vec::<String>::new(), "lost");
    program.stop();
    world.check();
    let count = |state| states.iter().filter(|(_, is)| *is == state).count();
    println!(
        "{}",
        serde_json::json!({
            "kills": kills, "lost": 0, "doubled": 0, "slowest_restart_s": slowest.as_secs_f64(),
            "webhook_posts": delivered, "webhook_acknowledged": acknowledged, "imported_posts": imports.posts(),
            "replies": states.len(), "sent": count(State::Sent), "unknown": count(State::Unknown),
        })
    );
}

/// How long since `from` until a further post is taken in.
async fn back_to_work(hook: &Hook, from: Instant) -> Duration {
    let before = hook.acknowledged();
    while hook.acknowledged() == before {
        assert!(from.elapsed() < BACK_TO_WORK, "it does not come back to work");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    from.elapsed()
}

/// No reply is on a network twice, whether it honours keys or not.
async fn nothing_doubled(honest: &Network, forgetful: &Network) {
    for network in [honest, forgetful] {
        let ledger = network.ledger().await;
        let doubled: Vec<_> = ledger.iter().filter(|(_, times)| **times > 1).collect();
        assert!(doubled.is_empty(), "published more than once: {doubled:?}");
    }
}

/// Everything that was taken but is not where it belongs, in words.
async fn lost(
    hub: &Hub,
    imports: &Imports<'_>,
    delivered: i64,
    replies: &Replies,
    honest: &Network,
    forgetful: &Network,
) -> Vec<String> {
    let mut lost = Vec::new();
    for (key, expected) in [("archive", imports.posts()), ("hook", delivered)] {
        let counted = source::find_by_key(hub, key).await.expect("the source").accounting;
        if counted.stored != expected || !counted.balances() {
            lost.push(format!("{key}: {expected} posts were brought, but: {counted}"));
        }
    }
    for (id, keys) in replies.all() {
        let reply = reply::find(hub, replies.viewer(), *id).await.expect("a reply");
        let network = if *keys == Keys::Honoured { honest } else { forgetful };
        let published = network.ledger().await.get(&reply.text).copied().unwrap_or(0);
        let fits = match reply.state {
            State::Sent => published == 1,
            // Only where no key can settle it may a person be asked.
            State::Unknown => *keys == Keys::Ignored,
            _ => false,
        };
        if !fits {
            lost.push(format!("reply {id} ({keys:?}) is {:?}, published {published} times", reply.state));
        }
    }
    lost
}

fn number<T: std::str::FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
