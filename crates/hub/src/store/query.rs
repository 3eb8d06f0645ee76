use sqlx::{Arguments as _, AssertSqlSafe, Executor, Postgres, Sqlite, postgres::PgArguments, sqlite::SqliteArguments};

use super::Row;
use crate::Result;

/// A statement and what is bound to it.
#[derive(Debug, Clone)]
pub struct Q {
    sql: std::borrow::Cow<'static, str>,
    values: Vec<Value>,
}

/// `q!("… $1 … $2", a, b)`: a statement with its values.
macro_rules! q {
    ($sql:expr $(, $value:expr)* $(,)?) => { $crate::store::Q::new($sql)$(.bind($value))* };
}
pub(crate) use q;

/// What both databases can hold. Each carries its type also when it is null, because PostgreSQL asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `bigint`
    Int(Option<i64>),
    /// `boolean`
    Bool(Option<bool>),
    /// `double precision`
    Float(Option<f64>),
    /// `text`
    Text(Option<String>),
    /// `bytea` / `blob`
    Bytes(Option<Vec<u8>>),
}

macro_rules! value_from {
    ($($type:ty => $variant:ident $convert:expr;)*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self { Self::$variant(Some(($convert)(value))) }
        }
        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self { Self::$variant(value.map($convert)) }
        }
    )*};
}
value_from! {
    i64 => Int |v| v;
    i32 => Int i64::from;
    u32 => Int i64::from;
    usize => Int |v: usize| v as i64;
    bool => Bool |v| v;
    f64 => Float |v| v;
    String => Text without_nul;
    &str => Text |v: &str| without_nul(v.to_owned());
    &String => Text |v: &String| without_nul(v.clone());
    Vec<u8> => Bytes |v| v;
    &[u8] => Bytes |v: &[u8]| v.to_vec();
}

/// PostgreSQL cannot hold U+0000 in text; it becomes the visible sign for it, on both stores alike.
fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{2400}") } else { text }
}

impl Q {
    /// A statement known when the program is built.
    pub fn new(sql: &'static str) -> Self {
        Self { sql: sql.into(), values: Vec::new() }
    }

    /// A statement put together at run time. Only from constant pieces and numbers: values are bound.
    pub fn of(sql: String) -> Self {
        Self { sql: sql.into(), values: Vec::new() }
    }

    /// Binds the next value (`$1`, `$2`, …).
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Binds several.
    #[must_use]
    pub fn bind_all(mut self, values: impl IntoIterator<Item = Value>) -> Self {
        self.values.extend(values);
        self
    }

    fn sqlite(self) -> Result<(AssertSqlSafe<String>, SqliteArguments)> {
        let mut arguments = SqliteArguments::default();
        for value in self.values {
            match value {
                Value::Int(v) => arguments.add(v),
                Value::Bool(v) => arguments.add(v),
                Value::Float(v) => arguments.add(v),
                Value::Text(v) => arguments.add(v),
                Value::Bytes(v) => arguments.add(v),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        Ok((AssertSqlSafe(self.sql.into_owned()), arguments))
    }

    fn postgres(self) -> Result<(AssertSqlSafe<String>, PgArguments)> {
        let mut arguments = PgArguments::default();
        for value in self.values {
            match value {
                Value::Int(v) => arguments.add(v),
                Value::Bool(v) => arguments.add(v),
                Value::Float(v) => arguments.add(v),
                Value::Text(v) => arguments.add(v),
                Value::Bytes(v) => arguments.add(v),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        Ok((AssertSqlSafe(self.sql.into_owned()), arguments))
    }

    pub(super) async fn all_sqlite<'c>(self, on: impl Executor<'c, Database = Sqlite>) -> Result<Vec<Row>> {
        let (sql, arguments) = self.sqlite()?;
        let rows = sqlx::query_with(sql, arguments).fetch_all(on).await?;
        Ok(rows.into_iter().map(Row::Sqlite).collect())
    }

    pub(super) async fn all_postgres<'c>(self, on: impl Executor<'c, Database = Postgres>) -> Result<Vec<Row>> {
        let (sql, arguments) = self.postgres()?;
        let rows = sqlx::query_with(sql, arguments).fetch_all(on).await?;
        Ok(rows.into_iter().map(Row::Postgres).collect())
    }

    pub(super) async fn run_sqlite<'c>(self, on: impl Executor<'c, Database = Sqlite>) -> Result<u64> {
        let (sql, arguments) = self.sqlite()?;
        Ok(sqlx::query_with(sql, arguments).execute(on).await?.rows_affected())
    }

    pub(super) async fn run_postgres<'c>(self, on: impl Executor<'c, Database = Postgres>) -> Result<u64> {
        let (sql, arguments) = self.postgres()?;
        Ok(sqlx::query_with(sql, arguments).execute(on).await?.rows_affected())
    }
}
