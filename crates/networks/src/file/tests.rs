use std::io::{BufReader, Cursor, Read};

use super::*;

fn open(format: Format, bytes: &[u8], map: &str) -> Result<Vec<Item>, UsageError> {
    let input = Box::new(Cursor::new(bytes.to_vec()));
    Ok(Reader::open(format, input, &Mapping::parse(map)?, Place::default())?.map(Result::unwrap).collect())
}

fn posts(format: Format, text: &str, map: &str) -> Vec<Post> {
    open(format, text.as_bytes(), map).unwrap().into_iter().map(|item| item.result.unwrap()).collect()
}

fn usage(format: Format, text: &str, map: &str) -> String {
    open(format, text.as_bytes(), map).unwrap_err().to_string()
}

#[test]
fn columns_become_fields_and_the_rest_is_kept() {
    let text = "tweet_id\tbody\tuser\tat\tfans\tmood\r\n1\tsays \"hi\"\t@ana\tWed Oct 10 20:19:24 +0000 2018\t7\tsad\r\n2\tx\t\t\t\t\n";
    let map = "id=tweet_id, text=body, author.handle=user, created_at=at, author.followers=fans, network==x";
    let read = posts(Format::Tsv, text, map);
    assert_eq!(read[0].text, "says \"hi\"");
    assert_eq!(read[0].created_at.unwrap().to_string(), "2018-10-10T20:19:24Z");
    let author = read[0].author.clone().unwrap();
    assert_eq!((author.handle.as_deref(), author.followers), (Some("ana"), Some(7)));
    assert_eq!(read[0].network.as_ref().unwrap().as_str(), "x");
    assert_eq!(read[0].extra["mood"], "sad");
    assert_eq!(read[1].author, None, "an empty cell is unknown, not zero");
    assert!(read[1].extra.is_empty());
}

#[test]
fn quoted_fields_hold_anything() {
    let text = "\u{feff}id,text,metrics.likes\r\n1,\"a, \"\"b\"\"\r\nc\",3\r\n2,5\" pipe,\r\n";
    let items = open(Format::Csv, text.as_bytes(), "").unwrap();
    assert_eq!(items.iter().map(|i| i.line).collect::<Vec<_>>(), [2, 4]);
    assert_eq!(items[1].offset, text.len() as u64);
    let read = posts(Format::Csv, text, "");
    assert_eq!((read[0].text.as_str(), read[0].metrics.likes), ("a, \"b\"\nc", Some(3)));
    assert_eq!((read[1].text.as_str(), read[1].metrics.likes), ("5\" pipe", None));
}

#[test]
fn a_quote_never_closed_costs_its_own_line_only() {
    let text = "id,text\n1,\"open\n2,b\n3,c\n";
    let items = open(Format::Csv, text.as_bytes(), "").unwrap();
    let taken: Vec<(u64, bool)> = items.iter().map(|item| (item.line, item.result.is_ok())).collect();
    assert_eq!(taken, [(2, false), (3, true), (4, true)]);
    let (refusal, raw) = items[0].result.as_ref().unwrap_err();
    assert!(refusal.reason.contains("never closed") && raw == "1,\"open", "{refusal}");
}

#[test]
fn what_cannot_be_taken_is_refused_with_its_row() {
    let mut bytes = b"id\ttext\n1\tok\n2\n\n3\tx\ty\n4\t\xff\n\tno id\n5\tend".to_vec();
    bytes.push(b'\r');
    bytes.push(b'\n');
    let items = open(Format::Tsv, &bytes, "").unwrap();
    let reasons: Vec<String> = items
        .iter()
        .map(|i| i.result.as_ref().map_or_else(|(refusal, _)| refusal.reason.clone(), |p| p.id.clone()))
        .collect();
    assert_eq!(reasons.len(), 6, "blank lines are no rows: {reasons:?}");
    assert_eq!((reasons[0].as_str(), reasons[5].as_str()), ("1", "5"));
    assert!(reasons[1].contains("1 columns, but the header names 2"), "{}", reasons[1]);
    assert!(reasons[2].contains("3 columns"), "{}", reasons[2]);
    assert!(reasons[3].contains("no UTF-8"), "{}", reasons[3]);
    assert_eq!(items[3].result.as_ref().unwrap_err().1, "4\t\u{fffd}");
    assert!(reasons[4].contains("no id"), "{}", reasons[4]);
}

