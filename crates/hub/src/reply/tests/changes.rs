//! Changing and taking back what is out.

use dandelion_networks::outgoing::Answer;
use serde_json::json;

use super::*;
use crate::{
    Error, both_stores, log,
    reply::{Kind, changes, correct, find, withdraw},
};

const AT: &str = "https://care.example/actors/care";

/// A reply that is out on a network which lets us change it without asking anybody: pages of our own.
async fn sent(hub: &TestHub) -> (Reply, Sender) {
    seed(hub).await;
    let (_network, sender) = network(hub, true).await;
    let reply = queued(hub, "Wich kettle?").await;
    assert_eq!(sender.step().await.unwrap(), Some(State::Sent));
    configure(hub, json!({ "address": AT, "secret": "x", "kind": "activitypub" })).await;
    let mut tx = hub.tx().await;
    tx.run(q!("update replies set remote_id = $1", format!("{AT}/posts/1"))).await.unwrap();
    tx.log(Entry::new("test.prepared", "test", 0));
    tx.commit().await.unwrap();
    (find(hub, &ana(), reply.id).await.unwrap(), sender)
}

fn says(error: &Error, words: &str) -> bool {
    error.to_string().contains(words)
}

both_stores!(words_that_are_out_are_changed_once_the_network_shows_them, |hub| async move {
    let (reply, sender) = sent(&hub).await;
    assert!(!sender.change_step().await.unwrap(), "nothing was asked for");
    let asked = correct(&hub, &ben(), reply.id, reply.version, " Which kettle? ").await.unwrap();
    assert_eq!((asked.text.as_str(), asked.changing), ("Wich kettle?", Some(Kind::Edit)), "not before it is so");
    let twice = correct(&hub, &ana(), reply.id, reply.version, "Which one?").await.unwrap_err();
    assert!(says(&twice, "being changed right now"), "{twice}");
    // The program dies with the change in its hands: another takes it up when the lease is over.
    assert!(sender.claim_change(&[]).await.unwrap().is_some());
    assert!(sender.claim_change(&[]).await.unwrap().is_none());
    hub.clock.advance(2 * 60 * SECOND);
    assert!(sender.claim_change(&[1]).await.unwrap().is_none(), "that handle is busy");
    assert!(sender.change_step().await.unwrap() && !sender.change_step().await.unwrap());
    let now = find(&hub, &ana(), reply.id).await.unwrap();
    assert_eq!((now.text.as_str(), now.version, now.state), ("Which kettle?", reply.version + 1, State::Sent));
    assert!(now.changing.is_none() && now.edited_at == Some(hub.now()) && now.change_error.is_none());
    let all = changes(&hub, &ana(), reply.id).await.unwrap();
    assert_eq!((all.len(), all[0].was.as_str(), all[0].by_id, all[0].attempts), (1, "Wich kettle?", 2, 2));
    let kinds: Vec<String> =
        log::of(&hub.db, "reply", reply.id).await.unwrap().into_iter().map(|event| event.kind).rev().take(2).collect();
    assert_eq!(kinds, ["reply.corrected", "reply.correction_asked"]);
    sound(&hub).await;
});

both_stores!(what_is_taken_back_stays_so, |hub| async move {
    let (reply, sender) = sent(&hub).await;
    withdraw(&hub, &ana(), reply.id, "the wrong customer").await.unwrap();
    assert!(sender.change_step().await.unwrap());
    let gone = find(&hub, &ana(), reply.id).await.unwrap();
    assert!(gone.deleted_at.is_some() && gone.state == State::Sent && gone.text == "Wich kettle?");
    for again in
        [withdraw(&hub, &ana(), reply.id, "").await, correct(&hub, &ana(), reply.id, gone.version, "Which?").await]
    {
        assert!(says(&again.unwrap_err(), "taken back already"));
    }
    sound(&hub).await;
});

