//! Synapse, the server that most of Matrix runs on, with one public room in which a customer speaks.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::Duration,
};

use dandelion_networks::{contract::Credentials, egress::Method, outgoing::testing::loopback};
use serde_json::{Value, json};

/// The server's name, the room's address, and what we are called there.
pub const ROOM: &str = "#kettles:hub.test";
pub const US: &str = "@care:hub.test";

pub struct Homeserver {
    process: Child,
    folder: PathBuf,
    pub port: u16,
    ana: String,
    care: Mutex<String>,
    pub room: String,
    said: Mutex<usize>,
}

impl Drop for Homeserver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Homeserver {
    /// Starts it by the Python that has it installed.
    pub async fn start(python: &str) -> Self {
        let port = super::peer::free_port();
        let folder = std::env::temp_dir().join(format!("dandelion-synapse-{port}"));
        fs::create_dir_all(&folder).expect("a folder");
        let command = || {
            let mut command = Command::new(python);
            let log = || fs::OpenOptions::new().create(true).append(true).open(folder.join("out")).expect("a file");
            command.current_dir(&folder).args(["-m", "synapse.app.homeserver"]).stdout(log()).stderr(log());
            command.stdin(Stdio::null());
            command
        };
        let made = command()
            .args(["--server-name", "hub.test", "--config-path", "hs.yaml", "--generate-config", "--report-stats=no"])
            .status()
            .expect("Synapse");
        assert!(made.success(), "{}", told(&folder));
        fs::write(folder.join("over.yaml"), settings(port)).expect("a file");
        let process = command().args(["-c", "hs.yaml", "-c", "over.yaml"]).spawn().expect("Synapse");
        let mut server = Self {
            process,
            folder,
            port,
            ana: String::new(),
            care: Mutex::default(),
            room: String::new(),
            said: Mutex::default(),
        };
        server.up().await;
        server.ana = server.register("ana").await;
        let care = server.register("care").await;
        *server.care.lock().expect("the token") = care;
        let room = json!({ "preset": "public_chat", "room_alias_name": "kettles", "name": "Kettles" });
        let made = server.ask(Method::POST, "/createRoom", &server.ana, Some(&room)).await;
        made["room_id"].as_str().expect("a room").clone_into(&mut server.room);
        server
    }

