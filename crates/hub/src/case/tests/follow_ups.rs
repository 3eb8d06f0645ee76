use super::*;
use crate::{
    Error, both_stores,
    case::{Closing, reopen, resolve, tick},
};

async fn closed(fixture: &Fixture<'_>, case: Made) -> i64 {
    fixture.hub.clock.advance(MINUTE);
    resolve(fixture.hub, &viewer(ANA), case.id, Closing::Fixed, "sent a new one", None, None).await.unwrap()
}

both_stores!(the_customer_confirms_and_nobody_else_does, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "It leaks").await;
    let stranger = fixture.author("@stranger").await;
    fixture.we_answer(case).await;
    assert_eq!(fixture.stands(case.id).await, (State::Waiting, REPAIRS, None, 0));
    closed(&fixture, case).await;
    assert_eq!(fixture.claims(case.id).await, ["resolved C"]);
    // Others' thanks, our own account's words, and silence are not the customer's word.
    fixture.says(case, Speaker::Author(stranger), Some(true)).await;
    fixture.says(case, Speaker::Us, Some(true)).await;
    hub.clock.advance(90 * 24 * HOUR);
    tick(&hub).await.unwrap();
    assert_eq!(fixture.claims(case.id).await, ["resolved C"]);
    assert_eq!(fixture.stands(case.id).await.0, State::Resolved);
    let post = fixture.says(case, Speaker::Author(case.author), Some(true)).await;
    assert_eq!(fixture.claims(case.id).await, ["resolved C", "confirmed A"]);
    let page = fixture.page(&viewer(ANA), case.id).await;
    assert_eq!(page.outcomes[1].evidence_post, Some(post));
    assert_eq!(page.case.confirmed_at, Some(hub.now()));
    // Saying it twice is one confirmation.
    fixture.says(case, Speaker::Author(case.author), Some(true)).await;
    assert_eq!(fixture.claims(case.id).await, ["resolved C", "confirmed A"]);
    whole(&hub).await;
});

both_stores!(still_leaking_reopens_and_voids, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "It leaks").await;
    fixture.we_answer(case).await;
    closed(&fixture, case).await;
    fixture.says(case, Speaker::Author(case.author), Some(true)).await;
    fixture.says(case, Speaker::Author(case.author), Some(false)).await;
    let now = hub.now();
    assert_eq!(fixture.stands(case.id).await, (State::Open, REPAIRS, Some(now), 1));
    assert!(fixture.claims(case.id).await.is_empty());
    let page = fixture.page(&viewer(ANA), case.id).await;
    assert!(page.outcomes.iter().all(|row| row.void_why.as_deref() == Some("The customer says that it is not fixed")));
    assert_eq!(page.case.due_kind.as_deref(), Some("next_response"));
    whole(&hub).await;
});

both_stores!(a_stranger_in_a_closed_thread_is_heard_and_takes_no_word_back, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "It leaks").await;
    let stranger = fixture.author("@stranger").await;
    fixture.we_answer(case).await;
    closed(&fixture, case).await;
    fixture.says(case, Speaker::Author(case.author), Some(true)).await;
    fixture.says(case, Speaker::Author(stranger), None).await;
    assert_eq!(fixture.stands(case.id).await.0, State::Open);
    assert_eq!(fixture.claims(case.id).await, ["confirmed A"], "only the customer can take back what they said");
    whole(&hub).await;
});

both_stores!(works_now_before_closing_is_evidence_for_it, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "It leaks").await;
    // Before any answer of ours nothing of ours can have fixed it: they still wait.
    fixture.says(case, Speaker::Author(case.author), Some(true)).await;
    assert!(fixture.stands(case.id).await.2.is_some());
    fixture.we_answer(case).await;
    let post = fixture.says(case, Speaker::Author(case.author), Some(true)).await;
    assert_eq!(fixture.stands(case.id).await, (State::Open, REPAIRS, None, 0));
    assert!(fixture.claims(case.id).await.is_empty(), "nothing is claimed before a person resolves it");
    closed(&fixture, case).await;
    assert_eq!(fixture.claims(case.id).await, ["resolved C", "confirmed A"]);
    assert_eq!(fixture.page(&viewer(ANA), case.id).await.outcomes[1].evidence_post, Some(post));
    whole(&hub).await;
});

