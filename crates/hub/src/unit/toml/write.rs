use std::fmt::Write as _;

use super::{File, value::spell_minutes};
use crate::unit::{
    Conditions,
    hours::{DAYS, Written},
};

/// The canonical text of an organisation: sections and fields in a fixed order, nothing that is a default.
pub fn write(file: &File) -> String {
    let mut out = Out::default();
    out.open("[organisation]");
    out.text("name", &file.name);
    out.text("time_zone", &file.time_zone);
    out.list("languages", &file.languages);
    out.list("order_numbers", &file.order_numbers);
    for (key, hours) in &file.hours {
        let written = Written::from(hours.clone());
        out.open("[[hours]]");
        out.text("key", key);
        out.text("time_zone", &written.time_zone);
        let days = DAYS.iter().filter_map(|day| Some(format!("{day} = {}", list(written.week.get(*day)?))));
        out.line("week", &format!("{{ {} }}", days.collect::<Vec<_>>().join(", ")));
        out.list("holidays", &written.holidays);
    }
    units(&mut out, file);
    for product in &file.products {
        out.open("[[product]]");
        out.text("key", &product.key);
        out.text("name", &product.name);
        out.list("aliases", &product.aliases);
        out.maybe("unit", product.unit.as_ref());
        out.flag("competitor", product.competitor);
    }
    for topic in &file.topics {
        out.open("[[topic]]");
        out.text("key", &topic.key);
        out.text("name", &topic.name);
        out.maybe("unit", topic.unit.as_ref());
        out.list("words", &topic.words);
    }
    for route in &file.routes {
        out.open("[[route]]");
        out.text("name", &route.name);
        out.line("when", &conditions(&route.when));
        out.text("to", &route.to);
        out.list("tell", &route.tell);
    }
    people(&mut out, file);
    targets(&mut out, file);
    out.0
}

fn units(out: &mut Out, file: &File) {
    for unit in &file.units {
        out.open("[[unit]]");
        out.text("key", &unit.key);
        out.text("name", &unit.name);
        out.text("kind", unit.kind.as_str());
        out.maybe("parent", unit.parent.as_ref());
        out.maybe("country", unit.country.as_ref());
        out.list("languages", &unit.languages);
        out.maybe("hours", unit.hours.as_ref());
        out.maybe("approval", unit.approval.as_ref());
        out.flag("takes_unroutable", unit.takes_unroutable);
    }
}

fn people(out: &mut Out, file: &File) {
    for member in &file.members {
        out.open("[[member]]");
        out.text("key", &member.key);
        out.text("name", &member.name);
        out.text("email", &member.email);
        let role = |(unit, role): (&String, &crate::scope::Role)| {
            format!("{{ unit = {}, role = {} }}", quoted(unit), quoted(role.as_str()))
        };
        out.line("roles", &format!("[{}]", member.roles.iter().map(role).collect::<Vec<_>>().join(", ")));
    }
    for handle in &file.handles {
        out.open("[[handle]]");
        out.text("key", &handle.key);
        out.text("network", &handle.network);
        out.text("name", &handle.name);
        out.text("unit", &handle.unit);
        out.text("purpose", handle.purpose.as_str());
        out.maybe("owner", handle.owner.as_ref());
        out.maybe("deputy", handle.deputy.as_ref());
        out.maybe("address", handle.address.as_ref());
        out.maybe("secret", handle.secret.as_ref());
        out.flag("honours_keys", handle.honours_keys);
        if let Some(hours) = handle.keys_hours {
            out.line("keys_hours", &hours.to_string());
        }
        out.maybe("kind", handle.kind.as_ref());
        out.maybe("approval", handle.approval.as_ref());
    }
}

fn targets(out: &mut Out, file: &File) {
    let mut open: Option<&Option<String>> = None;
    for ((unit, kind), minutes) in &file.promises {
        if open != Some(unit) {
            match unit {
                None => out.open("[targets]"),
                Some(unit) => {
                    out.open("[[target]]");
                    out.text("unit", unit);
                }
            }
            open = Some(unit);
        }
        out.text(kind.as_str(), &spell_minutes(*minutes));
    }
}

fn conditions(when: &Conditions) -> String {
    let fields = [
        ("risk", &when.risk),
        ("intent", &when.intent),
        ("topic", &when.topic),
        ("product", &when.product),
        ("language", &when.language),
        ("network", &when.network),
        ("country", &when.country),
    ];
    let given: Vec<String> = fields
        .iter()
        .filter(|(_, values)| !values.is_empty())
        .map(|(name, values)| format!("{name} = {}", list(values)))
        .collect();
    if given.is_empty() { "{}".into() } else { format!("{{ {} }}", given.join(", ")) }
}

#[derive(Default)]
struct Out(String);

impl Out {
    fn open(&mut self, header: &str) {
        let gap = if self.0.is_empty() { "" } else { "\n" };
        let _ = writeln!(self.0, "{gap}{header}");
    }

    fn line(&mut self, name: &str, value: &str) {
        let _ = writeln!(self.0, "{name} = {value}");
    }

    fn text(&mut self, name: &str, value: &str) {
        self.line(name, &quoted(value));
    }

    fn maybe(&mut self, name: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    fn list(&mut self, name: &str, values: &[String]) {
        if !values.is_empty() {
            self.line(name, &list(values));
        }
    }

    fn flag(&mut self, name: &str, value: bool) {
        if value {
            self.line(name, "true");
        }
    }
}

fn list(values: &[String]) -> String {
    format!("[{}]", values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", "))
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
