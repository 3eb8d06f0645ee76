use super::*;
use crate::{
    Error, both_stores,
    case::{Closing, merge, note, offer, resolve, take},
};

async fn joined(hub: &TestHub, keep: Made, gone: Made) -> crate::Result<()> {
    let mut tx = hub.tx().await;
    merge(&mut tx, keep.id, gone.id).await?;
    tx.commit().await
}

both_stores!(two_cases_become_one_and_nothing_is_lost, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let keep = fixture.fresh(REPAIRS, "It leaks").await;
    hub.clock.advance(HOUR);
    let gone = fixture.fresh(RETAIL, "It also burns").await;
    note(&hub, &viewer(RITA), gone.id, "looks like the other one").await.unwrap();
    offer(&hub, &viewer(ANA), keep.id, PRESS, "look", None).await.unwrap();
    offer(&hub, &viewer(RITA), gone.id, REPAIRS, "yours", None).await.unwrap();
    fixture.page(&viewer(ANA), keep.id).await;
    joined(&hub, keep, gone).await.unwrap();
    let page = fixture.page(&viewer(ANA), keep.id).await;
    let posts = page.entries.iter().filter(|entry| matches!(entry, crate::case::Entry::Post(_))).count();
    let notes = page.entries.iter().filter(|entry| matches!(entry, crate::case::Entry::Note(_))).count();
    assert_eq!((posts, notes, page.case.asks, page.case.asked_at), (2, 1, 2, Some(hub.now() - HOUR)));
    assert_eq!(page.case.offer.as_ref().map(|offer| offer.to.id), Some(PRESS));
    let open = |kind: &str| {
        page.targets.iter().filter(|t| t.kind == kind && t.met_at.is_none() && t.cancelled_at.is_none()).count()
    };
    assert_eq!((open("first_response"), open("resolution"), open("acceptance")), (1, 1, 1));
    // The old address leads on, for the people of the other unit too, who go on seeing it.
    for who in [ANA, RITA] {
        assert!(matches!(open_case(&hub, who, gone.id).await.unwrap(), Found::Moved(into) if into == keep.id));
        fixture.page(&viewer(who), keep.id).await;
    }
    assert!(matches!(open_case(&hub, OTTO, gone.id).await, Err(Error::NotFound { .. })));
    assert!(matches!(take(&hub, &viewer(RITA), gone.id).await, Err(Error::Conflict(_))));
    // What is posted in the old thread reaches the living case.
    fixture.says(gone, Speaker::Author(gone.author), None).await;
    assert_eq!(fixture.stands(keep.id).await.3, 3);
    assert!(joined(&hub, keep, gone).await.is_err(), "not twice");
    assert!(joined(&hub, keep, keep).await.is_err(), "not into itself");
    whole(&hub).await;
});

async fn open_case(hub: &TestHub, who: i64, id: i64) -> crate::Result<Found> {
    open(hub, &viewer(who), id).await
}

both_stores!(a_closed_half_never_closes_an_open_one, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    for (first_closed, second_closed) in [(true, false), (false, true), (true, true)] {
        let (keep, gone) = (fixture.fresh(REPAIRS, "A").await, fixture.fresh(REPAIRS, "B").await);
        for (case, closed) in [(keep, first_closed), (gone, second_closed)] {
            if closed {
                resolve(&hub, &viewer(ANA), case.id, Closing::Fixed, "done", None, None).await.unwrap();
            }
        }
        joined(&hub, keep, gone).await.unwrap();
        let both = first_closed && second_closed;
        assert_eq!(fixture.stands(keep.id).await.0, if both { State::Resolved } else { State::Open });
        assert_eq!(fixture.claims(keep.id).await.len(), usize::from(both), "one case, at most one claim");
        whole(&hub).await;
    }
});
