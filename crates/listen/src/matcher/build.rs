//! Putting a [`Segment`] together: choosing where each query waits, and laying everything out.

use std::sync::atomic::Ordering;

use super::anchor::{Choice, Set};
use super::code::{self, Head, Op};
use super::common::{Known, guess};
use super::compile::Names;
use super::patterns::Patterns;
use super::segment::{DIRECT, LONG, Segment, Slot, Term};
use super::terms::{Domain, TermId, Terms};
use super::tree::{Near, Phrase, Place, Tree};
use crate::query::Query;

/// Queries on their way into a segment.
#[derive(Debug, Default)]
pub(super) struct Builder {
    pub names: Names,
    pub trees: Vec<(i64, Tree)>,
    /// How common terms were seen to be, where they were looked for.
    pub known: Known,
}

/// One way for a query to match, with the terms one of which must be there.
struct Branch {
    query: u32,
    clauses: Vec<Tree>,
    /// The clause that says only that an anchor is there.
    decided: Option<Tree>,
    anchor: Option<Set>,
}

/// What is posted under a term.
type Posting = (TermId, u32);

impl Builder {
    pub(super) fn add(&mut self, number: i64, query: &Query) {
        let tree = self.names.compile(&query.root);
        self.trees.push((number, tree));
    }

    /// Adds the queries of a segment, by their places, that are to be kept, and what its posts taught.
    pub(super) fn add_segment(&mut self, segment: &Segment, keep: impl Fn(u32) -> bool) {
        let mut ways: Vec<Vec<Tree>> = segment.numbers.iter().map(|_| Vec::new()).collect();
        let mut names = Renamed { segment, terms: vec![None; segment.counts.len()], builder: self };
        segment.each_direct(|term, query| {
            if keep(query) {
                ways[query as usize].push(Tree::Term(names.term(term)));
            }
        });
        segment.each_branch(|head, clauses| {
            if keep(head.query) {
                let nodes = code::nodes(clauses).filter(|(op, _)| *op != Op::Hint);
                let mut clauses: Vec<Tree> = nodes.map(|(op, body)| code::read(op, body)).collect();
                for clause in &mut clauses {
                    names.rename(clause);
                }
                let only = if clauses.len() == 1 { clauses.pop() } else { None };
                ways[head.query as usize].push(only.unwrap_or(Tree::And(clauses)));
            }
        });
        self.known.sampled = self.known.sampled.max(segment.sampled.load(Ordering::Relaxed));
        let kept = (0..).zip(segment.numbers.iter().zip(ways)).filter(|(query, _)| keep(*query));
        self.trees.extend(kept.map(|(_, (number, ways))| (*number, Tree::Or(ways))));
    }

    /// Lays everything out. Of two queries with one number the later counts.
    pub(super) fn finish(mut self) -> Segment {
        self.trees.reverse();
        self.trees.sort_by_key(|(number, _)| *number);
        self.trees.dedup_by_key(|(number, _)| *number);
        let tests = self.names.tests.clone();
        let test_terms: Vec<Option<TermId>> = tests.iter().map(|leaf| self.names.anchor_of(leaf)).collect();
        let costs = self.costs();
        let choice =
            Choice { cost: &|term| costs[term as usize], of_test: &|test| test_terms.get(test as usize).copied()? };
        let (mut branches, mut direct) = (Vec::new(), Vec::new());
        let numbers: Vec<i64> = self.trees.iter().map(|(number, _)| *number).collect();
        for (query, (_, tree)) in (0..).zip(std::mem::take(&mut self.trees)) {
            for way in ways(tree) {
                match way {
                    Tree::Term(term) => direct.push((term, query)),
                    way => branches.push(branch(query, way, &choice)),
                }
            }
        }
        let cost = |branch: &Branch| branch.anchor.as_ref().map_or(f32::MAX, |set| set.cost);
        branches.sort_by(|a, b| cost(b).total_cmp(&cost(a)));
        let (name, order) = by_frequency(&costs);
        let mut segment =
            Segment { numbers, tests, exacts: std::mem::take(&mut self.names.exacts), ..Segment::default() };
        let mut postings: Vec<Posting> =
            direct.iter().map(|(term, query)| (name[*term as usize], query | DIRECT)).collect();
        for branch in &branches {
            segment.write(branch, &name, &mut postings);
        }
        segment.index(&self.names.terms, &order, postings);
        segment.trim();
        self.known.carry(&costs, &order, &mut segment);
        segment
    }

