//! Tests by behaviour: reading, printing, matching (against a naive evaluator), files of queries, hostile input.

mod file;
mod hostile;
mod language;
mod naive;
mod reading;

use dandelion_post::Post;

use crate::{Matcher, parse};

fn post(text: &str) -> Post {
    Post { id: "1".into(), text: text.into(), ..Post::default() }
}

fn matches(query: &str, text: &str) -> bool {
    let matcher = Matcher::new([(1, parse(query).unwrap_or_else(|e| panic!("{query}: {e}")))]);
    let mut hits = Vec::new();
    matcher.matches(&post(text), &mut hits);
    !hits.is_empty()
}
