use std::ops::Range;

use dandelion_post::Post;
use dandelion_post::words::{Kind, Words, fold};

use crate::atoms::{Atom, Atoms, Sighting};
use crate::presearch;
use crate::query::{Leaf, Node, Query};

/// A query that matches a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The number the query was given to the matcher with.
    pub query: i64,
    /// What made it match: byte ranges in `post.text`, ordered, without overlap, at most [`Hit::MAX_SPANS`].
    /// Empty when only the title matched.
    pub spans: Vec<Range<usize>>,
}

impl Hit {
    /// Most spans kept of one hit; a post of one word a hundred thousand times needs no more light than this.
    pub const MAX_SPANS: usize = 256;
}

/// Many queries, compiled into one structure: every post is cut into words once, the words point at the few queries
/// that may match (each query waits at the rarest of its mandatory words), and those are checked in full.
///
/// The cost of a post grows with its words and with the queries that have such a word, not with the number of queries.
#[derive(Debug, Default)]
pub struct Matcher {
    atoms: Atoms,
    queries: Vec<(i64, Program)>,
    waiting: Vec<Vec<u32>>,
}

/// A query's tree over atoms.
#[derive(Debug)]
pub(crate) enum Program {
    And(Vec<Program>),
    Or(Vec<Program>),
    Not(Box<Program>),
    Leaf { elements: Vec<Atom>, accept: Accept },
}

/// Which kinds of token a leaf finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accept {
    Any,
    WordsAndTags,
    Tags,
    Handles,
}

impl Matcher {
    /// Compiles queries, each under a number of the caller's choice.
    pub fn new(queries: impl IntoIterator<Item = (i64, Query)>) -> Self {
        let mut matcher = Self::default();
        for (number, query) in queries {
            let program = compile(&query.root, &mut matcher.atoms);
            matcher.queries.push((number, program));
        }
        matcher.waiting.resize(matcher.atoms.len(), Vec::new());
        for (index, (_, program)) in matcher.queries.iter().enumerate() {
            for atom in presearch::keys(program, &matcher.atoms).unwrap_or_default() {
                matcher.waiting[atom as usize].push(index as u32);
            }
        }
        matcher
    }

    /// Number of queries.
    pub fn len(&self) -> usize {
        self.queries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.queries.is_empty()
    }

    /// Replaces what is in `hits` by the queries that match the post's title and text together, in the order they
    /// were given to [`Matcher::new`].
    pub fn matches(&self, post: &Post, hits: &mut Vec<Hit>) {
        hits.clear();
        let mut seen = Vec::new();
        let after_title = post.title.as_deref().map_or(0, |title| self.atoms.look(title, 0, true, &mut seen) + 1);
        self.atoms.look(&post.text, after_title, false, &mut seen);
        seen.sort_unstable();
        for index in self.candidates(&seen) {
            let (number, program) = &self.queries[index as usize];
            if holds(program, &seen) {
                hits.push(Hit { query: *number, spans: spans(program, &seen) });
            }
        }
    }

    fn candidates(&self, seen: &[Sighting]) -> Vec<u32> {
        let mut candidates = Vec::new();
        let mut last = None;
        for sighting in seen {
            if last != Some(sighting.atom) {
                last = Some(sighting.atom);
                candidates.extend_from_slice(&self.waiting[sighting.atom as usize]);
            }
        }
        candidates.sort_unstable();
        candidates.dedup();
        candidates
    }
}

fn compile(node: &Node, atoms: &mut Atoms) -> Program {
    match node {
        Node::And(members) => Program::And(members.iter().map(|member| compile(member, atoms)).collect()),
        Node::Or(members) => Program::Or(members.iter().map(|member| compile(member, atoms)).collect()),
        Node::Not(inner) => Program::Not(Box::new(compile(inner, atoms))),
        Node::Leaf(leaf) => compile_leaf(leaf, atoms),
    }
}

