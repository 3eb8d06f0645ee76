//! Frames of Jetstream in both kinds, posts as Bluesky shows them, and places as people write them.
#![no_main]

use dandelion_networks::{
    bluesky::{Filter, News, length, read_post},
    guess,
};
use libfuzzer_sys::fuzz_target;

const US: &str = "did:plc:z72i7hdynmk6r22z27h6tvur";

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for filter in [Filter::about(US), Filter::by(US), Filter::words(text)] {
        if let News::Post(uri) | News::Gone(uri, _) = filter.read(text) {
            assert!(uri.starts_with("at://did:"));
        }
    }
    if let Ok(raw) = serde_json::from_str(text)
        && let Ok(post) = read_post(raw)
    {
        assert!(post.check().is_ok());
    }
    assert!(length(text) <= text.chars().count());
    for (about, guess) in guess::guess(text) {
        assert!(!guess.url.is_empty() && !about.name.is_empty());
    }
});
