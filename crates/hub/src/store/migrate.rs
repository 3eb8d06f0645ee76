use super::{Db, Q};
use crate::{Error, Result, log::Actor};

/// The schema this program knows.
pub const SCHEMA_VERSION: i64 = MIGRATIONS.len() as i64;

/// To change the schema: add a file `NNNN_what.sql` here, at the end. Never edit one that has been released.
const MIGRATIONS: &[(&str, &str)] = &[
    ("0001_spine", include_str!("../../migrations/0001_spine.sql")),
    ("0002_listening", include_str!("../../migrations/0002_listening.sql")),
    ("0003_pages", include_str!("../../migrations/0003_pages.sql")),
    ("0004_networks", include_str!("../../migrations/0004_networks.sql")),
    ("0005_actors", include_str!("../../migrations/0005_actors.sql")),
    ("0006_source_days", include_str!("../../migrations/0006_source_days.sql")),
    ("0007_models", include_str!("../../migrations/0007_models.sql")),
    ("0008_feeds", include_str!("../../migrations/0008_feeds.sql")),
    ("0009_sign_ins", include_str!("../../migrations/0009_sign_ins.sql")),
    ("0010_after_sending", include_str!("../../migrations/0010_after_sending.sql")),
    ("0011_follows", include_str!("../../migrations/0011_follows.sql")),
    ("0012_allowances", include_str!("../../migrations/0012_allowances.sql")),
    ("0013_avatars", include_str!("../../migrations/0013_avatars.sql")),
];

/// Brings the schema forward, each migration in a transaction of its own, and refuses a newer one.
pub(super) async fn run(db: &Db) -> Result<()> {
    let mut tx = db.begin(Actor::System("migration"), 0).await?;
    if tx.is_postgres() {
        // Two programs may start at once; one waits for the other here.
        tx.all(Q::new("select pg_advisory_xact_lock(7207301)")).await?;
    }
    tx.run(Q::new("create table if not exists meta (name text primary key, value text not null)")).await?;
    let row = tx.opt(Q::new("select value from meta where name = 'schema'")).await?;
    let found: i64 = match row {
        Some(row) => {
            let value: String = row.get("value")?;
            value.parse().map_err(|_| Error::Damaged(format!("the schema version reads `{value}`")))?
        }
        None => 0,
    };
    if found > SCHEMA_VERSION {
        return Err(Error::Unusable(format!(
            "this data was written by a newer Dandelion (schema {found}; this program knows up to {SCHEMA_VERSION}). \
             Start the newer program, or restore a backup made before the update"
        )));
    }
    for (name, text) in &MIGRATIONS[found as usize..] {
        for statement in statements(text, tx.is_postgres()) {
            tx.run(Q::of(statement.clone())).await.map_err(|e| {
                Error::Unusable(format!("migration {name} failed at `{}`: {e}", statement.lines().next().unwrap_or("")))
            })?;
        }
    }
    tx.run(
        Q::new("insert into meta (name, value) values ('schema', $1) on conflict (name) do update set value = excluded.value")
            .bind(SCHEMA_VERSION.to_string()),
    )
    .await?;
    tx.commit_unlogged("the schema is not state").await
}

/// Splits a migration at lines that end with `;`, leaving out what is for the other database:
/// a line `-- sqlite:` or `-- postgres:` starts such a part, `-- both:` ends it.
pub(crate) fn statements(text: &str, postgres: bool) -> Vec<String> {
    let (mut found, mut statement, mut ours) = (Vec::new(), String::new(), true);
    for line in text.lines() {
        match line.trim() {
            "-- sqlite:" => ours = !postgres,
            "-- postgres:" => ours = postgres,
            "-- both:" => ours = true,
            line if !ours || line.is_empty() || line.starts_with("--") => {}
            line => {
                statement.push_str(line.split(" --").next().unwrap_or(line).trim_end());
                statement.push('\n');
                if statement.trim_end().ends_with(';') {
                    found.push(std::mem::take(&mut statement));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::statements;

    #[test]
    fn each_database_gets_its_part() {
        let text = "create table a (\n x text, -- a word\n y text\n);\n-- sqlite:\nselect 1;\n-- postgres:\nselect 2;\n-- both:\nselect 3;\n";
        assert_eq!(statements(text, false), ["create table a (\nx text,\ny text\n);\n", "select 1;\n", "select 3;\n"]);
        assert_eq!(statements(text, true).len(), 3);
        assert_eq!(statements(text, true)[1], "select 2;\n");
    }
}
