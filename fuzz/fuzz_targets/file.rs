//! Files of rows, with a mapping of the fuzzer's making.
#![no_main]

use std::io::Cursor;

use dandelion_networks::file::{Format, Mapping, Place, Reader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &str, &[u8])| {
    let (choice, map, bytes) = input;
    let format = [Format::Jsonl, Format::Csv, Format::Tsv][usize::from(choice) % 3];
    let Ok(mapping) = Mapping::parse(map) else { return };
    let Ok(reader) = Reader::open(format, Box::new(Cursor::new(bytes.to_vec())), &mapping, Place::default()) else {
        return;
    };
    let mut last = 0;
    for item in reader.map_while(Result::ok) {
        assert!(item.offset >= last && item.offset <= bytes.len() as u64);
        last = item.offset;
    }
});
