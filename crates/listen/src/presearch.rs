//! Which atoms of a query can stand for it: every post it matches shows at least one of them.

use crate::atoms::{Atom, Atoms};
use crate::matcher::Program;

/// The cheapest such set. `None` only for a query that matches a post without words, which parsing refuses.
///
/// A conjunction needs one member's set, a disjunction all members' sets; under NOT the two change places (De Morgan).
pub(crate) fn keys(program: &Program, atoms: &Atoms) -> Option<Vec<Atom>> {
    required(program, atoms, true).map(|set| set.atoms)
}

struct Set {
    atoms: Vec<Atom>,
    cost: u64,
}

fn required(program: &Program, atoms: &Atoms, wanted: bool) -> Option<Set> {
    match (program, wanted) {
        (Program::Not(inner), _) => required(inner, atoms, !wanted),
        (Program::And(members), true) | (Program::Or(members), false) => {
            members.iter().filter_map(|member| required(member, atoms, wanted)).min_by_key(|set| set.cost)
        }
        (Program::Or(members), true) | (Program::And(members), false) => {
            let mut all = Set { atoms: Vec::new(), cost: 0 };
            for member in members {
                let set = required(member, atoms, wanted)?;
                all.atoms.extend(set.atoms);
                all.cost += set.cost;
            }
            Some(all)
        }
        (Program::Leaf { elements, .. }, true) => {
            let rarest = elements.iter().copied().min_by_key(|atom| atoms.cost(*atom))?;
            Some(Set { atoms: vec![rarest], cost: u64::from(atoms.cost(rarest)) })
        }
        (Program::Leaf { .. }, false) => None,
    }
}
