use std::{io::Read as _, process::ExitCode};

use anyhow::{Context as _, Result, bail};
use dandelion_hub::{
    Hub,
    log::Actor,
    source::{self, Kind, NewSource},
    unit::Org,
};
use dandelion_networks::{egress::Client, feed, opml};
use dandelion_post::rfc3339;
use jiff::Timestamp;

use crate::{cli::Source, config::Config, output};

/// Connects, lists, rests, wakes and tries sources.
pub async fn run(hub: &Hub, config: &Config, command: Source) -> Result<ExitCode> {
    match command {
        Source::Add { url, name, kind, network, unit } => {
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

/// Asks once, stores nothing.
async fn test(hub: &Hub, client: &Client, key: &str) -> Result<ExitCode> {
    let url = match source::find_by_key(hub, key).await {
        Ok(source) => source.url.with_context(|| format!("{key} is not asked; it brings its posts itself"))?,
        Err(_) => found(client, key).await?.0.unwrap_or_default(),
    };
    let polled = feed::poll(client, &url, &feed::Cursor::default(), Timestamp::now()).await?;
    println!("{url}: {}", polled.title.as_deref().unwrap_or("without a title"));
    let mut refused = 0;
    for (at, post) in polled.posts.iter().enumerate() {
        match post {
            Ok(post) if at < 10 => {
                let when = post.created_at.map_or_else(|| "no date".into(), |at| rfc3339(dandelion_post::micros(at)));
                let words = post.title.as_deref().unwrap_or(&post.text);
                println!("  {when}  {}", words.chars().take(90).collect::<String>());
            }
            Ok(_) => {}
            Err(trouble) => {
                refused += 1;
                eprintln!("  entry {}: {}", at + 1, trouble.refusal);
            }
        }
    }
    println!("{} entries, {refused} refused; nothing was stored", polled.posts.len());
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