    async fn up(&mut self) {
        for _ in 0..600 {
            let url = format!("http://127.0.0.1:{}/_matrix/client/versions", self.port);
            if loopback().get(&url, &[]).await.is_ok_and(|answer| answer.status == 200) {
                return;
            }
            assert!(self.process.try_wait().expect("a process").is_none(), "{}", told(&self.folder));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("Synapse does not come up: {}", told(&self.folder));
    }

    async fn register(&self, name: &str) -> String {
        let who = json!({ "username": name, "password": "pw12345678", "auth": { "type": "m.login.dummy" } });
        let made = self.ask(Method::POST, "/register", "", Some(&who)).await;
        made["access_token"].as_str().expect("a token").to_owned()
    }

    pub fn credentials(&self) -> Credentials {
        Credentials::none().with("token", self.care.lock().expect("the token").clone())
    }

    async fn ask(&self, method: Method, path: &str, token: &str, body: Option<&Value>) -> Value {
        let token = format!("Bearer {token}");
        let mut headers = vec![("content-type", "application/json")];
        if token.len() > "Bearer ".len() {
            headers.push(("authorization", token.as_str()));
        }
        let url = format!("http://127.0.0.1:{}/_matrix/client/v3{path}", self.port);
        let body = body.map(|body| body.to_string().into_bytes());
        let answer = loopback().send(method, &url, &headers, body).await.expect("an answer");
        assert!(answer.status < 400, "{path}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    /// Somebody sends an event; its id in our posts.
    async fn event(&self, token: &str, kind: &str, content: &Value) -> String {
        let number = {
            let mut said = self.said.lock().expect("the count");
            *said += 1;
            *said
        };
        let path = format!("/rooms/{}/send/{kind}/{number}", self.room);
        let sent = self.ask(Method::PUT, &path, token, Some(content)).await;
        format!("{}/{}", self.room, sent["event_id"].as_str().expect("an event"))
    }

    /// The customer says something.
    pub async fn say(&self, text: &str) -> String {
        self.event(&self.ana, "m.room.message", &json!({ "msgtype": "m.text", "body": text })).await
    }

    /// The customer sends any event.
    pub async fn send(&self, kind: &str, content: &Value) -> String {
        self.event(&self.ana, kind, content).await
    }

    /// We say something ourselves.
    pub async fn say_as_us(&self, text: &str) -> String {
        let care = self.care.lock().expect("the token").clone();
        self.ask(Method::POST, &format!("/join/{}", self.room), &care, Some(&json!({}))).await;
        self.event(&care, "m.room.message", &json!({ "msgtype": "m.text", "body": text })).await
    }

    pub async fn edit(&self, id: &str, text: &str) {
        let new = json!({ "msgtype": "m.text", "body": text });
        let related = json!({ "rel_type": "m.replace", "event_id": event_of(id) });
        let content =
            json!({ "msgtype": "m.text", "body": format!("* {text}"), "m.new_content": new, "m.relates_to": related });
        self.event(&self.ana, "m.room.message", &content).await;
    }

    pub async fn delete(&self, id: &str) {
        let path = format!("/rooms/{}/redact/{}/gone", self.room, event_of(id));
        self.ask(Method::PUT, &path, &self.ana, Some(&json!({}))).await;
    }

    pub async fn sign_out(&self) {
        let care = self.care.lock().expect("the token").clone();
        self.ask(Method::POST, "/logout", &care, Some(&json!({}))).await;
    }

    pub async fn sign_in(&self) {
        let who = json!({ "type": "m.login.password", "identifier": { "type": "m.id.user", "user": "care" }, "password": "pw12345678" });
        let signed = self.ask(Method::POST, "/login", "", Some(&who)).await;
        let token = signed["access_token"].as_str().expect("a token");
        token.clone_into(&mut self.care.lock().expect("the token"));
    }

    /// All that was said as us, page by page.
    pub async fn ours(&self) -> Vec<String> {
        let (mut said, mut from) = (Vec::new(), String::new());
        loop {
            let path = format!("/rooms/{}/messages?dir=b&limit=500{from}", self.room);
            let told = self.ask(Method::GET, &path, &self.ana, None).await;
            let events = told["chunk"].as_array().cloned().unwrap_or_default();
            let ours = events.iter().filter(|event| event["sender"] == US);
            said.extend(ours.map(|event| event["content"]["body"].as_str().unwrap_or_default().to_owned()));
            match told["end"].as_str().filter(|_| !events.is_empty()) {
                Some(end) => from = format!("&from={end}"),
                None => return said,
            }
        }
    }

    /// Our messages with these words, as the customer sees them.
    pub async fn published(&self, words: &str) -> Vec<Value> {
        let path = format!("/rooms/{}/messages?dir=b&limit=500", self.room);
        let told = self.ask(Method::GET, &path, &self.ana, None).await;
        let events = told["chunk"].as_array().cloned().unwrap_or_default();
        let ours = |event: &Value| {
            event["sender"] == US && event["content"]["body"].as_str().is_some_and(|body| body.contains(words))
        };
        events.into_iter().filter(ours).collect()
    }
}

pub fn event_of(id: &str) -> &str {
    id.split_once('/').map_or(id, |(_, event)| event)
}

fn told(folder: &Path) -> String {
    fs::read_to_string(folder.join("out")).unwrap_or_default()
}

fn settings(port: u16) -> String {
    let fast = "{ per_second: 100000, burst_count: 100000 }";
    format!(
        "listeners:\n  - port: {port}\n    tls: false\n    type: http\n    bind_addresses: ['127.0.0.1']\n    resources:\n      - names: [client]\n\
         enable_registration: true\nenable_registration_without_verification: true\ntrusted_key_servers: []\n\
         suppress_key_server_warning: true\nrc_message: {fast}\nrc_registration: {fast}\nrc_joins:\n  local: {fast}\n\
         caches:\n  sync_response_cache_duration: 0s\n\
         rc_login:\n  address: {fast}\n  account: {fast}\n"
    )
}
