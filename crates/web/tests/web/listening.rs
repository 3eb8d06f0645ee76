//! The first run, queries and sources through their pages: who may, what is refused, what is kept.

use axum::http::{StatusCode, header};
use dandelion_hub::{
    Hub,
    log::Actor,
    member::invitation::{self, Purpose},
    query, source,
    testing::TestHub,
};
use dandelion_web::{App, Config, router};

use crate::support::{Browser, Installation};

fn empty(hub: &Hub) -> Browser {
    let app = App::new(hub.clone(), Config::new("http://127.0.0.1:7380/".parse().unwrap()));
    Browser::new(router(app))
}

#[tokio::test]
async fn an_empty_installation_leads_to_its_set_up_and_the_token_works_once() {
    let hub = TestHub::sqlite().await;
    let mut browser = empty(&hub.hub);
    for path in ["/", "/session/new"] {
        assert_eq!(browser.get(path).await.header(header::LOCATION), "/setup", "{path}");
    }
    let token = invitation::make(&hub.hub, Actor::System("command"), Purpose::Setup, None).await.unwrap();
    let csrf = browser.get(&format!("/setup/{token}")).await.csrf();
    let given = [("csrf", csrf.as_str()), ("token", &token), ("name", "Ana"), ("email", "ana@example.org")];
    let with = |password| [&given[..], &[("password", password)]].concat();
    let refused = browser.post("/setup/administrator", &with("short")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("at least 10 characters") && refused.text.contains("ana@example.org"));

    let made = browser.post("/setup/administrator", &with("a sentence is fine")).await;
    assert_eq!(made.header(header::LOCATION), "/setup/organisation", "{}", made.text);
    assert_eq!(browser.get("/setup/organisation").await.status, StatusCode::OK);

    let mut second = empty(&hub.hub);
    assert_eq!(second.get(&format!("/setup/{token}")).await.header(header::LOCATION), "/session/new");
}