    /// How common each term is: as seen, otherwise guessed.
    fn costs(&self) -> Vec<f32> {
        let terms = &self.names.terms;
        let cost = |term| self.known.cost(term).unwrap_or_else(|| guess(terms.domain(term), terms.text(term)));
        (0..terms.len() as TermId).map(cost).collect()
    }
}

/// The ways in which a query matches: each alone is enough.
fn ways(tree: Tree) -> Vec<Tree> {
    match tree {
        Tree::Or(members) => members.into_iter().flat_map(ways).collect(),
        other => vec![other],
    }
}

fn clauses(tree: Tree) -> Vec<Tree> {
    match tree {
        Tree::And(members) => members.into_iter().flat_map(clauses).collect(),
        other => vec![other],
    }
}

/// From the numbers of a segment to those of a builder.
struct Renamed<'a> {
    segment: &'a Segment,
    terms: Vec<Option<TermId>>,
    builder: &'a mut Builder,
}

impl Renamed<'_> {
    fn term(&mut self, old: TermId) -> TermId {
        if let Some(known) = self.terms[old as usize] {
            return known;
        }
        let domain = self.segment.terms[old as usize].domain;
        let new = self.builder.names.terms.number(domain, &self.segment.text(old));
        self.builder.known.learn(self.segment, old, new);
        self.terms[old as usize] = Some(new);
        new
    }

    fn rename(&mut self, tree: &mut Tree) {
        match tree {
            Tree::And(members) | Tree::Or(members) => members.iter_mut().for_each(|member| self.rename(member)),
            Tree::Not(inner) => self.rename(inner),
            Tree::Term(term) => *term = self.term(*term),
            Tree::Phrase(phrase) => self.rename_phrase(phrase),
            Tree::Near(near) => self.rename_near(near),
            Tree::Test(test) => {
                *test = self.segment.test(*test).map_or(u32::MAX, |leaf| self.builder.names.test(leaf));
            }
        }
    }

    fn rename_phrase(&mut self, phrase: &mut Phrase) {
        for unit in &mut phrase.units {
            unit.term = self.term(unit.term);
            unit.exact = unit.exact.map(|letters| self.builder.names.exact(self.segment.exact(letters)));
        }
    }

    fn rename_near(&mut self, near: &mut Near) {
        for side in [&mut near.left, &mut near.right] {
            self.rename_place(side);
        }
    }

    fn rename_place(&mut self, place: &mut Place) {
        match place {
            Place::Phrase(phrase) => self.rename_phrase(phrase),
            Place::Near(near) => self.rename_near(near),
            Place::Or(members) => members.iter_mut().for_each(|member| self.rename_place(member)),
        }
    }
}

/// The clause with the rarest terms is what the branch waits at; the others come in the order of cheap and seldom true.
fn branch(query: u32, way: Tree, choice: &Choice) -> Branch {
    let mut clauses = clauses(way);
    let sets = clauses.iter().enumerate().filter_map(|(at, clause)| Some((at, choice.required(clause, true)?)));
    let best = sets.min_by(|(_, a), (_, b)| a.cost.total_cmp(&b.cost));
    let decided = best.as_ref().map(|(at, _)| *at).filter(|at| is_any_term(&clauses[*at])).map(|at| clauses.remove(at));
    let by_effort = |clause: &Tree| (effort(clause), passes(clause, choice));
    let mut keyed: Vec<_> = clauses.into_iter().map(|clause| (by_effort(&clause), clause)).collect();
    keyed.sort_by(|((a, x), _), ((b, y), _)| a.cmp(b).then_with(|| x.total_cmp(y)));
    let clauses = keyed.into_iter().map(|(_, clause)| clause).collect();
    Branch { query, clauses, decided, anchor: best.map(|(_, set)| set) }
}

fn is_any_term(clause: &Tree) -> bool {
    match clause {
        Tree::Term(_) => true,
        Tree::Or(members) => members.iter().all(|member| matches!(member, Tree::Term(_))),
        _ => false,
    }
}

/// What kind of work judging takes: bits, positions, the post itself.
fn effort(tree: &Tree) -> u8 {
    match tree {
        Tree::Term(_) => 0,
        Tree::And(members) | Tree::Or(members) => members.iter().map(effort).max().unwrap_or(0),
        Tree::Not(inner) => effort(inner),
        Tree::Phrase(_) | Tree::Near(_) => 1,
        Tree::Test(_) => 2,
    }
}

