//! Mails of every shape, with their quotes and signatures.
#![no_main]

use dandelion_networks::email;
use libfuzzer_sys::fuzz_target;

// A panic of the parser is caught where it is called, and libFuzzer's hook would end the run before that.
fuzz_target!(init: std::panic::set_hook(Box::new(|_| ())), |bytes: &[u8]| {
    if let Ok(post) = email::post(bytes, None) {
        assert!(post.check().is_ok());
    }
    let text = String::from_utf8_lossy(bytes);
    let folded = email::fold(&text);
    let words = |text: &str| text.split_whitespace().count();
    let parts = words(&folded.said) + words(&folded.quoted) + words(&folded.signature);
    assert_eq!(parts, words(&text), "every word is in one part");
});
