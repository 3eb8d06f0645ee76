use dandelion_post::{Author, Media, Post};
use serde_json::{Map, Value};

use crate::contract::{
    Item, checked,
    json::{id, rest, take, take_moment},
    refused,
};

/// What can come with a message, in Telegram's words and ours.
const MEDIA: [(&str, &str); 9] = [
    ("photo", "image"),
    ("sticker", "image"),
    ("animation", "video"),
    ("video", "video"),
    ("video_note", "video"),
    ("audio", "audio"),
    ("voice", "audio"),
    ("document", "file"),
    ("story", "file"),
];

/// Reads one update; none where nothing was said: somebody joined, a button was pressed.
pub(super) fn read(mut update: Value) -> Option<Item> {
    let kinds = ["message", "edited_message", "channel_post", "edited_channel_post"];
    let kind = kinds.into_iter().find(|kind| !update[*kind].is_null())?;
    let Value::Object(mut fields) = update.get_mut(kind).map(Value::take).unwrap_or_default() else {
        return Some(Err(refused(kind, "is no message", &update)));
    };
    let whole = Value::Object(fields.clone());
    let Some(id) = global(&whole) else {
        return Some(Err(refused("message_id", "the message does not say where it stands", &whole)));
    };
    let media: Vec<Media> = MEDIA.iter().filter_map(|(name, kind)| media(&fields, name, kind)).collect();
    let text = take(&mut fields, "text").or_else(|| take(&mut fields, "caption")).unwrap_or_default();
    if text.trim().is_empty() && media.is_empty() {
        return None;
    }
    let chat = &whole["chat"]["id"];
    let answered = whole["reply_to_message"]["message_id"].as_i64().map(|number| format!("{chat}/{number}"));
    let topic = whole["message_thread_id"].as_i64().map(|number| format!("{chat}/{number}"));
    let post = Post {
        url: link(&whole),
        text,
        created_at: take_moment(&mut fields, "date"),
        edited_at: take_moment(&mut fields, "edit_date"),
        thread: topic.or_else(|| answered.clone()),
        in_reply_to: answered,
        author: author(&whole),
        links: links(&whole),
        media,
        extra: rest(fields),
        id,
        ..Post::default()
    };
    Some(checked(post, &whole))
}

/// A message's id as everybody else understands it.
pub(super) fn global(message: &Value) -> Option<String> {
    Some(format!("{}/{}", message["chat"]["id"].as_i64()?, message["message_id"].as_i64()?))
}

/// The chat and the number in it.
pub(super) fn parts(id: &str) -> Option<(i64, i64)> {
    let (chat, number) = id.split_once('/')?;
    Some((chat.parse().ok()?, number.parse().ok()?))
}

/// Public chats have addresses.
pub(super) fn link(message: &Value) -> Option<String> {
    let name = message["chat"]["username"]
        .as_str()
        .filter(|name| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))?;
    let public = matches!(message["chat"]["type"].as_str(), Some("channel" | "supergroup"));
    public.then(|| Some(format!("https://t.me/{name}/{}", message["message_id"].as_i64()?)))?
}

/// Whoever speaks: a person, or a chat that speaks in its own name.
fn author(message: &Value) -> Option<Author> {
    let chat = &message["sender_chat"];
    let who = if chat.is_object() { chat } else { &message["from"] };
    let who = if who.is_object() { who } else { &message["chat"] };
    let word = |name: &str| who[name].as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    let names: Vec<String> = ["first_name", "last_name"].into_iter().filter_map(word).collect();
    Some(Author {
        id: id(&who["id"]),
        handle: word("username"),
        name: word("title").or((!names.is_empty()).then(|| names.join(" "))),
        ..Author::default()
    })
    .filter(|author| author.id.is_some())
}

fn links(message: &Value) -> Vec<String> {
    let entities = message["entities"].as_array().or(message["caption_entities"].as_array());
    let urls = entities.into_iter().flatten().filter_map(|entity| entity["url"].as_str());
    urls.filter(|url| url.starts_with("http")).map(ToOwned::to_owned).take(50).collect()
}

fn media(fields: &Map<String, Value>, name: &str, kind: &str) -> Option<Media> {
    let given = fields.get(name)?;
    // Of a picture there are several sizes, the largest last.
    let given = given.as_array().and_then(|sizes| sizes.last()).unwrap_or(given);
    let url = format!("tg:{}", given["file_id"].as_str().unwrap_or("story"));
    let alt = given["file_name"].as_str().or(given["emoji"].as_str()).map(ToOwned::to_owned);
    Some(Media { kind: kind.to_owned(), url, alt })
}
