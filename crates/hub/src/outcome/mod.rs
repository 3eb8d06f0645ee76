//! The results ledger: graded claims with evidence. Silence is not success, and grades are never added together
//! (law 9): a sum always stands for one kind **and** one grade.

mod claim;
mod ledger;

#[cfg(test)]
mod tests;

pub(crate) use claim::{Claim, claim, holds, void};
pub use ledger::{Filter, Kind, Ledger, OutcomeRow, Sums, count, list, of_case, sums};
