//! Between `org.toml` and the organisation in memory.

use std::collections::BTreeMap;

use super::{
    Org, Product, Rule, Topic, Unit,
    toml::{self, File, HandleEntry, MemberEntry, ProductEntry, RouteEntry, TopicEntry, UnitEntry},
};
use crate::{
    Db, Result,
    handle::{Config, Handle},
    member::{self, Member},
    store::Boxed,
};

impl Org {
    /// The organisation of an `org.toml`, without a database: ids count from 1 in the file's order.
    pub fn from_toml(text: &str) -> Result<Self, toml::Problems> {
        Ok(Self::from_file(&toml::read(text)?))
    }

    /// As [`Org::from_toml`], of a file already read.
    pub fn from_file(file: &File) -> Self {
        let units = ids(file.units.iter().map(|unit| &unit.key));
        let members = ids(file.members.iter().map(|member| &member.key));
        let unit_id = |key: &String| units.get(key.as_str()).copied().unwrap_or_default();
        let member_id = |key: &String| members.get(key.as_str()).copied().unwrap_or_default();
        Self {
            name: file.name.clone(),
            time_zone: file.time_zone.clone(),
            languages: file.languages.clone(),
            order_numbers: file.order_numbers.clone(),
            hours: file.hours.clone(),
            units: numbered(&file.units, |id, unit| Unit {
                id,
                key: unit.key.clone(),
                name: unit.name.clone(),
                kind: unit.kind,
                parent: unit.parent.as_ref().map(unit_id),
                country: unit.country.clone(),
                languages: unit.languages.clone(),
                hours: unit.hours.clone(),
                approval: unit.approval.as_ref().map(unit_id),
                takes_unroutable: unit.takes_unroutable,
                archived: false,
            }),
            products: numbered(&file.products, |id, product| Product {
                id,
                key: product.key.clone(),
                name: product.name.clone(),
                aliases: product.aliases.clone(),
                unit: product.unit.as_ref().map(unit_id),
                competitor: product.competitor,
                archived: false,
            }),
            topics: numbered(&file.topics, |id, topic| Topic {
                id,
                key: topic.key.clone(),
                name: topic.name.clone(),
                words: topic.words.clone(),
                unit: topic.unit.as_ref().map(unit_id),
                archived: false,
            }),
            routes: numbered(&file.routes, |id, route| Rule {
                id,
                name: route.name.clone(),
                when: route.when.clone(),
                unit: unit_id(&route.to),
                tell: route.tell.iter().map(unit_id).collect(),
            }),
            promises: file
                .promises
                .iter()
                .map(|((unit, kind), minutes)| ((unit.as_ref().map(unit_id), *kind), *minutes))
                .collect(),
            handles: numbered(&file.handles, |id, handle| Handle {
                id,
                key: handle.key.clone(),
                network: handle.network.clone(),
                name: handle.name.clone(),
                unit: unit_id(&handle.unit),
                purpose: handle.purpose,
                owner: handle.owner.as_ref().map(member_id),
                deputy: handle.deputy.as_ref().map(member_id),
                config: Config {
                    address: handle.address.clone(),
                    secret: handle.secret.clone(),
                    honours_keys: handle.honours_keys,
                    keys_hours: handle.keys_hours,
                    kind: handle.kind.clone(),
                    settings: serde_json::Map::new(),
                    approval: handle.approval.clone(),
                },
                archived: false,
            }),
            version: 0,
        }
    }

