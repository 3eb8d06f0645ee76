use std::{path::Path, process::ExitCode};

use anyhow::{Context as _, Result};
use dandelion_hub::{Hub, log::Actor, query, unit::Org};
use dandelion_listen::queries::{self, Listed};

use crate::cli::Query;

/// Imports or lists saved queries.
pub async fn run(hub: &Hub, command: Query) -> Result<ExitCode> {
    match command {
        Query::Import { file, dialect } => {
            let listed = match dialect {
                None => load(&file)?,
                Some(dialect) => super::translate::load(&file, dialect)?,
            };
            let failures: Vec<_> = listed.iter().flat_map(Listed::failures).collect();
            for failure in &failures {
                let wanted = if failure.wanted { "must match" } else { "must not match" };
                eprintln!("{} line {}: “{}” {wanted}: {}", file.display(), failure.line, failure.query, failure.text);
            }
            if !failures.is_empty() {
                anyhow::bail!("{} test cases fail; nothing was changed", failures.len());
            }
            let (made, changed) = query::import(hub, Actor::System("command"), &listed).await?;
            println!("{} queries: {made} new, {changed} changed", listed.len());
        }
        Query::Translate { .. } => unreachable!("needs no database"),
        Query::List => {
            let org = Org::load(&hub.db).await?;
            for query in query::list(hub).await? {
                println!("{}\t{}\t{}\t{}", query.id, query.name, org.unit_name(query.unit), query.text);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a file of queries, with `query:NAME` in place. Every faulty query is named, then none is taken.
pub fn load(file: &Path) -> Result<Vec<Listed>> {
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("{name} cannot be read"))?;
    let (listed, mut faults) = queries::read_each(&text).with_context(|| format!("{name} has a mistake"))?;
    let (listed, more) = queries::resolved(listed);
    faults.extend(more);
    let Some((last, others)) = faults.split_last() else { return Ok(listed) };
    for fault in others {
        eprintln!("error: {name} {fault}");
    }
    anyhow::bail!("{name} {last}")
}
