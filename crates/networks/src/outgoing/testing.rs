//! A network that misbehaves on demand, to test against: a real HTTP server on loopback that keeps a ledger of what it
//! really published.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::egress::{Client, Egress};

/// A way out that leads to this machine.
///
/// # Panics
/// If the client cannot be made.
pub fn loopback() -> Client {
    let allow_private = vec!["127.0.0.1".parse().expect("an address")];
    Client::new(Egress { allow_private, ..Egress::default() }).expect("a client")
}

/// What the network does with one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Publishes and says so.
    Publish,
    /// Publishes, then closes the connection without a word: the lost acknowledgement.
    PublishAndHang,
    /// Publishes, then answers 500.
    PublishAndFail,
    /// Closes the connection without publishing.
    Hang,
    /// Never answers and does not publish.
    Silence,
    /// Answers with this status line and these headers and body, and does not publish.
    Say(&'static str, &'static str, &'static str),
}

/// The server. It ends with the test's runtime.
#[derive(Debug, Clone)]
pub struct FaultyNetwork {
    /// Its root, `http://127.0.0.1:PORT`.
    pub address: String,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    honours_keys: bool,
    acts: std::collections::VecDeque<Act>,
    requests: Vec<Request>,
    published: Vec<(String, String)>,
    by_key: BTreeMap<String, usize>,
}

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// Header names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl FaultyNetwork {
    /// Starts one on a free port.
    pub async fn start(honours_keys: bool) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let state = Arc::new(Mutex::new(State { honours_keys, ..State::default() }));
        let network = Self { address, state };
        let served = network.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let network = served.clone();
                tokio::spawn(async move { network.serve(stream).await });
            }
        });
        Ok(network)
    }

    /// What it does with the next requests, in order; after that it publishes.
    pub fn then(&self, acts: impl IntoIterator<Item = Act>) {
        self.lock().acts.extend(acts);
    }

    /// Forgets the acts that have not been called for.
    pub fn behave(&self) {
        self.lock().acts.clear();
    }

    /// How many posts it really published.
    pub fn published(&self) -> usize {
        self.lock().published.len()
    }

    /// How many posts with exactly this text it really published.
    pub fn published_as(&self, text: &str) -> usize {
        self.lock().published.iter().filter(|(_, published)| published == text).count()
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        while let Some(request) = read(&mut stream).await? {
            let (act, answer) = self.decide(request);
            match (act, answer) {
                (Act::Hang | Act::PublishAndHang, _) => return Ok(()),
                (Act::Silence, _) => std::future::pending().await,
                (_, answer) => stream.write_all(answer.as_bytes()).await?,
            }
        }
        Ok(())
    }

    fn decide(&self, request: Request) -> (Act, String) {
        let mut state = self.lock();
        let act = state.acts.pop_front().unwrap_or(Act::Publish);
        let header = |name: &str| request.headers.get(name).cloned();
        let key = header("idempotency-key").or_else(|| header("webhook-id")).unwrap_or_default();
        let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
        let text = body["text"].as_str().or_else(|| body["data"]["text"].as_str()).unwrap_or_default().to_owned();
        state.requests.push(request);
        if !matches!(act, Act::Publish | Act::PublishAndHang | Act::PublishAndFail) {
            let Act::Say(status, headers, body) = &act else { return (act, String::new()) };
            let answer = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len());
            return (act, answer);
        }
        let known = state.by_key.get(&key).copied().filter(|_| state.honours_keys);
        let id = known.unwrap_or_else(|| {
            state.published.push((key.clone(), text));
            let id = state.published.len();
            state.by_key.insert(key, id);
            id
        });
        if act == Act::PublishAndFail {
            return (act, "HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n".into());
        }
        let body = json!({ "id": id.to_string(), "url": format!("{}/posts/{id}", self.address) }).to_string();
        (act, format!("HTTP/1.1 201 Created\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
    }
}

/// One request with `content-length`; `None` when the other side is done.
async fn read(stream: &mut TcpStream) -> io::Result<Option<Request>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let headers: BTreeMap<String, String> = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
                .collect();
            let length = headers.get("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
            let mut body = bytes.split_off(end + 4);
            let have = body.len();
            body.resize(length, 0);
            stream.read_exact(&mut body[have.min(length)..]).await?;
            return Ok(Some(Request { headers, body: String::from_utf8_lossy(&body).into_owned() }));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
}
