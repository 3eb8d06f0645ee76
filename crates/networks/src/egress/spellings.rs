//! Every way we know to write a private address, typed and as the target of a redirect: none is reached.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::{Client, Egress, Error};

/// One or more of every special range that leads somewhere: this machine, its networks, the metadata of clouds, everybody.
const PRIVATE: [[u8; 4]; 20] = [
    [127, 0, 0, 1],
    [127, 255, 255, 254],
    [0, 0, 0, 0],
    [10, 0, 0, 1],
    [10, 255, 255, 255],
    [172, 16, 0, 1],
    [172, 31, 255, 255],
    [192, 168, 0, 1],
    [192, 168, 255, 255],
    [169, 254, 169, 254],
    [169, 254, 0, 1],
    [100, 64, 0, 1],
    [100, 100, 100, 200],
    [192, 0, 0, 192],
    [198, 18, 0, 1],
    [192, 0, 2, 1],
    [203, 0, 113, 9],
    [224, 0, 0, 1],
    [240, 0, 0, 1],
    [255, 255, 255, 255],
];

/// Addresses that have no other spelling.
const SIXES: [&str; 12] = [
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[fe80::1]",
    "[febf::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[100::1]",
    "[2001:db8::1]",
];

fn spellings(address: Ipv4Addr) -> Vec<String> {
    let ([a, b, c, d], whole) = (address.octets(), u32::from(address));
    let (high, low) = (whole >> 16, whole & 0xffff);
    let wide = |c: char| char::from_u32(c as u32 + 0xfee0).unwrap_or(c);
    let dotted = address.to_string();
    vec![
        dotted.clone(),
        format!("{dotted}."),
        format!("{whole}"),
        format!("{whole:#x}"),
        format!("0{whole:o}"),
        format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("{a:#x}.{b}.0{c:o}.{d}"),
        format!("{a}.{}", whole & 0xff_ffff),
        format!("{a}.{b}.{low}"),
        dotted.chars().map(|c| if c == '.' { '。' } else { wide(c) }).collect(),
        written(dotted.as_bytes(), "%"),
        format!("acme.example@{dotted}"),
        format!("user:pass@{whole}"),
        format!("[::ffff:{dotted}]"),
        format!("[::ffff:{high:x}:{low:x}]"),
        format!("[0:0:0:0:0:ffff:{high:x}:{low:x}]"),
        format!("[::{dotted}]"),
        format!("[64:ff9b::{dotted}]"),
        format!("[2002:{high:x}:{low:x}::1]"),
    ]
}

/// Bytes in hexadecimal digits, each behind `before`.
fn written(bytes: &[u8], before: &str) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{before}{byte:02x}"))
}

/// A server that nobody may reach, and how often it was.
async fn behind_the_wall() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, knocked) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let count = knocked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret").await;
        }
    });
    (port, knocked)
}

/// A server that may be reached and sends everybody on to what is asked for behind `/`.
async fn redirecting() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let read = stream.read(&mut head).await.unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..read]).into_owned();
            let hex = head.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
            let to: Vec<u8> =
                (0..hex.len() / 2).filter_map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()).collect();
            let mut answer = b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\nconnection: close\r\nlocation: ".to_vec();
            answer.extend_from_slice(&to);
            answer.extend_from_slice(b"\r\n\r\n");
            let _ = stream.write_all(&answer).await;
        }
    });
    port
}

#[tokio::test]
async fn none_of_them_is_reached() {
    let (shut, knocked) = behind_the_wall().await;
    let way = redirecting().await;
    let client = Client::new(Egress::default()).unwrap();
    let allow_private = vec![format!("127.0.0.1:{way}").parse().unwrap()];
    let sent_on = Client::new(Egress { allow_private, ..Egress::default() }).unwrap();
    let all = PRIVATE.into_iter().flat_map(|address| spellings(address.into()));
    let all: Vec<String> = all.chain(SIXES.map(str::to_owned)).collect();
    assert!(all.len() >= 400, "{}", all.len());
    for host in all {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{shut}/");
            let refused = client.get(&url, &[]).await.unwrap_err();
            assert!(matches!(refused, Error::Private { .. }), "{url} gave {refused}");
        }
        let target = format!("http://{host}:{shut}/");
        let hex = written(target.as_bytes(), "");
        let refused = sent_on.get(&format!("http://127.0.0.1:{way}/{hex}"), &[]).await.unwrap_err();
        assert!(!matches!(refused, Error::Unreached { .. } | Error::Connection { .. }), "{target} gave {refused}");
    }
    assert_eq!(knocked.load(Ordering::SeqCst), 0, "nobody knocked");
}
