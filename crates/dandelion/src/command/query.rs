use std::process::ExitCode;

use anyhow::{Context as _, Result};
use dandelion_hub::{Hub, log::Actor, query, unit::Org};

use crate::cli::Query;

/// Imports or lists saved queries.
pub async fn run(hub: &Hub, command: Query) -> Result<ExitCode> {
    match command {
        Query::Import { file } => {
            let text = std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            let listed =
                dandelion_listen::queries::read(&text).with_context(|| format!("{} has a mistake", file.display()))?;
            let failures: Vec<_> = listed.iter().flat_map(dandelion_listen::queries::Listed::failures).collect();
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
        Query::List => {
            let org = Org::load(&hub.db).await?;
            for query in query::list(hub).await? {
                println!("{}\t{}\t{}\t{}", query.id, query.name, org.unit_name(query.unit), query.text);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
