//! The matcher: it finds what the specification finds, where that is cheap, and always lights up places of the text.
#![no_main]

use dandelion_listen::{Facts, Hit, Matcher, Scratch, explain, near_miss, parse, specification};
use dandelion_post::Post;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &str, &str)| {
    let (one, other, title, text) = input;
    let queries: Vec<_> = [one, other].into_iter().filter_map(|it| parse(it).ok()).collect();
    let title = Some(title.to_owned()).filter(|it| !it.is_empty());
    let post = Post { text: text.to_owned(), title, ..Post::default() };
    let facts = Facts::default();
    let matcher = Matcher::new((0..).zip(queries.clone()));
    let (mut scratch, mut hits, mut numbers) = (Scratch::default(), Vec::new(), Vec::new());
    matcher.matches(&post, &facts, &mut scratch, &mut hits);
    matcher.hits(&post, &facts, &mut scratch, &mut numbers);
    assert!(hits.iter().map(|hit| hit.query).eq(numbers.iter().copied()));
    for hit in &hits {
        assert!(hit.spans.len() <= Hit::MAX_SPANS);
        assert!(hit.spans.iter().all(|span| text.get(span.clone()).is_some()));
    }
    if one.len() + other.len() < 512 && text.len() < 512 {
        for (number, query) in (0_i64..).zip(&queries) {
            let wanted = specification::matches(query, &post, &facts);
            assert_eq!(numbers.contains(&number), wanted, "{query}");
            assert_eq!(explain(query, &post, &facts).truth, wanted, "{query}");
            assert!(!wanted || near_miss(query, &post, &facts).is_none());
        }
    }
});
