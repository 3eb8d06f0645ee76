//! Markup: what is shown stays what it was when cleaned once more.
#![no_main]

use dandelion_networks::clean;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|markup: &str| {
    let shown = clean::html(markup);
    assert!(!shown.to_ascii_lowercase().contains("<script"));
    let _ = clean::text(markup);
});
