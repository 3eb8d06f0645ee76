use proptest::prelude::*;

use super::{Dialect, brandwatch, talkwalker, x};
use crate::parse;
use crate::tests::matches;

/// (original, ours, what is named as lost)
const BRANDWATCH: &[(&str, &str, &[&str])] = &[
    ("acme AND kettle", "acme AND kettle", &[]),
    ("acme kettle", "acme AND kettle", &[]),
    ("(acme OR \"acme corp\") NOT (recipe OR jobs)", "(acme OR \"acme corp\") AND NOT (recipe OR jobs)", &[]),
    ("kettle NEAR/5 leak*", "kettle NEAR/5 leak*", &[]),
    ("kettle NEAR/5f leak*", "kettle ONEAR/5 leak*", &[]),
    ("(a OR b) NEAR/3 (c OR d)", "(a OR b) NEAR/3 (c OR d)", &[]),
    ("\"acme kettle\"~5", "acme NEAR/5 kettle", &[]),
    ("{ACME} AND kettle", "{ACME} AND kettle", &[]),
    ("raw:\"AT&T\"", "{AT&T}", &["raw:\"AT&T\""]),
    ("acme <<<our brand>>> AND kettle", "acme AND kettle", &["<<<our brand>>>"]),
    ("acme AND site:twitter.com", "acme AND site:twitter.com", &[]),
    ("acme NOT url:\"*ebay.com/*\"", "acme AND NOT site:ebay.com", &[]),
    ("acme url:acme.com/blog", "acme AND site:acme.com", &["url:acme.com/blog"]),
    ("author:acme OR at_mentions:acme", "from:acme OR mentions:acme", &[]),
    ("title:(kettle OR \"tea pot\")", "title:kettle OR title:\"tea pot\"", &[]),
    ("acme AND language:en AND country:gbr", "acme AND lang:en AND country:GB", &[]),
    ("acme authorFollowers:[100 TO 5000]", "acme AND followers:100..5000", &[]),
    ("acme authorFollowers:[100 TO *] authorVerified:false", "acme AND followers:100.. AND NOT is:verified", &[]),
    ("acme engagementType:RETWEET", "acme AND is:repost", &[]),
    ("acme AND authorGender:F", "acme", &["authorGender:F"]),
    ("acme AND (authorGender:F OR kettle)", "acme AND kettle", &["authorGender:F", "authorGender:F OR kettle"]),
    ("acme NOT location:london", "acme", &["location:london"]),
    ("links:\"acme.com/shop*\"", "link:\"acme.com/shop\"", &[]),
    ("hashtags:acme", "#acme", &[]),
    ("k* AND acme", "acme", &["k*"]),
    ("contentSource:twitter acme", "network:x AND acme", &[]),
];

const TALKWALKER: &[(&str, &str, &[&str])] = &[
    ("acme AND (kettle OR pot) AND NOT recipe", "acme AND (kettle OR pot) AND NOT recipe", &[]),
    ("acme -recipe", "acme AND NOT recipe", &[]),
    ("kettle ONEAR/3 leak", "kettle ONEAR/3 leak", &[]),
    ("++ACME AND +kettle", "{ACME} AND kettle", &[]),
    ("title:\"acme kettle\" content:leak", "title:\"acme kettle\" AND leak", &[]),
    ("acme lang:de sourcecountry:at", "acme AND lang:de AND country:AT", &[]),
    ("acme sourcetype:SOCIALMEDIA_TWITTER", "acme AND network:x", &[]),
    ("acme sourcetype:BLOG", "acme", &["sourcetype:BLOG"]),
    ("acme domainurl:acme.com", "acme AND site:acme.com", &[]),
    ("acme sentiment:<0", "acme AND sentiment:negative", &[]),
    ("acme engagement:>100", "acme", &["engagement:>100"]),
    ("acme followers:>1000 is:retweet", "acme AND followers:>1000 AND is:repost", &[]),
    ("\"one two three\"~4", "one NEAR/4 two NEAR/4 three", &["\"one two three\"~4"]),
];

