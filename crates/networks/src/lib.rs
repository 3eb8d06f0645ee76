//! Reading from and writing to the outside world. No database, nothing fetched is trusted.
//!
//! * [`egress`]: the one client for foreign addresses; refuses what is not public, bounds everything else.
//! * [`email`]: mails read, told apart and answered.
//! * [`feed`]: RSS, Atom and JSON Feed, read, polled and found; [`opml`] for lists of them.
//! * [`mod@file`]: JSONL, CSV, TSV and feed files, streamed row by row.
//! * [`webhook`]: signed posts pushed to us, by Standard Webhooks.
//! * [`outgoing`]: our replies, written to their networks, each published once.
//! * [`picture`]: pictures of strangers, made anew.
//! * [`clean`]: markup made safe to show, or plain.
//! * [`contract`]: what every network answers to; [`NETWORKS`]: what there is, one line a network.
//! * [`mod@guess`]: which network is meant by an address, a handle or a tag.

pub mod activitypub;
pub mod bluesky;
pub mod clean;
pub mod contract;
pub mod demo;
pub mod discourse;
pub mod egress;
pub mod email;
pub mod feed;
pub mod file;
pub mod github;
mod google;
pub mod googlebusiness;
pub mod googleplay;
pub mod guess;
pub mod hackernews;
pub mod jose;
pub mod mapped;
pub mod mastodon;
pub mod matrix;
pub mod moment;
pub mod networks;
pub mod opml;
pub mod outgoing;
pub mod picture;
pub mod reddit;
pub mod slack;
pub mod stackexchange;
pub mod telegram;
pub mod webhook;
pub mod whatsapp;
pub mod x;
pub mod youtube;

use std::pin::Pin;

pub use networks::{About, Counted, Field, NETWORKS, Once, Proven, Reads, Writes};

/// A boxed future: public entrances return it, so that crates that call them need not compile their bodies again.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
