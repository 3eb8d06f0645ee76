//! Posts: what people said in public.

use axum::extract::State;
use dandelion_hub::search::{self, Search};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::Reading,
    events::limit,
    extract::{After, Json, Page, Query, at_most, numbers},
    shape::{Given, Moment, Shape as _, shape},
};
use crate::{App, Problem};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

shape!(
    /// A post as a search shows it.
    Post from search::Found {
        /// Its number.
        id: i64,
        /// Its network.
        network: String,
        /// Its address there.
        url: Option<String>,
        /// Headline.
        title: Option<String>,
        /// Words.
        text: String,
        /// Who wrote it.
        author: Option<String>,
        /// The name they type.
        handle: Option<String>,
        /// When it was written.
        created_at: Moment,
        /// Taken away by its author.
        deleted: bool,
        /// Ours.
        ours: bool,
        /// Its case, where the caller may see it.
        case: Option<i64>,
        /// Whether it concerns us at all.
        mention: bool,
    }
);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Words (all of them), `"phrases"`, `word*`.
    #[param(max_length = 500)]
    text: Option<String>,
    /// Only this network.
    #[param(max_length = 32)]
    network: Option<String>,
    /// Only posts of this source.
    #[param(minimum = 1)]
    source: Option<i64>,
    /// Only posts heard by this query.
    #[param(minimum = 1)]
    query: Option<i64>,
    /// Only posts of this author.
    #[param(minimum = 1)]
    author: Option<i64>,
    /// Only posts that concern us, or that do not.
    mentions: Option<bool>,
    /// Written at or after.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Given>,
    /// Written before.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Given>,
    /// Start after this place of an earlier page.
    #[param(value_type = Option<String>, max_length = 200)]
    after: Option<After>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u8>,
}

/// Posts
///
/// The latest to arrive first. Posts are public and every member may read them; whose case one is stays in scope.
#[utoipa::path(get, path = "/posts", tag = "posts", params(Which), responses((status = 200, body = Page<Post>)))]
async fn list(
    Reading(viewer): Reading,
    State(app): State<App>,
    Query(which): Query<Which>,
) -> Result<Json<Page<Post>>, Problem> {
    let (after, limit) = (After::of(which.after.as_ref())?, limit(which.limit)?);
    numbers(&[("source", which.source), ("query", which.query), ("author", which.author)])?;
    at_most("network", which.network.as_deref().unwrap_or(""), 32)?;
    at_most("text", which.text.as_deref().unwrap_or(""), 500)?;
    let search = Search {
        text: which.text.unwrap_or_default(),
        network: which.network,
        source: which.source,
        query: which.query,
        author: which.author,
        mentions: which.mentions,
        since: which.since.map(Given::micros),
        until: which.until.map(Given::micros),
        ..Search::default()
    };
    let found = search::posts(&app.hub, &viewer, &search, after, limit.into()).await?;
    let next = found.last().filter(|_| found.len() == usize::from(limit)).map(|post| post.id);
    Ok(Json(Page::new(found.shape(), next)))
}
