//! A form with a file. Its token is checked like any other's, before a byte of the file is kept.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    extract::{FromRequest, Multipart, Request, multipart::MultipartError},
    http::{StatusCode, header},
};

use super::csrf;
use crate::{App, Problem};

/// Longest field beside the file, in bytes.
const FIELD: usize = 64 * 1024;
/// Most fields.
const FIELDS: usize = 64;

/// The fields and the file of a form whose token was checked. The token's field `csrf` must stand before the file, as
/// it does in every form of ours. A form without a file may come in the plain encoding. Routes that take one allow a larger body: see [`ROOM`].
#[derive(Debug, Default)]
pub struct Upload {
    /// What was typed, by name.
    pub fields: BTreeMap<String, String>,
    /// The file: its name as the browser gave it, and its contents. None if none was chosen.
    pub file: Option<(String, Bytes)>,
}

/// Largest form with a file, in bytes: for `DefaultBodyLimit::max` on the route.
pub const ROOM: usize = 64 * 1024 * 1024;

impl Upload {
    /// A field, empty if it is missing.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

impl FromRequest<App> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
        if kind.starts_with("application/x-www-form-urlencoded") {
            let csrf::Form(fields) = csrf::Form::from_request(request, app).await?;
            return Ok(Self { fields, file: None });
        }
        let mut parts = Multipart::from_request(request, app).await.map_err(|_| {
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "This address takes a form with a file of this site.")
        })?;
        let (mut upload, mut checked) = (Self::default(), false);
        while let Some(part) = parts.next_field().await.map_err(broken)? {
            let name = part.name().unwrap_or("").to_owned();
            if let Some(file) = part.file_name().map(str::to_owned) {
                if !checked {
                    csrf::check(app, &headers, None)?;
                    checked = true;
                }
                let contents = part.bytes().await.map_err(broken)?;
                if !contents.is_empty() {
                    upload.file = Some((file, contents));
                }
                continue;
            }
            let text = part.text().await.map_err(broken)?;
            if text.len() > FIELD || upload.fields.len() >= FIELDS {
                return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "A field of this form is too long."));
            }
            if name == "csrf" {
                csrf::check(app, &headers, Some(&text))?;
                checked = true;
            } else {
                upload.fields.insert(name, text);
            }
        }
        if !checked {
            csrf::check(app, &headers, None)?;
        }
        Ok(upload)
    }
}

fn broken(error: MultipartError) -> Problem {
    Problem::new(error.status(), "The form is too large, or broke off before its end.")
}
