use std::time::Duration;

use dandelion_networks::{
    egress::{Client, Egress},
    outgoing::{Answer, testing::Act},
};

use super::*;
use crate::reply::{Verdict, attempts, cancel, decide_unknown, hold_all, queue, release, sender::Stale, undecided};
use crate::{Error, both_stores, reply};

both_stores!(a_reply_is_sent_and_can_be_found, |hub| async move {
    seed(&hub).await;
    let (network, sender) = network(&hub, true).await;
    let reply = queued(&hub, "We are on it").await;
    assert_eq!(sender.step().await.unwrap(), Some(State::Sent));
    assert_eq!(sender.step().await.unwrap(), None);
    let sent = reply::find(&hub, &ana(), reply.id).await.unwrap();
    assert_eq!(sent.remote_id.as_deref(), Some("1"));
    assert_eq!(sent.remote_url, Some(format!("{}/posts/1", network.address)));
    let request: serde_json::Value = serde_json::from_str(&network.requests()[0].body).unwrap();
    assert_eq!(request["in_reply_to"], "77");
    let mut tx = hub.tx().await;
    let case = tx.one(q!("select state, asked_at, first_reply_at from cases where id = 1")).await.unwrap();
    assert_eq!(case.get::<String, _>("state").unwrap(), "waiting", "it is the customer's turn");
    assert_eq!(case.get::<Option<i64>, _>("asked_at").unwrap(), None);
    assert_eq!(case.get::<Option<i64>, _>("first_reply_at").unwrap(), Some(hub.now()));
    drop(tx);
    sound(&hub).await;
});

both_stores!(it_can_be_taken_back_within_the_window_and_not_after, |hub| async move {
    seed(&hub).await;
    let (network, sender) = network(&hub, true).await;
    let reply = reply::draft(&hub, &ana(), &new("oops")).await.unwrap();
    queue(&hub, &ana(), reply.id, Send::version(1)).await.unwrap();
    assert_eq!(sender.step().await.unwrap(), None, "not before the window is over");
    cancel(&hub, &ana(), reply.id, "a typo").await.unwrap();
    hub.clock.advance(10 * SECOND);
    assert_eq!(sender.step().await.unwrap(), None);
    queue(&hub, &ana(), reply.id, Send::version(1)).await.unwrap();
    hub.clock.advance(5 * SECOND);
    assert_eq!(sender.step().await.unwrap(), Some(State::Sent));
    assert!(matches!(cancel(&hub, &ana(), reply.id, "").await, Err(Error::Conflict(_))));
    assert_eq!(network.published(), 1);
    sound(&hub).await;
});

both_stores!(two_people_answer_at_once_and_one_is_told, |hub| async move {
    seed(&hub).await;
    let (_network, sender) = network(&hub, false).await;
    let hers = reply::draft(&hub, &ana(), &new("hers")).await.unwrap();
    let his = reply::draft(&hub, &ben(), &new("his")).await.unwrap();
    let (ana, ben) = (ana(), ben());
    let (first, second) =
        tokio::join!(queue(&hub, &ana, hers.id, Send::version(1)), queue(&hub, &ben, his.id, Send::version(1)));
    assert!(first.is_ok() != second.is_ok(), "exactly one goes out: {first:?} {second:?}");
    let (refused, loser) = if let Err(error) = first { (error, hers.id) } else { (second.unwrap_err(), his.id) };
    assert!(refused.to_string().contains("has answered this post too"), "{refused}");
    hub.clock.advance(5 * SECOND);
    sender.step().await.unwrap();
    assert!(queue(&hub, &ana, loser, Send::version(1)).await.is_err(), "also after the other one was sent");
    queue(&hub, &ana, loser, Send { confirm: true, ..Send::version(1) }).await.unwrap();
});

both_stores!(two_senders_never_take_the_same_reply, |hub| async move {
    seed(&hub).await;
    let (network, one) = network(&hub, false).await;
    let two = Sender::new(hub.hub.clone(), loopback(), Rules::default());
    for n in 0..20 {
        queued(&hub, &format!("reply {n}")).await;
    }
    let work = |sender: Sender| async move { while sender.step().await.unwrap().is_some() {} };
    tokio::join!(work(one), work(two));
    assert_eq!(network.published(), 20);
    for n in 0..20 {
        assert_eq!(network.published_as(&format!("reply {n}")), 1);
    }
    sound(&hub).await;
});

