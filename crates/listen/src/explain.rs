//! Why a query matches a post, or what it lacks.

use std::ops::Range;

use dandelion_post::Post;

use crate::facts::Facts;
use crate::known::Known;
use crate::places::{Place, places};
use crate::query::{Leaf, Node, Query};

/// One node of a query, held against a post.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Explained {
    /// The node as the canonical text prints it.
    pub text: String,
    /// Whether it holds.
    pub truth: bool,
    /// Bytes of the post's text that made it true: ordered, without overlap. Empty for what holds without words.
    pub spans: Vec<Range<usize>>,
    /// Bytes of the post's title that made it true.
    pub title_spans: Vec<Range<usize>>,
    /// What it consists of.
    pub children: Vec<Explained>,
}

/// Holds a query against a post and says for each of its nodes whether it is true, and where.
///
/// ```
/// use dandelion_listen::{Facts, explain, parse};
/// use dandelion_post::Post;
///
/// let post = Post { text: "My kettle leaks".into(), ..Post::default() };
/// let why = explain(&parse("kettle (leaks OR drips)").unwrap(), &post, &Facts::default());
/// assert!(why.truth);
/// assert_eq!(why.spans, [3..9, 10..15]);
/// assert_eq!(why.children[1].children[1].text, "drips");
/// assert!(!why.children[1].children[1].truth);
/// ```
pub fn explain(query: &Query, post: &Post, facts: &Facts<'_>) -> Explained {
    node(&query.root, &Known::of(post, facts))
}

/// The one node that stands between a post and a match: `NOT recipe`, `lang:de`. `None` where the post matches, where more
/// than one node fails, or where the query is a single node.
///
/// ```
/// use dandelion_listen::{Facts, near_miss, parse};
/// use dandelion_post::Post;
///
/// let post = Post { text: "A recipe for my kettle".into(), ..Post::default() };
/// let query = parse("kettle -recipe").unwrap();
/// assert_eq!(near_miss(&query, &post, &Facts::default()).as_deref(), Some("NOT recipe"));
/// ```
pub fn near_miss(query: &Query, post: &Post, facts: &Facts<'_>) -> Option<String> {
    let known = Known::of(post, facts);
    if holds(&query.root, &known) {
        return None;
    }
    match &query.root {
        Node::And(_) => missing(&query.root, &known).map(ToString::to_string),
        Node::Or(members) => alternatives(members, &known).map(ToString::to_string),
        _ => None,
    }
}

/// The one failing node within a failing node.
fn missing<'n>(it: &'n Node, known: &Known<'_>) -> Option<&'n Node> {
    match it {
        Node::And(members) => {
            let mut failing = members.iter().filter(|member| !holds(member, known));
            let first = failing.next()?;
            if failing.next().is_some() { None } else { missing(first, known) }
        }
        // One of the alternatives may lack a single node; otherwise they fail together.
        Node::Or(members) => alternatives(members, known).or(Some(it)),
        Node::Not(_) | Node::Near(_) | Node::Leaf(_) => Some(it),
    }
}

fn alternatives<'n>(members: &'n [Node], known: &Known<'_>) -> Option<&'n Node> {
    members.iter().filter(|member| matches!(member, Node::And(_))).find_map(|member| missing(member, known))
}

/// Whether a node holds.
pub(crate) fn holds(it: &Node, known: &Known<'_>) -> bool {
    match it {
        Node::And(members) => members.iter().all(|member| holds(member, known)),
        Node::Or(members) => members.iter().any(|member| holds(member, known)),
        Node::Not(inner) => !holds(inner, known),
        Node::Leaf(leaf) if !matches!(leaf, Leaf::Text(_) | Leaf::Title(_)) => known.holds(leaf),
        Node::Near(_) | Node::Leaf(_) => {
            !places(it, &known.text, false).is_empty() || !places(it, &known.title, true).is_empty()
        }
    }
}

fn node(it: &Node, known: &Known<'_>) -> Explained {
    let text = it.to_string();
    match it {
        Node::And(members) => group(text, members, known, |children| children.iter().all(|child| child.truth)),
        Node::Or(members) => group(text, members, known, |children| children.iter().any(|child| child.truth)),
        Node::Not(inner) => {
            let child = node(inner, known);
            let (spans, title_spans) = (Vec::new(), Vec::new());
            Explained { text, truth: !child.truth, spans, title_spans, children: vec![child] }
        }
        Node::Leaf(leaf) if !matches!(leaf, Leaf::Text(_) | Leaf::Title(_)) => {
            let (spans, title_spans, children) = (Vec::new(), Vec::new(), Vec::new());
            Explained { text, truth: known.holds(leaf), spans, title_spans, children }
        }
        Node::Near(_) | Node::Leaf(_) => {
            let (here, titled) = (places(it, &known.text, false), places(it, &known.title, true));
            let truth = !here.is_empty() || !titled.is_empty();
            let children = match it {
                Node::Near(near) => vec![node(&near.left, known), node(&near.right, known)],
                _ => Vec::new(),
            };
            Explained { text, truth, spans: lit(here), title_spans: lit(titled), children }
        }
    }
}

fn group(text: String, members: &[Node], known: &Known<'_>, truth: impl Fn(&[Explained]) -> bool) -> Explained {
    let children: Vec<Explained> = members.iter().map(|member| node(member, known)).collect();
    let truth = truth(&children);
    // What made a group true are its true members; a false group lights nothing.
    let of = |spans: fn(&Explained) -> &[Range<usize>]| {
        let all = children.iter().filter(|child| truth && child.truth).flat_map(&spans).cloned();
        joined(all.collect())
    };
    let (spans, title_spans) = (of(|child| &child.spans), of(|child| &child.title_spans));
    Explained { text, truth, spans, title_spans, children }
}

fn lit(places: Vec<Place>) -> Vec<Range<usize>> {
    joined(places.into_iter().flat_map(|place| place.spans).collect())
}

/// In order, joined where they overlap.
pub(crate) fn joined(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.sort_unstable_by_key(|span| (span.start, span.end));
    spans.dedup_by(|next, kept| {
        let overlaps = next.start < kept.end;
        if overlaps {
            kept.end = kept.end.max(next.end);
        }
        overlaps
    });
    spans
}
