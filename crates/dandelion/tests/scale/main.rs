//! A crowd of sources beside each other, many of them broken: the real program asks them and is sent to, a replay server
//! plays the faults of the contract. Afterwards each source's accounting is held against what was really given, memory
//! against what it was, and the delay of healthy sources against a run without the broken ones.
//!
//! `DANDELION_SCALE_SOURCES` (24), `DANDELION_SCALE_POSTS` of each (200) and `DANDELION_SCALE_SECONDS` in which they are
//! written (12) say how many. Unless that takes minutes, a person wakes whoever rests, so that nobody waits for the next
//! turn. With `DANDELION_SCALE_BESIDE` a run of the healthy alone comes first. The last line printed is a JSON object.

mod pushing;
mod replay;
mod world;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use dandelion_hub::source::{self, Source};
use dandelion_networks::outgoing::testing::loopback;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use pushing::Pusher;
use replay::{Character, FAULTS, Kind, Place, Replay, now};
use world::{Known, World};

/// Until everything is stored after everybody was healed.
const IN_THE_END: Duration = Duration::from_mins(10);
/// From so many seconds on, everybody waits for their turn as they do in life.
const LIFE: i64 = 120;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_of_sources_is_counted_exactly_whatever_they_do() {
    let (sources, posts) = (number("DANDELION_SCALE_SOURCES", 24), number("DANDELION_SCALE_POSTS", 200));
    let seconds = number("DANDELION_SCALE_SECONDS", 12);
    let beside = std::env::var_os("DANDELION_SCALE_BESIDE").is_some();
    let alone = if beside { Some(run("alone", sources, posts, seconds, true).await) } else { None };
    let crowd = run("crowd", sources, posts, seconds, false).await;
    let times = |name: &str| alone.as_ref().map(|alone| crowd[name].as_f64().unwrap() / alone[name].as_f64().unwrap());
    let times = times("healthy_p99_ms").map(|times| (times * 100.0).round() / 100.0);
    println!("{}", json!({ "crowd": crowd, "alone": alone, "p99_times": times }));
    // Said after the figures, which are worth reading all the same.
    assert!(crowd["memory_grew"].is_null(), "memory grows: {}", crowd["memory_grew"]);
}

/// One run with all of them or only those that are well; what was measured.
async fn run(name: &str, sources: i64, posts: i64, seconds: i64, only_healthy: bool) -> Value {
    let mut world = World::new(name).await;
    let begins = now() + 3_000_000 + sources * 10_000;
    let places: Vec<Place> = (1..=sources)
        .map(|number| place(number, posts, begins, seconds * 1_000_000 / posts))
        .filter(|place| !only_healthy || place.character == Character::Healthy)
        .collect();
    let places = Arc::new(places);
    let replay = Replay::start(places.clone()).await;
    let mut known = Vec::with_capacity(places.len());
    for place in places.iter() {
        known.push(world.connect(&replay.address, place).await);
    }
    world.serve();
    let began = Instant::now();
    let mut pushers = push(&world, &places, &known, &replay);
    let mut memory = Vec::new();
    let impatient = seconds < LIFE;
    let end = Duration::from_micros((begins - now()).max(0) as u64) + Duration::from_secs(seconds as u64);
    while began.elapsed() < end || impatient && !only_healthy && lacking(&replay).is_some() {
        assert!(began.elapsed() < end + IN_THE_END, "some faults are never met: {:?}", lacking(&replay));
        memory.extend(world.memory());
        tokio::time::sleep(Duration::from_secs(1)).await;
        if impatient {
            wake_all(&world, &places, &known, |place, fits| !fits || place.character == Character::Flaky).await;
        }
    }
    replay.heal();
    // Whoever was written late by a healthy place comes in its own time; who was ill is woken by a person.
    let healed = Instant::now();
    while !complete(&world, &places, &known).await {
        assert!(healed.elapsed() < IN_THE_END, "not everything is stored:\n{}", missing(&world, &places, &known).await);
        memory.extend(world.memory());
        let waits = |place: &Place, fits: bool| !fits && (impatient || place.character != Character::Healthy);
        wake_all(&world, &places, &known, waits).await;
        tokio::time::sleep(Duration::from_secs(if impatient { 1 } else { 5 })).await;
    }
    while let Some(done) = pushers.join_next().await {
        done.expect("a place that sends");
    }
    let took = began.elapsed();
    world.stop_and_check();
    let total = counted_exactly(&world, &places, &known).await;
    let delays = healthy_delays(&world, &places, &known).await;
    let share = |sorted: &[i64], part: f64| {
        let at = ((sorted.len() as f64 * part) as usize).min(sorted.len().saturating_sub(1));
        sorted.get(at).map_or(0.0, |delay| *delay as f64 / 1000.0)
    };
    let of = |kind| share(&delays[&kind], 0.99);
    let all: Vec<i64> = sorted(delays.values().flatten().copied().collect());
    json!({
        "sources": places.len(), "seen": total[0], "stored": total[1], "duplicate": total[2], "refused": total[3],
        "took_s": took.as_secs(), "per_s": (total[0] as f64 / took.as_secs_f64()).round(),
        "healthy_p50_ms": share(&all, 0.5), "healthy_p99_ms": share(&all, 0.99),
        "asked_p99_ms": of(0), "feeds_p99_ms": of(1), "pushed_p99_ms": of(2),
        "memory_mib": quarters(&memory), "memory_most_mib": memory.iter().copied().fold(0.0, f64::max).round(),
        "memory_grew": grew(&memory).filter(|_| !only_healthy), "faults": replay.met(),
    })
}

