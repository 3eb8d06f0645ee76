//! The contract of writing: a reply is published once, whatever happens on the way.

use dandelion_hub::{
    reply::{
        self, Kind, New, Send, State,
        sender::{Rules, Sender},
    },
    source::Poller,
    testing::TestHub,
};

use crate::{
    faults::Fault,
    peer::Peer,
    world::{MINUTE, World, client},
};

pub async fn contract(test: &TestHub, peer: Peer) {
    let world = World::new(test).await;
    let handle = world.speak(&peer).await;
    let source = world.connect(&peer).await;
    let poller = Poller::new(world.hub.clone(), client());
    let sender = Sender::new(world.hub.clone(), client(), Rules::default());
    let suite = Suite { world: &world, peer: &peer, poller: &poller, sender: &sender, handle, source: source.id };

    suite.one_reply_is_published_once(None).await;
    let say = |status, headers: &str| Fault::Say(status, headers.to_owned(), String::new());
    suite.one_reply_is_published_once(Some(Fault::LoseAnswer)).await;
    suite.one_reply_is_published_once(Some(Fault::CutBody)).await;
    suite.one_reply_is_published_once(Some(Fault::Hang)).await;
    suite.one_reply_is_published_once(Some(say("429 Slow", "retry-after: 60\r\n"))).await;
    suite.one_reply_is_published_once(Some(say("500 Oh", ""))).await;
    suite.what_is_refused_is_said_in_words().await;
    suite.what_is_out_is_changed_and_taken_back().await;
    suite.a_dead_program_doubles_nothing(test).await;
    if matches!(peer.about.name, "mastodon" | "matrix") {
        suite.what_is_forgotten_is_looked_up().await;
    }
    world.check().await;
}

struct Suite<'a> {
    world: &'a World,
    peer: &'a Peer,
    poller: &'a Poller,
    sender: &'a Sender,
    handle: i64,
    source: i64,
}

