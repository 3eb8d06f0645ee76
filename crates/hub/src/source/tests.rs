mod endpoints;
mod fairness;
mod writes;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use std::time::Duration;

use dandelion_networks::{
    contract::Place,
    egress::{Client, Egress},
    networks,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::watch,
};

use super::*;
use crate::{
    both_stores, check,
    intake::{self, Item},
    source::poll::Poller,
};

/// A real server on loopback that answers each request with the next of its answers, the last one for ever, and keeps
/// what it was asked.
async fn server(answers: Vec<String>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/feed.xml", listener.local_addr().unwrap());
    let (asked, count) = (Arc::new(Mutex::new(Vec::new())), AtomicUsize::new(0));
    let log = asked.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 8192];
            let read = stream.read(&mut request).await.unwrap_or(0);
            log.lock().unwrap().push(String::from_utf8_lossy(&request[..read]).into_owned());
            let at = count.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
            let _ = stream.write_all(answers[at].as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (address, asked)
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}", body.len())
}

fn feed(titles: &[&str]) -> String {
    let item = |title: &&str| {
        format!("<item><guid>{title}</guid><title>{title}</title><description>{title} kettle</description></item>")
    };
    let items = titles.iter().map(item).collect::<Vec<_>>().concat();
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>News</title><link>http://x.example/</link>{items}</channel></rss>"
    )
}

fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new(rules()).unwrap()
}

fn rules() -> Egress {
    Egress { allow_private: vec!["127.0.0.1".parse().unwrap()], ..Egress::default() }
}

async fn connect(hub: &Hub, key: &str, kind: Kind, url: Option<String>) -> Source {
    if crate::unit::Org::load(&hub.db).await.unwrap().units.is_empty() {
        let org = "[organisation]\nname = \"T\"\ntime_zone = \"UTC\"\nlanguages = [\"en\"]\n[[unit]]\nkey = \"head\"\nname = \"Head\"\nkind = \"hub\"\n";
        crate::unit::import(hub, Actor::System("test"), org).await.unwrap();
    }
    let new = NewSource { key: key.into(), name: key.into(), kind, network: String::new(), unit: None, url };
    add_as(hub, Actor::System("test"), &new).await.unwrap()
}

both_stores!(a_feed_is_asked_conditionally_and_stored_once, |hub| async move {
    let etag = "etag: \"one\"\r\n";
    let (url, asked) =
        server(vec![answer("200 OK", etag, &feed(&["a", "b"])), answer("304 Not Modified", etag, "")]).await;
    let source = connect(&hub, "news", Kind::Feed, Some(url)).await;
    let poller = Poller::new(hub.hub.clone(), client());
    assert_eq!(poller.poll(&source).await.unwrap().to_string(), "seen 2 = stored 2 + duplicate 0 + refused 0");
    let source = find(&hub, source.id).await.unwrap();
    assert_eq!(source.cursor["etag"], "\"one\"");
    assert_eq!(poller.poll(&source).await.unwrap().seen, 0);
    assert!(asked.lock().unwrap()[1].to_lowercase().contains("if-none-match: \"one\""));
    assert!(find(&hub, source.id).await.unwrap().next_poll_at > Some(hub.now()));
    assert!(check::run(&hub).await.unwrap().iter().all(|finding| finding.ok));
});

both_stores!(a_place_is_read_again_from_a_day_on_and_its_picture_says_what_came_when, |hub| async move {
    let (url, asked) = server(vec![
        answer("200 OK", "etag: \"one\"\r\n", &feed(&["first", "second"])),
        answer("200 OK", "etag: \"one\"\r\n", &feed(&["first", "second", "missed"])),
    ])
    .await;
    let source = connect(&hub, "again", Kind::Feed, Some(url)).await;
    let poller = Poller::new(hub.hub.clone(), client());
    assert_eq!(poller.poll(&source).await.unwrap().stored, 2);
    let day = 24 * 3_600_000_000;
    for wrong in [hub.now() + day, hub.now() - 400 * day] {
        assert!(matches!(reread_as(&hub, Actor::System("test"), source.id, wrong).await, Err(Error::Invalid { .. })));
    }
    reread_as(&hub, Actor::System("test"), source.id, hub.now() - day).await.unwrap();
    let due = find(&hub, source.id).await.unwrap();
    assert!(due.next_poll_at.unwrap() <= hub.now());
    let counted = poller.poll(&due).await.unwrap();
    assert_eq!((counted.stored, counted.duplicate), (1, 2));
    assert!(!asked.lock().unwrap()[1].to_lowercase().contains("if-none-match"), "everything is asked for");
    let days = days(&hub, source.id, 30).await.unwrap();
    assert_eq!(days.len(), 30);
    let today = days.last().unwrap();
    assert_eq!((today.stored, today.duplicate, today.refused), (3, 2, 0));
    assert!(days[..29].iter().all(|day| day.stored + day.duplicate + day.refused == 0));

    set_paused(&hub, Actor::System("test"), source.id, Some("a test")).await.unwrap();
    let paused = reread_as(&hub, Actor::System("test"), source.id, hub.now() - day).await;
    assert!(matches!(paused, Err(Error::Conflict(why)) if why.contains("paused")));
    let pushed = connect(&hub, "pushed", Kind::Webhook, None).await;
    let pushed = reread_as(&hub, Actor::System("test"), pushed.id, hub.now() - day).await;
    assert!(matches!(pushed, Err(Error::Conflict(why)) if why.contains("not asked")));
    assert!(check::run(&hub).await.unwrap().iter().all(|finding| finding.ok));
});

