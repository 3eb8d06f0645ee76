//! Where a request that changes something comes from.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{App, Config, Problem};

/// Refuses an unsafe request caused by another site. Requests that bring their own proof instead of a cookie are
/// exempt: API calls with a bearer token, and signed webhooks; a foreign site can make neither.
pub(crate) async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let own_proof =
        request.uri().path().starts_with("/hooks/") || request.headers().contains_key(header::AUTHORIZATION);
    if safe || own_proof || is_ours(&app.config, request.headers()) {
        return next.run(request).await;
    }
    Problem::new(
        StatusCode::FORBIDDEN,
        format!(
            "This request came from another site, so nothing was done. If you reach Dandelion by another address than {}, set `public_url` to it.",
            app.config.public_url
        ),
    )
    .into_response()
}

/// Browsers say it in `Sec-Fetch-Site` and `Origin`; what says neither is no browser, and is left to the form's token.
fn is_ours(config: &Config, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return false;
    }
    match text(header::ORIGIN) {
        None => !headers.contains_key(header::ORIGIN),
        Some(origin) => {
            // A proxy may rewrite `Host`, so the configured address counts as well; a page can forge neither.
            let here = config.public_url.origin().ascii_serialization();
            let host = text(header::HOST).map(|host| format!("{}://{host}", config.public_url.scheme()));
            origin == here || Some(origin) == host.as_deref()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&'static str, &str)]) -> bool {
        let config = Config::new("https://hub.example.org/".parse().unwrap());
        let headers = pairs.iter().map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap())).collect();
        is_ours(&config, &headers)
    }

    #[test]
    fn other_sites_are_refused() {
        assert!(asked(&[("origin", "https://hub.example.org"), ("sec-fetch-site", "same-origin")]));
        assert!(asked(&[("origin", "https://10.0.0.7:8443"), ("host", "10.0.0.7:8443")]));
        assert!(asked(&[]), "no browser; the token decides");
        assert!(!asked(&[("origin", "https://evil.example"), ("host", "hub.example.org")]));
        assert!(
            !asked(&[("origin", "http://hub.example.org"), ("host", "hub.example.org")]),
            "plain http is elsewhere"
        );
        assert!(!asked(&[("origin", "null")]));
        assert!(!asked(&[("sec-fetch-site", "same-site")]));
        assert!(!asked(&[("sec-fetch-site", "cross-site"), ("origin", "https://hub.example.org")]));
    }
}