both_stores!(what_cannot_be_changed_is_said_in_words, |hub| async move {
    let (reply, sender) = sent(&hub).await;
    let (id, version) = (reply.id, reply.version);
    let out = viewer(4, ELSEWHERE, Role::Agent);
    assert!(matches!(correct(&hub, &out, id, version, "x").await, Err(Error::NotFound { .. })));
    assert!(matches!(withdraw(&hub, &viewer(3, REPAIRS, Role::Viewer), id, "").await, Err(Error::Forbidden(_))));
    assert!(says(&correct(&hub, &ana(), id, version + 1, "x").await.unwrap_err(), "has changed since you looked"));
    assert!(says(&correct(&hub, &ana(), id, version, "Wich kettle?").await.unwrap_err(), "out already"));
    assert!(matches!(correct(&hub, &ana(), id, version, "  ").await, Err(Error::Invalid { .. })));
    let draft = crate::reply::draft(&hub, &ana(), &new("not out")).await.unwrap();
    assert!(says(&withdraw(&hub, &ana(), draft.id, "").await.unwrap_err(), "Only what is out"));
    // What somebody approved is changed by those who approve; taken back by whoever answers.
    demand_approval(&hub).await;
    assert!(matches!(correct(&hub, &ana(), id, version, "x").await, Err(Error::Forbidden(_))));
    // A network that lets nobody change words.
    configure(&hub, json!({ "address": "https://n.example/", "secret": "t" })).await;
    assert!(says(&withdraw(&hub, &ana(), id, "").await.unwrap_err(), "cannot take back this reply on demo"));
    // Refused by the network, it stays as it is and says why; and it may be asked for again.
    configure(&hub, json!({ "address": "https://other.example/actors/x", "secret": "x", "kind": "activitypub" })).await;
    withdraw(&hub, &ana(), id, "").await.unwrap();
    assert!(sender.change_step().await.unwrap());
    let now = find(&hub, &ana(), id).await.unwrap();
    assert!(now.deleted_at.is_none() && now.changing.is_none());
    assert!(now.change_error.as_deref().is_some_and(|why| why.contains("was not said by")), "{:?}", now.change_error);
    withdraw(&hub, &ana(), id, "").await.unwrap();
    sound(&hub).await;
});

both_stores!(a_network_that_is_down_is_asked_again_for_a_day, |hub| async move {
    let (reply, sender) = sent(&hub).await;
    withdraw(&hub, &ana(), reply.id, "").await.unwrap();
    let (mut tries, mut last) = (0, None);
    for _ in 0..200 {
        if let Some(task) = sender.claim_change(&[]).await.unwrap() {
            tries += 1;
            let answer = if tries % 2 == 0 {
                Answer::InDoubt { why: "it hung".into() }
            } else {
                Answer::Later { after: None, why: "it is down".into() }
            };
            sender.record_change(&task, answer.clone()).await.unwrap();
            last = Some((task, answer));
        }
        hub.clock.advance(15 * 60 * SECOND);
    }
    assert_eq!(tries, Rules::default().attempts);
    let now = find(&hub, &ana(), reply.id).await.unwrap();
    assert!(now.change_error.as_deref().is_some_and(|why| why.starts_with("given up after 14 attempts")));
    // An answer that comes late overrules nothing.
    let (task, answer) = last.expect("a task");
    sender.record_change(&task, answer).await.unwrap();
    sound(&hub).await;
});

both_stores!(after_a_restore_nothing_that_is_out_is_changed_unseen, |hub| async move {
    let (reply, sender) = sent(&hub).await;
    correct(&hub, &ana(), reply.id, reply.version, "Which kettle?").await.unwrap();
    let mut tx = hub.tx().await;
    crate::reply::hold_all(&mut tx).await.unwrap();
    tx.log(Entry::new("test.restored", "test", 0));
    tx.commit().await.unwrap();
    assert!(!sender.change_step().await.unwrap());
    let now = find(&hub, &ana(), reply.id).await.unwrap();
    assert!(now.text == "Wich kettle?" && now.changing.is_none());
    assert!(now.change_error.as_deref().is_some_and(|why| why.contains("a backup was restored")));
    correct(&hub, &ana(), reply.id, now.version, "Which kettle?").await.unwrap();
    assert!(sender.change_step().await.unwrap());
    sound(&hub).await;
});
