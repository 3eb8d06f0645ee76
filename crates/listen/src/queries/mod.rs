//! Reading `queries.toml` and running the cases in it.
//!
//! A case is a post that the query must or must not match: `text` for a post of only that text, or `post` with any field
//! of a post; what is known of it beside (language, sentiment, topics …) may stand in `known`.
//!
//! ```
//! let read = dandelion_listen::queries::read(r#"
//!     [[query]]
//!     name = "kettle"
//!     unit = "kettles"
//!     text = "kettle -recipe sentiment:negative"
//!     [[query.case]]
//!     post = { title = "My kettle", text = "leaks", metrics = { likes = 3 } }
//!     known = { sentiment = "negative" }
//!     matches = true
//! "#).unwrap();
//! assert!(read[0].failures().is_empty());
//! ```

mod plain;
mod tables;

use dandelion_post::Post;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::dialect::{Dialect, Lost};
use crate::{Facts, Query, QueryError, ResolveError, explain, parse, resolve};

/// A query as `queries.toml` gives it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its name, unique in the file.
    pub name: String,
    /// Key of the unit that owns it; empty where the file names none.
    pub unit: String,
    /// Its text as written.
    pub text: String,
    /// The line its `text` begins at, from 1.
    pub line: usize,
    /// The text, read.
    pub query: Query,
    /// What it must and must not match.
    pub cases: Vec<Case>,
}

/// A post that a query must or must not match.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The post; a case with `text` is a post of only that text.
    pub post: Post,
    /// What is known of it beside.
    pub known: Known,
    /// Whether the query must match it.
    pub matches: bool,
    /// The line the case begins at, from 1.
    pub line: usize,
}

/// What is known of a case's post, see [`Facts`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of Facts")]
pub struct Known {
    pub language: Option<String>,
    pub country: Option<String>,
    pub source: Option<String>,
    pub ours: bool,
    pub network: Option<String>,
    pub sentiment: Option<String>,
    pub intents: Vec<String>,
    pub urgency: Option<i64>,
    pub topics: Vec<String>,
    pub units: Vec<String>,
}

/// A case that did not come out as wanted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Failure {
    /// The query's name.
    pub query: String,
    /// The line of the case.
    pub line: usize,
    /// What was wanted.
    pub wanted: bool,
    /// The beginning of the post's text.
    pub text: String,
}

/// Why a file of queries was not taken. Names the line; the caller adds the file's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is no TOML, or a field is missing or of another kind.
    #[error("line {line}: {message}")]
    Toml {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A query cannot be read.
    #[error("line {line}: query `{name}`, {}: {}: {}", place(text, error), error.message, error.hint)]
    Query {
        /// The line of what is wrong, from 1.
        line: usize,
        /// Its name.
        name: String,
        /// Its text.
        text: String,
        /// What is wrong with it; the span lies in the text.
        error: QueryError,
    },
    /// A query refers to others that are not there, or in a ring.
    #[error("line {line}: query `{name}`: {error}")]
    Reference {
        /// The line of its text, from 1.
        line: usize,
        /// Its name.
        name: String,
        /// What is wrong.
        error: ResolveError,
    },
    /// Two queries have one name.
    #[error("line {line}: a query named `{name}` already stands on line {first}; give one of them another name")]
    Twice {
        /// The line of the second, from 1.
        line: usize,
        /// The name.
        name: String,
        /// The line of the first.
        first: usize,
    },
    /// A case has neither or both of `text` and `post`.
    #[error("line {line}: this case of query `{name}` needs either `text` or `post`; it has {has}")]
    Case {
        /// The line, from 1.
        line: usize,
        /// The query's name.
        name: String,
        /// `neither` or `both`.
        has: &'static str,
    },
    /// The `post` of a case is none.
    #[error("line {line}: the post in this case of query `{name}` cannot be read: {message}")]
    Post {
        /// The line, from 1.
        line: usize,
        /// The query's name.
        name: String,
        /// What is wrong.
        message: String,
    },
}

