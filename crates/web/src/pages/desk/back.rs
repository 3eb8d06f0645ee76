//! After an act: back to where the person was, with a sentence; or the same page, with what was refused.

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts as Head},
    response::{IntoResponse as _, Response},
};
use dandelion_hub::{Error, case};

use super::{Asked, Looking, Parts, Seen};
use crate::{App, Flashed, Problem, Signed, pages::print, view::Flash};

/// The page of the desk an act was done on. Browsers say so in `Referer` (the policy of every answer is `same-origin`);
/// without it, the case's own page. Only its query is used, so nothing foreign can be asked of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Back(Asked);

impl FromRequestParts<App> for Back {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Head, _: &App) -> Result<Self, Self::Rejection> {
        let referer = parts.headers.get(header::REFERER).and_then(|value| value.to_str().ok());
        let page = referer.and_then(|text| url::Url::parse(text).ok());
        Ok(Self(page.and_then(|page| page_of(&page)).unwrap_or_default()))
    }
}

fn page_of(page: &url::Url) -> Option<Asked> {
    let query = format!("/?{}", page.query().unwrap_or(""));
    let axum::extract::Query(asked) = axum::extract::Query::<Asked>::try_from_uri(&query.parse().ok()?).ok()?;
    if page.path() == "/desk" {
        return Some(asked);
    }
    let id = page.path().strip_prefix("/cases/")?.parse().ok()?;
    Some(Asked { alone: true, case: Some(id), ..asked })
}

/// Which form an act came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// A button of no form that could keep words: said at the top of the page.
    Button,
    /// Assigning.
    Assign,
    /// Passing on.
    Pass,
    /// Snoozing.
    Snooze,
    /// Resolving.
    Resolve,
    /// Opening again.
    Reopen,
    /// The note.
    Note,
    /// The public reply.
    Reply,
}

/// An act that was refused.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    /// The hub's words.
    pub(super) words: String,
    pub(super) status: StatusCode,
    /// The form.
    pub(super) from: From,
    /// What was written in it: a reason, a note, a reply.
    pub(super) text: String,
    /// What else was chosen in it: a unit, a kind, a handle.
    pub(super) choice: String,
    /// The draft that was kept of it.
    pub(super) draft: Option<i64>,
    /// It may be asked again, with this person's confirmation.
    pub(super) confirm: bool,
}

impl Refused {
    pub(super) fn new(error: Error, from: From) -> Self {
        let problem = Problem::from(error);
        let words = sentence(problem.detail());
        Self {
            words,
            status: problem.status(),
            from,
            text: String::new(),
            choice: String::new(),
            draft: None,
            confirm: false,
        }
    }

    pub(super) fn with(self, text: &str, choice: &str) -> Self {
        Self { text: text.to_owned(), choice: choice.to_owned(), ..self }
    }

    /// Whether its words stand beside the form; otherwise at the top of the page.
    pub(super) fn is_beside_a_form(&self) -> bool {
        self.from != From::Button
    }
}

/// The hub's words as a sentence of its own.
fn sentence(words: &str) -> String {
    let mut letters = words.trim().chars();
    let Some(first) = letters.next() else { return String::new() };
    let mut text: String = first.to_uppercase().chain(letters).collect();
    if !text.ends_with(['.', '?', '!']) {
        text.push('.');
    }
    text
}

impl Back {
    /// Back, with this said there; undoable where the hub says so.
    pub(super) async fn done(
        self,
        app: &App,
        signed: &Signed,
        id: i64,
        words: impl Into<String>,
    ) -> Result<Response, Problem> {
        let undo = case::undoable(&app.hub, &signed.viewer, id).await?;
        let flash = match undo {
            Some(undo) => Flash::undoable(words, undo.event),
            None => Flash::done(words),
        };
        Ok(self.say(app, Some(id), flash))
    }

    /// Back, with this said there. With `id`, that case is open.
    pub(super) fn say(self, app: &App, id: Option<i64>, flash: Flash) -> Response {
        Flashed::new(app, self.to(id).href(), flash).into_response()
    }

    /// Back to the list, with this said there.
    pub(super) fn onto_the_list(self, app: &App, flash: Flash) -> Response {
        Flashed::new(app, self.0.without_case().href(), flash).into_response()
    }

    /// The case that was open.
    pub(super) fn case(&self) -> Option<i64> {
        self.0.case
    }

    /// The page again with what was refused, under the status of the refusal. A case out of sight stays out of sight,
    /// and a store that fails is not dressed up.
    pub(super) async fn refuse(
        self,
        app: &App,
        signed: &Signed,
        id: i64,
        refused: Refused,
    ) -> Result<Response, Problem> {
        if refused.status.is_server_error() {
            return Err(Problem::new(refused.status, refused.words));
        }
        let desk = Looking { app, signed, parts: Parts::ALL, refused: Some(&refused) };
        match desk.page(&self.to(Some(id))).await {
            Ok(Seen::Page(page)) => {
                let mut response = print(&*page)?;
                *response.status_mut() = refused.status;
                Ok(response)
            }
            // Gone from sight, or somewhere else: there is no form to put the words beside.
            Ok(Seen::Moved(_)) | Err(_) => Err(Problem::new(refused.status, refused.words)),
        }
    }

    fn to(self, id: Option<i64>) -> Asked {
        match id {
            Some(id) if self.0.case.is_none() && self.0.view.is_empty() => {
                Asked { alone: true, ..self.0.with_case(id) }
            }
            Some(id) => self.0.with_case(id),
            None => self.0,
        }
    }
}
