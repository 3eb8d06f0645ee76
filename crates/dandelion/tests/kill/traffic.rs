//! What goes on while the program is killed: a webhook that delivers, files that are imported, replies that are sent.

use std::{
    collections::{HashSet, VecDeque},
    fmt::Write as _,
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use dandelion_hub::{
    Hub,
    case::{self, Filter},
    handle, member,
    reply::{self, New, Send, State},
    scope::Viewer,
};
use dandelion_networks::{
    outgoing::testing::loopback,
    webhook::{Secret, sign},
};
use jiff::Timestamp;
use tokio::task::JoinHandle;

use super::world::{Keys, World, text};

/// Posts of one imported file.
const FILE_POSTS: i64 = 150;

/// A network that delivers posts by signed webhook and delivers each again until it is acknowledged.
pub struct Hook {
    acknowledged: Arc<AtomicI64>,
    stop: Arc<AtomicBool>,
    work: JoinHandle<i64>,
}

impl Hook {
    pub fn start(address: String, secret: String) -> Self {
        let (acknowledged, stop) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicBool::new(false)));
        let secret = Secret::parse(&secret).expect("a secret");
        let work = tokio::spawn(deliver(address, secret, acknowledged.clone(), stop.clone()));
        Self { acknowledged, stop, work }
    }

    pub fn acknowledged(&self) -> i64 {
        self.acknowledged.load(Ordering::SeqCst)
    }

    /// Ends after the delivery under way is acknowledged; how many posts were delivered and how many acknowledged.
    pub async fn finish(self) -> (i64, i64) {
        self.stop.store(true, Ordering::SeqCst);
        let delivered = self.work.await.expect("the webhook");
        (delivered, self.acknowledged.load(Ordering::SeqCst))
    }
}

