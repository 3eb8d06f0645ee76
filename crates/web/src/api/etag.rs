//! Conditional requests: what has not changed is not sent again, and what has changed meanwhile is not overwritten.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use sha2::{Digest as _, Sha256};

use crate::{Problem, assets};

/// Largest answer that is hashed, in bytes; every page of the API is far below.
const MOST: usize = 16 * 1024 * 1024;

/// Gives every answer to a GET its tag, unless the handler gave one, and 304 to who has it already.
pub(crate) async fn answer(request: Request, next: Next) -> Response {
    let reading = request.method() == Method::GET;
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    if !reading || response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, MOST).await else {
        return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The answer broke off.").into_response();
    };
    if !parts.headers.contains_key(header::ETAG) {
        parts.headers.insert(header::ETAG, tag(&bytes));
    }
    parts.headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    if known.is_some_and(|known| names(&known, &parts.headers[header::ETAG])) {
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return (StatusCode::NOT_MODIFIED, parts.headers).into_response();
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// The tag of a version that counts up with every change.
pub(crate) fn of_version(noun: &str, id: i64, version: i64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{noun}-{id}-{version}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Refuses (412) a change made from another version than the present one. Without `If-Match` the present one is meant.
pub(crate) fn same(headers: &HeaderMap, present: &HeaderValue) -> Result<(), Problem> {
    match headers.get(header::IF_MATCH) {
        Some(given) if !names(given, present) => Err(Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "It has changed since you read it; nothing was done. Read it again and decide anew.",
        )),
        _ => Ok(()),
    }
}

/// The version that `If-Match` names, for changes that compare it themselves, in the same transaction.
pub(crate) fn seen(headers: &HeaderMap, noun: &str, id: i64) -> Result<Option<i64>, Problem> {
    let Some(given) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = given.to_str().unwrap_or("").trim();
    if text == "*" {
        return Ok(None);
    }
    let version = text.strip_prefix(&format!("\"{noun}-{id}-")).and_then(|rest| rest.strip_suffix('"'));
    version.and_then(|version| version.parse().ok()).map(Some).ok_or_else(|| {
        Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "`If-Match` names no version of this; use the `ETag` it came with.",
        )
    })
}

fn tag(bytes: &[u8]) -> HeaderValue {
    let digest = Sha256::digest(bytes);
    HeaderValue::from_str(&format!("\"{}\"", assets::hex(&digest[..12]))).unwrap_or(HeaderValue::from_static("\"\""))
}

fn names(given: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(given), Ok(tag)) = (given.to_str(), tag.to_str()) else { return false };
    given.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}
