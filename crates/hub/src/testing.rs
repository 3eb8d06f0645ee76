//! Stores to test with: each test gets its own, on SQLite and on PostgreSQL alike.
//!
//! ```text
//! both_stores!(a_case_has_one_owner, |hub| async move { … });
//! ```
//! PostgreSQL is the server of `DANDELION_TEST_POSTGRES` (`postgres://user@127.0.0.1:port/postgres`); the project's
//! test script starts one. Without the variable the PostgreSQL half fails, unless `DANDELION_TEST_SQLITE_ONLY` is set.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{
    Clock, Db, Hub, Random,
    log::Actor,
    member,
    scope::Viewer,
    store::{Q, q},
    unit,
};

/// 2026-03-02T09:00:00Z, a Monday: where a test's clock stands at first.
pub const MONDAY: i64 = 1_772_442_000_000_000;

/// A hub on a fresh store, with a still clock and repeatable randomness. The folder goes with the value.
#[derive(Debug)]
pub struct TestHub {
    /// The hub.
    pub hub: Hub,
    folder: std::path::PathBuf,
}

impl std::ops::Deref for TestHub {
    type Target = Hub;
    fn deref(&self) -> &Hub {
        &self.hub
    }
}

impl Drop for TestHub {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

static COUNT: AtomicU64 = AtomicU64::new(0);

fn fresh_name() -> String {
    let count = COUNT.fetch_add(1, Ordering::SeqCst);
    format!("dandelion_test_{}_{count}_{:x}", std::process::id(), Random::System.u64())
}

impl TestHub {
    fn on(db: Db, folder: std::path::PathBuf) -> Self {
        Self { hub: Hub::with(db, Clock::fixed(MONDAY), Random::seeded(1)), folder }
    }

    /// On a new SQLite file.
    ///
    /// # Panics
    /// If it cannot be made.
    pub async fn sqlite() -> Self {
        let folder = std::env::temp_dir().join(fresh_name());
        Self::on(Db::open(&folder, None).await.expect("a SQLite store"), folder)
    }

    /// On a new PostgreSQL database, or nothing where the environment says SQLite only.
    ///
    /// # Panics
    /// If there is no server to ask.
    pub async fn postgres() -> Option<Self> {
        let Ok(server) = std::env::var("DANDELION_TEST_POSTGRES") else {
            assert!(
                std::env::var_os("DANDELION_TEST_SQLITE_ONLY").is_some(),
                "set DANDELION_TEST_POSTGRES to a PostgreSQL 15 server (./scripts/test starts one), or DANDELION_TEST_SQLITE_ONLY=1"
            );
            return None;
        };
        let name = fresh_name();
        let admin = Db::open_bare(&server).await.expect("the PostgreSQL server");
        admin.all(Q::of(format!("create database {name}"))).await.expect("create database");
        admin.close().await;
        let base = server.rsplit_once('/').map_or(server.as_str(), |(base, _)| base);
        let folder = std::env::temp_dir().join(&name);
        let db = Db::open(&folder, Some(&format!("{base}/{name}"))).await.expect("a PostgreSQL store");
        Some(Self::on(db, folder))
    }

    /// Puts rows into the store as they are: for what a test of another crate needs to stand on.
    ///
    /// # Panics
    /// If a statement is refused.
    pub async fn sql(&self, statements: &[String]) {
        let mut tx = self.tx().await;
        for statement in statements {
            tx.run(Q::of(statement.clone())).await.expect(statement);
        }
        tx.log(crate::log::Entry::new("test.prepared", "test", 0));
        tx.commit().await.expect("a commit");
    }

    /// The folder of the store, where its key file lies as well.
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// A write transaction of the test itself.
    ///
    /// # Panics
    /// If none can be had.
    pub async fn tx(&self) -> crate::Tx {
        self.hub.begin(Actor::System("test")).await.expect("a transaction")
    }
}

/// The smallest organisation that can work: one unit, and Ana, who administers it. She as one who looks, and the unit.
///
/// # Panics
/// If it cannot be brought in.
pub async fn one_unit(hub: &Hub) -> (Viewer, i64) {
    let org = "[organisation]\nname = \"T\"\ntime_zone = \"UTC\"\nlanguages = [\"en\"]\n\
               [[unit]]\nkey = \"head\"\nname = \"Head\"\nkind = \"hub\"\n\
               [[member]]\nkey = \"ana\"\nname = \"Ana\"\nemail = \"ana@t.example\"\nroles = [{ unit = \"head\", role = \"admin\" }]\n";
    unit::import(hub, Actor::System("test"), org).await.expect("the organisation");
    let unit = unit::Org::load(&hub.db).await.expect("the organisation").hub().expect("a hub").id;
    let ana = member::by_key(&hub.db, "ana").await.expect("the members").expect("Ana").id;
    (member::viewer(hub, ana).await.expect("Ana"), unit)
}

/// How long after it was written each post was stored, in microseconds, with its source.
///
/// # Panics
/// If the store cannot be read.
pub async fn delays(hub: &Hub) -> Vec<(i64, i64)> {
    let (mut delays, mut last) = (Vec::new(), 0_i64);
    loop {
        let sql = "select id, source_id, received_at - created_at as delay from posts
                   where id > $1 and source_id is not null order by id limit 10000";
        let rows = hub.db.all(q!(sql, last)).await.expect("the posts");
        let Some(end) = rows.last() else { return delays };
        last = end.get("id").expect("an id");
        delays.extend(
            rows.iter().map(|row| (row.get("source_id").expect("a source"), row.get("delay").expect("a delay"))),
        );
    }
}

/// Brings the next turn of sources forward to now, as if their wait were over.
///
/// # Panics
/// If the store cannot be written.
pub async fn bring_forward(hub: &Hub, sources: &[i64]) {
    if sources.is_empty() {
        return;
    }
    let mut tx = hub.begin(Actor::System("test")).await.expect("a transaction");
    let sql = format!("update sources set next_poll_at = {} where paused_at is null and id", tx.now());
    tx.run_by_ids(&sql, sources).await.expect("the sources");
    tx.commit_unlogged("when a source is asked next is no state anybody asks about").await.expect("a commit");
}

/// Makes one test into two, on SQLite and on PostgreSQL.
#[macro_export]
macro_rules! both_stores {
    ($name:ident, |$hub:ident| $body:expr) => {
        mod $name {
            #[allow(unused_imports, reason = "some bodies need nothing of the surroundings")]
            use super::*;

            async fn body($hub: $crate::testing::TestHub) {
                $body.await
            }

            #[tokio::test]
            async fn sqlite() {
                body($crate::testing::TestHub::sqlite().await).await;
            }

            #[tokio::test]
            async fn postgres() {
                if let Some(hub) = $crate::testing::TestHub::postgres().await {
                    body(hub).await;
                }
            }
        }
    };
}
