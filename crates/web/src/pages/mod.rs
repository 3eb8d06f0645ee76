//! Pages: one file a resource, holding its handlers. To add one, write its file and name its routes here.

mod account;
mod backfills;
mod connect;
pub(crate) mod desk;
pub(crate) mod follows;
mod found;
mod handles;
mod heard;
mod home;
mod invitation;
mod judgements;
mod lab;
mod marks;
mod members;
mod organisation;
mod palette;
mod place;
mod precision;
pub(crate) mod problem;
mod queries;
mod records;
mod refused;
mod rehearsal;
mod results;
mod search;
mod session;
mod setup;
mod sign_in;
mod source_page;
mod sources;
mod tokens;
mod units;
mod voice;
mod wall;

use askama::Template;
use axum::{
    Router,
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use crate::{App, Problem, assets, view::Shell};

/// Every page there is.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .merge(session::routes())
        .merge(invitation::routes())
        .merge(desk::routes())
        .merge(palette::routes())
        .merge(search::routes())
        .merge(results::routes())
        .merge(organisation::routes())
        .merge(units::routes())
        .merge(members::routes())
        .merge(handles::routes())
        .merge(tokens::routes())
        .merge(account::routes())
        .merge(setup::routes())
        .merge(home::routes())
        .merge(records::routes())
        .merge(heard::routes())
        .merge(queries::routes())
        .merge(lab::routes())
        .merge(source_page::routes())
        .merge(follows::routes())
        .merge(sources::routes())
        .merge(place::routes())
        .merge(sign_in::routes())
        .merge(backfills::routes())
        .merge(marks::routes())
        .merge(precision::routes())
        .merge(voice::routes())
        .merge(judgements::routes())
}

/// Prints a page.
pub(crate) fn print(page: &impl Template) -> Result<Response, Problem> {
    match page.render() {
        Ok(html) => Ok(Html(html).into_response()),
        Err(error) => {
            tracing::error!(%error, "a page could not be printed");
            Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The page could not be printed."))
        }
    }
}

/// The frame of a page for somebody who is not signed in. See [`Signed::shell`](crate::Signed::shell) for the other.
pub(crate) fn plain_shell(title: &str) -> Shell {
    Shell { title: title.to_owned(), assets: assets::base().to_owned(), ..Shell::default() }
}

/// The organisation's time zone, in which days begin and clocks are read; UTC where none has been set.
pub(crate) fn zone_of(org: &dandelion_hub::unit::Org) -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::get(&org.time_zone).unwrap_or(jiff::tz::TimeZone::UTC)
}

/// The units somebody leads, to choose from; `key` is the one chosen before.
pub(crate) fn lead_units(
    org: &dandelion_hub::unit::Org,
    viewer: &dandelion_hub::scope::Viewer,
    key: &str,
) -> Vec<crate::view::Choice> {
    let led = org.live_units().filter(|unit| viewer.may(dandelion_hub::scope::Role::Lead, unit.id));
    led.map(|unit| crate::view::Choice { selected: unit.key == key, ..crate::view::Choice::new(&unit.key, &unit.name) })
        .collect()
}

/// The unit a form names by its key; none if it names none.
pub(crate) fn unit_named(org: &dandelion_hub::unit::Org, key: &str) -> Result<Option<i64>, Problem> {
    if key.is_empty() {
        return Ok(None);
    }
    let unit = org.unit_by_key(key).ok_or_else(|| dandelion_hub::Error::not_found("unit", key))?;
    Ok(Some(unit.id))
}
