//! The case: the unit of work. One or more threads, always exactly one owner unit (law 4), at most one assignee.
//!
//! One small file a behaviour: the inbox is [`list`](fn@list) and [`counts`], the case page is [`open`]. What
//! changes a case takes the viewer, checks their right in the unit that owns it, and writes its event in the same
//! transaction. Where two people could collide, the version the person looked at is compared, and whoever comes
//! second is told in words what happened meanwhile.

mod answer;
mod assignment;
mod correction;
mod counts;
mod entries;
mod filter;
mod follow_up;
mod handoff;
mod held;
mod list;
mod merge;
mod note;
mod page;
mod reopen;
mod resolution;
mod snooze;
mod target;
#[cfg(test)]
pub(crate) mod tests;
mod tick;
mod undo;

pub use answer::answer;
pub use assignment::{assign, release, take};
pub use correction::{Judged, correct, judge, uncorrect};
pub use counts::{Counts, UnitCounts, counts};
pub use entries::{
    AssignmentEntry, CorrectionEntry, Entry, HandoffEntry, NoteEntry, PingEntry, ReplyEntry, ReplyStep,
    ResolutionEntry, SnoozeEntry, ThreadPost,
};
pub(crate) use filter::Conditions;
pub use filter::{Assignee, Cursor, Filter, Sort, Stage, View};
pub use follow_up::{FollowUp, Verdict, follow_up, replied};
pub(crate) use handoff::tell_of;
pub use handoff::{accept, bounce, of_handoff, offer, stop_watching, tell, withdraw};
pub use list::{AuthorCard, CaseRow, List, OfferCard, Words, among, count, list};
pub use merge::merge;
pub use note::{Noted, PingRow, note, pings, see_ping};
pub use page::{CasePage, Found, May, OtherCase, PostAnalysis, TargetCard, WatchCard, open};
pub(crate) use page::{analyses_of, analysis};
pub use resolution::{Closing, reopen, resolve};
pub use snooze::{snooze, wake};
pub use tick::{Ticked, tick};
pub use undo::{Undoable, undo, undoable};

use crate::{Error, Result, store::Row};

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Waits for us.
    Open,
    /// Waits for the customer: we answered last.
    Waiting,
    /// Put aside until a moment, or until the customer writes.
    Snoozed,
    /// Closed by a resolution.
    Resolved,
    /// Became part of another case; its address leads there.
    Merged,
}

impl State {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::Snoozed => "snoozed",
            Self::Resolved => "resolved",
            Self::Merged => "merged",
        }
    }
}

impl std::str::FromStr for State {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        [Self::Open, Self::Waiting, Self::Snoozed, Self::Resolved, Self::Merged]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| Error::invalid("state", "one of open, waiting, snoozed, resolved, merged", text))
    }
}

/// A unit or member as shown: its id, its key for addresses, its name for people.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Named {
    /// Id.
    pub id: i64,
    /// Key, as in `org.toml`.
    pub key: String,
    /// Name.
    pub name: String,
}

impl Named {
    /// From three columns in a row starting at `at`; none where the id is null.
    pub(crate) fn opt(row: &Row, at: usize) -> Result<Option<Self>> {
        let Some(id) = row.get::<Option<i64>, _>(at)? else { return Ok(None) };
        Ok(Some(Self { id, key: row.get(at + 1)?, name: row.get(at + 2)? }))
    }

    /// As [`Named::opt`], where there always is one.
    pub(crate) fn one(row: &Row, at: usize) -> Result<Self> {
        Self::opt(row, at)?.ok_or_else(|| Error::Damaged("a unit or member that is referred to is missing".into()))
    }
}

/// The values of a column like `,complaint,risk,`.
pub(crate) fn unpack(packed: &str) -> Vec<String> {
    packed.split(',').filter(|value| !value.is_empty()).map(str::to_owned).collect()
}

/// Values as a column like `,complaint,risk,`, so that `like '%,risk,%'` finds one; the empty text for none. Commas
/// within a value are dropped, and each value stands once.
pub(crate) fn pack<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let mut packed = String::new();
    for value in values {
        let value = value.replace(',', "");
        if value.is_empty() || packed.contains(&format!(",{value},")) {
            continue;
        }
        if packed.is_empty() {
            packed.push(',');
        }
        packed.push_str(&value);
        packed.push(',');
    }
    packed
}
