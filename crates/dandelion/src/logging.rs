//! Log lines on standard error, for people or as JSON, without personal data: code logs ids, never words or names.

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::{cli::LogFormat, config::Config};

/// Starts logging. Called once.
pub fn start(config: &Config) {
    // Our own lines at the level asked; the libraries beneath us only when something is wrong. Who traces also sees each
    // statement of the store with the time it took; what is bound to it stays out.
    let statements = if config.log == "trace" { ",sqlx=debug" } else { "" };
    let filter = EnvFilter::new(format!(
        "warn,dandelion={0},dandelion_hub={0},dandelion_web={0},dandelion_networks={0}{statements}",
        config.log
    ));
    let registry = tracing_subscriber::registry().with(filter);
    match config.log_format {
        LogFormat::Json => registry.with(fmt::layer().json().with_writer(std::io::stderr)).init(),
        LogFormat::Human => {
            let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
            registry.with(fmt::layer().with_ansi(ansi).with_target(false).with_writer(std::io::stderr)).init();
        }
    }
}
