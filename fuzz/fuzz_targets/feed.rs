//! Feeds of every kind and character set.
#![no_main]

use dandelion_networks::feed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The first byte chooses what the server says of the rest.
    let Some((choice, document)) = bytes.split_first() else { return };
    let kind = ["text/xml; charset=utf-8", "application/rss+xml; charset=utf-16", "text/xml; charset=shift_jis"];
    if let Ok(parsed) = feed::parse(document, kind.get(usize::from(*choice)).copied(), None) {
        assert!(parsed.posts.iter().flatten().all(|post| post.check().is_ok()));
    }
});
