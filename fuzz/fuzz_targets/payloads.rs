//! What networks push to us and answer us with, as far as it is JSON.
#![no_main]

use dandelion_networks::{
    contract::{Item, Place, Received},
    discourse, googlebusiness, googleplay, hackernews, slack, stackexchange, telegram, whatsapp, x, youtube,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let now = "2026-03-02T09:00:00Z".parse().expect("a moment");
    let mut items: Vec<Item> = Vec::new();
    for event in ["post_created", "post_destroyed"] {
        items.extend(discourse::delivered(event, bytes, "https://forum.example", now));
    }
    items.extend(telegram::delivered(bytes).1);
    items.extend(whatsapp::delivered(bytes));
    items.extend(x::delivered(bytes, now));
    if let Received::Items { items: said, .. } = slack::delivered(bytes, now) {
        items.extend(said);
    }
    if let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes) {
        items.push(hackernews::post(value.clone(), now));
        items.push(stackexchange::post(value.clone(), "diy"));
        items.push(youtube::post(value.clone()));
        items.push(googleplay::post(value.clone()));
        let mut place = Place::default();
        place.settings.insert("handle".into(), "care".into());
        items.extend(googlebusiness::posts(value, "2", &place));
    }
    assert!(items.iter().flatten().all(|post| post.check().is_ok()));
});
