//! Dandelion's query language and matcher. No I/O, no async.
//!
//! ```
//! use dandelion_listen::{Facts, Matcher, Scratch, parse};
//! use dandelion_post::Post;
//!
//! let matcher = Matcher::new([
//!     (1, parse("kettle (leak* OR \"drips water\") -recipe").unwrap()),
//!     (2, parse("@acme_care").unwrap()),
//! ]);
//! let post = Post { text: "My Acme KETTLE leaks again, @acme_care".into(), ..Post::default() };
//! let (mut scratch, mut hits) = (Scratch::default(), Vec::new());
//! matcher.matches(&post, &Facts::default(), &mut scratch, &mut hits);
//! assert_eq!(hits.len(), 2);
//! assert_eq!(hits[0].spans, [8..14, 15..20]);
//!
//! let error = parse("kettle AND").unwrap_err();
//! assert_eq!(error.message, "`AND` needs something on its right");
//! ```

mod cost;
mod error;
mod explain;
mod facts;
pub mod filter;
pub mod highlight;
mod known;
mod matcher;
mod parse;
mod places;
mod print;
pub mod queries;
mod query;
mod reading;
mod resolve;
#[cfg(test)]
mod tests;
mod wild;
pub mod words;

pub use cost::MAX_COST;
pub use error::{QueryError, Warning};
pub use explain::{Explained, explain, near_miss};
pub use facts::Facts;
pub use matcher::{Hit, Matcher, Scratch};
pub use parse::{MAX_BYTES, MAX_DEPTH, parse, read};
pub use query::Query;
pub use reading::{Piece, PieceKind, Reading, Term};
pub use resolve::{ResolveError, resolve};
