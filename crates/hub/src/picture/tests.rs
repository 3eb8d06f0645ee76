use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use dandelion_networks::egress::Egress;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;
use crate::{both_stores, log::Entry, testing::TestHub};

/// One red dot, as GIF (the smallest that is whole).
const DOT: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\xff\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

/// A server of pictures: `/dot` is one, `/page` is a page that says it were one. Counts what it is asked.
async fn server() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 8192];
            let read = stream.read(&mut request).await.unwrap_or(0);
            count.fetch_add(1, Ordering::SeqCst);
            let page = request[..read].starts_with(b"GET /page");
            let body = if page { b"<svg onload='alert(1)'/>".as_slice() } else { DOT };
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: image/gif\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(&[head.as_bytes(), body].concat()).await;
            let _ = stream.shutdown().await;
        }
    });
    (address, asked)
}

async fn post(hub: &TestHub, media: &serde_json::Value) {
    let mut tx = hub.tx().await;
    for sql in [
        "insert into sources (id, key, name, kind, network, config, cursor, created_at) values (1, 's', 's', 'webhook', 'demo', '{}', '{}', 0)",
        "insert into threads (id, network) values (1, 'demo')",
    ] {
        tx.run(q!(sql)).await.unwrap();
    }
    let sql = "insert into posts (id, network, remote_id, source_id, thread_id, text, created_at, received_at, revision, digest, links, media, extra, ours)
         values (1, 'demo', '77', 1, 1, 'It leaks', 0, 0, 1, '', '[]', $1, '{}', false)";
    tx.run(q!(sql, media.to_string())).await.unwrap();
    tx.log(Entry::new("test.seeded", "post", 1));
    tx.commit().await.unwrap();
}

fn pictures(hub: &TestHub, folder: &tempfile::TempDir, cap: i64) -> Pictures {
    let rules = Egress { allow_private: vec!["127.0.0.1".parse().unwrap()], ..Egress::default() };
    let client = Client::new(rules).unwrap();
    Pictures { cap, ..Pictures::new(hub.hub.clone(), client, folder.path().to_owned()) }
}

fn files(folder: &tempfile::TempDir) -> usize {
    let inner = |entry: io::Result<std::fs::DirEntry>| std::fs::read_dir(entry.unwrap().path()).unwrap().count();
    std::fs::read_dir(folder.path()).unwrap().map(inner).sum()
}

both_stores!(a_picture_is_fetched_once_and_kept_by_what_is_in_it, |hub| async move {
    let ((base, asked), folder) = (server().await, tempfile::tempdir().unwrap());
    let image = |path: &str| serde_json::json!({ "kind": "image", "url": format!("{base}{path}") });
    let film = serde_json::json!({ "kind": "video", "url": base });
    post(&hub, &serde_json::json!([image("/dot"), image("/dot?again"), image("/page"), film, image("/page")])).await;
    let all = pictures(&hub, &folder, CAP);
    let Shown::Here(name, png) = all.of_post(1, 0).await.unwrap() else { panic!("no picture") };
    assert!(png.starts_with(b"\x89PNG") && name == digest(&png));
    assert_eq!(all.of_post(1, 0).await.unwrap(), Shown::Here(name.clone(), png.clone()));
    assert_eq!(asked.load(Ordering::SeqCst), 1, "fetched once");
    assert_eq!(all.of_post(1, 1).await.unwrap(), Shown::Here(name.clone(), png), "the same picture elsewhere");
    assert_eq!(files(&folder), 1, "is one file");
    for _ in 0..2 {
        assert_eq!(all.of_post(1, 2).await.unwrap(), Shown::Refused("it is no JPEG, PNG, WebP or GIF".into()));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 3, "what was refused is not asked for again");
    let page = format!("{base}/page");
    assert_eq!(
        refusals(&hub, &[page.clone(), format!("{base}/dot")]).await.unwrap().into_keys().collect::<Vec<_>>(),
        [page]
    );
    for (post, number) in [(1, 3), (1, 9), (2, 0)] {
        assert!(matches!(all.of_post(post, number).await, Err(Error::NotFound { .. })), "{post} {number}");
    }
    hub.clock.advance(2 * REFUSED);
    all.of_post(1, 2).await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 4, "a refusal stands for a day");
    hub.sql(&["update posts set deleted_at = 1".to_owned()]).await;
    assert!(all.of_post(1, 0).await.is_err(), "gone with its post");
});

both_stores!(pictures_are_kept_within_age_and_cap, |hub| async move {
    let ((base, asked), folder) = (server().await, tempfile::tempdir().unwrap());
    post(&hub, &serde_json::json!([{ "kind": "image", "url": format!("{base}/dot") }])).await;
    let all = pictures(&hub, &folder, CAP);
    all.of_post(1, 0).await.unwrap();
    hub.clock.advance(KEPT + 1);
    all.of_post(1, 0).await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 2, "after its time it is fetched anew");
    let none = pictures(&hub, &folder, 0);
    hub.clock.advance(KEPT + 1);
    assert!(matches!(none.of_post(1, 0).await.unwrap(), Shown::Here(..)), "shown, though there is no room to keep it");
    assert_eq!(files(&folder), 0);
});

both_stores!(no_address_within_is_asked_for, |hub| async move {
    let folder = tempfile::tempdir().unwrap();
    let urls = [
        "http://10.0.0.1/a.png",
        "http://[::1]/a.png",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "data:image/png;base64,AA",
    ];
    let media: Vec<_> = urls.iter().map(|url| serde_json::json!({ "kind": "image", "url": url })).collect();
    post(&hub, &media.into()).await;
    let all = Pictures::new(hub.hub.clone(), Client::new(Egress::default()).unwrap(), folder.path().to_owned());
    for (number, url) in urls.iter().enumerate() {
        match all.of_post(1, number).await {
            Ok(Shown::Refused(_)) | Err(Error::NotFound { .. }) => {}
            other => panic!("{url}: {other:?}"),
        }
    }
});
