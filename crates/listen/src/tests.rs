use dandelion_post::Post;

use crate::{Facts, explain, parse};

pub(crate) mod generate;
mod hostile;
mod matcher;
mod meaning;
mod words;

/// So many cases of a property, or as many as `PROPTEST_CASES` asks for.
pub(crate) fn cases(cases: u32) -> proptest::test_runner::Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|asked| asked.parse().ok());
    proptest::test_runner::Config { cases: asked.unwrap_or(cases), ..Default::default() }
}

pub(crate) fn post(text: &str) -> Post {
    Post { text: text.to_owned(), ..Post::default() }
}

/// Whether a query matches a text.
pub(crate) fn matches(query: &str, text: &str) -> bool {
    let query = parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
    explain(&query, &post(text), &Facts::default()).truth
}

#[test]
fn a_first_look() {
    for (query, text, wanted) in [
        ("kettle broken", "My broken Kettle", true),
        ("\"acme kettle\"", "acme-kettle", true),
        ("wi-fi", "wi-fi", true),
        ("wi-fi", "wi fi", false),
        ("a NEAR/1 b", "b x a", true),
        ("a ONEAR/1 b", "b x a", false),
        ("水壶", "我的水壶坏了", true),
        ("C++", "C", false),
        ("acme", "Acme's", true),
        ("kettle~1", "kettel", true),
        ("{ACME}", "acme ACME", true),
        ("k?ttle", "kattle", true),
        ("has:link kettle", "kettle https://x.y/z", true),
    ] {
        assert_eq!(matches(query, text), wanted, "{query} | {text}");
    }
}
