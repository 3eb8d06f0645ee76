//! Dandelion's judgements of a post, by plain documented rules. No I/O, no async.

mod analysis;
mod influence;
mod lexicon;
mod rules;

pub use analysis::{Analysis, Found, Judgement, Reason, Sum, Term};
pub use lexicon::{Lexicon, Product, Topic};
pub use rules::Rules;

/// The name of these rules; it changes with every change of what they say.
pub const VERSION: &str = "rules-1";
