//! A query's tree as a flat row of numbers, so that judging one touches one or two lines of memory.
//!
//! Every node is one word of operation and length (in words, itself not counted), then its body. A branch is
//! [`Head::WORDS`] words, then clauses of which all must hold.

use super::terms::TermId;
use super::tree::{Near, Phrase, Place, Tree, Unit};

/// What a node does with its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Op {
    /// Terms of which one is there.
    Any = 0,
    /// Terms which are all there.
    All = 1,
    And = 2,
    Or = 3,
    Not = 4,
    /// `gap << 1 | title`, then units: a term and, with [`EXACT`], the number of its letters.
    Phrase = 5,
    /// `within << 1 | ordered`, then two places.
    Near = 6,
    /// The number of a test.
    Test = 7,
    /// Terms of which one is there where a later clause holds: says early and cheaply that it does not.
    Hint = 8,
}

/// In a unit: nothing may stand between it and the unit before.
pub(super) const ADJACENT: u32 = 1 << 31;
/// In a unit: the number of its letters follows.
pub(super) const EXACT: u32 = 1 << 30;
/// The rest of a unit.
pub(super) const TERM: u32 = EXACT - 1;

impl Op {
    #[inline]
    pub(super) fn of(word: u32) -> Self {
        match word & 0xff {
            0 => Self::Any,
            1 => Self::All,
            2 => Self::And,
            3 => Self::Or,
            4 => Self::Not,
            5 => Self::Phrase,
            6 => Self::Near,
            7 => Self::Test,
            _ => Self::Hint,
        }
    }
}

/// Words of the body of the node that begins with this word.
#[inline]
pub(super) fn length(word: u32) -> usize {
    (word >> 8) as usize
}

/// The nodes that lie one behind the other: the operation and the body of each.
pub(super) fn nodes(mut code: &[u32]) -> impl Iterator<Item = (Op, &[u32])> {
    std::iter::from_fn(move || {
        let (word, rest) = code.split_first()?;
        let (body, after) = rest.split_at_checked(length(*word))?;
        code = after;
        Some((Op::of(*word), body))
    })
}

/// What stands before the clauses of a branch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    /// The query, by its place.
    pub query: u32,
    /// Words of the clauses that must be judged where one of the branch's anchors was found; the other clauses, behind
    /// them, say only that one is there.
    pub undecided: u32,
    /// Words of all clauses.
    pub length: u32,
}

impl Head {
    pub(super) const WORDS: usize = 3;
    /// Where `undecided` stands.
    pub(super) const UNDECIDED: usize = 1;

    pub(super) fn read(code: &[u32], at: usize) -> Option<(Self, &[u32])> {
        let [query, undecided, length] = *code.get(at..)?.first_chunk()?;
        let clauses = code.get(at + Self::WORDS..at + Self::WORDS + length as usize)?;
        Some((Self { query, undecided, length }, clauses))
    }

    pub(super) fn write(self, code: &mut [u32]) {
        code.copy_from_slice(&[self.query, self.undecided, self.length]);
    }
}

/// Writes a node; terms are renamed on the way.
pub(super) fn write(tree: &Tree, name: &[TermId], code: &mut Vec<u32>) {
    let at = code.len();
    code.push(0);
    let op = write_body(tree, name, code);
    code[at] = op as u32 | ((code.len() - at - 1) as u32) << 8;
}

fn write_body(tree: &Tree, name: &[TermId], code: &mut Vec<u32>) -> Op {
    let is_term = |member: &Tree| matches!(member, Tree::Term(_));
    match tree {
        Tree::Term(term) => {
            code.push(name[*term as usize]);
            Op::Any
        }
        Tree::And(members) | Tree::Or(members) => {
            let and = matches!(tree, Tree::And(_));
            if members.iter().all(is_term) {
                code.extend(members.iter().filter_map(|member| match member {
                    Tree::Term(term) => Some(name[*term as usize]),
                    _ => None,
                }));
                return if and { Op::All } else { Op::Any };
            }
            for member in members {
                write(member, name, code);
            }
            if and { Op::And } else { Op::Or }
        }
        Tree::Not(inner) => {
            write(inner, name, code);
            Op::Not
        }
        Tree::Phrase(phrase) => {
            write_phrase(phrase, name, code);
            Op::Phrase
        }
        Tree::Near(near) => {
            code.push(near.within << 1 | u32::from(near.ordered));
            write_place(&near.left, name, code);
            write_place(&near.right, name, code);
            Op::Near
        }
        Tree::Test(test) => {
            code.push(*test);
            Op::Test
        }
    }
}

