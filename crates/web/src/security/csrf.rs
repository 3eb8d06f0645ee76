//! The token in every form, and the only way to read a form.
//!
//! The token is `pad ‖ (pad ⊕ HMAC-SHA-256(secret, "dandelion-form"))` in URL-safe base64. The secret is the session's
//! own cookie, or for somebody not signed in their visit's: 32 random bytes that only the browser and the request hold, so nothing
//! has to be stored, every process understands it, and it ends with the session. The pad is fresh in each answer, so
//! that the token on a compressed page can not be measured (BREACH).

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::de::DeserializeOwned;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::cookie::Cookie;
use crate::{App, Problem};

/// The header in which scripts send the token instead of a field.
pub(crate) const HEADER: &str = "x-csrf-token";

/// The fields of a form whose token was checked. The field `csrf` is the token; the rest becomes `T`.
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "This address takes a form of this site."));
        }
        let headers = request.headers().clone();
        let body = Bytes::from_request(request, &()).await.map_err(too_large)?;
        let given = url::form_urlencoded::parse(&body).find(|(name, _)| name == "csrf").map(|(_, value)| value);
        check(app, &headers, given.as_deref())?;
        fields(body).await.map(Self)
    }
}

async fn fields<T: DeserializeOwned>(body: Bytes) -> Result<T, Problem> {
    let kind = "application/x-www-form-urlencoded";
    let request = Request::builder().method("POST").header(header::CONTENT_TYPE, kind).body(body.into());
    let request = request.map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "The form could not be read."))?;
    let read = axum::Form::from_request(request, &()).await;
    read.map(|axum::Form(fields)| fields)
        .map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.body_text()))
}

fn too_large(rejection: axum::extract::rejection::BytesRejection) -> Problem {
    let status = axum::response::IntoResponse::into_response(rejection).status();
    Problem::new(status, "What was sent is too large, or broke off before its end.")
}

/// Refuses a request whose token (a form's, or else the header's) is not the one of its session or visit.
pub(crate) fn check(app: &App, headers: &HeaderMap, given: Option<&str>) -> Result<(), Problem> {
    let given = given.or_else(|| headers.get(HEADER).and_then(|value| value.to_str().ok()));
    let secrets = [Cookie::Session, Cookie::Visit].map(|cookie| cookie.read(&app.config, headers));
    let fits = given.is_some_and(|given| secrets.into_iter().flatten().any(|secret| is_of(given, secret)));
    if fits {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "This form is too old or did not come from this site, so nothing was done. Go back, load the page again and send it once more.",
    ))
}

/// A token for a form of this session or visit, different each time.
pub fn token(app: &App, secret: &str) -> String {
    let mut bytes = [0; 64];
    app.hub.random.fill(&mut bytes[..32]);
    let mac = mac(secret);
    for place in 0..32 {
        bytes[32 + place] = bytes[place] ^ mac[place];
    }
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

fn is_of(token: &str, secret: &str) -> bool {
    let Ok(bytes) = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token) else { return false };
    if bytes.len() != 64 {
        return false;
    }
    let unmasked: Vec<u8> = bytes[..32].iter().zip(&bytes[32..]).map(|(pad, masked)| pad ^ masked).collect();
    unmasked.ct_eq(&mac(secret)).into()
}

fn mac(secret: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(b"dandelion-form");
    mac.finalize().into_bytes().into()
}
