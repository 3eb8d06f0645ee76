//! From a query as it was read to its tree over numbered terms.

use rustc_hash::FxHashMap;

use super::patterns;
use super::terms::{Domain, TermId, Terms};
use super::tree::{Near, Phrase, Place, Tree, Unit};
use crate::query::{self, Leaf, NameField, Node, Pattern, Shape, Sort};
use crate::words::{fold, is_emoji, is_tone};

/// What the trees of a set of queries refer to by number.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub terms: Terms,
    /// Conditions on the post or the facts beside it.
    pub tests: Vec<Leaf>,
    test_numbers: FxHashMap<Leaf, u32>,
    /// Letters that must stand exactly so.
    pub exacts: Vec<Box<str>>,
    exact_numbers: FxHashMap<Box<str>, u32>,
}

impl Names {
    pub(super) fn compile(&mut self, node: &Node) -> Tree {
        match node {
            Node::And(members) => Tree::And(members.iter().map(|member| self.compile(member)).collect()),
            Node::Or(members) => Tree::Or(members.iter().map(|member| self.compile(member)).collect()),
            Node::Not(inner) => Tree::Not(Box::new(self.compile(inner))),
            Node::Near(near) => Tree::Near(Box::new(self.near(near))),
            Node::Leaf(Leaf::Text(phrase)) => self.text(phrase),
            Node::Leaf(Leaf::Title(phrase)) => self.phrase(phrase, true).into_tree(),
            Node::Leaf(leaf) => Tree::Test(self.test(leaf)),
        }
    }

    pub(super) fn test(&mut self, leaf: &Leaf) -> u32 {
        if let Some(number) = self.test_numbers.get(leaf) {
            return *number;
        }
        let number = self.tests.len() as u32;
        self.tests.push(leaf.clone());
        self.test_numbers.insert(leaf.clone(), number);
        number
    }

    pub(super) fn exact(&mut self, letters: &str) -> u32 {
        if let Some(number) = self.exact_numbers.get(letters) {
            return *number;
        }
        let number = self.exacts.len() as u32;
        self.exacts.push(letters.into());
        self.exact_numbers.insert(letters.into(), number);
        number
    }

    /// The term that any post shows which passes the test; `None` where there is none.
    pub(super) fn anchor_of(&mut self, leaf: &Leaf) -> Option<TermId> {
        let Leaf::Name { field, value } = leaf else { return None };
        let found_by_whole_value = !value.wild && !matches!(field, NameField::Link | NameField::Type);
        found_by_whole_value.then(|| self.terms.number(Domain::of_field(*field), value.text.as_bytes()))
    }

    fn text(&mut self, phrase: &query::Phrase) -> Tree {
        if let [word] = &phrase.words[..]
            && let [Unit { term, adjacent: false, exact: None }] = self.units(word)[..]
        {
            let tag = self.whole(word).map(Tree::Term);
            return tag.map_or(Tree::Term(term), |tag| Tree::Or(vec![Tree::Term(term), tag]));
        }
        match self.phrase(phrase, false) {
            // Every two neighbours of a dense script are one more term, and a much rarer one than each.
            Place::Phrase(compiled) => {
                let pairs: Vec<TermId> = phrase.words.iter().flat_map(|word| self.pairs(word)).collect();
                let mut all: Vec<Tree> = pairs.into_iter().map(Tree::Term).collect();
                all.push(Tree::Phrase(compiled));
                if all.len() == 1 { all.swap_remove(0) } else { Tree::And(all) }
            }
            Place::Or(ways) => Tree::Or(ways.into_iter().map(|way| self.with_pairs(way)).collect()),
            place @ Place::Near(_) => place.into_tree(),
        }
    }

    /// A way to write a phrase, with the pairs of neighbours it cannot do without.
    fn with_pairs(&mut self, way: Place) -> Tree {
        let Place::Phrase(phrase) = way else { return way.into_tree() };
        let neighbours = phrase.units.windows(2).filter(|pair| pair[1].adjacent);
        let texts: Vec<Vec<u8>> =
            neighbours.map(|pair| [self.terms.text(pair[0].term), self.terms.text(pair[1].term)].concat()).collect();
        let mut all: Vec<Tree> = texts.iter().map(|text| Tree::Term(self.terms.number(Domain::PAIR, text))).collect();
        all.push(Tree::Phrase(phrase));
        if all.len() == 1 { all.swap_remove(0) } else { Tree::And(all) }
    }

    fn pairs(&mut self, word: &Pattern) -> Vec<TermId> {
        let Shape::Dense(characters) = &word.shape else { return Vec::new() };
        let pairs = characters.windows(2).map(|pair| self.terms.number(Domain::PAIR, pair.concat().as_bytes()));
        pairs.collect()
    }

