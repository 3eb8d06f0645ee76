//! One post that was heard: what it says, who brought it, what found it and why it was judged as it was. A post in a case
//! is shown in its case, where people can correct what the machine said.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use dandelion_hub::search::{self, Opened};

use super::{
    desk::{self, Frame},
    found::found,
    marks::Dressing,
    print,
    wall::Wall,
};
use crate::{
    App, Problem, Signed,
    problem::Id,
    view::{Place, Sentence, Text, search::Heard},
};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/posts/{id}", get(show))
}

async fn show(State(app): State<App>, signed: Signed, Id(id): Id) -> Result<Response, Problem> {
    let opened = search::open(&app.hub, &signed.viewer, id).await?;
    if let Some(case) = opened.found.case {
        return Ok(Redirect::to(&format!("/cases/{case}#post-{id}")).into_response());
    }
    let frame = Frame::new(&app, &signed).await?;
    let wall = Wall::of(&app, &frame.engine.org);
    let why = opened.analysis.as_ref().and_then(|analysis| desk::of_post(&frame, analysis, &opened.found.text));
    let lines = heard(&opened);
    let whole = Text::titled(opened.found.title.as_deref(), &opened.found.text, &[]);
    let deleted = opened.found.deleted;
    let mut post = found(&wall, opened.found, &[]);
    if !deleted {
        post.text = whole;
    }
    post.page = None;
    let here = format!("/posts/{id}");
    Dressing::new(&app, &signed, &[id], &here, "#heard").await?.dress(id, &mut post);
    print(&Heard { shell: signed.shell(&app, "A post", Place::Elsewhere).await?, post, lines, why })
}

/// How it came here, and why it is in no case.
fn heard(opened: &Opened) -> Vec<Sentence> {
    let (source, name) = &opened.source;
    let mut lines = vec![Sentence::plain("Heard by ").link(name, format!("/sources/{source}"))];
    let mut by = Sentence::plain("Found by ");
    for (at, (query, name)) in opened.queries.iter().enumerate() {
        by = by.text(if at == 0 { "" } else { ", " }).link(name, format!("/queries/{query}"));
    }
    if !opened.queries.is_empty() {
        lines.push(by);
    }
    let found = &opened.found;
    lines.push(Sentence::plain(if found.ours {
        "Ours: what we say ourselves is not judged."
    } else if !found.mention {
        "No query found it and nobody was addressed in it: it concerns nobody here, and is not judged."
    } else {
        "In no case that you can see."
    }));
    lines
}
