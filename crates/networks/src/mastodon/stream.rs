//! The stream of a timeline by server-sent events: a bell for what is new, and the edits and deletions themselves.

use std::time::Duration;

use serde_json::Value;

use super::{
    place::{self, Reading},
    status,
};
use crate::{
    contract::{Access, Heard, Stream, Trouble, json},
    egress::Event,
};

pub(super) async fn listen(access: &Access, silent: Duration) -> Result<Stream, Trouble> {
    let reading = place::reading(access).map_err(|refusal| Trouble::wrong(refusal.to_string()))?;
    let path = match &reading {
        Reading::Mentions => "/api/v1/streaming/user".to_owned(),
        Reading::Tag(tag) => {
            let tag = json::encoded(tag);
            format!("/api/v1/streaming/hashtag?tag={tag}")
        }
        Reading::Account(_) => return Err(Trouble::wrong("the posts of one account have no stream; they are polled")),
    };
    // Large instances stream from a host of its own, which the instance named when it was connected.
    let url = match access.setting("streaming") {
        Some(host) => format!("{}{path}", host.trim_end_matches('/')),
        None => access.at(&path),
    };
    let token = access.credentials.get("token").map(|token| format!("Bearer {token}"));
    let headers: Vec<(&str, &str)> = token.iter().map(|token| ("authorization", token.as_str())).collect();
    let events = access.client.events(&url, &headers, silent, access.now).await?;
    Ok(Stream::new(events, access.clone(), heard))
}

fn heard(access: &Access, event: &Event) -> Heard {
    let mentions = matches!(place::reading(access), Ok(Reading::Mentions));
    let domain = place::domain(access);
    match event.name.as_str() {
        "notification" if mentions => {
            let told: Value = serde_json::from_str(&event.data).unwrap_or_default();
            // Favourites and follows are notifications as well; only words are posts.
            if told["type"].as_str().is_none_or(|kind| kind == "mention") { Heard::Ring } else { Heard::Nothing }
        }
        "update" if !mentions => Heard::Ring,
        "status.update" | "status_update" => {
            let Ok(status) = serde_json::from_str::<Value>(&event.data) else { return Heard::Ring };
            if mentions && !names_us(&status, access, &domain) {
                return Heard::Nothing;
            }
            Heard::Change(Box::new(status::post(status, &domain)))
        }
        "delete" => {
            let id = event.data.trim().trim_matches('"');
            let plain = !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric());
            if plain { Heard::Change(Box::new(Ok(status::deletion(id, &domain, access.now)))) } else { Heard::Nothing }
        }
        _ => Heard::Nothing,
    }
}

/// Whether a status mentions the account we read for: the home stream brings the edits of everybody it follows.
fn names_us(status: &Value, access: &Access, domain: &str) -> bool {
    let Some(me) = access.setting("me") else { return false };
    let mentions = status["mentions"].as_array().map(Vec::as_slice).unwrap_or_default();
    mentions
        .iter()
        .filter_map(|mention| mention["acct"].as_str())
        .any(|acct| status::whole_handle(acct, domain).eq_ignore_ascii_case(me))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{contract::Place, outgoing::testing::loopback};

    fn hear(settings: &Value, name: &str, data: &str) -> String {
        let settings = settings.as_object().cloned().unwrap_or_default();
        let place = Place { url: "https://m.example".into(), settings, ..Place::default() };
        let access = Access::new(loopback(), place, jiff::Timestamp::UNIX_EPOCH);
        match heard(&access, &Event { name: name.into(), data: data.into() }) {
            Heard::Ring => "ring".to_owned(),
            Heard::Nothing => "nothing".to_owned(),
            Heard::Change(item) => {
                let post = item.unwrap();
                format!("{} {}", post.id, if post.deleted_at.is_some() { "gone" } else { &post.text })
            }
        }
    }

    #[test]
    fn a_stream_rings_and_tells_of_changes() {
        let mentions = serde_json::json!({ "me": "care@m.example" });
        let tag = serde_json::json!({ "tag": "kettle" });
        let named = r#"{"id":"5","content":"<p>leaks</p>","mentions":[{"acct":"Care"}]}"#;
        for (settings, name, data, expected) in [
            (&mentions, "notification", r#"{"type":"mention"}"#, "ring"),
            (&mentions, "notification", r#"{"type":"favourite"}"#, "nothing"),
            (&mentions, "update", "{}", "nothing"),
            (&tag, "update", "{}", "ring"),
            (&mentions, "status.update", named, "5@m.example leaks"),
            (&mentions, "status.update", r#"{"id":"5","content":"x"}"#, "nothing"),
            (&tag, "status.update", r#"{"id":"5","content":"x"}"#, "5@m.example x"),
            (&tag, "delete", "109", "109@m.example gone"),
            (&tag, "delete", "../x", "nothing"),
            (&tag, "filters_changed", "", "nothing"),
        ] {
            assert_eq!(hear(settings, name, data), expected, "{name} {data}");
        }
    }
}
