//! Our actors on ActivityPub, as other servers see them: who they are (WebFinger, their documents), what they said, and
//! the inboxes where they are written to. Their addresses are those of `public_url`.
//!
//! A delivery is answered 202 only once what follows from it is stored (law 2); what is not believed is refused with the
//! reason.

use axum::{
    Router,
    body::Bytes,
    extract::{Path, Query, State, rejection::BytesRejection},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use dandelion_hub::{
    actor::{self, Actor, Shown},
    intake::{self, Item},
};
use dandelion_networks::{
    activitypub::{self, Act, Listening, No, Told, signature::Message},
    contract::Refused,
};
use dandelion_post::timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::{App, Problem};

/// Deliveries worked on at once.
const AT_ONCE: usize = 64;
static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/.well-known/webfinger", get(finger))
        .route("/.well-known/nodeinfo", get(node))
        .route("/nodeinfo/2.1", get(node_info))
        .route("/inbox", post(deliver))
        .route("/actors/{name}", get(document))
        .route("/actors/{name}/inbox", post(deliver))
        .route("/actors/{name}/outbox", get(outbox))
        .route("/actors/{name}/followers", get(followers))
        .route("/actors/{name}/following", get(following))
        .route("/actors/{name}/posts/{key}", get(note))
}

#[derive(Deserialize)]
struct Asked {
    resource: String,
}

async fn finger(State(app): State<App>, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let base = &app.config.public_url;
    let name = activitypub::fingered(base, &asked.resource).ok_or_else(nobody)?;
    let actor = find(&app, &name).await?;
    Ok(as_kind("application/jrd+json", &actor.ours.finger(base)))
}

async fn node(State(app): State<App>) -> Result<Response, Problem> {
    let (links, _) = activitypub::node_info(&app.config.public_url, some(&app).await?.len(), 0);
    Ok(as_kind("application/json", &links))
}

async fn node_info(State(app): State<App>) -> Result<Response, Problem> {
    let actors = some(&app).await?;
    let mut said = 0;
    for actor in &actors {
        said += actor.said(&app.hub).await?;
    }
    let (_, info) = activitypub::node_info(&app.config.public_url, actors.len(), said);
    Ok(as_kind("application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.1#\"", &info))
}

async fn document(State(app): State<App>, Path(name): Path<String>) -> Result<Response, Problem> {
    let actor = find(&app, &name).await?;
    let keys = actor.signer(&app.hub)?.keys;
    Ok(activity(&actor.ours.document(&app.config.public_url, &keys)))
}

async fn outbox(State(app): State<App>, Path(name): Path<String>) -> Result<Response, Problem> {
    let actor = find(&app, &name).await?;
    let said = actor.said(&app.hub).await?;
    Ok(activity(&collection(&format!("{}/outbox", actor.ours.id), said)))
}

/// How many follow; who they are is theirs to tell.
async fn followers(State(app): State<App>, Path(name): Path<String>) -> Result<Response, Problem> {
    let actor = find(&app, &name).await?;
    let count = actor::followers(&app.hub.db, actor.handle.id).await?;
    Ok(activity(&collection(&format!("{}/followers", actor.ours.id), count)))
}

/// How many it follows; which these are is not told either.
async fn following(State(app): State<App>, Path(name): Path<String>) -> Result<Response, Problem> {
    let actor = find(&app, &name).await?;
    let count = actor::following(&app.hub.db, actor.handle.id).await?;
    Ok(activity(&collection(&format!("{}/following", actor.ours.id), count)))
}

async fn note(State(app): State<App>, Path((name, key)): Path<(String, String)>) -> Result<Response, Problem> {
    match find(&app, &name).await?.note(&app.hub, &key).await?.ok_or_else(nobody)? {
        Shown::Note(note) => Ok(activity(&note)),
        Shown::Gone(tombstone) => Ok((StatusCode::GONE, activity(&tombstone)).into_response()),
    }
}

