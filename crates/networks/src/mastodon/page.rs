//! What is new in a timeline, and what has changed in its newest page.

use serde_json::Value;

use super::{
    ask::{ask, get, read},
    cursor::{Cursor, Entry, older},
    dialect::Software,
    place::{self, Reading},
    status,
};
use crate::{
    contract::{Access, Item, Page, Trouble, Wait, json},
    egress::Budget,
};

/// Items of a page: the most an instance gives.
pub(super) const MOST: usize = 40;
/// How often the newest page is looked at for edits and deletions, in seconds.
const LOOK_AGAIN: i64 = 300;
/// Statuses asked one by one whether they are gone, at most, in one turn.
const GONE: usize = 10;

pub(super) async fn page(access: &Access, cursor: &Value) -> Result<Page, Trouble> {
    let mut cursor: Cursor = serde_json::from_value(cursor.clone()).unwrap_or_default();
    let reading = place::reading(access).map_err(|refusal| Trouble::wrong(refusal.to_string()))?;
    let timeline = timeline(access, &reading, &mut cursor).await?;
    let domain = place::domain(access);
    let first_time = cursor.since.is_none();
    // Places connected before anybody asked what they are were read upwards.
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

/// One status; none only where the instance says plainly that it is gone. Everything else is no reason to erase words.
async fn one(access: &Access, id: &str) -> Result<Option<Value>, Trouble> {
    let answer = ask(access, &format!("/api/v1/statuses/{id}")).await?;
    if matches!(answer.status, 404 | 410) {
        return Ok(None);
    }
    read(answer, access).map(|(status, _)| Some(status))
}
