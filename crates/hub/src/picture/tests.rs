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
use crate::{both_stores, log::Entry, scope::Role, testing::TestHub};

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

/// An author of post 1 with this picture.
async fn author(hub: &TestHub, avatar: &str) {
    hub.sql(&[
        format!("insert into authors (id, network, remote_key, avatar, ours, seen_at) values (5, 'demo', 'ana', '{avatar}', false, 0)"),
        "update posts set author_id = 5 where id = 1".to_owned(),
    ])
    .await;
}

fn somebody(role: Role) -> Viewer {
    Viewer::new(1, "Vic".into(), &[(1, role)], &[(1, None)])
}

both_stores!(an_authors_picture_is_a_file_of_its_own_and_follows_its_address, |hub| async move {
    let ((base, asked), folder) = (server().await, tempfile::tempdir().unwrap());
    post(&hub, &serde_json::json!([{ "kind": "image", "url": format!("{base}/dot") }])).await;
    author(&hub, &format!("{base}/dot")).await;
    let (all, ana) = (pictures(&hub, &folder, CAP), somebody(Role::Agent));
    let Some(Shown::Here(name, png)) = all.of_author(&ana, 5).await.unwrap() else { panic!("no picture") };
    assert!(png.starts_with(b"\x89PNG"));
    assert_eq!(all.of_author(&ana, 5).await.unwrap(), Some(Shown::Here(name, png)));
    assert_eq!(asked.load(Ordering::SeqCst), 1, "fetched once");
    all.of_post(1, 0).await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 2, "the same address as a picture of a post is another rendition");
    for (viewer, id) in [(somebody(Role::Viewer), 5), (somebody(Role::Agent), 6)] {
        assert!(matches!(all.of_author(&viewer, id).await, Err(Error::NotFound { .. })), "who reads no personal data");
    }
    hub.sql(&[format!("update authors set avatar = '{base}/page'")]).await;
    assert!(matches!(all.of_author(&ana, 5).await.unwrap(), Some(Shown::Refused(_))), "the new one, not the old");
    assert_ne!(avatar_mark(&format!("{base}/dot")), avatar_mark(&format!("{base}/page")));
});

both_stores!(a_server_that_hangs_keeps_nobody_waiting, |hub| async move {
    let (folder, listener) = (tempfile::tempdir().unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    post(&hub, &serde_json::json!([])).await;
    author(&hub, &format!("http://{}/a", listener.local_addr().unwrap())).await;
    let (all, ana, began) = (pictures(&hub, &folder, CAP), somebody(Role::Agent), std::time::Instant::now());
    assert_eq!(all.of_author(&ana, 5).await.unwrap(), None);
    assert!(began.elapsed() < PATIENCE * 3, "{:?}", began.elapsed());
    assert_eq!(all.under_way().len(), 1);
    let again = std::time::Instant::now();
    assert_eq!(all.of_author(&ana, 5).await.unwrap(), None, "it is fetched already");
    assert!(again.elapsed() < PATIENCE, "nobody waits for what others wait for");
    // It answers in the end, and whoever looks then sees it.
    let (mut stream, _) = listener.accept().await.unwrap();
    let _ = stream.read(&mut [0; 4096]).await;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", DOT.len());
    stream.write_all(&[head.as_bytes(), DOT].concat()).await.unwrap();
    drop(stream);
    for _ in 0..100 {
        if all.under_way().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(matches!(all.of_author(&ana, 5).await.unwrap(), Some(Shown::Here(..))));
});

both_stores!(an_authors_picture_is_forgotten_with_the_last_of_their_posts, |hub| async move {
    let ((base, _), folder) = (server().await, tempfile::tempdir().unwrap());
    post(&hub, &serde_json::json!([])).await;
    author(&hub, &format!("{base}/dot")).await;
    let (all, ana) = (pictures(&hub, &folder, CAP), somebody(Role::Agent));
    all.of_author(&ana, 5).await.unwrap().expect("a picture");
    let forget = async || {
        let mut tx = hub.tx().await;
        forget_author(&mut tx, 5).await.unwrap();
        tx.log(Entry::new("test.forgotten", "author", 5));
        tx.commit().await.unwrap();
    };
    forget().await;
    assert!(all.of_author(&ana, 5).await.unwrap().is_some(), "a post of theirs still stands");
    hub.sql(&["update posts set deleted_at = 1".to_owned()]).await;
    forget().await;
    assert!(matches!(all.of_author(&ana, 5).await, Err(Error::NotFound { .. })));
    assert_eq!(files(&folder), 1);
    all.tidy().await.unwrap();
    assert_eq!(files(&folder), 0, "and its file");
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
