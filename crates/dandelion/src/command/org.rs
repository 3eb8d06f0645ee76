use std::{path::Path, process::ExitCode};

use anyhow::{Context as _, Result};
use dandelion_hub::{
    log::Actor,
    unit::{self, Org},
};

use crate::cli::{self, Settings};

/// Imports, exports or checks the organisation.
pub fn run(settings: &Settings, command: cli::Org) -> Result<ExitCode> {
    match command {
        cli::Org::Check { file } => {
            let org = read(&file)?;
            println!(
                "{}: {} units, {} products, {} topics, {} routes, {} handles; no mistakes",
                file.display(),
                org.units.len(),
                org.products.len(),
                org.topics.len(),
                org.routes.len(),
                org.handles.len()
            );
            Ok(ExitCode::SUCCESS)
        }
        cli::Org::Import { file } => {
            let text = text(&file)?;
            super::with_hub(settings, async |hub, _| {
                let report = unit::import(&hub, Actor::System("command"), &text)
                    .await
                    .with_context(|| format!("{}: nothing was changed", file.display()))?;
                println!("{report}");
                Ok(ExitCode::SUCCESS)
            })
        }
        cli::Org::Export => super::with_hub(settings, async |hub, _| {
            print!("{}", unit::export(&hub.db).await?);
            Ok(ExitCode::SUCCESS)
        }),
    }
}

/// The organisation of a file, for what needs no database.
pub fn read(file: &Path) -> Result<Org> {
    Org::from_toml(&text(file)?).with_context(|| format!("{} has mistakes", file.display()))
}

fn text(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}
