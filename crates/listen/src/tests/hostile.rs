use super::{matches, post};
use crate::{Hit, MAX_BYTES, MAX_DEPTH, Matcher, parse};

#[test]
fn deep_and_huge_queries_are_refused_with_the_limit() {
    for deep in ["(".repeat(20_000), "-".repeat(20_000) + "a", "NOT ".repeat(15_000) + "a"] {
        let error = parse(&deep).unwrap_err();
        assert!(error.message.contains("deep") || error.message.contains("letter"), "{error}");
    }
    let error = parse(&"*a ".repeat(400_000)).unwrap_err();
    assert!(error.message.contains(&MAX_BYTES.to_string()), "{error}");
}

#[test]
fn the_deepest_query_taken_still_works() {
    let deepest = "(".repeat(MAX_DEPTH) + "kettle" + &")".repeat(MAX_DEPTH);
    assert!(matches(&deepest, "kettle"));
    assert!(parse(&format!("({deepest})")).is_err());
    let negated = "NOT ".repeat(MAX_DEPTH) + "kettle";
    assert!(matches(&negated, "kettle"));
    assert!(!matches(&parse(&negated).unwrap().to_string(), "lid"));
}

#[test]
fn hostile_posts_are_answered_within_bounds() {
    let queries = ["aa* OR \"a a a\" OR 水", "a -b", "#a OR @a"];
    let matcher = Matcher::new((0..).zip(queries.map(|q| parse(q).unwrap())));
    let mut hits = Vec::new();
    for text in [
        "a".repeat(256 * 1024),
        "a ".repeat(128 * 1024),
        "水".repeat(80 * 1024),
        "\u{301}".repeat(128 * 1024),
        format!("a{}", "\u{335}".repeat(128 * 1024)),
        "\0".repeat(256 * 1024),
        "\u{202e}a".repeat(60 * 1024),
        "#@".repeat(128 * 1024),
        "s's".repeat(80 * 1024),
        "http://".repeat(36 * 1024),
    ] {
        matcher.matches(&post(&text), &mut hits);
        for hit in &hits {
            assert!(hit.spans.len() <= Hit::MAX_SPANS);
            assert!(hit.spans.iter().all(|span| text.get(span.clone()).is_some()));
        }
    }
}

#[test]
fn ten_thousand_queries_find_theirs() {
    let queries = (0..10_000).map(|n| (n, parse(&format!("kettle word{n} -nothing")).unwrap()));
    let matcher = Matcher::new(queries);
    let mut hits = Vec::new();
    matcher.matches(&post("kettle word42 word9999 word10000"), &mut hits);
    assert_eq!(hits.iter().map(|hit| hit.query).collect::<Vec<_>>(), [42, 9999]);
    assert_eq!(matcher.len(), 10_000);
}
