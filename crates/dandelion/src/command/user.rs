use std::{collections::BTreeMap, process::ExitCode};

use anyhow::{Context as _, Result};
use dandelion_hub::{
    Hub,
    log::Actor,
    member::{self, Details, invitation::Purpose},
    scope::{Role, Viewer},
    unit::Org,
};

use crate::{cli::User, config::Config};

/// Adds, lists and disables members, and gives them addresses where they choose a password.
pub async fn run(hub: &Hub, config: &Config, command: User) -> Result<ExitCode> {
    let org = Org::load(&hub.db).await?;
    match command {
        User::Add { email, name, roles } => {
            let roles = roles.iter().map(|role| granted(&org, role)).collect::<Result<BTreeMap<i64, Role>>>()?;
            let id = member::add(hub, &this_machine(&org), Details { key: String::new(), name, email, roles }).await?;
            println!("added as member {id}");
            invite(hub, config, id).await?;
        }
        User::List => {
            for member in member::all(&hub.db).await? {
                let roles: Vec<String> = member
                    .roles
                    .iter()
                    .map(|(unit, role)| format!("{}@{}", role.as_str(), org.unit(*unit).map_or("?", |unit| &unit.key)))
                    .collect();
                let state = if member.disabled_at.is_some() { "disabled" } else { "active" };
                println!("{}\t{}\t{}\t{state}\t{}", member.key, member.name, member.email, roles.join(" "));
            }
        }
        User::Password { email } => invite(hub, config, found(hub, &email).await?).await?,
        User::Disable { email } => {
            member::disable(hub, &this_machine(&org), found(hub, &email).await?).await?;
            println!("{email} may no longer sign in; every session of theirs has ended");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Whoever can run commands on the data directory holds all of it: as “member 0”, the command line, in the log.
pub(super) fn this_machine(org: &Org) -> Viewer {
    let units = org.parents();
    let everywhere: Vec<(i64, Role)> = units.iter().map(|(unit, _)| (*unit, Role::Admin)).collect();
    Viewer::new(0, "the command line".into(), &everywhere, &units)
}

async fn found(hub: &Hub, email: &str) -> Result<i64> {
    let member = member::by_email(&hub.db, email).await?;
    Ok(member.with_context(|| format!("there is no member {email}; `dandelion user list` names all"))?.id)
}

fn granted(org: &Org, text: &str) -> Result<(i64, Role)> {
    let (role, unit) =
        text.split_once('@').with_context(|| format!("`{text}`: write a role and a unit, such as agent@repairs"))?;
    let unit = org
        .unit_by_key(unit)
        .with_context(|| format!("there is no unit `{unit}`; `dandelion org export` lists them"))?;
    Ok((unit.id, role.parse()?))
}

async fn invite(hub: &Hub, config: &Config, member: i64) -> Result<()> {
    let token = member::invitation::make(hub, Actor::System("command"), Purpose::Password, Some(member)).await?;
    let base = config.public_url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
    println!("they choose a password, once, at {}/password/{token}", base.trim_end_matches('/'));
    Ok(())
}
