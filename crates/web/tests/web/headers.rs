//! Headers on every answer, caching, compression.

use axum::http::{StatusCode, header};
use dandelion_web::assets::asset;

use crate::support::Installation;

#[tokio::test]
async fn every_answer_carries_the_policy() {
    let at = Installation::new().await;
    let style = asset("base.css");
    for path in
        ["/session/new", "/nowhere", "/livez", "/api/v1/nowhere", "/live", &style, "/%ff", "/assets/x/../../Cargo.toml"]
    {
        let answer = at.browser().get(path).await;
        let policy = answer.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{path}: {policy}");
        for part in ["frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert!(!answer.header(header::REFERRER_POLICY).is_empty() && !answer.header("permissions-policy").is_empty());
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
        assert_eq!(answer.header(header::STRICT_TRANSPORT_SECURITY), "", "plain http must not ask for https");
    }
}

#[tokio::test]
async fn assets_are_named_by_their_contents_and_pages_are_not_kept() {
    let at = Installation::new().await;
    let mut browser = at.browser();
    let style = browser.get(&asset("base.css")).await;
    assert_eq!((style.status, style.header(header::CONTENT_TYPE)), (StatusCode::OK, "text/css; charset=utf-8"));
    assert!(style.header(header::CACHE_CONTROL).starts_with("public"));
    browser.headers.insert(header::IF_NONE_MATCH, style.headers[header::ETAG].clone());
    assert_eq!(browser.get(&asset("base.css")).await.status, StatusCode::NOT_MODIFIED);

    let mut browser = at.browser();
    assert_eq!(browser.get(&asset("nothing.css")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/assets/x/..%2f..%2fCargo.toml").await.status, StatusCode::NOT_FOUND);
    let page = browser.get("/session/new").await;
    assert_eq!(page.header(header::CACHE_CONTROL), "no-store");
    assert!(page.text.contains(&asset("base.css")), "pages name them by that address");
}

#[tokio::test]
async fn text_is_compressed_but_not_for_other_sites() {
    let at = Installation::new().await;
    let mut browser = at.browser();
    browser.headers.insert(header::ACCEPT_ENCODING, "gzip".parse().unwrap());
    assert_eq!(browser.get(&asset("base.css")).await.header(header::CONTENT_ENCODING), "gzip");
    browser.headers.insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(browser.get(&asset("base.css")).await.header(header::CONTENT_ENCODING), "");
}
