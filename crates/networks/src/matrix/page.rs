//! What is new in the rooms: by `/sync` from its last token on, and the gaps that it leaves where much was said.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    event::{self, Told},
    place::{self, get, parts},
};
use crate::contract::{Access, Heard, Item, Page, Stream, Trouble, Wait, json::segment};

/// Messages of a room in one answer.
const MOST: usize = 100;
/// How long a question may wait for something new, at most.
const LONGEST: Duration = Duration::from_secs(25);

/// Where reading goes on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// What was said between two looks and did not fit into one answer.
    gaps: Vec<Gap>,
}

/// Read backwards from `from` until `to`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Gap {
    room: String,
    from: String,
    to: String,
}

pub(super) async fn page(access: &Access, cursor: &Value) -> Result<Page, Trouble> {
    let mut cursor: Cursor = serde_json::from_value(cursor.clone()).unwrap_or_default();
    let mut items = Vec::new();
    if let Some(gap) = cursor.gaps.first().cloned() {
        let (events, further) = between(access, &gap).await?;
        take(access, &gap.room, &events, &mut items).await?;
        match further {
            Some(from) => cursor.gaps[0].from = from,
            None => drop(cursor.gaps.remove(0)),
        }
    } else {
        let told = sync(access, cursor.since.as_deref(), Duration::ZERO, MOST).await?;
        let next =
            told["next_batch"].as_str().ok_or_else(|| Trouble::passing("the server gave no place to go on from"))?;
        for (room, there) in rooms(&told) {
            let timeline = &there["timeline"];
            let events = timeline["events"].as_array().map(Vec::as_slice).unwrap_or_default();
            take(access, room, events, &mut items).await?;
            let before = timeline["prev_batch"].as_str().filter(|_| timeline["limited"] == true);
            if let (Some(since), Some(from)) = (&cursor.since, before) {
                cursor.gaps.push(Gap { room: room.to_owned(), from: from.to_owned(), to: since.clone() });
            }
        }
        cursor.since = Some(next.to_owned());
    }
    let wait = if cursor.gaps.is_empty() { Wait::Usual } else { Wait::More };
    let cursor = serde_json::to_value(&cursor).unwrap_or_default();
    Ok(Page { items, cursor, wait, ..Page::default() })
}

/// The rooms that concern us, of an answer to `/sync`.
fn rooms(told: &Value) -> impl Iterator<Item = (&str, &Value)> {
    told["rooms"]["join"].as_object().into_iter().flatten().map(|(room, there)| (room.as_str(), there))
}

async fn sync(access: &Access, since: Option<&str>, wait: Duration, most: usize) -> Result<Value, Trouble> {
    let mut room = json!({
        "timeline": { "limit": most, "types": ["m.room.message", "m.room.redaction", "m.room.encrypted", "m.sticker"] },
        "state": { "types": [] }, "ephemeral": { "types": [] }, "account_data": { "types": [] },
    });
    if let Some(id) = place::room(access) {
        room["rooms"] = json!([id]);
    }
    let filter = json!({ "room": room, "presence": { "types": [] }, "account_data": { "types": [] } }).to_string();
    let since = since.map(|since| format!("&since={}", segment(since))).unwrap_or_default();
    let path = format!("/_matrix/client/v3/sync?timeout={}&filter={}{since}", wait.as_millis(), segment(&filter));
    get(access, &path).await
}

/// A page of a gap, the newest first, and where the next one begins.
async fn between(access: &Access, gap: &Gap) -> Result<(Vec<Value>, Option<String>), Trouble> {
    let (room, from, to) = (segment(&gap.room), segment(&gap.from), segment(&gap.to));
    let filter = segment(r#"{"types":["m.room.message","m.room.redaction","m.room.encrypted","m.sticker"]}"#);
    let path =
        format!("/_matrix/client/v3/rooms/{room}/messages?dir=b&limit={MOST}&from={from}&to={to}&filter={filter}");
    let told = get(access, &path).await?;
    let events = told["chunk"].as_array().cloned().unwrap_or_default();
    let further = told["end"].as_str().filter(|end| !events.is_empty() && *end != gap.from && *end != gap.to);
    Ok((events, further.map(ToOwned::to_owned)))
}

/// Reads events into items. Edits and redactions are looked up: who wrote the message, and whether it was one.
async fn take(access: &Access, room: &str, events: &[Value], items: &mut Vec<Item>) -> Result<(), Trouble> {
    for event in events {
        match event::read(event, room) {
            Told::Said(item) => items.push(*item),
            Told::Edit(id) => {
                let original = match events.iter().find(|event| event["event_id"] == id.as_str()) {
                    Some(original) => Some(original.clone()),
                    None => one(access, room, &id).await?,
                };
                items.extend(original.and_then(|original| event::edited(&original, event, room)));
            }
            Told::Gone(id) => {
                let said = match one(access, room, &id).await? {
                    Some(event) => matches!(event["type"].as_str(), Some("m.room.message" | "m.sticker")),
                    None => true,
                };
                if said {
                    items.push(Ok(event::gone(room, &id, access.now)));
                }
            }
            Told::Nothing => {}
        }
    }
    Ok(())
}

/// One event as it was sent; none where the server does not have it or may not show it.
pub(super) async fn one(access: &Access, room: &str, id: &str) -> Result<Option<Value>, Trouble> {
    let path = format!("/_matrix/client/v3/rooms/{}/event/{}", segment(room), segment(id));
    match get(access, &path).await {
        Ok(event) => Ok(Some(event)),
        Err(Trouble::Wrong { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}

/// The thread that begins with a message.
pub(super) async fn thread(access: &Access, id: &str) -> Result<Vec<Item>, Trouble> {
    let Some((room, root)) = parts(id) else {
        return Err(Trouble::wrong(format!("{id} is no message of a Matrix room")));
    };
    let path =
        format!("/_matrix/client/v1/rooms/{}/relations/{}/m.thread?limit={MOST}&dir=f", segment(room), segment(root));
    let told = get(access, &path).await?;
    let mut items = Vec::new();
    take(access, room, told["chunk"].as_array().map(Vec::as_slice).unwrap_or_default(), &mut items).await?;
    Ok(items)
}

/// The bell: the same question, which the server answers when something is new.
pub(super) async fn listen(access: &Access) -> Result<Stream, Trouble> {
    let told = sync(access, None, Duration::ZERO, 1).await?;
    let wait = (access.client.rules().deadline * 4 / 5).min(LONGEST);
    let begun = told["next_batch"].as_str().map(ToOwned::to_owned);
    let access = access.clone();
    Ok(Stream::of(futures_util::stream::unfold(begun, move |since| {
        let access = access.clone();
        async move {
            let told = match sync(&access, Some(&since?), wait, 1).await {
                Ok(told) => told,
                Err(trouble) => return Some((Err(trouble), None)),
            };
            let new = rooms(&told)
                .any(|(_, there)| there["timeline"]["events"].as_array().is_some_and(|all| !all.is_empty()));
            let heard = if new { Heard::Ring } else { Heard::Nothing };
            Some((Ok(heard), told["next_batch"].as_str().map(ToOwned::to_owned)))
        }
    })))
}
