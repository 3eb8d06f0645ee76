//! What a request brings: a body, a query string, a place in a list. Whatever does not fit is said as a problem.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use crate::{App, Problem};

/// A JSON body, given or answered.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
        let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        if kind != "application/json" {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Send JSON and say so: `Content-Type: application/json`.",
            ));
        }
        let body = Bytes::from_request(request, &())
            .await
            .map_err(|error| Problem::new(error.status(), "The body is too large, or broke off before its end."))?;
        serde_json::from_slice(&body).map(Self).map_err(|error| {
            let status = if error.is_data() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::BAD_REQUEST };
            Problem::new(status, format!("The body does not fit: {error}."))
        })
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// The query string. What is not known is refused, so that a typing error is not taken for an answer.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        axum::extract::Query::try_from_uri(&parts.uri)
            .map(|axum::extract::Query(given)| Self(given))
            .map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.body_text()))
    }
}

/// One page of a list. `next` is the `after` of the following page; it is absent at the end.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T: ToSchema> {
    /// The records.
    pub(crate) items: Vec<T>,
    /// Where the next page starts: pass it as `after`. Opaque.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

impl<T: ToSchema> Page<T> {
    /// A page whose `next` is written opaquely.
    pub(crate) fn new(items: Vec<T>, next: Option<impl ToString>) -> Self {
        Self { items, next: next.map(|next| URL_SAFE_NO_PAD.encode(next.to_string())) }
    }

    /// All there is.
    pub(crate) fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// A place in a list, as [`Page::next`] gave it.
#[derive(Debug, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct After(String);

impl After {
    /// Read back.
    pub(crate) fn place<T: std::str::FromStr>(&self) -> Result<T, Problem> {
        let text = URL_SAFE_NO_PAD.decode(&self.0).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        text.and_then(|text| text.parse().ok()).ok_or_else(|| {
            Problem::invalid("after", "This is no place in this list. Leave it out to start at the beginning.")
        })
    }

    /// Read back, where it is given.
    pub(crate) fn of<T: std::str::FromStr>(given: Option<&Self>) -> Result<Option<T>, Problem> {
        given.map(Self::place).transpose()
    }
}

/// Something that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Made {
    /// Its number.
    pub(crate) id: i64,
}

/// Checks the length of a text in characters; `most` is what the documentation says of the field.
pub(crate) fn at_most(field: &str, text: &str, most: usize) -> Result<(), Problem> {
    if text.chars().count() <= most {
        return Ok(());
    }
    Err(Problem::invalid(field, format!("at most {most} characters are taken")))
}

/// Checks numbers of records that were given: they begin at 1.
pub(crate) fn numbers(given: &[(&str, Option<i64>)]) -> Result<(), Problem> {
    match given.iter().find(|(_, number)| number.is_some_and(|number| number < 1)) {
        Some((field, _)) => Err(Problem::invalid(*field, "a number of a record is 1 or more")),
        None => Ok(()),
    }
}
