//! Queries, texts and posts by chance, from few words so that they meet.

use dandelion_post::{Author, Metrics, Post};
use proptest::prelude::*;

use crate::query::{Leaf, NameField, NamePattern, Near, Node, NumberField, Query};
use crate::{MAX_COST, parse};

/// What is typed for one leaf of words.
const TYPED: &[&str] = &[
    "a",
    "b",
    "ab",
    "abc",
    "kettle",
    "kettles",
    "ß",
    "Äb",
    "c++",
    "c",
    "C#",
    "at&t",
    "don't",
    "don",
    "wi-fi",
    "wi",
    "fi",
    ".net",
    "net",
    "acme'nin",
    "acme",
    "nin",
    "#a",
    "#acme",
    "@acme",
    "@acme@mastodon.social",
    "@b.c",
    "$AB",
    "😡",
    "👍🏽",
    "👍",
    "👩‍🍳",
    "🇩🇪",
    "水",
    "水壶",
    "か",
    "がす",
    "กา",
    "主",
    "주전자",
    "дом",
    "й",
    "и",
    "שלום",
    "مرحبا",
    "हिन्दी",
    "οδός",
    "3",
    "18+",
    "x_y",
    "ab*",
    "*ab",
    "a?b",
    "k*e",
    "ket*",
    "#ac*",
    "@ac*",
    "wi-f*",
    "kettle~1",
    "acme~1",
    "kettle~2",
    "{a}",
    "{ACME}",
    "{Wi-Fi}",
    "{😡}",
    "{a b}",
    "{水}",
    "\"a b\"",
    "\"a b c\"",
    "\"a b\"~1",
    "\"a c\"~2",
    "\"a a\"",
    "\"wi-fi a\"",
    "\"#a b\"",
    "\"水 壶\"",
    "\"水壶 a\"",
    "\"ab* a\"",
    "\"😡 a\"",
    "a/b",
    "a-b",
    "3.5",
    "iPhone水",
    "\"a\"",
    "\"don't a\"",
    "\"a b a\"~3",
    "\"@acme a\"",
];

/// What texts are made of.
const PARTS: &[&str] = &[
    " ",
    " ",
    " ",
    " ",
    "a",
    "b",
    "c",
    "a",
    "b",
    "ab",
    "abc",
    "kettle",
    "Kettle",
    "kettel",
    "kettles",
    "ß",
    "ss",
    "äB",
    "c++",
    "C",
    "C#",
    "AT&amp;T",
    "at&t",
    "don't",
    "Don’t",
    "don",
    "wi-fi",
    "wi",
    "fi",
    "Wi‐Fi",
    ".NET",
    "net",
    "Acme'nin",
    "acme",
    "ACME",
    "Acme's",
    "acme™",
    "#a",
    "#acme",
    "#Acme",
    "＃a",
    "@acme",
    "@acme@mastodon.social",
    "@b.c.",
    "@b.c",
    "$AB",
    "😡",
    "👍🏽",
    "👍",
    "👍🏿",
    "👩‍🍳",
    "👩🏽‍🍳",
    "🇩🇪",
    "🇩🇪🇫🇷",
    "❤️",
    "1️⃣",
    "水",
    "壶",
    "水壶",
    "か",
    "がす",
    "ガス",
    "ｶﾞ",
    "กา",
    "ต้มน้ำ",
    "주전자",
    "дом",
    "Й",
    "и",
    "שָׁלוֹם",
    "שלום",
    "مَرْحَبًا",
    "हिन्दी",
    "ΟΔΟΣ",
    "3",
    "18+",
    "x_y",
    "iPhone",
    "https://x.y/a?b",
    "acme.com",
    "bob@acme.com",
    "www.a.b",
    ".",
    "!",
    "-",
    "'",
    "’",
    "&",
    "+",
    "#",
    "@",
    "$",
    "/",
    "?",
    "\u{301}",
    "\u{200b}",
    "\u{ad}",
    "\u{200d}",
    "\u{fe0f}",
    "\u{20e3}",
    "\u{1f3fd}",
    "&amp;",
    "&#39;",
    "&lt;",
    "½",
    "\0",
    "\u{202e}",
    "…",
    "。",
    "_",
    "\n",
    "1",
    "rock'n'roll",
    "a-b&c",
];

/// A leaf of words, as typing makes it.
fn words() -> impl Strategy<Value = Node> {
    prop::sample::select(TYPED).prop_map(|typed| parse(typed).unwrap_or_else(|error| panic!("{typed}: {error}")).root)
}

/// A leaf of the title.
fn titled() -> impl Strategy<Value = Node> {
    words().prop_map(|node| match node {
        Node::Leaf(Leaf::Text(phrase)) => Node::Leaf(Leaf::Title(phrase)),
        other => other,
    })
}

const FIELDS: &[&str] = &[
    "from:acme",
    "from:ac*",
    "from:7",
    "to:acme",
    "mentions:acme",
    "mentions:b.c",
    "lang:de",
    "lang:pt",
    "country:SE",
    "network:x",
    "source:\"My feed\"",
    "site:a.b",
    "link:\"x.y/a\"",
    "in:t1",
    "type:reply",
    "sentiment:negative",
    "intent:complaint",
    "topic:leaks",
    "unit:repairs",
    "since:2026-01-01",
    "until:2026-01-01",
    "since:\"2026-01-01T10:00:00Z\"",
    "has:link",
    "has:media",
    "has:question",
    "has:emoji",
    "has:coordinates",
    "is:reply",
    "is:repost",
    "is:verified",
    "is:ours",
    "followers:>10",
    "likes:5",
    "age:<=30d",
    "urgency:2",
    "query:other",
    "query:\"an other\"",
];

