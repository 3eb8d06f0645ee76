//! Who is told of what others say: our actors, where they are named or follow.

use serde_json::Value;

use super::{actor::each, note};

/// Who listens here.
#[derive(Debug, Clone, Copy)]
pub struct Listening<'a> {
    /// The addresses of our actors.
    pub ours: &'a [String],
    /// Those of them that asked to follow whoever the delivery is by, and were not refused.
    pub following: &'a [String],
}

impl Listening<'_> {
    /// Whether an address is one of our actors' or below it.
    pub(super) fn is_ours(&self, value: &Value) -> bool {
        value.as_str().is_some_and(|text| self.ours.iter().any(|id| text == id || text.starts_with(&format!("{id}/"))))
    }

    /// Whether something said is said to one of our actors, as far as it says so itself.
    pub(super) fn named(&self, said: &Value) -> bool {
        [&said["to"], &said["cc"]].into_iter().flat_map(each).any(|to| self.is_ours(to))
            || each(&said["tag"]).any(|tag| self.is_ours(&tag["href"]))
            || self.is_ours(&said["inReplyTo"])
    }

    /// Whether something said is heard here: it is said to us, or to everybody by or through somebody we follow.
    pub(super) fn hears(&self, said: &Value) -> bool {
        self.named(said) || !self.following.is_empty() && note::is_public(said)
    }
}
