//! The API as its description says it: every operation is described, asked without leave it refuses, and what is
//! wrong is said as a problem.

use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::support::{Answer, Browser, Installation};

/// Every operation: method, address with its parameters filled in, whether it takes a body.
pub fn operations() -> Vec<(Method, String, bool)> {
    let description = dandelion_web::api::description();
    let mut found = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            found.push((method, format!("/api/v1{path}"), operation.get("requestBody").is_some()));
        }
    }
    assert!(found.len() > 50, "{} operations", found.len());
    found
}

/// A program with a token, that is, without cookies.
pub async fn program(at: &Installation, member: i64, scopes: &[&str]) -> Browser {
    let viewer = dandelion_hub::member::viewer(&at.hub, member).await.unwrap();
    let role = dandelion_hub::scope::Role::ALL.into_iter().rev().find(|role| viewer.may_anywhere(*role)).unwrap();
    let scopes = scopes.iter().map(|scope| scope.parse().unwrap()).collect();
    let made = dandelion_hub::member::api_token::make(&at.hub, &viewer, "a test", role, scopes, None).await.unwrap();
    let mut program = at.browser();
    program.headers.insert(header::AUTHORIZATION, format!("Bearer {}", made.0).parse().unwrap());
    program.headers.insert(header::ACCEPT, "application/json".parse().unwrap());
    program.headers.insert("sec-fetch-site", "cross-site".parse().unwrap());
    program
}

async fn ask(browser: &mut Browser, method: &Method, path: &str, body: Option<Value>) -> Answer {
    let (kind, body) = body.map_or(("", String::new()), |body| ("application/json", body.to_string()));
    browser.send(method.clone(), path, kind, body.into()).await
}

fn is_problem(answer: &Answer, status: StatusCode, of: &str) {
    assert_eq!(answer.status, status, "{of}: {}", answer.text);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/problem+json", "{of}");
    assert_eq!(answer.json()["status"], status.as_u16(), "{of}");
}

