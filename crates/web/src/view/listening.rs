//! Listening: queries and sources.

pub mod lab;
mod query;
mod source;

pub use query::{Proof, Queries, QueryPage, QueryRow, Tried, Version, Wrong};
pub use source::{Accounting, NewSource, Quarantined, Secret, SourcePage, SourceRow, Sources};
