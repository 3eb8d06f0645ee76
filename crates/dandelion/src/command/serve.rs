use std::{process::ExitCode, time::Duration};

use anyhow::{Context as _, Result};
use dandelion_hub::{
    Db, Hub,
    actor::{self, Deliverer},
    backfill, case,
    log::Actor,
    member::invitation::{self, Purpose},
    model,
    reply::{
        self,
        sender::{self, Sender, Stale},
    },
    source::{Listener, Poller, Pusher},
};
use dandelion_networks::egress::{Client, Egress};
use dandelion_web::App;
use tokio::{net::TcpListener, sync::watch};

use crate::{
    cli::{Serve, Settings},
    config::{Config, Overrides},
    logging,
};

/// Runs the hub until it is told to stop (Ctrl-C or SIGTERM).
pub fn run(settings: &Settings, arguments: &Serve) -> Result<ExitCode> {
    let overrides = Overrides {
        listen: arguments.listen.clone(),
        public_url: arguments.public_url.clone(),
        ..Overrides::default()
    };
    let config = Config::load(settings, overrides)?;
    logging::start(&config);
    super::runtime()?.block_on(async {
        let db = Db::open(&config.data_dir, config.database_url.as_deref()).await?;
        let hub = Hub::new(db.clone());
        let listener = listen(&config).await?;
        let address = address(&config, &listener)?;
        println!("Dandelion is at {address}");
        if invitation::setup_needed(&hub).await? {
            let token = invitation::make(&hub, Actor::System("command"), Purpose::Setup, None).await?;
            println!("Nobody administers it yet. Whoever opens this address first does (once, within a day):");
            println!("{address}setup/{token}");
        }
        println!("Stop it with Ctrl-C; nothing is lost.");
        let done = hub_until(hub, &config, listener, stop_asked()).await;
        db.close().await;
        done.map(|()| ExitCode::SUCCESS)
    })
}

/// Binds the address of the configuration.
pub async fn listen(config: &Config) -> Result<TcpListener> {
    TcpListener::bind(&config.listen).await.with_context(|| {
        format!(
            "{} cannot be listened on; another program may use it. Choose another with --listen or DANDELION_LISTEN",
            config.listen
        )
    })
}

/// The address people type.
pub fn address(config: &Config, listener: &TcpListener) -> Result<url::Url> {
    match &config.public_url {
        Some(url) => Ok(url.parse()?),
        None => Ok(format!("http://{}/", listener.local_addr()?).parse()?),
    }
}

/// Pages, sending, and everything that happens by the clock, until `stop` is done; then no new work is begun, what is
/// under way is finished, and all of it has ended when this returns.
pub async fn hub_until(
    hub: Hub,
    config: &Config,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send,
) -> Result<()> {
    let (tell, told) = watch::channel(false);
    // One for all, so that connections and sign-ins are shared.
    let outside = client(config)?;
    actor::recall_knocks(&hub, &outside).await?;
    let sender = Sender::new(hub.clone(), outside.clone(), sender::Rules::default());
    if !hub.db.is_postgres() {
        // With SQLite there is only this program: whatever an earlier one left half done is ours to settle at once.
        sender.recover(Stale::Foreign).await?;
    }
    let sending = tokio::spawn(sender::run(sender, told.clone()));
    let delivering = tokio::spawn(Deliverer::new(hub.clone(), outside.clone()).run(told.clone()));
    let polling = tokio::spawn(Poller::new(hub.clone(), outside.clone()).run(told.clone()));
    let filling = tokio::spawn(backfill::run(hub.clone(), told.clone()));
    let learning = tokio::spawn(model::run(hub.clone(), told.clone()));
    let listening = tokio::spawn(Listener::new(hub.clone(), outside.clone()).run(told.clone()));
    // Hubs of feeds can only tell an address that others reach.
    let pushing = match &config.public_url {
        Some(url) => {
            let pusher = Pusher::new(hub.clone(), outside.clone(), url.parse()?);
            Some(tokio::spawn(pusher.run(told.clone())))
        }
        None => None,
    };
    let ticking = tokio::spawn(tick(hub.clone(), told));
    let web = dandelion_web::Config {
        outside: Some(outside),
        pictures: Some(config.data_dir.join("pictures")),
        ..dandelion_web::Config::new(address(config, &listener)?)
    };
    let app = App::new(hub, web);
    let stop = async {
        stop.await;
        tracing::info!("stopping: finishing what is under way");
        let _ = tell.send(true);
    };
    let served = dandelion_web::serve(listener, app, stop).await;
    let _ = tell.send(true);
    if tokio::time::timeout(Duration::from_secs(30), sending).await.is_err() {
        tracing::warn!("a network did not answer in time; its reply is settled at the next start");
    }
    if tokio::time::timeout(Duration::from_secs(10), delivering).await.is_err() {
        tracing::warn!("a server of the fediverse did not answer in time; it is told after the next start");
    }
    if tokio::time::timeout(Duration::from_secs(10), polling).await.is_err() {
        tracing::warn!("a feed did not answer in time; it is asked again after the next start");
    }
    if tokio::time::timeout(Duration::from_secs(10), listening).await.is_err() {
        tracing::warn!("a stream did not close in time; what it told of last is asked for after the next start");
    }
    let _ = ticking.await;
    if let Some(pushing) = pushing
        && tokio::time::timeout(Duration::from_secs(10), pushing).await.is_err()
    {
        tracing::warn!("the hub of a feed did not answer in time; it is asked again after the next start");
    }
    let _ = filling.await;
    if tokio::time::timeout(Duration::from_secs(10), learning).await.is_err() {
        tracing::warn!("a training was cut off; it begins anew after the next start");
    }
    served.context("the pages could not be served")
}

/// What happens because time passes: targets are missed, snoozes end, offers and approvals lapse.
async fn tick(hub: Hub, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(error) = case::tick(&hub).await {
            tracing::warn!(error = error.logged(), "what was due by the clock could not be done; trying again");
        }
        if let Err(error) = reply::expire(&hub).await {
            tracing::warn!(error = error.logged(), "lapsed approvals could not be recorded; trying again");
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(5)) => {}
            _ = stop.changed() => {}
        }
    }
}

/// The one client for foreign addresses.
pub fn client(config: &Config) -> Result<Client> {
    let allowed = config.allow_private.iter().map(|address| address.parse());
    let allow_private = allowed.collect::<Result<_, _>>().context("allow_private")?;
    Ok(Client::new(Egress { allow_private, ..Egress::default() })?)
}

/// Waits for Ctrl-C or SIGTERM.
pub async fn stop_asked() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = interrupt.await;
        }
    }
}
