//! The shared words every Dandelion crate speaks.
//!
//! A [`Post`] is one public utterance as its network gave it. Its JSON form (one object a line, "JSONL")
//! is a stable format: unknown fields are kept in [`Post::extra`], missing numbers are absent and never 0.
//!
//! ```
//! use dandelion_post::Post;
//! let post: Post = serde_json::from_str(r#"{"id":"1","text":"My kettle leaks","mood":"sad"}"#).unwrap();
//! assert_eq!(post.text, "My kettle leaks");
//! assert_eq!(post.extra["mood"], "sad");          // nothing is lost
//! assert_eq!(post.metrics.likes, None);           // unknown is not zero
//! ```

mod author;
mod network;
mod post;
mod refusal;
mod time;
pub mod words;

pub use author::Author;
pub use network::{Network, NetworkError};
pub use post::{Link, Media, Metrics, Post};
pub use refusal::Refusal;
pub use time::{Micros, micros, rfc3339, timestamp};
