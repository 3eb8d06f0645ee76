//! Words: cut as the specification cuts them, in order, each in its place.
#![no_main]

use dandelion_listen::specification;
use dandelion_listen::words::{Words, fold};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let words = Words::of(text);
    let mut from = 0;
    for token in words.iter() {
        assert!(token.from >= from && token.from <= token.to);
        from = token.from;
        assert!(text.get(token.span.clone()).is_some_and(|it| !it.is_empty()));
    }
    if text.len() < 4096 {
        assert!(words.iter().eq(specification::Words::of(text).iter()));
        let folded = fold(text);
        assert_eq!(fold(&folded), folded);
    }
});