const X: &[(&str, &str, &[&str])] = &[
    ("kettle broken", "kettle AND broken", &[]),
    ("kettle OR lid", "kettle OR lid", &[]),
    ("\"happy hour\" -free", "\"happy hour\" AND NOT free", &[]),
    ("(#acme OR @acme OR $ACME) lang:en", "(#acme OR @acme OR $ACME) AND lang:en", &[]),
    ("from:acme to:bob -filter:replies", "from:acme AND to:bob AND NOT is:reply", &[]),
    ("acme min_faves:10 min_retweets:5 min_replies:2", "acme AND likes:>=10 AND shares:>=5 AND replies:>=2", &[]),
    ("acme filter:links filter:images -is:retweet", "acme AND has:link AND has:media AND NOT is:repost", &[]),
    ("url:acme.com/shop", "link:\"acme.com/shop\"", &[]),
    ("acme url:shop", "acme", &["url:shop"]),
    ("acme since:2026-01-01 until:2026-02-01", "acme AND since:2026-01-01 AND until:2026-02-01", &[]),
    ("acme since_time:1767225600", "acme AND since:2026-01-01T00:00:00Z", &[]),
    ("acme since:2026-01-01_10:00:00_UTC", "acme AND since:2026-01-01", &["since:2026-01-01_10:00:00_UTC"]),
    ("traffic ?", "traffic AND has:question", &[]),
    ("acme near:\"London\" within:15mi", "acme", &["near:\"London\"", "within:15mi"]),
    ("acme conversation_id:123 has:geo place_country:US", "acme AND in:123 AND has:coordinates AND country:US", &[]),
    ("acme list:1 source:iphone", "acme", &["list:1", "source:iphone"]),
    ("from:(acme OR bob)", "from:acme OR from:bob", &[]),
    ("movie :)", "", &[]),
    ("-(a b) c", "NOT (a AND b) AND c", &[]),
];

#[test]
fn queries_of_others_are_carried_over() {
    for (dialect, table) in [(Dialect::Brandwatch, BRANDWATCH), (Dialect::Talkwalker, TALKWALKER), (Dialect::X, X)] {
        for (original, ours, lost) in table {
            let Ok(translated) = dialect.translate(original) else {
                assert_eq!(*ours, "", "{original}");
                continue;
            };
            assert_eq!(translated.text, *ours, "{original}");
            let named: Vec<&str> = translated.lost.iter().map(|it| it.text.as_str()).collect();
            assert_eq!(named, *lost, "{original}");
            assert!(translated.lost.iter().all(|it| original[it.span.clone()] == it.text && !it.reason.is_empty()));
            assert!(parse(&translated.text).is_ok());
        }
    }
}

#[test]
fn what_cannot_be_read_has_a_place() {
    for (dialect, original, place, said) in [
        (Dialect::Brandwatch, "acme AND", "AND", "needs something"),
        (Dialect::Brandwatch, "(acme", "(", "never closed"),
        (Dialect::Brandwatch, "acme)", ")", "closes nothing"),
        (Dialect::Brandwatch, "\"acme", "\"acme", "never closed"),
        (Dialect::Brandwatch, "{acme", "{acme", "never closed"),
        (Dialect::Brandwatch, "<<<acme", "<<<acme", "never closed"),
        (Dialect::Brandwatch, "", "", "empty"),
        (Dialect::Brandwatch, "authorGender:F", "authorGender:F", "nothing of this query"),
        (Dialect::Brandwatch, "NOT acme", "NOT acme", "only says what to leave out"),
        (Dialect::X, "from: acme", "from:", "has no value"),
    ] {
        let error = dialect.translate(original).unwrap_err();
        assert_eq!(&original[error.span.clone()], place, "{original}: {error}");
        assert!(error.message.contains(said), "{original}: {error}");
    }
    assert!(brandwatch(&"(".repeat(20_000)).unwrap_err().message.contains("deep"));
    assert!(x(&"a ".repeat(40_000)).unwrap_err().message.contains("bytes long"));
}

#[test]
fn what_was_carried_over_finds_the_same() {
    let ours = talkwalker("kettle ONEAR/2 leak AND NOT recipe").unwrap().text;
    assert!(matches(&ours, "the kettle has a leak") && !matches(&ours, "a leak in my kettle"));
    let ours = brandwatch("\"acme kettle\"~2").unwrap().text;
    assert!(matches(&ours, "kettle of acme") && !matches(&ours, "kettle of the big acme"));
}

proptest! {
    #![proptest_config(crate::tests::cases(2000))]

    #[test]
    fn whatever_comes_out_is_a_query(text in crate::tests::generate::typed(), more in "[a-c():\\-\"{}<>~\\[\\] *?+/A-DN-ORT]{0,20}") {
        for text in [text.as_str(), more.as_str()] {
            for dialect in Dialect::ALL {
                match dialect.translate(text) {
                    Ok(translated) => {
                        prop_assert!(parse(&translated.text).is_ok(), "{}", translated.text);
                        prop_assert!(translated.lost.iter().all(|it| text[it.span.clone()] == it.text));
                    }
                    Err(error) => prop_assert!(text.get(error.span.clone()).is_some() && !error.hint.is_empty(), "{:?}", error),
                }
            }
        }
    }
}
