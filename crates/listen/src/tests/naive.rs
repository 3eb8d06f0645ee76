//! The specification as code: every leaf looked for word by word, every query in full, nothing shared.

use dandelion_post::Post;
use dandelion_post::words::{Kind, Token, Words};
use proptest::prelude::*;

use super::post;
use super::reading::query;
use crate::Matcher;
use crate::query::{Leaf, Query};

fn holds(query: &Query, post: &Post) -> bool {
    let texts = [post.title.as_deref().unwrap_or_default(), post.text.as_str()];
    query.root.holds(&mut |leaf| texts.iter().any(|text| stands_in(leaf, text)))
}

fn stands_in(leaf: &Leaf, text: &str) -> bool {
    let words = Words::of(text);
    let mut tokens = words.iter();
    match leaf {
        Leaf::Word(it) => side_by_side(it, &words, |_| true),
        Leaf::Phrase(it) => side_by_side(it, &words, |token| token.kind != Kind::Handle),
        Leaf::Prefix(it) => {
            let start = Words::of(it);
            let dense = start.token(0).kind == Kind::Dense;
            tokens.any(|(_, word)| if dense { word.contains(start.word(0)) } else { word.starts_with(start.word(0)) })
        }
        Leaf::Tag { name, prefix } => tokens.any(|(token, word)| token.kind == Kind::Tag && named(word, name, *prefix)),
        Leaf::Handle { name, prefix } => {
            tokens.any(|(token, word)| token.kind == Kind::Handle && named(word, name, *prefix))
        }
    }
}

fn named(word: &str, name: &str, prefix: bool) -> bool {
    let name = dandelion_post::words::fold(name);
    if prefix { word.starts_with(&name) } else { word == name }
}

fn side_by_side(phrase: &str, words: &Words, fits: impl Fn(&Token) -> bool) -> bool {
    let phrase = Words::of(phrase);
    let one = |at: usize, nth: usize| {
        let dense = phrase.token(nth).kind == Kind::Dense;
        let (word, wanted) = (words.word(at), phrase.word(nth));
        fits(&words.token(at)) && if dense { word.contains(wanted) } else { word == wanted }
    };
    (0..words.len()).any(|at| at + phrase.len() <= words.len() && (0..phrase.len()).all(|nth| one(at + nth, nth)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn the_matcher_finds_what_the_specification_finds(
        queries in prop::collection::vec(query(), 1..8),
        text in "[a-cA-C#@'’. 水壶か\u{301}]{0,20}",
        title in prop::option::of("[a-c#@ 水]{0,6}"),
    ) {
        let post = Post { title, ..post(&text) };
        let matcher = Matcher::new((0..).zip(queries.iter().cloned()));
        let mut hits = Vec::new();
        matcher.matches(&post, &mut hits);
        let wanted: Vec<i64> = (0..).zip(&queries).filter(|(_, query)| holds(query, &post)).map(|(at, _)| at).collect();
        let found: Vec<i64> = hits.iter().map(|hit| hit.query).collect();
        prop_assert_eq!(found, wanted, "{:?}", queries.iter().map(ToString::to_string).collect::<Vec<_>>());
        for hit in &hits {
            let mut end = 0;
            for span in &hit.spans {
                prop_assert!(span.start >= end && text.get(span.clone()).is_some_and(|it| !it.is_empty()));
                end = span.end;
            }
        }
    }
}
