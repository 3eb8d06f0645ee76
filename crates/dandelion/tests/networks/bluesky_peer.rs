//! The network of @atproto/dev-env: one for all tests of this program, new people in it for each.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use dandelion_networks::{contract::Credentials, egress::Method, outgoing::testing::loopback};
use serde_json::{Value, json};

/// Where posts are kept.
pub const COLLECTION: &str = "app.bsky.feed.post";

/// Somebody there.
#[derive(Clone)]
pub struct Person {
    pub did: String,
    pub handle: String,
    token: String,
}

/// Two people of the network: us and a customer.
pub struct Bluesky {
    pub pds: u16,
    pub plc: u16,
    pub jetstream: u16,
    pub us: Person,
    pub ana: Person,
    password: Mutex<(String, String)>,
}

/// How many tests have had people of their own.
static PEOPLE: AtomicUsize = AtomicUsize::new(0);

/// Ends when this program does: what it reads from us is closed then.
static NETWORK: tokio::sync::Mutex<Option<(Child, [u16; 3])>> = tokio::sync::Mutex::const_new(None);

impl Bluesky {
    /// None where whoever runs the tests did not ask for this tier.
    pub async fn start() -> Option<Self> {
        if std::env::var_os("DANDELION_TEST_BLUESKY").is_none() {
            eprintln!(
                "\n*** NOT TESTED: Bluesky, live; set DANDELION_TEST_BLUESKY=1 to start its network (minutes) ***\n"
            );
            return None;
        }
        let [plc, pds, jetstream] = network().await;
        let number = PEOPLE.fetch_add(1, Ordering::Relaxed);
        let (us, ana) = (account(pds, "care", number).await, account(pds, "ana", number).await);
        let peer = Self { pds, plc, jetstream, us, ana, password: Mutex::default() };
        peer.sign_in_again().await;
        Some(peer)
    }

    pub fn credentials(&self) -> Credentials {
        Credentials::none().with("password", self.password.lock().expect("the password").1.clone())
    }

    /// The customer says something; its address.
    pub async fn say(&self, text: &str) -> String {
        let name = format!("@{}", self.us.handle);
        let facet = json!({ "index": { "byteStart": 0, "byteEnd": name.len() },
            "features": [{ "$type": "app.bsky.richtext.facet#mention", "did": self.us.did }] });
        let uri = self.write(&self.ana, &json!({ "text": format!("{name} {text}"), "facets": [facet] })).await;
        self.told(&uri).await;
        uri
    }

    /// Somebody writes a post; its address.
    pub async fn write(&self, who: &Person, record: &Value) -> String {
        let mut record = record.clone();
        record["$type"] = COLLECTION.into();
        record["createdAt"] = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string().into();
        let body = json!({ "repo": who.did, "collection": COLLECTION, "record": record });
        let made = self.ask(who, Method::POST, "com.atproto.repo.createRecord", "", Some(&body)).await;
        made["uri"].as_str().expect("an address").to_owned()
    }

