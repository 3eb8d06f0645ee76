use std::process::ExitCode;

use anyhow::{Context as _, Result};
use dandelion_hub::{
    Hub,
    actor::{self, FollowState, NewActor},
    log,
    unit::Org,
};
use dandelion_networks::activitypub::Remote;
use url::Url;

use crate::{
    cli::{Actor, Actors},
    config::Config,
};

/// Makes and lists our own actors on ActivityPub, and says whom they follow.
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
                let following = actor::following(&hub.db, actor.handle.id).await?;
                let (name, label, id) = (&actor.handle.name, &actor.ours.label, &actor.ours.id);
                println!("{name}\t{label}\t{followers} followers, {following} followed\t{id}");
            }
        }
        Actor::Follow { name, account } => {
            let ours = ours(hub, &base, &name).await?;
            let remote = Remote::new(super::serve::client(config)?);
            let found = actor::find_account(hub, &remote, &ours, &account).await?;
            actor::ask(hub, log::Actor::System("command"), &ours, &found.actor, &found.handle).await?;
            println!("@{} is asked by the program that serves; what it says comes here once it agrees", found.handle);
        }
        Actor::Unfollow { name, account } => {
            let ours = ours(hub, &base, &name).await?;
            let wanted = account.trim_start_matches('@');
            let known = actor::followed(&hub.db, ours.handle.id).await?;
            let follow =
                known.iter().find(|follow| follow.name.eq_ignore_ascii_case(wanted) || follow.actor == account);
            let follow = follow.with_context(|| {
                format!("{} does not follow {account}; `dandelion actor following {name}` lists them", ours.handle.name)
            })?;
            actor::unfollow_account_as(hub, log::Actor::System("command"), &ours, follow.id).await?;
            println!("@{} is followed no longer; what it said stays", follow.name);
        }
        Actor::Following { name } => {
            let ours = ours(hub, &base, &name).await?;
            for follow in actor::followed(&hub.db, ours.handle.id).await? {
                let state = match follow.state {
                    FollowState::Asked => "asked",
                    FollowState::Accepted => "followed",
                    FollowState::Refused => "refused",
                    FollowState::Unreached => "not reached",
                };
                println!("@{}\t{state}\t{}\t{}", follow.name, follow.actor, follow.error.unwrap_or_default());
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The actor of this name.
async fn ours(hub: &Hub, base: &Url, name: &str) -> Result<actor::Actor> {
    let wanted = name.trim_start_matches('@');
    let wanted = wanted.split_once('@').map_or(wanted, |(name, _)| name);
    let found = actor::all(hub, base).await?.into_iter().find(|actor| actor.ours.name.eq_ignore_ascii_case(wanted));
    found.with_context(|| format!("there is no actor `{name}` at {base}; `dandelion actor list` lists them"))
}
