//! Who calls, and what they may: by the type a handler takes.
//!
//! Either `Authorization: Bearer TOKEN`, with the scopes of the token, or the session's cookie of somebody signed in,
//! with all of them; with a cookie, a request that changes something also needs the header `X-CSRF-Token`.

use std::collections::BTreeSet;

use axum::{
    extract::FromRequestParts,
    http::{Method, StatusCode, header, request::Parts},
};
use dandelion_hub::{
    member::api_token::{self, Scope},
    scope::Viewer,
};

use crate::{App, Problem, Signed, metrics::bearer, security::csrf};

/// May read.
pub(crate) struct Reading(pub(crate) Viewer);
/// May change cases, replies, queries, sources.
pub(crate) struct Writing(pub(crate) Viewer);
/// May change the organisation, members, tokens.
pub(crate) struct Administering(pub(crate) Viewer);

/// Who calls, before it is known what for.
struct Caller {
    viewer: Viewer,
    /// None for a session, which has them all.
    scopes: Option<BTreeSet<Scope>>,
}

impl Caller {
    async fn of(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            return Self::of_token(parts, app).await;
        }
        let Signed { viewer, .. } = <Signed as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            csrf::check(app, &parts.headers, None)?;
        }
        Ok(Self { viewer, scopes: None })
    }

    async fn of_token(parts: &Parts, app: &App) -> Result<Self, Problem> {
        let wrong =
            || Problem::new(StatusCode::UNAUTHORIZED, "This API token is not known, has expired, or was revoked.");
        let token = bearer(&parts.headers).ok_or_else(wrong)?;
        let (token, viewer) = api_token::of_secret(&app.hub, token).await?.ok_or_else(wrong)?;
        Ok(Self { viewer, scopes: Some(token.scopes) })
    }

    fn with(self, scope: Scope) -> Result<Viewer, Problem> {
        if self.scopes.is_none_or(|scopes| scopes.contains(&scope)) {
            return Ok(self.viewer);
        }
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            format!("This API token lacks the scope “{}”. Make one that has it under /tokens.", scope.as_str()),
        ))
    }
}

macro_rules! extract {
    ($($type:ident $scope:ident),*) => {$(
        impl FromRequestParts<App> for $type {
            type Rejection = Problem;
            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
                Caller::of(parts, app).await?.with(Scope::$scope).map(Self)
            }
        }
    )*};
}
extract!(Reading Read, Writing Write, Administering Admin);
