//! API tokens of the caller.

use std::collections::BTreeSet;

use axum::{extract::State, http::StatusCode};
use dandelion_hub::{member::api_token, scope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::{Administering, Reading},
    extract::{Json, Page, at_most},
    shape::{Moment, Shape, words},
};
use crate::{App, Problem, problem::Id};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, make)).routes(routes!(revoke))
}

words!(
    /// What a token may do.
    TokenScope = api_token::Scope {
        /// Look.
        Read,
        /// Change what the desk changes.
        Write,
        /// Change the organisation, members and tokens.
        Admin,
    }
);

words!(
    /// What a member may do in a unit; each includes the ones before it.
    Role = scope::Role {
        /// Reads.
        Viewer,
        /// Takes, notes, hands off, drafts, sends, resolves.
        Agent,
        /// Also approves replies.
        Approver,
        /// Also assigns others, edits queries and sources.
        Lead,
        /// Everything.
        Admin,
    }
);

/// A token, without its secret.
#[derive(Serialize, ToSchema)]
struct Token {
    /// Its number.
    id: i64,
    /// What it is for.
    name: String,
    /// It never counts for more than this role.
    role: Role,
    /// What it may do.
    scopes: Vec<TokenScope>,
    /// When it was made.
    created_at: Moment,
    /// When it stops working.
    expires_at: Option<Moment>,
    /// When it was last used, to a minute.
    used_at: Option<Moment>,
}

impl Shape<Token> for api_token::ApiToken {
    fn shape(self) -> Token {
        let scopes = self.scopes.into_iter().map(Shape::shape).collect();
        let (id, name, role) = (self.id, self.name, self.role.shape());
        let (created_at, expires_at, used_at) =
            (self.created_at.shape(), self.expires_at.shape(), self.used_at.shape());
        Token { id, name, role, scopes, created_at, expires_at, used_at }
    }
}

/// The caller's tokens
///
/// Live ones, newest first.
#[utoipa::path(get, path = "/tokens", tag = "members", responses((status = 200, body = Page<Token>)))]
async fn list(Reading(viewer): Reading, State(app): State<App>) -> Result<Json<Page<Token>>, Problem> {
    Ok(Json(Page::whole(api_token::list(&app.hub, &viewer).await?.shape())))
}

/// A token to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewToken {
    /// What it is for.
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    /// It never counts for more than this role.
    role: Role,
    /// What it may do.
    #[schema(min_items = 1, max_items = 3)]
    scopes: Vec<TokenScope>,
    /// For how many days; absent: for ever.
    #[schema(minimum = 1, maximum = 3650)]
    days: Option<i64>,
}

/// A token with its secret, shown this once.
#[derive(Serialize, ToSchema)]
struct MadeToken {
    /// The token.
    token: Token,
    /// Send it as `Authorization: Bearer …`.
    secret: String,
}

/// Make a token
///
/// Its secret is shown this once. It never counts for more than its owner.
#[utoipa::path(post, path = "/tokens", tag = "members", request_body = NewToken,
    responses((status = 201, body = MadeToken, description = "Made")))]
async fn make(
    Administering(viewer): Administering,
    State(app): State<App>,
    Json(new): Json<NewToken>,
) -> Result<(StatusCode, Json<MadeToken>), Problem> {
    at_most("name", &new.name, 120)?;
    if new.scopes.len() > 3 {
        return Err(Problem::invalid("scopes", "there are three: read, write, admin"));
    }
    let scopes: BTreeSet<_> = new.scopes.into_iter().map(Into::into).collect();
    let (secret, token) = api_token::make(&app.hub, &viewer, &new.name, new.role.into(), scopes, new.days).await?;
    Ok((StatusCode::CREATED, Json(MadeToken { token: token.shape(), secret })))
}

/// Revoke a token
#[utoipa::path(delete, path = "/tokens/{id}", tag = "members", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Revoked")))]
async fn revoke(
    Administering(viewer): Administering,
    State(app): State<App>,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    api_token::revoke(&app.hub, &viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
