//! One's own account: roles, password, and where one is signed in.

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use dandelion_hub::{
    member::{self, password, session},
    scope::Role,
};
use serde::Deserialize;

use super::{print, refused::Refused, zone_of};
use crate::{
    App, Flashed, Form, Problem, Signed,
    problem::Id,
    session::signed_out,
    view::{
        Flash, Place, Time, counted,
        organisation::{Account, SessionRow},
    },
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/account", get(show))
        .route("/account/password", post(change_password))
        .route("/account/sessions/{id}/end", post(end))
        .route("/account/sessions/end", post(end_others))
}

async fn show(State(app): State<App>, signed: Signed) -> Result<Response, Problem> {
    page(&app, &signed, None).await
}

#[derive(Deserialize)]
struct Passwords {
    #[serde(default)]
    current: String,
    password: String,
}

async fn change_password(
    State(app): State<App>,
    signed: Signed,
    Form(given): Form<Passwords>,
) -> Result<Response, Problem> {
    match changed(&app, &signed, &given).await? {
        Ok(()) => {
            let says = "Your new password counts from now on. You stay signed in here and nowhere else.";
            Ok(Flashed::new(&app, "/account", Flash::done(says)).into_response())
        }
        Err(refused) => Ok(refused.on(page(&app, &signed, Some(refused.words.clone())).await?)),
    }
}

/// Whoever holds somebody's session must not be able to guess their password here, so tries are counted as at the door.
async fn changed(app: &App, signed: &Signed, given: &Passwords) -> Result<Result<(), Refused>, Problem> {
    let email = member::find(&app.hub.db, signed.viewer.member).await?.email;
    if let Err(error) = password::check(&given.password, &email) {
        return Ok(Err(Refused::of(error)?));
    }
    let from = format!("session {}", signed.session.id);
    let throttle = || app.throttle.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let allowed = throttle().try_now(&email, &from, app.hub.now());
    if let Err(error) = allowed {
        return Ok(Err(Refused { status: StatusCode::TOO_MANY_REQUESTS, ..Refused::of(error)? }));
    }
    let keep = signed.session.id;
    match member::change_password(&app.hub, &signed.viewer, &given.current, &given.password, keep).await {
        Ok(()) => {
            throttle().succeeded(&email, &from);
            Ok(Ok(()))
        }
        Err(error) => Ok(Err(Refused::of(error)?)),
    }
}

#[derive(Deserialize)]
struct Nothing {}

async fn end(State(app): State<App>, signed: Signed, Id(id): Id, _: Form<Nothing>) -> Result<Response, Problem> {
    session::end(&app.hub, &signed.viewer, id).await?;
    if id == signed.session.id {
        return Ok(signed_out(&app));
    }
    Ok(Flashed::new(&app, "/account", Flash::done("You are signed out there.")).into_response())
}

async fn end_others(State(app): State<App>, signed: Signed, _: Form<Nothing>) -> Result<Response, Problem> {
    let ended = session::end_others(&app.hub, &signed.viewer, signed.session.id).await?;
    let says = match ended {
        0 => "You were signed in nowhere else.".to_owned(),
        ended => format!("You are signed out everywhere else: {} ended.", counted(ended as i64, "session", "sessions")),
    };
    Ok(Flashed::new(&app, "/account", Flash::done(says)).into_response())
}

async fn page(app: &App, signed: &Signed, wrong: Option<String>) -> Result<Response, Problem> {
    let engine = app.hub.engine().await?;
    let member = member::find(&app.hub.db, signed.viewer.member).await?;
    let (now, zone) = (app.hub.now(), zone_of(&engine.org));
    let role = |(unit, role): (i64, Role)| {
        (format!("{} in {}", role.as_str(), engine.org.unit_name(unit)), lets(role).to_owned())
    };
    let row = |session: session::Session| SessionRow {
        id: session.id,
        agent: browser(&session.agent),
        seen: Time::ago(session.seen_at, now, &zone),
        current: session.id == signed.session.id,
    };
    print(&Account {
        shell: signed.shell(app, "My account", Place::Organisation).await?,
        name: member.name,
        email: member.email,
        roles: member.roles.into_iter().map(role).collect(),
        sessions: session::list(&app.hub, &signed.viewer).await?.into_iter().map(row).collect(),
        has_password: member.has_password,
        wrong,
    })
}

/// What a role lets one do.
pub(super) fn lets(role: Role) -> &'static str {
    match role {
        Role::Viewer => "read",
        Role::Agent => "take, note, pass on, answer, resolve",
        Role::Approver => "as agent, and approve replies",
        Role::Lead => "as approver, and give cases to others, edit queries and sources",
        Role::Admin => "everything: organisation, members, tokens",
    }
}

/// A browser as people call it: “Firefox on Linux”; whatever is not known, as it calls itself.
fn browser(agent: &str) -> String {
    const BROWSERS: [(&str, &str); 6] = [
        ("Firefox/", "Firefox"),
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    const SYSTEMS: [(&str, &str); 7] = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let known =
        |list: &[(&str, &'static str)]| list.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    match (known(&BROWSERS), known(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        _ if agent.trim().is_empty() => "A browser that does not say what it is".to_owned(),
        _ => agent.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn browsers_are_called_as_people_call_them() {
        for (agent, name) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
                "Edge on Windows",
            ),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari on iPhone"),
            ("my-script", "my-script"),
            (" ", "A browser that does not say what it is"),
        ] {
            assert_eq!(browser(agent), name);
        }
    }
}
