//! The way to GitHub's two interfaces: REST for issues and pull requests, GraphQL for discussions, which REST does not show.

use std::time::Duration;

use dandelion_post::micros;
use serde_json::{Value, json};

use crate::{
    contract::{
        Access, Trouble,
        json::{ask, read},
    },
    egress::{Budget, Method, Response},
    outgoing::Answer,
};

/// Where the interface of github.com lives.
const API: &str = "https://api.github.com";
/// How long we stay away where GitHub says that we asked too much, and not for how long ("About secondary rate limits").
const A_WHILE: Duration = Duration::from_mins(1);

/// The server that a place names, else that of github.com.
fn root(access: &Access) -> &str {
    access.setting("api").unwrap_or(API).trim_end_matches('/')
}

/// Sends one request of the REST interface.
async fn rest(
    access: &Access,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<Response, crate::egress::Error> {
    send(access, method, &format!("{}{path}", root(access)), body).await
}

async fn send(
    access: &Access,
    method: Method,
    url: &str,
    body: Option<&Value>,
) -> Result<Response, crate::egress::Error> {
    let token = access.credentials.get("token").map(|token| format!("Bearer {token}"));
    let mut headers = vec![("x-github-api-version", "2022-11-28")];
    headers.extend(token.as_deref().map(|token| ("authorization", token)));
    ask(access, method, url, &headers, body).await
}

/// What a path of the REST interface shows.
pub(super) async fn get(access: &Access, path: &str) -> Result<(Value, Option<Budget>), Trouble> {
    read(rest(access, Method::GET, path, None).await?, access)
}

/// The same for a list; none where the repository has nothing of the kind (410: its issues are turned off).
pub(super) async fn list(access: &Access, path: &str) -> Result<(Vec<Value>, Option<Budget>), Trouble> {
    let answer = rest(access, Method::GET, path, None).await?;
    match answer.status {
        410 => return Ok((Vec::new(), answer.budget(access.now))),
        404 => {
            let why = "GitHub shows no such repository; check the address, or give a token that may read it";
            return Err(Trouble::wrong(why));
        }
        _ => {}
    }
    let (told, budget) = read(answer, access)?;
    match told {
        Value::Array(all) => Ok((all, budget)),
        _ => Err(Trouble::passing("GitHub answered with something that is no list")),
    }
}

/// Writes once; what it made, where it went well.
pub(super) async fn write(access: &Access, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Answer> {
    let answer = rest(access, method, path, body).await?;
    match Answer::read(&answer, micros(access.now)) {
        Answer::Published { .. } => Ok(serde_json::from_slice(&answer.body).unwrap_or_default()),
        other => Err(other),
    }
}

/// What a question in GraphQL gives; `data` alone.
pub(super) async fn query(access: &Access, query: &str, variables: &Value) -> Result<Value, Trouble> {
    let answer = graph(access, query, variables).await?;
    let (mut told, budget) = read(answer, access)?;
    match failed(&told, "") {
        None => Ok(told["data"].take()),
        Some((why, true)) => {
            let after = budget.and_then(|budget| budget.resets_in).or(Some(A_WHILE));
            Err(Trouble::Passing { why, after })
        }
        Some((why, false)) => Err(Trouble::wrong(why)),
    }
}

/// Writes once by a mutation of this name; what it gives.
pub(super) async fn mutate(access: &Access, name: &str, mutation: &str, variables: &Value) -> Result<Value, Answer> {
    let answer = graph(access, mutation, variables).await?;
    match Answer::read(&answer, micros(access.now)) {
        Answer::Published { .. } => {}
        other => return Err(other),
    }
    let Ok(mut told) = serde_json::from_slice::<Value>(&answer.body) else {
        return Err(Answer::InDoubt { why: "GitHub answered with something that is no JSON".to_owned() });
    };
    match failed(&told, name) {
        None => Ok(told["data"][name].take()),
        Some((why, true)) => Err(Answer::Later { after: Some(A_WHILE), why }),
        Some((why, false)) => Err(Answer::Refused { why }),
    }
}

/// Asks in GraphQL, which has an allowance of its own.
async fn graph(access: &Access, query: &str, variables: &Value) -> Result<Response, crate::egress::Error> {
    // `https://api.github.com/graphql`; on a server of one's own `/api/graphql` beside `/api/v3`.
    let root = root(access);
    let server = root.strip_suffix("/api/v3").map(|server| format!("{server}/api"));
    let at = format!("{}/graphql", server.as_deref().unwrap_or(root));
    let asked = json!({ "query": query, "variables": variables });
    let answer = send(access, Method::POST, &at, Some(&asked)).await?;
    access.meter.note("discussions", &answer, access.now);
    Ok(answer)
}

/// Errors come with 200: what it says, and whether it may pass. What was made in spite of them was made.
fn failed(told: &Value, made: &str) -> Option<(String, bool)> {
    let error = told["errors"].as_array()?.first()?;
    if !made.is_empty() && !told["data"][made].is_null() {
        return None;
    }
    let why = format!("GitHub refused it: {}", error["message"].as_str().unwrap_or("no reason"));
    Some((why, error["type"].as_str() == Some("RATE_LIMITED")))
}
