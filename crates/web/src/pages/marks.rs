//! Whether a post is about us, as people say; and how many say nearly the same. Both stand beside a post wherever it is.

use std::collections::{HashMap, HashSet};

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::post,
};
use dandelion_hub::{
    Error,
    mark::{self, Mark},
    near::{self, Group},
    picture,
};
use serde::Deserialize;

use super::refused::ended;
use crate::{
    App, Flashed, Form, Next, Problem, Signed,
    problem::Id,
    view::{
        Flash, Sentence, counted,
        search::{Found, MarkForm},
    },
};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/posts/{id}/mark", post(say))
}

#[derive(Deserialize)]
struct Said {
    /// `yes`, `no`, or `take-back`.
    #[serde(default)]
    about: String,
    /// Where the person was.
    #[serde(default)]
    back: Next,
}

async fn say(State(app): State<App>, signed: Signed, Id(id): Id, Form(given): Form<Said>) -> Result<Response, Problem> {
    let (hub, viewer) = (&app.hub, &signed.viewer);
    let desk = given.back.as_str().starts_with("/desk") || given.back.as_str().starts_with("/cases/");
    let undoable = |words: &str, event| if desk { Flash::undoable(words, event) } else { Flash::done(words) };
    let done = match given.about.as_str() {
        "no" => mark::mark(hub, viewer, id, false).await.map(|event| {
            undoable("Not about us: no query counts it any more. The post and its case stay as they are.", event)
        }),
        "yes" => mark::mark(hub, viewer, id, true).await.map(|event| undoable("It counts as about us.", event)),
        "take-back" => {
            mark::unmark(hub, viewer, id).await.map(|()| Flash::done("Taken back: nobody has judged it now."))
        }
        other => Err(Error::invalid("about", "one of yes, no, take-back", other)),
    };
    let flash = match done {
        Ok(flash) => flash,
        Err(error @ Error::Conflict(_)) => Flash::problem(ended(Problem::from(error).detail())),
        Err(error) => return Err(error.into()),
    };
    Ok(Flashed::new(&app, given.back.as_str(), flash).into_response())
}

/// What is said beside posts.
pub(super) struct Dressing {
    alike: HashMap<i64, Group>,
    marks: HashMap<i64, Mark>,
    may: HashSet<i64>,
    not_shown: HashMap<String, String>,
    csrf: String,
    back: String,
    partial: &'static str,
}

impl Dressing {
    /// For these posts, on the page `back`, of which `partial` changes with a mark.
    pub(super) async fn new(
        app: &App,
        signed: &Signed,
        posts: &[i64],
        back: &str,
        partial: &'static str,
    ) -> Result<Self, Problem> {
        let (hub, viewer) = (&app.hub, &signed.viewer);
        Ok(Self {
            alike: near::groups(hub, viewer, posts).await?,
            marks: mark::standing(hub, viewer, posts).await?,
            may: mark::markable(hub, viewer, posts).await?,
            not_shown: HashMap::new(),
            csrf: signed.csrf.clone(),
            back: back.to_owned(),
            partial,
        })
    }

    /// Says beside pictures that are not shown why.
    pub(super) async fn with_pictures(self, app: &App, urls: &[String]) -> Result<Self, Problem> {
        Ok(Self { not_shown: picture::refusals(&app.hub, urls).await?, ..self })
    }

    /// Why the picture at this address is not shown, as far as it is known.
    pub(super) fn not_shown(&self, url: &str) -> Option<String> {
        self.not_shown.get(url).cloned()
    }

    /// Puts it on a line of a list.
    pub(super) fn dress(&self, post: i64, line: &mut Found) {
        line.alike = self.alike(post);
        line.mark = self.mark(post);
    }

    /// “37 others wrote nearly the same”, which opens to all.
    pub(super) fn alike(&self, post: i64) -> Sentence {
        let Some(group) = self.alike.get(&post) else { return Sentence::new() };
        let words = match (group.people - 1, group.posts - 1) {
            (0, more) => format!("the same person wrote nearly the same {}", counted(more, "time more", "times more")),
            (people, _) => format!("and {} wrote nearly the same", counted(people, "other person", "other people")),
        };
        Sentence::new().link(words, format!("/search?near={}", group.group))
    }

    /// What people said, and what this person may say.
    pub(super) fn mark(&self, post: i64) -> Option<MarkForm> {
        let standing = self.marks.get(&post);
        let may = self.may.contains(&post);
        if !may && standing.is_none() {
            return None;
        }
        let act = |value: &str, label: &str, key: &str| (value.to_owned(), label.to_owned(), key.to_owned());
        let acts = match standing {
            _ if !may => Vec::new(),
            Some(_) => vec![act("take-back", "Take it back", "u")],
            None => vec![act("no", "Not about us", "x"), act("yes", "About us", "y")],
        };
        let says = standing.map_or(String::new(), |mark| {
            format!("{}, says {}", if mark.about_us { "About us" } else { "Not about us" }, mark.by)
        });
        Some(MarkForm {
            post,
            csrf: self.csrf.clone(),
            back: self.back.clone(),
            partial: self.partial,
            off: standing.is_some_and(|mark| !mark.about_us),
            says,
            acts,
        })
    }
}