/// Something for one actor or, at the shared inbox, for whichever it names.
async fn deliver(
    State(app): State<App>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let _place = PLACES
        .try_acquire()
        .map_err(|_| Problem::slow_down(1, "Too many deliveries at once; send this one again in a second."))?;
    let body = body.map_err(|error| Problem::new(error.status(), "A delivery may hold 1 MiB."))?;
    let actors = some(&app).await?;
    let remote = app.remote.as_ref().ok_or_else(nobody)?;
    let told = Told::read(&body).map_err(refused)?;
    if let Some(id) = told.takes_back()
        && !actor::knows(&app.hub, id).await?
    {
        return Ok(StatusCode::ACCEPTED.into_response());
    }
    let base = &app.config.public_url;
    let port = base.port().map(|port| format!(":{port}")).unwrap_or_default();
    let message = Message {
        method: method.as_str(),
        scheme: base.scheme(),
        // What was signed has to be meant for us: the address we are known by, whatever stands in `Host`.
        authority: &format!("{}{port}", base.host_str().unwrap_or_default()),
        path: uri.path(),
        query: uri.query(),
        status: None,
        headers: &headers,
        body: &body,
    };
    let ours: Vec<String> = actors.iter().map(|actor| actor.ours.id.clone()).collect();
    let follow = actor::who_follows(&app.hub.db, told.actor()).await?;
    let following = actors.iter().filter(|actor| follow.contains(&actor.handle.id));
    let following: Vec<String> = following.map(|actor| actor.ours.id.clone()).collect();
    // Whoever is named takes it, else whoever follows them.
    let whose = told.whose(&ours).or(following.first());
    let whose = whose.and_then(|id| actors.iter().find(|actor| actor.ours.id == *id));
    let actor = whose.or(actors.first()).ok_or_else(nobody)?;
    let now = timestamp(app.hub.now());
    let signer = actor.signer(&app.hub)?;
    let here = Listening { ours: &ours, following: &following };
    let act = activitypub::receive(remote, &signer, &here, &told, &message, now).await.map_err(refused)?;
    done(&app, &actors, actor, act).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// Stores what follows from a delivery.
async fn done(app: &App, actors: &[Actor], actor: &Actor, act: Act) -> Result<(), Problem> {
    let whose = |id: &str| actors.iter().find(|actor| actor.ours.id == id).ok_or_else(nobody);
    match act {
        Act::Follow { ours, actor: by, follow } => {
            actor::follow(&app.hub, whose(&ours)?, &by, &follow).await?;
        }
        Act::Unfollow { ours, actor: by } => actor::unfollow(&app.hub, whose(&ours)?, &by).await?,
        Act::Moved { from, to } => {
            actor::moved(&app.hub, actor, &from, &to).await?;
            for ours in actors {
                actor::followed_moved(&app.hub, ours, &from, &to).await?;
            }
        }
        Act::Accepted { ours, actor: by } => drop(actor::answered(&app.hub, whose(&ours)?, &by, true).await?),
        Act::Refused { ours, actor: by } => drop(actor::answered(&app.hub, whose(&ours)?, &by, false).await?),
        Act::Posts(items) => {
            if actor.source.paused_at.is_some() {
                let mut problem =
                    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "This inbox rests; send it again later.");
                problem.after(300);
                return Err(problem);
            }
            let item = |content: Result<_, Refused>| Item {
                place: "delivery".to_owned(),
                content: content.map_err(|refused| (refused.refusal, refused.raw)),
            };
            intake::receive(&app.hub, actor.source.id, items.into_iter().map(item).collect()).await?;
        }
        Act::Nothing => {}
    }
    Ok(())
}

/// Every actor of ours; where there is none, nobody is at home.
async fn some(app: &App) -> Result<Vec<Actor>, Problem> {
    let actors = actor::all(&app.hub, &app.config.public_url).await?;
    if actors.is_empty() { Err(nobody()) } else { Ok(actors) }
}

async fn find(app: &App, name: &str) -> Result<Actor, Problem> {
    some(app).await?.into_iter().find(|actor| actor.ours.name == name).ok_or_else(nobody)
}

fn nobody() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "There is nobody of this name.")
}

fn refused(no: No) -> Problem {
    let status = StatusCode::from_u16(no.status).unwrap_or(StatusCode::BAD_REQUEST);
    Problem::new(status, format!("This delivery was not taken: {no}."))
}

fn collection(id: &str, total: i64) -> Value {
    json!({ "@context": "https://www.w3.org/ns/activitystreams", "id": id, "type": "OrderedCollection", "totalItems": total })
}

fn activity(document: &Value) -> Response {
    as_kind("application/activity+json", document)
}

fn as_kind(kind: &'static str, document: &Value) -> Response {
    ([(header::CONTENT_TYPE, kind)], document.to_string()).into_response()
}
