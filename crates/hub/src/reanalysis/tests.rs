use std::time::Duration;

use serde_json::json;

use super::{Counted, State, abandon, find, list, pause, rehearse, resume, settle, start, step};
use crate::{
    Error, Hub, both_stores,
    case::{Judged, correct},
    fixture::{all_is_well, count},
    model::{
        rollback, take_over,
        tests::{REPAIRS, Taught, reason},
    },
    store::Q,
};

async fn run(hub: &Hub, id: i64) {
    settle(hub, id, Duration::from_secs(30)).await.unwrap();
}

both_stores!(stored_posts_are_judged_anew_and_what_judged_before_stays, |hub| async move {
    let at = Taught::with(&hub, 40).await;
    at.asks().await;
    at.says(0..30).await;
    let model = at.trained().await;
    take_over(&hub, &at.lea, model.id).await.unwrap();
    // Seen before anything changes: what the new head would say, and nothing of the rest.
    assert!(matches!(rehearse(&hub, &at.vic, REPAIRS).await, Err(Error::Forbidden(_))), "whoever only looks may not");
    let would = rehearse(&hub, &at.lea, REPAIRS).await.unwrap();
    let reasons = [Counted { what: "reason".to_owned(), posts: 40 }];
    assert_eq!((would.looked, would.changed, &would.questions[..]), (40, 40, &reasons[..]));
    assert_eq!((would.before.len(), would.before[0].posts, would.apart.len()), (1, 40, 30));
    assert_eq!((would.apart[0].before.as_str(), would.apart[0].after.as_str()), ("", reason(39)));
    assert_eq!(count(&hub, "select count(*) from analyses").await, 40, "nothing is stored");
    let one = start(&hub, &at.lea, REPAIRS, None).await.unwrap();
    assert_eq!((one.state, one.share), (State::Running, 0.0));
    run(&hub, one.id).await;
    let one = find(&hub, &at.vic, one.id).await.unwrap();
    assert_eq!((one.state, one.looked, one.changed, one.kept), (State::Done, 40, 40, 30));
    assert_eq!(count(&hub, "select count(*) from analyses").await, 80, "the older ones stay");
    assert_eq!(rehearse(&hub, &at.lea, REPAIRS).await.unwrap().changed, 0, "it was done");
    let new = at.analysis(35).await;
    assert_eq!((new.own[0].judgement.value.as_str(), new.version.contains("+reason-")), (reason(35), true));

    // Rolled back, the version of the program is the newest word again, and no row is lost.
    rollback(&hub, &at.lea, model.id).await.unwrap();
    let two = start(&hub, &at.lea, REPAIRS, None).await.unwrap();
    run(&hub, two.id).await;
    assert_eq!(find(&hub, &at.lea, two.id).await.unwrap().changed, 40);
    assert!(at.analysis(35).await.own.is_empty());
    assert_eq!(count(&hub, "select count(*) from analyses").await, 80);
    // Nothing new is said where nothing changed.
    let three = start(&hub, &at.lea, REPAIRS, None).await.unwrap();
    run(&hub, three.id).await;
    assert_eq!(find(&hub, &at.lea, three.id).await.unwrap().changed, 0);
    all_is_well(&hub).await;
});

both_stores!(a_persons_word_is_never_overwritten, |hub| async move {
    let at = Taught::with(&hub, 30).await;
    let (case, post) = at.place(3).await;
    for (judged, value) in [
        (Judged::Sentiment, json!("positive")),
        (Judged::Urgency, json!(3)),
        (Judged::Topic, json!([])),
        (Judged::Intent, json!(["praise"])),
    ] {
        correct(&hub, &at.ana, case, post, judged, &value).await.unwrap();
    }
    let before = "select sentiment, urgency, topics, intents from cases where id = $1";
    let said = async || {
        let row = hub.db.one(Q::new(before).bind(case)).await.unwrap();
        let text = |name: &'static str| row.get::<String, _>(name).unwrap();
        (text("sentiment"), row.get::<i64, _>("urgency").unwrap(), text("topics"), text("intents"))
    };
    let persons = ("positive".to_owned(), 3, String::new(), ",praise,".to_owned());
    assert_eq!(said().await, persons);
    // A head that says the opposite of everything takes over, and all is judged anew.
    let file = (0..30).map(|n| (format!("leaks number {n}"), ["negative", "neutral"][n % 2].to_owned())).collect();
    let source = crate::model::Source { corrections: false, file };
    let model = crate::model::start(&hub, &at.lea, REPAIRS, "sentiment", source).await.unwrap();
    while crate::model::step(&hub).await.unwrap() {}
    take_over(&hub, &at.lea, model.id).await.unwrap();
    let corrections = "select count(*) from corrections where undone_at is null";
    let had = count(&hub, corrections).await;
    let one = start(&hub, &at.lea, REPAIRS, None).await.unwrap();
    run(&hub, one.id).await;
    let one = find(&hub, &at.lea, one.id).await.unwrap();
    assert_eq!((one.looked, one.kept), (30, 1), "one of those judged otherwise was a person's");
    assert_ne!(at.analysis(3).await.sentiment.value, "positive", "the machine's own word is kept as it was said");
    assert_eq!((said().await, count(&hub, corrections).await), (persons, had));
    all_is_well(&hub).await;
});

both_stores!(it_rests_goes_on_and_is_done_once, |hub| async move {
    let at = Taught::with(&hub, 250).await;
    at.asks().await;
    at.says(0..30).await;
    let model = at.trained().await;
    take_over(&hub, &at.lea, model.id).await.unwrap();
    assert!(matches!(start(&hub, &at.ana, REPAIRS, None).await, Err(Error::Forbidden(_))));
    let one = start(&hub, &at.lea, REPAIRS, None).await.unwrap().id;
    assert!(step(&hub).await.unwrap());
    let half = find(&hub, &at.lea, one).await.unwrap();
    assert_eq!(half.looked, 200);
    assert!(half.share > 0.5 && half.share < 1.0, "{}", half.share);
    pause(&hub, &at.lea, one).await.unwrap();
    assert!(matches!(pause(&hub, &at.lea, one).await, Err(Error::Conflict(_))));
    assert!(!step(&hub).await.unwrap(), "it rests");
    assert!(matches!(resume(&hub, &at.ana, one).await, Err(Error::Forbidden(_))));
    resume(&hub, &at.lea, one).await.unwrap();
    // Two programs at once do each post once.
    let (a, b) = tokio::join!(step(&hub), step(&hub));
    assert!(a.unwrap() | b.unwrap());
    run(&hub, one).await;
    let done = find(&hub, &at.lea, one).await.unwrap();
    assert_eq!((done.state, done.looked, done.changed), (State::Done, 250, 250));
    assert_eq!(count(&hub, "select count(*) from analyses").await, 500);
    assert!(matches!(abandon(&hub, &at.lea, one).await, Err(Error::Conflict(_))));
    let two = start(&hub, &at.lea, REPAIRS, None).await.unwrap().id;
    let three = start(&hub, &at.lea, REPAIRS, None).await.unwrap().id;
    let states: Vec<_> = list(&hub, &at.vic, 10).await.unwrap().iter().map(|it| (it.id, it.state)).collect();
    assert_eq!(states, [(three, State::Running), (two, State::Abandoned), (one, State::Done)]);
    all_is_well(&hub).await;
});
