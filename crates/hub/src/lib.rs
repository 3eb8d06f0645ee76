//! Dandelion's nouns and their SQL, the flow between them, the clock and the log.
//!
//! A noun is a folder: its types and rules, its SQL beside it, one small file a behaviour. Everything a noun
//! does takes a [`Hub`] (store, clock, randomness) and, where a person asks, their [`scope::Viewer`].
//! SQL lives only in this crate; other crates see nouns.

pub mod actor;
pub mod backfill;
pub mod backup;
pub mod case;
pub mod check;
pub mod clock;
pub mod engine;
mod error;
#[cfg(test)]
mod fixture;
pub mod handle;
pub mod home;
pub mod intake;
pub mod log;
pub mod mark;
pub mod member;
mod memo;
pub mod model;
pub mod near;
pub mod outcome;
pub mod personal;
pub mod picture;
pub mod query;
pub mod reanalysis;
pub mod reply;
pub mod scope;
pub mod search;
pub mod sign_in;
pub mod source;
pub mod store;
pub mod testing;
mod under_way;
pub mod unit;
pub mod vault;
pub mod voice;

pub use clock::{Clock, Random};
pub use error::{Error, Result};
pub use store::{Db, Tx};

/// What every behaviour needs: the store, the time, and randomness.
#[derive(Clone, Debug)]
pub struct Hub {
    /// The database.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// Where keys and tokens come from.
    pub random: Random,
    /// Listening, understanding and routing, kept in step with what is stored.
    engine: engine::Slot,
    /// Some of what was written lately, once it was asked for.
    sample: query::sample::Slot,
    /// Answers that hold for a moment.
    memo: memo::Slot,
    /// Where what came waits to be stored.
    gate: intake::together::Gate,
    /// What networks still allow us.
    allowances: source::allowance::Allowances,
}

impl Hub {
    /// A hub on an opened store, with the machine's clock and randomness.
    pub fn new(db: Db) -> Self {
        Self::with(db, Clock::System, Random::System)
    }

    /// A hub with a clock and randomness of the caller's.
    pub fn with(db: Db, clock: Clock, random: Random) -> Self {
        let (engine, sample, memo, gate, allowances) = Default::default();
        Self { db, clock, random, engine, sample, memo, gate, allowances }
    }

    /// Now, in UTC microseconds.
    pub fn now(&self) -> dandelion_post::Micros {
        self.clock.now()
    }

    /// Starts a write transaction on behalf of `actor`. Nothing is seen by others before [`Tx::commit`].
    pub async fn begin(&self, actor: log::Actor) -> Result<Tx> {
        self.db.begin(actor, self.now()).await
    }
}
