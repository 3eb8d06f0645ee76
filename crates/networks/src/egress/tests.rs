//! Against real servers on loopback that misbehave in every way we could think of.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::*;

/// A server that reads one request head and hands the connection to `answer`.
async fn serve<A, F>(answer: A) -> u16
where
    A: Fn(String, TcpStream) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = stream.read_u8().await else { return };
                    head.push(byte);
                }
                answer(String::from_utf8_lossy(&head).into_owned(), stream).await;
            });
        }
    });
    port
}

/// A server that always says the same.
async fn says(answer: impl Into<Vec<u8>>) -> u16 {
    let answer = Arc::new(answer.into());
    serve(move |_, mut stream| {
        let answer = answer.clone();
        async move { drop(stream.write_all(&answer).await) }
    })
    .await
}

fn rules() -> Egress {
    Egress {
        allow_private: vec!["127.0.0.1".parse().unwrap()],
        max_bytes: 2 * 1024 * 1024,
        // Long for a machine with a lot to do; who tests the deadline sets a short one.
        deadline: Duration::from_mins(1),
        connect: Duration::from_secs(30),
        ..Egress::default()
    }
}

async fn get(port: u16) -> Result<Response, Error> {
    let client = Client::new(rules()).unwrap();
    client.get(&format!("http://127.0.0.1:{port}/"), &[]).await
}

fn ok(headers: &str, body: &[u8]) -> Vec<u8> {
    let mut all = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n{headers}\r\n").into_bytes();
    all.extend_from_slice(body);
    all
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_plain_and_a_packed_body_arrive() {
    let plain = get(says(ok("x-a: b\r\n", b"hello")).await).await.unwrap();
    assert_eq!((plain.status, plain.body.as_slice(), plain.header("X-A")), (200, &b"hello"[..], Some("b")));
    let packed = get(says(ok("content-encoding: gzip\r\n", &gzipped(b"hello"))).await).await.unwrap();
    assert_eq!(packed.body, b"hello");
}

#[tokio::test]
async fn no_spelling_of_a_private_address_is_reached() {
    let knocked = Arc::new(AtomicUsize::new(0));
    let counter = knocked.clone();
    let port = serve(move |_, mut stream| {
        counter.fetch_add(1, Ordering::SeqCst);
        async move { drop(stream.write_all(&ok("", b"secret")).await) }
    })
    .await;
    let client = Client::new(Egress { allow_private: Vec::new(), ..rules() }).unwrap();
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "127.0.0.1.",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "public.example@127.0.0.1",
        "user:pass@localhost",
        "１２７.０.０.１",
        "ⓛocalhost",
        "127。0。0。1",
        "%31%32%37.0.0.1",
        "169.254.169.254",
        "10.0.0.1",
        "[fe80::1]",
        "[fd00::1]",
        "100.64.0.1",
    ] {
        let error = client.get(&format!("http://{host}:{port}/"), &[]).await.unwrap_err();
        let refused = matches!(error, Error::Private { .. } | Error::Name { .. });
        assert!(refused, "{host} gave {error}");
        assert!(
            !matches!(error, Error::Name { .. }) || host.contains("localhost") || host.contains('ⓛ'),
            "{host} gave {error}"
        );
    }
    assert_eq!(knocked.load(Ordering::SeqCst), 0, "nobody knocked");
}

#[tokio::test]
async fn other_schemes_and_nonsense_are_refused() {
    let client = Client::new(rules()).unwrap();
    for url in ["file:///etc/passwd", "ftp://x.example", "gopher://x", "javascript:1", "data:text/plain,x"] {
        assert!(matches!(client.get(url, &[]).await, Err(Error::Scheme { .. })), "{url}");
    }
    for url in [
        "",
        "x",
        "//x",
        "http://",
        "http://[",
        "http://256.256.256.256/",
        "http://1.2.3.4.5/",
        &format!("http://x/{}", "a".repeat(9000)),
    ] {
        assert!(matches!(client.get(url, &[]).await, Err(Error::Url { .. })), "{url}");
    }
    let broken = client.get("http://127.0.0.1/", &[("a", "b\r\nc: d")]).await;
    assert!(matches!(broken, Err(Error::Header { .. })));
}

