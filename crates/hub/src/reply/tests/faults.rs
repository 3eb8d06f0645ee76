use dandelion_networks::outgoing::testing::Act;
use proptest::{prelude::*, test_runner::Config};

use super::*;
use crate::reply::{Verdict, decide_unknown, sender::Stale};
use crate::{both_stores, reply};

both_stores!(a_lost_acknowledgement_settles_by_itself_where_keys_are_honoured, |hub| async move {
    seed(&hub).await;
    let (network, sender) = network(&hub, true).await;
    for n in 0..100 {
        let text = format!("reply {n}");
        network.then([Act::PublishAndHang]);
        let reply = queued(&hub, &text).await;
        assert_eq!(sender.step().await.unwrap(), Some(State::Queued));
        hub.clock.advance(60 * SECOND);
        assert_eq!(sender.step().await.unwrap(), Some(State::Sent));
        assert_eq!(state(&hub, reply.id).await, State::Sent);
        assert_eq!(network.published_as(&text), 1);
    }
    assert_eq!((network.published(), network.requests().len()), (100, 200));
    sound(&hub).await;
});

both_stores!(a_lost_acknowledgement_becomes_unknown_where_they_are_not, |hub| async move {
    seed(&hub).await;
    let (network, sender) = network(&hub, false).await;
    for n in 0..100 {
        let text = format!("reply {n}");
        network.then([Act::PublishAndHang]);
        let reply = queued(&hub, &text).await;
        assert_eq!(sender.step().await.unwrap(), Some(State::Unknown));
        hub.clock.advance(3_600 * SECOND);
        assert_eq!(sender.step().await.unwrap(), None);
        assert_eq!(state(&hub, reply.id).await, State::Unknown);
        assert_eq!(network.published_as(&text), 1);
    }
    assert_eq!((network.published(), network.requests().len()), (100, 100));
    sound(&hub).await;
});

/// What may happen to the sender while it works.
#[derive(Debug, Clone)]
enum Turn {
    /// It works undisturbed.
    Step,
    /// It dies with the intent committed and nothing sent; another program starts.
    DieBefore,
    /// It dies with the words out and nothing recorded; another program starts.
    DieAfter,
    /// It is slow: its lease runs out, another recovers, then it records.
    Late,
    /// Time passes, in seconds.
    Wait(u32),
    /// A person sends the oldest unknown one again.
    SendAgain,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = prop_oneof![
        6 => Just(Turn::Step),
        1 => Just(Turn::DieBefore),
        1 => Just(Turn::DieAfter),
        1 => Just(Turn::Late),
        3 => (1_u32..4_000).prop_map(Turn::Wait),
        1 => Just(Turn::SendAgain),
    ];
    prop::collection::vec(turn, 1..40)
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        3 => Just(Act::Publish),
        2 => Just(Act::PublishAndHang),
        1 => Just(Act::PublishAndFail),
        1 => Just(Act::Hang),
        1 => Just(Act::Say("500 Oh", "", "")),
        1 => Just(Act::Say("429 Slow", "retry-after: 30\r\n", "")),
        1 => Just(Act::Say("422 No", "", "too long")),
    ];
    prop::collection::vec(act, 0..40)
}

/// One story: some replies, a network with faults, a sender that dies now and then. Returns nothing; asserts law 3.
async fn story(hub: TestHub, keys: bool, replies: usize, acts: Vec<Act>, turns: Vec<Turn>) {
    seed(&hub).await;
    let (network, mut sender) = network(&hub, keys).await;
    network.then(acts);
    let mut allowed = Vec::new(); // how often each may have been published: once, and once more for each decision
    for n in 0..replies {
        allowed.push((queued(&hub, &format!("reply {n}")).await.id, 1));
    }
    for turn in turns {
        match turn {
            Turn::Step => drop(sender.step().await.unwrap()),
            Turn::Wait(seconds) => hub.clock.advance(i64::from(seconds) * SECOND),
            Turn::DieBefore | Turn::DieAfter => {
                if let Some(job) = sender.claim(&[]).await.unwrap()
                    && matches!(turn, Turn::DieAfter)
                {
                    sender.publish(&job).await;
                }
                sender = Sender::new(hub.hub.clone(), loopback(), Rules::default());
                sender.recover(Stale::Foreign).await.unwrap();
            }
            Turn::Late => {
                if let Some(job) = sender.claim(&[]).await.unwrap() {
                    let answer = sender.publish(&job).await;
                    hub.clock.advance(60 * SECOND);
                    let other = Sender::new(hub.hub.clone(), loopback(), Rules::default());
                    other.step().await.unwrap();
                    sender.record(&job, answer).await.unwrap();
                }
            }
            Turn::SendAgain => {
                let all = reply::of_case(&hub, &ana(), 1).await.unwrap();
                if let Some(reply) = all.iter().find(|reply| reply.state == State::Unknown) {
                    decide_unknown(&hub, &ana(), reply.id, &Verdict::SendAgain).await.unwrap();
                    allowed.iter_mut().filter(|(id, _)| *id == reply.id).for_each(|(_, most)| *most += 1);
                }
            }
        }
    }
    network.behave();
    for _ in 0..200 {
        hub.clock.advance(60 * SECOND);
        sender.step().await.unwrap();
    }
    for (n, (id, most)) in allowed.into_iter().enumerate() {
        let (state, published) = (state(&hub, id).await, network.published_as(&format!("reply {n}")));
        assert!(published <= most, "reply {n} was published {published} times, {most} at most");
        match state {
            State::Sent => assert!(published >= 1, "reply {n} is said to be sent"),
            State::Failed => assert!(published < most, "reply {n} is said to have failed"),
            State::Unknown => {}
            other => panic!("reply {n} was left {other:?}"),
        }
    }
    sound(&hub).await;
}

fn stories(cases: u32, on_postgres: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    proptest!(config, |(keys: bool, replies in 1_usize..4, acts in acts(), turns in turns())| {
        runtime.block_on(async {
            let hub = if on_postgres { TestHub::postgres().await } else { Some(TestHub::sqlite().await) };
            if let Some(hub) = hub {
                story(hub, keys, replies, acts, turns).await;
            }
        });
    });
}

#[test]
fn whatever_happens_nothing_is_sent_twice_or_lost_sqlite() {
    stories(60, false);
}

#[test]
fn whatever_happens_nothing_is_sent_twice_or_lost_postgres() {
    stories(15, true);
}
