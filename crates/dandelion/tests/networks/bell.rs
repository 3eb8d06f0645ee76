//! What every network with a bell must stand: what is said there is stored within two seconds.

use std::time::{Duration, Instant};

use dandelion_hub::{
    Clock, Hub, Random,
    source::{Listener, Source},
    testing::TestHub,
};
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    peer::Peer,
    world::{World, client},
};

/// A place that is listened to.
pub struct Bell {
    pub world: World,
    pub source: Source,
    pub listener: Listener,
    /// What was said last; its id in our posts.
    pub last: String,
    pub tell: watch::Sender<bool>,
    pub running: JoinHandle<()>,
}

impl Bell {
    /// Listens to a peer, has five things said there, and sees that each is stored within two seconds: counted from when
    /// the network itself shows it to us, for how long its servers take from one to the other is theirs.
    pub async fn rung(test: &TestHub, peer: &Peer) -> Self {
        let mut world = World::new(test).await;
        world.hub = Hub::with(world.hub.db.clone(), Clock::System, Random::System);
        let source = world.connect(peer).await;
        let (tell, told) = watch::channel(false);
        let listener = Listener::new(world.hub.clone(), client());
        let running = tokio::spawn(listener.clone().run(told));
        until("the bell is connected", || async { listener.open() == [source.id] }).await;
        let (mut slowest, mut since_said) = (Duration::ZERO, Duration::ZERO);
        let mut last = String::new();
        for number in 0..5 {
            let words = format!("kettle {number} leaks");
            let said = Instant::now();
            last = peer.say(&words).await;
            let shown = Instant::now();
            until(&words, || world.has(source.id, &words)).await;
            (slowest, since_said) = (slowest.max(shown.elapsed()), since_said.max(said.elapsed()));
        }
        assert!(slowest < Duration::from_secs(2), "the slowest took {slowest:?}");
        eprintln!(
            "{}: the slowest of 5 was stored {} ms after the network showed it, {} ms after it was said",
            peer.about.label,
            slowest.as_millis(),
            since_said.as_millis()
        );
        Self { world, source, listener, last, tell, running }
    }

    /// Listens no more; all that must always hold, holds.
    pub async fn silenced(self) {
        drop(self.running);
        self.tell.send(true).expect("a listener");
        self.world.check().await;
    }
}

/// Waits until something holds, for twenty seconds.
pub async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    for _ in 0..400 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never: {what}");
}
