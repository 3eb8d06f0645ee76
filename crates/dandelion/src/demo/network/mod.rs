//! The demo network: a small social network as a server of its own, that our replies are really published to.
//!
//! It runs apart from Dandelion, on its own port and with its own file, and behaves as networks do: it may or may not
//! honour idempotency keys, it is slow, it fails before or after publishing, it drops the connection when the words
//! are already out, it asks to be left alone for a while. What it really published stands in its ledger, so that a
//! test can count.
//!
//! | | |
//! |---|---|
//! | `POST /api/posts` | publishes `{author, text, in_reply_to}`; `Idempotency-Key`, bearer token |
//! | `GET /api/posts?since=ID` | the posts after an id, oldest first |
//! | `GET /api/posts/ID` | one |
//! | `GET /api/ledger` | how often each key and each text was really published |
//! | `GET /`, `GET /posts/ID` | the same for people |

mod faults;
mod page;
mod state;
#[cfg(test)]
mod tests;
mod wire;

use std::{io, path::PathBuf, sync::Arc};

use axum::{
    Json, Router,
    extract::{ConnectInfo, DefaultBodyLimit, Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use dandelion_hub::Clock;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

pub use faults::Faults;
pub use state::{Ledger, Post, Shelf};
use wire::{Cut, Cuttable};

/// How the network is run.
#[derive(Debug)]
pub struct Settings {
    /// The file its posts are kept in, one JSON object a line; none keeps them in memory.
    pub file: Option<PathBuf>,
    /// Whether `Idempotency-Key` is honoured.
    pub keys: bool,
    /// The bearer token it wants; none takes everybody.
    pub token: Option<String>,
    /// What goes wrong, and how often.
    pub faults: Faults,
    /// When posts are written.
    pub clock: Clock,
}

/// The running network; cheap to clone.
#[derive(Clone)]
pub struct Network {
    shelf: Arc<Shelf>,
    settings: Arc<Settings>,
    address: Arc<str>,
}

/// What is posted.
#[derive(Debug, Deserialize)]
struct New {
    author: String,
    text: String,
    in_reply_to: Option<String>,
}

/// A problem in words.
#[derive(Serialize)]
struct Problem {
    error: String,
}

/// Most characters of a post here.
const MOST_CHARACTERS: usize = 2_000;

impl Network {
    /// Opens its file and gets ready to serve on `listener`.
    pub fn open(settings: Settings, listener: &TcpListener) -> io::Result<Self> {
        let shelf = Arc::new(Shelf::open(settings.file.as_deref())?);
        let address = format!("http://{}", listener.local_addr()?).into();
        Ok(Self { shelf, settings: Arc::new(settings), address })
    }

    /// Its root address, `http://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What it has published.
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// Serves until `until` is done.
    pub async fn serve(
        self,
        listener: TcpListener,
        until: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let app = Router::new()
            .route("/", get(home))
            .route("/posts/{id}", get(one_page))
            .route("/api/posts", get(list).post(publish))
            .route("/api/posts/{id}", get(one))
            .route("/api/ledger", get(ledger))
            .layer(DefaultBodyLimit::max(64 * 1024))
            .with_state(self);
        let app = app.into_make_service_with_connect_info::<Cut>();
        axum::serve(Cuttable(listener), app).with_graceful_shutdown(until).await
    }
}

async fn publish(
    State(network): State<Network>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    headers: HeaderMap,
    Json(new): Json<New>,
) -> Response {
    if let Some(refusal) = network.refusal(&headers, &new) {
        return refusal;
    }
    let fault = network.settings.faults.next(&headers);
    if let Some(answer) = fault.before().await {
        return answer;
    }
    let post = Post {
        id: 0,
        at: network.settings.clock.now(),
        key: text(&headers, "idempotency-key").unwrap_or_default().to_owned(),
        author: new.author,
        text: new.text,
        in_reply_to: new.in_reply_to,
    };
    match network.shelf.publish(post, network.settings.keys) {
        Ok(post) => fault.after((StatusCode::CREATED, Json(network.shown(&post))).into_response(), &cut),
        Err(error) => problem(StatusCode::INSUFFICIENT_STORAGE, format!("the post could not be kept: {error}")),
    }
}

#[derive(Deserialize)]
struct Since {
    since: Option<String>,
}

async fn list(State(network): State<Network>, Query(since): Query<Since>) -> Response {
    let Ok(after) = since.since.as_deref().unwrap_or("0").parse() else {
        return problem(StatusCode::BAD_REQUEST, "since: write the id of a post".into());
    };
    let posts: Vec<_> = network.shelf.after(after).iter().map(|post| network.shown(post)).collect();
    Json(posts).into_response()
}

async fn one(State(network): State<Network>, Path(id): Path<String>) -> Response {
    match network.shelf.find(&id) {
        Some(post) => Json(network.shown(&post)).into_response(),
        None => problem(StatusCode::NOT_FOUND, format!("there is no post {id}")),
    }
}

async fn ledger(State(network): State<Network>) -> Json<Ledger> {
    Json(network.shelf.ledger())
}

async fn home(State(network): State<Network>) -> Response {
    html(page::all(&network.shelf.after(0)))
}

async fn one_page(State(network): State<Network>, Path(id): Path<String>) -> Response {
    match network.shelf.find(&id) {
        Some(post) => html(page::one(&post)),
        None => (StatusCode::NOT_FOUND, html(page::missing())).into_response(),
    }
}

impl Network {
    /// Who posts, and what, as any network would check it; the answer if it does not fit.
    fn refusal(&self, headers: &HeaderMap, new: &New) -> Option<Response> {
        let given = text(headers, header::AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("Bearer "));
        if self.settings.token.is_some() && given != self.settings.token.as_deref() {
            return Some(problem(StatusCode::UNAUTHORIZED, "the bearer token is not one of this network's".into()));
        }
        let length = new.text.chars().count();
        if new.text.trim().is_empty() || length > MOST_CHARACTERS {
            let words = format!("text: {length} characters; a post has 1 to {MOST_CHARACTERS}");
            return Some(problem(StatusCode::UNPROCESSABLE_ENTITY, words));
        }
        let nobody = new.author.trim().is_empty();
        nobody.then(|| problem(StatusCode::UNPROCESSABLE_ENTITY, "author: say who is speaking".into()))
    }

    /// A post with the address it can be read at.
    fn shown(&self, post: &Post) -> serde_json::Value {
        serde_json::json!({
            "id": post.id.to_string(),
            "url": format!("{}/posts/{}", self.address, post.id),
            "author": post.author,
            "text": post.text,
            "in_reply_to": post.in_reply_to,
            "created_at": dandelion_post::rfc3339(post.at),
        })
    }
}

fn html(page: String) -> Response {
    let policy = [(header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'")];
    (policy, Html(page)).into_response()
}

fn problem(status: StatusCode, error: String) -> Response {
    (status, Json(Problem { error })).into_response()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