both_stores!(a_network_that_is_down_is_tried_later_and_then_given_up, |hub| async move {
    seed(&hub).await;
    let (network, sender) = network(&hub, false).await;
    configure(&hub, serde_json::json!({ "address": "http://127.0.0.1:1", "secret": "t" })).await;
    let reply = queued(&hub, "hello").await;
    assert_eq!(sender.step().await.unwrap(), Some(State::Queued));
    assert_eq!(sender.step().await.unwrap(), None, "not at once again");
    let mut tries = 1;
    loop {
        hub.clock.advance(16 * 60 * SECOND);
        tries += 1;
        match sender.step().await.unwrap() {
            Some(State::Queued) => {}
            Some(State::Failed) => break,
            other => panic!("{other:?} at attempt {tries}"),
        }
    }
    assert_eq!(tries, Rules::default().attempts);
    let failed = reply::find(&hub, &ana(), reply.id).await.unwrap();
    assert!(failed.error.unwrap().contains("given up after"), "people read why");
    assert_eq!(network.published(), 0);
    let config = serde_json::json!({ "address": network.address, "secret": "t" });
    configure(&hub, config).await;
    queue(&hub, &ana(), reply.id, Send { undo: 0, ..Send::version(1) }).await.unwrap();
    assert_eq!(sender.step().await.unwrap(), Some(State::Sent));
    sound(&hub).await;
});

both_stores!(retry_after_is_obeyed_and_a_refusal_is_final, |hub| async move {
    seed(&hub).await;
    let (network, sender) = network(&hub, false).await;
    network.then([Act::Say("429 Slow", "retry-after: 3600\r\n", ""), Act::Say("403 No", "", "Not allowed here")]);
    let reply = queued(&hub, "hello").await;
    assert_eq!(sender.step().await.unwrap(), Some(State::Queued));
    hub.clock.advance(3_599 * SECOND);
    assert_eq!(sender.step().await.unwrap(), None);
    hub.clock.advance(SECOND);
    assert_eq!(sender.step().await.unwrap(), Some(State::Failed));
    let failed = reply::find(&hub, &ana(), reply.id).await.unwrap();
    assert!(failed.error.unwrap().contains("Not allowed here"));
    sound(&hub).await;
});

both_stores!(a_refusal_after_a_doubt_settles_nothing, |hub| async move {
    seed(&hub).await;
    let (network, sender) = network(&hub, true).await;
    network.then([Act::PublishAndHang, Act::Say("403 No", "", "")]);
    queued(&hub, "hello").await;
    assert_eq!(sender.step().await.unwrap(), Some(State::Queued));
    hub.clock.advance(60 * SECOND);
    assert_eq!(sender.step().await.unwrap(), Some(State::Unknown));
    assert_eq!(network.published(), 1);
});

both_stores!(what_may_be_out_is_not_taken_back, |hub| async move {
    seed(&hub).await;
    let (network, sender) = network(&hub, true).await;
    network.then([Act::PublishAndHang]);
    let reply = queued(&hub, "hello").await;
    assert_eq!(sender.step().await.unwrap(), Some(State::Queued));
    let refused = cancel(&hub, &ana(), reply.id, "").await.unwrap_err().to_string();
    assert!(refused.contains("may have been published"), "{refused}");
});

both_stores!(a_key_is_not_counted_on_for_ever, |hub| async move {
    seed(&hub).await;
    let (network, sender) = network(&hub, true).await;
    network.then([Act::PublishAndHang]);
    queued(&hub, "hello").await;
    assert_eq!(sender.step().await.unwrap(), Some(State::Queued));
    hub.clock.advance(25 * 3_600 * SECOND); // the program was off for a day
    assert_eq!(sender.step().await.unwrap(), None);
    assert_eq!(undecided(&hub, &ana()).await.unwrap().len(), 1);
    assert_eq!(network.requests().len(), 1);
});

both_stores!(a_crash_before_the_network_was_touched, |hub| async move {
    seed(&hub).await;
    for (keys, after) in [(true, State::Queued), (false, State::Unknown)] {
        let (network, dead) = network(&hub, keys).await;
        let reply = queued(&hub, "hello").await;
        let job = dead.claim(&[]).await.unwrap().unwrap();
        assert_eq!(state(&hub, reply.id).await, State::Sending, "the intent is committed first");
        let next = Sender::new(hub.hub.clone(), loopback(), Rules::default());
        assert_eq!(next.recover(Stale::Expired).await.unwrap(), 0, "the lease still holds");
        assert_eq!(next.recover(Stale::Foreign).await.unwrap(), 1);
        assert_eq!(state(&hub, reply.id).await, after);
        hub.clock.advance(60 * SECOND);
        let stale = dead.publish(&job).await;
        assert!(matches!(stale, Answer::Later { .. }), "a program that slept through its lease keeps its hands off");
        assert_ne!(dead.record(&job, stale).await.unwrap(), State::Sending);
        next.step().await.unwrap();
        assert_eq!(network.published(), usize::from(keys));
    }
    sound(&hub).await;
});

both_stores!(a_crash_after_the_network_was_touched, |hub| async move {
    seed(&hub).await;
    for (keys, after) in [(true, State::Sent), (false, State::Unknown)] {
        let (network, dead) = network(&hub, keys).await;
        let reply = queued(&hub, "hello").await;
        let job = dead.claim(&[]).await.unwrap().unwrap();
        let late = dead.publish(&job).await;
        let next = Sender::new(hub.hub.clone(), loopback(), Rules::default());
        hub.clock.advance(60 * SECOND);
        next.step().await.unwrap();
        hub.clock.advance(60 * SECOND);
        next.step().await.unwrap();
        assert_eq!(state(&hub, reply.id).await, after);
        assert_eq!(network.published(), 1);
        // It was not dead after all, and its confirmation is the truth.
        assert_eq!(dead.record(&job, late).await.unwrap(), State::Sent);
        assert_eq!(next.step().await.unwrap(), None);
        assert_eq!(network.published(), 1);
    }
    sound(&hub).await;
});

