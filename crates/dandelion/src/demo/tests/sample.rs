use std::collections::{BTreeMap, BTreeSet};

use dandelion_listen::{Facts, Matcher, Scratch, queries};
use toml::{Table, Value};

use crate::demo::history::script;
use crate::demo::voice::Kind;
use crate::demo::{ORGANISATION, QUERIES, SEED};

fn organisation() -> Table {
    ORGANISATION.parse().expect("org.toml is TOML")
}

fn all<'a>(of: &'a Table, noun: &str) -> Vec<&'a Table> {
    of[noun].as_array().unwrap().iter().map(|value| value.as_table().unwrap()).collect()
}

fn text<'a>(of: &'a Table, field: &str) -> &'a str {
    of[field].as_str().unwrap_or_else(|| panic!("`{field}` is no text in {of}"))
}

fn keys(of: &Table, noun: &str) -> BTreeSet<String> {
    let keys: Vec<String> = all(of, noun).iter().map(|one| text(one, "key").to_owned()).collect();
    let distinct: BTreeSet<String> = keys.iter().cloned().collect();
    assert_eq!(keys.len(), distinct.len(), "a {noun} key stands twice");
    let fits = |key: &String| key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    assert!(distinct.iter().all(fits), "{distinct:?}");
    distinct
}

fn listed<'a>(of: &'a Table, field: &str) -> Vec<&'a str> {
    of.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn every_reference_in_the_organisation_leads_somewhere() {
    let org = organisation();
    let [units, products, topics, members, hours] =
        ["unit", "product", "topic", "member", "hours"].map(|noun| keys(&org, noun));
    for unit in all(&org, "unit") {
        assert!(unit.get("parent").is_none_or(|parent| units.contains(parent.as_str().unwrap())), "{unit}");
        assert!(unit.get("hours").is_none_or(|key| hours.contains(key.as_str().unwrap())), "{unit}");
        assert!(unit.get("approval").is_none_or(|key| units.contains(key.as_str().unwrap())), "{unit}");
        assert!(["hub", "spoke"].contains(&text(unit, "kind")));
    }
    for noun in ["product", "topic", "handle", "target"] {
        assert!(all(&org, noun).iter().all(|one| units.contains(text(one, "unit"))), "{noun}");
    }
    for handle in all(&org, "handle") {
        assert!(members.contains(text(handle, "owner")) && members.contains(text(handle, "deputy")), "{handle}");
    }
    for route in all(&org, "route") {
        assert!(units.contains(text(route, "to")), "{route}");
        assert!(listed(route, "tell").iter().all(|unit| units.contains(*unit)), "{route}");
        let when = route["when"].as_table().unwrap();
        assert!(listed(when, "product").iter().all(|key| products.contains(*key)), "{route}");
        assert!(listed(when, "topic").iter().all(|key| topics.contains(*key)), "{route}");
    }
    for member in all(&org, "member") {
        for role in member["roles"].as_array().unwrap() {
            let role = role.as_table().unwrap();
            assert!(units.contains(text(role, "unit")), "{member}");
            assert!(["viewer", "agent", "approver", "lead", "admin"].contains(&text(role, "role")), "{member}");
        }
    }
}

#[test]
fn the_organisation_is_a_dandelion_with_people_everywhere() {
    let org = organisation();
    let hubs = all(&org, "unit").into_iter().filter(|unit| text(unit, "kind") == "hub").count();
    assert_eq!(hubs, 2);
    let takers = all(&org, "unit").into_iter().filter(|unit| unit.contains_key("takes_unroutable")).count();
    assert_eq!(takers, 1);
    let mut staff: BTreeMap<&str, usize> = BTreeMap::new();
    for member in all(&org, "member") {
        for role in member["roles"].as_array().unwrap() {
            *staff.entry(text(role.as_table().unwrap(), "unit")).or_default() += 1;
        }
    }
    for unit in all(&org, "unit") {
        assert!(staff.contains_key(text(unit, "key")), "nobody works in {}", text(unit, "key"));
    }
    // A lead may approve too.
    let approves = |role: &Value| {
        let role = role.as_table().unwrap();
        text(role, "unit") == "legal" && ["approver", "lead"].contains(&text(role, "role"))
    };
    let members = all(&org, "member").into_iter();
    let approvers = members.filter(|member| member["roles"].as_array().unwrap().iter().any(approves)).count();
    assert!(approvers >= 2, "the approving unit needs a deputy");
}

#[test]
fn every_query_reads_belongs_to_a_unit_and_passes_its_cases() {
    let units = keys(&organisation(), "unit");
    let read = queries::read(QUERIES).unwrap();
    assert!(read.len() >= 12);
    for query in &read {
        assert!(units.contains(&query.unit), "{} belongs to `{}`", query.name, query.unit);
        assert!(query.cases.iter().any(|case| case.matches) && query.cases.iter().any(|case| !case.matches));
        assert!(query.failures().is_empty(), "{:?}", query.failures());
    }
    assert!(read.iter().map(|query| &query.unit).collect::<BTreeSet<_>>().len() >= 8, "different units own them");
}

#[test]
fn the_queries_find_what_is_about_us_and_leave_the_rest() {
    let read = queries::read(QUERIES).unwrap();
    let names: Vec<&str> = read.iter().map(|query| query.name.as_str()).collect();
    let matcher = Matcher::new(read.iter().enumerate().map(|(at, query)| (at as i64, query.query.clone())));
    let told = script(SEED, "2026-11-24T09:30:00Z".parse().unwrap());
    let (mut ours, mut found, mut others, mut wrong, mut safety, mut safe_found) = (0, 0, 0, 0, 0, 0);
    let mut by_query: BTreeMap<i64, usize> = BTreeMap::new();
    for one in told.iter().filter(|t| t.post.in_reply_to.is_none() && t.kind != Kind::Deleted) {
        let mut hits = Vec::new();
        matcher.matches(&one.post, &Facts::default(), &mut Scratch::default(), &mut hits);
        for hit in &hits {
            *by_query.entry(hit.query).or_default() += 1;
        }
        if one.kind == Kind::Off {
            others += 1;
            wrong += i32::from(!hits.is_empty());
        } else {
            ours += 1;
            found += i32::from(!hits.is_empty());
        }
        if one.kind == Kind::Safety {
            safety += 1;
            safe_found += i32::from(hits.iter().any(|hit| names[hit.query as usize] == "Kettle: leaks, heat, seals"));
        }
    }
    assert!(found * 100 >= ours * 90, "{found} of {ours} about us are found");
    assert!(wrong * 100 <= others, "{wrong} of {others} about other things match");
    assert!(safe_found * 100 >= safety * 85, "{safe_found} of {safety} complaints about safety are found");
    assert_eq!(by_query.len(), names.len(), "a query finds nothing: {by_query:?} of {names:?}");
}
