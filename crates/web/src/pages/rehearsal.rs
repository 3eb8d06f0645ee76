//! What a query would have heard among what is stored, and where its text goes wrong.

use dandelion_hub::{
    query,
    scope::Viewer,
    search::{self, Search},
};
use dandelion_listen::{Facts, Matcher, Query, Scratch};
use dandelion_post::Post;

use super::{found::found, wall::Wall};
use crate::{
    App, Problem,
    view::{
        Sentence, grouped,
        listening::{Tried, Wrong},
    },
};

/// How many of the newest posts are looked at.
const MOST: i64 = 10_000;
/// How many are shown.
const SHOWN: usize = 5;

/// Reads a query's text; what is wrong is shown where it is.
pub(super) fn read(text: &str) -> Result<Query, Wrong> {
    dandelion_listen::parse(text).map_err(|error| {
        let start = text.floor_char_boundary(error.span.start);
        let end = text.floor_char_boundary(error.span.end.max(start));
        Wrong {
            message: super::refused::ended(&error.message),
            hint: super::refused::ended(&error.hint),
            before: text[..start].to_owned(),
            at: text[start..end].to_owned(),
            after: text[end..].to_owned(),
        }
    })
}

/// What a query would have heard.
pub(super) async fn tried(app: &App, viewer: &Viewer, wall: &Wall, text: &str, read: Query) -> Result<Tried, Problem> {
    let (looked_at, ids) = query::rehearse(&app.hub, viewer, text, MOST).await?;
    let search = Search { ids: ids.iter().take(SHOWN).copied().collect(), ..Search::default() };
    let posts =
        if ids.is_empty() { Vec::new() } else { search::posts(&app.hub, viewer, &search, None, SHOWN as i64).await? };
    let matcher = Matcher::new([(0, read)]);
    let samples = posts.into_iter().map(|post| {
        let spans = spans(&matcher, &post.text, post.title.as_deref());
        found(wall, post, &spans)
    });
    let (heard, of) = (ids.len() as i64, looked_at as i64);
    let words = match (of, heard) {
        (0, _) => "Nothing is stored yet, so there is nothing to try it on.".to_owned(),
        (_, 0) => format!("It would have heard none of the last {} posts.", grouped(of)),
        _ => format!("It would have heard {} of the last {} posts.", grouped(heard), grouped(of)),
    };
    Ok(Tried { words: Sentence::plain(words), samples: samples.collect() })
}

/// The bytes of a text that a query matches.
pub(super) fn spans(matcher: &Matcher, text: &str, title: Option<&str>) -> Vec<std::ops::Range<usize>> {
    let post = Post { text: text.to_owned(), title: title.map(ToOwned::to_owned), ..Post::default() };
    let mut hits = Vec::new();
    matcher.matches(&post, &Facts::default(), &mut Scratch::default(), &mut hits);
    hits.into_iter().flat_map(|hit| hit.spans).collect()
}
