//! Writing to the outside: one reply, published once.
//!
//! A [`Writer`] speaks for one account of ours ([`Account`], read from the handle's configuration). Whatever happens
//! on the way becomes one of four answers ([`Answer`]), and only one of them leaves a doubt: the words were handed
//! over and no acknowledgement came back. Who may try again then is decided by [`Account::keys_for`] and nothing else:
//! a network that remembers our idempotency key answers the second attempt with the first one's result; any other
//! would publish twice.

mod account;
mod answer;
mod demo;
pub mod testing;
#[cfg(test)]
mod tests;
mod webhook;

use dandelion_post::Micros;

use crate::{Later, egress::Client};

pub use account::{Account, Kind};
pub use answer::Answer;

/// One reply on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Idempotency key: the same at every attempt to publish these words.
    pub key: String,
    /// The account of ours that speaks, as its network writes it (`@acme_care`).
    pub handle: String,
    /// The words.
    pub text: String,
    /// The network's id of the post answered, where there is one.
    pub in_reply_to: Option<String>,
}

/// Publishes for one account.
#[derive(Debug, Clone)]
pub enum Writer {
    /// Posts to an address of the organisation's choosing, signed as Standard Webhooks say.
    Webhook(webhook::Webhook),
    /// Posts to the demo network.
    Demo(demo::Demo),
}

impl Writer {
    /// A writer for `account` that goes out by `client`.
    pub fn new(client: Client, account: Account) -> Self {
        match account.kind {
            Kind::Webhook => Self::Webhook(webhook::Webhook { client, account }),
            Kind::Demo => Self::Demo(demo::Demo { client, account }),
        }
    }

    /// Tries once. Never tries again by itself, and never follows a redirect. `now` is when the attempt is signed.
    pub fn publish<'a>(&'a self, reply: &'a Outgoing, now: Micros) -> Later<'a, Answer> {
        Box::pin(async move {
            match self {
                Self::Webhook(writer) => writer.publish(reply, now).await,
                Self::Demo(writer) => writer.publish(reply, now).await,
            }
        })
    }
}
