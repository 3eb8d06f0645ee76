use serde_json::json;

use super::*;
use crate::{
    Error, both_stores,
    case::{
        Closing, Judged, accept, assign, correct, note, offer, resolve, see_ping, snooze, take, undo, undo::WITHIN,
    },
};

async fn undone(hub: &TestHub, who: i64, event: i64) -> crate::Result<()> {
    undo(hub, &viewer(who), event).await
}

/// The newest event of a kind.
async fn did(hub: &TestHub, case: i64, kind: &str) -> i64 {
    let events = crate::log::of(&hub.db, "case", case).await.unwrap();
    events.iter().rev().find(|event| event.kind == kind).unwrap().id
}

fn refused(result: crate::Result<()>, because: &str) {
    let why = result.unwrap_err();
    assert!(matches!(why, Error::Conflict(_)) && why.to_string().contains(because), "{why}");
}

both_stores!(everything_just_done_can_be_undone, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "It leaks").await;
    let before = (fixture.stands(case.id).await, fixture.page(&viewer(ANA), case.id).await);
    let ana = viewer(ANA);
    take(&hub, &ana, case.id).await.unwrap();
    let page = fixture.page(&ana, case.id).await;
    undone(&hub, ANA, page.undo.unwrap().event).await.unwrap();
    note(&hub, &ana, case.id, "oops @ben").await.unwrap();
    undone(&hub, ANA, fixture.newest_event(case.id).await).await.unwrap();
    snooze(&hub, &ana, case.id, hub.now() + HOUR, None).await.unwrap();
    undone(&hub, ANA, fixture.newest_event(case.id).await).await.unwrap();
    offer(&hub, &ana, case.id, RETAIL, "theirs", None).await.unwrap();
    undone(&hub, ANA, did(&hub, case.id, "handoff.offered").await).await.unwrap();
    correct(&hub, &ana, case.id, case.post, Judged::Sentiment, &json!("positive")).await.unwrap();
    undone(&hub, ANA, did(&hub, case.id, "judgement.corrected").await).await.unwrap();
    hub.clock.advance(MINUTE);
    resolve(&hub, &ana, case.id, Closing::Fixed, "done", None, None).await.unwrap();
    undone(&hub, ANA, did(&hub, case.id, "case.resolved").await).await.unwrap();
    let page = fixture.page(&ana, case.id).await;
    assert_eq!(fixture.stands(case.id).await, before.0);
    assert!(page.case.assignee.is_none() && page.case.offer.is_none() && fixture.claims(case.id).await.is_empty());
    assert_eq!((page.case.due_at, &page.case.due_kind), (before.1.case.due_at, &before.1.case.due_kind));
    assert!(!page.entries.iter().any(|entry| matches!(entry, crate::case::Entry::Note(_))));
    whole(&hub).await;
});

both_stores!(undo_says_why_not, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "It leaks").await;
    let ana = viewer(ANA);
    take(&hub, &ana, case.id).await.unwrap();
    let taken = did(&hub, case.id, "case.assigned").await;
    assert!(matches!(undone(&hub, BEN, taken).await, Err(Error::Forbidden(_))), "not by a colleague");
    assert!(matches!(undone(&hub, OTTO, taken).await, Err(Error::NotFound { .. })), "not from elsewhere");
    assign(&hub, &viewer(LEA), case.id, BEN, None).await.unwrap();
    refused(undone(&hub, ANA, taken).await, "given the case since");
    undone(&hub, LEA, did(&hub, case.id, "case.assigned").await).await.unwrap();
    assert_eq!(fixture.page(&ana, case.id).await.case.assignee.map(|named| named.id), Some(ANA));
    let noted = note(&hub, &ana, case.id, "@ben look").await.unwrap();
    see_ping(&hub, &viewer(BEN), noted.id).await.unwrap();
    refused(undone(&hub, ANA, did(&hub, case.id, "note.added").await).await, "Ben was called by it");
    let handoff = offer(&hub, &ana, case.id, RETAIL, "theirs", None).await.unwrap();
    let offered = did(&hub, case.id, "handoff.offered").await;
    accept(&hub, &viewer(RITA), handoff).await.unwrap();
    refused(undone(&hub, ANA, offered).await, "answered already");
    let other = fixture.fresh(REPAIRS, "It burns").await;
    fixture.we_answer(other).await;
    resolve(&hub, &ana, other.id, Closing::Fixed, "done", None, None).await.unwrap();
    let closed = did(&hub, other.id, "case.resolved").await;
    fixture.says(other, Speaker::Author(other.author), Some(true)).await;
    refused(undone(&hub, ANA, closed).await, "confirmed it since");
    assert_eq!(fixture.claims(other.id).await, ["resolved C", "confirmed A"]);
    let third = fixture.fresh(REPAIRS, "It smells").await;
    take(&hub, &ana, third.id).await.unwrap();
    hub.clock.advance(WITHIN);
    refused(undone(&hub, ANA, did(&hub, third.id, "case.assigned").await).await, "ten minutes");
    assert!(fixture.page(&ana, third.id).await.undo.is_none());
    whole(&hub).await;
});
