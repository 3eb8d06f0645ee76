//! Which terms of a query can stand for it: every post it matches shows at least one of them.
//!
//! A conjunction needs one member's set, a disjunction all members' sets; under NOT the two change places (De Morgan).

use super::terms::TermId;
use super::tree::{Phrase, Place, Tree};

/// A set of terms of which one must be there, and how often we expect that: posts of a thousand.
#[derive(Debug, Clone)]
pub(super) struct Set {
    pub terms: Vec<TermId>,
    pub cost: f32,
}

/// What choosing needs to know.
pub(super) struct Choice<'a> {
    /// How common a term is: posts of a thousand.
    pub cost: &'a dyn Fn(TermId) -> f32,
    /// Terms that stand for a test, where there are any.
    pub of_test: &'a dyn Fn(u32) -> Option<TermId>,
}

impl Choice<'_> {
    /// The cheapest set; `None` where a post without any term may match.
    pub(super) fn required(&self, tree: &Tree, wanted: bool) -> Option<Set> {
        match (tree, wanted) {
            (Tree::Not(inner), _) => self.required(inner, !wanted),
            (Tree::And(members), true) | (Tree::Or(members), false) => {
                Self::rarest(members.iter().filter_map(|member| self.required(member, wanted)))
            }
            (Tree::Or(members), true) | (Tree::And(members), false) => {
                Self::all(members.iter().map(|member| self.required(member, wanted)))
            }
            (Tree::Term(term), true) => Some(self.one(*term)),
            (Tree::Phrase(phrase), true) => self.of_phrase(phrase),
            (Tree::Near(near), true) => self.of_near(&near.left, &near.right),
            (Tree::Test(test), true) => (self.of_test)(*test).map(|term| self.one(term)),
            (Tree::Term(_) | Tree::Phrase(_) | Tree::Near(_) | Tree::Test(_), false) => None,
        }
    }

    fn one(&self, term: TermId) -> Set {
        Set { terms: vec![term], cost: (self.cost)(term) }
    }

    fn rarest(sets: impl Iterator<Item = Set>) -> Option<Set> {
        sets.min_by(|a, b| a.cost.total_cmp(&b.cost))
    }

    fn all(sets: impl Iterator<Item = Option<Set>>) -> Option<Set> {
        let mut all = Set { terms: Vec::new(), cost: 0.0 };
        for set in sets {
            let set = set?;
            all.terms.extend(set.terms);
            all.cost += set.cost;
        }
        all.terms.sort_unstable();
        all.terms.dedup();
        Some(all)
    }

    fn of_phrase(&self, phrase: &Phrase) -> Option<Set> {
        Self::rarest(phrase.units.iter().map(|unit| self.one(unit.term)))
    }

    fn of_near(&self, left: &Place, right: &Place) -> Option<Set> {
        Self::rarest([left, right].into_iter().filter_map(|side| self.of_place(side)))
    }

    fn of_place(&self, place: &Place) -> Option<Set> {
        match place {
            Place::Phrase(phrase) => self.of_phrase(phrase),
            Place::Or(members) => Self::all(members.iter().map(|member| self.of_place(member))),
            Place::Near(near) => self.of_near(&near.left, &near.right),
        }
    }
}
