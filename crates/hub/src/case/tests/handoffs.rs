use super::*;
use crate::{
    Error, both_stores,
    case::{Filter, View, accept, bounce, list, offer, snooze, take, tell, tick, withdraw},
    scope::Role,
};

both_stores!(the_sender_owns_it_until_the_receiver_accepts, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "It leaks").await;
    let handoff = offer(&hub, &viewer(ANA), case.id, RETAIL, "sold last week", None).await.unwrap();
    assert_eq!(fixture.stands(case.id).await.1, REPAIRS);
    let page = fixture.page(&viewer(RITA), case.id).await;
    assert!(page.may.answer_offer && !page.may.work && page.case.offer.is_some());
    // Not twice, not to itself, not by those who only look, and not accepted by the sender.
    let twice = offer(&hub, &viewer(ANA), case.id, PRESS, "or them", None).await.unwrap_err();
    assert!(matches!(twice, Error::Conflict(_)), "{twice}");
    let other = fixture.fresh(REPAIRS, "Too").await;
    assert!(matches!(offer(&hub, &viewer(ANA), other.id, REPAIRS, "x", None).await, Err(Error::Invalid { .. })));
    assert!(matches!(offer(&hub, &viewer(ANA), other.id, 99, "x", None).await, Err(Error::Invalid { .. })));
    assert!(matches!(offer(&hub, &viewer(ANA), other.id, RETAIL, "  ", None).await, Err(Error::Invalid { .. })));
    assert!(matches!(offer(&hub, &viewer(VIC), other.id, RETAIL, "x", None).await, Err(Error::Forbidden(_))));
    assert!(matches!(accept(&hub, &viewer(ANA), handoff).await, Err(Error::Forbidden(_))));
    assert!(matches!(accept(&hub, &viewer(OTTO), handoff).await, Err(Error::NotFound { .. })));
    assert!(matches!(bounce(&hub, &viewer(RITA), handoff, "").await, Err(Error::Invalid { .. })));
    assert_eq!(fixture.stands(case.id).await.1, REPAIRS);
    hub.clock.advance(5 * MINUTE);
    accept(&hub, &viewer(RITA), handoff).await.unwrap();
    assert_eq!(fixture.stands(case.id).await.1, RETAIL);
    assert_eq!(fixture.claims(case.id).await, ["passed A"]);
    let page = fixture.page(&viewer(ANA), case.id).await; // goes on seeing what became of it
    assert_eq!(page.case.assignee.as_ref().map(|named| named.id), Some(RITA));
    assert_eq!(page.case.due_at, Some(hub.now() + 4 * HOUR), "promises start anew");
    assert!(!page.may.work);
    assert!(matches!(withdraw(&hub, &viewer(ANA), handoff).await, Err(Error::Conflict(_))));
    whole(&hub).await;
});

both_stores!(of_two_who_accept_at_once_one_does, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "It leaks").await;
    let handoff = offer(&hub, &viewer(ANA), case.id, RETAIL, "sold last week", None).await.unwrap();
    let second = as_role(BEN, "ben", RETAIL, Role::Agent);
    let (rita, ana) = (viewer(RITA), viewer(ANA));
    let (a, b, c) =
        tokio::join!(accept(&hub, &rita, handoff), accept(&hub, &second, handoff), withdraw(&hub, &ana, handoff));
    assert_eq!([&a, &b, &c].iter().filter(|result| result.is_ok()).count(), 1, "{a:?} {b:?} {c:?}");
    let lost = [a, b, c].into_iter().filter_map(Result::err);
    lost.for_each(|why| assert!(matches!(why, Error::Conflict(_)), "{why}"));
    let passed = fixture.claims(case.id).await;
    let owner = fixture.stands(case.id).await.1;
    assert!((passed.len() == 1) == (owner == RETAIL), "{passed:?} {owner}");
    whole(&hub).await;
});