#[tokio::test]
async fn a_name_that_answers_privately_is_refused_each_time_it_is_asked() {
    // Public when first asked, private the second time: rebinding.
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let lookup: Lookup = Arc::new(move |_| {
        let turn = counter.fetch_add(1, Ordering::SeqCst);
        let address = if turn == 0 { "192.0.2.1" } else { "127.0.0.1" };
        Box::pin(async move { Ok(vec![address.parse().unwrap(), "10.0.0.1".parse().unwrap()]) })
    });
    let client = Client::with_lookup(Egress { allow_private: Vec::new(), ..rules() }, &lookup).unwrap();
    for _ in 0..2 {
        let error = client.get("http://rebind.example/", &[]).await.unwrap_err();
        assert!(matches!(error, Error::Private { .. }), "{error}");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 2, "one look-up a request, whose answer is the one connected to");
}

#[tokio::test]
async fn of_a_mixed_answer_only_the_fitting_address_is_used() {
    let port = says(ok("", b"x")).await;
    let lookup: Lookup =
        Arc::new(|_| Box::pin(async { Ok(vec!["10.255.255.1".parse().unwrap(), "127.0.0.1".parse().unwrap()]) }));
    let client = Client::with_lookup(rules(), &lookup).unwrap();
    assert_eq!(client.get(&format!("http://mixed.example:{port}/"), &[]).await.unwrap().body, b"x");
}

#[tokio::test]
async fn an_exception_for_one_port_opens_no_other() {
    let (open, shut) = (says(ok("", b"x")).await, says(ok("", b"secret")).await);
    for host in ["127.0.0.1", "localhost"] {
        let allow_private = vec![format!("{host}:{open}").parse().unwrap()];
        let client = Client::new(Egress { allow_private, ..rules() }).unwrap();
        assert!(client.get(&format!("http://{host}:{open}/"), &[]).await.is_ok(), "{host}");
        let error = client.get(&format!("http://{host}:{shut}/"), &[]).await.unwrap_err();
        assert!(matches!(error, Error::Private { .. }), "{host} {error}");
    }
}

#[tokio::test]
async fn redirects_are_followed_within_reason() {
    let port = serve(|head, mut stream| async move {
        let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
        let to = |status: u16, to: &str| {
            format!("HTTP/1.1 {status} x\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        };
        let answer = match path.as_str() {
            "/moved" => to(301, "/there"),
            "/away" => to(302, "/there"),
            "/loop" => to(302, "/loop2"),
            "/loop2" => to(302, "/loop"),
            "/metadata" => to(302, "http://169.254.169.254/latest/meta-data/"),
            "/inside" => to(307, "http://10.0.0.1/"),
            "/file" => to(302, "file:///etc/passwd"),
            "/nowhere" => "HTTP/1.1 302 x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned(),
            "/there" => "HTTP/1.1 200 x\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok".to_owned(),
            longer => to(302, &format!("{longer}x")),
        };
        drop(stream.write_all(answer.as_bytes()).await);
    })
    .await;
    let client = Client::new(rules()).unwrap();
    let fetch = async |path: &str| client.get(&format!("http://127.0.0.1:{port}{path}"), &[]).await;
    let moved = fetch("/moved").await.unwrap();
    assert_eq!(moved.body, b"ok");
    assert!(moved.moved_to().unwrap().as_str().ends_with("/there"));
    assert!(fetch("/away").await.unwrap().moved_to().is_none());
    assert!(matches!(fetch("/loop").await, Err(Error::Loop { .. })));
    assert!(matches!(fetch("/x").await, Err(Error::Hops { limit: 5, .. })));
    assert!(matches!(fetch("/metadata").await, Err(Error::Private { .. })));
    assert!(matches!(fetch("/inside").await, Err(Error::Private { .. })));
    assert!(matches!(fetch("/file").await, Err(Error::Scheme { .. })));
    assert!(matches!(fetch("/nowhere").await, Err(Error::Nowhere { .. })));
}

#[tokio::test]
async fn proof_of_who_we_are_stays_with_its_origin_and_a_post_is_made_once() {
    let other = serve(|head, mut stream| async move {
        drop(stream.write_all(&ok("", head.to_lowercase().as_bytes())).await);
    })
    .await;
    let redirect = format!(
        "HTTP/1.1 307 x\r\nlocation: http://u:p@127.0.0.1:{other}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let port = says(redirect).await;
    let client = Client::new(rules()).unwrap();
    let url = format!("http://127.0.0.1:{port}/");
    let seen = client.get(&url, &[("authorization", "Bearer s"), ("cookie", "s=1"), ("x-kept", "1")]).await.unwrap();
    let seen = String::from_utf8(seen.body).unwrap();
    assert!(seen.contains("x-kept") && !seen.contains("authorization") && !seen.contains("cookie"), "{seen}");
    let posted = client.post(&url, &[], b"x".to_vec()).await.unwrap();
    assert_eq!(posted.status, 307, "a redirect of a post is an answer");
}

#[tokio::test]
async fn large_bodies_stop_at_the_limit() {
    // Ten gigabytes announced: not read at all. Ten gigabytes sent without a word: read to the limit.
    let announced = get(says(ok("content-length: 10000000000\r\n", b"x")).await).await.unwrap_err();
    assert!(matches!(announced, Error::TooLarge { .. }), "{announced}");
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = sent.clone();
    let port = serve(move |_, mut stream| {
        let counter = counter.clone();
        async move {
            drop(stream.write_all(&ok("", b"")).await);
            let block = vec![b'x'; 64 * 1024];
            while counter.load(Ordering::SeqCst) < 10_000_000_000 && stream.write_all(&block).await.is_ok() {
                counter.fetch_add(block.len(), Ordering::SeqCst);
            }
        }
    })
    .await;
    let error = get(port).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: 2_097_152, .. }), "{error}");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(sent.load(Ordering::SeqCst) < 64 * 1024 * 1024, "{} bytes were taken", sent.load(Ordering::SeqCst));
}

