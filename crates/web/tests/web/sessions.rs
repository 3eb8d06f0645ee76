//! Signing in, staying signed in, and signing out.

use axum::http::{StatusCode, header};
use dandelion_hub::member::session;

use crate::support::{Installation, PASSWORD};

#[tokio::test]
async fn a_person_signs_in_and_out() {
    let at = Installation::new().await;
    let mut browser = at.browser();
    let refused = browser.sign_in("ana", "not it").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("not right"), "{}", refused.text);
    assert!(refused.text.contains("ana@example.org"), "what was typed stays");
    assert!(!browser.cookies.contains_key("dandelion"));

    let answer = browser.sign_in("ana", PASSWORD).await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/"));
    let cookies: Vec<_> = answer.headers.get_all(header::SET_COOKIE).iter().map(|c| c.to_str().unwrap()).collect();
    let session = cookies.iter().find(|cookie| cookie.starts_with("dandelion=")).unwrap();
    assert!(session.contains("HttpOnly") && session.contains("SameSite=Lax") && session.contains("Path=/"));
    assert!(!session.contains("Secure"), "plain http on loopback could not keep a secure cookie");
    assert_eq!(browser.get("/session/new").await.status, StatusCode::SEE_OTHER, "already signed in");

    let token = browser.cookies["dandelion"].clone();
    let csrf = browser.csrf(&at);
    let answer = browser.post("/session/end", &[("csrf", &csrf)]).await;
    assert_eq!(answer.header(header::LOCATION), "/session/new");
    assert!(!browser.cookies.contains_key("dandelion"));
    assert!(session::of_token(&at.hub, &token).await.unwrap().is_none(), "the session has ended, not only its cookie");
}

#[tokio::test]
async fn signing_in_makes_a_new_session_and_ends_the_one_before() {
    let at = Installation::new().await;
    let mut browser = at.signed_in("ana").await;
    let before = browser.cookies["dandelion"].clone();
    let mut again = browser.clone();
    again.cookies.remove("dandelion");
    let csrf = again.get("/session/new").await.csrf();
    browser.cookies.extend(again.cookies);
    let fields = [("csrf", csrf.as_str()), ("email", "ana@example.org"), ("password", PASSWORD)];
    assert_eq!(browser.post("/session", &fields).await.status, StatusCode::SEE_OTHER);
    assert_ne!(browser.cookies["dandelion"], before);
    assert!(session::of_token(&at.hub, &before).await.unwrap().is_none(), "a planted session is worth nothing");
}

#[tokio::test]
async fn over_https_cookies_are_bound_to_the_host() {
    let at = Installation::at("https://hub.example.org/").await;
    let mut browser = at.browser();
    browser.headers.insert(header::ORIGIN, "https://hub.example.org".parse().unwrap());
    let answer = browser.sign_in("ana", PASSWORD).await;
    let cookies: Vec<_> = answer.headers.get_all(header::SET_COOKIE).iter().map(|c| c.to_str().unwrap()).collect();
    let session = cookies.iter().find(|cookie| cookie.starts_with("__Host-dandelion=")).unwrap();
    assert!(session.contains("; Secure") && session.contains("Path=/") && !session.contains("Domain"));
    assert!(answer.header(header::STRICT_TRANSPORT_SECURITY).starts_with("max-age=31536000"));
}

#[tokio::test]
async fn after_signing_in_people_go_where_they_wanted_but_never_elsewhere() {
    let at = Installation::new().await;
    let mut browser = at.browser();
    let sent = browser.get("/live?after=3").await;
    assert_eq!(sent.status, StatusCode::UNAUTHORIZED, "programs are not sent to a page");

    for (next, lands) in
        [("/cases/42?tab=notes", "/cases/42?tab=notes"), ("//evil.example", "/"), ("https://evil.example/", "/")]
    {
        let mut browser = at.browser();
        let page = browser
            .get(&format!(
                "/session/new?next={}",
                url::form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>()
            ))
            .await;
        assert!(!page.text.contains("evil"), "{}", page.text);
        let csrf = page.csrf();
        let fields = [("csrf", csrf.as_str()), ("email", "ana@example.org"), ("password", PASSWORD), ("next", next)];
        assert_eq!(browser.post("/session", &fields).await.header(header::LOCATION), lands);
    }
}

#[tokio::test]
async fn a_session_ends_with_time_and_with_its_member() {
    let at = Installation::new().await;
    let mut browser = at.signed_in("ana").await;
    assert_eq!(browser.get("/session/new").await.status, StatusCode::SEE_OTHER);
    at.disable(2).await;
    assert_eq!(browser.get("/session/new").await.status, StatusCode::OK, "disabled: nobody");

    let mut browser = at.signed_in("lea").await;
    at.hub.clock.advance(session::IDLE + 1);
    assert_eq!(browser.get("/session/new").await.status, StatusCode::OK, "unused for too long: nobody");
}