const NAMES: &[NameField] = &[NameField::From, NameField::Source, NameField::Topic, NameField::In, NameField::Link];

fn field() -> impl Strategy<Value = Node> {
    let number =
        (prop::sample::select(NumberField::ALL), 0_i64..20, 0_i64..20, 0..3).prop_map(|(field, a, b, open)| {
            let (low, high) = (a.min(b), a.max(b));
            Node::Leaf(Leaf::Number { field, low: (open != 0).then_some(low), high: (open != 1).then_some(high) })
        });
    let name = (prop::sample::select(NAMES), "[a-c 水:./?&-]{0,4}[a-c]").prop_map(|(field, typed)| {
        let text = parse::address(&typed);
        Node::Leaf(Leaf::Name {
            field,
            value: NamePattern { text: if text.is_empty() { "a".into() } else { text }, wild: false },
        })
    });
    let typed =
        prop::sample::select(FIELDS).prop_map(|typed| parse(typed).unwrap_or_else(|e| panic!("{typed}: {e}")).root);
    prop_oneof![3 => typed, 1 => number, 1 => name]
}

/// What may stand on a side of a nearness.
fn place(leaf: BoxedStrategy<Node>) -> BoxedStrategy<Node> {
    let near = |(left, right, within, ordered): (Node, Node, u32, bool)| Near::node(left, right, within, ordered);
    leaf.prop_recursive(3, 8, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Node::or),
            (inner.clone(), inner, 0_u32..4, any::<bool>()).prop_map(near),
        ]
    })
    .boxed()
}

fn node() -> impl Strategy<Value = Node> {
    let near = |leaf: BoxedStrategy<Node>| {
        (place(leaf.clone()), place(leaf), 0_u32..6, any::<bool>())
            .prop_map(|(left, right, within, ordered)| Near::node(left, right, within, ordered))
    };
    let leaf = prop_oneof![
        8 => words(), 1 => titled(), 2 => field(), 3 => near(words().boxed()), 1 => near(titled().boxed())
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 2..4).prop_map(Node::and),
            3 => prop::collection::vec(inner.clone(), 2..4).prop_map(Node::or),
            1 => inner.prop_map(|inner| Node::Not(Box::new(inner))),
        ]
    })
}

/// A whole query.
pub(crate) fn query() -> impl Strategy<Value = Query> {
    let takes = |node: &Node| !node.holds_of_nothing() && crate::cost::cost(node) <= MAX_COST;
    node().prop_filter("must need something", takes).prop_map(|root| Query { root })
}

/// What somebody may type for a query, right or wrong.
pub(crate) fn typed() -> impl Strategy<Value = String> {
    let glue = [
        "(",
        ")",
        " ",
        " ",
        " ",
        " AND ",
        " OR ",
        " NOT ",
        " -",
        " NEAR/2 ",
        " ONEAR/1 ",
        "\"",
        "{",
        "}",
        "*",
        "?",
        "~1",
        "~",
        ":",
        "title:",
        "from:(",
        "#",
        "@",
        "likes:>",
        "–",
        "AND",
        "NEAR",
        "/",
    ];
    let part = prop_oneof![
        4 => prop::sample::select(TYPED).prop_map(str::to_owned),
        1 => prop::sample::select(FIELDS).prop_map(str::to_owned),
        4 => prop::sample::select(glue.to_vec()).prop_map(str::to_owned),
        1 => prop::sample::select(PARTS).prop_map(str::to_owned),
    ];
    prop_oneof![
        6 => prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat()),
        1 => "\\PC{0,40}",
    ]
}

/// What somebody may post.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::collection::vec(prop::sample::select(PARTS), 0..24).prop_map(|parts| parts.concat()),
        4 => prop::collection::vec(prop::sample::select(PARTS), 0..16).prop_map(|parts| parts.join(" ")),
        1 => "\\PC{0,60}",
    ]
}

/// A post with what is known of it.
pub(crate) fn post() -> impl Strategy<Value = Post> {
    let some = |of: &'static [&'static str]| prop::option::of(prop::sample::select(of).prop_map(str::to_owned));
    let count = || prop::option::of(0_i64..20);
    let who = (
        some(&["acme", "@ACME", "acme@mastodon.social", "bob", "b"]),
        some(&["7", "b"]),
        count(),
        any::<Option<bool>>(),
    );
    let when = prop::option::of(prop::sample::select(
        &["2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-01-01T10:00:00Z"][..],
    ));
    let said = (
        some(&["de", "DE_at", "pt-BR", "den"]),
        some(&["https://a.b/x", "https://na.b", "https://x.a.b:80/"]),
        some(&["t1", "T1"]),
        some(&["1"]),
        some(&["reply", "Repost"]),
    );
    (text(), prop::option::of(text()), prop::option::of(who), when, said, count(), some(&["https://x.y/a/b", "x.y"]))
        .prop_map(|(text, title, who, when, (lang, url, thread, in_reply_to, sort), likes, link)| {
            let mut post = Post { text, title, lang, url, thread, in_reply_to, ..Post::default() };
            post.created_at = when.and_then(|it| it.parse().ok());
            post.metrics = Metrics { likes, ..Metrics::default() };
            post.links.extend(link);
            post.author = who.map(|(handle, id, followers, verified)| {
                let created_at = "2025-12-20T00:00:00Z".parse().ok();
                Author { handle, id, followers, verified, created_at, ..Author::default() }
            });
            if let Some(sort) = sort {
                post.extra.insert("type".into(), sort.into());
            }
            post
        })
}