/// Who it is: one in twenty a feed, four in twenty send to us, the rest are asked; four in ten are broken.
fn place(number: i64, posts: i64, begins: i64, pace: i64) -> Place {
    let kind = match number % 20 {
        7 => Kind::Feed,
        3 | 8 | 13 | 18 => Kind::Pushed,
        _ => Kind::Asked,
    };
    let character = match (kind, number % 10, number / 10 % 10) {
        // One in fifty each hangs, floods or lets us in no more.
        (Kind::Asked, 4, 0 | 5) => Character::Hanging,
        (Kind::Asked, 4, 1 | 6) => Character::Flooding,
        (Kind::Asked, 4, 2 | 7) => Character::Revoked,
        (Kind::Asked, 4 | 5 | 9, _) | (Kind::Pushed, 8, _) => Character::Flaky,
        (Kind::Feed, 7, at) if at % 4 == 0 => Character::Flaky,
        _ => Character::Healthy,
    };
    let phase = number * 7_919 % pace.max(1);
    Place::new(number, kind, character, posts, begins + phase, pace)
}

fn push(world: &World, places: &Arc<Vec<Place>>, known: &[Known], replay: &Replay) -> JoinSet<()> {
    let (mut pushers, client) = (JoinSet::new(), loopback());
    for (at, known) in known.iter().enumerate() {
        let Some(secret) = known.secret.clone() else { continue };
        let (places, to) = (places.clone(), world.hook(&known.key));
        pushers.spawn(Pusher { places, at, to, secret, client: client.clone(), replay: replay.clone() }.run());
    }
    pushers
}

/// The fault that nobody met yet.
fn lacking(replay: &Replay) -> Option<&'static str> {
    let met = replay.met();
    let pushed = ["pushed backwards", "pushed unsigned", "pushed garbage", "pushed twice"];
    FAULTS.into_iter().chain(pushed).chain(["hang", "revoked"]).find(|fault| !met.contains_key(fault))
}

/// A person wakes those that are asked, wait and are meant, by who they are and whether they are complete.
async fn wake_all(world: &World, places: &[Place], known: &[Known], meant: impl Fn(&Place, bool) -> bool) {
    let mut found = all(world).await;
    let sleepers = places.iter().zip(known).filter(|(place, _)| place.kind != Kind::Pushed);
    let woken =
        sleepers.filter_map(|(place, known)| Some((place, found.remove(&known.id)?))).filter(|(place, found)| {
            let waits = found.next_poll_at.is_some_and(|at| at > now() + 1_000_000) || found.paused_at.is_some();
            waits && meant(place, fits(place, found))
        });
    world.wake(&woken.collect::<Vec<_>>()).await;
}

/// Every source, by its number.
async fn all(world: &World) -> BTreeMap<i64, Source> {
    let found = source::list(&world.hub).await.expect("the sources");
    found.into_iter().map(|source| (source.id, source)).collect()
}

