//! Fields of Talkwalker, as its help pages on Boolean operators and advanced search describe them.

use super::value::{Carried, Value, quoted};

pub(super) fn field(name: &str, value: &Value<'_>) -> Carried {
    match name.to_ascii_lowercase().as_str() {
        "title" => value.of("title"),
        "content" | "text" => {
            Carried::Same(if value.quoted { format!("\"{}\"", value.text) } else { value.text.to_owned() })
        }
        "author" | "author_name" | "author_short_name" | "authorname" => value.of("from"),
        "mention" | "mentions" => value.of("mentions"),
        "hashtag" | "hashtags" => Carried::Same(format!("#{}", value.text.trim_start_matches('#'))),
        "lang" | "language" => value.of("lang"),
        "sourcecountry" | "country" | "authorcountry" => value.country(),
        "domainurl" | "domain" | "host" | "site" | "url" => value.own_address(),
        "link" | "links" | "outlink" => value.linked_address(),
        "sourcetype" | "channel" => value.network(),
        "sourcename" => Carried::Same(format!("source:{}", quoted(value.text))),
        "sentiment" => match value.text {
            "positive" | "negative" | "neutral" => value.of("sentiment"),
            ">0" => Carried::Same("sentiment:positive".into()),
            "<0" => Carried::Same("sentiment:negative".into()),
            "0" => Carried::Same("sentiment:neutral".into()),
            _ => Carried::lost("our sentiments are negative, neutral, positive and mixed"),
        },
        "followers" | "author_followers" => value.number("followers", ""),
        "likes" => value.number("likes", ""),
        "shares" | "retweets" => value.number("shares", ""),
        "comments" | "replies" => value.number("replies", ""),
        "views" => value.number("views", ""),
        "engagement" | "reach" | "potential_reach" => {
            Carried::lost("it is a sum of its own making; use `likes:`, `shares:`, `replies:` or `followers:`")
        }
        "is" => match value.text.to_ascii_lowercase().as_str() {
            "retweet" | "repost" | "share" => Carried::Same("is:repost".into()),
            "reply" | "comment" => Carried::Same("is:reply".into()),
            "verified" => Carried::Same("is:verified".into()),
            _ => Carried::lost("there is `is:reply`, `is:repost`, `is:verified` and `is:ours`"),
        },
        "has" => match value.text.to_ascii_lowercase().as_str() {
            "link" | "links" | "url" => Carried::Same("has:link".into()),
            "image" | "images" | "video" | "videos" | "media" => Carried::Same("has:media".into()),
            _ => Carried::lost("there is `has:link`, `has:media`, `has:question`, `has:emoji` and `has:coordinates`"),
        },
        "sourceregion" | "sourcecity" | "region" | "city" => Carried::lost("of places we know countries: `country:SE`"),
        "gender" | "age" | "occupation" | "interest" | "familystatus" => {
            Carried::lost("we do not guess who people are; there is no such field")
        }
        _ => Carried::lost("there is no such field here"),
    }
}
