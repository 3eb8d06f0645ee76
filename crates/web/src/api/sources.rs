//! Sources: the places we read from, their accounting, their refused items and their secrets.

use axum::{extract::State, http::StatusCode};
use dandelion_hub::{
    intake,
    source::{self, NewSource},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::{Reading, Writing},
    events::limit,
    extract::{After, Json, Page, Query, at_most},
    shape::{Moment, Shape as _, shape, words},
};
use crate::{
    App, Problem,
    problem::{Id, Ids},
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(show))
        .routes(routes!(pause, resume))
        .routes(routes!(secrets, add_secret))
        .routes(routes!(end_secret))
        .routes(routes!(refusals))
        .routes(routes!(retry))
}

words!(
    /// How a source is read.
    SourceKind = source::Kind {
        /// A file or standard input, read once.
        File,
        /// RSS, Atom or JSON Feed, polled.
        Feed,
        /// Signed deliveries, pushed to us.
        Webhook,
        /// A place of a network, read as its network is.
        Network,
    }
);

shape!(
    /// A connected place we read from.
    Source from source::Source {
        /// Its number.
        id: i64,
        /// Its name in addresses and commands.
        key: String,
        /// Its name for people.
        name: String,
        /// How it is read.
        kind: SourceKind,
        /// The network its posts are of, unless they say otherwise.
        network: String,
        /// The unit that looks after it; none means the hub.
        unit: Option<i64>,
        /// Where it lies, for feeds.
        url: Option<String>,
        /// When it was connected.
        created_at: Moment,
        /// Since when it rests.
        paused_at: Option<Moment>,
        /// Why it rests.
        paused_why: Option<String>,
        /// When it will be asked next.
        next_poll_at: Option<Moment>,
        /// When it last brought something or was last asked.
        polled_at: Option<Moment>,
        /// What went wrong last, with the next step; none after a success.
        error: Option<String>,
        /// When.
        error_at: Option<Moment>,
        /// How often in a row it went wrong.
        errors_in_a_row: i64,
        /// When its newest post was written.
        last_post_at: Option<Moment>,
        /// How many requests its network still allows us, as it said last.
        calls_left: Option<i64>,
        /// What its network still allows those who ask with its credentials, as it said last, each endpoint that it counts
        /// apart; what stops us first comes first.
        allowances: Vec<Left>,
        /// What became of everything it brought.
        accounting: Accounting,
    }
);

shape!(
    /// What is left of one allowance of a network.
    Left from source::Left {
        /// What for: `mentions`, `posting`; empty where the network counts every request alike.
        draws_on: String,
        /// Requests left.
        left: u64,
        /// Requests of a whole window, where the network says so.
        limit: Option<u64>,
        /// When the network counts anew.
        resets_at: Moment,
    }
);

shape!(
    /// seen = stored + duplicate + refused, at every moment.
    Accounting from intake::Accounting {
        /// Brought.
        seen: i64,
        /// New, or with new words.
        stored: i64,
        /// Known already.
        duplicate: i64,
        /// Not taken, each with its reason.
        refused: i64,
    }
);

shape!(
    /// An item that was not taken.
    Refusal from source::Refused {
        /// Its number.
        id: i64,
        /// The source that brought it.
        source: i64,
        /// When.
        at: Moment,
        /// Where in the source: file and line, entry, delivery.
        place: String,
        /// The field that is wrong.
        field: String,
        /// What is wrong, in words.
        reason: String,
        /// The item as it came.
        raw: String,
        /// Whether `raw` is all of it; a cut one cannot be tried again.
        raw_complete: bool,
    }
);

/// All sources
///
/// By name. Listening is shared: every member sees all.
#[utoipa::path(get, path = "/sources", tag = "listening", responses((status = 200, body = Page<Source>)))]
async fn list(_: Reading, State(app): State<App>) -> Result<Json<Page<Source>>, Problem> {
    Ok(Json(Page::whole(source::list(&app.hub).await?.shape())))
}

/// One source
#[utoipa::path(get, path = "/sources/{id}", tag = "listening", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Source)))]
async fn show(_: Reading, State(app): State<App>, Id(id): Id) -> Result<Json<Source>, Problem> {
    Ok(Json(source::find(&app.hub, id).await?.shape()))
}

/// A source to be connected.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Connect {
    /// Its name for people.
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    /// Its name in addresses; made from the name if absent.
    #[serde(default)]
    #[schema(max_length = 64, pattern = "^[a-z0-9-]*$")]
    key: String,
    /// How it is read.
    kind: SourceKind,
    /// The network of its posts; `feed`, `file` or `webhook` if absent.
    #[serde(default)]
    #[schema(max_length = 32, pattern = "^[a-z0-9_-]*$")]
    network: String,
    /// The unit that looks after it.
    #[schema(minimum = 1)]
    unit: Option<i64>,
    /// Where it lies; feeds need one.
    #[schema(max_length = 2048)]
    url: Option<String>,
}

/// Connect a source
///
/// Takes the role `lead` in the unit that looks after it.
#[utoipa::path(post, path = "/sources", tag = "listening", request_body = Connect,
    responses((status = 201, body = Source, description = "Connected")))]
