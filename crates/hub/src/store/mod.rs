//! One code path over SQLite and PostgreSQL.
//!
//! SQL is written once, in what both understand (`$1`, `returning`, `on conflict`, `is not distinct from`, …);
//! where they truly differ, [`Db::is_postgres`] decides. On SQLite there is one writing connection and several
//! reading ones (WAL, `synchronous=FULL`); on PostgreSQL one pool.
//!
//! ```text
//! let row = db.one(q!("select name from units where id = $1", unit)).await?;
//! let name: String = row.get("name")?;
//! ```

mod migrate;
mod query;
mod row;
#[cfg(test)]
mod tests;
mod tx;

use std::{path::Path, sync::Arc, time::Duration};

use dandelion_post::Micros;
use sqlx::{
    PgPool, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub use migrate::SCHEMA_VERSION;
#[cfg(test)]
pub(crate) use migrate::statements;
pub(crate) use query::q;
pub use query::{Q, Value};
pub use row::Row;
pub use tx::Tx;
pub(crate) use tx::chunk;

use crate::{
    Error, Random, Result,
    log::Actor,
    vault::{self, Vault},
};

/// A future of the store, boxed so that its body is compiled once, here, and not in every crate that polls it.
pub type Boxed<'a, T> = std::pin::Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// An opened database, cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    pools: Arc<Pools>,
    vault: Arc<Vault>,
    #[cfg(test)]
    begun: Arc<std::sync::atomic::AtomicUsize>,
}

#[derive(Debug)]
enum Pools {
    Sqlite { write: SqlitePool, read: SqlitePool },
    Postgres(PgPool),
}

impl Db {
    /// Opens (and makes, where needed) the SQLite file `dandelion.db` in `data_dir`, or the PostgreSQL database
    /// of `database_url`, and brings its schema up to date. A schema newer than this program is refused.
    pub async fn open(data_dir: &Path, database_url: Option<&str>) -> Result<Self> {
        let vault = Arc::new(Vault::in_folder(data_dir, Random::System));
        let pools = Arc::new(match database_url {
            Some(url) => Self::open_postgres(url).await?,
            None => Self::open_sqlite(&data_dir.join("dandelion.db")).await?,
        });
        let db = Self::of(pools, vault);
        migrate::run(&db).await?;
        vault::seal_what_is_not(&db).await?;
        Ok(db)
    }

    fn of(pools: Arc<Pools>, vault: Arc<Vault>) -> Self {
        Self {
            pools,
            vault,
            #[cfg(test)]
            begun: Arc::default(),
        }
    }

