//! Nobody waits for others longer than they must: not for those that hang, not for those that have more to tell, and
//! not for a network that has had enough of one of us.

use std::{collections::HashMap, sync::atomic::AtomicI64};

use dandelion_networks::{
    contract::{Credentials, Place},
    networks,
};
use dandelion_post::Micros;

use super::*;
use crate::{
    source::{
        allowance::{Allowances, Key},
        place::of,
        poll::SPARE,
        schedule::{Room, UnderWay, Waiting},
    },
    testing::{MONDAY, TestHub},
};

const SECOND: Micros = 1_000_000;
const MINUTE: Micros = 60 * SECOND;

/// A place of the demo network below `server`, read with a token.
pub async fn place(hub: &TestHub, server: &str, name: &str, token: &str) -> Source {
    let place = Place {
        url: format!("{server}/{name}"),
        credentials: Credentials::none().with("token", token),
        ..Default::default()
    };
    let about = networks::find("demo").unwrap();
    let new = NewPlace { name: name.to_owned(), about, unit: None, place };
    connect_place(hub, Actor::System("test"), new).await.unwrap()
}

/// A server whose connections are taken and never answered.
async fn hanging() -> (String, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (format!("http://{}/", listener.local_addr().unwrap()), listener)
}

/// A way out that is patient: whoever waits for those that hang waits ten minutes.
fn patient() -> Client {
    Client::new(Egress { deadline: Duration::from_mins(10), ..rules() }).unwrap()
}

/// How long until a source has brought something.
async fn brought(hub: &Hub, id: i64) -> Duration {
    let began = std::time::Instant::now();
    let stored = async {
        while find(hub, id).await.unwrap().accounting.stored == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), stored).await.expect("it is read at all");
    began.elapsed()
}

both_stores!(forty_that_hang_do_not_keep_one_waiting, |hub| async move {
    let (url, _kept) = hanging().await;
    for number in 0..40 {
        connect(&hub, &format!("a-hanging-{number}"), Kind::Feed, Some(url.clone())).await;
    }
    let (url, _) = server(vec![answer("200 OK", "", &feed(&["a"]))]).await;
    let good = connect(&hub, "good", Kind::Feed, Some(url)).await;
    let (tell, told) = watch::channel(false);
    let running = tokio::spawn(Poller::new(hub.hub.clone(), patient()).run(told));
    brought(&hub, good.id).await;
    tell.send(true).unwrap();
    running.abort();
});

both_stores!(a_hundred_that_failed_before_do_not_delay_one_that_was_well, |hub| async move {
    let (url, _kept) = hanging().await;
    for number in 0..100 {
        connect(&hub, &format!("a-hanging-{number}"), Kind::Feed, Some(url.clone())).await;
    }
    hub.sql(&["update sources set errors_in_a_row = 3, error = 'it hung'".to_owned()]).await;
    let (url, _) = server(vec![answer("200 OK", "", &feed(&["a"]))]).await;
    let good = connect(&hub, "good", Kind::Feed, Some(url)).await;
    hub.clock.advance(MINUTE);
    let (tell, told) = watch::channel(false);
    let running = tokio::spawn(Poller::new(hub.hub.clone(), patient()).run(told));
    let waited = brought(&hub, good.id).await;
    let asked = "select count(*) as n from sources where lease_until is not null";
    let asked: i64 = hub.db.one(q!(asked)).await.unwrap().get("n").unwrap();
    assert!(asked < 20, "{asked} that hang were asked before it, for {waited:?}");
    tell.send(true).unwrap();
    running.abort();
});

#[tokio::test]
async fn slots_are_for_those_that_are_worked_on() {
    let busy = |count: i64, troubled: bool, waiting: Option<Duration>| {
        let mut under_way = UnderWay::default();
        for id in 0..count {
            under_way.put(
                id,
                troubled,
                Waiting::since(waiting.and_then(|ago| std::time::Instant::now().checked_sub(ago))),
            );
        }
        let room = under_way.room(std::time::Instant::now());
        (room.well, room.troubled)
    };
    assert_eq!(busy(0, false, None), (16, 4), "a quarter of them for places that failed last time");
    assert_eq!(busy(10, false, None), (6, 4));
    assert_eq!(busy(16, false, None), (0, 0), "all are worked on");
    assert_eq!(busy(16, false, Some(Duration::from_millis(500))), (0, 0), "they may answer yet");
    assert_eq!(busy(16, false, Some(Duration::from_secs(3))), (16, 4), "who waits for long keeps nobody waiting");
    assert_eq!(busy(250, false, Some(Duration::from_secs(3))), (6, 4), "but there is an end to it");
    assert_eq!(busy(300, false, Some(Duration::from_secs(3))), (0, 0));
    assert_eq!(busy(4, true, None), (12, 0), "however many more failed, the others find a slot");
    assert_eq!(busy(64, true, Some(Duration::from_secs(3))), (16, 0), "they hang where they disturb nobody");
}