/// `characters 8 to 10 (AND)` of a query's text.
fn place(text: &str, error: &QueryError) -> String {
    let upto = |at: usize| text[..text.floor_char_boundary(at)].chars().count();
    let (from, to) = (upto(error.span.start) + 1, upto(error.span.end));
    let meant: String = text.get(error.span.clone()).unwrap_or_default().chars().take(40).collect();
    match to.checked_sub(from) {
        None => format!("at character {from}"),
        Some(0) => format!("character {from} (`{meant}`)"),
        Some(_) => format!("characters {from} to {to} (`{meant}`)"),
    }
}

/// Reads a file of queries. The first fault is the answer; nothing is half-read.
pub fn read(text: &str) -> Result<Vec<Listed>, ReadError> {
    let (listed, mut faults) = read_each(text)?;
    if faults.is_empty() { Ok(listed) } else { Err(faults.remove(0)) }
}

/// Reads a file of queries, each for itself: a faulty one does not stop the others. Fails as a whole only where the file
/// is no TOML of queries.
///
/// ```
/// let file = "[[query]]\nname = \"a\"\ntext = \"kettle AND\"\n[[query]]\nname = \"b\"\ntext = \"lid\"";
/// let (read, faults) = dandelion_listen::queries::read_each(file).unwrap();
/// assert_eq!((read[0].name.as_str(), faults.len()), ("b", 1));
/// assert!(faults[0].to_string().starts_with("line 3: query `a`, characters 8 to 10 (`AND`): "));
/// ```
pub fn read_each(text: &str) -> Result<(Vec<Listed>, Vec<ReadError>), ReadError> {
    let lines = Lines::of(text);
    let entries = match plain::entries(text) {
        Some(entries) => entries,
        None => tables::entries(text, &lines)?,
    };
    let mut read: Vec<Listed> = Vec::with_capacity(entries.len());
    let mut faults = Vec::new();
    let mut first_lines = FxHashMap::default();
    for entry in entries {
        let line = lines.line(entry.at);
        if let Some(first) = first_lines.get(entry.name.as_str()) {
            faults.push(ReadError::Twice { line, name: entry.name, first: *first });
            continue;
        }
        first_lines.insert(entry.name.clone(), line);
        match listed(entry, line, &lines, text) {
            Ok(listed) => read.push(listed),
            Err(fault) => faults.push(fault),
        }
    }
    Ok((read, faults))
}

fn listed(entry: Entry, line: usize, lines: &Lines, file: &str) -> Result<Listed, ReadError> {
    let Entry { name, unit, text, at, cases } = entry;
    let query = match parse(&text) {
        Ok(query) => query,
        Err(error) => {
            let before = text[..text.floor_char_boundary(error.span.start)].matches('\n').count();
            let opening = file.get(at..).is_some_and(|it| it.starts_with("\"\"\"\n") || it.starts_with("'''\n"));
            let line = line + if opening || before > 0 { before + usize::from(opening) } else { 0 };
            return Err(ReadError::Query { line, name, text, error });
        }
    };
    let cases = cases.into_iter().map(|it| it.case(&name, lines)).collect::<Result<_, _>>()?;
    Ok(Listed { name, unit, text, line, query, cases })
}

/// What a query of another tool lost on the way, see [`translated`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The query's name.
    pub name: String,
    /// The line its text begins at, from 1.
    pub line: usize,
    /// What was lost; its span lies in the original text.
    pub lost: Lost,
}

/// A file of another tool's queries, see [`translated`].
#[derive(Debug, Clone, Default)]
pub struct Translated {
    /// The queries in our language.
    pub listed: Vec<Listed>,
    /// What they lost on the way.
    pub losses: Vec<Loss>,
    /// Those that could not be carried over at all.
    pub faults: Vec<ReadError>,
}