both_stores!(evidence_does_not_outlive_a_further_complaint, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "It leaks").await;
    fixture.we_answer(case).await;
    fixture.says(case, Speaker::Author(case.author), Some(true)).await;
    fixture.says(case, Speaker::Author(case.author), Some(false)).await;
    closed(&fixture, case).await;
    assert_eq!(fixture.claims(case.id).await, ["resolved C"]);
    whole(&hub).await;
});

both_stores!(who_asks_again_keeps_their_place, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "It leaks").await;
    let since = hub.now();
    fixture.says(case, Speaker::Author(case.author), None).await;
    fixture.says(case, Speaker::Author(case.author), None).await;
    assert_eq!(fixture.stands(case.id).await, (State::Open, REPAIRS, Some(since), 3));
    // An answer clears what was asked before it and nothing that was asked after it.
    let answered = hub.now();
    let later = {
        hub.clock.advance(MINUTE);
        fixture.says(case, Speaker::Author(case.author), None).await;
        hub.now()
    };
    let engine = hub.engine().await.unwrap();
    let mut tx = hub.tx().await;
    crate::case::replied(&mut tx, &engine.org, case.id, 1, answered).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(fixture.stands(case.id).await, (State::Open, REPAIRS, Some(later), 1));
    // A post from before our answer that arrives late asks nothing.
    fixture.says_at(case, Speaker::Author(case.author), None, answered - 1).await;
    assert_eq!(fixture.stands(case.id).await.3, 1);
    whole(&hub).await;
});

both_stores!(a_promise_kept_late_stays_missed, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "It leaks").await;
    hub.clock.advance(4 * HOUR);
    assert_eq!(tick(&hub).await.unwrap().missed, 1);
    fixture.we_answer(case).await;
    let page = fixture.page(&viewer(ANA), case.id).await;
    let first = page.targets.iter().find(|target| target.kind == "first_response").unwrap();
    assert!(first.missed_at.is_some() && first.met_at.is_some());
    assert_eq!(page.case.due_kind.as_deref(), Some("resolution"));
    whole(&hub).await;
});

both_stores!(only_fixed_and_answered_claim_anything, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    for kind in Closing::ALL {
        let case = fixture.fresh(REPAIRS, "It leaks").await;
        resolve(&hub, &viewer(ANA), case.id, kind, "because", Some(case.post), None).await.unwrap();
        fixture.says(case, Speaker::Author(case.author), Some(true)).await;
        let expected: &[&str] = if kind.claims() { &["resolved C", "confirmed A"] } else { &[] };
        assert_eq!(fixture.claims(case.id).await, expected, "{kind:?}");
    }
    let (case, other) = (fixture.fresh(REPAIRS, "A").await, fixture.fresh(REPAIRS, "B").await);
    let foreign = resolve(&hub, &viewer(ANA), case.id, Closing::Fixed, "x", Some(other.post), None).await;
    assert!(matches!(foreign, Err(Error::Invalid { .. })), "evidence is of the case itself");
    let version = fixture.page(&viewer(ANA), case.id).await.case.version;
    fixture.says(case, Speaker::Author(case.author), None).await;
    let blind = resolve(&hub, &viewer(ANA), case.id, Closing::Fixed, "x", None, Some(version)).await;
    assert!(matches!(blind, Err(Error::Conflict(_))), "the customer wrote meanwhile");
    resolve(&hub, &viewer(ANA), case.id, Closing::Fixed, "x", None, None).await.unwrap();
    reopen(&hub, &viewer(ANA), case.id, "too early").await.unwrap();
    assert!(fixture.claims(case.id).await.is_empty());
    whole(&hub).await;
});
