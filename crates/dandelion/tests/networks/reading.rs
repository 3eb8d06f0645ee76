//! The contract of reading.

use std::time::Duration;

use dandelion_hub::{
    intake::{self, Item},
    source::{self, Poller},
    testing::TestHub,
};
use dandelion_networks::contract::{Access, Refused};
use dandelion_post::{Post, timestamp};

use crate::{
    faults::Fault,
    peer::Peer,
    world::{MINUTE, World, client},
};

pub async fn contract(test: &TestHub, peer: Peer) {
    let world = World::new(test).await;
    if peer.about.name != "feed" {
        world.speak(&peer).await;
    }
    peer.say("kettle one leaks").await;
    peer.say("kettle two leaks").await;
    let source = world.connect(&peer).await;
    let poller = Poller::new(world.hub.clone(), client());
    let suite = Suite { test, world: &world, peer: &peer, poller: &poller, id: source.id };

    assert_eq!(suite.poll().await, (2, 0, 0), "what is there already is read first");
    suite.a_crash_doubles_nothing().await;
    suite.many_come_in_one_go().await;
    suite.order_does_not_matter().await;
    suite.edits_and_deletions().await;
    suite.a_deletion_before_its_post().await;
    suite.we_are_no_customers().await;
    suite.faults_lose_nothing().await;
    suite.a_wrong_clock_loses_nothing().await;
    suite.signed_out_it_rests_and_loses_nothing().await;
    world.check().await;
}

struct Suite<'a> {
    test: &'a TestHub,
    world: &'a World,
    peer: &'a Peer,
    poller: &'a Poller,
    id: i64,
}

