//! All queries compiled into one structure.

mod anchor;
mod beginnings;
mod build;
mod code;
mod common;
mod compile;
mod fields;
mod look;
mod patterns;
mod places;
mod segment;
mod simple;
mod spans;
mod terms;
mod tree;

use std::ops::Range;
use std::sync::{Arc, Weak};

use dandelion_post::Post;

use self::build::Builder;
use self::look::Look;
use self::segment::{Reason, Segment, State};
use crate::facts::Facts;
use crate::query::Query;
use crate::words::scan::Scan;

/// A query that matches a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The number the query was given to the matcher with.
    pub query: i64,
    /// What made it match: byte ranges in `post.text`, ordered, without overlap, at most [`Hit::MAX_SPANS`].
    /// Empty when only the title or a field matched.
    pub spans: Vec<Range<usize>>,
}

impl Hit {
    /// Most spans kept of one hit; a post of one word a hundred thousand times needs no more light than this.
    pub const MAX_SPANS: usize = 256;
}

/// Many queries, compiled into one structure: every post is cut into words once, the words point at the few queries
/// that may match (each waits at the rarest words it cannot do without), and those are judged in full.
///
/// The cost of a post grows with its words and with the queries that wait at them, not with the number of queries. A
/// query without any word, tag or field to wait at (`has:link followers:>1000`) is judged on every post:
/// [`Matcher::unanchored`] counts them.
///
/// A matcher never changes and is cheap to clone. [`Matcher::with`] and [`Matcher::without`] give a new one that shares
/// what stayed the same; changes gather in a small part beside the large one, until [`Matcher::compacted`] joins them.
/// Which words are common is learned from the posts as they pass, and used by the next compaction.
#[derive(Debug, Clone, Default)]
pub struct Matcher {
    base: Arc<Segment>,
    /// Queries of `base` that are replaced or removed: a bit by place.
    gone: Arc<[u64]>,
    /// What came after.
    recent: Arc<Segment>,
}

/// Buffers for matching, one for each thread; see [`Matcher::hits`].
#[derive(Debug, Default)]
pub struct Scratch {
    scan: Scan,
    states: [State; 2],
    owners: [Weak<Segment>; 2],
    posts: u32,
}

/// One post of so many is counted.
const SAMPLE: u32 = 16;

impl Matcher {
    /// Compiles queries, each under a number of the caller's choice. Of two with one number the later counts.
    pub fn new(queries: impl IntoIterator<Item = (i64, Query)>) -> Self {
        let mut builder = Builder::default();
        for (number, query) in queries {
            builder.add(number, &query);
        }
        Self::of(builder)
    }

    fn of(builder: Builder) -> Self {
        let base = Arc::new(builder.finish());
        Self { gone: vec![0; base.numbers.len().div_ceil(64)].into(), base, recent: Arc::default() }
    }

