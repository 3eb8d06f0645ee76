use super::{mark, standing, unmark};
use crate::{
    Error, both_stores, case,
    fixture::{all_is_well, count, listen, post, ready, take},
    query::{self, precision},
    search::{self, Search},
};

both_stores!(a_mark_takes_it_out_of_the_counts_and_keeps_it, |hub| async move {
    let (source, [lea, ana, vic]) = ready(&hub).await;
    let query = listen(&hub, &lea, "Kettles", "kettle").await;
    take(&hub, source, vec![post(1, "jonas", 0, "My kettle leaks"), post(2, "mia", 1, "A recipe for kettle corn")])
        .await;
    take(&hub, source, vec![post(3, "tom", 2, "Nothing of yours")]).await;
    assert!(matches!(mark(&hub, &vic, 2, false).await, Err(Error::Forbidden(_))));
    assert!(matches!(mark(&hub, &ana, 2, false).await, Err(Error::Forbidden(_))), "neither her case nor her query");
    assert!(matches!(mark(&hub, &lea, 3, false).await, Err(Error::NotFound { .. })), "no mention");
    let event = mark(&hub, &lea, 2, false).await.unwrap();
    assert!(matches!(mark(&hub, &lea, 2, false).await, Err(Error::Conflict(_))));
    let marks = standing(&hub, &vic, &[1, 2]).await.unwrap();
    assert!(marks.len() == 1 && !marks[&2].about_us && marks[&2].by == "Lea");
    assert_eq!(query::heard(&hub).await.unwrap()[&query].posts, 1);
    let (at, viewer) = (&hub.hub, &vic);
    let of = async |search: Search| search::posts(at, viewer, &search, None, 9).await.unwrap().len();
    assert_eq!(of(Search { query: Some(query), ..Search::default() }).await, 1);
    assert_eq!(of(Search { off: Some(true), ..Search::default() }).await, 1);
    assert_eq!(count(&hub, "select count(*) from mentions").await, 2, "nothing is deleted");
    all_is_well(&hub).await;
    // Undone by its event, once; and by taking it back.
    case::undo(&hub, &lea, event).await.unwrap();
    assert!(matches!(case::undo(&hub, &lea, event).await, Err(Error::Conflict(_))));
    assert_eq!(query::heard(&hub).await.unwrap()[&query].posts, 2);
    mark(&hub, &ana, 1, true).await.unwrap();
    let early = mark(&hub, &ana, 1, false).await.unwrap();
    mark(&hub, &lea, 1, true).await.unwrap();
    assert!(matches!(case::undo(&hub, &ana, early).await, Err(Error::Conflict(_))), "marked otherwise since");
    unmark(&hub, &lea, 1).await.unwrap();
    assert!(matches!(unmark(&hub, &lea, 1).await, Err(Error::Conflict(_))));
    all_is_well(&hub).await;
});

both_stores!(precision_counts_what_people_said, |hub| async move {
    let (source, [lea, ana, vic]) = ready(&hub).await;
    let query = listen(&hub, &lea, "Kettles", "kettle OR pot").await;
    let mut items: Vec<_> =
        (0..12).map(|n| post(n, &format!("r{n}"), n as i64, "My kettle leaks on the stove")).collect();
    items.extend((20..26).map(|n| post(n, &format!("w{n}"), 3, "A recipe for kettle corn with butter on the stove")));
    items.push(post(30, "x", 4, "recipe: one pot and a kettle"));
    take(&hub, source, items).await;
    let none = precision::of(&hub, &vic, query).await.unwrap();
    assert_eq!((none.judged(), none.unseen, none.interval), (0, 19, None));
    for n in 1..=8 {
        let case = count(&hub, &format!("select case_id from mentions where post_id = {n}")).await;
        case::take(&hub, &ana, case).await.unwrap(); // worked on: about us
    }
    mark(&hub, &ana, 9, true).await.unwrap();
    for n in 13..=16 {
        mark(&hub, &lea, n, false).await.unwrap();
    }
    let at = precision::of(&hub, &vic, query).await.unwrap();
    assert_eq!((at.right, at.wrong, at.unseen), (9, 4, 6));
    assert_eq!(precision::all(&hub, &vic).await.unwrap()[&query], at);
    let weeks = precision::weeks(&hub, &vic, query).await.unwrap();
    assert_eq!((weeks.len(), weeks.iter().map(|week| week.precision.judged()).sum::<i64>()), (12, 13));
    let sample = precision::sample(&hub, &vic, query, 10).await.unwrap();
    assert_eq!((sample.len(), &sample), (6, &precision::sample(&hub, &vic, query, 10).await.unwrap()));
    let advised = precision::suggestions(&hub, &vic, query).await.unwrap();
    let recipe =
        advised.iter().find(|it| it.word == "recipe").expect("it stands in all wrong ones and in no right one");
    assert_eq!((recipe.saved, recipe.lost, recipe.unseen), (4, 0, 3));
    assert_eq!(recipe.text, "(kettle OR pot) -recipe");
    assert!(advised.iter().all(|it| it.word != "stove" && it.word != "kettle"), "{advised:?}");
    all_is_well(&hub).await;
});
