//! The way in for signed deliveries: `POST /hooks/{source}`, Standard Webhooks.
//!
//! Answered 200 only once everything in it is stored (law 2), with the accounting of this delivery. What cannot be taken
//! is kept in the source's quarantine, with its reason, and counts as refused: the sender need not send it again. A
//! delivery that is sent again counts as duplicate.

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use dandelion_hub::{
    intake::{self, Accounting, Item},
    source::{self, Kind},
};
use dandelion_networks::webhook;
use dandelion_post::timestamp;
use tokio::sync::Semaphore;

use crate::{App, Problem};

/// Largest delivery, in bytes.
const BODY: usize = 16 * 1024 * 1024;
/// Deliveries worked on at once; the store writes one after the other anyway.
const AT_ONCE: usize = 64;
static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/hooks/{source}", post(deliver)).layer(DefaultBodyLimit::max(BODY))
}

async fn deliver(
    State(app): State<App>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<axum::Json<Accounting>, Problem> {
    let _place = PLACES
        .try_acquire()
        .map_err(|_| Problem::slow_down(1, "Too many deliveries at once; send this one again in a second."))?;
    let body = body.map_err(|error| Problem::new(error.status(), "A delivery may hold 16 MiB; send several."))?;
    let source = source::find_by_key(&app.hub, &key).await.ok().filter(|source| source.kind == Kind::Webhook);
    let source = source.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "There is no webhook of this name."))?;
    let secrets = source::live_secrets(&app.hub, source.id).await?;
    let now = timestamp(app.hub.now());
    let delivery = webhook::verify(&headers, &body, &secrets, now, webhook::TOLERANCE).map_err(unverified)?;
    if source.paused_at.is_some() {
        let mut problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "This source rests; send it again later.");
        problem.after(300);
        return Err(problem);
    }
    let read = webhook::decode(&body);
    let items = read
        .into_iter()
        .enumerate()
        .map(|(number, content)| Item { place: format!("delivery {}, post {}", delivery.id, number + 1), content });
    Ok(axum::Json(intake::receive(&app.hub, source.id, items.collect()).await?))
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
