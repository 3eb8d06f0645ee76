//! The demo network: a small server of ours that customers simulated by `dandelion demo` write on.
//!
//! Its posts arrive by signed [`crate::webhook`]; replies are published to it over HTTP.

use crate::networks::About;

/// What this network is.
pub const ABOUT: About = About {
    name: "demo",
    label: "Demo network",
    reads: "posts of simulated customers, by signed webhook",
    writes: Some("replies, by HTTP, with or without idempotency keys"),
    limits: "loopback only",
    docs: "Runs as a server of its own beside `dandelion demo`, so that every step is a real one.",
};
