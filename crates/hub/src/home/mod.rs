//! The home page in numbers: who waits for whom, what came of it, what to do first. Each number carries the filter
//! that opens its records, and is counted by that very filter.

mod read;
mod records;
#[cfg(test)]
mod tests;

pub use read::{First, Home, Oldest, Step, UnitWaiting, Week, read};
pub use records::{
    HandoffFilter, HandoffRow, Number, PostFilter, PostRow, Records, ReplyFilter, ReplyRow, count, handoffs, posts,
    replies,
};
