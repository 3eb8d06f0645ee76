//! A server that plays a crowd of places, each with its character, and keeps account of what it really gave.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use dandelion_post::{Micros, rfc3339};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// Most entries that a page of the demo network's connector takes.
const PAGE: i64 = 200;

/// How a place is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Asked, in the demo network's way, with a token.
    Asked,
    /// A feed.
    Feed,
    /// It sends to us.
    Pushed,
}

/// How a place behaves until it is healed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Character {
    Healthy,
    /// Every other answer has a fault, each time another.
    Flaky,
    /// It takes connections and never answers.
    Hanging,
    /// It answers without end.
    Flooding,
    /// It lets us in no more.
    Revoked,
}

/// The faults of those that are flaky, in turn.
pub const FAULTS: [&str; 12] = [
    "again",
    "backwards",
    "unfit",
    "429 in seconds",
    "429 by a clock that is wrong",
    "503",
    "garbage",
    "nothing",
    "cut",
    "elsewhere",
    "round",
    "flood",
];

/// One place, and what it gave.
#[derive(Debug)]
pub struct Place {
    pub number: i64,
    pub kind: Kind,
    pub character: Character,
    /// How many posts it has in the end.
    pub posts: i64,
    /// When the first is written, and how long until the next.
    pub begins: Micros,
    pub pace: Micros,
    given: Mutex<Given>,
}

/// What was given in whole answers.
#[derive(Debug, Clone, Default)]
pub struct Given {
    asked: i64,
    /// Posts and what is none.
    pub items: i64,
    /// What is none.
    pub unfit: i64,
    /// Posts that a feed showed last.
    shown: i64,
}

impl Place {
    pub fn new(number: i64, kind: Kind, character: Character, posts: i64, begins: Micros, pace: Micros) -> Self {
        Self { number, kind, character, posts, begins, pace, given: Mutex::default() }
    }

    pub fn given(&self) -> Given {
        self.lock().clone()
    }

    pub fn give(&self, items: i64, unfit: i64) {
        let mut given = self.lock();
        given.items += items;
        given.unfit += unfit;
    }

    /// How many of its posts are written by now.
    pub fn written(&self) -> i64 {
        ((now() - self.begins) / self.pace.max(1)).clamp(0, self.posts)
    }

    pub fn written_at(&self, post: i64) -> Micros {
        self.begins + post * self.pace
    }

    /// The id of a post, the first one's being 1; no two places share any.
    pub fn id(&self, post: i64) -> i64 {
        self.number * 10_000_000 + post
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn post(&self, post: i64) -> Value {
        let author = format!("customer_{}", self.id(post) % 50_021);
        json!({ "id": self.id(post).to_string(), "text": words(self.id(post)), "author": author,
                "created_at": rfc3339(self.written_at(post)) })
    }
}

/// What a post says: one in ten concerns us.
pub fn words(id: i64) -> String {
    const OF: [&str; 8] = ["weather", "train", "garden", "match", "concert", "holiday", "coffee", "phone"];
    let about = if id % 10 == 0 { "kettle" } else { OF[(id % 8) as usize] };
    format!("The {about} of number {id} was not what I had hoped for, and nobody answers")
}

pub fn now() -> Micros {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_micros() as Micros)
}

/// The server. It ends with the test's runtime.
#[derive(Clone)]
pub struct Replay {
    pub address: String,
    places: Arc<Vec<Place>>,
    healed: Arc<AtomicBool>,
    met: Arc<Mutex<BTreeMap<&'static str, usize>>>,
}

/// What becomes of one request.
enum Answer {
    Whole(String, String),
    /// Half of this body.
    Half(String),
    Hang,
    Flood,
}

