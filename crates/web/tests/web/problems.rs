//! What goes wrong is said, as a page or as problem+json, and nothing internal with it.

use axum::http::{Method, StatusCode, header};

use crate::support::Installation;

#[tokio::test]
async fn people_get_a_page_and_programs_get_json() {
    let at = Installation::new().await;
    let page = at.browser().get("/nowhere").await;
    assert_eq!((page.status, page.header(header::CONTENT_TYPE)), (StatusCode::NOT_FOUND, "text/html; charset=utf-8"));
    assert!(page.text.contains("Not found") && page.text.contains("Go to the desk"), "{}", page.text);

    let mut program = at.browser();
    program.headers.insert(header::ACCEPT, "application/json".parse().unwrap());
    for path in ["/nowhere", "/api/v1/nowhere"] {
        let answer = program.get(path).await;
        assert_eq!(answer.header(header::CONTENT_TYPE), "application/problem+json", "{path}");
        let problem = answer.json();
        assert_eq!((&problem["status"], &problem["title"]), (&404.into(), &"Not found".into()), "{path}");
        assert_eq!(problem["type"], "/docs/api#problem-not-found");
    }
    let browser_at_the_api = at.browser().get("/api/v1/nowhere").await;
    assert_eq!(browser_at_the_api.header(header::CONTENT_TYPE), "application/problem+json");
}

#[tokio::test]
async fn a_wrong_method_says_which_is_right() {
    let at = Installation::new().await;
    let answer = at.browser().send(Method::DELETE, "/session", "", axum::body::Body::empty()).await;
    assert_eq!((answer.status, answer.header(header::ALLOW)), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
}

#[tokio::test]
async fn a_broken_store_is_said_without_its_insides() {
    let at = Installation::new().await;
    let mut browser = at.signed_in("ana").await;
    at.hub.db.close().await;
    for path in ["/readyz", "/session/new"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(answer.header(header::RETRY_AFTER), "5");
        let said = answer.text.to_lowercase();
        assert!(!said.contains("sqlx") && !said.contains("pool") && !said.contains("select"), "{said}");
    }
    assert_eq!(browser.get("/livez").await.status, StatusCode::OK, "the process itself is well");
}

#[tokio::test]
async fn metrics_are_not_for_everybody() {
    let at = Installation::new().await;
    assert_eq!(at.browser().get("/metrics").await.status, StatusCode::FORBIDDEN, "no connection from this machine");
}
