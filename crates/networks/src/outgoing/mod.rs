//! Writing to the outside: one reply, published once.
//!
//! A [`Writer`] speaks for one account of ours ([`Account`], read from the handle's configuration). Whatever happens
//! on the way becomes one of four answers ([`Answer`]), and only one of them leaves a doubt: the words were handed
//! over and no acknowledgement came back. What may be done then is said by [`Account::again`] and nothing else: a
//! network that remembers our idempotency key answers the second attempt with the first one's result; one that shows
//! our own posts is looked at first; any other would publish twice.

mod account;
mod answer;
pub mod testing;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use dandelion_post::{Micros, timestamp};

use crate::{
    Later,
    contract::{Access, Found, Meter},
    egress::{Budget, Client},
};

pub use account::{Account, Again};
pub use answer::Answer;
pub(crate) use answer::said;

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
pub struct Writer {
    client: Client,
    account: Account,
    meter: Meter,
}

impl Writer {
    /// A writer for `account` that goes out by `client`.
    pub fn new(client: Client, account: Account) -> Self {
        Self { client, account, meter: Meter::default() }
    }

    /// The account it publishes for.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// What the network said is left of its allowances, since it was asked last.
    pub fn drawn(&self) -> BTreeMap<&'static str, Budget> {
        self.meter.take()
    }

    /// Tries once. Never tries again by itself, and never follows a redirect. `now` is when the attempt is signed.
    pub fn publish<'a>(&'a self, reply: &'a Outgoing, now: Micros) -> Later<'a, Answer> {
        Box::pin(async move {
            let access = self.access(now);
            self.account.about.connector.publish(&access, reply).await
        })
    }

    /// Looks whether an attempt made at `since` was published.
    pub fn find<'a>(&'a self, reply: &'a Outgoing, since: Micros, now: Micros) -> Later<'a, Found> {
        Box::pin(async move {
            let access = self.access(now);
            self.account.about.connector.find(&access, reply, timestamp(since)).await
        })
    }

    /// Changes the words of what was published, once.
    pub fn edit<'a>(&'a self, id: &'a str, text: &'a str, now: Micros) -> Later<'a, Answer> {
        Box::pin(async move {
            let access = self.access(now);
            self.account.about.connector.edit(&access, id, text).await
        })
    }

    /// Takes back what was published, once.
    pub fn delete<'a>(&'a self, id: &'a str, now: Micros) -> Later<'a, Answer> {
        Box::pin(async move {
            let access = self.access(now);
            self.account.about.connector.delete(&access, id).await
        })
    }

    fn access(&self, now: Micros) -> Access {
        let access = Access::new(self.client.clone(), self.account.place.clone(), timestamp(now));
        Access { meter: self.meter.clone(), ..access }
    }
}
