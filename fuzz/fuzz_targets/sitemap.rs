//! Sitemaps and lists of them, and what hubs of feeds say: `Link` headers, questions and signatures.
#![no_main]

use dandelion_networks::{
    contract::Delivery,
    feed::{self, websub},
};
use libfuzzer_sys::fuzz_target;
use reqwest::header::{HeaderMap, HeaderValue};

fuzz_target!(|bytes: &[u8]| {
    let base = url::Url::parse("https://x.example/sitemap.xml").expect("an address");
    let document = [b"<urlset>".as_slice(), bytes].concat();
    if let Ok(parsed) = feed::parse(&document, None, Some(&base)) {
        assert!(parsed.posts.iter().flatten().all(|post| post.check().is_ok() && post.url.is_some()));
        assert!(parsed.posts.len() <= feed::MAX_ENTRIES);
    }
    let document = [b"<sitemapindex>".as_slice(), bytes].concat();
    if let Ok(parsed) = feed::parse(&document, None, Some(&base)) {
        assert!(parsed.posts.is_empty());
    }
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(bytes) {
        headers.append("link", value.clone());
        headers.append("x-hub-signature", value);
    }
    if let Some(offer) = websub::offer(&headers, None, None, &base) {
        assert!(offer.hub.starts_with("http") && offer.topic.starts_with("http"));
    }
    let query = String::from_utf8_lossy(bytes);
    let delivery = Delivery { get: true, headers: &headers, query: &query, body: b"", now: jiff::Timestamp::UNIX_EPOCH };
    if let Some(websub::Asked::Intent { lease, .. }) = websub::asked(&delivery) {
        assert!(lease > 0);
    }
    assert!(websub::verify(&delivery, "secret").is_err(), "nobody guesses a signature");
});