async fn deliver(address: String, secret: Secret, acknowledged: Arc<AtomicI64>, stop: Arc<AtomicBool>) -> i64 {
    let client = loopback();
    let mut number = 0;
    while !stop.load(Ordering::SeqCst) {
        number += 1;
        let post = serde_json::json!({
            "id": format!("h{number}"), "network": "demo", "text": format!("My kettle drips, says customer {number}"),
            "author": { "id": format!("a{number}"), "handle": format!("customer{number}") },
        });
        let body =
            serde_json::json!({ "type": "post.created", "timestamp": Timestamp::now().to_string(), "data": post });
        let (body, id) = (body.to_string().into_bytes(), format!("d{number}"));
        loop {
            let at = Timestamp::now();
            let (seconds, signature) = (at.as_second().to_string(), sign(&id, at, &body, &secret));
            let headers = [
                ("content-type", "application/json"),
                ("webhook-id", id.as_str()),
                ("webhook-timestamp", seconds.as_str()),
                ("webhook-signature", signature.as_str()),
            ];
            match client.post(&format!("{address}/hooks/hook"), &headers, body.clone()).await {
                Ok(answer) if (200..300).contains(&answer.status) => break,
                Ok(answer) => assert!(answer.status >= 500 || answer.status == 429, "refused: {}", answer.status),
                Err(_) => {}
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        acknowledged.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    number
}

/// Files imported by `dandelion import`, each again until one run of it succeeds.
pub struct Imports<'w> {
    world: &'w World,
    waiting: VecDeque<PathBuf>,
    running: Option<Child>,
    files: i64,
}

impl<'w> Imports<'w> {
    pub fn new(world: &'w World) -> Self {
        Self { world, waiting: VecDeque::new(), running: None, files: 0 }
    }

    /// One more file, and an import of the oldest one unless one is running.
    pub fn begin(&mut self, round: u32) {
        let path = self.world.file(&format!("posts-{round}.jsonl"));
        let mut lines = String::new();
        for post in 0..FILE_POSTS {
            let id = format!("i{round}-{post}");
            let _ = writeln!(lines, r#"{{"id":"{id}","text":"The kettle of customer {id} does not switch off"}}"#);
        }
        fs::write(&path, lines).expect("a file");
        self.files += 1;
        self.waiting.push_back(path);
        self.reap();
        if self.running.is_none() {
            self.running = self.waiting.front().map(|file| self.import(file).spawn().expect("an import"));
        }
    }

    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.kill();
            if running.wait().is_ok_and(|ended| ended.success()) {
                self.waiting.pop_front();
            }
        }
    }

    /// Waits for the running import and imports everything left.
    pub fn finish(&mut self) {
        if let Some(mut running) = self.running.take()
            && running.wait().is_ok_and(|ended| ended.success())
        {
            self.waiting.pop_front();
        }
        while let Some(file) = self.waiting.pop_front() {
            let done = self.import(&file).output().expect("an import");
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        }
    }

    /// How many posts all files hold.
    pub fn posts(&self) -> i64 {
        self.files * FILE_POSTS
    }

    fn reap(&mut self) {
        let Some(running) = &mut self.running else { return };
        if let Ok(Some(ended)) = running.try_wait() {
            assert!(ended.success(), "an import ended with {ended}");
            self.waiting.pop_front();
            self.running = None;
        }
    }

    fn import(&self, file: &std::path::Path) -> Command {
        let mut command = self.world.command();
        command.args(["import", &text(file), "--source", "archive", "--network", "archive"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

/// Ana, who answers case after case, from both handles in turn.
pub struct Replies {
    hub: Hub,
    viewer: Viewer,
    handles: [(i64, Keys); 2],
    answered: HashSet<i64>,
    sent: Vec<(i64, Keys)>,
}

impl Replies {
    pub async fn new(hub: Hub) -> Self {
        let ana = member::by_key(&hub.db, "ana").await.expect("the members").expect("Ana");
        let viewer = member::viewer(&hub, ana.id).await.expect("Ana");
        let handles = handle::all(&hub.db).await.expect("the handles");
        let id = |key: &str| handles.iter().find(|handle| handle.key == key).expect("a handle").id;
        let handles = [(id("honest"), Keys::Honoured), (id("forgetful"), Keys::Ignored)];
        Self { hub, viewer, handles, answered: HashSet::new(), sent: Vec::new() }
    }

    /// Answers so many cases of the webhook's network that have no answer yet.
    pub async fn send_some(&mut self, count: usize) {
        let filter = Filter { network: Some("demo".into()), ..Filter::default() };
        let list = case::list(&self.hub, &self.viewer, &filter, None, 200).await.expect("the inbox");
        let open: Vec<i64> =
            list.rows.iter().map(|row| row.id).filter(|id| !self.answered.contains(id)).take(count).collect();
        for case_id in open {
            self.answered.insert(case_id);
            let (handle_id, keys) = self.handles[self.sent.len() % 2];
            let text = format!("Sorry to hear that! We look into case {case_id}.");
            let new = New { case_id, post_id: None, handle_id, text };
            let drafted = reply::draft(&self.hub, &self.viewer, &new).await.expect("a draft");
            let send = Send { undo: 0, ..Send::version(drafted.version) };
            reply::queue(&self.hub, &self.viewer, drafted.id, send).await.expect("a reply in line");
            self.sent.push((drafted.id, keys));
        }
    }

    /// Waits until no reply is on its way any more; where each stands.
    pub async fn settled(&self, most: Duration) -> Vec<(i64, State)> {
        let from = Instant::now();
        loop {
            let mut states = Vec::new();
            for (id, _) in &self.sent {
                states.push((*id, reply::find(&self.hub, &self.viewer, *id).await.expect("a reply").state));
            }
            let under_way = states.iter().filter(|(_, state)| matches!(state, State::Queued | State::Sending)).count();
            if under_way == 0 {
                return states;
            }
            assert!(from.elapsed() < most, "{under_way} replies do not settle");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    pub fn all(&self) -> &[(i64, Keys)] {
        &self.sent
    }

    pub fn viewer(&self) -> &Viewer {
        &self.viewer
    }
}
