//! What went wrong, for people as a page and for programs as RFC 9457 (`application/problem+json`).
//!
//! Handlers answer `Result<_, Problem>`; `?` turns a [`hub::Error`](dandelion_hub::Error) into one. Which of the two
//! shapes is sent is decided in one place, [`shape`], which also gives every refusal of the framework itself (no such
//! address, wrong method, a body too large) the same shape. Nothing internal is ever in it: what the database said goes
//! to the log under the request's id.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequestParts, Request},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use dandelion_hub::Error;
use serde::Serialize;

use crate::{app::RequestId, pages, security::redirect};

/// A request that did not succeed, and what can be done next. Boxed, so that results stay small.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Problem(Box<Said>);

/// What a [`Problem`] says.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Said {
    /// What kind of problem: a fixed word after `/docs/api#problem-`.
    #[serde(rename = "type")]
    #[schema(rename = "type", example = "/docs/api#problem-not-found")]
    kind: String,
    /// The kind in words.
    #[schema(example = "Not found")]
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 404)]
    status: u16,
    /// What was wrong here, and what to do.
    #[schema(example = "there is no case 42 that you can see")]
    detail: String,
    /// The field that was wrong, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// Its value, shortened.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// Seconds after which to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

impl Problem {
    /// A problem of a status, said in words.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let (word, title) = kind(status);
        Self(Box::new(Said {
            kind: format!("/docs/api#problem-{word}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            field: None,
            value: None,
            retry_after: None,
        }))
    }

    /// Something given does not fit (422).
    pub fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, reason);
        problem.0.field = Some(field.into());
        problem
    }

    /// Nobody is signed in (401). A page asks to sign in and comes back.
    pub fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "Nobody is signed in here. Sign in, or send an API token as `Authorization: Bearer …`.",
        )
    }

    /// Not before so many seconds (429).
    pub fn slow_down(seconds: u64, detail: impl Into<String>) -> Self {
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, detail);
        problem.0.retry_after = Some(seconds);
        problem
    }

    /// Says after how many seconds to try again.
    pub fn after(&mut self, seconds: u64) {
        self.0.retry_after = Some(seconds);
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The kind in words.
    pub fn title(&self) -> &str {
        &self.0.title
    }

    /// What was wrong, and what to do.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The field that was wrong, if it was one.
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let (words, logged) = (error.to_string(), error.logged());
        match error {
            Error::Invalid { field, reason, value } => {
                let mut problem = Self::invalid(field, reason);
                problem.0.value = Some(value).filter(|value| !value.is_empty());
                problem
            }
            Error::NotFound { .. } => Self::new(StatusCode::NOT_FOUND, words),
            Error::Forbidden(_) => Self::new(StatusCode::FORBIDDEN, words),
            Error::Conflict(_) => Self::new(StatusCode::CONFLICT, words),
            Error::Store(_) | Error::Unusable(_) => {
                tracing::error!(error = logged, "the store failed");
                let mut problem = Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "The database did not answer as it should. Nothing was changed; try again in a moment.",
                );
                problem.0.retry_after = Some(5);
                problem
            }
            Error::Damaged(_) => {
                tracing::error!(error = logged, "the stored data is damaged");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "The stored data is not as it should be. Ask an administrator to run `dandelion check`.",
                )
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = json(&self);
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives every answer of 4xx and 5xx its shape: a page for a person on a page, problem+json for everything else.
pub(crate) async fn shape(request: Request, next: Next) -> Response {
    let reference = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let person = wants_page(request.uri().path(), request.headers());
    let sign_in = (person && request.method() == Method::GET).then(|| redirect::sign_in(request.uri()));
    let response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    if is_dressed(&response) {
        return response; // a handler has dressed it: a form printed again with what was wrong
    }
    let (mut parts, body) = response.into_parts();
    let problem = match parts.extensions.remove::<Problem>() {
        Some(problem) => problem,
        None => of_the_framework(status, body).await,
    };
    if status == StatusCode::UNAUTHORIZED
        && let Some(to) = sign_in
    {
        return redirect::see_other(&to);
    }
    let mut shaped = if person { pages::problem::page(&problem, &reference) } else { json(&problem) };
    for name in [header::ALLOW, header::RETRY_AFTER, header::WWW_AUTHENTICATE, header::SET_COOKIE] {
        if let Some(value) = parts.headers.remove(&name) {
            shaped.headers_mut().insert(name, value);
        }
    }
    shaped
}

fn is_dressed(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    // What stands where an actor of ours has taken something back is said as other servers read it.
    kind.is_some_and(|kind| kind.starts_with("text/html") || kind.starts_with("application/activity+json"))
}

/// The framework's own refusals say in plain text what was wrong with a query string, a path or a body.
async fn of_the_framework(status: StatusCode, body: Body) -> Problem {
    let told = status.is_client_error();
    let text = if told { axum::body::to_bytes(body, 4096).await.unwrap_or_default() } else { Bytes::new() };
    let text = String::from_utf8_lossy(&text);
    Problem::new(status, if text.trim().is_empty() { default_detail(status).into() } else { text })
}

/// Whether whoever asks reads pages. Addresses for programs never answer with one.
pub(crate) fn wants_page(path: &str, headers: &HeaderMap) -> bool {
    const PROGRAMS: [&str; 7] = ["/api/", "/hooks/", "/live", "/livez", "/readyz", "/metrics", "/assets/"];
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
    let html = accept.contains("text/html") || !accept.contains("json");
    html && !PROGRAMS.iter().any(|program| path.starts_with(program))
}

fn json(problem: &Problem) -> Response {
    let body = serde_json::to_vec(problem).unwrap_or_default();
    let kind = HeaderValue::from_static("application/problem+json");
    let mut response = (problem.status(), [(header::CONTENT_TYPE, kind)], body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = problem.0.retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    if problem.0.status == 401 {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"dandelion\""));
    }
    response
}

