//! An organisation that reads one network and speaks there.

use std::time::Duration;

use dandelion_hub::{
    Clock, Hub, Random, check, handle,
    handle::{Config, Details, Purpose},
    log::Actor,
    query,
    scope::Viewer,
    search::{self, Found, Search},
    source::{self, Kind, NewPlace, NewSource, Source},
    testing::{self, TestHub},
};
use dandelion_networks::egress::{Client, Egress};

use crate::peer::{Peer, access};

/// Minutes, in microseconds.
pub const MINUTE: i64 = 60_000_000;

pub struct World {
    pub hub: Hub,
    pub viewer: Viewer,
    pub unit: i64,
}

/// A way out to this machine that neither waits nor reads for long.
pub fn client() -> Client {
    let allow_private = vec!["127.0.0.1".parse().expect("an address")];
    let rules = Egress { allow_private, deadline: Duration::from_secs(3), max_bytes: 1024 * 1024, ..Egress::default() };
    Client::new(rules).expect("a client")
}

impl World {
    /// With a clock that stands at the servers' time until it is moved.
    pub async fn new(hub: &TestHub) -> Self {
        Self::on(Hub::with(hub.db.clone(), Clock::fixed(Clock::System.now()), Random::System)).await
    }

    /// On a store and clock of one's own.
    pub async fn on(hub: Hub) -> Self {
        let (viewer, unit) = testing::one_unit(&hub).await;
        let queries = "[[query]]\nname = \"Kettles\"\nunit = \"head\"\ntext = \"kettle\"\n";
        let listed = dandelion_listen::queries::read(queries).expect("queries");
        query::import(&hub, Actor::System("test"), &listed).await.expect("the queries");
        Self { hub, viewer, unit }
    }

    /// Reads the peer, asked first what it says of itself, as the page does.
    pub async fn connect(&self, peer: &Peer) -> Source {
        if peer.about.name == "feed" {
            let url = Some(peer.place().url);
            let (key, name, network) = ("feed".into(), "Feed".into(), String::new());
            let new = NewSource { key, name, kind: Kind::Feed, network, unit: Some(self.unit), url };
            return source::add_as(&self.hub, Actor::System("test"), &new).await.expect("a source");
        }
        let connected = peer.about.connector.connect(&access(peer.place())).await.expect("a place");
        let new = NewPlace { name: "Place".into(), about: peer.about, unit: Some(self.unit), place: connected.place };
        source::connect_place(&self.hub, Actor::System("test"), new).await.expect("a source")
    }

    /// Our account there; its id.
    pub async fn speak(&self, peer: &Peer) -> i64 {
        let name = peer.us();
        let place = peer.place();
        let settings = match peer.about.connector.connect(&access(place.clone())).await {
            Ok(connected) => connected.place.settings,
            Err(trouble) => panic!("{trouble}"),
        };
        let config = Config {
            address: Some(place.url),
            secret: peer.about.secret().and_then(|field| peer.credentials().get(field.name).map(ToOwned::to_owned)),
            honours_keys: true,
            settings,
            ..Config::default()
        };
        let details = Details {
            key: "care".into(),
            network: peer.about.name.into(),
            name,
            unit: self.unit,
            purpose: Purpose::Care,
            owner: None,
            deputy: None,
            config,
        };
        handle::add(&self.hub, &self.viewer, details).await.expect("a handle")
    }

    pub async fn source(&self, id: i64) -> Source {
        source::find(&self.hub, id).await.expect("the source")
    }

    /// Everything that must always hold, holds.
    pub async fn check(&self) {
        for finding in check::run(&self.hub).await.expect("the checks") {
            assert!(finding.ok, "{finding:?}");
        }
    }

    /// What the source brought, the latest first.
    pub async fn posts(&self, source: i64) -> Vec<Found> {
        let search = Search { source: Some(source), ..Search::default() };
        search::posts(&self.hub, &self.viewer, &search, None, 200).await.expect("the posts")
    }

    /// Whether a post with exactly these words was brought (for networks that put our name before them: behind it).
    pub async fn has(&self, source: i64, words: &str) -> bool {
        let named = |text: &str| text.starts_with('@') && text.split_once(' ').is_some_and(|(_, rest)| rest == words);
        self.posts(source).await.iter().any(|post| post.text == words || named(&post.text))
    }

    /// Puts the cursor back to where it stood: the program died after reading, before it committed.
    pub async fn rewind(&self, hub: &TestHub, source: &Source) {
        let cursor = source.cursor.to_string().replace('\'', "''");
        hub.sql(&[format!("update sources set cursor = '{cursor}' where id = {}", source.id)]).await;
    }
}
