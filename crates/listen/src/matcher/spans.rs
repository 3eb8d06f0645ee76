//! What made a query match, for highlights: the same spans as [`crate::explain`] gives its root.

use std::ops::Range;

use super::Hit;
use super::code::{self, Head, Op};
use super::look::Look;
use super::places::is_behind;
use super::segment::Reason;
use super::terms::{Domain, TermId};
use super::tree::Unit;

/// A run of positions with the bytes to light up.
struct Lit {
    from: u32,
    to: u32,
    spans: Vec<Range<usize>>,
}

impl Look<'_> {
    /// The bytes of the text that made it match.
    pub(super) fn spans(&self, reason: Reason) -> Vec<Range<usize>> {
        let mut spans = Vec::new();
        match reason {
            Reason::Term(term) => self.spans_of_term(term, &mut spans),
            Reason::Branch(branch) => {
                if let Some((_, clauses)) = Head::read(&self.segment.code, branch as usize) {
                    code::nodes(clauses).for_each(|(op, body)| self.collect(op, body, &mut spans));
                }
            }
        }
        spans
    }

    /// What made a group true are its true members; an exclusion lights nothing.
    fn collect(&self, op: Op, body: &[u32], spans: &mut Vec<Range<usize>>) {
        if !self.holds(op, body) {
            return;
        }
        match op {
            Op::And | Op::Or => code::nodes(body).for_each(|(op, body)| self.collect(op, body, spans)),
            Op::Any | Op::All => body.iter().for_each(|term| self.spans_of_term(*term, spans)),
            Op::Phrase | Op::Near => spans.extend(self.lit(op, body).into_iter().flat_map(|lit| lit.spans)),
            Op::Not | Op::Test | Op::Hint => {}
        }
    }

    fn spans_of_term(&self, term: TermId, spans: &mut Vec<Range<usize>>) {
        // A pair only helps to find what its phrase lights.
        if self.segment.domain(term) != Domain::PAIR {
            spans.extend(self.in_text(term).map(|at| self.span(at)));
        }
    }

    fn in_text(&self, term: TermId) -> impl Iterator<Item = u32> + '_ {
        self.entries_of(term).iter().copied().filter(|at| !self.is_title(*at))
    }

    fn span(&self, at: u32) -> Range<usize> {
        let entry = &self.scan.entries[at as usize];
        entry.start as usize..entry.end as usize
    }

    /// The runs of a node in the text, with what lights them.
    fn lit(&self, op: Op, body: &[u32]) -> Vec<Lit> {
        let Some((first, rest)) = body.split_first() else { return Vec::new() };
        let mut lit = match op {
            Op::Phrase if first & 1 == 1 => Vec::new(),
            Op::Phrase => self.lit_phrase(rest, first >> 1),
            Op::Near => {
                let sides: Vec<Vec<Lit>> = code::nodes(rest).map(|(op, body)| self.lit(op, body)).collect();
                let [left, right] = &sides[..] else { return Vec::new() };
                let (mut lit, within) = (pairs(left, right, first >> 1), first >> 1);
                if first & 1 == 0 {
                    lit.extend(pairs(right, left, within));
                }
                lit
            }
            _ => code::nodes(body).flat_map(|(op, body)| self.lit(op, body)).collect(),
        };
        lit.sort_by_key(|it| (it.from, it.to));
        lit.dedup_by_key(|it| (it.from, it.to));
        lit.truncate(MOST);
        lit
    }

    fn lit_phrase(&self, words: &[u32], gap: u32) -> Vec<Lit> {
        let mut units = code::units(words);
        let Some(first) = units.next() else { return Vec::new() };
        let begin = self.in_text(first.term).filter(|at| self.is_exact(*at, first));
        let lit = |at: u32| (self.entry(at).from, self.entry(at).to(), 0, vec![self.span(at)]);
        let mut lit: Vec<(u32, u32, u32, Vec<Range<usize>>)> = begin.map(lit).take(MOST).collect();
        for unit in units {
            lit = lit.iter().flat_map(|it| self.longer(it, unit, gap)).take(MOST).collect();
        }
        let hull = |spans: Vec<Range<usize>>| match (gap, spans.first(), spans.last()) {
            (0, Some(first), Some(last)) => std::iter::once(first.start..last.end).collect(),
            _ => spans,
        };
        lit.into_iter().map(|(from, to, _, spans)| Lit { from, to, spans: hull(spans) }).collect()
    }

    /// A phrase half read, with every next word that fits.
    fn longer<'a>(
        &'a self,
        (from, to, skipped, spans): &'a (u32, u32, u32, Vec<Range<usize>>),
        unit: Unit,
        gap: u32,
    ) -> impl Iterator<Item = (u32, u32, u32, Vec<Range<usize>>)> + 'a {
        let places = self.entries_of(unit.term);
        let start = places.partition_point(|at| self.entry(*at).from <= *to);
        let next = places[start..].iter().map(move |at| (*at, skipped + self.entry(*at).from - to - 1));
        let next = next.take_while(move |(_, skipped)| *skipped <= gap);
        let next = next.filter(move |(at, _)| (!unit.adjacent || self.entry(*at).adjacent) && self.is_exact(*at, unit));
        next.map(move |(at, skipped)| {
            let mut spans = spans.clone();
            match spans.last_mut().filter(|_| unit.adjacent) {
                Some(last) => last.end = self.span(at).end,
                None => spans.push(self.span(at)),
            }
            (*from, self.entry(at).to(), skipped, spans)
        })
    }
}

/// Most runs that are lit of one node.
const MOST: usize = 20_000;

fn pairs(a: &[Lit], b: &[Lit], within: u32) -> Vec<Lit> {
    let mut lit = Vec::new();
    for first in a {
        let from = b.partition_point(|it| it.from <= first.to);
        for last in b[from..].iter().take_while(|last| is_behind(first.to, last.from, within)) {
            let spans = first.spans.iter().chain(&last.spans).cloned().collect();
            lit.push(Lit { from: first.from, to: last.to, spans });
            if lit.len() >= MOST {
                return lit;
            }
        }
    }
    lit
}

/// Orders spans and joins those that overlap; at most [`Hit::MAX_SPANS`] stay.
pub(super) fn join(spans: &mut Vec<Range<usize>>) {
    *spans = crate::explain::joined(std::mem::take(spans));
    spans.truncate(Hit::MAX_SPANS);
}