/// Every kind of problem: its word, status and title.
pub(crate) fn kinds() -> Vec<(&'static str, u16, &'static str)> {
    KINDS.iter().map(|(status, word, title)| (*word, *status, *title)).collect()
}

const KINDS: [(u16, &str, &str); 18] = [
    (400, "malformed", "Not understood"),
    (401, "sign-in", "Sign in first"),
    (403, "forbidden", "Not allowed"),
    (404, "not-found", "Not found"),
    (405, "method", "Not done this way"),
    (406, "not-acceptable", "Not available in that form"),
    (408, "too-slow", "Too slow"),
    (409, "conflict", "Changed in the meantime"),
    (412, "changed", "Changed since you read it"),
    (413, "too-large", "Too large"),
    (415, "media-type", "Wrong kind of content"),
    (422, "invalid", "Something does not fit"),
    (428, "precondition", "Say which version"),
    (429, "too-many", "Too many requests"),
    (431, "headers", "Headers too large"),
    (499, "refused", "Refused"),
    (500, "fault", "Something broke"),
    (503, "unavailable", "Not available just now"),
];

fn kind(status: StatusCode) -> (&'static str, &'static str) {
    let known = KINDS.iter().find(|(number, ..)| *number == status.as_u16());
    let other = if status.is_client_error() { ("refused", "Refused") } else { ("fault", "Something broke") };
    known.map_or(other, |(_, word, title)| (*word, *title))
}

fn default_detail(status: StatusCode) -> &'static str {
    match status.as_u16() {
        404 => "There is nothing at this address. Check it for a typing error.",
        405 => "This address does not take that method; the header `Allow` says which it takes.",
        413 => "What was sent is too large for this address.",
        415 => "This address takes another kind of content; the documentation under /docs/api says which.",
        408 | 503 => "It took too long and was given up. Try again.",
        status if status < 500 => "The request was refused.",
        _ => "Something broke on our side. It was logged under the id in the header `X-Request-Id`.",
    }
}

/// Answers addresses that do not exist.
pub(crate) async fn no_such_address() -> Problem {
    nothing_here()
}

/// A number in a path, such as the 42 of `/cases/42`; anything that is no id is simply not found.
#[derive(Debug, Clone, Copy)]
pub struct Id(pub i64);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let axum::extract::Path(text) =
            axum::extract::Path::<String>::from_request_parts(parts, state).await.map_err(|_| nothing_here())?;
        number(&text).map(Self)
    }
}

/// Two numbers in a path, such as those of `/cases/42/watches/3`.
#[derive(Debug, Clone, Copy)]
pub struct Ids(pub i64, pub i64);

impl<S: Send + Sync> FromRequestParts<S> for Ids {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let axum::extract::Path((one, two)) = axum::extract::Path::<(String, String)>::from_request_parts(parts, state)
            .await
            .map_err(|_| nothing_here())?;
        Ok(Self(number(&one)?, number(&two)?))
    }
}

fn nothing_here() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, default_detail(StatusCode::NOT_FOUND))
}

fn number(text: &str) -> Result<i64, Problem> {
    text.parse().ok().filter(|id| *id > 0).ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "An id is a whole number above 0; there is nothing at this address.")
    })
}