#[test]
fn wrong_use_is_said_before_the_first_row() {
    let tsv = "id\tbody\tx\n1\ta\tb\n";
    assert_eq!(usage(Format::Tsv, tsv, "text=words"), "the file has no column `words`; it has id, body, x");
    assert!(usage(Format::Tsv, tsv, "").contains("no column becomes `text`"));
    assert!(usage(Format::Tsv, tsv, "txt=body").contains("a post has no field `txt`; there are id, network"));
    assert!(usage(Format::Tsv, tsv, "text=body,text=x").contains("mapped twice"));
    assert!(usage(Format::Tsv, tsv, "text").contains("is no mapping"));
    assert!(usage(Format::Tsv, tsv, "text=body,network==a b").contains("is not a network name"));
    assert!(usage(Format::Tsv, tsv, "text=body,id==1").contains("an id of its own"));
    assert!(usage(Format::Tsv, "id\ttext\tid\n", "").contains("is there twice"));
    assert!(usage(Format::Csv, "", "").contains("empty"));
    assert!(usage(Format::Csv, "\u{0}\u{0}", "").contains("no column becomes"));
    assert!(usage(Format::Jsonl, "{\"a\":1}\n", "id=b").contains("it has a"));
    assert!(open(Format::Tsv, b"\xff\xfei\0", "").unwrap_err().to_string().contains("UTF-16"));
    assert!("xlsx".parse::<Format>().unwrap_err().to_string().contains("use jsonl"));
}

#[test]
fn json_lines_are_read_in_our_form_and_in_others() {
    let ours = "{\"id\":\"1\",\"text\":\"a\",\"x\":1}\n\n{\"id\":2,\"text\":\"b\",\"created_at\":\"2018-10-10 20:19:24\"}\nnonsense\n";
    let items = open(Format::Jsonl, ours.as_bytes(), "").unwrap();
    assert_eq!(items[0].result.as_ref().unwrap().extra["x"], 1);
    assert_eq!(items[1].result.as_ref().unwrap().id, "2");
    assert_eq!(items[1].line, 3);
    assert!(items[2].result.is_err());
    let theirs = r#"{"id_str":"7","full_text":"hi","user":{"screen_name":"ana","n":3},"created_at":"Wed Oct 10 20:19:24 +0000 2018","n":"4"}"#;
    let map = "id=id_str,text=full_text,author.handle=user.screen_name,metrics.likes=n";
    let read = posts(Format::Jsonl, theirs, map);
    assert_eq!(read[0].author.as_ref().unwrap().handle.as_deref(), Some("ana"));
    assert_eq!((read[0].metrics.likes, read[0].created_at.is_some()), (Some(4), true));
    assert_eq!(read[0].extra["user"]["n"], 3);
}

#[test]
fn an_endless_line_is_passed_over_not_held() {
    let endless = io::repeat(b'x').take(200 * 1024 * 1024);
    let input = Cursor::new(b"id\ttext\n1\ta\n".to_vec()).chain(endless).chain(Cursor::new(b"\n2\tb\n".to_vec()));
    let input = Box::new(BufReader::new(input));
    let items: Vec<Item> =
        Reader::open(Format::Tsv, input, &Mapping::default(), Place::default()).unwrap().map(Result::unwrap).collect();
    assert_eq!(items.iter().map(|i| i.result.is_ok()).collect::<Vec<_>>(), [true, false, true]);
    let (refusal, raw) = items[1].result.as_ref().unwrap_err();
    assert!(refusal.reason.contains("209715201 bytes") && raw.len() <= KEPT_OF_OVERLONG, "{refusal}");
    assert_eq!(items[2].line, 4);
}

#[test]
fn reading_is_taken_up_again_behind_any_row() {
    let csv = "id,text\r\n1,a\r\n2,\"b\nb\"\r\n\r\n3,c\r\n4,d";
    let jsonl = "{\"id\":\"1\",\"text\":\"a\"}\n{\"id\":\"2\",\"text\":\"b\"}\n{\"id\":\"3\",\"text\":\"c\"}\n";
    for (format, text, map) in [(Format::Csv, csv, ""), (Format::Jsonl, jsonl, ""), (Format::Jsonl, jsonl, "title=id")]
    {
        let all = open(format, text.as_bytes(), map).unwrap();
        for (at, item) in all.iter().enumerate() {
            let from = Place { offset: item.offset, line: item.line };
            let input = Box::new(Cursor::new(text.as_bytes().to_vec()));
            let rest: Vec<Item> =
                Reader::open(format, input, &Mapping::parse(map).unwrap(), from).unwrap().map(Result::unwrap).collect();
            let ids = |items: &[Item]| items.iter().map(|i| i.result.as_ref().unwrap().id.clone()).collect::<Vec<_>>();
            assert_eq!(ids(&rest), ids(&all[at + 1..]), "{format:?} behind row {at}");
        }
    }
}

#[test]
fn feed_files_are_read_whole() {
    let rss = "<rss version='2.0'><channel><item><guid>a</guid><title>x</title></item><item><guid>b</guid></item></channel></rss>";
    let items = open(Format::Rss, rss.as_bytes(), "").unwrap();
    assert_eq!(items[0].result.as_ref().unwrap().id, "a");
    assert!(items[1].result.is_err(), "an entry without words is refused");
    assert_eq!((items[0].offset, items[1].offset), (0, rss.len() as u64));
    assert!(usage(Format::Rss, "<html>", "").contains("no feed"));
}
