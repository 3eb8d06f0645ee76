//! The `match` filter's pure part: one line of JSONL in, one line of JSON out.

use dandelion_post::{Post, Refusal};
use serde::Serialize;

use crate::{Facts, Hit, Matcher, Scratch};

/// Matches posts as lines.
#[derive(Debug)]
pub struct Filter<'m> {
    matcher: &'m Matcher,
    names: Vec<String>,
    explain: bool,
    scratch: Scratch,
    hits: Vec<Hit>,
}

/// What is written for one post.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct Answer<'n> {
    /// The post's id.
    pub id: String,
    /// The names of the queries it matches.
    pub queries: Vec<&'n str>,
    /// Byte ranges in the text, one list a query, only when asked to explain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spans: Option<Vec<Vec<[usize; 2]>>>,
}

impl<'m> Filter<'m> {
    /// The matcher's queries must be numbered by their place in `names`; a number beyond shows as `?`.
    pub fn new(matcher: &'m Matcher, names: Vec<String>, explain: bool) -> Self {
        Self { matcher, names, explain, scratch: Scratch::default(), hits: Vec::new() }
    }

    /// Answers one line, or says why the post was refused.
    pub fn line(&mut self, line: &str) -> Result<Answer<'_>, Refusal> {
        let post = Post::from_json(line)?;
        self.matcher.matches(&post, &Facts::default(), &mut self.scratch, &mut self.hits);
        let name = |hit: &Hit| usize::try_from(hit.query).ok().and_then(|at| self.names.get(at)).map_or("?", |n| n);
        let queries = self.hits.iter().map(name).collect();
        let pairs = |hit: &Hit| hit.spans.iter().map(|span| [span.start, span.end]).collect();
        let spans = self.explain.then(|| self.hits.iter().map(pairs).collect());
        Ok(Answer { id: post.id, queries, spans })
    }
}
