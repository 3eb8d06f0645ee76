//! Headers that every answer carries.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use crate::{App, Config};

/// Nothing from elsewhere, nothing inline; `data:` pictures are the small icons of the style sheet.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Puts them on every answer, and `no-store` where a handler said nothing about caching.
pub(crate) async fn set(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    put(&app.config, response.headers_mut());
    response
}

pub(crate) fn put(config: &Config, headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        // A handler may forbid more, never less: only pictures do, with a sandbox.
        let stricter = name == header::CONTENT_SECURITY_POLICY
            && headers.get(&name).is_some_and(|given| given.as_bytes().ends_with(b"; sandbox"));
        if !stricter {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if config.secure() {
        headers
            .insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
