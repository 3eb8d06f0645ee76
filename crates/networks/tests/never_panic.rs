//! Whatever comes in, every parser comes back.

use std::io::Cursor;

use dandelion_networks::contract::{Item, Received};
use dandelion_networks::file::{Format, Mapping, Place, Reader};
use dandelion_networks::{
    clean, discourse, email, feed, googlebusiness, googleplay, hackernews, moment, opml, slack, stackexchange,
    telegram, webhook, whatsapp, x, youtube,
};
use proptest::prelude::*;
use serde_json::Value;

/// Pieces that make a document of random order look enough like a feed to get deep into the parsers.
const PIECES: [&str; 54] = [
    "<urlset xmlns:news='n'>",
    "<url>",
    "</url>",
    "<loc>https://x.example/",
    "</loc>",
    "<news:news><news:title>",
    "</news:title></news:news>",
    "<sitemapindex><sitemap>",
    "<image:image><image:loc>",
    "</urlset>",
    "<rss version='2.0'>",
    "<channel>",
    "<item>",
    "</item>",
    "</channel></rss>",
    "<feed xmlns='http://www.w3.org/2005/Atom'>",
    "<entry>",
    "</entry>",
    "<title>",
    "</title>",
    "<title type='xhtml'><div>",
    "</div>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<?xml version='1.0' encoding='utf-16'?>",
    "<!DOCTYPE a [",
    "]>",
    "&amp;",
    "&#x41;",
    "&#0;",
    "&bogus;",
    "&",
    "<",
    ">",
    "\"",
    "'",
    "=",
    "é",
    "\u{0}",
    "\u{feff}",
    "編@x.example）",
    "<author>",
    "</author>",
    "<pubDate>Wed, 10 Oct 2018 20:19:24 +0200</pubDate>",
    "<link href='//x'/>",
    "<guid>",
    "</guid>",
    "<outline xmlUrl='a'>",
    "xml:base='::'",
    "<media:content xmlns:media='http://search.yahoo.com/mrss/' duration='99999999999999999999:99:99' url='http://x'/>",
    "{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[",
    "}",
];

/// Names that the networks' parsers look at, so that random objects get deep into them.
const NAMES: [&str; 62] = [
    "post",
    "event",
    "message",
    "edited_message",
    "channel_post",
    "update_id",
    "message_id",
    "chat",
    "from",
    "sender_chat",
    "id",
    "text",
    "caption",
    "date",
    "edit_date",
    "reply_to_message",
    "photo",
    "file_id",
    "entities",
    "url",
    "type",
    "subtype",
    "channel",
    "ts",
    "thread_ts",
    "deleted_ts",
    "files",
    "edited",
    "topic_id",
    "post_number",
    "post_type",
    "raw",
    "cooked",
    "username",
    "reply_to_post_number",
    "actions_summary",
    "entry",
    "changes",
    "value",
    "messages",
    "contacts",
    "timestamp",
    "body",
    "context",
    "tweet_create_events",
    "tweet_delete_events",
    "status",
    "id_str",
    "user",
    "created_at",
    "snippet",
    "textOriginal",
    "publishedAt",
    "authorChannelId",
    "reviewId",
    "comments",
    "userComment",
    "lastModified",
    "question_id",
    "owner",
    "time",
    "deleted",
];

