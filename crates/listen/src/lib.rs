//! Dandelion's query language and matcher. No I/O, no async.
//!
//! # The language
//!
//! | form | meaning |
//! |---|---|
//! | `kettle broken`, `kettle AND broken` | both words. Operators are upper case; lower-case `or` is a word |
//! | `a OR b`, `NOT a`, `-a`, `( … )` | NOT binds tightest, then AND, then OR |
//! | `"acme kettle"` | these words side by side, whatever marks or spaces stand between them |
//! | `repair*` | words that begin so (at least two characters) |
//! | `#acme`, `@acme_care` | exactly that tag or handle; `#acme*` those that begin so |
//! | `水壶`, `やかん` | scripts without spaces match as parts of a run |
//!
//! Case and accents do not count, nor does a possessive `'s`; how text is cut into words is said in
//! [`dandelion_post::words`]. A bare word also finds the tag or handle that is exactly this word (`acme` finds `#acme`,
//! not `#acmekettles`); a quoted phrase finds words and tags. Words of several parts are phrases (`wi-fi` is
//! `"wi-fi"`). A query that would match a post without words (empty, or only exclusions) is an error. A query is at
//! most [`MAX_BYTES`] long and nested at most [`MAX_DEPTH`] deep.
//!
//! # Use
//!
//! ```
//! use dandelion_listen::{Matcher, parse};
//! use dandelion_post::Post;
//!
//! let matcher = Matcher::new([
//!     (1, parse("kettle (leak* OR \"drips water\") -recipe").unwrap()),
//!     (2, parse("@acme_care").unwrap()),
//! ]);
//! let post = Post { text: "My Acme KETTLE leaks again, @acme_care".into(), ..Post::default() };
//! let mut hits = Vec::new();
//! matcher.matches(&post, &mut hits);
//! assert_eq!(hits.len(), 2);
//! assert_eq!(hits[0].spans, [8..14, 15..20]);
//!
//! let error = parse("kettle AND").unwrap_err();
//! assert_eq!(error.message, "`AND` needs something on its right");
//! ```

mod atoms;
mod error;
pub mod filter;
pub mod highlight;
mod matcher;
pub mod near;
mod parse;
mod presearch;
mod print;
pub mod queries;
mod query;
#[cfg(test)]
mod tests;

pub use error::QueryError;
pub use matcher::{Hit, Matcher};
pub use parse::{MAX_BYTES, MAX_DEPTH, parse};
pub use query::Query;
