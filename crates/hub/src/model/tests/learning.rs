use std::time::Duration;

use serde_json::json;

use super::*;
use crate::{
    Error, both_stores,
    case::uncorrect,
    fixture::{all_is_well, count},
    model::{self, cancel, learn, retire, settle, take_over},
};

both_stores!(a_head_is_trained_from_corrections_and_says_what_it_is_worth, |hub| async move {
    let at = Taught::with(&hub, 60).await;
    at.asks().await;
    at.says(0..60).await;
    let model = at.trained().await;
    assert_eq!((model.state, model.number, model.examples), (State::Shadow, 1, 60), "{:?}", model.error);
    let report = model.report.unwrap();
    assert_eq!(report.labels.values().copied().collect::<Vec<_>>(), [20, 20, 20]);
    assert!(report.before.is_none(), "nobody answered before");
    let after = report.after.unwrap();
    assert_eq!(after.n, 60, "every example was held out once");
    assert!(after.accuracy[0] > 0.9 && after.accuracy[1] < after.accuracy[0], "{after:?}");
    assert_eq!(report.held.len(), 60);
    assert_eq!(report.looked, 60);
    assert_eq!(report.changing, 60, "all were without a reason");
    assert_eq!(model.manifest.labels, ["delay", "money", "staff"]);
    assert_eq!(model.manifest.command, "dandelion train --from-corrections --unit repairs --head reason");
    assert_eq!(count(&hub, "select count(*) from events where kind in ('training.started', 'training.done')").await, 2);
    all_is_well(&hub).await;
});

both_stores!(too_little_teaches_nothing_and_only_leads_train, |hub| async move {
    let at = Taught::with(&hub, 40).await;
    let begin = |viewer: &Viewer, question: &'static str| {
        let viewer = viewer.clone();
        let hub = &hub;
        async move { start(hub, &viewer, REPAIRS, question, Source::corrections()).await }
    };
    let none = begin(&at.lea, "reason").await;
    assert!(matches!(&none, Err(Error::Conflict(words)) if words.contains("too little")), "{none:?}");
    at.asks().await;
    at.says(0..9).await;
    let few = begin(&at.lea, "reason").await;
    assert!(matches!(&few, Err(Error::Conflict(words)) if words.contains("there are 9 examples")), "{few:?}");
    at.says(9..30).await;
    assert!(matches!(begin(&at.ana, "reason").await, Err(Error::Forbidden(_))));
    let one = begin(&at.lea, "reason").await.unwrap();
    assert!(matches!(begin(&at.lea, "reason").await, Err(Error::Conflict(_))), "one at a time");
    assert!(matches!(take_over(&hub, &at.lea, one.id).await, Err(Error::Conflict(_))), "it is not trained yet");
    cancel(&hub, &at.lea, one.id).await.unwrap();
    assert_eq!(find(&hub, &at.vic, one.id).await.unwrap().state, State::Failed);
    assert!(!step(&hub).await.unwrap(), "nothing is left to train");
    assert!(matches!(take_over(&hub, &at.lea, one.id).await, Err(Error::Conflict(_))));
    let next = begin(&at.lea, "reason").await.unwrap();
    assert_eq!(next.number, 2, "numbers are never used again");
    settle(&hub, next.id, Duration::from_mins(1)).await.unwrap();
    assert_eq!(find(&hub, &at.lea, next.id).await.unwrap().state, State::Shadow);
    all_is_well(&hub).await;
});

both_stores!(a_file_brings_its_labels_and_is_forgotten_once_it_was_learned, |hub| async move {
    let at = Taught::with(&hub, 3).await;
    let file: Vec<(String, String)> = (0..30).map(|n| (words(n), reason(n).to_owned())).collect();
    let source = Source { corrections: false, file: file.clone() };
    let model = start(&hub, &at.lea, REPAIRS, "why", source).await.unwrap();
    assert_eq!(count(&hub, "select count(*) from model_examples").await, 30);
    while step(&hub).await.unwrap() {}
    let model = find(&hub, &at.lea, model.id).await.unwrap();
    assert_eq!((model.state, model.origin.as_str()), (State::Shadow, "file"), "{:?}", model.error);
    assert_eq!(count(&hub, "select count(*) from model_examples").await, 0);
    let sets = label::list(&hub).await.unwrap();
    assert_eq!((sets[0].key.as_str(), sets[0].labels.len()), ("why", 3));
    let elsewhere = start(&hub, &at.lea, 1, "why", Source { corrections: false, file: file.clone() }).await;
    assert!(matches!(elsewhere, Err(Error::Invalid { .. })), "a key is one of a kind");
    let bad = start(&hub, &at.lea, REPAIRS, "sentiment", Source { corrections: false, file }).await;
    assert!(matches!(&bad, Err(Error::Invalid { value, .. }) if value == "money"), "{bad:?}");
    assert!(matches!(label::archive(&hub, &at.lea, sets[0].id).await, Err(Error::Conflict(_))), "a head answers it");
    retire(&hub, &at.lea, model.id).await.unwrap();
    label::archive(&hub, &at.lea, sets[0].id).await.unwrap();
    all_is_well(&hub).await;
});

