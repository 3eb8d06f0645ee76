//! The servers on the other side, each spoken to as its own people would.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use dandelion_networks::{
    About,
    contract::{Access, Credentials, Place},
    egress::Method,
    networks,
    outgoing::testing::loopback,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    bluesky_peer::Bluesky,
    faults::{Fault, Proxy},
    homeserver::{self, Homeserver},
    post_office::{ANA, CARE, PostOffice},
};

/// A network's server, behind a proxy that can do harm.
pub struct Peer {
    pub about: &'static About,
    pub proxy: Proxy,
    kind: Kind,
}

enum Kind {
    /// A web server of a few lines with one RSS feed.
    Feed(Arc<Mutex<Vec<(usize, String)>>>),
    /// `dandelion demo-network`.
    Demo { _process: Process, port: u16 },
    /// mastodon-mock: a stateful server with Mastodon's interface.
    Mastodon { _process: Process, port: u16, us: Mutex<String>, ana: String, _turn: Turn },
    /// Synapse.
    Matrix { server: Homeserver, _turn: Turn },
    /// Dovecot and OpenSMTPD; the ports of the proxy.
    Mail { office: PostOffice, imap: u16, smtp: u16, _turn: Turn },
    /// The network of @atproto/dev-env.
    Bluesky(Box<Bluesky>),
}

/// One at a time: each takes a whole core for seconds to come up, and tests measure how long things take.
pub static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
type Turn = tokio::sync::MutexGuard<'static, ()>;

/// Ends with the test, whatever becomes of it.
pub struct Process(pub Child, pub Option<PathBuf>);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
        if let Some(file) = &self.1 {
            let _ = std::fs::remove_file(file);
        }
    }
}

/// Who we are on the demo network and on Mastodon.
pub const US: &str = "@testuser";
/// The instance's name for itself.
pub const DOMAIN: &str = "social.test";

