use std::collections::{BTreeMap, BTreeSet};

use super::{
    File, HandleEntry, MemberEntry, ProductEntry, RouteEntry, TopicEntry, UnitEntry,
    reader::{Reader, Reference, Table},
    value::{country, email, key, language, minutes, one_line, order_number},
};
use crate::{
    handle::Purpose,
    scope::Role,
    unit::{
        Conditions, Hours, Kind, Promise,
        hours::{DAYS, Opening, zone},
    },
};

/// The first step: each table by itself.
pub(super) fn file(r: &mut Reader<'_>) -> File {
    let mut file = File::default();
    let Some(document) = r.parse() else { return file };
    let top = r.table(String::new(), 0, document.get_ref());
    organisation(r, &top, &mut file);
    for (name, table) in tables(r, &top, "hours") {
        let hours = hours(r, &table);
        if let (Some(name), Some(hours)) = (name, hours) {
            file.hours.insert(name, hours);
        }
        r.no_more(table);
    }
    for (key, table) in tables(r, &top, "unit") {
        file.units.extend(key.and_then(|key| unit(r, &table, key)));
        r.no_more(table);
    }
    for (key, table) in tables(r, &top, "product") {
        file.products.extend(key.and_then(|key| product(r, &table, key)));
        r.no_more(table);
    }
    for (key, table) in tables(r, &top, "topic") {
        file.topics.extend(key.and_then(|key| topic(r, &table, key)));
        r.no_more(table);
    }
    for table in unkeyed(r, &top, "route") {
        file.routes.extend(route(r, &table));
        r.no_more(table);
    }
    for (key, table) in tables(r, &top, "member") {
        file.members.extend(key.and_then(|key| member(r, &table, key)));
        r.no_more(table);
    }
    for (key, table) in tables(r, &top, "handle") {
        file.handles.extend(key.and_then(|key| handle(r, &table, key)));
        r.no_more(table);
    }
    targets(r, &top, &mut file);
    r.no_more(top);
    file
}

fn organisation(r: &mut Reader<'_>, top: &Table<'_>, file: &mut File) {
    let Some(value) = r.field(top, "organisation") else {
        r.wrong(None, "organisation", "the table [organisation] with the organisation's `name` is missing", "");
        return;
    };
    let Some(table) = r.as_table(&value) else { return };
    file.name = r.need(&table, "name", one_line).unwrap_or_default();
    file.time_zone = r.text(&table, "time_zone", zone_name).unwrap_or_else(|| "UTC".into());
    file.languages = r.texts(&table, "languages", language);
    file.order_numbers = r.texts(&table, "order_numbers", order_number);
    r.no_more(table);
}

/// The tables of a section that have a `key`, which must be there and be used once.
fn tables<'d>(r: &mut Reader<'_>, top: &Table<'d>, section: &'static str) -> Vec<(Option<String>, Table<'d>)> {
    let mut found = Vec::new();
    for mut table in unkeyed(r, top, section) {
        let name = r.need(&table, "key", key);
        if let Some(name) = &name {
            table.path = format!("{section}.{name}");
            let line = table.line.unwrap_or_default();
            if let Some(first) = r.keys.insert((section, name.clone()), line) {
                let what = format!("this key is already used at line {first}; give each {section} its own");
                r.wrong(table.line, &table.path, what, "");
            }
        }
        found.push((name, table));
    }
    found
}

fn unkeyed<'d>(r: &mut Reader<'_>, top: &Table<'d>, section: &'static str) -> Vec<Table<'d>> {
    let Some(value) = r.field(top, section) else { return Vec::new() };
    r.items(&value).iter().filter_map(|item| r.as_table(item)).collect()
}

fn hours(r: &mut Reader<'_>, table: &Table<'_>) -> Option<Hours> {
    let zone = r.need(table, "time_zone", zone_name);
    let mut week: [Vec<Opening>; 7] = Default::default();
    if let Some(value) = r.field(table, "week")
        && let Some(days) = r.as_table(&value)
    {
        for (place, day) in DAYS.into_iter().enumerate() {
            week[place] = r.texts(&days, day, str::parse);
            week[place].sort_unstable();
            if week[place].windows(2).any(|pair| pair[1].from < pair[0].to) {
                let path = format!("{}.{day}", days.path);
                r.wrong(days.line, &path, "two openings of this day overlap; write them as one", "");
            }
        }
        r.no_more(days);
    }
    if week.iter().all(Vec::is_empty) {
        r.wrong(table.line, &table.path, "these hours never open; give `week` at least one opening", "");
    }
    let date = |text: &str| text.parse().map_err(|_| "this is no date; write it as \"2026-12-25\"".to_owned());
    let holidays: BTreeSet<_> = r.texts(table, "holidays", date).into_iter().collect();
    Hours::new(&zone?, week, holidays).ok()
}

