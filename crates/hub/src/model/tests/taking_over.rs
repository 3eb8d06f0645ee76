use super::*;
use crate::{
    Error, both_stores,
    fixture::{all_is_well, count},
    model::{list, retire, rollback, shadow, take_over},
};

both_stores!(a_shadow_changes_nothing_and_is_compared, |hub| async move {
    let at = Taught::with(&hub, 45).await;
    at.asks().await;
    at.says(0..45).await;
    let first = at.trained().await;
    at.write(45..60).await;
    let analysis = at.analysis(50).await;
    assert!(analysis.own.is_empty());
    assert_eq!(analysis.version, dandelion_understand::VERSION);
    assert_eq!(count(&hub, "select count(*) from shadow_answers").await, 15);
    let agreement = shadow::agreement(&hub, &at.vic, first.id).await.unwrap();
    assert_eq!((agreement.answered, agreement.beside, agreement.share), (15, 0, None), "nobody answered beside it");

    take_over(&hub, &at.lea, first.id).await.unwrap();
    at.says(45..60).await;
    let second = at.trained().await;
    assert_eq!((second.number, second.state), (2, State::Shadow));
    let report = second.report.unwrap();
    assert_eq!(report.before.unwrap().n, 60, "the version in use answered all of them before");
    at.write(60..75).await;
    let analysis = at.analysis(70).await;
    assert_eq!(analysis.version, format!("{}+reason-{}", dandelion_understand::VERSION, first.id));
    assert_eq!((analysis.own[0].question.as_str(), analysis.own[0].judgement.value.as_str()), ("reason", reason(70)));
    let reasons = &analysis.own[0].judgement.reasons;
    let words = words(70);
    assert!(!reasons.is_empty());
    assert!(reasons.iter().all(|it| it.span.is_some_and(|[from, to]| words[from..to] == it.words)), "{reasons:?}");
    let agreement = shadow::agreement(&hub, &at.vic, second.id).await.unwrap();
    assert_eq!((agreement.answered, agreement.beside), (15, 15));
    assert!(agreement.alike >= 14, "{agreement:?}");
    all_is_well(&hub).await;
});

both_stores!(versions_take_over_one_another_and_are_rolled_back, |hub| async move {
    let at = Taught::with(&hub, 30).await;
    at.asks().await;
    at.says(0..30).await;
    let first = at.trained().await;
    let second = at.trained().await;
    assert_eq!(find(&hub, &at.lea, first.id).await.unwrap().state, State::Retired, "one shadow at a time");
    assert!(matches!(take_over(&hub, &at.ana, second.id).await, Err(Error::Forbidden(_))));
    assert!(matches!(rollback(&hub, &at.lea, second.id).await, Err(Error::Conflict(_))), "it is not in use");
    take_over(&hub, &at.lea, first.id).await.unwrap();
    let used = take_over(&hub, &at.lea, second.id).await.unwrap();
    assert_eq!((used.state, used.before), (State::InUse, Some(first.id)));
    assert_eq!(used.used_by.as_deref(), Some("Lea"));
    let version = |analysis: dandelion_understand::Analysis| analysis.version;
    at.write(30..31).await;
    assert!(version(at.analysis(30).await).ends_with(&second.version()));
    rollback(&hub, &at.lea, second.id).await.unwrap();
    let states: Vec<_> = list(&hub, &at.vic).await.unwrap().iter().map(|it| (it.id, it.state)).collect();
    assert_eq!(states, [(first.id, State::InUse), (second.id, State::Retired)]);
    at.write(31..32).await;
    assert!(version(at.analysis(31).await).ends_with(&first.version()));
    rollback(&hub, &at.lea, first.id).await.unwrap();
    at.write(32..33).await;
    assert_eq!(version(at.analysis(32).await), dandelion_understand::VERSION, "what is part of the program again");
    take_over(&hub, &at.lea, second.id).await.unwrap();
    retire(&hub, &at.lea, second.id).await.unwrap();
    assert!(matches!(retire(&hub, &at.lea, second.id).await, Err(Error::Conflict(_))));
    assert_eq!(count(&hub, "select count(*) from models where state = 'in-use'").await, 0);
    let kinds = "select count(distinct kind) from events where noun = 'model'";
    assert_eq!(count(&hub, kinds).await, 4, "shadowed, used, retired, restored");
    all_is_well(&hub).await;
});

both_stores!(the_nearest_units_head_speaks, |hub| async move {
    let at = Taught::with(&hub, 30).await;
    let file = |flip: usize| -> Vec<(String, String)> {
        (0..30).map(|n| (words(n), ["negative", "positive"][(n % 3 + flip) % 2].to_owned())).collect()
    };
    let mut ids = Vec::new();
    for (unit, flip) in [(1, 0), (REPAIRS, 1)] {
        let source = Source { corrections: false, file: file(flip) };
        ids.push(start(&hub, &at.lea, unit, "sentiment", source).await.unwrap().id);
        while step(&hub).await.unwrap() {}
        take_over(&hub, &at.lea, ids[unit as usize - 1]).await.unwrap();
    }
    let engine = hub.engine().await.unwrap();
    let judged = |text: &str| engine.judge(&unseen(text), "demo").analysis;
    // What leaks goes to Repairs, everything else to the head office.
    let near = judged(&words(0));
    assert_eq!(near.sentiment.value, "positive");
    assert!(near.version.ends_with(&format!("+sentiment-{}", ids[1])), "{}", near.version);
    let far = judged("The kettle shop. refund my money back");
    assert!(far.version.ends_with(&format!("+sentiment-{}", ids[0])), "{}", far.version);
    retire(&hub, &at.lea, ids[1]).await.unwrap();
    let engine = hub.engine().await.unwrap();
    let above = engine.judge(&unseen(&words(0)), "demo").analysis;
    assert!(above.version.ends_with(&format!("+sentiment-{}", ids[0])), "the unit above answers for all below");
    all_is_well(&hub).await;
});

both_stores!(a_topic_head_puts_its_answer_in_the_place_of_found_words, |hub| async move {
    let at = Taught::with(&hub, 30).await;
    let label = |n: usize| if n.is_multiple_of(3) { "leak" } else { "none" };
    let file = (0..30).map(|n| (words(n), label(n).to_owned())).collect();
    let model = start(&hub, &at.lea, REPAIRS, "topic", Source { corrections: false, file }).await.unwrap();
    while step(&hub).await.unwrap() {}
    let report = find(&hub, &at.lea, model.id).await.unwrap().report.unwrap();
    assert_eq!(report.before.as_ref().unwrap().right, 10, "words alone call everything a leak");
    assert!(report.gained >= 15 && report.luck() < 0.01, "{} {}", report.gained, report.lost);
    take_over(&hub, &at.lea, model.id).await.unwrap();
    at.write(30..32).await;
    let (leak, none) = (at.analysis(30).await, at.analysis(31).await);
    assert_eq!(leak.topics.iter().map(|it| it.key.as_str()).collect::<Vec<_>>(), ["leak"]);
    assert!(!leak.topics[0].spans.is_empty());
    assert!(none.topics.is_empty());
    let sql = "select count(*) from mention_topics mt join mentions m on m.id = mt.mention_id join posts p on p.id = m.post_id
        where p.remote_id = '31'";
    assert_eq!(count(&hub, sql).await, 0);
    all_is_well(&hub).await;
});