impl Peer {
    pub async fn feed() -> Self {
        let posts: Arc<Mutex<Vec<(usize, String)>>> = Arc::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shown = posts.clone();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let body = rss(&shown.lock().expect("the posts"));
                tokio::spawn(async move {
                    let _ = client.read(&mut [0; 8192]).await;
                    let head =
                        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                    let _ = client.write_all(format!("{head}{body}").as_bytes()).await;
                });
            }
        });
        Self { about: find("feed"), proxy: Proxy::before(port).await, kind: Kind::Feed(posts) }
    }

    pub async fn demo() -> Self {
        let port = free_port();
        let file = std::env::temp_dir().join(format!("dandelion-contract-{port}.jsonl"));
        let _ = std::fs::remove_file(&file);
        let mut command = Command::new(env!("CARGO_BIN_EXE_dandelion"));
        command.args(["demo-network", "--listen", &format!("127.0.0.1:{port}"), "--state"]).arg(&file);
        let process = Process(command.stdout(Stdio::null()).spawn().expect("the demo network"), Some(file));
        up(port, "/api/posts").await;
        let kind = Kind::Demo { _process: process, port };
        Self { about: find("demo"), proxy: Proxy::before(port).await, kind }
    }

    /// None where whoever runs the tests says that they do without real servers (`DANDELION_TEST_NO_PEERS`).
    pub async fn mastodon() -> Option<Self> {
        if std::env::var_os("DANDELION_TEST_NO_PEERS").is_some() {
            eprintln!("\n*** NOT TESTED: Mastodon, live ***\n");
            return None;
        }
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let ready = Command::new(format!("{root}/scripts/peers")).arg("mastodon").output().expect("scripts/peers");
        assert!(
            ready.status.success(),
            "mastodon-mock could not be made ready; mend that, or set DANDELION_TEST_NO_PEERS=1 to do without it: {}",
            String::from_utf8_lossy(&ready.stderr).trim()
        );
        let program = String::from_utf8_lossy(&ready.stdout).trim().to_owned();
        let turn = ONE.lock().await;
        let port = free_port();
        let mut command = Command::new(program);
        command.args(["serve", "--in-memory", "--host", "127.0.0.1", "--port", &port.to_string()]);
        command.args(["--domain", DOMAIN, "--log-level", "critical"]);
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("mastodon-mock");
        let process = Process(process, None);
        up(port, "/api/v1/instance").await;
        let form = "username=ana&email=ana@social.test&password=pw12345678&agreement=true&locale=en";
        let headers = [("authorization", "Bearer mock_token"), ("content-type", "application/x-www-form-urlencoded")];
        let url = format!("http://127.0.0.1:{port}/api/v1/accounts");
        let made = loopback().post(&url, &headers, form.as_bytes().to_vec()).await.expect("an answer");
        let made: Value = serde_json::from_slice(&made.body).expect("an account");
        let ana = made["access_token"].as_str().expect("a token").to_owned();
        let kind =
            Kind::Mastodon { _process: process, port, us: Mutex::new("mock_token".to_owned()), ana, _turn: turn };
        Some(Self { about: find("mastodon"), proxy: Proxy::before(port).await, kind })
    }

    /// None where whoever runs the tests says that they do without real servers.
    pub async fn mail() -> Option<Self> {
        if std::env::var_os("DANDELION_TEST_NO_PEERS").is_some() {
            eprintln!("\n*** NOT TESTED: e-mail, live ***\n");
            return None;
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/peers");
        let ready = Command::new(script).arg("mail").output().expect("scripts/peers");
        assert!(
            ready.status.success(),
            "Dovecot and OpenSMTPD could not be made ready; mend that, or set DANDELION_TEST_NO_PEERS=1 to do without \
             them: {}",
            String::from_utf8_lossy(&ready.stderr).trim()
        );
        let turn = ONE.lock().await;
        let office = PostOffice::open(None).await;
        let (proxy, imap, smtp) = Proxy::before_mail(office.imap, office.smtp).await;
        Some(Self { about: find("email"), proxy, kind: Kind::Mail { office, imap, smtp, _turn: turn } })
    }

    /// None where whoever runs the tests says that they do without real servers.
    pub async fn matrix() -> Option<Self> {
        if std::env::var_os("DANDELION_TEST_NO_PEERS").is_some() {
            eprintln!("\n*** NOT TESTED: Matrix, live ***\n");
            return None;
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/peers");
        let ready = Command::new(script).arg("matrix").output().expect("scripts/peers");
        assert!(
            ready.status.success(),
            "Synapse could not be made ready; mend that, or set DANDELION_TEST_NO_PEERS=1 to do without it: {}",
            String::from_utf8_lossy(&ready.stderr).trim()
        );
        let turn = ONE.lock().await;
        let server = Homeserver::start(String::from_utf8_lossy(&ready.stdout).trim()).await;
        let proxy = Proxy::before(server.port).await;
        Some(Self { about: find("matrix"), proxy, kind: Kind::Matrix { server, _turn: turn } })
    }

    /// The Matrix server itself.
    pub fn homeserver(&self) -> &Homeserver {
        let Kind::Matrix { server, .. } = &self.kind else { panic!("no Matrix server") };
        server
    }

    /// How a request that says something begins.
    pub fn writes(&self) -> &'static str {
        match self.kind {
            Kind::Matrix { .. } => "PUT",
            _ => "POST",
        }
    }

    /// The mail server itself.
    pub fn office(&self) -> &PostOffice {
        let Kind::Mail { office, .. } = &self.kind else { panic!("no mail server") };
        office
    }

    /// None where whoever runs the tests did not ask for this tier.
    pub async fn bluesky() -> Option<Self> {
        let bluesky = Bluesky::start().await?;
        let proxy = Proxy::before(bluesky.pds).await;
        Some(Self { about: find("bluesky"), proxy, kind: Kind::Bluesky(Box::new(bluesky)) })
    }

    /// What only Bluesky has.
    pub fn of_bluesky(&self) -> &Bluesky {
        let Kind::Bluesky(bluesky) = &self.kind else { panic!("another network") };
        bluesky
    }

    /// Where posts that concern us are read.
    pub fn place(&self) -> Place {
        let mut place = Place { url: self.proxy.address.clone(), ..Place::default() };
        match &self.kind {
            Kind::Feed(_) => place.url.push_str("/feed.xml"),
            Kind::Demo { .. } => {}
            Kind::Mastodon { .. } => place.credentials = self.credentials(),
            Kind::Matrix { .. } => {
                place.credentials = self.credentials();
                place.settings.insert("room".into(), homeserver::ROOM.into());
            }
            Kind::Mail { imap, smtp, .. } => {
                place.url = format!("mailto:{CARE}");
                place.credentials = self.credentials();
                for (name, port) in [("imap", imap), ("smtp", smtp)] {
                    place.settings.insert(name.into(), format!("127.0.0.1:{port}").into());
                }
                // Whoever counts hundreds of answers sends them to one person; more than these nobody may get.
                if std::env::var_os("DANDELION_ONCE").is_some() {
                    place.settings.insert("cap".into(), "1000".into());
                }
            }
            Kind::Bluesky(bluesky) => {
                place.credentials = self.credentials();
                place.settings.insert("account".into(), self.us().into());
                place.settings.insert("jetstream".into(), format!("ws://127.0.0.1:{}", bluesky.jetstream).into());
            }
        }
        place
    }

    pub fn credentials(&self) -> Credentials {
        match &self.kind {
            Kind::Mastodon { us, .. } => Credentials::none().with("token", us.lock().expect("the token").clone()),
            Kind::Mail { office, .. } => office.credentials(),
            Kind::Matrix { server, .. } => server.credentials(),
            Kind::Bluesky(bluesky) => bluesky.credentials(),
            _ => Credentials::none(),
        }
    }

    /// What we are called there.
    pub fn us(&self) -> String {
        match &self.kind {
            Kind::Mastodon { .. } => format!("{US}@{DOMAIN}"),
            Kind::Bluesky(bluesky) => format!("@{}", bluesky.us.handle),
            Kind::Mail { .. } => CARE.to_owned(),
            Kind::Matrix { .. } => homeserver::US.to_owned(),
            _ => US.to_owned(),
        }
    }

    /// A customer says something to us; the id it has in our posts.
    pub async fn say(&self, text: &str) -> String {
        match &self.kind {
            Kind::Feed(posts) => {
                let mut posts = posts.lock().expect("the posts");
                let id = posts.len() + 1;
                posts.push((id, text.to_owned()));
                format!("post-{id}")
            }
            Kind::Demo { port, .. } => {
                let post = json!({ "author": "@ana", "text": format!("{US} {text}") });
                id_of(&ask(*port, Method::POST, "/api/posts", "", Some(&post)).await)
            }
            Kind::Mastodon { port, ana, .. } => {
                let status = json!({ "status": format!("{US} {text}"), "visibility": "public" });
                let said = ask(*port, Method::POST, "/api/v1/statuses", ana, Some(&status)).await;
                format!("{}@{DOMAIN}", id_of(&said))
            }
            Kind::Mail { office, .. } => office.deliver(ANA, "Subject: A question\r\n", text).await,
            Kind::Matrix { server, .. } => server.say(text).await,
            Kind::Bluesky(bluesky) => bluesky.say(text).await,
        }
    }

    /// A customer writes to nobody but us, where that is another thing than writing.
    pub async fn say_privately(&self, text: &str) {
        let Kind::Mastodon { port, ana, .. } = &self.kind else { return };
        let status = json!({ "status": format!("{US} {text}"), "visibility": "direct" });
        ask(*port, Method::POST, "/api/v1/statuses", ana, Some(&status)).await;
    }

    /// We say something ourselves, where what is read shows it.
    pub async fn say_as_us(&self, text: &str) -> Option<String> {
        if let Kind::Mail { office, .. } = &self.kind {
            return Some(office.deliver(CARE, "Subject: News\r\n", text).await);
        }
        if let Kind::Matrix { server, .. } = &self.kind {
            return Some(server.say_as_us(text).await);
        }
        let Kind::Demo { port, .. } = &self.kind else { return None };
        let post = json!({ "author": US, "text": text });
        Some(id_of(&ask(*port, Method::POST, "/api/posts", "", Some(&post)).await))
    }

    /// The customer changes their words; false where that cannot be seen there.
    pub async fn edit(&self, id: &str, text: &str) -> bool {
        match &self.kind {
            Kind::Feed(posts) => {
                let number: usize = id.trim_start_matches("post-").parse().expect("a number");
                text.clone_into(&mut posts.lock().expect("the posts")[number - 1].1);
                true
            }
            Kind::Demo { .. } | Kind::Mail { .. } | Kind::Bluesky(_) => false,
            Kind::Matrix { server, .. } => {
                server.edit(id, text).await;
                true
            }
            Kind::Mastodon { port, ana, .. } => {
                let status = json!({ "status": format!("{US} {text}") });
                ask(*port, Method::PUT, &format!("/api/v1/statuses/{}", local(id)), ana, Some(&status)).await;
                true
            }
        }
    }

    /// The customer takes their words back; false where that cannot be seen there.
    pub async fn delete(&self, id: &str) -> bool {
        if let Kind::Matrix { server, .. } = &self.kind {
            server.delete(id).await;
            return true;
        }
        if let Kind::Bluesky(bluesky) = &self.kind {
            bluesky.delete(id).await;
            return true;
        }
        let Kind::Mastodon { port, ana, .. } = &self.kind else { return false };
        ask(*port, Method::DELETE, &format!("/api/v1/statuses/{}", local(id)), ana, None).await;
        true
    }

    /// We are signed out; true where there was anything to sign out of.
    pub async fn revoke(&self) -> bool {
        if let Kind::Mail { office, .. } = &self.kind {
            // The credentials we have no longer hold; a person has the new ones.
            office.change_password().await;
            return true;
        }
        if let Kind::Matrix { server, .. } = &self.kind {
            server.sign_out().await;
            return true;
        }
        if let Kind::Bluesky(bluesky) = &self.kind {
            bluesky.revoke().await;
            // What was signed in holds for two hours more; so this is how it looks after them.
            let ran_out = "{\"error\":\"ExpiredToken\",\"message\":\"Token has expired\"}".to_owned();
            self.proxy.next("GET", Fault::Say("400 Bad Request", String::new(), ran_out));
            return true;
        }
        let Kind::Mastodon { port, us, .. } = &self.kind else { return false };
        let form = format!("token={}", us.lock().expect("the token"));
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let url = format!("http://127.0.0.1:{port}/oauth/revoke");
        assert_eq!(loopback().post(&url, &headers, form.into_bytes()).await.expect("an answer").status, 200);
        true
    }

    /// We sign in again, as a person would: the application registers, they agree, and bring the code.
    pub async fn sign_in_again(&self) {
        if let Kind::Matrix { server, .. } = &self.kind {
            return server.sign_in().await;
        }
        if let Kind::Bluesky(bluesky) = &self.kind {
            return bluesky.sign_in_again().await;
        }
        let Kind::Mastodon { port, us, .. } = &self.kind else { return };
        let there = access(Place { url: self.proxy.address.clone(), ..Place::default() });
        let begun = self.about.connector.authorize(&there).await.expect("a sign-in");
        assert!(begun.url.contains("/oauth/authorize?client_id="), "{}", begun.url);
        let agreed = "username=testuser&redirect_uri=urn:ietf:wg:oauth:2.0:oob&client_id=x&scope=read&state=";
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let url = format!("http://127.0.0.1:{port}/oauth/authorize");
        let page = loopback().post(&url, &headers, agreed.as_bytes().to_vec()).await.expect("a page");
        let page = String::from_utf8_lossy(&page.body).into_owned();
        let code = page.split("code: ").nth(1).and_then(|rest| rest.split('<').next()).expect("a code").to_owned();
        let place = Place {
            url: self.proxy.address.clone(),
            credentials: begun.credentials.with("code", code),
            ..Place::default()
        };
        let connected = self.about.connector.connect(&access(place)).await.expect("a place");
        assert_eq!(connected.handle.as_deref(), Some("@testuser@social.test"));
        let token = connected.place.credentials.get("token").expect("a token").to_owned();
        assert!(connected.place.credentials.get("client_secret").is_none(), "what is not needed any more is not kept");
        *us.lock().expect("the token") = token;
    }

    /// How often these words really stand there as ours.
    pub async fn published(&self, text: &str) -> usize {
        match &self.kind {
            Kind::Feed(_) => 0,
            Kind::Bluesky(bluesky) => bluesky.published(text).await,
            Kind::Demo { port, .. } => {
                let ledger = ask(*port, Method::GET, "/api/ledger", "", None).await;
                ledger["by_text"][text].as_u64().unwrap_or(0) as usize
            }
            Kind::Mastodon { port, us, .. } => {
                let token = us.lock().expect("the token").clone();
                let me = ask(*port, Method::GET, "/api/v1/accounts/verify_credentials", &token, None).await;
                let mut said = 0;
                let mut below = String::new();
                loop {
                    let path = format!("/api/v1/accounts/{}/statuses?limit=40{below}", id_of(&me));
                    let Value::Array(page) = ask(*port, Method::GET, &path, &token, None).await else {
                        panic!("no list")
                    };
                    said += page
                        .iter()
                        .filter(|status| status["content"].as_str().is_some_and(|c| c.contains(text)))
                        .count();
                    let Some(last) = page.last() else { return said };
                    below = format!("&max_id={}", id_of(last));
                }
            }
            Kind::Mail { office, .. } => office.received(ANA, text).await.len(),
            Kind::Matrix { server, .. } => server.published(text).await.len(),
        }
    }

    /// Everything that really stands there as ours, as its server tells it.
    pub async fn ours(&self) -> Vec<String> {
        match &self.kind {
            Kind::Feed(_) | Kind::Bluesky(_) => Vec::new(),
            Kind::Demo { port, .. } => {
                let ledger = ask(*port, Method::GET, "/api/ledger", "", None).await;
                let by_text = ledger["by_text"].as_object().cloned().unwrap_or_default();
                let each = |(text, times): (String, Value)| vec![text; times.as_u64().unwrap_or(0) as usize];
                by_text.into_iter().flat_map(each).collect()
            }
            Kind::Mastodon { port, us, .. } => {
                let token = us.lock().expect("the token").clone();
                let me = ask(*port, Method::GET, "/api/v1/accounts/verify_credentials", &token, None).await;
                let (mut said, mut below) = (Vec::new(), String::new());
                loop {
                    let path = format!("/api/v1/accounts/{}/statuses?limit=40{below}", id_of(&me));
                    let page = ask(*port, Method::GET, &path, &token, None).await;
                    let page = page.as_array().expect("a list");
                    said.extend(page.iter().map(|status| status["content"].as_str().unwrap_or_default().to_owned()));
                    let Some(last) = page.last() else { return said };
                    below = format!("&max_id={}", id_of(last));
                }
            }
            Kind::Mail { office, .. } => office.received(ANA, "").await,
            Kind::Matrix { server, .. } => server.ours().await,
        }
    }

    /// The server itself, without the proxy.
    pub async fn ask_directly(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        match &self.kind {
            Kind::Mastodon { port, us, .. } => {
                let token = us.lock().expect("the token").clone();
                ask(*port, method, path, &token, body).await
            }
            _ => Value::Null,
        }
    }
}