fn unit(r: &mut Reader<'_>, table: &Table<'_>, key: String) -> Option<UnitEntry> {
    let name = r.need(table, "name", one_line);
    let kind = r.need(table, "kind", |text| choice(text, &[("hub", Kind::Hub), ("spoke", Kind::Spoke)]));
    let entry = UnitEntry {
        parent: refer(r, table, "parent", "unit"),
        country: r.text(table, "country", country),
        languages: r.texts(table, "languages", language),
        hours: refer(r, table, "hours", "hours"),
        approval: refer(r, table, "approval", "unit"),
        takes_unroutable: r.flag(table, "takes_unroutable"),
        key,
        name: name?,
        kind: kind?,
    };
    Some(entry)
}

fn product(r: &mut Reader<'_>, table: &Table<'_>, key: String) -> Option<ProductEntry> {
    let name = r.need(table, "name", one_line);
    let aliases = r.texts(table, "aliases", one_line);
    let unit = refer(r, table, "unit", "unit");
    let competitor = r.flag(table, "competitor");
    Some(ProductEntry { key, name: name?, aliases, unit, competitor })
}

fn topic(r: &mut Reader<'_>, table: &Table<'_>, key: String) -> Option<TopicEntry> {
    let name = r.need(table, "name", one_line);
    let words = r.texts(table, "words", one_line);
    let unit = refer(r, table, "unit", "unit");
    Some(TopicEntry { key, name: name?, words, unit })
}

fn route(r: &mut Reader<'_>, table: &Table<'_>) -> Option<RouteEntry> {
    let name = r.need(table, "name", one_line);
    if let Some(name) = &name
        && let Some(first) = r.keys.insert(("route", name.clone()), table.line.unwrap_or_default())
    {
        r.wrong(table.line, &table.path, format!("a rule of this name is already at line {first}"), name);
    }
    let when = r.field(table, "when");
    if when.is_none() {
        r.wrong(table.line, &table.path, "`when` is missing; `when = {}` makes a rule for everything left", "");
    }
    let when = when.and_then(|value| r.as_table(&value)).map(|when| {
        let conditions = conditions(r, &when);
        r.no_more(when);
        conditions
    });
    if r.field(table, "to").is_none() {
        r.wrong(table.line, &table.path, "`to`, the key of the unit that gets the case, is missing", "");
    }
    let to = refer(r, table, "to", "unit");
    let tell = refer_all(r, table, "tell", "unit");
    Some(RouteEntry { name: name?, when: when?, to: to?, tell })
}

fn conditions(r: &mut Reader<'_>, when: &Table<'_>) -> Conditions {
    let word = |text: &str| one_line(text).map(|text| text.to_lowercase());
    let network =
        |text: &str| dandelion_post::Network::new(text).map(|n| n.as_str().to_owned()).map_err(|e| e.to_string());
    Conditions {
        risk: r.texts(when, "risk", word),
        intent: r.texts(when, "intent", word),
        topic: refer_all(r, when, "topic", "topic"),
        product: refer_all(r, when, "product", "product"),
        language: r.texts(when, "language", language),
        network: r.texts(when, "network", network),
        country: r.texts(when, "country", country),
    }
}

fn member(r: &mut Reader<'_>, table: &Table<'_>, key: String) -> Option<MemberEntry> {
    let name = r.need(table, "name", one_line);
    let email = r.need(table, "email", email);
    if let Some(email) = &email
        && let Some(first) = r.keys.insert(("email", email.clone()), table.line.unwrap_or_default())
    {
        r.wrong(table.line, &table.path, format!("this e-mail address is already used at line {first}"), email);
    }
    let mut roles = BTreeMap::new();
    if let Some(value) = r.field(table, "roles") {
        for item in r.items(&value) {
            let Some(grant) = r.as_table(&item) else { continue };
            let role = r.need(&grant, "role", |text| choice(text, &Role::ALL.map(|role| (role.as_str(), role))));
            if r.field(&grant, "unit").is_none() {
                r.wrong(grant.line, &grant.path, "`unit` is missing: a role is held in a unit", "");
            }
            let unit = refer(r, &grant, "unit", "unit");
            if let (Some(unit), Some(role)) = (unit, role)
                && roles.insert(unit.clone(), role).is_some()
            {
                r.wrong(grant.line, &grant.path, "this member already has a role in this unit; keep one", &unit);
            }
            r.no_more(grant);
        }
    }
    Some(MemberEntry { key, name: name?, email: email?, roles })
}

