use std::{process::ExitCode, time::Duration};

use anyhow::{Context as _, Result};
use dandelion_hub::{
    Clock, Db, Hub, Random,
    intake::{self, Item},
    log::Actor,
    member::{
        self,
        invitation::{self, Purpose},
    },
    query,
    scope::{Role, Viewer},
    source::{self, Kind, NewSource},
    unit::{self, Org},
    voice,
};
use dandelion_networks::{
    egress::Client,
    webhook::{Secret, sign},
};
use dandelion_post::{Post, micros};
use jiff::Timestamp;
use tokio::{net::TcpListener, sync::watch};

use super::serve;
use crate::{
    cli::{Demo, Settings},
    config::{Config, Overrides},
    demo::{
        self,
        history::script,
        life::{Life, PublishedReply},
        network::{Faults, Network, Settings as NetworkSettings},
        staff::Staff,
        thread::Told,
    },
    logging, output,
};

/// The source that the simulated customers' posts come in by.
const SOURCE: &str = "demo-customers";

/// Runs the sample organisation with a life of its own.
pub fn run(settings: &Settings, arguments: &Demo) -> Result<ExitCode> {
    let overrides = Overrides {
        data_dir: Some("dandelion-demo"),
        log: Some("warn"),
        listen: arguments.listen.clone(),
        public_url: None,
    };
    let mut config = Config::load(settings, overrides)?;
    // The demo's own network and webhook are on this machine.
    config.allow_private.push("127.0.0.1".into());
    logging::start(&config);
    super::runtime()?.block_on(async {
        let db = Db::open(&config.data_dir, config.database_url.as_deref()).await?;
        let done = live(&db, &config, arguments).await;
        db.close().await;
        done.map(|()| ExitCode::SUCCESS)
    })
}