#[tokio::test]
async fn a_lead_writes_queries_for_their_unit_and_nobody_else_does() {
    let at = Installation::new().await;
    let mut lead = at.signed_in("lea").await;
    let csrf = lead.csrf(&at);
    for (unit, text, status) in [
        ("repairs", "(kettle OR", StatusCode::UNPROCESSABLE_ENTITY),
        ("press", "kettle", StatusCode::FORBIDDEN),
        ("repairs", "kettle", StatusCode::SEE_OTHER),
    ] {
        let sent = [("csrf", csrf.as_str()), ("name", "Kettles"), ("unit", unit), ("text", text), ("act", "save")];
        let answer = lead.post("/queries", &sent).await;
        assert_eq!(answer.status, status, "{unit} {text}: {}", answer.text);
        assert!(status == StatusCode::SEE_OTHER || answer.text.contains(text), "what was typed is kept");
    }
    let without =
        lead.post("/queries", &[("name", "Other"), ("unit", "repairs"), ("text", "oven"), ("act", "save")]).await;
    assert_eq!(without.status, StatusCode::FORBIDDEN, "no token, no query");
    assert_eq!(query::list(&at.hub).await.unwrap().len(), 1);

    let mut agent = at.signed_in("ana").await;
    assert_eq!(agent.get("/queries/new").await.status, StatusCode::FORBIDDEN);
    assert_eq!(agent.get("/queries").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_webhook_shows_its_secret_once_and_an_agent_cannot_pause_it() {
    let at = Installation::new().await;
    let mut lead = at.signed_in("lea").await;
    let csrf = lead.csrf(&at);
    let sent = [("csrf", csrf.as_str()), ("kind", "webhook"), ("name", "Shop"), ("unit", "repairs")];
    let made = lead.post("/sources", &sent).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    assert!(made.text.contains("whsec_"));
    let id = source::list(&at.hub).await.unwrap()[0].id;
    assert!(!lead.get(&format!("/sources/{id}")).await.text.contains("whsec_"), "shown once");

    let mut agent = at.signed_in("ana").await;
    let csrf = agent.csrf(&at);
    let pause = format!("/sources/{id}/pause");
    assert_eq!(agent.post(&pause, &[("csrf", csrf.as_str())]).await.status, StatusCode::FORBIDDEN);
    assert!(source::find(&at.hub, id).await.unwrap().paused_at.is_none());
    let csrf = lead.csrf(&at);
    assert_eq!(lead.post(&pause, &[("csrf", csrf.as_str())]).await.status, StatusCode::SEE_OTHER);
    assert!(source::find(&at.hub, id).await.unwrap().paused_at.is_some());
}

#[tokio::test]
async fn a_handle_on_our_own_address_is_an_account_to_be_made() {
    let at = Installation::new().await;
    let mut lead = at.signed_in("lea").await;
    let csrf = lead.csrf(&at);
    let typed = "@care@127.0.0.1:7380".to_owned();
    let shown = lead.get(&format!("/sources/place?address={typed}")).await;
    assert!(shown.text.contains("account of our own") && !shown.text.contains("set-key"), "{}", shown.text);
    let given = [("csrf", csrf.as_str()), ("address", typed.as_str()), ("name", "Acme Care")];
    assert_eq!(lead.post("/sources/place", &given).await.status, StatusCode::FORBIDDEN, "a lead speaks for no unit");
    let mut admin = at.signed_in("root").await;
    let csrf = admin.csrf(&at);
    let given = [("csrf", csrf.as_str()), ("address", typed.as_str()), ("name", "Acme Care")];
    let made = admin.post("/sources/place", &given).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let source = admin.get(made.header(header::LOCATION)).await;
    assert!(source.text.contains(&typed) && !source.text.contains("/hooks/"), "{}", source.text);
    let mut nobody = at.browser();
    let finger = nobody.get(&format!("/.well-known/webfinger?resource=acct:{}", &typed[1..])).await;
    assert!(finger.status == StatusCode::OK && finger.text.contains("/actors/care"), "{}", finger.text);
    let shown = nobody.get("/actors/care").await;
    assert!(shown.text.contains("Acme Care") && shown.text.contains("BEGIN PUBLIC KEY"), "{}", shown.text);
}

#[tokio::test]
async fn a_place_is_recognised_by_its_address_and_its_secret_is_never_shown() {
    let at = Installation::new().await;
    let mut lead = at.signed_in("lea").await;
    let csrf = lead.csrf(&at);
    let typed = "https://github.com/acme/kettle/issues";
    let sent = [("csrf", csrf.as_str()), ("kind", "feed"), ("address", typed), ("unit", "repairs")];
    let on = lead.post("/sources", &sent).await;
    assert_eq!(on.status, StatusCode::SEE_OTHER, "{}", on.text);
    let page = on.header(header::LOCATION).to_owned();
    assert!(page.starts_with("/sources/place?"), "{page}");
    let shown = lead.get(&page).await;
    assert!(shown.text.contains("discussions of acme/kettle") && shown.text.contains("set-secret"), "{}", shown.text);

    let first = lead.post("/setup/source", &[("csrf", csrf.as_str()), ("kind", "feed"), ("address", typed)]).await;
    let led = first.header(header::LOCATION);
    assert!(led.starts_with("/sources/place?address="), "the first run knows networks too: {led}");

    let given = [("csrf", csrf.as_str()), ("address", typed), ("unit", "repairs"), ("set-secret", "short")];
    let refused = lead.post("/sources/place", &given).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("choose a secret"), "{}", refused.text);
    let with = |unit: &'static str| {
        [("csrf", csrf.as_str()), ("address", typed), ("unit", unit), ("set-secret", "a long canary of a secret")]
    };
    assert_eq!(lead.post("/sources/place", &with("press")).await.status, StatusCode::FORBIDDEN);
    let made = lead.post("/sources/place", &with("repairs")).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let source = source::list(&at.hub).await.unwrap().pop().expect("the source");
    let source = lead.get(&format!("/sources/{}", source.id)).await;
    assert!(source.text.contains("acme/kettle") && source.text.contains("/hooks/"), "{}", source.text);
    assert!(!source.text.contains("canary"));
    let twice = lead.post("/sources/place", &with("repairs")).await;
    assert_eq!(twice.status, StatusCode::CONFLICT, "{}", twice.text);
}

#[tokio::test]
async fn a_source_says_what_its_network_still_allows_and_what_stops_us_first_comes_first() {
    let at = Installation::new().await;
    let now = at.hub.now();
    let left = |draws_on: &str, left: u64, limit: Option<u64>, minutes: i64| serde_json::json!({ "draws_on": draws_on, "left": left, "limit": limit, "resets_at": now + minutes * 60_000_000 });
    let told = serde_json::json!([
        left("searches", 0, Some(60), 9),
        left("mentions", 170, Some(180), 12),
        left("", 4, None, 3),
        left("posting", 1, Some(17), -1),
    ]);
    at.hub
        .sql(&[format!(
            "insert into sources (id, key, name, kind, network, config, cursor, created_at, allowances)
             values (1, 'x', 'X', 'network', 'x', '{{}}', '{{}}', 0, '{told}')"
        )])
        .await;
    let page = at.signed_in("lea").await.get("/sources/1").await.text;
    let place = |words: &str| page.find(words).unwrap_or_else(|| panic!("{words}: {page}"));
    assert!(place("Allowed: searches") < place("nothing more of 60"));
    assert!(place("nothing more of 60") < place("Allowed: mentions") && page.contains("170 of 180 left"));
    assert!(page.contains("4 left") && page.contains("counted anew"));
    assert!(!page.contains("posting"), "what was counted anew since says nothing any more");
}
