//! One file a command.

mod actor;
mod backup;
mod check;
mod demo;
mod demo_network;
mod eval;
mod import;
mod labelled;
mod lines;
mod matching;
mod model;
mod org;
mod query;
mod secrets;
pub mod serve;
mod source;
mod train;
mod translate;
mod triage;
mod understand;
mod user;

use std::{io, process::ExitCode};

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;
use dandelion_hub::{Db, Hub};

use crate::{
    cli::{Cli, Command, Settings},
    config::{Config, Overrides},
    logging,
};

/// Does what was typed.
pub fn run(cli: Cli) -> Result<ExitCode> {
    let settings = cli.settings;
    match cli.command {
        Command::Match(arguments) => matching::run(&arguments),
        Command::Understand(arguments) => understand::run(&arguments),
        Command::Triage(arguments) => triage::run(&arguments),
        Command::Train(arguments) if arguments.unit.is_some() => {
            with_hub(&settings, async |hub, _| model::train(&hub, &arguments).await)
        }
        Command::Train(arguments) => train::run(&arguments),
        Command::Model(command) => with_hub(&settings, async |hub, _| model::run(&hub, command).await),
        Command::Eval(arguments) => eval::run(&arguments),
        Command::Config => {
            print!("{}", Config::load(&settings, Overrides::default())?.masked()?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "dandelion", &mut io::stdout());
            Ok(ExitCode::SUCCESS)
        }
        Command::Man { dir } => manual(dir.as_deref()),
        Command::Import(arguments) => with_hub(&settings, async |hub, _| import::run(&hub, &arguments).await),
        Command::Actor(command) => with_hub(&settings, async |hub, config| actor::run(&hub, &config, command).await),
        Command::Source(command) => with_hub(&settings, async |hub, config| source::run(&hub, &config, command).await),
        Command::Query(crate::cli::Query::Translate { from, file }) => translate::run(from, &file),
        Command::Query(command) => with_hub(&settings, async |hub, _| query::run(&hub, command).await),
        Command::Org(command) => org::run(&settings, command),
        Command::User(command) => with_hub(&settings, async |hub, config| user::run(&hub, &config, command).await),
        Command::Check => with_hub(&settings, async |hub, _| check::run(&hub).await),
        Command::Secrets(command) => with_hub(&settings, async |hub, _| secrets::run(&hub, command).await),
        Command::Backup(arguments) => with_hub(&settings, async |hub, _| backup::run(&hub, &arguments).await),
        Command::Restore(arguments) => backup::restore(&settings, &arguments),
        Command::Serve(arguments) => serve::run(&settings, &arguments),
        Command::DemoNetwork(arguments) => demo_network::run(&arguments),
        Command::Demo(arguments) => demo::run(&settings, &arguments),
    }
}

/// Opens the store of the configuration, runs the command, closes the store.
fn with_hub(settings: &Settings, work: impl AsyncFnOnce(Hub, Config) -> Result<ExitCode>) -> Result<ExitCode> {
    let config = Config::load(settings, Overrides::default())?;
    logging::start(&config);
    runtime()?.block_on(async {
        let db = Db::open(&config.data_dir, config.database_url.as_deref()).await?;
        let hub = Hub::new(db.clone());
        let done = work(hub, config).await;
        db.close().await;
        done
    })
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the program cannot start its threads")
}

fn manual(dir: Option<&std::path::Path>) -> Result<ExitCode> {
    let command = Cli::command();
    match dir {
        None => clap_mangen::Man::new(command).render(&mut io::stdout())?,
        Some(dir) => {
            std::fs::create_dir_all(dir).with_context(|| format!("{} cannot be made", dir.display()))?;
            clap_mangen::generate_to(command, dir)
                .with_context(|| format!("{} cannot be written to", dir.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
