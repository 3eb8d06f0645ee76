//! Where the words of a query stand in a post: plain and complete, for one query at a time.

use std::ops::Range;

use crate::parse::distance;
use crate::query::{Leaf, Near, Node, Pattern, Phrase, Shape, Sort};
use crate::wild;
use crate::words::{Kind, Token, Words};

/// Most places kept of one node: enough for any light on any page, and a bound for posts made to be slow.
const MOST: usize = 20_000;

/// A stretch of positions and the bytes to light up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub from: u32,
    pub to: u32,
    pub spans: Vec<Range<usize>>,
}

/// All places of a node that has places (see [`Near`]) in one stream of words; `titles` says which leaves count.
pub(crate) fn places(node: &Node, words: &Words, in_title: bool) -> Vec<Place> {
    let mut found = match node {
        Node::Leaf(Leaf::Text(phrase)) => of_phrase(phrase, words),
        Node::Leaf(Leaf::Title(phrase)) if in_title => of_phrase(phrase, words),
        Node::Or(members) => members.iter().flat_map(|member| places(member, words, in_title)).take(MOST).collect(),
        Node::Near(near) => of_near(near, words, in_title),
        Node::Leaf(_) | Node::And(_) | Node::Not(_) => Vec::new(),
    };
    found.sort_by_key(|place| (place.from, place.to));
    found.dedup_by_key(|place| (place.from, place.to));
    found
}

fn of_near(near: &Near, words: &Words, in_title: bool) -> Vec<Place> {
    let left = places(&near.left, words, in_title);
    let right = places(&near.right, words, in_title);
    let mut found = Vec::new();
    join(&left, &right, near.within, &mut found);
    if !near.ordered {
        join(&right, &left, near.within, &mut found);
    }
    found
}

/// Hulls of a place of `left` and one of `right` behind it, at most `within` words between.
fn join(left: &[Place], right: &[Place], within: u32, found: &mut Vec<Place>) {
    for one in left {
        let from = right.partition_point(|other| other.from <= one.to);
        for other in right[from..].iter().take_while(|other| other.from - one.to - 1 <= within) {
            if found.len() == MOST {
                return;
            }
            let spans = one.spans.iter().chain(&other.spans).cloned().collect();
            found.push(Place { from: one.from, to: other.to, spans });
        }
    }
}

/// A phrase half read: where it begins and ends so far, and how many other words were between.
struct Partial {
    from: u32,
    to: u32,
    skipped: u32,
    spans: Vec<Range<usize>>,
}

fn of_phrase(phrase: &Phrase, words: &Words) -> Vec<Place> {
    let mut partial: Vec<Partial> = Vec::new();
    for (nth, pattern) in phrase.words.iter().enumerate() {
        let here = of_pattern(pattern, words);
        if nth == 0 {
            let first = |(from, to, span)| Partial { from, to, skipped: 0, spans: vec![span] };
            partial = here.into_iter().map(first).collect();
        } else {
            partial = extend(&partial, &here, phrase.gap);
        }
    }
    partial.into_iter().map(|it| Place { from: it.from, to: it.to, spans: it.spans }).collect()
}

fn extend(partial: &[Partial], here: &[(u32, u32, Range<usize>)], gap: u32) -> Vec<Partial> {
    let mut longer: Vec<Partial> = Vec::new();
    for it in partial {
        let start = here.partition_point(|(from, ..)| *from <= it.to);
        for (from, to, span) in &here[start..] {
            let skipped = it.skipped + (from - it.to - 1);
            if skipped > gap || longer.len() == MOST {
                break;
            }
            let mut spans = it.spans.clone();
            match spans.last_mut() {
                // Side by side: one stretch.
                Some(last) if gap == 0 => last.end = last.end.max(span.end),
                _ => spans.push(span.clone()),
            }
            longer.push(Partial { from: it.from, to: *to, skipped, spans });
        }
    }
    longer
}

/// Every stretch of positions where the pattern stands, by their first position.
fn of_pattern(pattern: &Pattern, words: &Words) -> Vec<(u32, u32, Range<usize>)> {
    let mut found: Vec<_> = match &pattern.shape {
        Shape::Dense(run) if pattern.sort == Sort::Bare => dense(run, words),
        _ => {
            words.iter().filter(|token| fits(pattern, token)).map(|token| (token.from, token.to, token.span)).collect()
        }
    };
    found.sort_by_key(|(from, to, _)| (*from, *to));
    found
}

/// Characters side by side, or the tag or handle of just these.
fn dense(run: &[String], words: &Words) -> Vec<(u32, u32, Range<usize>)> {
    let tokens: Vec<Token<'_>> = words.iter().collect();
    let whole = run.concat();
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if matches!(token.kind, Kind::Tag | Kind::Handle) && token.word == whole {
            found.push((token.from, token.to, token.span.clone()));
        }
        let Some(these) = tokens.get(at..at + run.len()) else { continue };
        let same = these.iter().zip(run).all(|(token, wanted)| token.kind == Kind::Dense && token.word == wanted);
        if same && these[1..].iter().all(|token| token.adjacent) {
            let last = &these[these.len() - 1];
            found.push((token.from, last.to, token.span.start..last.span.end));
        }
    }
    found
}

/// Whether one token is what one word of a query looks for.
pub(crate) fn fits(pattern: &Pattern, token: &Token<'_>) -> bool {
    let sort = match pattern.sort {
        Sort::Bare => token.kind != Kind::Address,
        Sort::Tag => token.kind == Kind::Tag,
        Sort::Handle => token.kind == Kind::Handle,
        Sort::Ticker => token.kind == Kind::Ticker,
    };
    let spelled = !matches!(token.kind, Kind::Dense | Kind::Emoji);
    sort && match &pattern.shape {
        Shape::Word(word) => spelled && token.word == word,
        Shape::Exact(exact) => token.exact == exact,
        Shape::Emoji { text, toned } => {
            token.kind == Kind::Emoji && text == if *toned { token.exact } else { token.word }
        }
        Shape::Dense(run) => token.word == run.concat(),
        Shape::Wild(glob) => spelled && wild::matches(glob, token.word),
        Shape::Fuzzy(word, most) => {
            let longer = token.word.chars().count().abs_diff(word.chars().count());
            spelled && longer <= usize::from(*most) && distance(word, token.word) <= usize::from(*most)
        }
    }
}
