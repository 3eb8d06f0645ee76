//! Whether the process lives, and whether it can do its work.

use axum::{Router, extract::State, http::StatusCode, routing::get};

use crate::{App, Problem};

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/livez", get(|| async { "ok\n" })).route("/readyz", get(ready))
}

/// Ready means: the database answers, and holds the schema this program was built for (which opening it ensured).
async fn ready(State(app): State<App>) -> Result<&'static str, Problem> {
    if app.live.is_closing() {
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "shutting down"));
    }
    app.hub.db.ping().await?;
    Ok("ready\n")
}