both_stores!(a_set_of_labels_is_checked_and_answered_only_where_it_is_asked, |hub| async move {
    let at = Taught::with(&hub, 3).await;
    let two = ["a".to_owned(), "b".to_owned()];
    for (key, labels) in [("Reason", &two[..]), ("topic", &two[..]), ("reason", &two[..1]), ("", &two[..])] {
        let made = label::add(&hub, &at.lea, REPAIRS, key, "R", labels).await;
        assert!(matches!(made, Err(Error::Invalid { .. })), "{key} {labels:?}");
    }
    assert!(matches!(label::add(&hub, &at.ana, REPAIRS, "reason", "R", &two).await, Err(Error::Forbidden(_))));
    let set = at.asks().await;
    let (case, post) = at.place(0).await;
    let say = async |value: &str| answer(&hub, &at.ana, case, post, "reason", &json!(value), false).await;
    assert!(matches!(say("weather").await, Err(Error::Invalid { .. })));
    let id = say("money").await.unwrap();
    assert!(matches!(say("money").await, Err(Error::Invalid { .. })), "it says so already");
    answer(&hub, &at.ana, case, post, "reason", &json!("money"), true).await.unwrap();
    let unheard = answer(&hub, &at.ana, case, post, "colour", &json!("red"), false).await;
    assert!(matches!(unheard, Err(Error::Invalid { .. })));
    uncorrect(&hub, &at.ana, case, id).await.unwrap();
    let more = ["money".to_owned(), "delay".to_owned(), "staff".to_owned(), "other".to_owned()];
    assert_eq!(label::change(&hub, &at.lea, set.id, "Reasons", &more).await.unwrap().labels.len(), 4);
    all_is_well(&hub).await;
});

#[test]
fn lessons_of_the_same_words_are_never_on_both_sides() {
    // One word alone says nothing; only a copy on the other side could tell.
    let lesson = |n: usize| learn::Lesson {
        post: None,
        text: format!("zq{} xv{}", (n % 20) * 7919, (n % 20) * 104_729),
        label: if (n % 20) * 2_654_435_761 % 7 < 3 { "a" } else { "b" }.to_owned(),
        before: None,
    };
    let lessons: Vec<_> = (0..100).map(lesson).collect();
    let trained = learn::learn("q", "c", &lessons, |_| {});
    let after = trained.report.after.unwrap();
    assert!(after.accuracy[0] < 0.9, "copies of held-out lessons were learned from: {after:?}");
    assert_eq!(trained.file, learn::learn("q", "c", &lessons, |_| {}).file, "the same lessons give the same bytes");
}

#[test]
fn figures_say_when_they_cannot_tell() {
    let held = |before: &str, after: &str| model::Held {
        post: None,
        right: "a".into(),
        before: Some(before.into()),
        after: after.into(),
        chance: 0.8,
    };
    let report = |gained: usize, lost: usize| {
        let mut report = model::Report::default();
        let all = (0..gained).map(|_| held("b", "a")).chain((0..lost).map(|_| held("a", "b")));
        report.count(all.collect());
        report
    };
    assert!((report(5, 0).luck() - 0.0625).abs() < 1e-9, "five of five: two in 32");
    assert!((report(3, 3).luck() - 1.0).abs() < 1e-9);
    assert!(report(20, 3).luck() < 0.001);
    let one = report(6, 2);
    assert_eq!((one.gained, one.lost, one.after.unwrap().right, one.before.unwrap().right), (6, 2, 6, 2));
    assert_eq!(one.bins.len(), 1);
    assert_eq!((one.bins[0].n, one.bins[0].right), (8, 6));
}