impl Suite<'_> {
    /// Asks once; what was stored, known already and refused. The equation holds after every turn.
    async fn poll(&self) -> (i64, i64, i64) {
        let counted = self.poller.poll(&self.world.source(self.id).await).await.expect("a store");
        let source = self.world.source(self.id).await;
        assert!(source.accounting.balances(), "{}", source.accounting);
        (counted.stored, counted.duplicate, counted.refused)
    }

    /// Asks once and wants exactly one new post with these words.
    async fn brings(&self, words: &str) {
        let (stored, _, refused) = self.poll().await;
        let source = self.world.source(self.id).await;
        assert_eq!((stored, refused), (1, 0), "{words}: {:?}", source.error);
        assert!(self.world.has(self.id, words).await, "{words}");
    }

    async fn a_crash_doubles_nothing(&self) {
        let before = self.world.source(self.id).await;
        self.peer.say("kettle three leaks").await;
        assert_eq!(self.poll().await.0, 1);
        self.world.rewind(self.test, &before).await;
        let (stored, duplicate, refused) = self.poll().await;
        assert_eq!((stored, refused), (0, 0));
        assert!(duplicate >= 1, "what came again is counted as what it is");
    }

    async fn many_come_in_one_go(&self) {
        for number in 0..85 {
            self.peer.say(&format!("kettle number {number} leaks")).await;
        }
        assert_eq!(self.poll().await.0, 85);
        let source = self.world.source(self.id).await;
        assert_eq!(self.poll().await.0, 0);
        assert_eq!(source.accounting.refused, 0);
        if self.peer.about.name == "mastodon" {
            let pages = self.peer.proxy.seen("GET /api/v1/notifications");
            assert!(pages >= 3, "40 a page at most");
        }
    }

    /// The same items once more, backwards: all of them are known.
    async fn order_does_not_matter(&self) {
        let source = self.world.source(self.id).await;
        let about = source.about().expect("a network");
        let place = dandelion_networks::contract::Place {
            url: source.url.clone().unwrap_or_default(),
            settings: source.settings.clone(),
            credentials: source.credentials(&self.world.hub.db).expect("the credentials"),
        };
        let access = Access::new(client(), place, timestamp(self.world.hub.now()));
        let mut page = about.connector.page(&access, &serde_json::Value::Null).await.expect("a page");
        page.items.reverse();
        let count = page.items.len() as i64;
        assert!(count >= 40, "a first page is a whole one");
        let items = page.items.into_iter().map(|item| Item {
            place: "again".into(),
            content: item.map_err(|Refused { refusal, raw }| (refusal, raw)),
        });
        let counted = intake::receive(&self.world.hub, self.id, items.collect()).await.expect("a store");
        assert_eq!((counted.seen, counted.duplicate), (count, count));
    }

    async fn edits_and_deletions(&self) {
        let last = self.peer.say("kettle nine leaks").await;
        self.brings("kettle nine leaks").await;
        self.world.hub.clock.advance(6 * MINUTE);
        if self.peer.edit(&last, "kettle nine is fine").await {
            assert_eq!(self.poll().await.0, 1, "an edit is a new wording");
            assert!(self.world.has(self.id, "kettle nine is fine").await);
            assert!(!self.world.has(self.id, "kettle nine leaks").await);
            assert_eq!(self.poll().await.0, 0, "and comes once");
        }
        self.world.hub.clock.advance(6 * MINUTE);
        if self.peer.delete(&last).await {
            assert_eq!(self.poll().await.0, 1, "a deletion is noticed");
            let posts = self.world.posts(self.id).await;
            assert_eq!(posts.iter().filter(|post| post.deleted && post.text.is_empty()).count(), 1);
            self.world.hub.clock.advance(6 * MINUTE);
            assert_eq!(self.poll().await.0, 0, "once");
        }
    }

    async fn a_deletion_before_its_post(&self) {
        let id = self.peer.say("kettle ten was never meant").await;
        let gone = Post { id, deleted_at: Some(timestamp(self.world.hub.now())), ..Post::default() };
        let counted =
            intake::receive(&self.world.hub, self.id, vec![Item::post("stream", gone)]).await.expect("a store");
        assert_eq!(counted.stored, 1, "remembered before there is anything to delete");
        self.poll().await;
        assert!(!self.world.has(self.id, "kettle ten was never meant").await, "its words are kept from nobody");
    }

    async fn we_are_no_customers(&self) {
        let Some(_) = self.peer.say_as_us("our kettle is the best").await else { return };
        assert_eq!(self.poll().await.0, 1);
        let posts = self.world.posts(self.id).await;
        let ours = posts.iter().find(|post| post.text == "our kettle is the best").expect("our post");
        assert!(ours.ours && ours.case.is_none(), "no case is opened for what we say: {ours:?}");
    }

    async fn faults_lose_nothing(&self) {
        let date = |at: i64| timestamp(at).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let now = self.world.hub.now();
        let soon = date(now + 30 * MINUTE);
        // The other side's clock is two hours behind ours, and it measures by its own.
        let behind = format!("date: {}\r\nretry-after: {}\r\n", date(now - 120 * MINUTE), date(now - 90 * MINUTE));
        let say = |status, headers: &str, body: &str| Fault::Say(status, headers.to_owned(), body.to_owned());
        let faults = [
            ("in seconds", say("429 Slow", "retry-after: 1800\r\n", "{}"), Some(1_700)),
            ("by date", say("503 Busy", &format!("Retry-After: {soon}\r\n"), ""), Some(1_700)),
            ("by their clock", say("429 Slow", &behind, "{}"), Some(1_700)),
            ("spent", say("429 Slow", "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: 1200\r\n", "{}"), Some(1_100)),
            ("broken", say("500 Oh", "", "{\"error\":\"An unexpected error occurred\"}"), None),
            ("garbage", say("200 OK", "content-type: application/json\r\n", "{\"id\": [[[ <html>"), None),
            ("nothing", say("200 OK", "", ""), None),
            ("elsewhere", say("302 Look", "location: http://10.1.2.3/\r\n", ""), None),
            ("round", say("307 Again", "location: \r\n", ""), None),
            ("flood", Fault::Flood, None),
            ("cut", Fault::CutBody, None),
            ("no answer", Fault::LoseAnswer, None),
            ("hang", Fault::Hang, None),
        ];
        for (name, fault, asked) in faults {
            let words = format!("kettle in trouble {name}");
            self.peer.say(&words).await;
            let before = self.world.source(self.id).await;
            self.peer.proxy.next("GET", fault.clone());
            let turn = tokio::time::timeout(Duration::from_secs(20), self.poll()).await;
            assert_eq!(self.peer.proxy.waiting(), 0, "{name}: nothing was asked");
            let (stored, duplicate, refused) = turn.unwrap_or_else(|_| panic!("{name}: it never ends"));
            let after = self.world.source(self.id).await;
            // A feed that ends in the middle is read as far as it goes.
            let read = name == "cut" && self.peer.about.name == "feed";
            if !read {
                assert_eq!((stored, duplicate, refused), (0, 0, 0), "{name}");
                assert_eq!(after.cursor, before.cursor, "{name}: a cursor moves with its posts only");
                let error = after.error.clone().unwrap_or_else(|| panic!("{name}: said nothing"));
                assert!(!error.is_empty() && after.paused_at.is_none(), "{name}: {error}");
            }
            // Mail has no words for "come again in half an hour".
            if let Some(seconds) = asked.filter(|_| self.peer.about.name != "email") {
                let waits = after.next_poll_at.expect("a next turn") - self.world.hub.now();
                assert!(waits >= seconds * 1_000_000, "{name}: waits {waits} microseconds");
            }
            if read {
                self.poll().await;
                assert!(self.world.has(self.id, &words).await, "{words}");
            } else {
                self.brings(&words).await;
            }
            assert_eq!(self.world.source(self.id).await.error, None, "{name}: over");
        }
    }

    async fn a_wrong_clock_loses_nothing(&self) {
        for (by, words) in [(-3 * 24 * 60 * MINUTE, "kettle in the past"), (6 * 24 * 60 * MINUTE, "kettle to come")] {
            self.world.hub.clock.advance(by);
            self.peer.say(words).await;
            self.brings(words).await;
        }
        self.world.hub.clock.advance(-3 * 24 * 60 * MINUTE);
    }

    async fn signed_out_it_rests_and_loses_nothing(&self) {
        if !self.peer.revoke().await {
            return;
        }
        self.peer.say("kettle behind closed doors").await;
        let before = self.world.source(self.id).await;
        assert_eq!(self.poll().await, (0, 0, 0));
        let rests = self.world.source(self.id).await;
        assert!(rests.paused_at.is_some(), "it does not knock again and again");
        assert!(rests.paused_why.as_deref().is_some_and(|why| why.contains("sign in again")), "{rests:?}");
        let said = if self.peer.about.name == "email" { "name and password" } else { "401" };
        assert!(rests.error.as_deref().is_some_and(|error| error.contains(said)), "{rests:?}");
        assert_eq!((rests.cursor, rests.accounting.seen), (before.cursor, before.accounting.seen));
        self.peer.sign_in_again().await;
        source::sign_in_again(&self.world.hub, &self.world.viewer, self.id, &self.peer.credentials())
            .await
            .expect("a source that is awake");
        assert!(self.world.source(self.id).await.paused_at.is_none());
        self.brings("kettle behind closed doors").await;
    }
}
