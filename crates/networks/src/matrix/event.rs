//! From an event to a post, as a pure function. Nothing is lost: what has no word of its own stays in `extra`.

use dandelion_post::{Author, Media, Post};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    clean,
    contract::{Item, checked, refused},
};

/// What an event is to us.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Told {
    /// Something said, or why it is no post.
    Said(Box<Item>),
    /// New words for this event, which have to be its author's own.
    Edit(String),
    /// This event was taken back.
    Gone(String),
    /// Nothing that concerns us: a reaction, somebody coming or going.
    Nothing,
}

/// Reads an event of a room.
pub(super) fn read(event: &Value, room: &str) -> Told {
    let kind = event["type"].as_str().unwrap_or_default();
    let related = &event["content"]["m.relates_to"];
    match kind {
        "m.room.redaction" => {
            // In content since room version 11, beside it before.
            let gone = event["content"]["redacts"].as_str().or_else(|| event["redacts"].as_str());
            gone.map_or(Told::Nothing, |id| Told::Gone(id.to_owned()))
        }
        "m.room.message" if related["rel_type"] == "m.replace" => {
            related["event_id"].as_str().map_or(Told::Nothing, |id| Told::Edit(id.to_owned()))
        }
        "m.room.message" | "m.sticker" => match event["event_id"].as_str() {
            Some(id) if was_redacted(event) => Told::Gone(id.to_owned()),
            _ => Told::Said(Box::new(post(event.clone(), room))),
        },
        "m.room.encrypted" => {
            let why = "this room is encrypted end to end; what is said in it can be read by its people's devices only";
            Told::Said(Box::new(Err(refused("type", why, event))))
        }
        _ => Told::Nothing,
    }
}

/// Whether only the shell of an event is left.
pub(super) fn was_redacted(event: &Value) -> bool {
    event["unsigned"]["redacted_because"].is_object()
        || event["content"].as_object().is_some_and(Map::is_empty) && event["event_id"].is_string()
}

/// An id as everybody else understands it.
pub(super) fn global(room: &str, event: &str) -> String {
    format!("{room}/{event}")
}

/// A post that was taken back.
pub(super) fn gone(room: &str, event: &str, at: Timestamp) -> Post {
    Post { id: global(room, event), deleted_at: Some(at), ..Post::default() }
}

/// A message with the words of an edit of it: whatever else it is stays. None where somebody else wrote the edit, or
/// where either is no message.
pub(super) fn edited(original: &Value, edit: &Value, room: &str) -> Option<Item> {
    let own = original["sender"].is_string() && original["sender"] == edit["sender"];
    let new = edit["content"]["m.new_content"].as_object()?;
    if !own || was_redacted(original) || original["type"] != edit["type"] {
        return None;
    }
    let mut whole = original.clone();
    let related = original["content"]["m.relates_to"].clone();
    whole["content"] = Value::Object(new.clone());
    if !related.is_null() {
        whole["content"]["m.relates_to"] = related;
    }
    let at = moment(edit);
    Some(post(whole, room).map(|post| Post { edited_at: at, ..post }))
}

fn moment(event: &Value) -> Option<Timestamp> {
    Timestamp::from_millisecond(event["origin_server_ts"].as_i64()?).ok()
}

