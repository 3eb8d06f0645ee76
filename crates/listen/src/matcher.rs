use std::ops::Range;
use std::sync::Arc;

use dandelion_post::Post;

use crate::explain::{explain, holds};
use crate::facts::Facts;
use crate::known::Known;
use crate::query::Query;

/// A query that matches a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The number the query was given to the matcher with.
    pub query: i64,
    /// What made it match: byte ranges in `post.text`, ordered, without overlap, at most [`Hit::MAX_SPANS`].
    /// Empty when only the title or what is known beside the words matched.
    pub spans: Vec<Range<usize>>,
}

impl Hit {
    /// Most spans kept of one hit; a post of one word a hundred thousand times needs no more light than this.
    pub const MAX_SPANS: usize = 256;
}

/// Room to work in, kept from post to post; one for each thread.
#[derive(Debug, Default)]
pub struct Scratch {}

/// Many queries, held against posts together. Cheap to clone: clones share what they hold.
#[derive(Debug, Clone, Default)]
pub struct Matcher {
    queries: Arc<Vec<(i64, Query)>>,
}

impl Matcher {
    /// Compiles queries, each under a number of the caller's choice.
    pub fn new(queries: impl IntoIterator<Item = (i64, Query)>) -> Self {
        Self { queries: Arc::new(queries.into_iter().collect()) }
    }

    /// The same with one query more, or changed.
    #[must_use]
    pub fn with(&self, number: i64, query: Query) -> Self {
        let others = self.queries.iter().filter(|(it, _)| *it != number).cloned();
        Self::new(others.chain([(number, query)]))
    }

    /// The same without one query.
    #[must_use]
    pub fn without(&self, number: i64) -> Self {
        Self::new(self.queries.iter().filter(|(it, _)| *it != number).cloned())
    }

    /// Number of queries.
    pub fn len(&self) -> usize {
        self.queries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.queries.is_empty()
    }

    /// Replaces what is in `hits` by the queries that match the post, in the order they were given, with what made them.
    pub fn matches(&self, post: &Post, facts: &Facts<'_>, _scratch: &mut Scratch, hits: &mut Vec<Hit>) {
        hits.clear();
        for (number, query) in self.queries.iter() {
            let why = explain(query, post, facts);
            if why.truth {
                let mut spans = why.spans;
                spans.truncate(Hit::MAX_SPANS);
                hits.push(Hit { query: *number, spans });
            }
        }
    }

    /// Replaces what is in `hits` by the numbers of the queries that match the post, in the order they were given.
    pub fn hits(&self, post: &Post, facts: &Facts<'_>, _scratch: &mut Scratch, hits: &mut Vec<i64>) {
        hits.clear();
        let known = Known::of(post, facts);
        hits.extend(self.queries.iter().filter(|(_, query)| holds(&query.root, &known)).map(|(number, _)| *number));
    }
}
