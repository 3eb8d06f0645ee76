//! Share of voice: people beside posts, by group of queries and by topic.

use axum::extract::State;
use dandelion_hub::voice;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::Reading,
    extract::{Json, Query},
    shape::{Given, Shape as _, shape, words},
};
use crate::{App, Problem};

/// A month, in microseconds.
const MONTH: i64 = 30 * 86_400_000_000;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show))
}

words!(
    /// What a group of queries stands for.
    GroupKind = voice::Kind {
        /// Us.
        Ours,
        /// Somebody else in our market.
        Competitor,
        /// One of our products.
        Product,
        /// Something else.
        Other,
    }
);

shape!(
    /// A source with what it brought in the span.
    CountedSource from voice::SourceCount {
        /// Its number.
        id: i64,
        /// Its name.
        name: String,
        /// Posts of others.
        posts: i64,
    }
);

/// A group of queries with what was said of it.
#[derive(Serialize, ToSchema)]
struct VoiceGroup {
    /// Its number.
    id: i64,
    /// Its name.
    name: String,
    /// What it stands for.
    kind: GroupKind,
    /// Different people.
    people: i64,
    /// Posts.
    posts: i64,
}

/// A topic with what was said of it.
#[derive(Serialize, ToSchema)]
struct VoiceTopic {
    /// Its key.
    key: String,
    /// Its name.
    name: String,
    /// Different people.
    people: i64,
    /// Posts.
    posts: i64,
}

/// Who is spoken of, and what mentions are about.
#[derive(Serialize, ToSchema)]
struct ShareOfVoice {
    /// The groups, ours first.
    groups: Vec<VoiceGroup>,
    /// People who speak of any group; who speaks of two is one.
    people: i64,
    /// Their posts.
    posts: i64,
    /// Topics, most people first.
    topics: Vec<VoiceTopic>,
    /// What was counted in: there is no sampling of ours, and what no source brings is missing.
    sources: Vec<CountedSource>,
    /// Queries that began to listen within the span and were not run over what was stored before.
    late: Vec<i64>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Written at or after; thirty days before `until` without it.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Given>,
    /// Written before; now without it.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Given>,
}

/// Share of voice
///
/// Counted anew at each call. Posts marked as not about us do not count.
#[utoipa::path(get, path = "/voice", tag = "listening", params(Which), responses((status = 200, body = ShareOfVoice)))]
async fn show(
    Reading(viewer): Reading,
    State(app): State<App>,
    Query(which): Query<Which>,
) -> Result<Json<ShareOfVoice>, Problem> {
    let until = which.until.map_or_else(|| app.hub.now(), Given::micros);
    let since = which.since.map_or(until - MONTH, Given::micros);
    let read = voice::read(&app.hub, &viewer, (since, until)).await?;
    let groups = read.groups.into_iter().map(|share| VoiceGroup {
        id: share.group.id,
        name: share.group.name,
        kind: share.group.kind.shape(),
        people: share.count.people,
        posts: share.count.posts,
    });
    let topics = read.topics.into_iter().map(|topic| VoiceTopic {
        key: topic.key,
        name: topic.name,
        people: topic.count.people,
        posts: topic.count.posts,
    });
    Ok(Json(ShareOfVoice {
        groups: groups.collect(),
        people: read.any.people,
        posts: read.any.posts,
        topics: topics.collect(),
        sources: read.sources.shape(),
        late: read.late.into_iter().map(|(id, _)| id).collect(),
    }))
}
