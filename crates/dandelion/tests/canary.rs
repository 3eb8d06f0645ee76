//! A secret that is entered once is seen by nobody again: every network that is asked is connected with a canary to a server
//! that answers badly and throws back whatever it was sent. Afterwards the log in all detail, the database, a backup, what
//! the commands print, every page and every answer of the API that shows a source are searched for it.

#[path = "shared/program.rs"]
mod program;

use std::{
    collections::BTreeSet,
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use dandelion_hub::{
    Db, Hub,
    log::Actor,
    member::api_token,
    scope::{Role, Viewer},
    source::{self, NewPlace},
    testing,
};
use dandelion_networks::{
    contract::{Credentials, Place},
    networks::NETWORKS,
};
use serde_json::{Map, json};

use program::{Folder, Program, around, carries, command};

const CANARY: &str = "canary-9c41e07d";
/// Networks that are connected at least; fewer, and the test looks at too little.
const LEAST: usize = 10;
/// What the server says in turn.
const ANSWERS: [&str; 6] =
    ["401 Unauthorized", "500 Internal Server Error", "200 OK", "302 Found", "400 Bad Request", "403 Forbidden"];
/// What some networks want to know besides.
const SETTINGS: &[(&str, &str)] = &[
    ("handle", "@care.acme.example"),
    ("user", "care"),
    ("channel", "UCaaaaaaaaaaaaaaaaaaaaaa"),
    ("app", "com.acme.app"),
    ("client_id", "acme"),
    ("site", "stackoverflow"),
];

#[tokio::test]
async fn a_secret_is_seen_by_nobody_again() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = Folder::new("canary");
    let data = folder.0.join("data");
    let echo = Echo::start();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let hub = Hub::new(Db::open(&data, None).await.unwrap());
    let (ana, _) = testing::one_unit(&hub).await;
    let connected = connect_all(&hub, &echo.address).await;
    assert!(connected.len() >= LEAST, "only {connected:?} could be connected");
    let scopes = BTreeSet::from(["read".parse().unwrap(), "admin".parse().unwrap()]);
    let (token, _) = api_token::make(&hub, &ana, "test", Role::Admin, scopes, None).await.unwrap();

    let log = folder.0.join("log");
    let mut program = Program::serve(&data, port, &log);
    // In so many rounds everybody meets every answer.
    for _ in 0..ANSWERS.len() {
        let asked = echo.count.load(Ordering::Relaxed);
        for (id, _, credentials) in &connected {
            wake(&hub, &ana, *id, credentials).await;
        }
        let due = Instant::now() + Duration::from_secs(30);
        while echo.count.load(Ordering::Relaxed) < asked + connected.len() {
            assert!(Instant::now() < due, "not every source was asked: {connected:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    let sent = echo.asked.lock().unwrap().clone();
    assert!(carries(&sent, CANARY), "the server was sent the secret, or the test shows nothing");

    let mut seen = Vec::new();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut paths = vec!["/api/v1/sources".to_owned(), "/api/v1/events".to_owned(), "/metrics".to_owned()];
    paths.extend(connected.iter().map(|(id, ..)| format!("/api/v1/sources/{id}")));
    paths.extend(connected.iter().map(|(id, ..)| format!("/api/v1/sources/{id}/refusals")));
    for path in paths {
        let asked = client.get(format!("http://127.0.0.1:{port}{path}")).bearer_auth(&token).send().await.unwrap();
        let status = asked.status();
        assert!(status.is_success() || path == "/metrics", "{path}: {status}");
        seen.push((path, asked.bytes().await.unwrap().to_vec()));
    }
    program.stop();
    for arguments in [&["source", "list"][..], &["config"], &["check"], &["backup", "copy"]] {
        let done = command(&data).args(arguments).current_dir(&folder.0).output().unwrap();
        seen.push((format!("{arguments:?}"), [done.stdout, done.stderr].concat()));
    }
    assert!(folder.0.join("copy").exists(), "a backup was made");
    hub.db.close().await;
    for file in files(&folder.0) {
        seen.push((file.display().to_string(), fs::read(&file).unwrap()));
    }
    assert!(fs::metadata(&log).unwrap().len() > 1_000, "the log says something");
    for (place, bytes) in seen {
        assert!(!carries(&bytes, CANARY), "{place} holds the secret: {}", around(&bytes, CANARY));
    }
}

/// Connects every network that is asked and takes a secret, all of them at the same bad server; their ids and names.
async fn connect_all(hub: &Hub, server: &str) -> Vec<(i64, &'static str, Credentials)> {
    let mut connected = Vec::new();
    for about in NETWORKS.iter().filter(|about| about.reads.poll && about.fields.iter().any(|field| field.secret)) {
        let mut settings = Map::new();
        for (name, value) in SETTINGS {
            settings.insert((*name).to_owned(), json!(value));
        }
        settings.insert("sign_in".to_owned(), json!(format!("{server}/token")));
        let secret = if about.name == "telegram" {
            format!("123456:{CANARY}-AAAAAAAAAAAAAAAAAAAAAA")
        } else {
            CANARY.to_owned()
        };
        let secrets = about.fields.iter().filter(|field| field.secret);
        let credentials = secrets.fold(Credentials::none(), |all, field| all.with(field.name, secret.clone()));
        let place = Place { url: server.to_owned(), settings, credentials: credentials.clone() };
        let new = NewPlace { name: about.label.to_owned(), about, unit: None, place };
        // Some want more than a test can guess; what they say then must not hold the secret either.
        match source::connect_place(hub, Actor::System("test"), new).await {
            Ok(made) => connected.push((made.id, about.name, credentials)),
            Err(error) => assert!(!carries(format!("{error} {error:?}").as_bytes(), CANARY), "{error}"),
        }
    }
    connected
}

/// Has a source asked at once, as a person does.
async fn wake(hub: &Hub, viewer: &Viewer, id: i64, credentials: &Credentials) {
    let _ = source::pause(hub, viewer, id, "a moment").await;
    if source::resume(hub, viewer, id).await.is_err() {
        let _ = source::sign_in_again(hub, viewer, id, credentials).await;
    }
}

/// A server that refuses, breaks, leads elsewhere and talks nonsense in turn, and says in each what it was sent.
struct Echo {
    address: String,
    count: Arc<AtomicUsize>,
    asked: Arc<Mutex<Vec<u8>>>,
}

impl Echo {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (asked, count) = (Arc::<Mutex<Vec<u8>>>::default(), Arc::<AtomicUsize>::default());
        let (noted, counted) = (asked.clone(), count.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (noted, turn) = (noted.clone(), counted.fetch_add(1, Ordering::Relaxed));
                std::thread::spawn(move || answer(stream, &noted, turn));
            }
        });
        Self { address, count, asked }
    }
}

fn answer(mut stream: TcpStream, asked: &Mutex<Vec<u8>>, turn: usize) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
    let (mut request, mut part) = (Vec::new(), [0; 16_384]);
    while let Ok(length) = stream.read(&mut part)
        && length > 0
    {
        request.extend_from_slice(&part[..length]);
        if length < part.len() {
            break;
        }
    }
    asked.lock().unwrap().extend_from_slice(&request);
    let body =
        format!("{{\"error\": {}, \"description\": \"you sent this\"}}", json!(String::from_utf8_lossy(&request)));
    let location =
        if turn % ANSWERS.len() == 3 { format!("location: /elsewhere?token={CANARY}\r\n") } else { String::new() };
    let head = format!(
        "HTTP/1.1 {}\r\ncontent-type: application/json\r\n{location}content-length: {}\r\nconnection: close\r\n\r\n",
        ANSWERS[turn % ANSWERS.len()],
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}
