//! What every handler needs, and every address there is.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use dandelion_hub::{Hub, member::Throttle, picture::Pictures};
use dandelion_networks::{activitypub::Remote, egress::Client};
use futures_util::FutureExt as _;
use tower_http::compression::{CompressionLayer, predicate::Predicate as _};
use tracing::Instrument as _;
use url::Url;

use crate::{Live, Metrics, Problem, actors, api, assets, health, hooks, media, metrics, pages, problem, security};

/// How this installation is reached.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address people type, such as `https://hub.example.org/`. With `https` cookies are `Secure` and browsers are
    /// told to insist on it.
    pub public_url: Url,
    /// Who sends this as a bearer token may read `/metrics` from elsewhere than this machine.
    pub metrics_token: Option<String>,
    /// The way out, to find and read the feeds people name. Without it nothing is fetched.
    pub outside: Option<Client>,
    /// Where pictures of posts are kept. Without it none are shown.
    pub pictures: Option<PathBuf>,
}

impl Config {
    /// An installation reached at this address, with metrics for this machine only.
    pub fn new(public_url: Url) -> Self {
        Self { public_url, metrics_token: None, outside: None, pictures: None }
    }

    /// Whether people reach it by https.
    pub fn secure(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

/// What every handler needs; cheap to clone.
#[derive(Debug, Clone)]
pub struct App(Arc<Inner>);

/// The parts of an [`App`].
#[derive(Debug)]
pub struct Inner {
    /// The nouns.
    pub hub: Hub,
    /// How the installation is reached.
    pub config: Config,
    /// Who listens for changes.
    pub live: Live,
    /// What is counted.
    pub metrics: Metrics,
    /// What other servers say of their people, where anything is fetched at all.
    pub remote: Option<Remote>,
    /// Pictures of posts, where anything is fetched at all.
    pub pictures: Option<Pictures>,
    /// Who tried to sign in how often.
    pub throttle: Mutex<Throttle>,
}

impl std::ops::Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// An application on a hub.
    pub fn new(hub: Hub, config: Config) -> Self {
        let live = Live::new(hub.clone());
        let remote = config.outside.clone().map(Remote::new);
        let places = config.outside.clone().zip(config.pictures.clone());
        let pictures = places.map(|(client, folder)| Pictures::new(hub.clone(), client, folder));
        Self(Arc::new(Inner {
            pictures,
            hub,
            config,
            live,
            metrics: Metrics::new(),
            remote,
            throttle: Mutex::default(),
        }))
    }
}

/// Largest body of a request, in bytes, where a route does not say otherwise.
const BODY: usize = 1024 * 1024;
/// Longest a request may take, its body included. [`crate::serve`] also bounds its headers.
const TIME: Duration = Duration::from_secs(30);

/// Every address, with what holds for all of them around it.
pub fn router(app: App) -> Router {
    let layers = tower::ServiceBuilder::new()
        .layer(middleware::from_fn_with_state(app.clone(), observe))
        .layer(middleware::from_fn_with_state(app.clone(), security::headers::set))
        .layer(middleware::from_fn(no_oracle))
        .layer(
            CompressionLayer::new().gzip(true).compress_when(
                tower_http::compression::predicate::SizeAbove::new(512)
                    .and(tower_http::compression::predicate::NotForContentType::IMAGES)
                    .and(tower_http::compression::predicate::NotForContentType::SSE),
            ),
        )
        .layer(middleware::from_fn(problem::shape))
        .layer(middleware::from_fn(in_time))
        .layer(middleware::from_fn_with_state(app.clone(), security::origin::check))
        .layer(middleware::from_fn_with_state(app.clone(), crate::session::flash_once))
        .layer(DefaultBodyLimit::max(BODY));
    Router::new()
        .merge(health::routes())
        .merge(metrics::routes())
        .merge(assets::routes())
        .merge(crate::live::routes())
        .merge(pages::routes())
        .merge(hooks::routes())
        .merge(media::routes())
        .merge(actors::routes())
        .merge(api::routes())
        .fallback(problem::no_such_address)
        .layer(layers)
        .with_state(app)
}

/// What a request is called in the log and in the header `X-Request-Id`.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// Gives the request an id, catches panics, counts, and writes one line without personal data: the method, the
/// pattern of the address (never the address or its query), the status and the time.
async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = std::time::Instant::now();
    let id = format!("{:016x}", app.hub.random.u64());
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    let route = request.extensions().get::<axum::extract::MatchedPath>().map(|path| path.as_str().to_owned());
    let route = route.unwrap_or_else(|| "none".to_owned());
    let person = problem::wants_page(request.uri().path(), request.headers());
    let span = tracing::info_span!("request", id, %method, route);
    let run = std::panic::AssertUnwindSafe(next.run(request)).catch_unwind();
    let mut response = match run.instrument(span.clone()).await {
        Ok(response) => response,
        Err(panic) => broken(&app, &id, person, panic),
    };
    let (status, taken) = (response.status(), started.elapsed());
    app.metrics.request(&method, &route, status, taken);
    span.in_scope(|| tracing::info!(status = status.as_u16(), ms = taken.as_secs_f64() * 1000.0, "answered"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

/// The answer where a handler panicked; the panic itself is in the log.
fn broken(app: &App, id: &str, person: bool, _: Box<dyn std::any::Any + Send>) -> Response {
    let words = format!("Something broke on our side. It was logged under the id {id}.");
    let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, words);
    let mut response = if person { pages::problem::page(&problem, id) } else { problem.into_response() };
    security::headers::put(&app.config, response.headers_mut());
    response
}

/// BREACH measures a secret by how well it compresses beside text that the attacker chose. Two things stand against it:
/// a form's token is masked with fresh randomness in every answer (`security/csrf.rs`), so that it never compresses
/// alike twice; and an answer to a request that another site caused is not compressed at all. `SameSite=Lax` leaves
/// only top-level navigation of that kind.
async fn no_oracle(mut request: Request, next: Next) -> Response {
    let site = request.headers().get("sec-fetch-site").map(HeaderValue::as_bytes);
    if matches!(site, Some(b"cross-site" | b"same-site")) {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    next.run(request).await
}

/// Gives up on a request that takes too long; what it had begun to store is undone with its transaction.
async fn in_time(request: Request, next: Next) -> Response {
    let reading = matches!(*request.method(), Method::GET | Method::HEAD);
    match tokio::time::timeout(limit(request.uri().path()), next.run(request)).await {
        Ok(response) => response,
        Err(_) if reading => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "It took too long and was given up.").into_response()
        }
        Err(_) => Problem::new(StatusCode::REQUEST_TIMEOUT, "It took too long and was given up. Nothing was changed.")
            .into_response(),
    }
}

/// Uploads of files may take longer than everything else.
fn limit(path: &str) -> Duration {
    if matches!(path, "/sources" | "/sources/file" | "/setup/source") || path.starts_with("/hooks/") {
        TIME * 10
    } else {
        TIME
    }
}
