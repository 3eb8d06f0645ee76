//! Whatever comes in, every parser comes back.

use std::io::Cursor;

use dandelion_networks::file::{Format, Mapping, Place, Reader};
use dandelion_networks::{clean, feed, moment, opml, webhook};
use proptest::prelude::*;

/// Pieces that make a document of random order look enough like a feed to get deep into the parsers.
const PIECES: [&str; 44] = [
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
    fn a_moment_written_is_read(seconds in 0i64..4_000_000_000) {
        let at = jiff::Timestamp::from_second(seconds).unwrap();
        prop_assert_eq!(moment::read(&at.to_string()), Some(at));
    }
}