fn post(event: Value, room: &str) -> Item {
    let Value::Object(mut fields) = event else { return Err(refused("event", "is no object", &event)) };
    let whole = Value::Object(fields.clone());
    let Some(id) = whole["event_id"].as_str().filter(|id| id.starts_with('$')) else {
        return Err(refused("event_id", "the event has no id", &whole));
    };
    let content = &whole["content"];
    let text = content["body"].as_str().unwrap_or_default();
    let related = &content["m.relates_to"];
    let answers = related["m.in_reply_to"]["event_id"].as_str();
    let thread = related["event_id"].as_str().filter(|_| related["rel_type"] == "m.thread");
    // In a thread, an answer that "falls back" answers the thread and not the message that it names.
    let answers = if related["is_falling_back"] == true { thread } else { answers.or(thread) };
    let markup = content["formatted_body"].as_str().filter(|_| content["format"] == "org.matrix.custom.html");
    let media = media(content);
    let sender = whole["sender"].as_str().unwrap_or_default();
    let html = markup.map(without_fallback).filter(|html| clean::is_markup(html));
    let mut post = Post {
        id: global(room, id),
        url: Some(link(room, id)),
        text: if answers.is_some() { spoken(text) } else { text.to_owned() },
        html,
        created_at: moment(&whole),
        in_reply_to: answers.map(|id| global(room, id)),
        thread: Some(global(room, thread.unwrap_or(answers.unwrap_or(id)))),
        author: (!sender.is_empty()).then(|| author(sender)),
        media,
        ..Post::default()
    };
    if content["msgtype"] == "m.emote" {
        post.text = format!("* {}", post.text);
    }
    for known in ["event_id", "sender", "origin_server_ts", "type"] {
        fields.remove(known);
    }
    if let Some(content) = fields.get_mut("content").and_then(Value::as_object_mut) {
        content.remove("body");
        content.remove("formatted_body");
    }
    if let Some(unsigned) = fields.get_mut("unsigned").and_then(Value::as_object_mut) {
        // Both change with every look.
        unsigned.remove("age");
        unsigned.remove("m.relations");
    }
    fields.remove("age");
    fields.insert("room_id".to_owned(), room.into());
    post.extra = fields;
    checked(post, &whole)
}

fn author(sender: &str) -> Author {
    Author {
        handle: Some(sender.trim_start_matches('@').to_owned()),
        url: Some(format!("https://matrix.to/#/{sender}")),
        ..Author::default()
    }
}

fn link(room: &str, event: &str) -> String {
    let server = room.split_once(':').map_or("", |(_, server)| server);
    format!("https://matrix.to/#/{room}/{event}?via={server}")
}

fn media(content: &Value) -> Vec<Media> {
    let kind = match content["msgtype"].as_str() {
        Some("m.image") => "image",
        Some("m.video") => "video",
        Some("m.audio") => "audio",
        Some("m.file") => "file",
        None if content["url"].is_string() => "image", // a sticker
        _ => return Vec::new(),
    };
    let Some(url) = content["url"].as_str() else { return Vec::new() };
    let alt = content["body"].as_str().filter(|alt| !alt.trim().is_empty()).map(ToOwned::to_owned);
    vec![Media { kind: kind.to_owned(), url: url.to_owned(), alt }]
}

/// Without the quote that older programs put before an answer: lines that begin with `> <@`, then `>`, then a blank one.
fn spoken(text: &str) -> String {
    if !text.starts_with("> <@") && !text.starts_with("> * <@") {
        return text.to_owned();
    }
    let rest: Vec<&str> = text.lines().skip_while(|line| line.starts_with('>')).collect();
    let rest = rest.join("\n");
    if rest.trim().is_empty() { text.to_owned() } else { rest.trim_start_matches('\n').to_owned() }
}

fn without_fallback(markup: &str) -> String {
    match (markup.find("<mx-reply>"), markup.find("</mx-reply>")) {
        (Some(from), Some(to)) if from < to => format!("{}{}", &markup[..from], &markup[to + "</mx-reply>".len()..]),
        _ => markup.to_owned(),
    }
}

