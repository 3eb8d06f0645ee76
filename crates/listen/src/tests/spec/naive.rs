use std::collections::BTreeSet;

use dandelion_post::Post;

use super::Words;
use crate::Facts;
use crate::known::Known;
use crate::parse::distance;
use crate::query::{Leaf, Near, Node, Pattern, Phrase, Query, Shape, Sort};
use crate::words::{Kind, Token};

/// First and last position of a stretch of words.
type Place = (u32, u32);

/// Whether a query matches a post, by the book.
pub fn matches(query: &Query, post: &Post, facts: &Facts<'_>) -> bool {
    let spec = Spec {
        title: post.title.as_deref().map(Words::of),
        text: Words::of(&post.text),
        known: Known::of(post, facts),
    };
    spec.holds(&query.root)
}

struct Spec<'p> {
    title: Option<Words>,
    text: Words,
    known: Known<'p>,
}

impl Spec<'_> {
    fn holds(&self, node: &Node) -> bool {
        match node {
            Node::And(members) => members.iter().all(|member| self.holds(member)),
            Node::Or(members) => members.iter().any(|member| self.holds(member)),
            Node::Not(inner) => !self.holds(inner),
            Node::Near(_) | Node::Leaf(Leaf::Text(_) | Leaf::Title(_)) => {
                let in_title = self.title.as_ref().is_some_and(|title| !places(node, title, true).is_empty());
                in_title || !places(node, &self.text, false).is_empty()
            }
            Node::Leaf(leaf) => self.known.holds(leaf),
        }
    }
}

fn places(node: &Node, words: &Words, in_title: bool) -> BTreeSet<Place> {
    match node {
        Node::Leaf(Leaf::Title(_)) if !in_title => BTreeSet::new(),
        Node::Leaf(Leaf::Text(phrase) | Leaf::Title(phrase)) => of_phrase(phrase, words),
        Node::Or(members) => members.iter().flat_map(|member| places(member, words, in_title)).collect(),
        Node::Near(near) => of_near(near, words, in_title),
        Node::And(_) | Node::Not(_) | Node::Leaf(_) => unreachable!("no place of a text"),
    }
}

/// All pairs, tried one by one.
fn of_near(near: &Near, words: &Words, in_title: bool) -> BTreeSet<Place> {
    let (left, right) = (places(&near.left, words, in_title), places(&near.right, words, in_title));
    let mut hulls = BTreeSet::new();
    for one in &left {
        for other in &right {
            let between =
                |first: &Place, then: &Place| then.0.checked_sub(first.1 + 1).is_some_and(|n| n <= near.within);
            if between(one, other) {
                hulls.insert((one.0, other.1));
            }
            if !near.ordered && between(other, one) {
                hulls.insert((other.0, one.1));
            }
        }
    }
    hulls
}

/// Every way to lay the words of a phrase over the text.
fn of_phrase(phrase: &Phrase, words: &Words) -> BTreeSet<Place> {
    let mut laid: BTreeSet<(Place, u32)> = BTreeSet::new();
    for (nth, pattern) in phrase.words.iter().enumerate() {
        let here = of_pattern(pattern, words);
        if nth == 0 {
            laid = here.into_iter().map(|place| (place, 0)).collect();
            continue;
        }
        let mut longer = BTreeSet::new();
        for ((from, to), others) in laid {
            for next in here.iter().filter(|next| next.0 > to) {
                let others = others + (next.0 - to - 1);
                if others <= phrase.gap {
                    longer.insert(((from, next.1), others));
                }
            }
        }
        laid = longer;
    }
    laid.into_iter().map(|(place, _)| place).collect()
}

fn of_pattern(pattern: &Pattern, words: &Words) -> BTreeSet<Place> {
    let tokens: Vec<Token<'_>> = words.iter().collect();
    let mut found: BTreeSet<Place> =
        tokens.iter().filter(|token| fits(pattern, token)).map(|token| (token.from, token.to)).collect();
    if let (Sort::Bare, Shape::Dense(run)) = (pattern.sort, &pattern.shape) {
        for these in tokens.windows(run.len()) {
            let same = these.iter().zip(run).all(|(token, wanted)| token.kind == Kind::Dense && token.word == wanted);
            if same && these.iter().skip(1).all(|token| token.adjacent) {
                found.insert((these[0].from, these[run.len() - 1].to));
            }
        }
    }
    found
}

fn fits(pattern: &Pattern, token: &Token<'_>) -> bool {
    let kinds: &[Kind] = match (pattern.sort, &pattern.shape) {
        (Sort::Tag, _) => &[Kind::Tag],
        (Sort::Handle, _) => &[Kind::Handle],
        (Sort::Ticker, _) => &[Kind::Ticker],
        (Sort::Bare, Shape::Emoji { .. }) => &[Kind::Emoji],
        (Sort::Bare, Shape::Dense(_)) => &[Kind::Tag, Kind::Handle],
        (Sort::Bare, Shape::Exact(_)) => &[Kind::Word, Kind::Tag, Kind::Handle, Kind::Ticker, Kind::Dense, Kind::Emoji],
        (Sort::Bare, _) => &[Kind::Word, Kind::Tag, Kind::Handle, Kind::Ticker],
    };
    kinds.contains(&token.kind)
        && match &pattern.shape {
            Shape::Word(word) => token.word == word,
            Shape::Exact(exact) => token.exact == exact,
            Shape::Emoji { text, toned: true } => token.exact == text,
            Shape::Emoji { text, toned: false } => token.word == text,
            Shape::Dense(run) => token.word == run.concat(),
            Shape::Wild(glob) => fits_glob(&glob.chars().collect::<Vec<_>>(), &token.word.chars().collect::<Vec<_>>()),
            Shape::Fuzzy(word, most) => distance(word, token.word) <= usize::from(*most),
        }
}

/// `*` takes nothing, or one character and stays.
fn fits_glob(glob: &[char], word: &[char]) -> bool {
    match (glob.split_first(), word.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), None) => fits_glob(rest, word),
        (Some(('*', rest)), Some((_, behind))) => fits_glob(rest, word) || fits_glob(glob, behind),
        (Some((wanted, rest)), Some((c, behind))) => (*wanted == '?' || wanted == c) && fits_glob(rest, behind),
        _ => false,
    }
}
