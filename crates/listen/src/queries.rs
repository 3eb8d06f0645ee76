//! Reading `queries.toml` and running the cases in it.
//!
//! ```
//! let read = dandelion_listen::queries::read(r#"
//!     [[query]]
//!     name = "kettle"
//!     unit = "kettles"
//!     text = "kettle -recipe"
//!     [[query.case]]
//!     text = "My kettle leaks"
//!     matches = true
//! "#).unwrap();
//! assert!(read[0].failures().is_empty());
//! ```

use dandelion_post::Post;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::{Facts, Query, QueryError, explain, parse};

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
    /// Whether the query must match it.
    pub matches: bool,
    /// The line the case begins at, from 1.
    pub line: usize,
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
    #[error("line {line}: query `{name}`: {error}")]
    Query {
        /// The line of its text, from 1.
        line: usize,
        /// Its name.
        name: String,
        /// What is wrong with it.
        error: QueryError,
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
}

/// Reads a file of queries. The first fault is the answer; nothing is half-read.
pub fn read(text: &str) -> Result<Vec<Listed>, ReadError> {
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let line = |at: usize| 1 + ends.partition_point(|end| *end < at);
    let file: File = toml::from_str(text).map_err(|error| ReadError::Toml {
        line: error.span().map_or(1, |span| line(span.start)),
        message: error.message().to_owned(),
    })?;
    let mut read: Vec<Listed> = Vec::with_capacity(file.query.len());
    let mut lines = rustc_hash::FxHashMap::default();
    for entry in file.query {
        let at = line(entry.text.span().start);
        let name = entry.name.clone();
        let first = *lines.entry(name.clone()).or_insert(at);
        if first != at {
            return Err(ReadError::Twice { line: at, name, first });
        }
        let query = parse(entry.text.get_ref()).map_err(|error| ReadError::Query { line: at, name, error })?;
        let cases = entry.case.into_iter().map(|it| case(&entry.name, line(it.span().start), it.into_inner()));
        let cases = cases.collect::<Result<_, _>>()?;
        let text = entry.text.into_inner();
        read.push(Listed { name: entry.name, unit: entry.unit, text, line: at, query, cases });
    }
    Ok(read)
}

impl Listed {
    /// Runs the cases and returns those that fail.
    pub fn failures(&self) -> Vec<Failure> {
        let mut failures = Vec::new();
        for case in &self.cases {
            if explain(&self.query, &case.post, &Facts::default()).truth != case.matches {
                let text = case.post.text.chars().take(80).collect();
                failures.push(Failure { query: self.name.clone(), line: case.line, wanted: case.matches, text });
            }
        }
        failures
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    query: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    #[serde(default)]
    unit: String,
    text: Spanned<String>,
    #[serde(default)]
    case: Vec<Spanned<CaseEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseEntry {
    text: Option<String>,
    post: Option<CasePost>,
    matches: bool,
}

/// The parts of a post that a query looks at.
#[derive(Deserialize)]
struct CasePost {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    text: String,
}

fn case(name: &str, line: usize, entry: CaseEntry) -> Result<Case, ReadError> {
    let wrong = |has| ReadError::Case { line, name: name.to_owned(), has };
    let post = match (entry.text, entry.post) {
        (Some(text), None) => Post { text, ..Post::default() },
        (None, Some(post)) => Post { title: post.title, text: post.text, ..Post::default() },
        (None, None) => return Err(wrong("neither")),
        (Some(_), Some(_)) => return Err(wrong("both")),
    };
    Ok(Case { post, matches: entry.matches, line })
}
