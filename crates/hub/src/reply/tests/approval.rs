use super::*;
use crate::case::{self, Found};
use crate::reply::{approve, awaiting_approval, edit, expire, queue, request_changes, submit};
use crate::{Error, both_stores, reply};

both_stores!(an_approval_is_for_exactly_one_wording, |hub| async move {
    seed(&hub).await;
    demand_approval(&hub).await;
    let (_network, _) = network(&hub, false).await;
    let reply = reply::draft(&hub, &ana(), &new("one")).await.unwrap();
    let refused = queue(&hub, &ana(), reply.id, Send::version(1)).await.unwrap_err().to_string();
    assert!(refused.contains("approval of legal"), "{refused}");
    submit(&hub, &ana(), reply.id, 1).await.unwrap();
    assert_eq!(awaiting_approval(&hub, &lea()).await.unwrap().len(), 1);
    edit(&hub, &ana(), reply.id, 1, "two").await.unwrap();
    for version in [1, 2] {
        let refused = approve(&hub, &lea(), reply.id, version, "").await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "it is not hers to decide any more");
    }
    submit(&hub, &ana(), reply.id, 2).await.unwrap();
    assert!(matches!(approve(&hub, &lea(), reply.id, 1, "").await, Err(Error::Conflict(_))), "she saw the old wording");
    approve(&hub, &lea(), reply.id, 2, "fine").await.unwrap();
    let edited = edit(&hub, &ana(), reply.id, 2, "three").await.unwrap();
    assert_eq!((edited.state, edited.version, edited.approval_unit_id), (State::Draft, 3, None));
    assert!(queue(&hub, &ana(), reply.id, Send::version(3)).await.is_err(), "the approval went with the old wording");
    submit(&hub, &ana(), reply.id, 3).await.unwrap();
    approve(&hub, &lea(), reply.id, 3, "").await.unwrap();
    queue(&hub, &ana(), reply.id, Send::version(3)).await.unwrap();
    sound(&hub).await;
});

both_stores!(who_is_asked_to_approve_sees_the_case, |hub| async move {
    seed(&hub).await;
    demand_approval(&hub).await;
    let reply = reply::draft(&hub, &ana(), &new("one")).await.unwrap();
    let seen = async || case::open(&hub, &lea(), 1).await;
    assert!(matches!(seen().await, Err(Error::NotFound { .. })), "before, it is none of hers");
    submit(&hub, &ana(), reply.id, 1).await.unwrap();
    let Found::Here(page) = seen().await.unwrap() else { panic!("it is there") };
    let told: Vec<_> = page.watches.iter().map(|watch| (watch.unit.id, watch.reason.as_str())).collect();
    assert_eq!(told, [(LEGAL, "asked to approve a reply")]);
    request_changes(&hub, &lea(), reply.id, 1, "shorter").await.unwrap();
    edit(&hub, &ana(), reply.id, 1, "two").await.unwrap();
    submit(&hub, &ana(), reply.id, 2).await.unwrap();
    approve(&hub, &lea(), reply.id, 2, "").await.unwrap();
    assert!(matches!(seen().await, Ok(Found::Here(page)) if page.watches.len() == 1), "told once");
    sound(&hub).await;
});

both_stores!(nobody_approves_their_own_words, |hub| async move {
    seed(&hub).await;
    demand_approval(&hub).await;
    let both = |member| viewer(member, HEAD, Role::Approver);
    let reply = reply::draft(&hub, &both(1), &new("one")).await.unwrap();
    edit(&hub, &both(2), reply.id, 1, "two").await.unwrap();
    submit(&hub, &both(2), reply.id, 2).await.unwrap();
    for author in [1, 2] {
        assert!(matches!(approve(&hub, &both(author), reply.id, 2, "").await, Err(Error::Forbidden(_))));
        assert!(awaiting_approval(&hub, &both(author)).await.unwrap().is_empty());
    }
    assert!(
        matches!(approve(&hub, &ben(), reply.id, 2, "").await, Err(Error::Forbidden(_))),
        "an agent is no approver"
    );
    assert!(request_changes(&hub, &lea(), reply.id, 2, " ").await.is_err(), "changes need words");
    approve(&hub, &lea(), reply.id, 2, "").await.unwrap();
});

both_stores!(a_handle_may_demand_approval_too, |hub| async move {
    seed(&hub).await;
    let config = serde_json::json!({ "address": "http://127.0.0.1:1", "secret": "t", "approval": "legal" });
    configure(&hub, config).await;
    let reply = reply::draft(&hub, &ana(), &new("one")).await.unwrap();
    assert!(queue(&hub, &ana(), reply.id, Send::version(1)).await.is_err());
    submit(&hub, &ana(), reply.id, 1).await.unwrap();
    approve(&hub, &lea(), reply.id, 1, "").await.unwrap();
    queue(&hub, &ana(), reply.id, Send::version(1)).await.unwrap();
});

both_stores!(an_approval_does_not_follow_the_case_into_another_unit, |hub| async move {
    seed(&hub).await;
    demand_approval(&hub).await;
    let (_network, _) = network(&hub, false).await;
    let reply = reply::draft(&hub, &ana(), &new("one")).await.unwrap();
    submit(&hub, &ana(), reply.id, 1).await.unwrap();
    approve(&hub, &lea(), reply.id, 1, "").await.unwrap();
    let mut tx = hub.tx().await;
    tx.run(q!("update units set approval_unit_id = $1 where id = $2", ELSEWHERE, REPAIRS)).await.unwrap();
    tx.log(Entry::new("unit.changed", "unit", REPAIRS));
    tx.commit().await.unwrap();
    let refused = queue(&hub, &ana(), reply.id, Send::version(1)).await.unwrap_err().to_string();
    assert!(refused.contains("has moved"), "{refused}");
    submit(&hub, &ana(), reply.id, 1).await.unwrap();
    approve(&hub, &viewer(4, ELSEWHERE, Role::Approver), reply.id, 1, "").await.unwrap();
    queue(&hub, &ana(), reply.id, Send::version(1)).await.unwrap();
});

both_stores!(what_nobody_decides_expires, |hub| async move {
    seed(&hub).await;
    demand_approval(&hub).await;
    let reply = reply::draft(&hub, &ana(), &new("one")).await.unwrap();
    submit(&hub, &ana(), reply.id, 1).await.unwrap();
    hub.clock.advance(6 * 86_400 * SECOND);
    assert_eq!(expire(&hub).await.unwrap(), 0);
    hub.clock.advance(86_400 * SECOND);
    assert_eq!(expire(&hub).await.unwrap(), 1);
    assert_eq!(state(&hub, reply.id).await, State::Expired);
    submit(&hub, &ana(), reply.id, 1).await.unwrap();
    approve(&hub, &lea(), reply.id, 1, "").await.unwrap();
    hub.clock.advance(3 * 86_400 * SECOND);
    expire(&hub).await.unwrap();
    assert_eq!(state(&hub, reply.id).await, State::Expired);
    sound(&hub).await;
});