/// What a message of ours says: plain words.
pub(super) fn words(text: &str) -> Value {
    json!({ "msgtype": "m.text", "body": text })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROOM: &str = "!r:hub.example";

    fn message(content: Value) -> Value {
        json!({ "type": "m.room.message", "event_id": "$e", "sender": "@ana:hub.example", "origin_server_ts": 1_772_442_000_123_i64,
                "content": content, "unsigned": { "age": 5, "transaction_id": "t" }, "novelty": [1] })
    }

    fn said(event: &Value) -> Post {
        match read(event, ROOM) {
            Told::Said(item) => item.unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_message_becomes_a_post_and_nothing_is_lost() {
        let post =
            said(&message(json!({ "msgtype": "m.text", "body": "It **leaks**", "format": "org.matrix.custom.html",
                        "formatted_body": "It <b>leaks</b>", "odd": 3 })));
        assert_eq!((post.id.as_str(), post.text.as_str()), ("!r:hub.example/$e", "It **leaks**"));
        assert_eq!(post.html.as_deref(), Some("It <b>leaks</b>"));
        assert_eq!(post.url.as_deref(), Some("https://matrix.to/#/!r:hub.example/$e?via=hub.example"));
        assert_eq!(post.author.as_ref().and_then(|a| a.handle.as_deref()), Some("ana:hub.example"));
        assert_eq!(post.created_at.unwrap().as_millisecond(), 1_772_442_000_123);
        assert_eq!((&post.extra["content"]["odd"], &post.extra["novelty"][0]), (&json!(3), &json!(1)));
        assert_eq!(post.thread.as_deref(), Some(post.id.as_str()));
        assert!(post.extra["unsigned"].get("age").is_none(), "what changes with every look is no edit");
        let image = said(&message(json!({ "msgtype": "m.image", "body": "puddle.png", "url": "mxc://hub.example/x" })));
        assert_eq!((image.media[0].kind.as_str(), image.media[0].alt.as_deref()), ("image", Some("puddle.png")));
        assert_eq!(said(&message(json!({ "msgtype": "m.emote", "body": "waves" }))).text, "* waves");
    }

    #[test]
    fn answers_and_threads_are_told_apart() {
        let answer = said(&message(json!({ "msgtype": "m.text", "body": "> <@care:x> Which?\n> one\n\nThe K2",
            "m.relates_to": { "m.in_reply_to": { "event_id": "$a" } } })));
        assert_eq!((answer.text.as_str(), answer.in_reply_to.as_deref()), ("The K2", Some("!r:hub.example/$a")));
        let thread = |falling: bool| {
            said(&message(json!({ "msgtype": "m.text", "body": "x",
            "m.relates_to": { "rel_type": "m.thread", "event_id": "$t", "is_falling_back": falling, "m.in_reply_to": { "event_id": "$a" } } })))
        };
        assert_eq!(
            (thread(true).in_reply_to, thread(true).thread),
            (Some(format!("{ROOM}/$t")), Some(format!("{ROOM}/$t")))
        );
        assert_eq!(thread(false).in_reply_to, Some(format!("{ROOM}/$a")));
    }

    #[test]
    fn an_edit_counts_only_from_whoever_wrote_the_message() {
        let original = message(
            json!({ "msgtype": "m.text", "body": "leaks", "m.relates_to": { "m.in_reply_to": { "event_id": "$a" } } }),
        );
        let mut edit = message(
            json!({ "msgtype": "m.text", "body": "* fine", "m.new_content": { "msgtype": "m.text", "body": "fine" },
            "m.relates_to": { "rel_type": "m.replace", "event_id": "$e" } }),
        );
        edit["event_id"] = json!("$f");
        assert_eq!(read(&edit, ROOM), Told::Edit("$e".into()));
        let post = edited(&original, &edit, ROOM).unwrap().unwrap();
        assert_eq!(
            (post.id.as_str(), post.text.as_str(), post.in_reply_to.as_deref()),
            ("!r:hub.example/$e", "fine", Some("!r:hub.example/$a"))
        );
        assert!(post.edited_at.is_some());
        edit["sender"] = json!("@eve:hub.example");
        assert_eq!(edited(&original, &edit, ROOM), None);
    }

    #[test]
    fn what_is_gone_hidden_or_no_post_is_said() {
        assert_eq!(read(&json!({ "type": "m.room.redaction", "redacts": "$e" }), ROOM), Told::Gone("$e".into()));
        assert_eq!(
            read(&json!({ "type": "m.room.redaction", "content": { "redacts": "$e" } }), ROOM),
            Told::Gone("$e".into())
        );
        assert_eq!(read(&message(json!({})), ROOM), Told::Gone("$e".into()));
        assert_eq!(read(&json!({ "type": "m.reaction" }), ROOM), Told::Nothing);
        for bad in
            [json!({ "type": "m.room.encrypted" }), json!({ "type": "m.room.message", "content": { "body": "x" } })]
        {
            assert!(matches!(read(&bad, ROOM), Told::Said(item) if item.is_err()), "{bad}");
        }
        assert!(matches!(read(&message(json!({ "body": " " })), ROOM), Told::Said(item) if item.is_err()));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_fall(text in ".{0,80}", html in "(<mx-reply>|</mx-reply>|.){0,20}", kind in prop::sample::select(vec!["m.text", "m.image", "m.emote", ""])) {
            let event = message(json!({ "msgtype": kind, "body": text, "format": "org.matrix.custom.html", "formatted_body": html,
                "m.relates_to": { "m.in_reply_to": { "event_id": text } } }));
            let _ = read(&event, ROOM);
            let _ = read(&Value::String(text), &html);
        }
    }
}
