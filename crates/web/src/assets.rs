//! Style sheets, scripts and pictures, embedded in the program.
//!
//! Their address carries a hash of all of them (`/assets/4f9c2d…/app.js`), so browsers may keep them for ever and
//! scripts can import each other by plain names. An address with an older hash, from a page still open while the
//! program was replaced, answers with today's file and is not kept.

use std::sync::OnceLock;

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use sha2::{Digest as _, Sha256};

use crate::{App, Problem};

#[derive(rust_embed::RustEmbed)]
#[folder = "assets/"]
struct Files;

/// Where the assets lie: `/assets/HASH`, without a trailing slash.
pub fn base() -> &'static str {
    // A debug build reads the files from disk anew each time; only their address stays until the program restarts.
    static BASE: OnceLock<String> = OnceLock::new();
    BASE.get_or_init(|| {
        let mut names: Vec<_> = Files::iter().collect();
        names.sort();
        let mut hash = Sha256::new();
        for name in names {
            hash.update(name.as_bytes());
            if let Some(file) = Files::get(&name) {
                hash.update(file.metadata.sha256_hash());
            }
        }
        let digest = hash.finalize();
        format!("/assets/{}", hex(&digest[..8]))
    })
}

/// The address of one of them: `asset("app.css")`.
pub fn asset(name: &str) -> String {
    format!("{}/{name}", base())
}

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/assets/{version}/{*name}", get(file))
        .route("/robots.txt", get(|headers: HeaderMap| async move { answer("robots.txt", false, &headers) }))
        .route("/favicon.ico", get(|headers: HeaderMap| async move { answer("mark.svg", false, &headers) }))
}

async fn file(Path((version, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let lasting = cfg!(not(debug_assertions)) && base().strip_prefix("/assets/") == Some(version.as_str());
    answer(&name, lasting, &headers)
}

fn answer(name: &str, lasting: bool, headers: &HeaderMap) -> Response {
    let Some(file) = Files::get(name) else {
        return Problem::new(StatusCode::NOT_FOUND, "There is no such file.").into_response();
    };
    let digest = file.metadata.sha256_hash();
    let tag = format!("\"{}\"", hex(&digest[..8]));
    let keep = if lasting { "public, max-age=31536000, immutable" } else { "public, no-cache" };
    let common = [
        (header::CACHE_CONTROL, HeaderValue::from_static(keep)),
        (header::ETAG, HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""))),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    (common, [(header::CONTENT_TYPE, HeaderValue::from_static(kind(name)))], file.data.into_owned()).into_response()
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |four: u8| char::from(DIGITS[usize::from(four)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