/// Reads a file whose texts are in another tool's syntax. Fails as a whole only where the file is no TOML of queries.
pub fn translated(text: &str, dialect: Dialect) -> Result<Translated, ReadError> {
    let lines = Lines::of(text);
    let mut all = Translated::default();
    for mut entry in tables::entries(text, &lines)? {
        let line = lines.line(entry.at);
        match dialect.translate(&entry.text) {
            Ok(carried) => {
                let loss = |lost| Loss { name: entry.name.clone(), line, lost };
                all.losses.extend(carried.lost.into_iter().map(loss));
                entry.text = carried.text;
                match listed(entry, line, &lines, text) {
                    Ok(listed) => all.listed.push(listed),
                    Err(fault) => all.faults.push(fault),
                }
            }
            Err(error) => all.faults.push(ReadError::Query { line, name: entry.name, text: entry.text, error }),
        }
    }
    Ok(all)
}

/// Puts `query:NAME` in place between the queries of a file. Those that cannot be are taken out and named.
pub fn resolved(listed: Vec<Listed>) -> (Vec<Listed>, Vec<ReadError>) {
    if listed.iter().all(|it| it.query.refers_to().is_empty()) {
        return (listed, Vec::new());
    }
    let answers = resolve(listed.iter().map(|it| (it.name.clone(), it.query.clone())).collect());
    let (mut good, mut faults) = (Vec::with_capacity(listed.len()), Vec::new());
    for (it, answer) in listed.into_iter().zip(answers) {
        match answer {
            Ok(query) => good.push(Listed { query, ..it }),
            Err(error) => faults.push(ReadError::Reference { line: it.line, name: it.name, error }),
        }
    }
    (good, faults)
}

impl Listed {
    /// Runs the cases and returns those that fail.
    pub fn failures(&self) -> Vec<Failure> {
        let fails =
            |case: &&Case| case.known.facts(|facts| explain(&self.query, &case.post, facts).truth != case.matches);
        let failure = |case: &Case| {
            let text = case.post.text.chars().take(80).collect();
            Failure { query: self.name.clone(), line: case.line, wanted: case.matches, text }
        };
        self.cases.iter().filter(fails).map(failure).collect()
    }
}

impl Known {
    /// Calls `with` with the same as [`Facts`].
    pub fn facts<R>(&self, with: impl FnOnce(&Facts<'_>) -> R) -> R {
        fn list(all: &[String]) -> Vec<&str> {
            all.iter().map(String::as_str).collect()
        }
        let (intents, topics, units) = (list(&self.intents), list(&self.topics), list(&self.units));
        with(&Facts {
            language: self.language.as_deref(),
            country: self.country.as_deref(),
            source: self.source.as_deref(),
            ours: self.ours,
            network: self.network.as_deref(),
            sentiment: self.sentiment.as_deref(),
            intents: &intents,
            urgency: self.urgency,
            topics: &topics,
            units: &units,
        })
    }
}

/// One `[[query]]` before its text is read.
#[derive(Debug, PartialEq)]
struct Entry {
    name: String,
    unit: String,
    text: String,
    /// The byte its text begins at, with the quotation mark.
    at: usize,
    cases: Vec<CaseEntry>,
}

/// One `[[query.case]]`.
#[derive(Debug, PartialEq)]
struct CaseEntry {
    text: Option<String>,
    post: Option<toml::Table>,
    known: Known,
    matches: bool,
    at: usize,
}

impl CaseEntry {
    fn case(self, name: &str, lines: &Lines) -> Result<Case, ReadError> {
        let line = lines.line(self.at);
        let wrong = |has| ReadError::Case { line, name: name.to_owned(), has };
        let post = match (self.text, self.post) {
            (Some(text), None) => Post { text, ..Post::default() },
            (None, Some(table)) => {
                tables::post(table).map_err(|message| ReadError::Post { line, name: name.to_owned(), message })?
            }
            (None, None) => return Err(wrong("neither")),
            (Some(_), Some(_)) => return Err(wrong("both")),
        };
        Ok(Case { post, known: self.known, matches: self.matches, line })
    }
}

/// Where the lines of a file end.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect())
    }

    fn line(&self, at: usize) -> usize {
        1 + self.0.partition_point(|end| *end < at)
    }
}

#[cfg(test)]
mod tests;
