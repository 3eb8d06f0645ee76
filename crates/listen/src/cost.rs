//! What a query costs to ask of a post.

use crate::query::{Leaf, Node, Phrase, Query, Shape};

/// Most a query may cost, see [`Query::cost`].
pub const MAX_COST: u64 = 10_000;

/// A pattern whose beginning is not known, or that nearly any word may be near to, must be held against every word.
const EVERY_WORD: u64 = 50;

impl Query {
    /// What it costs to ask it of a post, in words looked up: a word, tag, field or property 1; a word with a wildcard
    /// behind its beginning 2, one that begins with a wildcard 50, one with `~` 50; a nearness 2 beside its sides.
    pub fn cost(&self) -> u64 {
        cost(&self.root)
    }
}

pub(crate) fn cost(node: &Node) -> u64 {
    match node {
        Node::And(members) | Node::Or(members) => members.iter().map(cost).sum(),
        Node::Not(inner) => cost(inner),
        Node::Near(near) => 2 + cost(&near.left) + cost(&near.right),
        Node::Leaf(Leaf::Text(phrase) | Leaf::Title(phrase)) => phrase_cost(phrase),
        Node::Leaf(_) => 1,
    }
}

fn phrase_cost(phrase: &Phrase) -> u64 {
    let word = |shape: &Shape| match shape {
        Shape::Fuzzy(..) => EVERY_WORD,
        Shape::Wild(glob) if glob.starts_with(['*', '?']) => EVERY_WORD,
        Shape::Wild(_) => 2,
        Shape::Word(_) | Shape::Exact(_) | Shape::Emoji { .. } | Shape::Dense(_) => 1,
    };
    phrase.words.iter().map(|it| word(&it.shape)).sum()
}
