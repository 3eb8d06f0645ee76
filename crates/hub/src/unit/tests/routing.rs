use dandelion_understand::{Analysis, Found, Judgement, Sum};
use proptest::prelude::*;

use super::SMALL;
use crate::unit::{Org, Route, RouteFacts};

fn judged(value: &str) -> Judgement {
    Judgement { value: value.into(), score: 1.0, unsure: false, reasons: Vec::new() }
}

fn found(key: &str) -> Found {
    Found { key: key.into(), name: key.into(), competitor: false, words: key.into(), spans: Vec::new() }
}

fn analysis(language: &str, intents: &[&str], risks: &[&str], products: &[&str], topics: &[&str]) -> Analysis {
    Analysis {
        version: "test".into(),
        language: judged(language),
        sentiment: judged("neutral"),
        emotion: None,
        irony: None,
        offensive: None,
        intents: intents.iter().map(|value| judged(value)).collect(),
        urgency: judged("0"),
        risks: risks.iter().map(|value| judged(value)).collect(),
        products: products.iter().map(|key| found(key)).collect(),
        topics: topics.iter().map(|key| found(key)).collect(),
        influence: Sum::default(),
        personal: Vec::new(),
        own: Vec::new(),
    }
}

fn route(analysis: &Analysis, facts: RouteFacts<'_>) -> (String, Route) {
    let org = Org::from_toml(SMALL).unwrap();
    let route = org.route(analysis, &facts).unwrap();
    (org.unit(route.unit).unwrap().key.clone(), route)
}

const NOWHERE: RouteFacts<'static> = RouteFacts { network: "demo", country: None, handle: None };

#[test]
fn rules_come_first_and_tell_others_in_words() {
    let (unit, route) = route(&analysis("de", &["complaint"], &["safety"], &["kettle-k2"], &[]), NOWHERE);
    assert_eq!((unit.as_str(), route.rule), ("repairs", Some(1)));
    assert_eq!(
        route.reason,
        "Rule 1, “safety of a product in use” (risk safety, language de) → Repairs & service; Press office is told"
    );
    assert_eq!(route.tell, [(4, "Rule 1, “safety of a product in use”, tells this unit".to_owned())]);
}

#[test]
fn every_condition_of_a_rule_must_hold() {
    let post = analysis("fr", &["complaint"], &["safety"], &["kettle-k2"], &[]);
    assert_eq!(route(&post, NOWHERE).0, "kettles");
    let croatia = RouteFacts { country: Some("HR"), ..NOWHERE };
    assert_eq!(route(&post, croatia).0, "retail-hr");
}

#[test]
fn without_a_rule_what_is_owned_decides() {
    for (post, facts, unit, because) in [
        (
            analysis("en", &["idea"], &[], &["kettle-k2"], &["repair"]),
            NOWHERE,
            "kettles",
            "It names Kettle K2 (idea), which Kettles owns",
        ),
        (
            analysis("en", &["purchase"], &[], &["kettle-k2"], &["repair"]),
            NOWHERE,
            "repairs",
            "“Repairs”, which Repairs & service looks after",
        ),
        (analysis("en", &["purchase"], &[], &["kettle-k2"], &[]), NOWHERE, "kettles", "It names Kettle K2, which"),
        (analysis("en", &["complaint"], &[], &["rival"], &[]), NOWHERE, "head-office", "takes what nobody else does"),
        (
            analysis("en", &["other"], &[], &[], &[]),
            RouteFacts { handle: Some(1), ..NOWHERE },
            "repairs",
            "addressed to @acme_care",
        ),
        (analysis("hr", &["other"], &[], &[], &[]), NOWHERE, "zagreb", "the language hr"),
        (
            analysis("hr-HR", &["other"], &[], &[], &[]),
            RouteFacts { country: Some("HR"), ..NOWHERE },
            "zagreb",
            "the country HR and the language hr-HR",
        ),
        (analysis("unknown", &["other"], &[], &[], &[]), NOWHERE, "head-office", "Nothing points to another unit"),
        (analysis("zh", &["other"], &[], &["gone"], &["gone"]), NOWHERE, "head-office", "Nothing points"),
    ] {
        let (to, route) = route(&post, facts);
        assert_eq!(to, unit, "{}", route.reason);
        assert!(route.reason.contains(because), "{}", route.reason);
        assert!(route.tell.is_empty());
    }
}

#[test]
fn an_empty_organisation_says_what_to_do() {
    let refused = Org::default().route(&analysis("en", &[], &[], &[], &[]), &NOWHERE).unwrap_err().to_string();
    assert!(refused.contains("dandelion org import"), "{refused}");
}

proptest! {
    /// Law 4 begins here: always one live unit, always the same one.
    #[test]
    fn there_is_always_exactly_one_unit(
        language in prop::sample::select(vec!["de", "hr", "unknown", "", "zh"]),
        intents in prop::collection::vec(prop::sample::select(vec!["complaint", "purchase", "idea", "x"]), 0..3),
        risks in prop::collection::vec(prop::sample::select(vec!["safety", "legal"]), 0..2),
        products in prop::collection::vec(prop::sample::select(vec!["kettle-k2", "rival", "?"]), 0..3),
        topics in prop::collection::vec(prop::sample::select(vec!["repair", "?"]), 0..2),
        country in prop::option::of(prop::sample::select(vec!["DE", "HR", "FR"])),
        handle in prop::option::of(0_i64..3),
        archived in prop::collection::vec(any::<bool>(), 5),
    ) {
        let mut org = Org::from_toml(SMALL).unwrap();
        for (unit, archived) in org.units.iter_mut().skip(1).zip(archived) {
            unit.archived = archived;
        }
        let post = analysis(language, &intents, &risks, &products, &topics);
        let facts = RouteFacts { network: "demo", country, handle };
        let route = org.route(&post, &facts).unwrap();
        prop_assert!(org.live_units().any(|unit| unit.id == route.unit));
        prop_assert!(route.tell.iter().all(|(unit, _)| *unit != route.unit));
        prop_assert!(!route.reason.is_empty());
        prop_assert_eq!(org.route(&post, &facts).unwrap(), route);
    }
}