    /// What an `org.toml` would say of it: everything in use, archived things left out.
    pub(super) fn to_file(&self, members: &[Member]) -> File {
        let live: BTreeMap<i64, &String> = self.live_units().map(|unit| (unit.id, &unit.key)).collect();
        let people: BTreeMap<i64, &String> = members.iter().map(|member| (member.id, &member.key)).collect();
        let unit = |id: i64| live.get(&id).map(|key| (*key).clone());
        let person = |id: i64| people.get(&id).map(|key| (*key).clone());
        File {
            name: self.name.clone(),
            time_zone: self.time_zone.clone(),
            languages: self.languages.clone(),
            order_numbers: self.order_numbers.clone(),
            hours: self.hours.clone(),
            units: self.live_units().map(|it| unit_entry(it, unit)).collect(),
            products: self
                .products
                .iter()
                .filter(|product| !product.archived)
                .map(|product| ProductEntry {
                    key: product.key.clone(),
                    name: product.name.clone(),
                    aliases: product.aliases.clone(),
                    unit: product.unit.and_then(unit),
                    competitor: product.competitor,
                })
                .collect(),
            topics: self
                .topics
                .iter()
                .filter(|topic| !topic.archived)
                .map(|topic| TopicEntry {
                    key: topic.key.clone(),
                    name: topic.name.clone(),
                    words: topic.words.clone(),
                    unit: topic.unit.and_then(unit),
                })
                .collect(),
            routes: self.routes.iter().filter_map(|rule| route_entry(rule, unit)).collect(),
            members: members
                .iter()
                .map(|member| MemberEntry {
                    key: member.key.clone(),
                    name: member.name.clone(),
                    email: member.email.clone(),
                    roles: member.roles.iter().filter_map(|(id, role)| Some((unit(*id)?, *role))).collect(),
                })
                .collect(),
            handles: self
                .handles
                .iter()
                .filter(|handle| !handle.archived)
                .filter_map(|handle| handle_entry(handle, unit, person))
                .collect(),
            promises: self
                .promises
                .iter()
                .filter_map(|((id, kind), minutes)| match id {
                    None => Some(((None, *kind), *minutes)),
                    Some(id) => Some(((Some(unit(*id)?), *kind), *minutes)),
                })
                .collect(),
        }
    }
}

/// The organisation as it stands now, as an `org.toml` that imports to the same. Members who are disabled and
/// whatever is archived are left out; so are secrets (see [`HandleEntry::secret`]).
pub fn export(db: &Db) -> Boxed<'_, String> {
    Box::pin(async move { Ok(toml::write(&as_file(db).await?)) })
}

/// The organisation as it stands now, as a file.
pub(super) async fn as_file(db: &Db) -> Result<File> {
    let org = Org::load(db).await?;
    let mut members = member::all(db).await?;
    members.retain(|member| member.disabled_at.is_none());
    members.sort_by_key(|member| member.id);
    Ok(org.to_file(&members))
}

fn unit_entry(it: &Unit, unit: impl Fn(i64) -> Option<String>) -> UnitEntry {
    UnitEntry {
        key: it.key.clone(),
        name: it.name.clone(),
        kind: it.kind,
        parent: it.parent.and_then(&unit),
        country: it.country.clone(),
        languages: it.languages.clone(),
        hours: it.hours.clone(),
        approval: it.approval.and_then(&unit),
        takes_unroutable: it.takes_unroutable,
    }
}

fn route_entry(rule: &Rule, unit: impl Fn(i64) -> Option<String>) -> Option<RouteEntry> {
    Some(RouteEntry {
        name: rule.name.clone(),
        when: rule.when.clone(),
        to: unit(rule.unit)?,
        tell: rule.tell.iter().filter_map(|id| unit(*id)).collect(),
    })
}

fn handle_entry(
    handle: &Handle,
    unit: impl Fn(i64) -> Option<String>,
    person: impl Fn(i64) -> Option<String>,
) -> Option<HandleEntry> {
    Some(HandleEntry {
        key: handle.key.clone(),
        network: handle.network.clone(),
        name: handle.name.clone(),
        unit: unit(handle.unit)?,
        purpose: handle.purpose,
        owner: handle.owner.and_then(&person),
        deputy: handle.deputy.and_then(&person),
        address: handle.config.address.clone(),
        secret: handle.config.secret.clone().filter(|secret| secret.starts_with("env:")),
        honours_keys: handle.config.honours_keys,
        keys_hours: handle.config.keys_hours,
        kind: handle.config.kind.clone(),
        approval: handle.config.approval.clone(),
    })
}

fn ids<'a>(keys: impl Iterator<Item = &'a String>) -> BTreeMap<&'a str, i64> {
    keys.zip(1..).map(|(key, id)| (key.as_str(), id)).collect()
}

fn numbered<E, T>(entries: &[E], make: impl Fn(i64, &E) -> T) -> Vec<T> {
    entries.iter().zip(1..).map(|(entry, id)| make(id, entry)).collect()
}
