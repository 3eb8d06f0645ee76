//! Where phrases and nearnesses stand in a post. Only asked of the few queries that need it.

use super::code::{self, Op};
use super::look::Look;
use super::tree::Unit;
use crate::words::scan::Entry;

/// A run of positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Run {
    pub from: u32,
    pub to: u32,
}

impl Run {
    /// Most that are kept of one node: a post of one word a hundred thousand times has no use for all its pairs.
    pub const MOST: usize = 1 << 16;
}

impl Look<'_> {
    /// All runs of a phrase, nearness or group of them, ordered, each once.
    pub(super) fn runs(&self, op: Op, body: &[u32]) -> Vec<Run> {
        let Some((first, rest)) = body.split_first() else { return Vec::new() };
        if !self.may_hold(op, body) {
            return Vec::new();
        }
        let mut runs = match op {
            Op::Phrase => self.phrase(rest, first >> 1, first & 1 == 1),
            Op::Near => self.near(rest, first >> 1, first & 1 == 1),
            _ => code::nodes(body).flat_map(|(op, body)| self.runs(op, body)).collect(),
        };
        runs.sort_unstable();
        runs.dedup();
        runs.truncate(Run::MOST);
        runs
    }

    /// Whether all terms are there at all.
    pub(super) fn may_hold(&self, op: Op, body: &[u32]) -> bool {
        let rest = body.get(1..).unwrap_or_default();
        match op {
            Op::Phrase => code::units(rest).all(|unit| self.has(unit.term)),
            Op::Near => code::nodes(rest).all(|(op, body)| self.may_hold(op, body)),
            _ => code::nodes(body).any(|(op, body)| self.may_hold(op, body)),
        }
    }

    fn phrase(&self, words: &[u32], gap: u32, title: bool) -> Vec<Run> {
        let mut runs = Vec::new();
        self.each_phrase(words, gap, title, |run| {
            runs.push(run);
            runs.len() < Run::MOST
        });
        runs
    }

    /// Tells every run of a phrase until told to stop.
    fn each_phrase(&self, words: &[u32], gap: u32, title: bool, mut tell: impl FnMut(Run) -> bool) {
        let mut units = code::units(words);
        let Some(first) = units.next() else { return };
        let rest: Vec<(Unit, &[u32])> = units.map(|unit| (unit, self.entries_of(unit.term))).collect();
        let (mut ends, mut reached) = (Vec::new(), Vec::new());
        for at in self.entries_of(first.term) {
            let entry = self.entry(*at);
            if (title && !self.is_title(*at)) || !self.is_exact(*at, first) {
                continue;
            }
            ends.clear();
            ends.push(Reach { end: entry.to(), left: gap });
            for (unit, places) in &rest {
                self.go_on(&ends, *unit, places, &mut reached);
                std::mem::swap(&mut ends, &mut reached);
            }
            let run = |reach: &Reach| Run { from: entry.from, to: reach.end };
            if !ends.iter().map(run).all(&mut tell) {
                return;
            }
        }
    }

    /// From all ends reached so far to all that the next unit reaches, both in order. For an end only the most words
    /// that may still stand between count, so that one pass over both is enough.
    fn go_on(&self, ends: &[Reach], unit: Unit, places: &[u32], reached: &mut Vec<Reach>) {
        reached.clear();
        let Some(first) = ends.first() else { return };
        let (mut used, mut most) = (0, 0);
        let from = places.partition_point(|at| self.entry(*at).from <= first.end);
        for at in &places[from..] {
            let entry = self.entry(*at);
            while let Some(end) = ends.get(used).filter(|end| end.end < entry.from) {
                most = most.max(end.end + end.left);
                used += 1;
            }
            let Some(left) = (most + 1).checked_sub(entry.from) else {
                if used == ends.len() {
                    break;
                }
                continue;
            };
            if (unit.adjacent && !entry.adjacent) || !self.is_exact(*at, unit) {
                continue;
            }
            reached.push(Reach { end: entry.to(), left });
        }
        reached.sort_unstable_by_key(|it| (it.end, std::cmp::Reverse(it.left)));
        reached.dedup_by_key(|it| it.end);
    }

    fn near(&self, sides: &[u32], within: u32, ordered: bool) -> Vec<Run> {
        let mut sides = code::nodes(sides).map(|(op, body)| self.runs(op, body));
        let (Some(left), Some(right)) = (sides.next(), sides.next()) else { return Vec::new() };
        let mut runs = Vec::new();
        pairs(&left, &right, within, &mut runs);
        if !ordered {
            pairs(&right, &left, within, &mut runs);
        }
        runs
    }

    /// Whether the phrase or nearness stands anywhere.
    pub(super) fn stands(&self, op: Op, body: &[u32]) -> bool {
        let Some((first, rest)) = body.split_first() else { return false };
        if op == Op::Phrase {
            if !code::units(rest).all(|unit| self.has(unit.term)) {
                return false;
            }
            let mut found = false;
            self.each_phrase(rest, first >> 1, first & 1 == 1, |_| {
                found = true;
                false
            });
            return found;
        }
        let mut sides = code::nodes(rest).map(|(op, body)| self.runs(op, body));
        let (Some(left), Some(right)) = (sides.next(), sides.next()) else { return false };
        let (within, ordered) = (first >> 1, first & 1 == 1);
        is_pair(&left, &right, within) || (!ordered && is_pair(&right, &left, within))
    }

    pub(super) fn entry(&self, at: u32) -> &Entry {
        &self.scan.entries[at as usize]
    }
}

/// An end that a phrase's words so far reach, and how many words may still stand between.
#[derive(Debug, Clone, Copy)]
struct Reach {
    end: u32,
    left: u32,
}

/// The hulls of every `a` and the `b`s behind it with at most `within` words between.
fn pairs(a: &[Run], b: &[Run], within: u32, runs: &mut Vec<Run>) {
    for first in a {
        let from = b.partition_point(|it| it.from <= first.to);
        let near = b[from..].iter().take_while(|it| is_behind(first.to, it.from, within));
        runs.extend(near.map(|last| Run { from: first.from, to: last.to }));
        if runs.len() >= Run::MOST {
            return;
        }
    }
}

/// Whether `from` lies behind `to` with at most `within` words between.
pub(super) fn is_behind(to: u32, from: u32, within: u32) -> bool {
    from > to && from - to - 1 <= within
}

/// Whether some `b` stands behind an `a` with at most `within` words between.
fn is_pair(a: &[Run], b: &[Run], within: u32) -> bool {
    let near = |first: &Run| {
        let from = b.partition_point(|it| it.from <= first.to);
        b.get(from).is_some_and(|last| is_behind(first.to, last.from, within))
    };
    a.iter().any(near)
}
