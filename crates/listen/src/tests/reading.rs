use proptest::prelude::*;

use crate::parse;
use crate::query::{Leaf, Node, Query};

/// (query, the bytes meant, what is said)
const FAULTS: &[(&str, &str, &str)] = &[
    ("", "", "the query is empty"),
    ("   ", "   ", "the query is empty"),
    ("-recipe", "-recipe", "only says what to leave out"),
    ("NOT (a b)", "NOT (a b)", "only says what to leave out"),
    ("kettle OR -recipe", "kettle OR -recipe", "only says what to leave out"),
    ("NOT a NOT b", "NOT a NOT b", "only says what to leave out"),
    ("kettle AND", "AND", "`AND` needs something on its right"),
    ("kettle OR", "OR", "`OR` needs something on its right"),
    ("kettle NOT", "NOT", "`NOT` needs something on its right"),
    ("AND kettle", "AND", "`AND` needs something on its left"),
    ("OR kettle", "OR", "`OR` needs something on its left"),
    ("a AND OR b", "AND", "`AND` needs something on its right"),
    ("(a OR) b", "OR", "`OR` needs something on its right"),
    ("(OR a) b", "OR", "`OR` needs something on its left"),
    ("(kettle", "(", "never closed"),
    ("a (", "(", "never closed"),
    ("kettle)", ")", "closes nothing"),
    (")", ")", "closes nothing"),
    ("a ()", "()", "nothing between"),
    ("\"kettle", "\"kettle", "never closed"),
    ("a \"…\"", "\"…\"", "no letter or digit"),
    ("a & b", "&", "no letter or digit"),
    ("kettle 🔥", "🔥", "no letter or digit"),
    ("k*", "k*", "nearly everything"),
    ("*", "*", "no letter or digit"),
    ("ket*le", "*", "end of a word"),
    ("*kettle", "*", "end of a word"),
    ("kettle**", "*", "end of a word"),
    ("wi-fi*", "wi-fi*", "does not directly end a single word"),
    ("kettle,*", "kettle,*", "does not directly end a single word"),
    ("-", "-", "no letter or digit"),
    ("a - b", "-", "no letter or digit"),
];

#[test]
fn faults_have_a_place_words_and_a_hint() {
    for (query, place, said) in FAULTS {
        let error = parse(query).expect_err(query);
        assert!(error.message.contains(said), "{query}: {error}");
        assert_eq!(&query[error.span.clone()], *place, "{query}: {error}");
        assert!(!error.hint.is_empty());
    }
}

#[test]
fn printing_is_canonical() {
    for (query, printed) in [
        ("kettle   AND lid", "kettle lid"),
        ("((a OR b)) AND -c", "(a OR b) NOT c"),
        ("a OR (b c)", "a OR b c"),
        ("-(a b) c", "NOT (a b) c"),
        ("wi-fi OR “Über uns”", "\"wi-fi\" OR \"Über uns\""),
        ("Repair* #Tag* @Me", "Repair* #Tag* @Me"),
        ("Acme's AND, x", "Acme \"AND,\" x"),
        ("(a (b (c)))", "a b c"),
    ] {
        assert_eq!(parse(query).unwrap().to_string(), printed);
    }
}

pub(super) fn query() -> impl Strategy<Value = Query> {
    node().prop_filter("must need a word", |node| !node.holds(&mut |_| false)).prop_map(|root| Query { root })
}

fn node() -> impl Strategy<Value = Node> {
    let word = || "[a-cA-Cäß]{1,3}|AN|水|水壶|か[a-b]?".prop_filter("one kind of script", |w| is_one_word(w));
    let prefix = "[a-cß]{2,3}|水";
    let phrase = "[a-c#@'’. 水\n]{0,6}[a-c][a-c ,水]{0,4}|AND|a OR b";
    let name = "[a-c水]{1,3}";
    let leaf = prop_oneof![
        4 => word().prop_map(Leaf::Word),
        1 => prefix.prop_map(Leaf::Prefix),
        2 => phrase.prop_map(Leaf::Phrase),
        1 => (name, any::<bool>()).prop_map(|(name, prefix)| Leaf::Tag { prefix: prefix && name.chars().count() > 1, name }),
        1 => (name, any::<bool>()).prop_map(|(name, prefix)| Leaf::Handle { prefix: prefix && name.chars().count() > 1, name }),
    ];
    leaf.prop_map(Node::Leaf).prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Node::and),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Node::or),
            inner.prop_map(|inner| Node::Not(Box::new(inner))),
        ]
    })
}

fn is_one_word(text: &str) -> bool {
    dandelion_post::words::Words::of(text).len() == 1
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn parsing_what_was_printed_gives_the_same(query in query()) {
        let printed = query.to_string();
        prop_assert_eq!(parse(&printed).map_err(|e| TestCaseError::fail(format!("{printed}: {e}")))?, query);
    }

    #[test]
    fn whatever_is_typed_is_read_or_refused_in_place(text in "\\PC{0,40}|[ab()\"*#@ORNAD\\- ]{0,30}") {
        match parse(&text) {
            Ok(query) => prop_assert_eq!(parse(&query.to_string()).unwrap(), query),
            Err(error) => prop_assert!(text.get(error.span).is_some()),
        }
    }
}
