use std::process::ExitCode;

use anyhow::Result;
use dandelion_hub::{Hub, vault};

use crate::cli::Secrets;

/// Seals what is secret anew.
pub async fn run(hub: &Hub, command: Secrets) -> Result<ExitCode> {
    let Secrets::Rotate = command;
    let sealed = vault::rotate(hub).await?;
    let secrets = if sealed == 1 { "1 secret is".to_owned() } else { format!("{sealed} secrets are") };
    println!("{secrets} sealed with a new key");
    if let Some(keys) = hub.db.vault().key_file() {
        println!("copy {} to where you keep it besides; older keys stay in it for older backups", keys.display());
    }
    Ok(ExitCode::SUCCESS)
}
