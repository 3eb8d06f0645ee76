//! The compiled matcher against the specification: each query asked alone, word by word.

use dandelion_post::Post;
use proptest::prelude::*;

use super::post;
use crate::explain::{explain, holds};
use crate::known::Known;
use crate::words::Words;
use crate::words::scan::Scan;
use crate::{Facts, Hit, Matcher, Query, Scratch, parse};

/// What a text gives through the fast path, as the careful path tells it.
pub(super) fn assert_cut_alike(text: &str) {
    let mut scan = Scan::default();
    scan.add(text);
    let fast: Vec<_> = scan
        .entries
        .iter()
        .map(|it| {
            let word = String::from_utf8_lossy(scan.word(it)).into_owned();
            (it.kind, it.from, it.to(), word, it.start as usize..it.end as usize, it.adjacent)
        })
        .collect();
    let careful: Vec<_> =
        Words::of(text).iter().map(|it| (it.kind, it.from, it.to, it.word.to_owned(), it.span, it.adjacent)).collect();
    assert_eq!(fast, careful, "{text:?}");
    for entry in &scan.entries {
        assert_eq!(entry.hash, crate::words::hash::hash_of(scan.word(entry)), "{text:?}");
    }
}

/// Pieces that meet in unlucky ways.
fn piece() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "kettle",
        "Kettle",
        "acme",
        "a",
        "b",
        "c",
        "wi-fi",
        "don't",
        "Acme's",
        "AT&T",
        "C++",
        "C#",
        ".NET",
        "#acme",
        "@acme",
        "@acme@mastodon.social",
        "$ACME",
        "https://t.co/ab",
        "acme.com",
        "bob@acme.com",
        "&amp;",
        "&#39;",
        "’",
        "'",
        "-",
        ".",
        "_",
        "水",
        "水壶",
        "やかん",
        "กาต้มน้ำ",
        "😡",
        "👍🏽",
        "👩‍🍳",
        "é",
        "e\u{301}",
        "ß",
        "\u{200d}",
        "\u{ad}",
        "\u{301}",
        "#",
        "@",
        "+",
        "$",
        "3.5",
        "(",
        "!",
        "\0",
        "word_word",
        "kettles",
        "kettel",
        "#水壶",
        "ÀÉ",
    ];
    prop_oneof![4 => proptest::sample::select(PIECES).prop_map(ToOwned::to_owned), 1 => any::<char>().prop_map(String::from)]
}

pub(super) fn text() -> impl Strategy<Value = String> {
    let space = proptest::sample::select(&["", "", " ", " ", " ", "\n", "  ", ", "][..]);
    proptest::collection::vec((piece(), space), 0..20)
        .prop_map(|pieces| pieces.into_iter().map(|(piece, space)| piece + space).collect())
}

fn leaf() -> impl Strategy<Value = String> {
    const LEAVES: &[&str] = &[
        "kettle",
        "acme",
        "a",
        "b",
        "c",
        "wi-fi",
        "don't",
        "AT&T",
        "C++",
        "C#",
        ".NET",
        "#acme",
        "@acme",
        "$ACME",
        "水",
        "水壶",
        "やかん",
        "ต้ม",
        "😡",
        "👍🏽",
        "👍",
        "ket*",
        "kettl*",
        "k?ttle",
        "*ttle",
        "kettle~1",
        "kettle~2",
        "{Kettle}",
        "{AT&T}",
        "{Acme Kettle}",
        "\"acme kettle\"",
        "\"a b\"~3",
        "\"水壶 acme\"",
        "\"a b c\"~2",
        "\"wi-fi a\"",
        "#ac*",
        "title:kettle",
        "title:\"a b\"",
        "from:acme",
        "lang:pt",
        "network:forum",
        "site:example.com",
        "has:link",
        "has:emoji",
        "has:question",
        "followers:>10",
        "is:reply",
        "mentions:acme",
        "to:acme",
        "link:t.co",
        "a NEAR/2 b",
        "(a OR kettle) ONEAR/1 (b OR c)",
        "a NEAR/1 b NEAR/2 c",
        "\"a b\" NEAR/3 acme",
        "水壶 NEAR/2 acme",
        "#水壶",
        "from:ac*",
        "type:reply",
    ];
    proptest::sample::select(LEAVES).prop_map(ToOwned::to_owned)
}

