//! The demo's people and what they say: a sample organisation, 30 days of its history, and life that goes on.
//!
//! But for [`network`], a server of its own, everything here is pure: seed and clock are parameters, nothing is read or sent. [`history::script`] tells the
//! past, [`life::Life`] the present; the `demo` command feeds both through the same intake as any other source.

pub mod cast;
pub mod dice;
pub mod history;
pub mod life;
pub mod network;
mod rough;
pub mod staff;
#[cfg(test)]
mod tests;
pub mod thread;
pub mod voice;
pub mod words;

/// The sample organisation, `org.toml`.
pub const ORGANISATION: &str = include_str!("../../sample/org.toml");

/// The sample listening queries, `queries.toml`.
pub const QUERIES: &str = include_str!("../../sample/queries.toml");

/// The seed of the story that everybody sees who starts the demo.
pub const SEED: u64 = 0xda4d_e110;
