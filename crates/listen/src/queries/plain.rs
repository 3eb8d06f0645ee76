//! The `queries.toml` that programs write, read ten times faster than any TOML can be: one key a line, plain strings.
//!
//! Whatever is not of this simple shape gives `None`, and the `toml` crate reads the file; so all that this must promise is
//! to agree with that crate where it gives an answer, which a property test holds it to.

use super::{CaseEntry, Entry, Known};

pub(super) fn entries(text: &str) -> Option<Vec<Entry>> {
    let mut reader = Reader::default();
    let mut at = 0;
    for whole in text.split_inclusive('\n') {
        let line = whole.strip_suffix('\n').unwrap_or(whole);
        let line = line.strip_suffix('\r').filter(|_| whole.ends_with('\n')).unwrap_or(line);
        reader.line(line, at)?;
        at += whole.len();
    }
    reader.close()?;
    Some(reader.entries)
}

/// A table that is being read: what is missing is not yet said.
#[derive(Default)]
struct Reader {
    entries: Vec<Entry>,
    open: Option<Table>,
}

#[derive(Default)]
struct Table {
    name: Option<String>,
    unit: Option<String>,
    text: Option<(String, usize)>,
    cases: Vec<CaseEntry>,
    case: Option<Case>,
}

struct Case {
    at: usize,
    text: Option<String>,
    matches: Option<bool>,
}

impl Reader {
    fn line(&mut self, line: &str, at: usize) -> Option<()> {
        let blank = |c: char| c == ' ' || c == '\t';
        let indented = line.trim_start_matches(blank);
        let at = at + (line.len() - indented.len());
        let said = indented.trim_end_matches(blank);
        match said {
            "" => Some(()),
            "[[query]]" => {
                self.close()?;
                self.open = Some(Table::default());
                Some(())
            }
            "[[query.case]]" => {
                let table = self.open.as_mut()?;
                table.close_case()?;
                table.case = Some(Case { at, text: None, matches: None });
                Some(())
            }
            _ if said.starts_with('#') => indented.chars().all(|c| c == '\t' || !c.is_control()).then_some(()),
            _ => self.open.as_mut()?.key(said, at),
        }
    }

    fn close(&mut self) -> Option<()> {
        let Some(mut table) = self.open.take() else { return Some(()) };
        table.close_case()?;
        let (text, at) = table.text?;
        self.entries.push(Entry {
            name: table.name?,
            unit: table.unit.unwrap_or_default(),
            text,
            at,
            cases: table.cases,
        });
        Some(())
    }
}

impl Table {
    fn key(&mut self, said: &str, at: usize) -> Option<()> {
        let (key, value) = said.split_once('=')?;
        let value_at = at + key.len() + 1 + (value.len() - value.trim_start_matches([' ', '\t']).len());
        let value = value.trim_start_matches([' ', '\t']);
        match (key.trim_end_matches([' ', '\t']), &mut self.case) {
            ("matches", Some(case)) => {
                let matches = if value == "true" {
                    true
                } else if value == "false" {
                    false
                } else {
                    return None;
                };
                case.matches.replace(matches).is_none().then_some(())
            }
            ("text", Some(case)) => case.text.replace(string(value)?).is_none().then_some(()),
            ("name", None) => self.name.replace(string(value)?).is_none().then_some(()),
            ("unit", None) => self.unit.replace(string(value)?).is_none().then_some(()),
            ("text", None) => self.text.replace((string(value)?, value_at)).is_none().then_some(()),
            _ => None,
        }
    }

    fn close_case(&mut self) -> Option<()> {
        let Some(case) = self.case.take() else { return Some(()) };
        let (text, matches) = (Some(case.text?), case.matches?);
        self.cases.push(CaseEntry { text, post: None, known: Known::default(), matches, at: case.at });
        Some(())
    }
}

/// A basic string with nothing behind it.
fn string(value: &str) -> Option<String> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    if inner.bytes().any(|byte| (byte < b' ' && byte != b'\t') || byte == 0x7f) {
        return None;
    }
    let mut plain = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find(['"', '\\']) {
        plain.push_str(&rest[..at]);
        // A bare quotation mark would have ended the string.
        let escaped = rest[at..].strip_prefix('\\')?.chars().next()?;
        plain.push(match escaped {
            '"' | '\\' => escaped,
            'n' => '\n',
            't' => '\t',
            _ => return None,
        });
        rest = &rest[at + 2..];
    }
    plain.push_str(rest);
    Some(plain)
}
