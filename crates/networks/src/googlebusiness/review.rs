//! From a review to posts: what the customer says, and what the owner answered.

use dandelion_post::{Author, Media, Post};
use serde_json::{Map, Value};

use crate::contract::{
    Item, Place, checked,
    json::{rest, take, take_moment},
    refused,
};

/// Before what Google translated, and before what was said, in a review that Google translated: it gives both in one
/// comment, in either order.
const TRANSLATED: &str = "(Translated by Google)";
const ORIGINAL: &str = "(Original)";

/// Reads one review of a location, and the owner's answer where the place says by which handle of ours it is given.
pub fn posts(raw: Value, location: &str, place: &Place) -> Vec<Item> {
    let answer = place.setting("handle").and_then(|handle| answer(&raw, location, handle));
    let review = review(raw, location, place.setting("maps"));
    [Some(review), answer].into_iter().flatten().collect()
}

fn review(raw: Value, location: &str, maps: Option<&str>) -> Item {
    let Value::Object(mut fields) = raw else { return Err(refused("review", "is no object", &raw)) };
    let whole = Value::Object(fields.clone());
    let Some(id) = take(&mut fields, "reviewId") else {
        return Err(refused("reviewId", "the review has no id", &whole));
    };
    let comment = take(&mut fields, "comment").unwrap_or_default();
    let (text, translated) = parted(&comment);
    if let Some(translated) = translated {
        fields.insert("translated".to_owned(), translated.into());
    }
    let stars = stars(&whole["starRating"]);
    if let Some(stars) = stars {
        fields.insert("stars".to_owned(), stars.into());
    }
    let media = media(&whole["reviewMediaItems"]);
    // Stars say something, without a word.
    let text = match (text.is_empty(), stars) {
        (true, Some(stars)) => format!("{} (no words)", in_words(stars)),
        _ => text.to_owned(),
    };
    let (created, updated) = (take_moment(&mut fields, "createTime"), take_moment(&mut fields, "updateTime"));
    let name = whole["reviewer"]["displayName"].as_str().filter(|name| !name.is_empty()).map(ToOwned::to_owned);
    let post = Post {
        url: maps.map(ToOwned::to_owned),
        text,
        created_at: created,
        edited_at: updated.filter(|updated| created.is_some_and(|created| *updated > created)),
        // Whoever reviews is known by the review alone: names are not unique.
        author: Some(Author { id: Some(format!("review:{id}")), name, ..Author::default() }),
        media,
        extra: rest(fields),
        id: format!("{location}/{id}"),
        ..Post::default()
    };
    checked(post, &whole)
}

/// The owner's answer as a post of the handle that is ours. None where there is none.
fn answer(raw: &Value, location: &str, handle: &str) -> Option<Item> {
    let said = raw["reviewReply"].as_object()?;
    let review = format!("{location}/{}", raw["reviewId"].as_str().filter(|id| !id.is_empty())?);
    let mut fields: Map<String, Value> = said.clone();
    let text = take(&mut fields, "comment")?;
    let post = Post {
        id: format!("{review}/reply"),
        text,
        created_at: take_moment(&mut fields, "updateTime"),
        thread: Some(review.clone()),
        in_reply_to: Some(review),
        author: Some(Author { handle: Some(handle.to_owned()), ..Author::default() }),
        extra: rest(fields),
        ..Post::default()
    };
    Some(checked(post, raw))
}

/// What the customer said, and Google's translation of it, where there is one.
fn parted(comment: &str) -> (&str, Option<&str>) {
    let comment = comment.trim();
    let parts = match comment.strip_prefix(TRANSLATED) {
        Some(rest) => rest.split_once(ORIGINAL).map(|(translated, original)| (original, translated)),
        None => comment.split_once(TRANSLATED),
    };
    match parts {
        Some((original, translated)) if !original.trim().is_empty() => (original.trim(), Some(translated.trim())),
        _ => (comment, None),
    }
}

/// `ONE` to `FIVE`.
fn stars(rating: &Value) -> Option<u8> {
    let names = ["ONE", "TWO", "THREE", "FOUR", "FIVE"];
    names.iter().zip(1..).find(|(name, _)| rating == **name).map(|(_, stars)| stars)
}

fn in_words(stars: u8) -> String {
    format!("{stars} of 5 stars")
}

/// Pictures and films: whatever of an item is an address, the picture of a film last.
fn media(items: &Value) -> Vec<Media> {
    let one = |item: &Value| {
        let mut addresses = item.as_object()?.iter().filter_map(|(name, value)| {
            value.as_str().filter(|url| url.starts_with("https://")).map(|url| (name.as_str(), url))
        });
        let thumbnail = addresses.clone().find(|(name, _)| *name == "thumbnailUrl");
        let (name, url) = addresses.find(|(name, _)| *name != "thumbnailUrl").or(thumbnail)?;
        let kind = if name.to_lowercase().contains("video") { "video" } else { "image" };
        Some(Media { kind: kind.to_owned(), url: url.to_owned(), alt: None })
    };
    items.as_array().into_iter().flatten().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_translation_is_told_from_what_was_said() {
        assert_eq!(parted(" Es tropft. "), ("Es tropft.", None));
        let both = "(Translated by Google) It leaks.\n\n(Original)\nEs tropft.";
        assert_eq!(parted(both), ("Es tropft.", Some("It leaks.")));
        let other = "Es tropft.\n\n(Translated by Google)\nIt leaks.";
        assert_eq!(parted(other), ("Es tropft.", Some("It leaks.")));
        for odd in ["(Translated by Google) It leaks.", "(Original) x", "(Translated by Google)(Original)"] {
            assert_eq!(parted(odd), (odd, None));
        }
    }

    #[test]
    fn stars_are_a_number() {
        assert_eq!(stars(&"FIVE".into()), Some(5));
        assert_eq!((stars(&"STAR_RATING_UNSPECIFIED".into()), stars(&Value::Null)), (None, None));
        assert_eq!((in_words(1), in_words(4)), ("1 of 5 stars".to_owned(), "4 of 5 stars".to_owned()));
    }
}
