//! Pictures of strangers: whatever comes in, what comes out is a small PNG that can be read again, or a refusal.
#![no_main]

use dandelion_networks::picture::{AVATAR_SIDE, SIDE, make_anew, make_avatar};
use libfuzzer_sys::fuzz_target;

// A decoder's panic is caught where it is called, and libFuzzer's hook would end the run before that.
fuzz_target!(init: std::panic::set_hook(Box::new(|_| ())), |bytes: &[u8]| {
    // With the first bytes of each format, since those decide who reads the rest.
    for head in [&b""[..], b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBP"] {
        if let Ok(picture) = make_avatar(&[head, bytes].concat()) {
            assert!(picture.width == picture.height && picture.width <= AVATAR_SIDE);
        }
        let Ok(picture) = make_anew(&[head, bytes].concat()) else { continue };
        assert!(picture.width <= SIDE && picture.height <= SIDE && picture.png.starts_with(b"\x89PNG"));
        let again = make_anew(&picture.png).expect("what was made anew can be read");
        assert_eq!((again.width, again.height), (picture.width, picture.height));
    }
});
