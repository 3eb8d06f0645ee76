//! The sample through the real reader, the real analysis and the real routing.

use std::collections::{BTreeMap, BTreeSet};

use dandelion_hub::log::Actor;
use dandelion_hub::testing::TestHub;

use dandelion_hub::unit::{Org, RouteFacts, import};
use dandelion_understand::Rules;

use crate::demo::cast::Cast;
use crate::demo::history::{Told, script};
use crate::demo::voice::Kind;
use crate::demo::words::Words;
use crate::demo::{ORGANISATION, SEED};

async fn sample(hub: &TestHub) -> Org {
    import(hub, Actor::System("demo"), ORGANISATION).await.unwrap();
    Org::load(&hub.db).await.unwrap()
}

fn openings() -> Vec<Told> {
    let told = script(SEED, "2026-11-24T09:30:00Z".parse().unwrap());
    let begins = |t: &Told| t.post.in_reply_to.is_none() && t.post.deleted_at.is_none() && t.post.edited_at.is_none();
    told.into_iter().filter(begins).collect()
}

#[tokio::test]
async fn the_reader_takes_the_sample_and_taking_it_again_changes_nothing() {
    let hub = TestHub::sqlite().await;
    let first = import(&hub, Actor::System("demo"), ORGANISATION).await.unwrap();
    assert!(first.added.len() > 70, "{first}");
    let again = import(&hub, Actor::System("demo"), ORGANISATION).await.unwrap();
    assert!(again.is_empty(), "{again}");
}

#[tokio::test]
async fn what_people_say_reaches_the_units_it_is_meant_for() {
    let hub = TestHub::sqlite().await;
    let org = sample(&hub).await;
    let rules = Rules::new(org.lexicon());
    let cast = Cast::new(&Words::new(), SEED);
    let mut went: BTreeMap<Kind, BTreeMap<String, usize>> = BTreeMap::new();
    let mut reasons = BTreeSet::new();
    let (mut known, mut right) = (0, 0);
    for one in openings() {
        let analysis = rules.analyse(&one.post);
        let network = one.post.network.as_ref().unwrap().as_str();
        let route = org.route(&analysis, &RouteFacts { network, country: None, handle: None }).unwrap();
        let unit = org.unit(route.unit).unwrap().key.clone();
        reasons.insert(route.reason);
        *went.entry(one.kind).or_default().entry(unit).or_default() += 1;
        if let Some(who) = cast.by_post(&one.post.id) {
            known += 1;
            right += usize::from(analysis.language.value == who.lang.code());
        }
    }
    assert!(right * 100 >= known * 95, "the language of {right} of {known} is told");
    let share = |kind: Kind, units: &[&str]| {
        let there: usize = units.iter().filter_map(|unit| went[&kind].get(*unit)).sum();
        there as f64 / went[&kind].values().sum::<usize>() as f64
    };
    let lines = ["kettles", "ovens", "mixers"];
    // The rules are a first cut and people write as they like: what matters is that most of it arrives.
    for (kind, units, least) in [
        (Kind::Safety, &["product-safety"][..], 0.85),
        (Kind::Legal, &["legal"], 0.9),
        (Kind::Press, &["press-office"], 0.8),
        (Kind::Job, &["people"], 0.7),
        (Kind::Idea, &lines, 0.75),
        (Kind::Praise, &lines, 0.65),
        (Kind::Delivery, &["online-shop", "retail", "retail-hr"], 0.6),
        (Kind::Defect, &["repairs", "repairs-hr", "kettles", "ovens", "mixers"], 0.75),
    ] {
        assert!(share(kind, units) >= least, "{kind:?}: {:.2} to {units:?}, {:?}", share(kind, units), went[&kind]);
    }
    let all: BTreeSet<&String> = went.values().flat_map(BTreeMap::keys).collect();
    assert!(all.len() >= 12, "some units get nothing: {all:?}");
    assert!(reasons.len() > 20, "{} different reasons", reasons.len());
}