impl Suite<'_> {
    /// A customer asks, a person answers; the reply in line and its words.
    async fn a_reply(&self) -> (i64, String) {
        let number = self.world.source(self.source).await.accounting.stored;
        let words = format!("kettle {number} leaks");
        self.peer.say(&words).await;
        let source = self.world.source(self.source).await;
        self.poller.poll(&source).await.expect("a store");
        assert!(self.world.has(self.source, &words).await, "{:?}", self.world.source(self.source).await);
        let posts = self.world.posts(self.source).await;
        let case_id = posts.iter().find(|post| post.text.ends_with(&words)).and_then(|post| post.case).expect("a case");
        let text = format!("We look into number {number} at once, sorry!");
        let new = New { case_id, post_id: None, handle_id: self.handle, text: text.clone() };
        let drafted = reply::draft(&self.world.hub, &self.world.viewer, &new).await.expect("a draft");
        let send = Send { undo: 0, confirm: true, ..Send::version(drafted.version) };
        reply::queue(&self.world.hub, &self.world.viewer, drafted.id, send).await.expect("a reply in line");
        (drafted.id, text)
    }

    async fn state(&self, id: i64) -> reply::Reply {
        reply::find(&self.world.hub, &self.world.viewer, id).await.expect("the reply")
    }

    /// Works until the reply is settled, as time goes by.
    async fn settle(&self, id: i64) -> reply::Reply {
        for _ in 0..40 {
            self.sender.step().await.expect("a store");
            let reply = self.state(id).await;
            if !matches!(reply.state, State::Queued | State::Sending) {
                return reply;
            }
            self.world.hub.clock.advance(MINUTE / 2);
        }
        panic!("the reply does not settle: {:?}", self.state(id).await);
    }

    async fn one_reply_is_published_once(&self, fault: Option<Fault>) {
        let (id, text) = self.a_reply().await;
        let named = format!("{fault:?}");
        if let Some(fault) = fault {
            self.peer.proxy.next(self.peer.writes(), fault);
        }
        let settled = self.settle(id).await;
        assert_eq!(settled.state, State::Sent, "{named}: {:?}", settled.error);
        assert_eq!(self.peer.proxy.waiting(), 0, "{named}");
        assert_eq!(self.peer.published(&text).await, 1, "{named}: {text}");
        assert!(settled.remote_id.is_some(), "{named}");
    }

    async fn what_is_refused_is_said_in_words(&self) {
        let (id, text) = self.a_reply().await;
        let refusal = "{\"error\":\"Validation failed: no kettles\"}";
        self.peer.proxy.next(self.peer.writes(), Fault::Say("422 No", String::new(), refusal.to_owned()));
        let settled = self.settle(id).await;
        assert_eq!(settled.state, State::Failed);
        assert!(settled.error.as_deref().is_some_and(|why| why.contains("no kettles")), "{:?}", settled.error);
        assert_eq!(self.peer.published(&text).await, 0);
    }

    /// Words that are out are changed and taken back where the network allows, whatever becomes of the acknowledgements;
    /// elsewhere nothing is asked of it.
    async fn what_is_out_is_changed_and_taken_back(&self) {
        let (hub, viewer, writes) = (&self.world.hub, &self.world.viewer, self.peer.about.writes);
        let (id, text) = self.a_reply().await;
        let sent = self.settle(id).await;
        assert_eq!(
            (sent.state, sent.lets(Kind::Edit), sent.lets(Kind::Delete)),
            (State::Sent, writes.edit, writes.delete)
        );
        let other = format!("It is on its way, {}!", sent.id + 7_000);
        let asked = reply::correct(hub, viewer, id, sent.version, &other).await;
        assert_eq!(asked.is_ok(), writes.edit, "{asked:?}");
        if writes.edit {
            self.peer.proxy.next("PUT", Fault::LoseAnswer);
            let now = self.change(id).await;
            assert_eq!((now.text.as_str(), now.edited_at.is_some()), (other.as_str(), true), "{:?}", now.change_error);
            assert_eq!(self.peer.proxy.waiting(), 0);
            assert!(self.peer.published(&other).await >= 1);
        }
        let asked = reply::withdraw(hub, viewer, id, "it was another kettle").await;
        assert_eq!(asked.is_ok(), writes.delete, "{asked:?}");
        if writes.delete {
            let now = self.change(id).await;
            assert!(now.deleted_at.is_some(), "{:?}", now.change_error);
            assert_eq!(self.peer.published(&text).await, 0);
        }
        assert!(matches!(self.state(id).await.state, State::Sent));
    }

    /// Works until a change is settled, as time goes by.
    async fn change(&self, id: i64) -> reply::Reply {
        for _ in 0..40 {
            self.sender.change_step().await.expect("a store");
            let reply = self.state(id).await;
            if reply.changing.is_none() {
                return reply;
            }
            self.world.hub.clock.advance(MINUTE / 2);
        }
        panic!("the change does not settle: {:?}", self.state(id).await);
    }

    /// The program dies between handing the words over and writing down what became of them.
    async fn a_dead_program_doubles_nothing(&self, test: &TestHub) {
        let (id, text) = self.a_reply().await;
        let job = self.sender.claim(&[]).await.expect("a store").expect("a job");
        let answer = self.sender.publish(&job).await;
        drop((answer, job));
        test.sql(&[format!("update replies set lease_until = 0 where id = {id}")]).await;
        let settled = self.settle(id).await;
        assert_eq!(settled.state, State::Sent, "{:?}", settled.error);
        assert_eq!(self.peer.published(&text).await, 1);
    }

    /// The acknowledgement is lost, and the network cannot be reached until it has forgotten our key: then what it shows
    /// of us decides, and nothing is sent a second time.
    async fn what_is_forgotten_is_looked_up(&self) {
        let (id, text) = self.a_reply().await;
        self.peer.proxy.next(self.peer.writes(), Fault::LoseAnswer);
        self.sender.step().await.expect("a store");
        assert_eq!(self.state(id).await.state, State::Queued);
        self.world.hub.clock.advance(90 * MINUTE);
        let posts = self.peer.proxy.seen(self.peer.writes());
        let settled = self.settle(id).await;
        assert_eq!(settled.state, State::Sent, "{:?}", settled.error);
        assert_eq!(self.peer.proxy.seen(self.peer.writes()), posts, "it was found, not sent again");
        assert_eq!(self.peer.published(&text).await, 1);
        // The same, where nothing had been published: it is not found, so it is sent now.
        let (id, text) = self.a_reply().await;
        self.peer.proxy.next(self.peer.writes(), Fault::Hang);
        self.sender.step().await.expect("a store");
        self.world.hub.clock.advance(90 * MINUTE);
        let settled = self.settle(id).await;
        assert_eq!((settled.state, self.peer.published(&text).await), (State::Sent, 1), "{:?}", settled.error);
    }
}