fn handle(r: &mut Reader<'_>, table: &Table<'_>, key: String) -> Option<HandleEntry> {
    let network = r.need(table, "network", |text| {
        dandelion_post::Network::new(text).map(|network| network.as_str().to_owned()).map_err(|e| e.to_string())
    });
    let name = r.need(table, "name", one_line);
    let purpose = r.need(table, "purpose", |text| choice(text, &Purpose::ALL.map(|p| (p.as_str(), p))));
    if r.field(table, "unit").is_none() {
        r.wrong(table.line, &table.path, "`unit`, the key of the unit that speaks from it, is missing", "");
    }
    let unit = refer(r, table, "unit", "unit");
    let (owner, deputy) = (refer(r, table, "owner", "member"), refer(r, table, "deputy", "member"));
    let address = r.text(table, "address", crate::handle::address);
    let secret = r.text(table, "secret", |text| {
        text.strip_prefix("env:DANDELION_").map(|_| text.to_owned()).ok_or_else(|| {
            "secrets are not written into files: name a variable, \"env:DANDELION_…\", or set it on the page".to_owned()
        })
    });
    let honours_keys = r.flag(table, "honours_keys");
    let keys_hours = r.number(table, "keys_hours", 1..=24 * 365);
    let kind = r.text(table, "kind", crate::handle::writer);
    let approval = refer(r, table, "approval", "unit");
    if let (Some(network), Some(name)) = (&network, &name) {
        let account = format!("{network} {}", crate::handle::folded(name));
        if let Some(first) = r.keys.insert(("account", account), table.line.unwrap_or_default()) {
            r.wrong(table.line, &table.path, format!("this account is already a handle at line {first}"), name);
        }
    }
    Some(HandleEntry {
        key,
        network: network?,
        name: name?,
        unit: unit?,
        purpose: purpose?,
        owner,
        deputy,
        address,
        secret,
        honours_keys,
        keys_hours,
        kind,
        approval,
    })
}

fn targets(r: &mut Reader<'_>, top: &Table<'_>, file: &mut File) {
    if let Some(value) = r.field(top, "targets")
        && let Some(table) = r.as_table(&value)
    {
        promises(r, &table, None, file);
        r.no_more(table);
    }
    for table in unkeyed(r, top, "target") {
        if r.field(&table, "unit").is_none() {
            r.wrong(table.line, &table.path, "`unit` is missing; the organisation's own promises are in [targets]", "");
        }
        let unit = refer(r, &table, "unit", "unit");
        if let Some(unit) = &unit
            && let Some(first) = r.keys.insert(("target", unit.clone()), table.line.unwrap_or_default())
        {
            r.wrong(table.line, &table.path, format!("this unit's promises are already at line {first}"), unit);
        }
        // Also where the unit is wrong, so that wrong times are told at once.
        promises(r, &table, Some(unit.unwrap_or_default()), file);
        r.no_more(table);
    }
}

fn promises(r: &mut Reader<'_>, table: &Table<'_>, unit: Option<String>, file: &mut File) {
    for kind in Promise::ALL {
        if let Some(total) = r.text(table, kind.as_str(), minutes) {
            file.promises.insert((unit.clone(), kind), total);
        }
    }
}

/// A field that names something of another section by its key; looked up in the second step.
fn refer(r: &mut Reader<'_>, table: &Table<'_>, field: &'static str, to: &'static str) -> Option<String> {
    let value = r.field(table, field)?;
    let found = r.as_text(&value, key)?;
    r.references.push(Reference { line: value.line, path: value.path, to, key: found.clone() });
    Some(found)
}

/// As [`refer`], a list.
fn refer_all(r: &mut Reader<'_>, table: &Table<'_>, field: &'static str, to: &'static str) -> Vec<String> {
    let Some(value) = r.field(table, field) else { return Vec::new() };
    let mut found = Vec::new();
    for item in r.items(&value) {
        if let Some(name) = r.as_text(&item, key) {
            r.references.push(Reference { line: item.line, path: item.path, to, key: name.clone() });
            found.push(name);
        }
    }
    found
}

fn zone_name(text: &str) -> Result<String, String> {
    zone(text).map(|_| text.to_owned())
}

fn choice<T: Copy>(text: &str, among: &[(&str, T)]) -> Result<T, String> {
    let names: Vec<&str> = among.iter().map(|(name, _)| *name).collect();
    among
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, value)| *value)
        .ok_or_else(|| format!("this is not known; write one of {}", names.join(", ")))
}