    /// Waits until we are shown it: the network takes a moment from one of its servers to the other.
    async fn told(&self, uri: &str) {
        for _ in 0..400 {
            let told =
                self.ask(&self.us, Method::GET, "app.bsky.notification.listNotifications", "?limit=20", None).await;
            let told = told["notifications"].as_array().cloned().unwrap_or_default();
            if told.iter().any(|one| one["uri"] == uri) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("never shown: {uri}");
    }

    pub async fn shown(&self, uri: &str) -> Option<Value> {
        let uri = uri.replace(':', "%3A").replace('/', "%2F");
        let shown = self.ask(&self.us, Method::GET, "app.bsky.feed.getPosts", &format!("?uris={uri}"), None).await;
        shown["posts"].get(0).cloned()
    }

    /// The customer takes their words back.
    pub async fn delete(&self, uri: &str) {
        let key = uri.rsplit('/').next().expect("a key");
        let body = json!({ "repo": self.ana.did, "collection": COLLECTION, "rkey": key });
        self.ask(&self.ana, Method::POST, "com.atproto.repo.deleteRecord", "", Some(&body)).await;
        for _ in 0..400 {
            if self.shown(uri).await.is_none() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("never gone: {uri}");
    }

    /// How often these words stand in what the account holds.
    pub async fn published(&self, text: &str) -> usize {
        let (mut said, mut below) = (0, String::new());
        loop {
            let query = format!("?repo={}&collection={COLLECTION}&limit=100{below}", self.us.did);
            let page = self.ask(&self.us, Method::GET, "com.atproto.repo.listRecords", &query, None).await;
            let records = page["records"].as_array().cloned().unwrap_or_default();
            said += records.iter().filter(|it| it["value"]["text"].as_str().is_some_and(|t| t.contains(text))).count();
            let Some(next) = page["cursor"].as_str().filter(|_| !records.is_empty()) else { return said };
            below = format!("&cursor={next}");
        }
    }

    /// The app password is taken back.
    pub async fn revoke(&self) {
        let name = self.password.lock().expect("the password").0.clone();
        self.ask(&self.us, Method::POST, "com.atproto.server.revokeAppPassword", "", Some(&json!({ "name": name })))
            .await;
    }

    /// A new app password, made as a person would in the settings of the account.
    pub async fn sign_in_again(&self) {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let name = format!("dandelion-{}", MADE.fetch_add(1, Ordering::Relaxed));
        let made = self
            .ask(&self.us, Method::POST, "com.atproto.server.createAppPassword", "", Some(&json!({ "name": name })))
            .await;
        let password = made["password"].as_str().expect("a password").to_owned();
        *self.password.lock().expect("the password") = (name, password);
    }

    pub async fn ask(&self, who: &Person, method: Method, name: &str, query: &str, body: Option<&Value>) -> Value {
        ask(self.pds, &who.token, method, name, query, body).await
    }
}

async fn account(pds: u16, name: &str, number: usize) -> Person {
    let handle = format!("{name}{number}.test");
    let body = json!({ "handle": handle, "email": format!("{name}{number}@mail.test"), "password": "pw-123456" });
    let made = ask(pds, "", Method::POST, "com.atproto.server.createAccount", "", Some(&body)).await;
    let text = |name: &str| made[name].as_str().unwrap_or_else(|| panic!("no {name} in {made}")).to_owned();
    Person { did: text("did"), handle, token: text("accessJwt") }
}

async fn network() -> [u16; 3] {
    let mut network = NETWORK.lock().await;
    if let Some((_, ports)) = &*network {
        return *ports;
    }
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let ready = Command::new(format!("{root}/scripts/peers")).arg("bluesky").output().expect("scripts/peers");
    assert!(
        ready.status.success(),
        "the network of @atproto/dev-env could not be made ready; mend that, or leave DANDELION_TEST_BLUESKY out: {}",
        String::from_utf8_lossy(&ready.stderr).trim()
    );
    let program = String::from_utf8_lossy(&ready.stdout).trim().to_owned();
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the network of @atproto/dev-env");
    let mut lines = BufReader::new(child.stdout.take().expect("its words")).lines();
    let ports = tokio::task::spawn_blocking(move || {
        let ready = lines.by_ref().map_while(Result::ok).find(|line| line.contains("\"ready\""));
        // Whatever else it says is read and forgotten, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        let told: Value = serde_json::from_str(&ready.expect("it ended before it was ready")).expect("JSON");
        ["plc", "pds", "jetstream"].map(|name| u16::try_from(told[name].as_u64().expect("a port")).expect("a port"))
    });
    let ports = tokio::time::timeout(Duration::from_mins(3), ports).await.expect("it never comes up").expect("ports");
    *network = Some((child, ports));
    ports
}

async fn ask(pds: u16, token: &str, method: Method, name: &str, query: &str, body: Option<&Value>) -> Value {
    let token = format!("Bearer {token}");
    let mut headers = vec![("content-type", "application/json")];
    if token.len() > 7 {
        headers.push(("authorization", &token));
    }
    let body = body.map(|body| body.to_string().into_bytes());
    if body.is_none() {
        headers.remove(0);
    }
    let url = format!("http://127.0.0.1:{pds}/xrpc/{name}{query}");
    let answer = loopback().send(method, &url, &headers, body).await.expect("an answer");
    assert!(answer.status < 400, "{name}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
    serde_json::from_slice(&answer.body).unwrap_or_default()
}
