//! Understanding: any text gets an analysis, the same each time, with every score and span within bounds; and a mask that leaves
//! no character cut.
#![no_main]

use std::sync::LazyLock;

use dandelion_post::Post;
use dandelion_understand::{Analysis, Judgement, Lexicon, Product, Rules, Topic, personal};
use libfuzzer_sys::fuzz_target;

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let aliases = vec!["K2".to_owned(), "Wasserkocher".to_owned()];
    let products = vec![Product { key: "k2".to_owned(), name: "Kettle K2".to_owned(), aliases, competitor: false }];
    let topics = vec![Topic { key: "lid".to_owned(), name: "Lid".to_owned(), words: vec!["lid*".to_owned()] }];
    Rules::new(Lexicon { products, topics, order_numbers: vec!["HB-999999".to_owned()] })
});

fuzz_target!(|parts: (Option<String>, String)| {
    let (title, text) = parts;
    let post = Post { title, text, ..Post::default() };
    let analysis = RULES.analyse(&post);
    assert_eq!(analysis, RULES.analyse(&post));
    judgements(&analysis).for_each(|it| check(it, &post.text));
    assert!(!analysis.intents.is_empty());
    assert!(matches!(analysis.urgency.value.as_str(), "0" | "1" | "2" | "3"));
    for span in analysis.products.iter().chain(&analysis.topics).flat_map(|it| &it.spans) {
        assert!(post.text.get(span[0]..span[1]).is_some_and(|it| !it.is_empty()));
    }
    let _ = RULES.verdict(&post);
    let mut end = 0;
    for span in personal::find(&post.text, &[]) {
        assert!(span.from >= end && span.from < span.to && post.text.get(span.from..span.to).is_some());
        end = span.to;
    }
});

fn judgements(it: &Analysis) -> impl Iterator<Item = &Judgement> {
    let one = [&it.language, &it.sentiment, &it.urgency];
    let maybe = [&it.emotion, &it.irony, &it.offensive];
    one.into_iter().chain(maybe.into_iter().flatten()).chain(&it.intents).chain(&it.risks)
}

fn check(it: &Judgement, text: &str) {
    assert!((0.0..=1.0).contains(&it.score), "{it:?}");
    for reason in &it.reasons {
        let Some([from, to]) = reason.span else { continue };
        assert!(text.get(from..to).is_some_and(|found| found.starts_with(&reason.words)), "{it:?}");
    }
}
