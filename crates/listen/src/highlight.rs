//! Where the words somebody searched for stand in a text.

use std::ops::Range;

use dandelion_post::Post;
use dandelion_post::words::Words;

use crate::{Hit, Matcher, Query, parse};

/// The bytes of `text` to light up for a search, ordered, without overlap. The search is read as a query; where it is
/// none (people type anything into a search box), its words are looked for one by one.
///
/// ```
/// assert_eq!(dandelion_listen::highlight::spans("My Küche burns", "kuche OR fire"), [3..9]);
/// assert_eq!(dandelion_listen::highlight::spans("My Küche burns", "burns ("), [10..15]);
/// ```
pub fn spans(text: &str, search: &str) -> Vec<Range<usize>> {
    let queries: Vec<_> = parse(search).map_or_else(|_| word_by_word(search), |query| vec![(0, query)]);
    let post = Post { text: text.to_owned(), ..Post::default() };
    let mut hits = Vec::new();
    Matcher::new(queries).matches(&post, &mut hits);
    let mut spans: Vec<_> = hits.into_iter().flat_map(|hit| hit.spans).collect();
    spans.sort_unstable_by_key(|span| (span.start, span.end));
    spans.dedup_by(|next, kept| next.start < kept.end);
    spans.truncate(Hit::MAX_SPANS);
    spans
}

fn word_by_word(search: &str) -> Vec<(i64, Query)> {
    let words = Words::of(search);
    let typed = words.iter().take(64).map(|(token, _)| &search[token.span()]);
    typed.filter_map(|word| parse(word).ok()).map(|query| (0, query)).collect()
}