async fn live(db: &Db, config: &Config, arguments: &Demo) -> Result<()> {
    let hub = Hub::new(db.clone());
    let listener = serve::listen(config).await?;
    let (network, network_listener) = network(config, arguments).await?;
    let source = set_up(&hub, network.address()).await?;
    let seed = demo::SEED ^ arguments.seed.wrapping_sub(1);
    let told = if arguments.empty || source.accounting.seen > 0 {
        Vec::new()
    } else {
        tell_history(db, source.id, seed, config).await?
    };

    let address = serve::address(config, &listener)?;
    println!("Dandelion's demo is at {address}");
    println!("Sign in, once, with this address:");
    println!("{address}session/once/{}", sign_in_address(&hub).await?);
    println!("What you answer is published at {}/", network.address());
    println!("Stop it with Ctrl-C; start it again and it goes on.");

    let (tell, stop) = watch::channel(false);
    let mut stopped = stop.clone();
    let until = async move {
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    let publishing = tokio::spawn(network.clone().serve(network_listener, until));
    let mut living = None;
    if arguments.rate > 0.0 {
        let mut life = Life::new(seed, Timestamp::now(), arguments.rate * 60.0);
        life.remember(&told);
        let customers = Customers {
            life,
            client: serve::client(config)?,
            hook: address.join(&format!("hooks/{SOURCE}"))?,
            secret: secret(&hub, source.id).await?,
            network,
            random: hub.random.clone(),
        };
        living = Some(tokio::spawn(customers.live(stop)));
    }
    let served = serve::hub_until(hub, config, listener, serve::stop_asked()).await;
    let _ = tell.send(true);
    if let Some(living) = living {
        let _ = living.await;
    }
    let _ = tokio::time::timeout(Duration::from_secs(5), publishing).await;
    served
}

/// The demo network beside us, on its own port.
async fn network(config: &Config, arguments: &Demo) -> Result<(Network, TcpListener)> {
    std::fs::create_dir_all(&config.data_dir)?;
    let listener = TcpListener::bind(&arguments.network_listen).await.with_context(|| {
        format!("the demo network cannot listen on {}; choose another with --network-listen", arguments.network_listen)
    })?;
    let settings = NetworkSettings {
        file: Some(config.data_dir.join("demo-network.jsonl")),
        keys: true,
        token: None,
        faults: Faults::none(arguments.seed),
        clock: Clock::System,
    };
    Ok((Network::open(settings, &listener)?, listener))
}

/// Makes the organisation, its queries and the customers' source where they are missing, and tells the handles where the
/// network is today.
async fn set_up(hub: &Hub, network: &str) -> Result<source::Source> {
    let actor = || Actor::System("demo");
    if Org::load(&hub.db).await?.units.is_empty() {
        unit::import(hub, actor(), demo::ORGANISATION).await.context("the sample organisation")?;
        let listed = dandelion_listen::queries::read(demo::QUERIES).context("the sample queries")?;
        query::import(hub, actor(), &listed).await?;
        group(hub).await?;
    }
    let org = Org::load(&hub.db).await?;
    let moved = |handle: &dandelion_hub::handle::Handle| {
        handle.network == "demo" && handle.config.address.as_deref() != Some(network)
    };
    if org.handles.iter().any(moved) {
        unit::change(hub, &centre(&org), |file| {
            for handle in file.handles.iter_mut().filter(|handle| handle.network == "demo") {
                handle.address = Some(network.to_owned());
                handle.honours_keys = true;
            }
            Ok(())
        })
        .await?;
    }
    let new = NewSource {
        key: SOURCE.into(),
        name: "Customers of the demo".into(),
        kind: Kind::Webhook,
        network: "demo".into(),
        unit: None,
        url: None,
    };
    Ok(source::find_or_add(hub, actor(), &new).await?)
}

/// What the sample organisation compares on the page *Share of voice*.
const GROUPS: [(&str, voice::Kind, &str); 6] = [
    ("Hollerbek", voice::Kind::Ours, "Our name, anywhere"),
    ("Vessara, Brasmont, Tolvarek", voice::Kind::Competitor, "Competitors beside us"),
    ("Kettles", voice::Kind::Product, "K1 and K2 kettles"),
    ("Coffee machines", voice::Kind::Product, "Coffee machine B5"),
    ("Ovens", voice::Kind::Product, "Ovens and air fryers"),
    ("Mixers", voice::Kind::Product, "Mixers and blenders"),
];

async fn group(hub: &Hub) -> Result<()> {
    let (org, queries) = (Org::load(&hub.db).await?, query::list(hub).await?);
    let admin = member::viewer(hub, administrator(hub).await?).await?;
    for (name, kind, query) in GROUPS {
        let query = queries.iter().find(|known| known.name == query).with_context(|| format!("the query “{query}”"))?;
        let draft = voice::Draft { name: name.to_owned(), kind, queries: vec![query.id] };
        voice::add(hub, &admin, org.hub()?.id, &draft).await?;
    }
    Ok(())
}

/// Thirty days, told through the same intake as live posts, with the clock of the day.
async fn tell_history(db: &Db, source: i64, seed: u64, config: &Config) -> Result<Vec<Told>> {
    let now = Timestamp::now();
    let told = script(seed, now);
    let clock = Clock::fixed(told.first().map_or_else(|| micros(now), |first| micros(first.at())));
    let hub = Hub::with(db.clone(), clock.clone(), Random::System);
    let mut staff = Staff::new(&hub, centre(&Org::load(db).await?), seed).await?;
    let bar = output::bar(Some(told.len() as u64), "thirty days of history");
    let step = 6 * 3_600_000_000;
    let mut rest = told.as_slice();
    while let Some(first) = rest.first() {
        let end = micros(first.at()) + step;
        let (batch, after) = rest.split_at(rest.partition_point(|told| micros(told.at()) < end));
        rest = after;
        clock.advance(end.min(micros(now)) - clock.now());
        let items = batch.iter().map(|told| Item::post("history", told.post.clone())).collect();
        intake::receive(&hub, source, items).await?;
        staff.work(&hub).await?;
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    let counted = source::find(&hub, source).await?.accounting;
    println!("Thirty days of history are in {}: {counted}", config.data_dir.display());
    Ok(told)
}

/// Whoever runs the demo sees all of it.
fn centre(org: &Org) -> Viewer {
    let units = org.parents();
    let everywhere: Vec<(i64, Role)> = units.iter().map(|(unit, _)| (*unit, Role::Admin)).collect();
    Viewer::new(0, "the demo".into(), &everywhere, &units)
}

/// A one-time address for the sample organisation's first administrator.
async fn sign_in_address(hub: &Hub) -> Result<String> {
    Ok(invitation::make(hub, Actor::System("demo"), Purpose::SignIn, Some(administrator(hub).await?)).await?)
}

async fn administrator(hub: &Hub) -> Result<i64> {
    let members = member::all(&hub.db).await?;
    let admin = members
        .iter()
        .find(|member| member.disabled_at.is_none() && member.roles.values().any(|role| *role == Role::Admin));
    Ok(admin.context("the organisation has no administrator left; add one with `dandelion user add`")?.id)
}

/// A secret that the simulated customers sign with, made anew at every start; the one before is ended.
async fn secret(hub: &Hub, source: i64) -> Result<Secret> {
    if let Some(secret) = source::live_secrets(hub, source).await?.into_iter().next() {
        return Ok(secret);
    }
    let made = source::add_secret_as(hub, Actor::System("demo"), source).await?;
    Ok(Secret::parse(&made.secret)?)
}

/// The simulated customers and how they reach us: by the public signed webhook, as anybody would.
struct Customers {
    life: Life,
    client: Client,
    hook: url::Url,
    secret: Secret,
    network: Network,
    random: Random,
}

impl Customers {
    async fn live(mut self, mut stop: watch::Receiver<bool>) {
        let mut read = self.network.shelf().after(0).len();
        let mut waiting: Vec<Post> = Vec::new();
        while !*stop.borrow() {
            let now = Timestamp::now();
            for published in self.network.shelf().after(read) {
                read = published.id;
                self.life.heard(
                    &PublishedReply {
                        id: published.id.to_string(),
                        in_reply_to: published.in_reply_to.unwrap_or_default(),
                        text: published.text,
                        handle: published.author,
                    },
                    now,
                );
            }
            let mut posts = std::mem::take(&mut waiting);
            self.life.advance(now, |post| posts.push(post));
            for post in posts {
                if !self.send(&post, now).await {
                    // Not taken: brought again, as the specification asks of senders.
                    waiting.push(post);
                }
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(400)) => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn send(&self, post: &Post, now: Timestamp) -> bool {
        let kind = if post.deleted_at.is_some() {
            "post.deleted"
        } else if post.edited_at.is_some() {
            "post.edited"
        } else {
            "post.created"
        };
        let body =
            serde_json::json!({ "type": kind, "timestamp": now.to_string(), "data": post }).to_string().into_bytes();
        let id = format!("msg_{:016x}", self.random.u64());
        let (at, signature) = (now.as_second().to_string(), sign(&id, now, &body, &self.secret));
        let headers = [
            ("content-type", "application/json"),
            ("webhook-id", id.as_str()),
            ("webhook-timestamp", at.as_str()),
            ("webhook-signature", signature.as_str()),
        ];
        match self.client.post(self.hook.as_str(), &headers, body).await {
            Ok(answer) if answer.status < 300 => true,
            Ok(answer) => {
                tracing::warn!(
                    status = answer.status,
                    "a simulated customer's post was not taken; it is brought again"
                );
                false
            }
            Err(error) => {
                tracing::warn!(%error, "a simulated customer's post did not arrive; it is brought again");
                false
            }
        }
    }
}
