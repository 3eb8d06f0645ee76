//! What is new in a timeline, and what has changed in its newest page.

use dandelion_post::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
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

/// Where reading goes on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    /// The newest entry read: of a notification or of a status.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// The newest statuses with their marks, oldest first.
    recent: Vec<(String, String)>,
    /// When the newest page was last looked at, in seconds since 1970.
    looked_at: i64,
    /// The id of the account whose posts are read, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
}

/// One entry of a timeline: its own id, and the status in it.
struct Entry {
    id: String,
    status: Value,
}

pub(super) async fn page(access: &Access, cursor: &Value) -> Result<Page, Trouble> {
    let mut cursor: Cursor = serde_json::from_value(cursor.clone()).unwrap_or_default();
    let reading = place::reading(access).map_err(|refusal| Trouble::wrong(refusal.to_string()))?;
    let timeline = timeline(access, &reading, &mut cursor).await?;
    let domain = place::domain(access);
    let first_time = cursor.since.is_none();
    let upwards = cursor.since.as_ref().map(|since| format!("&min_id={since}")).unwrap_or_default();
    let (entries, mut budget) = entries(access, &format!("{timeline}{upwards}")).await?;
    let full = entries.len() >= MOST && !first_time;
    let mut items = Vec::new();
    for entry in entries {
        cursor.pass(&entry.id);
        items.extend(cursor.take(entry.status, &domain));
    }
    let due = access.now.as_second() - cursor.looked_at >= LOOK_AGAIN;
    if first_time {
        cursor.looked_at = access.now.as_second();
    } else if due && !full {
        // What was read stays read, whatever becomes of the second look.
        if let Ok((changed, left)) = look_again(access, &timeline, &mut cursor, &domain).await {
            items.extend(changed);
            budget = left.or(budget);
        }
    }
    let cursor = serde_json::to_value(&cursor).unwrap_or_default();
    let wait = if full { Wait::More } else { Wait::Usual };
    Ok(Page { items, cursor, wait, budget, ..Page::default() })
}

/// The cursor from which everything since a moment comes again, where the ids hold the time (Mastodon's `Snowflake`:
/// milliseconds since 1970, then 16 bits); otherwise the one that begins with the newest page.
pub(super) fn rewound(cursor: &Value, to: jiff::Timestamp) -> Value {
    // Ids that only count up are smaller for another few thousand years of posting.
    const LEAST: u64 = 1 << 52;
    let known: Cursor = serde_json::from_value(cursor.clone()).unwrap_or_default();
    let holds_time = known.since.as_ref().and_then(|id| id.parse().ok()).is_some_and(|id: u64| id >= LEAST);
    let Some(milliseconds) = u64::try_from(to.as_millisecond()).ok().filter(|_| holds_time) else {
        return Value::Null;
    };
    let since = Some((milliseconds << 16).to_string());
    serde_json::to_value(Cursor { since, account: known.account, ..Cursor::default() }).unwrap_or_default()
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
                let acct = acct.trim_start_matches('@');
                let acct = json::encoded(acct);
                let (account, _) = get(access, &format!("/api/v1/accounts/lookup?acct={acct}")).await?;
                let Some(id) = account["id"].as_str() else {
                    return Err(Trouble::wrong(format!("the instance knows no account {acct}")));
                };
                cursor.account = Some(id.to_owned());
            }
            let id = cursor.account.as_deref().unwrap_or_default();
            format!("/api/v1/accounts/{id}/statuses?limit={MOST}&exclude_reblogs=true")
        }
    })
}

/// A page of a timeline, oldest first.
async fn entries(access: &Access, path: &str) -> Result<(Vec<Entry>, Option<Budget>), Trouble> {
    let (list, budget) = get(access, path).await?;
    let Value::Array(list) = list else {
        return Err(Trouble::passing("the instance answered with something that is no list of posts"));
    };
    let entry = |raw: Value| {
        let id = raw["id"].as_str().unwrap_or_default().to_owned();
        // A notification wraps its status; a timeline is a list of statuses.
        let status = if raw["type"].is_string() { raw["status"].clone() } else { raw };
        Entry { id, status }
    };
    Ok((list.into_iter().rev().map(entry).collect(), budget))
}

/// Looks at the newest page for edits of what we know, and for what is gone from it.
async fn look_again(
    access: &Access,
    timeline: &str,
    cursor: &mut Cursor,
    domain: &str,
) -> Result<(Vec<Item>, Option<Budget>), Trouble> {
    let (entries, budget) = entries(access, timeline).await?;
    let mut items = Vec::new();
    let shown: Vec<String> =
        entries.iter().filter_map(|entry| entry.status["id"].as_str().map(ToOwned::to_owned)).collect();
    for Entry { status, .. } in entries {
        let id = status["id"].as_str().unwrap_or_default();
        let known = cursor.recent.iter().any(|(known, mark)| known == id && *mark != status::mark(&status));
        if known {
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
        let plain = !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric());
        if plain && self.since.as_deref().is_none_or(|since| older(since, id)) {
            self.since = Some(id.to_owned());
        }
    }

    /// Remembers a status and gives it, unless it is known with these very words.
    fn take(&mut self, raw: Value, domain: &str) -> Option<Item> {
        if raw.is_null() {
            let refusal = Refusal::new("status", "a notification came without its status", "");
            return Some(Err(Refused { refusal, raw: "null".to_owned() }));
        }
        if let Some(id) = raw["id"].as_str() {
            let mark = status::mark(&raw);
            match self.recent.iter_mut().find(|(known, _)| known == id) {
                Some((_, known)) if *known == mark => return None,
                Some((_, known)) => *known = mark,
                None => self.recent.push((id.to_owned(), mark)),
            }
            let over = self.recent.len().saturating_sub(MOST);
            self.recent.drain(..over);
        }
        Some(status::post(raw, domain))
    }
}

/// Ids count up: the longer number is the newer one.
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

async fn ask(access: &Access, path: &str) -> Result<Response, Trouble> {
    let token = access.credentials.get("token").map(|token| format!("Bearer {token}"));
    let mut headers = vec![("accept", "application/json")];
    if let Some(token) = &token {
        headers.push(("authorization", token));
    }
    Ok(access.client.get(&access.at(path), &headers).await?)
}

pub(super) fn read(answer: Response, access: &Access) -> Result<(Value, Option<Budget>), Trouble> {
    if answer.status != 200 {
        return Err(Trouble::of(answer, access.now));
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
        for counted in [json!({ "since": "42" }), json!({ "since": "01HXYZ" }), Value::Null] {
            assert_eq!(rewound(&counted, to), Value::Null, "begins with the newest page");
        }
    }
}