    /// How many write transactions were ever begun.
    #[cfg(test)]
    pub(crate) fn begun(&self) -> usize {
        self.begun.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// What opens and closes the secrets in it.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    async fn open_sqlite(file: &Path) -> Result<Pools> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(|e| {
                Error::Unusable(format!(
                    "the data directory {} cannot be made: {e}. Choose another with --data-dir or DANDELION_DATA_DIR",
                    folder.display()
                ))
            })?;
        }
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(30))
            .statement_cache_capacity(512)
            // Rows come from a thread of the database's own: the more at a time, the less the two wait for each other.
            .row_buffer_size(512)
            .pragma("temp_store", "memory")
            .pragma("cache_size", "-16000");
        let unusable = |e: sqlx::Error| {
            Error::Unusable(format!(
                "{} cannot be opened as a database: {e}. Check that the folder is writable and the file is Dandelion's",
                file.display()
            ))
        };
        // No idle reaping: a reconnect would lose the statement cache, and SQLite connections cost nothing to keep.
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_mins(1))
            .connect_with(options.clone())
            .await
            .map_err(unusable)?;
        let read = SqlitePoolOptions::new()
            .max_connections(4)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            // Less than the writer's: there are four, and what they read the system keeps for all of them.
            .connect_with(options.create_if_missing(false).pragma("query_only", "on").pragma("cache_size", "-8000"))
            .await
            .map_err(unusable)?;
        Ok(Pools::Sqlite { write, read })
    }

    async fn open_postgres(url: &str) -> Result<Pools> {
        let options: PgConnectOptions = url.parse().map_err(|e| {
            Error::Unusable(format!(
                "database_url is not a PostgreSQL address: {e}. It looks like postgres://user:password@host/database"
            ))
        })?;
        // A server takes it from its configuration that reading here and there costs four times reading in a row, as on
        // turning disks, and then reads whole tables for two thousand rows. Our questions are short: no compiling.
        let options = options.options([("random_page_cost", "1.1"), ("jit", "off")]);
        let pool = PgPoolOptions::new()
            .max_connections(12)
            .acquire_timeout(Duration::from_secs(30))
            .connect_with(options.statement_cache_capacity(256).application_name("dandelion"))
            .await
            .map_err(|e| {
                Error::Unusable(format!(
                    "PostgreSQL is out of reach: {e}. Check database_url and that the server is up"
                ))
            })?;
        let asked = Q::new("select cast(current_setting('server_version_num') as bigint) as version");
        let rows = asked.all_postgres(&pool).await?;
        let version: i64 = rows.first().ok_or(Error::Store(sqlx::Error::RowNotFound))?.get("version")?;
        if version < 150_000 {
            return Err(Error::Unusable(format!(
                "PostgreSQL {} is too old; Dandelion needs 15 or newer",
                version / 10_000
            )));
        }
        Ok(Pools::Postgres(pool))
    }

    /// A connection to a PostgreSQL server without any schema, to make databases with.
    pub(crate) async fn open_bare(url: &str) -> Result<Self> {
        let vault = Arc::new(Vault::in_folder(&std::env::temp_dir(), Random::System));
        Ok(Self::of(Arc::new(Self::open_postgres(url).await?), vault))
    }

    /// Whether this is PostgreSQL (otherwise SQLite).
    pub fn is_postgres(&self) -> bool {
        matches!(*self.pools, Pools::Postgres(_))
    }

    /// All rows of a reading query.
    pub(crate) fn all(&self, query: Q) -> Boxed<'_, Vec<Row>> {
        Box::pin(async move {
            match &*self.pools {
                Pools::Sqlite { read, .. } => query.all_sqlite(read).await,
                Pools::Postgres(pool) => query.all_postgres(pool).await,
            }
        })
    }

    /// The first row of a reading query, if any.
    pub(crate) fn opt(&self, query: Q) -> Boxed<'_, Option<Row>> {
        Box::pin(async move { Ok(self.all(query).await?.into_iter().next()) })
    }

    /// The first row of a reading query that always has one.
    pub(crate) fn one(&self, query: Q) -> Boxed<'_, Row> {
        Box::pin(async move { self.opt(query).await?.ok_or(Error::Store(sqlx::Error::RowNotFound)) })
    }

    /// Starts a write transaction. On SQLite it takes the one writer's place at once (`BEGIN IMMEDIATE`).
    pub(crate) fn begin(&self, actor: Actor, now: Micros) -> Boxed<'_, Tx> {
        #[cfg(test)]
        self.begun.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Box::pin(async move {
            let inner = match &*self.pools {
                Pools::Sqlite { write, .. } => tx::Inner::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
                Pools::Postgres(pool) => tx::Inner::Postgres(pool.begin().await?),
            };
            Ok(Tx::new(inner, actor, now, self.vault.clone()))
        })
    }

    /// Whether the database answers at all; what `/readyz` asks.
    pub async fn ping(&self) -> Result<()> {
        self.one(Q::new("select 1 as one")).await.map(drop)
    }

    /// Closes every connection; SQLite writes its log back into the file.
    pub async fn close(&self) {
        match &*self.pools {
            Pools::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    /// After much has come at once: PostgreSQL would plan by what its tables held before, and look every row up to see
    /// whether it still stands, until its own tidying comes round, minutes later. SQLite needs nothing.
    pub(crate) async fn take_stock(&self) -> Result<()> {
        if self.is_postgres() {
            let tables =
                "posts, post_words, authors, threads, prints, near_keys, mentions, mention_queries, mention_topics,
                analyses, cases, case_threads, targets, watches, events";
            self.all(Q::of(format!("vacuum (analyze) {tables}"))).await?;
        }
        Ok(())
    }

    /// Copies the whole SQLite database into a new file, consistent at one moment, while writing goes on.
    /// PostgreSQL has `pg_dump` for this and is refused here.
    pub async fn copy_into(&self, file: &Path) -> Result<()> {
        match &*self.pools {
            Pools::Sqlite { write, .. } => {
                let name = file.to_str().ok_or_else(|| Error::invalid("file", "the path is not valid UTF-8", ""))?;
                Q::new("vacuum into $1").bind(name).run_sqlite(&mut *write.acquire().await?).await?;
                Ok(())
            }
            Pools::Postgres(_) => Err(Error::Unusable(
                "this database is PostgreSQL: back it up with pg_dump and restore it with pg_restore".into(),
            )),
        }
    }
}
