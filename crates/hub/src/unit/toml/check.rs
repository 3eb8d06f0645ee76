use std::collections::{BTreeMap, BTreeSet};

use super::{File, UnitEntry, reader::Reader, value::nearest};

/// The second step: what one table says of another.
pub(super) fn references(r: &mut Reader<'_>, file: &File) {
    if r.broken_syntax() {
        return;
    }
    for reference in std::mem::take(&mut r.references) {
        if r.keys.contains_key(&(reference.to, reference.key.clone())) {
            continue;
        }
        let known: Vec<String> =
            r.keys.keys().filter(|(section, _)| *section == reference.to).map(|(_, key)| key.clone()).collect();
        let hint = match nearest(&reference.key, known.iter().map(String::as_str)) {
            Some(near) => format!("; did you mean \"{near}\"?"),
            None if known.is_empty() => format!("; the file has no [[{}]] at all", reference.to),
            None => format!("; add it as a [[{}]]", reference.to),
        };
        let what = format!("there is no {} with this key{hint}", reference.to);
        r.wrong(reference.line, &reference.path, what, &reference.key);
    }
    units(r, file);
}

fn units(r: &mut Reader<'_>, file: &File) {
    if !r.keys.keys().any(|(section, _)| *section == "unit") {
        r.wrong(None, "unit", "there is no [[unit]]; an organisation has at least one, a hub", "");
        return;
    }
    circles(r, file);
    let takers: Vec<&UnitEntry> = file.units.iter().filter(|unit| unit.takes_unroutable).collect();
    for unit in takers.iter().skip(1) {
        let first = &takers[0].key;
        let what =
            format!("only one unit takes what nobody else does, and \"{first}\" already does; remove one of them");
        wrong_unit(r, &unit.key, "takes_unroutable", what);
    }
    let taker = takers.first().copied().or_else(|| first_root(file));
    if let Some(unit) = taker.filter(|unit| unit.kind != super::Kind::Hub) {
        let what =
            "the unit that takes what nobody else does must be a hub (without `takes_unroutable` it is the first root)";
        wrong_unit(r, &unit.key, "kind", what.to_owned());
    }
}

/// The unit that takes what nobody else does where no one says so: the first root.
pub(super) fn first_root(file: &File) -> Option<&UnitEntry> {
    file.units.iter().find(|unit| unit.parent.is_none())
}

/// Each circle of parents, told once, at its first unit.
fn circles(r: &mut Reader<'_>, file: &File) {
    let parents: BTreeMap<&str, &str> =
        file.units.iter().filter_map(|unit| Some((unit.key.as_str(), unit.parent.as_deref()?))).collect();
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for unit in &file.units {
        let mut line = vec![unit.key.as_str()];
        while let Some(parent) = parents.get(line[line.len() - 1]) {
            if *parent == unit.key {
                if line.iter().all(|key| told.insert(key)) {
                    line.push(parent);
                    let what = format!("the units stand in a circle: {}; make one of them a root", line.join(" → "));
                    wrong_unit(r, &unit.key, "parent", what);
                }
                break;
            }
            if line.contains(parent) {
                break; // a circle further up, told at its own first unit
            }
            line.push(parent);
        }
    }
}

fn wrong_unit(r: &mut Reader<'_>, key: &str, field: &str, what: String) {
    let line = r.keys.get(&("unit", key.to_owned())).copied();
    r.wrong(line, &format!("unit.{key}.{field}"), what, "");
}
