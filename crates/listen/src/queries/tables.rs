//! Any `queries.toml`, by way of the `toml` crate.

use dandelion_post::Post;
use serde::Deserialize;
use toml::Spanned;

use super::{CaseEntry, Entry, Known, Lines, ReadError};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    query: Vec<Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    name: String,
    #[serde(default)]
    unit: String,
    text: Spanned<String>,
    #[serde(default)]
    case: Vec<Spanned<CaseTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseTable {
    text: Option<String>,
    post: Option<toml::Table>,
    #[serde(default)]
    known: Known,
    matches: bool,
}

pub(super) fn entries(text: &str, lines: &Lines) -> Result<Vec<Entry>, ReadError> {
    let file: File = toml::from_str(text).map_err(|error| ReadError::Toml {
        line: error.span().map_or(1, |span| lines.line(span.start)),
        message: error.message().to_owned(),
    })?;
    Ok(file.query.into_iter().map(entry).collect())
}

fn entry(table: Table) -> Entry {
    let Table { name, unit, text, case } = table;
    let at = text.span().start;
    let one = |it: Spanned<CaseTable>| {
        let at = it.span().start;
        let CaseTable { text, post, known, matches } = it.into_inner();
        CaseEntry { text, post, known, matches, at }
    };
    Entry { name, unit, text: text.into_inner(), at, cases: case.into_iter().map(one).collect() }
}

/// A post from a table: what every post must have may be left out.
pub(super) fn post(table: toml::Table) -> Result<Post, String> {
    let serde_json::Value::Object(mut fields) = json(toml::Value::Table(table)) else {
        return Err("it is no table".into());
    };
    fields.entry("id").or_insert_with(|| "case".into());
    fields.entry("text").or_insert_with(|| "".into());
    serde_json::from_value(fields.into()).map_err(|error| error.to_string())
}

/// TOML's moments become the text of one, dates the start of one.
fn json(value: toml::Value) -> serde_json::Value {
    match value {
        toml::Value::String(it) => it.into(),
        toml::Value::Integer(it) => it.into(),
        toml::Value::Float(it) => it.into(),
        toml::Value::Boolean(it) => it.into(),
        toml::Value::Datetime(it) if it.time.is_none() => format!("{it}T00:00:00Z").into(),
        toml::Value::Datetime(it) => it.to_string().into(),
        toml::Value::Array(all) => all.into_iter().map(json).collect::<Vec<_>>().into(),
        toml::Value::Table(all) => {
            all.into_iter().map(|(key, value)| (key, json(value))).collect::<serde_json::Map<_, _>>().into()
        }
    }
}
