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

/// All real posts at hand.
fn real_texts() -> Vec<String> {
    let shared = std::env::var("DANDELION_SHARED").unwrap_or_else(|_| "../../../shared".to_owned());
    let sets = std::fs::read_dir(format!("{shared}/data/splits")).into_iter().flatten().flatten();
    let mut files: Vec<_> =
        sets.flat_map(|set| std::fs::read_dir(set.path()).into_iter().flatten().flatten()).collect();
    files.sort_by_key(std::fs::DirEntry::path);
    let tables = files.iter().filter_map(|file| std::fs::read_to_string(file.path()).ok());
    tables
        .flat_map(|table| {
            let column = table.lines().next().and_then(|head| head.split('\t').position(|name| name == "text"));
            let text = |row: &str| row.split('\t').nth(column?).map(ToOwned::to_owned);
            table.split('\n').skip(1).filter_map(text).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
#[ignore = "reads every real post beside the repository: `./scripts/measure listen.naive` runs it"]
fn real_posts_are_cut_alike_on_both_paths() {
    let texts = real_texts();
    assert!(!texts.is_empty(), "there are no posts under DANDELION_SHARED");
    for text in &texts {
        assert_cut_alike(text);
    }
    println!("{{\"posts\": {}}}", texts.len());
}

#[test]
#[ignore = "every real post × 1,000 queries takes minutes: `./scripts/measure listen.naive` runs it"]
fn real_posts_give_the_hits_that_each_query_alone_gives() {
    let file = std::env::var("DANDELION_QUERIES").expect("DANDELION_QUERIES names a file of queries");
    let listed = crate::queries::read(&std::fs::read_to_string(file).unwrap()).unwrap();
    let queries: Vec<(i64, Query)> = (0..).zip(listed.into_iter().map(|it| it.query)).collect();
    let learning = Matcher::new(queries.clone());
    let (mut scratch, mut found) = (Scratch::default(), Vec::new());
    let posts: Vec<Post> = real_texts().iter().map(|text| post(text)).collect();
    for post in &posts {
        learning.hits(post, &Facts::default(), &mut scratch, &mut found);
    }
    let matcher = learning.compacted();
    let part = posts.len().div_ceil(std::thread::available_parallelism().map_or(1, std::num::NonZero::get)).max(1);
    let hits: usize = std::thread::scope(|scope| {
        let check = |posts| {
            let (queries, learning, matcher) = (&queries, &learning, &matcher);
            move || count_alike(posts, queries, &[learning, matcher])
        };
        let threads: Vec<_> = posts.chunks(part).map(|posts| scope.spawn(check(posts))).collect();
        threads.into_iter().map(|thread| thread.join().expect("the hits are the same")).sum()
    });
    assert!(hits > 0, "nothing matched");
    println!("{{\"posts\": {}, \"queries\": {}, \"hits\": {hits}}}", posts.len(), queries.len());
}

fn count_alike(posts: &[Post], queries: &[(i64, Query)], matchers: &[&Matcher]) -> usize {
    let facts = Facts::default();
    let (mut scratch, mut found, mut hits) = (Scratch::default(), Vec::new(), 0);
    for post in posts {
        let wanted = plain_hits(queries, post, &facts);
        for matcher in matchers {
            matcher.hits(post, &facts, &mut scratch, &mut found);
            assert_eq!(found, wanted, "{:?}", post.text);
        }
        hits += wanted.len();
    }
    hits
}

/// One query of ten thousand is added, changed and taken away while numbered posts pass: each change is seen by the next
/// post, soon, and every post is matched once by whatever holds at its time.
#[test]
fn a_change_under_traffic_misses_no_post_and_doubles_none() {
    use std::sync::Mutex;
    use std::time::{Duration, Instant};

    const QUERIES: i64 = if cfg!(debug_assertions) { 1_000 } else { 10_000 };
    let queries = (0..QUERIES).map(|number| (number, parse(&format!("every word{number} OR all")).unwrap()));
    let shared = Mutex::new(Matcher::new(queries));
    let done = std::sync::atomic::AtomicBool::new(false);
    let mut slowest = Duration::ZERO;
    std::thread::scope(|scope| {
        let traffic = scope.spawn(|| {
            let (mut scratch, mut found, mut seen) = (Scratch::default(), Vec::new(), Vec::new());
            for number in 0.. {
                let matcher = shared.lock().unwrap().clone();
                matcher.hits(
                    &post(&format!("every post has a number: word{number}")),
                    &Facts::default(),
                    &mut scratch,
                    &mut found,
                );
                let old = found.iter().filter(|query| **query < QUERIES).count();
                assert_eq!(old, usize::from(number < QUERIES), "post {number}");
                let new = found.iter().filter(|query| **query >= QUERIES).count();
                seen.push(new);
                if done.load(std::sync::atomic::Ordering::Acquire) {
                    return seen;
                }
            }
            seen
        });
        let mut change = |to: &dyn Fn(&Matcher) -> Matcher| {
            let begun = Instant::now();
            let changed = to(&shared.lock().unwrap());
            *shared.lock().unwrap() = changed;
            slowest = slowest.max(begun.elapsed());
            std::thread::sleep(Duration::from_millis(30));
        };
        change(&|matcher| matcher.with(QUERIES, parse("\"every post\"").unwrap()));
        change(&|matcher| matcher.with(QUERIES, parse("number").unwrap()));
        // Beside the traffic, as a caller does it who holds no lock meanwhile.
        let compacted = shared.lock().unwrap().clone().compacted();
        *shared.lock().unwrap() = compacted;
        change(&|matcher| matcher.with(QUERIES, parse("\"a number\"").unwrap()));
        change(&|matcher| matcher.without(QUERIES));
        done.store(true, std::sync::atomic::Ordering::Release);
        let seen = traffic.join().expect("no post is missed");
        let first = seen.iter().position(|new| *new == 1).unwrap();
        let last = seen.iter().rposition(|new| *new == 1).unwrap();
        assert!(
            seen[first..=last].iter().all(|new| *new == 1),
            "between the first and the last change each post has it once"
        );
    });
    println!("{{\"queries\": {QUERIES}, \"slowest_ms\": {:.2}}}", slowest.as_secs_f64() * 1e3);
    assert!(slowest < Duration::from_millis(100), "a change took {slowest:?}");
}

/// What generated texts found, kept.
#[test]
fn what_was_cut_otherwise_once_is_cut_alike() {
    for text in
        ["#acme's#acme", "#acmeAcme's#水", "@b’s@b", "#acme's #acme", "kettles'Ð'kettel", "don'ť", "we'ŕe", "we'ŔÉ a"]
    {
        assert_cut_alike(text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 300 } else { 4_000 }))]

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
            if let Some(query) = query {
                matcher = matcher.with(number, query.clone());
                queries.insert(number, query);
            } else {
                matcher = matcher.without(number);
                queries.remove(&number);
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