async fn add(
    Writing(viewer): Writing,
    State(app): State<App>,
    Json(new): Json<Connect>,
) -> Result<(StatusCode, Json<Source>), Problem> {
    if let Some(url) = &new.url {
        at_most("url", url, 2048)?;
        url::Url::parse(url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| Problem::invalid("url", "this is no web address; write it as https://host/path"))?;
    }
    let Connect { name, key, kind, network, unit, url } = new;
    super::unit_exists(&app, unit).await?;
    let new = NewSource { key, name, kind: kind.into(), network, unit, url };
    Ok((StatusCode::CREATED, Json(source::add(&app.hub, &viewer, &new).await?.shape())))
}

/// Why a source shall rest.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Pause {
    /// In words, for colleagues.
    #[schema(max_length = 1000)]
    why: String,
}

/// Pause a source
///
/// Nothing is read or taken until it is resumed. Takes the role `lead`.
#[utoipa::path(put, path = "/sources/{id}/pause", tag = "listening", params(("id" = i64, Path, minimum = 1)),
    request_body = Pause, responses((status = 200, body = Source)))]
async fn pause(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(pause): Json<Pause>,
) -> Result<Json<Source>, Problem> {
    at_most("why", &pause.why, 1000)?;
    source::pause(&app.hub, &viewer, id, &pause.why).await?;
    Ok(Json(source::find(&app.hub, id).await?.shape()))
}

/// Resume a source
///
/// Takes the role `lead`.
#[utoipa::path(delete, path = "/sources/{id}/pause", tag = "listening", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Source)))]
async fn resume(Writing(viewer): Writing, State(app): State<App>, Id(id): Id) -> Result<Json<Source>, Problem> {
    source::resume(&app.hub, &viewer, id).await?;
    Ok(Json(source::find(&app.hub, id).await?.shape()))
}

shape!(
    /// A secret of a webhook, never whole.
    Secret from source::SecretShown {
        /// Its number.
        id: i64,
        /// Its last four characters.
        ends_with: String,
        /// When it was made.
        created_at: Moment,
        /// When it was ended.
        revoked_at: Option<Moment>,
    }
);

shape!(
    /// A secret just made.
    NewSecret from source::NewSecret {
        /// Its number.
        id: i64,
        /// `whsec_…`, shown this once.
        secret: String,
    }
);

/// A webhook's secrets
///
/// Never whole. Takes the role `lead`.
#[utoipa::path(get, path = "/sources/{id}/secrets", tag = "listening", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, body = Page<Secret>)))]
async fn secrets(Reading(viewer): Reading, State(app): State<App>, Id(id): Id) -> Result<Json<Page<Secret>>, Problem> {
    Ok(Json(Page::whole(source::secrets(&app.hub, &viewer, id).await?.shape())))
}

/// Make a secret
///
/// A webhook has at most two live ones, so that a new one can be brought in before the old one goes. Takes the role
/// `lead`.
#[utoipa::path(post, path = "/sources/{id}/secrets", tag = "listening", params(("id" = i64, Path, minimum = 1)),
    responses((status = 201, body = NewSecret, description = "Made")))]
async fn add_secret(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
) -> Result<(StatusCode, Json<NewSecret>), Problem> {
    Ok((StatusCode::CREATED, Json(source::add_secret(&app.hub, &viewer, id).await?.shape())))
}

/// End a secret
///
/// Deliveries signed with it are refused from now on. Takes the role `lead`.
#[utoipa::path(delete, path = "/sources/{id}/secrets/{secret}", tag = "listening",
    params(("id" = i64, Path, minimum = 1), ("secret" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Ended")))]
async fn end_secret(
    Writing(viewer): Writing,
    State(app): State<App>,
    Ids(id, secret): Ids,
) -> Result<StatusCode, Problem> {
    source::end_secret(&app.hub, &viewer, id, secret).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Start after this place of an earlier page.
    #[param(value_type = Option<String>, max_length = 200)]
    after: Option<After>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u8>,
}

/// A source's refused items
///
/// Those nobody has mended yet, newest first.
#[utoipa::path(get, path = "/sources/{id}/refusals", tag = "listening",
    params(("id" = i64, Path, minimum = 1), Which), responses((status = 200, body = Page<Refusal>)))]
async fn refusals(
    Reading(viewer): Reading,
    State(app): State<App>,
    Id(id): Id,
    Query(which): Query<Which>,
) -> Result<Json<Page<Refusal>>, Problem> {
    source::find(&app.hub, id).await?;
    let limit = limit(which.limit)?;
    let found = source::refusals(&app.hub, &viewer, id, After::of(which.after.as_ref())?, limit.into()).await?;
    let next = found.last().filter(|_| found.len() == usize::from(limit)).map(|refused| refused.id);
    Ok(Json(Page::new(found.shape(), next)))
}

/// A refused item to be tried again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Retry {
    /// The item mended (one post in JSON); absent: as it came.
    #[schema(max_length = 1_000_000)]
    mended: Option<String>,
}

/// What became of a retry.
#[derive(Serialize, ToSchema)]
struct Retried {
    /// `stored` or `duplicate`.
    became: String,
}

/// Try a refused item again
///
/// Taken, it leaves the quarantine and the accounting moves with it; otherwise nothing changes and 422 says why.
#[utoipa::path(post, path = "/refusals/{id}/retry", tag = "listening", params(("id" = i64, Path, minimum = 1)),
    request_body = Retry, responses((status = 200, body = Retried)))]
async fn retry(
    Writing(viewer): Writing,
    State(app): State<App>,
    Id(id): Id,
    Json(retry): Json<Retry>,
) -> Result<Json<Retried>, Problem> {
    let became = source::retry(&app.hub, &viewer, id, retry.mended.as_deref()).await?;
    Ok(Json(Retried { became: became.to_owned() }))
}