both_stores!(one_allowance_serves_all_that_ask_with_it, |hub| async move {
    const LIMIT: i64 = 50;
    const GREEDY: i64 = 2;
    const SOURCES: usize = 10;
    let server = Limited::start(hub.clock.clone(), LIMIT, GREEDY).await;
    connect(&hub, "unit", Kind::Webhook, None).await;
    let mut places = Vec::new();
    for number in 0..SOURCES {
        places.push(place(&hub, &server.address, &format!("s{number}"), "one token").await);
    }
    let poller = Poller::new(hub.hub.clone(), client());
    poller.acquaint().await.unwrap();
    // Three windows of five minutes, each turn as the scheduler gives it.
    while hub.now() < MONDAY + 15 * MINUTE {
        let due = poller.claim(Room { well: 16, troubled: 4 }).await.unwrap();
        if due.is_empty() {
            hub.clock.advance(SECOND);
        }
        let mut turns = tokio::task::JoinSet::new();
        for source in due {
            let poller = poller.clone();
            turns.spawn(async move { poller.turn(&source, SPARE, &Waiting::default()).await.unwrap() });
        }
        turns.join_all().await;
    }
    let asked = server.asked();
    assert_eq!(server.refused(), 0, "nobody was refused, {asked:?}");
    let most = *server.most_in_a_window.lock().unwrap();
    assert!(most <= LIMIT - SPARE as i64, "some are left for people, not {most} of {LIMIT} used");
    let total: usize = asked.values().sum();
    assert!(total >= 75, "what is allowed is used: {total} questions in three windows, 150 are allowed: {asked:?}");
    let part = (LIMIT as usize - SPARE as usize) / SOURCES;
    for number in 0..SOURCES {
        let asked = asked.get(&format!("s{number}")).copied().unwrap_or(0);
        assert!(asked >= 3, "s{number} has its turn in each window, not {asked} in three");
        assert!(
            asked <= 3 * 3 * part,
            "s{number} leaves something for others: {asked} questions, its part is {part} a window"
        );
    }
});

#[test]
fn each_has_its_part_of_what_is_left() {
    let allowances = Allowances::default();
    let key = key_of(1);
    allowances.know((1..=10).map(|id| (id, key)).collect());
    assert_eq!(allowances.part(key, 5, 20, MONDAY), 20, "nothing is known: nothing is held back");
    assert_eq!(allowances.pace(key, 5, 3, MONDAY), 0);
    let told = |left, seconds| dandelion_networks::egress::Budget {
        remaining: left,
        limit: None,
        resets_in: Some(Duration::from_secs(seconds)),
    };
    allowances.told(key, told(105, 300), MONDAY);
    assert_eq!(allowances.part(key, 5, 20, MONDAY), 10, "a tenth of what may be used");
    assert_eq!(allowances.pace(key, 5, 1, MONDAY), 30 * SECOND, "ten of them, a hundred questions, 300 seconds");
    assert_eq!(allowances.pace(key, 5, 4, MONDAY), 120 * SECOND);
    assert_eq!(allowances.pace(key, 5, 20, MONDAY), 300 * SECOND, "at most until there is more");
    allowances.told(key, told(6, 300), MONDAY);
    assert_eq!(allowances.part(key, 5, 20, MONDAY), 1);
    allowances.told(key, told(105, 300), MONDAY);
    assert_eq!(allowances.part(key, 5, 20, MONDAY + 301 * SECOND), 20, "the window is over");
    allowances.know(HashMap::from([(1, key)]));
    assert_eq!(allowances.pace(key, 5, 4, MONDAY), 0, "who is alone waits for nobody");
}

