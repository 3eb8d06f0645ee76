use std::fmt::{self, Display, Formatter};

use crate::query::{Leaf, Node, Query};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        node(f, &self.root, Binding::Or)
    }
}

/// How tightly the surroundings bind; what binds less tightly needs parentheses.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Binding {
    Or,
    And,
    Not,
}

fn node(f: &mut Formatter<'_>, it: &Node, around: Binding) -> fmt::Result {
    match it {
        Node::Or(members) => group(f, members, " OR ", Binding::Or, around),
        Node::And(members) => group(f, members, " ", Binding::And, around),
        Node::Not(inner) => {
            f.write_str("NOT ")?;
            node(f, inner, Binding::Not)
        }
        Node::Leaf(it) => leaf(f, it),
    }
}

fn group(f: &mut Formatter<'_>, members: &[Node], between: &str, own: Binding, around: Binding) -> fmt::Result {
    let bare = own >= around;
    f.write_str(if bare { "" } else { "(" })?;
    for (index, member) in members.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { between })?;
        node(f, member, own)?;
    }
    f.write_str(if bare { "" } else { ")" })
}

fn leaf(f: &mut Formatter<'_>, it: &Leaf) -> fmt::Result {
    let star = |prefix: bool| if prefix { "*" } else { "" };
    match it {
        Leaf::Word(text) => f.write_str(text),
        Leaf::Prefix(text) => write!(f, "{text}*"),
        Leaf::Phrase(text) => write!(f, "\"{text}\""),
        Leaf::Tag { name, prefix } => write!(f, "#{name}{}", star(*prefix)),
        Leaf::Handle { name, prefix } => write!(f, "@{name}{}", star(*prefix)),
    }
}
