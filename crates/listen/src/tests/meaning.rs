//! What the crate does is what the specification says.

use proptest::prelude::*;

use super::generate::{post, query, text, typed};
use crate::query::NameField;
use crate::specification;
use crate::words::{Token, Words};
use crate::{Facts, Hit, Matcher, Scratch, explain, near_miss, parse, read};

fn facts() -> Facts<'static> {
    Facts {
        source: Some("My Feed"),
        sentiment: Some("negative"),
        intents: &["complaint"],
        urgency: Some(2),
        topics: &["leaks"],
        units: &["Repairs"],
        network: Some("x"),
        country: Some("se"),
        ..Facts::default()
    }
}

proptest! {
    #![proptest_config(super::cases(2000))]

    #[test]
    fn words_are_cut_as_specified(text in text()) {
        let (words, wanted) = (Words::of(&text), specification::Words::of(&text));
        let (words, wanted): (Vec<Token<'_>>, Vec<Token<'_>>) = (words.iter().collect(), wanted.iter().collect());
        prop_assert_eq!(&words, &wanted);
        for token in words {
            prop_assert!(token.from <= token.to);
            prop_assert!(text.get(token.span.clone()).is_some_and(|it| !it.is_empty()), "{:?}", token);
        }
    }

    #[test]
    fn parsing_what_was_printed_gives_the_same(query in query()) {
        let printed = query.to_string();
        prop_assert_eq!(parse(&printed).map_err(|e| TestCaseError::fail(format!("{printed}: {e}")))?, query);
    }

    #[test]
    fn names_are_read_as_they_are_printed(
        field in prop::sample::select(NameField::ALL), name in "(\\PC|www\\.|https?://|[a@*./ ＂㏂]){1,6}",
    ) {
        let typed = format!("{}:\"{name}\"", field.word());
        if let Ok(query) = parse(&typed) {
            let printed = query.to_string();
            prop_assert_eq!(parse(&printed).map_err(|e| TestCaseError::fail(format!("{typed} → {printed}: {e}")))?, query);
        }
    }

    #[test]
    fn whatever_is_typed_is_read_or_refused_in_place(text in typed()) {
        let reading = read(&text);
        prop_assert_eq!(&reading.query, &parse(&text));
        let mut end = 0;
        for piece in &reading.pieces {
            prop_assert!(piece.span.start >= end && !piece.span.is_empty(), "{:?}", reading.pieces);
            prop_assert!(text[end..piece.span.start].chars().all(char::is_whitespace), "{:?}", reading.pieces);
            end = piece.span.end;
            prop_assert!(text.get(piece.span.clone()).is_some());
        }
        prop_assert!(text[end..].chars().all(char::is_whitespace), "{:?}", reading.pieces);
        for warning in &reading.warnings {
            prop_assert!(text.get(warning.span.clone()).is_some() && !warning.hint.is_empty());
        }
        match reading.query {
            Ok(query) => {
                let printed = query.to_string();
                prop_assert_eq!(parse(&printed).map_err(|e| TestCaseError::fail(format!("{text} → {printed}: {e}")))?, query);
            }
            Err(error) => prop_assert!(text.get(error.span.clone()).is_some() && !error.hint.is_empty(), "{:?}", error),
        }
    }
}

proptest! {
    #![proptest_config(super::cases(600))]

    #[test]
    fn queries_match_what_the_specification_says(queries in prop::collection::vec(query(), 1..6), post in post()) {
        let facts = facts();
        let matcher = Matcher::new((0..).zip(queries.clone()));
        let (mut scratch, mut hits, mut numbers) = (Scratch::default(), Vec::new(), Vec::new());
        matcher.matches(&post, &facts, &mut scratch, &mut hits);
        matcher.hits(&post, &facts, &mut scratch, &mut numbers);
        let wanted: Vec<i64> =
            (0..).zip(&queries).filter(|(_, query)| specification::matches(query, &post, &facts)).map(|(at, _)| at).collect();
        let texts: Vec<String> = queries.iter().map(ToString::to_string).collect();
        prop_assert_eq!(&numbers, &wanted, "{:?}", texts);
        prop_assert_eq!(hits.iter().map(|hit| hit.query).collect::<Vec<_>>(), wanted, "{:?}", texts);
        for hit in &hits {
            prop_assert!(hit.spans.len() <= Hit::MAX_SPANS);
            let mut end = 0;
            for span in &hit.spans {
                prop_assert!(span.start >= end && post.text.get(span.clone()).is_some_and(|it| !it.is_empty()));
                end = span.end;
            }
        }
        for query in &queries {
            let why = explain(query, &post, &facts);
            prop_assert_eq!(why.truth, specification::matches(query, &post, &facts), "{}", query);
            let missed = near_miss(query, &post, &facts);
            prop_assert!(missed.is_none() || !why.truth);
        }
    }
}

/// What generated texts found, kept.
#[test]
fn what_was_typed_once_and_went_wrong_is_read_and_printed() {
    for text in [
        "J-3~J-J-3~J3",
        "a 水wi-fi*",
        "wi-fi*/b",
        "\"水wi-fi*\"",
        "*水wi-fi",
        "*AAAA'Ș",
        "acme's\u{326}",
        "#acme’ŝ",
        "{ໜ}",
        "{ໜ ໝ水}",
        "{น้ำ½}",
    ] {
        let query = parse(text).unwrap();
        assert_eq!(parse(&query.to_string()).unwrap(), query, "{text}");
    }
}

/// An empty value in a group was read for ever.
#[test]
fn an_empty_value_ends() {
    for text in [
        "from:(\"\")",
        "from:(a \"\" b",
        "from:(\"\"\"a\"",
        "title:(\"\")",
        "title:(}",
        "from:({})",
        "likes:(\"",
        "from:\"\"",
    ] {
        let error = parse(text).unwrap_err();
        assert!(text.get(error.span.clone()).is_some() && !error.hint.is_empty(), "{text}: {error:?}");
        assert_eq!(read(text).query, Err(error));
    }
}