#[test]
fn questions_under_way_count() {
    let (allowances, key, source) = (Allowances::default(), key_of(1), told_of(7, 60));
    let first = allowances.begin(&source, key, 5, MONDAY).expect("seven are left, as it said before the start");
    let second = allowances.begin(&source, key, 5, MONDAY).expect("six");
    assert_eq!(allowances.begin(&source, key, 5, MONDAY).err(), Some(MONDAY + 60 * SECOND), "five are for people");
    assert!(allowances.begin(&source, key, 0, MONDAY).is_ok(), "who are not held back");
    drop((first, second));
    assert!(allowances.begin(&source, key, 5, MONDAY).is_ok());
    allowances.refused(key, Duration::from_secs(90), MONDAY);
    assert_eq!(allowances.begin(&source, key, 5, MONDAY).err(), Some(MONDAY + 90 * SECOND), "all are left alone");
    assert!(allowances.begin(&source, key, 5, MONDAY + 90 * SECOND).is_ok());
    assert!(allowances.begin(&source, key, 5, MONDAY - SECOND).is_ok(), "a clock that was put back stops nobody");
    assert!(allowances.begin(&told_of(5, 60), key_of(2), 5, MONDAY).is_err(), "another key begins as it was told");
}

both_stores!(the_same_credentials_at_the_same_server_are_one, |hub| async move {
    connect(&hub, "unit", Kind::Webhook, None).await;
    let key = |source: &Source| Key::of(source, &of(source, source.credentials(&hub.db).unwrap()));
    let one = place(&hub, "http://127.0.0.1:1", "one", "a").await;
    let two = place(&hub, "http://127.0.0.1:1", "two", "a").await;
    let other_token = place(&hub, "http://127.0.0.1:1", "three", "b").await;
    let other_server = place(&hub, "http://127.0.0.1:2", "four", "a").await;
    assert!(key(&one) == key(&two));
    assert!(key(&one) != key(&other_token) && key(&one) != key(&other_server));
    let url = Some("http://127.0.0.1:1/f".to_owned());
    let feed = connect(&hub, "feed", Kind::Feed, url.clone()).await;
    assert!(key(&feed) != key(&connect(&hub, "feed-two", Kind::Feed, url).await), "nobody counts readers of feeds");
});

both_stores!(the_quiet_are_asked_less_and_no_two_for_ever_together, |hub| async move {
    let number = Arc::new(AtomicUsize::new(0));
    let lively = Lively::start(number.clone()).await;
    connect(&hub, "unit", Kind::Webhook, None).await;
    let source = place(&hub, &lively, "s", "t").await;
    let poller = Poller::new(hub.hub.clone(), client());
    // Microseconds from one question to the next.
    let ask = async || {
        let source = find(&hub, source.id).await.unwrap();
        poller.poll(&source).await.unwrap();
        let wait = find(&hub, source.id).await.unwrap().next_poll_at.unwrap() - hub.now();
        hub.clock.advance(wait);
        wait
    };
    let mut waits = Vec::new();
    for _ in 0..12 {
        waits.push(ask().await);
    }
    for pair in waits[1..].windows(2) {
        let (grown, most) = (pair[0] * 3 / 2, 10 * MINUTE);
        let due = grown.min(most);
        assert!((due..=due + due / 10).contains(&pair[1]), "half as long again and up to a tenth more: {pair:?}");
    }
    assert!(waits[11] >= 10 * MINUTE, "in the end every ten minutes: {waits:?}");
    assert!(waits.iter().collect::<std::collections::HashSet<_>>().len() > 10, "by chance never twice the same");
    number.store(1, Ordering::SeqCst);
    let mut last = waits[11];
    while last > 17 * SECOND {
        number.fetch_add(1, Ordering::SeqCst);
        let wait = ask().await;
        let due = (last / 2).max(15 * SECOND);
        assert!((due..=due + due / 10).contains(&wait), "twice as often where something comes: {last} then {wait}");
        last = wait;
    }
});

both_stores!(a_page_has_an_end_whatever_it_is_made_of, |hub| async move {
    let (url, _kept) = hanging().await;
    let source = connect(&hub, "hangs", Kind::Feed, Some(url)).await;
    let poller = Poller::hasty(hub.hub.clone(), patient(), Duration::from_secs(1));
    tokio::time::timeout(Duration::from_mins(1), poller.poll(&source)).await.expect("an end").unwrap();
    let error = find(&hub, source.id).await.unwrap().error.unwrap();
    assert!(error.contains("no whole page within 1 seconds"), "{error}");
});

fn key_of(id: i64) -> Key {
    Key::of(&Source { id, kind: Kind::Feed, ..told_of(0, 0) }, &Place::default())
}

