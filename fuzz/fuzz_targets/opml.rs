//! Lists of feeds: what was read is written and read to the same.
#![no_main]

use dandelion_networks::opml;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(read) = opml::read(bytes) {
        let again = opml::read(opml::write("fuzz", &read).as_bytes()).expect("what we write is a list");
        assert_eq!(again.len(), read.len());
    }
});
