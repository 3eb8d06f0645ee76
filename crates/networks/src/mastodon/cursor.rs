//! Where reading goes on in a timeline: upwards from the newest entry known, or down to it from the newest page.

use dandelion_post::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{page::MOST, status};
use crate::contract::{Item, Refused, json};

/// Pages gone down at most, where reading goes down: a list that lost what is known is not read to its beginning of time.
const DEEPEST: u32 = 30;

/// Where reading goes on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Cursor {
    /// The newest entry read: of a notification or of a status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Where the server is read downwards: how far it was gone down from the top, and what stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down: Option<Down>,
    /// The newest statuses with their marks, oldest first.
    pub recent: Vec<(String, String)>,
    /// When the newest page was last looked at, in seconds since 1970.
    pub looked_at: i64,
    /// The id of the account whose posts are read, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// A way down from the newest page to what is known.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Down {
    /// The newest entry at its top: what is known once the way is done.
    top: String,
    /// The oldest entry read on it.
    below: String,
    /// How many pages were read.
    depth: u32,
}

/// One entry of a timeline: its own id, and the status in it, where it is one that concerns us.
pub(super) struct Entry {
    pub id: String,
    pub status: Option<Value>,
}

impl Cursor {
    /// Moves past an entry, never back.
    pub fn pass(&mut self, id: &str) {
        if is_plain(id) && self.since.as_deref().is_none_or(|since| older(since, id)) {
            self.since = Some(id.to_owned());
        }
    }

    /// What is asked for beside the timeline itself.
    pub fn further(&self, upwards: bool) -> String {
        match (&self.since, &self.down) {
            (_, Some(down)) if !upwards => format!("&max_id={}", down.below),
            (Some(since), _) if upwards => format!("&min_id={since}"),
            _ => String::new(),
        }
    }

    /// Takes a step down, and says whether there is more below: until what is known stands there, or nothing.
    pub fn go_down(&mut self, entries: &[Entry]) -> bool {
        let down = self.down.take();
        let since = self.since.as_deref().unwrap_or_default();
        let plain = entries.iter().map(|entry| entry.id.as_str()).filter(|id| is_plain(id));
        let (oldest, newest) =
            (plain.clone().next(), plain.reduce(|one, other| if older(one, other) { other } else { one }));
        let top = down.as_ref().map(|down| down.top.clone()).or(newest.map(ToOwned::to_owned));
        let depth = down.as_ref().map_or(0, |down| down.depth) + 1;
        // A server that does not go down gives the same page again.
        let moved = |oldest: &&str| down.as_ref().is_none_or(|down| older(oldest, &down.below));
        let below =
            oldest.filter(|oldest| older(since, oldest) && depth < DEEPEST).filter(moved).map(ToOwned::to_owned);
        match (below, top) {
            (Some(below), Some(top)) => self.down = Some(Down { top, below, depth }),
            (None, Some(top)) => self.pass(&top),
            _ => {}
        }
        self.down.is_some()
    }

    /// Whether a status is one of those remembered.
    pub fn knows(&self, status: &Value) -> bool {
        json::id(&status["id"]).is_some_and(|id| self.recent.iter().any(|(known, _)| *known == id))
    }

    /// Remembers a status and gives it, unless it is known with these very words.
    pub fn take(&mut self, raw: Value, domain: &str) -> Option<Item> {
        if raw.is_null() {
            let refusal = Refusal::new("status", "a notification came without its status", "");
            return Some(Err(Refused { refusal, raw: "null".to_owned() }));
        }
        if let Some(id) = json::id(&raw["id"]) {
            let mark = status::mark(&raw);
            match self.recent.iter_mut().find(|(known, _)| *known == id) {
                Some((_, known)) if *known == mark => return None,
                Some((_, known)) => *known = mark,
                None => self.recent.push((id, mark)),
            }
            let over = self.recent.len().saturating_sub(MOST);
            self.recent.drain(..over);
        }
        Some(status::post(raw, domain))
    }
}

/// The cursor from which everything since a moment comes again, where the ids hold the time: Mastodon's `Snowflake`
/// (milliseconds since 1970, then 16 bits) and ULIDs (48 bits of milliseconds in ten characters, then 16 of chance);
/// otherwise the one that begins with the newest page.
pub(super) fn rewound(cursor: &Value, to: jiff::Timestamp) -> Value {
    // Ids that only count up are smaller for another few thousand years of posting.
    const LEAST: u64 = 1 << 52;
    let known: Cursor = serde_json::from_value(cursor.clone()).unwrap_or_default();
    let id = known.since.as_deref().unwrap_or_default();
    let Ok(milliseconds) = u64::try_from(to.as_millisecond()) else { return Value::Null };
    let since = if id.parse().is_ok_and(|id: u64| id >= LEAST) {
        (milliseconds << 16).to_string()
    } else if is_ulid(id) {
        format!("{}{}", ulid_time(milliseconds), "0".repeat(16))
    } else {
        return Value::Null;
    };
    serde_json::to_value(Cursor { since: Some(since), account: known.account, ..Cursor::default() }).unwrap_or_default()
}

/// Crockford's base 32, as ULIDs are written (github.com/ulid/spec).
const BASE32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn is_ulid(id: &str) -> bool {
    id.len() == 26 && id.bytes().all(|b| BASE32.contains(&b))
}

fn ulid_time(milliseconds: u64) -> String {
    (0..10).rev().map(|place| char::from(BASE32[(milliseconds >> (5 * place) & 31) as usize])).collect()
}

/// Whether an id may stand in an address.
fn is_plain(id: &str) -> bool {
    !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Ids count up: the longer number is the newer one. ULIDs and Pleroma's ids are equally long and in order as text.
pub(super) fn older(one: &str, other: &str) -> bool {
    (one.len(), one) < (other.len(), other)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reading_goes_back_to_a_moment_where_ids_hold_the_time() {
        let to = "2026-03-02T09:00:00Z".parse().unwrap();
        let real = json!({ "since": "115800000000000001", "recent": [["1", "x"]], "looked_at": 5, "account": "7" });
        let back = rewound(&real, to);
        assert_eq!(back["since"], (1_772_442_000_000_u64 << 16).to_string());
        assert_eq!((&back["account"], &back["recent"]), (&json!("7"), &json!([])));
        // The example of the ULID specification: 01ARZ3NDEK is 2016-07-30T23:54:10.259Z.
        let ulid = json!({ "since": "01HXYZ3NDEKTSV4RRFFQ69G5FA" });
        let back = rewound(&ulid, "2016-07-30T23:54:10.259Z".parse().unwrap());
        assert_eq!(back["since"], "01ARZ3NDEK0000000000000000");
        for counted in [json!({ "since": "42" }), json!({ "since": "01HXYZ" }), Value::Null] {
            assert_eq!(rewound(&counted, to), Value::Null, "begins with the newest page");
        }
    }
}