/// Writes what must be there where a phrase or nearness stands: each word, each side.
pub(super) fn write_hints(tree: &Tree, name: &[TermId], code: &mut Vec<u32>) {
    let mut hint = |terms: &[TermId]| {
        if (1..=16).contains(&terms.len()) {
            code.push(Op::Hint as u32 | (terms.len() as u32) << 8);
            code.extend(terms.iter().map(|term| name[*term as usize]));
        }
    };
    match tree {
        Tree::Phrase(phrase) if phrase.units.len() <= 4 => phrase.units.iter().for_each(|unit| hint(&[unit.term])),
        Tree::Near(near) => {
            for side in [&near.left, &near.right] {
                if let Some(terms) = of_side(side) {
                    hint(&terms);
                }
            }
        }
        _ => {}
    }
}

fn of_side(side: &Place) -> Option<Vec<TermId>> {
    match side {
        Place::Phrase(phrase) => phrase.units.first().map(|unit| vec![unit.term]),
        Place::Or(members) => {
            let all = members.iter().map(of_side).collect::<Option<Vec<_>>>()?;
            Some(all.into_iter().flatten().collect())
        }
        Place::Near(near) => of_side(&near.left),
    }
}

fn write_phrase(phrase: &Phrase, name: &[TermId], code: &mut Vec<u32>) {
    code.push(phrase.gap << 1 | u32::from(phrase.title));
    for unit in &phrase.units {
        let adjacent = if unit.adjacent { ADJACENT } else { 0 };
        let exact = if unit.exact.is_some() { EXACT } else { 0 };
        code.push(name[unit.term as usize] | adjacent | exact);
        code.extend(unit.exact);
    }
}

fn write_place(place: &Place, name: &[TermId], code: &mut Vec<u32>) {
    match place {
        Place::Phrase(phrase) => write(&Tree::Phrase(phrase.clone()), name, code),
        Place::Near(near) => write(&Tree::Near(near.clone()), name, code),
        Place::Or(members) => {
            let at = code.len();
            code.push(0);
            for member in members {
                write_place(member, name, code);
            }
            code[at] = Op::Or as u32 | ((code.len() - at - 1) as u32) << 8;
        }
    }
}

/// The units of a phrase, from the words behind its first.
pub(super) fn units(mut words: &[u32]) -> impl Iterator<Item = Unit> {
    std::iter::from_fn(move || {
        let (word, rest) = words.split_first()?;
        let exact = (word & EXACT != 0).then(|| rest.first().copied()).flatten();
        words = rest.get(usize::from(exact.is_some())..)?;
        Some(Unit { term: word & TERM, adjacent: word & ADJACENT != 0, exact })
    })
}

/// A node read back, so that queries can be anchored anew without their text.
pub(super) fn read(op: Op, body: &[u32]) -> Tree {
    let term = |term: &u32| Tree::Term(*term);
    let all = |body| nodes(body).map(|(op, body)| read(op, body)).collect::<Vec<_>>();
    match op {
        Op::Any | Op::Hint if body.len() == 1 => Tree::Term(body[0]),
        Op::Any | Op::Hint => Tree::Or(body.iter().map(term).collect()),
        Op::All => Tree::And(body.iter().map(term).collect()),
        Op::And => Tree::And(all(body)),
        Op::Or => Tree::Or(all(body)),
        Op::Not => Tree::Not(Box::new(all(body).pop().unwrap_or(Tree::Or(Vec::new())))),
        Op::Test => Tree::Test(body.first().copied().unwrap_or(u32::MAX)),
        Op::Phrase | Op::Near => match read_place(op, body) {
            Some(place) => place.into_tree(),
            None => Tree::Or(Vec::new()),
        },
    }
}

fn read_place(op: Op, body: &[u32]) -> Option<Place> {
    let (first, rest) = body.split_first()?;
    match op {
        Op::Phrase => {
            let units = units(rest).collect();
            Some(Place::Phrase(Phrase { units, gap: first >> 1, title: first & 1 == 1 }))
        }
        Op::Near => {
            let mut sides = nodes(rest).map(|(op, body)| read_place(op, body));
            let (left, right) = (sides.next()??, sides.next()??);
            Some(Place::Near(Box::new(Near { left, right, within: first >> 1, ordered: first & 1 == 1 })))
        }
        _ => Some(Place::Or(nodes(body).map(|(op, body)| read_place(op, body)).collect::<Option<_>>()?)),
    }
}
