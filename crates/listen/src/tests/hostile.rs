//! Queries and posts made to be slow, large or deep: refused or answered.

use super::{matches, post};
use crate::{Facts, Hit, MAX_BYTES, MAX_DEPTH, Matcher, Scratch, explain, near_miss, parse, read};

#[test]
fn deep_and_huge_queries_are_refused_in_words() {
    let long = "a".repeat(60_000);
    for (query, said) in [
        ("(".repeat(10_000) + "a" + &")".repeat(10_000), "deep"),
        ("(".repeat(20_000), "deep"),
        ("-".repeat(20_000) + "a", "deep"),
        ("NOT ".repeat(15_000) + "a", "deep"),
        ("a NEAR/1 ".repeat(7_000) + "a", "deep"),
        ("lang:(".repeat(10_000), "cannot stand inside"),
        ("(((".repeat(400_000), "1200000 bytes"),
        ("*a ".repeat(400_000), "1200000 bytes"),
        ("*a".repeat(30_000), "at most 64 characters"),
        ("*ab ".repeat(16_000), "costs 800000"),
        (format!("{long}~2"), "at most 64 characters"),
        (format!("{long}:x"), "no field"),
        (format!("sentiment:{long}"), "does not know"),
        (format!("\"{}\"", "a ".repeat(8_000)), "at most 100"),
        ("a/".repeat(30_000), "at most 100"),
        (format!("{{{}}}", "a ".repeat(8_000)), "at most 100"),
        ("\"".repeat(60_000), "nothing between"),
        ("{".repeat(60_000), "never closed"),
        ("\0".repeat(60_000), "no letter"),
        ("\u{301}".repeat(30_000), "no letter"),
        ("\u{202e}".repeat(20_000), "no letter"),
        (format!("({0}) NEAR/1 ({0})", "a ".repeat(8_000)), "too many pairs"),
        (format!("({0}) NEAR/1 ({0}) NEAR/1 ({0})", "a ".repeat(40)), "too many pairs"),
        (format!("({}) NEAR/1 ({}b)", "a ".repeat(4_000), "b OR ".repeat(4_000)), "too many pairs"),
    ] {
        let error = parse(&query).expect_err(said);
        assert!(error.message.contains(said), "{said}: {error}");
        assert!(error.message.len() < 400 && error.hint.len() < 600, "{said}");
        assert!(query.get(error.span.clone()).is_some());
        assert_eq!(read(&query).query, Err(error));
    }
    assert!(parse(&"a".repeat(MAX_BYTES)).is_ok());
    assert!(parse(&"a".repeat(MAX_BYTES + 1)).is_err());
}

#[test]
fn the_deepest_query_taken_still_works() {
    let deepest = "(".repeat(MAX_DEPTH) + "kettle" + &")".repeat(MAX_DEPTH);
    assert!(matches(&deepest, "kettle"));
    assert!(parse(&format!("({deepest})")).is_err());
    let negated = "NOT ".repeat(MAX_DEPTH) + "kettle";
    assert!(matches(&negated, "kettle"));
    assert!(!matches(&parse(&negated).unwrap().to_string(), "lid"));
    let chained = "a NEAR/1 ".repeat(MAX_DEPTH) + "a";
    assert_eq!(parse(&parse(&chained).unwrap().to_string()), parse(&chained));
}

#[test]
fn hostile_posts_are_answered() {
    let queries = [
        "aa* OR \"a a a\" OR 水 OR a~1x OR abc~1",
        "a -b",
        "#a OR @a OR $a",
        "a NEAR/100 a NEAR/100 a",
        "\"a a a a\"~100",
        "*aab OR a?a*aab*aa?b",
        "aaaaaaaa~2",
        "(a OR a*a) NEAR/5 (水 OR 😡)",
        "{a} OR has:question OR has:link OR has:emoji OR mentions:a",
    ];
    let queries = queries.map(|query| parse(query).unwrap());
    let matcher = Matcher::new((0..).zip(queries.clone()));
    let (mut scratch, mut hits) = (Scratch::default(), Vec::new());
    for text in [
        "a".repeat(1_000_000),
        "a ".repeat(8_000),
        "aa ".repeat(8_000),
        "水".repeat(10_000),
        "\u{301}".repeat(128 * 1024),
        format!("a{}", "\u{335}".repeat(128 * 1024)),
        "\0".repeat(256 * 1024),
        "\u{202e}a".repeat(60 * 1024),
        "#@".repeat(128 * 1024),
        "s's".repeat(20 * 1024),
        "a-".repeat(20 * 1024),
        "a.".repeat(4 * 1024),
        "a&a'".repeat(5 * 1024),
        "@a.".repeat(10 * 1024),
        "@a@a.a".repeat(4 * 1024),
        "http://".repeat(36 * 1024),
        "http:// ".repeat(8 * 1024),
        "www.a".repeat(30 * 1024),
        "&amp;".repeat(50 * 1024),
        "&#".repeat(50 * 1024),
        "👩\u{200d}".repeat(20 * 1024),
        "🇩".repeat(20 * 1024),
        "\u{1f3fd}".repeat(20 * 1024),
        "+".repeat(256 * 1024),
        "a+".repeat(5 * 1024),
        "ﷺ".repeat(20 * 1024),
    ] {
        let post = post(&text);
        matcher.matches(&post, &Facts::default(), &mut scratch, &mut hits);
        for hit in &hits {
            assert!(hit.spans.len() <= Hit::MAX_SPANS);
            assert!(hit.spans.iter().all(|span| text.get(span.clone()).is_some()));
        }
        let _ = explain(&queries[3], &post, &Facts::default());
        let _ = near_miss(&queries[1], &post, &Facts::default());
    }
}

#[test]
fn ten_thousand_queries_find_theirs() {
    let queries = (0..10_000).map(|n| (n, parse(&format!("kettle word{n} -nothing")).unwrap()));
    let matcher = Matcher::new(queries);
    let (mut scratch, mut hits) = (Scratch::default(), Vec::new());
    matcher.hits(&post("kettle word42 word9999 word10000"), &Facts::default(), &mut scratch, &mut hits);
    assert_eq!(hits, [42, 9999]);
    let changed = matcher.with(42, parse("lid").unwrap()).without(9999);
    changed.hits(&post("kettle word42 word9999 lid"), &Facts::default(), &mut scratch, &mut hits);
    assert_eq!(hits, [42]);
    assert_eq!((matcher.len(), changed.len()), (10_000, 9_999));
}
