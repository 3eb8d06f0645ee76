//! A proxy before a real server that does to chosen requests what networks do: loses acknowledgements, hangs, answers
//! with garbage, redirects, floods.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use dandelion_hub::Random;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What is done to one request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Answers so, and the server never hears of it: status line, headers, body.
    Say(&'static str, String, String),
    /// The server does its work, and its answer is lost.
    LoseAnswer,
    /// Nothing is ever answered, and the server never hears of it.
    Hang,
    /// A body without end.
    Flood,
    /// The server's answer breaks off in the middle of its body.
    CutBody,
    /// Our request breaks off in the middle of its body.
    CutRequest,
}

/// Faults by chance, from a seed.
struct Chance {
    method: &'static str,
    share: f64,
    random: Random,
    met: BTreeMap<String, usize>,
}

impl Chance {
    fn next(&mut self, head: &str) -> Option<Fault> {
        let thrown = (self.random.u64() >> 11) as f64 / (1_u64 << 53) as f64;
        if !head.starts_with(self.method) || thrown >= self.share {
            return None;
        }
        let fault = match self.random.u64() % 8 {
            0..=2 => Fault::LoseAnswer,
            3 | 4 => Fault::CutBody,
            5 | 6 => Fault::CutRequest,
            _ => Fault::Say("500 Oh", String::new(), String::new()),
        };
        let name = match &fault {
            Fault::Say(status, ..) => (*status).to_owned(),
            other => format!("{other:?}"),
        };
        *self.met.entry(name).or_default() += 1;
        Some(fault)
    }
}

/// The proxy. It ends with the test's runtime.
#[derive(Clone)]
pub struct Proxy {
    pub address: String,
    faults: Arc<Mutex<VecDeque<(&'static str, Fault)>>>,
    seen: Arc<Mutex<Vec<String>>>,
    chance: Arc<Mutex<Option<Chance>>>,
}

impl Proxy {
    /// Before the server at `port`.
    pub async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let proxy = Self { address, faults: Arc::default(), seen: Arc::default(), chance: Arc::default() };
        let served = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let proxy = served.clone();
                tokio::spawn(async move { proxy.serve(client, port).await });
            }
        });
        proxy
    }

    /// Before nothing as yet.
    pub fn idle() -> Self {
        Self { address: String::new(), faults: Arc::default(), seen: Arc::default(), chance: Arc::default() }
    }

    /// What happens to the next request of this method.
    pub fn next(&self, method: &'static str, fault: Fault) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).push_back((method, fault));
    }

    /// From now on so many of the requests of this method meet with a fault, by chance; none with a share of 0.
    pub fn by_chance(&self, method: &'static str, share: f64) {
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        let met = chance.take().map(|chance| chance.met).unwrap_or_default();
        *chance = Some(Chance { method, share, random: Random::seeded(1), met });
    }

    /// How often each fault was met by chance.
    pub fn met(&self) -> BTreeMap<String, usize> {
        let chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        chance.as_ref().map(|chance| chance.met.clone()).unwrap_or_default()
    }

    /// Faults that nothing has met yet.
    pub fn waiting(&self) -> usize {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// How many requests began so.
    pub fn seen(&self, line: &str) -> usize {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().filter(|head| head.starts_with(line)).count()
    }

    pub(crate) fn fault_for(&self, head: &str) -> Option<Fault> {
        if let Some(chance) = self.chance.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            return chance.next(head);
        }
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(head.to_owned());
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let due = faults.front().is_some_and(|(method, _)| head.starts_with(method));
        if due { faults.pop_front().map(|(_, fault)| fault) } else { None }
    }

    /// One request a connection: faults hit what they are meant for, and nothing waits in a pool.
    async fn serve(&self, mut client: TcpStream, port: u16) -> Option<()> {
        let request = whole_request(&mut client).await?;
        let head = String::from_utf8_lossy(&request).lines().next().unwrap_or_default().to_owned();
        let fault = self.fault_for(&head);
        match &fault {
            Some(Fault::Say(status, headers, body)) => {
                let answer = format!(
                    "HTTP/1.1 {status}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
                    body.len()
                );
                client.write_all(answer.as_bytes()).await.ok()?;
                return client.shutdown().await.ok();
            }
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Flood) => {
                client.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await.ok()?;
                let flood = vec![b'['; 65_536];
                while client.write_all(&flood).await.is_ok() {}
                return None;
            }
            Some(Fault::LoseAnswer | Fault::CutBody | Fault::CutRequest) | None => {}
        }
        let mut server = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        if matches!(fault, Some(Fault::CutRequest)) {
            let body = request.windows(4).position(|end| end == b"\r\n\r\n").map_or(0, |at| at + 4);
            server.write_all(&request[..body + (request.len() - body) / 2]).await.ok()?;
            return server.shutdown().await.ok();
        }
        server.write_all(&request).await.ok()?;
        match fault {
            Some(Fault::LoseAnswer) => {
                let mut lost = Vec::new();
                let _ = server.read_to_end(&mut lost).await;
            }
            Some(Fault::CutBody) => {
                let mut answer = Vec::new();
                let _ = server.read_to_end(&mut answer).await;
                let body = answer.windows(4).position(|end| end == b"\r\n\r\n").map_or(0, |at| at + 4);
                client.write_all(&answer[..body + (answer.len() - body) / 2]).await.ok()?;
            }
            _ => drop(tokio::io::copy(&mut server, &mut client).await),
        }
        client.shutdown().await.ok()
    }
}

/// A request with `content-length`, told to close its connection.
async fn whole_request(client: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
            break at;
        }
        if client.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let mut body = bytes.split_off(head + 4);
    let have = body.len();
    body.resize(length.unwrap_or(0).max(have), 0);
    client.read_exact(&mut body[have..]).await.ok()?;
    let mut request = text.into_bytes();
    request.extend(b"\r\nconnection: close\r\n\r\n");
    request.extend(body);
    Some(request)
}