/// In which share of posts it is true, roughly.
fn passes(tree: &Tree, choice: &Choice) -> f32 {
    let all = |members: &[Tree]| members.iter().map(|it| passes(it, choice)).fold(1.0, f32::min);
    match tree {
        Tree::Term(term) => ((choice.cost)(*term) / 1000.0).min(1.0),
        Tree::And(members) => all(members),
        Tree::Or(members) => members.iter().map(|it| passes(it, choice)).sum::<f32>().min(1.0),
        Tree::Not(inner) => 1.0 - passes(inner, choice),
        Tree::Phrase(_) | Tree::Near(_) => {
            choice.required(tree, true).map_or(0.5, |set| (set.cost / 1000.0).min(1.0) * 0.3)
        }
        Tree::Test(_) => 0.5,
    }
}

/// Common terms first, so that what is looked at often lies together: each old term's new name, and the old ones in
/// their new order.
fn by_frequency(costs: &[f32]) -> (Vec<TermId>, Vec<TermId>) {
    let mut order: Vec<TermId> = (0..costs.len() as TermId).collect();
    order.sort_by(|a, b| costs[*b as usize].total_cmp(&costs[*a as usize]));
    let mut name = vec![0; costs.len()];
    for (new, old) in (0..).zip(&order) {
        name[*old as usize] = new;
    }
    (name, order)
}

impl Segment {
    fn write(&mut self, branch: &Branch, name: &[TermId], postings: &mut Vec<Posting>) {
        let at = self.code.len();
        self.code.extend([0; Head::WORDS]);
        for clause in &branch.clauses {
            code::write_hints(clause, name, &mut self.code);
        }
        branch.clauses.iter().for_each(|clause| code::write(clause, name, &mut self.code));
        let undecided = (self.code.len() - at - Head::WORDS) as u32;
        branch.decided.iter().for_each(|clause| code::write(clause, name, &mut self.code));
        let length = (self.code.len() - at - Head::WORDS) as u32;
        Head { query: branch.query, undecided, length }.write(&mut self.code[at..at + Head::WORDS]);
        match &branch.anchor {
            Some(set) => postings.extend(set.terms.iter().map(|term| (name[*term as usize], at as u32))),
            None => self.always.push(at as u32),
        }
    }

    /// Makes the tables that lead from a hash to a term and from a term to its postings.
    fn index(&mut self, terms: &Terms, order: &[TermId], mut postings: Vec<Posting>) {
        postings.sort_unstable();
        postings.dedup();
        // At most two slots in five are taken, so that few terms lie elsewhere than where their hash leads.
        let slots = (order.len() * 5 / 2).next_power_of_two().max(2);
        self.slots = vec![Slot::EMPTY; slots];
        self.slot_shift = 64 - slots.trailing_zeros();
        let mut at = 0;
        for (new, old) in (0..).zip(order) {
            let begin = at;
            at += postings[at..].iter().take_while(|(term, _)| *term == new).count();
            self.begins.push(begin as u32);
            self.push_term(terms, *old);
            let domain = terms.domain(*old);
            if domain != Domain::PATTERN {
                self.place(terms.hash(*old), new, domain);
            }
            if domain.0 >= Domain::FIELDS && at > begin {
                self.fields |= 1 << (domain.0 - Domain::FIELDS);
            }
        }
        self.begins.push(at as u32);
        let pattern =
            |(new, old): (TermId, &TermId)| (terms.domain(*old) == Domain::PATTERN).then(|| (new, terms.text(*old)));
        self.patterns = Patterns::new((0..).zip(order).filter_map(pattern));
        self.postings = postings.into_iter().map(|(_, posting)| posting).collect();
    }

    fn push_term(&mut self, terms: &Terms, term: TermId) {
        let text = terms.text(term);
        let eight = |chunk: &[u8]| {
            let mut eight = [0; 8];
            eight[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(eight)
        };
        let long = text.len() > 8;
        self.firsts.push(if long { terms.hash(term) | LONG } else { eight(text) });
        self.terms.push(Term { length: text.len() as u32, rest: self.long.len() as u32, domain: terms.domain(term) });
        if long {
            self.long.extend(text.chunks(8).map(eight));
        }
    }

    fn place(&mut self, hash: u64, term: TermId, domain: Domain) {
        let mut at = (hash >> self.slot_shift) as usize;
        while self.slots[at].term() != Slot::TERM {
            self.slots[at].set_on();
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = Slot::new(term, hash, domain);
    }

    fn trim(&mut self) {
        self.firsts.shrink_to_fit();
        self.begins.shrink_to_fit();
        self.terms.shrink_to_fit();
        self.long.shrink_to_fit();
        self.postings.shrink_to_fit();
        self.code.shrink_to_fit();
        self.always.shrink_to_fit();
    }
}
