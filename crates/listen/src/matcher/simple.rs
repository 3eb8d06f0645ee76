//! Phrases and nearnesses of short posts, by bit sets over positions: nearly all posts are short, and most phrases plain.

use super::code::{self, Op};
use super::look::Look;
use super::terms::TermId;

impl Look<'_> {
    /// Whether a phrase or nearness stands anywhere; `None` where post or node is not simple enough to say.
    pub(super) fn stands_simply(&self, op: Op, body: &[u32]) -> Option<bool> {
        let (first, rest) = body.split_first()?;
        if !self.is_short() {
            return None;
        }
        if op == Op::Phrase {
            return self.phrase_ends(*first, rest).map(|ends| ends != 0);
        }
        let mut sides = code::nodes(rest).map(|(op, body)| self.side(op, body));
        let (left, right) = (sides.next()??, sides.next()??);
        let (within, ordered) = (first >> 1, first & 1 == 1);
        let behind = (1..=(within.saturating_add(1)).min(63))
            .any(|words| (left << words) & right != 0 || (!ordered && (right << words) & left != 0));
        Some(behind)
    }

    /// Whether every position fits into a bit set.
    fn is_short(&self) -> bool {
        self.scan.entries.last().is_none_or(|last| last.to() < 64)
    }

    /// Where the plain phrase ends.
    fn phrase_ends(&self, first: u32, words: &[u32]) -> Option<u64> {
        if first != 0 {
            return None;
        }
        let mut ends = None;
        for unit in code::units(words) {
            if unit.adjacent || unit.exact.is_some() {
                return None;
            }
            let stands = self.positions(unit.term)?;
            ends = Some(ends.map_or(stands, |ends: u64| ends << 1 & stands));
            if ends == Some(0) {
                break;
            }
        }
        ends
    }

    /// Where a side of a nearness stands, if it is one word or several to choose from.
    fn side(&self, op: Op, body: &[u32]) -> Option<u64> {
        match (op, body) {
            (Op::Phrase, [first, words @ ..]) if code::units(words).count() == 1 => self.phrase_ends(*first, words),
            (Op::Or, _) => code::nodes(body).try_fold(0, |all, (op, body)| Some(all | self.side(op, body)?)),
            _ => None,
        }
    }

    /// Where a term stands; `None` where it is written as several words.
    fn positions(&self, term: TermId) -> Option<u64> {
        if !self.has(term) {
            return Some(0);
        }
        let mut entries = self.found.iter().filter(|it| it.term == term).map(|it| self.entry(it.entry));
        entries.try_fold(0, |all, entry| (entry.wide == 0).then(|| all | 1 << (entry.from & 63)))
    }
}
