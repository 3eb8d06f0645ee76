//! What was refused, in words beside the form it came from.

use std::fmt::Write as _;

use axum::{http::StatusCode, response::Response};
use dandelion_hub::Error;

use crate::{Problem, view::Flash};

/// A refusal a person can act on: what was sent does not fit, is not theirs to do, or came too late.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    /// With which status the form is shown again.
    pub(super) status: StatusCode,
    /// A sentence or two.
    pub(super) words: String,
}

impl Refused {
    /// Something sent does not fit.
    pub(super) fn new(words: impl Into<String>) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, words: words.into() }
    }

    /// The hub's words where it refused; whatever else went wrong is a page of its own.
    pub(super) fn of(error: Error) -> Result<Self, Problem> {
        match error {
            Error::Invalid { field, reason, value } => {
                let mut words = format!("{}: {reason}", sentence(&field.replace('_', " ")));
                if !value.is_empty() {
                    let _ = write!(words, " (it reads “{value}”)");
                }
                words.push('.');
                Ok(Self::new(words.replace("..", ".")))
            }
            Error::Conflict(words) => Ok(Self { status: StatusCode::CONFLICT, words: ended(&words) }),
            Error::Forbidden(words) => Ok(Self { status: StatusCode::FORBIDDEN, words: ended(&words) }),
            error => Err(error.into()),
        }
    }

    /// The page, with the status of the refusal.
    pub(super) fn on(&self, mut page: Response) -> Response {
        *page.status_mut() = self.status;
        page
    }
}

/// What is said of an act: its words where it was done, the hub's where it came too late or did not fit.
pub(super) fn flash(done: Result<impl Into<String>, Error>) -> Result<Flash, Problem> {
    match done {
        Ok(words) => Ok(Flash::done(words)),
        Err(error @ (Error::Conflict(_) | Error::Invalid { .. })) => Ok(Flash::problem(Refused::of(error)?.words)),
        Err(error) => Err(error.into()),
    }
}

/// The same words with a capital letter and an end.
pub(super) fn ended(words: &str) -> String {
    let words = sentence(words.trim());
    if words.ends_with(['.', '!', '?']) { words } else { format!("{words}.") }
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
