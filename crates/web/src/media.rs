//! Pictures of posts and of authors, made anew (`dandelion_hub::picture`) and shown from here, to people who are signed in, so that nobody's
//! browser asks a stranger for them. What is served is PNG and nothing else, sandboxed besides.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use dandelion_hub::picture::Shown;

use crate::{
    App, Problem, Signed,
    problem::{Id, Ids},
};

/// Nothing in a picture may act, whatever a browser takes it for.
const POLICY: &str = "default-src 'none'; sandbox";
/// A PNG of one transparent pixel: what stands beneath a picture goes on being seen, in every browser and without a script.
const NOTHING: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\x0bIDATx\xdac`\0\x02\0\0\x05\0\x01\xe9\xfa\xdc\xd8\0\0\0\0IEND\xaeB`\x82";

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/media/{post}/{number}", get(show)).route("/avatars/{author}", get(avatar))
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
    Ok(match pictures.of_post(post, number).await? {
        Shown::Here(name, png) => here(&headers, &name, png),
        Shown::Refused(why) => refused(&headers, format!("The picture is not shown: {why}.")),
    })
}

/// An author's picture. Their initials stand beneath it, so nothing is missed where it is still on its way.
async fn avatar(
    State(app): State<App>,
    signed: Signed,
    Id(author): Id,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let none = |words: &str| Problem::new(StatusCode::NOT_FOUND, words);
    let pictures = app.pictures.as_ref().ok_or_else(|| none("This installation fetches nothing from outside."))?;
    Ok(match pictures.of_author(&signed.viewer, author).await? {
        Some(Shown::Here(name, png)) => here(&headers, &name, png),
        Some(Shown::Refused(_)) | None if wanted_in_a_page(&headers) => nothing(),
        Some(Shown::Refused(why)) => refused(&headers, format!("The picture is not shown: {why}.")),
        None => refused(&headers, "The picture is being fetched; it is there in a moment.".to_owned()),
    })
}

fn here(headers: &HeaderMap, name: &str, png: Vec<u8>) -> Response {
    // The address stays while the picture behind it may change; its name tells whether it did.
    let tag = format!("\"{}\"", &name[..32.min(name.len())]);
    let common = [
        (header::CACHE_CONTROL, "private, max-age=604800".to_owned()),
        (header::ETAG, tag.clone()),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    (common, [(header::CONTENT_TYPE, "image/png"), (header::CONTENT_DISPOSITION, "inline")], png).into_response()
}

/// Whether a page asks for it to show it.
fn wanted_in_a_page(headers: &HeaderMap) -> bool {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    said("sec-fetch-dest").eq_ignore_ascii_case("image") || said("accept").starts_with("image/")
}

/// Nothing to see, for now.
fn nothing() -> Response {
    let head = [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_TYPE, "image/png")];
    (head, [(header::CONTENT_SECURITY_POLICY, POLICY)], NOTHING).into_response()
}

/// Where a page wanted a picture it gets nothing, and asks why by itself: neither is an error of the page's, and none is
/// written on anybody's console for what a stranger sent.
fn refused(headers: &HeaderMap, why: String) -> Response {
    let json = headers.get("accept").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"application/json"));
    let unkept = [(header::CACHE_CONTROL, "no-store")];
    if json {
        return (unkept, Json(serde_json::json!({ "why": why }))).into_response();
    }
    if wanted_in_a_page(headers) {
        return (StatusCode::NO_CONTENT, unkept).into_response();
    }
    Problem::new(StatusCode::NOT_FOUND, why).into_response()
}
