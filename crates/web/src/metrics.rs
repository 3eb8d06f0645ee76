//! What is counted, in the format of Prometheus, for this machine or whoever holds the token.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use axum::{
    Router,
    extract::{ConnectInfo, FromRequestParts, State},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use dandelion_hub::{intake::Accounting, reply, source};
use prometheus_client::{
    encoding::{
        EncodeLabelSet,
        text::{encode_eof, encode_registry},
    },
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
    let stored = of_the_store(&app).await?;
    let mut text = String::new();
    encode_registry(&mut text, &app.metrics.0.registry)
        .and_then(|()| encode_registry(&mut text, &stored))
        .and_then(|()| encode_eof(&mut text))
        .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The counters could not be written."))?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// What the store counts itself, read when it is asked for, so that every process says the same.
async fn of_the_store(app: &App) -> Result<Registry, Problem> {
    let mut registry = Registry::with_prefix("dandelion");
    let posts = Family::<Posts, Counter>::default();
    for source in source::list(&app.hub).await? {
        let Accounting { seen, stored, duplicate, refused } = source.accounting;
        for (became, count) in [("seen", seen), ("stored", stored), ("duplicate", duplicate), ("refused", refused)] {
            posts.get_or_create(&Posts { source: source.kind.as_str(), became }).inc_by(count.max(0) as u64);
        }
    }
    registry.register("posts", "What became of posts that sources brought: seen = stored + duplicate + refused", posts);
    let (replies, totals) = (Family::<Replies, Gauge>::default(), reply::totals(&app.hub).await?);
    for state in reply::State::ALL {
        let count = totals.states.iter().find(|(other, _)| *other == state).map_or(0, |(_, count)| *count);
        replies.get_or_create(&Replies { state: state.as_str() }).set(count);
    }
    registry.register("replies", "Replies by state; `unknown` waits for a person", replies);
    let age = Gauge::<f64, AtomicU64>::default();
    age.set(totals.due_since.map_or(0.0, |since| (app.hub.now() - since).max(0) as f64 / 1_000_000.0));
    registry.register("outbox_age_seconds", "How long the oldest reply that could go out has waited", age);
    Ok(registry)
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Posts {
    source: &'static str,
    became: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Replies {
    state: &'static str,
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