/// JSON of random shape in those words.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "message",
            "message_changed",
            "C1",
            "1355517523.0005",
            "text",
            "2026-03-02T08:00:00Z",
            "9"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 80, 8, |inner| {
        let name = prop::sample::select(NAMES.to_vec()).prop_map(ToOwned::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((name, inner), 0..8).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Pieces that make a mail of random order.
const MAIL: [&str; 30] = [
    "From: Ana <ana@x.example>\r\n",
    "From: =?utf-8?q?=C3=BC?= <@>\r\n",
    "Subject: x\r\n y\r\n",
    "Date: Mon, 32 Foo 2026 99:99:99 +9999\r\n",
    "Message-ID: <a@x>\r\n",
    "In-Reply-To: <a@x> <b@x>\r\n",
    "References: <\r\n",
    "Auto-Submitted: auto-replied\r\n",
    "Return-Path: <>\r\n",
    "Content-Type: multipart/mixed; boundary=B\r\n",
    "Content-Type: multipart/report; report-type=delivery-status; boundary=B\r\n",
    "Content-Type: text/html; charset=utf-16\r\n",
    "Content-Type: message/delivery-status\r\n",
    "Content-Type: message/rfc822\r\n",
    "Content-Transfer-Encoding: base64\r\n",
    "Content-Transfer-Encoding: quoted-printable\r\n",
    "Content-Disposition: attachment; filename*=utf-8''%zz\r\n",
    "\r\n",
    "--B\r\n",
    "--B--\r\n",
    "> quoted\r\n",
    "On 1.1. x@y wrote:\r\n",
    "-- \r\n",
    "Sent from my phone\r\n",
    "-----Original Message-----\r\n",
    "<blockquote>",
    "=C3=",
    "Final-Recipient: rfc822;\r\n",
    "Action: failed\r\n",
    "words \u{e9}\u{0}\r\n",
];

fn mail() -> impl Strategy<Value = Vec<u8>> {
    let pieced =
        prop::collection::vec(prop::sample::select(MAIL.to_vec()), 0..40).prop_map(|p| p.concat().into_bytes());
    prop_oneof![pieced, prop::collection::vec(any::<u8>(), 0..300)]
}

fn document() -> impl Strategy<Value = Vec<u8>> {
    let pieced =
        prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..60).prop_map(|p| p.concat().into_bytes());
    prop_oneof![pieced, prop::collection::vec(any::<u8>(), 0..400), ".{0,200}".prop_map(String::into_bytes)]
}

fn rows(format: Format, bytes: &[u8], map: &str) {
    let Ok(mapping) = Mapping::parse(map) else { return };
    let Ok(reader) = Reader::open(format, Box::new(Cursor::new(bytes.to_vec())), &mapping, Place::default()) else {
        return;
    };
    let mut last = 0;
    for item in reader {
        let item = item.unwrap();
        assert!(item.offset >= last && item.offset <= bytes.len() as u64, "places go forward and stay inside");
        last = item.offset;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn feeds_and_lists(bytes in document(), kind in prop::option::of(".{0,40}")) {
        if let Ok(parsed) = feed::parse(&bytes, kind.as_deref(), None) {
            for post in parsed.posts.into_iter().flatten() {
                prop_assert!(post.check().is_ok());
            }
        }
        let _ = opml::read(&bytes);
    }

    #[test]
    fn markup(bytes in document()) {
        let text = String::from_utf8_lossy(&bytes);
        let cleaned = clean::html(&text);
        prop_assert!(!cleaned.to_lowercase().contains("<script"));
        let _ = clean::text(&text);
        let _ = clean::is_markup(&text);
    }

    #[test]
    fn files(bytes in document(), body in "[a-c,\"\t\r\n]{0,120}", map in "[a-z_=.,]{0,40}") {
        for format in [Format::Jsonl, Format::Csv, Format::Tsv, Format::Rss] {
            rows(format, &bytes, &map);
            rows(format, format!("id\ttext\n{body}").as_bytes(), "");
            rows(format, format!("id,text\n{body}").as_bytes(), "");
        }
    }

    /// What is written by the rules of CSV is read to the same.
    #[test]
    fn csv_round_trip(cells in prop::collection::vec(("[a-z0-9]{1,8}", "[a-z,\"\n é]{1,30}x"), 1..20)) {
        let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
        let lines: String = cells.iter().fold(String::new(), |all, (id, text)| all + id + "," + &quoted(text) + "\r\n");
        let input = Box::new(Cursor::new(format!("id,text\r\n{lines}").into_bytes()));
        let reader = Reader::open(Format::Csv, input, &Mapping::default(), Place::default()).unwrap();
        let read: Vec<(String, String)> = reader.map(|item| item.unwrap().result.unwrap()).map(|post| (post.id, post.text)).collect();
        prop_assert_eq!(read, cells);
    }

    #[test]
    fn deliveries_and_moments(bytes in document(), text in ".{0,60}", number in any::<i64>()) {
        let decoded = webhook::decode(&bytes);
        prop_assert!(decoded.iter().flatten().all(|post| post.check().is_ok()));
        let _ = webhook::Secret::parse(&text);
        let _ = moment::read(&text);
        let _ = moment::read(&number.to_string());
    }

    #[test]
    fn mails(bytes in mail()) {
        if let Ok(post) = email::post(&bytes, None) {
            prop_assert!(post.check().is_ok());
        }
    }

    #[test]
    fn payloads(value in json()) {
        let (now, bytes) = (jiff::Timestamp::UNIX_EPOCH, value.to_string().into_bytes());
        let mut items: Vec<Item> = Vec::new();
        for event in ["post_created", "post_destroyed"] {
            items.extend(discourse::delivered(event, &bytes, "https://forum.example", now));
        }
        items.extend(telegram::delivered(&bytes).1);
        items.extend(whatsapp::delivered(&bytes));
        items.extend(x::delivered(&bytes, now));
        if let Received::Items { items: said, .. } = slack::delivered(&bytes, now) {
            items.extend(said);
        }
        items.push(hackernews::post(value.clone(), now));
        items.push(stackexchange::post(value.clone(), "diy"));
        items.push(youtube::post(value.clone()));
        items.push(googleplay::post(value.clone()));
        let settings = serde_json::json!({ "handle": "care" }).as_object().cloned().unwrap_or_default();
        let place = dandelion_networks::contract::Place { settings, ..Default::default() };
        items.extend(googlebusiness::posts(value, "2", &place));
        prop_assert!(items.iter().flatten().all(|post| post.check().is_ok()));
    }

    #[test]
    fn a_moment_written_is_read(seconds in 0i64..4_000_000_000) {
        let at = jiff::Timestamp::from_second(seconds).unwrap();
        prop_assert_eq!(moment::read(&at.to_string()), Some(at));
    }
}