both_stores!(of_two_who_take_it_at_once_one_does, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "It leaks").await;
    let (ana, ben) = (viewer(ANA), viewer(BEN));
    let (a, b) = tokio::join!(take(&hub, &ana, case.id), take(&hub, &ben, case.id));
    assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
    let why = a.err().or(b.err()).unwrap().to_string();
    assert!(why.contains("works on case"), "{why}");
    whole(&hub).await;
});

both_stores!(an_offer_bounces_is_withdrawn_or_runs_out_and_stays_with_the_sender, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "It leaks").await;
    let first = offer(&hub, &viewer(ANA), case.id, RETAIL, "sold last week", None).await.unwrap();
    bounce(&hub, &viewer(RITA), first, "bought online").await.unwrap();
    let second = offer(&hub, &viewer(ANA), case.id, RETAIL, "no, in the shop", None).await.unwrap();
    withdraw(&hub, &viewer(ANA), second).await.unwrap();
    let third = offer(&hub, &viewer(ANA), case.id, RETAIL, "again", None).await.unwrap();
    assert_eq!(tick(&hub).await.unwrap().expired, 0);
    hub.clock.advance(HOUR);
    let ticked = tick(&hub).await.unwrap();
    assert_eq!((ticked.expired, ticked.missed), (1, 1));
    assert_eq!(tick(&hub).await.unwrap(), crate::case::Ticked::default(), "nothing twice");
    assert!(matches!(accept(&hub, &viewer(RITA), third).await, Err(Error::NotFound { .. } | Error::Conflict(_))));
    assert_eq!(fixture.stands(case.id).await.1, REPAIRS);
    assert!(fixture.claims(case.id).await.is_empty());
    let states: Vec<String> = fixture
        .page(&viewer(ANA), case.id)
        .await
        .entries
        .iter()
        .filter_map(|entry| if let crate::case::Entry::Handoff(e) = entry { Some(e.state.clone()) } else { None })
        .collect();
    assert_eq!(states, ["bounced", "withdrawn", "expired"]);
    whole(&hub).await;
});

both_stores!(who_is_told_sees_and_does_not_own, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let case = fixture.fresh(REPAIRS, "It burns").await;
    let press = as_role(OTTO, "otto", PRESS, Role::Agent);
    assert!(open(&hub, &press, case.id).await.is_err());
    tell(&hub, &viewer(ANA), case.id, PRESS, "may reach the papers").await.unwrap();
    tell(&hub, &viewer(ANA), case.id, PRESS, "twice is once").await.unwrap();
    let page = fixture.page(&press, case.id).await;
    assert_eq!((page.watches.len(), page.may.work), (1, false));
    assert_eq!(list(&hub, &press, &Filter::view(View::Watching), None, 9).await.unwrap().rows.len(), 1);
    assert_eq!(list(&hub, &press, &Filter::view(View::Waiting), None, 9).await.unwrap().rows.len(), 0);
    whole(&hub).await;
});

both_stores!(a_snooze_ends_by_the_clock_or_by_a_post, |hub| async move {
    let fixture = Fixture::new(&hub).await;
    let (clock, written) = (fixture.fresh(REPAIRS, "One").await, fixture.fresh(REPAIRS, "Two").await);
    assert!(matches!(snooze(&hub, &viewer(ANA), clock.id, hub.now(), None).await, Err(Error::Invalid { .. })));
    for case in [clock, written] {
        snooze(&hub, &viewer(ANA), case.id, hub.now() + 24 * HOUR, None).await.unwrap();
        assert_eq!(fixture.stands(case.id).await.0, State::Snoozed);
    }
    whole(&hub).await;
    fixture.says(written, Speaker::Author(written.author), None).await;
    assert_eq!(fixture.stands(written.id).await.0, State::Open);
    assert_eq!(tick(&hub).await.unwrap().woken, 0);
    hub.clock.advance(24 * HOUR);
    assert_eq!(tick(&hub).await.unwrap().woken, 1);
    assert_eq!(fixture.stands(clock.id).await.0, State::Open);
    whole(&hub).await;
});