both_stores!(what_was_refused_is_tried_again_from_the_command_line, |hub| async move {
    let source = connect(&hub, "hook", Kind::Webhook, None).await;
    let post = dandelion_post::Post { id: "1".into(), text: "the kettle leaks".into(), ..Default::default() };
    let refusal = dandelion_post::Refusal::new("text", "somebody broke it", "");
    let raw = serde_json::to_string(&post).unwrap();
    intake::receive(&hub, source.id, vec![Item::refused("line 1", refusal, raw)]).await.unwrap();
    let mut waiting = waiting_after(&hub, source.id, 0, 10).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(retry_as(&hub, Actor::System("test"), waiting.remove(0)).await.unwrap(), "stored");
    assert!(waiting_after(&hub, source.id, 0, 10).await.unwrap().is_empty());
    assert_eq!(refused_after(&hub, source.id, 0, 10).await.unwrap().len(), 1, "it stays on record");
    let count = find(&hub, source.id).await.unwrap().accounting;
    assert_eq!((count.seen, count.stored, count.refused), (1, 1, 0));
    assert!(check::run(&hub).await.unwrap().iter().all(|finding| finding.ok));
});

both_stores!(a_broken_feed_waits_as_told_and_loses_nothing, |hub| async move {
    let (url, _) = server(vec![
        answer("503 Service Unavailable", "retry-after: 1800\r\n", ""),
        answer("200 OK", "", "this is no feed"),
        answer("200 OK", "", &feed(&["late"])),
    ])
    .await;
    let source = connect(&hub, "late", Kind::Feed, Some(url)).await;
    let poller = Poller::new(hub.hub.clone(), client());
    poller.poll(&source).await.unwrap();
    let source = find(&hub, source.id).await.unwrap();
    assert!(source.next_poll_at.unwrap() >= hub.now() + 1_800_000_000, "Retry-After is honoured");
    assert_eq!(source.errors_in_a_row, 1);
    poller.poll(&source).await.unwrap();
    let source = find(&hub, source.id).await.unwrap();
    assert_eq!((source.errors_in_a_row, source.error.is_some()), (2, true));
    assert_eq!(poller.poll(&source).await.unwrap().stored, 1);
    let source = find(&hub, source.id).await.unwrap();
    assert_eq!((source.errors_in_a_row, source.error), (0, None));
});

both_stores!(a_hanging_feed_does_not_keep_others_waiting, |hub| async move {
    let hanging = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hanging_url = format!("http://{}/", hanging.local_addr().unwrap());
    connect(&hub, "a-hanging", Kind::Feed, Some(hanging_url)).await;
    let (url, _) = server(vec![answer("200 OK", "", &feed(&["a"]))]).await;
    let good = connect(&hub, "good", Kind::Feed, Some(url)).await;
    let (tell, told) = watch::channel(false);
    // Whoever waits for the one that hangs waits ten minutes.
    let patient = Egress { deadline: Duration::from_mins(10), ..rules() };
    let running = tokio::spawn(Poller::new(hub.hub.clone(), Client::new(patient).unwrap()).run(told));
    let stored = async {
        while find(&hub, good.id).await.unwrap().accounting.stored == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), stored).await.expect("the other one is read");
    assert_eq!(find(&hub, good.id).await.unwrap().accounting.stored, 1);
    tell.send(true).unwrap();
    running.abort();
});

both_stores!(two_secrets_live_at_once_and_no_third, |hub| async move {
    let source = connect(&hub, "hook", Kind::Webhook, None).await;
    let system = || Actor::System("test");
    let first = add_secret_as(&hub, system(), source.id).await.unwrap();
    assert!(first.secret.starts_with("whsec_"));
    add_secret_as(&hub, system(), source.id).await.unwrap();
    assert!(add_secret_as(&hub, system(), source.id).await.unwrap_err().to_string().contains("two secrets"));
    let live: Vec<String> =
        live_secrets(&hub, source.id).await.unwrap().iter().map(dandelion_networks::webhook::Secret::expose).collect();
    assert!(live.contains(&first.secret) && live.len() == 2);
});

