//! `org.toml`: the whole organisation as text.
//!
//! [`read`] takes it in two steps: first each table by itself (are these the right fields, of the right form?), then
//! what one table says of another (does this unit exist?). Everything that is wrong is told at once, each with its
//! line. [`write()`] gives the canonical text back: the same organisation always gives the same text, and reading it
//! gives the same organisation.

mod check;
mod reader;
mod sections;
mod value;
mod write;

use std::{collections::BTreeMap, fmt};

pub(crate) use value::{email, key, one_line};
pub use write::write;

use super::{Conditions, Hours, Kind, Promise};
use crate::{Error, handle::Purpose, scope::Role};

/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = 8 << 20;

/// Everything an `org.toml` says. References are keys.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct File {
    /// The organisation's name.
    pub name: String,
    /// Its time zone, an IANA name.
    pub time_zone: String,
    /// The languages it works in.
    pub languages: Vec<String>,
    /// How order, account and customer numbers look: `9` any digit, `A` any letter.
    pub order_numbers: Vec<String>,
    /// Business hours.
    pub hours: BTreeMap<String, Hours>,
    /// Units, in order. Exactly one takes what nobody else does.
    pub units: Vec<UnitEntry>,
    /// Products.
    pub products: Vec<ProductEntry>,
    /// Topics.
    pub topics: Vec<TopicEntry>,
    /// Rules, in the order they are tried.
    pub routes: Vec<RouteEntry>,
    /// Members.
    pub members: Vec<MemberEntry>,
    /// Handles.
    pub handles: Vec<HandleEntry>,
    /// Business minutes of each promise, by unit; none is the default.
    pub promises: BTreeMap<(Option<String>, Promise), i64>,
}

/// `[[unit]]`
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[expect(missing_docs, reason = "the fields are those of `unit::Unit`, by keys")]
pub struct UnitEntry {
    pub key: String,
    pub name: String,
    pub kind: Kind,
    pub parent: Option<String>,
    pub country: Option<String>,
    pub languages: Vec<String>,
    pub hours: Option<String>,
    pub approval: Option<String>,
    pub takes_unroutable: bool,
}

/// `[[product]]`
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[expect(missing_docs, reason = "the fields are those of `unit::Product`, by keys")]
pub struct ProductEntry {
    pub key: String,
    pub name: String,
    pub aliases: Vec<String>,
    pub unit: Option<String>,
    pub competitor: bool,
}

/// `[[topic]]`
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[expect(missing_docs, reason = "the fields are those of `unit::Topic`, by keys")]
pub struct TopicEntry {
    pub key: String,
    pub name: String,
    pub words: Vec<String>,
    pub unit: Option<String>,
}

/// `[[route]]`
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[expect(missing_docs, reason = "the fields are those of `unit::Rule`, by keys")]
pub struct RouteEntry {
    pub name: String,
    pub when: Conditions,
    pub to: String,
    pub tell: Vec<String>,
}

/// `[[member]]`
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[expect(missing_docs, reason = "the fields are those of `member::Member`, by keys")]
pub struct MemberEntry {
    pub key: String,
    pub name: String,
    pub email: String,
    pub roles: BTreeMap<String, Role>,
}

/// `[[handle]]`
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[expect(missing_docs, reason = "the fields are those of `handle::Handle` and its `Config`, by keys")]
pub struct HandleEntry {
    pub key: String,
    pub network: String,
    pub name: String,
    pub unit: String,
    pub purpose: Purpose,
    pub owner: Option<String>,
    pub deputy: Option<String>,
    pub address: Option<String>,
    /// Only ever a reference (`env:DANDELION_…`); secrets themselves are not written to files. None keeps what is
    /// stored.
    pub secret: Option<String>,
    pub honours_keys: bool,
    pub keys_hours: Option<u64>,
    pub kind: Option<String>,
    pub approval: Option<String>,
}

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// The line, counted from 1, where it is known.
    pub line: Option<usize>,
    /// Where in the file: `unit.kettles.parent`.
    pub path: String,
    /// What is wrong and what to do.
    pub what: String,
    /// The value, shortened to 80 characters.
    pub value: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.what)?;
        if !self.value.is_empty() {
            write!(f, " (it reads `{}`)", self.value)?;
        }
        Ok(())
    }
}

/// Everything that is wrong with a file, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => one.fmt(f),
            many => {
                write!(f, "{} things are wrong; nothing was changed", many.len())?;
                many.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}

impl From<Problems> for Error {
    fn from(problems: Problems) -> Self {
        Self::invalid("org.toml", problems.to_string(), "")
    }
}

/// Reads an `org.toml`.
pub fn read(text: &str) -> Result<File, Problems> {
    let mut reader = reader::Reader::new(text);
    let mut file = sections::file(&mut reader);
    check::references(&mut reader, &file);
    if let Some(root) = check::first_root(&file).map(|unit| unit.key.clone())
        && !file.units.iter().any(|unit| unit.takes_unroutable)
    {
        file.units.iter_mut().for_each(|unit| unit.takes_unroutable = unit.key == root);
    }
    reader.finish(file)
}
