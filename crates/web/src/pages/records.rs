//! What a number of the home page counts, where no other page lists it: `/handoffs`, `/replies`, `/posts`.

use axum::{
    Router,
    extract::{Query, State},
    http::Uri,
    response::Response,
    routing::get,
};
use dandelion_hub::{
    home::{self, HandoffFilter, PostFilter, ReplyFilter},
    search::{self, Search},
};
use serde::Deserialize;

use super::{found::found, print, wall::Wall};
use crate::{
    App, Problem, Signed,
    view::{
        Empty, Place, Sentence, counted,
        records::{Line, Records},
    },
};

/// Records on a page.
const PAGE: i64 = 50;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/handoffs", get(handoffs)).route("/replies", get(replies)).route("/posts", get(posts))
}

#[derive(Deserialize)]
struct At {
    after: Option<i64>,
}

async fn handoffs(
    State(app): State<App>,
    signed: Signed,
    uri: Uri,
    Query(filter): Query<HandoffFilter>,
    Query(at): Query<At>,
) -> Result<Response, Problem> {
    let wall = Wall::of(&app, &app.hub.engine().await?.org);
    let rows = home::handoffs(&app.hub, &signed.viewer, &filter, at.after, PAGE).await?;
    let count = home::count(&app.hub, &signed.viewer, &home::Records::Handoffs(filter)).await?;
    let last = rows.get(PAGE as usize - 1).map(|row| row.id);
    let lines = rows.into_iter().map(|row| Line {
        time: wall.clock(row.offered_at),
        says: Sentence::new()
            .link(format!("{}: {}", row.case, row.title), format!("/cases/{}", row.case))
            .text(format!(" from {} to {}", row.from.name, row.to.name)),
        state: row.state,
        quote: match row.decision.filter(|words| !words.is_empty()) {
            Some(answer) => format!("{} — {answer}", row.reason),
            None => row.reason,
        },
    });
    print(&Records {
        shell: signed.shell(&app, "Handoffs", Place::Home).await?,
        words: counted(count, "handoff", "handoffs"),
        lines: lines.collect(),
        more: more(&uri, last),
        empty: Empty::new("No handoffs", "Nothing was passed on in this time, or not with this answer."),
        ..Records::default()
    })
}

async fn replies(
    State(app): State<App>,
    signed: Signed,
    uri: Uri,
    Query(filter): Query<ReplyFilter>,
    Query(at): Query<At>,
) -> Result<Response, Problem> {
    let wall = Wall::of(&app, &app.hub.engine().await?.org);
    let rows = home::replies(&app.hub, &signed.viewer, &filter, at.after, PAGE).await?;
    let count = home::count(&app.hub, &signed.viewer, &home::Records::Replies(filter)).await?;
    let last = rows.get(PAGE as usize - 1).map(|row| row.id);
    let lines = rows.into_iter().map(|row| Line {
        time: wall.clock(row.changed_at),
        says: Sentence::new()
            .link(format!("{}: {}", row.case, row.title), format!("/cases/{}", row.case))
            .text(format!(" by {}", row.unit.name)),
        state: row.state,
        quote: match row.error {
            Some(error) => format!("{} ({error})", row.text),
            None => row.text,
        },
    });
    print(&Records {
        shell: signed.shell(&app, "Replies", Place::Home).await?,
        words: counted(count, "reply", "replies"),
        lines: lines.collect(),
        more: more(&uri, last),
        empty: Empty::new("No replies", "None is in this state."),
        ..Records::default()
    })
}

async fn posts(
    State(app): State<App>,
    signed: Signed,
    uri: Uri,
    Query(filter): Query<PostFilter>,
    Query(at): Query<At>,
) -> Result<Response, Problem> {
    let wall = Wall::of(&app, &app.hub.engine().await?.org);
    let ids: Vec<i64> =
        home::posts(&app.hub, &signed.viewer, &filter, at.after, PAGE).await?.iter().map(|row| row.id).collect();
    let about_us = filter.about_us;
    let count = home::count(&app.hub, &signed.viewer, &home::Records::Posts(filter)).await?;
    let last = ids.get(PAGE as usize - 1).copied();
    let search = Search { ids, ..Search::default() };
    let none = search.ids.is_empty();
    let rows = if none { Vec::new() } else { search::posts(&app.hub, &signed.viewer, &search, None, PAGE).await? };
    let of = counted(count, "post", "posts");
    print(&Records {
        shell: signed.shell(&app, if about_us { "Posts about us" } else { "Posts" }, Place::Home).await?,
        words: if about_us { format!("{of} about us, the latest first") } else { format!("{of}, the latest first") },
        found: rows.into_iter().map(|post| found(&wall, post, &[])).collect(),
        more: more(&uri, last),
        empty: Empty::new("No posts", "Nothing was heard in this time.").act("See the sources", "/sources"),
        ..Records::default()
    })
}

/// The address of the next page: the same with another place.
fn more(uri: &Uri, last: Option<i64>) -> Option<String> {
    let last = last?;
    let pairs = url::form_urlencoded::parse(uri.query().unwrap_or("").as_bytes());
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs.filter(|(name, _)| name != "after")).append_pair("after", &last.to_string());
    Some(format!("{}?{}", uri.path(), query.finish()))
}
