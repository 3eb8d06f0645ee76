use std::{process::ExitCode, time::Duration};

use anyhow::{Context as _, Result, bail};
use dandelion_hub::Clock;
use tokio::net::TcpListener;

use super::serve::stop_asked;
use crate::{
    cli::DemoNetwork,
    demo::network::{Faults, Network, Settings},
};

/// Runs the demo network until it is told to stop.
pub fn run(arguments: &DemoNetwork) -> Result<ExitCode> {
    let keys = match arguments.keys.as_str() {
        "on" => true,
        "off" => false,
        other => bail!("--keys: `{other}` is neither on nor off"),
    };
    if !(0.0..=1.0).contains(&arguments.lose) {
        bail!("--lose: {} is no share; write a number from 0 to 1", arguments.lose);
    }
    let faults = Faults {
        drop: arguments.lose,
        delay: Duration::from_millis(arguments.delay),
        ..Faults::none(u64::from(std::process::id()))
    };
    let settings = Settings { file: Some(arguments.state.clone()), keys, token: None, faults, clock: Clock::System };
    super::runtime()?.block_on(async {
        let listener = TcpListener::bind(&arguments.listen).await.with_context(|| {
            format!("{} cannot be listened on; choose another address with --listen", arguments.listen)
        })?;
        let network = Network::open(settings, &listener)
            .with_context(|| format!("the file {} cannot be used", arguments.state.display()))?;
        println!("The demo network is at {}", network.address());
        network.serve(listener, stop_asked()).await?;
        Ok(ExitCode::SUCCESS)
    })
}
