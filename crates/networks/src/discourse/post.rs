use dandelion_post::{Author, Metrics, Post};
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    clean,
    contract::{
        Item, checked,
        json::{rest, take, take_moment, take_number},
        refused,
    },
};

/// What people say; others are small actions, moderators' notes and whispers.
const REGULAR: u64 = 1;
/// The size of pictures of people, of those that forums make, in pixels.
const AVATAR_SIZE: &str = "96";

/// Reads one post; none where it is none that people said.
pub(super) fn read(raw: Value, forum: &str, gone: Option<Timestamp>) -> Option<Item> {
    let Value::Object(mut fields) = raw else { return Some(Err(refused("post", "the delivery holds no post", &raw))) };
    if fields.get("post_type").and_then(Value::as_u64).is_some_and(|kind| kind != REGULAR) {
        return None;
    }
    let whole = Value::Object(fields.clone());
    let Some(id) = global(&whole) else {
        return Some(Err(refused("topic_id", "the post does not say where it stands", &whole)));
    };
    let (topic, number) =
        (whole["topic_id"].as_u64().unwrap_or_default(), whole["post_number"].as_u64().unwrap_or_default());
    let html = take(&mut fields, "cooked").unwrap_or_default();
    let text = take(&mut fields, "raw").unwrap_or_else(|| clean::text(&html));
    let answers = whole["reply_to_post_number"].as_u64().or((number > 1).then_some(1));
    let deleted = gone.or_else(|| take_moment(&mut fields, "deleted_at"));
    let edited = whole["version"].as_u64().is_some_and(|version| version > 1);
    let user = take(&mut fields, "username");
    let avatar = whole["avatar_template"].as_str().and_then(|template| avatar(template, forum));
    let changed = take_moment(&mut fields, "updated_at");
    let likes = whole["actions_summary"].as_array().into_iter().flatten().find(|action| action["id"] == 2);
    let post = Post {
        url: link(&whole, forum),
        title: take(&mut fields, "topic_title").filter(|_| number == 1 && deleted.is_none()),
        text: if deleted.is_some() { String::new() } else { text },
        html: Some(html).filter(|html| deleted.is_none() && clean::is_markup(html)),
        created_at: take_moment(&mut fields, "created_at"),
        edited_at: changed.filter(|_| edited),
        deleted_at: deleted,
        in_reply_to: answers.map(|number| format!("{topic}/{number}")),
        thread: Some(format!("{topic}/1")),
        author: user.map(|user| Author {
            id: fields.remove("user_id").and_then(|id| crate::contract::json::id(&id)),
            url: Some(format!("{}/u/{user}", forum.trim_end_matches('/'))),
            handle: Some(user),
            name: take(&mut fields, "name"),
            avatar,
            ..Author::default()
        }),
        metrics: Metrics {
            likes: likes.and_then(|likes| likes["count"].as_i64()),
            replies: take_number(&mut fields, "reply_count"),
            views: take_number(&mut fields, "reads"),
            ..Metrics::default()
        },
        extra: rest(fields),
        id,
        ..Post::default()
    };
    Some(checked(post, &whole))
}

/// Where a picture lies: `/user_avatar/forum.example/ana/{size}/1_2.png`, below the forum or elsewhere.
fn avatar(template: &str, forum: &str) -> Option<String> {
    let place = template.replace("{size}", AVATAR_SIZE);
    let url = url::Url::parse(forum).ok()?.join(&place).ok()?;
    Author::picture(url.as_str())
}

/// A post's id as everybody else understands it.
pub(super) fn global(post: &Value) -> Option<String> {
    Some(format!("{}/{}", post["topic_id"].as_u64()?, post["post_number"].as_u64()?))
}

/// The topic and the number in it.
pub(super) fn parts(id: &str) -> Option<(u64, u64)> {
    let (topic, number) = id.split_once('/')?;
    Some((topic.parse().ok()?, number.parse().ok()?))
}

pub(super) fn link(post: &Value, forum: &str) -> Option<String> {
    let (topic, number) = (post["topic_id"].as_u64()?, post["post_number"].as_u64()?);
    let slug = post["topic_slug"].as_str().filter(|slug| !slug.is_empty()).unwrap_or("-");
    Some(format!("{}/t/{slug}/{topic}/{number}", forum.trim_end_matches('/')))
}
