//! A real listener: limits on what a client may do, and shutting down without losing what is under way.

use std::time::Duration;

use dandelion_web::serve;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use crate::support::Installation;

/// Nothing takes so long, unless it is broken.
const LONG: Duration = Duration::from_mins(1);

struct Served {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    done: tokio::task::JoinHandle<std::io::Result<()>>,
    at: Installation,
}

async fn start() -> Served {
    let at = Installation::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let app = at.app.clone();
    let done = tokio::spawn(async move {
        serve(listener, app, async {
            let _ = stopped.await;
        })
        .await
    });
    Served { address, stop, done, at }
}

impl Served {
    async fn say(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    async fn ask(&self, request: &str) -> String {
        let mut answer = String::new();
        let _ = self.say(request).await.read_to_string(&mut answer).await;
        answer
    }
}

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n")
}

#[tokio::test]
async fn it_answers_and_bounds_headers() {
    let served = start().await;
    assert!(served.ask(&get("/livez", "")).await.starts_with("HTTP/1.1 200"));
    assert!(served.ask(&get("/readyz", "")).await.starts_with("HTTP/1.1 200"));
    let many = "X-Many: 1\r\n".repeat(200);
    assert!(served.ask(&get("/livez", &many)).await.starts_with("HTTP/1.1 431"), "too many headers");
    let long = format!("X-Long: {}\r\n", "x".repeat(200_000));
    let answer = served.ask(&get("/livez", &long)).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "too long a header: {answer:.40}");
    assert!(served.ask("nonsense\r\n\r\n").await.starts_with("HTTP/1.1 400"));
    assert!(served.ask(&get("/livez", "")).await.starts_with("HTTP/1.1 200"), "and others are served all the same");
}

#[tokio::test]
async fn metrics_are_for_this_machine_and_count_by_pattern() {
    let served = start().await;
    served.ask(&get("/assets/x/secret-name.css", "")).await;
    let text = served.ask(&get("/metrics", "")).await;
    assert!(text.contains("dandelion_http_requests_total{"), "{text}");
    assert!(text.contains("/assets/{version}/{*name}") && !text.contains("secret-name"), "{text}");
    let passed_on = served.ask(&get("/metrics", "X-Forwarded-For: 203.0.113.9\r\n")).await;
    assert!(passed_on.starts_with("HTTP/1.1 403"), "a proxy on this machine speaks for others: {passed_on:.40}");
}

#[tokio::test]
async fn shutting_down_finishes_what_is_under_way() {
    let served = start().await;
    // A form whose body is still on its way when the end is asked for.
    let begun = "POST /session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n\r\ncsr";
    let mut slow = served.say(begun).await;
    let mut live = served.at.signed_in("ana").await;
    let cookie = format!("Cookie: dandelion={}\r\n", live.cookies.remove("dandelion").unwrap());
    let mut listener = served.say(&get("/live", &cookie)).await;
    let mut first = [0; 1024];
    let read = listener.read(&mut first).await.unwrap();
    assert!(String::from_utf8_lossy(&first[..read]).starts_with("HTTP/1.1 200"));
    tokio::time::sleep(Duration::from_millis(50)).await;
    served.stop.send(()).unwrap();
    let refused = async {
        while TcpStream::connect(served.address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, refused).await.expect("no new connection is taken");

    slow.write_all(b"f=x").await.unwrap();
    let mut answer = vec![0; 64];
    let read = slow.read(&mut answer).await.unwrap();
    assert!(String::from_utf8_lossy(&answer[..read]).starts_with("HTTP/1.1 403"), "it was answered");
    drop(slow);
    let mut rest = String::new();
    let ended = tokio::time::timeout(LONG, listener.read_to_string(&mut rest)).await;
    assert!(ended.is_ok(), "live updates end");
    tokio::time::timeout(LONG, served.done).await.expect("it ends").unwrap().unwrap();
}