    fn phrase(&mut self, phrase: &query::Phrase, title: bool) -> Place {
        let plain = |units| Place::Phrase(Phrase { units, gap: phrase.gap, title });
        let runs: Vec<Option<TermId>> = phrase.words.iter().map(|word| self.whole(word)).collect();
        // A run of a dense script may also be one tag: every such choice is a phrase of its own. Beyond a few runs only
        // all as text and all as tags are tried.
        let choices = runs.iter().flatten().count();
        let ways: Vec<u64> = if choices <= MAX_CHOICES { (0..1 << choices).collect() } else { vec![0, u64::MAX] };
        let mut phrases: Vec<Vec<Unit>> = Vec::with_capacity(ways.len());
        for way in ways {
            let mut choice = 0;
            let mut units = Vec::new();
            for (word, whole) in phrase.words.iter().zip(&runs) {
                let as_tag = whole.filter(|_| way >> choice.min(63) & 1 == 1);
                choice += u32::from(whole.is_some());
                match as_tag {
                    Some(term) => units.push(Unit { term, adjacent: false, exact: None }),
                    None => units.extend(self.units(word)),
                }
            }
            phrases.push(units);
        }
        match phrases.len() {
            1 => plain(phrases.swap_remove(0)),
            _ => Place::Or(phrases.into_iter().map(plain).collect()),
        }
    }

    /// A run of several characters of a dense script is also the tag or handle of just these.
    fn whole(&mut self, word: &Pattern) -> Option<TermId> {
        match &word.shape {
            Shape::Dense(characters) if word.sort == Sort::Bare && characters.len() > 1 => {
                Some(self.terms.number(Domain::WORD, characters.concat().as_bytes()))
            }
            _ => None,
        }
    }

    fn units(&mut self, word: &Pattern) -> Vec<Unit> {
        let plain = |term| vec![Unit { term, adjacent: false, exact: None }];
        let domain = domain_of(word.sort);
        match &word.shape {
            Shape::Word(text) => plain(self.terms.number(domain, text.as_bytes())),
            Shape::Emoji { text, toned: false } => plain(self.terms.number(Domain::WORD, text.as_bytes())),
            Shape::Emoji { text, toned: true } => {
                let term = self.terms.number(Domain::WORD, without_tones(text).as_bytes());
                vec![Unit { term, adjacent: false, exact: Some(self.exact(text)) }]
            }
            Shape::Exact(letters) => {
                let term = self.terms.number(domain, without_tones(&fold(letters)).as_bytes());
                vec![Unit { term, adjacent: false, exact: Some(self.exact(letters)) }]
            }
            Shape::Dense(characters) if word.sort == Sort::Bare => (0..)
                .zip(characters)
                .map(|(at, character)| {
                    let term = self.terms.number(Domain::WORD, character.as_bytes());
                    Unit { term, adjacent: at > 0, exact: None }
                })
                .collect(),
            Shape::Dense(characters) => plain(self.terms.number(domain, characters.concat().as_bytes())),
            Shape::Wild(text) => plain(self.terms.number(Domain::PATTERN, &patterns::wild_key(word.sort, text))),
            Shape::Fuzzy(text, distance) => {
                plain(self.terms.number(Domain::PATTERN, &patterns::fuzzy_key(word.sort, text, *distance)))
            }
        }
    }

    fn near(&mut self, near: &query::Near) -> Near {
        let (left, right) = (self.place(&near.left), self.place(&near.right));
        Near { left, right, within: near.within, ordered: near.ordered }
    }

    /// Reading leaves only places within a nearness; what is none has no position and matches nothing.
    fn place(&mut self, node: &Node) -> Place {
        match node {
            Node::Leaf(Leaf::Text(phrase)) => self.phrase(phrase, false),
            Node::Leaf(Leaf::Title(phrase)) => self.phrase(phrase, true),
            Node::Or(members) => Place::Or(members.iter().map(|member| self.place(member)).collect()),
            Node::Near(near) => Place::Near(Box::new(self.near(near))),
            Node::And(_) | Node::Not(_) | Node::Leaf(_) => Place::Or(Vec::new()),
        }
    }
}

/// Most runs of a dense script in one phrase of which each may be a tag.
const MAX_CHOICES: usize = 5;

/// An emoji as the matcher finds it: the tones of its parts do not count.
fn without_tones(text: &str) -> String {
    let first = text.chars().next().is_some_and(is_emoji);
    text.char_indices().filter(|(at, c)| !first || *at == 0 || !is_tone(*c)).map(|(_, c)| c).collect()
}

fn domain_of(sort: Sort) -> Domain {
    match sort {
        Sort::Bare => Domain::WORD,
        Sort::Tag => Domain::TAG,
        Sort::Handle => Domain::HANDLE,
        Sort::Ticker => Domain::TICKER,
    }
}
