//! How fast rows are read: `cargo run --release -p dandelion-networks --example rows`.
//!
//! Rows are made here, read from memory, and compared with merely splitting the same bytes into lines.

use std::io::{BufRead, Cursor};
use std::time::Instant;

use dandelion_networks::file::{Format, Mapping, Place, Reader};

const ROWS: usize = 500_000;

fn main() {
    let words = "@acme my kettle says \"hello\" and leaks again, third time this month 😡 #kettle";
    let tsv =
        (0..ROWS).fold("id\ttext\tmood\tproduct\n".to_owned(), |all, i| all + &format!("{i}\t{words}\tsad\tK2\n"));
    let csv = (0..ROWS)
        .fold("id,text,mood\n".to_owned(), |all, i| all + &format!("{i},\"{}\",sad\n", words.replace('"', "\"\"")));
    let object = serde_json::json!({"text": words, "author": {"handle": "ana", "followers": 7}, "created_at": "2026-01-02T03:04:05Z", "mood": "sad"});
    let jsonl =
        (0..ROWS).fold(String::new(), |all, i| all + &format!("{{\"id\":\"{i}\",{}\n", &object.to_string()[1..]));
    for (format, text) in [(Format::Tsv, tsv), (Format::Csv, csv), (Format::Jsonl, jsonl)] {
        let begun = Instant::now();
        let lines = Cursor::new(text.as_bytes()).lines().map_while(Result::ok).filter(|line| !line.is_empty()).count();
        let bare = begun.elapsed().as_secs_f64();
        let input = Box::new(Cursor::new(text.into_bytes()));
        let begun = Instant::now();
        let reader = Reader::open(format, input, &Mapping::default(), Place::default()).expect("a good header");
        let read = reader.filter(|item| item.as_ref().is_ok_and(|item| item.result.is_ok())).count();
        let taken = begun.elapsed().as_secs_f64();
        assert_eq!(read, ROWS, "every row is good");
        let rate = |count: usize, seconds: f64| (count as f64 / seconds) as u64;
        println!("{format:?}: {} rows/s; lines alone {} a second", rate(read, taken), rate(lines, bare));
    }
}
