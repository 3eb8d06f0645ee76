//! The description of the API, made from the code and completed with what holds for every operation.

use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use crate::problem::Said;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Dandelion",
        version = "1",
        description = "Everything the pages do. Errors are problems (RFC 9457); lists come in pages, `next` is the `after` of the following one; times are RFC 3339 in UTC. Reads carry an `ETag` and take `If-None-Match`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Said))
)]
pub(crate) struct Base;

/// Where everything of the API lies.
pub(crate) const PREFIX: &str = "/api/v1";

/// Adds to every operation who may call it and what can go wrong, so that none can forget it.
pub(crate) fn complete(api: &utoipa::openapi::OpenApi) -> Value {
    let mut document = serde_json::to_value(api).unwrap_or_default();
    document["openapi"] = "3.1.0".into();
    document["servers"] = json!([{ "url": PREFIX }]);
    document["components"]["securitySchemes"] = json!({
        "token": { "type": "http", "scheme": "bearer", "description": "An API token, made under /tokens." },
        "session": { "type": "apiKey", "in": "cookie", "name": "dandelion",
            "description": "Somebody signed in with a browser (`__Host-dandelion` over https); what changes something also needs the header `X-CSRF-Token`." },
    });
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if operation.get("responses").is_some() {
                complete_operation(path, method, operation);
            }
        }
    }
    document
}

fn complete_operation(path: &str, method: &str, operation: &mut Value) {
    let takes_body = operation.get("requestBody").is_some();
    let public = operation.get("security").is_some_and(|security| security.as_array().is_some_and(Vec::is_empty));
    let writes = method != "get";
    if operation.get("security").is_none() {
        operation["security"] = json!([{ "token": [] }, { "session": [] }]);
    }
    let mut problems: Vec<(&str, &str)> = Vec::new();
    if !public {
        problems.push(("401", "Nobody is signed in, or the token is not known."));
        problems.push(("403", "The role or the token's scope does not allow it."));
    }
    problems.push(("400", "The request could not be read."));
    problems.push(("404", "There is none, or none that the caller may see."));
    problems.push(("422", "Something given does not fit."));
    problems.push(("503", "The database is out of reach; nothing was changed."));
    if writes {
        problems.push(("408", "The request took too long; nothing was changed."));
        problems.push(("409", "The state does not allow it, or has changed meanwhile."));
        problems.push(("412", "`If-Match` names an older version; nothing was changed."));
    }
    if takes_body {
        problems.push(("413", "The body is too large."));
        problems.push(("415", "The body is not JSON."));
    }
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    if !writes {
        responses.entry("304").or_insert(json!({ "description": "Not changed since the version of `If-None-Match`." }));
    }
    for (status, words) in problems {
        responses.entry(status).or_insert_with(|| problem(words));
    }
    sort(responses);
    debug_assert!(!path.ends_with('/'), "addresses of the API do not end with a slash: {path}");
}

fn problem(words: &str) -> Value {
    json!({ "description": words,
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } })
}

fn sort(responses: &mut Map<String, Value>) {
    let mut all: Vec<_> = std::mem::take(responses).into_iter().collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    responses.extend(all);
}
