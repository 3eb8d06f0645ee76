//! A proxy before a real server that does to chosen requests what networks do: loses acknowledgements, hangs, answers
//! with garbage, redirects, floods.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

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
}

/// The proxy. It ends with the test's runtime.
#[derive(Clone)]
pub struct Proxy {
    pub address: String,
    faults: Arc<Mutex<VecDeque<(&'static str, Fault)>>>,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Before the server at `port`.
    pub async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let proxy = Self { address, faults: Arc::default(), seen: Arc::default() };
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
        Self { address: String::new(), faults: Arc::default(), seen: Arc::default() }
    }

    /// What happens to the next request of this method.
    pub fn next(&self, method: &'static str, fault: Fault) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).push_back((method, fault));
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
            Some(Fault::LoseAnswer | Fault::CutBody) | None => {}
        }
        let mut server = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
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
