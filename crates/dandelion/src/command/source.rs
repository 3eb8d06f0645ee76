use std::{io::Read as _, process::ExitCode};

use anyhow::{Context as _, Result, bail};
use dandelion_hub::{
    Error, Hub,
    log::Actor,
    source::{self, Kind, NewPlace, NewSource},
    unit::Org,
};
use dandelion_networks::{
    About,
    contract::{Access, Credentials, Place},
    egress::Client,
    feed, guess, networks, opml,
};
use dandelion_post::rfc3339;
use jiff::Timestamp;

use crate::{cli::Source, config::Config, output};

/// Connects, lists, rests, wakes and tries sources.
pub async fn run(hub: &Hub, config: &Config, command: Source) -> Result<ExitCode> {
    match command {
        Source::Add { url, name, kind, network, unit, settings, secret } => {
            let wanted = (kind.as_deref(), network.as_deref());
            if let Some((about, mut place)) = place(wanted, url.as_deref())? {
                for setting in &settings {
                    let (name, value) =
                        setting.split_once('=').with_context(|| format!("--set {setting}: write NAME=VALUE"))?;
                    place.settings.insert(name.to_owned(), value.into());
                }
                if let Some(file) = secret {
                    place.credentials = read_secret(about, &file)?;
                }
                let unit = unit_id(hub, unit.as_deref()).await?;
                return connect(hub, config, NewPlace { name: name.unwrap_or_default(), about, unit, place }).await;
            }
            let kind = match kind {
                Some(kind) => kind.parse()?,
                None => {
                    if url.is_some() {
                        Kind::Feed
                    } else {
                        Kind::Webhook
                    }
                }
            };
            let unit = unit_id(hub, unit.as_deref()).await?;
            let network = network.unwrap_or_default();
            let (url, title) = match (kind, url) {
                (Kind::Feed, Some(url)) => found(&super::serve::client(config)?, &url).await?,
                (_, url) => (url, None),
            };
            let name = name.or(title).or_else(|| url.clone()).unwrap_or_else(|| kind.as_str().to_owned());
            let new = NewSource { key: String::new(), name, kind, network, unit, url };
            let added = source::add_with_free_key(hub, Actor::System("command"), new).await?;
            println!("{} is connected as `{}`", added.name, added.key);
            if kind == Kind::Webhook {
                let secret = source::add_secret_as(hub, Actor::System("command"), added.id).await?;
                println!("deliveries go to: POST /hooks/{}", added.key);
                println!("signed with (shown only now): {}", secret.secret);
            }
        }
        Source::List => list(hub).await?,
        Source::Pause { key } => {
            let found = source::find_by_key(hub, &key).await?;
            source::set_paused(hub, Actor::System("command"), found.id, Some("paused on the command line")).await?;
            println!("{key} rests; `dandelion source resume {key}` wakes it");
        }
        Source::Resume { key } => {
            let found = source::find_by_key(hub, &key).await?;
            source::set_paused(hub, Actor::System("command"), found.id, None).await?;
            println!("{key} is awake");
        }
        Source::Reread { key, since } => {
            let found = source::find_by_key(hub, &key).await?;
            source::reread_as(hub, Actor::System("command"), found.id, dandelion_post::micros(since)).await?;
            println!(
                "{key} is read again from {since} on, by the program that serves; what is known is not stored twice"
            );
        }
        Source::Quarantine { key, retry, retry_all } => return quarantine(hub, &key, retry, retry_all).await,
        Source::Test { key } => return test(hub, &super::serve::client(config)?, &key).await,
        Source::ImportOpml { file } => import_opml(hub, &file).await?,
        Source::ExportOpml => {
            let feeds = source::list(hub).await?.into_iter().filter(|source| source.kind == Kind::Feed);
            let outlines: Vec<_> = feeds
                .map(|source| opml::Outline {
                    url: source.url.unwrap_or_default(),
                    title: Some(source.name),
                    site: None,
                    folders: Vec::new(),
                })
                .collect();
            print!("{}", opml::write("Dandelion's feeds", &outlines));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The place of a network that is meant, where it is not a feed or a webhook.
fn place(wanted: (Option<&str>, Option<&str>), typed: Option<&str>) -> Result<Option<(&'static About, Place)>> {
    let (kind, network) = wanted;
    let Some(typed) = typed.filter(|_| matches!(kind, None | Some("network"))) else { return Ok(None) };
    let guessed = guess::guess(typed).into_iter().find(|(about, _)| network.is_none_or(|name| name == about.name));
    let of_network = |about: &&About| about.reads.poll || about.reads.push;
    let (about, place) = match (guessed, network.and_then(networks::find).filter(of_network)) {
        (Some((about, guess)), _) => (about, Place { url: guess.url, settings: guess.settings, ..Place::default() }),
        (None, Some(about)) => (about, Place { url: typed.to_owned(), ..Place::default() }),
        (None, None) if kind.is_some() => {
            bail!("it cannot be seen which network {typed} is of; name it with --network")
        }
        (None, None) => return Ok(None),
    };
    Ok(about.has_places().then_some((about, place)))
}

/// A secret out of a file (or several, as a JSON object by name), so that it stands neither in the list of processes nor in the shell's history.
fn read_secret(about: &About, file: &str) -> Result<Credentials> {
    let field = about.secret().with_context(|| format!("{} has no secret", about.label))?;
    let mut text = String::new();
    output::open(file)?.take(64 * 1024).read_to_string(&mut text).with_context(|| format!("{file} cannot be read"))?;
    Ok(Credentials::read(field.name, &text))
}

/// Asks the network what it says of itself and of us, then connects the place.
async fn connect(hub: &Hub, config: &Config, mut new: NewPlace) -> Result<ExitCode> {
    new.about.connector.check(&new.place)?;
    let access = Access::new(super::serve::client(config)?, new.place, Timestamp::now());
    let connected = new.about.connector.connect(&access).await?;
    new.place = connected.place;
    if new.name.is_empty() {
        new.name = connected.name.unwrap_or_else(|| new.place.url.clone());
    }
    let about = new.about;
    let added = source::connect_place(hub, Actor::System("command"), new).await?;
    println!("{} is connected as `{}` ({}, {})", added.name, added.key, about.label, about.proven.words());
    if about.reads.push {
        println!("deliveries go to: POST /hooks/{}", added.key);
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(hub: &Hub) -> Result<()> {
    for source in source::list(hub).await? {
        let state = match (&source.paused_at, &source.error) {
            (Some(_), _) => format!("paused: {}", source.paused_why.as_deref().unwrap_or("")),
            (None, Some(error)) => format!("trouble: {error}"),
            (None, None) => "well".into(),
        };
        println!("{}\t{}\t{}\t{}\t{state}", source.key, source.kind.as_str(), source.name, source.accounting);
    }
    Ok(())
}

/// Shows what could not be taken, or tries it again. Something that is still refused gives exit code 1.
async fn quarantine(hub: &Hub, key: &str, retry: Option<i64>, all: bool) -> Result<ExitCode> {
    let found = source::find_by_key(hub, key).await?;
    if let Some(number) = retry {
        let item = match source::waiting(hub, number).await {
            Ok(item) if item.source == found.id => item,
            Ok(_) | Err(Error::NotFound { .. }) => {
                bail!("{key} has no refused item {number}; `dandelion source quarantine {key}` lists them")
            }
            Err(error) => return Err(error.into()),
        };
        return Ok(told(usize::from(taken(hub, item).await), 1));
    }
    // What is refused again is written down anew, behind the newest of now.
    let newest = source::newest_refusal(hub, found.id).await?;
    let (mut after, mut good, mut tried) = (0, 0, 0);
    while after < newest {
        let items = source::waiting_after(hub, found.id, after, 200).await?;
        let Some(last) = items.last() else { break };
        after = last.id;
        for item in items.into_iter().filter(|item| item.id <= newest) {
            if all {
                tried += 1;
                good += usize::from(taken(hub, item).await);
            } else {
                println!("{}", serde_json::to_string(&item)?);
            }
        }
    }
    Ok(if all { told(good, tried) } else { ExitCode::SUCCESS })
}

/// Whether a refused item was taken this time; why not is said.
async fn taken(hub: &Hub, item: source::Refused) -> bool {
    let (number, place) = (item.id, item.place.clone());
    match source::retry_as(hub, Actor::System("command"), item).await {
        Ok(_) => true,
        Err(error) => {
            eprintln!("{number} ({place}): {error}");
            false
        }
    }
}

fn told(taken: usize, tried: usize) -> ExitCode {
    let left = tried - taken;
    println!("{taken} taken, {left} still refused");
    ExitCode::from(u8::from(left > 0))
}

async fn unit_id(hub: &Hub, key: Option<&str>) -> Result<Option<i64>> {
    let Some(key) = key else { return Ok(None) };
    let org = Org::load(&hub.db).await?;
    let unit =
        org.unit_by_key(key).with_context(|| format!("there is no unit `{key}`; `dandelion org export` lists them"))?;
    Ok(Some(unit.id))
}

/// The feed at an address, or the first one that the page there names.
async fn found(client: &Client, url: &str) -> Result<(Option<String>, Option<String>)> {
    let found = feed::discover(client, url, Timestamp::now()).await?;
    let Some(first) = found.first() else {
        bail!("no feed was found at {url}; give the feed's own address");
    };
    for other in found.iter().skip(1) {
        eprintln!("there is also {} {}", other.url, other.title.as_deref().unwrap_or(""));
    }
    Ok((Some(first.url.clone()), first.title.clone()))
}

/// Asks once, stores nothing: a connected source by its key, or whatever an address or a handle shows to everybody.
async fn test(hub: &Hub, client: &Client, key: &str) -> Result<ExitCode> {
    let (name, items, title) = if let Ok(source) = source::find_by_key(hub, key).await {
        let page = source::look(hub, client, &source).await?;
        (source.url.unwrap_or(source.name), page.items, page.title)
    } else if let Some((about, place)) = place((None, None), Some(key))?.filter(|(about, _)| about.reads.poll) {
        about.connector.check(&place)?;
        let access = Access::new(client.clone(), place, Timestamp::now());
        let page = about.connector.page(&access, &serde_json::Value::Null).await?;
        (format!("{} on {}", key, about.label), page.items, page.title)
    } else {
        let url = found(client, key).await?.0.unwrap_or_default();
        let polled = feed::poll(client, &url, &feed::Cursor::default(), Timestamp::now()).await?;
        (url, polled.posts, polled.title)
    };
    println!("{name}: {}", title.as_deref().unwrap_or("without a title"));
    let mut refused = 0;
    for (at, item) in items.iter().enumerate() {
        match item {
            Ok(post) if at < 10 => {
                let when = post.created_at.map_or_else(|| "no date".into(), |at| rfc3339(dandelion_post::micros(at)));
                let words = post.title.as_deref().unwrap_or(&post.text);
                println!("  {when}  {}", words.chars().take(90).collect::<String>());
            }
            Ok(_) => {}
            Err(trouble) => {
                refused += 1;
                eprintln!("  item {}: {}", at + 1, trouble.refusal);
            }
        }
    }
    let count = if items.len() == 1 { "1 item".to_owned() } else { format!("{} items", items.len()) };
    println!("{count}, {refused} refused; nothing was stored");
    Ok(ExitCode::from(u8::from(refused > 0)))
}

async fn import_opml(hub: &Hub, file: &str) -> Result<()> {
    let mut bytes = Vec::new();
    output::open(file)?
        .take(16 * 1024 * 1024)
        .read_to_end(&mut bytes)
        .with_context(|| format!("{file} cannot be read"))?;
    let known: Vec<Option<String>> = source::list(hub).await?.into_iter().map(|source| source.url).collect();
    let (mut added, mut there) = (0, 0);
    for outline in opml::read(&bytes).with_context(|| format!("{file} cannot be used"))? {
        if known.contains(&Some(outline.url.clone())) {
            there += 1;
            continue;
        }
        let name = outline.title.unwrap_or_else(|| outline.url.clone());
        let new = NewSource {
            key: String::new(),
            name: name.chars().take(120).collect(),
            kind: Kind::Feed,
            network: String::new(),
            unit: None,
            url: Some(outline.url),
        };
        source::add_with_free_key(hub, Actor::System("command"), new).await?;
        added += 1;
    }
    println!("{added} feeds connected, {there} were there already");
    Ok(())
}
