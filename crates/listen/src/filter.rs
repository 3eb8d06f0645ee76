//! The `match` filter's pure part: one line of JSONL in, one line of JSON out.
//!
//! ```
//! use dandelion_listen::{Matcher, filter::Filter, parse};
//!
//! let matcher = Matcher::new([(0, parse("kettle").unwrap())]);
//! let mut filter = Filter::new(&matcher, vec!["Kettles".to_owned()], true);
//! let mut out = Vec::new();
//! filter.line(r#"{"id": "7", "text": "My kettle"}"#, &mut out).unwrap();
//! assert_eq!(out, br#"{"id":"7","queries":["Kettles"],"spans":[[[3,9]]]}"#);
//! ```

use std::sync::Arc;

use dandelion_post::{Post, Refusal};

use crate::{Facts, Hit, Matcher, Scratch};

/// Matches posts as lines. Each thread clones its own.
#[derive(Debug)]
pub struct Filter<'m> {
    matcher: &'m Matcher,
    /// The names as JSON strings.
    names: Arc<[Box<[u8]>]>,
    explain: bool,
    scratch: Scratch,
    hits: Vec<Hit>,
    numbers: Vec<i64>,
}

impl Clone for Filter<'_> {
    fn clone(&self) -> Self {
        let names = Arc::clone(&self.names);
        let (scratch, hits, numbers) = (Scratch::default(), Vec::new(), Vec::new());
        Self { matcher: self.matcher, names, explain: self.explain, scratch, hits, numbers }
    }
}

impl<'m> Filter<'m> {
    /// The matcher's queries must be numbered by their place in `names`; a number beyond shows as `?`.
    pub fn new(matcher: &'m Matcher, names: Vec<String>, explain: bool) -> Self {
        let names = names.into_iter().map(|name| {
            let mut json = Vec::new();
            write_string(&name, &mut json);
            json.into()
        });
        let (names, scratch) = (names.collect(), Scratch::default());
        Self { matcher, names, explain, scratch, hits: Vec::new(), numbers: Vec::new() }
    }

    /// Appends the answer to one line, without an end of line: `{"id":…,"queries":[…]}`, when explaining with `spans`,
    /// one list of byte ranges in the text a query. Or says why the post was refused, and appends nothing.
    pub fn line(&mut self, line: &str, out: &mut Vec<u8>) -> Result<(), Refusal> {
        let post = Post::from_json(line)?;
        if self.explain {
            self.matcher.matches(&post, &Facts::default(), &mut self.scratch, &mut self.hits);
            self.numbers.clear();
            self.numbers.extend(self.hits.iter().map(|hit| hit.query));
        } else {
            self.matcher.hits(&post, &Facts::default(), &mut self.scratch, &mut self.numbers);
        }
        out.extend_from_slice(b"{\"id\":");
        write_string(&post.id, out);
        out.extend_from_slice(b",\"queries\":");
        let name = |number: &i64| usize::try_from(*number).ok().and_then(|at| self.names.get(at));
        write_list(&self.numbers, out, |number, out| {
            out.extend_from_slice(name(number).map_or(b"\"?\"", |name| name));
        });
        if self.explain {
            out.extend_from_slice(b",\"spans\":");
            write_list(&self.hits, out, |hit, out| {
                write_list(&hit.spans, out, |span, out| {
                    out.extend_from_slice(format!("[{},{}]", span.start, span.end).as_bytes());
                });
            });
        }
        out.push(b'}');
        Ok(())
    }
}

fn write_list<T>(items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    out.push(b'[');
    for (nth, item) in items.iter().enumerate() {
        if nth > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(b']');
}

/// Writing to memory does not fail, and a string is always JSON.
fn write_string(text: &str, out: &mut Vec<u8>) {
    if serde_json::to_writer(&mut *out, text).is_err() {
        out.extend_from_slice(b"\"\"");
    }
}
