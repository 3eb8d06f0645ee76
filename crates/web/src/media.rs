//! Pictures of posts, made anew (`dandelion_hub::picture`) and shown from here, to people who are signed in, so that nobody's
//! browser asks a stranger for them. What is served is PNG and nothing else, sandboxed besides.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use dandelion_hub::picture::Shown;

use crate::{App, Problem, Signed, problem::Ids};

/// Nothing in a picture may act, whatever a browser takes it for.
const POLICY: &str = "default-src 'none'; sandbox";

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/media/{post}/{number}", get(show))
}

async fn show(
    State(app): State<App>,
    _signed: Signed,
    Ids(post, number): Ids,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let none = |words: String| Problem::new(StatusCode::NOT_FOUND, words);
    let pictures =
        app.pictures.as_ref().ok_or_else(|| none("This installation fetches nothing from outside.".into()))?;
    // Counted from 1 in addresses.
    let number = usize::try_from(number - 1).map_err(|_| none("There is no such picture.".into()))?;
    let (name, png) = match pictures.of_post(post, number).await? {
        Shown::Here(name, png) => (name, png),
        Shown::Refused(why) => return Ok(refused(&headers, format!("The picture is not shown: {why}."))),
    };
    // The address stays while the picture behind it may change; its name tells whether it did.
    let tag = format!("\"{}\"", &name[..32.min(name.len())]);
    let common = [
        (header::CACHE_CONTROL, "private, max-age=604800".to_owned()),
        (header::ETAG, tag.clone()),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == tag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    Ok((common, [(header::CONTENT_TYPE, "image/png"), (header::CONTENT_DISPOSITION, "inline")], png).into_response())
}

/// Where a page wanted a picture it gets nothing, and asks why by itself: neither is an error of the page's, and none is
/// written on anybody's console for what a stranger sent.
fn refused(headers: &HeaderMap, why: String) -> Response {
    let is = |name: &str, wanted: &str| {
        headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.eq_ignore_ascii_case(wanted))
    };
    let unkept = [(header::CACHE_CONTROL, "no-store")];
    if is("accept", "application/json") {
        return (unkept, Json(serde_json::json!({ "why": why }))).into_response();
    }
    if is("sec-fetch-dest", "image") {
        return (StatusCode::NO_CONTENT, unkept).into_response();
    }
    Problem::new(StatusCode::NOT_FOUND, why).into_response()
}
