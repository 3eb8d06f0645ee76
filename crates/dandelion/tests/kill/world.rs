//! The programs of the story, each a process of its own.

use std::{
    collections::BTreeMap,
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::Duration,
};

use dandelion_networks::outgoing::testing::loopback;

const BINARY: &str = env!("CARGO_BIN_EXE_dandelion");

const QUERIES: &str = "[[query]]\nname = \"Kettles\"\nunit = \"head\"\ntext = \"kettle\"\n";

/// A folder with everything in it, and the port the hub listens on.
pub struct World {
    folder: PathBuf,
    port: u16,
}

impl World {
    pub fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("dandelion-kill-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        Self { folder, port: free_port() }
    }

    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn hub_address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The program with its data directory and a way to loopback.
    pub fn command(&self) -> Command {
        let mut command = Command::new(BINARY);
        command
            .env("DANDELION_DATA_DIR", self.data())
            .env("DANDELION_ALLOW_PRIVATE", "127.0.0.1")
            .env("DANDELION_LOG", "error");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Organisation, query and webhook; returns the webhook's secret.
    pub fn set_up(&self, honest: &Network, forgetful: &Network) -> String {
        let handle = |key: &str, name: &str, network: &Network| {
            let honours = network.keys == Keys::Honoured;
            format!(
                "[[handle]]\nkey = \"{key}\"\nnetwork = \"demo\"\nname = \"{name}\"\nunit = \"head\"\npurpose = \"care\"\n\
                 kind = \"demo\"\naddress = \"{}\"\nhonours_keys = {honours}\n",
                network.address()
            )
        };
        let org = format!(
            "[organisation]\nname = \"Acme\"\ntime_zone = \"Europe/Berlin\"\nlanguages = [\"en\"]\n\
             [[unit]]\nkey = \"head\"\nname = \"Head office\"\nkind = \"hub\"\n\
             [[member]]\nkey = \"ana\"\nname = \"Ana\"\nemail = \"ana@acme.example\"\nroles = [{{ unit = \"head\", role = \"agent\" }}]\n{}{}",
            handle("honest", "@acme_care", honest),
            handle("forgetful", "@acme_news", forgetful)
        );
        fs::write(self.file("org.toml"), org).expect("org.toml");
        fs::write(self.file("queries.toml"), QUERIES).expect("queries.toml");
        self.must(&["org", "import", &text(&self.file("org.toml"))]);
        self.must(&["query", "import", &text(&self.file("queries.toml"))]);
        let said = self.must(&["source", "add", "--kind", "webhook", "--name", "hook", "--network", "demo"]);
        let secret = said.split_whitespace().find(|word| word.starts_with("whsec_"));
        secret.expect("the webhook's secret").to_owned()
    }

    /// `dandelion check` finds nothing broken.
    pub fn check(&self) {
        let said = self.must(&["check"]);
        assert!(said.contains("everything holds"), "{said}");
    }

    fn must(&self, arguments: &[&str]) -> String {
        let done = self.command().args(arguments).output().expect("the program");
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success(), "{arguments:?}: {said}{}", String::from_utf8_lossy(&done.stderr));
        said
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The hub at work.
pub struct Program(Child);

impl Program {
    pub fn serve(world: &World) -> Self {
        let mut command = world.command();
        command.args(["serve", "--listen", &format!("127.0.0.1:{}", world.port)]);
        command.stdout(Stdio::null()).stderr(Stdio::inherit());
        Self(command.spawn().expect("the hub"))
    }

    /// SIGKILL: it gets no chance to finish anything.
    pub fn kill(&mut self) {
        let ended = self.0.try_wait().expect("the hub's state");
        assert!(ended.is_none(), "the hub ended by itself: {ended:?}");
        self.0.kill().expect("kill");
        self.0.wait().expect("wait");
    }

    /// SIGTERM: it finishes what is under way.
    pub fn stop(mut self) {
        let told = Command::new("kill").arg(self.0.id().to_string()).status().expect("kill");
        assert!(told.success());
        let ended = self.0.wait().expect("wait");
        assert!(ended.success(), "the hub ended with {ended}");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether a network looks at idempotency keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    Honoured,
    Ignored,
}

/// A demo network as a process of its own, which nobody kills. It loses every fifth acknowledgement.
pub struct Network {
    process: Child,
    port: u16,
    pub keys: Keys,
}

impl Network {
    pub fn start(world: &World, keys: Keys) -> Self {
        let port = free_port();
        let on = if keys == Keys::Honoured { "on" } else { "off" };
        let mut command = world.command();
        command.args([
            "demo-network",
            "--listen",
            &format!("127.0.0.1:{port}"),
            "--keys",
            on,
            "--lose",
            "0.2",
            "--delay",
            "60",
        ]);
        command.arg("--state").arg(world.file(&format!("network-{on}.jsonl"))).stdout(Stdio::null());
        let process = command.stderr(Stdio::inherit()).spawn().expect("the demo network");
        let network = Self { process, port, keys };
        for _ in 0..3_000 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return network;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the demo network does not come up");
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How often each text was really published.
    pub async fn ledger(&self) -> BTreeMap<String, usize> {
        #[derive(serde::Deserialize)]
        struct Ledger {
            by_text: BTreeMap<String, usize>,
        }
        let answer = loopback().get(&format!("{}/api/ledger", self.address()), &[]).await.expect("the ledger");
        serde_json::from_slice::<Ledger>(&answer.body).expect("a ledger").by_text
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn text(path: &Path) -> String {
    path.to_str().expect("a plain path").to_owned()
}

/// A port that nobody has, below those that systems give away by themselves: between two lives of a program nothing else
/// gets it by chance.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + (std::process::id() % 10_000) as u16;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed) % 2_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
