//! Operators of X, as its pages on search and on building queries for its API describe them.

use jiff::Timestamp;

use super::value::{Carried, Value};

pub(super) fn field(name: &str, value: &Value<'_>) -> Carried {
    match name.to_ascii_lowercase().as_str() {
        "from" => value.of("from"),
        "to" | "in_reply_to" => value.of("to"),
        "lang" => value.of("lang"),
        "since" | "until" if value.text.contains('_') => match value.text.split('_').next() {
            Some(date) => Carried::Nearly(format!("{name}:{date}"), "the time of day was left out".into()),
            None => Carried::lost("this is no date"),
        },
        "since" => value.of("since"),
        "until" => value.of("until"),
        "since_time" => moment("since", value),
        "until_time" => moment("until", value),
        "min_faves" | "min_likes" => value.number("likes", ">="),
        "min_retweets" | "min_reposts" => value.number("shares", ">="),
        "min_replies" => value.number("replies", ">="),
        "followers_count" => value.number("followers", ">="),
        "following_count" => value.number("following", ">="),
        "tweets_count" => value.number("posts", ">="),
        "url" | "url_contains" => {
            if value.text.contains('.') {
                return value.linked_address();
            }
            Carried::lost("`link:` finds addresses by their beginning, not by a word in them")
        }
        "conversation_id" => value.of("in"),
        "place_country" => value.country(),
        "filter" | "has" | "is" => property(value.text),
        "include" => Carried::lost("reposts are always heard; `is:repost` finds them, `-is:repost` leaves them out"),
        "retweets_of" => Carried::lost("reposts are found with `is:repost`; of whom cannot be asked"),
        "near" | "within" | "geocode" | "place" | "point_radius" | "bounding_box" => {
            Carried::lost("of places we know countries: `country:SE`")
        }
        "source" | "source_app" => Carried::lost("with which program a post was written is not kept"),
        "list"
        | "context"
        | "entity"
        | "bio"
        | "bio_name"
        | "bio_location"
        | "card_name"
        | "sample"
        | "quoted_tweet_id"
        | "since_id"
        | "max_id"
        | "quotes_of_tweet_id"
        | "in_reply_to_tweet_id" => Carried::lost("only the network itself can know this"),
        _ => Carried::lost("there is no such field here"),
    }
}

/// `filter:links`, `has:images`, `is:reply`.
fn property(text: &str) -> Carried {
    let ours = match text.to_ascii_lowercase().as_str() {
        "links" | "link" => "has:link",
        "media" | "images" | "image" | "twimg" | "videos" | "video" | "native_video" | "consumer_video"
        | "video_link" => "has:media",
        "replies" | "reply" => "is:reply",
        "retweets" | "retweet" | "nativeretweets" | "repost" => "is:repost",
        "verified" | "blue_verified" => "is:verified",
        "geo" => "has:coordinates",
        "hashtags" | "mentions" | "cashtags" | "quote" | "quotes" => {
            return Carried::lost("name the tag or handle that must be there");
        }
        _ => return Carried::lost("there is no such property here"),
    };
    Carried::Same(ours.to_owned())
}

/// Seconds since 1970.
fn moment(field: &str, value: &Value<'_>) -> Carried {
    match value.text.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok()) {
        Some(at) => Carried::Same(format!("{field}:{at}")),
        None => Carried::lost("this is no number of seconds since 1970"),
    }
}
