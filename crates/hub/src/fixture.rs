//! A small organisation that listens, for tests of listening in the product.

use dandelion_post::{Author, Post};
use jiff::Timestamp;

use crate::{
    Hub, check,
    intake::{self, Item},
    log::Actor,
    member, query,
    scope::Viewer,
    source::{self, Kind, NewSource},
    store::Q,
    testing::MONDAY,
    unit,
};

pub(crate) const MINUTE: i64 = 60_000_000;

const ORG: &str = r#"
[organisation]
name = "Test"
time_zone = "UTC"
languages = ["en"]
[[unit]]
key = "head"
name = "Head office"
kind = "hub"
[[unit]]
key = "repairs"
name = "Repairs"
kind = "spoke"
parent = "head"
[[topic]]
key = "leak"
name = "Leaks"
unit = "repairs"
words = ["leak*"]
[[member]]
key = "lea"
name = "Lea"
email = "lea@example.org"
roles = [{ unit = "head", role = "lead" }]
[[member]]
key = "ana"
name = "Ana"
email = "ana@example.org"
roles = [{ unit = "repairs", role = "agent" }]
[[member]]
key = "vic"
name = "Vic"
email = "vic@example.org"
roles = [{ unit = "head", role = "viewer" }]
"#;

/// An organisation with a source and no query: (source, Lea, a lead; Ana, an agent of Repairs; Vic, a viewer).
pub(crate) async fn ready(hub: &Hub) -> (i64, [Viewer; 3]) {
    unit::import(hub, Actor::System("test"), ORG).await.unwrap();
    let new = NewSource {
        key: "one".into(),
        name: "Shop reviews".into(),
        kind: Kind::Webhook,
        network: "demo".into(),
        unit: None,
        url: None,
    };
    let source = source::add_as(hub, Actor::System("test"), &new).await.unwrap().id;
    let viewers = [1, 2, 3].map(|id| member::viewer(hub, id));
    let [lea, ana, vic] = viewers;
    (source, [lea.await.unwrap(), ana.await.unwrap(), vic.await.unwrap()])
}

/// A query of the head office.
pub(crate) async fn listen(hub: &Hub, lea: &Viewer, name: &str, text: &str) -> i64 {
    query::add(hub, lea, 1, name, text, "").await.unwrap().id
}

/// A post of `who`, written so many minutes after two hours ago.
pub(crate) fn post(id: usize, who: &str, minute: i64, text: &str) -> Item {
    let at = Timestamp::from_microsecond(MONDAY + (minute - 120) * MINUTE).unwrap();
    let author = Author { handle: Some(who.into()), ..Author::default() };
    let post =
        Post { id: id.to_string(), text: text.into(), created_at: Some(at), author: Some(author), ..Post::default() };
    Item::post("x", post)
}

pub(crate) async fn take(hub: &Hub, source: i64, items: Vec<Item>) {
    let accounting = intake::receive(hub, source, items).await.unwrap();
    assert!(accounting.balances() && accounting.refused == 0, "{accounting}");
}

pub(crate) async fn count(hub: &Hub, sql: &str) -> i64 {
    hub.db.one(Q::of(sql.to_owned())).await.unwrap().get(0).unwrap()
}

pub(crate) async fn all_is_well(hub: &Hub) {
    for finding in check::run(hub).await.unwrap() {
        assert!(finding.ok, "{}: {}", finding.what, finding.says);
    }
}
