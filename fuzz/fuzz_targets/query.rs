//! Queries: whatever is typed is read or refused in its place; what is read is printed and read again to the same; what
//! comes from other tools is a query.
#![no_main]

use dandelion_listen::dialect::Dialect;
use dandelion_listen::{parse, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let reading = read(text);
    assert_eq!(reading.query, parse(text));
    let mut end = 0;
    for piece in &reading.pieces {
        assert!(piece.span.start >= end && text.get(piece.span.clone()).is_some());
        end = piece.span.end;
    }
    assert!(reading.warnings.iter().all(|it| text.get(it.span.clone()).is_some()));
    match reading.query {
        Ok(query) => assert_eq!(parse(&query.to_string()).as_ref(), Ok(&query)),
        Err(error) => assert!(text.get(error.span).is_some()),
    }
    for dialect in Dialect::ALL {
        if let Ok(translated) = dialect.translate(text) {
            assert!(parse(&translated.text).is_ok());
        }
    }
});
