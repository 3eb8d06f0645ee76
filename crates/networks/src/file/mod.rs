//! Posts from files: JSONL, CSV, TSV and feed files, row by row, however long the file is.
//!
//! A row that cannot be taken is refused with its reason and kept as it came; the next row is not affected.
//! Each [`Item`] says where it ends, so that reading can be taken up again behind it.

mod delimited;
mod json;
mod lines;
mod mapping;
#[cfg(test)]
mod tests;

use std::io::{self, BufRead, Read};
use std::str::FromStr;

use dandelion_post::{Post, Refusal};

pub(crate) use json::from_value;
pub use mapping::Mapping;

use crate::networks::{About, Once, Proven, Reads, Writes};
use crate::{clean, feed};

/// What this network is.
pub const ABOUT: About = About {
    name: "file",
    label: "Files",
    reads: Reads {
        what: "JSONL, CSV, TSV and feed files, from disk or standard input",
        poll: false,
        stream: false,
        push: false,
    },
    writes: Writes::NOTHING,
    once: Once::Nothing,
    length: None,
    fields: &[],
    limits: "4 MiB a row, 512 columns; feed files 16 MiB",
    docs: "A row is a post; `--map` says which column is which field, unnamed columns are kept in `extra`.",
    proven: Proven::Format("files of every shape, a public set of 14,640 posts, and random bytes"),
    connector: &Files,
};

/// Files are brought, not asked.
struct Files;

impl crate::contract::Connector for Files {}

/// Longest row taken, in bytes. A longer one is refused and skipped, never held whole.
pub const MAX_ROW: usize = 4 * 1024 * 1024;
/// Most columns of a header.
pub const MAX_COLUMNS: usize = 512;
/// How much of an over-long row is kept for people to look at, in bytes.
const KEPT_OF_OVERLONG: usize = 1024;

/// How a file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated with quoting (RFC 4180): fields may hold commas, quotes and line ends.
    Csv,
    /// Tab-separated without quoting: `"` is a character like any other.
    Tsv,
    /// RSS, Atom or JSON Feed.
    Rss,
}

impl Format {
    /// The format that the end of a file's name promises.
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, end) = name.rsplit_once('.')?;
        end.parse().ok()
    }
}

impl FromStr for Format {
    type Err = UsageError;

    fn from_str(text: &str) -> Result<Self, UsageError> {
        match text.trim().to_ascii_lowercase().as_str() {
            "jsonl" | "ndjson" => Ok(Self::Jsonl),
            "csv" => Ok(Self::Csv),
            "tsv" | "tab" => Ok(Self::Tsv),
            "rss" | "atom" | "feed" | "xml" => Ok(Self::Rss),
            _ => Err(UsageError::Format { format: text.chars().take(40).collect() }),
        }
    }
}

