//! What is legal but probably not meant.

use std::ops::Range;

use super::lexer::Lexed;
use crate::Warning;
use crate::query::{Leaf, Node, Query, Shape, Sort};

/// Operators in lower case, which are words here.
pub(super) fn of_words(text: &str, lexed: &[(Lexed, Range<usize>)], warnings: &mut Vec<Warning>) {
    let operand =
        |at: usize| lexed.get(at).is_some_and(|(it, _)| !matches!(it, Lexed::And | Lexed::Or | Lexed::Error(_)));
    for (at, (piece, span)) in lexed.iter().enumerate() {
        let Lexed::Leaf(Leaf::Text(phrase)) = piece else { continue };
        if phrase.quoted && phrase.words.len() == 1 {
            continue;
        }
        let first = phrase.words.first().map(|word| (word.sort, &word.shape));
        let Some((Sort::Bare, Shape::Word(word))) = first else { continue };
        let typed = &text[span.clone()];
        let between = at > 0 && operand(at - 1) && operand(at + 1);
        let operator = match (word.as_str(), phrase.words.len()) {
            ("or" | "and", 1) if between => typed.to_uppercase(),
            ("not", 1) if operand(at + 1) => typed.to_uppercase(),
            ("near" | "onear", 2) if between && typed.contains('/') => typed.to_uppercase(),
            _ => continue,
        };
        let message = format!("`{typed}` is searched for as a word here");
        let hint = format!("write `{operator}` in capitals for the operator, or quote the word");
        warnings.push(Warning::new(span.clone(), message, hint));
    }
}

/// `since:` behind `until:` in one conjunction.
pub(super) fn of_moments(text: &str, query: &Query, warnings: &mut Vec<Warning>) {
    let Node::And(members) = &query.root else { return };
    let since =
        members.iter().filter_map(|it| if let Node::Leaf(Leaf::Since(at)) = it { Some(*at) } else { None }).max();
    let until =
        members.iter().filter_map(|it| if let Node::Leaf(Leaf::Until(at)) = it { Some(*at) } else { None }).min();
    if let (Some(since), Some(until)) = (since, until)
        && since >= until
    {
        let message = "`until:` is not after `since:`, so nothing can match";
        warnings.push(Warning::new(0..text.len(), message, "change one of the dates"));
    }
}
