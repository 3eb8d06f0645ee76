//! Where the words somebody searched for stand in a text.

use std::ops::Range;

use dandelion_post::Post;

use crate::explain::joined;
use crate::words::Words;
use crate::{Facts, Hit, Query, explain, parse};

/// The bytes of `text` to light up for a search, ordered, without overlap. The search is read as a query; where it is
/// none (people type anything into a search box), its words are looked for one by one.
///
/// ```
/// assert_eq!(dandelion_listen::highlight::spans("My Küche burns", "kuche OR fire"), [3..9]);
/// assert_eq!(dandelion_listen::highlight::spans("My Küche burns", "burns ("), [10..15]);
/// ```
pub fn spans(text: &str, search: &str) -> Vec<Range<usize>> {
    let queries: Vec<_> = parse(search).map_or_else(|_| word_by_word(search), |query| vec![query]);
    let post = Post { text: text.to_owned(), ..Post::default() };
    let all = queries.iter().flat_map(|query| explain(query, &post, &Facts::default()).spans).collect();
    let mut spans = joined(all);
    spans.truncate(Hit::MAX_SPANS);
    spans
}

fn word_by_word(search: &str) -> Vec<Query> {
    let words = Words::of(search);
    let typed = words.iter().take(64).map(|token| &search[token.span]);
    typed.filter_map(|word| parse(word).ok()).collect()
}
