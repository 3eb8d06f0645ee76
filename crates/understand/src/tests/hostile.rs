use std::time::{Duration, Instant};

use dandelion_post::Post;
use proptest::prelude::*;

use super::post;
use crate::{Analysis, Lexicon, Product, Rules, Topic};

fn rules() -> Rules {
    let product =
        Product { key: "k".into(), name: "K 2".into(), aliases: vec!["ke*".into(), "水".into()], competitor: false };
    let topic = Topic { key: "t".into(), name: "T".into(), words: vec!["a*".into(), "a a".into()] };
    Rules::new(Lexicon { products: vec![product], topics: vec![topic], order_numbers: vec!["HB-9999".into()] })
}

/// Every span lies on characters of the text, and quotes what its reason says.
fn spans_hold(text: &str, analysis: &Analysis) -> bool {
    let judgements = [&analysis.language, &analysis.sentiment, &analysis.urgency].into_iter();
    let reasons = judgements.chain(&analysis.intents).chain(&analysis.risks).flat_map(|it| &it.reasons);
    let quoted =
        reasons.filter_map(|it| it.span.map(|[from, to]| text.get(from..to).map(|at| at.starts_with(&it.words))));
    let found = analysis.products.iter().chain(&analysis.topics).flat_map(|it| &it.spans);
    quoted.into_iter().all(|it| it == Some(true)) && found.into_iter().all(|[from, to]| text.get(*from..*to).is_some())
}

#[test]
fn the_longest_and_oddest_posts_are_answered_in_bounded_time() {
    let rules = rules();
    let long = 256 * 1024;
    for text in [
        "a".repeat(long),
        "a ".repeat(long / 2),
        "bad ".repeat(long / 4),
        "not good, ".repeat(long / 10),
        "still not working ".repeat(long / 18),
        "水".repeat(long / 3),
        "坏了".repeat(long / 6),
        "ﾔ坏".repeat(long / 6),
        "\u{301}".repeat(long / 2),
        format!("b{}ad", "\u{335}".repeat(long / 2)),
        "\0".repeat(long),
        "\u{202e}bad ".repeat(long / 7),
        "😡".repeat(long / 4),
        "#bad".repeat(long / 4),
        "?".repeat(long),
        "http://a ".repeat(long / 9),
        "great ".repeat(long / 6),
        "K 2 ".repeat(long / 4),
    ] {
        let begun = Instant::now();
        let post = post(&text);
        let analysis = rules.analyse(&post);
        rules.verdict(&post);
        assert!(begun.elapsed() < Duration::from_mins(1), "{} took {:?}", &text[..text.len().min(4)], begun.elapsed());
        assert!(spans_hold(&text, &analysis));
        assert!(serde_json::to_string(&analysis).unwrap().len() < 64 * 1024);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn nothing_panics_and_spans_hold(
        text in "\\PC{0,60}|([a-c ,.?!]|not |bad |good |K 2|水|坏了|不|ﾔ|é|\u{301}|\u{202e}|😡|#|@|great, |but |ne |still leaking|works now ){0,20}",
        title in prop::option::of("[a-cK2 水.]{0,8}"),
        lang in prop::option::of("\\PC{0,4}"),
    ) {
        thread_local!(static RULES: Rules = rules());
        let post = Post { title, lang, ..post(&text) };
        let analysis = RULES.with(|rules| rules.analyse(&post));
        prop_assert!(spans_hold(&text, &analysis), "{:?}", analysis);
        prop_assert!(!analysis.intents.is_empty());
        let verdict = RULES.with(|rules| rules.verdict(&post));
        prop_assert!(verdict.is_none_or(|it| it.value == "fixed" || it.value == "not fixed"));
        let back: Analysis = serde_json::from_str(&serde_json::to_string(&analysis).unwrap()).unwrap();
        prop_assert_eq!(back, analysis);
    }
}