both_stores!(a_refused_item_is_kept_and_can_be_mended, |hub| async move {
    let source = connect(&hub, "hook", Kind::Webhook, None).await;
    let refusal = dandelion_post::Refusal::new("json", "broken", "");
    intake::receive(&hub, source.id, vec![Item::refused("delivery 1", refusal, "{\"id\":\"1\"}".into())])
        .await
        .unwrap();
    let viewer = Viewer::new(1, "Ana".into(), &[(1, Role::Lead)], &[(1, None)]);
    let refused = refusals(&hub, &viewer, source.id, None, 10).await.unwrap();
    assert_eq!((refused.len(), refused[0].raw.as_str()), (1, "{\"id\":\"1\"}"));
    assert!(retry(&hub, &viewer, refused[0].id, None).await.is_err(), "it has no text still");
    assert_eq!(
        retry(&hub, &viewer, refused[0].id, Some("{\"id\":\"1\",\"text\":\"kettle\"}")).await.unwrap(),
        "stored"
    );
    assert_eq!(
        find(&hub, source.id).await.unwrap().accounting.to_string(),
        "seen 1 = stored 1 + duplicate 0 + refused 0"
    );
    assert!(retry(&hub, &viewer, refused[0].id, None).await.is_err());
    assert!(check::run(&hub).await.unwrap().iter().all(|finding| finding.ok));
});

fn lines(from: u64, to: u64) -> impl Iterator<Item = Read> + Send + 'static {
    (from..to).map(|n| {
        let post = dandelion_post::Post { id: n.to_string(), text: format!("kettle {n}"), ..Default::default() };
        Read { item: Item::post(format!("line {}", n + 1), post), line: n + 1, offset: n + 1 }
    })
}

both_stores!(a_cut_off_import_goes_on_where_it_was_committed, |hub| async move {
    let source = connect(&hub, "posts", Kind::File, None).await;
    let import = Import { source: source.id, fingerprint: "posts.jsonl".into() };
    let (cut, own) = (import.clone(), hub.hub.clone());
    let killed = tokio::spawn(async move {
        cut.run(&own, lines(0, 2_000), |progress| assert!(progress.counted.seen < 1_000, "killed here")).await
    });
    assert!(killed.await.is_err());
    let (offset, line) = import.resumes_at(&find(&hub, source.id).await.unwrap()).expect("a place to go on");
    assert_eq!((offset, line), (1_024, 1_024));
    import.run(&hub, lines(offset, 2_000), |_| {}).await.unwrap();
    let source = find(&hub, source.id).await.unwrap();
    assert_eq!(source.accounting.to_string(), "seen 2000 = stored 2000 + duplicate 0 + refused 0");
    assert_eq!(import.resumes_at(&source), None, "a whole import starts again from the beginning");
    let again = import.run(&hub, lines(0, 2_000), |_| {}).await.unwrap();
    assert_eq!(again.to_string(), "seen 2000 = stored 0 + duplicate 2000 + refused 0");
    assert!(check::run(&hub).await.unwrap().iter().all(|finding| finding.ok));
});

both_stores!(a_place_speaks_as_a_handle_that_there_is, |hub| async move {
    let org = "[organisation]\nname = \"T\"\ntime_zone = \"UTC\"\nlanguages = [\"en\"]\n\
               [[unit]]\nkey = \"head\"\nname = \"Head\"\nkind = \"hub\"\n";
    crate::unit::import(&hub, Actor::System("test"), org).await.unwrap();
    let connect = async || {
        let mut place = Place { url: "https://mybusiness.googleapis.com".to_owned(), ..Place::default() };
        for (name, value) in [("place", "accounts/1/locations/2"), ("client_id", "acme"), ("handle", "Acme Care")] {
            place.settings.insert(name.to_owned(), value.into());
        }
        for name in ["refresh_token", "client_secret"] {
            place.credentials.set(name, "s");
        }
        let about = networks::find("googlebusiness").unwrap();
        connect_place(&hub, Actor::System("test"), NewPlace { name: "Reviews".into(), about, unit: None, place }).await
    };
    let refused = connect().await.unwrap_err();
    assert!(matches!(&refused, Error::Invalid { field, .. } if field == "handle"), "{refused}");
    let handle = "[[handle]]\nkey = \"care\"\nnetwork = \"googlebusiness\"\nname = \"Acme Care\"\nunit = \"head\"\npurpose = \"care\"\n";
    crate::unit::import(&hub, Actor::System("test"), &format!("{org}{handle}")).await.unwrap();
    assert_eq!(connect().await.unwrap().network, "googlebusiness", "its own answers are ours now");
});
