//! A query's tree over numbered terms: what is compiled from the read query, anchored, and written as code.

use super::terms::TermId;

/// One node.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    And(Vec<Tree>),
    Or(Vec<Tree>),
    Not(Box<Tree>),
    /// The term stands anywhere in title or text, or in the field it names.
    Term(TermId),
    Phrase(Phrase),
    Near(Box<Near>),
    /// A condition on the post or the facts beside it, by its number.
    Test(u32),
}

/// Terms side by side, or at most `gap` words between in all.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Phrase {
    pub units: Vec<Unit>,
    pub gap: u32,
    pub title: bool,
}

/// One place of a phrase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Unit {
    pub term: TermId,
    /// Nothing may stand between this one and the one before, not even a space.
    pub adjacent: bool,
    /// The number of the letters it must have as written.
    pub exact: Option<u32>,
}

/// Two places, at most `within` words apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Near {
    pub left: Place,
    pub right: Place,
    pub within: u32,
    pub ordered: bool,
}

/// What has positions.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Place {
    Phrase(Phrase),
    Or(Vec<Place>),
    Near(Box<Near>),
}

impl Place {
    /// The same, read as a condition.
    pub(super) fn into_tree(self) -> Tree {
        match self {
            Self::Phrase(phrase) => Tree::Phrase(phrase),
            Self::Or(members) => Tree::Or(members.into_iter().map(Self::into_tree).collect()),
            Self::Near(near) => Tree::Near(near),
        }
    }
}
