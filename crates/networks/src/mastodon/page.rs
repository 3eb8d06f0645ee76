//! What is new in a timeline, and what has changed in its newest page.

use dandelion_post::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    dialect::Software,
    place::{self, Reading},
    status,
};
use crate::{
    contract::{Access, Item, Page, Refused, Trouble, Wait, json},
    egress::{Budget, Response},
};

/// Items of a page: the most an instance gives.
const MOST: usize = 40;
/// How often the newest page is looked at for edits and deletions, in seconds.
const LOOK_AGAIN: i64 = 300;
/// Statuses asked one by one whether they are gone, at most, in one turn.
const GONE: usize = 10;
/// Pages gone down at most, where reading goes down: a list that lost what is known is not read to its beginning of time.
const DEEPEST: u32 = 30;

/// Where reading goes on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    /// The newest entry read: of a notification or of a status.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// Where the server is read downwards: how far it was gone down from the top, and what stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    down: Option<Down>,
    /// The newest statuses with their marks, oldest first.
    recent: Vec<(String, String)>,
    /// When the newest page was last looked at, in seconds since 1970.
    looked_at: i64,
    /// The id of the account whose posts are read, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
}

/// A way down from the newest page to what is known.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Down {
    /// The newest entry at its top: what is known once the way is done.
    top: String,
    /// The oldest entry read on it.
    below: String,
    /// How many pages were read.
    depth: u32,
}

/// One entry of a timeline: its own id, and the status in it, where it is one that concerns us.
struct Entry {
    id: String,
    status: Option<Value>,
}

