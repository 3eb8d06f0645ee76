//! Fields of Brandwatch, as its help pages on query operators describe them.

use super::value::{Carried, Value};

pub(super) fn field(name: &str, value: &Value<'_>) -> Carried {
    match name.to_ascii_lowercase().as_str() {
        "title" => value.of("title"),
        "author" => value.of("from"),
        "site" | "url" => value.own_address(),
        "links" => value.linked_address(),
        "at_mentions" | "mentions" => value.of("mentions"),
        "hashtags" => Carried::Same(format!("#{}", value.text.trim_start_matches('#'))),
        "language" => value.of("lang"),
        "country" => value.country(),
        "authorfollowers" => value.number("followers", ""),
        "authorverified" => value.flag("is:verified"),
        "engagingwith" => value.of("to"),
        "engagementtype" => match value.text.to_ascii_lowercase().as_str() {
            "reply" | "comment" => Carried::Same("is:reply".into()),
            "retweet" | "share" | "repost" => Carried::Same("is:repost".into()),
            _ => Carried::lost("of engagements we know replies and reposts: `is:reply`, `is:repost`"),
        },
        "raw" => Carried::Nearly(
            format!("{{{}}}", value.text),
            "carried over as these exact letters; signs between words do not count here".into(),
        ),
        "threadid" => value.of("in"),
        "sentiment" => value.of("sentiment"),
        "contentsource" | "pagetype" | "publishertype" => value.network(),
        "location" | "region" | "city" | "continent" | "state" | "county" | "authorlocation" => {
            Carried::lost("of places we know countries: `country:SE`")
        }
        "authorgender" | "gender" | "authorbio" | "authorinterest" | "authorprofession" => {
            Carried::lost("we do not guess who people are; there is no such field")
        }
        "blogname" | "subreddit" | "channelid" | "channel" | "publishersubtype" => {
            Carried::lost("connect it as a source of its own and write `source:\"its name\"`")
        }
        _ => Carried::lost("there is no such field here"),
    }
}
