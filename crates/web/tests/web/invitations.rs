//! Addresses that work once.

use axum::http::{StatusCode, header};
use dandelion_hub::{
    log::Actor,
    member::invitation::{self, Purpose},
};

use crate::support::{Installation, PASSWORD};

#[tokio::test]
async fn an_address_signs_somebody_in_once() {
    let at = Installation::new().await;
    let token = invitation::make(&at.hub, Actor::System("test"), Purpose::SignIn, Some(2)).await.unwrap();
    let path = format!("/session/once/{token}");

    let mut ahead = at.browser();
    ahead.headers.insert("sec-fetch-site", "none".parse().unwrap());
    ahead.headers.insert("sec-purpose", "prefetch".parse().unwrap());
    let looked = ahead.get(&path).await;
    assert!(looked.status == StatusCode::OK && looked.text.contains("Come in"), "fetched ahead, it is not used up");

    let mut browser = at.browser();
    browser.headers.insert("sec-fetch-site", "none".parse().unwrap());
    let answer = browser.get(&path).await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/"), "{}", answer.text);
    assert_eq!(browser.get("/api/v1/me").await.json()["key"], "ana");
    let again = at.browser().get(&path).await.csrf();
    let mut other = at.browser();
    let page = other.get(&path).await.csrf();
    assert_ne!(again, page);
    let answer = other.post(&path, &[("csrf", &page)]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "a second time it does not work");
    assert!(answer.text.contains("used already"), "{}", answer.text);
}

#[tokio::test]
async fn a_member_chooses_a_password_once() {
    let at = Installation::new().await;
    let token = invitation::make(&at.hub, Actor::System("test"), Purpose::Password, Some(3)).await.unwrap();
    let path = format!("/password/{token}");
    let mut browser = at.browser();
    let csrf = browser.get(&path).await.csrf();
    let short = browser.post(&path, &[("csrf", &csrf), ("password", "short")]).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(short.text.contains("role=\"alert\""), "says what is wrong: {}", short.text);
    let chosen = "a sentence nobody guesses";
    let answer = browser.post(&path, &[("csrf", &csrf), ("password", chosen)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    assert_eq!(browser.get("/api/v1/me").await.json()["key"], "max");
    assert_eq!(at.browser().get(&path).await.status, StatusCode::FORBIDDEN, "used up");
    assert_eq!(at.browser().sign_in("max", PASSWORD).await.status, StatusCode::FORBIDDEN, "the old one is gone");
    assert_eq!(at.browser().sign_in("max", chosen).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn guessing_is_held_up() {
    let at = Installation::new().await;
    let mut last = StatusCode::OK;
    for _ in 0..7 {
        last = at.browser().sign_in("ana", "a guess").await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let held = at.browser().sign_in("ana", PASSWORD).await;
    assert_eq!(held.status, StatusCode::TOO_MANY_REQUESTS, "even the right one waits");
    assert!(held.text.contains("Try again in"), "{}", held.text);
    at.hub.clock.advance(3_600_000_000);
    assert_eq!(at.browser().sign_in("ana", PASSWORD).await.status, StatusCode::SEE_OTHER);
}
