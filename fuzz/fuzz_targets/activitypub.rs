//! What other servers of the fediverse deliver: activities, documents of actors, signatures of both kinds.
#![no_main]

use dandelion_networks::activitypub::{
    Actor, Told, fingered,
    signature::{Claim, Message},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(told) = Told::read(bytes) {
        let ours = ["https://care.example/actors/care".to_owned()];
        let _ = (told.actor(), told.takes_back(), told.whose(&ours));
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(document) = serde_json::from_str(text)
        && let Some(actor) = Actor::read(&document)
    {
        assert!(actor.id.starts_with("http") && actor.inbox.starts_with("http"));
    }
    let base = "https://care.example/".parse().expect("an address");
    let _ = fingered(&base, text);
    // Lines are headers: input, signature, digest; nothing that was not made with a key holds.
    let mut lines = text.split('\n');
    let names = ["signature-input", "signature", "content-digest", "digest", "date"];
    let pairs = names.into_iter().zip(lines.by_ref()).filter_map(|(name, value)| {
        Some((reqwest::header::HeaderName::from_static(name), reqwest::header::HeaderValue::from_str(value).ok()?))
    });
    let headers = pairs.collect();
    let (method, scheme, authority, path) = ("POST", "https", "care.example", "/inbox");
    let message =
        Message { method, scheme, authority, path, query: None, status: None, headers: &headers, body: b"{}" };
    let _ = Claim::read(&message, jiff::Timestamp::UNIX_EPOCH);
});
