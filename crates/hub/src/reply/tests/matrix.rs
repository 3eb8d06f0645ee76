use super::*;
use crate::reply::{Verdict, approve, cancel, decide_unknown, edit, queue, reject, release, request_changes, submit};
use crate::{both_stores, reply};

/// Which things people do are allowed in which state, written down a second time and by hand: d(raft) s(ubmitted)
/// c(hanges) a(pproved) r(ejected) e(xpired) x(cancelled) q(ueued) S(ending) D(one: sent) f(ailed) u(nknown).
const ALLOWED: [(&str, &str); 11] = [
    ("edit", "dscaexf"),
    ("submit", "de"),
    ("approve", "s"),
    ("request_changes", "s"),
    ("reject", "s"),
    ("queue", "a"), // the unit demands approval, so drafts, failed and cancelled ones have to pass there first
    ("cancel", "dscaefq"),
    ("release", ""), // only held ones
    ("found", "u"),
    ("send_again", "u"),
    ("leave", "u"),
];

fn letter(state: State) -> char {
    match state {
        State::Draft => 'd',
        State::Submitted => 's',
        State::Changes => 'c',
        State::Approved => 'a',
        State::Rejected => 'r',
        State::Expired => 'e',
        State::Cancelled => 'x',
        State::Queued => 'q',
        State::Sending => 'S',
        State::Sent => 'D',
        State::Failed => 'f',
        State::Unknown => 'u',
    }
}

/// Puts a reply into a state by hand, as no person could.
async fn place(hub: &TestHub, id: i64, state: State) {
    let mut tx = hub.tx().await;
    let sql = "update replies set state = $2, approval_unit_id = $3 where id = $1";
    tx.run(q!(sql, id, state.as_str(), LEGAL)).await.unwrap();
    if state == State::Approved {
        let step = tx.id("reply_steps").await.unwrap();
        let sql = "insert into reply_steps (id, reply_id, state, version, by_id, at, reason) values ($1, $2, 'approved', 1, 3, 0, '')";
        tx.run(q!(sql, step, id)).await.unwrap();
    }
    tx.log(Entry::new("test.placed", "reply", id));
    tx.commit().await.unwrap();
}

async fn act(hub: &TestHub, action: &str, id: i64) -> crate::Result<Reply> {
    match action {
        "edit" => edit(hub, &ana(), id, 1, "other words").await,
        "submit" => submit(hub, &ana(), id, 1).await,
        "approve" => approve(hub, &lea(), id, 1, "").await,
        "request_changes" => request_changes(hub, &lea(), id, 1, "shorter").await,
        "reject" => reject(hub, &lea(), id, 1, "not by us").await,
        "queue" => queue(hub, &ana(), id, Send { confirm: true, ..Send::version(1) }).await,
        "cancel" => cancel(hub, &ana(), id, "").await,
        "release" => release(hub, &ana(), id).await,
        "found" => decide_unknown(hub, &ana(), id, &Verdict::Published { url: None }).await,
        "send_again" => decide_unknown(hub, &ana(), id, &Verdict::SendAgain).await,
        "leave" => decide_unknown(hub, &ana(), id, &Verdict::LeaveUnsent).await,
        other => panic!("no action {other}"),
    }
}

both_stores!(every_action_in_every_state, |hub| async move {
    seed(&hub).await;
    demand_approval(&hub).await;
    let (_network, _) = network(&hub, false).await;
    for (action, allowed) in ALLOWED {
        for from in State::ALL {
            let reply = reply::draft(&hub, &ana(), &new("words")).await.unwrap();
            place(&hub, reply.id, from).await;
            let outcome = act(&hub, action, reply.id).await;
            assert_eq!(outcome.is_ok(), allowed.contains(letter(from)), "{action} in {from:?}: {outcome:?}");
            if let Err(error) = outcome {
                let words = error.to_string();
                assert!(
                    matches!(error, crate::Error::Conflict(_)) && words.len() > 20,
                    "{action} in {from:?}: {words}"
                );
                assert_eq!(state(&hub, reply.id).await, from, "a refusal changes nothing");
            }
        }
    }
    assert!(matches!(verify(&hub.db).await.unwrap(), Chain::Whole(_)));
});

both_stores!(a_text_changed_meanwhile_is_noticed, |hub| async move {
    seed(&hub).await;
    let (_network, _) = network(&hub, false).await;
    let reply = reply::draft(&hub, &ana(), &new("one")).await.unwrap();
    edit(&hub, &ben(), reply.id, 1, "two").await.unwrap();
    for refused in
        [edit(&hub, &ana(), reply.id, 1, "three").await, queue(&hub, &ana(), reply.id, Send::version(1)).await]
    {
        assert!(refused.unwrap_err().to_string().contains("version 2"));
    }
    sound(&hub).await;
});

both_stores!(nobody_else_sees_or_touches_it, |hub| async move {
    seed(&hub).await;
    let reply = reply::draft(&hub, &ana(), &new("one")).await.unwrap();
    let outsider = viewer(4, ELSEWHERE, Role::Admin);
    assert!(matches!(reply::find(&hub, &outsider, reply.id).await, Err(crate::Error::NotFound { .. })));
    assert!(matches!(edit(&hub, &outsider, reply.id, 1, "x").await, Err(crate::Error::NotFound { .. })));
    assert!(reply::draft(&hub, &outsider, &new("x")).await.is_err());
    assert!(reply::of_case(&hub, &outsider, 1).await.unwrap().is_empty());
    let reader = viewer(4, REPAIRS, Role::Viewer);
    assert!(reply::find(&hub, &reader, reply.id).await.is_ok());
    assert!(matches!(cancel(&hub, &reader, reply.id, "").await, Err(crate::Error::Forbidden(_))));
    assert!(matches!(reply::draft(&hub, &reader, &new("x")).await, Err(crate::Error::Forbidden(_))));
});

both_stores!(words_that_cannot_be_sent_are_refused, |hub| async move {
    seed(&hub).await;
    for text in ["", " \n ", &"x".repeat(10_001)] {
        assert!(reply::draft(&hub, &ana(), &new(text)).await.is_err());
    }
    let other = New { post_id: Some(99), ..new("x") };
    assert!(reply::draft(&hub, &ana(), &other).await.is_err(), "a post of another case is not answered here");
    let reply = reply::draft(&hub, &ana(), &new("x")).await.unwrap();
    assert_eq!(reply.post_id, Some(1), "the newest customer post is answered by default");
    let refused = queue(&hub, &ana(), reply.id, Send::version(1)).await.unwrap_err().to_string();
    assert!(refused.contains("address"), "a handle that cannot publish says so at once: {refused}");
});
