use serde_json::json;

use super::*;
use crate::{
    Error, both_stores,
    fixture::{all_is_well, count},
    model::{active, figures, take_over},
};

both_stores!(who_is_asked_is_asked_about_what_differs, |hub| async move {
    let at = Taught::with(&hub, 6).await;
    at.asks().await;
    // Thirty copies of one text, and a few others.
    let copy = |n: usize| post(n, &format!("c{n}"), (n % 60) as i64, "My kettle leaks, the lid is loose and it hisses");
    take(&hub, at.source, (100..130).map(copy).collect()).await;
    assert!(matches!(active::list(&hub, &at.vic, REPAIRS, "reason").await, Err(Error::Forbidden(_))));
    let asked = active::list(&hub, &at.ana, REPAIRS, "reason").await.unwrap();
    let copies = asked.iter().filter(|it| it.post > 6).count();
    assert_eq!((asked.len(), copies), (7, 1), "{asked:?}");
    assert!(asked.iter().all(|it| it.said.is_none() && it.score.is_none()));
    let first = &asked[0];
    answer(&hub, &at.ana, first.case, first.post, "reason", &json!("money"), true).await.unwrap();
    let next = active::list(&hub, &at.ana, REPAIRS, "reason").await.unwrap();
    assert!(next.iter().all(|it| it.post != first.post), "what was answered is not asked again");
    all_is_well(&hub).await;
});

both_stores!(who_is_asked_is_asked_about_what_is_in_doubt, |hub| async move {
    let at = Taught::with(&hub, 45).await;
    at.asks().await;
    at.says(0..45).await;
    let model = at.trained().await;
    take_over(&hub, &at.lea, model.id).await.unwrap();
    at.write(45..55).await;
    let mixed = "My kettle leaks. Late again, and I want my money back from that rude agent";
    take(&hub, at.source, vec![post(999, "mia", 3, mixed)]).await;
    let asked = active::list(&hub, &at.ana, REPAIRS, "reason").await.unwrap();
    let (_, doubtful) = at.place(999).await;
    assert_eq!(asked[0].post, doubtful, "{asked:?}");
    assert!(asked[0].said.is_some() && asked[0].score.is_some());
    all_is_well(&hub).await;
});

both_stores!(figures_count_mistakes_and_answers_apart, |hub| async move {
    let at = Taught::with(&hub, 30).await;
    let say = async |n: usize, value: &str, asked: bool| {
        let (case, post) = at.place(n).await;
        answer(&hub, &at.ana, case, post, "sentiment", &json!(value), asked).await
    };
    let said: Vec<String> = {
        let mut said = Vec::new();
        for n in 0..30 {
            said.push(at.analysis(n).await.sentiment.value);
        }
        said
    };
    let other = |n: usize| if said[n] == "positive" { "negative" } else { "positive" };
    for n in 0..5 {
        say(n, other(n), false).await.unwrap();
    }
    for (n, value) in said.iter().enumerate().take(20).skip(5) {
        say(n, value, true).await.unwrap();
    }
    for n in 20..25 {
        say(n, other(n), true).await.unwrap();
    }
    let found = figures::corrections(&hub, &at.vic).await.unwrap();
    let sentiment = found.by_question["sentiment"];
    assert_eq!((sentiment.mistakes, sentiment.asked, sentiment.right), (5, 20, 15));
    assert_eq!(found.by_unit[&REPAIRS], sentiment);
    assert!(sentiment.share().unwrap().low > 0.5);
    assert_eq!(found.judged, 30);
    let stranger = Viewer::new(9, "Nobody".into(), &[], &[(1, None), (2, Some(1))]);
    assert!(figures::corrections(&hub, &stranger).await.unwrap().by_unit.is_empty());
    let bins = figures::calibration(&hub, &at.vic, "sentiment").await.unwrap();
    assert_eq!(bins.iter().map(|bin| bin.n).sum::<i64>(), 20, "only those who were asked");
    assert_eq!(bins.iter().map(|bin| bin.right).sum::<i64>(), 15);
    all_is_well(&hub).await;
});

both_stores!(drift_is_seen_where_something_else_comes_in, |hub| async move {
    let at = Taught::with(&hub, 90).await;
    let week = 7 * 86_400_000_000_i64;
    hub.clock.advance(week);
    at.write(100..190).await;
    hub.clock.advance(week);
    at.write(200..290).await;
    let steady = figures::drift(&hub, &at.vic).await.unwrap();
    let newest =
        |all: &[figures::Drift], name: &str| *all.iter().find(|one| one.feature == name).unwrap().weeks.last().unwrap();
    let length = newest(&steady, "length");
    assert_eq!((length.n, length.moved()), (90, false), "{length:?}");
    hub.clock.advance(week);
    let long = "My kettle leaks. ".repeat(30);
    let item = |n: usize| post(n, &format!("p{n}"), (n % 90) as i64, &format!("{long} Wunderbar! {n}"));
    take(&hub, at.source, (300..390).map(item).collect()).await;
    let moved = figures::drift(&hub, &at.vic).await.unwrap();
    let length = newest(&moved, "length");
    assert!(length.moved() && length.index.unwrap() > figures::MUCH, "{length:?}");
    assert!(!newest(&moved, "network").moved());
    assert_eq!(count(&hub, "select count(*) from mentions").await, 360);
    all_is_well(&hub).await;
});
