use std::process::ExitCode;

use anyhow::{Context as _, Result};
use dandelion_hub::{
    Hub,
    actor::{self, NewActor},
    log,
    unit::Org,
};
use url::Url;

use crate::{
    cli::{Actor, Actors},
    config::Config,
};

/// Makes and lists our own actors on ActivityPub.
pub async fn run(hub: &Hub, config: &Config, arguments: Actors) -> Result<ExitCode> {
    let base: Url = arguments
        .public_url
        .as_deref()
        .or(config.public_url.as_deref())
        .context("an actor is known by the address others reach this installation at; set public_url first")?
        .parse()?;
    match arguments.command {
        Actor::Add { name, label, unit } => {
            let org = Org::load(&hub.db).await?;
            let unit = match unit {
                Some(key) => org
                    .unit_by_key(&key)
                    .map(|unit| unit.id)
                    .with_context(|| format!("there is no unit `{key}`; `dandelion org export` lists them"))?,
                None => org.hub().context("there is no organisation yet; `dandelion org import` brings one")?.id,
            };
            let new = NewActor { name, label: label.unwrap_or_default(), unit };
            let made = actor::make(hub, log::Actor::System("command"), &base, &new).await?;
            println!(
                "{} can be followed and written to; it speaks as the handle `{}`",
                made.handle.name, made.handle.key
            );
            println!("what is said to it comes by the source `{}`", made.source.key);
            if base.scheme() != "https" {
                println!("others take it only over https; public_url is {base}");
            }
        }
        Actor::List => {
            for actor in actor::all(hub, &base).await? {
                let followers = actor::followers(&hub.db, actor.handle.id).await?;
                println!("{}\t{}\t{followers} followers\t{}", actor.handle.name, actor.ours.label, actor.ours.id);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
