//! What is counted, in the format of Prometheus, for this machine or whoever holds the token.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{ConnectInfo, FromRequestParts, State},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};
use subtle::ConstantTimeEq as _;

use crate::{App, Problem};

/// The counters of one process.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    registry: Registry,
    requests: Family<Requests, Counter>,
    seconds: Family<Routes, Histogram>,
    listeners: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Requests {
    method: String,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Routes {
    route: String,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("dandelion");
        let requests = Family::<Requests, Counter>::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        let seconds =
            Family::<Routes, Histogram>::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 2.0, 14)));
        registry.register("http_request_seconds", "Time to the first byte of an answer", seconds.clone());
        let listeners = Gauge::default();
        registry.register("live_listeners", "Pages listening for changes", listeners.clone());
        Self(Arc::new(Counters { registry, requests, seconds, listeners }))
    }

    /// Counts an answer. `route` is the pattern, never the address, so that labels stay few.
    pub(crate) fn request(&self, method: &Method, route: &str, status: StatusCode, taken: Duration) {
        let method = match method.as_str() {
            known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known,
            _ => "other",
        };
        let labels = Requests { method: method.to_owned(), route: route.to_owned(), status: status.as_u16() };
        self.0.requests.get_or_create(&labels).inc();
        self.0.seconds.get_or_create(&Routes { route: route.to_owned() }).observe(taken.as_secs_f64());
    }

    /// How many pages listen for changes.
    pub(crate) fn listeners(&self) -> &Gauge {
        &self.0.listeners
    }
}

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/metrics", get(show))
}

async fn show(_: Allowed, State(app): State<App>) -> Result<Response, Problem> {
    let mut text = String::new();
    encode(&mut text, &app.metrics.0.registry)
        .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The counters could not be written."))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// Somebody on this machine (and not merely a proxy on it), or with the token.
struct Allowed;

impl FromRequestParts<App> for Allowed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let near =
            parts.extensions.get::<ConnectInfo<SocketAddr>>().is_some_and(|ConnectInfo(from)| from.ip().is_loopback());
        let passed_on = parts.headers.contains_key("x-forwarded-for") || parts.headers.contains_key(header::FORWARDED);
        let token = bearer(&parts.headers).zip(app.config.metrics_token.as_deref());
        let knows = token.is_some_and(|(given, token)| given.as_bytes().ct_eq(token.as_bytes()).into());
        if (near && !passed_on) || knows {
            return Ok(Self);
        }
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "Metrics are for this machine, or for who sends the configured `metrics_token` as a bearer token.",
        ))
    }
}

/// The token of `Authorization: Bearer …`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}
