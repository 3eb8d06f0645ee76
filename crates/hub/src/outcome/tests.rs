use super::{Filter, Kind, count, list, sums};
use crate::{
    both_stores,
    case::{
        Closing, resolve,
        tests::{ANA, Fixture, MINUTE, REPAIRS, RETAIL, RITA, Speaker, viewer},
    },
};

both_stores!(grades_are_never_added_together, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    for number in 0..5 {
        let case = fixture.fresh(REPAIRS, "It leaks").await;
        hub.clock.advance(MINUTE);
        resolve(&hub, &viewer(ANA), case.id, Closing::Fixed, "done", None, None).await.unwrap();
        if number < 2 {
            fixture.says(case, Speaker::Author(case.author), Some(true)).await;
        }
        if number == 4 {
            fixture.says(case, Speaker::Author(case.author), Some(false)).await;
        }
    }
    let all = Filter::default();
    let found = sums(&hub, &viewer(ANA), &all).await.unwrap();
    let each: Vec<_> = found.iter().map(|sum| (sum.kind, sum.grade.as_str(), sum.count)).collect();
    assert_eq!(each, [(Kind::Confirmed, "A", 2), (Kind::Resolved, "C", 4)]);
    for sum in &found {
        let opened = list(&hub, &viewer(ANA), &sum.filter, None, 200).await.unwrap().rows;
        assert_eq!(opened.len() as i64, sum.count);
        assert!(opened.iter().all(|row| row.kind == sum.kind && row.grade == sum.grade && row.void_at.is_none()));
        assert!(opened.iter().all(|row| (row.kind == Kind::Confirmed) == row.evidence_post.is_some()));
    }
    // What no longer holds can be looked at, and is counted nowhere else.
    let void = Filter { void: true, ..Filter::default() };
    assert_eq!(count(&hub, &viewer(ANA), &void).await.unwrap(), 7);
    // Another unit's claims are out of sight.
    assert!(sums(&hub, &viewer(RITA), &all).await.unwrap().is_empty());
    let theirs = Filter { unit: Some(RETAIL), ..Filter::default() };
    assert_eq!(count(&hub, &viewer(ANA), &theirs).await.unwrap(), 0);
    // Pages hold each once.
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = list(&hub, &viewer(ANA), &void, after, 2).await.unwrap();
        seen.extend(page.rows.iter().map(|row| row.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1]);
});