#[tokio::test]
async fn nobody_gets_anything_without_leave() {
    let at = Installation::new().await;
    for (method, path, takes_body) in operations() {
        let path = path.replace("{id}", "1").replace("{unit}", "1").replace("{note}", "1");
        let path = path.replace("{correction}", "1").replace("{secret}", "1");
        let of = format!("{method} {path}");
        let answer = ask(&mut at.browser(), &method, &path, takes_body.then(|| json!({}))).await;
        is_problem(&answer, StatusCode::UNAUTHORIZED, &of);
        assert!(answer.header(header::WWW_AUTHENTICATE).starts_with("Bearer"), "{of}");
        let mut wrong = at.signed_in("root").await;
        wrong.headers.insert(header::AUTHORIZATION, "Bearer dnd_wrong".parse().unwrap());
        let answer = ask(&mut wrong, &method, &path, takes_body.then(|| json!({}))).await;
        is_problem(&answer, StatusCode::UNAUTHORIZED, &of);
        if method != Method::GET {
            let answer = ask(&mut at.signed_in("root").await, &method, &path, takes_body.then(|| json!({}))).await;
            is_problem(&answer, StatusCode::FORBIDDEN, &of);
            assert!(answer.text.contains("form"), "{of}: a session alone, without its token: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn a_token_does_no_more_than_its_scopes() {
    let at = Installation::new().await;
    let mut reader = program(&at, 1, &["read"]).await;
    assert_eq!(reader.get("/api/v1/me").await.json()["key"], "root");
    for (method, path, takes_body) in operations().into_iter().filter(|(method, ..)| *method != Method::GET) {
        if path.ends_with("/rehearsals") {
            continue; // tries a query and changes nothing
        }
        let path = path.replace("{id}", "1").replace("{unit}", "1").replace("{note}", "1");
        let path = path.replace("{correction}", "1").replace("{secret}", "1");
        let answer = ask(&mut reader, &method, &path, takes_body.then(|| json!({}))).await;
        is_problem(&answer, StatusCode::FORBIDDEN, &format!("{method} {path}"));
        assert!(answer.text.contains("lacks the scope"), "{}", answer.text);
    }
}

#[tokio::test]
async fn what_does_not_fit_is_said() {
    let at = Installation::new().await;
    let mut lead = program(&at, 4, &["read", "write"]).await;
    let post = Method::POST;
    is_problem(&lead.get("/api/v1/cases?limit=0").await, StatusCode::UNPROCESSABLE_ENTITY, "limit");
    is_problem(&lead.get("/api/v1/cases?colour=red").await, StatusCode::UNPROCESSABLE_ENTITY, "unknown parameter");
    is_problem(&lead.get("/api/v1/cases?after=%00").await, StatusCode::UNPROCESSABLE_ENTITY, "cursor");
    is_problem(&lead.get("/api/v1/cases/99999999999999999999").await, StatusCode::NOT_FOUND, "huge id");
    is_problem(&lead.get("/api/v1/cases/-1").await, StatusCode::NOT_FOUND, "negative id");
    is_problem(&lead.get("/api/v1/cases/%00").await, StatusCode::NOT_FOUND, "nul id");
    is_problem(&lead.get("/api/v1/cases/%ff").await, StatusCode::NOT_FOUND, "no utf-8");
    let answer = lead.send(post.clone(), "/api/v1/queries", "text/plain", "{}".into()).await;
    is_problem(&answer, StatusCode::UNSUPPORTED_MEDIA_TYPE, "text");
    let answer = lead.send(post.clone(), "/api/v1/queries", "application/json", "{".into()).await;
    is_problem(&answer, StatusCode::BAD_REQUEST, "broken json");
    let answer =
        ask(&mut lead, &post, "/api/v1/queries", Some(json!({ "unit": 2, "name": "x", "text": "y", "z": 1 }))).await;
    is_problem(&answer, StatusCode::UNPROCESSABLE_ENTITY, "unknown field");
    let huge = serde_json::from_str("{\"unit\":1e400,\"name\":\"x\",\"text\":\"y\"}").unwrap_or(json!({ "unit": "x" }));
    let answer = ask(&mut lead, &post, "/api/v1/queries", Some(huge)).await;
    is_problem(&answer, StatusCode::UNPROCESSABLE_ENTITY, "huge number");
    let answer = ask(&mut lead, &Method::DELETE, "/api/v1/cases", None).await;
    is_problem(&answer, StatusCode::METHOD_NOT_ALLOWED, "method");
    assert_eq!(answer.header(header::ALLOW), "GET,HEAD");
}

#[tokio::test]
async fn queries_are_made_changed_and_not_overwritten() {
    let at = Installation::new().await;
    let mut lead = program(&at, 4, &["read", "write"]).await;
    let new = json!({ "unit": 2, "name": "Kettles", "text": "kettle AND leak*", "why": "a test\u{0}" });
    let made = ask(&mut lead, &Method::POST, "/api/v1/queries", Some(new.clone())).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let (id, tag) = (made.json()["id"].clone(), made.header(header::ETAG).to_owned());
    is_problem(
        &ask(&mut lead, &Method::POST, "/api/v1/queries", Some(new)).await,
        StatusCode::UNPROCESSABLE_ENTITY,
        "same name",
    );

    let path = format!("/api/v1/queries/{id}");
    let changed = json!({ "text": "kettle", "version": 1, "why": "wider" });
    lead.headers.insert(header::IF_MATCH, tag.parse().unwrap());
    let answer = ask(&mut lead, &Method::PUT, &path, Some(changed.clone())).await;
    assert_eq!((answer.status, &answer.json()["version"]), (StatusCode::OK, &json!(2)), "{}", answer.text);
    let again = ask(&mut lead, &Method::PUT, &path, Some(changed.clone())).await;
    is_problem(&again, StatusCode::PRECONDITION_FAILED, "an older version");
    lead.headers.remove(header::IF_MATCH);
    is_problem(&ask(&mut lead, &Method::PUT, &path, Some(changed)).await, StatusCode::CONFLICT, "an older version");
    assert_eq!(lead.get(&format!("{path}/versions")).await.json()["items"].as_array().unwrap().len(), 2);

    let mut agent = program(&at, 2, &["read", "write"]).await;
    let shown = agent.get(&path).await;
    assert_eq!(shown.json()["text"], "kettle", "queries are shared");
    agent.headers.insert(header::IF_NONE_MATCH, shown.headers[header::ETAG].clone());
    assert_eq!(agent.get(&path).await.status, StatusCode::NOT_MODIFIED);
    is_problem(&ask(&mut agent, &Method::DELETE, &path, None).await, StatusCode::FORBIDDEN, "an agent archives");
    assert_eq!(ask(&mut lead, &Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_session_with_its_token_may_do_what_its_person_may() {
    let at = Installation::new().await;
    let mut root = at.signed_in("root").await;
    root.headers.insert("x-csrf-token", root.csrf(&at).parse().unwrap());
    let new = json!({ "name": "Lea's script", "role": "agent", "scopes": ["read"], "days": 30 });
    let made = ask(&mut root, &Method::POST, "/api/v1/tokens", Some(new)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let mut program = at.browser();
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    program.headers.insert(header::AUTHORIZATION, format!("Bearer {secret}").parse().unwrap());
    assert_eq!(program.get("/api/v1/me").await.json()["roles"][0]["role"], "agent", "no more than the token says");
    let path = format!("/api/v1/tokens/{}", made.json()["token"]["id"]);
    assert_eq!(ask(&mut root, &Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(program.get("/api/v1/me").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn only_administrators_see_addresses_and_add_members() {
    let at = Installation::new().await;
    let mut agent = program(&at, 2, &["read", "write", "admin"]).await;
    let members = agent.get("/api/v1/members").await.json();
    let emails: Vec<_> =
        members["items"].as_array().unwrap().iter().filter(|member| !member["email"].is_null()).collect();
    assert_eq!(emails.len(), 1, "only one's own: {emails:?}");
    let new = json!({ "name": "Noor", "email": "noor@example.org", "roles": [{ "unit": 2, "role": "agent" }] });
    is_problem(
        &ask(&mut agent, &Method::POST, "/api/v1/members", Some(new.clone())).await,
        StatusCode::FORBIDDEN,
        "an agent",
    );
    let mut root = program(&at, 1, &["read", "admin"]).await;
    let made = ask(&mut root, &Method::POST, "/api/v1/members", Some(new)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let path = format!("/api/v1/members/{}", made.json()["id"]);
    assert_eq!(root.get(&path).await.json()["email"], "noor@example.org");
}

#[tokio::test]
async fn events_are_shown_to_who_sees_their_unit() {
    let at = Installation::new().await;
    for (unit, id) in [(2, 71), (3, 72)] {
        let mut tx = at.hub.tx().await;
        tx.log(dandelion_hub::log::Entry::new("case.opened", "case", id).unit(unit));
        tx.commit().await.unwrap();
    }
    let shown = program(&at, 2, &["read"]).await.get("/api/v1/events?limit=200").await.json();
    let events = shown["items"].as_array().unwrap();
    assert!(events.iter().all(|event| event["unit"] == 2), "repairs alone, and nothing of the organisation's: {shown}");
    assert!(events.iter().any(|event| event["noun_id"] == 71), "{shown}");
}
