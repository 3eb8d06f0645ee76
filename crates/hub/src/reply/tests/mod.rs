//! What a reply may and may not do, on both stores.

mod approval;
mod changes;
mod faults;
mod matrix;
mod sending;

use dandelion_networks::outgoing::testing::{FaultyNetwork, loopback};

use super::{New, Reply, Send, Sender, State, sender::Rules};
use crate::{
    Hub,
    log::{Chain, Entry, verify},
    scope::{Role, Viewer},
    store::q,
    testing::TestHub,
};

const HEAD: i64 = 1;
const REPAIRS: i64 = 2;
const LEGAL: i64 = 3;
const ELSEWHERE: i64 = 4;
const SECOND: i64 = 1_000_000;

/// The smallest organisation in which a reply can be written: a case of Repairs, a post in it, one handle.
async fn seed(hub: &TestHub) {
    let mut tx = hub.tx().await;
    for (id, key, parent) in [
        (HEAD, "head", None),
        (REPAIRS, "repairs", Some(HEAD)),
        (LEGAL, "legal", Some(HEAD)),
        (ELSEWHERE, "else", Some(HEAD)),
    ] {
        let sql = "insert into units (id, key, name, kind, parent_id, languages, takes_unroutable, position)
                   values ($1, $2, $2, 'spoke', $3, '[]', false, $1)";
        tx.run(q!(sql, id, key, parent)).await.unwrap();
    }
    for (id, key) in [(1_i64, "ana"), (2, "ben"), (3, "lea"), (4, "out")] {
        let sql = "insert into members (id, key, name, email, created_at) values ($1, $2, $2, $2, 0)";
        tx.run(q!(sql, id, key)).await.unwrap();
    }
    for sql in [
        "insert into handles (id, key, network, name, unit_id, purpose, config) values (1, 'care', 'demo', '@acme_care', 2, 'care', '{}')",
        "insert into sources (id, key, name, kind, network, config, cursor, created_at) values (1, 's', 's', 'webhook', 'demo', '{}', '{}', 0)",
        "insert into threads (id, network) values (1, 'demo')",
        "insert into posts (id, network, remote_id, source_id, thread_id, text, created_at, received_at, revision, digest, links, media, extra, ours)
         values (1, 'demo', '77', 1, 1, 'It leaks', 0, 0, 1, '', '[]', '[]', '{}', false)",
        "insert into cases (id, unit_id, state, title, network, intents, risks, urgency, products, topics, route, opened_at, last_post_at, asks, version)
         values (1, 2, 'open', 'It leaks', 'demo', '', '', 0, '', '', '', 0, 0, 1, 1)",
        "insert into case_threads (thread_id, case_id) values (1, 1)",
    ] {
        tx.run(q!(sql)).await.unwrap();
    }
    tx.log(Entry::new("test.seeded", "unit", HEAD));
    tx.commit().await.unwrap();
}

fn viewer(member: i64, unit: i64, role: Role) -> Viewer {
    let units = [(HEAD, None), (REPAIRS, Some(HEAD)), (LEGAL, Some(HEAD)), (ELSEWHERE, Some(HEAD))];
    Viewer::new(member, format!("member {member}"), &[(unit, role)], &units)
}

fn ana() -> Viewer {
    viewer(1, REPAIRS, Role::Agent)
}

fn ben() -> Viewer {
    viewer(2, REPAIRS, Role::Agent)
}

fn lea() -> Viewer {
    viewer(3, LEGAL, Role::Approver)
}

fn new(text: &str) -> New {
    New { case_id: 1, post_id: None, handle_id: 1, text: text.into() }
}

/// Writes the handle's configuration.
async fn configure(hub: &TestHub, config: serde_json::Value) {
    let mut tx = hub.tx().await;
    tx.run(q!("update handles set config = $1", config.to_string())).await.unwrap();
    tx.log(Entry::new("handle.changed", "handle", 1));
    tx.commit().await.unwrap();
}

/// Makes Repairs answer only with the approval of Legal.
async fn demand_approval(hub: &TestHub) {
    let mut tx = hub.tx().await;
    tx.run(q!("update units set approval_unit_id = $1 where id = $2", LEGAL, HEAD)).await.unwrap();
    tx.log(Entry::new("unit.changed", "unit", HEAD));
    tx.commit().await.unwrap();
}

/// A network, the handle that speaks there, and a sender.
async fn network(hub: &TestHub, keys: bool) -> (FaultyNetwork, Sender) {
    let network = FaultyNetwork::start(keys).await.unwrap();
    configure(hub, serde_json::json!({ "address": network.address, "secret": "t", "honours_keys": keys })).await;
    let sender = Sender::new(hub.hub.clone(), loopback(), Rules::default());
    (network, sender)
}

/// A reply in line, its undo window over.
async fn queued(hub: &TestHub, text: &str) -> Reply {
    let reply = super::draft(hub, &ana(), &new(text)).await.unwrap();
    let send = Send { confirm: true, undo: 0, ..Send::version(reply.version) };
    super::queue(hub, &ana(), reply.id, send).await.unwrap()
}

async fn state(hub: &Hub, id: i64) -> State {
    super::find(hub, &ana(), id).await.unwrap().state
}

/// Nothing was stored beside the log, and the steps tell the same story as the reply.
async fn sound(hub: &Hub) {
    assert!(matches!(verify(&hub.db).await.unwrap(), Chain::Whole(_)));
    for reply in super::of_case(hub, &ana(), 1).await.unwrap() {
        let last = super::steps(hub, &ana(), reply.id).await.unwrap().pop().unwrap();
        assert_eq!(last.state, reply.state, "the last step of reply {}", reply.id);
    }
}
