use dandelion_post::{Post, Refusal};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::file::{Mapping, from_value};

/// Most posts of one delivery.
pub const MAX_POSTS: usize = 1_000;

/// What a delivery says happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `post.created`
    Created,
    /// `post.edited`
    Edited,
    /// `post.deleted`
    Deleted,
}

/// Reads the body of a verified delivery: `{"type": "post.created", "timestamp": …, "data": {post} | [posts]}`.
///
/// Of an edit without `edited_at`, and of a deletion without `deleted_at`, the delivery's `timestamp` is taken. What
/// cannot be taken is refused with its reason and kept as it came. Never empty for a body that is not `"data": []`.
pub fn decode(body: &[u8]) -> Vec<Result<Post, (Refusal, String)>> {
    let whole = |refusal| vec![Err((refusal, String::from_utf8_lossy(body).into_owned()))];
    match open(body) {
        Ok((kind, at, data)) => data.into_iter().map(|one| post(kind, at, one)).collect(),
        Err(refusal) => whole(refusal),
    }
}

fn open(body: &[u8]) -> Result<(Kind, Option<Timestamp>, Vec<Value>), Refusal> {
    let shown = String::from_utf8_lossy(body);
    let value: Value = serde_json::from_slice(body).map_err(|e| Refusal::new("json", e.to_string(), &shown))?;
    let Value::Object(mut object) = value else {
        return Err(Refusal::new("json", "is no object; a delivery is {\"type\", \"timestamp\", \"data\"}", &shown));
    };
    let named = object.get("type").and_then(Value::as_str).unwrap_or("");
    let kind = match named {
        "post.created" => Kind::Created,
        "post.edited" => Kind::Edited,
        "post.deleted" => Kind::Deleted,
        _ => return Err(Refusal::new("type", "is none of post.created, post.edited, post.deleted", named)),
    };
    let at = timestamp(&object)?;
    let data = match object.remove("data") {
        Some(Value::Array(many)) if many.len() > MAX_POSTS => {
            let reason = format!("holds {} posts, at most {MAX_POSTS} are taken; send several deliveries", many.len());
            return Err(Refusal::new("data", reason, ""));
        }
        Some(Value::Array(many)) => many,
        Some(one @ Value::Object(_)) => vec![one],
        _ => return Err(Refusal::new("data", "is neither a post nor a list of posts", "")),
    };
    Ok((kind, at, data))
}

fn timestamp(object: &Map<String, Value>) -> Result<Option<Timestamp>, Refusal> {
    let text = match object.get("timestamp") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let read = crate::moment::read(&text);
    read.map(Some).ok_or_else(|| Refusal::new("timestamp", "is no date and time; write 2026-01-31T09:30:00Z", &text))
}

fn post(kind: Kind, at: Option<Timestamp>, value: Value) -> Result<Post, (Refusal, String)> {
    let raw = value.to_string();
    stamped(kind, at, value).map_err(|refusal| (refusal, raw))
}

fn stamped(kind: Kind, at: Option<Timestamp>, mut value: Value) -> Result<Post, Refusal> {
    let field = match kind {
        Kind::Created => return from_value(value, &Mapping::default()),
        Kind::Edited => "edited_at",
        Kind::Deleted => "deleted_at",
    };
    if let Value::Object(object) = &mut value {
        if object.get(field).is_none_or(Value::is_null) {
            match at {
                Some(at) => drop(object.insert(field.to_owned(), Value::String(at.to_string()))),
                None if kind == Kind::Deleted => {
                    let reason = "a deletion needs a moment: `timestamp` of the delivery or `deleted_at` of the post";
                    return Err(Refusal::new("timestamp", reason, ""));
                }
                None => {}
            }
        }
        if kind == Kind::Deleted && object.get("text").is_none_or(Value::is_null) {
            object.insert("text".to_owned(), Value::String(String::new()));
        }
    }
    from_value(value, &Mapping::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_and_many_are_read() {
        let one =
            decode(br#"{"type":"post.created","timestamp":"2026-01-02T03:04:05Z","data":{"id":"1","text":"hi"}}"#);
        assert_eq!(one[0].as_ref().unwrap().text, "hi");
        assert_eq!(one[0].as_ref().unwrap().edited_at, None);
        let many =
            decode(br#"{"type":"post.created","data":[{"id":"1","text":"a"},{"id":"2"},{"id":3,"text":"c"},7]}"#);
        assert_eq!(many.len(), 4);
        assert_eq!(many[2].as_ref().unwrap().id, "3");
        let (refusal, raw) = many[1].as_ref().unwrap_err();
        assert!(refusal.reason.contains("text") && raw == r#"{"id":"2"}"#, "{refusal}");
        assert!(many[3].is_err());
    }

    #[test]
    fn edits_and_deletions_carry_their_moment() {
        let edited = decode(br#"{"type":"post.edited","timestamp":1614265330,"data":{"id":"1","text":"b"}}"#);
        assert_eq!(edited[0].as_ref().unwrap().edited_at.unwrap().as_second(), 1_614_265_330);
        let deleted = decode(br#"{"type":"post.deleted","timestamp":"2026-01-02T03:04:05Z","data":{"id":"1"}}"#);
        assert_eq!(deleted[0].as_ref().unwrap().deleted_at.unwrap().to_string(), "2026-01-02T03:04:05Z");
        assert!(decode(br#"{"type":"post.deleted","data":{"id":"1"}}"#)[0].is_err(), "no moment");
    }

    #[test]
    fn what_is_no_delivery_is_refused_once_and_kept() {
        for body in [
            "",
            "{",
            "[]",
            "{}",
            r#"{"type":"x"}"#,
            r#"{"type":"post.created"}"#,
            r#"{"type":"post.created","data":7}"#,
        ] {
            let refused = decode(body.as_bytes());
            assert_eq!(refused.len(), 1, "{body}");
            assert_eq!(refused[0].as_ref().unwrap_err().1, body);
        }
        let many = format!(r#"{{"type":"post.created","data":[{}]}}"#, vec!["1"; MAX_POSTS + 1].join(","));
        assert!(decode(many.as_bytes())[0].as_ref().unwrap_err().0.reason.contains("at most"));
        assert!(decode(&[0xff, 0xfe])[0].is_err());
    }
}
