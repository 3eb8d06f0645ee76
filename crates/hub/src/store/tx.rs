use std::sync::Arc;

use dandelion_post::Micros;
use sqlx::{Postgres, Sqlite, Transaction};

use super::{Boxed, Q, Row, Value};
use crate::{
    Error, Result,
    log::{Actor, Entry},
    vault::Vault,
};

/// A write transaction. It is undone unless [`Tx::commit`] is reached.
///
/// **Law 8**: whoever changes state says so. Every change puts at least one [`Entry`] into the log with
/// [`Tx::log`]; a transaction that wrote something and logged nothing refuses to commit. Bookkeeping that is no
/// change of state (a session's last use, a poll that found nothing) says so with `commit_unlogged` and the reason.
#[derive(Debug)]
pub struct Tx {
    inner: Inner,
    actor: Actor,
    now: Micros,
    wrote: bool,
    entries: Vec<(Actor, Entry)>,
    vault: Arc<Vault>,
}

#[derive(Debug)]
pub(super) enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    pub(super) fn new(inner: Inner, actor: Actor, now: Micros, vault: Arc<Vault>) -> Self {
        Self { inner, actor, now, wrote: false, entries: Vec::new(), vault }
    }

    /// What opens the secrets that are read here.
    pub(crate) fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Closes a secret, so that it can be stored; `what` says whose it is, and only opens it again.
    pub(crate) fn seal(&self, what: &str, secret: &str) -> Result<String> {
        self.vault.seal(what, secret)
    }

    /// The moment this transaction stands for: one for all its rows and events.
    pub fn now(&self) -> Micros {
        self.now
    }

    /// On whose behalf.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// From here on what is done and logged is on behalf of `actor`: where one transaction stores what several brought.
    pub(crate) fn act_for(&mut self, actor: Actor) {
        self.actor = actor;
    }

    /// Whether this is PostgreSQL.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.inner, Inner::Postgres(_))
    }

    /// Says what changed; written, chained and numbered when the transaction commits.
    pub fn log(&mut self, entry: Entry) {
        self.entries.push((self.actor.clone(), entry));
    }

    /// The `n`th value of a long list that is bound in order. SQLite looks a numbered parameter up by walking over all
    /// before it, which with thousands of values costs more than the insert; there it stays without a number.
    pub(crate) fn place(&self, n: usize) -> std::borrow::Cow<'static, str> {
        if self.is_postgres() { format!("${n}").into() } else { "?".into() }
    }

    /// All rows; also for `insert … returning`.
    pub(crate) fn all(&mut self, query: Q) -> Boxed<'_, Vec<Row>> {
        Box::pin(async move {
            match &mut self.inner {
                Inner::Sqlite(tx) => query.all_sqlite(&mut **tx).await,
                Inner::Postgres(tx) => query.all_postgres(&mut **tx).await,
            }
        })
    }

    /// The first row, if any.
    pub(crate) fn opt(&mut self, query: Q) -> Boxed<'_, Option<Row>> {
        Box::pin(async move { Ok(self.all(query).await?.into_iter().next()) })
    }

    /// The first row of a query that always has one.
    pub(crate) fn one(&mut self, query: Q) -> Boxed<'_, Row> {
        Box::pin(async move { self.opt(query).await?.ok_or(Error::Store(sqlx::Error::RowNotFound)) })
    }

    /// Runs a statement and says how many rows it touched.
    pub(crate) fn run(&mut self, query: Q) -> Boxed<'_, u64> {
        Box::pin(async move {
            self.wrote = true;
            match &mut self.inner {
                Inner::Sqlite(tx) => query.run_sqlite(&mut **tx).await,
                Inner::Postgres(tx) => query.run_postgres(&mut **tx).await,
            }
        })
    }

    /// The next id of a table. Ids are never used again.
    pub(crate) fn id(&mut self, table: &'static str) -> Boxed<'_, i64> {
        Box::pin(async move { self.ids(table, 1).await?.pop().ok_or_else(|| Error::Damaged("no id was given".into())) })
    }

    /// The next `count` ids of a table, ascending. SQLite counts in a table (one writer, so no gap and no wait);
    /// PostgreSQL has a sequence `ids_TABLE` each, which never blocks another transaction.
    pub(crate) fn ids(&mut self, table: &'static str, count: usize) -> Boxed<'_, Vec<i64>> {
        Box::pin(async move {
            if count == 0 {
                return Ok(Vec::new());
            }
            if self.is_postgres() {
                let sql = format!("select nextval('ids_{table}') as id from generate_series(1, $1)");
                let rows = self.all(Q::of(sql).bind(count)).await?;
                return rows.iter().map(|row| row.get("id")).collect();
            }
            let row = self
                .all(
                    Q::new(
                        "insert into counters (name, last) values ($1, $2)
                         on conflict (name) do update set last = counters.last + excluded.last returning last",
                    )
                    .bind(table)
                    .bind(count),
                )
                .await?
                .pop()
                .ok_or_else(|| Error::Damaged("no id was given".into()))?;
            let last: i64 = row.get("last")?;
            Ok((last - count as i64 + 1..=last).collect())
        })
    }

    /// Inserts many rows of one table in few statements. `columns` is their list, `tail` an `on conflict` clause or
    /// nothing. Chunks have few sizes, so that the statement cache serves them all.
    pub(crate) fn insert<'a>(
        &'a mut self,
        table: &'static str,
        columns: &'static [&'static str],
        rows: Vec<Vec<Value>>,
        tail: &'static str,
    ) -> Boxed<'a, u64> {
        Box::pin(async move {
            let mut touched = 0;
            let mut rows = rows.into_iter();
            while rows.len() > 0 {
                let size = chunk(rows.len(), 128);
                let mut sql = String::with_capacity(64 + size * columns.len() * 6);
                sql.push_str("insert into ");
                sql.push_str(table);
                sql.push_str(" (");
                sql.push_str(&columns.join(", "));
                sql.push_str(") values ");
                for row in 0..size {
                    sql.push_str(if row == 0 { "(" } else { ", (" });
                    for column in 0..columns.len() {
                        if column > 0 {
                            sql.push_str(", ");
                        }
                        sql.push_str(&self.place(row * columns.len() + column + 1));
                    }
                    sql.push(')');
                }
                sql.push(' ');
                sql.push_str(tail);
                let query = Q::of(sql).bind_all(rows.by_ref().take(size).flatten());
                touched += self.run(query).await?;
            }
            Ok(touched)
        })
    }

    /// Runs a statement that ends in a column for many ids of it, in chunks of few sizes: `head in (…)`.
    pub(crate) async fn run_by_ids(&mut self, head: &str, ids: &[i64]) -> Result<()> {
        let mut rest = ids;
        while !rest.is_empty() {
            let (ids, after) = rest.split_at(chunk(rest.len(), 128));
            rest = after;
            let list: Vec<String> = (1..=ids.len()).map(|n| self.place(n).into_owned()).collect();
            let values = ids.iter().map(|id| Value::from(*id));
            self.run(Q::of(format!("{head} in ({})", list.join(", "))).bind_all(values)).await?;
        }
        Ok(())
    }

    /// Makes it so, with its events, all or nothing.
    pub fn commit(mut self) -> Boxed<'static, ()> {
        Box::pin(async move {
            if self.wrote && self.entries.is_empty() {
                return Err(Error::Damaged(
                    "a change of state without an event was about to be stored; it was undone".into(),
                ));
            }
            let entries = std::mem::take(&mut self.entries);
            crate::log::append(&mut self, entries).await?;
            self.finish().await
        })
    }

    /// Makes bookkeeping so that is no change of state anyone would ask about. `_why` is for the reader of the code.
    pub(crate) fn commit_unlogged(self, _why: &'static str) -> Boxed<'static, ()> {
        Box::pin(async move {
            if !self.entries.is_empty() {
                return self.commit().await;
            }
            self.finish().await
        })
    }

    async fn finish(self) -> Result<()> {
        match self.inner {
            Inner::Sqlite(tx) => tx.commit().await?,
            Inner::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

/// How many of `left` rows one statement takes: the largest power of two, at most `most`. So any number of rows takes few
/// statements, and few shapes of each statement are kept.
pub(crate) fn chunk(left: usize, most: usize) -> usize {
    left.checked_ilog2().map_or(1, |power| 1 << power).min(most)
}
