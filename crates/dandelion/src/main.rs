//! The command line of Dandelion, a self-hosted social business hub.
//!
//! Exit codes: 0 done, 1 some lines refused (each named), 2 bad usage, input or configuration.

mod cli;
mod command;
mod config;
mod demo;
mod logging;
mod memory;
mod output;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    memory::shared_by_all_threads();
    // First of all, so that every TLS client uses it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments = match cli::Cli::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match command::run(arguments) {
        Ok(code) => code,
        // Somebody closed the pipe we write to (`| head`): nothing to complain of.
        Err(error) if output::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
