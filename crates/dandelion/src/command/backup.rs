use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use dandelion_hub::{Db, Hub, backup};

use crate::{
    cli::{Backup, Restore, Settings},
    config::{Config, Overrides},
    logging,
};

/// Copies everything into one new file, consistent at one moment, while the hub runs.
pub async fn run(hub: &Hub, arguments: &Backup) -> Result<ExitCode> {
    let file = &arguments.file;
    if file.exists() {
        bail!("{} exists already; name a file that does not", file.display());
    }
    hub.db.copy_into(file).await?;
    let size = std::fs::metadata(file)?.len();
    println!("{}: {size} bytes. Restore it with `dandelion restore {0} --data-dir NEW`", file.display());
    if let Some(keys) = hub.db.vault().key_file() {
        println!("secrets are in it sealed, their keys are not: keep a copy of {} elsewhere", keys.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Brings a backup back into an empty data directory. Replies that were on their way are held: some may have been
/// published after the backup was made, and nothing is ever sent twice.
pub fn restore(settings: &Settings, arguments: &Restore) -> Result<ExitCode> {
    let config = Config::load(settings, Overrides::default())?;
    logging::start(&config);
    if config.database_url.is_some() {
        bail!("this data lives in PostgreSQL: bring it back with pg_restore into an empty database");
    }
    let target = config.data_dir.join("dandelion.db");
    if target.exists() {
        bail!("{} is there already; restore into an empty data directory (--data-dir)", target.display());
    }
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("{} cannot be made", config.data_dir.display()))?;
    let part = config.data_dir.join("dandelion.db.part");
    std::fs::copy(&arguments.file, &part).with_context(|| format!("{} cannot be copied", arguments.file.display()))?;
    std::fs::rename(&part, &target).with_context(|| format!("{} cannot be put in place", target.display()))?;
    super::runtime()?.block_on(async {
        let db = Db::open(&config.data_dir, None).await?;
        let held = backup::hold(&Hub::new(db.clone())).await?;
        db.close().await;
        println!("restored into {}; {held} replies are held until somebody looks at them", config.data_dir.display());
        if db.vault().key_file().is_none() {
            println!(
                "if it had secrets: put the file `keys` of the old data directory into this one, or enter them again"
            );
        }
        Ok(ExitCode::SUCCESS)
    })
}