async fn complete(world: &World, places: &[Place], known: &[Known]) -> bool {
    let found = all(world).await;
    places.iter().zip(known).all(|(place, known)| fits(place, &found[&known.id]))
}

/// Whether all posts of a place are stored and what it gave is counted.
fn fits(place: &Place, source: &Source) -> bool {
    source.accounting.stored == place.posts && source.accounting.seen == place.given().items
}

async fn missing(world: &World, places: &[Place], known: &[Known]) -> String {
    let (found, mut lines) = (all(world).await, Vec::new());
    for (place, known) in places.iter().zip(known) {
        let found = &found[&known.id];
        if !fits(place, found) {
            let (accounting, given, error) = (found.accounting, place.given(), &found.error);
            lines.push(format!("{:?} {:?}: {accounting}, given {given:?}, {error:?}", place.kind, place.character));
        }
    }
    lines.join("\n")
}

/// Seen = stored + duplicate + refused for each, and each number is what was really given; the sums.
async fn counted_exactly(world: &World, places: &[Place], known: &[Known]) -> [i64; 4] {
    let (found, mut total) = (all(world).await, [0; 4]);
    for (place, known) in places.iter().zip(known) {
        let (count, given) = (found[&known.id].accounting, place.given());
        let due = (given.items, place.posts, given.items - place.posts - given.unfit, given.unfit);
        let have = (count.seen, count.stored, count.duplicate, count.refused);
        assert_eq!(have, due, "{:?} {:?}, number {}: {count}", place.kind, place.character, place.number);
        assert!(count.balances(), "{count}");
        for (sum, part) in total.iter_mut().zip([count.seen, count.stored, count.duplicate, count.refused]) {
            *sum += part;
        }
    }
    total
}

/// From writing to storing, in microseconds, sorted: of those asked, of feeds, of those that send.
async fn healthy_delays(world: &World, places: &[Place], known: &[Known]) -> BTreeMap<usize, Vec<i64>> {
    let by_source = world.delays().await;
    let mut by_kind = BTreeMap::from([(0, Vec::new()), (1, Vec::new()), (2, Vec::new())]);
    for (place, known) in places.iter().zip(known).filter(|(place, _)| place.character == Character::Healthy) {
        let kind = [Kind::Asked, Kind::Feed, Kind::Pushed].iter().position(|kind| *kind == place.kind).expect("a kind");
        by_kind.entry(kind).or_default().extend(by_source.get(&known.id).into_iter().flatten());
    }
    by_kind.into_iter().map(|(kind, delays)| (kind, sorted(delays))).collect()
}

fn sorted(mut numbers: Vec<i64>) -> Vec<i64> {
    numbers.sort_unstable();
    numbers
}

/// What the earlier and the later half of a run needed most, in MiB, where the run was long enough to say so and the later
/// one needed more than the earlier and a quarter.
fn grew(memory: &[f64]) -> Option<[f64; 2]> {
    let most = |part: &[f64]| part.iter().copied().fold(0.0, f64::max);
    let (earlier, later) = memory.split_at(memory.len() / 2);
    let halves = [most(earlier), most(later)];
    (memory.len() >= 120 && halves[1] > 1.25 * halves[0]).then_some(halves)
}

/// The most of each quarter of the run.
fn quarters(memory: &[f64]) -> Vec<f64> {
    let most = |part: &[f64]| part.iter().copied().fold(0.0, f64::max).round();
    memory.chunks(memory.len().div_ceil(4).max(1)).map(most).collect()
}

fn number(name: &str, default: i64) -> i64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn a_crowd_has_everybody_in_it() {
    let all = |sources: i64| -> BTreeSet<String> {
        (1..=sources)
            .map(|n| place(n, 10, 0, 1))
            .map(|place| format!("{:?} {:?}", place.kind, place.character))
            .collect()
    };
    let asked = ["Healthy", "Flaky", "Hanging", "Flooding", "Revoked"].map(|who| format!("Asked {who}"));
    let others = ["Feed Flaky", "Pushed Healthy", "Pushed Flaky"].map(str::to_owned);
    for who in asked.into_iter().chain(others) {
        assert!(all(24).contains(&who), "{who} in {:?}", all(24));
    }
    assert!(all(30).contains("Feed Healthy"));
}
