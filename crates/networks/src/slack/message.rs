use dandelion_post::{Author, Media, Post};
use jiff::Timestamp;
use serde_json::Value;

use crate::contract::{
    Item, checked,
    json::{rest, take},
    refused,
};

/// Subtypes in which somebody says something; all others tell of the channel itself.
const SAID: [&str; 5] = ["", "bot_message", "me_message", "file_share", "thread_broadcast"];

/// Reads one event; none where nothing was said.
pub(super) fn read(event: Value, now: Timestamp) -> Option<Item> {
    let kind = event["type"].as_str().unwrap_or_default();
    let subtype = event["subtype"].as_str().unwrap_or_default();
    let channel = event["channel"].as_str().unwrap_or_default().to_owned();
    match (kind, subtype) {
        ("message", "message_changed") => {
            let mut event = event;
            let said = event.get_mut("message").map(Value::take).unwrap_or_default();
            // A deletion that leaves a thread behind comes as a change to this.
            if said["subtype"] == "tombstone" {
                return Some(gone(&channel, said["ts"].as_str(), now, &said));
            }
            Some(post(said, &channel))
        }
        ("message", "message_deleted") => Some(gone(&channel, event["deleted_ts"].as_str(), now, &event)),
        ("message" | "app_mention", subtype) if SAID.contains(&subtype) => Some(post(event, &channel)),
        _ => None,
    }
}

fn gone(channel: &str, ts: Option<&str>, now: Timestamp, raw: &Value) -> Item {
    match ts.filter(|ts| !ts.is_empty()) {
        Some(ts) => Ok(Post { id: format!("{channel}/{ts}"), deleted_at: Some(now), ..Post::default() }),
        None => Err(refused("deleted_ts", "the event does not say what was deleted", raw)),
    }
}

fn post(said: Value, channel: &str) -> Item {
    let Value::Object(mut fields) = said else { return Err(refused("message", "is no object", &said)) };
    let whole = Value::Object(fields.clone());
    let ts = whole["ts"].as_str().filter(|ts| !ts.is_empty());
    let Some(ts) = ts.filter(|_| !channel.is_empty()) else {
        return Err(refused("ts", "the message does not say where it stands", &whole));
    };
    let (text, links) = words(&take(&mut fields, "text").unwrap_or_default());
    let thread = whole["thread_ts"].as_str().filter(|thread| !thread.is_empty());
    let word = |name: &str| whole[name].as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    let user = word("user").or_else(|| word("bot_id"));
    let post = Post {
        id: format!("{channel}/{ts}"),
        text,
        created_at: moment(ts),
        edited_at: whole["edited"]["ts"].as_str().and_then(moment),
        in_reply_to: thread.filter(|thread| *thread != ts).map(|thread| format!("{channel}/{thread}")),
        thread: Some(format!("{channel}/{}", thread.unwrap_or(ts))),
        author: user.map(|user| Author {
            handle: Some(user.clone()),
            id: Some(user),
            name: word("username"),
            ..Author::default()
        }),
        links,
        media: media(&whole),
        extra: {
            fields.remove("ts");
            rest(fields)
        },
        ..Post::default()
    };
    checked(post, &whole)
}

/// A message's id as everybody else understands it, in its parts.
pub(super) fn parts(id: &str) -> Option<(&str, &str)> {
    id.split_once('/').filter(|(channel, ts)| !channel.is_empty() && !ts.is_empty())
}

/// `1355517523.000005`: seconds, and what makes it one of a kind.
fn moment(ts: &str) -> Option<Timestamp> {
    crate::moment::read(ts)
}

/// What stands in angle brackets in people's words, and the addresses among it
/// (api.slack.com/reference/surfaces/formatting).
pub(super) fn words(text: &str) -> (String, Vec<String>) {
    let (mut plain, mut links, mut rest) = (String::new(), Vec::new(), text);
    while let Some((before, behind)) = rest.split_once('<') {
        plain.push_str(before);
        let Some((inside, after)) = behind.split_once('>') else {
            plain.push('<');
            rest = behind;
            continue;
        };
        let (what, label) = inside.split_once('|').map_or((inside, None), |(what, label)| (what, Some(label)));
        if let Some(sign @ ('@' | '#' | '!')) = what.chars().next() {
            plain.push(if sign == '#' { '#' } else { '@' });
            let name = what[1..].trim_start_matches("subteam^");
            let label = label.filter(|label| !label.is_empty());
            plain.push_str(label.map_or(name, |label| label.trim_start_matches(['@', '#'])));
        } else {
            plain.push_str(label.unwrap_or(what));
            if what.starts_with("http") {
                links.push(what.replace("&amp;", "&"));
            }
        }
        rest = after;
    }
    plain.push_str(rest);
    (plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"), links)
}

/// People's words as Slack wants them.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn media(message: &Value) -> Vec<Media> {
    let one = |file: &Value| {
        let family = file["mimetype"].as_str().unwrap_or_default().split('/').next().unwrap_or_default().to_owned();
        let kind = if matches!(family.as_str(), "image" | "video" | "audio") { family } else { "file".to_owned() };
        let url = file["permalink"].as_str().or_else(|| file["url_private"].as_str()).unwrap_or_default().to_owned();
        let alt = file["title"]
            .as_str()
            .or_else(|| file["name"].as_str())
            .filter(|alt| !alt.is_empty())
            .map(ToOwned::to_owned);
        Media { kind, url, alt }
    };
    message["files"].as_array().into_iter().flatten().take(50).map(one).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn angle_brackets_become_words() {
        let (text, links) = words(
            "<@U1> see <https://x.example/?a=1&amp;b=2|the page>, <#C1|kettles> &lt;b&gt; <!here> <https://y.example> 1 < 2",
        );
        assert_eq!(text, "@U1 see the page, #kettles <b> @here https://y.example 1 < 2");
        assert_eq!(links, ["https://x.example/?a=1&b=2", "https://y.example"]);
        assert_eq!(words(&escaped("a <b> & c")).0, "a <b> & c");
    }

    proptest! {
        #[test]
        fn what_we_say_is_read_as_we_said_it(text in ".{0,60}") {
            prop_assert_eq!(words(&escaped(&text)).0, text.clone());
            let _ = words(&text);
        }
    }
}