/// A source whose network said that so many questions are left for so many seconds.
fn told_of(left: i64, seconds: i64) -> Source {
    Source {
        id: 1,
        key: String::new(),
        name: String::new(),
        kind: Kind::Network,
        network: "demo".into(),
        unit: None,
        url: None,
        created_at: MONDAY,
        paused_at: None,
        paused_why: None,
        next_poll_at: None,
        polled_at: Some(MONDAY),
        error: None,
        error_at: None,
        errors_in_a_row: 0,
        last_post_at: None,
        accounting: Accounting::default(),
        calls_left: Some(left),
        calls_reset_at: Some(MONDAY + seconds * SECOND),
        allowances: Vec::new(),
        settings: serde_json::Map::new(),
        cursor: Json::Null,
        sealed: None,
    }
}

/// A demo network of one post for every number up to the one told.
struct Lively;

impl Lively {
    async fn start(number: Arc<AtomicUsize>) -> String {
        serve(move |_| {
            let posts: Vec<_> = (1..=number.load(Ordering::SeqCst)).map(|n| post(n as i64)).collect();
            answer("200 OK", "", &Json::Array(posts).to_string())
        })
        .await
    }
}

pub fn post(id: i64) -> Json {
    json!({ "id": id.to_string(), "text": "kettle", "author": "@a" })
}

/// A demo network that allows so many questions in five minutes, by the hub's clock. Some of its places have more to
/// tell at every question.
struct Limited {
    address: String,
    asked: Arc<Mutex<HashMap<String, usize>>>,
    refused: Arc<AtomicI64>,
    most_in_a_window: Arc<Mutex<i64>>,
}

impl Limited {
    async fn start(clock: crate::Clock, limit: i64, greedy: i64) -> Self {
        let (asked, refused, most) =
            (Arc::<Mutex<HashMap<String, usize>>>::default(), Arc::<AtomicI64>::default(), Arc::default());
        let window = Arc::new(Mutex::new((0, 0)));
        let (log, denied, highest): (_, _, Arc<Mutex<i64>>) = (asked.clone(), refused.clone(), Arc::clone(&most));
        let address = serve(move |head: &str| {
            let path = head.split_whitespace().nth(1).unwrap_or_default();
            let name = path.trim_start_matches('/').split('/').next().unwrap_or_default().to_owned();
            let number: i64 = name.trim_start_matches('s').parse().unwrap_or(0);
            let since: i64 = path.split_once("since=").and_then(|(_, id)| id.parse().ok()).unwrap_or(0);
            let since = since.max(number * 1_000_000);
            let mut window = window.lock().unwrap();
            let begun = clock.now().div_euclid(5 * MINUTE);
            if window.0 != begun {
                *window = (begun, 0);
            }
            window.1 += 1;
            let mut most = highest.lock().unwrap();
            *most = (*most).max(window.1);
            let left = (limit - window.1).max(0);
            let resets = ((begun + 1) * 5 * MINUTE - clock.now()) / SECOND;
            let headers = format!("x-ratelimit-remaining: {left}\r\nx-ratelimit-reset: {resets}\r\n");
            if window.1 > limit {
                denied.fetch_add(1, Ordering::SeqCst);
                return answer("429 Slow", &headers, "");
            }
            let greedy = number < greedy;
            *log.lock().unwrap().entry(name).or_default() += 1;
            // More than a page holds, all but one of them known, so that the test need not store thousands.
            let more = (0..201).map(|n| post(if n == 199 { since + 1 } else { number * 1_000_000 }));
            let posts: Vec<Json> = if greedy { more.collect() } else { vec![post(since + 1)] };
            answer("200 OK", &headers, &Json::Array(posts).to_string())
        })
        .await;
        Self { address: address.trim_end_matches('/').to_owned(), asked, refused, most_in_a_window: most }
    }

    fn asked(&self) -> HashMap<String, usize> {
        self.asked.lock().unwrap().clone()
    }

    fn refused(&self) -> i64 {
        self.refused.load(Ordering::SeqCst)
    }
}

/// A server on loopback that answers each request by its head.
pub async fn serve(answers: impl FnMut(&str) -> String + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answers = Arc::new(Mutex::new(answers));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answers = answers.clone();
            tokio::spawn(async move {
                let mut request = vec![0; 8192];
                let read = stream.read(&mut request).await.unwrap_or(0);
                let answer = (answers.lock().unwrap())(&String::from_utf8_lossy(&request[..read]));
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    address
}
