//! Nothing changes without a form of this site, from this site.

use axum::http::{Method, StatusCode, header};

use crate::support::{Installation, PASSWORD};

fn credentials(csrf: &str) -> Vec<(&str, &str)> {
    vec![("csrf", csrf), ("email", "ana@example.org"), ("password", PASSWORD)]
}

#[tokio::test]
async fn a_form_without_its_token_does_nothing() {
    let at = Installation::new().await;
    let mut browser = at.browser();
    let csrf = browser.get("/session/new").await.csrf();
    for bad in ["", "AAAA", &csrf[..csrf.len() - 2], &"A".repeat(86), "ü"] {
        let answer = browser.post("/session", &credentials(bad)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{bad:?}");
        assert!(answer.text.contains("load the page again"), "{}", answer.text);
    }
    assert_eq!(browser.post("/session", &credentials("")[1..]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.post("/session", &credentials(&csrf)).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_token_is_worth_nothing_in_another_browser_or_session() {
    let at = Installation::new().await;
    let stolen = at.browser().get("/session/new").await.csrf();
    let mut browser = at.browser();
    browser.get("/session/new").await;
    assert_eq!(browser.post("/session", &credentials(&stolen)).await.status, StatusCode::FORBIDDEN);

    let (mut ana, lea) = (at.signed_in("ana").await, at.signed_in("lea").await);
    let answer = ana.post("/session/end", &[("csrf", &lea.csrf(&at))]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(ana.cookies.contains_key("dandelion"), "still signed in");
}

#[tokio::test]
async fn tokens_differ_in_every_answer() {
    let at = Installation::new().await;
    let mut browser = at.browser();
    let (one, two) = (browser.get("/session/new").await.csrf(), browser.get("/session/new").await.csrf());
    assert_ne!(one, two, "or compression could be used to guess them");
    assert_eq!(
        browser.post("/session", &credentials(&one)).await.status,
        StatusCode::SEE_OTHER,
        "and older ones stay good"
    );
}

#[tokio::test]
async fn another_site_can_change_nothing_even_with_a_token() {
    let at = Installation::new().await;
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "null"),
    ] {
        let mut browser = at.browser();
        let csrf = browser.get("/session/new").await.csrf();
        browser.headers.insert(name, value.parse().unwrap());
        let answer = browser.post("/session", &credentials(&csrf)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value}");
        assert!(answer.text.contains("another site"), "{}", answer.text);
    }
}

#[tokio::test]
async fn other_kinds_of_body_and_large_ones_are_refused() {
    let at = Installation::new().await;
    let mut browser = at.browser();
    browser.get("/session/new").await;
    let answer = browser.send(Method::POST, "/session", "text/plain", "csrf=x".into()).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let large = format!("csrf={}", "x".repeat(2 << 20));
    let answer = browser.send(Method::POST, "/session", "application/x-www-form-urlencoded", large.into()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.header(header::CONTENT_TYPE).starts_with("text/html"));
}