fn text_of_query() -> impl Strategy<Value = String> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(|members| format!("({})", members.join(" OR "))),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(|members| format!("({})", members.join(" "))),
            (inner.clone(), inner).prop_map(|(a, b)| format!("({a} NOT {b})")),
        ]
    })
}

fn query() -> impl Strategy<Value = Query> {
    text_of_query().prop_filter_map("it matches nothing without words", |text| parse(&text).ok())
}

fn any_post() -> impl Strategy<Value = Post> {
    let fields = (
        proptest::option::of(text()),
        proptest::sample::select(&["", "acme", "bob"][..]),
        proptest::sample::select(&["", "pt-BR", "en"][..]),
        proptest::option::of(0..20_i64),
        proptest::bool::ANY,
    );
    (text(), fields).prop_map(|(text, (title, name, lang, followers, reply))| {
        let some = |value: &str| (!value.is_empty()).then(|| value.to_owned());
        let author = dandelion_post::Author { handle: some(name), followers, ..Default::default() };
        Post {
            title,
            lang: some(lang),
            author: Some(author),
            url: some(&format!("https://{name}.example.com/1")),
            in_reply_to: reply.then(|| "1".to_owned()),
            ..post(&text)
        }
    })
}

fn plain_hits(queries: &[(i64, Query)], post: &Post, facts: &Facts) -> Vec<i64> {
    let known = Known::of(post, facts);
    queries.iter().filter(|(_, query)| holds(&query.root, &known)).map(|(number, _)| *number).collect()
}

fn hits(matcher: &Matcher, post: &Post, facts: &Facts) -> Vec<i64> {
    let mut hits = Vec::new();
    matcher.hits(post, facts, &mut Scratch::default(), &mut hits);
    hits
}

fn plain_matches(queries: &[(i64, Query)], post: &Post, facts: &Facts) -> Vec<Hit> {
    let explained = queries.iter().map(|(number, query)| (*number, explain(query, post, facts)));
    explained.filter(|(_, why)| why.truth).map(|(query, why)| Hit { query, spans: why.spans }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 600 } else { 20_000 }))]

    #[test]
    fn both_paths_cut_alike(text in text()) {
        assert_cut_alike(&text);
    }

    #[test]
    fn it_finds_what_each_query_alone_finds(
        queries in proptest::collection::vec(query(), 1..12),
        posts in proptest::collection::vec(any_post(), 1..4),
    ) {
        let queries: Vec<(i64, Query)> = (1..).zip(queries).collect();
        let matcher = Matcher::new(queries.clone());
        let facts = Facts { network: Some("forum"), ..Facts::default() };
        let mut scratch = Scratch::default();
        for post in &posts {
            let wanted = plain_hits(&queries, post, &facts);
            let mut found = Vec::new();
            matcher.hits(post, &facts, &mut scratch, &mut found);
            let shown: Vec<String> = queries.iter().map(|(_, query)| query.to_string()).collect();
            prop_assert_eq!(&found, &wanted, "{:?} {:?} {:?}", post.title, post.text, shown);
            let mut why = Vec::new();
            matcher.matches(post, &facts, &mut scratch, &mut why);
            prop_assert_eq!(why, plain_matches(&queries, post, &facts), "{:?} {:?} {:?}", post.title, post.text, shown);
        }
    }

    #[test]
    fn changes_give_what_a_new_matcher_gives(
        first in proptest::collection::vec(query(), 1..8),
        changes in proptest::collection::vec((0..10_i64, proptest::option::of(query()), proptest::bool::ANY), 1..12),
        post in any_post(),
    ) {
        let facts = Facts::default();
        let mut queries: std::collections::BTreeMap<i64, Query> = (0..).zip(first).collect();
        let mut matcher = Matcher::new(queries.clone());
        for (number, query, compact) in changes {
            match query {
                Some(query) => {
                    matcher = matcher.with(number, query.clone());
                    queries.insert(number, query);
                }
                None => {
                    matcher = matcher.without(number);
                    queries.remove(&number);
                }
            }
            if compact {
                matcher = matcher.compacted();
            }
            let all: Vec<(i64, Query)> = queries.clone().into_iter().collect();
            prop_assert_eq!(hits(&matcher, &post, &facts), plain_hits(&all, &post, &facts));
            prop_assert_eq!(matcher.len(), queries.len());
        }
    }
}
