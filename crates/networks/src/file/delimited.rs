//! Columns: CSV with quoting, TSV without.

use std::io::{self, BufRead};

use dandelion_post::Refusal;

use super::lines::{Line, Lines};
use super::mapping::{Mapping, Plan};
use super::{Item, MAX_COLUMNS, MAX_ROW, Place, UsageError, as_text};

pub(super) struct Rows {
    lines: Lines,
    separator: u8,
    plan: Plan,
}

impl Rows {
    pub(super) fn open(
        input: Box<dyn BufRead + Send>,
        separator: u8,
        mapping: &Mapping,
        from: Place,
    ) -> Result<Self, UsageError> {
        let mut lines = Lines::open(input)?;
        let header = read_header(&mut lines, separator)?;
        let plan = mapping.settle(&header)?;
        lines.skip_to(from)?;
        Ok(Self { lines, separator, plan })
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Item>> {
        loop {
            let Some(line) = self.lines.next()? else { return Ok(None) };
            let number = line.number;
            if line.overlong.is_none() && line.bytes.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let record = match gather(&mut self.lines, line, self.separator)? {
                Ok(record) => record,
                Err((refusal, line)) => {
                    let raw = String::from_utf8_lossy(&line.bytes).into_owned();
                    return Ok(Some(Item { line: number, offset: line.end, result: Err((refusal, raw)) }));
                }
            };
            let result =
                as_text(&record.bytes).and_then(|text| self.post(text).map_err(|refusal| (refusal, text.to_owned())));
            return Ok(Some(Item { line: number, offset: record.end, result }));
        }
    }

    fn post(&self, row: &str) -> Result<dandelion_post::Post, Refusal> {
        if self.separator == b'\t' {
            let there = row.bytes().filter(|b| *b == b'\t').count() + 1;
            self.check_width(there, row)?;
            self.plan.post(row.split('\t'))
        } else {
            let cells = split_quoted(row, char::from(self.separator));
            self.check_width(cells.len(), row)?;
            self.plan.post(cells.iter().map(String::as_str))
        }
    }

    fn check_width(&self, there: usize, row: &str) -> Result<(), Refusal> {
        let due = self.plan.width();
        if there == due {
            return Ok(());
        }
        Err(Refusal::new("row", format!("has {there} columns, but the header names {due}"), row))
    }
}

fn read_header(lines: &mut Lines, separator: u8) -> Result<Vec<String>, UsageError> {
    let bad = |why: &str| UsageError::Header { why: why.to_owned() };
    let first = lines.next()?.ok_or_else(|| bad("the file is empty"))?;
    let record = match gather(lines, first, separator)? {
        Ok(record) => record,
        Err((refusal, _)) => return Err(bad(&refusal.reason)),
    };
    let text = as_text(&record.bytes).map_err(|(refusal, _)| bad(&refusal.reason))?;
    let names: Vec<String> = if separator == b'\t' {
        text.split('\t').map(|name| name.trim().to_owned()).collect()
    } else {
        split_quoted(text, char::from(separator)).into_iter().map(|name| name.trim().to_owned()).collect()
    };
    if names.len() > MAX_COLUMNS {
        return Err(bad(&format!("it names {} columns, at most {MAX_COLUMNS} are taken", names.len())));
    }
    if names.iter().all(String::is_empty) {
        return Err(bad("it names no column"));
    }
    Ok(number_the_nameless(names))
}

/// Columns without a name (an index that somebody's tool wrote) are called by their place.
fn number_the_nameless(names: Vec<String>) -> Vec<String> {
    let named = |(at, name): (usize, String)| if name.is_empty() { format!("column {}", at + 1) } else { name };
    names.into_iter().enumerate().map(named).collect()
}

/// A record: one line, or with quoting as many as its quotes span.
///
/// A quote that is never closed costs only the line it stands on: the lines behind it are given back.
fn gather(lines: &mut Lines, first: Line, separator: u8) -> io::Result<Result<Line, (Refusal, Line)>> {
    if let Some(length) = first.overlong {
        let reason = format!("the row is {length} bytes long; at most {MAX_ROW} are taken");
        return Ok(Err((Refusal::new("row", reason, ""), first)));
    }
    let mut quotes = Quotes::default();
    if separator == b'\t' || !quotes.open_after(&first.bytes, separator) {
        return Ok(Ok(first));
    }
    let mut behind = Vec::new();
    let mut size = first.bytes.len();
    while let Some(line) = lines.next()? {
        size += line.bytes.len() + 1;
        let fits = line.overlong.is_none() && size <= MAX_ROW;
        let open = quotes.open_after(&line.bytes, separator);
        behind.push(line);
        if fits && !open {
            return Ok(Ok(join(first, behind)));
        }
        if !fits {
            break;
        }
    }
    lines.give_back(behind);
    let reason = "a quote opens here and is never closed; double it (\"\") if it is meant as a character";
    let shown = String::from_utf8_lossy(&first.bytes).into_owned();
    Ok(Err((Refusal::new("row", reason, &shown), first)))
}

fn join(mut first: Line, behind: Vec<Line>) -> Line {
    for line in behind {
        first.bytes.push(b'\n');
        first.bytes.extend_from_slice(&line.bytes);
        first.end = line.end;
    }
    first
}

/// Whether a record is inside quotes, carried from line to line.
#[derive(Default)]
enum Quotes {
    #[default]
    FieldStart,
    Bare,
    Inside,
    /// Behind a quote inside quotes: the end of the field, or the first half of a doubled one.
    Leaving,
}

impl Quotes {
    /// Reads one line; true if the record goes on in the next.
    fn open_after(&mut self, line: &[u8], separator: u8) -> bool {
        for &byte in line {
            *self = match (&self, byte) {
                (Self::Inside, b'"') => Self::Leaving,
                (Self::Inside, _) | (Self::FieldStart | Self::Leaving, b'"') => Self::Inside,
                (_, byte) if byte == separator => Self::FieldStart,
                (Self::FieldStart | Self::Bare | Self::Leaving, _) => Self::Bare,
            };
        }
        let open = matches!(self, Self::Inside);
        if !open {
            *self = Self::FieldStart;
        }
        open
    }
}

/// The cells of a complete record. What stands behind a closing quote belongs to the cell.
fn split_quoted(record: &str, separator: char) -> Vec<String> {
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut chars = record.chars().peekable();
    let mut start = true;
    let mut inside = false;
    while let Some(c) = chars.next() {
        if inside {
            if c != '"' {
                cell.push(c);
            } else if chars.peek() == Some(&'"') {
                chars.next();
                cell.push('"');
            } else {
                inside = false;
            }
        } else if c == separator {
            cells.push(std::mem::take(&mut cell));
            start = true;
            continue;
        } else if c == '"' && start {
            inside = true;
        } else {
            cell.push(c);
        }
        start = false;
    }
    cells.push(cell);
    cells
}
