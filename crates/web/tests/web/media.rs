//! Pictures of posts and of authors: shown to whoever may see them, as PNG, sandboxed; refused in words.

use axum::http::{StatusCode, header};
use dandelion_hub::testing::TestHub;
use dandelion_networks::outgoing::testing::loopback;
use dandelion_web::{App, Config, router};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::support::Installation;

/// One red dot.
const DOT: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\xff\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

/// A stranger's server: `/dot` is a picture, everything else a page with a script that claims to be one.
async fn stranger() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap_or(0);
            let dot = request[..read].starts_with(b"GET /dot");
            let body = if dot { DOT } else { b"<html><script>alert(1)</script>".as_slice() };
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(&[head.as_bytes(), body].concat()).await;
            let _ = stream.shutdown().await;
        }
    });
    address
}

#[tokio::test]
async fn pictures_are_shown_from_here_and_only_to_people_who_are_signed_in() {
    let (folder, outside) = (tempfile::tempdir().unwrap(), stranger().await);
    let mut at = Installation::on(TestHub::sqlite().await, "http://127.0.0.1:7380/").await;
    let config =
        Config { outside: Some(loopback()), pictures: Some(folder.path().to_owned()), ..at.app.config.clone() };
    at.app = App::new(at.hub.hub.clone(), config);
    at.router = router(at.app.clone());
    let media = format!(
        "[{{\"kind\":\"image\",\"url\":\"{outside}/dot\",\"alt\":\"A dot\"}},{{\"kind\":\"image\",\"url\":\"{outside}/page\"}}]"
    );
    at.hub
        .sql(&[
            "insert into sources (id, key, name, kind, network, config, cursor, created_at) values (1, 's', 's', 'webhook', 'demo', '{}', '{}', 0)".to_owned(),
            "insert into threads (id, network) values (1, 'demo')".to_owned(),
            format!("insert into posts (id, network, remote_id, source_id, thread_id, text, created_at, received_at, revision, digest, links, media, extra, ours)
                values (1, 'demo', '77', 1, 1, 'It leaks', 0, 0, 1, '', '[]', '{media}', '{{}}', false)"),
            "insert into cases (id, unit_id, state, title, network, intents, risks, urgency, products, topics, route, opened_at, last_post_at, asks, version)
                values (1, 2, 'open', 'It leaks', 'demo', '', '', 0, '', '', '', 0, 0, 1, 1)".to_owned(),
            "insert into case_threads (thread_id, case_id) values (1, 1)".to_owned(),
        ])
        .await;
    let nobody = at.browser().get("/media/1/1").await;
    assert_ne!(nobody.status, StatusCode::OK, "nobody who is not signed in");
    let mut ana = at.signed_in("ana").await;
    let before = ana.get("/cases/1").await.text;
    assert!(before.contains("<img src=\"/media/1/1\" alt=\"A dot\"") && before.contains("/media/1/2"), "{before}");
    let shown = ana.get("/media/1/1").await;
    assert_eq!((shown.status, shown.header(header::CONTENT_TYPE)), (StatusCode::OK, "image/png"));
    assert_eq!(shown.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(shown.header(header::CONTENT_SECURITY_POLICY), "default-src 'none'; sandbox");
    assert_eq!(shown.header(header::CACHE_CONTROL), "private, max-age=604800");
    assert!(shown.text.contains("PNG") && !shown.text.contains("GIF89a"), "made anew");
    let tag = shown.headers[header::ETAG].clone();
    ana.headers.insert(header::IF_NONE_MATCH, tag);
    assert_eq!(ana.get("/media/1/1").await.status, StatusCode::NOT_MODIFIED);
    ana.headers.clear();
    let refused = ana.get("/media/1/2").await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert!(
        refused.text.contains("it is no JPEG, PNG, WebP or GIF") && !refused.text.contains("alert(1)"),
        "{}",
        refused.text
    );
    let after = ana.get("/cases/1").await.text;
    assert!(after.contains("The picture is not shown: it is no JPEG, PNG, WebP or GIF."), "{after}");
    assert!(!after.contains("src=\"/media/1/2\"") && !after.contains(&format!("src=\"{outside}")));
    for none in ["/media/1/3", "/media/2/1", "/media/1/0", "/media/1/x"] {
        assert_eq!(ana.get(none).await.status, StatusCode::NOT_FOUND, "{none}");
    }
}

#[tokio::test]
async fn an_authors_picture_stands_on_their_initials_for_those_who_read_personal_data() {
    let (folder, outside) = (tempfile::tempdir().unwrap(), stranger().await);
    let mut at = Installation::on(TestHub::sqlite().await, "http://127.0.0.1:7380/").await;
    let config =
        Config { outside: Some(loopback()), pictures: Some(folder.path().to_owned()), ..at.app.config.clone() };
    at.app = App::new(at.hub.hub.clone(), config);
    at.router = router(at.app.clone());
    let mut rows = vec![
        "insert into sources (id, key, name, kind, network, config, cursor, created_at) values (1, 's', 's', 'webhook', 'demo', '{}', '{}', 0)".to_owned(),
    ];
    for (id, picture) in [(1, format!("'{outside}/dot'")), (2, format!("'{outside}/page'")), (3, "null".to_owned())] {
        rows.extend([
            format!("insert into threads (id, network) values ({id}, 'demo')"),
            format!("insert into authors (id, network, remote_key, name, avatar, ours, seen_at) values ({id}, 'demo', 'a{id}', 'Ana Roth', {picture}, false, 0)"),
            format!("insert into posts (id, network, remote_id, source_id, thread_id, author_id, text, created_at, received_at, revision, digest, links, media, extra, ours)
                values ({id}, 'demo', '7{id}', 1, {id}, {id}, 'It leaks', 0, 0, 1, '', '[]', '[]', '{{}}', false)"),
            format!("insert into cases (id, unit_id, state, title, network, author_id, intents, risks, urgency, products, topics, route, opened_at, last_post_at, asks, version)
                values ({id}, 2, 'open', 'It leaks', 'demo', {id}, '', '', 0, '', '', '', 0, 0, 1, 1)"),
            format!("insert into case_threads (thread_id, case_id) values ({id}, {id})"),
        ]);
    }
    at.hub.sql(&rows).await;
    let nobody = at.browser().get("/avatars/1").await;
    assert_ne!(nobody.status, StatusCode::OK, "nobody who is not signed in");
    let mut ana = at.signed_in("ana").await;
    let page = ana.get("/desk?view=all&case=1").await.text;
    let of = |author: i64| page.matches(&format!("<img src=\"/avatars/{author}?is=")).count();
    assert_eq!((of(1), of(2), of(3)), (3, 1, 0), "in the list, in the conversation and beside it: {page}");
    assert!(page.contains(">AR<img") && page.contains(">AR</span>"), "the initials stand beneath, or alone: {page}");
    assert!(!page.contains(&outside), "nothing is hot-linked");
    let shown = ana.get("/avatars/1").await;
    assert_eq!((shown.status, shown.header(header::CONTENT_TYPE)), (StatusCode::OK, "image/png"));
    assert_eq!(shown.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(shown.header(header::CONTENT_SECURITY_POLICY), "default-src 'none'; sandbox");
    ana.headers.insert("sec-fetch-dest", "image".parse().unwrap());
    let refused = ana.get("/avatars/2").await;
    assert_eq!((refused.status, refused.header(header::CACHE_CONTROL)), (StatusCode::OK, "no-store"));
    assert!(refused.text.contains("PNG") && !refused.text.contains("alert"), "a pixel of nothing: the initials stay");
    ana.headers.clear();
    let refused = ana.get("/avatars/2").await;
    assert!(refused.text.contains("it is no JPEG, PNG, WebP or GIF"), "{}", refused.text);
    for none in ["/avatars/3", "/avatars/9", "/avatars/x"] {
        assert_eq!(ana.get(none).await.status, StatusCode::NOT_FOUND, "{none}");
    }
    let mut vera = at.signed_in("vic").await;
    let masked = vera.get("/desk?view=all&case=1").await.text;
    assert!(masked.contains("Ana Roth") && !masked.contains("/avatars/"), "{masked}");
    assert_eq!(vera.get("/avatars/1").await.status, StatusCode::NOT_FOUND);
}