    /// Number of queries.
    pub fn len(&self) -> usize {
        let gone: u32 = self.gone.iter().map(|bits| bits.count_ones()).sum();
        self.base.numbers.len() - gone as usize + self.recent.numbers.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of ways to match that no word, tag or field stands for, and which are therefore judged on every post.
    pub fn unanchored(&self) -> usize {
        self.base.always.len() + self.recent.always.len()
    }

    /// Bytes of memory it holds.
    pub fn bytes(&self) -> usize {
        self.base.bytes() + self.recent.bytes() + self.gone.len() * 8
    }

    /// The same with this query added, or put in the place of the one that has its number.
    ///
    /// Costs time in proportion to the changes since the last compaction, not to all queries.
    #[must_use]
    pub fn with(&self, number: i64, query: Query) -> Self {
        let mut builder = Builder::default();
        builder.add_segment(&self.recent, |_| true);
        builder.add(number, &query);
        let changed = Self { recent: Arc::new(builder.finish()), ..self.clone() };
        changed.without_in_base(number)
    }

    /// The same without the query of this number, if there is one.
    #[must_use]
    pub fn without(&self, number: i64) -> Self {
        let mut changed = self.without_in_base(number);
        if let Ok(place) = self.recent.numbers.binary_search(&number) {
            let mut builder = Builder::default();
            builder.add_segment(&self.recent, |query| query as usize != place);
            changed.recent = Arc::new(builder.finish());
        }
        changed
    }

    fn without_in_base(&self, number: i64) -> Self {
        let mut changed = self.clone();
        if let Ok(place) = self.base.numbers.binary_search(&number) {
            let mut gone = self.gone.to_vec();
            gone[place / 64] |= 1 << (place % 64);
            changed.gone = gone.into();
        }
        changed
    }

    /// Changes since the last compaction. Beyond a thousand or so a compaction is worth its time.
    pub fn changes(&self) -> usize {
        let gone: u32 = self.gone.iter().map(|bits| bits.count_ones()).sum();
        (gone as usize).max(self.recent.numbers.len())
    }

    /// The same queries in one part, waiting at the words that proved rarest so far. To be called beside the traffic:
    /// it takes about as long as compiling all queries.
    #[must_use]
    pub fn compacted(&self) -> Self {
        let mut builder = Builder::default();
        builder.add_segment(&self.base, |query| !self.is_gone(query));
        builder.add_segment(&self.recent, |_| true);
        Self::of(builder)
    }

    fn is_gone(&self, query: u32) -> bool {
        self.gone.get(query as usize / 64).is_some_and(|bits| bits >> (query % 64) & 1 == 1)
    }

    /// Replaces what is in `hits` by the numbers of the queries that match, ascending.
    pub fn hits(&self, post: &Post, facts: &Facts, scratch: &mut Scratch, hits: &mut Vec<i64>) {
        hits.clear();
        let titles = scratch.cut(post);
        for (part, segment) in self.parts() {
            let sampled = scratch.is_sampled();
            let (scan, state) = scratch.at(part, segment);
            segment.resolve(scan, state);
            segment.note_fields(post, facts, scan, state);
            segment.gather(state, |marks, query, _| marks.set(query));
            let State { seen, found, pending, marks, .. } = &mut *state;
            let look = Look::new(segment, (scan, titles), (seen, found), (post, facts));
            segment.judge(&look, pending, |query, _| marks.set(query));
            marks.drain(|query| {
                if part == 1 || !self.is_gone(query) {
                    hits.push(segment.numbers[query as usize]);
                }
            });
            segment.count(state, sampled);
        }
        if !self.recent.numbers.is_empty() {
            hits.sort_unstable();
        }
    }

    /// Replaces what is in `hits` by the queries that match, ordered by their numbers, with what made them match.
    pub fn matches(&self, post: &Post, facts: &Facts, scratch: &mut Scratch, hits: &mut Vec<Hit>) {
        hits.clear();
        let titles = scratch.cut(post);
        for (part, segment) in self.parts() {
            let sampled = scratch.is_sampled();
            let (scan, state) = scratch.at(part, segment);
            segment.resolve(scan, state);
            segment.note_fields(post, facts, scan, state);
            let mut reasons = Vec::new();
            segment.gather(state, |_, query, term| reasons.push((query, Reason::Term(term))));
            let look = Look::new(segment, (scan, titles), (&state.seen, &state.found), (post, facts));
            segment.judge(&look, &state.pending, |query, branch| reasons.push((query, Reason::Branch(branch))));
            for (query, reason) in reasons.into_iter().filter(|(query, _)| part == 1 || !self.is_gone(*query)) {
                hits.push(Hit { query: segment.numbers[query as usize], spans: look.spans(reason) });
            }
            segment.count(state, sampled);
        }
        hits.sort_by_key(|hit| hit.query);
        hits.dedup_by(|next, kept| {
            let same = next.query == kept.query;
            if same {
                kept.spans.append(&mut next.spans);
            }
            same
        });
        for hit in hits {
            spans::join(&mut hit.spans);
        }
    }

    /// The parts that hold any query.
    fn parts(&self) -> impl Iterator<Item = (usize, &Arc<Segment>)> {
        [&self.base, &self.recent].into_iter().enumerate().filter(|(_, segment)| !segment.numbers.is_empty())
    }
}

impl Scratch {
    /// Cuts title and text; the number of entries that belong to the title.
    fn cut(&mut self, post: &Post) -> u32 {
        self.posts = self.posts.wrapping_add(1);
        self.scan.clear();
        if let Some(title) = &post.title {
            self.scan.add(title);
        }
        let titles = self.scan.entries.len() as u32;
        self.scan.add(&post.text);
        titles
    }

    /// Whether this post is one of those that teach which words are common.
    fn is_sampled(&self) -> bool {
        self.posts.is_multiple_of(SAMPLE)
    }

    /// The words of the post and the room for a segment; what another segment's patterns fitted is forgotten.
    fn at(&mut self, part: usize, segment: &Arc<Segment>) -> (&Scan, &mut State) {
        if !std::ptr::eq(self.owners[part].as_ptr(), Arc::as_ptr(segment)) {
            self.owners[part] = Arc::downgrade(segment);
            self.states[part].memory.forget();
        }
        (&self.scan, &mut self.states[part])
    }
}