both_stores!(a_person_decides_what_nobody_can_tell, |hub| async move {
    seed(&hub).await;
    let (network, sender) = network(&hub, false).await;
    let decided = [
        (Verdict::Published { url: Some("https://demo.example/1".into()) }, State::Sent, 1),
        (Verdict::SendAgain, State::Queued, 2),
        (Verdict::LeaveUnsent, State::Cancelled, 1),
    ];
    for (verdict, after, published) in decided {
        network.then([Act::PublishAndHang]);
        let text = format!("{verdict:?}");
        let reply = queued(&hub, &text).await;
        assert_eq!(sender.step().await.unwrap(), Some(State::Unknown));
        hub.clock.advance(3_600 * SECOND);
        assert_eq!(sender.step().await.unwrap(), None, "never a blind second send");
        let decided = decide_unknown(&hub, &ana(), reply.id, &verdict).await.unwrap();
        assert_eq!(decided.state, after);
        while sender.step().await.unwrap().is_some() {}
        assert_eq!(network.published_as(&text), published);
    }
    let bad = Verdict::Published { url: Some("javascript:alert(1)".into()) };
    network.then([Act::PublishAndHang]);
    let reply = queued(&hub, "x").await;
    sender.step().await.unwrap();
    assert!(decide_unknown(&hub, &ana(), reply.id, &bad).await.is_err());
    sound(&hub).await;
});

both_stores!(what_a_backup_brought_back_waits_for_a_person, |hub| async move {
    seed(&hub).await;
    let (network, sender) = network(&hub, true).await;
    let waiting = queued(&hub, "waiting").await;
    let under_way = queued(&hub, "under way").await;
    let mut tx = hub.tx().await;
    tx.run(q!("update replies set next_attempt_at = next_attempt_at + 1 where id = $1", waiting.id)).await.unwrap();
    tx.commit_unlogged("a test orders the line").await.unwrap();
    sender.claim(&[]).await.unwrap().unwrap();
    let mut tx = hub.tx().await;
    assert_eq!(hold_all(&mut tx).await.unwrap(), 2);
    tx.commit().await.unwrap();
    hub.clock.advance(3_600 * SECOND);
    assert_eq!(sender.step().await.unwrap(), None, "held replies stay");
    assert_eq!(state(&hub, under_way.id).await, State::Unknown);
    assert_eq!(undecided(&hub, &ana()).await.unwrap().len(), 2);
    release(&hub, &ana(), waiting.id).await.unwrap();
    assert_eq!(sender.step().await.unwrap(), Some(State::Sent));
    assert_eq!(network.published_as("waiting"), 1);
    assert!(release(&hub, &ana(), waiting.id).await.is_err());
    sound(&hub).await;
});

both_stores!(a_handle_that_hangs_keeps_nobody_waiting, |hub| async move {
    seed(&hub).await;
    let (network, _) = network(&hub, true).await;
    // Whoever waits for the one that hangs waits ten minutes.
    let allow_private = vec!["127.0.0.1".parse().unwrap()];
    let patient = Egress { allow_private, deadline: Duration::from_mins(10), ..Egress::default() };
    let sender = Sender::new(hub.hub.clone(), Client::new(patient).unwrap(), Rules::default());
    let stuck = FaultyNetwork::start(true).await.unwrap();
    stuck.then(std::iter::repeat_n(Act::Silence, 50));
    let mut tx = hub.tx().await;
    let config = serde_json::json!({ "address": stuck.address, "secret": "t" }).to_string();
    let sql = "insert into handles (id, key, network, name, unit_id, purpose, config) values (2, 'x', 'demo', '@x', 2, 'care', $1)";
    tx.run(q!(sql, config)).await.unwrap();
    tx.log(Entry::new("handle.made", "handle", 2));
    tx.commit().await.unwrap();
    for n in 0..20 {
        let new = New { handle_id: 2, ..new(&format!("stuck {n}")) };
        let reply = reply::draft(&hub, &ana(), &new).await.unwrap();
        queue(&hub, &ana(), reply.id, Send { confirm: true, undo: 0, version: 1 }).await.unwrap();
    }
    let reply = queued(&hub, "quick").await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(reply::sender::run(sender, stopped));
    let sent = async {
        let most = Rules::default().at_once_per_handle;
        while state(&hub, reply.id).await != State::Sent || stuck.requests().len() < most {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), sent).await.expect("it waited for the stuck ones");
    assert_eq!(stuck.requests().len(), Rules::default().at_once_per_handle);
    assert_eq!(network.published(), 1);
    stop.send(true).unwrap();
    running.abort();
    let tried = attempts(&hub, &ana(), reply.id).await.unwrap();
    assert_eq!((tried.len(), tried[0].result.as_deref()), (1, Some("sent")));
});
