use super::post;
use crate::{Lexicon, Product, Rules, Topic};

fn rules() -> Rules {
    let product = |key: &str, name: &str, aliases: &[&str], competitor| Product {
        key: key.into(),
        name: name.into(),
        aliases: aliases.iter().map(|it| (*it).to_owned()).collect(),
        competitor,
    };
    let products = vec![
        product("k2", "Kettle K2", &["K2", "K-2 kettle", "水壶K2"], false),
        product("k2-pro", "Kettle K2 Pro", &["K2 Pro"], false),
        product("rival", "Brevora", &["Brevora*"], true),
        product("empty", "", &["***", "!"], false),
    ];
    let words = ["repair*", "Reparatur", "warranty", "Küche", "保修"].map(str::to_owned).to_vec();
    Rules::new(Lexicon {
        products,
        topics: vec![Topic { key: "repair".into(), name: "Repairs".into(), words }],
        ..Lexicon::default()
    })
}

#[test]
fn products_are_found_where_they_are_named() {
    let found = |text: &str| -> Vec<(String, bool, Vec<String>)> {
        let analysis = rules().analyse(&post(text));
        let at = |spans: &[[usize; 2]]| spans.iter().map(|[from, to]| text[*from..*to].to_owned()).collect();
        analysis.products.iter().map(|it| (it.key.clone(), it.competitor, at(&it.spans))).collect()
    };
    let one = |key: &str, competitor, words: &[&str]| {
        (key.to_owned(), competitor, words.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(found("My kettle k2 and my K-2 Kettle"), [one("k2", false, &["kettle k2", "K-2 Kettle"])]);
    assert_eq!(
        found("the K2 PRO is better than the K2"),
        [one("k2-pro", false, &["K2 PRO"]), one("k2", false, &["K2"])]
    );
    assert_eq!(found("#K2 or Brevoras?"), [one("k2", false, &["#K2"]), one("rival", true, &["Brevoras"])]);
    assert_eq!(found("hello @brevora"), [one("rival", true, &["@brevora"])]);
    assert_eq!(found("K20 kettle"), []);
}

#[test]
fn topics_are_found_in_any_language() {
    for text in ["is it repairable?", "REPARATUR bitte", "in der Kuche", "水壶还在保修期吗", "#warranty"] {
        let topics = rules().analyse(&post(text)).topics;
        assert_eq!(topics.len(), 1, "{text}");
        assert_eq!((topics[0].key.as_str(), topics[0].spans.len()), ("repair", 1), "{text}");
    }
    assert!(rules().analyse(&post("nothing")).topics.is_empty());
}

#[test]
fn a_title_names_without_a_span() {
    let mut titled = post("it leaks");
    titled.title = Some("Kettle K2".into());
    let analysis = rules().analyse(&titled);
    assert_eq!((analysis.products[0].key.as_str(), analysis.products[0].spans.len()), ("k2", 0));
    assert_eq!(analysis.products[0].words, "Kettle K2");
    assert_eq!(analysis.sentiment.reasons[0].span, Some([3, 8]));
}