fn compile_leaf(leaf: &Leaf, atoms: &mut Atoms) -> Program {
    let named = |name: &str, prefix: bool, atoms: &mut Atoms| {
        let folded = name_of(name);
        vec![if prefix { atoms.prefix(&folded) } else { atoms.word(&folded) }]
    };
    let (elements, accept) = match leaf {
        Leaf::Word(text) => (parts(text, atoms), Accept::Any),
        Leaf::Prefix(text) => (beginning(text, atoms), Accept::Any),
        Leaf::Phrase(text) => (parts(text, atoms), Accept::WordsAndTags),
        Leaf::Tag { name, prefix } => (named(name, *prefix, atoms), Accept::Tags),
        Leaf::Handle { name, prefix } => (named(name, *prefix, atoms), Accept::Handles),
    };
    Program::Leaf { elements, accept }
}

/// The words of a leaf, each as an atom; parts of dense runs as parts.
fn parts(text: &str, atoms: &mut Atoms) -> Vec<Atom> {
    let words = Words::of(text);
    words
        .iter()
        .map(|(token, word)| if token.kind == Kind::Dense { atoms.dense(word) } else { atoms.word(word) })
        .collect()
}

/// A dense run finds its parts anyway, so its star adds nothing.
fn beginning(text: &str, atoms: &mut Atoms) -> Vec<Atom> {
    let words = Words::of(text);
    words
        .iter()
        .map(|(token, word)| if token.kind == Kind::Dense { atoms.dense(word) } else { atoms.prefix(word) })
        .collect()
}

/// A tag's or handle's name, folded as a tag folds it.
fn name_of(name: &str) -> String {
    let signed = format!("#{name}");
    let words = Words::of(&signed);
    if words.is_empty() { fold(name) } else { words.word(0).to_owned() }
}

fn holds(program: &Program, seen: &[Sighting]) -> bool {
    match program {
        Program::And(members) => members.iter().all(|member| holds(member, seen)),
        Program::Or(members) => members.iter().any(|member| holds(member, seen)),
        Program::Not(inner) => !holds(inner, seen),
        Program::Leaf { elements, accept } => sightings(elements, *accept, seen).next().is_some(),
    }
}

/// The spans of all leaves that stand under an even number of NOTs, joined where they overlap.
fn spans(program: &Program, seen: &[Sighting]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    collect(program, true, seen, &mut found);
    found.sort_unstable_by_key(|span| (span.start, span.end));
    found.dedup_by(|next, kept| {
        let overlaps = next.start < kept.end;
        if overlaps {
            kept.end = kept.end.max(next.end);
        }
        overlaps
    });
    found.truncate(Hit::MAX_SPANS);
    found
}

fn collect(program: &Program, wanted: bool, seen: &[Sighting], found: &mut Vec<Range<usize>>) {
    match program {
        Program::And(members) | Program::Or(members) => {
            for member in members {
                collect(member, wanted, seen, found);
            }
        }
        Program::Not(inner) => collect(inner, !wanted, seen, found),
        Program::Leaf { elements, accept } if wanted => {
            found.extend(sightings(elements, *accept, seen).flatten().take(Hit::MAX_SPANS));
        }
        Program::Leaf { .. } => {}
    }
}

/// Every place where the elements stand side by side: its bytes in the text, or `None` in the title.
fn sightings<'s>(
    elements: &'s [Atom],
    accept: Accept,
    seen: &'s [Sighting],
) -> impl Iterator<Item = Option<Range<usize>>> + 's {
    let fits = move |it: &&Sighting| match accept {
        Accept::Any => true,
        Accept::WordsAndTags => !it.handle,
        Accept::Tags => it.tag,
        Accept::Handles => it.handle,
    };
    let (first, rest) = elements.split_first().map_or((u32::MAX, &[][..]), |(first, rest)| (*first, rest));
    of_atom(first, seen).iter().filter(fits).filter_map(move |start| {
        let mut end = *start;
        for (offset, atom) in (1..).zip(rest) {
            let next = of_atom(*atom, seen);
            let at = next.partition_point(|it| it.position < start.position + offset);
            end = *next.get(at).filter(|it| it.position == start.position + offset).filter(fits)?;
        }
        Some(start.span.zip(end.span).map(|(start, end)| start.0 as usize..end.1 as usize))
    })
}

fn of_atom(atom: Atom, seen: &[Sighting]) -> &[Sighting] {
    let from = seen.partition_point(|it| it.atom < atom);
    let length = seen[from..].partition_point(|it| it.atom == atom);
    &seen[from..from + length]
}
