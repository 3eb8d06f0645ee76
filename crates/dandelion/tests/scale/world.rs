//! The real program, the store it works on, and what is found there.

use std::{
    collections::BTreeMap,
    fs,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use dandelion_hub::{
    Db, Hub,
    log::Actor,
    member, query,
    scope::Viewer,
    source::{self, Kind as SourceKind, NewPlace, NewSource, Source},
    unit,
};
use dandelion_networks::{
    contract::{self, Credentials},
    networks,
    webhook::Secret,
};

use crate::replay::{Kind, Place};

/// A hub of its own, in a folder that goes with the value.
pub struct World {
    folder: PathBuf,
    port: u16,
    pub hub: Hub,
    pub viewer: Viewer,
    program: Option<Child>,
}

/// A place as the hub knows it.
#[derive(Debug)]
pub struct Known {
    pub id: i64,
    pub key: String,
    pub secret: Option<Secret>,
}

impl World {
    pub async fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("dandelion-scale-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        let hub = Hub::new(Db::open(&folder.join("data"), None).await.expect("the store"));
        let org = "[organisation]\nname = \"T\"\ntime_zone = \"UTC\"\nlanguages = [\"en\"]\n\
                   [[unit]]\nkey = \"head\"\nname = \"Head\"\nkind = \"hub\"\n\
                   [[member]]\nkey = \"ana\"\nname = \"Ana\"\nemail = \"ana@t.example\"\nroles = [{ unit = \"head\", role = \"admin\" }]\n";
        unit::import(&hub, Actor::System("test"), org).await.expect("the organisation");
        let queries = "[[query]]\nname = \"Kettles\"\nunit = \"head\"\ntext = \"kettle\"\n";
        let listed = dandelion_listen::queries::read(queries).expect("queries");
        query::import(&hub, Actor::System("test"), &listed).await.expect("the queries");
        let ana = member::by_key(&hub.db, "ana").await.expect("the members").expect("Ana").id;
        let viewer = member::viewer(&hub, ana).await.expect("Ana");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        Self { folder, port, hub, viewer, program: None }
    }

    /// Connects one place that `server` plays.
    pub async fn connect(&self, server: &str, place: &Place) -> Known {
        let (name, system) = (format!("Place {}", place.number), || Actor::System("test"));
        if place.kind == Kind::Asked {
            let to = contract::Place {
                url: format!("{server}/{}", place.number),
                credentials: token(place.number),
                ..contract::Place::default()
            };
            let about = networks::find("demo").expect("the demo network");
            let new = NewPlace { name, about, unit: None, place: to };
            let made = source::connect_place(&self.hub, system(), new).await.expect("a source");
            return Known { id: made.id, key: made.key, secret: None };
        }
        let feed = place.kind == Kind::Feed;
        let new = NewSource {
            key: String::new(),
            name,
            kind: if feed { SourceKind::Feed } else { SourceKind::Webhook },
            network: String::new(),
            unit: None,
            url: feed.then(|| format!("{server}/{}/feed.xml", place.number)),
        };
        let made = source::add_as(&self.hub, system(), &new).await.expect("a source");
        let secret = if feed {
            None
        } else {
            let shown = source::add_secret_as(&self.hub, system(), made.id).await.expect("a secret");
            Some(Secret::parse(&shown.secret).expect("a secret"))
        };
        Known { id: made.id, key: made.key, secret }
    }

    /// Starts the program.
    pub fn serve(&mut self) {
        let mut command = self.command();
        command.args(["serve", "--listen", &format!("127.0.0.1:{}", self.port)]);
        command.stdout(Stdio::null()).stderr(Stdio::inherit());
        self.program = Some(command.spawn().expect("the hub"));
    }

    /// Where a source is delivered to.
    pub fn hook(&self, key: &str) -> String {
        format!("http://127.0.0.1:{}/hooks/{key}", self.port)
    }

    /// Resident memory of the program, in MiB; nothing once it has ended.
    pub fn memory(&self) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.program.as_ref()?.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().strip_suffix(" kB")?.parse::<f64>().ok()? / 1024.0)
    }

    /// Wakes sources as a person does: signs in again where they let us in no more, resumes those that rest. All others
    /// have their turn brought forward, in one write, so that the harness does not stand in the program's way.
    pub async fn wake(&self, woken: &[(&Place, Source)]) {
        let mut due = Vec::new();
        for (place, found) in woken {
            if found.error.as_deref().is_some_and(|error| error.contains("401")) {
                let token = token(place.number);
                source::sign_in_again(&self.hub, &self.viewer, found.id, &token).await.expect("signed in");
            } else if found.paused_at.is_some() {
                // Somebody may just have done the same.
                let _ = source::resume(&self.hub, &self.viewer, found.id).await;
            } else {
                due.push(found.id);
            }
        }
        dandelion_hub::testing::bring_forward(&self.hub, &due).await;
    }

    /// Stops the program as an administrator does, then everything that must always hold is looked at.
    pub fn stop_and_check(&mut self) {
        let mut program = self.program.take().expect("the hub");
        let told = Command::new("kill").arg(program.id().to_string()).status().expect("kill");
        assert!(told.success());
        let ended = program.wait().expect("wait");
        assert!(ended.success(), "the hub ended with {ended}");
        let done = self.command().arg("check").output().expect("the checks");
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(said.contains("everything holds"), "{said}{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Microseconds from writing to storing of every post, by source.
    pub async fn delays(&self) -> BTreeMap<i64, Vec<i64>> {
        let mut by_source: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (source, delay) in dandelion_hub::testing::delays(&self.hub).await {
            by_source.entry(source).or_default().push(delay);
        }
        by_source
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dandelion"));
        command
            .env("DANDELION_DATA_DIR", self.folder.join("data"))
            .env("DANDELION_ALLOW_PRIVATE", "127.0.0.1")
            .env("DANDELION_LOG", "error");
        command
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(mut program) = self.program.take() {
            let _ = program.kill();
            let _ = program.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Each place has its own: who asks with the same credentials shares an allowance, and then all rightly wait where one of
/// them was told to.
fn token(number: i64) -> Credentials {
    Credentials::none().with("token", format!("the token of place {number}"))
}