/// What is wrong with how a file is to be read; nothing was read.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// No such format.
    #[error("`{format}` is no format; use jsonl, csv, tsv or rss")]
    Format {
        /// The format as given.
        format: String,
    },
    /// A rule of a mapping is not one.
    #[error("`{rule}` is no mapping; write field=column, such as id=tweet_id, or field==value")]
    Rule {
        /// The rule as given.
        rule: String,
    },
    /// The left side of a rule.
    #[error("a post has no field `{field}`; there are {fields}")]
    Field {
        /// The field as given.
        field: String,
        /// The fields there are.
        fields: String,
    },
    /// A field mapped more than once.
    #[error("`{field}` is mapped twice; keep one of them")]
    Twice {
        /// The field.
        field: String,
    },
    /// A fixed value that no post can have.
    #[error("this fixed value cannot be used: {reason}")]
    Fixed {
        /// Why not.
        reason: String,
    },
    /// The right side of a rule.
    #[error("the file has no column `{column}`; it has {columns}")]
    Column {
        /// The column as given.
        column: String,
        /// The columns there are.
        columns: String,
    },
    /// Two columns of one name: which one is meant cannot be known.
    #[error("the column `{column}` is there twice; rename one of them (the file has {columns})")]
    DuplicateColumn {
        /// The column.
        column: String,
        /// The columns there are.
        columns: String,
    },
    /// Nothing becomes the id or the text.
    #[error("no column becomes `{field}`; add --map {field}=COLUMN (the file has {columns})")]
    Required {
        /// The field.
        field: &'static str,
        /// The columns there are.
        columns: String,
    },
    /// The file is empty, or its first line cannot be a header.
    #[error("the first line is no header ({why})")]
    Header {
        /// What is wrong with it.
        why: String,
    },
    /// A feed file holds no feed.
    #[error("{0}")]
    Feed(#[from] feed::Unreadable),
    /// The file cannot be read.
    #[error("the file cannot be read ({0})")]
    Io(#[from] io::Error),
}

/// One row.
#[derive(Debug)]
pub struct Item {
    /// The line it begins on, from 1; for feed files the number of the entry.
    pub line: u64,
    /// The byte after it: where to take up reading again. Feed files are read whole and stay at 0 until the last.
    pub offset: u64,
    /// The post, or why not with the row as it came.
    pub result: Result<Post, (Refusal, String)>,
}

/// Where to begin: behind the last row that was stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// Bytes to pass over; [`Item::offset`].
    pub offset: u64,
    /// Lines in those bytes, for numbering the next ones.
    pub line: u64,
}

/// A file being read. Iterate over it.
pub struct Reader {
    rows: Rows,
}

enum Rows {
    Json(json::Rows),
    Delimited(delimited::Rows),
    Feed(std::vec::IntoIter<Item>),
}

impl Reader {
    /// Begins to read. Headers and mappings are checked here, so that a wrong one stops before the first row.
    pub fn open(
        format: Format,
        input: Box<dyn BufRead + Send>,
        mapping: &Mapping,
        from: Place,
    ) -> Result<Self, UsageError> {
        let rows = match format {
            Format::Jsonl => Rows::Json(json::Rows::open(input, mapping, from)?),
            Format::Csv => Rows::Delimited(delimited::Rows::open(input, b',', mapping, from)?),
            Format::Tsv => Rows::Delimited(delimited::Rows::open(input, b'\t', mapping, from)?),
            Format::Rss => Rows::Feed(read_feed(input, from)?),
        };
        Ok(Self { rows })
    }
}

impl Iterator for Reader {
    /// An error here is the disk's or the pipe's: reading ends with it.
    type Item = io::Result<Item>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.rows {
            Rows::Json(rows) => rows.next().transpose(),
            Rows::Delimited(rows) => rows.next().transpose(),
            Rows::Feed(items) => items.next().map(Ok),
        }
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.rows {
            Rows::Json(_) => "Reader(jsonl)",
            Rows::Delimited(_) => "Reader(columns)",
            Rows::Feed(_) => "Reader(feed)",
        })
    }
}

fn read_feed(input: Box<dyn BufRead + Send>, from: Place) -> Result<std::vec::IntoIter<Item>, UsageError> {
    let mut bytes = Vec::new();
    input.take(feed::MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    if from.offset >= bytes.len() as u64 && from.offset > 0 {
        return Ok(Vec::new().into_iter());
    }
    let parsed = feed::parse(&bytes, None, None)?;
    let count = parsed.posts.len();
    let items = parsed.posts.into_iter().enumerate().map(|(at, result)| Item {
        line: at as u64 + 1,
        offset: if at + 1 == count { bytes.len() as u64 } else { 0 },
        result: result.map_err(|refused| (refused.refusal, refused.raw)),
    });
    Ok(items.collect::<Vec<_>>().into_iter())
}

/// Bytes as text, or a refusal with the bytes as nearly as text can hold them.
fn as_text(bytes: &[u8]) -> Result<&str, (Refusal, String)> {
    std::str::from_utf8(bytes).map_err(|e| {
        let raw = String::from_utf8_lossy(bytes).into_owned();
        let reason = format!("byte {} is no UTF-8; convert the file to UTF-8", e.valid_up_to() + 1);
        (Refusal::new("row", reason, clean::head(&raw, 80)), raw)
    })
}