impl Replay {
    pub async fn start(places: Arc<Vec<Place>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let replay = Self { address, places, healed: Arc::default(), met: Arc::default() };
        let served = replay.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let replay = served.clone();
                tokio::spawn(async move { replay.serve(stream).await });
            }
        });
        replay
    }

    /// From now on everybody is well.
    pub fn heal(&self) {
        self.healed.store(true, Ordering::SeqCst);
    }

    pub fn healed(&self) -> bool {
        self.healed.load(Ordering::SeqCst)
    }

    /// How often each fault was played.
    pub fn met(&self) -> BTreeMap<&'static str, usize> {
        self.met.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn meet(&self, fault: &'static str) {
        *self.met.lock().unwrap_or_else(PoisonError::into_inner).entry(fault).or_default() += 1;
    }

    async fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut head).await.ok()? == 0 {
                return None;
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let path = head.split_whitespace().nth(1)?;
        let (number, rest) = path.trim_start_matches('/').split_once('/')?;
        let number: i64 = number.parse().ok()?;
        let at = self.places.binary_search_by_key(&number, |place| place.number).ok()?; // they are in order
        let place = &self.places[at];
        match self.answer(place, rest) {
            Answer::Whole(head, body) => {
                let length = body.len();
                let answer = format!("HTTP/1.1 {head}content-length: {length}\r\nconnection: close\r\n\r\n{body}");
                stream.write_all(answer.as_bytes()).await.ok()?;
                stream.shutdown().await.ok()
            }
            Answer::Half(body) => {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                stream.write_all(head.as_bytes()).await.ok()?;
                stream.write_all(&body.as_bytes()[..body.len() / 2]).await.ok()?;
                stream.shutdown().await.ok()
            }
            Answer::Hang => {
                while !self.healed() {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                None
            }
            Answer::Flood => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await.ok()?;
                let flood = vec![b'['; 65_536];
                while stream.write_all(&flood).await.is_ok() {}
                None
            }
        }
    }

    fn answer(&self, place: &Place, path: &str) -> Answer {
        let asked = {
            let mut given = place.lock();
            given.asked += 1;
            given.asked
        };
        if !self.healed() {
            match place.character {
                Character::Hanging => {
                    self.meet("hang");
                    return Answer::Hang;
                }
                Character::Flooding => {
                    self.meet("flood");
                    return Answer::Flood;
                }
                Character::Revoked if asked > 1 => {
                    self.meet("revoked");
                    return Answer::Whole("401 No\r\n".into(), "{\"error\":\"The access token is invalid\"}".into());
                }
                Character::Flaky if asked % 2 == 0 => {
                    let fault = FAULTS[((asked / 2 + place.number) as usize) % FAULTS.len()];
                    self.meet(fault);
                    return faulty(place, path, fault);
                }
                _ => {}
            }
        }
        if place.kind == Kind::Feed { feed(place, false) } else { page(place, path, "") }
    }
}

fn faulty(place: &Place, path: &str, fault: &str) -> Answer {
    let say = |head: &str, body: &str| Answer::Whole(head.to_owned(), body.to_owned());
    // The other side's clock is two hours behind ours, and it measures by its own.
    let date = |at: Micros| dandelion_post::timestamp(at).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let theirs = now() - 7_200_000_000;
    match fault {
        "429 in seconds" => say("429 Slow\r\nretry-after: 3\r\n", "{}"),
        "429 by a clock that is wrong" => {
            let head = format!("429 Slow\r\ndate: {}\r\nretry-after: {}\r\n", date(theirs), date(theirs + 5_000_000));
            Answer::Whole(head, String::new())
        }
        "503" => say("503 Busy\r\n", "{\"error\":\"An unexpected error occurred\"}"),
        "garbage" => say("200 OK\r\ncontent-type: application/json\r\n", "{\"id\": [[[ <html>"),
        "nothing" => say("200 OK\r\n", ""),
        "elsewhere" => say("302 Look\r\nlocation: http://10.1.2.3/\r\n", ""),
        "round" => Answer::Whole(format!("307 Again\r\nlocation: /{}/{path}\r\n", place.number), String::new()),
        "flood" => Answer::Flood,
        "cut" => Answer::Half(format!("[{}", "{\"id\":\"1\",\"text\":\"cut\"},".repeat(50))),
        _ if place.kind == Kind::Feed => feed(place, fault == "backwards"),
        other => page(place, path, other),
    }
}

/// What the demo network's connector asks for: the posts after one.
fn page(place: &Place, path: &str, how: &str) -> Answer {
    let since: i64 = path.split_once("since=").and_then(|(_, id)| id.parse().ok()).unwrap_or(0);
    let after = if since == 0 { 0 } else { since - place.id(0) };
    let last = place.written();
    // In the wrong order a page must be whole, as its reader goes on after the newest.
    let last = if how.is_empty() { last.min(after + PAGE + 1) } else { last.min(after + 150) };
    let first = if how == "again" { (after - 20).max(0) } else { after };
    let mut posts: Vec<Value> = (first + 1..=last).map(|post| place.post(post)).collect();
    let mut unfit = 0;
    match how {
        "backwards" => posts.reverse(),
        "unfit" => {
            posts.insert(0, json!({ "id": place.id(0), "text": "its id is no text" }));
            posts.push(json!({ "id": place.id(after).to_string(), "mood": "it has no words" }));
            unfit = 2;
        }
        _ => {}
    }
    place.give((posts.len() as i64).min(PAGE), unfit);
    Answer::Whole("200 OK\r\ncontent-type: application/json\r\n".into(), Value::Array(posts).to_string())
}

/// All posts of a feed, the newest first as feeds do, or the oldest.
fn feed(place: &Place, backwards: bool) -> Answer {
    let last = place.written();
    let item = |post: i64| {
        let id = place.id(post);
        let at = rfc3339(place.written_at(post));
        format!("<item><guid>{id}</guid><description>{}</description><dc:date>{at}</dc:date></item>", words(id))
    };
    let items: String = if backwards { (1..=last).map(item).collect() } else { (1..=last).rev().map(item).collect() };
    let shown = if backwards { -last } else { last };
    {
        let mut given = place.lock();
        // What is word for word as before is not read again.
        if given.shown != shown {
            given.items += last;
            given.shown = shown;
        }
    }
    let body = format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel><title>Place {}</title><link>http://x.example/</link>{items}</channel></rss>",
        place.number
    );
    Answer::Whole("200 OK\r\ncontent-type: application/rss+xml\r\n".into(), body)
}
