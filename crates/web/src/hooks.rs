//! The way in for signed deliveries: `POST /hooks/{source}`. A webhook speaks Standard Webhooks; a place of a network
//! that sends by itself is signed and shakes hands (`GET`) as its network does. `/hooks/websub/{path}` is where hubs of feeds
//! ask and tell; the path is random, and known to one hub alone.
//!
//! Answered 200 only once everything in it is stored (law 2), with the accounting of this delivery. What cannot be taken
//! is kept in the source's quarantine, with its reason, and counts as refused: the sender need not send it again. A
//! delivery that is sent again counts as duplicate.

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, RawQuery, State, rejection::BytesRejection},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use dandelion_hub::{
    intake::{self, Item},
    source::{
        self, Kind, Source,
        push::{self, Told},
    },
};
use dandelion_networks::{
    contract::{Delivery, Place, Received, Refused, Unsigned},
    webhook,
};
use dandelion_post::timestamp;
use tokio::sync::Semaphore;

use crate::{App, Problem};

/// Largest delivery, in bytes.
const BODY: usize = 16 * 1024 * 1024;
/// Deliveries worked on at once; the store writes one after the other anyway.
const AT_ONCE: usize = 64;
static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/hooks/{source}", post(deliver).get(deliver))
        .route("/hooks/websub/{path}", post(told).get(asked))
        .layer(DefaultBodyLimit::max(BODY))
}

async fn deliver(
    State(app): State<App>,
    Path(key): Path<String>,
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let _place = place()?;
    let body = body.map_err(too_large)?;
    let source = source::find_by_key(&app.hub, &key).await.ok().filter(Source::pushes);
    let source = source.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "There is no webhook of this name."))?;
    let now = timestamp(app.hub.now());
    if source.kind == Kind::Network {
        let get = method == Method::GET || method == Method::HEAD;
        let query = query.unwrap_or_default();
        let delivery = Delivery { get, headers: &headers, query: &query, body: &body, now };
        return from_network(&app, &source, &delivery).await;
    }
    if method != Method::POST {
        return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "Deliveries are posted."));
    }
    let secrets = source::live_secrets(&app.hub, source.id).await?;
    let delivery = webhook::verify(&headers, &body, &secrets, now, webhook::TOLERANCE).map_err(unverified)?;
    awake(&source)?;
    let read = webhook::decode(&body);
    let items = read
        .into_iter()
        .enumerate()
        .map(|(number, content)| Item { place: format!("delivery {}, post {}", delivery.id, number + 1), content });
    Ok(axum::Json(intake::receive(&app.hub, source.id, items.collect()).await?).into_response())
}

/// A hub asks whether we meant it, or says that it will not tell us.
async fn asked(
    State(app): State<App>,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (query, now) = (query.unwrap_or_default(), timestamp(app.hub.now()));
    let delivery = Delivery { get: true, headers: &headers, query: &query, body: &[], now };
    let challenge = push::asked(&app.hub, &path, &delivery).await?;
    // Whatever a stranger puts into a challenge is text, never a page.
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], challenge).into_response())
}

/// A hub tells what is new in a feed.
async fn told(
    State(app): State<App>,
    Path(path): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let _place = place()?;
    let body = body.map_err(too_large)?;
    let now = timestamp(app.hub.now());
    let delivery = Delivery { get: false, headers: &headers, query: "", body: &body, now };
    match push::told(&app.hub, &path, &delivery).await? {
        Told::Stored(counted) => Ok(axum::Json(counted).into_response()),
        Told::Asking => Ok(StatusCode::ACCEPTED.into_response()),
        Told::Gone => Err(Problem::new(StatusCode::GONE, "This feed is not wanted here any more.")),
        Told::Unsigned(why) => Err(unsigned(why)),
    }
}

fn place() -> Result<tokio::sync::SemaphorePermit<'static>, Problem> {
    let busy = |_| Problem::slow_down(1, "Too many deliveries at once; send this one again in a second.");
    PLACES.try_acquire().map_err(busy)
}

fn too_large(error: BytesRejection) -> Problem {
    Problem::new(error.status(), "A delivery may hold 16 MiB; send several.")
}

/// Signed and read as its network does it.
async fn from_network(app: &App, source: &Source, delivery: &Delivery<'_>) -> Result<Response, Problem> {
    let about = source.about().ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "Nobody here reads this network."))?;
    let place = Place {
        url: source.url.clone().unwrap_or_default(),
        settings: source.settings.clone(),
        credentials: source.credentials(&app.hub.db)?,
    };
    let (id, items) = match about.connector.receive(&place, delivery).map_err(unsigned)? {
        Received::Handshake { kind, body } => return Ok(([(header::CONTENT_TYPE, kind)], body).into_response()),
        Received::Items { id, items } => (id.unwrap_or_else(|| "without a name".to_owned()), items),
    };
    awake(source)?;
    let item = |(number, content): (usize, Result<_, Refused>)| Item {
        place: format!("delivery {id}, post {}", number + 1),
        content: content.map_err(|refused| (refused.refusal, refused.raw)),
    };
    let items = items.into_iter().enumerate().map(item).collect();
    Ok(axum::Json(intake::receive(&app.hub, source.id, items).await?).into_response())
}

/// A source that rests takes nothing; whoever sends is told to come again.
fn awake(source: &Source) -> Result<(), Problem> {
    if source.paused_at.is_none() {
        return Ok(());
    }
    let mut problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "This source rests; send it again later.");
    problem.after(300);
    Err(problem)
}

/// The same two statuses for a network's own signatures.
fn unsigned(error: Unsigned) -> Problem {
    let status = match error {
        Unsigned::Missing(_) => StatusCode::BAD_REQUEST,
        Unsigned::NotPushed => StatusCode::NOT_FOUND,
        Unsigned::NoSecret | Unsigned::Mismatch | Unsigned::Stale(_) => StatusCode::UNAUTHORIZED,
    };
    Problem::new(status, format!("This delivery was not taken: {error}."))
}

/// 400 for what is no signed delivery at all, 401 for one whose signature does not hold.
fn unverified(error: webhook::Error) -> Problem {
    use webhook::Error::{Header, Mismatch, Missing, NoSecret, NoSignature, Secret, TooNew, TooOld};
    let status = match error {
        Missing(_) | Header { .. } | NoSignature => StatusCode::BAD_REQUEST,
        TooOld(_) | TooNew(_) | Mismatch | NoSecret | Secret(_) => StatusCode::UNAUTHORIZED,
    };
    Problem::new(status, format!("This delivery was not taken: {error}."))
}