/// A place with the way to it.
pub fn access(place: Place) -> Access {
    Access::new(crate::world::client(), place, jiff::Timestamp::now())
}

fn find(name: &str) -> &'static About {
    networks::find(name).expect("a network")
}

pub fn local(id: &str) -> &str {
    id.split('@').next().unwrap_or(id)
}

fn id_of(value: &Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("no id in {value}")).to_owned()
}

async fn ask(port: u16, method: Method, path: &str, token: &str, body: Option<&Value>) -> Value {
    let token = format!("Bearer {token}");
    let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
    let url = format!("http://127.0.0.1:{port}{path}");
    let body = body.map(|body| body.to_string().into_bytes());
    let answer = loopback().send(method, &url, &headers, body).await.expect("an answer");
    assert!(answer.status < 400, "{path}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

pub async fn up(port: u16, path: &str) {
    for _ in 0..600 {
        if loopback().get(&format!("http://127.0.0.1:{port}{path}"), &[]).await.is_ok_and(|a| a.status == 200) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the server at {port} does not come up");
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

fn rss(posts: &[(usize, String)]) -> String {
    let item = |(id, text): &(usize, String)| {
        format!("<item><guid isPermaLink=\"false\">post-{id}</guid><description>{text}</description></item>")
    };
    let items: String = posts.iter().rev().map(item).collect();
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>T</title><link>http://x.example/</link>{items}</channel></rss>"
    )
}
