/// A query that was read without error. Made by [`crate::parse`], printed by its `Display`.
///
/// Printing gives the canonical text (juxtaposition for AND, `NOT` in words, only the parentheses that are needed), and
/// parsing that gives an equal query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub(crate) root: Node,
}

/// One node of a query's tree. Groups have at least two members and never a group of their own sort directly within.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Leaf(Leaf),
}

/// What a leaf looks for; the text is kept as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Leaf {
    Word(String),
    Prefix(String),
    Phrase(String),
    Tag { name: String, prefix: bool },
    Handle { name: String, prefix: bool },
}

impl Node {
    /// All of them; flattened.
    pub(crate) fn and(members: Vec<Self>) -> Self {
        let is_and = |node: Self| match node {
            Self::And(inner) => inner,
            other => vec![other],
        };
        let mut flat: Vec<Self> = members.into_iter().flat_map(is_and).collect();
        if flat.len() == 1 { flat.remove(0) } else { Self::And(flat) }
    }

    /// Any of them; flattened.
    pub(crate) fn or(members: Vec<Self>) -> Self {
        let is_or = |node: Self| match node {
            Self::Or(inner) => inner,
            other => vec![other],
        };
        let mut flat: Vec<Self> = members.into_iter().flat_map(is_or).collect();
        if flat.len() == 1 { flat.remove(0) } else { Self::Or(flat) }
    }

    /// Its truth, given that of each leaf.
    pub(crate) fn holds(&self, leaf: &mut impl FnMut(&Leaf) -> bool) -> bool {
        match self {
            Self::And(members) => members.iter().all(|member| member.holds(leaf)),
            Self::Or(members) => members.iter().any(|member| member.holds(leaf)),
            Self::Not(inner) => !inner.holds(leaf),
            Self::Leaf(it) => leaf(it),
        }
    }
}
