use std::{cell::Cell, collections::BTreeMap};

use ::toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{File, MAX_BYTES, Problem, Problems, value::nearest};

/// The text being read, and what was found wrong with it so far.
pub(super) struct Reader<'t> {
    text: &'t str,
    /// Where each line starts.
    starts: Vec<usize>,
    problems: Vec<Problem>,
    broken: bool,
    /// Every reference, to be looked up when everything has been read.
    pub(super) references: Vec<Reference>,
    /// The line of each thing with a key, by section and key.
    pub(super) keys: BTreeMap<(&'static str, String), usize>,
}

/// One table naming another.
pub(super) struct Reference {
    pub(super) line: Option<usize>,
    pub(super) path: String,
    /// The section it points into: `unit`, `member`, `hours`, `topic`, `product`.
    pub(super) to: &'static str,
    pub(super) key: String,
}

/// One table of the file, with its path. Which fields were asked for is noted; the rest are unknown.
pub(super) struct Table<'a> {
    pub(super) path: String,
    pub(super) line: Option<usize>,
    fields: Vec<(&'a str, &'a Spanned<DeValue<'a>>, Cell<bool>)>,
    asked: std::cell::RefCell<Vec<&'static str>>,
}

/// One value with its place.
pub(super) struct Value<'a> {
    pub(super) path: String,
    pub(super) line: Option<usize>,
    read: &'a DeValue<'a>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts, problems: Vec::new(), broken: false, references: Vec::new(), keys: BTreeMap::new() }
    }

    /// The syntax. Every error in it is told; what could be read beside them is left alone, because it would only
    /// give errors that follow from these.
    pub(super) fn parse(&mut self) -> Option<Spanned<DeTable<'t>>> {
        if self.text.len() > MAX_BYTES {
            let what = format!("the file has {} bytes; at most {MAX_BYTES} are read", self.text.len());
            self.wrong(None, "", what, "");
            self.broken = true;
            return None;
        }
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let line = error.span().map(|span| self.line(span.start));
            let there = line.and_then(|line| self.text.lines().nth(line - 1)).unwrap_or_default();
            self.wrong(line, "", format!("this is not TOML: {}", error.message().replace('\n', ", ")), there.trim());
        }
        self.broken = !errors.is_empty();
        (!self.broken).then_some(table)
    }

    /// The file, or everything that is wrong with it.
    pub(super) fn finish(mut self, file: File) -> Result<File, Problems> {
        self.problems.sort_by_key(|problem| problem.line);
        if self.problems.is_empty() { Ok(file) } else { Err(Problems(self.problems)) }
    }

    /// Whether the text is not even TOML.
    pub(super) fn broken_syntax(&self) -> bool {
        self.broken
    }

    /// Notes something wrong.
    pub(super) fn wrong(&mut self, line: Option<usize>, path: &str, what: impl Into<String>, value: &str) {
        let dandelion_post::Refusal { field, reason, value } = dandelion_post::Refusal::new(path, what, value);
        self.problems.push(Problem { line, path: field, what: reason, value });
    }

    /// A table's fields.
    pub(super) fn table<'a>(&self, path: String, place: usize, table: &'a DeTable<'a>) -> Table<'a> {
        let fields = table.iter().map(|(key, value)| (key.get_ref().as_ref(), value, Cell::new(false))).collect();
        Table { path, line: Some(self.line(place)), fields, asked: std::cell::RefCell::default() }
    }

    /// The line of a byte, counted from 1.
    pub(super) fn line(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start <= byte)
    }

    /// A field, where it is there.
    pub(super) fn field<'a>(&self, table: &Table<'a>, name: &'static str) -> Option<Value<'a>> {
        table.asked.borrow_mut().push(name);
        let (_, value, seen) = table.fields.iter().find(|(key, ..)| *key == name)?;
        seen.set(true);
        let path = if table.path.is_empty() { name.to_owned() } else { format!("{}.{name}", table.path) };
        Some(Value { path, line: Some(self.line(value.span().start)), read: value.get_ref() })
    }

    /// A text field through `read`, where it is there and right.
    pub(super) fn text<T>(
        &mut self,
        table: &Table<'_>,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.field(table, name)?;
        self.as_text(&value, read)
    }

    /// As [`Reader::text`], but it must be there.
    pub(super) fn need<T>(
        &mut self,
        table: &Table<'_>,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        if !table.fields.iter().any(|(key, ..)| *key == name) {
            table.asked.borrow_mut().push(name);
            self.wrong(table.line, &table.path, format!("`{name}` is missing"), "");
        }
        self.text(table, name, read)
    }

    /// A list of texts through `read`; empty where it is not there.
    pub(super) fn texts<T>(
        &mut self,
        table: &Table<'_>,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let Some(value) = self.field(table, name) else { return Vec::new() };
        self.items(&value).iter().filter_map(|item| self.as_text(item, &read)).collect()
    }

    /// `true` or `false`; `false` where it is not there.
    pub(super) fn flag(&mut self, table: &Table<'_>, name: &'static str) -> bool {
        let Some(value) = self.field(table, name) else { return false };
        value.read.as_bool().unwrap_or_else(|| {
            self.wrong_kind(&value, "true or false");
            false
        })
    }

    /// A whole number within bounds, where it is there and right.
    pub(super) fn number(
        &mut self,
        table: &Table<'_>,
        name: &'static str,
        within: std::ops::RangeInclusive<u64>,
    ) -> Option<u64> {
        let value = self.field(table, name)?;
        let Some(integer) = value.read.as_integer() else {
            self.wrong_kind(&value, "a whole number");
            return None;
        };
        let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|n| within.contains(n));
        if number.is_none() {
            let what = format!("write a number from {} to {}", within.start(), within.end());
            self.wrong(value.line, &value.path, what, integer.as_str());
        }
        number
    }

    /// A value as text through `read`.
    pub(super) fn as_text<T>(&mut self, value: &Value<'_>, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let Some(text) = value.read.as_str() else {
            self.wrong_kind(value, "a text in quotes");
            return None;
        };
        read(text).map_err(|what| self.wrong(value.line, &value.path, what, text)).ok()
    }

    /// The items of a list.
    pub(super) fn items<'a>(&mut self, value: &Value<'a>) -> Vec<Value<'a>> {
        let Some(array) = value.read.as_array() else {
            self.wrong_kind(value, "a list, [\"…\", \"…\"]");
            return Vec::new();
        };
        let item = |(at, item): (usize, &'a Spanned<DeValue<'a>>)| Value {
            path: format!("{}[{}]", value.path, at + 1),
            line: Some(self.line(item.span().start)),
            read: item.get_ref(),
        };
        array.iter().enumerate().map(item).collect()
    }

    /// A value as a table.
    pub(super) fn as_table<'a>(&mut self, value: &Value<'a>) -> Option<Table<'a>> {
        let Some(table) = value.read.as_table() else {
            self.wrong_kind(value, "a table, { … }");
            return None;
        };
        let mut table = self.table(value.path.clone(), 0, table);
        table.line = value.line;
        Some(table)
    }

    fn wrong_kind(&mut self, value: &Value<'_>, expected: &str) {
        let what = format!("this must be {expected}, not {}", value.read.type_str());
        self.wrong(value.line, &value.path, what, "");
    }

    /// Tells of every field nobody asked for.
    pub(super) fn no_more(&mut self, table: Table<'_>) {
        let asked = table.asked.into_inner();
        for (name, value, seen) in &table.fields {
            if seen.get() {
                continue;
            }
            let hint = match nearest(name, asked.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", asked.join(", ")),
            };
            let line = self.line(value.span().start);
            self.wrong(Some(line), &table.path, format!("`{name}` is not known; {hint}"), "");
        }
    }
}
