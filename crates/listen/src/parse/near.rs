//! Nearness over groups: what is no place is distributed, so that the tree holds nearness of places only.

use std::ops::Range;

use crate::QueryError;
use crate::cost::MAX_COST;
use crate::query::{Leaf, Near, Node};

/// Refuses a side that has no place in a text.
pub(super) fn check(side: &Node, span: &Range<usize>) -> Result<(), QueryError> {
    let mut fields = false;
    side.leaves(&mut |leaf| fields |= !matches!(leaf, Leaf::Text(_) | Leaf::Title(_)));
    if fields {
        let message = "a field has no place in the text, so nothing can be near it";
        return Err(QueryError::new(span.clone(), message, "join it with AND, outside the group of NEAR"));
    }
    if side.holds_of_nothing() {
        let message = "a side of NEAR must say what is there, not only what is not";
        return Err(QueryError::new(span.clone(), message, "add a word to it, or write NOT before the whole"));
    }
    Ok(())
}

/// Titles are near titles, texts near texts.
pub(super) fn check_titles(left: &Node, right: &Node, operator: &Range<usize>) -> Result<(), QueryError> {
    let (mut titles, mut texts) = (false, false);
    for side in [left, right] {
        side.leaves(&mut |leaf| match leaf {
            Leaf::Title(_) => titles = true,
            _ => texts = true,
        });
    }
    if titles && texts {
        let message = "one side of this nearness is in the title only, the other is not";
        return Err(QueryError::new(operator.clone(), message, "write `title:` on both sides"));
    }
    Ok(())
}

/// `x NEAR/3 (a b -c)` is `(x NEAR/3 a) (x NEAR/3 b) NOT (x NEAR/3 c)`.
pub(super) fn spread(
    left: Node,
    right: Node,
    how: (u32, bool),
    operator: &Range<usize>,
    made: &mut u64,
) -> Result<Node, QueryError> {
    // Counted by what is copied, so that a wide side beside many members is refused before it fills the memory.
    left.leaves(&mut |_| *made += 1);
    right.leaves(&mut |_| *made += 1);
    if *made > MAX_COST {
        let message = "the groups around this nearness give too many pairs";
        return Err(QueryError::new(operator.clone(), message, "use smaller groups, or divide the query into several"));
    }
    let mut each = |members: Vec<Node>, with: &mut dyn FnMut(Node, &mut u64) -> Result<Node, QueryError>| {
        members.into_iter().map(|member| with(member, made)).collect::<Result<Vec<_>, _>>()
    };
    match (left, right) {
        (Node::And(members), right) => {
            each(members, &mut |left, made| spread(left, right.clone(), how, operator, made)).map(Node::and)
        }
        (Node::Not(inner), right) => Ok(Node::Not(Box::new(spread(*inner, right, how, operator, made)?))),
        (Node::Or(members), right) if !members.iter().all(is_place) => {
            each(members, &mut |left, made| spread(left, right.clone(), how, operator, made)).map(Node::or)
        }
        (left, Node::And(members)) => {
            each(members, &mut |right, made| spread(left.clone(), right, how, operator, made)).map(Node::and)
        }
        (left, Node::Not(inner)) => Ok(Node::Not(Box::new(spread(left, *inner, how, operator, made)?))),
        (left, Node::Or(members)) if !members.iter().all(is_place) => {
            each(members, &mut |right, made| spread(left.clone(), right, how, operator, made)).map(Node::or)
        }
        (left, right) => Ok(Near::node(left, right, how.0, how.1)),
    }
}

/// Whether it has places: a word or phrase, either of several, a nearness.
fn is_place(node: &Node) -> bool {
    match node {
        Node::Leaf(_) | Node::Near(_) => true,
        Node::Or(members) => members.iter().all(is_place),
        Node::And(_) | Node::Not(_) => false,
    }
}
