//! The contract suite: what every network must stand, run against real servers on loopback with faults put between us
//! and them. The feed and the demo network are ours; Mastodon, Bluesky, Synapse, Dovecot and OpenSMTPD are servers that
//! nobody on this project wrote.

mod bell;
mod bluesky;
mod bluesky_oauth;
mod bluesky_peer;
mod faults;
mod fediverse;
mod fediverse_following;
mod homeserver;
mod log;
mod mail;
mod mail_proxy;
mod mastodon;
mod matrix;
mod once;
mod peer;
mod post_office;
#[path = "../shared/program.rs"]
mod program;
mod reading;
mod websub;
mod world;

mod writing;

use dandelion_hub::{both_stores, testing::TestHub};

use peer::Peer;

async fn reading(hub: TestHub, peer: Option<Peer>) {
    if let Some(peer) = peer {
        reading::contract(&hub, peer).await;
    }
}

async fn writing(hub: TestHub, peer: Option<Peer>) {
    if let Some(peer) = peer {
        writing::contract(&hub, peer).await;
    }
}

both_stores!(a_feed_is_read, |hub| reading(hub, Some(Peer::feed().await)));
both_stores!(the_demo_network_is_read, |hub| reading(hub, Some(Peer::demo().await)));
both_stores!(mail_is_read, |hub| reading(hub, Peer::mail().await));
both_stores!(mail_is_written, |hub| writing(hub, Peer::mail().await));
both_stores!(matrix_is_read, |hub| reading(hub, Peer::matrix().await));
both_stores!(matrix_is_written_to, |hub| writing(hub, Peer::matrix().await));
both_stores!(mastodon_is_read, |hub| reading(hub, Peer::mastodon().await));
both_stores!(the_demo_network_is_written_to, |hub| writing(hub, Some(Peer::demo().await)));
both_stores!(mastodon_is_written_to, |hub| writing(hub, Peer::mastodon().await));
both_stores!(bluesky_is_read, |hub| reading(hub, Peer::bluesky().await));
both_stores!(bluesky_is_written_to, |hub| writing(hub, Peer::bluesky().await));
