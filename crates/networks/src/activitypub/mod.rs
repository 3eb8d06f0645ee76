//! ActivityPub with actors of our own (`@care@yourcompany.example`): whoever is on Mastodon, Pixelfed, Lemmy or any other
//! server of the fediverse follows them, writes to them, and is answered from this installation's own address.
//!
//! An actor is a handle of ours (its key is sealed like every secret) and a source that takes what is said to it. Here
//! is everything that needs no database: signatures both ways ([`signature`]), documents from their origin
//! ([`Remote`]), what a delivery means ([`receive`]), what we say ([`Said`]), telling others of it ([`tell`]), and who is
//! meant by whom a person wants an actor to follow ([`look_up`]).
//!
//! What an actor of ours says stands on this installation's own pages. So what is said to all who follow is published
//! once it stands there, and so are other words for it, and its end: whoever keeps the pages tells those who were told of
//! it, each with one delivery that is tried until it arrives.

mod actor;
mod follow;
mod inbox;
mod keys;
mod knock;
mod listening;
mod note;
mod publish;
mod remote;
pub mod signature;
#[cfg(test)]
mod tests;

use dandelion_post::Refusal;

use crate::{
    Later,
    contract::{Access, Connector, Place},
    networks::{About, Field, Once, Proven, Reads, Writes},
    outgoing::{Answer, Outgoing},
};

pub use actor::{Actor, Ours, fingered, node_info};
pub use follow::{Found, look_up};
pub use inbox::{Act, LARGEST, No, Told, receive};
pub use keys::Keys;
pub use knock::{KNOCKS_HOLD, Knock, learned, relearn, remind};
pub use listening::Listening;
pub use note::Said;
#[cfg(test)]
use publish::deliver;
pub use publish::tell;
pub use remote::{Remote, Signer};

/// What this network is.
pub const ABOUT: About = About {
    name: "activitypub",
    label: "ActivityPub",
    reads: Reads {
        what: "what is said to an actor of ours and by accounts it follows, changed and taken back; who follows it",
        poll: false,
        stream: false,
        push: true,
    },
    writes: Writes { reply: true, post: true, edit: true, delete: true, private: false, react: false },
    // A note's address is its key, and servers know an address for ever; a year is longer than anything is in doubt.
    once: Once::Key { minutes: 365 * 24 * 60, then_read_back: false },
    length: None,
    fields: &[Field {
        name: "key",
        label: "Key",
        secret: true,
        needed: true,
        help: "Made when the actor is made, and never shown.",
    }],
    limits: "1 MiB a delivery; at most 300 documents a minute are fetched of others because of deliveries, 30 of one host",
    docs: "`dandelion actor add care --unit KEY` makes `@care@HOST`, where HOST is that of `public_url`. Signatures are those of \
           draft-cavage-12 and RFC 9421, both ways: a server that signs by RFC 9421 is written to so, any other by the draft, \
           and where one way is not believed the other is tried; what was learned of a server is kept for four weeks, across \
           restarts. A delivery is believed where key, actor, activity and words are of one server. `dandelion actor follow care \
           @ana@HOST`, or the section *Accounts it follows* on its source's page, has an actor follow an account: what that says \
           to everybody comes to the source once it agrees (most do at once), with changes and deletions, and so does what it \
           passes on, read where it was said; groups (Lemmy) are followed likewise. Where it moves, and both places say so, it is \
           followed there.",
    proven: Proven::Live("Fedify and Pubby"),
    connector: &ActivityPub,
};

struct ActivityPub;

impl Connector for ActivityPub {
    fn check(&self, place: &Place) -> Result<(), Refusal> {
        if place.is_web() {
            return Ok(());
        }
        Err(Refusal::new("url", "is no actor's address; make one with `dandelion actor add NAME`", &place.url))
    }

    fn publish<'a>(&'a self, access: &'a Access, reply: &'a Outgoing) -> Later<'a, Answer> {
        Box::pin(publish::publish(access, reply))
    }

    fn edit<'a>(&'a self, access: &'a Access, id: &'a str, _text: &'a str) -> Later<'a, Answer> {
        Box::pin(async move { publish::own(access, id) })
    }

    fn delete<'a>(&'a self, access: &'a Access, id: &'a str) -> Later<'a, Answer> {
        Box::pin(async move { publish::own(access, id) })
    }
}

/// What signs for the actor of ours at this address.
pub fn signer(actor: &str, secret: &str) -> Result<Signer, Refusal> {
    Ok(Signer { keys: Keys::read(secret)?, key_id: format!("{actor}#main-key") })
}