#[tokio::test]
async fn bombs_do_not_go_off() {
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..200 {
        bomb.write_all(&vec![0; 1024 * 1024]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    let port = says(ok("content-encoding: gzip\r\n", &bomb)).await;
    let wide = Client::new(Egress { max_bytes: 1 << 30, ..rules() }).unwrap();
    let error = wide.get(&format!("http://127.0.0.1:{port}/"), &[]).await.unwrap_err();
    assert!(matches!(error, Error::Bomb { .. }), "{error}");
    let error = get(port).await.unwrap_err();
    assert!(matches!(error, Error::Bomb { .. } | Error::TooLarge { .. }), "{error}");
    for encoding in ["br", "zstd", "gzip, gzip", "deflate"] {
        let error = get(says(ok(&format!("content-encoding: {encoding}\r\n"), b"xx")).await).await.unwrap_err();
        assert!(matches!(error, Error::Encoding { .. }), "{encoding}: {error}");
    }
    let broken = get(says(ok("content-encoding: gzip\r\n", b"this is no gzip")).await).await.unwrap_err();
    assert!(matches!(broken, Error::Encoding { .. }), "{broken}");
    let half = gzipped(&vec![7; 10_000]);
    let cut = get(says(ok("content-encoding: gzip\r\n", &half[..half.len() / 2])).await).await.unwrap_err();
    assert!(matches!(cut, Error::Encoding { .. }), "{cut}");
}

#[tokio::test]
async fn whoever_dawdles_is_left_at_the_deadline() {
    let drip = serve(|_, mut stream| async move {
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await);
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    })
    .await;
    let head = serve(|_, mut stream| async move {
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\n").await);
        while stream.write_all(b"a: b\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    })
    .await;
    let silent = serve(|_, stream| async move {
        tokio::time::sleep(Duration::from_mins(1)).await;
        drop(stream);
    })
    .await;
    let around = serve(|head, mut stream| async move {
        tokio::time::sleep(Duration::from_millis(700)).await;
        let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
        let answer = format!("HTTP/1.1 302 x\r\nlocation: {path}x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        drop(stream.write_all(answer.as_bytes()).await);
    })
    .await;
    let client = Client::new(Egress { deadline: Duration::from_secs(2), ..rules() }).unwrap();
    for (name, port) in [("drip", drip), ("head", head), ("silent", silent), ("around", around)] {
        let begun = Instant::now();
        let error = client.get(&format!("http://127.0.0.1:{port}/"), &[]).await.unwrap_err();
        assert!(matches!(error, Error::Deadline { .. }), "{name}: {error}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{name} took {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn broken_answers_are_said_to_be_so() {
    let flood = serve(|_, mut stream| async move {
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\n").await);
        while stream.write_all(b"a-header: with a value that is not very long\r\n").await.is_ok() {}
    })
    .await;
    let wide = says(ok(&format!("a: {}\r\n", "x".repeat(100_000)), b"x")).await;
    let garbage = says(b"\x00\xff\xfe garbage \x01\r\n\r\n".to_vec()).await;
    let truncated = says(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nabc".to_vec()).await;
    let chunk = says(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\nabc".to_vec()).await;
    let nothing = says(Vec::new()).await;
    for (name, port) in
        [("flood", flood), ("garbage", garbage), ("truncated", truncated), ("chunk", chunk), ("nothing", nothing)]
    {
        let error = get(port).await.unwrap_err();
        assert!(matches!(error, Error::Connection { .. } | Error::Headers { .. }), "{name}: {error}");
    }
    let error = get(wide).await.unwrap_err();
    assert!(matches!(error, Error::Headers { .. }), "{error}");
    // Held, so that no test beside this one is given the port; without `listen` it refuses.
    let unused = TcpSocket::new_v4().unwrap();
    unused.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let error = get(unused.local_addr().unwrap().port()).await.unwrap_err();
    assert!(matches!(error, Error::Unreached { .. }), "{error}");
}

#[tokio::test]
async fn a_status_says_what_to_do_and_how_long_to_wait() {
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let busy = says("HTTP/1.1 429 x\r\nretry-after: 120\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await;
    let error = get(busy).await.unwrap().success(now).unwrap_err();
    assert_eq!((error.status(), error.retry_after(), error.passing()), (Some(429), Some(Duration::from_mins(2)), true));
    assert!(error.to_string().contains("asks to wait 120 s"), "{error}");
    let gone = says("HTTP/1.1 410 x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await;
    let error = get(gone).await.unwrap().success(now).unwrap_err();
    assert!(!error.passing() && error.to_string().contains("gone for good"), "{error}");
}

/// Our clock is a day ahead of theirs: what they ask for is measured on theirs.
#[tokio::test]
async fn dates_are_of_the_clock_that_wrote_them() {
    let now = "2026-01-02T00:00:00Z".parse().unwrap();
    let dated = "date: Thu, 01 Jan 2026 00:00:00 GMT\r\n";
    let wait = async |headers: &str| {
        let answer = format!("HTTP/1.1 429 x\r\n{headers}connection: close\r\ncontent-length: 0\r\n\r\n");
        get(says(answer).await).await.unwrap().stay_away(now).map(|wait| wait.as_secs())
    };
    assert_eq!(wait(&format!("{dated}retry-after: Thu, 01 Jan 2026 00:02:00 GMT\r\n")).await, Some(120));
    assert_eq!(wait(&format!("{dated}retry-after: 60\r\n")).await, Some(60));
    let spent = "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: 2026-01-01T00:05:00.000Z\r\n";
    assert_eq!(wait(&format!("{dated}{spent}")).await, Some(300));
    assert_eq!(wait("retry-after: Thu, 01 Jan 2026 00:02:00 GMT\r\n").await, Some(0), "no clock but ours to go by");
    assert_eq!(wait("date: soon\r\nretry-after: Fri, 02 Jan 2026 00:02:00 GMT\r\n").await, Some(120));
}

#[tokio::test]
async fn a_stream_that_is_refused_says_how_long_to_stay_away() {
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let busy = says("HTTP/1.1 429 x\r\nretry-after: 120\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await;
    let url = format!("http://127.0.0.1:{busy}/stream");
    let error = Client::new(rules()).unwrap().events(&url, &[], Duration::from_secs(1), now).await.unwrap_err();
    assert_eq!((error.status(), error.retry_after()), (Some(429), Some(Duration::from_mins(2))));
}

#[test]
fn a_second_client_and_an_installed_provider_do_no_harm() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    assert!(Client::new(Egress::default()).is_ok());
    assert!(Client::new(Egress::default()).is_ok());
}

#[tokio::test]
async fn whoever_floods_us_has_room_for_a_few_bodies_and_no_more() {
    let flood = ok("", &vec![b'x'; 1024 * 1024]);
    let flooding = serve(move |_, mut stream| {
        let begun = flood[..flood.len() - 1].to_vec();
        async move {
            let _ = stream.write_all(&begun).await;
            std::future::pending::<()>().await;
        }
    })
    .await;
    let (small, large) = (says(ok("", b"hello")).await, says(ok("", &vec![b'x'; 1024 * 1024])).await);
    let client = Client::new(Egress { deadline: Duration::from_secs(8), ..rules() }).unwrap();
    let floods: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.get(&format!("http://127.0.0.1:{flooding}/"), &[]).await.map(drop) })
        })
        .collect();
    let full = async {
        while client.room.free() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(7), full).await.expect("all room is taken");
    let quick = client.get(&format!("http://127.0.0.1:{small}/"), &[]).await.expect("a small one needs no room");
    assert_eq!(quick.body, b"hello");
    for flood in floods {
        assert!(matches!(flood.await.unwrap(), Err(Error::Deadline { .. })));
    }
    assert!(client.room.free() > 0, "it is given back");
    assert_eq!(client.get(&format!("http://127.0.0.1:{large}/"), &[]).await.unwrap().body.len(), 1024 * 1024);
}
