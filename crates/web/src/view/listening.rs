//! Listening: queries and sources.

mod backfill;
mod days;
mod follows;
pub mod lab;
mod precision;
mod query;
mod source;
mod voice;

pub use backfill::{BackfillPage, BackfillRow, Backfills};
pub use days::{Days, SourceDay};
pub use follows::{FollowRow, Follows};
pub use precision::{Advice, PrecisionPage, Trend, Week};
pub use query::{Proof, Queries, QueryPage, QueryRow, Tried, Version, Wrong};
pub use source::{
    Accounting, NewPlace, NewSource, PlaceField, PlacePost, Quarantined, Secret, SignIn, SourcePage, SourceRow, Sources,
};
pub use voice::{Bars, GroupForm, VoicePage, VoiceRow};
