//! The demo network: a small server of ours that customers simulated by `dandelion demo` write on.
//!
//! Its posts arrive by signed [`crate::webhook`], or are asked for like any other network's; replies are published to
//! it over HTTP.

mod page;
mod publish;

use serde_json::Value;

use crate::{
    Later,
    contract::{Access, Connector, Page, Place, Trouble},
    networks::{About, Field, Once, Proven, Reads, Writes},
    outgoing::{Answer, Outgoing},
};

/// What this network is.
pub const ABOUT: About = About {
    name: "demo",
    label: "Demo network",
    reads: Reads {
        what: "posts of simulated customers, by signed webhook or by asking",
        poll: true,
        stream: false,
        push: false,
    },
    writes: Writes { reply: true, post: true, ..Writes::NOTHING },
    once: Once::Agreed,
    length: None,
    fields: &[Field {
        name: "token",
        label: "Token",
        secret: true,
        needed: false,
        help: "What the demo network was started with, if it wants one.",
    }],
    limits: "loopback only; 2,000 characters a post",
    docs: "Runs as a server of its own beside `dandelion demo`, so that every step is a real one.",
    proven: Proven::Ours,
    connector: &Demo,
};

struct Demo;

impl Connector for Demo {
    fn check(&self, place: &Place) -> Result<(), dandelion_post::Refusal> {
        if place.url.starts_with("http://") || place.url.starts_with("https://") {
            return Ok(());
        }
        Err(dandelion_post::Refusal::new("url", "write the demo network's address, http://127.0.0.1:7301", &place.url))
    }

    fn page<'a>(&'a self, access: &'a Access, cursor: &'a Value) -> Later<'a, Result<Page, Trouble>> {
        Box::pin(page::page(access, cursor))
    }

    fn publish<'a>(&'a self, access: &'a Access, reply: &'a Outgoing) -> Later<'a, Answer> {
        Box::pin(publish::publish(access, reply))
    }
}

/// The headers that say who we are.
fn authorization(access: &Access) -> String {
    format!("Bearer {}", access.credentials.get("token").unwrap_or_default())
}
