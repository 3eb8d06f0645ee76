//! Signing in at a network's own pages: who may begin, and what we say of ourselves. The way through is in
//! `dandelion/tests/networks/bluesky_oauth.rs` and `tests/browser/bluesky.test.js`.

use axum::http::{StatusCode, header};
use dandelion_networks::egress::{Client, Egress};
use dandelion_web::{App, Config, router};
use serde_json::json;

use crate::support::{Browser, Installation};

#[tokio::test]
async fn an_installation_with_an_https_address_describes_itself_to_servers() {
    let at = Installation::at("https://hub.example/").await;
    let mut anybody = at.browser();
    let document = anybody.get("/oauth/client-metadata.json").await;
    assert_eq!((document.status, document.header(header::CONTENT_TYPE)), (StatusCode::OK, "application/json"));
    let document = document.json();
    assert_eq!(document["client_id"], "https://hub.example/oauth/client-metadata.json");
    assert_eq!(document["redirect_uris"], json!(["https://hub.example/oauth/callback"]));
    assert_eq!(document["jwks_uri"], "https://hub.example/oauth/jwks.json");
    assert_eq!(document["token_endpoint_auth_method"], "private_key_jwt");
    let keys = anybody.get("/oauth/jwks.json").await.json();
    assert_eq!((&keys["keys"][0]["kty"], &keys["keys"][0]["crv"]), (&json!("EC"), &json!("P-256")));
    assert!(keys["keys"][0].get("d").is_none(), "never the private half");
    assert_eq!(keys, anybody.get("/oauth/jwks.json").await.json(), "the same key each time");
}

#[tokio::test]
async fn one_without_says_what_is_missing() {
    for address in ["http://127.0.0.1:7380/", "http://hub.example/"] {
        let at = Installation::at(address).await;
        for path in ["/oauth/client-metadata.json", "/oauth/jwks.json"] {
            let answer = at.browser().get(path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address}{path}");
            assert!(answer.text.contains("https address"), "{}", answer.text);
        }
    }
}

#[tokio::test]
async fn whoever_comes_back_signs_in_first_and_what_is_unknown_is_said() {
    let at = Installation::new().await;
    let back = "/oauth/callback?state=x&code=y&iss=https%3A%2F%2Fpds.example";
    let stranger = at.browser().get(back).await;
    assert_eq!(stranger.status, StatusCode::SEE_OTHER);
    assert!(stranger.header(header::LOCATION).starts_with("/session/new?next=%2Foauth%2Fcallback%3Fstate%3Dx"));

    let outside = Client::new(Egress::default()).unwrap();
    let config = Config { outside: Some(outside), ..at.app.config.clone() };
    let signed_in = at.signed_in("lea").await;
    let app = App::new(at.hub.hub.clone(), config);

    let mut lead = Browser::new(router(app));
    lead.cookies = signed_in.cookies;
    let unknown = lead.get(back).await;
    assert_eq!(unknown.header(header::LOCATION), "/sources/new");
    assert!(
        lead.get("/sources/new").await.text.contains("This sign-in was not begun here, or long ago; begin it again.")
    );
}

#[tokio::test]
async fn only_who_may_connect_a_source_begins() {
    let at = Installation::new().await;
    let fields = |csrf: &str| {
        [("csrf", csrf), ("address", "@care.bsky.social"), ("unit", "repairs"), ("by", "network")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    for (who, status) in [("ana", StatusCode::FORBIDDEN), ("lea", StatusCode::UNPROCESSABLE_ENTITY)] {
        let mut browser = at.signed_in(who).await;
        let csrf = browser.csrf(&at);
        let sent = fields(&csrf);
        let sent: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = browser.post("/sources/place", &sent).await;
        assert_eq!(answer.status, status, "{who}: {}", answer.text);
        // This installation asks nobody outside, and says so on the form.
        assert_eq!(answer.text.contains("fetches nothing from outside"), who == "lea");
    }
}
