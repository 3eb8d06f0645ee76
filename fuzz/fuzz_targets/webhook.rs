//! Bodies of signed deliveries.
#![no_main]

use dandelion_networks::webhook;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let decoded = webhook::decode(bytes);
    assert!(decoded.iter().flatten().all(|post| post.check().is_ok()));
});
