//! Who is asking: a person with a session, or somebody not signed in yet.

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, header, request::Parts},
    response::{AppendHeaders, IntoResponse, IntoResponseParts, Response, ResponseParts},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use dandelion_hub::{
    member::{self, session::Session},
    scope::Viewer,
};
use serde::{Deserialize, Serialize};

use crate::{
    App, Problem, assets,
    security::{cookie::Cookie, csrf, redirect},
    view::{self, Flash, Place, Shell},
};

/// A person who is signed in. A handler that takes this answers nobody else: a page sends them to sign in and back,
/// everything else answers 401.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Who they are and how far they see.
    pub viewer: Viewer,
    /// Their session.
    pub session: Session,
    /// A token for the forms of this answer.
    pub csrf: String,
    /// What just happened, to be shown once.
    pub flash: Option<Flash>,
}

impl Signed {
    /// The frame of a page for this person. Shows the flash; pages that list cases set `live`.
    pub async fn shell(&self, app: &App, title: impl Into<String>, place: Place) -> Result<Shell, Problem> {
        let engine = app.hub.engine().await?;
        let granted = member::find(&app.hub.db, self.viewer.member).await?.roles;
        let roles: Vec<String> = granted
            .iter()
            .map(|(unit, role)| format!("{} in {}", role.as_str(), engine.org.unit_name(*unit)))
            .collect();
        let roles = if roles.is_empty() { "no role yet".to_owned() } else { roles.join(", ") };
        let name = self.viewer.name.clone();
        Ok(Shell {
            title: title.into(),
            assets: assets::base().to_owned(),
            user: Some(view::User { initials: view::initials(&name), name, roles }),
            csrf: self.csrf.clone(),
            place,
            flash: self.flash.clone(),
            ..Shell::default()
        })
    }
}

impl FromRequestParts<App> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = Cookie::Session.read(&app.config, &parts.headers).ok_or_else(Problem::unauthorized)?.to_owned();
        let session = member::session::of_token(&app.hub, &token).await?.ok_or_else(Problem::unauthorized)?;
        let viewer = member::viewer(&app.hub, session.member).await?;
        let flash = flash_of(app, &parts.headers);
        Ok(Self { viewer, session, csrf: csrf::token(app, &token), flash })
    }
}

impl OptionalFromRequestParts<App> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, Problem> {
        match <Self as FromRequestParts<App>>::from_request_parts(parts, app).await {
            Ok(signed) => Ok(Some(signed)),
            Err(problem) if problem.status() == axum::http::StatusCode::UNAUTHORIZED => Ok(None),
            Err(problem) => Err(problem),
        }
    }
}

/// A browser nobody has signed in with yet. Its cookie binds the forms on public pages (sign-in, first run); return
/// it as part of the answer, so that a new one is set.
#[derive(Debug, Clone)]
pub struct Visit {
    /// A token for the forms of this answer.
    pub csrf: String,
    cookie: Option<axum::http::HeaderValue>,
}

impl FromRequestParts<App> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if let Some(secret) = Cookie::Visit.read(&app.config, &parts.headers) {
            return Ok(Self { csrf: csrf::token(app, secret), cookie: None });
        }
        let secret = app.hub.random.token();
        let cookie = Cookie::Visit.set(&app.config, &secret, None);
        Ok(Self { csrf: csrf::token(app, &secret), cookie: Some(cookie) })
    }
}

impl IntoResponseParts for Visit {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        if let Some(cookie) = self.cookie {
            parts.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(parts)
    }
}

/// Answers with a redirect that carries a fresh session's cookie; the visit ends.
pub(crate) fn signed_in(app: &App, token: &str, to: &redirect::Next) -> Response {
    let seconds = member::session::ABSOLUTE / 1_000_000;
    let cookies = [
        (header::SET_COOKIE, Cookie::Session.set(&app.config, token, Some(seconds))),
        (header::SET_COOKIE, Cookie::Visit.clear(&app.config)),
    ];
    (AppendHeaders(cookies), redirect::see_other(to.as_str())).into_response()
}

/// Answers with a redirect that takes the session's cookie away.
pub(crate) fn signed_out(app: &App) -> Response {
    let cookie = Cookie::Session.clear(&app.config);
    let clear = axum::http::HeaderValue::from_static("\"cache\"");
    (
        AppendHeaders([(header::SET_COOKIE, cookie), (header::HeaderName::from_static("clear-site-data"), clear)]),
        redirect::see_other("/session/new"),
    )
        .into_response()
}

/// The session token a browser came with.
pub(crate) fn token<'a>(app: &App, headers: &'a HeaderMap) -> Option<&'a str> {
    Cookie::Session.read(&app.config, headers)
}

/// What the browser calls itself.
pub(crate) fn agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("")
}

/// [`Flash`] as the cookie for the next page holds it.
#[derive(Serialize, Deserialize)]
struct Kept {
    text: String,
    #[serde(default)]
    problem: bool,
    #[serde(default)]
    undo: Option<i64>,
}

fn flash_of(app: &App, headers: &HeaderMap) -> Option<Flash> {
    let text = Cookie::Flash.read(&app.config, headers)?;
    let Kept { text, problem, undo } = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    Some(Flash { text, problem, undo })
}

/// Answers a form: look there, and say this on that page.
#[derive(Debug, Clone)]
pub struct Flashed {
    to: String,
    cookie: axum::http::HeaderValue,
}

impl Flashed {
    /// Goes to a path of this site and says so there.
    pub fn new(app: &App, to: impl Into<String>, flash: Flash) -> Self {
        let text = flash.text.chars().take(600).collect(); // a cookie holds 4 KiB
        let kept = Kept { text, problem: flash.problem, undo: flash.undo };
        let text = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&kept).unwrap_or_default());
        Self { to: to.into(), cookie: Cookie::Flash.set(&app.config, &text, Some(60)) }
    }
}

impl IntoResponse for Flashed {
    fn into_response(self) -> Response {
        (AppendHeaders([(header::SET_COOKIE, self.cookie)]), redirect::see_other(&self.to)).into_response()
    }
}

/// Takes the sentence away once a page has shown it.
pub(crate) async fn flash_once(
    axum::extract::State(app): axum::extract::State<App>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    // Whoever asks for live updates beside a page leaves it to that page.
    let live = request.headers().contains_key("dandelion-live");
    let shown = !live && Cookie::Flash.read(&app.config, request.headers()).is_some();
    let mut response = next.run(request).await;
    let page =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if shown && page {
        response.headers_mut().append(header::SET_COOKIE, Cookie::Flash.clear(&app.config));
    }
    response
}