pub(super) async fn page(access: &Access, cursor: &Value) -> Result<Page, Trouble> {
    let mut cursor: Cursor = serde_json::from_value(cursor.clone()).unwrap_or_default();
    let reading = place::reading(access).map_err(|refusal| Trouble::wrong(refusal.to_string()))?;
    let timeline = timeline(access, &reading, &mut cursor).await?;
    let domain = place::domain(access);
    let first_time = cursor.since.is_none();
    let upwards = Software::of(access).is_none_or(Software::reads_upwards);
    if upwards {
        cursor.down = None;
    }
    let (entries, mut budget) = entries(access, &reading, &format!("{timeline}{}", cursor.further(upwards))).await?;
    let known = cursor.since.clone().filter(|_| !upwards);
    let full = !first_time && if upwards { entries.len() >= MOST } else { cursor.go_down(&entries) };
    let mut items = Vec::new();
    for entry in entries {
        // On the way down old ones come by as well; of those only what changed is news.
        let old = known.as_deref().is_some_and(|since| !older(since, &entry.id));
        if cursor.down.is_none() {
            cursor.pass(&entry.id);
        }
        if let Some(status) = entry.status.filter(|status| !old || cursor.knows(status)) {
            items.extend(cursor.take(status, &domain));
        }
    }
    let due = access.now.as_second() - cursor.looked_at >= LOOK_AGAIN;
    if first_time {
        cursor.looked_at = access.now.as_second();
    } else if due && !full {
        // What was read stays read, whatever becomes of the second look.
        if let Ok((changed, left)) = look_again(access, &reading, &timeline, &mut cursor, &domain).await {
            items.extend(changed);
            budget = left.or(budget);
        }
    }
    let cursor = serde_json::to_value(&cursor).unwrap_or_default();
    let wait = if full { Wait::More } else { Wait::Usual };
    Ok(Page { items, cursor, wait, budget, ..Page::default() })
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

/// The conversation around a post.
pub(super) async fn thread(access: &Access, id: &str) -> Result<Vec<Item>, Trouble> {
    let Some(local) = place::local(access, id) else {
        return Err(Trouble::wrong(format!("{id} is of another instance; ask there")));
    };
    let (around, _) = get(access, &format!("/api/v1/statuses/{local}/context")).await?;
    let domain = place::domain(access);
    let part = |name: &str| around[name].as_array().cloned().unwrap_or_default();
    Ok(part("ancestors").into_iter().chain(part("descendants")).map(|raw| status::post(raw, &domain)).collect())
}

async fn timeline(access: &Access, reading: &Reading, cursor: &mut Cursor) -> Result<String, Trouble> {
    Ok(match reading {
        Reading::Mentions => format!("/api/v1/notifications?limit={MOST}&types[]=mention"),
        Reading::Tag(tag) => {
            let tag = json::encoded(tag);
            format!("/api/v1/timelines/tag/{tag}?limit={MOST}")
        }
        Reading::Account(acct) => {
            if cursor.account.is_none() {
                cursor.account = Some(account(access, acct.trim_start_matches('@')).await?);
            }
            let id = cursor.account.as_deref().unwrap_or_default();
            format!("/api/v1/accounts/{id}/statuses?limit={MOST}&exclude_reblogs=true")
        }
    })
}

/// The id of an account, by looking it up or, where the server has no such address, by searching for it.
async fn account(access: &Access, acct: &str) -> Result<String, Trouble> {
    let name = json::encoded(acct);
    let found = match get(access, &format!("/api/v1/accounts/lookup?acct={name}")).await {
        Ok((account, _)) => json::id(&account["id"]),
        Err(Trouble::Wrong { why }) => {
            let domain = place::domain(access);
            let whole = status::whole_handle(acct, &domain);
            let path = format!("/api/v1/accounts/search?q={name}&limit={MOST}&resolve=false");
            let Ok((found, _)) = get(access, &path).await else { return Err(Trouble::Wrong { why }) };
            let named = |account: &&Value| {
                let acct = account["acct"].as_str().unwrap_or_default();
                status::whole_handle(acct, &domain).eq_ignore_ascii_case(&whole)
            };
            found.as_array().into_iter().flatten().find(named).and_then(|account| json::id(&account["id"]))
        }
        Err(other) => return Err(other),
    };
    found.ok_or_else(|| Trouble::wrong(format!("the instance knows no account {acct}")))
}

/// A page of a timeline, oldest first.
async fn entries(access: &Access, reading: &Reading, path: &str) -> Result<(Vec<Entry>, Option<Budget>), Trouble> {
    let (list, budget) = get(access, path).await?;
    let Value::Array(list) = list else {
        return Err(Trouble::passing("the instance answered with something that is no list of posts"));
    };
    let entry = |mut raw: Value| {
        let id = json::id(&raw["id"]).unwrap_or_default();
        let status = match reading {
            // A notification wraps its status. Not every server leaves out the kinds that were not asked for.
            Reading::Mentions => (raw["type"] == "mention").then(|| raw["status"].take()),
            // What somebody shared are not their words, and not every server leaves it out.
            _ => raw["reblog"].is_null().then_some(raw),
        };
        Entry { id, status }
    };
    Ok((list.into_iter().rev().map(entry).collect(), budget))
}

/// Looks at the newest page for edits of what we know, and for what is gone from it.
async fn look_again(
    access: &Access,
    reading: &Reading,
    timeline: &str,
    cursor: &mut Cursor,
    domain: &str,
) -> Result<(Vec<Item>, Option<Budget>), Trouble> {
    let (entries, budget) = entries(access, reading, timeline).await?;
    let mut items = Vec::new();
    let statuses: Vec<Value> = entries.into_iter().filter_map(|entry| entry.status).collect();
    let shown: Vec<String> = statuses.iter().filter_map(|status| json::id(&status["id"])).collect();
    for status in statuses {
        if cursor.knows(&status) {
            items.extend(cursor.take(status, domain));
        }
    }
    let Some(oldest) = shown.first() else { return Ok((items, budget)) };
    // Only what the page would still show can be missed on it; the instance has the last word on each.
    let missed: Vec<String> = cursor
        .recent
        .iter()
        .map(|(id, _)| id.clone())
        .filter(|id| !older(id, oldest) && !shown.contains(id))
        .take(GONE)
        .collect();
    for id in missed {
        if let Some(status) = one(access, &id).await? {
            items.extend(cursor.take(status, domain));
        } else {
            cursor.recent.retain(|(known, _)| *known != id);
            items.push(Ok(status::deletion(&id, domain, access.now)));
        }
    }
    cursor.looked_at = access.now.as_second();
    Ok((items, budget))
}

impl Cursor {
    /// Moves past an entry, never back.
    fn pass(&mut self, id: &str) {
        if is_plain(id) && self.since.as_deref().is_none_or(|since| older(since, id)) {
            self.since = Some(id.to_owned());
        }
    }

    /// What is asked for beside the timeline itself.
    fn further(&self, upwards: bool) -> String {
        match (&self.since, &self.down) {
            (_, Some(down)) if !upwards => format!("&max_id={}", down.below),
            (Some(since), _) if upwards => format!("&min_id={since}"),
            _ => String::new(),
        }
    }

    /// Takes a step down, and says whether there is more below: until what is known stands there, or nothing.
    fn go_down(&mut self, entries: &[Entry]) -> bool {
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
    fn knows(&self, status: &Value) -> bool {
        json::id(&status["id"]).is_some_and(|id| self.recent.iter().any(|(known, _)| *known == id))
    }

    /// Remembers a status and gives it, unless it is known with these very words.
    fn take(&mut self, raw: Value, domain: &str) -> Option<Item> {
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

/// Whether an id may stand in an address.
fn is_plain(id: &str) -> bool {
    !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Ids count up: the longer number is the newer one. ULIDs and Pleroma's ids are equally long and in order as text.
fn older(one: &str, other: &str) -> bool {
    (one.len(), one) < (other.len(), other)
}

/// One status; none only where the instance says plainly that it is gone. Everything else is no reason to erase words.
async fn one(access: &Access, id: &str) -> Result<Option<Value>, Trouble> {
    let answer = ask(access, &format!("/api/v1/statuses/{id}")).await?;
    if matches!(answer.status, 404 | 410) {
        return Ok(None);
    }
    read(answer, access).map(|(status, _)| Some(status))
}

/// Asks the instance; what is no success is trouble.
pub(super) async fn get(access: &Access, path: &str) -> Result<(Value, Option<Budget>), Trouble> {
    read(ask(access, path).await?, access)
}

pub(super) async fn ask(access: &Access, path: &str) -> Result<Response, Trouble> {
    let token = access.credentials.get("token").map(|token| format!("Bearer {token}"));
    let mut headers = vec![("accept", "application/json")];
    if let Some(token) = &token {
        headers.push(("authorization", token));
    }
    Ok(access.client.get(&access.at(path), &headers).await?)
}

pub(super) fn read(answer: Response, access: &Access) -> Result<(Value, Option<Budget>), Trouble> {
    if answer.status != 200 {
        // Pleroma's way of saying that a token no longer holds.
        let ended = answer.status == 403
            && crate::outgoing::said(&answer.body).is_some_and(|said| said == "Invalid credentials.");
        return Err(match Trouble::of(answer, access.now) {
            Trouble::Wrong { why } if ended => Trouble::Revoked { why: format!("{why}; sign in again") },
            other => other,
        });
    }
    json::read(answer, access)
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
